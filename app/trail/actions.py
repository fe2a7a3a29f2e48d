"""The log's verbs: sequence what is pending, sign where it stands.

They write no entries of their own, so they are not a ``change``; they keep to its rules all the same: one transaction,
the lock first, everything read under it.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import structlog
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from .. import clock
from ..change import Actor, _current, change
from ..errors import Unavailable
from ..extensions import begin_writing, db
from ..kernel.text import Text
from ..kernel.trail import BadProof, Frontier, consistency_proof, root_at, verify_consistency
from ..kernel.trail.notes import BadNote, Checkpoint, open_note, sign
from . import exports, keys, models
from .filters import Filters
from .models import Entry, Leaf, LogNode, Pending
from .tiles import Damaged, Tiles, size

log = structlog.get_logger(__name__)

#: Entries moved in one transaction: enough to outrun any number of writers, short enough not to keep them waiting.
BATCH = 1000
#: "gangze" as a number: the PostgreSQL advisory lock of the one sequencer.
_LOCK = 0x67616E677A65

_DELETE_PENDING = delete(Pending.__table__).where(Pending.__table__.c.entry_id == bindparam("b_entry"))


@contextmanager
def _alone() -> Iterator[Connection]:
    """A writing transaction that no other sequencer is in."""
    current = _current.get()
    if current is not None:
        raise RuntimeError(f"the log cannot be written inside {current.verb}")
    session = db.session
    session.rollback()
    try:
        connection = session.connection()
        begin_writing(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        yield connection
        session.commit()
    except BaseException as error:
        session.rollback()
        if isinstance(error, DBAPIError) and (isinstance(error, OperationalError) or error.connection_invalidated):
            log.error("store_unavailable", verb="log.sequenced", reason=str(error.orig))
            raise Unavailable(Text(
                "存证日志没有写入：存储暂不可用，请稍后再试。",
                "The log was not written: the store is not available, try again later.",
            )) from error
        raise


def sequence(limit: int = BATCH) -> int:
    """Move pending entries into the log, oldest first.

    What is pending is taken from the table of pending entries and never from "everything after the last one": on
    PostgreSQL an entry with a smaller id may be committed later (trail.md, known traps). All in one transaction, so a
    crash leaves either nothing or all of it.

    Args:
        limit: at most so many.

    Returns:
        How many were moved; fewer than ``limit`` means that nothing is left.

    Raises:
        Unavailable: the store did not take it; nothing was written.
        Damaged: the stored tree is not whole.
    """
    with _alone() as connection:
        pending = connection.execute(
            select(Entry.id, Entry.leaf).join(Pending, Pending.entry_id == Entry.id).order_by(Entry.id).limit(limit)
        ).all()
        if not pending:
            return 0
        first = size(connection)
        leaves = [bytes(leaf) for _, leaf in pending]
        nodes = Frontier.load(first, Tiles(connection)).extend(leaves)
        connection.execute(insert(Leaf.__table__), [
            {"idx": first + i, "entry_id": row.id, "hash": leaf}
            for i, (row, leaf) in enumerate(zip(pending, leaves, strict=True))
        ])
        if nodes:
            connection.execute(insert(LogNode.__table__), [
                {"level": level, "idx": index, "hash": value} for level, index, value in nodes
            ])
        connection.execute(_DELETE_PENDING, [{"b_entry": row.id} for row in pending])
        return len(pending)


def checkpoint() -> Checkpoint | None:
    """Sign where the log stands, if it has grown, and put a copy of the note outside the database.

    The log first proves to itself, from the stored nodes, that it continues what it signed last.

    Returns:
        The new checkpoint, or None where there is nothing new.

    Raises:
        Damaged: the log does not continue its last checkpoint; nothing was signed.
        NoKey: the key is missing or another's.
        Unavailable: the store did not take it; nothing was signed.
    """
    with _alone() as connection:
        made = _sign(connection)
    keys.append_copies(_notes_after)
    return made


def publish() -> Checkpoint | None:
    """Sequence everything that is pending, then sign: what the clock calls every couple of seconds.

    Raises: as :func:`sequence` and :func:`checkpoint` do.
    """
    while sequence() == BATCH:
        pass
    return checkpoint()


def export(
    form: str, out: BinaryIO | str | os.PathLike[str], *, actor: Actor, progress: exports.Progress | None = None,
    **filters: Any,
) -> int:
    """Write entries out as :func:`app.trail.exports.export` does, and then into the trail that it was done.

    Args:
        form, out, progress, filters: as there.
        actor: who takes them.

    Returns:
        How many were written.

    Raises: as there. A failed export leaves no file and no entry.
    """
    count = exports.export(form, out, progress=progress, **filters)
    with change("trail.exported", actor=actor, subject="audit") as c:
        c.entry("trail.exported", format=form, count=count, filters=Filters(**filters).facts())
    return count


def _sign(connection: Connection) -> Checkpoint | None:
    table = models.Checkpoint
    last = connection.execute(select(table.size, table.root, table.note).order_by(table.size.desc()).limit(1)).first()
    count = size(connection)
    if count == (last.size if last else 0):
        return None
    key = keys.signing_key(create=last is None)
    tiles = Tiles(connection)
    new = Checkpoint(key.verifier.name, count, root_at(count, tiles))
    if last:
        try:
            old = open_note(last.note, [key.verifier])
            if (old.size, old.root) != (last.size, bytes(last.root)):
                raise BadNote(Text("检查点记录与其签名不符", "the checkpoint's row is not what was signed"))
            verify_consistency(old.size, count, old.root, new.root, consistency_proof(old.size, count, tiles))
        except (BadNote, BadProof) as error:
            log.critical("log_damaged", size=count, last=last.size, reason=str(error))
            raise Damaged(Text(
                f"存证日志({count} 条)与上次签名的检查点({last.size} 条)不一致，已停止签名。",
                f"The log ({count} entries) does not continue its last checkpoint ({last.size}); signing has stopped.",
            ), size=count, last=last.size) from error
    connection.execute(insert(table), {
        "size": count, "root": new.root, "at": clock.now(), "note": sign(new, key),
    })
    return new


def _notes_after(last: int) -> Iterator[str]:
    table = models.Checkpoint
    rows = db.session.execute(select(table.note).where(table.size > last).order_by(table.size))
    yield from rows.scalars()
    db.session.rollback()
