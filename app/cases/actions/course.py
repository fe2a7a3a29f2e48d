"""What is done to a whole case: cancel, suspend, resume."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from ...change import Actor
from ...errors import Conflict, Forbidden
from ...kernel import engine
from ...kernel.text import Text
from .. import signing
from ..acting import acting
from ..models import CaseStatus, ItemState
from ..statements import ITEM, TIMER
from .common import (
    alive,
    reasoned,
    takes_part,
)


def cancel(case_id: int, *, actor: Actor, reason: str) -> None:
    """撤销: the initiator takes the case back."""
    with acting("case.cancelled", actor=actor, case=case_id) as act:
        alive(act)
        if actor.person_id != act.row["initiator_id"]:
            raise Forbidden(Text("只有发起人可以撤销办件。", "Only its initiator may cancel a case."))
        act.entry("case.withdrawn", reason=reasoned(reason))
        act.advance(engine.Cancel())


def suspend(case_id: int, *, actor: Actor, reason: str) -> None:
    """挂起: the case stands still and its clocks with it. For the initiator and for whoever holds a work item in it."""
    with acting("case.suspended", actor=actor, case=case_id) as act:
        alive(act)
        takes_part(act, actor)
        act.set(status=CaseStatus.SUSPENDED, suspended_at=act.now)
        act.entry("case.suspended", reason=reasoned(reason))


def resume(case_id: int, *, actor: Actor) -> None:
    """恢复: the clocks go on; what was due is due later by as long as the case stood still."""
    with acting("case.resumed", actor=actor, case=case_id) as act:
        if act.status is not CaseStatus.SUSPENDED:
            raise Conflict(Text("办件没有挂起。", "The case is not suspended."))
        takes_part(act, actor)
        stood: timedelta = act.now - act.row["suspended_at"]
        execute = act.c.connection.execute
        for timer in execute(select(TIMER.c.token, TIMER.c.due_at).where(TIMER.c.case_id == act.id)).all():
            execute(update(TIMER).where(TIMER.c.case_id == act.id, TIMER.c.token == timer.token)
                    .values(due_at=timer.due_at + stood))
        items = select(ITEM.c.id, ITEM.c.due_at).where(
            ITEM.c.case_id == act.id, ITEM.c.state.in_((ItemState.OFFERED, ItemState.ALLOCATED)), ITEM.c.due_at.is_not(None)
        )
        for row in execute(items).all():
            execute(update(ITEM).where(ITEM.c.id == row.id).values(due_at=row.due_at + stood))
        act.set(status=CaseStatus.RUNNING, suspended_at=None)
        act.entry("case.resumed", stood_seconds=int(stood.total_seconds()))
        signing.settle_all(act)
