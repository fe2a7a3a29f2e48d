"""From a case's facts to a problem the solver can answer.

The acts of a case are pairs (task, person): performed ever, held now, proposed, planned. A rule speaks of *all* acts of
its tasks, whatever round of a loop they belong to, so that no return can wash an act away:

- ``differ``: nobody acts at two of the tasks. Also what two incompatible posts mean within one case.
- ``same``: one person acts at all of them, that is, at most one.
- ``people max``: at most r persons act at them together.
- ``departments``: persons acting at two of the tasks share no department.
- ``people min``: however one picks one act per task, the picks are by at least r persons, or by as many as there are
  tasks that ran. This reading holds in every round and is kept by repeating a round; it is at stake only for tasks that
  run, see counting.py.

A plan adds one person to every task that may still be entered. A task that somebody eligible has already done or holds
needs no planning: doing it again adds no act. That is what carries a plan through loops and returns.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from .constraints import Rule, Rules
from .counting import Act, count
from .office import Office, bits
from .protocol import CaseFacts
from .solver import LIMIT, solve

#: The rule that comes from the organisation and not from the diagram.
INCOMPATIBLE = "incompatible"


class Compiled:
    """The rules of a definition in one office, ready to use: candidates of every task, who excludes whom."""

    __slots__ = (
        "apart",
        "base",
        "chosen",
        "counted",
        "differ",
        "dynamic",
        "forbidden",
        "initiator",
        "least",
        "most",
        "office",
        "party",
        "rules",
        "same",
    )

    def __init__(self, rules: Rules, office: Office, chosen: frozenset[str] | None = None) -> None:
        """``chosen``: ids of the rules to apply (``incompatible`` among them); None = all. Fewer than all only serve
        to explain a refusal."""
        self.rules, self.office, self.chosen = rules, office, chosen
        size = len(rules.tasks)
        self.base: list[int] = []
        self.dynamic: dict[int, str] = {}
        for i, post in enumerate(rules.posts):
            if post is None:
                self.base.append(office.present)
            else:
                if post.department is not None:
                    self.dynamic[i] = post.department
                self.base.append(office.holders(post.code) & office.present)
        self.differ = [0] * size
        self.most: list[tuple[int, int]] = []
        self.same: list[int] = []
        self.least: list[tuple[int, int, str]] = []
        self.apart: list[int] = []
        self.party = self.initiator = self.counted = 0
        for rule in rules.rules:
            if chosen is None or rule.id in chosen:
                self._take(rule)
        if chosen is None or INCOMPATIBLE in chosen:
            for one, other in incompatible_tasks(rules, office):
                self.differ[one] |= 1 << other
                self.differ[other] |= 1 << one
        self.forbidden = 0
        for constraint in rules.unsupported:
            if constraint.kind != "release":   # a release only loosens: without it we are stricter, never laxer
                options = constraint.options
                named = [*constraint.nodes, options.get("node", ""), options.get("lower", ""), options.get("upper", "")]
                self.forbidden |= rules.mask(named)

    def _take(self, rule: Rule) -> None:
        mask = rule.mask
        if rule.kind == "same":
            self.same.append(mask)
            self.most.append((mask, 1))
        elif rule.kind == "people":
            if rule.most is not None:
                self.most.append((mask, rule.most))
            if rule.least > 1:
                self.least.append((mask, rule.least, rule.id))
                self.counted |= mask & self.rules.several
        elif rule.kind == "recuse":
            if rule.initiator:
                self.initiator |= mask
            else:
                self.party |= mask
        else:
            if rule.kind == "departments":
                self.apart.append(mask)
            for i in bits(mask):
                self.differ[i] |= mask & ~(1 << i)


def compiled(rules: Rules, office: Office) -> Compiled:
    """The rules in this office, prepared once for as long as the snapshot lives."""
    found = office._compiled.get(rules)
    if found is None:
        found = office._compiled[rules] = Compiled(rules, office)
    return found


def incompatible_tasks(rules: Rules, office: Office) -> list[tuple[int, int]]:
    """Pairs of tasks whose posts one person may not exercise in one case."""
    found = []
    posts = [office.code(p.code) if p is not None else None for p in rules.posts]
    for i, one in enumerate(posts):
        for j in range(i):
            other = posts[j]
            if one is not None and other is not None and one != other and office.incompatible(one, other) is not None:
                found.append((j, i))
    return found


class Needed(NamedTuple):
    """Masks of the tasks a plan must cover, and of those that are certain to run."""

    tasks: int
    sure: int


@dataclass(slots=True)
class Draft:
    """A problem for the solver while it is being put together; see :func:`~.solver.solve` for its parts."""

    active: int
    domains: list[int]
    differ: list[int]
    counts: list[tuple[int, int, int, int]]
    apart: list[int]


class Situation:
    """A case's facts as sets. Persons the office does not know any more get bits beyond its own: they are nobody's
    candidate and still count."""

    __slots__ = (
        "claimed",
        "compiled",
        "eligible",
        "facts",
        "instances",
        "limit",
        "office",
        "performed",
        "rules",
        "strangers",
    )

    def __init__(self, compiled: Compiled, facts: CaseFacts, limit: int = LIMIT) -> None:
        self.compiled, self.facts, self.limit = compiled, facts, limit
        self.office, self.rules = compiled.office, compiled.rules
        self.strangers: dict[int, int] = {}
        self.instances: dict[int, list[int]] = {}    # of the latest plan: task -> its planned instances
        size = len(self.rules.tasks)
        index = self.rules.index
        self.performed = performed = [0] * size
        for node, persons in facts.performed.items():
            if node in index:
                performed[index[node]] = self.set_of(persons)
        self.claimed = claimed = [0] * size
        for node, persons in facts.claimed.items():
            if node in index:
                claimed[index[node]] = self.set_of(persons)
        self.eligible = self._eligible()

    def set_of(self, persons: Iterable[int]) -> int:
        """The persons as a set, strangers included."""
        found, index = 0, self.office.index
        for person in persons:
            i = index.get(person)
            if i is None:
                i = self.strangers.setdefault(person, len(self.office.people) + len(self.strangers))
            found |= 1 << i
        return found

    def person(self, i: int) -> int:
        """The id behind a bit."""
        if i < len(self.office.people):
            return self.office.people[i].id
        return next(id for id, bit in self.strangers.items() if bit == i)

    def recused(self, initiator: bool) -> int:
        """Who must stand aside: the party or the person who started the case, their kin, whoever declared an interest.
        """
        facts, office = self.facts, self.office
        self_ = facts.initiator if initiator else facts.party_person
        found = 0
        if self_ is not None:
            found |= office.set_of((self_,)) | office.kin(self_)
        if not initiator and facts.party is not None:
            found |= office.interested(facts.party)
        return found

    def department(self, i: int) -> str | None:
        """The department whose post works on task ``i`` in this case; None where the field that names it is empty."""
        name = self.compiled.dynamic[i]
        if name == "initiator":
            return self.facts.initiator_department
        value: object = self.facts.data
        for part in name.split("."):
            value = value.get(part) if hasattr(value, "get") else None  # type: ignore[attr-defined]
        return value if isinstance(value, str) and value else None

    def _eligible(self) -> list[int]:
        """Who may do each task as far as the person alone is concerned: post, presence, recusal."""
        c = self.compiled
        if not (c.dynamic or c.party or c.initiator):
            return c.base
        found = list(c.base)
        for i, name in c.dynamic.items():
            department = self.department(i)
            if department is not None:
                post = self.rules.posts[i]
                found[i] = self.office.holders(post.code, department) & self.office.present  # type: ignore[union-attr]
            elif name == "initiator":
                found[i] = 0
        for mask, initiator in ((c.party, False), (c.initiator, True)):
            if mask:
                out = ~self.recused(initiator)
                for i in bits(mask):
                    found[i] &= out
        return found

    def holders(self, task: int) -> int:
        """Who may do ``task`` now. Unlike in a plan, a department that nobody has named yet has no holders."""
        if task in self.compiled.dynamic and self.department(task) is None:
            return 0
        return self.eligible[task]

    def acts(self, task: int = -1, person: int = 0) -> list[int]:
        """Per task, everybody who has acted there: did it once, holds it, or (``person`` at ``task``) is about to. Who
        asks for a task's only work item stands in its present holder's place."""
        found = [a | b for a, b in zip(self.performed, self.claimed, strict=True)]
        if task >= 0:
            if self.facts.open.get(self.rules.tasks[task], 1) <= 1:
                found[task] = self.performed[task]
            found[task] |= person
        return found

    def needed(self, returns: bool = False) -> Needed:
        """What a plan must cover: what may still be entered going forward, and with ``returns`` also after a return."""
        rules, facts = self.rules, self.facts
        tasks = rules.mask(facts.reachable) | rules.mask(facts.open)
        sure = facts.sure
        if returns and facts.again:
            tasks |= rules.mask(facts.again)
            sure = facts.always
        return Needed(tasks, rules.mask(sure) & ~rules.interruptible if self.compiled.least else 0)

    def plan(self, need: Needed, task: int = -1, person: int = 0) -> dict[int, int] | None:
        """A person for every needed task such that all rules hold together with everything done so far
        and with ``person`` (a set of one) at ``task``; None where there is none.

        Returns:
            variable -> set of one. Variables beyond the tasks are further instances, see counting.py.

        Raises:
            Undecided, Violated.
        """
        c, needed = self.compiled, need.tasks
        acts = self.acts(task, person)
        if task >= 0:
            needed |= c.counted & 1 << task
        domains = list(self.eligible)
        for u, persons in enumerate(acts):
            if persons:
                for v in bits(c.differ[u] & needed):
                    domains[v] &= ~persons
        apart = [m & needed for m in c.apart]
        for mask in c.apart:
            for u in bits(mask):
                if acts[u]:
                    mates = 0
                    for i in bits(acts[u]):
                        mates |= self.office.mates(i)
                    for v in bits(mask & needed & ~(1 << u)):
                        domains[v] &= ~mates
        active = 0
        reused: dict[int, int] = {}
        for v in bits(needed):
            again = domains[v] & acts[v]
            if c.counted >> v & 1:
                active |= 1 << v
            elif again:
                reused[v] = again & -again
            elif domains[v]:
                active |= 1 << v
            else:
                return None
        most = []
        for mask, limit in c.most:
            live = mask & active
            if mask & needed:
                persons = 0
                for u in bits(mask):
                    persons |= acts[u]
                if persons.bit_count() > limit:      # broken before the rule was made: nothing to build on
                    return None
                if persons.bit_count() == limit:
                    for v in bits(live):
                        domains[v] &= persons
                elif live:
                    most.append((mask, persons, 0, limit))
        for mask in c.same:
            live = mask & active
            if live & (live - 1):
                common = -1
                for v in bits(live):
                    common &= domains[v]
                for v in bits(live):
                    domains[v] = common
        draft = Draft(active, domains, c.differ, most, apart)
        if c.least:
            draft.differ = list(c.differ)
            self.instances = count(self, draft, needed, Act(task, person, acts, need.sure))
        found = solve(
            draft.active, draft.domains, draft.differ, draft.counts, draft.apart, self.office.signatures, self.limit
        )
        if found is not None:
            found.update(reused)
        return found
