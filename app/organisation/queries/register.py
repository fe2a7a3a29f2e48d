"""Departments, posts and people as pages show them, each from a fixed number of statements."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from ...errors import NotFound
from ...extensions import db
from ...kernel.text import Text
from ...parties.models import Party
from ...registers import today
from .. import portfolios, rules
from ..models import (
    Absence,
    Appointment,
    Department,
    Duty,
    Incompatible,
    Interest,
    Kinship,
    Person,
    Post,
    PostKind,
    Role,
    Scope,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody holding a post on a day."""

    appointment_id: int
    person_id: int
    name: str
    post_code: str
    department_code: str
    role: Role
    since: date
    until: date | None
    present: bool


@dataclass(frozen=True, slots=True)
class InDepartment:
    """A department with the posts it has, and who holds them on a day: A first, then by name."""

    department: Department
    posts: Sequence[tuple[Post, Sequence[Holder]]]


@dataclass(frozen=True, slots=True)
class Held:
    """A post somebody has, or had, or will have."""

    appointment_id: int
    post: Post
    department: Department
    role: Role
    since: date
    until: date | None

    def running(self, on: date) -> bool:
        return self.since <= on and (self.until is None or self.until >= on)


@dataclass(frozen=True, slots=True)
class PostPage:
    """Everything about a post. ``apart``: (other post, scope, basis)."""

    post: Post
    department: Department | None
    duties: Sequence[Duty]
    holders: Sequence[Holder]
    apart: Sequence[tuple[Post, Scope, str]]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything about a person. ``kin``: (kinship, the other person); ``interests``: (interest, party)."""

    person: Person
    department: Department
    appointments: Sequence[Held]
    absences: Sequence[Absence]
    kin: Sequence[tuple[Kinship, Person]] = field(default=())
    interests: Sequence[tuple[Interest, Party]] = field(default=())


def running(since: Any, until: Any, on: date) -> Any:
    """The condition that a row with two dates is in force on a day."""
    return (since <= on) & or_(until.is_(None), until >= on)


def in_office(on: date) -> Any:
    """The condition that a person has not left before a day; the day of retirement is the last in office. A record that
    was merged into another is nobody any more."""
    return or_(Person.retired_on.is_(None), Person.retired_on >= on) & Person.merged_into_id.is_(None)


def posts() -> Sequence[Post]:
    """All posts, in the order in which they were opened."""
    return db.session.scalars(select(Post).order_by(Post.position)).all()


def pairs() -> list[rules.Pair]:
    """All pairs of posts that are kept apart, wildcards expanded."""
    return portfolios.pairs(posts(), db.session.scalars(select(Incompatible).order_by(Incompatible.id)).all())


def holders(on: date, *, post_code: str | None = None, department_code: str | None = None) -> list[Holder]:
    """Who holds what on a day.

    Args:
        on: the day.
        post_code, department_code: only this post, only in this department.
    """
    statement = (
        select(
            Appointment.id.label("appointment_id"), Person.id.label("person_id"), Person.name, Appointment.post_code,
            Appointment.department_code, Appointment.role, Appointment.since, Appointment.until, Person.suspended,
        )
        .join(Person, Person.id == Appointment.person_id)
        .where(running(Appointment.since, Appointment.until, on))
        .order_by(Appointment.role, Appointment.since, Person.number)
    )
    if post_code is not None:
        statement = statement.where(Appointment.post_code == post_code)
    if department_code is not None:
        statement = statement.where(Appointment.department_code == department_code)
    away = set(db.session.scalars(select(Absence.person_id).where(running(Absence.since, Absence.until, on))))
    return [
        Holder(**{k: v for k, v in row.items() if k != "suspended"},
               present=not row["suspended"] and row["person_id"] not in away)
        for row in db.session.execute(statement).mappings()
    ]


def departments(on: date) -> list[InDepartment]:
    """The office: every department with its posts and their holders on a day."""
    held: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for holder in holders(on):
        held[holder.post_code, holder.department_code].append(holder)
    every = posts()
    general = [post for post in every if post.kind is PostKind.GENERAL]
    found = []
    for department in db.session.scalars(select(Department).order_by(Department.position)):
        own = [post for post in every if post.department_code == department.code]
        # A post of every department is shown where somebody holds it: a collective body has no handler.
        own += [post for post in general if (post.code, department.code) in held]
        found.append(InDepartment(department, [(post, held[post.code, department.code]) for post in own]))
    return found


def post(code: str, on: date) -> PostPage:
    """A post's page.

    Raises:
        NotFound: there is no such post.
    """
    row = db.session.get(Post, code)
    if row is None:
        raise NotFound(Text(f"没有岗位 {code}", f"there is no post {code}"))
    by_code = {post.code: post for post in posts()}
    apart = [
        (by_code[pair.b if pair.a == code else pair.a], pair.scope, pair.basis)
        for pair in pairs() if code in (pair.a, pair.b)
    ]
    return PostPage(
        row, db.session.get(Department, row.department_code) if row.department_code else None,
        db.session.scalars(select(Duty).where(Duty.post_code == code).order_by(Duty.id)).all(),
        holders(on, post_code=code), apart,
    )


def person(person_id: int) -> PersonPage:
    """A person's page: every appointment, the latest first.

    Raises:
        NotFound: there is no such person.
    """
    row = db.session.get(Person, person_id)
    if row is None:
        raise NotFound(Text("没有这个人员", "there is no such person"))
    kin = db.session.execute(
        select(Kinship, Person)
        .join(Person, or_(
            (Kinship.person_id == person_id) & (Person.id == Kinship.other_id),
            (Kinship.other_id == person_id) & (Person.id == Kinship.person_id),
        )).order_by(Kinship.declared_on)
    )
    interests = db.session.execute(
        select(Interest, Party).join(Party, Party.id == Interest.party_id)
        .where(Interest.person_id == person_id).order_by(Interest.declared_on)
    )
    absences = select(Absence).where(Absence.person_id == person_id).order_by(Absence.since.desc())
    return PersonPage(
        row, db.session.get_one(Department, row.department_code), _held(person_id),
        db.session.scalars(absences).all(), [tuple(r) for r in kin], [tuple(r) for r in interests],
    )


def person_by_number(number: str) -> Person:
    """The person with a staff number.

    Raises:
        NotFound: there is no such person.
    """
    row = db.session.scalars(select(Person).where(Person.number == number)).one_or_none()
    if row is None:
        raise NotFound(Text(f"没有工号 {number}", f"there is no staff number {number}"))
    return row


def posts_of(person_id: int, on: date) -> list[Held]:
    """The posts a person has on a day: A before B, posts of one department before those of every department."""
    now = [held for held in _held(person_id) if held.running(on)]
    return sorted(now, key=lambda held: (held.post.kind is PostKind.GENERAL, held.role, held.since, held.post.position))


def main_post(person_id: int, on: date) -> Held | None:
    """The post a person is known by on a day, if any."""
    return next(iter(posts_of(person_id, on)), None)


def search_people(q: str, *, limit: int = 20, serving: bool = True) -> Sequence[Person]:
    """People whose name, Latin name (with or without spaces) or number holds ``q``.

    Args:
        q: what somebody typed; empty finds everybody.
        limit: at most so many.
        serving: leave out those who have left.
    """
    statement = select(Person).order_by(Person.number).limit(limit)
    if serving:
        statement = statement.where(in_office(today()))
    q = q.strip()[:60]
    if q:
        statement = statement.where(or_(
            Person.name.contains(q, autoescape=True), Person.number.istartswith(q, autoescape=True),
            Person.romanised.icontains(q, autoescape=True),
            func.replace(Person.romanised, " ", "").icontains(q.replace(" ", ""), autoescape=True),
        ))
    return db.session.scalars(statement).all()


def names(ids: Iterable[int]) -> dict[int, str]:
    """The names of some people, by id; unknown ids are left out."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):  # a database takes only so many parameters
        chunk = select(Person.id, Person.name).where(Person.id.in_(wanted[start:start + 500]))
        found.update((row.id, row.name) for row in db.session.execute(chunk))
    return found


def _held(person_id: int) -> list[Held]:
    rows = db.session.execute(
        select(Appointment, Post, Department)
        .join(Post, Post.code == Appointment.post_code)
        .join(Department, Department.code == Appointment.department_code)
        .where(Appointment.person_id == person_id)
        .order_by(Appointment.since.desc(), Post.position)
    )
    return [Held(a.id, post, department, a.role, a.since, a.until) for a, post, department in rows]
