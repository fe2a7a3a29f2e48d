"""``people min``: at least r persons, over tasks of which nobody knows which will run.

The rule: however one picks one act per task that ran, the picks are by at least r persons, or by as many persons as
there are picks where these are fewer than r. Whichever round of a loop counts in the end, it is kept.

Before the end some tasks are certain to run and some are not. Let n be the number of certain steps. Whichever of the
uncertain ones run besides them, the rule is kept if and only if

- n >= r: the certain steps alone are by r persons;
- n = r-1: the certain steps are all by different persons, and no uncertain one is by one of those;
- n < r-1: all steps, certain or not, are by different persons.

(Proof: let the uncertain steps that run be exactly those by persons who already did a certain one, or a second one by
the same person: the count of steps grows and that of persons does not.) So only the first case counts persons; the
others are pairs that must differ, and no rule has to be decided before its last moment, nor after it.

Instances of a multi-instance task are steps of one *round*: two inspectors are two in every round. So are the votes of
a body (``collective``), n of which are by different members whatever else is asked of them.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from .office import bits
from .solver import Undecided

if TYPE_CHECKING:
    from .problem import Draft
    from .situation import Situation

#: Picks looked at for one rule; more only after dozens of rounds.
PICKS = 256
#: No upper bound.
ANY = 1 << 30


class Violated(Exception):
    """A ``people min`` rule cannot be kept any more, whoever comes: ``args[0]`` is its id."""


class Act(NamedTuple):
    """``who`` (a set: one person, or a delegate and the principal) about to act at ``task`` (-1: nobody); ``acts``: all
    acts per task, this one included; ``sure``: mask of the tasks that are certain to run."""

    task: int
    who: int
    acts: list[int]
    sure: int


@dataclass(slots=True)
class _Turn:
    """One way in which a task can count: persons (sets of one, one per act) and planned steps (variables), each certain
    to be or not. ``bygone``: nothing but history, no act of today can make it better or worse."""

    acts: Sequence[int] = ()
    unsure_acts: Sequence[int] = ()
    steps: Sequence[int] = ()
    unsure_steps: Sequence[int] = ()
    bygone: bool = False


def _planned(steps: Sequence[int], certain: bool) -> _Turn:
    return _Turn(steps=steps) if certain else _Turn(unsure_steps=steps)


def count(
    situation: Situation, draft: Draft, needed: int, act: Act, own: Mapping[str, list[int]]
) -> dict[int, list[int]]:
    """Put the ``people min`` and ``collective`` rules on a draft, with further steps of a task as variables.

    Args:
        needed: the tasks a plan must cover.
        own: what some rules count instead of ``act.acts``.

    Returns:
        task -> its planned steps, for the tasks that take several persons.

    Raises:
        Violated, Undecided.
    """
    c = situation.compiled
    instances: dict[int, list[int]] = {}
    for v in bits(c.many & (needed | (1 << act.task if act.task >= 0 else 0))):
        steps = instances[v] = _steps(situation, draft, v, act)
        copies = sum(1 << x for x in steps)
        draft.active = draft.active & ~(1 << v) | copies
        draft.counts = [(m | copies if m >> v & 1 else m, p, least, most) for m, p, least, most in draft.counts]
        # Two instances of one task may come from one department, so each gets a rule of its own.
        draft.apart += [m ^ 1 << v | 1 << x for m in draft.apart if m >> v & 1 for x in steps[1:]]
        draft.senior = [
            (a | copies if a >> v & 1 else a, b | copies if b >> v & 1 else b) for a, b in draft.senior
        ]
    for mask, r, id in c.least:
        acts, done = own.get(id, act.acts), situation.special.get(id, situation.performed)
        turns = [
            t for v in bits(mask)
            if (t := _turns(situation, draft, v, act, instances.get(v, ())[:r], acts[v], done[v]))
        ]
        ways = 1
        for t in turns:
            ways *= len(t)
        if ways > PICKS:
            raise Undecided
        for pick in product(*turns):
            if not all(t.bygone for t in pick) and not _demand(draft, pick, r):
                raise Violated(id)
    return instances


def _steps(situation: Situation, draft: Draft, v: int, act: Act) -> list[int]:
    """The planned steps of a task that takes several persons: variables, the first of them ``v`` itself. For ``people
    min`` no rule needs more than as many as the persons it wants: who comes after them can be one of them. A body
    needs as many different members as are lacking in the session."""
    rules, body = situation.rules, _body(situation, v)
    there = v == act.task or situation.facts.open.get(rules.tasks[v], 0)
    voted = 0
    if body:
        if there:
            for one in _round(situation, v, act)[0]:
                voted |= one
                body -= 1
        number = max(body, 0)
    else:
        wanted = max(r for mask, r, _ in situation.compiled.least if mask >> v & 1)
        number = min(_round(situation, v, act)[1] if there else rules.cardinality.get(v, wanted), wanted)
    found = [v][:number]
    for _ in range(number - 1):
        x = len(draft.domains)
        draft.domains.append(draft.domains[v])
        draft.differ.append(draft.differ[v])
        for u in bits(draft.differ[v]):
            draft.differ[u] |= 1 << x
        found.append(x)
    if body:
        copies = sum(1 << x for x in found)
        for x in found:
            draft.domains[x] &= ~voted
            draft.differ[x] |= copies & ~(1 << x)
    return found


def _body(situation: Situation, v: int) -> int:
    """How many members must vote at task ``v``; 0 where no body decides (or its rule is left out of an explanation)."""
    body, chosen = situation.rules.bodies.get(v), situation.compiled.chosen
    return situation.body(v) if body is not None and (chosen is None or body.id in chosen) else 0


def _round(situation: Situation, v: int, act: Act) -> tuple[list[int], int]:
    """The present round of task ``v``: who did or holds an instance (a set each; of two where a delegate acts in a
    principal's place), and how many instances are free or still to come."""
    facts, rules = situation.facts, situation.rules
    node = rules.tasks[v]
    mine = act.who if v == act.task else 0
    if v in rules.bodies:
        taken = situation.voted(v) + ([mine] if mine else [])
        return taken, max(situation.body(v) - len(taken), 0)
    known = facts.instances.get(node)
    if known is not None:
        taken = [situation.set_of(persons) for persons in known if persons is not None]
        free = sum(p is None for p in known)
    else:
        taken = [1 << i for i in bits((situation.performed[v] | situation.claimed[v]) & ~mine)]
        free = facts.open.get(node, 0) - (situation.claimed[v] | mine).bit_count()
    if mine:
        taken.append(mine)
    if rules.sequential >> v & 1:      # one after the other: those to come are not open yet
        free = rules.cardinality.get(v, ANY) - len(taken)
    return taken, max(free, 0)


def _turns(
    situation: Situation, draft: Draft, v: int, act: Act, steps: Sequence[int], acts: int, done: int
) -> list[_Turn]:
    """The ways in which task ``v`` can count.

    Args:
        steps: its planned steps, where it takes several persons.
        acts, done: who acted there in all, who has performed it, as the rule counts them.
    """
    rules, bit = situation.rules, 1 << v
    found = []
    if rules.several & bit:
        certain = bool(rules.certain & act.sure & bit)
        if v == act.task or situation.facts.open.get(rules.tasks[v], 0):
            for ones in product(*([1 << i for i in bits(a)] for a in _round(situation, v, act)[0])):
                turn = _planned(steps, certain)
                turn.acts, turn.bygone = ones, v != act.task and not steps
                found.append(turn)
            return found
        if done:
            found.append(_Turn([1 << i for i in bits(done)], bygone=True))
        if steps:
            found.append(_planned(steps, certain))
        return found
    certain = bool(done or act.sure & bit)
    for i in bits(acts):
        one = (1 << i,)
        bygone = bool(done >> i & 1) and not (v == act.task and act.who >> i & 1)
        found.append(_Turn(acts=one, bygone=bygone) if certain else _Turn(unsure_acts=one))
    if draft.active & bit:
        found.append(_planned((v,), certain))
    return found


def _demand(draft: Draft, pick: Sequence[_Turn], r: int) -> bool:
    """Put one pick on the draft; False where nobody can keep it any more."""
    acts = [a for t in pick for a in t.acts]
    unsure = [a for t in pick for a in t.unsure_acts]
    steps = [s for t in pick for s in t.steps]
    unsure_steps = [s for t in pick for s in t.unsure_steps]
    persons = uncertain = certain = either = 0
    for one in acts:
        persons |= one
    for one in unsure:
        uncertain |= one
    for s in steps:
        certain |= 1 << s
    for s in unsure_steps:
        either |= 1 << s
    size, number = persons.bit_count(), len(acts) + len(steps)
    if number >= r:
        if size < r:
            draft.counts.append((certain, persons, r, ANY))
        return size + len(steps) >= r
    strict = number < r - 1
    if size < len(acts) or persons & uncertain or (strict and uncertain.bit_count() < len(unsure)):
        return False
    for s in steps:
        draft.domains[s] &= ~(persons | uncertain)
        draft.differ[s] |= (certain | either) & ~(1 << s)
    for s in unsure_steps:
        draft.domains[s] &= ~(persons | uncertain if strict else persons)
        draft.differ[s] |= (certain | either if strict else certain) & ~(1 << s)
    return True
