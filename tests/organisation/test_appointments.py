"""Who may get which post."""
from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.change import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.organisation import actions, queries
from app.registers import today

from .conftest import SINCE, SYSTEM, entries, hold, somebody


def test_an_incompatible_post_is_refused_with_the_rule_and_the_refusal_is_on_record(office):
    person = somebody()
    hold(person, "CW.SH")
    with pytest.raises(Refused) as refused:
        hold(person, "CW.CN")
    (objection,) = refused.value.objections
    assert objection.basis == "会计法 §37"
    assert "CW.SH" in objection.because.zh and "CW.SH" in objection.because.en
    last = entries()[-1]
    assert last["what"] == "appointment.refused" and last["attempted"] == "appointment.given"
    assert last["objections"][0]["basis"] == "会计法 §37" and last["person"] == person
    assert [h.post.code for h in queries.posts_of(person, today())] == ["CW.SH"]


def test_the_deputy_of_a_post_is_bound_like_its_holder(office):
    person = somebody()
    hold(person, "CW.SH", role="B")
    with pytest.raises(Refused):
        hold(person, "CW.CN", role="B")


def test_a_wildcard_rule_reaches_a_post_opened_after_it(office):
    person = somebody()
    hold(person, "JJ.NS")
    actions.open_post(code="CW.YS", zh="预算岗", en="Budget", kind="business", department_code="CW", actor=SYSTEM)
    with pytest.raises(Refused):
        hold(person, "CW.YS")


def test_a_supervisor_gets_no_business_post_but_may_head_the_own_department(office):
    person = somebody(place="JJ")
    hold(person, "JJ.ZR")
    with pytest.raises(Refused):
        hold(person, "HQ.CG")
    hold(person, "ANY.HD", department_code="JJ")


def test_incompatible_posts_one_after_the_other_are_taken(office):
    person = somebody()
    hold(person, "CW.SH", until=date(2021, 12, 31))
    with pytest.raises(Refused):
        hold(person, "CW.CN", since=date(2021, 12, 31))
    hold(person, "CW.CN", since=date(2022, 1, 1))
    assert not queries.clashes()


def test_leading_finance_excludes_leading_logistics_even_in_the_future(office):
    person = somebody(place="LD")
    hold(person, "LD.CW", since=today() + timedelta(days=30))
    with pytest.raises(Refused) as refused:
        hold(person, "LD.HQ")
    assert refused.value.objections[0].basis == "LS-3"


def test_a_portfolio_has_one_leader_at_a_time_and_a_deputy_beside(office):
    one, other = somebody("1"), somebody("2", "李建华", "Li Jianhua")
    first = hold(one, "LD.JZ")
    with pytest.raises(Refused) as refused:
        hold(other, "LD.JZ")
    assert "LS-8" in refused.value.objections[0].basis
    deputy = hold(other, "LD.JZ", role="B")
    assert [p.code for p in queries.coverage(today()).leaderless] == ["LD.CW", "LD.HQ"]
    with pytest.raises(Refused) as refused:  # a deputy stands in for a leader, and does not follow one by himself
        actions.end_appointment(first, until=today(), actor=SYSTEM)
    assert "LS-8" in refused.value.objections[0].basis
    actions.end_appointment(deputy, until=today(), actor=SYSTEM)


def test_handler_and_head_of_one_department_may_be_one_person(office):
    person = somebody()
    hold(person, "ANY.CLK", department_code="CW")
    hold(person, "ANY.HD", department_code="CW")
    assert {h.post.code for h in queries.posts_of(person, today())} == {"ANY.CLK", "ANY.HD"}


def test_the_same_post_twice_on_the_same_day_is_a_conflict_but_not_in_another_department(office):
    person = somebody()
    hold(person, "ANY.CLK", department_code="CW")
    with pytest.raises(Conflict):
        hold(person, "ANY.CLK", department_code="CW", role="B")
    hold(person, "ANY.CLK", department_code="HQ")


@pytest.mark.parametrize(("given", "field"), [
    ({"post_code": "CW.SH", "since": date(2022, 1, 2), "until": date(2022, 1, 1)}, "until"),
    ({"post_code": "CW.SH", "since": "2022-01-01"}, "since"),
    ({"post_code": "CW.SH", "since": SINCE, "role": "C"}, "role"),
    ({"post_code": "CW.SH", "since": SINCE, "department_code": "HQ"}, "department_code"),
    ({"post_code": "ANY.CLK", "since": SINCE}, "department_code"),
    ({"post_code": "SYS", "since": SINCE}, "post_code"),
])
def test_an_appointment_that_cannot_be_says_which_field_is_wrong(office, given, field):
    person = somebody()
    with pytest.raises(Invalid) as invalid:
        actions.appoint(person_id=person, actor=SYSTEM, **given)
    assert list(invalid.value.errors) == [field]


def test_nobody_and_nothing_are_not_found(office):
    person = somebody()
    with pytest.raises(NotFound):
        hold(person, "NO.SUCH")
    with pytest.raises(NotFound):
        hold(person + 1, "CW.SH")


def test_one_bad_row_of_many_leaves_nothing_behind(office):
    person = somebody()
    before = entries()
    with pytest.raises(NotFound):
        actions.appoint_many([
            {"person_id": person, "post_code": "CW.SH", "since": SINCE},
            {"person_id": person, "post_code": "NO.SUCH", "since": SINCE},
        ], actor=SYSTEM)
    assert entries() == before
    assert queries.posts_of(person, today()) == []


