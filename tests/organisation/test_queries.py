"""The office as the gate sees it, and the register as pages see it."""
from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from app.errors import NotFound, Refused
from app.extensions import db
from app.organisation import actions, queries
from app.registers import today

from .conftest import SYSTEM, hold, somebody


@pytest.fixture
def statements(office):
    """Every statement the session sends, as it is sent."""
    seen: list[str] = []

    def listen(connection, cursor, statement, *rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(db.engine, "before_cursor_execute", listen)


def test_the_office_is_read_once_and_again_only_after_a_change(office, statements):
    person = somebody()
    hold(person, "CW.SH")
    db.session.rollback()
    first = queries.office(today())
    statements.clear()
    assert queries.office(today()) is first
    assert len(statements) == 1  # its version
    actions.change_person(person, suspended=True, actor=SYSTEM)
    db.session.rollback()
    statements.clear()
    second = queries.office(today())
    assert second is not first and not second.person(person).present and first.person(person).present
    assert len([s for s in statements if s.startswith("SELECT")]) <= 9


def test_a_version_read_by_another_statement_saves_even_that(office, statements):
    somebody()
    known = db.session.execute(db.select(queries.VERSION)).scalar()
    office_now = queries.office(today(), known)
    statements.clear()
    assert queries.office(today(), known) is office_now
    assert statements == []


def test_what_was_rolled_back_leaves_the_version_as_it_was(office):
    person = somebody()
    hold(person, "CW.SH")
    before = queries.version(db.session.connection()), db.session.execute(db.select(queries.VERSION)).scalar()
    with pytest.raises(NotFound):
        hold(person, "NO.SUCH")
    assert before == (queries.version(db.session.connection()), db.session.execute(db.select(queries.VERSION)).scalar())
    with pytest.raises(Refused):  # recorded, so the chain moves; the office is the same
        hold(person, "CW.CN")
    assert queries.version(db.session.connection()) == before[0] + 1


def test_an_office_without_anybody_is_never_kept(sqlite_app):
    from .conftest import plan

    assert queries.office(today()).people == ()
    plan()
    person = somebody()
    assert [p.id for p in queries.office(today()).people] == [person]


def test_the_gate_sees_deputies_departments_and_the_posts_of_the_day(office):
    person = somebody()
    hold(person, "CW.SH", role="B")
    hold(person, "ANY.HD", department_code="HQ")
    hold(person, "HQ.CG", until=date(2021, 1, 1))
    seen = queries.office(today()).person(person)
    assert seen.posts == {("CW.SH", "CW"), ("ANY.HD", "HQ")}
    assert seen.departments == {"CW", "HQ"}
    assert ("HQ.CG", "HQ") in queries.office(date(2020, 6, 1)).person(person).posts


def test_the_gate_knows_posts_by_a_name_that_only_one_has_and_every_incompatible_pair(office):
    actions.rename_post("CW.SH", zh="会计", en="Accountant", actor=SYSTEM)
    actions.rename_post("CW.CN", zh="出纳", en="Accountant", actor=SYSTEM)
    seen = queries.office(today())
    assert seen.code("会计") == "CW.SH" and seen.code("出纳") == "CW.CN" and seen.code("Accountant") == "Accountant"
    assert seen.incompatible("CW.CN", "CW.SH") == "会计法 §37"
    assert seen.incompatible("JJ.ZR", "HQ.CG") and seen.incompatible("ANY.CLK", "ANY.HD")
    assert seen.incompatible("HQ.CG", "CW.SH") is None


def test_who_has_left_is_still_known_but_may_do_nothing(office):
    person = somebody()
    hold(person, "CW.SH")
    actions.retire(person, on=today() - timedelta(days=1), actor=SYSTEM)
    seen = queries.office(today()).person(person)
    assert seen.posts == frozenset() and not seen.present and seen.departments == {"CW"}


def test_departments_show_their_posts_with_holders_a_before_b(office):
    one, other = somebody("1"), somebody("2", "吴海燕", "Wu Haiyan")
    hold(other, "CW.SH", role="B")
    hold(one, "CW.SH")
    hold(one, "ANY.HD", department_code="CW")
    actions.record_absence(other, since=today(), reason="病假", actor=SYSTEM)
    finance = next(d for d in queries.departments(today()) if d.department.code == "CW")
    held = {post.code: [(h.name, str(h.role), h.present) for h in holders] for post, holders in finance.posts}
    assert held == {
        "CW.SH": [("陈晓梅", "A", True), ("吴海燕", "B", False)], "CW.CN": [], "ANY.HD": [("陈晓梅", "A", True)],
    }


def test_a_posts_page_has_duties_holders_and_what_it_is_kept_apart_from(office):
    actions.add_duty(post_code="CW.SH", zh="审核票据", en="Audits vouchers", actor=SYSTEM)
    hold(somebody(), "CW.SH")
    page = queries.post("CW.SH", today())
    assert [d.zh for d in page.duties] == ["审核票据"] and len(page.holders) == 1
    assert {(p.code, s.value) for p, s, _ in page.apart} == {
        ("CW.CN", "person"), ("JJ.ZR", "person"), ("JJ.NS", "person"),
    }
    with pytest.raises(NotFound):
        queries.post("NO.SUCH", today())


def test_people_are_found_by_name_pinyin_and_number_and_wildcards_are_only_letters(office):
    somebody("1001", "陈晓梅", "Chen Xiaomei")
    somebody("1002", "周文静", "Zhou Wenjing")

    def found(q: str) -> list[str]:
        return [p.name for p in queries.search_people(q)]

    assert found("晓") == ["陈晓梅"] == found("chenxiao") == found("Xiaomei") == found("chen xiao")
    assert found("100") == ["陈晓梅", "周文静"] == found("")
    assert found("%") == found("_") == found("1_0") == found("' OR 1=1 --") == []


def test_a_persons_main_post_is_one_of_their_own_before_the_general_ones(office):
    person = somebody()
    hold(person, "ANY.CLK", department_code="CW")
    hold(person, "CW.SH", role="B")
    assert queries.main_post(person, today()).post.code == "CW.SH"
    assert queries.main_post(person, date(2019, 1, 1)) is None


def test_names_of_many_and_unknown_people(office):
    person = somebody()
    assert queries.names([person, person, 99]) == {person: "陈晓梅"}
    assert queries.names(range(10_000, 40_000)) == {}


def test_coverage_names_what_is_missing_and_is_complete_when_nothing_is(office):
    person = somebody()
    found = queries.coverage(today())
    assert [p.id for p in found.idle] == [person]
    assert ("CW.SH", "CW") in [(p.code, d.code) for p, d in found.unheld]
    assert ("ANY.CLK", "HQ") in [(p.code, d.code) for p, d in found.unheld]
    assert not any(p.code == "SYS" for p, _ in found.unheld) and not found.complete
    hold(person, "CW.SH")
    assert "CW.SH" not in [p.code for p, _ in queries.coverage(today()).unheld]
    actions.record_absence(person, since=today(), reason="病假", actor=SYSTEM)
    assert "CW.SH" in [p.code for p, _ in queries.coverage(today()).unheld]
