"""What must come: user tasks entered whatever is decided, as far as the diagram alone can tell.

A task is *avoidable* from a node if some choice of ways lets every token that leaves the node come to an end (or wait
for ever at a parallel join) without entering the task. That is a least fixed point over the scope's graph, all tasks
at once in the bits of an integer; what is not avoidable is certain. A parallel gateway is passed for certain only
where certainty holds for each of its incoming flows, which is found in rounds. In doubt (scopes that can be
interrupted or terminated while something else runs in them, paths with no way to an end) nothing is certain.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .activities import Activity, PersonTask, Root, Scope, SubProcess
from .events import Boundary
from .program import Program, exits
from .specs import EventGateway, ExclusiveGateway, FlowNode, ParallelGateway, Way

_ABRUPT = frozenset({"terminate", "error", "escalation"})


class Certain(NamedTuple):
    """For one scope: a bit per ``names`` (user tasks) and per flow into a parallel join; ``after`` a node was left,
    on ``entering`` one; ``joins`` with the bits of their incoming flows."""

    names: dict[str, int]
    flows: dict[str | None, int]
    after: dict[str, int]
    entering: dict[str, int]
    joins: dict[str, int]

    def closed(self, bits: int) -> int:
        """``bits`` with what certainly comes behind joins that certainly fire."""
        while True:
            more = bits
            for join, needed in self.joins.items():
                if needed & ~more == 0:
                    more |= self.after[join]
            if more == bits:
                return bits
            bits = more

    def tasks(self, bits: int) -> frozenset[str]:
        return frozenset(name for name, bit in self.names.items() if bits & bit)


def inside(program: Program, scope: FlowNode) -> list[FlowNode]:
    """The nodes of a scope."""
    return [spec for spec in program.specs.values() if spec.scope is scope]


def certain(program: Program, scope: FlowNode) -> Certain | None:
    """What is certain inside ``scope``; None where nothing is, because it may end abruptly at any time."""
    key = f"certain:{scope.name}"
    if key not in program.notes:
        program.notes[key] = _certain(program, scope)
    return program.notes[key]


def _certain(program: Program, scope: FlowNode) -> Certain | None:
    specs = inside(program, scope)
    if _fragile(program, scope, specs):
        return None
    names: dict[str, int] = {}
    flows: dict[str | None, int] = {}
    entering: dict[str, int] = {}
    size = 1                                    # bit 0 is never entered: it tells whether an end can be reached
    for spec in specs:
        sure = _entered(program, spec)
        for name in sorted(sure):
            names.setdefault(name, 1 << size)
            size = len(names) + len(flows) + 1
        entering[spec.name] = sum(names[name] for name in sure)
        for way in _ways(spec):
            if _is_join(way.target):
                flows[way.id] = 1 << size
                size = len(names) + len(flows) + 1
    everything = (1 << size) - 1
    joins = {spec.name: 0 for spec in specs if _is_join(spec)}
    for spec in specs:
        for way in _ways(spec):
            if way.target.name in joins:
                joins[way.target.name] |= flows[way.id]
    extra = dict.fromkeys((spec.name for spec in specs), 0)
    blind = _fixed(specs, entering, flows, everything, extra)
    blind_alleys = frozenset(name for name, bits in blind.items() if not bits & 1)
    while True:
        avoid = _fixed(specs, entering, flows, everything, extra, blind_alleys=blind_alleys)
        found = Certain(names, flows, {name: everything & ~bits for name, bits in avoid.items()}, entering, joins)
        more = {name: found.closed(bits) for name, bits in found.after.items()}
        if more == extra:
            return found
        if all(more[name] & ~extra[name] == 0 for name in more):
            return found
        extra = {name: extra[name] | bits for name, bits in more.items()}


def _fixed(specs: list[FlowNode], entering: dict[str, int], flows: dict[str | None, int], everything: int,
           extra: dict[str, int], *, blind_alleys: frozenset[str] = frozenset()) -> dict[str, int]:
    """What can be avoided after leaving each node."""
    avoid = {spec.name: everything if spec.name in blind_alleys else 0 for spec in specs}

    def along(way: Way) -> int:
        if way.id in flows:
            return everything & ~flows[way.id]
        return avoid[way.target.name] & ~entering[way.target.name]

    pending = [spec for spec in reversed(specs) if spec.name not in blind_alleys]
    before: dict[str, list[FlowNode]] = {}
    for spec in pending:
        for target in exits(spec):
            before.setdefault(target.name, []).append(spec)
    waiting = {spec.name for spec in pending}
    while pending:
        spec = pending.pop(0)
        waiting.discard(spec.name)
        ways = list(_ways(spec))
        if not ways or (isinstance(spec, SubProcess) and _throws(spec, frozenset({"error"}))):
            bits = everything
        else:
            fixed = [way for way in spec.ways if way.condition is None]
            if isinstance(spec, (ExclusiveGateway, EventGateway)) or not fixed:
                bits = 0
                for way in ways:
                    bits |= along(way)
            else:
                bits = everything
                for way in fixed:
                    bits &= along(way)
        for boundary in getattr(spec, "boundaries", ()):
            if boundary.interrupting:
                bits |= avoid[boundary.name]
        bits &= ~extra[spec.name]
        if bits != avoid[spec.name]:
            avoid[spec.name] = bits
            for each in before.get(spec.name, ()):
                if each.name not in waiting:
                    waiting.add(each.name)
                    pending.append(each)
    return avoid


def _entered(program: Program, spec: FlowNode) -> frozenset[str]:
    """The user tasks certain once ``spec`` is entered, before it is left."""
    loop = spec.loop
    if loop is not None:
        count = (loop.cardinality or "").strip()
        at_least_one = not loop.test_before if loop.kind == "standard" else count.isascii() and count.isdigit() and int(
            count) > 0
        if not at_least_one or (isinstance(spec, SubProcess) and loop.completion is not None):
            return frozenset()
    if isinstance(spec, PersonTask):
        return frozenset({spec.name})
    if isinstance(spec, SubProcess) and not spec.by_event and not any(b.interrupting for b in spec.boundaries):
        found = certain(program, spec)
        if found is not None:
            bits = 0
            for start in spec.starts:
                bits |= found.entering[start.name] | found.after[start.name]
            return found.tasks(found.closed(bits))
    return frozenset()


def _ways(spec: FlowNode) -> Iterator[Way]:
    yield from spec.ways
    if spec.default is not None:
        yield spec.default


def _is_join(spec: FlowNode) -> bool:
    return (isinstance(spec, ParallelGateway) and spec.incoming > 1) or (
        isinstance(spec, Activity) and spec.start_quantity > 1)


def _throws(scope: FlowNode, kinds: frozenset[str]) -> bool:
    """Whether something of these kinds is thrown anywhere inside."""
    return any(n.event is not None and n.event.kind in kinds and n.type in ("endEvent", "intermediateThrowEvent")
               for n in scope.node.scope.everything.values())


def _fragile(program: Program, scope: FlowNode, specs: list[FlowNode]) -> bool:
    assert isinstance(scope, Scope)
    if any(handler.interrupting for handler in scope.handlers):
        return True
    everything = program.process.scope if isinstance(scope, Root) else scope.node.scope
    abrupt = any(n.event is not None and n.event.kind in _ABRUPT and n.type in ("endEvent", "intermediateThrowEvent")
                 for n in everything.everything.values())
    return abrupt and (len(scope.starts) > 1 or bool(scope.handlers) or any(_forks(spec) for spec in specs))


def _forks(spec: FlowNode) -> bool:
    if isinstance(spec, Boundary):
        return not spec.interrupting
    if isinstance(spec, Activity) and (spec.completion_quantity > 1 or spec.loop is not None):
        return True
    return sum(1 for _ in _ways(spec)) > 1 and not isinstance(spec, (ExclusiveGateway, EventGateway))
