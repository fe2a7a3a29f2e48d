"""The separation rules of one process, read once and shared by all its cases."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

from ..bpmn.model import Constraint, PostRule, Process
from ..text import Text
from .flow import connect, interruptible

#: What the gate checks. ``draw`` decides how a work item is handed out and restrains nobody; ``release`` loosens
#: another rule, through ``CaseFacts.counted``.
SUPPORTED = frozenset({
    "differ", "same", "people", "departments", "senior", "recuse", "rotate", "apart", "draw", "collective", "release",
})
#: Kinds that may count other acts than those of the case: only the latest of each node, or other cases' as well. For
#: the others a scope means nothing.
SCOPED = frozenset({"differ", "same", "people", "departments", "senior"})
SCOPES = frozenset({"case", "iteration", "party"})
#: ``party`` of a ``recuse`` rule that speaks of the person who started the case.
INITIATOR = frozenset({"initiator", "applicant"})
#: How many must be there where the rule does not say (the committees of domain.md: 2/3).
QUORUM = Fraction(2, 3)


@dataclass(frozen=True, slots=True)
class Collective:
    """A node that a body decides by vote.

    ``quorum``: how many of those entitled to vote must do so, as a part of them or as a number; ``majority``: the part
    of those entitled that must be exceeded; ``chair_last``: the chair speaks last (末位表态).
    """

    id: str
    quorum: Fraction | int = QUORUM
    majority: Fraction = Fraction(1, 2)
    chair_last: bool = False

    def needed(self, entitled: int) -> int:
        """How many different members must vote where ``entitled`` may; at least two: one person is no body."""
        if isinstance(self.quorum, Fraction):
            return max(ceil(self.quorum * entitled), 2)
        return max(self.quorum, 2)


@dataclass(frozen=True, slots=True)
class Release:
    """``at`` a node, everything done so far ceases to count for ``rule``: the case begins anew as far as it goes."""

    id: str
    rule: str
    at: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over user tasks.

    ``mask`` has bit i set where the rule speaks of task i of :attr:`Rules.tasks`; ``least``/``most`` are the bounds of
    a ``people`` rule (0 and None: no bound); ``initiator`` says that a ``recuse`` rule's party is who started the case;
    ``lower``/``upper`` are the two sides of a ``senior`` rule; ``times`` in ``months`` is what a ``rotate`` rule allows
    one person for one party; ``sources`` the (process, node) whose people an ``apart`` rule keeps out.
    """

    id: str
    kind: str
    mask: int
    basis: str = ""
    least: int = 0
    most: int | None = None
    initiator: bool = False
    scope: str = "case"
    on_block: str = "refuse"
    lower: int = 0
    upper: int = 0
    times: int = 0
    months: int = 0
    sources: tuple[tuple[str, str], ...] = ()
    body: Collective | None = None


