"""Two people with accounts, and the security administrator."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts import actions
from app.change import Actor
from app.organisation import actions as organisation

SYSTEM = Actor.system("test")
GOOD = "correct horse battery"


@pytest.fixture
def people(sqlite_app: Any) -> SimpleNamespace:
    """Ada has an account with a real password; Sec is the security administrator; Bob has none yet.

    ``clock`` holds the moment, so that time can be moved.
    """
    clock = SimpleNamespace(now=datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    sqlite_app.config["CLOCK"] = lambda: clock.now
    organisation.adopt_plan(
        departments=[{"code": "XX", "zh": "信息中心", "en": "IT"}, {"code": "CW", "zh": "财务科", "en": "Finance"}],
        posts=[
            {"code": "XX.QX", "zh": "账号权限岗", "en": "Accounts", "kind": "administration", "department_code": "XX"},
            {"code": "CW.SH", "zh": "审核会计", "en": "Accountant", "kind": "business", "department_code": "CW"},
            {"code": "ANY.CLK", "zh": "部门经办人", "en": "Handler", "kind": "general"},
        ],
        actor=SYSTEM,
    )
    ada, sec, bob = organisation.take_on_many(
        [{"number": str(n), "name": name, "romanised": name, "department_code": place}
         for n, (name, place) in enumerate([("陈晓梅", "CW"), ("龙飞", "XX"), ("郑伟", "CW")])],
        actor=SYSTEM,
    )
    organisation.appoint(person_id=ada, post_code="CW.SH", since=date(2020, 1, 1), actor=SYSTEM)
    organisation.appoint(person_id=sec, post_code="XX.QX", since=date(2020, 1, 1), actor=SYSTEM)
    # The cheap hash of a demonstration: most tests here sign in often.
    account = actions.add(username="Ada", password=GOOD, person_id=ada, is_demo=True, actor=SYSTEM)
    security = actions.add(
        username="sec", password="x", person_id=sec, role="security_admin", is_demo=True, actor=SYSTEM
    )
    return SimpleNamespace(
        ada=ada, sec=sec, bob=bob, account=account, security=security, clock=clock, later=lambda **by: setattr(
            clock, "now", clock.now + timedelta(**by)),
        as_ada=Actor(person_id=ada, account_id=account, name="陈晓梅"),
        as_sec=Actor(person_id=sec, account_id=security, name="龙飞"),
    )
