"""The taxpayers and other outsiders a case is about."""
from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Enum, String
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from ..trail.models import Big


class PartyKind(StrEnum):
    ORGANISATION = "organisation"
    HOUSEHOLD = "household"  # 个体工商户
    INDIVIDUAL = "individual"


class Party(db.Model):  # type: ignore[name-defined]
    """Somebody outside the office. Organisations and households have a credit code, individuals an identity number."""

    __tablename__ = "party"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    kind: Mapped[PartyKind] = mapped_column(
        Enum(PartyKind, native_enum=False, length=20, values_callable=lambda words: [w.value for w in words])
    )
    name: Mapped[str] = mapped_column(String(120), index=True)
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    id_number: Mapped[str | None] = mapped_column(String(18), unique=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    district: Mapped[str] = mapped_column(String(60), default="", index=True)

    @property
    def key(self) -> str:
        """What separation rules call it."""
        return f"party:{self.id}"
