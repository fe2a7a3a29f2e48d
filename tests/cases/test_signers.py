"""转办, 委派, 加签, 减签: who else acts on a work item, and what the case waits for."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions, history, lists, queries
from app.cases.acts import Acts
from app.cases.models import Case
from app.cases.statements import ITEM
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.trail import queries as trail
from tests.diagrams import diagram, end, start, user

from .conftest import GOOD, NOTE, deployed, items, status, take

#: One decides twice: two reviews after an application, whoever applied does neither, and one does not do both.
CHECKED = diagram(
    "checked", start("s"), user("apply", "CLK", form="note"), user("check", "HEAD", form="note", decisions="agree refuse"),
    user("close", "ACC", form="note"), end("e"), path="s apply check close e",
    constraints='<gz:differ id="c1" nodes="apply check close" basis="内控规范第十二条"/>',
)


@pytest.fixture
def office(office: SimpleNamespace) -> SimpleNamespace:
    deployed(CHECKED, {"note": NOTE})
    return office


@pytest.fixture
def at_check(office: SimpleNamespace) -> SimpleNamespace:
    """A case at ``check``, in Bob's hands."""
    case_id = actions.start("checked", actor=office.ada, answers={"note": "申请"})
    actions.claim(items(case_id)["check"].id, actor=office.bob)
    item = items(case_id)["check"]
    return SimpleNamespace(case=case_id, item=item.id, **vars(office))


def item(item_id: int) -> Any:
    row = db.session.execute(ITEM.select().where(ITEM.c.id == item_id)).one()
    db.session.rollback()
    return row


def beside(item_id: int) -> dict[int, Any]:
    """The signers' work items of a parent by person, the latest of each."""
    rows = db.session.execute(ITEM.select().where(ITEM.c.parent_id == item_id).order_by(ITEM.c.id)).all()
    db.session.rollback()
    return {row.assignee_id: row for row in rows}


def acts_of(case_id: int) -> Acts:
    row = db.session.get(Case, case_id)
    acts = Acts.read(row.acts)
    db.session.rollback()
    return acts


def add(at: Any, *who: Any, position: str = "before", **more: Any) -> None:
    actions.add_signer(
        at.item, actor=at.bob, version=item(at.item).version, persons=[one.person_id for one in who],
        position=position, reason="请会签", **more,
    )


def sign(at: Any, who: Any, decision: str = "agree", opinion: str | None = None) -> None:
    mine = beside(at.item)[who.person_id]
    actions.complete(mine.id, actor=who, version=mine.version, decision=decision, opinion=opinion)


def done(at: Any, **what: Any) -> None:
    actions.complete(at.item, actor=at.bob, version=item(at.item).version, **{"decision": "agree", **what})


def told(case_id: int, *whats: str) -> list[Any]:
    found = [h.body for h in history.happenings(case_id, whats)]
    db.session.rollback()
    return found


# -- transfer ---------------------------------------------------------------------------------------------------------

