from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.extensions import db
from tests.trail.house import create, house


def _opened(database: str, home: Path) -> Iterator[Flask]:
    app = house(database, home)
    create(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(database, tmp_path):
    """The trail's own tables on each kind of database in turn, with an application context."""
    yield from _opened(database, tmp_path)


@pytest.fixture
def sqlite_app(sqlite_database, tmp_path):
    """The same on SQLite only."""
    yield from _opened(sqlite_database, tmp_path)


@pytest.fixture
def postgresql_app(postgresql_database, tmp_path):
    """The same on PostgreSQL only."""
    yield from _opened(postgresql_database, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def no_other_rooms() -> Iterator[None]:
    """The trail by itself: rooms that other tests have imported keep nothing in this store."""
    from app.trail import evidence, exports, filters, verification

    registries = (verification.HEADS, exports.NODE_NAMES, filters.CASES_OF, evidence.ENCLOSED)
    kept = [(registry, list(registry)) for registry in registries]
    for registry, _ in kept:
        registry.clear()
    yield
    for registry, before in kept:
        registry[:] = before
