"""领导分工制约 LS-1 to LS-8: at every edit, at a decision, on a day, over history."""
from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Conflict, Forbidden, Invalid, Refused
from app.extensions import db
from app.organisation import actions, portfolios, queries
from app.organisation.models import Appointment, PostKind, Role
from app.organisation.portfolios import Tenure, breaches, may_decide, worse
from app.parameters import actions as parameters
from app.registers import today

from .conftest import SYSTEM, entries, hold, somebody

LEADERS = {
    "LD.JZ": ("overall", 4), "LD.GL": ("taxation", 3), "LD.JC": ("inspection", 3), "LD.CW": ("财务", 3),
    "LD.HQ": ("logistics construction", 3), "LD.RS": ("personnel", 3), "LD.JJ": ("discipline", 3),
}


def open_leaders() -> None:
    """A bureau's portfolios, with nobody in charge yet."""
    actions.adopt_plan(
        departments=[{"code": "LD", "zh": "局领导", "en": "Leadership"}, {"code": "CW", "zh": "财务", "en": "Finance"}],
        posts=[
            *({"code": code, "zh": f"岗{code}", "en": code, "kind": "leadership", "department_code": "LD",
               "level": level, "domain": domain} for code, (domain, level) in LEADERS.items()),
            {"code": "LD.DZ", "zh": "党组", "en": "Party group", "kind": "collective", "department_code": "LD"},
            {"code": "CW.SH", "zh": "会计", "en": "Accountant", "kind": "business", "department_code": "CW"},
        ],
        actor=SYSTEM,
    )


@pytest.fixture
def leaders(sqlite_app):
    open_leaders()
    return sqlite_app


def leader(number: str) -> int:
    return somebody(number, f"领导{number}", f"Leader {number}", "LD")


def refused_by(act) -> set[str]:
    with pytest.raises(Refused) as refused:
        act()
    assert all(o.basis for o in refused.value.objections), "every refusal has its clause"
    return {o.constraint for o in refused.value.objections}


# -- LS-1 to LS-4: what one person may not lead together ---------------------------------------------------------------

@pytest.mark.parametrize(("one", "other", "rule"), [
    ("LD.JZ", "LD.RS", "LS-1"), ("LD.JZ", "LD.CW", "LS-1"), ("LD.JZ", "LD.HQ", "LS-1"), ("LD.JC", "LD.GL", "LS-2"),
    ("LD.CW", "LD.HQ", "LS-3"), ("LD.JJ", "LD.GL", "LS-4"), ("LD.JZ", "LD.JJ", "LS-4"),
])
def test_portfolios_that_may_not_be_in_one_hand_are_refused_with_their_rule_and_clause(leaders, one, other, rule):
    person = leader("1")
    hold(person, one)
    assert refused_by(lambda: hold(person, other)) == {rule}
    assert refused_by(lambda: hold(person, other, role="B")) == {rule}  # a deputy is bound as well
    last = entries()[-1]
    assert last["what"] == "appointment.refused" and rule in last["objections"][0]["basis"]


def test_what_the_article_allows_stays_allowed(leaders):
    one, other = leader("1"), leader("2")
    for person, post in ((one, "LD.JC"), (one, "LD.CW"), (other, "LD.GL"), (other, "LD.HQ")):
        hold(person, post)


def test_no_single_post_is_in_charge_of_what_must_be_apart(leaders):
    with pytest.raises(Invalid) as invalid:
        actions.open_post(code="LD.XX", zh="x", en="x", kind="leadership", department_code="LD",
                          domain="finance logistics", actor=SYSTEM)
    assert "LS-3" in invalid.value.errors["domain"][0].zh
    with pytest.raises(Invalid):
        actions.place_post("CW.SH", level=0, domain="finance", actor=SYSTEM)
    for level in (-1, 5, "3", True, None):
        with pytest.raises(Invalid):
            actions.place_post("LD.CW", level=level, domain="finance", actor=SYSTEM)


