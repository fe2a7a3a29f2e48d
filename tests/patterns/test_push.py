"""Push patterns: the system hands the work out."""
from __future__ import annotations

import threading

import pytest

from app import jobs
from app.cases import actions, draws, lists, worklists
from app.errors import Conflict
from app.organisation import actions as organisation
from tests.cast import SINCE, SYSTEM

from .catalogue import pattern
from .conftest import House, items, take, task


@pattern(12, '`gz:allocation="offer:person:field"`; verb `decline_offer` (谢绝)', "定向待签收")
def test_r12_distribution_by_offer_single_resource(house: House) -> None:
    """One person is asked, and nobody else; they may decline. Ours is any strategy with ``offer:`` before it. Who declines
    leaves it to the whole post, so that nothing is lost."""
    house.process(task("audit", allocation="offer:person:person"))
    case = house.case(person=house.dora.person_id)
    item = items(case)["audit"]
    assert item.state == "offered" and item.offered_to_id == house.dora.person_id
    assert lists.work_items("offered", person=house.frank.person_id).items == []
    with pytest.raises(Conflict, match="Dora alone"):
        actions.claim(item.id, actor=house.frank)
    actions.decline_offer(item.id, actor=house.dora, version=item.version)
    take(case, "audit", house.frank)


@pattern(13, "a task without `gz:allocation`", "岗位签收")
def test_r13_distribution_by_offer_multiple_resources(house: House) -> None:
    """Several people are asked at once, and the first to say yes has it. Ours are all holders of the post whom the gate
    allows."""
    house.process(task("audit"))
    case = house.case()
    for who in (house.dora, house.frank):
        assert [item.case_id for item in lists.work_items("offered", person=who.person_id).items] == [case]
    actions.claim(items(case)["audit"].id, actor=house.frank)
    with pytest.raises(Conflict, match="Frank has already claimed it"):
        actions.claim(items(case)["audit"].id, actor=house.dora)
    assert lists.work_items("offered", person=house.dora.person_id).items == []


@pattern(14, '`gz:allocation="person:field"` and every other strategy', "直接分派")
def test_r14_distribution_by_allocation_single_resource(house: House) -> None:
    """One person gets it without being asked: it is in their hands as soon as it is there."""
    house.process(task("audit", allocation="person:person"))
    case = house.case(person=house.frank.person_id)
    assert [item.case_id for item in lists.work_items("allocated", person=house.frank.person_id).items] == [case]
    assert lists.work_items("offered", person=house.dora.person_id).items == []


@pattern(15, '`gz:allocation="draw"` or `<gz:draw>`', "抽签")
def test_r15_random_allocation(house: House) -> None:
    """A random one of those who may. Ours can be recomputed by anybody: the seed is committed to in the trail before."""
    house.process(task("audit", allocation="draw"))
    cases = [house.case() for _ in range(40)]  # that one of three is never drawn happens once in three million times
    assert {house.has(case, "audit") for case in cases} == {"dora", "eve", "frank"}
    assert draws.check(cases[0]).holds


@pattern(16, '`gz:allocation="round-robin"`', "轮流")
def test_r16_round_robin_allocation(house: House) -> None:
    """Everybody in turn. Ours counts turns at this node, for this post: whoever has waited longest is next, newcomers
    first, and who is away keeps their place. The turn is locked, so cases that open at once take turns too."""
    house.process(task("audit", allocation="round-robin"))
    assert [house.has(house.case(), "audit") for _ in range(4)] == ["dora", "eve", "frank", "dora"]
    absence = organisation.record_absence(person_id=house.eve.person_id, since=SINCE, reason="出差", actor=SYSTEM)
    assert house.has(house.case(), "audit") == "frank"
    organisation.end_absence(absence, until=SINCE, actor=SYSTEM)
    assert house.has(house.case(), "audit") == "eve"

    made: list[int] = []

    def start() -> None:
        with house.app.app_context():
            made.append(house.case())

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(house.has(case, "audit") or "" for case in made) == ["dora", "dora", "eve", "eve", "frank", "frank"]


@pattern(17, '`gz:allocation="shortest-queue"`', "最少在办")
def test_r17_shortest_queue(house: House) -> None:
    """Whoever has the least in hand. Ours counts open work items of all processes."""
    house.process(task("audit"), key="other")
    for who in (house.dora, house.dora, house.frank):
        actions.claim(items(house.case(key="other"))["audit"].id, actor=who)
    house.process(task("audit", allocation="shortest-queue"))
    assert [house.has(house.case(), "audit") for _ in range(3)] == ["eve", "eve", "frank"]


@pattern(18, '`gz:distribution="early"`', "即将到达")
def test_r18_early_distribution(house: House) -> None:
    """People hear of work before it is enabled. Ours announces the node to its post as 即将到达 from the moment the case
    runs, with whether it is certain to come; nobody can take it before it is there. It is asked of the cases and not
    stored: what is never enabled leaves nothing to be cleared away."""
    house.process(task("approve", "HEAD"), task("audit", distribution="early"))
    case = house.case()
    (coming,) = worklists.coming(house.dora.person_id)
    assert (coming.case_id, coming.node, coming.sure) == (case, "audit", True)
    assert worklists.coming(house.bob.person_id) == []
    assert "audit" not in items(case)
    take(case, "approve", house.bob)
    assert worklists.coming(house.dora.person_id) == []
    take(case, "audit", house.dora)


@pattern(19, "a task without `gz:distribution`", "到达即分发")
def test_r19_distribution_on_enablement(house: House) -> None:
    """Work is handed out in the moment it becomes possible: in the transaction that completes what came before."""
    house.process(task("approve", "HEAD"), task("audit"))
    case = house.case()
    assert set(items(case)) == {"approve"}
    take(case, "approve", house.bob)
    assert items(case)["audit"].state == "offered" and items(case)["audit"].offered_at == house.moment


@pattern(20, '`gz:distribution="late:n"`', "延后分发")
def test_r20_late_distribution(house: House) -> None:
    """Work is handed out only when people have room for it. Ours is held back while its post has ``n`` open work items, the
    oldest first; its clock starts when it is offered."""
    house.process(task("audit", distribution="late:1"))
    first, second = house.case(), house.case()
    held_back = items(second)["audit"]
    assert items(first)["audit"].state == "offered" and held_back.due_at is None
    with pytest.raises(Conflict, match="held back"):
        actions.claim(held_back.id, actor=house.dora)
    assert jobs.hand_out_due() == 0
    take(first, "audit", house.dora)
    assert jobs.hand_out_due() == 1
    assert items(second)["audit"].due_at is not None
    take(second, "audit", house.frank)
