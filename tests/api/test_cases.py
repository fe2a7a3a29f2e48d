"""Cases: started, looked at, taken back, stood still, told something, explained."""
from __future__ import annotations

from typing import Any

import pytest

from .conftest import GOOD, World, open_item


def test_a_case_started_with_its_data_goes_on_to_the_next_post(world: World) -> None:
    case = world.chenxiaomei.start(business_key="PO-7")
    assert case["status"] == "running" and case["process"] == "approval" and case["matter"] == "APPROVAL"
    assert case["title"] == "打印纸" and case["business_key"] == "PO-7" and case["party"] is None
    assert case["number"].startswith("APPROVAL-") and case["started_at"].endswith("+00:00")
    assert case["data"]["purpose"] == "打印纸" and case["data"]["amount"] == "120.50"
    (item,) = case["work_items"]
    assert item["node"] == "approve" and item["post"] == "ANY.HD" and item["department"] == "NS"
    assert item["state"] == "offered" and item["assignee"] is None and item["due_at"]


def test_a_case_started_without_data_waits_for_its_initiator(world: World) -> None:
    me = world.chenxiaomei.ok("GET", "/me")["person"]
    case = world.chenxiaomei.start(data=None)
    assert open_item(case, "apply")["assignee"] == me == case["initiator"]


def test_a_matters_code_starts_its_process_too(world: World) -> None:
    assert world.chenxiaomei.start("APPROVAL", None)["process"] == "approval"


@pytest.mark.parametrize(("body", "field"), [
    ({"process": "approval", "data": {"amount": "1"}}, "purpose"),
    ({"process": "approval", "data": {"purpose": "纸", "amount": "1"}}, "purpose"),
    ({"process": "approval", "data": {**GOOD, "amount": "much"}}, "amount"),
    ({"process": "approval", "data": {**GOOD, "colour": "red"}}, "colour"),
    ({"process": "approval", "data": []}, "data"),
    ({"process": 7}, "process"), ({}, "process"), ({"process": "approval", "more": 1}, "more"),
    ({"process": "approval", "business_key": "x" * 121}, "business_key"),
    ({"process": "approval", "data": GOOD, "party": "party:999999"}, "party"),
    ({"process": "approval", "data": GOOD, "party": "person:x"}, "party"),
    ({"process": "approval", "data": GOOD, "party": "person:999999"}, "party"),
    ({"process": "approval", "data": GOOD, "party": "somebody"}, "party"),
])
def test_what_does_not_fit_is_answered_by_field_and_starts_nothing(
    world: World, body: dict[str, Any], field: str
) -> None:
    before = world.count("case"), world.count("entry"), world.count("case_number")
    answer = world.chenxiaomei.post("/cases", body)
    assert answer.status_code == 422 and field in answer.json["errors"], answer.json
    assert (world.count("case"), world.count("entry"), world.count("case_number")) == before


def test_a_case_may_be_about_a_party(world: World) -> None:
    case = world.chenxiaomei.start(party="party:1")
    assert case["party"] == "party:1"


def test_whose_posts_do_not_let_them_start_is_refused_with_the_reason(world: World) -> None:
    answer = world.liuzhiqiang.post("/cases", {"process": "approval", "data": GOOD}, lang="zh")
    assert answer.status_code == 409 and answer.json["type"] == "urn:gangze:problem:refused"
    assert answer.json["objections"][0]["node"] == "apply" and answer.json["objections"][0]["because"]


def test_nobody_files_in_another_departments_name(world: World) -> None:
    answer = world.chenxiaomei.post("/cases", {"process": "approval", "data": GOOD, "department": "CW"})
    assert answer.status_code == 409 and answer.json["objections"]


def test_there_is_no_process_of_that_name(world: World) -> None:
    answer = world.chenxiaomei.post("/cases", {"process": "nothing"}, lang="zh")
    assert answer.status_code == 404 and answer.json["title"] == "没有启用的流程 nothing"


