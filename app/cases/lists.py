"""Lists for one person: the work items on offer, in hand and done, their cases, their notices, what they may start. What
they may know of other people's work, and how they want their own, is in ``worklists``."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from ..change import Actor
from ..definitions import queries as definitions
from ..definitions.queries import Meaning, meaning
from ..errors import Invalid, NotFound
from ..extensions import db
from ..kernel.bpmn.model import Node
from ..kernel.text import Text
from ..kernel.values import loads
from . import gate, standing_in
from . import ordering as order
from .acts import Acts
from .models import ALLOCATED, DONE, OFFERED, Case, CaseStatus, ItemState, Notice, Signing
from .permissions import sees
from .queries import facts_of, is_offered, office_now, posts_of
from .statements import CASE, ITEM, in_state

PAGE = 50


@dataclass(frozen=True, slots=True)
class ItemView:
    """A work item as a list shows it."""

    id: int
    version: int
    state: ItemState
    case_id: int
    case_number: str
    case_title: str
    case_status: CaseStatus
    process: Text
    matter: str
    node: str
    node_name: Text
    post: str
    department: str | None
    assignee_id: int | None
    initiator_id: int | None
    offered_at: datetime
    due_at: datetime | None
    due_published: bool
    ended_at: datetime | None
    risk: str | None
    amount: Any
    on_behalf_of_id: int | None = None
    signing: Signing | None = None
    #: Whether the asker may act on it for themselves, and the principals for whom they may.
    own: bool = True
    principals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and where to go on; ``cursor`` is None at the end."""

    items: list[ItemView]
    cursor: str | None


def work_items(
    view: str, *, person: int, process: str | None = None, due_before: datetime | None = None, q: str | None = None,
    cursor: str | None = None, page_size: int = PAGE, ordering: str = "arrival",
) -> Page:
    """A person's work items.

    Args:
        view: ``offered`` (待签收: may be claimed by this person, separation rules considered), ``allocated`` (待办), both
            with what a proxy covers (``ItemView.own``, ``ItemView.principals``),
            ``drafts`` (草稿: those of them with a saved draft), ``completed`` (已办), ``started`` (open items of
            cases they started).
        process: key or matter of a process; q: part of a case's title or number.
        due_before: only items due before this moment.
        cursor: from the page before.
        page_size: 1 to 200.
        ordering: a word of ``ordering.ORDERINGS``; what is done is always newest first.

    Raises:
        NotFound: there is no such view.
        Invalid: the cursor is not one of ours.
    """
    page_size = max(1, min(page_size, 200))
    open_states = (ItemState.OFFERED, ItemState.ALLOCATED)
    mine = {
        "offered": lambda: and_(in_state(OFFERED), standing_in.offered(office_now(), person)),
        "allocated": lambda: and_(in_state(ALLOCATED), standing_in.held(office_now(), person)),
        "drafts": lambda: and_(
            in_state(ALLOCATED), ITEM.c.assignee_id == person, ITEM.c.draft.is_not(None)),
        "completed": lambda: and_(
            in_state(DONE), ITEM.c.assignee_id == person),
        "started": lambda: and_(ITEM.c.state.in_(open_states), CASE.c.initiator_id == person),
    }.get(view)
    if mine is None:
        raise NotFound(Text(f"没有视图 {view}", f"there is no view {view}"))
    query = select(*_ROW).join(CASE, CASE.c.id == ITEM.c.case_id).where(mine())
    if view in ("offered", "allocated", "drafts"):
        query = query.where(CASE.c.status == CaseStatus.RUNNING)
    if process:
        keys = [d.id for d in definitions.versions() if process in (d.key, d.matter)]
        query = query.where(CASE.c.definition_id.in_(keys))
    if due_before is not None:
        query = query.where(ITEM.c.due_at < due_before)
    if q:
        query = query.where(CASE.c.title.contains(q, autoescape=True) | CASE.c.number.contains(q, autoescape=True))
    if view == "completed":
        ordering = "newest"
    query = query.order_by(*order.by(ordering))
    after = _cursor(cursor)
    items: list[ItemView] = []
    while True:
        batch = query
        if after is not None:
            batch = batch.where(order.after(ordering, after))
        rows = db.session.execute(batch.limit(page_size + 1)).mappings().all()
        for row in rows[:page_size]:
            own, others = _ways(row, person, view)
            if not own and not others:
                continue
            if len(items) == page_size:
                return Page(items, str(items[-1].id))
            items.append(replace(_view(row), own=own, principals=others))
        if len(rows) <= page_size:
            return Page(items, None)
        after = rows[page_size - 1]["id"]


def views(*conditions: Any, limit: int = PAGE) -> list[ItemView]:
    """The work items of running cases for which all conditions hold, oldest first."""
    rows = db.session.execute(
        select(*_ROW).join(CASE, CASE.c.id == ITEM.c.case_id).where(CASE.c.status == CaseStatus.RUNNING, *conditions)
        .order_by(ITEM.c.id).limit(limit)
    ).mappings().all()
    return [_view(row) for row in rows]


