"""Plans in which somebody acts in another's place (授权代理, A/B 岗).

An act by delegate D for principal P is an act of both: under ``differ``, ``departments`` and ``senior`` each of the two
excludes and is excluded; under ``people max`` they are two; under ``people min``, whichever of the two is picked must
do, so they are one. A *seat* (D, P) that is fixed at a step of a draft therefore is no new kind of thing: the other
steps lose both persons, a maximum counts both, and a minimum has to hold twice, once with D and once with P
(:func:`fixed`). What remains is a problem about persons.

So a plan with seats is a choice of some steps and of a seat for each, with a plan of people for the rest. The search
for that choice is led, and cut short, by a *relaxed* problem in which the delegate alone stands for the seat:

- The relaxed problem has a plan wherever the real one has. Proof: replace every seat by its delegate. Every
  exclusion between two real acts remains one between subsets of their persons, a maximum counts fewer, and a minimum,
  which held for every pick, held for the delegates. So where the relaxed problem has no plan, there is none.
- A relaxed plan whose steps are all by persons who may do them in their own right is a plan. Otherwise some step x is by
  a delegate. In a real plan x either has a seat (try each of them, fixed) or has none (take the seats of x away). The
  two cases are all there are and neither contains the relaxed plan's reading of x, so the search is exact, and it ends
  because every branch leaves fewer steps that may still have a seat.

Every step of the search counts against the limit of the solver's.

(Merging each delegate and his principals into one class would be one problem instead of several, but is neither sound,
for ``people max`` counts classes where persons act one by one, nor complete: two principals of one delegate may well
act at two tasks that must differ.)
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .counting import ANY
from .office import bits
from .solver import Undecided, solve

if TYPE_CHECKING:
    from .problem import Draft
    from .situation import Situation

Options = dict[int, list[tuple[int, int]]]


def search(situation: Situation, draft: Draft, seats: Options, budget: list[int]) -> dict[int, int] | None:
    """A plan for a draft whose domains contain delegates and principals besides those who may act in their own right,
    where these alone do not suffice.

    Args:
        seats: task -> (delegate, principal), as sets of one.
        budget: what is left of the limit.

    Returns:
        variable -> set of one or, for a seat, of two.

    Raises:
        Undecided: the limit was reached.
    """
    of = dict(enumerate(range(len(situation.rules.tasks))))       # step -> its task
    for v, steps in situation.instances.items():
        for x in steps:
            of[x] = v
    own = [draft.domains[x] & situation.eligible[of[x]] if x in of else 0 for x in range(len(draft.domains))]
    options = {x: seats[of[x]] for x in bits(draft.active) if of[x] in seats}
    return _search(situation, draft, own, options, budget)


def _search(
    situation: Situation, draft: Draft, own: list[int], options: Options, budget: list[int]
) -> dict[int, int] | None:
    budget[0] -= 1
    if budget[0] < 0:
        raise Undecided
    mine = [people & still for people, still in zip(own, draft.domains, strict=True)]
    domains = list(mine)
    for x, seats in options.items():
        for delegate, principal in seats:
            if draft.domains[x] & delegate and draft.domains[x] & principal:
                domains[x] |= delegate
    office = situation.office
    found = solve(
        draft.active, domains, draft.differ, draft.counts, draft.apart, office.signatures, draft.senior, office.levels,
        budget,
    )
    if found is None:
        return None
    seated = [x for x, person in found.items() if not person & mine[x]]
    if not seated:
        return found
    x = min(seated, key=lambda x: (bool(mine[x]), x))             # first where nobody may act in his own right
    rest = {y: seats for y, seats in options.items() if y != x}
    if mine[x]:
        again = _search(situation, draft, own, rest, budget)
        if again is not None:
            return again
    for delegate, principal in sorted(options[x], key=lambda seat: seat[0] != found[x]):
        if draft.domains[x] & delegate and draft.domains[x] & principal:
            less = fixed(situation, draft, x, delegate | principal)
            again = _search(situation, less, own, rest, budget) if less is not None else None
            if again is not None:
                again[x] = delegate | principal
                return again
    return None


def fixed(situation: Situation, draft: Draft, x: int, both: int) -> Draft | None:
    """The draft that is left when step ``x`` is given to the two of a seat; None where that breaks a rule."""
    office, bit = situation.office, 1 << x
    active, domains = draft.active & ~bit, list(draft.domains)
    for u in bits(draft.differ[x] & active):
        domains[u] &= ~both
    for mask in draft.apart:
        if mask & bit:
            mates = 0
            for i in bits(both):
                mates |= office.mates(i)
            for u in bits(mask & active):
                domains[u] &= ~mates
    for lower, upper in draft.senior:
        ranks = office.ranks(both)
        if lower & bit and ranks:
            for u in bits(upper & active):
                domains[u] &= office.above(ranks[-1]) | ~office.everyone
        if upper & bit and ranks:
            for u in bits(lower & active):
                domains[u] &= office.below(ranks[0]) | ~office.everyone
    counts = []
    for mask, persons, least, most in draft.counts:
        if not mask & bit:
            counts.append((mask, persons, least, most))
            continue
        left = mask & active
        if most != ANY:
            if (persons | both).bit_count() > most:
                return None
            if left:
                counts.append((left, persons | both, least, most))
        else:
            for i in bits(both):
                picked = persons | 1 << i
                if picked.bit_count() + left.bit_count() < least:
                    return None
                if left:
                    counts.append((left, picked, least, most))
    return replace(draft, active=active, domains=domains, counts=counts)
