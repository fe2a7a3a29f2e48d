"""Detour patterns: the work leaves its usual course."""
from __future__ import annotations

from datetime import timedelta

import pytest

from app import jobs
from app.cases import actions, history, lists, queries
from app.errors import Conflict, Invalid, Refused

from .catalogue import pattern
from .conftest import House, items, status, take, task


@pytest.fixture
def held(house: House) -> int:
    """A case whose audit Dora holds; Bob approved it, and whoever approved may not audit."""
    house.process(task("approve", "HEAD"), task("audit"), constraints='<gz:differ nodes="approve audit"/>')
    case = house.case()
    take(case, "approve", house.eve)
    actions.claim(items(case)["audit"].id, actor=house.dora)
    return case


@pattern(27, "verb `transfer` (转办)", "转办")
def test_r27_delegation(house: House, held: int) -> None:
    """Whoever holds a work item gives it to somebody else. Ours asks the gate about the other as if they had claimed it."""
    item = items(held)["audit"]
    with pytest.raises(Refused):
        actions.transfer(item.id, actor=house.dora, version=item.version, to=house.eve.person_id, reason="请办")
    actions.transfer(item.id, actor=house.dora, version=item.version, to=house.frank.person_id, reason="请办")
    assert house.has(held, "audit") == "frank"
    take(held, "audit", house.frank)


@pattern(28, '`<gz:escalate to="POST"/>`', "超期升级")
def test_r28_escalation(house: House) -> None:
    """The system takes work from whoever is late with it and gives it to the next in line: the post the diagram names, of
    whom the gate allows; nothing is ever approved by time. What was drafted stays with it. Where nobody in line may act
    it stays where it is, and the trail says so."""
    house.process(
        task("audit", inside='<gz:escalate to="HEAD"/>'),
        constraints='<gz:differ nodes="apply audit"/>',
    )
    case = house.case()
    actions.claim(items(case)["audit"].id, actor=house.dora)
    assert jobs.hand_out_due() == 0
    house.wait(days=5)
    assert jobs.hand_out_due() == 1
    item = items(case)["audit"]
    assert (item.post, item.state) == ("HEAD", "offered")
    assert [one.id for one in lists.work_items("offered", person=house.bob.person_id).items] == [item.id]
    with pytest.raises(Refused):
        actions.claim(item.id, actor=house.carol)
    take(case, "audit", house.bob)
    told = history.happenings(case, ["work_item.escalated"])[0].body
    assert told["late"] == house.dora.person_id and told["to_post"] == "HEAD"


@pattern(29, "verbs `release` (退签), `ask_reassign` (改派) to nobody", "退签")
def test_r29_deallocation(house: House, held: int) -> None:
    """Whoever holds a work item gives it up, and it is offered to the others again. An administrator may do the same with a
    second one's consent."""
    item = items(held)["audit"]
    actions.release(item.id, actor=house.dora, version=item.version)
    assert [one.case_id for one in lists.work_items("offered", person=house.frank.person_id).items] == [held]
    take(held, "audit", house.frank)


@pattern(30, "verb `transfer(with_draft=True)`", "带草稿转办")
def test_r30_stateful_reallocation(house: House, held: int) -> None:
    """Work that has begun goes to somebody else with all that was done on it: their draft is where the other begins."""
    item = items(held)["audit"]
    version = actions.save(item.id, actor=house.dora, version=item.version, answers={"note": "查了一半"})
    actions.transfer(
        item.id, actor=house.dora, version=version, to=house.frank.person_id, reason="出差", with_draft=True)
    assert queries.work_item(item.id, actor=house.frank).draft["answers"] == {"note": "查了一半"}
    take(held, "audit", house.frank)


@pattern(31, "verb `transfer`, `ask_reassign` with `confirm_control`", "转办(重办)")
def test_r31_stateless_reallocation(house: House, held: int) -> None:
    """Work that has begun goes to somebody else, who begins anew: what was drafted is gone."""
    item = items(held)["audit"]
    version = actions.save(item.id, actor=house.dora, version=item.version, answers={"note": "查了一半"})
    house.wait(hours=1)
    actions.transfer(item.id, actor=house.dora, version=version, to=house.frank.person_id, reason="出差")
    assert queries.work_item(item.id, actor=house.frank).draft == {}
    assert items(held)["audit"].started_at == house.moment


