"""Departments, posts and duties; people, who holds which post from when to when, and who may act for whom."""
from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, db
from ..trail.models import Big


def _enum(kind: type[StrEnum]) -> Enum:
    """Stored as the short words of the enumeration, checked in Python, so that a new word needs no migration."""
    return Enum(kind, native_enum=False, length=20, values_callable=lambda words: [word.value for word in words])


class PostKind(StrEnum):
    """What sort of work a post does; rules speak of "all business posts"."""

    LEADERSHIP = "leadership"  # a leader's portfolio (领导分工): one leader at any time
    COLLECTIVE = "collective"  # a body that decides together
    BUSINESS = "business"
    SUPERVISION = "supervision"
    ADMINISTRATION = "administration"  # runs this system, never acts on a case
    GENERAL = "general"  # exists in every department: ANY.CLK, ANY.HD
    EXTERNAL = "external"
    MACHINE = "machine"


class Scope(StrEnum):
    PERSON = "person"  # never held by one person
    CASE = "case"  # may be held by one person, not used by one person in the same case


class Role(StrEnum):
    """A/B 岗: who holds the post, and who stands in; 代管: a leader who for some days runs a portfolio that is not his
    (LS-7)."""

    A = "A"
    B = "B"
    ACTING = "acting"


class Relation(StrEnum):
    """The kinship that makes somebody step aside (公务员法 §74, 税收征管法实施细则 §8)."""

    SPOUSE = "spouse"  # 配偶
    DIRECT = "direct"  # 直系血亲
    COLLATERAL = "collateral"  # 三代以内旁系血亲
    AFFINITY = "affinity"  # 近姻亲


class Source(StrEnum):
    """How the office came to know of a reason to step aside."""

    DECLARED = "declared"  # 本人申报
    FOUND = "found"  # 监督部门或领导发现，责令回避
    REQUESTED = "requested"  # 当事人申请


class Standing(StrEnum):
    """A request waits until it is decided; everything else is in effect at once."""

    UNDECIDED = "undecided"
    EFFECTIVE = "effective"
    REFUSED = "refused"


class Department(db.Model):  # type: ignore[name-defined]
    """A part of the office. Its code is what posts, entries and diagrams call it, and never changes."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(100))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("department.code"))
    position: Mapped[int] = mapped_column(default=0)


class Post(db.Model):  # type: ignore[name-defined]
    """An office somebody holds. ``department_code`` is None for a post that every department has (ANY.CLK, ANY.HD)."""

    __tablename__ = "post"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(100))
    department_code: Mapped[str | None] = mapped_column(ForeignKey("department.code"), index=True)
    kind: Mapped[PostKind] = mapped_column(_enum(PostKind))
    #: Seniority: 0 handler, 1 deputy head or duty chief, 2 head, 3 deputy leader, 4 principal leader.
    level: Mapped[int] = mapped_column(default=0, server_default="0")
    #: What a leader's post is in charge of, words of :mod:`.portfolios` with a blank between two; else None.
    domain: Mapped[str | None] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0)

    @property
    def collective(self) -> bool:
        """Whether a body holds it: every member by an appointment of their own."""
        return self.kind is PostKind.COLLECTIVE


class Duty(db.Model):  # type: ignore[name-defined]
    """One thing a post must do."""

    __tablename__ = "duty"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"), index=True)
    zh: Mapped[str] = mapped_column(String(300))
    en: Mapped[str] = mapped_column(String(500))


class Incompatible(db.Model):  # type: ignore[name-defined]
    """Two posts one person may not have. ``other`` is a post's code or a pattern (see ``queries.expand``), so that a
    post opened later falls under the rule at once."""

    __tablename__ = "incompatible"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"))
    other: Mapped[str] = mapped_column(String(40))
    scope: Mapped[Scope] = mapped_column(_enum(Scope))
    basis: Mapped[str] = mapped_column(String(300))

    __table_args__ = (UniqueConstraint("post_code", "other"),)


class Person(db.Model):  # type: ignore[name-defined]
    """Somebody of the office. Retired, never deleted: the trail goes on naming them."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(60), index=True)
    romanised: Mapped[str] = mapped_column(String(80), index=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"), index=True)
    certificate_until: Mapped[date | None]
    suspended: Mapped[bool] = mapped_column(default=False)
    retired_on: Mapped[date | None]
    #: Keyed hash of the national identity number: tells that two records are one natural person, and nothing else.
    identity: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    #: The record this one turned out to repeat. What was done under it was done by that person.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class Appointment(db.Model):  # type: ignore[name-defined]
    """A person holding a post from ``since`` to ``until``, both days included; no ``until``: until further notice.

    ``department_code`` says where: the post's own department, or for a post every department has, which one.
    """

    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"), index=True)
    department_code: Mapped[str] = mapped_column(ForeignKey("department.code"), index=True)
    role: Mapped[Role] = mapped_column(_enum(Role))
    since: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="dates"),
        Index("ix_appointment_dates", "since", "until"),
    )


class Absence(db.Model):  # type: ignore[name-defined]
    """A person away from ``since`` to ``until``, both days included; no ``until``: not known yet."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))

    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="dates"),)


class Capability(db.Model):  # type: ignore[name-defined]
    """What a person is able to do, from ``since`` to ``until``, both days included; ``level`` 0 to 9, higher is better.

    Work can be handed out by it (``gz:allocation="capability:english>=2"``); it gives no right to act.
    """

    __tablename__ = "capability"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(60), index=True)
    level: Mapped[int] = mapped_column(default=0)
    since: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="dates"),)


class Proxy(db.Model):  # type: ignore[name-defined]
    """授权代理: the delegate may act in the principal's place from ``since`` to ``until``, both days included.

    ``posts`` and ``processes`` are lists in the written form of case values; None: all the principal has. ``ended_on``
    is the first day it no longer counts, where it was ended early.
    """

    __tablename__ = "proxy"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    posts: Mapped[str | None] = mapped_column(Text)
    processes: Mapped[str | None] = mapped_column(Text)
    since: Mapped[date]
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    given_at: Mapped[datetime] = mapped_column(UTC)
    ended_on: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("until >= since", name="dates"),
        Index("ix_proxy_dates", "since", "until"),
    )


class _Known:
    """What a reason to step aside says of itself, whichever it is: where it comes from and whether it counts.

    ``decided_*`` are for requests: a second person grants or refuses them, and refusals stay on record.
    """

    source: Mapped[Source] = mapped_column(_enum(Source), default=Source.DECLARED, server_default="declared")
    standing: Mapped[Standing] = mapped_column(_enum(Standing), default=Standing.EFFECTIVE, server_default="effective")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(String(300), default="", server_default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_on: Mapped[date | None]
    decision: Mapped[str] = mapped_column(String(300), default="", server_default="")


class Kinship(_Known, db.Model):  # type: ignore[name-defined]
    """Two people of the office who are kin; one row for both directions, the smaller id first."""

    __tablename__ = "kinship"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    relation: Mapped[Relation] = mapped_column(_enum(Relation))
    declared_on: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("person_id < other_id", name="order"),
        Index("ix_kinship_people", "person_id", "other_id"),
    )


class Interest(_Known, db.Model):  # type: ignore[name-defined]
    """A party a person must keep away from, and why (shares, a relative's firm, a former employer …)."""

    __tablename__ = "interest"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    declared_on: Mapped[date]
    until: Mapped[date | None]
