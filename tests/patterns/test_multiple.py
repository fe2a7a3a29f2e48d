"""Multiple resource patterns: several at once."""
from __future__ import annotations

import pytest

from app.cases import actions, lists
from app.errors import Conflict

from .catalogue import pattern
from .conftest import House, items, status, take, task


@pattern(42, "no limit on started work items; `suspend_item` and `resume_item` between them", "同时在办")
def test_r42_simultaneous_execution(house: House) -> None:
    """One person works on several things at a time: all of them have begun, and any may be finished first."""
    house.process(task("audit"))
    cases = [house.case() for _ in range(3)]
    for case in cases:
        actions.claim(items(case)["audit"].id, actor=house.dora)
    begun = lists.work_items("allocated", person=house.dora.person_id).items
    assert len(begun) == 3 and all(items(case)["audit"].started_at for case in cases)
    for case in reversed(cases):
        take(case, "audit", house.dora)
    assert {status(case) for case in cases} == {"completed"}


@pattern(43, "verbs `add_signer` (加签), `delegate` (委派)", "加签")
def test_r43_additional_resources(house: House) -> None:
    """Whoever works on something asks others to help with it. Ours sign before, after or beside the assignee; they need not
    hold the post, every rule of separation counts them as having acted, and the case waits for them."""
    house.process(task("audit"))
    case = house.case()
    actions.claim(items(case)["audit"].id, actor=house.dora)
    item = items(case)["audit"]
    actions.add_signer(
        item.id, actor=house.dora, version=item.version, persons=[house.carol.person_id], position="before", reason="请核")
    held = lists.work_items("allocated", person=house.carol.person_id).items
    assert [one.case_id for one in held] == [case]
    now = house.state(item.id)
    with pytest.raises(Conflict, match="Carol must sign first"):
        actions.complete(item.id, actor=house.dora, version=now.version)
    actions.complete(held[0].id, actor=house.carol, version=held[0].version, decision="agree", opinion="已核")
    actions.complete(item.id, actor=house.dora, version=house.state(item.id).version)
    assert status(case) == "completed"