def test_a_portfolio_that_changes_its_field_is_kept_apart_from_others_at_once(leaders):
    person = leader("1")
    hold(person, "LD.GL")
    hold(person, "LD.RS")
    with pytest.raises(Conflict):  # somebody leads both
        actions.place_post("LD.RS", level=3, domain="inspection", actor=SYSTEM)
    actions.place_post("LD.RS", level=3, domain="宣传", actor=SYSTEM)
    assert not queries.office(today()).incompatible("LD.RS", "LD.JZ")
    other = leader("2")
    hold(other, "LD.CW")
    assert refused_by(lambda: actions.place_post("LD.CW", level=3, domain="宣传", actor=SYSTEM)) == {"LS-8"}


# -- LS-5, LS-6: who decides what -------------------------------------------------------------------------------------

@pytest.mark.parametrize(("post", "domain", "rule"), [
    ("LD.CW", "finance", None), ("LD.CW", "财务", None), ("LD.CW", "personnel", "LS-5"), ("LD.GL", "finance", "LS-5"),
    ("LD.HQ", "基建", None), ("LD.JZ", "taxation", None), ("LD.JZ", "财务", "LS-6"), ("LD.JZ", "personnel", "LS-6"),
    ("LD.JZ", "construction", "LS-6"), ("LD.DZ", "finance", None), ("CW.SH", "personnel", None), ("LD.CW", None, None),
    ("LD.JJ", "discipline", None), ("LD.JJ", "finance", "LS-5"), ("LD.CW", "没有的", "LS-5"),
])
def test_a_leader_decides_the_own_field_and_the_principal_never_alone_on_people_money_and_buildings(
    leaders, post, domain, rule
):
    found = queries.may_decide(post, domain)
    assert (found.constraint if found else None) == rule
    assert found is None or (found.basis and found.because.zh and found.because.en)


# -- LS-8: exactly one, every day --------------------------------------------------------------------------------------

def test_a_leader_does_not_go_before_another_comes(leaders):
    one, other = leader("1"), leader("2")
    first = hold(one, "LD.GL")
    on = today()
    assert refused_by(lambda: actions.end_appointment(first, until=on, actor=SYSTEM)) == {"LS-8"}
    assert refused_by(lambda: actions.retire(one, on=on, actor=SYSTEM)) == {"LS-8"}
    assert refused_by(lambda: hold(other, "LD.GL", since=on)) == {"LS-8"}
    before = entries()
    given = actions.arrange_portfolios([
        {"do": "appoint", "person_id": other, "post_code": "LD.GL", "since": on + timedelta(days=1)},
        {"do": "end", "appointment_id": first, "until": on},
    ], actor=SYSTEM)
    assert [e["what"] for e in entries()[len(before):]] == [
        "appointment.ended", "appointment.given", "portfolios.arranged",
    ]
    assert entries()[-1]["appointments"] == given
    assert not [b for b in queries.breaches() if b.domain == "taxation" and b.since > date(2020, 1, 1)]
    for day, who in ((on, one), (on + timedelta(days=1), other)):
        assert [h.person_id for h in queries.holders(day, post_code="LD.GL")] == [who]


def test_a_day_between_two_leaders_is_a_gap_and_a_day_of_both_an_overlap(leaders):
    one, other = leader("1"), leader("2")
    first, on = hold(one, "LD.GL"), today()
    for since in (on, on + timedelta(days=2)):
        assert refused_by(lambda since=since: actions.arrange_portfolios([
            {"do": "end", "appointment_id": first, "until": on},
            {"do": "appoint", "person_id": other, "post_code": "LD.GL", "since": since},
        ], actor=SYSTEM)) == {"LS-8"}
    assert entries()[-1]["what"] == "portfolios.refused"
    db.session.rollback()
    assert db.session.get(Appointment, first).until is None  # nothing half-done


def test_a_leader_swap_of_two_portfolios_is_one_arrangement(leaders):
    one, other, on = leader("1"), leader("2"), today()
    a, b = hold(one, "LD.GL"), hold(other, "LD.JC")
    actions.arrange_portfolios([
        {"do": "appoint", "person_id": one, "post_code": "LD.JC", "since": on + timedelta(days=1)},
        {"do": "appoint", "person_id": other, "post_code": "LD.GL", "since": on + timedelta(days=1)},
        {"do": "end", "appointment_id": a, "until": on}, {"do": "end", "appointment_id": b, "until": on},
    ], actor=SYSTEM)
    held = {h.post_code: h.person_id for h in queries.holders(on + timedelta(days=1))}
    assert held == {"LD.GL": other, "LD.JC": one}


