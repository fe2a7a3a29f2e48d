"""What people see of work that is not theirs, or not there yet; and how they want their own.

The floor is ``permissions``: whoever may see a case sees its work items. A node may show more (``gz:visible``: that there
is such a work item, never what is in its case), and announce itself before it is enabled (``gz:distribution="early"``).
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from ..definitions import queries as definitions
from ..definitions.queries import meaning
from ..errors import NotFound
from ..extensions import db
from ..kernel import engine, separation
from ..kernel.bpmn.model import Node
from ..kernel.bpmn.resourcing import Resourcing
from ..kernel.forms import Form
from ..kernel.text import Text
from ..kernel.values import loads
from . import gate, lists, queries
from .models import ALLOCATED, OFFERED, Case, CaseStatus, ItemState, WorkItem, WorkSetting
from .ordering import DEFAULT
from .permissions import knows
from .statements import CASE, ITEM, in_state

#: The office's own row of settings.
OFFICE = 0
#: The most a list of somebody else's work shows.
MOST = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """How somebody wants their work (R24, R25, R38, R39)."""

    ordering: str | None = None
    chained: bool = False
    piled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coming:
    """即将到达: a node that some case will, or may, get to; ``ahead`` where it may be done ahead."""

    case_id: int
    case_number: str
    title: str
    node: str
    node_name: Text
    sure: bool
    ahead: bool


def settings_of(person: int) -> Settings:
    """What somebody has set; nothing where they have set nothing."""
    row = db.session.get(WorkSetting, person)
    return Settings(row.ordering, row.chained, tuple(loads(row.piled))) if row is not None else Settings()


def ordering_of(person: int) -> str:
    """The order of somebody's lists: their own, else the office's, else due first."""
    rows = {row.person_id: row.ordering for row in db.session.execute(
        select(WorkSetting.person_id, WorkSetting.ordering).where(WorkSetting.person_id.in_((OFFICE, person)))
    )}
    return rows.get(person) or rows.get(OFFICE) or DEFAULT


def pilable(person: int) -> list[tuple[str, Text, Text]]:
    """The nodes for which a person may switch piled execution on: (process/node, process, node)."""
    held = {post for post, _ in queries.posts_of(person)}
    return [
        (f"{definition.key}/{node.id}", Text(definition.zh, definition.en), node.label)
        for definition in definitions.all_active() for node in meaning(definition.id).process.user_tasks.values()
        if node.resourcing is not None and node.resourcing.piled and node.post is not None and node.post.code in held
    ]


def definition_ids(process: str) -> list[int]:
    """Every version of a process."""
    return [row.id for row in definitions.versions(process)]


def may_take(item_id: int, person: int) -> bool:
    """Whether a person holds the post of a work item on offer, and the gate lets them take it now."""
    row = db.session.get(WorkItem, item_id)
    if row is None or row.state is not ItemState.OFFERED or not queries.is_for(item_id, person):
        return False
    what = meaning(row.case.definition_id)
    return gate.allowed(
        what.rules, queries.office_now(), queries.facts_of(row.case, without=row.token), what.node(row.node), person,
        post=row.post, department=row.department,
    )


# -- work that is somebody else's ---------------------------------------------------------------------------------------

def visible(person: int) -> list[lists.ItemView]:
    """Open work items that are neither offered to this person nor held by them, but that their nodes show them: those on
    offer (R40) and those in hand (R41), oldest first, at most :data:`MOST`."""
    office = queries.office_now()
    found = []
    for definition_id, node in _marked(lambda how: how.offered_to != "post" or how.allocated_to != "holder"):
        how = node.resourcing
        states = []
        theirs = node.post is not None and gate.holds(office, person, node.post.code, None)  # in their list of offers
        if how is not None and not theirs and knows(office, person, node, how.offered_to):
            states.append(in_state(OFFERED))
        if how is not None and knows(office, person, node, how.allocated_to):
            states.append(in_state(ALLOCATED))
        if states:
            found.append(and_(CASE.c.definition_id == definition_id, ITEM.c.node == node.id, or_(*states)))
    return lists.views(
        or_(*found), or_(ITEM.c.assignee_id.is_(None), ITEM.c.assignee_id != person), limit=MOST
    ) if found else []


def coming(person: int) -> list[Coming]:
    """What is announced to this person's posts before it is enabled (R18), the cases that started first; at most
    :data:`MOST`. Only what they may do as things stand, and only from running cases."""
    held = {post for post, _ in queries.posts_of(person)}
    marked = [
        (definition_id, node) for definition_id, node in _marked(lambda how: how.early or how.predo)
        if node.post is not None and node.post.code in held
    ]
    if not marked:
        return []
    rows = db.session.execute(select(*CASE.c).where(
        CASE.c.status == CaseStatus.RUNNING, CASE.c.definition_id.in_({key for key, _ in marked})
    ).order_by(CASE.c.id).limit(MOST)).mappings().all()
    office, found = queries.office_now(), []
    for row in rows:
        what, facts = meaning(row["definition_id"]), queries.facts_of(row)
        for definition_id, node in marked:
            if definition_id != row["definition_id"] or node.id in facts.open or node.id not in facts.reachable:
                continue
            if separation.allowed(what.rules, office, facts, node.id, person):
                how = node.resourcing
                found.append(Coming(
                    row["id"], row["number"], row["title"], node.id, node.label, node.id in engine.sure(
                        what.program, row["state"]), how is not None and how.predo,
                ))
    return found


def node_of(case_id: int, node: str) -> tuple[Case, Node]:
    """A case and one of its user tasks, open or not.

    Raises:
        NotFound: there is no such case or node.
    """
    row = db.session.get(Case, case_id)
    found = meaning(row.definition_id).process.user_tasks.get(node) if row is not None else None
    if row is None or found is None:
        raise NotFound(Text("没有这个办件或环节", "there is no such case or node"))
    return row, found


def form_of(case_id: int, node: str) -> Form | None:
    """The form of a user task of a case, if it has one."""
    row, found = node_of(case_id, node)
    return meaning(row.definition_id).forms.get(found.form or "")


def announced(case_id: int, node: str, person: int) -> None:
    """Whether a person may know of a node that is not there yet.

    Raises:
        NotFound: it is not announced to them, or there is none.
    """
    if not any((one.case_id, one.node) == (case_id, node) for one in coming(person)):
        raise NotFound(Text("没有这个环节", "there is no such node"))


def _marked(wanted: Callable[[Resourcing], bool]) -> Iterator[tuple[int, Node]]:
    """Nodes of every version of every process whose resourcing is as wanted."""
    for definition in definitions.versions():
        for node in meaning(definition.id).process.user_tasks.values():
            if node.resourcing is not None and wanted(node.resourcing):
                yield definition.id, node
