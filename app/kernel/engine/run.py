"""The two verbs: start a case, and take it one event further."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from ..text import Text
from ..values import BadValue, normalise
from .case import Case, Token, impossible
from .events import broadcast, raise_error
from .program import Program
from .protocol import Broadcast, Cancel, Complete, Deliver, Event, Fire, Raise, Return, Step
from .returns import go_back
from .state import dump, load


def start(program: Program, data: Mapping[str, Any], now: datetime, trigger: str | None = None) -> Step:
    """Start a case.

    Args:
        data: the case's first fields.
        now: the present, with a zone.
        trigger: the id of the start event that happened, one of ``program.triggers``; None = the process is simply
            started, at its none start event.

    Raises:
        NotPossible: the process has no such start.
        CaseFailed: see there.
        BadValue: the data is not what a case may hold.
    """
    clean = normalise(data)
    if clean.get("nodes"):
        raise BadValue("nodes", Text("“nodes”是保留的名称", "“nodes” is a reserved name"))
    case = Case(program, clean, now.astimezone(UTC))
    root = program.root
    if trigger is None:
        if not root.starts:
            raise impossible("此流程只能由事件启动", "this process can only be started by an event")
        root.fill(case.task_tree)
    else:
        if all(trigger != each.node for each in program.triggers):
            raise impossible(f"没有启动事件“{trigger}”", f"there is no event start {trigger!r}")
        root.fill(case.task_tree, (program.specs[trigger],))
    return _finish(case)


def step(program: Program, state: str, data: Mapping[str, Any], event: Event, now: datetime) -> Step:
    """Take a case one event further.

    Args:
        program: what ``compile`` made of the case's diagram.
        state: of the step before.
        data: of the step before (or as changed by the house since); never modified.
        event: what happened.
        now: the present, with a zone.

    Raises:
        NotPossible: the event does not fit the state; nothing has changed.
        CaseFailed: see there; nothing has changed.
        BadValue: the event's data is not what a case may hold; nothing has changed.
    """
    case = load(program, state, data, now.astimezone(UTC))
    if case.status != "running":
        raise impossible("办件已经结束", "the case is over")
    act = _ACTS.get(type(event))
    if act is None:
        raise TypeError(f"{event!r} is not an event of the engine")
    act(case, event)
    return _finish(case)


def _finish(case: Case) -> Step:
    case.run()
    return case.step(dump(case))


def _working(case: Case, number: int) -> Token:
    """The token, if a person or a handler is at work at it."""
    token = case.tasks.get(number)
    if (token is None or token._state != TaskState.STARTED or not (token.task_spec.person or token.task_spec.handler)
            or not case.waits(token)):
        raise impossible(f"令牌 {number} 不在办理中", f"nobody is at work at token {number}")
    return token


def _complete(case: Case, event: Complete) -> None:
    token = _working(case, event.token)
    case.answer(token, event.data)
    token.complete()


def _raise(case: Case, event: Raise) -> None:
    token = _working(case, event.token)
    token.fate = "failed"
    token.detail = {"code": event.code, **({"message": event.message} if event.message else {})}
    raise_error(case, token.node, event.code, event.message, token)


def _fire(case: Case, event: Fire) -> None:
    token = case.tasks.get(event.token)
    due = token.internal_data.get("due") if token is not None and case.waits(token) else None
    if due is None:
        raise impossible(f"令牌 {event.token} 没有定时", f"no timer runs at token {event.token}")
    if case.now < datetime.fromisoformat(due):
        raise impossible("定时未到", f"the timer is not due before {due}")
    token.task_spec.trigger(token)


def _deliver(case: Case, event: Deliver) -> None:
    waiting = case.waiting("message", event.name)
    if event.token is not None:
        waiting = [token for token in waiting if token.id == event.token]
    if not waiting:
        raise impossible(f"没有在等待消息“{event.name}”", f"nothing waits for the message {event.name!r}")
    for token in waiting:
        if case.lives(token):
            case.answer(token, event.data)
            token.task_spec.trigger(token)


def _broadcast(case: Case, event: Broadcast) -> None:
    broadcast(case, event.name, event.data)


def _return(case: Case, event: Return) -> None:
    token = _working(case, event.token)
    if not token.task_spec.person:
        raise impossible("只有待办可以退回", "only a work item can be returned")
    go_back(case, token, event.target, event.straight_back)


def _cancel(case: Case, event: Cancel) -> None:
    case.end("cancelled", "cancel")


_ACTS: Mapping[type, Callable[[Case, Any], None]] = {
    Complete: _complete, Raise: _raise, Fire: _fire, Deliver: _deliver, Broadcast: _broadcast, Return: _return,
    Cancel: _cancel,
}
