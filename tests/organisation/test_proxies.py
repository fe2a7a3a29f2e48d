"""授权代理: who may leave what to whom, for how long, and when it counts."""
from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from app.accounts import actions as accounts
from app.change import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.kernel.separation import Proxy as Seat
from app.kernel.text import Text
from app.organisation import actions, queries
from app.organisation.review import Finding
from app.parameters import actions as parameters
from app.registers import today

from .conftest import SYSTEM, entries, hold, plan, somebody


def give(principal: int, delegate: int, days: int = 10, *, since: date | None = None, **more: Any) -> int:
    since = since or today()
    return actions.give_proxy(principal, delegate_id=delegate, since=since, until=since + timedelta(days=days),
                              reason="外出学习", **{"actor": SYSTEM, **more})


def seats(person: int, on: date | None = None) -> tuple[Seat, ...]:
    return queries.office(on or today()).person(person).proxies


def against(act) -> set[str]:
    with pytest.raises(Refused) as refused:
        act()
    assert all(o.basis and o.because.zh and o.because.en for o in refused.value.objections)
    last = entries()[-1]
    assert last["what"] == "proxy.refused" and last["objections"][0]["basis"]
    return {o.constraint for o in refused.value.objections}


@pytest.fixture
def two(office) -> tuple[int, int]:
    """A buyer and a colleague of the same section."""
    one, other = somebody("1", "甲", "Jia", "HQ"), somebody("2", "乙", "Yi", "HQ")
    hold(one, "HQ.CG")
    hold(one, "ANY.CLK", department_code="HQ")
    return one, other


def test_the_gate_sees_a_proxy_on_its_days_and_only_for_what_the_principal_holds(two):
    one, other = two
    given = give(one, other, processes=["purchase"])
    assert seats(other) == (Seat(one, frozenset({"HQ.CG", "ANY.CLK"}), frozenset({"purchase"})),)
    assert seats(one) == () and not queries.office(today()).person(other).posts
    assert seats(other, today() + timedelta(days=10)) and not seats(other, today() + timedelta(days=11))
    assert not seats(other, today() - timedelta(days=1))
    entry = entries()[-1]
    assert (entry["what"], entry["person"], entry["delegate"], entry["proxy"]) == ("proxy.given", one, other, given)
    assert entry["after"]["reason"] == "外出学习" and entry["after"]["processes"] == ["purchase"]


def test_a_proxy_is_taken_back_at_once_and_only_once(two):
    one, other = two
    given = give(one, other)
    actions.end_proxy(given, actor=SYSTEM)
    assert seats(other) == () and entries()[-1]["what"] == "proxy.ended"
    with pytest.raises(Conflict):
        actions.end_proxy(given, actor=SYSTEM)
    with pytest.raises(NotFound):
        actions.end_proxy(given + 1, actor=SYSTEM)
    give(one, other)  # and may be given anew


def test_a_proxy_lapses_with_the_post(two):
    one, other = two
    give(one, other, posts=["HQ.CG"])
    held = next(h.appointment_id for h in queries.posts_of(one, today()) if h.post.code == "HQ.CG")
    actions.end_appointment(held, until=today(), actor=SYSTEM)
    assert seats(other) and seats(other, today() + timedelta(days=1)) == ()


@pytest.mark.parametrize("who", [0, 1])
def test_a_proxy_sleeps_while_one_of_the_two_is_suspended_and_dies_with_either(two, who):
    give(*two)
    actions.change_person(two[who], suspended=True, actor=SYSTEM)
    assert seats(two[1]) == ()
    actions.change_person(two[who], suspended=False, actor=SYSTEM)
    assert seats(two[1])
    actions.retire(two[who], on=today(), actor=SYSTEM)
    assert seats(two[1]) and not seats(two[1], today() + timedelta(days=1))


def test_an_absent_principals_proxy_counts(two):
    one, other = two
    actions.record_absence(one, since=today(), reason="病假", actor=SYSTEM)
    give(one, other)
    assert seats(other)


def test_nobody_is_their_own_delegate(two):
    assert "self" in against(lambda: give(two[0], two[0]))


