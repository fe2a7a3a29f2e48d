"""A house with nothing in it but the trail, for the tests of the trail (also used by their child processes)."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from app.change import Actor, change
from app.extensions import db
from app.trail.models import Checkpoint, Entry, Leaf, LogNode, Pending, SubjectHead

TABLES = [model.__table__ for model in (Entry, SubjectHead, Pending, LogNode, Checkpoint, Leaf)]
ADA = Actor(person_id=1, account_id=11, name="艾达", post="CWK.KJ", department="CWK", session="s1", address="10.0.0.1")
BOB = Actor(person_id=2, account_id=12, name="鲍勃", post="CWK.CN", department="CWK", on_behalf_of=3)


def house(database: str, home: Path, **settings: Any) -> Flask:
    app = Flask("house")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=database, GANGZE_HOME=home, GANGZE_ORIGIN="gangze.test/log", TESTING=True, **settings
    )
    db.init_app(app)
    return app


def create(app: Flask) -> None:
    with app.app_context():
        db.metadata.create_all(db.engine, tables=TABLES)


def write(subject: str, what: str = "node.entered", *, times: int = 1, actor: Actor = ADA, **facts: Any) -> None:
    """One change with ``times`` entries on one chain."""
    with change(what, actor=actor, subject=subject) as c:
        for number in range(times):
            c.entry(what, number=number, **facts)


def case(number: int, *, actor: Actor = ADA) -> None:
    """Three entries of a case, as a case would write them."""
    subject = f"case:{number}"
    with change("case.started", actor=actor, subject=subject) as c:
        c.entry("case.started", case=number, title=f"差旅费 {number}")
        c.entry("node.entered", case=number, node="file", name="填报")
        c.entry("work_item.offered", case=number, node="file", name="填报", post="ANY.JB")
