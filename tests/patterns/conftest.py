"""The house of the examples.

Ada and Grace are clerks (CLK) of department D1; Bob and Eve its heads (HEAD). Dora, Eve and Frank are auditors (ACC), Frank
pays (PAY) as well; Carol is an outsider. A process is written as its tasks in a row: ``task("check", "ACC", ...)``.
"""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.cases import actions
from app.cases.statements import ITEM
from app.extensions import db
from tests.cases.conftest import deployed, status
from tests.diagrams import diagram, end, start, user

__all__ = ["FORM", "House", "deployed", "items", "status", "take", "task"]

#: The form of every task: a few words, and a person.
FORM = {
    "title": {"zh": "记事", "en": "Note"},
    "schema": {"type": "object", "properties": {
        "note": {"type": "string", "maxLength": 200}, "person": {"type": "integer", "format": "person"}}},
    "ui": {"labels": {"note": {"zh": "记事", "en": "Note"}, "person": {"zh": "人员", "en": "Person"}}},
}


def task(id: str, post: str = "ACC", *, days: str = "1", inside: str = "", **words: str) -> tuple[str, str]:
    """A user task with a small form; ``words`` are attributes of ours, ``allocation="draw"``, ``inside`` elements."""
    attributes = "".join(f' gz:{word}="{value}"' for word, value in words.items())
    drawn = user(id, post, form="note", days=days, ext=inside)
    return id, drawn.replace("<bpmn:userTask ", f"<bpmn:userTask{attributes} ", 1)


def items(case_id: int) -> dict[str, Any]:
    """The case's open work items by node, those held back included."""
    rows = db.session.execute(
        ITEM.select().where(ITEM.c.case_id == case_id, ITEM.c.state.in_(["created", "offered", "allocated"]))
    ).all()
    db.session.rollback()
    return {row.node: row for row in rows}


def take(case_id: int, node: str, who: Any, **what: Any) -> None:
    """Claim, if need be, and complete."""
    item = items(case_id)[node]
    if item.assignee_id != who.person_id:
        actions.claim(item.id, actor=who)
        item = items(case_id)[node]
    actions.complete(item.id, actor=who, version=item.version, **what)


class House(SimpleNamespace):
    """The cast by name, and what an example does with a process."""

    app: Flask
    moment: datetime

    def process(self, *tasks: tuple[str, str], constraints: str = "", key: str = "work") -> None:
        """Deploy and activate a process: Ada applies, then the tasks one after the other."""
        parts = [task("apply", "CLK"), *tasks]
        deployed(diagram(
            key, start("s"), *(drawn for _, drawn in parts), end("e"), path=f"s {' '.join(id for id, _ in parts)} e",
            constraints=constraints,
        ), {"note": FORM})

    def case(self, who: Any = None, key: str = "work", **answers: Any) -> int:
        """A case that Ada (or somebody else) has applied for; the next task is open."""
        return actions.start(key, actor=who or self.ada, answers={"note": "请办", **answers})

    def has(self, case_id: int, node: str) -> str | None:
        """Who holds the open work item of a node, by name; None while nobody does."""
        return self.name(items(case_id)[node].assignee_id)

    def name(self, person: int | None) -> str | None:
        found = (name for name, actor in vars(self).items() if getattr(actor, "person_id", 0) == person)
        return next(found) if person is not None else None

    def state(self, item_id: int) -> Any:
        """A work item's row, open or not."""
        row = db.session.execute(ITEM.select().where(ITEM.c.id == item_id)).one()
        db.session.rollback()
        return row

    def wait(self, **time: float) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def house(app: Flask, cast: SimpleNamespace) -> House:
    found = House(**vars(cast), app=app, moment=datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    app.config["CLOCK"] = lambda: found.moment
    return found
