"""The numbers of law and bureau, by day."""
from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from app.change import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.kernel.text import Text
from app.parameters import actions, queries
from app.registers import today

from ..organisation.conftest import entries

SYSTEM = Actor.system("test")
BASIS = Text("某办法 §1", "Some rule art. 1")


def period(value, since, until=None):
    return {"value": value, "unit": "元", "valid_from": since, "valid_to": until, "basis": BASIS}


def introduce(code: str = "E1", *periods) -> None:
    actions.introduce(
        [{"code": code, "title": Text("限额", "Limit"), "periods": periods or [period(Decimal("2000"), date(2020, 1, 1))]}],
        actor=SYSTEM,
    )


def test_a_value_is_what_was_in_force_on_the_day(sqlite_app):
    introduce("HEARING_ASK", period(3, date(1996, 10, 1)), period(5, date(2021, 7, 15)))
    assert queries.value("HEARING_ASK", date(2021, 7, 14)) == 3
    assert queries.value("HEARING_ASK", date(2021, 7, 15)) == 5
    with pytest.raises(NotFound):
        queries.value("HEARING_ASK", date(1996, 9, 30))
    with pytest.raises(NotFound):
        queries.value("NO_SUCH", today())


def test_setting_a_value_closes_the_former_period_the_day_before(sqlite_app):
    introduce()
    on = today() + timedelta(days=30)
    actions.set("E1", value=Decimal("3000.50"), valid_from=on, basis=Text("新办法", "New rule"), actor=SYSTEM)
    assert queries.value("E1", on - timedelta(days=1)) == Decimal("2000")
    assert queries.value("E1", on) == Decimal("3000.50")
    assert [p.valid_to for p in queries.periods("E1")] == [None, on - timedelta(days=1)]
    last = entries("parameters")[-1]
    assert (last["what"], last["parameter"]) == ("parameter.set", "E1")
    assert last["before"]["value"] == Decimal("2000") and last["after"]["value"] == Decimal("3000.50")
    assert last["after"]["unit"] == "元" and last["basis"] == "新办法"


def test_what_was_decided_by_a_value_stays_decided_by_it(sqlite_app):
    introduce()
    with pytest.raises(Invalid) as invalid:
        actions.set("E1", value=1, valid_from=today() - timedelta(days=1), basis=BASIS, actor=SYSTEM)
    assert list(invalid.value.errors) == ["valid_from"]
    actions.set("E1", value=1, valid_from=today(), basis=BASIS, actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.set("E1", value=2, valid_from=today(), basis=BASIS, actor=SYSTEM)
    assert queries.value("E1", today()) == 1


def test_a_parameter_that_had_ended_may_begin_again(sqlite_app):
    introduce("E1", period(1, date(2020, 1, 1), date(2020, 12, 31)))
    actions.set("E1", value=2, valid_from=today(), basis=BASIS, actor=SYSTEM)
    with pytest.raises(NotFound):
        queries.value("E1", date(2021, 6, 1))
    assert queries.value("E1", date(2020, 6, 1)) == 1 and queries.value("E1", today()) == 2


@pytest.mark.parametrize("periods", [
    [period(1, date(2020, 1, 1)), period(2, date(2020, 1, 1))],
    [period(1, date(2021, 1, 1)), period(2, date(2020, 1, 1))],
    [period(1, date(2020, 1, 1), date(2021, 1, 1)), period(2, date(2021, 1, 1))],
])
def test_periods_that_overlap_are_refused_and_nothing_is_kept(sqlite_app, periods):
    with pytest.raises(Conflict):
        introduce("E1", *periods)
    assert queries.periods() == [] and entries("parameters") == []


@pytest.mark.parametrize("code", ["", "e1", "E1.", ".E", "E 1", "A" * 41, None, "__CLASS__"])
def test_a_code_is_a_name_an_expression_can_say(sqlite_app, code):
    with pytest.raises(Invalid):
        introduce(code)


@pytest.mark.parametrize("value", [float("nan"), object(), {"$dec": "1"}, "x" * 5000, Decimal("Infinity")])
def test_a_value_is_a_case_value(sqlite_app, value):
    with pytest.raises(Invalid) as invalid:
        introduce("E1", period(value, date(2020, 1, 1)))
    assert list(invalid.value.errors) == ["value"]


def test_a_code_exists_once_in_the_way_expressions_write_it(sqlite_app):
    introduce("CASH.MAX")
    for code in ("CASH.MAX", "CASH_MAX"):
        with pytest.raises(Conflict):
            introduce(code)
    introduce("CASH.MIN")


def test_expressions_find_parameters_by_name_and_may_keep_what_they_get(sqlite_app):
    introduce("CASH.MAX")
    introduce("E1", period(7, date(2020, 1, 1)))
    names = queries.names_on(today())
    assert names == {"CASH_MAX": Decimal("2000"), "E1": 7}
    names["E1"] = names["CASH_MAX"] = 0
    assert queries.names_on(today()) == {"CASH_MAX": Decimal("2000"), "E1": 7}
    with pytest.raises(TypeError):
        queries.all_on(today())["E1"] = 0


def test_all_parameters_of_a_day_are_read_once_until_one_changes(sqlite_app):
    introduce()
    seen: list[str] = []
    first = queries.all_on(today())
    event.listen(db.engine, "before_cursor_execute", lambda c, cursor, statement, *rest: seen.append(statement))
    assert queries.all_on(today()) is first and len(seen) == 1
    actions.set("E1", value=1, valid_from=today(), basis=BASIS, actor=SYSTEM)
    assert queries.all_on(today())["E1"] == 1 and first["E1"] == Decimal("2000")


def test_before_anything_is_introduced_nothing_is_kept_for_later(sqlite_app):
    assert queries.all_on(today()) == {}
    introduce()
    assert "E1" in queries.all_on(today())


def test_only_the_system_administrator_sets_parameters_by_account(sqlite_app):
    from app import demo
    from app.accounts import queries as accounts

    demo.load(actor=SYSTEM)
    before = queries.value("E1", today())
    for username in ("longfei", "shiyu", "chenxiaomei"):
        with pytest.raises(Forbidden):
            actions.set("E1", value=1, valid_from=today(), basis=BASIS,
                        actor=accounts.actor_for(accounts.account_of(username)))
    assert queries.value("E1", today()) == before
    actions.set("E1", value=1, valid_from=today(), basis=BASIS,
                actor=accounts.actor_for(accounts.account_of("leiming")))
    assert queries.value("E1", today()) == 1
