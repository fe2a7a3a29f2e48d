"""What a definition demands of an office: whether it can be worked at all, by anybody, and how many may be away."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..text import Text
from . import explain
from .ahead import core
from .compiled import Compiled, compiled
from .constraints import Rules
from .counting import Violated
from .office import Office, Person, bits
from .problem import plan
from .protocol import CaseFacts, Resilience, Satisfiability
from .situation import Situation, What
from .solver import LIMIT, Undecided
from .wording import nobody, reasons


def satisfiable(
    rules: Rules, office: Office, initiator: int | None = None, department: str | None = None, *,
    party: str | None = None, party_person: int | None = None, sure: frozenset[str] = frozenset(), limit: int = LIMIT,
) -> Satisfiability:
    """Whether a case of this definition, started now, can be brought to its end whatever way it takes.

    Args:
        rules, office: the definition, today's snapshot.
        initiator: who starts it; None = somebody (at activation), then rules about the initiator exclude nobody.
        department: where it comes from; None = every department in turn, satisfied if one will do.
        party, party_person: whom the case is about, where known.
        sure: user tasks certain to run.
        limit: positions of the search looked at before giving up.
    """
    prepared = compiled(rules, office)
    narrow = "initiator" in prepared.dynamic.values() and department is None
    without: list[str] = []
    first: Satisfiability | None = None
    good = False
    for code in office.departments() if narrow else (department,):
        facts = _start(rules, initiator, code, sure, party, party_person)
        answer = _satisfiable(Situation(prepared, facts, limit))
        if answer:
            good = True
        else:
            first = first or answer
            if narrow and code is not None:
                without.append(code)
    if good:
        return Satisfiability(True, without=tuple(without))
    if first is None:       # an office without departments
        first = _satisfiable(Situation(prepared, CaseFacts(initiator=-1, reachable=frozenset(rules.tasks)), limit))
    return Satisfiability(False, first.undecided, first.nodes, first.rules, first.because, tuple(without))


def _start(
    rules: Rules, initiator: int | None, department: str | None, sure: frozenset[str], party: str | None = None,
    party_person: int | None = None,
) -> CaseFacts:
    """A case that is about to begin: everything may be entered."""
    return CaseFacts(
        initiator=-1 if initiator is None else initiator, initiator_department=department, party=party,
        party_person=party_person, reachable=frozenset(rules.tasks), sure=sure,
    )


def _satisfiable(situation: Situation) -> Satisfiability:
    needed = situation.needed()
    try:
        if plan(situation, needed) is not None:
            return Satisfiability(True)
    except Violated:
        pass
    except Undecided:
        return Satisfiability(False, True, because=explain.UNDECIDED)
    chosen, left = core(situation, needed)
    return Satisfiability(
        False, nodes=situation.rules.ids(left), rules=tuple(chosen), because=nobody(situation, chosen, left)
    )


def contradiction(rules: Rules, *, sure: frozenset[str] | None = None, limit: int = LIMIT) -> Satisfiability:
    """Whether some office, however large, could keep all the rules together; if none could, a smallest set of rules,
    and of tasks, that clash.

    The largest office that is of any use has one person for every step of a plan at every rank that a chain of
    seniority can ask for, each in a department of his own and with every post: whatever plan another office has, its
    persons can be renamed to some of these, keeping who is who and who is senior to whom. A body that wants a part of
    its members is small enough there for one vote to do.

    Args:
        rules: the definition.
        sure: user tasks certain to run; None = all, which asks least of ``people min``.
        limit: positions of the search looked at before giving up.
    """
    chain = sum(rule.kind == "senior" for rule in rules.rules) + 1
    steps = len(rules.tasks)
    for i in bits(rules.several):
        body = rules.bodies.get(i)
        steps += body.needed(1) if body is not None else rules.cardinality.get(i, 0)
    steps += sum(rule.least for rule in rules.rules)
    held = {(post.code, code) for post in rules.posts if post is not None for code in (None, "*")}
    office = Office.of(
        Person(n, f"#{n}", frozenset(held), frozenset({f"#{n}"}), rank=rank)
        for n, rank in enumerate((rank for rank in range(chain) for _ in range(min(steps, 200))), start=1)
    )
    facts = _start(rules, None, "*", frozenset(rules.tasks) if sure is None else sure)
    situation = _Ideal(compiled(rules, office), facts, limit)
    needed = situation.needed()
    try:
        if plan(situation, needed) is not None:
            return Satisfiability(True)
    except Violated:
        pass
    except Undecided:
        return Satisfiability(False, True, because=explain.UNDECIDED)
    chosen, left = core(situation, needed)
    because = Text("无论有多少人员，下列规则不能同时遵守：{r}", "no office however large could keep these rules together: {r}")
    return Satisfiability(
        False, nodes=rules.ids(left), rules=tuple(chosen), because=because.format(r=reasons(situation, chosen, left))
    )


class _Ideal(Situation):
    """The situation in that largest office, where a part of the body is one member."""

    def body(self, task: int) -> int:
        return self.rules.bodies[task].needed(1)


# -- how many may be away ---------------------------------------------------------------------------------------------

@dataclass(slots=True)
class _Absences:
    """The search for sets of persons whose absence breaks one case that is about to begin."""

    prepared: Compiled
    facts: CaseFacts
    limit: int
    undecided: bool = False

    def without(self, away: int) -> int | None:
        """Who is needed by a plan without ``away``; None where there is no such plan, or none was found."""
        situation = Situation(self.prepared, self.facts, self.limit, What(away) if away else None)
        try:
            found = plan(situation, situation.needed())
        except Violated:
            return None
        except Undecided:
            self.undecided = True
            return None
        if found is None:
            return None
        people = 0
        for persons in found.values():
            people |= persons & situation.present        # a principal is not needed in person
        return people

    def breaking(self, depth: int) -> Iterator[int]:
        """The minimal sets of at most ``depth`` persons, each at least once. A set breaks a plan only by taking
        somebody the plan needs, so one plan tells whom to look at next."""
        first = self.without(0)
        seen: set[int] = set()
        todo = [(0, first)] if first is not None else []
        singles = 0
        for size in range(1, depth + 1):
            after = []
            for away, needed in todo:
                for i in bits(needed & ~singles if size > 1 else needed):
                    more = away | 1 << i
                    if more in seen:
                        continue
                    seen.add(more)
                    left = self.without(more)
                    if left is None:
                        yield more
                        if size == 1:
                            singles |= more
                    else:
                        after.append((more, left))
            todo = after


def resilience(
    rules: Rules, office: Office, *, sure: frozenset[str] = frozenset(), initiator: int | None = None,
    department: str | None = None, party: str | None = None, party_person: int | None = None, depth: int = 2,
    limit: int = LIMIT,
) -> Resilience:
    """How many absences a definition survives: whether a case started on that day could still be brought to its end.

    Args:
        rules, office, initiator, department, party, party_person, sure, limit: as :func:`satisfiable`. Where no
            department is given and it matters, every department that a case can come from today is looked at, and an
            absence that stops the cases of one of them breaks the definition.
        depth: how many absences to look at, at most 2.

    Returns:
        The level, the smallest sets of persons who must not be away together, and how many holders of each post may.
    """
    prepared = compiled(rules, office)
    narrow = "initiator" in prepared.dynamic.values() and department is None
    codes: tuple[str | None, ...] = (office.departments() or (None,)) if narrow else (department,)
    depth = max(0, min(depth, 2))
    worked = undecided = False
    sets: set[int] = set()
    for code in codes:
        absences = _Absences(prepared, _start(rules, initiator, code, sure, party, party_person), limit)
        if absences.without(0) is not None:
            worked = True
            sets.update(absences.breaking(depth))
        undecided |= absences.undecided
    minimal = [s for s in sets if not any(other != s and not other & ~s for other in sets)]
    critical = tuple(sorted((office.ids(s) for s in minimal), key=lambda ids: (len(ids), ids)))
    level = min((len(ids) - 1 for ids in critical), default=depth) if worked else -1
    posts: dict[str, int] = {}
    for post in rules.posts:
        if post is not None and post.code not in posts:
            here = office.holders(post.code) & office.present
            most = min((s.bit_count() - 1 for s in minimal if not s & ~here), default=depth)
            posts[post.code] = min(most, here.bit_count()) if worked else 0
    return Resilience(level, critical, undecided, posts)
