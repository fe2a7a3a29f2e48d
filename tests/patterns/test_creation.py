"""Creation patterns: what the diagram says beforehand about who does the work."""
from __future__ import annotations

from datetime import date

import pytest

from app import handling, jobs
from app.cases import actions, lists, queries
from app.errors import Forbidden, Refused
from app.kernel.text import Text
from app.organisation import actions as organisation
from tests.cast import SINCE, SYSTEM
from tests.diagrams import diagram, end, flow, service, start

from .catalogue import pattern
from .conftest import FORM, House, deployed, items, status, take, task


@pattern(1, '`gz:allocation="staff:4"`', "指定人员")
def test_r01_direct_allocation(house: House) -> None:
    """The diagram itself names the person. Ours names a staff number, which never changes; the gate is asked all the same,
    so a person who may not act loses it to the post."""
    house.process(task("audit", allocation="staff:4"), task("pay", "PAY", allocation="staff:4"))
    case = house.case()
    assert house.has(case, "audit") == "dora"
    take(case, "audit", house.dora)
    assert house.has(case, "pay") is None  # Dora does not hold PAY: offered to those who do
    take(case, "pay", house.frank)


@pattern(2, "`gz:post` or a lane", "岗位签收")
def test_r02_role_based_allocation(house: House) -> None:
    """The diagram names a role, and its holders at run time may do the work: today's, not those of the day it was drawn."""
    house.process(task("audit"))
    case = house.case()
    offered = [who for who in (house.bob, house.dora, house.eve, house.frank)
               if lists.work_items("offered", person=who.person_id).items]
    assert offered == [house.dora, house.eve, house.frank]
    organisation.appoint(person_id=house.carol.person_id, post_code="ACC", since=SINCE, actor=SYSTEM)
    take(case, "audit", house.carol)


@pattern(3, '`gz:allocation="person:field"`', "按栏目指定")
def test_r03_deferred_allocation(house: House) -> None:
    """Who does it is decided while the case runs: a field of an earlier form names the person."""
    house.process(task("audit", allocation="person:person"))
    for who in ("dora", "frank"):
        assert house.has(house.case(person=getattr(house, who).person_id), "audit") == who


@pattern(4, "`gz:post` of the start event and of each task; the gate at every act", "岗位授权")
def test_r04_authorisation(house: House) -> None:
    """A privilege says who may do what at all: start, claim, complete. Ours is the post, asked at every act and not only
    when the work was handed out: who loses the post cannot finish what they hold."""
    house.process(task("audit"))
    with pytest.raises((Forbidden, Refused)):
        house.case(house.carol)
    case = house.case()
    with pytest.raises(Refused):
        actions.claim(items(case)["audit"].id, actor=house.carol)
    actions.claim(items(case)["audit"].id, actor=house.dora)
    house.wait(days=1)
    organisation.record_absence(person_id=house.dora.person_id, since=date(2026, 1, 1), reason="离岗", actor=SYSTEM)
    with pytest.raises(Refused):
        take(case, "audit", house.dora)


@pattern(5, '`<gz:differ nodes="apply audit"/>` and eleven more kinds of rule', "职责分离")
def test_r05_separation_of_duties(house: House) -> None:
    """Two tasks of one case are done by two people. The paper asks for this one rule; the others are in
    docs/vocabulary.md, and the gate also refuses what would leave a later task with nobody."""
    house.process(task("approve", "HEAD"), task("audit"), constraints='<gz:differ nodes="approve audit" basis="第九条"/>')
    case = house.case()
    take(case, "approve", house.eve)
    with pytest.raises(Refused) as refusal:
        actions.claim(items(case)["audit"].id, actor=house.eve)
    assert refusal.value.objections[0].kind == "differ"
    take(case, "audit", house.dora)


@pattern(6, '`gz:allocation="case-handler:mark"`', "一办到底")
def test_r06_case_handling(house: House) -> None:
    """All tasks of a case that belong together go to one person. Ours are those with the same mark: whoever does the first
    has the others; where a rule forbids it they are offered. With `<gz:same>` instead nobody else could."""
    house.process(
        task("audit", allocation="case-handler:auditor"), task("approve", "HEAD"),
        task("file", allocation="case-handler:auditor"),
    )
    case = house.case()
    assert house.has(case, "audit") is None
    take(case, "audit", house.frank)
    take(case, "approve", house.bob)
    assert house.has(case, "file") == "frank"


@pattern(7, '`gz:allocation="familiar:node"`; what comes round again', "原办人")
def test_r07_retain_familiar(house: House) -> None:
    """A work item goes to whoever did an earlier one of the same case."""
    house.process(task("audit"), task("approve", "HEAD"), task("file", allocation="familiar:audit"))
    case = house.case()
    take(case, "audit", house.frank)
    take(case, "approve", house.bob)
    assert house.has(case, "file") == "frank"


@pattern(8, '`gz:allocation="capability:english>=2"`', "按能力")
def test_r08_capability_based_allocation(house: House) -> None:
    """What people are able to do decides. Capabilities are a register with levels and dates; they give no right to act, so
    Carol's English helps her nothing. Of those who are able, the one with the least in hand has it."""
    for who, level in ((house.carol, 9), (house.dora, 1), (house.frank, 3)):
        organisation.grant_capability(
            person_id=who.person_id, name="english", level=level, since=SINCE, actor=SYSTEM)
    house.process(task("translate", allocation="capability:english>=2"))
    assert house.has(house.case(), "translate") == "frank"


@pattern(9, '`gz:allocation="experienced"` or `"least-experienced"`', "经验最多 / 最少")
def test_r09_history_based_allocation(house: House) -> None:
    """Who has done such work before decides: here how often somebody has done this node, in all cases of the process."""
    house.process(task("audit"), key="work")
    for who in (house.dora, house.frank, house.frank):
        take(house.case(), "audit", who)
    house.process(task("audit", allocation="experienced"), key="work")      # a new version: history goes on
    assert house.has(house.case(), "audit") == "frank"
    house.process(task("audit", allocation="least-experienced"), key="work")
    assert house.has(house.case(), "audit") == "eve"


@pattern(10, '`gz:allocation="head-of:node"`', "本部门负责人")
def test_r10_organisational_allocation(house: House) -> None:
    """The performer's place in the organisation decides: the head of the department of whoever applied, or of the
    department above it where nobody there may."""
    house.process(task("approve", "HEAD", allocation="head-of:apply"), constraints='<gz:differ nodes="apply approve"/>')
    assert house.has(house.case(), "approve") == "bob"
    organisation.record_absence(person_id=house.bob.person_id, since=SINCE, reason="出差", actor=SYSTEM)
    assert house.has(house.case(), "approve") == "eve"


@pattern(11, "`serviceTask` with `gz:handler`", "自动办理")
def test_r11_automatic_execution(house: House) -> None:
    """A task is done without anybody: a service task runs its handler as a job, and the case goes on."""
    handling.services["test.pattern"] = handling.Service("test.pattern", lambda work: {"done": True}, Text("", ""), (), "1")
    try:
        _, apply = task("apply", "CLK")
        deployed(diagram(
            "work", start("s"), apply, service("book", "test.pattern", outputs={"booked": "done"}), end("e"),
            flow("x", "book", "e"), path="s apply book",
        ), {"note": FORM})
        case = house.case()
        assert not items(case) and jobs.run_due_jobs() == 1
        assert status(case) == "completed" and queries.case(case, actor=house.ada).data["booked"] is True
    finally:
        del handling.services["test.pattern"]
