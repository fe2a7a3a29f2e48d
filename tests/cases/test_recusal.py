"""回避 in one case: declared, found, asked for; what one held goes back."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions, history
from app.cases.acts import Acts
from app.cases.models import Case, Recusal
from app.cases.statements import ITEM
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cast import SYSTEM

from .conftest import GOOD, items, take


@pytest.fixture
def at(powers: SimpleNamespace) -> SimpleNamespace:
    """A case at ``approve``, in Bob's hands."""
    case_id = actions.start("approval", actor=powers.ada, answers=GOOD)
    actions.claim(items(case_id)["approve"].id, actor=powers.bob)
    return SimpleNamespace(case=case_id, item=items(case_id)["approve"].id, **vars(powers))


def told(case_id: int, *whats: str) -> list[Any]:
    found = [h.body for h in history.happenings(case_id, whats)]
    db.session.rollback()
    return found


def acts_of(case_id: int) -> Acts:
    acts = Acts.read(db.session.get(Case, case_id).acts)
    db.session.rollback()
    return acts


def test_who_declares_it_steps_aside_at_once_and_what_they_held_goes_back(at: SimpleNamespace) -> None:
    actions.recuse(at.case, actor=at.bob, person=at.bob.person_id, reason="申请人是我表弟", basis="公务员法 §76(三)")
    assert items(at.case)["approve"].assignee_id is None
    entry = told(at.case, "recusal.declared")[0]
    assert entry["basis"] == "公务员法 §76(三)" and entry["reason"] == "申请人是我表弟" and entry["blocked"] == []
    with pytest.raises(Refused):
        actions.claim(at.item, actor=at.bob)
    take(at.case, "approve", at.eve, decision="agree")
    assert trail.verify().ok


