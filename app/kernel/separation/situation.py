"""A case's facts as sets: who acted, who is out of the question, who could do what."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from .compiled import Compiled
from .constraints import Rule
from .office import bits
from .protocol import CaseFacts
from .solver import LIMIT


class Needed(NamedTuple):
    """Masks of the tasks a plan must cover, and of those that are certain to run."""

    tasks: int
    sure: int


@dataclass(frozen=True, slots=True)
class What:
    """The office as it would be: ``away`` and ``back`` are sets of persons; ``fresh`` gives a task one more candidate
    of whom nothing is known (task -> set); ``seats`` are further (delegate, principal) bits for every task they fit."""

    away: int = 0
    back: int = 0
    fresh: Mapping[int, int] = field(default_factory=dict)
    seats: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)


class Situation:
    """A case's facts as sets. Persons the office does not know any more get bits beyond its own: they are nobody's
    candidate and still count.

    Attributes:
        performed, claimed: task -> who did it, who holds it.
        eligible: task -> who may do it as far as the person alone is concerned: post, presence, recusal.
        past: task -> the tasks whose doers may not do it, by the rules that count all that was performed.
        special: rule id -> what it counts instead (task -> persons); empty nearly always.
        lent: whether some work item may be held by a delegate.
        instances: of the latest plan: task -> its planned steps.
    """

    def __init__(self, compiled: Compiled, facts: CaseFacts, limit: int = LIMIT, what: What | None = None) -> None:
        self.compiled, self.facts, self.limit = compiled, facts, limit
        self.office, self.rules = compiled.office, compiled.rules
        self.what = what
        self.strangers: dict[int, int] = {}
        self.instances: dict[int, list[int]] = {}
        self.performed = self.by_task(facts.performed)
        self.claimed = self.by_task(facts.claimed)
        self.lent = False
        for persons in facts.claimed.values():
            if len(persons) > 1:
                self.lent = True
        self.special: dict[str, list[int]] = {}
        self.past = compiled.differ
        if facts.counted:
            self.special = {
                id: self.by_task(acts) for id, acts in facts.counted.items() if compiled.rules.rule(id) is not None
            }
            self.past = compiled.differ_without(self.special)
        self.eligible = self._eligible()

    # -- people --------------------------------------------------------------------------------------------------------

    def by_task(self, acts: Mapping[str, Iterable[int]]) -> list[int]:
        """task -> the persons, from node -> ids."""
        index, found = self.rules.index, [0] * len(self.rules.tasks)
        for node, persons in acts.items():
            if node in index:
                found[index[node]] = self.set_of(persons)
        return found

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

    def holders(self, task: int) -> int:
        """Who holds the post of ``task`` in this case, present or not; while nobody has named its department, whoever
        holds it anywhere. The initiator's department is known or never will be."""
        c = self.compiled
        name = c.dynamic.get(task)
        if name is None:
            return c.posted[task]
        department = self.department(task)
        if department is None:
            return 0 if name == "initiator" else c.posted[task]
        return self.office.holders(self.rules.posts[task].code, department)  # type: ignore[union-attr]

    def _aside(self) -> list[tuple[int, int]]:
        """(mask of tasks, persons): who has to stand aside where, whatever their post."""
        c, facts, found = self.compiled, self.facts, []
        if c.party:
            found.append((c.party, self.recused(False)))
        if c.initiator:
            found.append((c.initiator, self.recused(True)))
        if facts.recused:
            found.append((self.rules.everything, self.set_of(facts.recused)))
        if facts.barred:
            found += [(mask, self.set_of(facts.barred[id])) for mask, id in c.kept_out if id in facts.barred]
        return found

    def _eligible(self) -> list[int]:
        c, what = self.compiled, self.what
        aside = self._aside() if c.party or c.initiator or self.facts.recused or self.facts.barred else ()
        if what is not None:
            present = self.present
            found = [self.holders(i) & present | what.fresh.get(i, 0) for i in range(len(c.base))]
        elif aside or c.dynamic:
            found = list(c.base)
            for i in c.dynamic:
                found[i] = self.holders(i) & self.office.present
        else:
            return c.base
        for mask, persons in aside:
            if persons:
                for i in bits(mask):
                    found[i] &= ~persons
        return found

    @cached_property
    def out(self) -> list[int]:
        """Task -> who may not do it, whatever their post: recused, or kept out because of other cases."""
        found = [0] * len(self.rules.tasks)
        for mask, persons in self._aside():
            for i in bits(mask):
                found[i] |= persons
        return found

    @property
    def present(self) -> int:
        """Who is at work."""
        what = self.what
        return self.office.present if what is None else (self.office.present | what.back) & ~what.away

    def known(self, task: int) -> bool:
        """Whether the department whose post does ``task`` is known, which to act, unlike to plan, it must be."""
        return task not in self.compiled.dynamic or self.department(task) is not None

    @cached_property
    def seats(self) -> dict[int, list[tuple[int, int]]]:
        """Task -> (delegate, principal) as sets of one, as far as the two alone are concerned: the principal holds the
        post, present or not; the delegate is present and covered by a proxy, or holds the work item already; neither
        has to stand aside. None where one person must do several tasks: there the two would be two."""
        c, what = self.compiled, self.what
        if not c.seats and not self.lent and (what is None or not what.seats):
            return {}
        found: dict[int, list[tuple[int, int]]] = {}
        alone = 0
        for mask, limit, _ in c.most:
            if limit == 1:
                alone |= mask
        present = self.present
        for v in range(len(c.base)):
            if v in self.rules.bodies:      # a vote is given in person
                continue
            pairs = c.seats.get(v, ()) + (what.seats.get(v, ()) if what is not None else ())
            if self.lent and self.claimed[v].bit_count() == 2 and not self.rules.several >> v & 1:
                one, other = bits(self.claimed[v])
                pairs += ((one, other), (other, one))
            if pairs and not alone >> v & 1:
                out = ~self.out[v]
                first, second = present & out, self.holders(v) & out
                fit = [(1 << d, 1 << p) for d, p in dict.fromkeys(pairs) if first >> d & 1 and second >> p & 1]
                if fit:
                    found[v] = fit
        return found

    # -- acts ----------------------------------------------------------------------------------------------------------

    def held(self, task: int = -1, who: int = 0, added: bool = False) -> list[int]:
        """Per task, who holds it or (``who`` at ``task``) is about to act. Who asks for a task's only work item stands
        in its present holder's place, unless ``added`` to him."""
        found = self.claimed
        if task >= 0:
            found = list(found)
            if not added and self.facts.open.get(self.rules.tasks[task], 1) <= 1:
                found[task] = 0
            found[task] |= who
        return found

    def acts(self, task: int = -1, who: int = 0, added: bool = False) -> list[int]:
        """Per task, everybody who has acted there: did it once, holds it, or is about to."""
        found = [a | b for a, b in zip(self.performed, self.claimed, strict=True)]
        if task >= 0:
            if not added and self.facts.open.get(self.rules.tasks[task], 1) <= 1:
                found[task] = self.performed[task]
            found[task] |= who
        return found

    def acts_for(self, rule: Rule, task: int = -1, who: int = 0, added: bool = False) -> list[int]:
        """As :meth:`acts`, as one rule counts them."""
        counted = self.special.get(rule.id, self.performed)
        return [a | b for a, b in zip(counted, self.held(task, who, added), strict=True)]

    def limit_of(self, mask: int, limit: int, persons: int) -> int:
        """How many may act at the tasks of ``mask``: ``limit``, unless an emergency override has exceeded it; then
        those ``persons`` it are, and not one more."""
        if persons.bit_count() > limit and self.overridden:
            let_in = 0
            for u in bits(mask):
                let_in |= self.overridden[u]
            if (persons & ~let_in).bit_count() <= limit:
                return persons.bit_count()
        return limit

    @cached_property
    def overridden(self) -> list[int] | None:
        """Task -> who acted there under an emergency override; None where nobody did."""
        return self.by_task(self.facts.overridden) if self.facts.overridden else None

    def voted(self, task: int) -> list[int]:
        """The votes of the present session at a task a body decides: one set per vote."""
        return [self.set_of(p) for p in self.facts.instances.get(self.rules.tasks[task], ()) if p]

    def body(self, task: int) -> int:
        """How many different members must vote at a task a body decides. The whole body counts, those included who are
        away or have to stand aside: two who are left of nine do not decide."""
        members = self.holders(task)
        if self.what is not None:
            members |= self.what.fresh.get(task, 0)
        return self.rules.bodies[task].needed(members.bit_count())

    # -- what to plan for ----------------------------------------------------------------------------------------------

    def needed(self, returns: bool = False) -> Needed:
        """What a plan must cover: what may still be entered going forward, and with ``returns`` also after a return."""
        rules, facts = self.rules, self.facts
        tasks = rules.mask(facts.reachable) | rules.mask(facts.open)
        sure = facts.sure
        if returns and facts.again:
            tasks |= rules.mask(facts.again)
            sure = facts.always
        return Needed(tasks, rules.mask(sure) & ~rules.interruptible if self.compiled.least else 0)

    @cached_property
    def loose(self) -> Situation | None:
        """The same case had nobody acted under an override, and none of those tasks to be done again: what a plan can
        fall back on where an override has left none. None where there was no override."""
        if not self.facts.overridden:
            return None
        facts, off = self.facts, self.facts.overridden

        def less(acts: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
            return {node: persons - off.get(node, frozenset()) for node, persons in acts.items()}

        gone = {node for node, persons in off.items() if persons}
        return Situation(self.compiled, replace(
            facts, performed=less(facts.performed), claimed=less(facts.claimed), overridden={},
            counted={id: less(acts) for id, acts in facts.counted.items()},
            reachable=facts.reachable - gone, sure=facts.sure - gone, again=facts.again - gone,
            always=facts.always - gone, open={n: k for n, k in facts.open.items() if n not in gone},
        ), self.limit, self.what)
