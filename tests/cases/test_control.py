"""双人操作: what nobody does alone, and who may be one of the two."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.cases import actions, history, lists
from app.cases.acts import Acts
from app.cases.models import Case, DualControl
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cast import SYSTEM
from tests.diagrams import diagram, end, start, user

from .conftest import GOOD, NOTE, deployed, items, status, take


def told(case_id: int, *whats: str) -> list[Any]:
    found = [h.body for h in history.happenings(case_id, whats)]
    db.session.rollback()
    return found


def acts_of(case_id: int) -> Acts:
    acts = Acts.read(db.session.get(Case, case_id).acts)
    db.session.rollback()
    return acts


@pytest.fixture
def approve(powers: SimpleNamespace) -> SimpleNamespace:
    """A case at ``approve``, in Bob's hands."""
    case_id = actions.start("approval", actor=powers.ada, answers=GOOD)
    actions.claim(items(case_id)["approve"].id, actor=powers.bob)
    return SimpleNamespace(case=case_id, item=items(case_id)["approve"].id, **vars(powers))


@pytest.fixture
def audit(powers: SimpleNamespace) -> SimpleNamespace:
    """A case at ``audit``, on offer, which Eve may not do because she approved it."""
    case_id = actions.start("approval", actor=powers.ada, answers=GOOD)
    take(case_id, "approve", powers.eve, decision="agree")
    return SimpleNamespace(case=case_id, item=items(case_id)["audit"].id, **vars(powers))


def later(app: Flask, hours: int) -> None:
    now = datetime.now(UTC) + timedelta(hours=hours)
    app.config["CLOCK"] = lambda: now


# -- 改派 -------------------------------------------------------------------------------------------------------------

def test_an_item_is_reassigned_when_a_second_person_confirms(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="突发病假")
    assert items(at.case)["approve"].assignee_id == at.bob.person_id
    actions.confirm_control(control, actor=at.sue)
    assert items(at.case)["approve"].assignee_id == at.eve.person_id
    entry = told(at.case, "work_item.reassigned")[0]
    assert entry["was"] == at.bob.person_id and entry["to"] == at.eve.person_id and entry["reason"] == "突发病假"
    assert {entry["asked_by"], entry["confirmed_by"]} == {at.sam.person_id, at.sue.person_id}
    with pytest.raises(Conflict):
        actions.complete(at.item, actor=at.bob, version=2, decision="agree")
    take(at.case, "approve", at.eve, decision="agree")
    assert trail.verify().ok


def test_it_goes_back_to_the_post_where_nobody_is_named(approve: SimpleNamespace) -> None:
    at = approve
    actions.add_signer(at.item, actor=at.bob, version=2, persons=[at.grace.person_id], position="before", reason="x")
    actions.confirm_control(actions.ask_reassign(at.item, actor=at.sue, person=None, reason="失联"), actor=at.sam)
    assert items(at.case)["approve"].assignee_id is None and acts_of(at.case).signing == {}
    with pytest.raises(Invalid):
        actions.ask_reassign(at.item, actor=at.sue, person=None, reason="失联")


def test_an_administrator_gives_nobody_what_a_rule_keeps_from_them(audit: SimpleNamespace) -> None:
    at = audit
    with pytest.raises(Refused) as refusal:
        actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="就她有空")
    assert refusal.value.objections[0].constraint == "c1"
    assert told(at.case, "control.refused")[0]["attempted"] == "control.asked"


def test_the_gate_is_asked_again_when_it_is_confirmed(audit: SimpleNamespace) -> None:
    at = audit
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.dora.person_id, reason="忙不过来")
    organisation.record_absence(at.dora.person_id, since=today(), reason="病假", actor=SYSTEM)
    with pytest.raises(Refused):
        actions.confirm_control(control, actor=at.sue)
    assert items(at.case)["audit"].assignee_id is None
    assert db.session.get(DualControl, control).confirmed_at is None


