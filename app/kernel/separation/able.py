"""Everybody who may act at a task, without asking for each of ten thousand people."""
from __future__ import annotations

from collections.abc import Iterator

from .ahead import ahead
from .asking import Asked, breaks, refused
from .counting import Violated
from .office import bits
from .problem import plan
from .situation import Needed, Situation
from .solver import Undecided


def able(situation: Situation, task: int, first: bool = False) -> int:
    """The set of those who may act at ``task`` in their own right; with ``first``, at least one of them if there is any.

    Persons no rule can tell apart get one answer together: those with the same tasks, the same past in this case and,
    where they matter, the same departments, ranks and proxies.
    """
    c = situation.compiled
    asked = situation.eligible[task]
    if c.forbidden >> task & 1 or not asked or not situation.known(task):
        return 0
    acts = situation.acts(task)
    for u in bits(situation.past[task]):
        asked &= ~acts[u]
    if not situation.special:
        for mask, limit, _ in c.most:
            if mask >> task & 1:
                persons = 0
                for u in bits(mask):
                    persons |= acts[u]
                most = situation.limit_of(mask, limit, persons)
                if persons.bit_count() >= most:
                    asked = asked & persons if persons.bit_count() == most else 0
    needed = situation.needed(returns=True)
    found = 0
    if asked & (asked - 1):
        found = _like(situation, task, needed, acts, asked) & asked
        if found and first:
            return found
    if not found and asked and _hopeless(situation, task):
        return 0
    for group in _classes(situation, task, needed, asked & ~found):
        one = group & -group
        if breaks(situation, task, one):
            continue
        try:
            if ahead(situation, task, one) is None:
                found |= group
                if first:
                    break
        except Undecided:
            continue
    return found


def _hopeless(situation: Situation, task: int) -> bool:
    """Whether no plan gives ``task`` to anybody: then nobody need be asked about one by one. (Whoever may act leaves a
    plan; with the act itself as the task's part of it, it is a plan now. Not so where several act at the task.)"""
    if situation.compiled.many >> task & 1 or situation.loose is not None:
        return False
    try:
        return plan(situation, situation.needed(), task) is None
    except (Undecided, Violated):
        return False


def _classes(situation: Situation, task: int, needed: Needed, people: int) -> list[int]:
    if not people:
        return []
    c, facts = situation.compiled, situation.facts
    cuts = {situation.eligible[v] for v in bits(needed.tasks & ~(1 << task))}
    cuts.update(situation.performed)
    cuts.update(situation.claimed)
    for known in facts.instances.values():
        cuts.update(situation.set_of(persons) for persons in known if persons)
    for acts in situation.special.values():
        cuts.update(acts)
    if c.apart:
        cuts.update(members for members, _ in situation.office.signatures)
    if c.senior:
        cuts.update(members for _, members in situation.office.levels)
    if c.seats:
        for pairs in situation.seats.values():
            for delegate, principal in pairs:
                cuts.update((delegate, principal))
    classes = [people]
    for cut in cuts:
        if cut:
            split = []
            for group in classes:
                inside = group & cut
                if inside and inside != group:
                    split += (inside, group ^ inside)
                else:
                    split.append(group)
            classes = split
    return classes


def _like(situation: Situation, task: int, needed: Needed, acts: list[int], asked: int) -> int:
    """Everybody who may act at ``task`` because somebody may of whom nothing is known: whoever has no past in this case
    and is not needed by the plan that is left, can take that newcomer's place. No rule but those about single persons
    tells the two apart, except where departments or ranks are compared."""
    c, office, bit = situation.compiled, situation.office, 1 << task
    if any(mask & bit for mask, _ in c.apart) or any((a | b) & bit for a, b, _ in c.senior):
        return 0
    busy = 0
    for known in situation.facts.instances.values():
        for persons in known:
            busy |= situation.set_of(persons or ())
    newcomer = 1 << len(office.people) + len(situation.strangers)
    try:
        left = plan(situation, needed, task, newcomer)
    except (Undecided, Violated):
        return 0
    if left is None:
        return 0
    for persons in (*acts, *situation.performed, *situation.claimed, *left.values()):
        busy |= persons
    for counted in situation.special.values():
        for persons in counted:
            busy |= persons
    return asked & ~busy


def seated(situation: Situation, task: int) -> Iterator[tuple[int, int]]:
    """Every (delegate, principal), as ids, such that the one may act at ``task`` in the other's place."""
    office = situation.office
    for d, p in situation.compiled.seats.get(task, ()):
        asked = Asked(task, office.people[d].id, 1 << d | 1 << p, office.people[p].id)
        try:
            if not refused(situation, asked) and ahead(situation, task, asked.who) is None:
                yield asked.person, office.people[p].id
        except Undecided:
            continue
