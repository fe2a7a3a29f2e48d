"""Whom a case is about, and who must step aside."""
from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.accounts import queries as accounts
from app.cases import actions, lists, queries
from app.change import Actor
from app.errors import Invalid, Refused
from app.extensions import db
from app.organisation import actions as organisation
from app.parties.models import Party
from app.registers import today
from tests.cast import SYSTEM

from .conftest import items


def who(username: str) -> Actor:
    return accounts.actor_for(accounts.account_of(username))


def holder(post: str) -> Actor:
    from app.organisation import queries as register

    person = register.holders(today(), post_code=post)[0].person_id
    account = next(a for a, p in accounts.accounts() if p.id == person)
    return accounts.actor_for(account)


SELECTION: dict[str, Any] = {
    "source": "selection", "random": True, "periodFrom": "2024-01-01", "periodTo": "2025-12-31",
    "grounds": "进项与销项明显不符，连续三期税负率低于行业平均水平。",
}


@pytest.fixture
def taxpayer(bureau: Flask) -> int:
    return db.session.scalars(db.select(Party.id)).first()


def selection(bureau: Flask, taxpayer: int) -> dict[str, Any]:
    from app.definitions import queries as definitions

    form = definitions.meaning(definitions.active("T10").id).forms["selection"]
    fits = {f.name: f for f in form.fields}
    given = {k: v for k, v in SELECTION.items() if k in fits}
    if fits["source"].options:
        given["source"] = fits["source"].options[0].value
    return {**given, "taxpayer": taxpayer}


def test_the_party_of_an_inspection_is_the_taxpayer_its_form_names(bureau: Flask, taxpayer: int) -> None:
    selector = holder("JCJ.XA")
    case_id = actions.start("T10", actor=selector, answers=selection(bureau, taxpayer))
    row = queries.case(case_id, actor=selector).case
    assert row.party == f"party:{taxpayer}"
    assert db.session.get(Party, taxpayer).name in row.title


def test_somebody_with_an_interest_in_the_taxpayer_may_not_select_it(bureau: Flask, taxpayer: int) -> None:
    selector = holder("JCJ.XA")
    organisation.declare_interest(
        selector.person_id, party_id=taxpayer, reason="配偶持股", declared_on=today(), actor=SYSTEM
    )
    with pytest.raises(Refused) as refusal:
        actions.start("T10", actor=selector, answers=selection(bureau, taxpayer))
    assert refusal.value.objections[0].constraint == "recuse-taxpayer"
    assert lists.cases_of(selector.person_id) == []


def test_a_taxpayer_there_is_not_is_refused_at_its_field(bureau: Flask) -> None:
    with pytest.raises(Invalid) as error:
        actions.start("T10", actor=holder("JCJ.XA"), answers=selection(bureau, 999_999))
    assert set(error.value.errors) == {"taxpayer"}


def test_a_warning_by_hand_is_checked_by_the_form_of_its_start(bureau: Flask) -> None:
    raiser = holder("JJ.XN")
    with pytest.raises(Invalid) as error:
        actions.start("V01", actor=raiser, answers={"ruleId": "W02"})
    assert {"subject", "level", "department", "due"} <= set(error.value.errors)
    case_id = actions.start("V01", actor=raiser, answers={
        "ruleId": "W02", "subject": "S01-2026-0003", "level": "yellow", "pushedTo": "ANY.CLK", "department": "NS",
        "subjectHeads": False, "evidence": "节点用时 6.2 工作日，时限 4 工作日", "acknowledgeBy": "2026-11-24T15:00:00+08:00",
        "due": "2026-11-27T18:00:00+08:00",
    })
    assert queries.case(case_id, actor=raiser).data["returns"] == 0
    from app import jobs

    jobs.run_due_jobs()
    assert "acknowledge" in items(case_id) and items(case_id)["acknowledge"].department == "NS"
