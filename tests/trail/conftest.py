from __future__ import annotations

import pytest

from app.extensions import db
from tests.trail.house import create, house


@pytest.fixture
def app(database, tmp_path):
    """The trail's own tables on each kind of database, with an application context."""
    app = house(database, tmp_path)
    create(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def sqlite_app(sqlite_database, tmp_path):
    """The same on SQLite only."""
    app = house(sqlite_database, tmp_path)
    create(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
