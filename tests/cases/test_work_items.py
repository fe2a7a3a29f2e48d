"""What people do with work items, on both databases."""
from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.cases import actions, history, lists, queries
from app.cases.models import CaseStatus
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.trail import queries as trail

from .conftest import GOOD, items, status, take


def refused_entries(case_id: int) -> list[Any]:
    return [h.body for h in history.happenings(case_id, ["work_item.refused"])]


def test_a_case_runs_from_request_to_end(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    take(case_id, "approve", office.bob, decision="agree")
    take(case_id, "audit", office.dora, decision="agree")
    assert status(case_id) == "completed"
    told = [h.what for h in history.happenings(case_id)]
    assert told[0] == "case.started" and told[-1] == "case.completed"
    assert told.count("work_item.completed") == 3
    assert trail.verify().ok


def test_the_title_of_a_case_comes_from_its_form(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    view = queries.case(case_id, actor=office.ada)
    assert view.case.title == "打印纸"
    assert view.case.number.startswith("APPROVAL-")


def test_a_case_started_without_answers_waits_in_the_initiators_inbox(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada)
    assert items(case_id)["apply"].assignee_id == office.ada.person_id
    take(case_id, "apply", office.ada, answers=GOOD)
    assert "approve" in items(case_id)
    assert queries.case(case_id, actor=office.ada).case.title == "打印纸"


def test_somebody_without_the_post_may_not_start(office: SimpleNamespace) -> None:
    with pytest.raises(Refused):
        actions.start("approval", actor=office.carol, answers=GOOD)
    assert lists.cases_of(office.carol.person_id) == []
    assert trail.search(trail.Filters(subject="cases")).records[0].what == "case.refused"


def test_a_person_who_acted_before_is_refused_told_why_and_written_down(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    take(case_id, "approve", office.eve, decision="agree")
    item = items(case_id)["audit"]
    with pytest.raises(Refused) as refusal:
        actions.claim(item.id, actor=office.eve)
    objection = refusal.value.objections[0]
    assert objection.constraint == "c1" and objection.basis == "内控规范第十二条"
    assert ("approve", office.eve.person_id) in objection.earlier
    assert set(objection.instead) == {office.dora.person_id, office.frank.person_id}
    assert items(case_id)["audit"].assignee_id is None
    written = refused_entries(case_id)
    assert len(written) == 1 and written[0]["objections"][0]["constraint"] == "c1"
    assert trail.verify().ok


def test_two_claim_at_once_and_one_wins(office: SimpleNamespace, app: Flask) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    item = items(case_id)["approve"]
    gate, outcomes = threading.Barrier(2), {}

    def claim(who: Any) -> None:
        with app.app_context():
            gate.wait()
            try:
                actions.claim(item.id, actor=who)
                outcomes[who.name] = "won"
            except Conflict as error:
                outcomes[who.name] = error.text.en

    threads = [threading.Thread(target=claim, args=(who,)) for who in (office.bob, office.eve)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.values(), key=lambda o: o != "won")[0] == "won"
    loser = next(text for text in outcomes.values() if text != "won")
    winner = next(name for name, text in outcomes.items() if text == "won")
    assert winner in loser and "claimed" in loser


def test_a_stale_page_cannot_finish_a_work_item(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada)
    item = items(case_id)["apply"]
    actions.save(item.id, actor=office.ada, version=item.version, answers={"purpose": "草稿"})
    with pytest.raises(Conflict, match="stale"):
        actions.complete(item.id, actor=office.ada, version=item.version, answers=GOOD)
    assert "apply" in items(case_id)


def test_a_work_item_of_somebody_else_cannot_be_completed(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    version = items(case_id)["approve"].version
    for who in (office.eve, office.carol):
        with pytest.raises(Conflict, match="not yours"):
            actions.complete(item.id, actor=who, version=version, decision="agree")


def test_a_draft_is_kept_on_the_server(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada)
    item = items(case_id)["apply"]
    actions.save(item.id, actor=office.ada, version=item.version, answers={"purpose": "未完", "amount": "abc"}, opinion="稍后")
    view = queries.work_item(item.id, actor=office.ada)
    assert view.draft == {"answers": {"purpose": "未完", "amount": "abc"}, "opinion": "稍后"}


def test_a_released_item_is_offered_to_its_post_again(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    actions.release(item.id, actor=office.bob, version=items(case_id)["approve"].version)
    assert items(case_id)["approve"].assignee_id is None
    take(case_id, "approve", office.eve, decision="agree")


def test_wrong_answers_are_told_at_their_fields_and_nothing_is_written(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada)
    item = items(case_id)["apply"]
    before = len(history.happenings(case_id))
    with pytest.raises(Invalid) as error:
        actions.complete(item.id, actor=office.ada, version=item.version, answers={"purpose": "x", "amount": "12.345"})
    assert set(error.value.errors) == {"purpose", "amount"}
    assert len(history.happenings(case_id)) == before
    assert items(case_id)["apply"].version == item.version


def test_a_refusal_by_a_person_needs_an_opinion_and_ends_the_case(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    actions.claim(items(case_id)["approve"].id, actor=office.bob)
    item = items(case_id)["approve"]
    with pytest.raises(Invalid) as error:
        actions.complete(item.id, actor=office.bob, version=item.version, decision="refuse")
    assert "opinion" in error.value.errors
    with pytest.raises(Invalid) as error:
        actions.complete(item.id, actor=office.bob, version=item.version, decision="maybe")
    assert "decision" in error.value.errors
    actions.complete(item.id, actor=office.bob, version=item.version, decision="refuse", opinion="超预算")
    assert status(case_id) == "completed" and not items(case_id)


def test_a_returned_case_goes_to_whoever_did_it_and_runs_the_way_again(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    take(case_id, "approve", office.bob, decision="agree")
    actions.claim(items(case_id)["audit"].id, actor=office.dora)
    item = items(case_id)["audit"]
    with pytest.raises(Invalid):
        actions.return_(item.id, actor=office.dora, version=item.version, opinion="  ")
    actions.return_(item.id, actor=office.dora, version=item.version, opinion="缺验收单", to="initiator")
    assert items(case_id)["apply"].assignee_id == office.ada.person_id
    take(case_id, "apply", office.ada, answers={**GOOD, "amount": "99"})
    assert items(case_id)["approve"].assignee_id == office.bob.person_id
    take(case_id, "approve", office.bob, decision="agree")
    take(case_id, "audit", office.dora, decision="agree")
    assert status(case_id) == "completed"


def test_a_returned_case_may_come_straight_back(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    take(case_id, "approve", office.bob, decision="agree")
    actions.claim(items(case_id)["audit"].id, actor=office.dora)
    item = items(case_id)["audit"]
    actions.return_(item.id, actor=office.dora, version=item.version, opinion="补", to="apply", straight_back=True)
    take(case_id, "apply", office.ada, answers=GOOD)
    assert set(items(case_id)) == {"audit"}
    assert items(case_id)["audit"].assignee_id == office.dora.person_id


def test_it_cannot_be_returned_to_a_node_that_was_not_done(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    actions.claim(items(case_id)["approve"].id, actor=office.bob)
    item = items(case_id)["approve"]
    for nowhere in ("audit", "e", "no such node"):
        with pytest.raises(Conflict):
            actions.return_(item.id, actor=office.bob, version=item.version, opinion="x", to=nowhere)


def test_a_join_waits_for_both_branches_after_a_return(office: SimpleNamespace) -> None:
    case_id = actions.start("reviews", actor=office.ada, answers={})
    take(case_id, "one", office.bob)
    take(case_id, "two", office.dora)
    actions.claim(items(case_id)["close"].id, actor=office.frank)
    item = items(case_id)["close"]
    actions.return_(item.id, actor=office.frank, version=item.version, opinion="重来", to="initiator")
    take(case_id, "apply", office.ada)
    assert set(items(case_id)) == {"one", "two"}
    take(case_id, "two", office.dora)
    assert set(items(case_id)) == {"one"}
    take(case_id, "one", office.bob)
    assert set(items(case_id)) == {"close"}


def test_a_return_from_one_branch_withdraws_the_other(office: SimpleNamespace) -> None:
    case_id = actions.start("reviews", actor=office.ada, answers={})
    actions.claim(items(case_id)["one"].id, actor=office.bob)
    actions.claim(items(case_id)["two"].id, actor=office.dora)
    old = items(case_id)["two"]
    item = items(case_id)["one"]
    actions.return_(item.id, actor=office.bob, version=item.version, opinion="退", to="apply")
    assert set(items(case_id)) == {"apply"}
    with pytest.raises(Conflict):
        actions.complete(old.id, actor=office.dora, version=old.version)


def test_only_the_initiator_cancels(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    with pytest.raises(Forbidden):
        actions.cancel(case_id, actor=office.bob, reason="x")
    with pytest.raises(Invalid):
        actions.cancel(case_id, actor=office.ada, reason="")
    actions.cancel(case_id, actor=office.ada, reason="不需要了")
    assert status(case_id) == CaseStatus.CANCELLED and not items(case_id)
    with pytest.raises(Conflict):
        actions.cancel(case_id, actor=office.ada, reason="再撤")


def test_a_suspended_case_stands_still_and_its_deadlines_move(office: SimpleNamespace, app: Flask) -> None:
    from datetime import UTC, datetime, timedelta

    moment = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    app.config["CLOCK"] = lambda: moment
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    due = items(case_id)["approve"].due_at
    actions.suspend(case_id, actor=office.ada, reason="等材料")
    with pytest.raises(Conflict, match="suspended"):
        actions.claim(items(case_id)["approve"].id, actor=office.bob)
    moment += timedelta(days=2)
    actions.resume(case_id, actor=office.ada)
    assert items(case_id)["approve"].due_at == due + timedelta(days=2)
    take(case_id, "approve", office.bob, decision="agree")


def test_an_outsider_sees_neither_case_nor_work_item(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    with pytest.raises(NotFound):
        queries.case(case_id, actor=office.carol)
    with pytest.raises(NotFound):
        queries.work_item(items(case_id)["approve"].id, actor=office.carol)
    assert lists.work_items("offered", person=office.carol.person_id).items == []


def test_the_inbox_offers_only_what_one_may_do(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    assert [i.case_id for i in lists.work_items("offered", person=office.bob.person_id).items] == [case_id]
    take(case_id, "approve", office.eve, decision="agree")
    assert lists.work_items("offered", person=office.eve.person_id).items == []
    assert len(lists.work_items("offered", person=office.dora.person_id).items) == 1
    assert [i.node for i in lists.work_items("completed", person=office.eve.person_id).items] == ["approve"]


def test_pages_of_the_inbox_follow_each_other(office: SimpleNamespace) -> None:
    made = [actions.start("approval", actor=office.ada, answers=GOOD) for _ in range(7)]
    seen, cursor = [], None
    while True:
        page = lists.work_items("offered", person=office.bob.person_id, page_size=3, cursor=cursor)
        seen += [i.case_id for i in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == made
