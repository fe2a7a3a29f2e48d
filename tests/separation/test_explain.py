"""Who may do a task, who may not, and why; what one may not know is not told."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions
from app.errors import NotFound
from app.organisation import actions as organisation
from app.separation.explain import explain
from tests.cases.conftest import FORM, GOOD, deployed, items, take
from tests.cast import SYSTEM

from .conftest import TODAY, away
from .test_stalled import RECUSING


def told(found: Any) -> dict[tuple[int, int | None], bool]:
    return {(c.person, c.behalf): bool(c.verdict) for c in found.candidates}


def test_holders_and_those_who_took_part_with_their_reasons(office: SimpleNamespace) -> None:
    away(office.bob)
    found = explain(actor=office.ada, case_id=office.case, node="approve")
    by = {c.person: c for c in found.candidates}
    assert set(by) == {p.person_id for p in (office.ada, office.bob, office.eve)}
    assert by[office.eve.person_id].verdict and by[office.eve.person_id].holds
    assert found.candidates[0].person == office.eve.person_id, "who may comes first"
    [absent] = by[office.bob.person_id].verdict.objections
    assert absent.kind == "absent" and absent.instead == (office.eve.person_id,)
    ada = by[office.ada.person_id]
    assert ada.took_part and not ada.holds
    assert {o.kind for o in ada.verdict.objections} == {"post", "differ"}
    differ = next(o for o in ada.verdict.objections if o.kind == "differ")
    assert differ.basis == "内控规范第十二条" and differ.earlier == (("apply", office.ada.person_id),)


def test_a_work_items_own_holder_is_not_in_their_own_way(office: SimpleNamespace) -> None:
    item = items(office.case)["approve"]
    actions.claim(item.id, actor=office.bob)
    found = explain(actor=office.bob, item_id=item.id)
    assert (found.node, found.item.id) == ("approve", item.id)
    assert told(found)[office.bob.person_id, None] and told(found)[office.eve.person_id, None]


def test_delegates_are_candidates_in_their_principals_place(office: SimpleNamespace) -> None:
    organisation.give_proxy(
        principal_id=office.bob.person_id, delegate_id=office.carol.person_id, since=TODAY, until=date(2026, 5, 31),
        reason="出差", actor=SYSTEM,
    )
    away(office.bob)
    found = told(explain(actor=office.ada, case_id=office.case, node="approve"))
    assert found[office.carol.person_id, office.bob.person_id] is True
    assert found[office.bob.person_id, None] is False


def test_where_nobody_is_left_the_remedies_are_told(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person)
    found = explain(actor=office.ada, case_id=office.case, node="approve")
    assert not any(told(found).values())
    assert found.impasse is not None and any("Bob" in r.text.en for r in found.impasse.remedies)


def test_only_who_may_see_the_case_is_told(office: SimpleNamespace) -> None:
    item = items(office.case)["approve"].id
    for asked in ({"case_id": office.case, "node": "approve"}, {"item_id": item}):
        with pytest.raises(NotFound):
            explain(actor=office.grace, **asked)
    for wrong in ({"case_id": 10**12, "node": "approve"}, {"item_id": 10**12}, {"case_id": office.case, "node": "ok"},
                  {"case_id": office.case, "node": "nothing"}, {"case_id": office.case}, {}):
        with pytest.raises(NotFound):
            explain(actor=office.ada, **wrong)


def test_a_colleague_is_not_told_whose_kin_somebody_is(office: SimpleNamespace) -> None:
    deployed(RECUSING, {"request": FORM})
    case_id = actions.start("recusing", actor=office.ada, answers=GOOD, party=f"person:{office.carol.person_id}")
    organisation.declare_kinship(
        person_id=office.bob.person_id, other_id=office.carol.person_id, relation="spouse", declared_on=TODAY,
        actor=office.bob,
    )
    actions.claim(items(case_id)["approve"].id, actor=office.eve)

    def why(asker: Any) -> Any:
        found = explain(actor=asker, case_id=case_id, node="approve")
        return next(c for c in found.candidates if c.person == office.bob.person_id).verdict.objections

    [hidden] = why(office.ada)
    assert "Bob须回避本件" in hidden.because.zh and "亲属" not in hidden.because.zh
    assert "kin" not in hidden.because.en and hidden.basis == "税收征管法第十二条"
    organisation.open_post(code="JJ.ZR", zh="监察室主任", en="Supervision", kind="supervision", department_code="D2",
                           actor=SYSTEM)
    organisation.appoint(person_id=office.frank.person_id, post_code="JJ.ZR", since=TODAY, actor=SYSTEM)
    [plain] = why(office.frank)
    assert "近亲属" in plain.because.zh, "the discipline office is told"


def test_an_ended_case_still_tells_who_took_part(office: SimpleNamespace) -> None:
    take(office.case, "approve", office.bob, decision="refuse", opinion="不符合规定")
    found = explain(actor=office.ada, case_id=office.case, node="approve")
    assert found.impasse is None and office.bob.person_id in {c.person for c in found.candidates}
