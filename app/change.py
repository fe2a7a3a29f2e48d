"""One verb, one transaction: lock, re-read, decide, act, append the trail, commit, then tell the world.

>>> with change("person.retired", actor=actor, subject="organisation") as c:
...     ...                                   # everything read here was read under the lock
...     c.entry("person.retired", person=7)   # written last, in the same transaction

A decision made before the lock does not count, so ``change`` starts by ending whatever the session had read. A refusal
(:class:`~app.errors.Refused`) rolls everything back and is then recorded in a transaction of its own.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from . import clock
from .errors import Refused, Unavailable
from .extensions import db
from .kernel.text import Text
from .kernel.trail import leaf_hash
from .kernel.values import canonical, timestamp
from .trail.models import Entry, SubjectHead
from .written import SQLite, Statement, wire

if TYPE_CHECKING:
    from .pipelined import PostgreSQL

log = structlog.get_logger(__name__)

#: What every entry says of itself; no fact may be called so.
OWN = frozenset({"v", "at", "subject", "seq", "prev", "what", "who"})
#: ``prev`` of the first entry of a chain.
GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the trail will name them.

    ``post`` and ``department`` are codes as of now; ``on_behalf_of`` the person somebody stands in for; ``machine`` the
    name of a handler or of the clock where no person acts.
    """

    person_id: int | None = None
    account_id: int | None = None
    name: str = ""
    post: str | None = None
    department: str | None = None
    on_behalf_of: int | None = None
    session: str | None = None
    address: str | None = None
    machine: str | None = None

    @classmethod
    def system(cls, machine: str) -> Actor:
        """The house itself, by the name of the part that acts."""
        return cls(machine=machine)

    def facts(self) -> dict[str, Any]:
        """What an entry says about this actor; nothing where there is nothing."""
        pairs = (
            ("person", self.person_id), ("account", self.account_id), ("name", self.name or None), ("post", self.post),
            ("department", self.department), ("for", self.on_behalf_of), ("session", self.session),
            ("address", self.address), ("machine", self.machine),
        )
        return {key: value for key, value in pairs if value is not None}


@dataclass(slots=True)
class Chain:
    """Where a subject's chain of entries ends, and how to save its new end."""

    seq: int
    head: bytes
    save: Callable[[int, bytes], None]


@dataclass(slots=True)
class Change:
    """What an action holds while it changes something."""

    verb: str
    actor: Actor
    now: datetime
    wire: SQLite | PostgreSQL
    subject: str | None
    chains: dict[str, Chain] = field(default_factory=dict)
    _entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    _after: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """For whatever is not one of the hot statements. Asked for anew each time: those that were sent over the wire
        and not awaited are done first."""
        self.wire.settle()
        return self.wire.connection

    def entry(self, what: str, *, subject: str | None = None, **facts: Any) -> None:
        """Append an entry to the trail when the change is done.

        Args:
            what: ``noun.past``, e.g. ``work_item.completed``.
            subject: whose chain; the change's own unless said otherwise.
            facts: case values (app/kernel/values.py); ``case`` and ``node`` are also searchable columns. ``actor`` (an
                Actor) replaces the change's own, for what a machine did in the wake of a person's act.
        """
        chain = subject or self.subject
        if chain is None:
            raise RuntimeError(f"{what}: whose trail does it belong to?")
        if taken := facts.keys() & OWN:
            raise RuntimeError(f"{what}: {', '.join(sorted(taken))} is said by every entry already")
        self._entries.append((chain, what, facts))

    def after(self, call: Callable[[], Any]) -> None:
        """Run ``call`` once the change is committed, and only then."""
        self._after.append(call)

    def _append(self) -> None:
        if not self._entries:
            raise RuntimeError(f"{self.verb}: a change that leaves no trace")
        moment = timestamp(self.now)
        rows = []
        for subject in sorted({subject for subject, _, _ in self._entries} - self.chains.keys()):
            self._open(subject)  # always in one order, so that two changes never wait for each other
        for subject, what, facts in self._entries:
            chain = self.chains[subject]
            chain.seq += 1
            actor = facts.pop("actor", self.actor)
            body = canonical({
                "v": 1, "at": moment, "subject": subject, "seq": chain.seq, "prev": chain.head.hex(), "what": what,
                "who": actor.facts(), **facts,
            })
            leaf = leaf_hash(body)
            rows.append({
                "subject": subject, "seq": chain.seq, "prev": chain.head, "body": body, "leaf": leaf, "at": self.now,
                "what": what, "case_id": facts.get("case"), "node": facts.get("node"), "person_id": actor.person_id,
            })
            chain.head = leaf
        for chain in self.chains.values():
            chain.save(chain.seq, chain.head)
        self.wire.send(_INSERT_ENTRIES, *rows)

    def _open(self, subject: str) -> Chain:
        """The chain of a subject that keeps no head of its own, locked."""
        row = self.connection.execute(_HEAD, {"subject": subject}).first()
        if row is None:  # two may begin a chain at once: the second waits here, then reads what the first wrote
            self.connection.execute(_FIRST_HEAD, {"subject": subject, "head": GENESIS})
            row = self.connection.execute(_HEAD, {"subject": subject}).one()
        seq, head = row.seq, row.head

        def save(seq: int, head: bytes) -> None:
            self.connection.execute(_SAVE_HEAD, {"b_subject": subject, "seq": seq, "head": head})

        chain = self.chains[subject] = Chain(seq, bytes(head), save)
        return chain


