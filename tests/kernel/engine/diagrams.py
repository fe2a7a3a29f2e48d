"""Diagrams for the tests, written short: an element per call, flows from "a -> b -> c"."""
from __future__ import annotations

from collections.abc import Mapping
from itertools import count, pairwise
from xml.sax.saxutils import escape, quoteattr

from app.kernel import engine
from app.kernel.bpmn.model import Process
from app.kernel.bpmn.reader import read

from .world import NOW

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def element(kind: str, name: str, inside: str = "", **attributes: object) -> str:
    words = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f'<{kind} id="{name}"{words}>{inside}</{kind}>'


def user(name: str, inside: str = "", **attributes: object) -> str:
    return element("userTask", name, inside, **attributes)


def task(name: str, inside: str = "", **attributes: object) -> str:
    return element("task", name, inside, **attributes)


def service(name: str, handler: str = "work", inside: str = "", kind: str = "serviceTask") -> str:
    return element(kind, name, f'<extensionElements><gz:handler name="{handler}"/></extensionElements>{inside}')


def start(name: str = "s", event: str = "", **attributes: object) -> str:
    return element("startEvent", name, event, **attributes)


def end(name: str = "e", event: str = "") -> str:
    return element("endEvent", name, event)


def gateway(kind: str, name: str, default: str | None = None) -> str:
    return element(f"{kind}Gateway", name, **({"default": default} if default else {}))


def xor(name: str, default: str | None = None) -> str:
    return gateway("exclusive", name, default)


def both(name: str) -> str:
    return gateway("parallel", name)


def some(name: str, default: str | None = None) -> str:
    return gateway("inclusive", name, default)


def on(kind: str, what: str = "") -> str:
    """An event definition: message, signal, error, escalation by name; a timer or condition as written."""
    if kind in ("message", "signal", "error", "escalation"):
        return f'<{kind}EventDefinition {kind}Ref="{what}"/>' if what else f"<{kind}EventDefinition/>"
    if kind in ("date", "duration", "cycle"):
        tag = f"time{kind.capitalize()}"
        return f"<timerEventDefinition><{tag}>{escape(what)}</{tag}></timerEventDefinition>"
    if kind == "conditional":
        return f"<conditionalEventDefinition><condition>{escape(what)}</condition></conditionalEventDefinition>"
    if kind == "link":
        return f'<linkEventDefinition name="{what}"/>'
    return f"<{kind}EventDefinition/>"


def catch(name: str, event: str) -> str:
    return element("intermediateCatchEvent", name, event)


def throw(name: str, event: str = "") -> str:
    return element("intermediateThrowEvent", name, event)


def boundary(name: str, host: str, event: str, interrupting: bool = True) -> str:
    return element("boundaryEvent", name, event, attachedToRef=host, cancelActivity=str(interrupting).lower())


def sub(name: str, *inside: str, by_event: bool = False, loop: str = "") -> str:
    more = {"triggeredByEvent": "true"} if by_event else {}
    return element("subProcess", name, loop + "".join(inside), **more)


def many(sequential: bool = False, cardinality: object = None, collection: str | None = None, item: str = "item",
         completion: str = "") -> str:
    inside = ""
    if collection:
        inside += (f"<extensionElements><gz:collection>{collection}</gz:collection>"
                   f"<gz:element>{item}</gz:element></extensionElements>")
    if cardinality is not None:
        inside += f"<loopCardinality>{cardinality}</loopCardinality>"
    if completion:
        inside += f"<completionCondition>{escape(completion)}</completionCondition>"
    return (f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{inside}'
            "</multiInstanceLoopCharacteristics>")


def loop(condition: str = "", before: bool = False, maximum: int | None = None) -> str:
    most = f' loopMaximum="{maximum}"' if maximum is not None else ""
    inside = f"<loopCondition>{escape(condition)}</loopCondition>" if condition else ""
    return f'<standardLoopCharacteristics testBefore="{str(before).lower()}"{most}>{inside}</standardLoopCharacteristics>'