def test_the_delegate_has_no_post_that_is_incompatible_with_one_that_is_given(two):
    one, _ = two
    inspector = somebody("3", "丙", "Bing", "JJ")
    hold(inspector, "JJ.ZR", since=today() + timedelta(days=5))
    assert against(lambda: give(one, inspector)) == {"incompatible"}
    assert against(lambda: give(one, inspector, posts=["HQ.CG"])) == {"incompatible"}
    give(one, inspector, 4)  # it ends before the post begins
    give(one, inspector, posts=["ANY.CLK"], since=today() + timedelta(days=5))  # and a handler's work is no business post


def test_posts_kept_apart_within_a_case_do_not_forbid_a_proxy(two):
    one, other = two
    hold(other, "ANY.HD", department_code="HQ")
    give(one, other, posts=["ANY.CLK"])


def test_what_one_does_for_another_is_not_handed_on(two):
    one, other = two
    third = somebody("3", "丙", "Bing", "HQ")
    give(one, other)
    assert against(lambda: give(other, third, posts=["HQ.CG"])) == {"not-held"}
    assert against(lambda: give(other, third)) == {"not-held"}  # nothing of one's own
    hold(other, "ANY.CLK", department_code="HQ")
    give(other, third)
    assert seats(third) == (Seat(other, frozenset({"ANY.CLK"}), None),)


def test_a_post_that_is_not_held_yet_is_nobodys_to_give(two):
    one, other = two
    hold(other, "CW.SH", since=today() + timedelta(days=5))
    assert against(lambda: give(other, one, posts=["CW.SH"])) == {"not-held"}
    with pytest.raises(NotFound):
        give(one, other, posts=["NO.SUCH"])


def test_bodies_vote_in_person_and_administration_is_nobody_elses(two):
    one, other = two
    actions.open_post(code="LD.DZ", zh="党组", en="Group", kind="collective", department_code="LD", actor=SYSTEM)
    hold(one, "LD.DZ")
    assert against(lambda: give(one, other, posts=["LD.DZ"])) == {"in-person"}
    give(one, other)
    assert "LD.DZ" not in seats(other)[0].posts


def test_an_administrator_is_nobodys_delegate(two):
    one, other = two
    accounts.add(username="admin", password="x", person_id=other, role="system_admin", is_demo=True, actor=SYSTEM)
    assert against(lambda: give(one, other)) == {"administrator"}


def test_the_delegate_is_in_office_all_the_time(two):
    one, other = two
    actions.retire(other, on=today() + timedelta(days=3), actor=SYSTEM)
    assert against(lambda: give(one, other)) == {"serving"}
    give(one, other, 3)


def test_two_do_not_act_for_each_other_nor_three_in_a_round(two):
    one, other = two
    third = somebody("3", "丙", "Bing", "HQ")
    for person in (other, third):
        hold(person, "ANY.CLK", department_code="HQ")
    give(one, other)
    assert against(lambda: give(other, one)) == {"cycle"}
    give(other, third)
    assert against(lambda: give(third, one)) == {"cycle"}
    give(third, one, since=today() + timedelta(days=11))  # later on there is nobody left in the round


def test_the_same_is_not_given_twice_to_the_same(two):
    one, other = two
    give(one, other, posts=["HQ.CG"], processes=["a"])
    assert against(lambda: give(one, other)) == {"duplicate"}
    assert against(lambda: give(one, other, posts=["HQ.CG"], processes=["b", "a"])) == {"duplicate"}
    give(one, other, posts=["HQ.CG"], processes=["b"])
    give(one, other, posts=["ANY.CLK"])
    give(one, other, since=today() + timedelta(days=11))


def test_the_time_is_bounded_by_a_parameter(two):
    assert against(lambda: give(*two, 90)) == {"period"}
    parameters.introduce([{"code": "PROXY_DAYS", "title": Text("代理", "proxy"), "periods": [
        {"value": 3, "unit": "日", "valid_from": date(2020, 1, 1), "basis": Text("规定", "rule")}]}], actor=SYSTEM)
    assert against(lambda: give(*two, 3)) == {"period"}
    give(*two, 2)