_HEAD = select(SubjectHead.seq, SubjectHead.head).where(SubjectHead.subject == bindparam("subject")).with_for_update()
_FIRST_HEAD = text("INSERT INTO subject_head (subject, seq, head) VALUES (:subject, 0, :head) ON CONFLICT DO NOTHING")
_SAVE_HEAD = update(SubjectHead.__table__).where(SubjectHead.__table__.c.subject == bindparam("b_subject"))
_INSERT_ENTRIES = Statement(insert(Entry.__table__).inline(), (
    "subject", "seq", "prev", "body", "leaf", "at", "what", "case_id", "node", "person_id",
))
_current: ContextVar[Change | None] = ContextVar("gangze_change", default=None)


@contextmanager
def change(
    verb: str, *, actor: Actor, subject: str | None = None, lock: Callable[[Change], Any] | None = None,
    orm: bool = True,
) -> Iterator[Change]:
    """The one way anything is written.

    Args:
        verb: ``noun.past`` of what is about to happen; a refusal is recorded as ``noun.refused``.
        actor: who acts.
        subject: the chain its entries belong to unless they say otherwise.
        lock: called first inside the transaction, and again before a refusal is recorded: takes the locks the change
            needs and puts the subject's chain into ``c.chains`` where the subject keeps its own head.
        orm: False for a change that writes through ``c.connection`` only: it costs a tenth less without the session.
            What the block still asks ``db.session`` is then answered from what was committed before.

    Raises:
        RuntimeError: nested use, or a change without an entry (a mistake in our code).
        Unavailable: the store did not take it; nothing was written.
        Whatever the block raises, after everything was rolled back.
    """
    if _current.get() is not None:
        raise RuntimeError(f"{verb} inside {_current.get().verb}: a change cannot be nested")  # type: ignore[union-attr]
    try:
        with _transaction(verb, actor, subject, lock, orm) as c:
            yield c
    except Refused as refusal:
        _record(refusal, verb, actor, subject, lock)
        raise
    for call in c._after:
        try:
            call()
        except Exception:  # the change is committed: a lost poke is found by the sweeper
            log.warning("after_commit_failed", verb=verb, exc_info=True)


@contextmanager
def _transaction(
    verb: str, actor: Actor, subject: str | None, lock: Callable[[Change], Any] | None, orm: bool = True
) -> Iterator[Change]:
    session = db.session
    session.rollback()
    token = connection = to_driver = None
    try:
        connection = session.connection() if orm else db.engine.connect()
        to_driver = wire(connection)
        c = Change(verb, actor, clock.now(), to_driver, subject)
        token = _current.set(c)
        if lock is not None:
            lock(c)
        yield c
        if orm:
            session.flush()
        c._append()
        if orm:
            to_driver.settle()
            session.commit()
        else:
            to_driver.commit()
    except BaseException as error:
        if to_driver is not None:
            to_driver.rollback()
        session.rollback()
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError) and _is_the_store(error):
            log.error("store_unavailable", verb=verb, reason=str(error.orig))
            raise Unavailable(Text(
                "数据没有保存：存储暂不可用，请稍后再试。", "Nothing was saved: the store is not available, try again later."
            )) from error
        raise
    finally:
        if token is not None:
            _current.reset(token)
        if connection is not None and not orm:
            connection.close()


def _is_the_store(error: DBAPIError) -> bool:
    """Whether the database, not the statement, is at fault (locked, full, read-only, gone)."""
    return isinstance(error, OperationalError) or error.connection_invalidated


def _record(
    refusal: Refused, verb: str, actor: Actor, subject: str | None, lock: Callable[[Change], Any] | None
) -> None:
    """A refusal is an act too: auditors ask about them first."""
    what = verb.split(".", maxsplit=1)[0] + ".refused"
    with _transaction(what, actor, subject, lock) as c:
        c.entry(what, attempted=verb, objections=[o.facts() for o in refusal.objections], **refusal.facts)
