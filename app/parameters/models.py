"""The numbers that law and the bureau set, each with the time it is in force."""
from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from ..trail.models import Big


class Parameter(db.Model):  # type: ignore[name-defined]
    """One value of one parameter, in force from ``valid_from`` to ``valid_to``, both days included.

    ``value`` is the written form of a case value (app/kernel/values.py).
    """

    __tablename__ = "parameter"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(20))
    title_zh: Mapped[str] = mapped_column(String(100))
    title_en: Mapped[str] = mapped_column(String(200))
    basis_zh: Mapped[str] = mapped_column(String(300))
    basis_en: Mapped[str] = mapped_column(String(500))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
    )
