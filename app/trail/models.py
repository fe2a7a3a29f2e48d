"""Entries, and the log they are sequenced into (trail.md §1)."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    DDL,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import UTC, db

#: SQLite only counts up a plain INTEGER primary key.
Big = BigInteger().with_variant(Integer, "sqlite")


class Entry(db.Model):  # type: ignore[name-defined]
    """One thing that happened. Insert-only: the database itself refuses an UPDATE or DELETE.

    ``body`` is the exact canonical bytes; every other column but ``leaf`` repeats a part of it so that it can be
    searched, and proves nothing. ``subject`` is whose chain it belongs to: ``case:12``, ``organisation``, ``access`` ….
    """

    __tablename__ = "entry"

    id: Mapped[int] = mapped_column(Big, primary_key=True)
    subject: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int] = mapped_column(Integer)
    prev: Mapped[bytes] = mapped_column(LargeBinary(32))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UTC)
    what: Mapped[str] = mapped_column(String(60))
    case_id: Mapped[int | None] = mapped_column(Big)
    node: Mapped[str | None] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(Big)

    # Every index is a page more that an act writes. A case's entries are found by its subject.
    __table_args__ = (
        UniqueConstraint("subject", "seq"),
        Index("ix_entry_at", "at"),
        Index("ix_entry_person_id", "person_id", sqlite_where=text("person_id IS NOT NULL"),
              postgresql_where=text("person_id IS NOT NULL")),
    )


class SubjectHead(db.Model):  # type: ignore[name-defined]
    """Where the chain of a subject that is not a case ends (a case keeps its own)."""

    __tablename__ = "subject_head"

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    head: Mapped[bytes] = mapped_column(LargeBinary(32))


class Pending(db.Model):  # type: ignore[name-defined]
    """An entry that is not in the log yet. Filled by a trigger, so that no road to ``entry`` can miss it."""

    __tablename__ = "pending"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True, autoincrement=False)


class Leaf(db.Model):  # type: ignore[name-defined]
    """The log: which entry is the leaf at ``index`` (0-based) of the Merkle tree."""

    __tablename__ = "leaf"

    index: Mapped[int] = mapped_column("idx", Big, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LogNode(db.Model):  # type: ignore[name-defined]
    """Hashes of the tree above its leaves: one for every 256**level leaves, so that any root or proof is a matter of
    reading a few hundred hashes however long the log (kernel/trail/merkle.py, TILE)."""

    __tablename__ = "log_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column("idx", Big, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Checkpoint(db.Model):  # type: ignore[name-defined]
    """A signed statement of the log's size and root (C2SP tlog-checkpoint)."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UTC)
    note: Mapped[str] = mapped_column(Text)


#: An INSERT OR REPLACE from outside (our own connections set recursive_triggers) deletes without firing the triggers
#: on deletion, so a row that would replace another is stopped before it is inserted.
_SQLITE = [
    "CREATE TRIGGER entry_pending AFTER INSERT ON entry BEGIN INSERT INTO pending (entry_id) VALUES (NEW.id); END",
    "CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id) "
    "OR EXISTS (SELECT 1 FROM entry WHERE subject = NEW.subject AND seq = NEW.seq) "
    "BEGIN SELECT RAISE(ABORT, 'entries are never replaced'); END",
    "CREATE TRIGGER leaf_no_replace BEFORE INSERT ON leaf WHEN EXISTS (SELECT 1 FROM leaf WHERE idx = NEW.idx) "
    "OR EXISTS (SELECT 1 FROM leaf WHERE entry_id = NEW.entry_id) "
    "BEGIN SELECT RAISE(ABORT, 'the log is never replaced'); END",
    "CREATE TRIGGER log_node_no_replace BEFORE INSERT ON log_node "
    "WHEN EXISTS (SELECT 1 FROM log_node WHERE level = NEW.level AND idx = NEW.idx) "
    "BEGIN SELECT RAISE(ABORT, 'the log is never replaced'); END",
    "CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint "
    "WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size) "
    "BEGIN SELECT RAISE(ABORT, 'checkpoints are never replaced'); END",
    *(
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{what} never {verb}d'); END"
        for table, what in (
            ("entry", "entries are"), ("leaf", "the log is"), ("log_node", "the log is"),
            ("checkpoint", "checkpoints are"),
        )
        for verb in ("update", "delete")
    ),
]
_POSTGRESQL = [
    "CREATE OR REPLACE FUNCTION entry_pending() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN INSERT INTO pending (entry_id) VALUES (NEW.id); RETURN NULL; END $$",
    "CREATE TRIGGER entry_pending AFTER INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_pending()",
    "CREATE OR REPLACE FUNCTION never_changed() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the trail is never changed'; END $$",
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION never_changed()"
        for table in ("entry", "leaf", "log_node", "checkpoint")
    ),
]
#: What keeps the trail insert-only, per database; the first migration runs the same statements.
GUARDS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        # Leaf refers to another table, so it is created after those that do not.
        event.listen(Leaf.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
