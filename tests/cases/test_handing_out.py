"""Strategies, detours and what the clock hands out, where it gets difficult: nobody left, two at once, changed minds."""
from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from app import jobs
from app.cases import actions, history, lists, queries, worklists
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.organisation import actions as organisation
from app.organisation import queries as register
from app.trail import queries as trail
from tests.cast import SINCE, SYSTEM
from tests.diagrams import both, diagram, end, flow, start
from tests.patterns.conftest import FORM, House, deployed, house, items, status, take, task

__all__ = ["house"]


def away(who: Any) -> int:
    return organisation.record_absence(person_id=who.person_id, since=SINCE, reason="出差", actor=SYSTEM)


# -- strategies -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("strategy", "best", "next_"), [
    ("shortest-queue", "dora", "frank"), ("round-robin", "dora", "frank"), ("experienced", "dora", "frank"),
    ("least-experienced", "dora", "frank"), ("capability:audit", "dora", "frank"),
])
def test_where_the_best_may_not_the_next_best_by_the_same_measure_has_it(
    house: House, strategy: str, best: str, next_: str
) -> None:
    """Eve would be second; she approved, and who approves does not audit."""
    for who in (house.dora, house.eve, house.frank):
        organisation.grant_capability(person_id=who.person_id, name="audit", since=SINCE, actor=SYSTEM)
    house.process(
        task("approve", "HEAD"), task("audit", allocation=strategy), constraints='<gz:differ nodes="approve audit"/>')
    case = house.case()
    take(case, "approve", house.eve)
    assert house.has(case, "audit") == best
    take(case, "audit", house.dora) if strategy == "least-experienced" else None
    away(house.dora)
    other = house.case()
    take(other, "approve", house.eve)
    assert house.has(other, "audit") == next_


@pytest.mark.parametrize("strategy", [
    "staff:nobody", "staff:3", "person:note", "person:nothing", "familiar:apply", "head-of:audit", "capability:flying",
    "case-handler", "offer:staff:3",
])
def test_where_a_strategy_finds_nobody_who_may_it_is_offered_to_the_post(house: House, strategy: str) -> None:
    house.process(task("audit", allocation=strategy))
    case = house.case()
    item = items(case)["audit"]
    assert (item.state, item.assignee_id, item.offered_to_id) == ("offered", None, None)
    take(case, "audit", house.frank)
    assert status(case) == "completed"


def test_no_strategy_hands_work_to_somebody_the_rules_keep_away(house: House) -> None:
    """Eve applied for it herself, in effect: she approved. Whatever the diagram wishes, she does not get the audit."""
    wishes = ["staff:5", "familiar:approve", "case-handler:m", "person:person", "offer:familiar:approve"]
    for wish in wishes:
        house.process(
            task("approve", "HEAD", allocation="case-handler:m" if "handler" in wish else "offer"),
            task("audit", allocation=wish), constraints='<gz:differ nodes="approve audit"/>', key=f"w{wishes.index(wish)}")
        case = house.case(key=f"w{wishes.index(wish)}", person=house.eve.person_id)
        take(case, "approve", house.eve)
        item = items(case)["audit"]
        assert house.eve.person_id not in (item.assignee_id, item.offered_to_id), wish


def test_what_comes_round_again_goes_to_whoever_did_it_and_not_to_the_next_in_turn(house: House) -> None:
    house.process(task("audit", allocation="round-robin"), task("file"))
    case = house.case()
    take(case, "audit", house.dora)
    actions.claim(items(case)["file"].id, actor=house.frank)
    item = items(case)["file"]
    actions.return_(item.id, actor=house.frank, version=item.version, opinion="再审")
    assert house.has(case, "audit") == "dora"
    assert house.has(house.case(), "audit") == "eve"


