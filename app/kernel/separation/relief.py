"""What would help a case that cannot go on (无人可办的办件): the smallest measures that give it a plan again.

More people present never take a plan away, so a measure that does not help is worth looking at only together with
another, and none is proposed that a smaller one makes needless: single steps first, pairs only if no single step does.
(An appointment to a deciding body raises its quorum too; it is asked like any other and proposed only if it helps.)
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product, zip_longest

from ..text import Text
from .ahead import exists
from .compiled import compiled, stands_against
from .constraints import Rules
from .office import Office, Person, bits
from .protocol import CaseFacts, Remedy, Step
from .situation import Situation, What
from .solver import LIMIT, Undecided

#: How many remedies are named, and how many single steps are tried in pairs.
MOST, PAIRED = 10, 24
#: How many stand-ins are looked for per principal.
STAND_INS = 2

#: A delegate as yet unknown.
SOMEBODY = -1


@dataclass(frozen=True, slots=True)
class _Measure:
    """A step with what it changes; ``fresh`` are the tasks of an appointment, ``seats`` the tasks of a proxy."""

    step: Step
    back: int = 0
    tasks: int = 0
    seat: tuple[int, int] | None = None
    fresh: bool = False
    where: Mapping[str, str] = field(default_factory=dict)


def remedies(rules: Rules, office: Office, facts: CaseFacts, limit: int = LIMIT) -> tuple[Remedy, ...]:
    """The smallest ways to give a stalled case a plan again.

    Args:
        rules, office, facts: as for :func:`~.gate.may`.
        limit: positions of each search looked at before giving up; what is undecided is not proposed.

    Returns:
        At most ten, the same for the same input: of single steps where one will do, else of pairs. None where the case
        has a plan, or no two steps give it one.
    """
    prepared = compiled(rules, office)
    now = Situation(prepared, facts, limit)
    if now.loose is not None and not _possible(now):
        now = now.loose
        facts = now.facts
    if _possible(now):
        return ()
    needed = now.needed().tasks

    def helps(*measures: _Measure) -> bool:
        if not _possible(Situation(prepared, facts, limit, _office(now, measures))):
            return False
        new = [m.step for m in measures if m.fresh]
        return not ((prepared.senior or prepared.apart) and new) or any(
            _possible(Situation(compiled(rules, other), facts, limit, _office(now, tuple(m for m in measures if not m.fresh))))
            for other in _with(office, new)
        )

    returns = list(_returns(now, needed))
    appointments = list(_appointments(now, needed))
    ideal = list(_proxies(now, needed, SOMEBODY))
    kinds = [
        [m for m in returns if helps(m)], [], [m for m in appointments if helps(m)],
    ]
    for measure in ideal:
        if len(kinds[1]) < MOST and helps(measure):
            kinds[1] += _concrete(now, measure, helps)
    found = [(m,) for row in zip_longest(*kinds) for m in row if m is not None]
    if not found:
        single = [m for row in zip_longest(returns, ideal, appointments) for m in row if m is not None][:PAIRED]
        single += [m for m in appointments if m in single]       # two of the same are two people
        if helps(*single):
            for one, other in combinations(single, 2):
                if len(found) < MOST and helps(one, other):
                    found += _concrete_pair(now, one, other, helps)
    return tuple(Remedy(tuple(m.step for m in some), _sentence(now, some)) for some in found[:MOST])


def _possible(situation: Situation) -> bool:
    try:
        return exists(situation, situation.needed())
    except Undecided:
        return False


def _with(office: Office, new: list[Step]) -> Iterator[Office]:
    """The office with the appointed, of every seniority that makes a difference: where ranks or departments are
    compared, somebody of whom nothing is known is too good to be true. Their ids come last, so that everybody keeps
    their bit."""
    levels = [rank for rank, _ in office.levels] or [0]
    ranks = [levels[0] - 1, *levels, levels[-1] + 1]
    last = max(office.index, default=0)
    for some in product(ranks, repeat=len(new)):
        yield Office.of([*office.people, *(
            Person(last + n, "", frozenset({(office.code(step.post or ""), step.department)}),
                   frozenset({step.department} if step.department else ()), rank=rank)
            for n, (step, rank) in enumerate(zip(new, some, strict=True), start=1)
        )], office._incompatible, office.names)


def _office(now: Situation, measures: tuple[_Measure, ...]) -> What:
    """The office after some measures. Whoever is appointed, or a delegate not chosen yet, is somebody new."""
    back, fresh, seats = 0, {}, {}
    new = len(now.office.people) + len(now.strangers) + 1
    for measure in measures:
        back |= measure.back
        new += 1
        for v in bits(measure.tasks):
            if measure.fresh:
                fresh[v] = fresh.get(v, 0) | 1 << new
            if measure.seat is not None:
                delegate, principal = measure.seat
                seats[v] = (*seats.get(v, ()), (new if delegate == SOMEBODY else delegate, principal))
                back |= 1 << new if delegate == SOMEBODY else 0
    return What(0, back, fresh, seats)


def _returns(now: Situation, needed: int) -> Iterator[_Measure]:
    """Everybody absent who holds the post of a needed task or could act in a holder's place."""
    useful = 0
    for v in bits(needed):
        useful |= now.holders(v)
        for delegate, _ in now.compiled.seats.get(v, ()):
            useful |= 1 << delegate
    for i in bits(useful & ~now.office.present):
        yield _Measure(Step("return", now.office.people[i].id), back=1 << i)


