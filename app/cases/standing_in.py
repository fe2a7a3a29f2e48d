"""代理: whose work somebody may do besides their own. What is shown is narrowed to what a proxy covers; whether an act is
allowed is the gate's to say."""
from __future__ import annotations

from typing import Any

from sqlalchemy import and_, false, or_, select, true

from ..definitions import queries as definitions
from ..definitions.queries import meaning
from ..kernel.separation import Office, Proxy
from .acts import Acts
from .models import Case, WorkItem

ITEM = WorkItem.__table__
#: Another name for the cases, so that a condition can stand in a statement about them.
_THERE = Case.__table__.alias("standing_in")


def proxies(office: Office, person: int | None) -> tuple[Proxy, ...]:
    """The proxies a person holds today."""
    return office.person(person).proxies if person is not None and person in office.index else ()


def principals(office: Office, person: int | None, post: str, process: str) -> tuple[int, ...]:
    """For whom a person may act at a post in a process, as far as proxies go."""
    code = office.code(post)
    return tuple(
        proxy.principal for proxy in proxies(office, person)
        if (proxy.posts is None or code in proxy.posts) and (proxy.processes is None or process in proxy.processes)
    )


def offered(office: Office, person: int) -> Any:
    """The condition that an item on offer is a person's to take, for themselves or for a principal."""
    ways = [_of_posts(office, person, None)]
    for proxy in proxies(office, person):
        ways.append(and_(_of_posts(office, proxy.principal, proxy.posts), _of_processes(proxy)))
    return or_(*ways)


def held(office: Office, person: int) -> Any:
    """The condition that an item is in a person's hands, or in a principal's whose work they may do.

    What somebody signs or does on another's behalf is not done for them by a third.
    """
    also = office.person(person).also if person in office.index else ()
    ways = [ITEM.c.assignee_id.in_([person, *sorted(also)]) if also else ITEM.c.assignee_id == person]
    for proxy in proxies(office, person):
        ways.append(and_(
            ITEM.c.assignee_id == proxy.principal, ITEM.c.on_behalf_of_id.is_(None), ITEM.c.parent_id.is_(None),
            true() if proxy.posts is None else ITEM.c.post.in_(sorted(proxy.posts)), _of_processes(proxy),
        ))
    return or_(*ways)


def covers_somebody(case: Any, acts: Acts, person: int | None, office: Office) -> bool:
    """Whether a principal of this person holds a work item of the case that a proxy covers."""
    mine = proxies(office, person)
    if not mine:
        return False
    what = meaning(case.definition_id)
    for token, (node, holder, behalf) in acts.held.items():
        if holder is None or behalf is not None or token.startswith("-"):
            continue
        post = what.node(node).post
        if holder in principals(office, person, post.code if post is not None else "", what.key):
            return True
    return False


def _of_posts(office: Office, person: int, only: frozenset[str] | None) -> Any:
    held = office.person(person).posts if person in office.index else frozenset()
    places = [
        and_(ITEM.c.post == post, or_(ITEM.c.department.is_(None), ITEM.c.department == department))
        if department is not None else and_(ITEM.c.post == post, ITEM.c.department.is_(None))
        for post, department in sorted(held, key=str) if only is None or post in only
    ]
    if not places:
        return false()
    return and_(or_(ITEM.c.offered_to_id.is_(None), ITEM.c.offered_to_id == person), or_(*places))


def _of_processes(proxy: Proxy) -> Any:
    if proxy.processes is None:
        return true()
    ids = [row.id for row in definitions.versions() if row.key in proxy.processes]
    return select(_THERE.c.id).where(_THERE.c.id == ITEM.c.case_id, _THERE.c.definition_id.in_(ids)).exists()