def test_rows_of_one_batch_are_judged_against_each_other(office):
    person = somebody()
    with pytest.raises(Refused):
        actions.appoint_many([
            {"person_id": person, "post_code": "CW.SH", "since": SINCE},
            {"person_id": person, "post_code": "CW.CN", "since": SINCE},
        ], actor=SYSTEM)


def test_a_rule_that_somebody_breaks_today_is_not_declared_until_the_appointment_ends(office):
    person = somebody()
    hold(person, "HQ.CG")
    second = hold(person, "CW.SH")
    with pytest.raises(Conflict) as conflict:
        actions.declare_incompatible(post_code="HQ.CG", other="CW.SH", basis="采购与审核分离", actor=SYSTEM)
    assert "陈晓梅" in conflict.value.text.zh
    actions.end_appointment(second, until=today() - timedelta(days=1), actor=SYSTEM)
    actions.declare_incompatible(post_code="HQ.CG", other="CW.SH", basis="采购与审核分离", actor=SYSTEM)
    assert queries.clashes(since=today()) == []
    assert len(queries.clashes()) == 1  # history still shows it


def test_ending_says_before_and_after_and_cannot_lengthen(office):
    person = somebody()
    appointment = hold(person, "CW.SH")
    actions.end_appointment(appointment, until=date(2024, 6, 30), actor=SYSTEM)
    entry = entries()[-1]
    assert entry["what"] == "appointment.ended"
    assert entry["before"]["until"] is None and entry["after"]["until"] == date(2024, 6, 30)
    with pytest.raises(Conflict):
        actions.end_appointment(appointment, until=date(2025, 6, 30), actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.end_appointment(appointment, until=date(2019, 6, 30), actor=SYSTEM)


def test_an_appointment_that_has_not_begun_is_called_off(office):
    person = somebody()
    appointment = hold(person, "CW.SH", since=today() + timedelta(days=10))
    actions.end_appointment(appointment, until=today(), actor=SYSTEM)
    assert queries.person(person).appointments == []
    assert entries()[-1]["what"] == "appointment.called_off"


def test_who_leaves_loses_every_post_and_stays_on_record(office):
    person = somebody()
    hold(person, "CW.SH")
    hold(person, "ANY.CLK", department_code="CW", until=date(2021, 1, 1))
    on = today() - timedelta(days=1)
    actions.retire(person, on=on, actor=SYSTEM)
    page = queries.person(person)
    assert {h.post.code: h.until for h in page.appointments} == {"CW.SH": on, "ANY.CLK": date(2021, 1, 1)}
    assert queries.search_people("陈") == [] and len(queries.search_people("陈", serving=False)) == 1
    for act in (
        lambda: hold(person, "HQ.CG"), lambda: actions.retire(person, on=on, actor=SYSTEM),
        lambda: actions.change_person(person, name="陈小梅", actor=SYSTEM),
        lambda: actions.record_absence(person, since=today(), reason="病假", actor=SYSTEM),
    ):
        with pytest.raises(Conflict):
            act()


def test_who_will_leave_works_on_until_then(office):
    person = somebody()
    hold(person, "CW.SH")
    on = today() + timedelta(days=20)
    actions.retire(person, on=on, actor=SYSTEM)
    assert queries.office(today()).person(person).present
    assert not queries.office(on + timedelta(days=1)).person(person).present
    with pytest.raises(Conflict):
        hold(person, "HQ.CG", since=today())
    hold(person, "HQ.CG", since=today(), until=on)


def test_an_account_without_the_security_administrators_role_may_change_nothing(office):
    from app.accounts import actions as accounts

    person = somebody()
    account = accounts.add(username="chenxiaomei", password="x", person_id=person, is_demo=True, actor=SYSTEM)
    stranger = Actor(person_id=person, account_id=account, name="陈晓梅")
    before = entries()
    for act in (
        lambda: actions.open_department(code="XX", zh="信息", en="IT", actor=stranger),
        lambda: actions.appoint(person_id=person, post_code="CW.SH", since=SINCE, actor=stranger),
        lambda: actions.declare_incompatible(post_code="HQ.CG", other="CW.SH", basis="b", actor=stranger),
        lambda: actions.change_person(person, suspended=True, actor=stranger),
    ):
        with pytest.raises(Forbidden):
            act()
    assert entries() == before
    absence = actions.record_absence(person, since=today(), reason="年休假", actor=stranger)  # one's own
    actions.end_absence(absence, until=today(), actor=stranger)


def test_two_changes_of_the_organisation_cannot_together_do_what_neither_may_alone(app):
    """On a server two security administrators act at once; the second waits and then sees the first."""
    import threading

    from app.extensions import db

    from .conftest import plan

    plan()
    person = somebody()
    outcomes = []
    ready = threading.Barrier(2)

    def act(post: str) -> None:
        with app.app_context():
            ready.wait()
            try:
                hold(person, post)
                outcomes.append("given")
            except Refused:
                outcomes.append("refused")
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=act, args=(post,)) for post in ("CW.SH", "CW.CN")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["given", "refused"]
    assert queries.clashes() == []
