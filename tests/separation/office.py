"""A small office and a process with every sort of rule, on a real store: for tests that try all roads at once."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.accounts import actions as accounts
from app.cases.models import Case, CaseStatus
from app.cases.statements import ITEM
from app.change import Actor
from app.definitions.queries import meaning
from app.extensions import db
from app.organisation import actions as organisation
from app.organisation import queries as register
from app.registers import today
from tests.cases.conftest import NOTE, deployed
from tests.cast import SYSTEM
from tests.diagrams import both, diagram, end, flow, start, user
from tests.simulation import Run, violations

SINCE = date(2020, 1, 1)
#: name -> (department, posts)
PEOPLE = {
    "an": ("D1", "CLK ONE"), "bo": ("D1", "CLK TWO"), "cai": ("D2", "CLK ONE TWO"), "ding": ("D2", "ONE DECIDE"),
    "fan": ("D3", "TWO DECIDE"), "gu": ("D3", "DECIDE PAY"), "han": ("D1", "ONE PAY"), "jin": ("D2", "TWO PAY"),
    "kong": ("D3", "CLK DECIDE"),
}
POSTS = {"CLK": 0, "ONE": 1, "TWO": 1, "DECIDE": 3, "PAY": 1}
PROCESS = diagram(
    "purchase", start("s"), user("apply", "CLK", form="note"), both("fork"), user("one", "ONE", form="note"),
    user("two", "TWO", form="note"), both("join"), user("decide", "DECIDE", form="note"), user("pay", "PAY", form="note"),
    end("e"), flow("f1", "fork", "one"), flow("f2", "fork", "two"), flow("f3", "one", "join"), flow("f4", "two", "join"),
    flow("f5", "join", "decide"), flow("f6", "decide", "pay"), flow("f7", "pay", "e"), path="s apply fork",
    constraints=(
        '<gz:differ id="apart" nodes="apply one two decide" basis="内控规范第十二条"/>'
        '<gz:differ id="till" nodes="decide pay" basis="会计法第三十七条"/>'
        '<gz:people id="few" nodes="apply one two decide pay" max="7" basis="§3"/>'
        '<gz:people id="eyes" nodes="apply decide" min="2" basis="§4"/>'
        '<gz:departments id="houses" nodes="apply decide" basis="§5"/>'
        '<gz:recuse id="near" nodes="one two decide pay" party="initiator" basis="公务员法第七十四条"/>'
    ),
)


def open_office() -> dict[str, Actor]:
    """Nine people of three departments, two of them kin, and the process active."""
    organisation.adopt_plan(
        departments=[{"code": c, "zh": f"部门{c}", "en": f"Department {c}"} for c in ("D1", "D2", "D3")],
        posts=[{"code": code, "zh": f"岗{code}", "en": code, "kind": "general"} for code in POSTS],
        actor=SYSTEM,
    )
    ids = organisation.take_on_many(
        [{"number": str(n), "name": name, "romanised": name, "department_code": place}
         for n, (name, (place, _)) in enumerate(PEOPLE.items(), 1)],
        actor=SYSTEM,
    )
    people = dict(zip(PEOPLE, ids, strict=True))
    organisation.appoint_many(
        [{"person_id": people[name], "post_code": post, "since": SINCE, "department_code": place,
          "role": "A" if n == 0 else "B"}
         for name, (place, posts) in PEOPLE.items() for n, post in enumerate(posts.split())],
        actor=SYSTEM,
    )
    deployed(PROCESS, {"note": NOTE})
    return {name: Actor(person_id=people[name], name=name, department=PEOPLE[name][0]) for name in people}


def open_items(case_id: int) -> list[Any]:
    """The open work items of a case, signers' among them."""
    return list(db.session.execute(
        select(ITEM).where(ITEM.c.case_id == case_id, ITEM.c.state.in_(["offered", "allocated"])).order_by(ITEM.c.id)
    ).all())


def history(case_id: int) -> list[tuple[str, int, int | None]]:
    """Everybody who has finished a work item of a case, signers too: (node, who, on behalf of whom), in order."""
    return [row[:3] for row in _acts(case_id)]


def _acts(case_id: int) -> list[tuple[str, int, int | None, datetime]]:
    rows = db.session.execute(
        select(ITEM.c.node, ITEM.c.assignee_id, ITEM.c.on_behalf_of_id, ITEM.c.ended_at)
        .where(ITEM.c.case_id == case_id, ITEM.c.state.in_(["completed", "returned"]), ITEM.c.assignee_id.is_not(None))
        .order_by(ITEM.c.ended_at, ITEM.c.id)
    ).all()
    db.session.rollback()
    return [tuple(row) for row in rows]


def broken(case_id: int, merged: Sequence[tuple[int, int, datetime]] = ()) -> list[str]:
    """The rules a case's history breaks, as the simulation's judge reads them: it shares no code with the gate.

    Args:
        merged: (kept, other, when) of records that turned out to be one person. What was done before that cannot be
            undone; what was done after it may break nothing more.
    """
    case = db.session.get(Case, case_id)
    run = Run(meaning(case.definition_id), case.initiator_id, case.initiator_department, case.party)
    partial = case.status is not CaseStatus.COMPLETED
    db.session.rollback()
    office, acts = register.office(today()), _acts(case_id)
    found = violations(office, run, [act[:3] for act in acts], partial=partial, posts=False)
    for kept, other, when in merged:
        def one(act: tuple[Any, ...], kept: int = kept, other: int = other) -> tuple[str, int, int | None]:
            return act[0], *(kept if person == other else person for person in act[1:3])

        before = violations(office, run, [one(a) for a in acts if a[3] <= when], partial=True, posts=False)
        after = violations(office, run, [one(a) for a in acts], partial=True, posts=False)
        found += [rule for rule in after if rule not in before]
    return found


def administrators() -> tuple[Actor, Actor]:
    """A system and a security administrator, who hold no other post."""
    found = []
    for number, (name, post, role) in enumerate((("sam", "SYS", "system_admin"), ("sue", "SEC", "security_admin"))):
        organisation.open_post(code=post, zh=f"岗{post}", en=post, kind="administration", department_code="D1", actor=SYSTEM)
        person = organisation.take_on(number=str(900 + number), name=name, romanised=name, department_code="D1", actor=SYSTEM)
        organisation.appoint(person_id=person, post_code=post, since=SINCE, actor=SYSTEM)
        accounts.add(username=name, password="a long pass phrase 1", person_id=person, role=role, actor=SYSTEM)
        found.append(Actor(person_id=person, name=name, department="D1"))
    return found[0], found[1]
