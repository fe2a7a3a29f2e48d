"""From a diagram to something that runs: the nouns of ``bpmn.model`` become specifications, once.

A :class:`Program` is immutable and shared by all cases of a definition (keep one per digest); nothing of it is
stored with a case.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from SpiffWorkflow.specs import WorkflowSpec

from ..bpmn.model import Flow, Node, Process
from ..bpmn.model import Scope as Inside
from ..expressions import compile as compile_expression
from .activities import Activity, HandlerTask, PassTask, PersonTask, ReceiveTask, Root, Scope, SendTask, SubProcess
from .check import NotExecutable, begins, check, kind, link_name, name_of
from .events import Boundary, Catch, End, EventStart, Start, Throw, code_of
from .specs import EventGateway, ExclusiveGateway, FlowNode, InclusiveGateway, ParallelGateway, Way
from .timers import literal


class Trigger(NamedTuple):
    """A start event that waits for something: ``kind`` = message | signal | timer | conditional; ``name`` of the
    message or signal, the time or the condition as written."""

    node: str
    kind: str
    name: str


class Reach(NamedTuple):
    """For one inclusive gateway: a bit for each incoming ``flow``, and for each of the scope's ``nodes`` the flows
    to which a path leads from it that does not visit the gateway."""

    flows: Mapping[str | None, int]
    nodes: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Program:
    """A process ready to run. Only ``process`` and ``triggers`` are for the world outside this package."""

    process: Process
    triggers: tuple[Trigger, ...]
    spec: WorkflowSpec = field(repr=False)
    root: Root = field(repr=False)
    specs: Mapping[str, FlowNode] = field(repr=False)
    chains: Mapping[str, tuple[str, ...]] = field(repr=False)
    conditional: bool
    _reach: dict[str, Reach] = field(default_factory=dict, repr=False)
    notes: dict[str, object] = field(default_factory=dict, repr=False)   # what foresight.py has worked out

    def reach(self, gateway: str) -> Reach:
        """Static reachability for an inclusive gateway, worked out when first needed."""
        found = self._reach.get(gateway)
        if found is None:
            found = self._reach[gateway] = _reach(self.specs[gateway])
        return found


def compile(process: Process) -> Program:
    """Make ``process`` ready to run.

    Raises:
        NotExecutable: with a finding for every element that the engine does not run as BPMN 2.0.2 says.
    """
    findings = check(process)
    if findings:
        raise NotExecutable(findings)
    library = WorkflowSpec(process.id)
    root = Root(library, Node("", "process"))
    build = _Build(library)
    build.scope(process.scope, root, (), False)
    return Program(
        process=process, triggers=_triggers(process), spec=library, root=root, specs=build.specs,
        chains={name: spec.chain for name, spec in build.specs.items() if spec.chain},
        conditional=any(spec.kind == "conditional" for spec in build.specs.values()))


def _triggers(process: Process) -> tuple[Trigger, ...]:
    return tuple(
        Trigger(n.id, kind(n), (n.event.expression if kind(n) in ("timer", "conditional") else name_of(n.event)) or "")
        for n in process.scope.nodes.values() if n.type == "startEvent" and kind(n) != "none")


class _Build:
    """Builds the specifications of all scopes into one flat library specification."""

    def __init__(self, library: WorkflowSpec) -> None:
        self.library = library
        self.specs: dict[str, FlowNode] = {}

    def scope(self, inside: Inside, owner: Scope, chain: tuple[str, ...], looped: bool) -> None:
        for node in inside.nodes.values():
            spec = self.specs[node.id] = self.node(node, owner)
            spec.scope = owner
            spec.incoming = len(node.incoming)
            spec.looped = looped or node.loop is not None
            spec.loop = node.loop
            several = node.loop is not None and node.loop.kind != "standard"
            spec.chain = (*chain, node.id) if several else chain
        by_event = isinstance(owner, SubProcess) and owner.by_event
        for node in inside.nodes.values():
            self.connect(node, inside)
        entries = [n for n in inside.nodes.values() if n.type == "startEvent"] if by_event else begins(inside)
        owner.starts = tuple(self.specs[n.id] for n in entries)
        owner.joins = frozenset(n.id for n in inside.nodes.values()
                                if n.type == "inclusiveGateway" and len(n.incoming) > 1)
        handlers: list[FlowNode] = []
        for node in inside.nodes.values():
            spec = self.specs[node.id]
            if isinstance(spec, SubProcess):
                self.scope(node.scope, spec, spec.chain, spec.looped)
                if spec.by_event:
                    handlers += spec.starts
        owner.handlers = tuple(handlers)

    def connect(self, node: Node, inside: Inside) -> None:
        spec = self.specs[node.id]
        ways: list[Way] = []
        for name in node.outgoing:
            flow: Flow = inside.flows[name]
            target = self.specs[flow.target]
            spec.connect(target)
            condition = None if flow.condition is None else compile_expression(flow.condition)
            way = Way(flow.id, target, condition)
            if name == node.default:
                spec.default = way
            else:
                ways.append(way)
        if kind(node) == "link" and node.type == "intermediateThrowEvent":
            catch = next(n for n in inside.nodes.values() if n.type == "intermediateCatchEvent"
                         and kind(n) == "link" and link_name(n) == link_name(node))
            ways = [Way(None, self.specs[catch.id])]
        spec.ways = tuple(ways)
        if spec.default is not None or len(ways) > 1 or any(w.condition is not None for w in ways):
            spec.tells_flows = True
        if isinstance(spec, Boundary):
            spec.host = self.specs[node.attached_to]
            spec.host.boundaries = (*spec.host.boundaries, spec)

    def node(self, node: Node, owner: Scope) -> FlowNode:
        make = getattr(self, f"_{node.type}", None)
        return make(node, owner) if make else _PLAIN[node.type](self.library, node)

    # -- kinds that need more than their class -------------------------------------------------------------------------

    def _startEvent(self, node: Node, owner: Scope) -> FlowNode:
        if isinstance(owner, SubProcess) and owner.by_event:
            spec = EventStart(self.library, node)
            spec.interrupting = node.interrupting
            return _waiting(spec, node)
        return Start(self.library, node)

    def _intermediateCatchEvent(self, node: Node, owner: Scope) -> FlowNode:
        return FlowNode(self.library, node) if kind(node) == "link" else _waiting(Catch(self.library, node), node)

    def _boundaryEvent(self, node: Node, owner: Scope) -> FlowNode:
        spec = Boundary(self.library, node)
        spec.interrupting = node.interrupting
        return _waiting(spec, node)

    def _intermediateThrowEvent(self, node: Node, owner: Scope) -> FlowNode:
        return _throwing(Throw(self.library, node), node)

    def _endEvent(self, node: Node, owner: Scope) -> FlowNode:
        return _throwing(End(self.library, node), node)

    def _handled(self, node: Node, owner: Scope) -> FlowNode:
        spec: Activity
        if node.handler:
            spec = HandlerTask(self.library, node)
            spec.handler = node.handler
            spec.arguments = {name: compile_expression(text) for name, text in node.inputs.items()}
        else:
            spec = SendTask(self.library, node)
            spec.message = node.message
        return _activity(spec, node)

    _serviceTask = _scriptTask = _businessRuleTask = _sendTask = _handled

    def _receiveTask(self, node: Node, owner: Scope) -> FlowNode:
        spec = ReceiveTask(self.library, node)
        spec.listens = frozenset({("message", node.message)})
        return _activity(spec, node)

    def _task(self, node: Node, owner: Scope) -> FlowNode:
        return _activity(PassTask(self.library, node), node)

    def _userTask(self, node: Node, owner: Scope) -> FlowNode:
        return _activity(PersonTask(self.library, node), node)

    _manualTask = _userTask

    def _subProcess(self, node: Node, owner: Scope) -> FlowNode:
        spec = SubProcess(self.library, node)
        spec.by_event = node.triggered_by_event
        return _activity(spec, node)


_PLAIN = {"exclusiveGateway": ExclusiveGateway, "parallelGateway": ParallelGateway,
          "inclusiveGateway": InclusiveGateway, "eventBasedGateway": EventGateway}


def _waiting(spec: Catch, node: Node) -> Catch:
    event = node.event
    spec.event = event
    spec.kind = event.kind
    spec.asking = event.kind in ("message", "signal", "timer")
    if event.kind in ("message", "signal"):
        spec.listens = frozenset({(event.kind, name_of(event))})
    elif event.kind == "conditional":
        spec.condition = compile_expression(event.expression)
    elif event.kind == "timer":
        if literal(event.timer, event.expression):
            spec.time_literal = event.expression
        else:
            spec.time = compile_expression(event.expression)
    return spec


def _throwing(spec: Throw, node: Node) -> Throw:
    event = node.event
    if event is not None:
        spec.event = event
        spec.kind = event.kind
        if event.kind in ("message", "signal"):
            spec.thrown = name_of(event)
        elif event.kind in ("error", "escalation"):
            spec.thrown = code_of(event)
    return spec


def _activity(spec: Activity, node: Node) -> Activity:
    spec.start_quantity = int(str(node.attributes.get("startQuantity", "1")))
    spec.completion_quantity = int(str(node.attributes.get("completionQuantity", "1")))
    loop = node.loop
    if loop is not None:
        spec.repeat = compile_expression(loop.condition) if loop.condition is not None else None
        spec.cardinality = compile_expression(loop.cardinality) if loop.cardinality is not None else None
        spec.completion = compile_expression(loop.completion) if loop.completion is not None else None
    return spec


def exits(spec: FlowNode) -> list[FlowNode]:
    """Where a token at ``spec`` may go next, boundary events included."""
    ways = [*spec.ways, spec.default] if spec.default is not None else spec.ways
    return [way.target for way in ways] + list(getattr(spec, "boundaries", ()))


def _reach(gateway: FlowNode) -> Reach:
    inside = [s for s in gateway._wf_spec.task_specs.values() if s.name and s.scope is gateway.scope]
    entrances: dict[str, list[str]] = {}
    for spec in inside:
        for target in exits(spec):
            entrances.setdefault(target.name, []).append(spec.name)
    sources: dict[str, list[str]] = {}
    for spec in inside:
        for way in (*spec.ways, spec.default):
            if way is not None and way.target is gateway:
                sources.setdefault(spec.name, []).append(way.id)
    flows: dict[str | None, int] = {}
    nodes: dict[str, int] = {}
    for source, names in sources.items():
        for name in names:
            bit = flows[name] = 1 << len(flows)
            seen = {source}
            stack = [source]
            while stack:
                here = stack.pop()
                nodes[here] = nodes.get(here, 0) | bit
                if here == gateway.name:
                    continue                  # a path may begin at the gateway, but not pass it
                for before in entrances.get(here, ()):
                    if before not in seen:
                        seen.add(before)
                        stack.append(before)
    return Reach(flows, nodes)
