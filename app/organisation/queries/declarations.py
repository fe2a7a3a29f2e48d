"""The register of recusals (回避登记): what was declared, found and asked for, and who decides about requests."""
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from ...errors import NotFound
from ...extensions import db
from ...kernel.text import Text
from ...parties.models import Party
from .. import portfolios
from ..models import Interest, Kinship, Person, Post, PostKind, Role, Standing
from ..rules import rank
from .register import holders, names, posts, running

_NONE = Text("没有这条回避登记", "there is no such declaration")


@dataclass(frozen=True, slots=True)
class Declared:
    """One record of the register. ``kind``: kinship or interest; ``whom``: the kin, or the party, by name."""

    kind: str
    row: Kinship | Interest
    name: str
    whom: str
    recorded_by: str
    decided_by: str

    @property
    def id(self) -> str:
        """What it is called outside, since two kinds of records have numbers of their own."""
        return f"{self.kind}-{self.row.id}"

    @property
    def concerned(self) -> frozenset[int]:
        """The people of the office it is about."""
        other = self.row.other_id if isinstance(self.row, Kinship) else self.row.person_id
        return frozenset({self.row.person_id, other})

    def in_effect(self, on: date) -> bool:
        since = self.row.decided_on or self.row.declared_on
        return self.row.standing is Standing.EFFECTIVE and since <= on and (
            self.row.until is None or self.row.until >= on
        )


def declarations(*, people: Collection[int] | None = None, standing: Standing | None = None) -> list[Declared]:
    """The register, the latest first.

    Args:
        people: only what is about one of these.
        standing: only what stands so.
    """
    kin, interests = select(Kinship), select(Interest, Party.name).join(Party, Party.id == Interest.party_id)
    if people is not None:
        kin = kin.where(or_(Kinship.person_id.in_(people), Kinship.other_id.in_(people)))
        interests = interests.where(Interest.person_id.in_(people))
    if standing is not None:
        kin, interests = kin.where(Kinship.standing == standing), interests.where(Interest.standing == standing)
    found: list[tuple[str, Kinship | Interest, str]] = [("kinship", row, "") for row in db.session.scalars(kin)]
    found += [("interest", row, party) for row, party in db.session.execute(interests)]
    found.sort(key=lambda one: (one[1].declared_on, one[0], one[1].id), reverse=True)
    return _named(found)


def declaration(called: str) -> Declared:
    """One record by what it is called outside (``kinship-3``).

    Raises:
        NotFound: there is none.
    """
    kind, _, number = called.partition("-")
    if number.isascii() and number.isdigit() and len(number) < 19:
        if kind == "kinship" and (kinship := db.session.get(Kinship, int(number))) is not None:
            return _named([("kinship", kinship, "")])[0]
        if kind == "interest" and (interest := db.session.get(Interest, int(number))) is not None:
            return _named([("interest", interest, db.session.get_one(Party, interest.party_id).name)])[0]
    raise NotFound(_NONE)


def visible(person_id: int, on: date) -> list[Declared]:
    """What of the register a person may see: what concerns or was recorded by them, and what they supervise."""
    chain = _Chain(on)
    return [
        one for one in declarations()
        if person_id in one.concerned or person_id == one.row.recorded_by
        or person_id in chain.supervisors(one.concerned)
    ]


def seen(called: str, person_id: int, on: date) -> Declared:
    """One record, as far as it is this person's business.

    Raises:
        NotFound: there is none, or they may not know that there is.
    """
    one = declaration(called)
    if person_id not in one.concerned | {one.row.recorded_by} | supervisors(one.concerned, on):
        raise NotFound(_NONE)
    return one


def requests_for(person_id: int, on: date) -> list[Declared]:
    """The open requests that a person may decide on a day."""
    chain = _Chain(on)
    return [
        one for one in declarations(standing=Standing.UNDECIDED)
        if person_id in chain.responsible(one.concerned) - one.concerned - kin_of(one.concerned, on)
        and person_id != one.row.recorded_by
    ]


def responsible(people: Collection[int], on: date) -> frozenset[int]:
    """Who decides whether one of these people steps aside, of those who are there on a day.

    Whoever outranks them in their own department; for a head, the leaders above; for the principal leader, the head of
    the discipline group.
    """
    return _Chain(on).responsible(people)


def supervisors(people: Collection[int], on: date) -> frozenset[int]:
    """Who may record that one of these people is found to have a reason to step aside: the heads responsible, and
    the supervision."""
    return _Chain(on).supervisors(people)


class _Chain:
    """Who is above whom on a day."""

    def __init__(self, on: date) -> None:
        by_code = {post.code: post for post in posts()}
        held = [(h, by_code[h.post_code]) for h in holders(on)]
        self._now = [(h, post, rank(post.level, h.role)) for h, post in held]
        self._place = {row.id: row.department_code for row in db.session.execute(
            select(Person.id, Person.department_code)
        )}
        self._watching = frozenset(
            h.person_id for h, post in held if h.present and (post.kind is PostKind.SUPERVISION or _discipline(post))
        )

    def responsible(self, people: Collection[int]) -> frozenset[int]:
        return frozenset(above for person in people for above in self._above(person))

    def supervisors(self, people: Collection[int]) -> frozenset[int]:
        return self.responsible(people) | self._watching

    def _above(self, person: int) -> set[int]:
        mine = max((r for h, _, r in self._now if h.person_id == person), default=0)
        others = [(h, post, r) for h, post, r in self._now if h.present and h.person_id != person]
        return (
            {h.person_id for h, _, r in others if r > mine and h.department_code == self._place.get(person)}
            or {h.person_id for h, post, r in others if r > mine and post.kind is PostKind.LEADERSHIP}
            or {h.person_id for h, post, _ in others if h.role is not Role.B and _discipline(post)}
        )


def kin_of(people: Collection[int], on: date) -> frozenset[int]:
    """Everybody known on a day to be kin of one of these people."""
    rows = db.session.execute(select(Kinship.person_id, Kinship.other_id).where(
        or_(Kinship.person_id.in_(people), Kinship.other_id.in_(people)), Kinship.standing == Standing.EFFECTIVE,
        running(Kinship.declared_on, Kinship.until, on),
    ))
    return frozenset(person for row in rows for person in row) - frozenset(people)


def _discipline(post: Post) -> bool:
    return portfolios.DISCIPLINE in portfolios.charge(post)


def _named(found: Sequence[tuple[str, Kinship | Interest, str]]) -> list[Declared]:
    ids: set[int | None] = set()
    for _, row, _ in found:
        ids |= {row.person_id, row.recorded_by, row.decided_by}
        ids |= {row.other_id} if isinstance(row, Kinship) else set()
    known = names(person for person in ids if person is not None)
    return [
        Declared(
            kind, row, known.get(row.person_id, ""),
            known.get(row.other_id, "") if isinstance(row, Kinship) else party,
            known.get(row.recorded_by or 0, ""), known.get(row.decided_by or 0, ""),
        )
        for kind, row, party in found
    ]
