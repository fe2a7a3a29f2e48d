"""LS-5 and LS-6 are asked at every decision: a portfolio may have changed since the process was activated."""
from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.cases import actions
from app.errors import Refused
from app.organisation import actions as organisation
from tests.cast import SINCE, SYSTEM
from tests.diagrams import diagram, end, start, user

from .conftest import NOTE, deployed, items, status

SPENDING = diagram(
    "spending", start("s"), user("apply", "CLK", form="note"), user("sign", "BOSS", form="note", decisions="agree refuse"),
    user("book", "ACC", form="note"), end("e"), path="s apply sign book e",
).replace(b"<gz:matter>", "<gz:domain>财务</gz:domain><gz:matter>".encode())


@pytest.fixture
def signing(office: SimpleNamespace) -> SimpleNamespace:
    """A matter of finance at the desk of the leader in charge of it."""
    organisation.open_post(code="BOSS", zh="分管领导", en="Deputy leader", kind="leadership", department_code="D1", level=3,
                           domain="财务", actor=SYSTEM)
    organisation.appoint(person_id=office.carol.person_id, post_code="BOSS", since=SINCE, actor=SYSTEM)
    deployed(SPENDING, {"note": NOTE})
    return SimpleNamespace(case=actions.start("spending", actor=office.ada, answers={"note": "x"}), **vars(office))


def test_a_leader_decides_what_is_in_their_field(signing: SimpleNamespace) -> None:
    item = items(signing.case)["sign"]
    actions.claim(item.id, actor=signing.carol)
    actions.complete(item.id, actor=signing.carol, version=2, decision="agree")
    assert set(items(signing.case)) == {"book"}


@pytest.mark.parametrize(("domain", "rule"), [("政务", "LS-5"), ("全面工作", "LS-6")])
def test_but_not_once_it_has_left_their_field(signing: SimpleNamespace, domain: str, rule: str) -> None:
    item = items(signing.case)["sign"]
    actions.claim(item.id, actor=signing.carol)
    organisation.place_post("BOSS", level=3, domain=domain, actor=SYSTEM)
    with pytest.raises(Refused) as refusal:
        actions.complete(item.id, actor=signing.carol, version=2, decision="agree")
    assert [o.constraint for o in refusal.value.objections] == [rule]
    assert rule in refusal.value.objections[0].basis
    assert status(signing.case) == "running" and set(items(signing.case)) == {"sign"}
