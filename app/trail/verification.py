"""Is the trail still what was written? Everything is computed anew from the stored bytes; nothing is taken on trust.

The bytes give the leaf, the leaf the chain of its subject and its place in the log, the leaves the tree, the tree the
root that was signed. One pass in the order of the log, in constant memory, over one consistent view of the database.
"""
from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from ..kernel.trail import Frontier
from ..kernel.trail.notes import Verifier
from .models import Entry, Leaf, LogNode
from .report import Report
from .signed import checkpoints
from .snapshot import batches, snapshot

#: Ends of chains kept in memory. A subject that was dropped is looked up again.
MAX_CHAINS = 100_000
GENESIS = bytes(32)
_NEVER = sys.maxsize

#: Where the ends of chains are kept besides ``subject_head``: each callable yields (subject, seq, head) of every chain
#: of its room, read on the connection it is given. Rooms add theirs when they are imported.
HEADS: list[Callable[[Connection], Iterable[tuple[str, int, bytes]]]] = []


def verify(progress: Callable[[int, int], Any] | None = None, verifiers: Iterable[Verifier] | None = None) -> Report:
    """Verify the whole store: entries, chains and their ends, the log, its tree, every checkpoint and its copies.

    Args:
        progress: called now and then with (entries done, entries in all).
        verifiers: whose signatures count; the log's own key unless given.

    Returns:
        The report; ``ok`` only where nothing at all was found.

    Raises:
        NoKey: there are checkpoints, and no key to verify them with.
    """
    with snapshot() as connection:
        try:
            return _Verification(connection, progress, verifiers).run()
        except (sqlite3.OperationalError, OperationalError) as error:
            if "decode" not in str(error):
                raise
        # SQLite keeps any bytes as text, and somebody wrote some that are none: read on, to find out where.
        raw: Any = connection.connection.driver_connection
        before, raw.text_factory = raw.text_factory, lambda data: data.decode(errors="replace")
        try:
            return _Verification(connection, progress, verifiers).run()
        finally:
            raw.text_factory = before


