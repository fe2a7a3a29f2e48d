"""Cases, the work items people do in them, and what the house still owes them (timers, jobs, messages)."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..definitions.models import Definition
from ..extensions import UTC, Word, db
from ..trail.models import Big


class CaseStatus(StrEnum):
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    TERMINATED = "terminated"    # ended by a terminate end event
    CANCELLED = "cancelled"      # withdrawn by its initiator or ended by an administrator
    FAILED = "failed"            # an error nobody caught


class ItemState(StrEnum):
    """WfMC's and the resource patterns' words for where a work item is."""

    OFFERED = "offered"
    ALLOCATED = "allocated"
    COMPLETED = "completed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"

    @property
    def open(self) -> bool:
        return self in (ItemState.OFFERED, ItemState.ALLOCATED)


class Signing(StrEnum):
    """Why a work item stands beside another one instead of at a token of its own (ui.md §3)."""

    BEFORE = "before"        # 前加签: signs before the assignee goes on
    AFTER = "after"          # 后加签: signs after the assignee, before the case moves
    BESIDE = "beside"        # 并加签: signs beside the assignee; the case waits for both
    DELEGATED = "delegated"  # 委派: does it for the assignee, to whom it then comes back


class JobState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    INCIDENT = "incident"        # gave up; a person must decide
    STOPPED = "stopped"          # the case no longer wants it


class Case(db.Model):  # type: ignore[name-defined]
    """One run of a definition.

    ``state`` is the engine's (live tokens only), ``data`` the case's values, ``acts`` who has acted and who holds what
    (acts.py). All three are bounded by the diagram, not by how long the case has run. ``trail_seq`` and ``trail_head``
    are the end of its chain of entries.
    """

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    status: Mapped[CaseStatus] = mapped_column(Word(CaseStatus), index=True)
    business_key: Mapped[str | None] = mapped_column(String(120), index=True)
    party: Mapped[str | None] = mapped_column(String(60), index=True)
    initiator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    initiator_department: Mapped[str | None] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UTC)
    ended_at: Mapped[datetime | None] = mapped_column(UTC)
    suspended_at: Mapped[datetime | None] = mapped_column(UTC)
    state: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    acts: Mapped[str] = mapped_column(Text)
    trail_seq: Mapped[int] = mapped_column(Integer)
    trail_head: Mapped[bytes] = mapped_column(LargeBinary(32))

    definition: Mapped[Definition] = relationship()


class CaseNumber(db.Model):  # type: ignore[name-defined]
    """The last number given in a matter's year: S01-2026-0421."""

    __tablename__ = "case_number"

    matter: Mapped[str] = mapped_column(String(40), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


#: Conditions in the very words of the partial indexes, because a database only recognises those.
OFFERED = "state = 'offered'"
ALLOCATED = "state = 'allocated'"
DONE = "state IN ('completed', 'returned')"


class WorkItem(db.Model):  # type: ignore[name-defined]
    """One user task of one case, in somebody's inbox.

    ``post`` and ``department`` say to whom it is offered; ``version`` changes with every act on it, so that a stale
    page cannot finish somebody else's work. ``number`` is its instance of a multi-instance task. What its assignee handed
    in (``outcome``, ``opinion``, ``answers``) is written once, when it ends, and never changed afterwards.

    ``on_behalf_of_id`` is the principal for whom the assignee acts by proxy. A signer's item (``signing``) belongs to the
    ``parent_id`` it was added to; the engine knows nothing of it, so its ``token`` is negative.
    """

    __tablename__ = "work_item"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    token: Mapped[int]
    node: Mapped[str] = mapped_column(String(200))
    number: Mapped[int | None]
    state: Mapped[ItemState] = mapped_column(Word(ItemState))
    version: Mapped[int]
    post: Mapped[str] = mapped_column(String(40))
    department: Mapped[str | None] = mapped_column(String(40))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    signing: Mapped[Signing | None] = mapped_column(Word(Signing))
    offered_at: Mapped[datetime] = mapped_column(UTC)
    allocated_at: Mapped[datetime | None] = mapped_column(UTC)
    ended_at: Mapped[datetime | None] = mapped_column(UTC)
    due_at: Mapped[datetime | None] = mapped_column(UTC)
    due_published: Mapped[bool] = mapped_column(default=True)
    risk: Mapped[str | None] = mapped_column(String(10))
    draft: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(40))      # the decision, or submit | return
    opinion: Mapped[str | None] = mapped_column(Text)
    answers: Mapped[str | None] = mapped_column(Text)

    case: Mapped[Case] = relationship()

    __table_args__ = (
        UniqueConstraint("case_id", "token"),
        # Open and done apart: finishing a work item does not touch the index of those on offer, and an inbox is found
        # as fast however much its owner has done. Queries name the states as these do (OFFERED, ALLOCATED, DONE).
        Index("ix_work_item_offered", "post", "department", sqlite_where=text(OFFERED), postgresql_where=text(OFFERED)),
        Index("ix_work_item_held", "assignee_id", sqlite_where=text(ALLOCATED), postgresql_where=text(ALLOCATED)),
        Index("ix_work_item_done", "assignee_id", sqlite_where=text(DONE), postgresql_where=text(DONE)),
    )


class CaseTimer(db.Model):  # type: ignore[name-defined]
    """A moment the engine waits for."""

    __tablename__ = "case_timer"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(UTC, index=True)


class Subscription(db.Model):  # type: ignore[name-defined]
    """A message or signal the engine waits for."""

    __tablename__ = "subscription"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_subscription_name", "kind", "name"),)


class Job(db.Model):  # type: ignore[name-defined]
    """One execution of a service handler, owed since the transaction that filled this row."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    token: Mapped[int | None]                            # None: work of the house itself (a message to pass on)
    node: Mapped[str] = mapped_column(String(200))
    handler: Mapped[str] = mapped_column(String(120))
    inputs: Mapped[str] = mapped_column(Text)
    state: Mapped[JobState] = mapped_column(Word(JobState))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UTC)       # not before; while somebody works on it, the end of the lease
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTC)

    __table_args__ = (UniqueConstraint("case_id", "token"), Index("ix_job_due", "state", "next_at"))


class Attachment(db.Model):  # type: ignore[name-defined]
    """A file somebody handed in. Its bytes lie under GANGZE_HOME by their SHA-256; the row is never changed but for
    ``case_id``, which is set when the file is first handed in with a form."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTC)


class Notice(db.Model):  # type: ignore[name-defined]
    """A line on somebody's home page. ``key`` keeps a retried job from telling twice."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTC)
    read_at: Mapped[datetime | None] = mapped_column(UTC)