def test_turns_survive_a_restart_and_a_new_version(house: House) -> None:
    from app.extensions import db

    house.process(task("audit", allocation="round-robin"))
    assert house.has(house.case(), "audit") == "dora"
    db.session.remove()
    db.engine.dispose()
    house.process(task("audit", allocation="round-robin"), task("file"))
    assert house.has(house.case(), "audit") == "eve"


def test_an_offer_to_one_who_is_away_becomes_everybodys(house: House) -> None:
    house.process(task("audit", allocation="offer:shortest-queue"))
    case = house.case()
    assert items(case)["audit"].offered_to_id == house.dora.person_id
    assert jobs.hand_out_due() == 0
    away(house.dora)
    assert jobs.hand_out_due() == 1
    take(case, "audit", house.frank)


def test_only_whom_it_is_offered_to_declines(house: House) -> None:
    house.process(task("audit", allocation="offer:shortest-queue"), task("file"))
    case = house.case()
    item = items(case)["audit"]
    with pytest.raises(Conflict, match="not offered to you alone"):
        actions.decline_offer(item.id, actor=house.frank, version=item.version)
    take(case, "audit", house.dora)
    open_ = items(case)["file"]
    with pytest.raises(Conflict, match="not offered to you alone"):
        actions.decline_offer(open_.id, actor=house.frank, version=open_.version)


# -- the register of capabilities -------------------------------------------------------------------------------------

def test_capabilities_have_levels_and_dates(house: House) -> None:
    dora = house.dora.person_id
    organisation.grant_capability(person_id=dora, name="english", level=1, since=date(2024, 1, 1), actor=SYSTEM)
    organisation.grant_capability(person_id=dora, name="english", level=2, since=date(2025, 1, 1), actor=SYSTEM)
    assert register.capable("english", 1, date(2024, 12, 31)) == {dora: 1}
    assert register.capable("english", 1, date(2025, 1, 1)) == {dora: 2}
    assert register.capable("english", 3, date(2025, 1, 1)) == {}
    (_, now) = register.capabilities_of(dora)
    organisation.end_capability(now.id, until=date(2025, 6, 30), actor=SYSTEM)
    assert register.capable("english", 0, date(2025, 7, 1)) == {}
    with pytest.raises(Conflict):
        organisation.end_capability(now.id, until=date(2025, 6, 30), actor=SYSTEM)