#: A moment as text that both databases can give, and that :func:`_moment` makes of an entry's own.
_AT = {
    "sqlite": "e.at", "postgresql": "to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_COLUMNS = "e.id, e.subject, e.seq, e.prev, e.body, e.leaf, {at}, e.what, e.case_id, e.node, e.person_id"
_LOG = (
    f"SELECT l.idx, l.hash, l.entry_id, {_COLUMNS} "  # noqa: S608 - constants of this module
    "FROM leaf l LEFT JOIN entry e ON e.id = l.entry_id ORDER BY l.idx"
)
_PENDING = (
    f"SELECT l.idx, e.leaf, p.entry_id, {_COLUMNS} "  # noqa: S608 - constants of this module
    "FROM pending p LEFT JOIN entry e ON e.id = p.entry_id LEFT JOIN leaf l ON l.entry_id = p.entry_id "
    "ORDER BY p.entry_id"
)


class _Verification:
    def __init__(
        self, connection: Connection, progress: Callable[[int, int], Any] | None, verifiers: Iterable[Verifier] | None
    ) -> None:
        self.connection = connection
        self.progress = progress or (lambda done, total: None)
        self.report = Report()
        self.checkpoints = checkpoints(connection, self.report, verifiers)
        self.ends: dict[str, tuple[int, bytes]] = {}
        self.forgotten = False
        self.frontier = Frontier()
        self.broken = False      # a leaf is missing: roots mean nothing from here on
        self.good = 0            # size of the last checkpoint that holds

    def run(self) -> Report:
        report, count = self.report, select(func.count())
        report.entries = self.connection.execute(count.select_from(Entry)).scalar_one()
        self.signed = next(self.checkpoints, None)
        self._log()
        while self.signed is not None:  # larger than the log is
            report.add(
                f"检查点签名的日志有 {self.signed[0]} 条，现存只有 {report.logged} 条：记录被删除，或恢复了旧数据。",
                f"a checkpoint speaks of {self.signed[0]} entries, the log has {report.logged}: entries were deleted, "
                "or an old copy was put back", index=report.logged,
            )
            self.signed = next(self.checkpoints, None)
        self._pending()
        self._ends()
        self._strays()
        return report

    # -- the log ------------------------------------------------------------------------------------------------------

    def _log(self) -> None:
        """Every leaf in its order: the tight loop."""
        report, ends, frontier = self.report, self.ends, self.frontier
        loads, digest, none = orjson.loads, sha256, (0, GENESIS)
        leaves: list[bytes] = []
        expected = 0
        stop = self.signed[0] if self.signed else _NEVER
        if stop == 0:
            stop = self._compare(0)
        for rows in batches(self.connection, _LOG.format(at=_AT[self.connection.dialect.name])):
            for row in rows:
                idx, hashed, _, _, subject, seq, prev, body, leaf, at, what, case, node, person = row
                try:
                    said = loads(body)
                    moment = said["at"]
                    fine = (
                        digest(b"\x00" + body).digest() == leaf == hashed
                        and idx == expected
                        and ends.get(subject, none) == (seq - 1, prev)
                        and said["seq"] == seq
                        and said["subject"] == subject
                        and said["prev"] == prev.hex()
                        and said["what"] == what
                        and f"{moment[:10]} {moment[11:23]}000" == at
                        and said["who"].get("person") == person
                        and said.get("case") == case
                        and said.get("node") == node
                    )
                except (KeyError, TypeError, ValueError, AttributeError):
                    fine = False
                if not fine:
                    expected = self._look(row, expected)
                ends[subject] = (seq, leaf)
                leaves.append(hashed)
                expected += 1
                if expected >= stop:
                    self._grow(leaves)
                    leaves = []
                    stop = self._compare(expected)
            self._grow(leaves)
            leaves = []
            report.logged += len(rows)
            if len(ends) > MAX_CHAINS:
                ends.clear()
                self.forgotten = True
            self.progress(report.logged, report.entries)
        report.root = frontier.root()

    def _grow(self, leaves: list[bytes]) -> None:
        if self.broken:
            return
        try:
            nodes = self.frontier.extend(leaves)
        except TypeError:  # a leaf that is no bytes at all: told already
            self.broken = True
            return
        for level, index, value in nodes:
            stored = self.connection.execute(
                select(LogNode.hash).where(LogNode.level == level, LogNode.index == index)
            ).scalar()
            if stored is None or bytes(stored) != value:
                self.report.add(
                    f"日志树第 {level} 层第 {index} 号哈希与其下记录不符。",
                    f"hash {index} on level {level} of the tree is not that of the leaves below it",
                    index=index << (8 * level),
                )

    def _compare(self, size: int) -> int:
        """Hold the tree against what was signed at this size; returns the next size to stop at."""
        signed, root = self.signed, self.frontier.root()
        assert signed is not None
        if not self.broken:
            if root == signed[1]:
                self.good = size
            else:
                first = self.connection.execute(
                    select(Entry.id, Entry.subject, Entry.seq).join(Leaf, Leaf.entry_id == Entry.id)
                    .where(Leaf.index == self.good)
                ).first()
                self.report.add(
                    f"日志前 {size} 条的根与签名的检查点不符：位置 {self.good} 至 {size - 1} 之间有记录被改写。",
                    f"the root of the first {size} entries is not the one signed: between log index {self.good} and "
                    f"{size - 1} something was rewritten",
                    entry=first.id if first else None, subject=first.subject if first else None,
                    seq=first.seq if first else None, index=self.good,
                )
                self.broken = True
        self.signed = next(self.checkpoints, None)
        return self.signed[0] if self.signed else _NEVER

    # -- one entry that is not as it should be, or whose chain was forgotten -------------------------------------------

    def _look(self, row: tuple[Any, ...], expected: int | None) -> int:
        """Find out what is wrong with an entry. Returns the index that it does have."""
        idx, hashed, wanted, id_, subject, seq, prev, body, leaf, at, what, case, node, person = row
        found, add = self.report.found, self.report.add
        if expected is not None and idx != expected:
            entry, of, number = self._missing()
            add(f"日志缺少位置 {expected} 的记录(下一条是 {idx})。",
                f"nothing at log index {expected} (the next is {idx})",
                entry=entry, subject=of, seq=number, index=expected)
            self.broken = True
            found = self.report.found
        where: dict[str, Any] = {"entry": wanted, "index": idx if expected is not None else None}
        if id_ is None:
            _, of, number = self._missing()
            add("记录已被删除。", "the entry was deleted", **(where | {"subject": of, "seq": number}))
            return idx if isinstance(idx, int) else expected or 0
        where |= {"subject": subject, "seq": seq}
        computed = sha256(b"\x00" + body).digest() if isinstance(body, bytes) else None
        if computed != leaf:
            if computed == hashed and expected is not None:
                add("保存的哈希被改动。", "its stored hash was changed", **where)
            else:
                add("内容被改动：重新计算的哈希不符。", "its bytes were changed: their hash is another", **where)
        elif leaf != hashed:
            add("日志中的哈希与记录不符。", "the hash in the log is not that of the entry", **where)
        before = self._before(id_, subject, seq)
        if before is None or not isinstance(seq, int) or before[0] != seq - 1:
            last = before[0] if before else 0
            add(f"编号不连续：上一条是第 {last} 条。", f"it follows no. {last} of its chain", **where)
        elif before[1] != prev:
            add("与上一条的链接断开。", "it is not linked to the one before it", **where)
        for column, stored, said in self._said(body, subject, seq, prev, at, what, case, node, person):
            if stored != said or type(stored) is not type(said):
                add(f"列 {column} 与内容不符。", f"its column {column} is not what the entry says", **where)
        if self.report.found == found and expected is not None and idx == expected and id_ != wanted:
            add("日志指向另一条记录。", "the log points to another entry", **where)
        return idx if isinstance(idx, int) else expected or 0

    @staticmethod
    def _said(body: Any, *columns: Any) -> Iterator[tuple[str, Any, Any]]:
        """(column, its value, what the body says) for everything that is kept twice."""
        names = ("subject", "seq", "prev", "at", "what", "case", "node", "person")
        try:
            said = orjson.loads(body)
            who, moment = said["who"], said["at"]
            values = (
                said["subject"], said["seq"], bytes.fromhex(said["prev"]), f"{moment[:10]} {moment[11:23]}000",
                said["what"], said.get("case"), said.get("node"), who.get("person"),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            yield "body", body, None
            return
        yield from zip(names, columns, values, strict=True)

    def _before(self, id_: Any, subject: Any, seq: Any) -> tuple[int, bytes] | None:
        """The end of a subject's chain when this entry was added; None for more than one answer."""
        if subject in self.ends:
            return self.ends[subject]
        if not self.forgotten:
            return 0, GENESIS
        rows = self.connection.execute(
            select(Entry.seq, Entry.leaf).where(Entry.subject == subject, Entry.seq.in_((seq - 1, seq)), Entry.id < id_)
        ).all()
        if len(rows) > 1:
            return None
        return (rows[0].seq, bytes(rows[0].leaf)) if rows else (0, GENESIS)

    def _missing(self) -> tuple[int | None, str | None, int | None]:
        """An entry that is in neither table, or the first gap in a chain: (id, subject, seq), as far as is known."""
        row = self.connection.execute(text(_STRAY)).first()
        if row is not None:
            return row.id, row.subject, row.seq
        row = self.connection.execute(text(
            "SELECT subject, seq FROM entry e WHERE seq > 1 AND NOT EXISTS "
            "(SELECT 1 FROM entry p WHERE p.subject = e.subject AND p.seq = e.seq - 1) ORDER BY id LIMIT 1"
        )).first()
        return (None, row.subject, row.seq - 1) if row is not None else (None, None, None)

    # -- what is not in the log yet -----------------------------------------------------------------------------------

    def _pending(self) -> None:
        for rows in batches(self.connection, _PENDING.format(at=_AT[self.connection.dialect.name])):
            for row in rows:
                if row[0] is not None:
                    self.report.add("既在日志中又待入日志。", "it is in the log and waits for it as well",
                                    entry=row[2], subject=row[4], seq=row[5], index=row[0])
                    continue
                self._check_pending(row)
            self.report.pending += len(rows)
            self.progress(self.report.logged + self.report.pending, self.report.entries)

    def _check_pending(self, row: tuple[Any, ...]) -> None:
        _, _, _, id_, subject, seq, prev, body, leaf, at, what, case, node, person = row
        fine = (
            id_ is not None
            and isinstance(body, bytes) and sha256(b"\x00" + body).digest() == leaf
            and self._before(id_, subject, seq) == (seq - 1 if isinstance(seq, int) else None, prev)
            and all(
                stored == said and type(stored) is type(said)
                for _, stored, said in self._said(body, subject, seq, prev, at, what, case, node, person)
            )
        )
        if not fine:
            self._look(row, None)
        self.ends[subject] = (seq, leaf)

    # -- the ends of chains -------------------------------------------------------------------------------------------

    def _ends(self) -> None:
        """The last entry of a chain has nobody behind it: who keeps the chain remembers it."""
        total = 0
        for subject, seq, head in self._heads():
            self.report.chains += 1
            total += seq if isinstance(seq, int) else 0
            last = self.ends.get(subject)
            if last is None and self.forgotten:
                row = self.connection.execute(
                    select(Entry.seq, Entry.leaf).where(Entry.subject == subject).order_by(Entry.seq.desc()).limit(1)
                ).first()
                last = (row.seq, bytes(row.leaf)) if row else None
            if (last or (0, GENESIS)) != (seq, head):
                number = last[0] if last else 0
                if not isinstance(seq, int) or not isinstance(number, int) or number == seq:
                    self.report.add("链尾记载的哈希与最后一条记录不符。",
                                    "the end kept for its chain is not the last entry", subject=subject, seq=number)
                elif number < seq:
                    self.report.add(f"最后的记录缺失：应有 {seq} 条，只有 {number} 条。",
                                    f"the last entries are missing: {seq} were written, {number} are there",
                                    subject=subject, seq=number + 1)
                else:
                    self.report.add(f"多出记录：应有 {seq} 条，却有 {number} 条。",
                                    f"there are more entries than were written: {number}, not {seq}",
                                    subject=subject, seq=seq + 1)
        if total != self.report.entries and self.report.ok:
            self._uncounted()

    def _heads(self) -> Iterator[tuple[str, int, bytes]]:
        for rows in batches(self.connection, "SELECT subject, seq, head FROM subject_head ORDER BY subject"):
            yield from rows
        for heads in HEADS:
            yield from heads(self.connection)

    def _uncounted(self) -> None:
        """The chains' lengths do not add up to the entries: an entry twice, or a chain that nobody keeps."""
        twice = self.connection.execute(
            select(func.max(Entry.id), Entry.subject, Entry.seq).group_by(Entry.subject, Entry.seq)
            .having(func.count() > 1).order_by(func.max(Entry.id)).limit(1)
        ).first()
        if twice:
            self.report.add("同一编号有两条记录。", "there are two entries of one number",
                            entry=twice[0], subject=twice[1], seq=twice[2])
            return
        kept = {subject for subject, _, _ in self._heads()}
        for (subject,) in self.connection.execute(select(Entry.subject).where(Entry.seq == 1).order_by(Entry.id)):
            if subject not in kept:
                self.report.add("没有保存这条链的链尾。", "nobody keeps the end of this chain", subject=subject, seq=1)
                return
        self.report.add("记录数与各链长度不符。", "the chains' lengths do not add up to the number of entries")

    def _strays(self) -> None:
        """Entries that were left out of log and pending alike."""
        report = self.report
        whole = report.logged + report.pending == report.entries
        if whole and report.ok:
            return
        for row in self.connection.execute(text(_STRAY)):
            report.add("既不在日志中也不在待入日志中。", "it is neither in the log nor waiting for it",
                       entry=row.id, subject=row.subject, seq=row.seq)
        if report.ok:
            report.add("日志、待入日志与记录的数目不符。", "log and pending do not add up to the entries")


_STRAY = (
    "SELECT e.id, e.subject, e.seq FROM entry e LEFT JOIN leaf l ON l.entry_id = e.id "
    "LEFT JOIN pending p ON p.entry_id = e.id WHERE l.entry_id IS NULL AND p.entry_id IS NULL ORDER BY e.id LIMIT 1"
)