@pytest.mark.parametrize(("wrong", "field"), [
    ({"until": None}, "until"), ({"until": "2030-01-01"}, "until"), ({"since": None}, "since"),
    ({"since": date(2020, 1, 1)}, "since"), ({"until": date(2019, 1, 1)}, "until"), ({"reason": ""}, "reason"),
    ({"reason": "a\x00b"}, "reason"), ({"reason": "字" * 201}, "reason"), ({"posts": []}, "posts"),
    ({"posts": "HQ.CG"}, "posts"), ({"posts": 7}, "posts"), ({"posts": [7]}, "posts"),
    ({"processes": ["x"] * 51}, "processes"), ({"processes": ["x" * 101]}, "processes"), ({"processes": []}, "processes"),
])
def test_what_cannot_be_read_is_told_at_its_field_and_nothing_is_written(two, wrong, field):
    before = entries()
    with pytest.raises(Invalid) as invalid:
        actions.give_proxy(two[0], **{
            "delegate_id": two[1], "since": today(), "until": today(), "reason": "x", "actor": SYSTEM, **wrong})
    assert field in invalid.value.errors and entries() == before and queries.proxies() == []


def test_only_the_principal_and_the_security_administrator_give_and_take_back(two):
    one, other = two
    third = somebody("3", "丙", "Bing", "JJ")
    ids = {
        name: accounts.add(username=name, password="x", person_id=person, role=role, is_demo=True, actor=SYSTEM)
        for name, person, role in (("one", one, "none"), ("other", other, "none"), ("third", third, "security_admin"))
    }
    as_one, as_other, as_security = (
        Actor(person_id=person, account_id=ids[name], name=name)
        for name, person in (("one", one), ("other", other), ("third", third))
    )
    with pytest.raises(Forbidden):
        give(one, other, actor=as_other)
    given = give(one, other, actor=as_one)
    with pytest.raises(Forbidden):
        actions.end_proxy(given, actor=as_other)
    actions.end_proxy(given, actor=as_security)
    given = give(one, other, actor=as_security)
    actions.end_proxy(given, actor=as_one)


def test_proxies_are_listed_with_names_and_state(two):
    one, other = two
    later = give(one, other, since=today() + timedelta(days=20))
    now = give(one, other)
    states = {g.proxy.id: (g.principal, g.delegate, g.state(today())) for g in queries.proxies(one)}
    assert states == {now: ("甲", "乙", "running"), later: ("甲", "乙", "to come")}
    assert [g.proxy.id for g in queries.proxies(on=today())] == [now]
    actions.end_proxy(now, actor=SYSTEM)
    assert queries.proxy(now).state(today()) == "ended" and queries.proxy(later).state(date(2099, 1, 1)) == "over"
    assert queries.proxies(somebody("9")) == []


def test_a_post_gained_later_shows_in_the_review_and_only_while_the_proxy_ran(two):
    one, other = two
    given = give(one, other, posts=["HQ.CG"])
    hold(other, "JJ.ZR", since=today() + timedelta(days=2))

    def review() -> list[Finding]:
        return [f for f in queries.review(today(), today() + timedelta(days=99)) if f.rule == "proxy"]

    (found,) = review()
    assert (found.since, found.until) == (today() + timedelta(days=2), today() + timedelta(days=10))
    assert found.people == (other, one) and found.basis == "监督不经办业务"
    actions.end_proxy(given, actor=SYSTEM)
    assert review() == []


def test_of_two_mutual_proxies_given_at_once_one_is_refused(app):
    plan()
    people = [somebody(str(n), f"人{n}", f"P{n}", "HQ") for n in range(2)]
    for person in people:
        hold(person, "ANY.CLK", department_code="HQ")
    outcomes, ready = [], threading.Barrier(2)

    def act(one: int, other: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                give(one, other)
                outcomes.append("given")
            except Refused as refusal:
                outcomes.append(refusal.objections[0].constraint)
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=act, args=pair) for pair in (people, people[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["cycle", "given"]
