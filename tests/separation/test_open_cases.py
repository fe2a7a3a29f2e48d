"""Many cases at once are read as each by itself, with as few statements as there are definitions."""
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from app.cases import actions, queries
from app.cases.models import Case
from app.cases.statements import CASE
from app.extensions import db
from app.separation import open_cases
from app.separation.impasse import has_plan
from tests.cases.conftest import FORM, GOOD, deployed, take
from tests.diagrams import diagram, end, start, user

ROTATING = diagram(
    "rotating", start("s"), user("apply", "CLK", form="request"), user("approve", "HEAD", form="request", write=""),
    user("audit", "ACC", form="request", write=""), end("e"), path="s apply approve audit e",
    constraints='<gz:rotate id="often" nodes="approve" party="taxpayer" max="1" months="24"/>'
                '<gz:apart id="wall" nodes="audit" from="rotating/approve" party="taxpayer"/>'
                '<gz:differ id="once" nodes="apply approve" scope="party"/>',
)


@pytest.fixture
def parties(office: SimpleNamespace) -> list[int]:
    """Two parties: one that Bob has approved something for, one that is new. Three cases of each."""
    deployed(ROTATING, {"request": FORM})
    found = []
    for person in (office.carol, office.grace):
        for n in range(3):
            case_id = actions.start("rotating", actor=office.ada, answers=GOOD, party=f"person:{person.person_id}")
            if person is office.carol and n == 0:
                take(case_id, "approve", office.bob)
            found.append(case_id)
    return found


def rows(ids: list[int]) -> list[Any]:
    return list(db.session.execute(select(CASE).where(CASE.c.id.in_(ids)).order_by(CASE.c.id)).mappings())


def test_many_at_once_are_as_each_by_itself(office: SimpleNamespace, parties: list[int]) -> None:
    ids = [office.case, *parties]
    many = queries.facts_of_many(rows(ids))
    for case_id, facts in zip(ids, many, strict=True):
        alone = queries.facts_of(db.session.get_one(Case, case_id))
        assert facts == replace(alone, data=facts.data), case_id
    barred = [dict(facts.barred) for facts in many]
    assert barred[0] == {} and barred[2]["often"] == barred[3]["often"] == {office.bob.person_id}
    assert barred[1]["often"] == barred[4]["often"] == frozenset(), "its own act; another party's"


def test_the_number_of_statements_is_that_of_definitions_not_of_cases(
    office: SimpleNamespace, parties: list[int]
) -> None:
    def statements() -> int:
        counted: list[str] = []

        def count(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
            counted.append(statement)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            assert all(has_plan(c.meaning.rules, queries.office_now(), c.facts) for c in open_cases.read())
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
            db.session.rollback()
        return sum("FROM \"case\"" in s or "work_item" in s for s in counted)

    before = statements()
    for _ in range(5):
        actions.start("rotating", actor=office.ada, answers=GOOD, party=f"person:{office.frank.person_id}")
    assert statements() == before


def test_more_than_a_batch_is_read_to_the_end(office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        actions.start("approval", actor=office.ada, answers=GOOD)
    monkeypatch.setattr(open_cases, "BATCH", 2)
    everybody = [case.id for case in open_cases.read()]
    assert len(everybody) == len(set(everybody)) == 5
    assert [case.id for case in open_cases.read([everybody[3], everybody[1], 10**12])] == [everybody[1], everybody[3]]
    assert list(open_cases.read([])) == []
