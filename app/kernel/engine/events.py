"""Events as task specifications: those that wait, and those that happen."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ..bpmn.model import EventDefinition
from ..calendar.iso8601 import BadTime
from . import spine
from .case import NOTHING
from .protocol import CaseFailed, Subscription, Timer
from .specs import EventGateway, FlowNode, Way
from .timers import Alarm, first, following

if TYPE_CHECKING:
    from ..expressions import Expression
    from .case import Case, Token


def code_of(event: EventDefinition) -> str | None:
    """What an error or escalation is matched by: its code, else its name; None = any."""
    return event.code or event.name or event.ref


class Catch(FlowNode):
    """An intermediate event that waits. Also the base of everything else that waits for an event.

    Attributes:
        event: what it waits for.
        name_waited: the name of the message or signal.
        time: the timer's expression, or ``time_literal`` its ISO 8601 text.
    """

    event: EventDefinition
    time: Expression | None = None
    time_literal: str | None = None

    def _run_hook(self, my_task: Token) -> bool | None:
        if my_task.internal_data.get("triggered"):
            return True
        self.listen(my_task)
        return None

    def listen(self, token: Token) -> None:
        case = token.workflow
        if self.kind == "timer":
            self.arm(token, self.alarm(token))
        elif self.kind == "conditional":
            case.stirred = True
        else:
            for kind, name in sorted(self.listens):
                case.subscriptions[token.id] = Subscription(token.id, self.name, kind, name)

    def alarm(self, token: Token) -> Alarm:
        value = self.time_literal
        if value is None:
            value = token.workflow.value(self.time, token)
        try:
            return first(self.event.timer, value, token.workflow.now)
        except BadTime as error:
            raise CaseFailed(self.name, str(error.text)) from error

    def arm(self, token: Token, alarm: Alarm) -> None:
        memory = token.internal_data
        memory["due"] = alarm.due.isoformat()
        if alarm.every is not None:
            memory["left"], memory["every"] = alarm.left, alarm.every
        token.workflow.timers[token.id] = Timer(token.id, self.name, alarm.due)

    def rearm(self, token: Token) -> bool:
        """Set a cycle to its next occurrence; False when there is none."""
        memory = token.internal_data
        if "every" not in memory:
            return False
        now = token.workflow.now
        alarm = following(Alarm(datetime.fromisoformat(memory["due"]), memory["left"], memory["every"]), now)
        if alarm is None:
            return False
        self.arm(token, alarm)
        return True

    def trigger(self, token: Token) -> None:
        """The event has happened. A counted cycle in the flow sends a token on at each occurrence."""
        gateway = token.parent
        if token.role == "watch" and isinstance(gateway.task_spec, EventGateway):
            gateway.task_spec.happened(gateway, token)
        elif self.kind == "timer" and self.rearm(token):
            case = token.workflow
            token.taken = self.choose(token)
            self.leave(case, token, gateway)
        else:
            token.complete()


class Boundary(Catch):
    """An event on the border of an activity. ``host`` is the activity's specification.

    It is triggered through a watching token under the activity's token; the boundary event itself is a fresh token
    beside the activity.
    """

    interrupting = True
    host: FlowNode

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def trigger(self, token: Token) -> None:
        case = token.workflow
        host = token.parent
        scope = host.parent
        trail = host.spine
        if self.host.person:
            trail = spine.passed(trail, self.host.name, host.id)
        if self.interrupting:
            case.withdraw(host, self.name)
        elif self.kind == "timer" and not self.rearm(token):
            case.drop(token)
        case.enter(self, scope, trail)


class Start(FlowNode):
    """A start event. ``scope`` of one in an event sub-process is that sub-process."""


class EventStart(Catch):
    """The start event of an event sub-process, and the start of a process by an event.

    A watching token under the enclosing scope waits for it; when it happens the event sub-process becomes an
    activity of that scope (§13.5.4).
    """

    interrupting = True

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def trigger(self, token: Token) -> None:
        case = token.workflow
        around = token.parent
        if self.interrupting:
            for child in list(around.children):
                if child is not token and not (child.role == "watch" and isinstance(child.task_spec, Boundary)):
                    case.withdraw(child, self.name)
            case.drop(token)
        elif self.kind == "timer" and not self.rearm(token):
            case.drop(token)
        case.enter(self.scope, around)


class Throw(FlowNode):
    """An intermediate event or end event that makes something happen.

    Attributes:
        event: what it throws.
        thrown: the name of the message or signal, the code of the escalation or error.
    """

    event: EventDefinition
    thrown: str | None = None

    def effect(self, token: Token, scope: Token) -> None:
        happen(token.workflow, self.name, self.kind, self.thrown, scope)


class End(Throw):
    """An end event: no way leads on."""

    def choose(self, token: Token) -> tuple[Way, ...]:
        if self.thrown:
            token.detail = {self.kind: self.thrown}
        return ()

    def effect(self, token: Token, scope: Token) -> None:
        if self.kind == "terminate":
            terminate(token.workflow, self.name, scope)
        else:
            super().effect(token, scope)


def happen(case: Case, node: str, kind: str, name: str | None, scope: Token) -> None:
    """Something is thrown at ``node`` inside ``scope`` and takes effect at once."""
    if kind == "message":
        case.throw(node, "message", name)
    elif kind == "signal":
        case.throw(node, "signal", name)
        broadcast(case, name, NOTHING)
    elif kind == "escalation":
        caught = catcher("escalation", name, scope)
        if caught is None:
            case.throw(node, "escalation", name or "")
        else:
            report(caught, {"code": name})
            caught.task_spec.trigger(caught)
    elif kind == "error":
        raise_error(case, node, name, "", scope)


def broadcast(case: Case, name: str, data: object) -> int:
    """A signal reaches every token that waits for it now. Returns how many."""
    waiting = case.waiting("signal", name)
    for token in waiting:
        if case.lives(token):
            if data:
                case.answer(token, data)
            token.task_spec.trigger(token)
    return len(waiting)


def raise_error(case: Case, node: str, code: str | None, message: str, scope: Token) -> None:
    """An error travels outward from ``scope`` to the nearest scope or activity that catches it; else the case fails
    (§10.5.6, §13.5.4)."""
    caught = catcher("error", code, scope)
    if caught is None:
        case.end("failed", node)
    else:
        report(caught, {"code": code, "message": message})
        caught.task_spec.trigger(caught)


def report(caught: Token, what: dict[str, str | None]) -> None:
    """Tell the branch that handles an error or escalation what happened, under the catching event's id."""
    caught.workflow.note(caught, {key: value for key, value in what.items() if value})


def catcher(kind: str, code: str | None, scope: Token | None) -> Token | None:
    """The watching token that catches an error or escalation thrown inside ``scope``: innermost first, an event
    sub-process of a scope before the scope's boundary, the same code before "any"."""
    while scope is not None:
        watching = [t for t in scope.children if t.role == "watch" and t.task_spec.kind == kind]
        for place in (EventStart, Boundary):
            here = [t for t in watching if isinstance(t.task_spec, place)]
            for wanted in (code, None):
                for token in here:
                    if code_of(token.task_spec.event) == wanted:
                        return token
        scope = scope.parent
    return None


def terminate(case: Case, node: str, scope: Token) -> None:
    """End everything in the scope of a terminate end event, and so the scope; one instance of several is a scope of
    its own (§13.5.6)."""
    if scope.parent is None:
        case.end("terminated", node)
        return
    for child in list(scope.children):
        if not (child.role == "watch" and isinstance(child.task_spec, Boundary)):
            case.withdraw(child, node)
    case.unsettled[scope.id] = None
