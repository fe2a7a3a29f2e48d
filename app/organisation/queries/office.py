"""The office on a day, for the separation gate: built from eight statements, then kept until something changes."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, func, literal_column, or_, select
from sqlalchemy.engine import Connection

from ...extensions import db
from ...kernel.separation import Office
from ...kernel.separation import Person as Somebody
from ...kernel.separation import Proxy as Seat
from ...kernel.values import loads
from ...trail.models import SubjectHead
from ..models import (
    Absence,
    Appointment,
    Incompatible,
    Interest,
    Kinship,
    Person,
    Post,
    Proxy,
    Standing,
)
from ..portfolios import pairs
from ..proxies import DELEGABLE
from ..rules import rank

#: What the office is known by, as a column for another room's statement: the end of the organisation's own chain.
#: Every change of the organisation moves it in the same transaction, and no other database, restored copy or rolled
#: back change can have the same one; a counter would promise less and need a table of its own.
VERSION = select(SubjectHead.head).where(SubjectHead.subject == literal_column("'organisation'")).scalar_subquery()

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
    """The office on a day, from the database. What is known of a merged record is known of the person kept."""
    everybody = connection.execute(_PEOPLE).all()
    posts_there = connection.execute(_POSTS).all()
    levels = {post.code: post.level for post in posts_there}
    same = {row.id: row.merged_into_id for row in everybody if row.merged_into_id is not None}
    posts: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
    departments: dict[int, set[str]] = defaultdict(set)
    ranks: dict[int, int] = defaultdict(int)
    kin: dict[int, set[int]] = defaultdict(set)
    interests: dict[int, set[str]] = defaultdict(set)
    near: dict[int, set[str]] = defaultdict(set)  # what one's kin have an interest in
    also: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(_APPOINTED, {"on": on}):
        who = same.get(row.person_id, row.person_id)
        posts[who].add((row.post_code, row.department_code))
        departments[who].add(row.department_code)
        ranks[who] = max(ranks[who], rank(levels[row.post_code], row.role))
    for row in connection.execute(_KIN, {"on": on}):
        one, other = same.get(row.person_id, row.person_id), same.get(row.other_id, row.other_id)
        if one != other:
            kin[one].add(other)
            kin[other].add(one)
    for row in connection.execute(_INTERESTS, {"on": on}):
        interests[same.get(row.person_id, row.person_id)].add(f"party:{row.party_id}")
    away = {same.get(person, person) for person in connection.execute(_AWAY, {"on": on}).scalars()}
    for person, relatives in kin.items():
        for relative in relatives:
            near[person] |= interests[relative]
    for record, person in same.items():
        also[person].add(record)
    # Those who left stay: what they did in a running case still binds their kin and their department.
    gone = {row.id for row in everybody if row.retired_on is not None and row.retired_on < on}
    idle = gone | {row.id for row in everybody if row.suspended}
    delegable = {post.code for post in posts_there if post.kind in DELEGABLE}
    seats: dict[int, list[Seat]] = defaultdict(list)
    for row in connection.execute(_PROXIES, {"on": on}):
        principal, delegate = same.get(row.principal_id, row.principal_id), same.get(row.delegate_id, row.delegate_id)
        # Only what the principal holds himself and still holds: a proxy is never handed on, and lapses with the post.
        held = {code for code, _ in posts[principal]} & delegable & set(levels if row.posts is None else loads(row.posts))
        if held and principal not in idle and delegate not in idle and principal != delegate:
            processes = None if row.processes is None else frozenset(loads(row.processes))
            seats[delegate].append(Seat(principal, frozenset(held), processes))
    people = [
        Somebody(
            id=row.id, name=row.name, posts=frozenset() if row.id in gone else frozenset(posts[row.id]),
            departments=frozenset(departments[row.id] | {row.department_code}),
            present=not (row.id in idle or row.id in away), kin=frozenset(kin[row.id]),
            interests=frozenset(interests[row.id] | near[row.id]), rank=0 if row.id in gone else ranks[row.id],
            also=frozenset(also[row.id]), proxies=tuple(seats[row.id]),
        )
        for row in everybody if row.id not in same
    ]
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


def _known(kind: type[Kinship] | type[Interest]) -> Any:
    """In effect on the day: declared or found by then, or granted by then; not merely asked for, not refused."""
    since = func.coalesce(kind.decided_on, kind.declared_on)
    return (kind.standing == Standing.EFFECTIVE) & _on(since, kind.until)


_APPOINTED = select(
    Appointment.person_id, Appointment.post_code, Appointment.department_code, Appointment.role
).where(_on(Appointment.since, Appointment.until))
_AWAY = select(Absence.person_id).where(_on(Absence.since, Absence.until))
_KIN = select(Kinship.person_id, Kinship.other_id).where(_known(Kinship))
_INTERESTS = select(Interest.person_id, Interest.party_id).where(_known(Interest))
_PROXIES = select(Proxy.principal_id, Proxy.delegate_id, Proxy.posts, Proxy.processes).where(
    _on(Proxy.since, Proxy.until), or_(Proxy.ended_on.is_(None), Proxy.ended_on > bindparam("on"))
).order_by(Proxy.id)
_PEOPLE = select(
    Person.id, Person.name, Person.department_code, Person.suspended, Person.retired_on, Person.merged_into_id
).order_by(Person.id)
_POSTS = select(Post.code, Post.department_code, Post.kind, Post.zh, Post.en, Post.level, Post.domain)
_RULES = select(Incompatible.post_code, Incompatible.other, Incompatible.scope, Incompatible.basis).order_by(
    Incompatible.id
)
