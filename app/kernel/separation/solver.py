"""Is there a way to give every task a person?  Workflow satisfiability by pattern backtracking.

After every rule about single persons has shrunk the sets of candidates, what remains (different persons, at most r, at
least r) asks only *which tasks share a person*. So the search goes over partitions of the tasks, and a bipartite
matching that grows with the partition tells whether the blocks can be given distinct persons (Wang & Li, ACM TISSEC
13(4), 2010; Cohen, Crampton, Gagarin, Gutin, Jones, JAIR 51, 2014; Karapetyan, Parkes, Gutin, Gagarin, JAIR 66, 2019).
Sets of persons are integers. The problem is NP-hard in the number of tasks, hence the limit: beyond it the answer is
:class:`Undecided`, which the gate treats as a refusal.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .office import bits

#: Positions of the search tree looked at before giving up; some tenths of a second.
LIMIT = 4000


class Undecided(Exception):
    """The search reached its limit."""


def solve(
    active: int,
    domains: Sequence[int],
    differ: Sequence[int],
    counts: Sequence[tuple[int, int, int, int]],
    apart: Sequence[int] = (),
    signatures: Sequence[tuple[int, int]] = (),
    senior: Sequence[tuple[int, int]] = (),
    levels: Sequence[tuple[int, int]] = (),
    budget: list[int] | None = None,
) -> dict[int, int] | None:
    """One person for every task, or None where that is impossible.

    Args:
        active: mask of the tasks.
        domains: per task, the set of persons who may do it.
        differ: per task, mask of the tasks that need another person.
        counts: (mask of tasks, set of persons who acted already, least, most): the persons of both together number at
            least ``least`` and at most ``most``.
        apart: masks of tasks whose persons may share no department. Such tasks must also be in each other's ``differ``.
        signatures: the departments, see ``Office.signatures``.
        senior: pairs of masks (lower, upper): every person of the one is junior to every person of the other. Such
            tasks must also be in each other's ``differ``.
        levels: the ranks, see ``Office.levels``.
        budget: how many positions may still be looked at, counted down.

    Returns:
        task -> the chosen person as a set of one.

    Raises:
        Undecided: the limit was reached.
    """
    budget = budget if budget is not None else [LIMIT]
    live = [mask & active for mask in apart if mask & active & (mask & active) - 1]
    ranked = [(low & active, high & active) for low, high in senior if low & active and high & active]
    if live or ranked:
        return _branch(active, list(domains), differ, counts, _Later(live, signatures, ranked, levels), budget)
    return _assign(active, domains, differ, counts, budget)


class _Later(NamedTuple):
    """What is settled only where a plan made without regard to it breaks it."""

    apart: Sequence[int]
    signatures: Sequence[tuple[int, int]]
    senior: Sequence[tuple[int, int]]
    levels: Sequence[tuple[int, int]]


def _branch(
    active: int, domains: list[int], differ: Sequence[int], counts: Sequence[tuple[int, int, int, int]], later: _Later,
    budget: list[int],
) -> dict[int, int] | None:
    """As :func:`solve`. Where a plan breaks a rule about departments or ranks, every right plan lies on one of two
    sides, and the broken one on neither:

    - it puts two tasks into one department: either the first task stays with its departments and the others leave
      them, or it goes elsewhere;
    - it puts somebody of rank t at a lower task who is not junior to all at the upper ones: either all upper tasks go to
      people above t, or this one goes to somebody below t. (A cut between the ranks, made where it is needed.)
    """
    budget[0] -= 1
    if budget[0] < 0:
        raise Undecided
    plan = _assign(active, domains, differ, counts, budget)
    if plan is None:
        return None
    for mask in later.apart:
        for v in bits(mask):
            members, mates = next((s for s in later.signatures if s[0] & plan[v]), (plan[v], plan[v]))
            others = mask & ~(1 << v)
            if any(plan[u] & mates for u in bits(others)):
                stays, goes = list(domains), list(domains)
                stays[v] &= members
                for u in bits(others):
                    stays[u] &= ~mates
                goes[v] &= ~members
                return (
                    _branch(active, stays, differ, counts, later, budget)
                    or _branch(active, goes, differ, counts, later, budget)
                )
    for low, high in later.senior:
        for v in bits(low):
            upto = from_ = 0                       # everybody up to this rank, everybody from it on
            for _, members in later.levels:
                if from_ or members & plan[v]:
                    from_ |= members
                if not from_ or members & plan[v]:
                    upto |= members
            if from_ and any(plan[u] & upto for u in bits(high)):
                above, below = list(domains), list(domains)
                for u in bits(high):
                    above[u] &= ~upto
                below[v] &= ~from_
                return (
                    _branch(active, above, differ, counts, later, budget)
                    or _branch(active, below, differ, counts, later, budget)
                )
    return plan


def _assign(
    active: int, domains: Sequence[int], differ: Sequence[int], counts: Sequence[tuple[int, int, int, int]],
    budget: list[int],
) -> dict[int, int] | None:
    """As :func:`solve`, departments apart."""
    bound = 0
    for mask, _, _, _ in counts:
        bound |= mask
    # A task with more candidates than neighbours can wait until all the others have somebody: it is never in the way.
    rest, loose, going = active, [], True
    while going:
        going = False
        for v in bits(rest):
            people = domains[v]
            if not people:
                return None
            if not bound >> v & 1 and people.bit_count() > (differ[v] & rest).bit_count():
                rest ^= 1 << v
                loose.append(v)
                going = True
    plan = _Search(rest, domains, differ, counts, budget).run() if rest else {}
    if plan is None:
        return None
    for v in reversed(loose):
        people = domains[v]
        for u in bits(differ[v]):
            people &= ~plan.get(u, 0)
        plan[v] = people & -people
    return plan


class _Search:
    """Backtracking over who shares a person with whom.

    A block is a set of tasks done by one person: ``steps`` its tasks, ``people`` who could be that person, ``owner``
    the matching (person -> block). Persons who acted before and count in a ``people`` rule are blocks from the start.
    """

    __slots__ = ("budget", "counts", "differ", "domains", "of", "owner", "people", "rest", "steps", "used", "weight")

    def __init__(
        self, rest: int, domains: Sequence[int], differ: Sequence[int], counts: Sequence[tuple[int, int, int, int]],
        budget: list[int],
    ) -> None:
        self.rest, self.domains, self.differ, self.budget = rest, domains, differ, budget
        acted = 0
        for _, persons, _, _ in counts:
            acted |= persons
        self.steps, self.people, self.owner, self.used = [], [], {}, []
        number: dict[int, int] = {}
        for i in bits(acted):
            number[i] = len(self.steps)
            self.owner[1 << i] = len(self.steps)
            self.steps.append(0)
            self.people.append(1 << i)
        self.counts = []
        self.of: dict[int, list[int]] = {v: [] for v in bits(rest)}
        for c, (mask, persons, least, most) in enumerate(counts):
            self.counts.append((mask & rest, least, most))
            self.used.append(sum(1 << number[i] for i in bits(persons)))
            for v in bits(mask & rest):
                self.of[v].append(c)
        self.weight = {v: (differ[v] & rest).bit_count() + 2 * len(self.of[v]) for v in self.of}

    def run(self) -> dict[int, int] | None:
        for c, (mask, least, most) in enumerate(self.counts):
            if self.used[c].bit_count() + mask.bit_count() < least:
                return None
            if not mask and self.used[c].bit_count() > most:
                return None
        if not self._place(self.rest):
            return None
        return {v: bit for bit, b in self.owner.items() for v in bits(self.steps[b])}

    def _options(self, v: int, left: int) -> list[tuple[int, int]]:
        """The blocks task ``v`` may join (-1: a new one), each with who could then be its person."""
        allowed, new = -1, True
        for c in self.of[v]:
            mask, least, most = self.counts[c]
            used = self.used[c]
            size = used.bit_count()
            if size >= most:
                allowed &= used
                new = False
            open_ = (mask & left).bit_count() - 1
            if size + open_ < least:
                if size + open_ + 1 < least:
                    return []
                allowed &= ~used
        people, against, found = self.domains[v], self.differ[v], []
        steps = self.steps
        for b in range(len(steps)):
            if allowed >> b & 1 and not steps[b] & against:
                both = self.people[b] & people
                if both:
                    found.append((b, both))
        if new:
            found.append((-1, people))
        return found

    def _place(self, left: int) -> bool:
        if not left:
            return True
        self.budget[0] -= 1
        if self.budget[0] < 0:
            raise Undecided
        best, chosen, size = -1, [], 1 << 30
        for v in bits(left):                      # fewest ways first, then the one that hampers most others
            found = self._options(v, left)
            if not found:
                return False
            if len(found) < size or (len(found) == size and self.weight[v] > self.weight[best]):
                best, chosen, size = v, found, len(found)
                if size == 1:
                    break
        bit = 1 << best
        for joined, people in chosen:
            owner, used = self.owner, self.used
            self.owner, self.used = dict(owner), list(used)
            fresh = joined < 0
            b, before = (len(self.steps), 0) if fresh else (joined, self.people[joined])
            if fresh:
                self.steps.append(bit)
                self.people.append(people)
                fits = self._match(b, [0])
            else:
                self.people[b] = people
                self.steps[b] |= bit
                held = next(p for p, other in self.owner.items() if other == b)
                fits = bool(people & held)
                if not fits:
                    del self.owner[held]
                    fits = self._match(b, [0])
            if fits:
                for c in self.of[best]:
                    self.used[c] |= 1 << b
                if self._place(left ^ bit):
                    return True
            self.owner, self.used = owner, used
            if fresh:
                self.steps.pop()
                self.people.pop()
            else:
                self.people[b] = before
                self.steps[b] ^= bit
        return False

    def _match(self, b: int, seen: list[int]) -> bool:
        """Find block ``b`` a person, moving others along an augmenting path where needed (Kuhn)."""
        free = self.people[b] & ~seen[0]
        while free:
            low = free & -free
            seen[0] |= low
            holder = self.owner.get(low)
            if holder is None or self._match(holder, seen):
                self.owner[low] = b
                return True
            free = self.people[b] & ~seen[0]
        return False
