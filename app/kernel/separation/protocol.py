"""What the gate is told, and what it answers."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..text import Text


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What has happened in a case so far, and what may still happen: everything the gate needs to know of it.

    Attributes:
        performed: node -> everybody who has ever completed it in this case, rounds before a return included. For an
            act by a delegate in a principal's place *both* are here: both are barred by ``differ``, they are two for
            ``people max``, and whichever of the two is picked they are one for ``people min``.
        claimed: node -> holders of its open, allocated work items; a delegate's with the principal's.
        initiator: who started the case.
        initiator_department: the department it comes from.
        data: the case's fields, for a post whose department is named by one.
        party: key of the party the case is about.
        party_person: that party or subject, where it is a person of the office.
        reachable: user tasks that may still be entered, open ones included.
        sure: user tasks that are certain to run.
        open: node -> number of its open work items, allocated or not.
        instances: for multi-instance nodes that are open: one entry per instance of the *present* round, without the
            work item that is being asked about: who completed or holds it (one person, or a delegate with the
            principal), None where it is free. Needed to count people (min) within a round; without it all who ever
            performed the node count. For a node under a ``collective`` rule: one entry per member who has voted in the
            present session, and none that is None.
        again: user tasks that a return (退回) could open once more (``Rules.after(performed)``). If a plan that covers
            them too exists before an act, the act may not destroy it.
        always: user tasks certain to run in every case from its start; what ``sure`` is for ``again``, since a return
            takes back the choices that made others sure.
        counted: rule id -> (node -> persons), for the rules that do not count all that was ``performed``: those of
            scope ``iteration`` (the latest act of each node), of scope ``party`` (acts in other cases of the party as
            well), and those that a ``release`` has reset (acts since then). Empty sets may be left out.
        barred: rule id -> persons whom a ``rotate`` or ``apart`` rule keeps out of its nodes because of other cases.
        recused: persons found biased in this very case: they may act at no node of it.
        overridden: node -> persons who acted there under an emergency override. These acts bind others as any act does
            (they are among ``performed`` too), but a rule they broke must not leave the case without a plan for what
            can still be kept.
    """

    performed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    claimed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    initiator: int = 0
    initiator_department: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    party: str | None = None
    party_person: int | None = None
    reachable: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    open: Mapping[str, int] = field(default_factory=dict)
    instances: Mapping[str, tuple[frozenset[int] | None, ...]] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    counted: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)
    barred: Mapping[str, frozenset[int]] = field(default_factory=dict)
    recused: frozenset[int] = frozenset()
    overridden: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why a person may not act.

    Attributes:
        constraint: id of the rule, or ``post``, ``absent``, ``incompatible``, ``look-ahead``, ``undecided``.
        kind: the rule's kind (``differ`` ...), or the same word as ``constraint`` where it is no rule of the diagram.
        basis: the clause it rests on; empty where none is written.
        node: the user task that was asked about.
        because: the rule and the earlier act, in a sentence.
        earlier: the acts (node, person) that stand against it.
        instead: who could act instead, at most ten.
        later: look-ahead only: the user tasks nobody would be left for.
        rules: look-ahead only: a smallest set of rules that together leave nobody.
        whom: where a delegate asks in a principal's place: the one of the two it stands against.
        seats: (delegate, principal): who could act instead in somebody's place, at most ten.
    """

    constraint: str
    kind: str
    basis: str
    node: str
    because: Text
    earlier: tuple[tuple[str, int], ...] = ()
    instead: tuple[int, ...] = ()
    later: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    whom: int | None = None
    seats: tuple[tuple[int, int], ...] = ()

    def facts(self) -> dict[str, Any]:
        """The objection as case values (app/kernel/values.py), for the trail and the API."""
        found: dict[str, Any] = {
            "constraint": self.constraint, "kind": self.kind, "basis": self.basis, "node": self.node,
            "because": {"zh": self.because.zh, "en": self.because.en},
            "earlier": [{"node": node, "person": person} for node, person in self.earlier],
            "instead": list(self.instead),
        }
        if self.later:
            found["later"] = list(self.later)
        if self.rules:
            found["rules"] = list(self.rules)
        if self.whom is not None:
            found["whom"] = self.whom
        if self.seats:
            found["seats"] = [{"delegate": delegate, "principal": principal} for delegate, principal in self.seats]
        return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """``undecided``: the search gave up; then ``allowed`` is False, for what is not known to be safe is refused."""

    allowed: bool
    objections: tuple[Objection, ...] = ()
    undecided: bool = False

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Satisfiability:
    """Whether a definition can be worked with the people there are.

    Attributes:
        satisfied: a case can be brought to its end whatever way it takes.
        undecided: the search gave up; then ``satisfied`` is False.
        nodes: user tasks that cannot all be given to somebody; a smallest set.
        rules: a smallest set of rules that stands in the way; empty where a post has nobody.
        because: the same in a sentence; None when satisfied.
        without: departments from which a case could not be run, where the answer depends on the department.
    """

    satisfied: bool
    undecided: bool = False
    nodes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    because: Text | None = None
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.satisfied


@dataclass(frozen=True, slots=True)
class Resilience:
    """How many absences a definition survives in an office.

    Attributes:
        level: -1 it cannot be worked as it is; 0 one absence is enough to break it; 1 it survives any one; 2 any two.
            No more than the depth that was asked for.
        critical: smallest sets of persons whose absence breaks it: who must not all be away at once.
        undecided: the search gave up somewhere; such an absence counts as one that breaks it, and is in ``critical``.
        posts: code of a post that works in the definition -> how many of its holders may be away at once, whoever they
            are; no more than the depth. 0 where one alone breaks it, and where it cannot be worked at all.
    """

    level: int
    critical: tuple[tuple[int, ...], ...] = ()
    undecided: bool = False
    posts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One measure the office can take. ``kind``:

    - ``return``: ``person``, now absent, comes back;
    - ``appoint``: one more, of whom nothing is known, is given ``post`` (in ``department``, where it depends on it);
    - ``proxy``: ``person`` is given a proxy for ``principal``.
    """

    kind: str
    person: int | None = None
    post: str | None = None
    department: str | None = None
    principal: int | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """Steps that together give a stalled case a plan again, none of which can be spared, and the same in a sentence."""

    steps: tuple[Step, ...]
    text: Text
