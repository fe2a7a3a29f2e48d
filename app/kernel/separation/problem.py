"""From a case's facts to a problem the solver can answer.

The acts of a case are pairs (task, person): performed ever, held now, proposed, planned. A rule speaks of *all* acts of
its tasks, whatever round of a loop they belong to, so that no return can wash an act away:

- ``differ``: nobody acts at two of the tasks. Also what two incompatible posts mean within one case.
- ``same``: one person acts at all of them, that is, at most one.
- ``people max``: at most r persons act at them together.
- ``departments``: persons acting at two of the tasks share no department.
- ``senior``: whoever acts at a lower task is junior to whoever acts at an upper one.
- ``people min``: however one picks one act per task, the picks are by at least r persons, or by as many as there are
  tasks that ran. This reading holds in every round and is kept by repeating a round; it is at stake only for tasks that
  run, see counting.py.
- ``collective``: n different members act in one session.
- ``recuse``, ``rotate``, ``apart``: some persons do not act at the tasks at all.

A rule of scope ``iteration`` or ``party``, or one that was released, counts other acts than those performed in the
case (``CaseFacts.counted``); acts held, proposed and planned count for every rule.

A plan adds one act to every task that may still be entered. A task that somebody eligible has already done or holds
needs no planning: doing it again adds no act, *provided* every rule on the task still counts that act. That is what
carries a plan through loops and returns. It also carries it through a release and through the replacing of the latest
act by a later one: both only take acts away from a rule that any set of acts keeps if a larger set does. (The
exception is a release of ``people min``, which may stop counting the very act that was to be the second person's; the
re-check that follows every act finds such a case.)

An act by a delegate in a principal's place is an act of both, see proxies.py.
"""
from __future__ import annotations

from dataclasses import dataclass

from . import proxies
from .counting import Act, count
from .office import bits
from .situation import Needed, Situation
from .solver import solve


@dataclass(slots=True)
class Draft:
    """A problem for the solver while it is being put together; see :func:`~.solver.solve` for its parts. A part of
    ``counts`` is either a maximum (least 0) or a minimum (most ANY)."""

    active: int
    domains: list[int]
    differ: list[int]
    counts: list[tuple[int, int, int, int]]
    apart: list[int]
    senior: list[tuple[int, int]]


def plan(
    situation: Situation, need: Needed, task: int = -1, who: int = 0, added: bool = False
) -> dict[int, int] | None:
    """Somebody for every needed task such that all rules hold together with everything done so far and with ``who`` at
    ``task``; None where there is no such plan.

    Args:
        need: what to cover.
        task, who: an act that is about to be: a set of one, or of a delegate and the principal. -1: none is.
        added: it comes on top of the task's own work item.

    Returns:
        variable -> set of one, or of two where a delegate acts for a principal. Variables beyond the tasks are further
        steps of a task that takes several persons.

    Raises:
        Undecided, Violated.
    """
    found = _plan(situation, need, task, who, added, {})
    if found is not None:                   # people who act in their own right: preferred, and nearly always enough
        return found
    seats: proxies.Options = {}
    if situation.compiled.seats or situation.lent or situation.what is not None:
        seats = situation.seats
    if who & (who - 1) and not added and not situation.compiled.many >> task & 1:
        one, other = (1 << i for i in bits(who))      # what the two are about to do they can do again
        seats = {**seats, task: [*seats.get(task, ()), (one, other), (other, one)]}
    return _plan(situation, need, task, who, added, seats) if seats else None