@pytest.mark.parametrize(("wrong", "field"), [
    ({"name": "two words"}, "name"), ({"name": "a>=2"}, "name"), ({"name": ""}, "name"), ({"name": "x" * 61}, "name"),
    ({"level": 10}, "level"), ({"level": -1}, "level"), ({"level": True}, "level"), ({"level": "2"}, "level"),
    ({"until": date(2019, 1, 1)}, "until"), ({"since": "2020-01-01"}, "since"),
])
def test_a_capability_that_makes_no_sense_is_refused_at_its_field(house: House, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        organisation.grant_capability(**{
            "person_id": house.dora.person_id, "name": "english", "level": 1, "since": SINCE, "actor": SYSTEM, **wrong})
    assert set(error.value.errors) == {field}
    with pytest.raises(NotFound):
        organisation.grant_capability(person_id=10**9, name="english", since=SINCE, actor=SYSTEM)


# -- taking back ------------------------------------------------------------------------------------------------------

def last_done(house: House, who: Any) -> int:
    return lists.work_items("completed", person=who.person_id).items[0].id


def forked(house: House) -> int:
    parts = [task("apply", "CLK"), task("one", "HEAD"), task("two", "ACC"), task("close", "ACC")]
    deployed(diagram(
        "forked", start("s"), *(drawn for _, drawn in parts), both("fork"), both("join"), end("e"),
        flow("f1", "fork", "one"), flow("f2", "fork", "two"), flow("f3", "one", "join"), flow("f4", "two", "join"),
        flow("f5", "join", "close"), flow("f6", "close", "e"), path="s apply fork",
    ), {"note": FORM})
    return house.case(key="forked")


def test_taking_back_withdraws_every_branch_that_was_only_offered(house: House) -> None:
    case = forked(house)
    actions.take_back(last_done(house, house.ada), actor=house.ada)
    assert set(items(case)) == {"apply"} and house.has(case, "apply") == "ada"
    take(case, "apply", house.ada)
    assert set(items(case)) == {"one", "two"}


@pytest.mark.parametrize("what", ["claimed", "done"])
def test_nothing_is_taken_back_over_the_head_of_another_branch(house: House, what: str) -> None:
    case = forked(house)
    mine = last_done(house, house.ada)
    actions.claim(items(case)["two"].id, actor=house.dora)
    if what == "done":
        take(case, "two", house.dora)
    before = len(history.happenings(case))
    with pytest.raises(Conflict):
        actions.take_back(mine, actor=house.ada)
    assert len(history.happenings(case)) == before and "one" in items(case)


def test_what_was_given_back_untouched_can_still_not_be_taken_from_a_draft(house: House) -> None:
    house.process(task("audit"))
    case = house.case()
    actions.claim(items(case)["audit"].id, actor=house.dora)
    item = items(case)["audit"]
    version = actions.save(item.id, actor=house.dora, version=item.version, answers={"note": "半"})
    actions.release(item.id, actor=house.dora, version=version)
    with pytest.raises(Conflict, match="claimed"):
        actions.take_back(last_done(house, house.ada), actor=house.ada)


def test_an_ended_case_and_a_skipped_turn_are_not_taken_back(house: House) -> None:
    house.process(task("audit"))
    case = house.case()
    mine = last_done(house, house.ada)
    take(case, "audit", house.dora)
    for who in (house.ada, house.dora):
        with pytest.raises(Conflict):
            actions.take_back(mine if who is house.ada else last_done(house, who), actor=who)


def test_of_two_who_act_at_once_one_takes_back_or_one_claims(house: House) -> None:
    house.process(task("audit"))
    case = house.case()
    mine, offered = last_done(house, house.ada), items(case)["audit"].id
    gate, won = threading.Barrier(2), []

    def do(name: str, act: Any) -> None:
        with house.app.app_context():
            gate.wait()
            try:
                act()
                won.append(name)
            except Conflict:
                pass

    threads = [
        threading.Thread(target=do, args=("back", lambda: actions.take_back(mine, actor=house.ada))),
        threading.Thread(target=do, args=("claim", lambda: actions.claim(offered, actor=house.dora))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert (set(items(case)), house.has(case, next(iter(items(case))))) == (
        ({"apply"}, "ada") if won == ["back"] else ({"audit"}, "dora"))
    assert trail.verify().ok


# -- ahead ------------------------------------------------------------------------------------------------------------

def test_what_was_done_ahead_counts_once_and_comes_round_again_as_usual(house: House) -> None:
    house.process(task("approve", "HEAD"), task("audit", predo="yes"), task("file", "ACC"))
    case = house.case()
    actions.do_ahead(case, "audit", actor=house.dora, answers={"note": "先审"})
    with pytest.raises(Conflict, match="done ahead"):
        actions.do_ahead(case, "audit", actor=house.frank)
    take(case, "approve", house.bob)
    assert set(items(case)) == {"file"}
    actions.claim(items(case)["file"].id, actor=house.frank)
    item = items(case)["file"]
    actions.return_(item.id, actor=house.frank, version=item.version, opinion="再审", to="audit")
    assert house.has(case, "audit") == "dora"
    take(case, "audit", house.dora)
    take(case, "file", house.frank)
    assert status(case) == "completed" and trail.verify().ok


def test_who_did_it_ahead_has_acted_there_once_it_counts(house: House) -> None:
    house.process(
        task("approve", "HEAD"), task("audit", predo="yes"), task("file"), constraints='<gz:differ nodes="audit file"/>')
    case = house.case()
    actions.do_ahead(case, "audit", actor=house.dora)
    take(case, "approve", house.bob)
    with pytest.raises(Refused):
        actions.claim(items(case)["file"].id, actor=house.dora)


def test_what_cannot_be_done_ahead_is_said(house: House) -> None:
    house.process(task("approve", "HEAD"), task("audit", predo="yes"), task("file"))
    case = house.case()
    with pytest.raises(Conflict, match="does not let"):
        actions.do_ahead(case, "file", actor=house.dora)
    with pytest.raises(NotFound):
        actions.do_ahead(case, "nowhere", actor=house.dora)
    with pytest.raises(Invalid):
        actions.do_ahead(case, "audit", actor=house.dora, answers={"note": "x" * 500})
    with pytest.raises(Invalid):
        actions.do_ahead(case, "audit", actor=house.dora, decision="agree")
    take(case, "approve", house.bob)
    with pytest.raises(Conflict, match="open already"):
        actions.do_ahead(case, "audit", actor=house.dora)
    assert worklists.coming(house.dora.person_id) == []


def test_a_form_that_says_whom_the_case_is_about_is_not_skipped(house: House) -> None:
    """Skipped, the rule of recusal would never learn of whom it must keep people away."""
    house.process(
        task("visit", skippable="yes"), task("audit"), constraints='<gz:recuse nodes="audit" party="person"/>')
    case = house.case()
    actions.claim(items(case)["visit"].id, actor=house.dora)
    item = items(case)["visit"]
    with pytest.raises(Conflict, match="whom the case is about"):
        actions.skip(item.id, actor=house.dora, version=item.version, reason="不必")


# -- the clock --------------------------------------------------------------------------------------------------------

def late(house: House, *, to: str = "", constraints: str = "") -> int:
    inside = f'<gz:escalate to="{to}"/>' if to else "<gz:escalate/>"
    house.process(task("approve", "HEAD"), task("audit", inside=inside), constraints=constraints)
    case = house.case()
    take(case, "approve", house.eve)
    actions.claim(items(case)["audit"].id, actor=house.dora)
    house.wait(days=5)
    return case


def test_without_a_post_it_goes_to_the_others_of_its_own(house: House) -> None:
    case = late(house, constraints='<gz:differ nodes="approve audit"/>')
    assert jobs.hand_out_due() == 1
    assert house.has(case, "audit") == "frank"  # Eve approved, Dora was late
    assert jobs.hand_out_due() == 0  # once


def test_where_nobody_in_line_may_act_it_stays_and_the_trail_says_so(house: House) -> None:
    case = late(house, to="HEAD", constraints='<gz:differ nodes="approve audit"/>')
    away(house.bob)
    assert jobs.hand_out_due() == 1
    assert house.has(case, "audit") == "dora" and items(case)["audit"].post == "ACC"
    assert "nobody" in history.happenings(case, ["work_item.escalated"])[0].body["because"]["en"]
    take(case, "audit", house.dora)


def test_escalated_work_is_finished_only_by_the_post_in_line_and_by_its_own(house: House) -> None:
    case = late(house, to="HEAD", constraints='<gz:differ nodes="approve audit"/>')
    version = actions.save(items(case)["audit"].id, actor=house.dora, version=items(case)["audit"].version,
                           answers={"note": "半"})
    assert version and jobs.hand_out_due() == 1
    assert house.has(case, "audit") == "bob"
    item = items(case)["audit"]
    assert queries.work_item(item.id, actor=house.bob).draft["answers"] == {"note": "半"}
    actions.release(item.id, actor=house.bob, version=item.version)
    for who in (house.carol, house.eve, house.ada):
        with pytest.raises(Refused):
            actions.claim(item.id, actor=who)
    take(case, "audit", house.dora)  # her plan is the gate's plan: the way back stays open
    assert status(case) == "completed"


def test_suspended_cases_and_what_is_laid_aside_do_not_escalate(house: House) -> None:
    case = late(house)
    actions.suspend(case, actor=house.dora, reason="等")
    assert jobs.hand_out_due() == 0
    actions.resume(case, actor=house.dora)
    item = items(case)["audit"]
    actions.suspend_item(item.id, actor=house.dora, version=item.version, reason="等")
    assert jobs.hand_out_due() == 0


def test_what_is_held_back_is_offered_in_the_order_it_came(house: House) -> None:
    house.process(task("audit", distribution="late:2", allocation="round-robin"))
    cases = [house.case() for _ in range(5)]
    assert [str(items(case)["audit"].state) for case in cases] == ["allocated"] * 2 + ["created"] * 3
    assert house.has(cases[1], "audit") == "eve"
    assert len(queries.case(cases[2], actor=house.ada).items) == 1
    take(cases[1], "audit", house.eve)
    take(cases[0], "audit", house.dora)
    assert jobs.hand_out_due() == 2
    assert [str(items(case)["audit"].state) for case in cases[2:]] == ["allocated", "allocated", "created"]
    assert house.has(cases[2], "audit") == "frank"  # whose turn it is by then
    actions.cancel(cases[4], actor=house.ada, reason="不用了")
    assert not items(cases[4]) and jobs.hand_out_due() == 0


# -- beginning and laying aside ---------------------------------------------------------------------------------------

def test_only_the_holder_lays_aside_and_takes_up(house: House) -> None:
    house.process(task("audit"))
    case = house.case()
    actions.claim(items(case)["audit"].id, actor=house.dora)
    item = items(case)["audit"]
    with pytest.raises(Conflict):
        actions.suspend_item(item.id, actor=house.frank, version=item.version, reason="x")
    with pytest.raises(Invalid):
        actions.suspend_item(item.id, actor=house.dora, version=item.version, reason="")
    actions.suspend_item(item.id, actor=house.dora, version=item.version, reason="等")
    now = items(case)["audit"]
    for who, act in ((house.frank, actions.resume_item), (house.dora, actions.commence)):
        with pytest.raises(Conflict):
            act(item.id, actor=who, version=now.version)
    with pytest.raises(Conflict, match="stale"):
        actions.resume_item(item.id, actor=house.dora, version=item.version)
    house.wait(hours=3)
    actions.resume_item(item.id, actor=house.dora, version=now.version)
    assert items(case)["audit"].due_at - item.due_at == timedelta(hours=3)


def test_a_machine_has_no_settings_and_nobody_settles_for_another(house: House) -> None:
    with pytest.raises(Forbidden):
        actions.set_work(actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.set_work(actor=house.dora, ordering="backwards")
    with pytest.raises(Invalid):
        actions.set_office_ordering("backwards", actor=SYSTEM)
    actions.set_work(actor=house.dora, ordering="risk")
    actions.set_work(actor=house.dora, chained=True)
    assert worklists.settings_of(house.dora.person_id) == worklists.Settings(None, True, ())
    assert worklists.settings_of(house.frank.person_id) == worklists.Settings()


@pytest.mark.parametrize("ordering", ["due", "arrival", "newest", "risk"])
def test_pages_of_a_list_follow_each_other_in_every_order(house: House, ordering: str) -> None:
    house.process(task("audit", days="3"), key="slow")
    house.process(task("audit", days="1"), key="fast")
    made = [house.case(key=key) for key in ("slow", "fast", "slow", "fast", "fast")]
    seen: list[int] = []
    cursor = None
    while True:
        page = lists.work_items("offered", person=house.dora.person_id, ordering=ordering, page_size=2, cursor=cursor)
        seen += [item.case_id for item in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    fast, slow = [made[1], made[3], made[4]], [made[0], made[2]]
    assert seen == {"due": fast + slow, "arrival": made, "newest": made[::-1], "risk": made}[ordering]