@pattern(32, "verbs `suspend_item` (搁置), `resume_item` (继续); `suspend`, `resume` for the whole case", "搁置与继续")
def test_r32_suspension_and_resumption(house: House, held: int) -> None:
    """Whoever works on something lays it aside and takes it up later, the rest of the case going on; meanwhile it cannot be
    finished, and its clock stands still."""
    item = items(held)["audit"]
    actions.suspend_item(item.id, actor=house.dora, version=item.version, reason="等回函")
    with pytest.raises(Conflict, match="laid aside"):
        take(held, "audit", house.dora)
    house.wait(days=2)
    actions.resume_item(item.id, actor=house.dora, version=items(held)["audit"].version)
    assert items(held)["audit"].due_at == item.due_at + timedelta(days=2)
    take(held, "audit", house.dora)


@pattern(33, '`gz:skippable="yes"`; verb `skip` (跳过)', "跳过")
def test_r33_skip(house: House) -> None:
    """Whoever holds a work item passes over it, and the case goes on as if it were done. Ours only where the diagram lets it
    and no decision is missed, with a reason; who skips has acted there, for every rule."""
    house.process(
        task("visit", skippable="yes"), task("audit"), task("file"), constraints='<gz:differ nodes="visit audit"/>')
    case = house.case()
    actions.claim(items(case)["visit"].id, actor=house.dora)
    item = items(case)["visit"]
    with pytest.raises(Invalid):
        actions.skip(item.id, actor=house.dora, version=item.version, reason=" ")
    actions.skip(item.id, actor=house.dora, version=item.version, reason="资料齐全，无需实地查看")
    with pytest.raises(Refused):
        actions.claim(items(case)["audit"].id, actor=house.dora)
    actions.claim(items(case)["audit"].id, actor=house.frank)
    item = items(case)["audit"]
    with pytest.raises(Conflict, match="does not let this node be skipped"):
        actions.skip(item.id, actor=house.frank, version=item.version, reason="忙")


@pattern(34, "verb `take_back` (拿回)", "拿回")
def test_r34_redo(house: House) -> None:
    """Whoever has completed a work item does it again. Ours while nobody has acted after them: what was offered meanwhile is
    withdrawn, what they handed in comes back as a draft and stays on record. Later it takes a return (退回), which the
    next one decides."""
    house.process(task("approve", "HEAD"), task("audit"))
    case = house.case()
    take(case, "approve", house.bob, answers={"note": "同意"})
    done = lists.work_items("completed", person=house.bob.person_id).items[0].id
    with pytest.raises(Conflict, match="only take back what you have completed"):
        actions.take_back(done, actor=house.eve)
    again = actions.take_back(done, actor=house.bob, reason="写错了")
    assert set(items(case)) == {"approve"} and items(case)["approve"].id == again
    assert queries.work_item(again, actor=house.bob).draft["answers"] == {"note": "同意"}
    take(case, "approve", house.bob, answers={"note": "不妥，同意一半"})
    actions.claim(items(case)["audit"].id, actor=house.dora)
    with pytest.raises(Conflict, match="has claimed it"):
        actions.take_back(again, actor=house.bob)
    take(case, "audit", house.dora)
    assert status(case) == "completed"


@pattern(35, '`gz:predo="yes"`; verb `do_ahead` (预办)', "预办")
def test_r35_pre_do(house: House) -> None:
    """A task is done before its turn. Ours keeps what was handed in until the case gets there; then the gate and the form are
    asked again, and it counts as that person's act. Where the gate says no by then it is offered as usual."""
    house.process(
        task("approve", "HEAD"), task("audit", predo="yes"), constraints='<gz:differ nodes="approve audit"/>')
    case = house.case()
    with pytest.raises(Refused):
        actions.do_ahead(case, "audit", actor=house.carol)
    actions.do_ahead(case, "audit", actor=house.dora, answers={"note": "已审"})
    assert set(items(case)) == {"approve"}
    take(case, "approve", house.bob)
    assert status(case) == "completed"
    assert queries.case(case, actor=house.ada).data["nodes"]["audit"]["note"] == "已审"
    assert history.happenings(case, ["work_item.completed"])[-1].body["who"]["person"] == house.dora.person_id

    barred = house.case()
    actions.do_ahead(barred, "audit", actor=house.eve)
    take(barred, "approve", house.eve)  # her own approval: what she did ahead no longer counts
    assert house.has(barred, "audit") is None
    take(barred, "audit", house.frank)