def test_a_leader_goes_away_only_when_somebody_stands_in(leaders):
    one, other, third, on = leader("1"), leader("2"), leader("3"), today()
    hold(one, "LD.GL")
    gone = {"since": on + timedelta(days=1), "until": on + timedelta(days=9)}
    assert refused_by(lambda: actions.record_absence(one, reason="病假", actor=SYSTEM, **gone)) == {"LS-8"}
    assert refused_by(lambda: actions.change_person(one, suspended=True, actor=SYSTEM)) == {"LS-8"}
    actions.arrange_portfolios([
        {"do": "away", "person_id": one, "reason": "病假", **gone},
        {"do": "appoint", "person_id": other, "post_code": "LD.GL", "role": "acting", **gone},
    ], actor=SYSTEM)
    # who acts is in charge: he cannot go away either, until a deputy is there
    assert refused_by(lambda: actions.record_absence(
        other, since=gone["since"], reason="病假", actor=SYSTEM)) == {"LS-8"}
    hold(third, "LD.GL", since=on, role="B")
    actions.record_absence(other, since=gone["since"], reason="病假", actor=SYSTEM)
    # and the deputy who stands in does not leave while both are away
    assert refused_by(lambda: actions.retire(third, on=on, actor=SYSTEM)) == {"LS-8"}


def test_a_leader_who_is_back_ends_the_acting_in_the_same_arrangement(leaders):
    one, other, on = leader("1"), leader("2"), today()
    hold(one, "LD.GL")
    actions.arrange_portfolios([
        {"do": "away", "person_id": one, "since": on, "until": on + timedelta(days=9), "reason": "病假"},
        {"do": "appoint", "person_id": other, "post_code": "LD.GL", "since": on, "until": on + timedelta(days=9),
         "role": "acting"},
    ], actor=SYSTEM)
    absence = queries.person(one).absences[0].id
    acting = next(h.appointment_id for h in queries.person(other).appointments)
    assert refused_by(lambda: actions.end_absence(absence, until=on, actor=SYSTEM)) == {"LS-8"}
    actions.arrange_portfolios([
        {"do": "back", "absence_id": absence, "until": on}, {"do": "end", "appointment_id": acting, "until": on},
    ], actor=SYSTEM)
    assert not [b for b in queries.breaches() if b.domain == "taxation" and b.covers(on + timedelta(days=1))]


# -- LS-7: acting ------------------------------------------------------------------------------------------------------

def test_an_acting_leader_is_bound_by_the_same_rules_and_for_so_many_days(leaders):
    one, other, on = leader("1"), leader("2"), today()
    hold(other, "LD.JC")
    with pytest.raises(Refused) as refused:
        hold(other, "LD.GL", since=on, until=on, role="acting")
    (objection,) = refused.value.objections
    assert objection.constraint == "LS-2" and "LS-7" in objection.basis
    assert refused_by(lambda: hold(one, "LD.GL", since=on, until=on + timedelta(days=30), role="acting")) == {"LS-7"}
    hold(one, "LD.GL", since=on, until=on + timedelta(days=29), role="acting")
    assert refused_by(lambda: hold(  # and a second term right after the first does not help
        one, "LD.GL", since=on + timedelta(days=30), until=on + timedelta(days=30), role="acting")) == {"LS-7"}
    for wrong in ({"until": None}, {"post_code": "CW.SH"}):
        with pytest.raises(Invalid):
            actions.appoint(actor=SYSTEM, **{
                "person_id": one, "post_code": "LD.JZ", "since": on, "until": on, "role": "acting", **wrong})


def test_how_long_a_leader_may_act_is_a_parameter(leaders):
    from app.kernel.text import Text

    parameters.introduce([{"code": "LEADER_ACTING_DAYS", "title": Text("代管", "acting"), "periods": [
        {"value": 5, "unit": "日", "valid_from": date(2020, 1, 1), "basis": Text("规定", "rule")}]}], actor=SYSTEM)
    one, on = leader("1"), today()
    assert refused_by(lambda: hold(one, "LD.GL", since=on, until=on + timedelta(days=5), role="acting")) == {"LS-7"}
    hold(one, "LD.GL", since=on, until=on + timedelta(days=4), role="acting")


