"""Is every post held, does everybody have a post, does nobody have two that exclude each other? (domain.md §0.1)"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from ...extensions import db
from .. import portfolios, rules
from ..models import Appointment, Department, Person, Post, PostKind
from .leaders import breaches
from .register import holders, in_office, pairs, posts


@dataclass(frozen=True, slots=True)
class Clash:
    """One person holding two posts that may not be held together, on some day."""

    person_id: int
    name: str
    one: rules.Held
    other: rules.Held
    basis: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is missing on a day; an office in order has four empty lists.

    ``unheld``: posts without a holder who is there, with the department where it is a post of every department.
    ``idle``: people there without a post. ``leaderless``: portfolios without exactly one leader in charge (LS-8).
    """

    unheld: Sequence[tuple[Post, Department]]
    idle: Sequence[Person]
    leaderless: Sequence[Post]
    clashes: Sequence[Clash]

    @property
    def complete(self) -> bool:
        return not (self.unheld or self.idle or self.leaderless or self.clashes)


def coverage(on: date) -> Coverage:
    """The lists of domain.md §0.1 (c), and the rules re-checked (separation.md §1)."""
    every = posts()
    there = {(h.post_code, h.department_code) for h in holders(on) if h.present}
    appointed = {holder.person_id for holder in holders(on)}
    broken = {breach.domain for breach in breaches() if breach.rule == "LS-8" and breach.covers(on)}
    by_code = {d.code: d for d in db.session.scalars(select(Department).order_by(Department.position))}
    # A department that has posts of its own to be done needs its handler and its head, too.
    working = [
        code for code in by_code
        if any(p.department_code == code and p.kind in
               (PostKind.BUSINESS, PostKind.SUPERVISION, PostKind.ADMINISTRATION) for p in every)
    ]
    unheld = []
    for post in every:
        if post.kind is PostKind.MACHINE:
            continue
        places = working if post.kind is PostKind.GENERAL else [post.department_code]
        unheld += [(post, by_code[code]) for code in places if (post.code, code) not in there]
    people = db.session.scalars(select(Person).where(in_office(on)).order_by(Person.number)).all()
    return Coverage(
        unheld, [p for p in people if p.id not in appointed],
        [p for p in every if portfolios.charge(p) & broken], clashes(since=on),
    )


def clashes(*, since: date = date.min) -> list[Clash]:
    """Everybody who holds, held or will hold two incompatible posts on the same day.

    The actions let nobody in; this finds what a rule declared later, or another road into the database, has made.

    Args:
        since: leave out what was over before this day.
    """
    held: dict[tuple[int, str], list[rules.Held]] = defaultdict(list)
    rows = db.session.execute(
        select(Person.id, Person.name, Appointment.post_code, Appointment.since, Appointment.until,
               Appointment.department_code)
        .join(Person, Person.id == Appointment.person_id).order_by(Person.id, Appointment.id)
    )
    for row in rows:
        held[row.id, row.name].append(rules.Held(row.post_code, row.since, row.until, row.department_code))
    apart = pairs()
    return [
        Clash(person_id, name, one, other, pair.basis)
        for (person_id, name), posts_held in held.items()
        for one, other, pair in rules.clashes(posts_held, apart)
        if min(one.until or date.max, other.until or date.max) >= since
    ]
