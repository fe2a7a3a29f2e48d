"""Run a diagram in memory with given answers, events and clock, and tell what happened at each node.

A scenario is JSON-like::

    {"data": {…},                                   first fields of the case
     "start": "StartEvent_2",                       which event start happened (left out: simply started)
     "now": "2026-01-05T09:00:00+08:00",
     "answers": {"audit": [{"decision": "agree"}, …]},        per user task, in turn; then {}
     "handlers": {"budget.reserve": [{"id": 7}, …]},          per handler, in turn; then {}
     "events": [{"message": "paid", "data": {…}}, {"signal": "stop"}, {"advance": "PT1H"},
                {"error": {"node": "reserve", "code": "NO_BUDGET"}},
                {"return": {"node": "audit", "to": "apply", "straight_back": false}}, {"cancel": true}],
     "auto_advance": true}

Events happen in their order, each as soon as it can: a message or signal when something waits for it, an error or
return when its node is open; any of them, with ``"at": node``, not before a token is at that node. Then open user
tasks and calls are answered, oldest first; when nothing else can move the clock goes on to the next timer.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..bpmn.model import Process
from ..calendar.iso8601 import BadTime, parse_date, parse_duration
from ..text import Text
from ..values import normalise
from .foresight import open_tokens
from .program import Program, compile
from .protocol import (
    Broadcast,
    Call,
    Cancel,
    CaseFailed,
    Complete,
    Deliver,
    Event,
    Fact,
    Fire,
    Raise,
    Return,
    Step,
    Subscription,
    Thrown,
    Timer,
)
from .run import start, step

#: A Monday morning at the office, so that a scenario without a clock gives the same trace every day.
MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MAX_STEPS = 2_000


class BadScenario(ValueError):
    """The scenario is not one. ``text`` says where and why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact and when it happened."""

    at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of a scenario. ``status`` as of a step, or "stuck" where a condition could not be decided (``failure``
    says at which node and why) or the steps ran out. ``open`` are nodes with a token left, ``unused`` the events that
    never could happen."""

    trace: tuple[Moment, ...]
    status: str
    data: Mapping[str, Any]
    thrown: tuple[Thrown, ...] = ()
    open: tuple[str, ...] = ()
    unused: tuple[Mapping[str, Any], ...] = ()
    failure: str | None = None


@dataclass
class _Run:
    program: Program
    scenario: Mapping[str, Any]
    now: datetime
    answers: dict[str, list[Any]]
    handlers: dict[str, list[Any]]
    events: list[Mapping[str, Any]]
    trace: list[Moment] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    work: dict[int, Call | str] = field(default_factory=dict)         # token -> call, or node of a user task
    timers: dict[int, Timer] = field(default_factory=dict)
    waits: dict[int, list[Subscription]] = field(default_factory=dict)
    last: Step | None = None

    def take(self, step_: Step) -> None:
        self.last = step_
        self.trace += [Moment(self.now, fact) for fact in step_.facts]
        self.thrown += step_.thrown
        for closed in step_.closed:
            self.work.pop(closed.token, None)
        for token in step_.stopped:
            for kept in (self.work, self.timers, self.waits):
                kept.pop(token, None)
        for opened in step_.opened:
            self.work[opened.token] = opened.node
        for call in step_.calls:
            self.work[call.token] = call
        for timer in step_.timers:
            self.timers[timer.token] = timer
        for wait in step_.subscriptions:
            self.waits.setdefault(wait.token, []).append(wait)

    def send(self, event: Event) -> None:
        self.take(step(self.program, self.last.state, self.last.data, event, self.now))

    def at(self, node: str) -> int | None:
        """The oldest token a person or handler works on at ``node``."""
        return next((t for t, w in sorted(self.work.items()) if (w if isinstance(w, str) else w.node) == node), None)

    def scheduled(self) -> bool:
        """The next event of the scenario, if it can happen now."""
        if not self.events:
            return False
        event = self.events[0]
        if "at" in event and event["at"] not in {t.node for t in open_tokens(self.program, self.last.state)}:
            return False
        made: Event | None = None
        if "advance" in event:
            self.events.pop(0)
            try:
                self.now = parse_duration(str(event["advance"])).after(self.now)
            except BadTime as error:
                raise BadScenario(error.text) from error
            return True
        if "message" in event or "signal" in event:
            kind = "message" if "message" in event else "signal"
            if any(w.kind == kind and w.name == event[kind] for waits in self.waits.values() for w in waits):
                made = (Deliver if kind == "message" else Broadcast)(event[kind], event.get("data", {}))
        elif "error" in event:
            token = self.at(event["error"]["node"])
            made = Raise(token, str(event["error"]["code"])) if token is not None else None
        elif "return" in event:
            said = event["return"]
            token = self.at(said["node"])
            made = Return(token, said["to"], bool(said.get("straight_back", False))) if token is not None else None
        elif event.get("cancel"):
            made = Cancel()
        else:
            raise BadScenario(Text(f"不认识的事件：{dict(event)}", f"not an event: {dict(event)}"))
        if made is None:
            return False
        self.events.pop(0)
        self.send(made)
        return True

    def due(self) -> bool:
        for timer in sorted(self.timers.values(), key=lambda t: (t.due, t.token)):
            if timer.due <= self.now:
                del self.timers[timer.token]
                self.send(Fire(timer.token))
                return True
        return False

    def answer(self) -> bool:
        if not self.work:
            return False
        token, what = min(self.work.items(), key=lambda item: item[0])
        given = self.answers.get(what) if isinstance(what, str) else self.handlers.get(what.handler)
        data = given.pop(0) if given else {}
        if isinstance(what, Call):  # a result is taken into the case under the names its node gives it
            outputs = self.program.process.scope.everything[what.node].outputs
            data = {name: data.get(key) for name, key in outputs.items()} if outputs else data
        del self.work[token]
        self.send(Complete(token, data))
        return True

    def advance(self) -> bool:
        if not self.timers or not self.scenario.get("auto_advance", True):
            return False
        self.now = max(self.now, min(timer.due for timer in self.timers.values()))
        return self.due()