def test_a_case_one_may_not_see_is_not_there(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    for path in (f"/cases/{case['id']}", f"/cases/{case['id']}/trail", f"/cases/{case['id']}/nodes",
                 f"/work-items/{item['id']}", f"/separation/explain?case={case['id']}&node=approve"):
        hidden, absent = world.yinhang.get(path), world.yinhang.get(path.replace(str(case["id"]), "999999").replace(
            f"/{item['id']}", "/999999"))
        assert hidden.status_code == absent.status_code == 404 and hidden.json == absent.json, path
        assert world.chenxiaomei.get(path).status_code == 200
    for verb in ("withdraw", "cancel", "suspend", "resume"):
        assert world.yinhang.post(f"/cases/{case['id']}/{verb}", {"reason": "x"}).status_code == 404, verb
    for verb in ("claim", "release", "save", "complete", "refuse", "return"):
        answer = world.yinhang.post(f"/work-items/{item['id']}/{verb}", {"version": 1, "opinion": "x"} if verb not in (
            "claim", "release") else {"version": 1})
        assert answer.status_code == 404 and "objections" not in answer.json, (verb, answer.json)
    assert open_item(world.chenxiaomei.ok("GET", f"/cases/{case['id']}"), "approve")["version"] == item["version"]


def test_the_discipline_inspectors_and_the_auditor_may_read_every_case(world: World) -> None:
    case = world.chenxiaomei.start()
    for who in (world.zengqinghua, world.shiyu):
        assert who.ok("GET", f"/cases/{case['id']}")["number"] == case["number"]
    assert world.shiyu.post(f"/cases/{case['id']}/withdraw", {"reason": "x"}).status_code == 403


def test_what_a_node_hides_its_performer_does_not_learn_from_case_item_or_trail(world: World) -> None:
    case = world.chenxiaomei.start(data={**GOOD, "secret": "只给会计看"})
    item = open_item(case, "approve")
    assert case["data"]["secret"] == "只给会计看"
    for path in (f"/cases/{case['id']}", f"/work-items/{item['id']}", f"/cases/{case['id']}/trail"):
        if "work-items" not in path:
            assert "只给会计看" in world.chenxiaomei.get(path).json.__repr__(), path
        assert "只给会计看" not in world.liuzhiqiang.get(path).json.__repr__(), path


def test_the_initiator_takes_a_case_back_with_a_reason(world: World) -> None:
    case = world.chenxiaomei.start()
    assert world.chenxiaomei.post(f"/cases/{case['id']}/withdraw").json["errors"] == {
        "reason": ["give a reason (up to 2,000 characters)"]}
    assert world.liuzhiqiang.post(f"/cases/{case['id']}/withdraw", {"reason": "x"}).status_code == 403
    done = world.chenxiaomei.ok("POST", f"/cases/{case['id']}/withdraw", {"reason": "填错了"})
    assert done["status"] == "cancelled" and done["work_items"] == [] and done["ended_at"]
    again = world.chenxiaomei.post(f"/cases/{case['id']}/cancel", {"reason": "再来"})
    assert again.status_code == 409 and again.json["type"] == "urn:gangze:problem:conflict"


def test_a_suspended_case_stands_still_until_it_is_resumed(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    assert world.chenxiaomei.ok("POST", f"/cases/{case['id']}/suspend", {"reason": "等文件"})["status"] == "suspended"
    answer = world.liuzhiqiang.post(f"/work-items/{item['id']}/claim", {}, lang="zh")
    assert answer.status_code == 409 and answer.json["title"] == "办件已挂起，恢复后才能办理。"
    assert world.liuzhiqiang.post(f"/cases/{case['id']}/resume").status_code == 403
    assert world.chenxiaomei.ok("POST", f"/cases/{case['id']}/resume")["status"] == "running"
    assert world.chenxiaomei.post(f"/cases/{case['id']}/resume").status_code == 409
    world.liuzhiqiang.take(case["id"], "approve", decision="agree")


def test_a_message_finds_its_case_by_number_or_key_and_a_signal_all_that_wait(world: World) -> None:
    keyed = world.chenxiaomei.start("waiting", business_key="PAY-1")
    numbered = world.chenxiaomei.start("waiting")
    assert keyed["work_items"] == []
    assert world.chenxiaomei.post("/signals", {"name": "year-end"}).status_code == 403
    early = world.wenjing.post("/signals", {"name": "year-end"})
    assert early.json == {"cases": 0}
    assert world.wenjing.post("/messages", {"name": "payment", "correlation": "PAY-1"}).status_code == 404
    for correlation in ("PAY-1", numbered["number"]):
        answer = world.chenxiaomei.post("/messages", {
            "name": "payment", "correlation": correlation, "data": {"paid": 12800.5}})
        assert answer.status_code == 200
    assert answer.json == {"case": numbered["id"]}
    gone = world.chenxiaomei.post("/messages", {"name": "payment", "correlation": "PAY-1"})
    assert gone.status_code == 404
    assert world.wenjing.ok("POST", "/signals", {"name": "year-end"}) == {"cases": 2}
    case = world.chenxiaomei.ok("GET", f"/cases/{keyed['id']}")
    assert [i["node"] for i in case["work_items"]] == ["after"]
    told = [e["what"] for e in world.chenxiaomei.ok("GET", f"/cases/{keyed['id']}/trail")["items"]]
    assert "message.delivered" in told and "signal.delivered" in told
    delivered = next(e for e in world.chenxiaomei.ok("GET", f"/cases/{keyed['id']}/trail")["items"]
                     if e["what"] == "message.delivered")
    assert delivered["facts"]["data"] == {"paid": "12800.5"}


def test_a_number_keeps_every_digit_it_was_written_with(world: World) -> None:
    case = world.chenxiaomei.start("waiting")
    body = '{"name": "payment", "correlation": "%s", "data": {"paid": 12800.10, "rate": 0.12345678901234567890}}'
    answer = world.chenxiaomei.post("/messages", data=body % case["number"], content_type="application/json")
    assert answer.status_code == 200
    found = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/trail")["items"]
    delivered = next(e for e in found if e["what"] == "message.delivered")
    assert delivered["facts"]["data"] == {"paid": "12800.10", "rate": "0.12345678901234567890"}


def test_the_nodes_tell_what_was_passed_and_what_is_current(world: World) -> None:
    case = world.chenxiaomei.start()
    nodes = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/nodes")
    assert {"s", "apply"} <= set(nodes["passed"]) and nodes["current"] == ["approve"]
    assert nodes["refused"] == nodes["returned"] == nodes["flows"] == []
    world.liuzhiqiang.take(case["id"], "approve", decision="agree")
    nodes = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/nodes")
    assert "approve" in nodes["passed"] and nodes["current"] == ["audit"]
    assert nodes["flows"] == ["ok-audit"], "of a gateway's ways the one that was taken"


def test_the_explanation_says_for_every_holder_whether_they_may_and_why_not(world: World) -> None:
    case = world.chenxiaomei.start()
    world.zhengwei.take(case["id"], "approve", decision="agree")
    found = world.chenxiaomei.ok("GET", f"/separation/explain?case={case['id']}&node=audit", lang="zh")
    by_name = {f["name"]: f for f in found}
    assert by_name["周文静"]["allowed"] and by_name["周文静"]["objections"] == []
    zheng = by_name["郑伟"]
    assert not zheng["allowed"]
    (objection,) = zheng["objections"]
    assert objection["constraint"] == "c1" and objection["basis"] == "内控规范第十二条"
    assert objection["node"] == "audit" and objection["kind"] == "differ"
    assert {"node": "approve", "person": zheng["person"], "name": "郑伟"} in objection["earlier"]
    assert "周文静" in [p["name"] for p in objection["instead"]]
    english = world.chenxiaomei.ok("GET", f"/separation/explain?case={case['id']}&node=audit")
    assert {f["name"]: f for f in english}["郑伟"]["objections"][0]["because"] != objection["because"]
    assert world.chenxiaomei.get(f"/separation/explain?case={case['id']}&node=ok").status_code == 404


def test_the_whole_expenditure_is_done_by_programs(world: World) -> None:
    chen = world.chenxiaomei
    claim = {
        "purpose": "更换办税服务厅打印机硒鼓及复印纸一批", "category": "office", "budgetItem": "30201", "amount": "1280.00",
        "payee": "沭源县晨光办公设备有限公司", "payMode": "transfer", "invoiceNo": "24327000000182640299",
        "voucher": [chen.attach()],
    }
    case = chen.start("S01", claim)
    assert case["data"]["voucher"][0]["name"] == "invoice.pdf"
    world.work()
    world.liuzhiqiang.take(case["id"], "head", decision="agree")
    world.zhouwenjing.take(case["id"], "audit", decision="agree")
    world.hezhiyuan.take(case["id"], "finance", decision="agree")
    world.work()
    world.fengli.take(case["id"], "pay", answers={
        "paidAmount": "1280.00", "paidOn": "2026-11-24", "paymentRef": "ZF20261124001"})
    world.work()
    world.tangxiaodong.take(case["id"], "book", answers={"journalNo": "记-2026-11-118", "bookedOn": "2026-11-24"})
    world.work()
    done = chen.ok("GET", f"/cases/{case['id']}")
    assert done["status"] == "completed" and done["work_items"] == [] and done["jobs"] == []
    assert done["data"]["nodes"]["head"]["decision"] == "agree"
    assert world.verified()
