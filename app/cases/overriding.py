"""Emergency overrides (应急特批) at the gate: one person, one work item, once, on the word of two others.

Asked for and confirmed in actions/control.py. An act under an override is done despite the gate's objections; it is
remembered as such (``Acts.overridden``), and every objection is in the trail, in red.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from ..errors import Refused
from .models import ControlKind, DualControl

if TYPE_CHECKING:
    from .acting import Act
    from .locking import Item

CONTROL = DualControl.__table__


def allows(act: Act, item: Item, person: int, refusal: Refused) -> bool:
    """Whether an override lets a person act although the gate objects; if so, that is written down.

    Who was found biased in the very case is let in by nobody.
    """
    if item.id is None or person in act.acts.recused:
        return False
    row = act.c.connection.execute(select(CONTROL).where(
        CONTROL.c.kind == ControlKind.OVERRIDE, CONTROL.c.item_id == item.id, CONTROL.c.person_id == person,
        CONTROL.c.confirmed_at.is_not(None), CONTROL.c.used_at.is_(None), CONTROL.c.expires_at > act.now,
    ).order_by(CONTROL.c.id)).first()
    if row is None:
        return False
    act.under = row.id
    act.entry(
        "separation.overridden", node=item.node, item=item.id, person=person, control=row.id, attempted=act.c.verb,
        objections=[objection.facts() for objection in refusal.objections], reason=row.reason, asked_by=row.asked_by,
        confirmed_by=row.confirmed_by,
    )
    return True


def used(act: Act, item: Item) -> None:
    """The act an override was for is done: it helps nobody again, and what was done is known for what it was."""
    if act.under is None:
        return
    act.c.connection.execute(update(CONTROL).where(CONTROL.c.id == act.under).values(used_at=act.now))
    people = act.acts.overridden.setdefault(item.node, [])
    if item.assignee_id is not None and item.assignee_id not in people:
        people.append(item.assignee_id)