def simulate(process: Process | Program, scenario: Mapping[str, Any] | None = None, *,
             max_steps: int = MAX_STEPS) -> Simulation:
    """Run a scenario to its end.

    Args:
        process: a diagram's process, or the program made of it.
        scenario: see the head of this module; None = everything is answered with nothing.
        max_steps: how many events at most; a diagram that loops for ever is stopped there.

    Raises:
        BadScenario: the scenario cannot be read.
        NotExecutable: the engine does not run the process.
        NotPossible: the process has no such start, or a return goes where it cannot.
        BadValue: a value in it has no place in a case.
    """
    program = process if isinstance(process, Program) else compile(process)
    scenario = {} if scenario is None else scenario
    run = _read(program, scenario)
    failure = None
    try:
        run.take(start(program, scenario.get("data", {}), run.now, scenario.get("start")))
        for _ in range(max_steps):
            if run.last.status != "running":
                break
            if not (run.due() or run.scheduled() or run.answer() or run.advance()):
                break
        else:
            failure = str(Text(f"超过 {max_steps} 步仍未结束", f"not at an end after {max_steps} steps"))
    except CaseFailed as error:
        failure = str(error)
    last = run.last
    return Simulation(
        trace=tuple(run.trace), status="stuck" if failure else last.status,
        data=last.data if last is not None else normalise(scenario.get("data", {})), thrown=tuple(run.thrown),
        open=tuple(t.node for t in open_tokens(program, last.state)) if last is not None else (),
        unused=tuple(run.events), failure=failure)


def _read(program: Program, scenario: Mapping[str, Any]) -> _Run:
    def named(key: str) -> dict[str, list[Any]]:
        given = scenario.get(key, {})
        if not isinstance(given, Mapping) or not all(
                isinstance(v, list) and all(isinstance(i, Mapping) for i in v) for v in given.values()):
            raise BadScenario(Text(f"{key} 应为名称到列表的对应", f"{key} must map names to lists of objects"))
        return {name: list(values) for name, values in given.items()}

    if not isinstance(scenario, Mapping):
        raise BadScenario(Text("情景应为对象", "a scenario must be an object"))
    events = scenario.get("events", [])
    shapes = {"error": {"node", "code"}, "return": {"node", "to"}}
    if not isinstance(events, list) or not all(isinstance(e, Mapping) and all(
            isinstance(e[k], Mapping) and needs <= set(e[k]) for k, needs in shapes.items() if k in e) for e in events):
        raise BadScenario(Text("events 应为事件的列表", "events must be a list of events"))
    if not isinstance(scenario.get("data", {}), Mapping):
        raise BadScenario(Text("data 应为对象", "data must be an object"))
    try:
        now = parse_date(str(scenario["now"])) if "now" in scenario else MORNING
    except BadTime as error:
        raise BadScenario(error.text) from error
    return _Run(program, scenario, now, named("answers"), named("handlers"), list(events))
