"""Cases, the work items people do in them, and what the house still owes them (timers, jobs, messages)."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..definitions.models import Definition
from ..extensions import UTC, Word, db
from ..organisation.models import Source, Standing
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

    CREATED = "created"          # there, but held back: its post has enough to do (late distribution)
    OFFERED = "offered"
    ALLOCATED = "allocated"
    COMPLETED = "completed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    PREDONE = "predone"          # done ahead: it waits for its token, which is not there yet

    @property
    def open(self) -> bool:
        return self in (ItemState.CREATED, ItemState.OFFERED, ItemState.ALLOCATED)


class Signing(StrEnum):
    """Why a work item stands beside another one instead of at a token of its own (ui.md §3)."""

    BEFORE = "before"        # 前加签: signs before the assignee goes on
    AFTER = "after"          # 后加签: signs after the assignee, before the case moves
    BESIDE = "beside"        # 并加签: signs beside the assignee; the case waits for both
    DELEGATED = "delegated"  # 委派: does it for the assignee, to whom it then comes back


class ControlKind(StrEnum):
    """What two people do together because neither may do it alone (双人操作)."""

    REASSIGN = "reassign"    # 改派: an open work item goes to another person, or back to its post
    OVERRIDE = "override"    # 应急特批: one person may act on one work item against the rules of separation
    TERMINATE = "terminate"  # 终止: the case ends


class SessionState(StrEnum):
    """Where a body's session is."""

    OPEN = "open"
    CLOSED = "closed"            # with a decision
    ADJOURNED = "adjourned"      # 休会: without one, by its convenor
    ABANDONED = "abandoned"      # its work item went away: returned, withdrawn, the case ended


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
HELD_BACK = "state = 'created'"
OFFERED_TO_ONE = "offered_to_id IS NOT NULL AND state = 'offered'"
ESCALATES = "escalates AND state IN ('offered', 'allocated')"
DONE = "state IN ('completed', 'returned')"
SIGNING = "parent_id IS NOT NULL"


class WorkItem(db.Model):  # type: ignore[name-defined]
    """One user task of one case, in somebody's inbox.

    ``post`` and ``department`` say to whom it is offered; ``version`` changes with every act on it, so that a stale
    page cannot finish somebody else's work. ``number`` is its instance of a multi-instance task. What its assignee handed
    in (``outcome``, ``opinion``, ``answers``) is written once, when it ends, and never changed afterwards.

    ``on_behalf_of_id`` is the principal for whom the assignee acts by proxy. A signer's item (``signing``) belongs to the
    ``parent_id`` it was added to; the engine knows nothing of it, so its ``token`` is negative.

    ``offered_to_id``: it is offered to that person alone, who may decline. ``started_at`` and ``suspended_at``: since when
    its assignee works on it, or has laid it aside. ``escalates``: once overdue it goes to the next in line. Its ``post``
    is another one than its node's where it has.
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
    offered_to_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    offered_at: Mapped[datetime] = mapped_column(UTC)
    allocated_at: Mapped[datetime | None] = mapped_column(UTC)
    started_at: Mapped[datetime | None] = mapped_column(UTC)
    suspended_at: Mapped[datetime | None] = mapped_column(UTC)
    ended_at: Mapped[datetime | None] = mapped_column(UTC)
    due_at: Mapped[datetime | None] = mapped_column(UTC)
    due_published: Mapped[bool] = mapped_column(default=True)
    escalates: Mapped[bool] = mapped_column(default=False)
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
        # How often somebody has done a node (experience). Not with the one above, which keeps the order of a list.
        Index("ix_work_item_experience", "node", "assignee_id", sqlite_where=text(DONE), postgresql_where=text(DONE)),
        Index("ix_work_item_held_back", "post", sqlite_where=text(HELD_BACK), postgresql_where=text(HELD_BACK)),
        Index("ix_work_item_offered_to", "offered_to_id",
              sqlite_where=text(OFFERED_TO_ONE), postgresql_where=text(OFFERED_TO_ONE)),
        Index("ix_work_item_escalates", "due_at", sqlite_where=text(ESCALATES), postgresql_where=text(ESCALATES)),
        # Signers' items of a parent: the few there are, so that an ordinary act pays nothing for them.
        Index("ix_work_item_parent", "parent_id", sqlite_where=text(SIGNING), postgresql_where=text(SIGNING)),
    )


class Turn(db.Model):  # type: ignore[name-defined]
    """Whose turn it is at a node (round robin): the people of its post, whoever has waited longest first.

    ``place`` is the node with its process, post and department; ``waiting`` a list of persons. Locked while somebody is
    chosen, so that two cases at once do not choose the same one.
    """

    __tablename__ = "turn"

    place: Mapped[str] = mapped_column(String(500), primary_key=True)
    waiting: Mapped[str] = mapped_column(Text)


class WorkSetting(db.Model):  # type: ignore[name-defined]
    """How somebody wants their work: ``ordering`` of their lists, ``chained`` execution, ``piled`` execution of the nodes
    in a list of ``process/node``. The row of person 0 is the office's own: what lists are ordered by unless one says
    otherwise."""

    __tablename__ = "work_setting"

    person_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    ordering: Mapped[str | None] = mapped_column(String(20))
    chained: Mapped[bool] = mapped_column(default=False)
    piled: Mapped[str] = mapped_column(Text, default="[]")


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


class DualControl(db.Model):  # type: ignore[name-defined]
    """What one person has asked for and another must confirm before ``expires_at``. A reassignment and a termination are
    carried out as they are confirmed; an override is then in force until it is used or expires."""

    __tablename__ = "dual_control"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    kind: Mapped[ControlKind] = mapped_column(Word(ControlKind))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))   # None: back to the post; a case
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_role: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(UTC)
    expires_at: Mapped[datetime] = mapped_column(UTC)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UTC)
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    declined_at: Mapped[datetime | None] = mapped_column(UTC)
    answer: Mapped[str | None] = mapped_column(Text)                         # what the second person said
    used_at: Mapped[datetime | None] = mapped_column(UTC)


class Recusal(db.Model):  # type: ignore[name-defined]
    """Why a person takes no part in one case (回避): declared by themselves, found, or asked for by the party, which a
    second person decides. Those in effect are also in the case's ``acts.recused``, where the gate reads them."""

    __tablename__ = "recusal"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    source: Mapped[Source] = mapped_column(Word(Source))
    standing: Mapped[Standing] = mapped_column(Word(Standing))
    reason: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(String(300))
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UTC)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UTC)
    decision: Mapped[str | None] = mapped_column(Text)