def counts(person: int) -> dict[str, int]:
    """How many items each view holds (offered ones by post; the list itself also asks the gate)."""
    running = ITEM.join(CASE, CASE.c.id == ITEM.c.case_id)
    base = select(func.count()).select_from(running).where(CASE.c.status == CaseStatus.RUNNING)
    allocated = base.where(in_state(ALLOCATED), standing_in.held(office_now(), person))
    offered = base.where(in_state(OFFERED), standing_in.offered(office_now(), person))
    return {
        "allocated": db.session.scalar(allocated) or 0,
        "offered": db.session.scalar(offered) or 0,
    }


def cases_of(person: int, *, status: CaseStatus | None = None, limit: int = PAGE) -> list[Case]:
    """The cases a person started, newest first."""
    query = select(Case).where(Case.initiator_id == person).order_by(Case.id.desc()).limit(limit)
    return list(db.session.scalars(query.where(Case.status == status) if status else query))


def visible_cases(actor: Actor, role: str | None, *, q: str | None = None, limit: int = PAGE) -> list[Case]:
    """Cases the asker may see, newest first."""
    query = select(Case).order_by(Case.id.desc())
    if q:
        query = query.where(Case.title.contains(q, autoescape=True) | Case.number.contains(q, autoescape=True))
    office, found = office_now(), []
    for row in db.session.scalars(query.limit(1000)):
        if sees(row, Acts.read(row.acts), actor.person_id, office, role) or is_offered(row, actor.person_id):
            found.append(row)
            if len(found) == limit:
                break
    return found


def startable(person: int) -> list[Any]:
    """The active definitions whose first task (or whose start event's post) is this person's."""
    posts = {post for post, _ in posts_of(person)}
    found = []
    for definition in definitions.all_active():
        wanted = starting_posts(meaning(definition.id))
        if wanted & posts:
            found.append(definition)
    return found


def starting_posts(what: Meaning) -> set[str]:
    """Codes of the posts that may start a process."""
    scope = what.process.scope
    starts = [n for n in scope.nodes.values() if n.type == "startEvent"]
    named = {n.post.code for n in starts if n.post}
    return named or {
        target.post.code for n in starts for f in n.outgoing
        if (target := scope.nodes[scope.flows[f].target]).post is not None
    }


def first_task(definition_id: int) -> Node | None:
    """The node whose form is the form of starting; None where a process starts without one."""
    return meaning(definition_id).opening


def notices(person: int, limit: int = 20) -> list[Notice]:
    """The latest notices for a person."""
    return list(db.session.scalars(
        select(Notice).where(Notice.person_id == person).order_by(Notice.id.desc()).limit(limit)
    ))


# -- inside -------------------------------------------------------------------------------------------------------------

_ROW = [
    ITEM, CASE.c.number.label("case_number"), CASE.c.title, CASE.c.status, CASE.c.initiator_id,
    CASE.c.initiator_department, CASE.c.definition_id, CASE.c.party, CASE.c.data, CASE.c.acts,
    CASE.c.state.label("case_state"),
]


def _ways(row: Mapping[str, Any], person: int, view: str) -> tuple[bool, tuple[int, ...]]:
    """How a person may act on an item of a list: for themselves, and for which principals."""
    if view != "offered":
        index = office_now().index  # records merged into one are one person's
        others = view == "allocated" and index.get(row["assignee_id"]) != index.get(person)
        return not others, (row["assignee_id"],) if others else ()
    what = meaning(row["definition_id"])
    facts = facts_of({**row, "state": row["case_state"]}, without=row["token"])
    office, node = office_now(), what.node(row["node"])

    def may(behalf: int | None) -> bool:
        return gate.allowed(
            what.rules, office, facts, node, person, post=row["post"], department=row["department"], behalf=behalf
        )

    return may(None), tuple(
        principal for principal in standing_in.principals(office, person, row["post"], what.key) if may(principal)
    )


def _view(row: Mapping[str, Any]) -> ItemView:
    what = meaning(row["definition_id"])
    return ItemView(
        row["id"], row["version"], ItemState(row["state"]), row["case_id"], row["case_number"], row["title"],
        CaseStatus(row["status"]), what.names, what.matter, row["node"], what.node(row["node"]).label,
        row["post"], row["department"], row["assignee_id"], row["initiator_id"], row["offered_at"], row["due_at"],
        row["due_published"], row["ended_at"], row["risk"], loads(row["data"]).get("amount"), row["on_behalf_of_id"],
        row["signing"],
    )


def _cursor(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid({"cursor": [Text("翻页标记无效", "the cursor is not one of ours")]})
    return int(text)
