"""What the separation rules do to the office as a whole: cases without a plan, findings, what was looked at when."""
from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, Word, db
from ..trail.models import Big


class FindingState(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"      # a second person has said why, for the record


#: In the very words of the partial index, because a database only recognises those.
UNRESOLVED = "until IS NULL"


class Stalled(db.Model):  # type: ignore[name-defined]
    """A case that had no plan from ``since`` to ``until``; no ``until``: it has none now.

    ``nodes`` (user tasks that nobody is left for), ``rules`` (which rules leave nobody, empty where posts are vacant)
    and ``remedies`` (smallest sets of measures, each with its steps and a sentence) are JSON.
    """

    __tablename__ = "stalled"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    since: Mapped[datetime] = mapped_column(UTC)
    until: Mapped[datetime | None] = mapped_column(UTC)
    nodes: Mapped[str] = mapped_column(Text)
    rules: Mapped[str] = mapped_column(Text)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    remedies: Mapped[str] = mapped_column(Text)
    escalated: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None] = mapped_column(UTC)

    __table_args__ = (
        Index("ix_stalled_now", "case_id", unique=True, sqlite_where=text(UNRESOLVED),
              postgresql_where=text(UNRESOLVED)),
    )


class Recheck(db.Model):  # type: ignore[name-defined]
    """How far the open cases have been re-checked: against which office, on which day, up to which entry.

    One row. ``taken_until``: somebody is at it; when the moment has passed, they are not any more.
    """

    __tablename__ = "recheck"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    office: Mapped[bytes] = mapped_column(LargeBinary(32))
    day: Mapped[date]
    entry_id: Mapped[int] = mapped_column(Big)
    taken_until: Mapped[datetime | None] = mapped_column(UTC)


class Review(db.Model):  # type: ignore[name-defined]
    """A day's review over history: how far it read, and which rules it judged by (JSON: what -> digest)."""

    __tablename__ = "separation_review"

    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTC)
    entry_id: Mapped[int] = mapped_column(Big)
    rules: Mapped[str] = mapped_column(Text)
    cases: Mapped[int]
    found: Mapped[int]


class Finding(db.Model):  # type: ignore[name-defined]
    """Something the review found: a rule broken in a case, or by how posts are held.

    ``key`` is what makes two findings the same, so that what is known is not found again. ``acts`` (JSON) are the acts
    it rests on: node, persons, moment, number of the entry.
    """

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(120))
    basis: Mapped[str] = mapped_column(String(300))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    acts: Mapped[str] = mapped_column(Text)
    first_seen: Mapped[datetime] = mapped_column(UTC)
    state: Mapped[FindingState] = mapped_column(Word(FindingState), default=FindingState.OPEN, index=True)
    explained_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    explained_at: Mapped[datetime | None] = mapped_column(UTC)
    reason: Mapped[str | None] = mapped_column(Text)
