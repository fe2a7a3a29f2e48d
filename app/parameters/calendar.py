"""The office's working calendar: the announced holidays and make-up days, and the office's own days on top."""
from __future__ import annotations

from datetime import date

from flask import current_app
from sqlalchemy import String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..change import Actor, change
from ..extensions import db
from ..kernel.calendar import Calendar, chinese
from ..trail.models import SubjectHead


class CalendarDay(db.Model):  # type: ignore[name-defined]
    """A day on which the office differs from the announced calendar, or an announced day the package lacks yet."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(100))


#: A year whose notice has been entered has at least this many special days; fewer are the office's own exceptions.
ANNOUNCED = 15
#: The calendar belongs to the organisation: its days move the end of the organisation's chain, by which it is known.
SUBJECT = "organisation"
_VERSION = select(SubjectHead.head).where(SubjectHead.subject == SUBJECT)


def office_calendar(known: bytes | None = None) -> Calendar:
    """The office's calendar, built anew only when the organisation has changed.

    Args:
        known: ``organisation.queries.VERSION`` where the caller's own statement has read it already.
    """
    version = bytes(known if known is not None else db.session.scalar(_VERSION) or b"")
    kept = current_app.extensions.get("gangze.calendar")
    if kept is None or kept[0] != version:
        days = {row.day: row.working for row in db.session.execute(select(CalendarDay.day, CalendarDay.working))}
        years = {year for year in {day.year for day in days} if sum(d.year == year for d in days) >= ANNOUNCED}
        kept = (version, chinese(days, known=years, zone=current_app.config["GANGZE_ZONE"]))
        current_app.extensions["gangze.calendar"] = kept
    return kept[1]


def set_day(day: date, *, working: bool, reason: str, actor: Actor) -> None:
    """Say that a day is worked or free."""
    with change("calendar.set", actor=actor, subject=SUBJECT) as c:
        table = CalendarDay.__table__
        known = c.connection.execute(select(table.c.day).where(table.c.day == day)).first()
        row = {"working": working, "reason": reason[:100]}
        c.connection.execute(
            update(table).where(table.c.day == day).values(**row) if known else insert(table).values(day=day, **row)
        )
        c.entry("calendar.set", day=day, **row)
