"""The separation rules of one process, read once and shared by all its cases."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..bpmn.model import Constraint, Node, PostRule, Process, Scope
from ..text import Text

#: What the gate checks. ``draw`` decides how a work item is handed out and restrains nobody.
SUPPORTED = frozenset({"differ", "same", "people", "departments", "recuse", "draw"})
#: ``party`` of a ``recuse`` rule that speaks of the person who started the case.
INITIATOR = frozenset({"initiator", "applicant"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over user tasks.

    ``mask`` has bit i set where the rule speaks of task i of :attr:`Rules.tasks`; ``least``/``most`` are the bounds of
    a ``people`` rule (0 and None: no bound); ``initiator`` says that a ``recuse`` rule's party is who started the case.
    """

    id: str
    kind: str
    mask: int
    basis: str = ""
    least: int = 0
    most: int | None = None
    initiator: bool = False


class Rules:
    """Everything about a definition that the gate needs; immutable.

    Attributes:
        tasks: ids of the user tasks, in document order; a task's position is its bit in masks.
        index: id -> position.
        names: what people call each task.
        posts: who works on each task; None = anybody.
        rules: the rules that can be checked.
        unsupported: rules this gate cannot check (kind or scope unknown to it), as written. Nobody may act on a task
            they name: a rule is never passed over in silence.
        interruptible: mask of tasks that may be withdrawn once they are open.
        several: mask of tasks that run as several instances, ``sequential`` those that do so one after the other;
            ``cardinality`` their number where the diagram has it as a literal; ``certain``
            mask of those whose instances all run once entered (no completion condition).
    """

    def __init__(self, process: Process) -> None:
        nodes = process.user_tasks
        self.process = process.id
        self.tasks: tuple[str, ...] = tuple(nodes)
        self.index: dict[str, int] = {id: i for i, id in enumerate(self.tasks)}
        self.names: tuple[Text, ...] = tuple(n.label for n in nodes.values())
        self.posts: tuple[PostRule | None, ...] = tuple(n.post for n in nodes.values())
        self.everything = (1 << len(self.tasks)) - 1
        self._scope = process.scope
        self.several = self.sequential = self.certain = 0
        self.cardinality: dict[int, int] = {}
        for i, node in enumerate(nodes.values()):
            if node.loop is not None and node.loop.kind in ("parallel", "sequential"):
                self.several |= 1 << i
                if node.loop.kind == "sequential":
                    self.sequential |= 1 << i
                number = (node.loop.cardinality or "").strip().lstrip("=").strip()
                if number.isascii() and number.isdigit():
                    self.cardinality[i] = int(number)
                    if not node.loop.completion:
                        self.certain |= 1 << i
        self.interruptible = self.mask(_interruptible(process.scope, False))
        drawn = {n.id for n in nodes.values() if n.allocation == "draw"}
        rules: list[Rule] = []
        unsupported: list[Constraint] = []
        for constraint in process.constraints:
            rule = self._read(constraint)
            if rule is None:
                unsupported.append(constraint)
            elif rule.kind == "draw":
                drawn.update(self.ids(rule.mask))
            else:
                rules.append(rule)
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.unsupported: tuple[Constraint, ...] = tuple(unsupported)
        self._drawn = frozenset(drawn)

    @classmethod
    def of(cls, process: Process) -> Rules:
        """The rules of a checked definition. Names of nodes that are no user tasks are passed over here; the check of
        the definition reports them."""
        return cls(process)

    def _read(self, constraint: Constraint) -> Rule | None:
        if constraint.kind not in SUPPORTED or constraint.scope != "case":
            return None
        mask = self.mask(constraint.nodes)
        least, most, initiator = 0, None, False
        if constraint.kind == "people":
            try:
                least = int(constraint.options.get("min") or 0)
                most = int(constraint.options["max"]) if constraint.options.get("max") else None
            except ValueError:
                return None
        elif constraint.kind == "recuse":
            initiator = constraint.options.get("party") in INITIATOR
            if initiator and "*" in constraint.nodes:
                mask &= ~self.first      # applying is the one act the applicant must do
        return Rule(constraint.id, constraint.kind, mask, constraint.basis, least, most, initiator)

    def mask(self, nodes: Iterable[str]) -> int:
        """The user tasks among ``nodes`` as a mask; ``*`` is all of them."""
        found = 0
        for node in nodes:
            if node == "*":
                return self.everything
            i = self.index.get(node)
            if i is not None:
                found |= 1 << i
        return found

    def ids(self, mask: int) -> tuple[str, ...]:
        """The ids of a mask, in document order."""
        return tuple(id for i, id in enumerate(self.tasks) if mask >> i & 1)

    def drawn(self, node: str) -> bool:
        """Whether the work items of ``node`` are handed out by lot or in turn, never chosen by a person."""
        return node in self._drawn

    def rule(self, id: str) -> Rule | None:
        """The rule with that id."""
        return next((r for r in self.rules if r.id == id), None)

    def after(self, nodes: Iterable[str]) -> frozenset[str]:
        """User tasks that may run once one of ``nodes`` runs again, these included: an upper bound by the drawn flows,
        for ``CaseFacts.again``."""
        found = 0
        for node in nodes:
            i = self.index.get(node)
            if i is not None:
                found |= self._after[i]
        return frozenset(self.ids(found))

    @cached_property
    def _edges(self) -> Mapping[str, set[str]]:
        edges: dict[str, set[str]] = {}
        _connect(self._scope, edges)
        return edges

    @cached_property
    def _after(self) -> tuple[int, ...]:
        found = []
        for i, task in enumerate(self.tasks):
            seen, todo, mask = set(), [task], 1 << i
            while todo:
                for target in self._edges.get(todo.pop(), ()):
                    if target not in seen:
                        seen.add(target)
                        todo.append(target)
                        if target in self.index:
                            mask |= 1 << self.index[target]
            found.append(mask)
        return tuple(found)

    @cached_property
    def first(self) -> int:
        """Mask of the user tasks that a case meets first: those no other user task comes before."""
        todo = [n.id for n in self._scope.nodes.values() if n.type == "startEvent"]
        todo = todo or [n.id for n in self._scope.nodes.values() if not n.incoming and n.attached_to is None]
        seen, mask = set(todo), 0
        while todo:
            node = todo.pop()
            if node in self.index:
                mask |= 1 << self.index[node]
                continue
            for target in self._edges.get(node, ()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return mask


def _connect(scope: Scope, edges: dict[str, set[str]], container: Node | None = None) -> None:
    """Who may run after whom: flows, boundary events, links, ways into and out of sub-processes. Errs on the side of
    more."""
    def edge(a: str, b: str) -> None:
        edges.setdefault(a, set()).add(b)

    for flow in scope.flows.values():
        edge(flow.source, flow.target)
    catches = [n for n in scope.nodes.values() if n.type == "intermediateCatchEvent" and _link(n)]
    asides = [n for n in scope.nodes.values() if n.triggered_by_event or n.for_compensation]
    for node in scope.nodes.values():
        if node.attached_to is not None:
            edge(node.attached_to, node.id)
        if container is not None and not node.outgoing:
            edge(node.id, container.id)
        for aside in asides:
            edge(node.id, aside.id)
        for catch in catches:
            if node.type == "intermediateThrowEvent" and _link(node) == _link(catch):
                edge(node.id, catch.id)
        if node.scope is not None:
            _connect(node.scope, edges, node)
            inner = node.scope.nodes.values()
            starts = [n for n in inner if n.type == "startEvent"] or [n for n in inner if not n.incoming]
            for start in starts:
                edge(node.id, start.id)


def _interruptible(scope: Scope, inside: bool) -> list[str]:
    """Ids of the tasks that may be withdrawn once they are open: by a boundary event, an event sub-process or a
    terminate end event, theirs or of what they are in."""
    nodes = scope.nodes.values()
    inside = inside or any(n.triggered_by_event and n.scope is not None and any(
        start.type == "startEvent" and start.interrupting for start in n.scope.nodes.values()) for n in nodes)
    inside = inside or any(n.event is not None and n.event.kind == "terminate" for n in nodes)
    hosts = {n.attached_to for n in nodes if n.attached_to is not None and n.interrupting}
    found = []
    for node in nodes:
        out = inside or node.id in hosts
        if out:
            found.append(node.id)
        if node.scope is not None:
            found += _interruptible(node.scope, out)
    return found


def _link(node: Node) -> str | None:
    return (node.event.code or node.event.name) if node.event is not None and node.event.kind == "link" else None
