"""The organisation on one day, as sets of people: one bit per person in a Python integer.

Every question of the gate is a question about sets (who holds the post, who has acted, who shares a department with
whom), and an integer of 300 or 10,000 bits answers it in one machine-level operation.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Proxy:
    """A standing proxy, in force today: its holder may act in ``principal``'s place at ``posts`` (codes) in
    ``processes`` (ids); None = all."""

    principal: int
    posts: frozenset[str] | None = None
    processes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One natural person as the gate knows them on the day of the snapshot.

    ``posts`` are pairs (post code, department code or None), acting deputies (B 岗) included. ``kin`` are persons of
    this office; ``interests`` keys of parties in which the person, or one of their kin, has a declared interest.
    ``rank`` is seniority, higher is senior. ``also`` are the ids of records merged into this one: what was done under
    them was done by this person. ``proxies`` say in whose place the person may act.
    """

    id: int
    name: str
    posts: frozenset[tuple[str, str | None]] = frozenset()
    departments: frozenset[str] = frozenset()
    present: bool = True
    kin: frozenset[int] = frozenset()
    interests: frozenset[str] = frozenset()
    rank: int = 0
    also: frozenset[int] = frozenset()
    proxies: tuple[Proxy, ...] = ()


def bits(mask: int) -> Iterator[int]:
    """The positions of the ones of ``mask``, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Office:
    """Who is who on one day; built once per version of the organisation and day, then only read.

    Attributes:
        people: the persons in bit order (bit i is ``people[i]``), sorted by id so that equal input gives equal plans.
        present: the set of those at work.
        levels: (rank, the set of those who have it), juniors first.
        proxies: who may act in whose place: (bit of the delegate, bit of the principal, posts, processes).
        everyone: the set of all.
        signatures: one pair (who belongs to exactly these departments, everybody of any of these departments) per
            combination of departments that occurs.
    """

    def __init__(
        self, people: tuple[Person, ...], incompatible: tuple[tuple[str, str, str], ...], names: Mapping[str, str]
    ) -> None:
        self.people = people
        self.index: dict[int, int] = {p.id: i for i, p in enumerate(people)}
        if len(self.index) != len(people):
            raise ValueError("a person appears twice in the office")
        for i, person in enumerate(people):
            for other in person.also:
                if self.index.setdefault(other, i) != i:
                    raise ValueError("a record is merged into one person and belongs to another")
        self.everyone = (1 << len(people)) - 1
        self.present = 0
        self.names = dict(names)
        self._posts: dict[tuple[str, str | None], int] = {}
        self._anywhere: dict[str, int] = {}
        self._departments: dict[str, int] = {}
        self._interests: dict[str, int] = {}
        self._kin: dict[int, int] = {}
        self._incompatible = incompatible
        self._apart: dict[tuple[str, str], str | None] = {}
        self._compiled: dict[Any, Any] = {}      # Rules -> what problem.py prepares for this office
        by_signature: dict[frozenset[str], int] = {}
        by_rank: dict[int, int] = {}
        proxies: list[tuple[int, int, frozenset[str] | None, frozenset[str] | None]] = []
        for i, person in enumerate(people):
            bit = 1 << i
            if person.present:
                self.present |= bit
            for post in person.posts:
                self._posts[post] = self._posts.get(post, 0) | bit
                self._anywhere[post[0]] = self._anywhere.get(post[0], 0) | bit
            for department in person.departments:
                self._departments[department] = self._departments.get(department, 0) | bit
            for party in person.interests:
                self._interests[party] = self._interests.get(party, 0) | bit
            for relative in person.kin:          # kinship is mutual even where only one of the two declared it
                j = self.index.get(relative)
                if j is None:
                    self._kin[relative] = self._kin.get(relative, 0) | bit
                elif j != i:
                    other = people[j].id
                    self._kin[other] = self._kin.get(other, 0) | bit
                    self._kin[person.id] = self._kin.get(person.id, 0) | 1 << j
            for proxy in person.proxies:
                j = self.index.get(proxy.principal)
                if j is not None and j != i:         # nobody acts in his own place
                    posts = None if proxy.posts is None else frozenset(map(self.code, proxy.posts))
                    proxies.append((i, j, posts, proxy.processes))
            by_rank[person.rank] = by_rank.get(person.rank, 0) | bit
            by_signature[person.departments] = by_signature.get(person.departments, 0) | bit
        self.levels: tuple[tuple[int, int], ...] = tuple(sorted(by_rank.items()))
        self.proxies = tuple(proxies)
        self.signatures: tuple[tuple[int, int], ...] = tuple(
            (members, self._union(departments)) for departments, members in by_signature.items()
        )

    @classmethod
    def of(
        cls, persons: Iterable[Person], incompatible: Iterable[tuple[str, str, str]] = (),
        names: Mapping[str, str] | None = None,
    ) -> Office:
        """The snapshot of ``persons``.

        Args:
            persons: everybody who may appear in a case, each natural person once.
            incompatible: pairs of post codes with the basis of the rule; symmetric; ``CW.*`` stands for all codes that
                begin with ``CW.`` (domain.md §1).
            names: other names of posts (as a lane may be called) -> their code.

        Raises:
            ValueError: an id appears twice.
        """
        return cls(tuple(sorted(persons, key=lambda p: p.id)), tuple(incompatible), names or {})

    def without(self, ids: Iterable[int]) -> Office:
        """The same office with ``ids`` away today; they keep their posts and what they have done still counts."""
        away = {self.index[id] for id in ids if id in self.index}
        return Office(
            tuple(replace(p, present=False) if i in away else p for i, p in enumerate(self.people)),
            self._incompatible, self.names,
        )

    def _union(self, departments: Iterable[str]) -> int:
        found = 0
        for department in departments:
            found |= self._departments[department]
        return found

    def person(self, id: int) -> Person:
        """The person with that id.

        Raises:
            KeyError: nobody of this office.
        """
        return self.people[self.index[id]]

    def name(self, id: int) -> str:
        """What to call that person; ``#7`` for somebody this office does not know (any more)."""
        return self.people[self.index[id]].name if id in self.index else f"#{id}"

    def code(self, post: str) -> str:
        """The code of a post that a diagram may call by name."""
        return self.names.get(post, post)

    def holders(self, post_code: str, department: str | None = None) -> int:
        """The set of those who hold a post: in ``department``, or anywhere where it is None; present or not."""
        code = self.names.get(post_code, post_code)
        return self._anywhere.get(code, 0) if department is None else self._posts.get((code, department), 0)

    def departments(self) -> tuple[str, ...]:
        """Codes of all departments that somebody belongs to or holds a post in."""
        return tuple(sorted(self._departments.keys() | {d for _, d in self._posts if d is not None}))

    def set_of(self, ids: Iterable[int]) -> int:
        """Those of ``ids`` who belong to this office, as a set."""
        found = 0
        for id in ids:
            i = self.index.get(id)
            if i is not None:
                found |= 1 << i
        return found

    def ids(self, people: int) -> tuple[int, ...]:
        """The ids of a set, ascending."""
        return tuple(self.people[i].id for i in bits(people))

    def kin(self, id: int) -> int:
        """The set of a person's kin."""
        i = self.index.get(id)
        return self._kin.get(id if i is None else self.people[i].id, 0)

    def interested(self, party: str) -> int:
        """The set of those with a declared interest in a party."""
        return self._interests.get(party, 0)

    def mates(self, i: int) -> int:
        """Everybody who shares a department with the person at bit ``i``, and that person."""
        return self._union(self.people[i].departments) | 1 << i if i < len(self.people) else 1 << i

    def above(self, rank: int) -> int:
        """Everybody senior to ``rank``."""
        found = 0
        for level, members in self.levels:
            if level > rank:
                found |= members
        return found

    def below(self, rank: int) -> int:
        """Everybody junior to ``rank``."""
        found = 0
        for level, members in self.levels:
            if level < rank:
                found |= members
        return found

    def ranks(self, people: int) -> tuple[int, ...]:
        """The ranks that occur in a set, lowest first; of people this office does not know nothing is known."""
        return tuple(level for level, members in self.levels if members & people)

    def incompatible(self, one: str, other: str) -> str | None:
        """The basis on which two posts may not be held, or exercised in one case, by the same person; None if they
        may."""
        pair = self.code(one), self.code(other)
        if pair not in self._apart:      # hundreds of pairs with patterns, and every refusal asks about every two tasks
            self._apart[pair] = self._basis(*pair)
        return self._apart[pair]

    def _basis(self, one: str, other: str) -> str | None:
        for a, b, basis in self._incompatible:
            if (_covers(a, one) and _covers(b, other)) or (_covers(a, other) and _covers(b, one)):
                return basis
        return None


def _covers(pattern: str, code: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith(".*") else pattern == code
