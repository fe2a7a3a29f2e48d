"""A small office with small processes."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts import actions as accounts
from app.cases import actions
from app.cases.statements import CASE, ITEM
from app.change import Actor
from app.definitions import actions as definitions
from app.definitions.packages import Package
from app.errors import Invalid
from app.extensions import db
from app.organisation import actions as organisation
from tests.cast import SINCE, SYSTEM
from tests.diagrams import both, diagram, end, flow, service, start, user, xor

FORM = {
    "title": {"zh": "申请", "en": "Request"},
    "schema": {
        "type": "object",
        "properties": {
            "purpose": {"type": "string", "minLength": 2, "maxLength": 100},
            "amount": {"type": "string", "format": "money"},
        },
        "required": ["purpose", "amount"],
    },
    "ui": {"order": ["purpose", "amount"],
           "labels": {"purpose": {"zh": "事由", "en": "Purpose"}, "amount": {"zh": "金额", "en": "Amount"}}},
}
NOTE = {
    "title": {"zh": "记事", "en": "Note"},
    "schema": {"type": "object", "properties": {"note": {"type": "string", "maxLength": 200}}},
    "ui": {"labels": {"note": {"zh": "记事", "en": "Note"}}},
}
GOOD = {"purpose": "打印纸", "amount": "120.50"}

APPROVAL = diagram(
    "approval", start("s"), user("apply", "CLK", form="request"),
    user("approve", "HEAD", form="request", write="", decisions="agree refuse"),
    user("audit", "ACC", form="request", write="", decisions="agree"),
    xor("ok", default="ok-audit"), end("e"), end("no"),
    flow("ok-audit", "ok", "audit"), flow("ok-no", "ok", "no", 'approve.decision == "refuse"'),
    flow("audit-e", "audit", "e"), path="s apply approve ok",
    constraints='<gz:differ id="c1" nodes="apply approve audit" basis="内控规范第十二条"/>', title="{purpose}",
)
REVIEWS = diagram(
    "reviews", start("s"), user("apply", "CLK", form="note"), both("fork"), user("one", "HEAD", form="note"), user("two", "ACC", form="note"), both("join"),
    user("close", "ACC", form="note"), end("e"), flow("f1", "fork", "one"), flow("f2", "fork", "two"), flow("f3", "one", "join"),
    flow("f4", "two", "join"), flow("f5", "join", "close"), flow("f6", "close", "e"), path="s apply fork",
)
WORKING = diagram(
    "working", start("s"), user("apply", "CLK", form="note"),
    service("call", "test.echo", {"what": "apply.note"}, {"heard": "echo"}), user("after", "CLK", form="note"), end("e"),
    path="s apply call after e",
)


def deployed(source: bytes, forms: dict[str, Any] | None = None) -> int:
    """A diagram, deployed and active."""
    try:
        key = definitions.deploy(Package(source, forms or {}, {}), actor=SYSTEM)
    except Invalid as error:
        pytest.fail(str({where: [t.en for t in texts] for where, texts in error.errors.items()}))
    definitions.activate(key, actor=SYSTEM)
    return key


@pytest.fixture
def office(app: Any, cast: SimpleNamespace) -> SimpleNamespace:
    """The cast, with the approval and review processes active."""
    deployed(APPROVAL, {"request": FORM})
    deployed(REVIEWS, {"note": NOTE})
    return cast


def administration() -> SimpleNamespace:
    """Beside the cast: Sam, Sue and Sven run the system (system, security, audit), Hugo heads D1, Lena leads."""
    staff = {}
    posts = {
        "SYS": ("administration", 0), "SEC": ("administration", 0), "AUD": ("administration", 0), "CHIEF": ("business", 2),
        "LEAD": ("leadership", 4),
    }
    for code, (kind, level) in posts.items():
        organisation.open_post(
            code=code, zh=f"岗{code}", en=code, kind=kind, department_code="D1", level=level, actor=SYSTEM)
    for n, (name, post, role) in enumerate((
        ("sam", "SYS", "system_admin"), ("sue", "SEC", "security_admin"), ("sven", "AUD", "audit_admin"),
        ("hugo", "CHIEF", "none"), ("lena", "LEAD", "none"), ("sybil", "SEC", "security_admin"),
    )):
        person = organisation.take_on(
            number=str(100 + n), name=name.capitalize(), romanised=name.capitalize(), department_code="D1", actor=SYSTEM)
        organisation.appoint(
            person_id=person, post_code=post, since=SINCE, role="B" if name == "sybil" else "A", actor=SYSTEM)
        accounts.add(
            username=name, password="correct-horse-battery", person_id=person, role=role, is_demo=True, actor=SYSTEM)
        staff[name] = Actor(person_id=person, name=name.capitalize(), department="D1")
    return SimpleNamespace(**staff)


@pytest.fixture
def powers(office: SimpleNamespace) -> SimpleNamespace:
    """The office with its administrators, a head and a leader; Bob, Eve and Dora have accounts."""
    for name in ("bob", "eve", "dora", "ada"):
        accounts.add(
            username=name, password="correct-horse-battery", person_id=getattr(office, name).person_id, is_demo=True,
            actor=SYSTEM)
    return SimpleNamespace(**vars(office), **vars(administration()))


def items(case_id: int) -> dict[str, Any]:
    """The case's open work items by node."""
    rows = db.session.execute(
        ITEM.select().where(ITEM.c.case_id == case_id, ITEM.c.state.in_(["offered", "allocated"]))
    ).all()
    db.session.rollback()
    return {row.node: row for row in rows}


def status(case_id: int) -> str:
    found = db.session.execute(CASE.select().where(CASE.c.id == case_id)).one()
    db.session.rollback()
    return str(found.status)


def take(case_id: int, node: str, who: Any, **what: Any) -> None:
    """Claim, if need be, and complete."""
    item = items(case_id)[node]
    if item.assignee_id != who.person_id:
        actions.claim(item.id, actor=who)
        item = items(case_id)[node]
    actions.complete(item.id, actor=who, version=item.version, **what)