def _appointments(now: Situation, needed: int) -> Iterator[_Measure]:
    """One more for every post of a needed task, in the department it needs one of."""
    posts: dict[tuple[str, str | None], int] = {}
    for v in bits(needed):
        post = now.rules.posts[v]
        if post is not None:
            department = now.department(v) if post.department is not None else None
            if department is not None or post.department != "initiator":
                posts[post.code, department] = posts.get((post.code, department), 0) | 1 << v
    for (code, department), tasks in posts.items():
        yield _Measure(Step("appoint", post=code, department=department), tasks=tasks, fresh=True)


def _proxies(now: Situation, needed: int, delegate: int) -> Iterator[_Measure]:
    """A proxy for every holder of the post of a needed task, to ``delegate``; for those who are absent first."""
    office, tasks = now.office, {}
    for v in bits(needed):
        if now.rules.posts[v] is not None:
            for i in bits(now.holders(v)):
                tasks[i] = tasks.get(i, 0) | 1 << v
    for i in sorted(tasks, key=lambda i: (bool(office.present >> i & 1), i)):
        yield _Measure(Step("proxy", SOMEBODY, principal=office.people[i].id), tasks=tasks[i], seat=(delegate, i))


def _concrete(now: Situation, ideal: _Measure, helps) -> list[_Measure]:
    """The proxy with persons who could hold it: of the principal's own departments first, without a post that is
    incompatible."""
    assert ideal.seat is not None
    office, principal = now.office, ideal.seat[1]
    mates, found, tried = office.mates(principal), [], 0
    able = [i for i in bits(office.present) if i != principal]
    posts = [now.rules.posts[v].code for v in bits(ideal.tasks)]  # type: ignore[union-attr]
    for i in sorted(able, key=lambda i: (not mates >> i & 1, i)):
        if any(stands_against(office, i, post) is not None for post in posts):
            continue
        step = Step("proxy", office.people[i].id, principal=ideal.step.principal)
        measure = _Measure(step, tasks=ideal.tasks, seat=(i, principal))
        tried += 1
        if helps(measure):
            found.append(measure)
        if len(found) == STAND_INS or tried == 50:
            break
    return found


def _concrete_pair(now: Situation, one: _Measure, other: _Measure, helps) -> list[tuple[_Measure, ...]]:
    """A pair with its delegates, as yet unknown, replaced by the first persons with whom it helps."""
    pair = [one, other]
    for n, measure in enumerate(pair):
        if measure.seat is not None:
            rest = pair[1 - n]
            named = _concrete(now, measure, lambda m, rest=rest: helps(m, rest))
            if not named:
                return []
            pair[n] = named[0]
    return [tuple(pair)]


def _sentence(now: Situation, measures: tuple[_Measure, ...]) -> Text:
    parts = [_part(now, m.step, m.tasks) for m in measures]
    return Text("，并".join(p.zh for p in parts), ", and ".join(p.en for p in parts))


def _part(now: Situation, step: Step, tasks: int) -> Text:
    office = now.office
    if step.kind == "return":
        return Text("请{who}返岗", "have {who} return to work").format(who=office.name(step.person or 0))
    if step.kind == "proxy":
        return Text("由{p}授权{d}代理其岗位", "have {d} act for {p} by proxy").format(
            p=office.name(step.principal or 0), d=office.name(step.person or 0)
        )
    if step.department is not None:
        return Text("为部门“{d}”的岗位“{p}”增配一名人员", "appoint one more person to post “{p}” of department “{d}”").format(
            p=step.post, d=step.department
        )
    return Text("为岗位“{p}”增配一名人员", "appoint one more person to post “{p}”").format(p=step.post)
