"""The database itself refuses to forget or to change."""
from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from app.trail.actions import publish
from app.trail.models import Entry
from tests.trail.house import write

STATEMENTS = [
    "UPDATE entry SET what = 'x'", "UPDATE entry SET body = body", "DELETE FROM entry",
    "UPDATE leaf SET entry_id = 2 WHERE idx = 0", "DELETE FROM leaf",
    "UPDATE log_node SET idx = 5", "DELETE FROM log_node",
    "UPDATE checkpoint SET note = ''", "DELETE FROM checkpoint",
]


@pytest.fixture
def written(app):
    write("case:1", times=300)
    publish()
    return app


def test_nothing_in_the_trail_can_be_updated_or_deleted(written):
    for statement in STATEMENTS:
        with pytest.raises(DBAPIError, match="never"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_postgresql_does_not_truncate_the_trail(postgresql_app):
    for table in ("entry", "leaf", "log_node", "checkpoint"):
        with pytest.raises(DBAPIError, match="never"):
            db.session.execute(text(f"TRUNCATE {table} CASCADE"))
        db.session.rollback()


def test_an_insert_cannot_replace_an_entry(written):
    kept = db.session.execute(text("SELECT body FROM entry WHERE id = 1")).scalar_one()
    replace = {
        "sqlite": "INSERT OR REPLACE INTO entry SELECT id, subject, seq, prev, x'00', leaf, at, what, case_id, node, "
                  "person_id FROM entry WHERE id = 1",
        "postgresql": "INSERT INTO entry SELECT * FROM entry WHERE id = 1 ON CONFLICT (id) DO UPDATE SET body = '\\x00'",
    }[db.engine.dialect.name]
    with pytest.raises(DBAPIError, match="never"):
        db.session.execute(text(replace))
    db.session.rollback()
    assert db.session.execute(text("SELECT body FROM entry WHERE id = 1")).scalar_one() == kept


@pytest.mark.parametrize("table", ["entry", "leaf", "log_node", "checkpoint"])
def test_a_plain_sqlite_shell_without_our_settings_cannot_replace_either(sqlite_app, table):
    write("case:1", times=300)
    publish()
    with sqlite3.connect(db.engine.url.database) as shell:
        assert shell.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        with pytest.raises(sqlite3.IntegrityError, match="never replaced"):
            shell.execute(f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")


def test_an_entry_that_did_not_come_through_a_change_is_pending_all_the_same(app):
    write("case:1")
    row = db.session.execute(text("SELECT * FROM entry")).mappings().one()
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO entry (id, subject, seq, prev, body, leaf, at, what) "
            "VALUES (900, 'case:1', 2, :leaf, :body, :leaf, :at, 'x.y')"
        ), {name: row[name] for name in ("leaf", "body", "at")})
    assert db.session.execute(text("SELECT max(entry_id) FROM pending")).scalar_one() == 900


def test_every_table_of_the_trail_that_holds_proof_is_guarded_on_every_database():
    from app.trail.models import GUARDS

    for dialect, statements in GUARDS.items():
        for table in ("entry", "leaf", "log_node", "checkpoint"):
            for verb in ("UPDATE", "DELETE"):
                assert any(verb in s and f"ON {table} " in s for s in statements), (dialect, table, verb)
    assert Entry.__tablename__ == "entry"