def test_the_deputy_may_be_the_one_who_acts(leaders):
    one, on = leader("1"), today()
    hold(one, "LD.GL", role="B")
    hold(one, "LD.GL", since=on, until=on + timedelta(days=3), role="acting")


# -- hostile, and who may ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("changes", [
    [], [{}], [7], ["end"], [{"do": "drop"}], [{"do": "end"}], [{"do": "appoint", "person_id": 1}],
    [{"do": "end", "appointment_id": 1, "until": date(2030, 1, 1), "sql": "x"}], [{"do": ["end"]}],
])
def test_an_arrangement_that_cannot_be_read_says_where(leaders, changes):
    with pytest.raises(Invalid) as invalid:
        actions.arrange_portfolios(changes, actor=SYSTEM)
    assert all(field.startswith("changes") for field in invalid.value.errors)


def test_only_the_security_administrator_arranges(leaders):
    from app.accounts import actions as accounts
    from app.change import Actor

    person = leader("1")
    account = accounts.add(username="leader", password="x", person_id=person, is_demo=True, actor=SYSTEM)
    with pytest.raises(Forbidden):
        actions.arrange_portfolios([{"do": "retire", "person_id": person, "on": today()}],
                                   actor=Actor(person_id=person, account_id=account))


# -- on a day, and too small --------------------------------------------------------------------------------------------

def test_an_office_too_small_for_one_leader_each_is_told_which_are_missing(leaders):
    one = leader("1")
    hold(one, "LD.JZ")
    found = queries.in_order(today())
    assert {o.constraint for o in found} == {"LS-8"}
    assert {o.because.en.split("in charge of ")[1].split(";")[0] for o in found} == {
        "construction", "discipline", "finance", "inspection", "logistics", "personnel", "tax administration",
    }
    assert len(queries.coverage(today()).leaderless) == len(LEADERS) - 1


def test_the_page_shows_each_portfolio_with_what_stands_against_it(leaders):
    one = leader("1")
    hold(one, "LD.GL")
    by_post = {p.post.code: p for p in queries.all_portfolios(today())}
    assert [h.person_id for h in by_post["LD.GL"].leaders] == [one] and not by_post["LD.GL"].against
    assert [o.constraint for o in by_post["LD.JC"].against] == ["LS-8"]
    assert {post.code for post, _ in by_post["LD.JZ"].excluded} == {"LD.RS", "LD.CW", "LD.HQ", "LD.JJ"}
    assert [d.zh for d in by_post["LD.HQ"].domains] == ["后勤保障", "基建"]


# -- history -----------------------------------------------------------------------------------------------------------

def test_history_shows_what_came_in_while_no_rule_kept_it_out(leaders):
    one, other = leader("1"), leader("2")
    hold(one, "LD.CW", since=date(2024, 1, 1), until=date(2024, 6, 30))
    hold(one, "LD.RS", since=date(2024, 1, 1))
    db.session.rollback()
    db.session.add_all([  # by another road
        Appointment(person_id=one, post_code="LD.HQ", department_code="LD", role=Role.A, since=date(2024, 5, 1),
                    until=date(2024, 12, 31)),
        Appointment(person_id=other, post_code="LD.RS", department_code="LD", role=Role.A, since=date(2024, 3, 1),
                    until=date(2024, 3, 10)),
        Appointment(person_id=other, post_code="LD.GL", department_code="LD", role=Role.ACTING, since=date(2024, 1, 1),
                    until=date(2024, 3, 31)),
    ])
    db.session.commit()
    found = {(f.rule, f.since, f.until): f for f in queries.review(date(2024, 1, 1), date(2024, 12, 31))}
    clash = found["LS-3", date(2024, 5, 1), date(2024, 6, 30)]
    assert clash.people == (one,) and set(clash.posts) == {"LD.CW", "LD.HQ"} and "LS-3" in clash.basis
    assert found["LS-8", date(2024, 3, 1), date(2024, 3, 10)].people == (one, other)
    assert found["LS-7", date(2024, 1, 1), date(2024, 3, 31)].people == (other,)
    assert found["LS-8", date(2024, 7, 1), date(2024, 12, 31)].posts == ("finance",)  # nobody after June
    assert found["LS-8", date(2024, 4, 1), date(2024, 12, 31)].posts == ("taxation",)
    # Before a portfolio's first leader the register says nothing; what never had one is always a gap.
    assert {f.posts for f in queries.review(date(2023, 1, 1), date(2023, 6, 30))} == {
        ("discipline",), ("overall",), ("inspection",),
    }