@pytest.mark.parametrize("who", ["ada", "bob", "hugo", "sven", "carol"])
def test_only_system_and_security_administration_ask(approve: SimpleNamespace, who: str) -> None:
    at = approve
    with pytest.raises(Forbidden):
        actions.ask_reassign(at.item, actor=getattr(at, who), person=at.eve.person_id, reason="x")
    with pytest.raises(Forbidden):
        actions.ask_terminate(at.case, actor=getattr(at, who), reason="x")


@pytest.mark.parametrize(("who", "error"), [
    ("sam", Refused),      # who asked
    ("eve", Refused),      # whom it is for
    ("ada", Forbidden),    # nobody in particular
    ("carol", Forbidden),
])
def test_the_second_person_is_another_one(approve: SimpleNamespace, who: str, error: type[Exception]) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    with pytest.raises(error):
        actions.confirm_control(control, actor=getattr(at, who))
    assert items(at.case)["approve"].assignee_id == at.bob.person_id


def test_two_of_one_role_are_not_two(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sue, person=at.eve.person_id, reason="病假")
    with pytest.raises(Forbidden):
        actions.confirm_control(control, actor=at.sybil)
    actions.confirm_control(control, actor=at.sven)


def test_the_head_responsible_may_be_the_second_person(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    actions.confirm_control(control, actor=at.hugo)
    assert items(at.case)["approve"].assignee_id == at.eve.person_id


def test_kin_of_whom_it_is_for_are_neither_of_the_two(approve: SimpleNamespace) -> None:
    at = approve
    organisation.declare_kinship(
        at.sue.person_id, other_id=at.eve.person_id, relation="spouse", declared_on=today(), actor=SYSTEM)
    with pytest.raises(Refused):
        actions.ask_reassign(at.item, actor=at.sue, person=at.eve.person_id, reason="病假")
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    with pytest.raises(Refused) as refusal:
        actions.confirm_control(control, actor=at.sue)
    assert refusal.value.objections[0].kind == "dual-control"


def test_a_signers_item_is_reassigned_to_another_signer(approve: SimpleNamespace) -> None:
    at = approve
    actions.add_signer(at.item, actor=at.bob, version=2, persons=[at.grace.person_id], position="after", reason="x")
    actions.complete(at.item, actor=at.bob, version=3, decision="agree")
    mine = next(row for row in lists.work_items("allocated", person=at.grace.person_id).items)
    actions.confirm_control(
        actions.ask_reassign(mine.id, actor=at.sam, person=at.carol.person_id, reason="离职"), actor=at.sue)
    actions.complete(mine.id, actor=at.carol, version=2, decision="agree")
    assert "audit" in items(at.case)


# -- answers ----------------------------------------------------------------------------------------------------------

def test_what_was_answered_or_has_expired_is_not_answered_again(approve: SimpleNamespace, app: Flask) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    with pytest.raises(Conflict, match="asked for already"):
        actions.ask_reassign(at.item, actor=at.sue, person=at.eve.person_id, reason="病假")
    actions.decline_control(control, actor=at.sue, reason="他明天回来")
    assert told(at.case, "control.declined")[0]["reason"] == "他明天回来"
    for verb in (lambda: actions.confirm_control(control, actor=at.sue),
                 lambda: actions.decline_control(control, actor=at.sue, reason="x")):
        with pytest.raises(Conflict, match="answered"):
            verb()
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    later(app, 73)
    with pytest.raises(Conflict, match="expired"):
        actions.confirm_control(control, actor=at.sue)
    with pytest.raises(NotFound):
        actions.confirm_control(10**9, actor=at.sue)


def test_who_asked_may_take_it_back(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    with pytest.raises(Forbidden):
        actions.decline_control(control, actor=at.ada, reason="x")
    actions.decline_control(control, actor=at.sam, reason="弄错了")


def test_an_item_that_is_done_by_then_is_not_reassigned(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    actions.complete(at.item, actor=at.bob, version=2, decision="agree")
    with pytest.raises(Conflict):
        actions.confirm_control(control, actor=at.sue)


# -- 终止 -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("suspended", [False, True])
def test_a_case_is_ended_by_two(approve: SimpleNamespace, suspended: bool) -> None:
    at = approve
    if suspended:
        actions.suspend(at.case, actor=at.ada, reason="等")
    control = actions.ask_terminate(at.case, actor=at.sue, reason="重复立项")
    assert status(at.case) == ("suspended" if suspended else "running")
    actions.confirm_control(control, actor=at.hugo if suspended else at.sam)
    assert status(at.case) == "cancelled" and items(at.case) == {}
    assert told(at.case, "control.confirmed")[0]["kind"] == "terminate"
    assert trail.verify().ok


def test_a_case_that_has_ended_is_not_ended_again(approve: SimpleNamespace) -> None:
    at = approve
    control = actions.ask_terminate(at.case, actor=at.sue, reason="重复立项")
    actions.cancel(at.case, actor=at.ada, reason="不办了")
    for verb in (lambda: actions.confirm_control(control, actor=at.sam),
                 lambda: actions.ask_terminate(at.case, actor=at.sue, reason="x")):
        with pytest.raises(Conflict):
            verb()


# -- 应急特批 ---------------------------------------------------------------------------------------------------------

def overridden(at: SimpleNamespace, who: Any, hours: int = 24) -> int:
    control = actions.ask_override(at.item, actor=at.sue, person=who.person_id, reason="抢险拨款", hours=hours)
    actions.confirm_control(control, actor=at.lena)
    return control


def test_under_an_override_one_person_acts_once_and_every_objection_is_written_down(audit: SimpleNamespace) -> None:
    at = audit
    control = actions.ask_override(at.item, actor=at.sue, person=at.eve.person_id, reason="抢险拨款")
    with pytest.raises(Refused):  # asked for is not granted
        actions.claim(at.item, actor=at.eve)
    actions.confirm_control(control, actor=at.hugo, answer="情况属实")
    actions.claim(at.item, actor=at.eve)
    take(at.case, "audit", at.eve, decision="agree")
    assert status(at.case) == "completed"
    entries = told(at.case, "separation.overridden")
    assert [e["attempted"] for e in entries] == ["work_item.claimed", "work_item.completed"]
    assert all(e["objections"][0]["constraint"] == "c1" and e["confirmed_by"] == at.hugo.person_id for e in entries)
    assert acts_of(at.case).overridden == {"audit": [at.eve.person_id]}
    assert db.session.get(DualControl, control).used_at is not None
    assert trail.verify().ok


def test_an_override_is_used_once(audit: SimpleNamespace) -> None:
    at = audit
    overridden(at, at.eve)
    actions.claim(at.item, actor=at.eve)
    actions.return_(at.item, actor=at.eve, version=items(at.case)["audit"].version, opinion="金额不符", to="approve")
    take(at.case, "approve", at.bob, decision="agree")  # no longer Eve: what was done under an override binds her, too
    again = items(at.case)["audit"]
    with pytest.raises(Refused):
        actions.claim(again.id, actor=at.eve)


def test_an_override_helps_one_person_at_one_item_until_it_expires(audit: SimpleNamespace, app: Flask) -> None:
    at = audit
    overridden(at, at.eve, hours=2)
    with pytest.raises(Refused):
        actions.claim(at.item, actor=at.ada)
    later(app, 3)
    with pytest.raises(Refused):
        actions.claim(at.item, actor=at.eve)


def test_nobody_else_hands_the_item_to_whom_an_override_names(audit: SimpleNamespace) -> None:
    at = audit
    actions.claim(at.item, actor=at.dora)
    overridden(at, at.eve)
    with pytest.raises(Refused):
        actions.transfer(at.item, actor=at.dora, version=2, to=at.eve.person_id, reason="给她")


def test_no_override_where_no_rule_objects_for_too_long_or_without_an_account(audit: SimpleNamespace) -> None:
    at = audit
    with pytest.raises(Conflict, match="no override is needed"):
        actions.ask_override(at.item, actor=at.sue, person=at.dora.person_id, reason="急")
    for hours in (0, 25, -1, True, 1.5):
        with pytest.raises(Invalid) as error:
            actions.ask_override(at.item, actor=at.sue, person=at.eve.person_id, reason="急", hours=hours)  # type: ignore[arg-type]
        assert set(error.value.errors) == {"hours"}
    with pytest.raises(Invalid) as error:
        actions.ask_override(at.item, actor=at.sue, person=at.carol.person_id, reason="急")
    assert set(error.value.errors) == {"person"}
    account = account_queries.by_person(at.eve.person_id)
    accounts.set_active(account.id, active=False, actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.ask_override(at.item, actor=at.sue, person=at.eve.person_id, reason="急")


def test_only_security_administration_asks_for_an_override(audit: SimpleNamespace) -> None:
    at = audit
    for who in (at.sam, at.sven, at.hugo, at.eve):
        with pytest.raises(Forbidden):
            actions.ask_override(at.item, actor=who, person=at.eve.person_id, reason="急")


def test_whom_the_case_is_about_is_let_in_by_nobody(powers: SimpleNamespace) -> None:
    deployed(diagram(
        "inspect", start("s"), user("open", "CLK", form="note"), user("look", "HEAD", form="note"), end("e"),
        path="s open look e", constraints='<gz:recuse id="r" nodes="look" party="subject" basis="公务员法 §76"/>',
    ), {"note": NOTE})
    at = powers
    case_id = actions.start("inspect", actor=at.ada, answers={"note": "x"}, party=f"person:{at.bob.person_id}")
    item = items(case_id)["look"].id
    with pytest.raises(Refused) as refusal:
        actions.ask_override(item, actor=at.sue, person=at.bob.person_id, reason="急")
    assert refusal.value.objections[0].kind == "dual-control"
    assert told(case_id, "control.refused")[0]["person"] == at.bob.person_id


def test_in_a_case_of_integrity_kin_are_let_in_by_nobody(powers: SimpleNamespace) -> None:
    from app.definitions.models import Definition

    at = powers
    source = diagram(
        "inspect", start("s"), user("open", "CLK", form="note"), user("look", "HEAD", form="note"), end("e"),
        path="s open look e", constraints='<gz:recuse id="r" nodes="look" party="subject" basis="公务员法 §76"/>',
    )
    key = deployed(source, {"note": NOTE})
    organisation.declare_kinship(
        at.bob.person_id, other_id=at.grace.person_id, relation="spouse", declared_on=today(), actor=SYSTEM)
    case_id = actions.start("inspect", actor=at.ada, answers={"note": "x"}, party=f"person:{at.grace.person_id}")
    item = items(case_id)["look"].id
    ordinary = actions.ask_override(item, actor=at.sue, person=at.bob.person_id, reason="急")
    db.session.get(Definition, key).area = "supervision"
    db.session.commit()
    with pytest.raises(Refused) as refusal:
        actions.confirm_control(ordinary, actor=at.sam)
    assert refusal.value.objections[0].kind == "dual-control"


def test_who_was_found_biased_in_the_case_is_let_in_by_nobody(audit: SimpleNamespace) -> None:
    at = audit
    overridden(at, at.eve)
    actions.recuse(at.case, actor=at.eve, person=at.eve.person_id, reason="与申请人有私交")
    with pytest.raises(Refused):
        actions.claim(at.item, actor=at.eve)
    with pytest.raises(Refused):
        actions.ask_override(at.item, actor=at.sue, person=at.eve.person_id, reason="急", hours=1)


def test_whoever_asks_is_on_record_in_their_own_post_not_the_items(approve: SimpleNamespace) -> None:
    at = approve
    actions.ask_reassign(at.item, actor=at.sam, person=at.eve.person_id, reason="病假")
    assert told(at.case, "control.asked")[0]["who"].get("post") != "HEAD"
