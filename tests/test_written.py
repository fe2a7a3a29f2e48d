"""The short way of the hot statements: whatever it saves, it must not lose, blur or outlive anything."""
from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from app import extensions
from app.change import Actor, change
from app.errors import Refused, Unavailable
from app.extensions import db
from app.kernel.text import Text
from app.trail.models import Entry, SubjectHead
from app.written import Statement

HEAD = SubjectHead.__table__
ADA = Actor(person_id=1, name="艾达")
ADD = Statement(insert(HEAD), ("subject", "seq", "head"))
READ = Statement(select(HEAD.c.subject, HEAD.c.seq, HEAD.c.head).where(HEAD.c.subject == bindparam("subject")))
AT = Statement(select(Entry.at, Entry.body, Entry.node, Entry.case_id).where(Entry.subject == bindparam("subject")))


def row(subject: str, seq: int = 1, head: bytes = b"\x00\xff" * 16) -> dict[str, Any]:
    return {"subject": subject, "seq": seq, "head": head}


def subjects() -> set[str]:
    found = set(db.session.scalars(select(HEAD.c.subject)))
    db.session.rollback()
    return found


def written(subject: str) -> None:
    """One ordinary change, to see that nothing is in its way."""
    with change("a.done", actor=ADA, subject=subject) as c:
        c.entry("a.done")


@pytest.mark.parametrize("orm", [True, False])
def test_what_was_sent_is_there_for_whoever_asks_next_on_either_way(app: Flask, orm: bool) -> None:
    with change("a.done", actor=ADA, subject="x", orm=orm) as c:
        c.wire.send(ADD, row("a"), row("b", 2))
        assert c.wire.first(READ, {"subject": "b"}) == row("b", 2)
        c.wire.send(ADD, row("c"))
        assert set(c.connection.execute(select(HEAD.c.subject)).scalars()) == {"a", "b", "c"}
        c.connection.execute(insert(HEAD), row("d"))
        assert c.wire.first(READ, {"subject": "d"}) == row("d")
        assert c.wire.first(READ, {"subject": "nobody"}) is None
        c.entry("a.done")
    assert subjects() == {"a", "b", "c", "d", "x"}


@pytest.mark.parametrize("orm", [True, False])
def test_what_fails_behind_ones_back_is_told_in_the_end_and_takes_everything_with_it(app: Flask, orm: bool) -> None:
    with pytest.raises(IntegrityError), change("a.done", actor=ADA, subject="x", orm=orm) as c:
        c.wire.send(ADD, row("a"), row("a"))
        c.wire.send(ADD, row("b"))
        c.entry("a.done")
    assert subjects() == set()
    written("y")
    assert subjects() == {"y"}


def test_a_refusal_leaves_nothing_of_what_was_sent_and_is_recorded(app: Flask) -> None:
    with pytest.raises(Refused), change("a.done", actor=ADA, subject="x", orm=False) as c:
        c.wire.send(ADD, row("a"))
        raise Refused(Text("不行", "no"), [])
    assert subjects() == {"x"}
    assert list(db.session.scalars(select(Entry.what))) == ["a.refused"]


def test_values_come_back_as_they_were_whatever_their_zone_or_size(app: Flask) -> None:
    moment = datetime(2026, 3, 2, 1, 2, 3, 4000, tzinfo=timezone(timedelta(hours=8)))
    large = "国" * 2_000_000  # more than a socket takes at once
    app.config["CLOCK"] = lambda: moment
    with change("a.done", actor=ADA, subject="x", orm=False) as c:
        c.entry("a.done", node="汉'\"\\%s$1", case=None, large=large)
        c.entry("a.done", large=large)
    with change("a.read", actor=ADA, subject="y", orm=False) as c:
        found = c.wire.first(AT, {"subject": "x"})
        c.entry("a.read")
    assert found is not None
    assert found["at"] == moment
    assert found["at"].utcoffset() is not None
    assert found["at"].astimezone(UTC).hour == 17
    assert (found["node"], found["case_id"]) == ("汉'\"\\%s$1", None)
    assert large.encode() in bytes(found["body"])
    stored = db.session.scalars(select(Entry.at).where(Entry.subject == "x")).first()
    assert stored == moment, "the same by SQLAlchemy's way"


def test_a_text_is_never_cut_short(app: Flask) -> None:
    """libpq would end a text at its first NUL."""
    try:
        with change("a.done", actor=ADA, subject="x", orm=False) as c:
            c.wire.send(ADD, row("a\x00b"))
            c.entry("a.done")
    except (DataError, StatementError):
        assert subjects() == set()  # PostgreSQL has no such text
    else:
        assert subjects() == {"a\x00b", "x"}


def test_a_moment_without_a_zone_is_refused_on_the_short_way_too(app: Flask) -> None:
    app.config["CLOCK"] = lambda: datetime(2026, 3, 2)
    with pytest.raises(ValueError, match="time zone"):
        written("x")
    app.config.pop("CLOCK")
    written("y")
    assert subjects() == {"y"}


@pytest.fixture
def server(app: Flask) -> Flask:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    return app


def cut_off() -> None:
    """End every other session of the database, as a restart does."""
    with db.create_engine(db.engine.url).connect() as other:
        other.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ))
        other.commit()


def test_what_is_prepared_outlives_the_readers_in_between(server: Flask) -> None:
    seen = []
    for number in range(8):
        written(f"x{number}")
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        seen.append(set(db.session.scalars(text("SELECT name FROM pg_prepared_statements"))))
        db.session.rollback()
    assert seen[0]
    assert all(names == seen[0] for names in seen), "neither forgotten nor prepared again"


def test_a_server_that_went_away_in_the_middle_is_unavailable_and_the_next_act_is_not(server: Flask) -> None:
    written("before")
    with pytest.raises(Unavailable), change("a.done", actor=ADA, subject="x", orm=False) as c:
        c.wire.send(ADD, row("a"))
        c.wire.settle()
        cut_off()
        c.entry("a.done")
    written("after")
    assert subjects() == {"before", "after"}


def test_a_connection_that_died_while_it_lay_idle_is_noticed_by_nobody(
    server: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("before")
    cut_off()
    monkeypatch.setattr(extensions, "_TRUSTED", 0)
    written("after")
    assert subjects() == {"before", "after"}


def test_a_failure_that_somebody_kept_to_himself_does_not_pass_for_a_commit(server: Flask) -> None:
    with pytest.raises(RuntimeError, match="nothing was written"), change("a.done", actor=ADA, subject="x", orm=False) as c:
        with suppress(IntegrityError):
            c.connection.execute(insert(HEAD), [row("a"), row("a")])
        c.wire.commit()
    assert subjects() == set()
