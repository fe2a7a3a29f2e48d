"""The registers the office's service handlers keep: budget, assets, invoices."""
from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, Word, db
from ..trail.models import Big


class Money(TypeDecorator[Any]):
    """Yuan as Decimal, stored as whole fen: no database rounds it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else int((Decimal(value) * 100).to_integral_exact())

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Decimal(value) / 100


class ReservationState(StrEnum):
    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


class BudgetItem(db.Model):  # type: ignore[name-defined]
    """One line of a year's budget."""

    __tablename__ = "budget_item"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zh: Mapped[str] = mapped_column(String(100))
    en: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(Money)
    used: Mapped[Decimal] = mapped_column(Money)         # held and settled


class Reservation(db.Model):  # type: ignore[name-defined]
    """Money set aside for a case. ``key`` is the job's, so a retry reserves nothing twice."""

    __tablename__ = "budget_reservation"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    code: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Money)
    state: Mapped[ReservationState] = mapped_column(Word(ReservationState))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)


class Asset(db.Model):  # type: ignore[name-defined]
    """One piece of fixed property, with its label."""

    __tablename__ = "asset"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    value: Mapped[Decimal] = mapped_column(Money)
    department: Mapped[str | None] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    booked_at: Mapped[datetime] = mapped_column(UTC)


class Invoice(db.Model):  # type: ignore[name-defined]
    """An invoice that has been claimed for, by the case that did: one invoice is paid once."""

    __tablename__ = "invoice"

    number: Mapped[str] = mapped_column(String(60), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)

    __table_args__ = (UniqueConstraint("number", "case_id"),)
