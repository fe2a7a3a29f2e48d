"""What handing out work must know beyond its own case: who has how much in hand, whose turn it is, who has done what
before. Asked under the case's lock, and only for nodes whose diagram asks for it."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.engine import Connection

from ..definitions.models import Definition
from ..kernel.values import dumps, loads
from ..organisation.models import Department, Person
from .acting import Act, today
from .locking import Item
from .models import ALLOCATED, DONE, OFFERED, ItemState, Turn, WorkSetting
from .statements import CASE, ITEM, in_state

TURN, SETTING = Turn.__table__, WorkSetting.__table__


def on(act: Act) -> date:
    """The office's date of an act."""
    found: date = today(act.now)
    return found


def by_number(act: Act, number: str) -> list[int]:
    """The person with a staff number, if there is one."""
    return list(act.c.connection.execute(select(Person.id).where(Person.number == number)).scalars())


def in_hand(act: Act, people: Sequence[int]) -> dict[int, int]:
    """How many work items each person holds; who holds none is left out."""
    rows = act.c.connection.execute(
        select(ITEM.c.assignee_id, func.count()).where(in_state(ALLOCATED), ITEM.c.assignee_id.in_(people))
        .group_by(ITEM.c.assignee_id)
    )
    return {row[0]: row[1] for row in rows}


def times_done(act: Act, node: str, people: Sequence[int]) -> dict[int, int]:
    """How often each person has done a node of this process, whatever its version; who never did is left out."""
    rows = act.c.connection.execute(
        select(ITEM.c.assignee_id, func.count())
        .select_from(ITEM.join(CASE, CASE.c.id == ITEM.c.case_id))
        .join(Definition, Definition.id == CASE.c.definition_id)
        .where(in_state(DONE), ITEM.c.assignee_id.in_(people), ITEM.c.node == node,
               Definition.key == act.meaning.key)
        .group_by(ITEM.c.assignee_id)
    )
    return {row[0]: row[1] for row in rows}


def next_turn(act: Act, item: Item, people: Sequence[int]) -> list[int]:
    """Whoever of ``people`` has waited longest for a turn at the item's node, post and department.

    The row is locked until the act is committed, so two cases at once take two turns. Who has never had a turn comes
    first; who may not act now keeps their place.

    Returns:
        That one person. They are taken to be allowed: their turn is over.
    """
    place = "/".join((act.meaning.key, item.node, item.post, item.department or ""))
    execute = act.c.connection.execute
    execute(_FIRST_TURN, {"place": place})
    waiting = loads(execute(_LOCK_TURN, {"place": place}).scalar_one())
    chosen = next((p for p in people if p not in waiting), None) or next(p for p in waiting if p in set(people))
    execute(update(TURN).where(TURN.c.place == place).values(
        waiting=dumps([*(p for p in waiting if p != chosen), chosen])
    ))
    return [chosen]


def departments_above(act: Act, person: int) -> list[str]:
    """The departments a person works in, and then those above them, nearest first."""
    parents = {
        row.code: row.parent_code
        for row in act.c.connection.execute(select(Department.code, Department.parent_code))
    }
    found = sorted(act.office.person(person).departments)
    for code in found:  # grows while it is read: each parent once
        if (parent := parents.get(code)) is not None and parent not in found:
            found.append(parent)
    return found


def has_room(act: Act, item: Item, load: int) -> bool:
    """Whether the item's post has fewer than ``load`` open work items on offer or in hand (late distribution)."""
    where = [ITEM.c.post == item.post, text(f"(work_item.{OFFERED} OR work_item.{ALLOCATED})")]
    if item.department is not None:
        where.append(ITEM.c.department == item.department)
    return (act.c.connection.execute(select(func.count()).select_from(ITEM).where(*where)).scalar() or 0) < load


def chaining(act: Act) -> list[int]:
    """Whoever acts, if it is a person who has switched chained execution on."""
    person = (act.speaker or act.c.actor).person_id
    if person is None:
        return []
    on_ = act.c.connection.execute(select(SETTING.c.chained).where(SETTING.c.person_id == person)).scalar()
    return [person] if on_ else []


def piles(connection: Connection, person: int, process: str, node: str) -> bool:
    """Whether a person has switched piled execution on for a node."""
    piled = connection.execute(select(SETTING.c.piled).where(SETTING.c.person_id == person)).scalar()
    return piled is not None and f"{process}/{node}" in loads(piled)


def ahead(act: Act, node: str) -> Any:
    """The row of the work item in which a node of the case was done ahead, if it was."""
    return act.c.connection.execute(select(ITEM).where(
        ITEM.c.case_id == act.id, ITEM.c.node == node, ITEM.c.state == ItemState.PREDONE
    )).first()


def forget(act: Act, done: Any) -> None:
    """What was done ahead does not count: whoever did it may not do it any more."""
    act.c.connection.execute(update(ITEM).where(ITEM.c.id == done.id).values(state=ItemState.WITHDRAWN, draft=None))
    act.entry("work_item.predone_void", node=done.node, item=done.id, why=["separation"])


_FIRST_TURN = text("INSERT INTO turn (place, waiting) VALUES (:place, '[]') ON CONFLICT DO NOTHING")
_LOCK_TURN = select(TURN.c.waiting).where(TURN.c.place == bindparam("place")).with_for_update()

__all__ = [
    "ahead", "by_number", "chaining", "departments_above", "forget", "has_room", "in_hand", "next_turn", "on", "piles",
    "times_done",
]