def _plan(
    situation: Situation, need: Needed, task: int, who: int, added: bool, seats: proxies.Options
) -> dict[int, int] | None:
    """A plan with people only, or where there is none, with the given seats as well."""
    c, office, needed = situation.compiled, situation.office, need.tasks
    if task >= 0:
        needed |= c.many & 1 << task
    acts = situation.acts(task, who, added)
    own = {                                 # of the rules that count acts of their own choosing
        rule.id: situation.acts_for(rule, task, who, added) for rule in c.rules.rules
        if rule.id in situation.special and (c.chosen is None or rule.id in c.chosen)
    } if situation.special else {}
    domains = _domains(situation, needed, acts, own, seats)
    eligible = situation.eligible
    active = needed & c.many
    reused: dict[int, int] = {}
    for v in bits(needed & ~c.many):
        free = domains[v] & eligible[v] if seats else domains[v]
        again = acts[v]
        if own:
            for id, counted in own.items():
                if c.rules.rule(id).mask >> v & 1:  # type: ignore[union-attr]
                    again &= counted[v]
        if free & again:
            again &= free
            reused[v] = again & -again
        elif free:
            active |= 1 << v
        elif v in seats:
            both = next((d | p for d, p in seats[v] if not (d | p) & ~(domains[v] & again)), 0)
            if both:
                reused[v] = both
            else:
                active |= 1 << v
        else:
            return None
    most = _maxima(situation, domains, needed, active, acts, own)
    if most is None:
        return None
    draft = Draft(active, domains, c.differ, most, [m & needed for m, _ in c.apart], [(a, b) for a, b, _ in c.senior])
    if c.many or c.least:
        draft.differ = list(c.differ)
        situation.instances = count(situation, draft, needed, Act(task, who, acts, need.sure), own)
    budget = [situation.limit]
    if seats:
        found = proxies.search(situation, draft, seats, budget)
    else:
        found = solve(
            draft.active, draft.domains, draft.differ, draft.counts, draft.apart, office.signatures, draft.senior,
            office.levels, budget,
        )
    if found is not None:
        found.update(reused)
    return found


def _domains(
    situation: Situation, needed: int, acts: list[int], own: dict[str, list[int]], seats: proxies.Options
) -> list[int]:
    """Task -> who could do it as far as they themselves and what has been done are concerned. Delegates and principals
    are looked at as anybody is, so a seat is possible where both of the two are left."""
    c, office = situation.compiled, situation.office
    domains = list(situation.eligible)
    for v, pairs in seats.items():
        for delegate, principal in pairs:
            domains[v] |= delegate | principal
    past = situation.past
    for u, persons in enumerate(acts):
        if persons:
            for v in bits(past[u] & needed):
                domains[v] &= ~persons
    for id, counted in own.items():
        rule = c.rules.rule(id)
        if rule is not None and rule.kind == "differ":
            for u in bits(rule.mask):
                for v in bits(rule.mask & needed & ~(1 << u)):
                    domains[v] &= ~counted[u]
    for mask, id in c.apart:
        counted = own.get(id, acts)
        for u in bits(mask):
            if counted[u]:
                mates = 0
                for i in bits(counted[u]):
                    mates |= office.mates(i)
                for v in bits(mask & needed & ~(1 << u)):
                    domains[v] &= ~mates
    for lower, upper, id in c.senior:
        _ranks(situation, domains, needed, lower, upper, own.get(id, acts))
    return domains


def _maxima(
    situation: Situation, domains: list[int], needed: int, active: int, acts: list[int], own: dict[str, list[int]]
) -> list[tuple[int, int, int, int]] | None:
    """The rules that limit the number of people, as far as they are still open; the others narrow the domains. None
    where one is broken."""
    c, most = situation.compiled, []
    for mask, limit, id in c.most:
        if mask & needed:
            live, persons, counted = mask & active, 0, own.get(id, acts)
            for u in bits(mask):
                persons |= counted[u]
            left = situation.limit_of(mask, limit, persons) - persons.bit_count()
            if left < 0:                    # broken before the rule was made: nothing to build on
                return None
            if not left:
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
    return most


def _ranks(
    situation: Situation, domains: list[int], needed: int, lower: int, upper: int, acts: list[int]
) -> None:
    """What has been done bounds the ranks of what is to come. People this office does not know have none."""
    office = situation.office
    below = above = 0
    for u in bits(lower):
        below |= acts[u]
    for u in bits(upper):
        above |= acts[u]
    if below and (ranks := office.ranks(below)):
        fit = office.above(ranks[-1]) | ~office.everyone
        for v in bits(upper & needed):
            domains[v] &= fit
    if above and (ranks := office.ranks(above)):
        fit = office.below(ranks[0]) | ~office.everyone
        for v in bits(lower & needed):
            domains[v] &= fit