_numbers = count(1)


def flows(*chains: str, prefix: str = "f") -> str:
    """``"a -> g -> b"``; a condition on the flow before its arrow: ``"g [amount > 3] -> b"``; a name ``"g #f9 -> b"``."""
    made = []
    for chain in chains:
        parts = [part.strip() for part in chain.split("->")]
        for before, after in pairwise(parts):
            start_of, _, condition = before.partition("[")
            first, _, name = (part.strip() for part in start_of.partition("#"))
            last = after.split("[")[0].split("#")[0].strip()
            condition = escape(condition.strip().rstrip("]"))
            inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
            name = name or f"{prefix}{next(_numbers)}_{first}_{last}"
            made.append(element("sequenceFlow", name, inside, sourceRef=first, targetRef=last))
    return "".join(made)


def source(*inside: str, names: str = "") -> bytes:
    """The bytes of a file with one process ``p``; every message, signal, error and escalation of ``names`` exists."""
    shared = "".join(f'<message id="{n}" name="{n}"/><signal id="s_{n}" name="{n}"/>' for n in names.split())
    return (f'<definitions xmlns="{BPMN}" xmlns:gz="urn:gangze:bpmn:1" id="d" targetNamespace="urn:t">{shared}'
            f'<process id="p" isExecutable="true">{"".join(inside)}</process></definitions>').encode()


def process(*inside: str, names: str = "") -> Process:
    return read(source(*inside, names=names)).processes["p"]


def program(*inside: str, names: str = "") -> engine.Program:
    return engine.compile(process(*inside, names=names))


class Walk:
    """One case walked by hand: nodes are named, not tokens."""

    def __init__(self, made: engine.Program, data: Mapping[str, object] | None = None, trigger: str | None = None) -> None:
        self.program = made
        self.now = NOW
        self.trace: list[tuple[str, str]] = []
        self.thrown: list[engine.Thrown] = []
        self.steps = 0
        self.timers: dict[int, engine.Timer] = {}
        self.take(engine.start(made, data or {}, self.now, trigger))

    def take(self, step: engine.Step) -> engine.Step:
        self.step = step
        self.steps += 1
        self.trace += [(f.node, f.transition) for f in step.facts]
        self.thrown += step.thrown
        for token in step.stopped:
            self.timers.pop(token, None)
        for timer in step.timers:
            self.timers[timer.token] = timer
        return step

    def send(self, event: engine.Event) -> engine.Step:
        return self.take(engine.step(self.program, self.step.state, self.step.data, event, self.now))

    @property
    def open(self) -> list[str]:
        """Nodes with a work item or call, sorted, one entry each."""
        return sorted(t.node for t in self.tokens if t.kind in ("person", "call"))

    @property
    def tokens(self) -> tuple[engine.OpenToken, ...]:
        return engine.open_tokens(self.program, self.step.state)

    def token(self, node: str, nth: int = 0) -> int:
        return [t.token for t in self.tokens if t.node == node and t.kind in ("person", "call", "wait", "watch")][nth]

    def do(self, *nodes: str, **data: object) -> engine.Step:
        """Complete the oldest open item at each node in turn."""
        for node in nodes:
            self.send(engine.Complete(self.token(node), data))
        return self.step

    def back(self, node: str, target: str, straight: bool = False, nth: int = 0) -> engine.Step:
        return self.send(engine.Return(self.token(node, nth), target, straight))

    def fire(self, node: str) -> engine.Step:
        timer = next(t for t in self.timers.values() if t.node == node)
        self.now = max(self.now, timer.due)
        return self.send(engine.Fire(timer.token))

    def entered(self, node: str) -> int:
        return sum(1 for entry in self.trace if entry == (node, "entered"))

    def completed(self) -> list[str]:
        return [node for node, transition in self.trace if transition == "completed"]