def test_nobody_declares_it_for_another(at: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        actions.recuse(at.case, actor=at.eve, person=at.bob.person_id, reason="我说的")


def test_the_head_finds_it_and_a_colleague_does_not(at: SimpleNamespace) -> None:
    for who in (at.eve, at.bob, at.carol, at.sam):
        with pytest.raises(Forbidden):
            actions.recuse(at.case, actor=who, person=at.bob.person_id, reason="x", source="found")
    actions.recuse(at.case, actor=at.hugo, person=at.bob.person_id, reason="群众反映属实", source="found")
    assert items(at.case)["approve"].assignee_id is None
    with pytest.raises(Conflict, match="stepped aside"):
        actions.recuse(at.case, actor=at.bob, person=at.bob.person_id, reason="x")


def test_what_the_party_asks_for_counts_when_a_second_person_has_granted_it(at: SimpleNamespace) -> None:
    recusal = actions.recuse(at.case, actor=at.ada, person=at.bob.person_id, reason="当事人来函", source="requested")
    assert items(at.case)["approve"].assignee_id == at.bob.person_id and acts_of(at.case).recused == []
    with pytest.raises(Conflict, match="asked for already"):
        actions.recuse(at.case, actor=at.grace, person=at.bob.person_id, reason="又来函", source="requested")
    for who in (at.bob, at.ada):
        with pytest.raises(Refused):
            actions.decide_recusal(recusal, actor=who, granted=False, reason="x")
    for who in (at.eve, at.sam):
        with pytest.raises(Forbidden):
            actions.decide_recusal(recusal, actor=who, granted=False, reason="x")
    actions.decide_recusal(recusal, actor=at.hugo, granted=True, reason="理由成立")
    assert items(at.case)["approve"].assignee_id is None and acts_of(at.case).recused == [at.bob.person_id]
    assert told(at.case, "recusal.granted")[0]["recorded_by"] == at.ada.person_id
    with pytest.raises(Conflict, match="no open request"):
        actions.decide_recusal(recusal, actor=at.hugo, granted=False, reason="x")


def test_who_took_the_request_down_does_not_decide_it_be_they_the_head(at: SimpleNamespace) -> None:
    recusal = actions.recuse(at.case, actor=at.hugo, person=at.bob.person_id, reason="当事人来函", source="requested")
    with pytest.raises(Refused):
        actions.decide_recusal(recusal, actor=at.hugo, granted=True, reason="x")


def test_kin_of_whom_it_is_about_do_not_decide(at: SimpleNamespace) -> None:
    organisation.declare_kinship(
        at.hugo.person_id, other_id=at.bob.person_id, relation="collateral", declared_on=today(), actor=SYSTEM)
    recusal = actions.recuse(at.case, actor=at.ada, person=at.bob.person_id, reason="当事人来函", source="requested")
    with pytest.raises(Refused):
        actions.decide_recusal(recusal, actor=at.hugo, granted=False, reason="x")


def test_a_request_that_is_refused_stays_on_record_and_changes_nothing(at: SimpleNamespace) -> None:
    recusal = actions.recuse(at.case, actor=at.ada, person=at.bob.person_id, reason="当事人来函", source="requested")
    actions.decide_recusal(recusal, actor=at.hugo, granted=False, reason="无利害关系")
    assert db.session.get(Recusal, recusal).standing == "refused"
    assert told(at.case, "recusal.denied")[0]["reason"] == "无利害关系"
    actions.complete(at.item, actor=at.bob, version=2, decision="agree")


def test_a_delegate_and_a_signer_step_aside_as_well(at: SimpleNamespace) -> None:
    actions.add_signer(
        at.item, actor=at.bob, version=2, persons=[at.grace.person_id, at.carol.person_id], position="after", reason="x")
    actions.complete(at.item, actor=at.bob, version=3, decision="agree")
    actions.recuse(at.case, actor=at.grace, person=at.grace.person_id, reason="有私交")
    assert "audit" not in items(at.case)
    actions.recuse(at.case, actor=at.carol, person=at.carol.person_id, reason="有私交")
    assert "audit" in items(at.case)  # nobody is left to wait for
    organisation.give_proxy(
        at.dora.person_id, delegate_id=at.grace.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM)
    with pytest.raises(Refused):
        actions.claim(items(at.case)["audit"].id, actor=at.grace, behalf=at.dora.person_id)


def test_who_holds_it_for_a_principal_who_steps_aside_gives_it_back(at: SimpleNamespace) -> None:
    actions.release(at.item, actor=at.bob, version=2)
    organisation.give_proxy(
        at.bob.person_id, delegate_id=at.carol.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM)
    actions.claim(at.item, actor=at.carol, behalf=at.bob.person_id)
    actions.recuse(at.case, actor=at.bob, person=at.bob.person_id, reason="有私交")
    assert items(at.case)["approve"].assignee_id is None


def test_a_suspended_case_waits_for_its_signers_no_longer_when_it_goes_on(at: SimpleNamespace) -> None:
    actions.add_signer(at.item, actor=at.bob, version=2, persons=[at.grace.person_id], position="after", reason="x")
    actions.complete(at.item, actor=at.bob, version=3, decision="agree")
    actions.suspend(at.case, actor=at.ada, reason="等回避决定")
    actions.recuse(at.case, actor=at.grace, person=at.grace.person_id, reason="有私交")
    assert "audit" not in items(at.case)
    actions.resume(at.case, actor=at.ada)
    assert "audit" in items(at.case) and trail.verify().ok


def test_whom_nobody_can_replace_is_told_with_the_recusal(at: SimpleNamespace) -> None:
    organisation.record_absence(at.eve.person_id, since=today(), reason="病假", actor=SYSTEM)
    actions.recuse(at.case, actor=at.bob, person=at.bob.person_id, reason="有私交")
    assert told(at.case, "recusal.declared")[0]["blocked"] == ["approve"]


@pytest.mark.parametrize(("given", "field"), [
    ({"reason": " "}, "reason"), ({"person": 10**9}, "person"), ({"source": "rumoured"}, "source"),
    ({"basis": "x" * 400}, "basis"),
])
def test_what_cannot_be_is_told_at_its_field(at: SimpleNamespace, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        actions.recuse(at.case, actor=at.bob, **{"person": at.bob.person_id, "reason": "有私交", **given})
    assert set(error.value.errors) == {field}


def test_an_unknown_request_or_an_ended_case_is_told(at: SimpleNamespace) -> None:
    with pytest.raises(NotFound):
        actions.decide_recusal(10**9, actor=at.hugo, granted=True, reason="x")
    actions.cancel(at.case, actor=at.ada, reason="不办了")
    with pytest.raises(Conflict):
        actions.recuse(at.case, actor=at.bob, person=at.bob.person_id, reason="x")
    rows = db.session.execute(ITEM.select().where(ITEM.c.case_id == at.case, ITEM.c.state == "allocated")).all()
    assert rows == []