def test_a_transferred_item_is_its_new_holders_alone(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.transfer(at.item, actor=at.bob, version=item(at.item).version, to=at.eve.person_id, reason="出差")
    assert item(at.item).assignee_id == at.eve.person_id
    with pytest.raises(Conflict, match="not yours"):
        done(at)
    take(at.case, "check", at.eve, decision="agree")
    entry = told(at.case, "work_item.transferred")[0]
    assert entry["who"]["person"] == at.bob.person_id and entry["to"] == at.eve.person_id and entry["reason"] == "出差"
    assert acts_of(at.case).performed["check"] == [at.eve.person_id]


def test_nobody_is_given_what_a_rule_keeps_from_them_and_the_attempt_is_recorded(office: SimpleNamespace) -> None:
    case_id = actions.start("approval", actor=office.ada, answers=GOOD)
    take(case_id, "approve", office.eve, decision="agree")
    audit = items(case_id)["audit"]
    actions.claim(audit.id, actor=office.dora)
    with pytest.raises(Refused) as refusal:
        actions.transfer(audit.id, actor=office.dora, version=2, to=office.eve.person_id, reason="请代劳")
    assert "Eve" in refusal.value.text.zh
    objection = refusal.value.objections[0]
    assert objection.constraint == "c1" and office.frank.person_id in objection.instead
    assert told(case_id, "work_item.refused")[0]["attempted"] == "work_item.transferred"
    assert items(case_id)["audit"].assignee_id == office.dora.person_id


@pytest.mark.parametrize("to", ["carol", "bob"])
def test_a_transfer_goes_to_somebody_else_who_holds_the_post(at_check: SimpleNamespace, to: str) -> None:
    at = at_check
    wrong = Invalid if to == "bob" else Refused
    with pytest.raises(wrong):
        actions.transfer(at.item, actor=at.bob, version=2, to=getattr(at, to).person_id, reason="出差")
    assert item(at.item).assignee_id == at.bob.person_id


def test_a_transfer_needs_a_reason_a_person_and_the_present_version(at_check: SimpleNamespace) -> None:
    at = at_check
    with pytest.raises(Invalid) as error:
        actions.transfer(at.item, actor=at.bob, version=2, to=at.eve.person_id, reason="  ")
    assert set(error.value.errors) == {"reason"}
    with pytest.raises(Invalid) as error:
        actions.transfer(at.item, actor=at.bob, version=2, to=10**9, reason="出差")
    assert set(error.value.errors) == {"to"}
    with pytest.raises(Conflict, match="stale"):
        actions.transfer(at.item, actor=at.bob, version=1, to=at.eve.person_id, reason="出差")
    with pytest.raises(Conflict, match="not yours"):
        actions.transfer(at.item, actor=at.eve, version=2, to=at.eve.person_id, reason="出差")


def test_the_draft_of_who_had_it_is_not_handed_on(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.save(at.item, actor=at.bob, version=2, answers={"note": "未完"})
    actions.transfer(at.item, actor=at.bob, version=3, to=at.eve.person_id, reason="出差")
    assert item(at.item).draft is None


def test_a_transfer_is_told_on_the_new_holders_home_page(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.transfer(at.item, actor=at.bob, version=2, to=at.eve.person_id, reason="出差")
    assert any("check" in notice.text for notice in lists.notices(at.eve.person_id))


# -- delegation -------------------------------------------------------------------------------------------------------

def test_what_is_delegated_comes_back_and_its_assignee_must_finish_it(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.delegate(at.item, actor=at.bob, version=2, to=at.carol.person_id, reason="请先拟办")
    with pytest.raises(Conflict, match="Carol must sign first"):
        done(at)
    mine = beside(at.item)[at.carol.person_id]
    actions.complete(mine.id, actor=at.carol, version=1, answers={"note": "拟同意"}, decision="agree", opinion="材料齐全")
    assert item(at.item).state == "allocated" and status(at.case) == "running" and "close" not in items(at.case)
    assert beside(at.item)[at.carol.person_id].opinion == "材料齐全"
    done(at)
    assert "close" in items(at.case)
    assert told(at.case, "work_item.delegated")[0]["to"] == at.carol.person_id
    assert told(at.case, "work_item.proposed")[0]["opinion"] == "材料齐全"


def test_who_did_it_for_another_counts_as_having_acted_there(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.delegate(at.item, actor=at.bob, version=2, to=at.dora.person_id, reason="请先拟办")
    mine = beside(at.item)[at.dora.person_id]
    actions.complete(mine.id, actor=at.dora, version=1, decision="agree")
    done(at)
    with pytest.raises(Refused) as refusal:
        actions.claim(items(at.case)["close"].id, actor=at.dora)
    assert ("check", at.dora.person_id) in refusal.value.objections[0].earlier


def test_it_is_not_delegated_to_who_has_acted_before(at_check: SimpleNamespace) -> None:
    at = at_check
    with pytest.raises(Refused) as refusal:
        actions.delegate(at.item, actor=at.bob, version=2, to=at.ada.person_id, reason="请先拟办")
    assert refusal.value.objections[0].constraint == "c1"


def test_a_delegate_hands_nothing_on(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.delegate(at.item, actor=at.bob, version=2, to=at.carol.person_id, reason="请先拟办")
    mine = beside(at.item)[at.carol.person_id].id
    with pytest.raises(Conflict, match="not handed on"):
        actions.transfer(mine, actor=at.carol, version=1, to=at.grace.person_id, reason="转手")
    with pytest.raises(Conflict, match="not handed on"):
        actions.delegate(mine, actor=at.carol, version=1, to=at.grace.person_id, reason="转手")
    with pytest.raises(Conflict, match="not handed on"):
        actions.add_signer(
            mine, actor=at.carol, version=1, persons=[at.grace.person_id], position="before", reason="转手")
    with pytest.raises(Conflict, match="no post"):
        actions.release(mine, actor=at.carol, version=1)
    with pytest.raises(Conflict, match="returns nothing"):
        actions.return_(mine, actor=at.carol, version=1, opinion="退")


def test_what_is_delegated_can_be_taken_back_and_is_delegated_once_at_a_time(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.delegate(at.item, actor=at.bob, version=2, to=at.carol.person_id, reason="请先拟办")
    with pytest.raises(Conflict, match="delegated already"):
        actions.delegate(at.item, actor=at.bob, version=3, to=at.frank.person_id, reason="再委派")
    actions.remove_signer(at.item, actor=at.bob, version=3, person=at.carol.person_id, reason="自己来")
    assert beside(at.item)[at.carol.person_id].state == "withdrawn"
    done(at)
    assert "close" in items(at.case)
    assert at.carol.person_id not in acts_of(at.case).performed["check"]


def test_a_delegates_wrong_answers_are_told_at_their_fields(at_check: SimpleNamespace) -> None:
    at = at_check
    actions.delegate(at.item, actor=at.bob, version=2, to=at.carol.person_id, reason="请先拟办")
    mine = beside(at.item)[at.carol.person_id].id
    with pytest.raises(Invalid) as error:
        actions.complete(mine, actor=at.carol, version=1, answers={"note": "x" * 300})
    assert set(error.value.errors) == {"note", "decision"}


# -- signers ----------------------------------------------------------------------------------------------------------

def test_before_the_assignee_goes_on_everybody_added_before_has_signed(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank)
    with pytest.raises(Conflict, match="must sign first"):
        done(at)
    sign(at, at.carol)
    with pytest.raises(Conflict, match="Frank must sign first"):
        done(at)
    sign(at, at.frank, "disagree", "依据不足")
    done(at)  # a signer who disagrees does not decide for the assignee
    assert "close" in items(at.case)
    said = told(at.case, "work_item.signed")
    assert [(s["who"]["person"], s["decision"], s["opinion"]) for s in said] == [
        (at.carol.person_id, "agree", None), (at.frank.person_id, "disagree", "依据不足")]


def test_after_the_assignee_is_done_the_case_waits_for_who_signs_after(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.grace, position="after")
    assert beside(at.item) == {}
    done(at, opinion="同意")
    assert item(at.item).state == "completed" and item(at.item).opinion == "同意"
    assert "close" not in items(at.case)
    sign(at, at.grace)
    assert "close" not in items(at.case)
    sign(at, at.carol)
    assert "close" in items(at.case)
    assert queries.case(at.case, actor=at.ada).data["nodes"]["check"]["opinion"] == "同意"


@pytest.mark.parametrize("first", ["assignee", "signer"])
def test_beside_each_other_assignee_and_signer_finish_in_whatever_order(at_check: SimpleNamespace, first: str) -> None:
    at = at_check
    add(at, at.carol, position="beside")
    steps = [lambda: done(at), lambda: sign(at, at.carol)]
    for n, step in enumerate(steps if first == "assignee" else reversed(steps)):
        assert "close" not in items(at.case), n
        step()
    assert "close" in items(at.case)
    assert item(at.item).state == "completed"


@pytest.mark.parametrize("position", ["before", "after", "beside"])
def test_any_one_of_several_will_do_where_that_was_asked(at_check: SimpleNamespace, position: str) -> None:
    at = at_check
    add(at, at.carol, at.frank, at.grace, position=position, mode="any")
    if position != "before":
        done(at)
    sign(at, at.frank)
    if position == "before":
        done(at)
    assert "close" in items(at.case)
    assert {who: row.state for who, row in beside(at.item).items()} == {
        at.carol.person_id: "withdrawn", at.frank.person_id: "completed", at.grace.person_id: "withdrawn"}
    assert at.carol.person_id not in acts_of(at.case).performed["check"]


def test_signers_in_order_are_asked_one_after_the_other(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank, ordered=True)
    assert set(beside(at.item)) == {at.carol.person_id}
    sign(at, at.carol)
    assert beside(at.item)[at.frank.person_id].state == "allocated"
    with pytest.raises(Conflict, match="must sign first"):
        done(at)
    sign(at, at.frank)
    done(at)
    assert "close" in items(at.case)


def test_a_signer_counts_as_having_acted_from_when_they_are_added(at_check: SimpleNamespace) -> None:
    at = at_check
    with pytest.raises(Refused) as refusal:
        add(at, at.ada)  # who applied
    assert refusal.value.objections[0].constraint == "c1" and refusal.value.objections[0].basis == "内控规范第十二条"
    add(at, at.dora, position="after")
    done(at)
    sign(at, at.dora)
    with pytest.raises(Refused):
        actions.claim(items(at.case)["close"].id, actor=at.dora)
    take(at.case, "close", at.frank)
    assert status(at.case) == "completed" and trail.verify().ok


def test_signers_never_leave_a_later_task_with_nobody(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.dora, at.frank, position="after")  # Eve alone is left for ``close``
    with pytest.raises(Refused) as refusal:
        add(at, at.eve, position="after")
    assert refusal.value.objections[0].kind == "look-ahead"
    assert told(at.case, "signer.refused")[0]["attempted"] == "signer.added"


def test_several_are_asked_about_together_and_all_or_none_are_added(at_check: SimpleNamespace) -> None:
    at = at_check
    with pytest.raises(Refused):
        add(at, at.dora, at.frank, at.eve)
    assert beside(at.item) == {} and acts_of(at.case).signing == {}


def test_a_signer_who_has_not_signed_can_be_removed_and_one_who_has_cannot(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank)
    sign(at, at.carol)
    with pytest.raises(Conflict, match="nothing left to sign"):
        actions.remove_signer(
            at.item, actor=at.bob, version=item(at.item).version, person=at.carol.person_id, reason="误加")
    with pytest.raises(Conflict, match="not yours"):
        actions.remove_signer(
            at.item, actor=at.carol, version=item(at.item).version, person=at.frank.person_id, reason="误加")
    actions.remove_signer(at.item, actor=at.bob, version=item(at.item).version, person=at.frank.person_id, reason="误加")
    done(at)
    assert "close" in items(at.case)
    assert told(at.case, "signer.removed")[0]["person"] == at.frank.person_id


def test_the_case_goes_on_when_the_last_signer_it_waited_for_is_removed(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, position="after", ordered=True)
    add(at, at.grace, position="beside")
    done(at)
    sign(at, at.grace)
    version = item(at.item).version
    with pytest.raises(Conflict, match="stale"):
        actions.remove_signer(at.item, actor=at.bob, version=version - 1, person=at.carol.person_id, reason="出差")
    actions.remove_signer(at.item, actor=at.bob, version=version, person=at.carol.person_id, reason="出差")
    assert "close" in items(at.case)


def test_a_signer_lets_another_sign_instead(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol)
    mine = beside(at.item)[at.carol.person_id]
    with pytest.raises(Refused):
        actions.transfer(mine.id, actor=at.carol, version=1, to=at.ada.person_id, reason="请假")
    with pytest.raises(Invalid):
        actions.transfer(mine.id, actor=at.carol, version=1, to=at.bob.person_id, reason="请假")
    actions.transfer(mine.id, actor=at.carol, version=1, to=at.grace.person_id, reason="请假")
    sign(at, at.grace)
    done(at)
    assert set(acts_of(at.case).performed["check"]) == {at.grace.person_id, at.bob.person_id}


@pytest.mark.parametrize(("what", "field"), [
    ({"persons": []}, "persons"), ({"position": "behind"}, "position"), ({"mode": "most"}, "mode"),
    ({"mode": "any", "ordered": True}, "ordered"), ({"reason": ""}, "reason"), ({"persons": [10**9]}, "persons"),
])
def test_what_cannot_be_is_told_at_its_field(at_check: SimpleNamespace, what: dict[str, Any], field: str) -> None:
    at = at_check
    given = {"persons": [at.carol.person_id], "position": "before", "reason": "请会签", **what}
    with pytest.raises(Invalid) as error:
        actions.add_signer(at.item, actor=at.bob, version=2, **given)
    assert set(error.value.errors) == {field}


def test_nobody_signs_twice_or_beside_themselves(at_check: SimpleNamespace) -> None:
    at = at_check
    for who in ([at.bob], [at.carol, at.carol]):
        with pytest.raises(Invalid):
            add(at, *who)
    add(at, at.carol)
    with pytest.raises(Invalid):
        add(at, at.carol, position="after")


def test_a_signer_says_agree_or_disagree_with_an_opinion_and_fills_in_no_form(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol)
    mine = beside(at.item)[at.carol.person_id].id
    for given, field in (
        ({}, "decision"), ({"decision": "refuse"}, "decision"), ({"decision": "disagree"}, "opinion"),
        ({"decision": "agree", "answers": {"note": "x"}}, "note"), ({"decision": "agree", "opinion": "x" * 3000}, "opinion"),
    ):
        with pytest.raises(Invalid) as error:
            actions.complete(mine, actor=at.carol, version=1, **given)
        assert set(error.value.errors) == {field}, given
    for other in (at.bob, at.frank):
        with pytest.raises(Conflict, match="not yours"):
            actions.complete(mine, actor=other, version=1, decision="agree")


def test_a_signature_sent_twice_counts_once(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank)
    sign(at, at.carol)
    with pytest.raises(Conflict, match="nothing was done twice"):
        actions.complete(beside(at.item)[at.carol.person_id].id, actor=at.carol, version=1, decision="agree")


# -- combinations -----------------------------------------------------------------------------------------------------

def test_a_return_withdraws_who_has_not_signed_and_the_way_is_run_again(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank)
    add(at, at.grace, position="after")
    sign(at, at.carol)
    actions.return_(at.item, actor=at.bob, version=item(at.item).version, opinion="补材料", to="apply")
    assert beside(at.item)[at.frank.person_id].state == "withdrawn"
    assert acts_of(at.case).signing == {} and not [t for t in acts_of(at.case).held if t.startswith("-")]
    take(at.case, "apply", at.ada, answers={"note": "已补"})
    again = items(at.case)["check"]
    assert again.assignee_id == at.bob.person_id  # not a signer's, though a signer has acted there
    actions.add_signer(again.id, actor=at.bob, version=again.version, persons=[at.frank.person_id], position="before",
                       reason="再会签")
    mine = beside(again.id)[at.frank.person_id]
    actions.complete(mine.id, actor=at.frank, version=1, decision="agree")
    take(at.case, "check", at.bob, decision="agree")
    with pytest.raises(Refused):  # who signed in either round has acted there
        actions.claim(items(at.case)["close"].id, actor=at.frank)
    take(at.case, "close", at.dora)
    assert status(at.case) == "completed" and trail.verify().ok


def test_an_item_given_back_lets_its_signers_go(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, at.frank)
    sign(at, at.frank)
    actions.release(at.item, actor=at.bob, version=item(at.item).version)
    assert beside(at.item)[at.carol.person_id].state == "withdrawn"
    take(at.case, "check", at.eve, decision="agree")
    assert "close" in items(at.case)


def test_a_transferred_item_keeps_its_signers(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, position="after")
    with pytest.raises(Invalid):
        actions.transfer(
            at.item, actor=at.bob, version=item(at.item).version, to=at.carol.person_id, reason="出差")
    actions.transfer(at.item, actor=at.bob, version=item(at.item).version, to=at.eve.person_id, reason="出差")
    take(at.case, "check", at.eve, decision="agree")
    assert "close" not in items(at.case)
    sign(at, at.carol)
    assert "close" in items(at.case)


def test_a_cancelled_case_leaves_nobody_to_sign(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, position="beside")
    add(at, at.frank, position="after")
    done(at)
    actions.cancel(at.case, actor=at.ada, reason="不办了")
    assert {row.state for row in beside(at.item).values()} == {"withdrawn"}
    assert item(at.item).state == "completed"  # what was handed in stands
    with pytest.raises(Conflict):
        sign(at, at.carol)


def test_a_suspended_case_stands_still_with_its_signers_and_goes_on_with_them(at_check: SimpleNamespace) -> None:
    at = at_check
    add(at, at.carol, position="beside")
    done(at)
    actions.suspend(at.case, actor=at.ada, reason="等材料")
    with pytest.raises(Conflict, match="suspended"):
        sign(at, at.carol)
    actions.resume(at.case, actor=at.ada)
    sign(at, at.carol)
    assert "close" in items(at.case)


def test_two_sign_at_once_and_the_case_goes_on_once(at_check: SimpleNamespace, app: Any) -> None:
    import threading

    at = at_check
    add(at, at.carol, at.grace, position="after")
    done(at)
    mine = {who: beside(at.item)[who.person_id].id for who in (at.carol, at.grace)}
    gate, wrong = threading.Barrier(2), []

    def signs(who: Any) -> None:
        with app.app_context():
            gate.wait()
            try:
                actions.complete(mine[who], actor=who, version=1, decision="agree")
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=signs, args=(who,)) for who in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and "close" in items(at.case)
    assert len(told(at.case, "work_item.signed")) == 2 and trail.verify().ok


def test_who_signs_or_is_to_sign_sees_the_case_and_a_stranger_does_not(at_check: SimpleNamespace) -> None:
    at = at_check
    with pytest.raises(NotFound):
        queries.case(at.case, actor=at.carol)
    add(at, at.carol, at.grace, position="after", ordered=True)
    assert queries.case(at.case, actor=at.grace).case.id == at.case
    assert queries.case(at.case, actor=at.carol).case.id == at.case
    actions.remove_signer(at.item, actor=at.bob, version=item(at.item).version, person=at.grace.person_id, reason="误加")
    with pytest.raises(NotFound):
        queries.case(at.case, actor=at.grace)


def test_only_people_of_the_office_act(at_check: SimpleNamespace) -> None:
    from app.change import Actor

    at = at_check
    for verb in (
        lambda who: actions.transfer(at.item, actor=who, version=2, to=at.eve.person_id, reason="x"),
        lambda who: actions.delegate(at.item, actor=who, version=2, to=at.eve.person_id, reason="x"),
    ):
        with pytest.raises((Conflict, Forbidden)):
            verb(Actor.system("test"))


# -- interrupted, and one of several ----------------------------------------------------------------------------------

def test_an_interrupted_task_withdraws_its_signers_and_what_was_handed_in_stands(
    office: SimpleNamespace, app: Any,
) -> None:
    from datetime import UTC, datetime, timedelta

    from app import jobs
    from tests.diagrams import flow

    deployed(diagram(
        "urgent", start("s"), user("apply", "CLK", form="note"), user("check", "HEAD", form="note"),
        '<bpmn:boundaryEvent id="late" attachedToRef="check"><bpmn:timerEventDefinition id="td"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT1H'
        "</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>",
        user("close", "ACC", form="note"), end("e"), end("e2"), flow("f1", "late", "close"), flow("f2", "close", "e2"),
        path="s apply check e", constraints='<gz:differ id="c1" nodes="apply check close"/>',
    ), {"note": NOTE})
    case_id = actions.start("urgent", actor=office.ada, answers={"note": "x"})
    open_ = items(case_id)["check"]
    actions.claim(open_.id, actor=office.bob)
    at = SimpleNamespace(case=case_id, item=open_.id, **vars(office))
    add(at, at.dora, position="after")
    actions.complete(at.item, actor=at.bob, version=item(at.item).version)
    now = datetime.now(UTC) + timedelta(hours=2)
    app.config["CLOCK"] = lambda: now
    assert jobs.run_due_timers() == 1
    assert beside(at.item)[at.dora.person_id].state == "withdrawn" and item(at.item).state == "completed"
    assert acts_of(case_id).signing == {} and [held[0] for held in acts_of(case_id).held.values()] == ["close"]
    take(case_id, "close", at.dora)  # she has not signed, so nothing stands against her
    assert status(case_id) == "completed" and trail.verify().ok


def test_an_instance_of_several_waits_for_its_own_signers(office: SimpleNamespace) -> None:
    deployed(diagram(
        "several", start("s"), user("apply", "CLK", form="note"),
        user("look", "ACC", form="note", inside='<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality '
             'xsi:type="bpmn:tFormalExpression">2'
             "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"),
        user("close", "HEAD", form="note"), end("e"), path="s apply look close e",
        constraints='<gz:people id="p1" nodes="look" min="2" basis="两人以上"/>',
    ), {"note": NOTE})
    case_id = actions.start("several", actor=office.ada, answers={"note": "x"})
    first, second = db.session.execute(
        ITEM.select().where(ITEM.c.case_id == case_id, ITEM.c.node == "look").order_by(ITEM.c.id)).all()
    db.session.rollback()
    actions.claim(first.id, actor=office.dora)
    at = SimpleNamespace(case=case_id, item=first.id, **vars(office))
    actions.add_signer(first.id, actor=at.dora, version=2, persons=[at.carol.person_id], position="after", reason="x")
    actions.complete(first.id, actor=at.dora, version=3)
    with pytest.raises(Refused) as refusal:  # two people: not the one whose instance waits for its signer
        actions.claim(second.id, actor=at.dora)
    assert refusal.value.objections[0].constraint == "p1"
    actions.claim(second.id, actor=at.frank)
    actions.complete(second.id, actor=at.frank, version=2)
    assert "close" not in items(case_id)
    mine = beside(first.id)[at.carol.person_id]
    actions.complete(mine.id, actor=at.carol, version=1, decision="agree")
    assert "close" in items(case_id)
    assert sorted(acts_of(case_id).round["look"]) == sorted([[at.dora.person_id], [at.frank.person_id]])