class Rules:
    """Everything about a definition that the gate needs; immutable.

    Attributes:
        tasks: ids of the user tasks, in document order; a task's position is its bit in masks.
        index: id -> position.
        names: what people call each task.
        posts: who works on each task; None = anybody.
        rules: the rules that can be checked.
        releases: which nodes make which rules begin anew.
        unsupported: rules this gate cannot check (kind or scope unknown to it), as written. Nobody may act on a task
            they name: a rule is never passed over in silence.
        interruptible: mask of tasks that may be withdrawn once they are open.
        several: mask of tasks that run as several instances, ``sequential`` those that do so one after the other;
            ``cardinality`` their number where the diagram has it as a literal; ``certain``
            mask of those whose instances all run once entered (no completion condition).
        bodies: task -> the body that decides there; such a task counts among ``several`` and ``certain``.
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
        self.interruptible = self.mask(interruptible(process.scope, False))
        drawn = {n.id for n in nodes.values() if n.allocation == "draw"}
        rules: list[Rule] = []
        releases: list[Release] = []
        unsupported: list[Constraint] = []
        self.bodies: dict[int, Collective] = {}
        for constraint in process.constraints:
            if constraint.kind == "release":
                options = constraint.options
                releases.append(Release(constraint.id, options.get("constraint", ""), options.get("at", "")))
                continue
            try:
                rule = self._read(constraint)
            except (ValueError, ZeroDivisionError):
                rule = None
            if rule is None or (rule.body is not None and any(rule.mask >> i & 1 for i in self.bodies)):
                unsupported.append(constraint)     # nor can two bodies decide one node
            elif rule.kind == "draw":
                drawn.update(self.ids(rule.mask))
            else:
                rules.append(rule)
                if rule.body is not None:
                    for i in (i for i in range(len(self.tasks)) if rule.mask >> i & 1):
                        self.bodies.setdefault(i, rule.body)
                        self.several |= 1 << i
                        self.certain |= 1 << i
                        self.sequential &= ~(1 << i)
        self.rules: tuple[Rule, ...] = tuple(rules)
        self.releases: tuple[Release, ...] = tuple(releases)
        self.unsupported: tuple[Constraint, ...] = tuple(unsupported)
        self._drawn = frozenset(drawn)

    @classmethod
    def of(cls, process: Process) -> Rules:
        """The rules of a checked definition. Names of nodes that are no user tasks are passed over here; the check of
        the definition reports them."""
        return cls(process)

    def _read(self, constraint: Constraint) -> Rule | None:
        """The rule a constraint states, None where its kind or scope is unknown.

        Raises:
            ValueError, ZeroDivisionError: a number in it is none.
        """
        kind, options = constraint.kind, constraint.options
        if kind not in SUPPORTED or (kind in SCOPED and constraint.scope not in SCOPES):
            return None
        mask = self.mask(constraint.nodes)
        scope = constraint.scope if kind in SCOPED else "case"
        said: dict[str, object] = {}
        if kind == "people":
            said["least"] = int(options.get("min") or 0)
            said["most"] = int(options["max"]) if options.get("max") else None
        elif kind == "recuse":
            said["initiator"] = options.get("party") in INITIATOR
            if said["initiator"] and "*" in constraint.nodes:
                mask &= ~self.first      # applying is the one act the applicant must do
        elif kind == "senior":
            lower, upper = (self.mask(options.get(side, "").split()) for side in ("lower", "upper"))
            mask = lower | upper
            said.update(lower=lower, upper=upper)
        elif kind == "rotate":
            said.update(times=int(options.get("max") or 1), months=int(options.get("months") or 12))
        elif kind == "apart":
            said["sources"] = tuple(
                (process, node) for process, _, node in (s.partition("/") for s in options.get("from", "").split())
            )
        elif kind == "collective":
            said["body"] = Collective(
                constraint.id, _quorum(options.get("quorum", "")), Fraction(options.get("majority") or "1/2"),
                options.get("chairLast", "").strip().lower() in ("true", "1"),
            )
        return Rule(
            constraint.id, kind, mask, constraint.basis, scope=scope, on_block=constraint.on_block,
            **said,  # type: ignore[arg-type]
        )

    def mask(self, nodes: Iterable[str]) -> int:
        """The user tasks among ``nodes`` as a mask; ``*`` is all of them."""
        found, index = 0, self.index
        for node in nodes:
            if node in index:
                found |= 1 << index[node]
            elif node == "*":
                return self.everything
        return found

    def ids(self, mask: int) -> tuple[str, ...]:
        """The ids of a mask, in document order."""
        return tuple(id for i, id in enumerate(self.tasks) if mask >> i & 1)

    def drawn(self, node: str) -> bool:
        """Whether the work items of ``node`` are handed out by lot or in turn, never chosen by a person."""
        return node in self._drawn

    def rule(self, id: str) -> Rule | None:
        """The rule with that id."""
        return self._by_id.get(id)

    def on_block(self, id: str) -> str:
        """What becomes of an act that the rule forbids: ``refuse``, or ``escalate`` to somebody who decides. What is no
        rule of the diagram refuses."""
        found = self._by_id.get(id)
        return found.on_block if found is not None else "refuse"

    def collective(self, node: str) -> Collective | None:
        """The body that decides at ``node``; None where one person does."""
        i = self.index.get(node)
        return self.bodies.get(i) if i is not None else None

    def scoped(self, scope: str) -> tuple[Rule, ...]:
        """The rules of a scope. For those of ``iteration`` and ``party`` the case room fills ``CaseFacts.counted``."""
        return tuple(r for r in self.rules if r.scope == scope)

    @cached_property
    def party_nodes(self) -> frozenset[str]:
        """User tasks of which it must be kept who did them for which party: those of ``rotate`` rules and of rules of
        scope ``party``. (What an ``apart`` rule of another process asks is in that rule's ``sources``.)"""
        found = 0
        for rule in self.rules:
            if rule.kind == "rotate" or rule.scope == "party":
                found |= rule.mask
        return frozenset(self.ids(found))

    @cached_property
    def _by_id(self) -> Mapping[str, Rule]:
        return {r.id: r for r in reversed(self.rules)}

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
        connect(self._scope, edges)
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


def _quorum(written: str) -> Fraction | int:
    """``2/3``, ``0.6`` or ``60%`` is a part of those entitled, ``5`` a number of them.

    Raises:
        ValueError, ZeroDivisionError: none of these, or beyond all of them.
    """
    written = written.strip()
    if not written:
        return QUORUM
    if written.isascii() and written.isdigit():
        return int(written[:6])
    part = Fraction(written[:-1]) / 100 if written.endswith("%") else Fraction(written)
    if not 0 < part <= 1:
        raise ValueError(written)
    return part