def test_two_arrangements_at_once_leave_neither_gap_nor_overlap(app):
    """Two administrators at two desks: each successor alone is lawful, both together are not."""
    open_leaders()
    one, two, three, on = leader("1"), leader("2"), leader("3"), today()
    first = hold(one, "LD.GL")
    outcomes, ready = [], threading.Barrier(2)

    def arrange(successor: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                actions.arrange_portfolios([
                    {"do": "end", "appointment_id": first, "until": on},
                    {"do": "appoint", "person_id": successor, "post_code": "LD.GL", "since": on + timedelta(days=1)},
                ], actor=SYSTEM)
                outcomes.append("arranged")
            except (Conflict, Refused):
                outcomes.append("refused")
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=arrange, args=(person,)) for person in (two, three)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["arranged", "refused"]
    assert len(queries.holders(on + timedelta(days=1), post_code="LD.GL")) == 1
    assert not [b for b in queries.breaches() if b.domain == "taxation" and b.since > date(2020, 1, 1)]


# -- the pure judgement, against day by day ----------------------------------------------------------------------------

FIRST = date(2024, 1, 1)
DAYS = st.integers(0, 20).map(lambda n: FIRST + timedelta(days=n))


@dataclass
class P:
    code: str
    kind: PostKind = PostKind.LEADERSHIP
    domain: str | None = None


@st.composite
def span(draw: st.DrawFn) -> tuple[date, date | None]:
    since = draw(DAYS)
    return since, draw(st.none() | st.integers(0, 8).map(lambda n: since + timedelta(days=n)))


TENURES = st.lists(st.builds(
    lambda person, role, days: Tenure(person, f"p{person}", "X", role, *days), st.integers(1, 3),
    st.sampled_from(list(Role)), span(),
), max_size=5)
AWAY = st.dictionaries(st.integers(1, 3), st.lists(span(), max_size=2))


def in_force(since: date, until: date | None, on: date) -> bool:
    return since <= on and (until is None or on <= until)


@given(TENURES, AWAY)
def test_every_day_is_judged_as_if_it_were_looked_at_alone(tenures, away):
    found = [b for b in breaches([P("X")], tenures, away, acting_days=400) if b.rule == "LS-8"]
    for n in range(-2, 45):
        on = FIRST + timedelta(days=n)
        absent = {p for p, spans in away.items() if any(in_force(*s, on) for s in spans)}
        now = {role: {t.person for t in tenures if t.role is role and in_force(t.since, t.until, on)} for role in Role}
        leaders, acting, deputies = now[Role.A], now[Role.ACTING], now[Role.B]
        if len(leaders) > 1 or len(acting) > 1 or (leaders - absent and acting - leaders):
            expected = ["overlap"]
        elif leaders - absent or acting - absent or (leaders and deputies - absent):
            expected = []
        else:
            expected = ["gap"]
        assert [b.kind for b in found if b.covers(on)] == expected, on


@given(TENURES, TENURES, AWAY)
def test_what_an_edit_broke_is_exactly_the_days_that_were_whole_before(before, after, away):
    old = breaches([P("X")], before, away, acting_days=400)
    new = breaches([P("X")], after, away, acting_days=400)
    broken = worse(old, new)
    assert worse(new, new) == []
    for n in range(-2, 45):
        on = FIRST + timedelta(days=n)
        was, now = ({(b.rule, b.kind) for b in found if b.covers(on)} for found in (old, new))
        assert {(b.rule, b.kind) for b in broken if b.covers(on)} == now - was


def test_fields_are_called_in_chinese_or_by_their_word_and_others_by_their_own():
    assert portfolios.words("财务 人事") == {"finance", "personnel"} and portfolios.words("宣传") == {"宣传"}
    assert portfolios.words(None) == frozenset() and portfolios.charge(P("LD.X")) == {"LD.X"}
    assert may_decide(P("LD.X"), "LD.X") is None and may_decide(P("LD.X"), "finance").constraint == "LS-5"
