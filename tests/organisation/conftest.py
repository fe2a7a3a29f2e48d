"""A small office for the register's own tests; the bureau is for tests of the whole."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from app.change import Actor
from app.extensions import db
from app.kernel.values import loads
from app.organisation import actions
from app.trail.models import Entry

SYSTEM = Actor.system("test")
SINCE = date(2020, 1, 1)


def plan() -> None:
    """Leaders, finance, logistics, discipline; the rules between them."""
    actions.adopt_plan(
        departments=[{"code": c, "zh": f"{c}科", "en": f"{c} section"} for c in ("LD", "CW", "HQ", "JJ")],
        posts=[
            {"code": code, "zh": f"岗{code}", "en": f"Post {code}", "kind": kind, "department_code": place}
            for code, kind, place in (
                ("LD.JZ", "leadership", "LD"), ("LD.CW", "leadership", "LD"), ("LD.HQ", "leadership", "LD"),
                ("CW.SH", "business", "CW"), ("CW.CN", "business", "CW"), ("HQ.CG", "business", "HQ"),
                ("JJ.ZR", "supervision", "JJ"), ("JJ.NS", "supervision", "JJ"),
                ("ANY.CLK", "general", None), ("ANY.HD", "general", None), ("SYS", "machine", None),
            )
        ],
        incompatible=[
            {"post_code": "CW.SH", "other": "CW.CN", "basis": "会计法 §37"},
            {"post_code": "JJ.ZR", "other": "@business", "basis": "监督不经办业务"},
            {"post_code": "JJ.NS", "other": "CW.*", "basis": "内审独立"},
            {"post_code": "LD.CW", "other": "LD.HQ", "basis": "LS-3"},
            {"post_code": "ANY.CLK", "other": "ANY.HD", "basis": "经办人不审批", "scope": "case"},
        ],
        actor=SYSTEM,
    )


def somebody(number: str = "1", name: str = "陈晓梅", romanised: str = "Chen Xiaomei", place: str = "CW") -> int:
    return actions.take_on(number=number, name=name, romanised=romanised, department_code=place, actor=SYSTEM)


def hold(person: int, post: str, since: date = SINCE, until: date | None = None, **more: Any) -> int:
    return actions.appoint(person_id=person, post_code=post, since=since, until=until, actor=SYSTEM, **more)


def entries(subject: str = "organisation") -> list[dict[str, Any]]:
    """What the trail says, oldest first."""
    db.session.rollback()
    rows = db.session.scalars(db.select(Entry).where(Entry.subject == subject).order_by(Entry.seq))
    return [loads(row.body) for row in rows]


@pytest.fixture
def office(sqlite_app: Any) -> SimpleNamespace:
    """The small office with nobody in it yet."""
    plan()
    return SimpleNamespace(app=sqlite_app)
