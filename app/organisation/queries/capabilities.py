"""Who is able to do what."""
from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from ...extensions import db
from ..models import Capability


def capable(name: str, level: int, on: date, *, connection: Connection | None = None) -> dict[int, int]:
    """Who is registered with a capability on a day, with at least that level: person -> level."""
    rows = (connection or db.session.connection()).execute(select(Capability.person_id, Capability.level).where(
        Capability.name == name, Capability.level >= level, Capability.since <= on,
        or_(Capability.until.is_(None), Capability.until >= on),
    ))
    return {row.person_id: row.level for row in rows}


def capabilities_of(person_id: int) -> list[Capability]:
    """Everything a person is or was registered with, by name."""
    return list(db.session.scalars(
        select(Capability).where(Capability.person_id == person_id).order_by(Capability.name, Capability.since)
    ))
