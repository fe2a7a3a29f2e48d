"""Visibility patterns: who may know of work that is not theirs."""
from __future__ import annotations

import pytest

from app.cases import actions, queries, worklists
from app.errors import NotFound

from .catalogue import pattern
from .conftest import House, items, task


@pattern(40, '`<gz:visible offered="post|department|office"/>`', "待签收可见范围")
def test_r40_configurable_unallocated_work_item_visibility(house: House) -> None:
    """A diagram says who may know of work that nobody has yet. The floor is docs and code of ``permissions``: its post, and
    whoever may see the case. A node may show more, and then only that there is such a work item: not its case, and
    nobody can take it who could not before."""
    house.process(task("audit", inside='<gz:visible offered="office"/>'), key="open")
    house.process(task("audit"), key="closed")
    case, _ = house.case(key="open"), house.case(key="closed")
    assert [(seen.case_id, seen.node) for seen in worklists.visible(house.carol.person_id)] == [(case, "audit")]
    with pytest.raises(NotFound):
        queries.case(case, actor=house.carol)
    actions.claim(items(case)["audit"].id, actor=house.dora)
    assert worklists.visible(house.carol.person_id) == []  # in Dora's hands now, which this node does not show


@pattern(41, '`<gz:visible allocated="holder|post|department|office"/>`', "在办可见范围")
def test_r41_configurable_allocated_work_item_visibility(house: House) -> None:
    """A diagram says who may know of work that somebody has. By default only who may see the case; here colleagues of the
    post see who has it."""
    house.process(task("audit", inside='<gz:visible allocated="post"/>'))
    case = house.case()
    assert worklists.visible(house.frank.person_id) == []
    actions.claim(items(case)["audit"].id, actor=house.dora)
    (seen,) = worklists.visible(house.frank.person_id)
    assert (seen.case_id, seen.assignee_id) == (case, house.dora.person_id)
    assert worklists.visible(house.carol.person_id) == [] == worklists.visible(house.dora.person_id)
