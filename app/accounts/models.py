"""Who may sign in: accounts, and tokens for programs."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, db
from ..trail.models import Big


class Administrator(StrEnum):
    """The three powers over the system itself (三权分立). One column, so that no account has two."""

    NONE = "none"
    SYSTEM = "system_admin"
    SECURITY = "security_admin"
    AUDIT = "audit_admin"


class Account(db.Model):  # type: ignore[name-defined]
    """One natural person's way in; a person has one account at most, so nobody meets himself under two names."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    role: Mapped[Administrator] = mapped_column(
        Enum(Administrator, native_enum=False, length=20, values_callable=lambda words: [w.value for w in words]),
        default=Administrator.NONE,
    )
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    #: Grows with every new password and deactivation; a session opened under an older one is over.
    generation: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTC)


class ApiToken(db.Model):  # type: ignore[name-defined]
    """A program's way in. Only the SHA-256 of the secret is kept: the secret is 256 random bits, not a password."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTC)
    expires_at: Mapped[datetime] = mapped_column(UTC)
    revoked_at: Mapped[datetime | None] = mapped_column(UTC)


class SignInFailure(db.Model):  # type: ignore[name-defined]
    """How often a name has just failed, whether an account has it or not: a lock must not tell which names exist.

    ``key`` is a keyed hash of the name, because people type their password into the wrong field.
    """

    __tablename__ = "sign_in_failure"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UTC, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UTC)