#: As OFFERED: the very words of the partial index.
SITTING = "state = 'open'"


class Session(db.Model):  # type: ignore[name-defined]
    """A body that decides a node together (集体决策), sitting once.

    ``members``, ``entitled`` and ``barred`` (with the reasons), ``present`` (and how) are fixed as it is convened and
    kept in the written form of case values, as are ``files``. ``until`` is the last moment of a vote: one that came later
    would be a pass-around. ``quorum`` is how many had to be present. ``carried`` is known once it is closed.
    """

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), index=True)
    node: Mapped[str] = mapped_column(String(200))
    state: Mapped[SessionState] = mapped_column(Word(SessionState))
    convenor_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    chair_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    members: Mapped[str] = mapped_column(Text)
    entitled: Mapped[str] = mapped_column(Text)
    barred: Mapped[str] = mapped_column(Text)
    present: Mapped[str] = mapped_column(Text)
    quorum: Mapped[int]
    chair_last: Mapped[bool]
    held_at: Mapped[datetime] = mapped_column(UTC)
    convened_at: Mapped[datetime] = mapped_column(UTC)
    until: Mapped[datetime] = mapped_column(UTC)
    ended_at: Mapped[datetime | None] = mapped_column(UTC)
    minutes: Mapped[str | None] = mapped_column(Text)    # 会议记录; where it was adjourned, why
    files: Mapped[str | None] = mapped_column(Text)
    carried: Mapped[bool | None]

    __table_args__ = (
        # One sitting at a time for a work item, whatever two convenors do at once.
        Index("ix_session_open", "item_id", unique=True, sqlite_where=text(SITTING), postgresql_where=text(SITTING)),
    )


class Vote(db.Model):  # type: ignore[name-defined]
    """A member's vote in a session: one each, never changed.

    How they voted is in the trail when the session is closed; until then its entry holds ``SHA-256(salt ‖ vote)`` only,
    so that nobody votes after the others and nothing can be altered in between.
    """

    __tablename__ = "vote"

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    choice: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTC)
