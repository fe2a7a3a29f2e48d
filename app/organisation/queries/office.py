"""The office on a day, for the separation gate: built from seven statements, then kept until something changes."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, or_, select
from sqlalchemy.engine import Connection

from ...extensions import db
from ...kernel.separation import Office
from ...kernel.separation import Person as Somebody
from ...trail.models import SubjectHead
from ..models import Absence, Appointment, Incompatible, Interest, Kinship, Person, Post
from ..rules import pairs

#: What the office is known by, as a column for another room's statement: the end of the organisation's own chain.
#: Every change of the organisation moves it in the same transaction, and no other database, restored copy or rolled
#: back change can have the same one; a counter would promise less and need a table of its own.
VERSION = select(SubjectHead.head).where(SubjectHead.subject == "organisation").scalar_subquery()

_SEQ = select(SubjectHead.seq).where(SubjectHead.subject == "organisation")
#: A page about last month must not push out today's office.
_KEPT = 16


def version(connection: Connection) -> int:
    """How many entries the organisation's chain has: grows with every change."""
    return connection.execute(_SEQ).scalar() or 0


def office(on: date, known: bytes | None = None, *, connection: Connection | None = None) -> Office:
    """Everybody of the office and what they may do on a day.

    Args:
        on: the day.
        known: the value of :data:`VERSION` where the caller's own statement has read it already.
        connection: where to read; the session's unless given. Not from inside a change of the organisation itself:
            what is not committed must not be kept.

    Returns:
        The same object as long as the organisation has not changed.
    """
    connection = connection or db.session.connection()
    known = known if known is not None else connection.execute(select(VERSION)).scalar()
    kept: dict[tuple[bytes, date], Office] = current_app.extensions.setdefault("gangze.offices", {})
    key = (bytes(known or b""), on)
    found = kept.get(key)
    if found is None:
        found = read(on, connection)
        if len(kept) >= _KEPT:
            for old in list(kept)[: _KEPT // 2]:
                kept.pop(old, None)
        if known is not None:
            kept[key] = found
    return found


def read(on: date, connection: Connection) -> Office:
    """The office on a day, from the database."""
    posts: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
    departments: dict[int, set[str]] = defaultdict(set)
    kin: dict[int, set[int]] = defaultdict(set)
    interests: dict[int, set[str]] = defaultdict(set)
    near: dict[int, set[str]] = defaultdict(set)  # what one's kin have an interest in
    for row in connection.execute(_APPOINTED, {"on": on}):
        posts[row.person_id].add((row.post_code, row.department_code))
        departments[row.person_id].add(row.department_code)
    for row in connection.execute(_KIN, {"on": on}):
        kin[row.person_id].add(row.other_id)
        kin[row.other_id].add(row.person_id)
    for row in connection.execute(_INTERESTS, {"on": on}):
        interests[row.person_id].add(f"party:{row.party_id}")
    away = set(connection.execute(_AWAY, {"on": on}).scalars())
    for person, relatives in kin.items():
        for relative in relatives:
            near[person] |= interests[relative]
    people = []
    for row in connection.execute(_PEOPLE):
        # Those who left stay: what they did in a running case still binds their kin and their department.
        gone = row.retired_on is not None and row.retired_on < on
        people.append(Somebody(
            id=row.id, name=row.name, posts=frozenset() if gone else frozenset(posts[row.id]),
            departments=frozenset(departments[row.id] | {row.department_code}),
            present=not (gone or row.suspended or row.id in away), kin=frozenset(kin[row.id]),
            interests=frozenset(interests[row.id] | near[row.id]),
        ))
    posts_there = connection.execute(_POSTS).all()
    apart = pairs(posts_there, connection.execute(_RULES).all())
    return Office.of(people, [(pair.a, pair.b, pair.basis) for pair in apart], _other_names(posts_there))


def _other_names(posts: Iterable[Any]) -> dict[str, str]:
    """What a diagram's lane may call a post besides its code, where only one post is called so."""
    called: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        called[post.zh].add(post.code)
        called[post.en].add(post.code)
    return {name: codes.pop() for name, codes in called.items() if len(codes) == 1}


def _on(since: Any, until: Any) -> Any:
    return (since <= bindparam("on")) & or_(until.is_(None), until >= bindparam("on"))


_APPOINTED = select(Appointment.person_id, Appointment.post_code, Appointment.department_code).where(
    _on(Appointment.since, Appointment.until)
)
_AWAY = select(Absence.person_id).where(_on(Absence.since, Absence.until))
_KIN = select(Kinship.person_id, Kinship.other_id).where(or_(Kinship.until.is_(None), Kinship.until >= bindparam("on")))
_INTERESTS = select(Interest.person_id, Interest.party_id).where(
    or_(Interest.until.is_(None), Interest.until >= bindparam("on"))
)
_PEOPLE = select(
    Person.id, Person.name, Person.department_code, Person.suspended, Person.retired_on
).order_by(Person.id)
_POSTS = select(Post.code, Post.department_code, Post.kind, Post.zh, Post.en)
_RULES = select(Incompatible.post_code, Incompatible.other, Incompatible.scope, Incompatible.basis).order_by(
    Incompatible.id
)
