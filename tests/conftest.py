"""Fixtures for everybody: an application on a new store, a small cast, the whole demonstration bureau.

The cast, everywhere: Ada requests, Bob authorises, Carol is an outsider, Dora audits.
"""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

pytest_plugins = ["tests.databases"]

# No deadline: a busy machine is no fault. The same examples every time, so that what is green stays green; whoever hunts
# sets GANGZE_EXAMPLES and gets others, and more of them.
settings.register_profile(
    "house", deadline=None, derandomize="GANGZE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"


def make_app(home: Path, database: str | None = None, **overrides: Any) -> Flask:
    """An application on its own folder; jobs run when a test says so."""
    from app import create_app

    environment = {"GANGZE_HOME": str(home), "GANGZE_RATE_LIMIT": "0", "GANGZE_PROCESSES": str(ROOT / "processes")}
    if database:
        environment["GANGZE_DATABASE"] = database.replace("postgresql+psycopg://", "postgresql://")
    return create_app(environment, JOBS_INLINE=True, TESTING=True, WTF_CSRF_ENABLED=False, **overrides)


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and nothing in them. Tests copy it: making the tables costs half a second each time."""
    home = tmp_path_factory.mktemp("blank")
    _make_tables(make_app(home))
    return home / "gangze.sqlite"


@pytest.fixture(scope="session")
def blank_postgresql(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a PostgreSQL database with all tables and nothing in them, to be copied."""
    from tests.databases import new_database

    with new_database(postgresql) as address:
        _make_tables(make_app(tmp_path_factory.mktemp("blank"), address))
        yield str(make_url(address).database)


def _make_tables(made: Flask) -> None:
    from app.extensions import db

    with made.app_context():
        db.create_all()
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables and nothing in them, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('blank_sqlite'), tmp_path / 'gangze.sqlite')}"
        return
    from tests.databases import new_database  # a plugin: not before pytest has loaded it

    blank = request.getfixturevalue("blank_postgresql")
    with new_database(request.getfixturevalue("postgresql"), blank) as address:
        yield address


def _opened(made: Flask) -> Iterator[Flask]:
    from app.extensions import db

    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(tmp_path: Path, store: str) -> Iterator[Flask]:
    """An application on an empty store, once on SQLite and once on PostgreSQL."""
    yield from _opened(make_app(tmp_path / "home", store))


@pytest.fixture
def sqlite_app(tmp_path: Path, blank_sqlite: Path) -> Iterator[Flask]:
    """The same on SQLite only, where the database makes no difference."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(blank_sqlite, home / "gangze.sqlite")
    yield from _opened(make_app(home))


@pytest.fixture
def cast(app: Flask) -> SimpleNamespace:
    """Ada, Bob, Carol and Dora, their posts and departments, and noise that no query should return."""
    from tests.cast import take_on

    return take_on()


@pytest.fixture(scope="session")
def bureau_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration bureau, built once through the actions; tests work on copies."""
    from app import demonstration
    from app.change import Actor
    from app.extensions import db

    home = tmp_path_factory.mktemp("bureau")
    made = make_app(home, DEMO=True)
    with made.app_context():
        db.create_all()
        demonstration.load(actor=Actor.system("demo"))
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return home


@pytest.fixture
def bureau_home(bureau_template: Path, tmp_path: Path) -> Path:
    """A folder with the demonstration bureau's store, for tests that start processes of their own."""
    home = tmp_path / "home"
    shutil.copytree(bureau_template, home)
    return home


@pytest.fixture
def bureau(bureau_home: Path) -> Iterator[Flask]:
    """An application on a fresh copy of the demonstration bureau."""
    from app.extensions import db

    made = make_app(bureau_home, DEMO=True)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
