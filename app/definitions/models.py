"""Process definitions: a deployed diagram with everything it needs, immutable once stored."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, Word, db
from ..trail.models import Big


class DefinitionState(StrEnum):
    DRAFT = "draft"        # stored, waits for a second person
    ACTIVE = "active"      # new cases start on it; one version of a key at a time
    RETIRED = "retired"    # running cases stay on it


class Definition(db.Model):  # type: ignore[name-defined]
    """One version of one process. ``key`` is the BPMN process id; ``digest`` names the package's bytes."""

    __tablename__ = "definition"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    state: Mapped[DefinitionState] = mapped_column(Word(DefinitionState), default=DefinitionState.DRAFT)
    digest: Mapped[str] = mapped_column(String(64))
    matter: Mapped[str] = mapped_column(String(40), index=True)
    area: Mapped[str] = mapped_column(String(40))
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200))
    source: Mapped[bytes] = mapped_column(LargeBinary)
    forms: Mapped[str] = mapped_column(Text)            # JSON {key: form}
    decisions: Mapped[str] = mapped_column(Text)        # JSON {key: DMN text}
    posts: Mapped[str] = mapped_column(Text)            # JSON {name in the diagram: post code}, as of its deployment
    based_on: Mapped[int | None] = mapped_column(ForeignKey("definition.id"))  # the version whose rules were edited
    deployed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    deployed_at: Mapped[datetime] = mapped_column(UTC)
    activated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    activated_at: Mapped[datetime | None] = mapped_column(UTC)

    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "digest"))
