"""A small world for the engine under test: a clock, handlers that take time, messages and signals between cases."""
from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel import engine
from app.kernel.bpmn.model import Document, Node, Process, Scope

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Failure:
    """What a handler returns to raise a BPMN error."""

    code: str


@dataclass
class Reply:
    """What a handler returns that takes time."""

    data: Mapping[str, Any] = field(default_factory=dict)
    seconds: int = 0


class Running:
    """One case of a program in a world."""

    def __init__(self, world: World, program: engine.Program, data: Mapping[str, Any], trigger: str | None = None) -> None:
        self.world = world
        self.program = program
        self.facts: list[engine.Fact] = []
        self.thrown: list[engine.Thrown] = []
        self.opened: dict[int, engine.Opened] = {}
        self.waits: dict[int, engine.Subscription] = {}
        self.step = engine.start(program, data, world.now, trigger)

    @property
    def status(self) -> str:
        return self.step.status

    @property
    def data(self) -> Mapping[str, Any]:
        return self.step.data

    def send(self, event: engine.Event) -> engine.Step:
        step = engine.step(self.program, self.step.state, self.step.data, event, self.world.now)
        self.step = step
        return step


class World:
    """Runs cases until nothing more happens by itself before the clock is stopped."""

    def __init__(self, handlers: Mapping[str, Callable[[Running, engine.Call], Any]] | None = None) -> None:
        self.now = NOW
        self.handlers = dict(handlers or {})
        self.cases: list[Running] = []
        self.agenda: list[tuple[datetime, int, Running, Any]] = []
        self.starters: list[engine.Program] = []
        self._count = 0

    def start(self, program: engine.Program, data: Mapping[str, Any] | None = None, trigger: str | None = None) -> Running:
        case = Running(self, program, data or {}, trigger)
        self.cases.append(case)
        self.after(case)
        return case

    def after(self, case: Running) -> None:
        """Do what the last step of a case asks for."""
        step = case.step
        case.facts += step.facts
        case.thrown += step.thrown
        for closed in step.closed:
            case.opened.pop(closed.token)
        for opened in step.opened:
            case.opened[opened.token] = opened
        for token in step.stopped:
            case.waits.pop(token, None)
            self.agenda = [a for a in self.agenda if a[2] is not case or a[3].token != token]
            heapq.heapify(self.agenda)
        for wait in step.subscriptions:
            case.waits[wait.token] = wait
        for timer in step.timers:
            self.plan(timer.due, case, engine.Fire(timer.token))
        for call in step.calls:
            reply = self.handlers[call.handler](case, call) if call.handler in self.handlers else {}
            if isinstance(reply, Failure):
                self.plan(self.now, case, engine.Raise(call.token, reply.code))
            elif isinstance(reply, Reply):
                self.plan(self.now + timedelta(seconds=reply.seconds), case, engine.Complete(call.token, reply.data))
            else:
                self.plan(self.now, case, engine.Complete(call.token, reply or {}))
        for thrown in step.thrown:
            self.tell(case, thrown)

    def plan(self, when: datetime, case: Running, event: Any) -> None:
        self._count += 1
        heapq.heappush(self.agenda, (when, self._count, case, event))

    def tell(self, sender: Running, thrown: engine.Thrown) -> None:
        """Carry a message or signal to whoever waits for it, or start a process by it."""
        for case in list(self.cases):
            if case is sender or not any(w.kind == thrown.kind and w.name == thrown.name for w in case.waits.values()):
                continue
            if thrown.kind == "message":
                self.send(case, engine.Deliver(thrown.name, thrown.data))
                return
            self.send(case, engine.Broadcast(thrown.name, thrown.data))
        for program in self.starters:
            for trigger in program.triggers:
                if (trigger.kind, trigger.name) == (thrown.kind, thrown.name):
                    self.start(program, {}, trigger.node)

    def send(self, case: Running, event: engine.Event) -> engine.Step:
        step = case.send(event)
        self.after(case)
        return step

    def run(self, until: datetime | None = None) -> None:
        """Let everything happen that is due, moving the clock, but no timer beyond ``until``."""
        while self.agenda:
            when, _, case, event = self.agenda[0]
            if until is not None and when > until and isinstance(event, engine.Fire):
                later = [a for a in self.agenda if not isinstance(a[3], engine.Fire)]
                if not later:
                    break
                entry = min(later)
                self.agenda.remove(entry)
                heapq.heapify(self.agenda)
                when, _, case, event = entry
            else:
                heapq.heappop(self.agenda)
            self.now = max(self.now, when)
            self.send(case, event)
        if until is not None:
            self.now = max(self.now, until)


def with_handlers(document: Document, handler: Callable[[Node], str | None]) -> Document:
    """The document with a handler at every task for which ``handler`` names one."""
    def scope(inside: Scope) -> Scope:
        return Scope({name: node(each) for name, each in inside.nodes.items()}, inside.flows)

    def node(each: Node) -> Node:
        return replace(each, handler=handler(each) or each.handler, scope=scope(each.scope) if each.scope else None)

    processes: dict[str, Process] = {
        name: replace(process, scope=scope(process.scope)) for name, process in document.processes.items()}
    return replace(document, processes=processes)
