"""What was signed, in the database and outside of it."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.engine import Connection

from ..kernel.text import Text
from ..kernel.trail.notes import BadNote, Verifier, open_note
from . import keys
from .report import Report
from .snapshot import batches


def checkpoints(
    connection: Connection, report: Report, verifiers: Iterable[Verifier] | None = None
) -> Iterator[tuple[int, bytes]]:
    """(size, root) of every checkpoint whose signature holds, by size; what does not hold goes into the report.

    Args:
        connection: where to read.
        report: is told, and counts.
        verifiers: whose signatures count; the log's own key unless given.

    Raises:
        NoKey: there are checkpoints, and no key to verify them with.
    """
    believed = None if verifiers is None else list(verifiers)
    copies = keys.read_copies()
    copy = _next(copies, report)
    for rows in batches(connection, "SELECT size, root, note FROM checkpoint ORDER BY size"):
        for size, root, note in rows:
            report.checkpoints += 1
            if believed is None:
                believed = [keys.verifier()]
            while copy is not None and isinstance(size, int) and copy[0] < size:
                _lost(copy[0], report)
                copy = _next(copies, report)
            outside = None
            if copy is not None and copy[0] == size:
                outside, copy = copy[1], _next(copies, report)
            try:
                signed = open_note(note, believed)
            except (BadNote, AttributeError, TypeError) as error:
                why = error.text if isinstance(error, BadNote) else Text("无法读取", "unreadable")
                report.add(f"检查点 {size} 的签名无效：{why.zh}。",
                           f"checkpoint {size} is not signed: {why.en}", index=size)
                continue
            if (signed.size, signed.root) != (size, root):
                report.add(f"检查点 {size} 的记录与其签名不符。",
                           f"checkpoint {size} is not what was signed", index=size)
            if outside is not None and outside != note and _root(outside, believed) != signed.root:
                report.add(f"检查点 {size} 与库外副本不符。",
                           f"checkpoint {size} is not the one copied outside", index=size)
            report.signed = signed.size
            yield signed.size, signed.root
    while copy is not None:
        _lost(copy[0], report)
        copy = _next(copies, report)


def _next(copies: Iterator[str], report: Report) -> tuple[int, str] | None:
    for note in copies:
        try:
            return int(note.split("\n", 2)[1]), note
        except (IndexError, ValueError):
            report.add("库外的检查点副本无法读取。", "a copy of a checkpoint outside the database is unreadable")
    return None


def _lost(size: int, report: Report) -> None:
    report.add(
        f"检查点 {size} 已不在库中，库外仍有副本：检查点被删除，或恢复了旧数据。",
        f"checkpoint {size} is gone, its copy outside is not: it was deleted, or an old copy was put back", index=size,
    )


def _root(note: str, verifiers: Iterable[Verifier]) -> bytes | None:
    try:
        return open_note(note, verifiers).root
    except BadNote:
        return None
