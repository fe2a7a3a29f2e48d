"""The small office with a process whose last step only Dora, Eve and Frank can do."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions
from app.extensions import db
from app.organisation import actions as organisation
from app.separation.models import Stalled
from tests.cases.conftest import APPROVAL, FORM, GOOD, deployed
from tests.cast import SYSTEM

TODAY = date(2026, 5, 6)


@pytest.fixture
def office(app: Any, cast: SimpleNamespace) -> SimpleNamespace:
    """The cast, with the approval active. Ada has started case ``case``; Bob or Eve approves; Dora, Eve or Frank audits."""
    app.config["CLOCK"] = lambda: now["at"]
    deployed(APPROVAL, {"request": FORM})
    cast.now = now
    cast.case = actions.start("approval", actor=cast.ada, answers=GOOD)
    return cast


def _moment(day: int) -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 5, day, 2, tzinfo=UTC)


now: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def clock() -> None:
    now["at"] = _moment(6)


def on(day: int) -> None:
    """It is that day of May."""
    now["at"] = _moment(day)


def away(person: Any, since: date = TODAY, until: date | None = None) -> int:
    """Leave given."""
    return organisation.record_absence(person.person_id, since=since, until=until, reason="病假", actor=SYSTEM)


def stalled() -> list[Any]:
    """The rows of cases that have no plan now, and had none."""
    rows = db.session.execute(Stalled.__table__.select().order_by(Stalled.id)).all()
    db.session.rollback()
    return rows
