"""Holes found in other products, by name: every one of them is shut here, and the attempt is on record.

Eve holds the posts of two steps that one person may not both do. Whatever road she takes to the second, or whoever sends
her there, she does not get it.
"""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.cases import actions, history, lists, queries
from app.cases.statements import ITEM
from app.change import Actor
from app.errors import Conflict, Forbidden, GangzeError, Invalid, Refused
from app.extensions import db
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cases.conftest import APPROVAL, FORM, GOOD, NOTE, administration, deployed, items, take
from tests.cases.test_at_once import BRANCHES
from tests.cast import SINCE, SYSTEM


@pytest.fixture
def at(app: Any, cast: SimpleNamespace) -> SimpleNamespace:
    """The cast and the administrators; a case at ``audit`` which Eve has approved."""
    deployed(APPROVAL, {"request": FORM})
    deployed(BRANCHES, {"note": NOTE})
    at = SimpleNamespace(**vars(cast), **vars(administration()))
    accounts.add(username="eve", password="correct-horse-battery", person_id=at.eve.person_id, is_demo=True, actor=SYSTEM)
    at.case = actions.start("approval", actor=at.ada, answers=GOOD)
    take(at.case, "approve", at.eve, decision="agree")
    at.item = items(at.case)["audit"].id
    return at


def shut(case_id: int, attempted: str, road: Any, kind: str = "differ") -> None:
    """The road is refused under the rule, nothing has moved, and the trail says who tried."""
    before = items(case_id)
    with pytest.raises(Refused) as refusal:
        road()
    assert kind in {objection.kind for objection in refusal.value.objections}
    assert refusal.value.objections[0].basis == "内控规范第十二条"
    after = items(case_id)
    assert {node: row.assignee_id for node, row in after.items()} == {node: row.assignee_id for node, row in before.items()}
    last = history.happenings(case_id)[-1]
    assert last.what.endswith(".refused") and last.body["attempted"] == attempted
    assert trail.verify().ok


def test_the_excluded_person_by_group_membership(at: SimpleNamespace) -> None:
    """A candidate group offers to all its members, whoever of them is excluded (a performer only as *assignee*)."""
    assert [row.id for row in lists.work_items("offered", person=at.eve.person_id).items] == []
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=at.eve))


def test_the_excluded_person_by_delegation(at: SimpleNamespace) -> None:
    """Whoever may, hands it to who may not: delegation that asks nobody."""
    actions.claim(at.item, actor=at.dora)
    shut(at.case, "work_item.delegated", lambda: actions.delegate(
        at.item, actor=at.dora, version=2, to=at.eve.person_id, reason="代办"))
    shut(at.case, "work_item.transferred", lambda: actions.transfer(
        at.item, actor=at.dora, version=2, to=at.eve.person_id, reason="代办"))
    shut(at.case, "signer.added", lambda: actions.add_signer(
        at.item, actor=at.dora, version=2, persons=[at.eve.person_id], position="before", reason="代办"))


def test_the_excluded_person_by_somebody_elses_proxy(at: SimpleNamespace) -> None:
    organisation.give_proxy(
        at.frank.person_id, delegate_id=at.eve.person_id, since=today(), until=today(), reason="外出", posts=["ACC"],
        actor=SYSTEM)
    assert lists.work_items("offered", person=at.eve.person_id).items == []
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=at.eve, behalf=at.frank.person_id))
    actions.claim(at.item, actor=at.frank)
    shut(at.case, "work_item.completed", lambda: actions.complete(
        at.item, actor=at.eve, version=2, decision="agree"))


def test_the_excluded_person_through_her_own_delegate(at: SimpleNamespace) -> None:
    organisation.give_proxy(
        at.eve.person_id, delegate_id=at.carol.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM)
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=at.carol, behalf=at.eve.person_id))


def test_the_excluded_person_by_an_administrator(at: SimpleNamespace) -> None:
    """No administrator's road by-passes the gate, and none acts on business."""
    shut(at.case, "control.asked", lambda: actions.ask_reassign(
        at.item, actor=at.sam, person=at.eve.person_id, reason="就她有空"))
    with pytest.raises(Refused):
        actions.claim(at.item, actor=at.sam)
    for verb in (lambda: actions.complete(at.item, actor=at.sam, version=1, decision="agree"),
                 lambda: actions.transfer(at.item, actor=at.sam, version=1, to=at.eve.person_id, reason="x")):
        with pytest.raises(Conflict, match="not yours"):
            verb()


def test_the_excluded_person_by_one_administrator_with_an_emergency(at: SimpleNamespace) -> None:
    """An override takes two; alone it is nothing."""
    control = actions.ask_override(at.item, actor=at.sue, person=at.eve.person_id, reason="紧急")
    with pytest.raises(Refused):
        actions.confirm_control(control, actor=at.sue)
    with pytest.raises(Refused):
        actions.confirm_control(control, actor=at.eve)
    with pytest.raises(Forbidden):
        actions.confirm_control(control, actor=at.sybil)
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=at.eve))


def test_the_excluded_person_by_a_stale_tab(at: SimpleNamespace) -> None:
    """A page that was opened before it was forbidden is checked when it is sent, not when it was drawn."""
    case_id = actions.start("branches", actor=at.ada, answers={"note": "x"})
    tabs = items(case_id)
    assert queries.work_item(tabs["two"].id, actor=at.eve).verdict.allowed
    actions.claim(tabs["one"].id, actor=at.eve, version=tabs["one"].version)
    shut(case_id, "work_item.claimed", lambda: actions.claim(tabs["two"].id, actor=at.eve, version=tabs["two"].version))


