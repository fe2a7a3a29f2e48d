"""Acting for a principal by proxy (授权代理): what one sees, takes and finishes in somebody's place."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions, history, lists, queries
from app.errors import Conflict, NotFound, Refused
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cast import SYSTEM

from .conftest import GOOD, items, status, take


def proxy(principal: Any, delegate: Any, **scope: Any) -> None:
    organisation.give_proxy(
        principal.person_id, delegate_id=delegate.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM,
        **scope,
    )


def view(name: str, who: Any) -> list[Any]:
    return lists.work_items(name, person=who.person_id).items


@pytest.fixture
def case_id(office: SimpleNamespace) -> int:
    """At ``approve``, on offer to the heads Bob and Eve."""
    return actions.start("approval", actor=office.ada, answers=GOOD)


def test_what_is_offered_to_the_principals_post_is_offered_to_the_delegate(
    office: SimpleNamespace, case_id: int,
) -> None:
    assert view("offered", office.carol) == []
    with pytest.raises(NotFound):
        queries.case(case_id, actor=office.carol)
    proxy(office.bob, office.carol)
    (row,) = view("offered", office.carol)
    assert row.case_id == case_id and not row.own and row.principals == (office.bob.person_id,)
    assert lists.counts(office.carol.person_id)["offered"] == 1
    found = queries.work_item(row.id, actor=office.carol)
    assert found.principals == (office.bob.person_id,) and not found.own


def test_an_act_in_the_principals_place_says_so_and_counts_for_both(office: SimpleNamespace, case_id: int) -> None:
    proxy(office.bob, office.frank)
    item = items(case_id)["approve"]
    with pytest.raises(Refused):
        actions.claim(item.id, actor=office.frank)  # for himself he has no post
    actions.claim(item.id, actor=office.frank, behalf=office.bob.person_id)
    held = items(case_id)["approve"]
    assert (held.assignee_id, held.on_behalf_of_id) == (office.frank.person_id, office.bob.person_id)
    take(case_id, "approve", office.frank, decision="agree")
    done = [h.body for h in history.happenings(case_id, ["work_item.completed"])][-1]
    assert done["who"]["person"] == office.frank.person_id and done["who"]["for"] == office.bob.person_id
    with pytest.raises(Refused) as refusal:
        actions.claim(items(case_id)["audit"].id, actor=office.frank)  # he has acted before, whoever's place it was
    assert refusal.value.objections[0].constraint == "c1"
    take(case_id, "audit", office.dora, decision="agree")
    assert status(case_id) == "completed" and trail.verify().ok


def test_who_may_act_in_both_ways_is_told_of_both(office: SimpleNamespace, case_id: int) -> None:
    proxy(office.bob, office.eve)
    (row,) = view("offered", office.eve)
    assert row.own and row.principals == (office.bob.person_id,)


def test_the_delegate_is_barred_by_what_the_principal_did(office: SimpleNamespace, case_id: int) -> None:
    proxy(office.dora, office.grace)
    proxy(office.ada, office.bob, posts=["CLK"])
    take(case_id, "approve", office.eve, decision="agree")
    item = items(case_id)["audit"]
    actions.claim(item.id, actor=office.grace, behalf=office.dora.person_id)
    actions.release(item.id, actor=office.grace, version=2)
    proxy(office.eve, office.carol, posts=["ACC"])  # Eve approved: nobody audits in her place
    assert view("offered", office.carol) == []
    with pytest.raises(Refused) as refusal:
        actions.claim(item.id, actor=office.carol, behalf=office.eve.person_id)
    assert refusal.value.objections[0].constraint == "c1"


def test_what_the_principal_holds_is_in_the_delegates_inbox_and_can_be_finished(
    office: SimpleNamespace, case_id: int,
) -> None:
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    proxy(office.bob, office.carol)
    (row,) = view("allocated", office.carol)
    assert not row.own and row.principals == (office.bob.person_id,)
    assert queries.case(case_id, actor=office.carol).case.id == case_id
    actions.complete(item.id, actor=office.carol, version=2, decision="agree")
    taken = next(h.body for h in history.happenings(case_id, ["work_item.taken_over"]))
    assert taken["to"] == office.carol.person_id and taken["principal"] == office.bob.person_id
    done = [h.body for h in history.happenings(case_id, ["work_item.completed"])][-1]
    assert done["who"]["for"] == office.bob.person_id
    assert "audit" in items(case_id)


def test_what_the_principal_holds_can_be_taken_over_to_be_worked_on(office: SimpleNamespace, case_id: int) -> None:
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    with pytest.raises(Conflict, match="Bob has already claimed"):
        actions.claim(item.id, actor=office.carol)
    with pytest.raises(Refused):  # nobody's proxy
        actions.claim(item.id, actor=office.carol, behalf=office.bob.person_id)
    proxy(office.bob, office.carol)
    actions.claim(item.id, actor=office.carol, behalf=office.bob.person_id)
    held = items(case_id)["approve"]
    assert (held.assignee_id, held.on_behalf_of_id) == (office.carol.person_id, office.bob.person_id)
    with pytest.raises(Conflict, match="not yours"):
        actions.complete(item.id, actor=office.bob, version=held.version, decision="agree")


def test_a_proxy_is_not_handed_on(office: SimpleNamespace, case_id: int) -> None:
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    proxy(office.bob, office.carol)
    actions.claim(item.id, actor=office.carol, behalf=office.bob.person_id)
    with pytest.raises(Refused):
        proxy(office.carol, office.grace, posts=["HEAD"])
    assert view("allocated", office.grace) == []


@pytest.mark.parametrize("scope", [{"processes": ["reviews"]}, {"posts": ["CLK"]}])
def test_a_proxy_of_another_scope_shows_and_opens_nothing(
    office: SimpleNamespace, case_id: int, scope: dict[str, list[str]],
) -> None:
    if "posts" in scope:
        proxy(office.ada, office.carol, **scope)
    else:
        proxy(office.bob, office.carol, **scope)
    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    assert view("allocated", office.carol) == [] and view("offered", office.carol) == []
    with pytest.raises(NotFound):
        queries.case(case_id, actor=office.carol)
    with pytest.raises((Conflict, Refused)):
        actions.complete(item.id, actor=office.carol, version=2, decision="agree")


def test_a_signature_is_nobodys_to_give_for_another(office: SimpleNamespace, case_id: int) -> None:
    from app.cases.statements import ITEM
    from app.extensions import db

    item = items(case_id)["approve"]
    actions.claim(item.id, actor=office.bob)
    actions.add_signer(item.id, actor=office.bob, version=2, persons=[office.grace.person_id], position="before", reason="x")
    proxy(office.grace, office.carol)
    mine = db.session.execute(ITEM.select().where(ITEM.c.parent_id == item.id)).one()
    db.session.rollback()
    assert view("allocated", office.carol) == []
    with pytest.raises(Conflict, match="not yours"):
        actions.complete(mine.id, actor=office.carol, version=1, decision="agree")
