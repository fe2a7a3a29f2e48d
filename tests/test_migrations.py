"""The migrations make the store the models speak of, up and down, on both databases."""
from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from tests.conftest import ROOT, make_app


@pytest.fixture
def empty(tmp_path: Path, database: str):
    app = make_app(tmp_path / "home", database)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1


def test_migrations_equal_the_models(empty) -> None:
    upgrade()
    with db.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), db.metadata)
    assert found == []


def test_migrations_bring_the_guards_of_the_trail(empty) -> None:
    from app.change import Actor, change

    upgrade()
    with change("thing.done", actor=Actor.system("test"), subject="things") as c:
        c.entry("thing.done")
    assert db.session.execute(text("SELECT count(*) FROM pending")).scalar() == 1
    for statement in ("UPDATE entry SET what = 'x'", "DELETE FROM entry"):
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement))
        db.session.rollback()


def test_what_went_up_comes_down(empty) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
