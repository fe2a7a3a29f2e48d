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
        performed: node -> everybody who has ever completed it in this case, rounds before a return included.
        claimed: node -> holders of its open, allocated work items.
        initiator: who started the case.
        initiator_department: the department it comes from.
        data: the case's fields, for a post whose department is named by one.
        party: key of the party the case is about.
        party_person: that party or subject, where it is a person of the office.
        reachable: user tasks that may still be entered, open ones included.
        sure: user tasks that are certain to run.
        open: node -> number of its open work items, allocated or not.
        instances: for multi-instance nodes that are open: one entry per instance of the *present* round, without the
            work item that is being asked about: who completed or holds it, None where it is free. Needed to count
            people (min) within a round; without it all who ever performed the node count.
        again: user tasks that a return (退回) could open once more (``Rules.after(performed)``). If a plan that covers
            them too exists before an act, the act may not destroy it.
        always: user tasks certain to run in every case from its start; what ``sure`` is for ``again``, since a return
            takes back the choices that made others sure.
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
    instances: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()


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
