"""From a case's facts to a problem the solver can answer.

The acts of a case are pairs (task, person): performed ever, held now, proposed, planned. A rule speaks of *all* acts of
its tasks, whatever round of a loop they belong to, so that no return can wash an act away:

- ``differ``: nobody acts at two of the tasks. Also what two incompatible posts mean within one case.
- ``same``: one person acts at all of them, that is, at most one.
- ``people max``: at most r persons act at them together.
- ``departments``: persons acting at two of the tasks share no department.
- ``people min``: however one picks one act per task, the picks are by at least r persons, or by as many as there are
  tasks that ran. This reading holds in every round and is kept by repeating a round; it is at stake only for tasks that
  run, see :meth:`Situation._least`.

A plan adds one person to every task that may still be entered. A task that somebody eligible has already done or holds
needs no planning: doing it again adds no act. That is what carries a plan through loops and returns.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from .constraints import Rule, Rules
from .office import Office, bits
from .protocol import CaseFacts
from .solver import LIMIT, Undecided, solve

#: Ways to pick one act per task looked at for one ``people min`` rule; more only after dozens of rounds.
PICKS = 256
#: The rule that comes from the organisation and not from the diagram.
INCOMPATIBLE = "incompatible"


class Compiled:
    """The rules of a definition in one office, ready to use: candidates of every task, who excludes whom."""

    __slots__ = (
        "rules", "office", "base", "dynamic", "differ", "most", "same", "least", "counted", "apart", "party",
        "initiator", "forbidden", "chosen",
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


class Violated(Exception):
    """A ``people min`` rule cannot be kept any more, whoever comes: ``args[0]`` is its id."""


@dataclass(slots=True)
class _Turn:
    """One way in which a task can count for a ``people min`` rule: persons (sets of one, one per act) and planned
    steps (variables), each certain to be or not."""

    acts: tuple[int, ...] = ()
    unsure_acts: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    unsure_steps: tuple[int, ...] = ()
    bygone: bool = False             # nothing but history: no act of today can make it better or worse


class Situation:
    """A case's facts as sets. Persons the office does not know any more get bits beyond its own: they are nobody's
    candidate and still count."""

    __slots__ = (
        "compiled", "office", "rules", "facts", "performed", "claimed", "eligible", "strangers", "sure", "limit",
        "instances",
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
                performed[index[node]] = self._set(persons)
        self.claimed = claimed = [0] * size
        for node, persons in facts.claimed.items():
            if node in index:
                claimed[index[node]] = self._set(persons)
        self.sure = self.rules.mask(facts.sure) if compiled.least else 0
        self.eligible = self._eligible()

    def _set(self, persons: Sequence[int] | frozenset[int]) -> int:
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

    def plan(self, needed: int, task: int = -1, person: int = 0) -> dict[int, int] | None:
        """A person for every task in ``needed`` (a mask) such that all rules hold together with everything done so far
        and with ``person`` (a set of one) at ``task``; None where there is none.

        Returns:
            variable -> set of one. Variables beyond the tasks are further instances, see ``_instances``.

        Raises:
            Undecided, Violated.
        """
        c = self.compiled
        acts = self.acts(task, person)
        differ: Sequence[int] = c.differ
        domains = list(self.eligible)
        for u, persons in enumerate(acts):
            if persons:
                for v in bits(differ[u] & needed):
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
            if live:
                persons = 0
                for u in bits(mask):
                    persons |= acts[u]
                if persons.bit_count() >= limit:
                    for v in bits(live):
                        domains[v] &= persons
                else:
                    most.append((mask, persons, 0, limit))
        for mask in c.same:
            live = mask & active
            if live & (live - 1):
                common = -1
                for v in bits(live):
                    common &= domains[v]
                for v in bits(live):
                    domains[v] = common
        if c.least:
            return self._with_least(needed, active, domains, acts, most, apart, reused, task, person)
        found = solve(active, domains, differ, most, apart, self.office.signatures, self.limit)
        if found is not None:
            found.update(reused)
        return found

    # -- at least r persons -------------------------------------------------------------------------------------------

    def _round(self, v: int, task: int, person: int) -> tuple[list[int], int]:
        """The present round of multi-instance task ``v``: who did or holds an instance (sets of one), and how many
        instances are free or still to come."""
        node = self.rules.tasks[v]
        known = self.facts.instances.get(node)
        mine = person if v == task else 0
        if known is not None:
            taken = [self._set((p,)) for p in known if p is not None]
            free = sum(p is None for p in known)
        else:
            taken = [1 << i for i in bits((self.performed[v] | self.claimed[v]) & ~mine)]
            free = self.facts.open.get(node, 0) - (self.claimed[v] | mine).bit_count()
        if mine:
            taken.append(mine)
        if self.rules.sequential >> v & 1:      # one after the other: those to come are not open yet
            free = self.rules.cardinality.get(v, len(self.office.people)) - len(taken)
        return taken, max(free, 0)

    def _turns(self, v: int, task: int, person: int, acts: list[int], active: int, r: int, extra: list[int]) -> list[_Turn]:
        """The ways in which task ``v`` can count for a rule that wants ``r`` persons."""
        node, bit = self.rules.tasks[v], 1 << v
        if self.rules.several & bit:
            found = []
            certain = bool(self.rules.certain & self.sure & bit)
            if v == task or self.facts.open.get(node, 0):
                taken, free = self._round(v, task, person)
                steps = tuple(extra[: min(free, r)])
                bygone = v != task and not steps
                return [_Turn(tuple(taken), (), *((steps, ()) if certain else ((), steps)), bygone)]
            if self.performed[v]:
                found.append(_Turn(tuple(1 << i for i in bits(self.performed[v])), bygone=True))
            if active & bit:
                steps = tuple(extra[: min(r, self.rules.cardinality.get(v, r))])
                found.append(_Turn((), (), *((steps, ()) if certain else ((), steps))))
            return found
        certain = bool(self.performed[v] or self.sure & bit)
        found = []
        for i in bits(acts[v]):
            one = (1 << i,)
            old = bool(self.performed[v] >> i & 1) and not (v == task and person == 1 << i)
            found.append(_Turn(one, bygone=old) if certain else _Turn((), one))
        if active & bit:
            found.append(_Turn(steps=(v,)) if certain else _Turn(unsure_steps=(v,)))
        return found

    def _with_least(
        self, needed: int, active: int, domains: list[int], acts: list[int], most: list[tuple[int, int, int, int]],
        apart: list[int], reused: dict[int, int], task: int, person: int,
    ) -> dict[int, int] | None:
        """As :meth:`plan`, with further instances as tasks of their own and the ``people min`` rules put on."""
        c = self.compiled
        differ = list(c.differ)
        instances = self.instances = {}
        for v in bits(c.counted & (needed | (1 << task if task >= 0 else 0))):
            instances[v] = self._instances(v, task, person, domains, differ)
            if instances[v] and not domains[v]:
                return None
            copies = sum(1 << x for x in instances[v])
            active = active & ~(1 << v) | copies
            most = [(m | copies if m >> v & 1 else m, p, lo, hi) for m, p, lo, hi in most]
            # two instances of one task may come from one department, so each gets a rule of its own
            apart += [m ^ 1 << v | 1 << x for m in apart if m >> v & 1 for x in instances[v][1:]]
        counts = list(most)
        for mask, r, id in c.least:
            turns = [
                t for v in bits(mask)
                if (t := self._turns(v, task, person, acts, active, r, instances.get(v, [])))
            ]
            ways = 1
            for t in turns:
                ways *= len(t)
            if ways > PICKS:
                raise Undecided
            for pick in product(*turns):
                if not all(t.bygone for t in pick):
                    self._least(id, r, pick, domains, differ, counts)
        found = solve(active, domains, differ, counts, apart, self.office.signatures, self.limit)
        if found is not None:
            found.update(reused)
        return found

    def _instances(self, v: int, task: int, person: int, domains: list[int], differ: list[int]) -> list[int]:
        """The planned steps of multi-instance task ``v``: variables, the first of them ``v`` itself. No rule needs more
        than as many as the persons it wants: who comes after them can be one of them."""
        wanted = max(r for mask, r, _ in self.compiled.least if mask >> v & 1)
        if v == task or self.facts.open.get(self.rules.tasks[v], 0):
            number = min(self._round(v, task, person)[1], wanted)
        else:
            number = min(self.rules.cardinality.get(v, wanted), wanted)
        found = [v][:number]
        for _ in range(number - 1):
            x = len(domains)
            domains.append(domains[v])
            differ.append(differ[v])
            for u in bits(differ[v]):
                differ[u] |= 1 << x
            found.append(x)
        return found

    def _least(
        self, id: str, r: int, pick: Sequence[_Turn], domains: list[int], differ: list[int],
        counts: list[tuple[int, int, int, int]],
    ) -> None:
        """Put one pick of a ``people min`` rule on the problem.

        Whichever of the uncertain steps run besides the certain ones, the persons must number at least r or as many as
        the steps. With n certain steps that means: n >= r: the certain ones alone are by r persons, whatever the others
        do. n = r-1: the certain ones are all by different persons and no uncertain one is by one of them. n < r-1: all
        steps are by different persons.
        """
        acts = [a for t in pick for a in t.acts]
        unsure = [a for t in pick for a in t.unsure_acts]
        steps = [s for t in pick for s in t.steps]
        unsure_steps = [s for t in pick for s in t.unsure_steps]
        persons = 0
        for act in acts:
            persons |= act
        size = persons.bit_count()
        if len(acts) + len(steps) >= r:
            if size < r:
                if size + len(steps) < r:
                    raise Violated(id)
                counts.append((sum(1 << s for s in steps), persons, r, 1 << 30))
            return
        uncertain = 0
        for act in unsure:
            uncertain |= act
        strict = len(acts) + len(steps) < r - 1
        if size < len(acts) or persons & uncertain or (strict and uncertain.bit_count() < len(unsure)):
            raise Violated(id)
        certain = sum(1 << s for s in steps)
        either = sum(1 << s for s in unsure_steps)
        for s in steps:
            domains[s] &= ~(persons | uncertain)
            differ[s] |= (certain | either) & ~(1 << s)
        for s in unsure_steps:
            domains[s] &= ~(persons | uncertain if strict else persons)
            differ[s] |= (certain | either if strict else certain) & ~(1 << s)
