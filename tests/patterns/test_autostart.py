"""Auto-start patterns: work begins by itself."""
from __future__ import annotations

import pytest

from app.cases import actions, history
from app.errors import Invalid

from .catalogue import pattern
from .conftest import House, items, take, task


@pattern(36, '`gz:start="creation"`', "创建即开始")
def test_r36_commencement_on_creation(house: House) -> None:
    """Work begins as soon as there is any: nobody has to pull it, and nobody is asked. Somebody must be chosen for it: by
    the strategy of the node, else whoever has the least in hand."""
    house.process(task("audit", start="creation"))
    cases = [house.case() for _ in range(3)]
    assert [house.has(case, "audit") for case in cases] == ["dora", "eve", "frank"]
    item = items(cases[0])["audit"]
    assert item.started_at == item.offered_at
    assert history.happenings(cases[0], ["work_item.started"])


@pattern(37, "a task without `gz:start`", "签收即开始")
def test_r37_commencement_on_allocation(house: House) -> None:
    """Work begins as soon as somebody has it, claimed or given. That is the office's habit and needs no word; given back, it
    has not begun."""
    house.process(task("audit"))
    case = house.case()
    assert items(case)["audit"].started_at is None
    house.wait(hours=1)
    actions.claim(items(case)["audit"].id, actor=house.dora)
    item = items(case)["audit"]
    assert item.started_at == house.moment
    actions.release(item.id, actor=house.dora, version=item.version)
    assert items(case)["audit"].started_at is None


@pattern(38, '`gz:autostart="piled"`; verb `set_work(piled=…)`', "成批办理")
def test_r38_piled_execution(house: House) -> None:
    """Whoever finishes a work item gets the next one of the same task, from whatever case, and goes on. The diagram lets it,
    the person switches it on, and the gate is asked for every one of the pile."""
    house.process(
        task("approve", "HEAD"), task("audit", autostart="piled"), constraints='<gz:differ nodes="approve audit"/>')
    cases = [house.case() for _ in range(3)]
    take(cases[0], "approve", house.bob)
    take(cases[1], "approve", house.eve)
    take(cases[2], "approve", house.bob)
    take(cases[0], "audit", house.eve)
    assert house.has(cases[1], "audit") is house.has(cases[2], "audit") is None  # not switched on
    with pytest.raises(Invalid):
        actions.set_work(piled=["work/approve"], actor=house.eve)
    actions.set_work(piled=["work/audit"], actor=house.eve)
    cases.append(house.case())
    take(cases[3], "approve", house.bob)
    take(cases[2], "audit", house.eve)
    # The oldest is of a case that she approved herself: passed over, without a refusal in its trail.
    assert house.has(cases[1], "audit") is None and house.has(cases[3], "audit") == "eve"
    assert not history.happenings(cases[1], ["work_item.refused"])
    assert history.happenings(cases[3], ["work_item.claimed"])[-1].body["piled"] is True


@pattern(39, '`gz:autostart="chained"`; verb `set_work(chained=True)`', "连续办理")
def test_r39_chained_execution(house: House) -> None:
    """Whoever finishes a task of a case goes on with its next one. The diagram lets it, the person switches it on; where the
    gate says no it is offered as usual."""
    house.process(
        task("approve", "HEAD"), task("audit", autostart="chained"), task("file", autostart="chained"),
        constraints='<gz:differ nodes="approve file"/>',
    )
    plain = house.case()
    take(plain, "approve", house.eve)
    assert house.has(plain, "audit") is None  # not switched on
    actions.set_work(chained=True, actor=house.eve)
    case = house.case()
    take(case, "approve", house.eve)
    assert house.has(case, "audit") == "eve" and items(case)["audit"].started_at is not None
    take(case, "audit", house.eve)
    assert house.has(case, "file") is None