def test_the_excluded_person_who_has_held_it_since_before(at: SimpleNamespace) -> None:
    """Held when it was allowed, forbidden by now: completing asks again."""
    organisation.declare_kinship(
        at.dora.person_id, other_id=at.ada.person_id, relation="spouse", declared_on=today(), actor=SYSTEM)
    actions.claim(at.item, actor=at.dora)
    actions.recuse(at.case, actor=at.dora, person=at.dora.person_id, reason="申请人是我配偶")
    with pytest.raises(Conflict, match="not yours"):
        actions.complete(at.item, actor=at.dora, version=3, decision="agree")


def test_the_excluded_person_by_a_second_account(at: SimpleNamespace) -> None:
    with pytest.raises(Conflict):
        accounts.add(
            username="eve2", password="correct-horse-battery", person_id=at.eve.person_id, is_demo=True, actor=SYSTEM)
    other = Actor(person_id=at.eve.person_id, account_id=999, name="Eve too", session="another")
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=other))


def test_the_excluded_person_by_a_second_record_of_herself(at: SimpleNamespace) -> None:
    """A duplicate record, found and merged: what was done under one is done by both."""
    case_id = actions.start("approval", actor=at.ada, answers=GOOD)
    take(case_id, "approve", at.bob, decision="agree")
    second = organisation.take_on(
        number="200", name="Bob", romanised="Bob", department_code="D2", actor=SYSTEM)
    organisation.appoint(person_id=second, post_code="ACC", since=SINCE, role="B", actor=SYSTEM)
    twin = Actor(person_id=second, name="Bob", department="D2")
    item = items(case_id)["audit"].id
    actions.claim(item, actor=twin)  # nobody knows yet
    organisation.merge_people(at.bob.person_id, second, reason="身份证号相同", actor=SYSTEM)
    for one in (twin, at.bob):
        shut(case_id, "work_item.completed", lambda one=one: actions.complete(
            item, actor=one, version=2, decision="agree"))
    assert account_queries.by_person(second) is None
    (mine,) = lists.work_items("allocated", person=at.bob.person_id).items
    actions.release(mine.id, actor=at.bob, version=2)  # it is his to give back
    take(case_id, "audit", at.dora, decision="agree")


def test_the_excluded_person_by_a_parallel_branch(at: SimpleNamespace) -> None:
    """Neither branch is done yet: a rule that looks only at what was completed sees nothing."""
    case_id = actions.start("branches", actor=at.ada, answers={"note": "x"})
    open_ = items(case_id)
    actions.claim(open_["one"].id, actor=at.eve)
    shut(case_id, "work_item.claimed", lambda: actions.claim(open_["two"].id, actor=at.eve))


def test_the_excluded_person_by_a_return(at: SimpleNamespace) -> None:
    """A rule that looks at the latest act only lets a return wash the earlier one away."""
    actions.claim(at.item, actor=at.dora)
    actions.return_(at.item, actor=at.dora, version=2, opinion="补材料", to="approve")
    actions.release(items(at.case)["approve"].id, actor=at.eve, version=items(at.case)["approve"].version)
    take(at.case, "approve", at.bob, decision="agree")
    audit = items(at.case)["audit"]
    if audit.assignee_id is not None:
        actions.release(audit.id, actor=at.dora, version=audit.version)
    shut(at.case, "work_item.claimed", lambda: actions.claim(audit.id, actor=at.eve))


def test_the_excluded_person_by_a_retry_of_the_request(at: SimpleNamespace) -> None:
    """The same request sent twice acts once, and says so."""
    actions.claim(at.item, actor=at.dora)
    version = items(at.case)["audit"].version
    actions.complete(at.item, actor=at.dora, version=version, decision="agree", opinion="账实相符")
    entries = len(history.happenings(at.case))
    for _ in range(2):
        with pytest.raises(Conflict, match="nothing was done twice"):
            actions.complete(at.item, actor=at.dora, version=version, decision="agree", opinion="账实相符")
    assert len(history.happenings(at.case)) == entries
    with pytest.raises(Conflict):  # nor does somebody else finish it with her version
        actions.complete(at.item, actor=at.eve, version=version, decision="agree")


def test_the_excluded_person_by_a_signature_that_was_meant_for_another(at: SimpleNamespace) -> None:
    """A signer's place is handed on only to who may sign."""
    actions.claim(at.item, actor=at.dora)
    actions.add_signer(
        at.item, actor=at.dora, version=2, persons=[at.carol.person_id], position="before", reason="会签")
    mine = db.session.execute(ITEM.select().where(ITEM.c.parent_id == at.item)).one()
    db.session.rollback()
    shut(at.case, "work_item.transferred", lambda: actions.transfer(
        mine.id, actor=at.carol, version=1, to=at.eve.person_id, reason="请假"))


def test_the_excluded_person_by_a_post_she_gets_meanwhile(at: SimpleNamespace) -> None:
    organisation.appoint(person_id=at.ada.person_id, post_code="ACC", since=SINCE, role="B", actor=SYSTEM)
    shut(at.case, "work_item.claimed", lambda: actions.claim(at.item, actor=at.ada))


def test_the_excluded_person_by_a_person_nobody_knows(at: SimpleNamespace) -> None:
    """Foreign, impossible and machine actors get nothing, and no road takes an id on trust."""
    for stranger in (Actor(person_id=10**12, name="?"), Actor(person_id=-1, name="?")):
        with pytest.raises(GangzeError):
            actions.claim(at.item, actor=stranger)
    with pytest.raises(Forbidden):
        actions.claim(at.item, actor=Actor.system("robot"))
    with pytest.raises((Refused, Invalid)):
        actions.claim(at.item, actor=at.dora, behalf=10**12)
    assert items(at.case)["audit"].assignee_id is None
