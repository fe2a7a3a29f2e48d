"""Pull patterns: people take the work."""
from __future__ import annotations

import pytest

from app.cases import actions, history, lists, worklists
from app.errors import Conflict

from .catalogue import pattern
from .conftest import House, items, take, task


@pattern(21, 'verb `claim` with `gz:start="person"`', "签收")
def test_r21_resource_initiated_allocation(house: House) -> None:
    """Somebody takes a work item on without beginning it: nobody else can, and its beginning is still to come."""
    house.process(task("audit", start="person"))
    case = house.case()
    actions.claim(items(case)["audit"].id, actor=house.dora)
    item = items(case)["audit"]
    assert item.assignee_id == house.dora.person_id and item.started_at is None
    with pytest.raises(Conflict, match="Begin work"):
        actions.complete(item.id, actor=house.dora, version=item.version)


@pattern(22, 'verb `commence` with `gz:start="person"`', "开始办理")
def test_r22_resource_initiated_execution_allocated(house: House) -> None:
    """Whoever holds a work item says when they begin it."""
    house.process(task("audit", start="person", allocation="person:person"))
    case = house.case(person=house.dora.person_id)
    item = items(case)["audit"]
    house.wait(hours=2)
    with pytest.raises(Conflict, match="not yours"):
        actions.commence(item.id, actor=house.frank, version=item.version)
    actions.commence(item.id, actor=house.dora, version=item.version)
    assert items(case)["audit"].started_at == house.moment
    assert history.happenings(case, ["work_item.started"])
    take(case, "audit", house.dora)


@pattern(23, "verb `commence` of what is on offer; `claim` where work begins with it", "签收即办")
def test_r23_resource_initiated_execution_offered(house: House) -> None:
    """Somebody takes what is on offer and begins it in one act."""
    house.process(task("audit", start="person"))
    case = house.case()
    item = items(case)["audit"]
    actions.commence(item.id, actor=house.frank, version=item.version)
    assert house.has(case, "audit") == "frank" and items(case)["audit"].started_at == house.moment
    with pytest.raises(Conflict, match="begun already"):
        actions.commence(item.id, actor=house.frank, version=items(case)["audit"].version)


@pattern(24, "verb `set_office_ordering`", "单位排序")
def test_r24_system_determined_work_queue_content(house: House) -> None:
    """The system decides in what order people find their work. The office sets it; due first where it has set none."""
    house.process(task("audit", days="9"), key="slow")
    house.process(task("audit", days="1"), key="fast")
    slow, fast = house.case(key="slow"), house.case(key="fast")
    assert _listed(house, "dora") == [fast, slow]
    actions.set_office_ordering("arrival", actor=house.ada)
    assert _listed(house, "dora") == [slow, fast]


@pattern(25, "verb `set_work(ordering=…)`", "个人排序")
def test_r25_resource_determined_work_queue_content(house: House) -> None:
    """People order their own lists, filter them, and keep that: theirs outweighs the office's and changes nobody else's."""
    house.process(task("audit"))
    cases = [house.case() for _ in range(3)]
    actions.set_office_ordering("arrival", actor=house.ada)
    actions.set_work(ordering="newest", actor=house.dora)
    assert _listed(house, "dora") == cases[::-1]
    assert _listed(house, "frank") == cases


@pattern(26, "verb `claim` of any work item on offer", "自选")
def test_r26_selection_autonomy(house: House) -> None:
    """People choose what to do next, whatever the order of the list says. Nobody is held to its head."""
    house.process(task("audit"))
    cases = [house.case() for _ in range(3)]
    assert _listed(house, "dora") == cases
    take(cases[1], "audit", house.dora)
    take(cases[2], "audit", house.dora)
    assert _listed(house, "dora") == cases[:1]


def _listed(house: House, name: str) -> list[int]:
    """The cases in somebody's list of offers, a page of one after the other."""
    person, found, cursor = getattr(house, name).person_id, [], None
    while True:
        page = lists.work_items(
            "offered", person=person, ordering=worklists.ordering_of(person), page_size=1, cursor=cursor)
        found += [item.case_id for item in page.items]
        cursor = page.cursor
        if cursor is None:
            return found
