"""Questions to the trail: what happened, and is it still what was written."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.trail import inclusion_proof, leaf_hash
from ..kernel.trail.notes import Verifier
from ..kernel.values import loads
from . import keys, models
from .filters import CASES_OF, Filters
from .models import Entry, Leaf
from .report import Fault, Report
from .tiles import Tiles
from .verification import GENESIS, HEADS, verify

__all__ = [
    "CASES_OF", "HEADS", "CaseTrail", "Fault", "Filters", "Page", "Record", "Report", "log_key", "of_case", "search",
    "status", "verify",
]


@dataclass(frozen=True, slots=True)
class Record:
    """An entry, decoded.

    Attributes:
        facts: everything the entry says besides what the other attributes repeat.
        who: the actor as of then: person, name, post, department, for, machine ….
        index: place in the log; None while it waits for it.
    """

    id: int
    subject: str
    seq: int
    at: datetime
    what: str
    case_id: int | None
    node: str | None
    person_id: int | None
    who: Mapping[str, Any]
    facts: Mapping[str, Any]
    leaf: bytes
    index: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the cursor of the next ones (None: there are no more)."""

    records: tuple[Record, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class CaseTrail:
    """What a case's page says of its trail.

    Attributes:
        entries: how many there are.
        intact: every one was hashed anew and the chain holds, up to its kept end where that was given.
        broken_at: number of the first that does not hold.
        signed: how many of them a signed checkpoint covers.
        checkpoint: size of the last checkpoint, if it covers all of them.
    """

    entries: int
    intact: bool
    broken_at: int | None
    signed: int
    checkpoint: int | None


_OWN = ("v", "at", "subject", "seq", "prev", "what", "who")


def _select() -> Select[Any]:
    return select(
        Entry.id, Entry.subject, Entry.seq, Entry.at, Entry.what, Entry.case_id, Entry.node, Entry.person_id,
        Entry.body, Entry.leaf, Leaf.index,
    ).outerjoin(Leaf, Leaf.entry_id == Entry.id)


def _record(row: Any) -> Record:
    body = loads(row.body)
    return Record(
        row.id, row.subject, row.seq, row.at, row.what, row.case_id, row.node, row.person_id, body.get("who", {}),
        {key: value for key, value in body.items() if key not in _OWN}, bytes(row.leaf), row.index,
    )


def of_case(case_id: int, *, after: int = 0, limit: int | None = None) -> list[Record]:
    """The entries of a case in order.

    Args:
        case_id: which case.
        after: only those with a larger number in the case's chain.
        limit: at most so many.
    """
    query = _select().where(Entry.subject == f"case:{case_id}", Entry.seq > after).order_by(Entry.seq)
    return [_record(row) for row in db.session.execute(query.limit(limit) if limit else query)]


def search(filters: Filters, cursor: int | None = None, *, limit: int = 50) -> Page:
    """Entries that fit, latest first.

    Args:
        filters: what they must be.
        cursor: ``next`` of the page before.
        limit: at most so many on a page.
    """
    query = _select().where(*filters.conditions()).order_by(Entry.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(Entry.id < cursor)
    rows = db.session.execute(query).all()
    return Page(tuple(_record(row) for row in rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def status(case_id: int, head: tuple[int, bytes] | None = None) -> CaseTrail:
    """How the trail of a case stands, hashed anew now.

    Args:
        case_id: which case.
        head: (number, leaf) of the last entry as the case itself keeps it; without it a missing last entry is not
            noticed here (``verify`` does).
    """
    seq, previous, broken = 0, GENESIS, None
    subject = f"case:{case_id}"
    indices: list[int] = []
    rows = db.session.execute(
        select(Entry.seq, Entry.prev, Entry.body, Entry.leaf, Leaf.index, Leaf.hash)
        .outerjoin(Leaf, Leaf.entry_id == Entry.id).where(Entry.subject == subject).order_by(Entry.seq)
    )
    count = 0
    for row in rows:
        count += 1
        expected = seq + 1
        leaf = leaf_hash(row.body) if isinstance(row.body, bytes) else None
        holds = (row.seq, row.prev, row.leaf, row.hash or leaf) == (expected, previous, leaf, leaf)
        if broken is None and not (holds and _says(row.body, subject, expected, previous)):
            broken = expected
        seq, previous = expected, leaf or GENESIS
        if row.index is not None:
            indices.append(row.index)
    if broken is None and head is not None and head != (seq, previous):
        broken = min(seq, head[0]) + 1 if seq != head[0] else seq
    size = db.session.execute(select(func.max(models.Checkpoint.size))).scalar() or 0
    signed = sum(1 for index in indices if index < size)
    return CaseTrail(count, broken is None, broken, signed, size if count and signed == count else None)


def _says(body: bytes, subject: str, seq: int, prev: bytes) -> bool:
    try:
        said = loads(body)
    except ValueError:
        return False
    return (said.get("subject"), said.get("seq"), said.get("prev")) == (subject, seq, prev.hex())


def log_key() -> Verifier:
    """The public key of the log, to be given to whoever verifies from outside.

    Raises:
        NoKey: there is none yet.
    """
    return keys.verifier()


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's exact bytes and why the last checkpoint covers them (RFC 6962 §2.1.1)."""

    body: bytes
    leaf: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    note: str


def last_checkpoint() -> models.Checkpoint:
    """The checkpoint over the most entries.

    Raises:
        NotFound: none was signed yet.
    """
    found = db.session.scalars(select(models.Checkpoint).order_by(models.Checkpoint.size.desc()).limit(1)).first()
    if found is None:
        raise NotFound(Text("还没有检查点", "there is no checkpoint yet"))
    return found


def proof(entry_id: int) -> Proof:
    """The proof of one entry.

    Raises:
        NotFound: no such entry, or no checkpoint covers it yet.
    """
    row = db.session.execute(
        select(Entry.body, Entry.leaf, Leaf.index).join(Leaf, Leaf.entry_id == Entry.id).where(Entry.id == entry_id)
    ).first()
    last = last_checkpoint()
    if row is None or row.index >= last.size:
        raise NotFound(Text("该记录还没有签名检查点覆盖", "no signed checkpoint covers this entry yet"))
    path = inclusion_proof(row.index, last.size, Tiles(db.session.connection()))
    return Proof(bytes(row.body), bytes(row.leaf), row.index, last.size, tuple(path), last.note)
