"""Work items: found, claimed, given back, saved, finished, sent back, refused."""
from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import GOOD, PDF, World, open_item


def listed(world: World, who: str, **wanted: Any) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={quote(str(value))}" for name, value in wanted.items())
    return getattr(world, who).ok("GET", f"/work-items?{query}")["items"]


def test_an_item_is_offered_claimed_given_back_claimed_and_completed(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    path = f"/work-items/{item['id']}"
    liu = world.liuzhiqiang
    me = liu.ok("GET", "/me")["person"]
    detail = liu.ok("GET", path)
    assert detail["decisions"] == ["agree", "refuse"] and detail["allowed"] and detail["form"] == "request"
    assert detail["assignee"] is None and detail["returnable"] == []
    claimed = liu.ok("POST", path + "/claim")
    assert claimed == {"id": item["id"], "version": 2, "state": "allocated", "case": case["id"], "case_status": "running"}
    assert liu.ok("GET", path)["assignee"] == me and liu.ok("GET", path)["returnable"] == ["apply"]
    released = liu.ok("POST", path + "/release", {"version": 2})
    assert released["state"] == "offered" and released["version"] == 3
    again = liu.ok("POST", path + "/claim", {"version": 3})
    done = liu.ok("POST", path + "/complete", {"version": again["version"], "decision": "agree", "opinion": "情况属实"})
    assert done["state"] == "completed" and done["case_status"] == "running"
    assert liu.ok("GET", path)["state"] == "completed"
    assert open_item(world.chenxiaomei.ok("GET", f"/cases/{case['id']}"), "audit")["post"] == "CW.SH"


def test_a_stale_version_is_a_conflict_that_tells_the_present_one(world: World) -> None:
    case = world.chenxiaomei.start(data=None)
    item = open_item(case, "apply")
    path = f"/work-items/{item['id']}"
    saved = world.chenxiaomei.ok("POST", path + "/save", {"version": item["version"], "answers": {"purpose": "草"}})
    answer = world.chenxiaomei.post(path + "/complete", {"version": item["version"], "answers": GOOD}, lang="zh")
    assert answer.status_code == 409 and answer.json["version"] == saved["version"]
    assert answer.json["title"] == "页面已过期：这项待办刚被改动，请刷新。"
    assert world.chenxiaomei.ok("GET", path)["draft"]["answers"] == {"purpose": "草"}
    world.chenxiaomei.ok("POST", path + "/complete", {"version": saved["version"], "answers": GOOD})


def test_two_programs_claim_at_once_and_one_is_told_who_has_it(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    people = world.liuzhiqiang, world.zhengwei
    gate, answers = threading.Barrier(2), []

    def claim(who: Any) -> None:
        gate.wait()
        answers.append(who.post(f"/work-items/{item['id']}/claim", {"version": item["version"]}))

    threads = [threading.Thread(target=claim, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers) == [200, 409]
    (loser,) = (a for a in answers if a.status_code == 409)
    assert "has already claimed it" in loser.json["title"]


def test_who_acted_before_is_refused_with_rule_clause_act_and_who_may_instead(world: World) -> None:
    case = world.chenxiaomei.start()
    world.zhengwei.take(case["id"], "approve", decision="agree")
    item = open_item(world.chenxiaomei.ok("GET", f"/cases/{case['id']}"), "audit")
    before = world.count("entry")
    answer = world.zhengwei.post(f"/work-items/{item['id']}/claim", {}, lang="zh")
    assert answer.status_code == 409 and answer.content_type == "application/problem+json"
    assert answer.json["type"] == "urn:gangze:problem:refused" and answer.json["title"] == "您不能办理“audit”"
    (objection,) = answer.json["objections"]
    assert set(objection) >= {"constraint", "basis", "node", "because", "instead"}
    assert objection["constraint"] == "c1" and objection["basis"] == "内控规范第十二条"
    assert [p["name"] for p in objection["instead"]] and "郑伟" not in [p["name"] for p in objection["instead"]]
    assert world.count("entry") == before + 1, "the refusal is in the trail"
    last = world.zhengwei.ok("GET", f"/cases/{case['id']}/trail?page_size=1000")["items"][-1]
    assert last["what"] == "work_item.refused" and last["who"]["name"] == "郑伟"
    assert last["facts"]["objections"][0]["constraint"] == "c1"


@pytest.mark.parametrize(("body", "field"), [
    ({}, "version"), ({"version": "x"}, "version"), ({"version": 1.5}, "version"), ({"version": True}, "version"),
    ({"version": 10**30}, "version"), ({"version": -1}, "version"), ({"version": None}, "version"),
    ({"version": 2, "answers": []}, "answers"), ({"version": 2, "decision": "maybe"}, "decision"),
    ({"version": 2, "decision": None}, "decision"), ({"version": 2, "decision": "refuse"}, "opinion"),
    ({"version": 2, "decision": "agree", "opinion": "x" * 2001}, "opinion"),
    ({"version": 2, "decision": "agree", "opinion": "a\x00b"}, "opinion"),
    ({"version": 2, "decision": "agree", "opinion": "\ud800"}, "opinion"),
    ({"version": 2, "decision": "agree", "answers": {"amount": "1"}}, "amount"),
])
def test_what_does_not_fit_is_said_by_field_and_changes_nothing(
    world: World, approving: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    path = f"/work-items/{approving['id']}"
    entries, before = world.count("entry"), world.liuzhiqiang.ok("GET", path)
    answer = world.liuzhiqiang.post(path + "/complete", body)
    assert answer.status_code == 422 and field in answer.json["errors"], answer.json
    assert (world.count("entry"), world.liuzhiqiang.ok("GET", path)) == (entries, before)


@pytest.fixture(scope="module")
def approving(world: World) -> dict[str, Any]:
    """An item that Liu Zhiqiang holds, at version 2."""
    item = open_item(world.chenxiaomei.start(), "approve")
    world.liuzhiqiang.ok("POST", f"/work-items/{item['id']}/claim")
    return item


def test_an_item_of_somebody_else_is_not_finished_by_me(world: World, approving: dict[str, Any]) -> None:
    for verb in ("release", "save", "complete", "refuse"):
        answer = world.zhengwei.post(f"/work-items/{approving['id']}/{verb}", {"version": 2})
        assert answer.status_code in (404, 409) and answer.status_code != 200, verb


def test_a_return_goes_back_with_its_reason_and_comes_straight_back_where_asked(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    path = f"/work-items/{item['id']}"
    held = world.liuzhiqiang.ok("POST", path + "/claim")
    no_reason = world.liuzhiqiang.post(path + "/return", {"version": held["version"], "opinion": "  "})
    assert no_reason.status_code == 422 and "opinion" in no_reason.json["errors"]
    nowhere = world.liuzhiqiang.post(path + "/return", {"version": held["version"], "opinion": "x", "to": "audit"})
    assert nowhere.status_code == 409
    back = world.liuzhiqiang.ok("POST", path + "/return", {
        "version": held["version"], "opinion": "缺验收单", "to": "initiator", "straight_back": True})
    assert back["state"] == "returned"
    mine = open_item(world.chenxiaomei.ok("GET", f"/cases/{case['id']}"), "apply")
    assert mine["assignee"] == case["initiator"]
    world.chenxiaomei.take(case["id"], "apply", answers={**GOOD, "purpose": "打印纸，附验收单"})
    again = open_item(world.chenxiaomei.ok("GET", f"/cases/{case['id']}"), "approve")
    assert again["assignee"] == world.liuzhiqiang.ok("GET", "/me")["person"]
    nodes = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/nodes")
    assert "approve" in nodes["returned"]


def test_refuse_decides_against_with_an_opinion_and_never_for(world: World) -> None:
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    path = f"/work-items/{item['id']}"
    held = world.liuzhiqiang.ok("POST", path + "/claim")
    assert "opinion" in world.liuzhiqiang.post(path + "/refuse", {"version": held["version"]}).json["errors"]
    for decision in ("agree", "nonsense"):
        answer = world.liuzhiqiang.post(
            path + "/refuse", {"version": held["version"], "opinion": "不符合规定", "decision": decision})
        assert answer.status_code == 422 and "decision" in answer.json["errors"], decision
    done = world.liuzhiqiang.ok("POST", path + "/refuse", {"version": held["version"], "opinion": "不符合规定"})
    assert done["state"] == "completed" and done["case_status"] == "completed"
    assert world.chenxiaomei.ok("GET", f"/cases/{case['id']}")["data"]["nodes"]["approve"]["decision"] == "refuse"


def test_a_node_without_a_refusal_cannot_be_refused(world: World) -> None:
    item = open_item(world.chenxiaomei.start(data=None), "apply")
    answer = world.chenxiaomei.post(f"/work-items/{item['id']}/refuse", {"version": 1, "opinion": "x", "answers": GOOD})
    assert answer.status_code == 422 and "decision" in answer.json["errors"]


def test_every_view_lists_its_own(world: World) -> None:
    title = "每个视图一件"
    case = world.chenxiaomei.start(data={**GOOD, "purpose": title})
    waiting = world.chenxiaomei.start(data=None)
    assert [i["case"] for i in listed(world, "chenxiaomei", view="started", q=title)] == [case["id"]]
    assert waiting["id"] in [i["case"] for i in listed(world, "chenxiaomei", view="allocated", page_size=200)]
    (offered,) = listed(world, "liuzhiqiang", view="offered", q=title)
    assert offered["case"] == case["id"] and offered["matter"] == "APPROVAL" and offered["title"] == title
    assert offered["node_name"] == "approve" and offered["risk"] == "low" and offered["due_at"]
    assert listed(world, "yinhang", view="offered", q=title) == []
    world.liuzhiqiang.ok("POST", f"/work-items/{offered['id']}/claim")
    assert listed(world, "liuzhiqiang", view="offered", q=title) == []
    (mine,) = listed(world, "liuzhiqiang", q=title)
    assert mine["state"] == "allocated"
    world.liuzhiqiang.ok("POST", f"/work-items/{mine['id']}/complete", {"version": mine["version"], "decision": "agree"})
    assert [i["case"] for i in listed(world, "liuzhiqiang", view="completed", q=title)] == [case["id"]]
    assert listed(world, "zhengwei", view="completed", q=title) == []


def test_lists_are_filtered_by_process_due_moment_and_words(world: World) -> None:
    case = world.chenxiaomei.start(data={**GOOD, "purpose": "过滤 50% 的_件"})
    everything = {"view": "started", "page_size": 200}
    ids = [i["case"] for i in listed(world, "chenxiaomei", **everything)]
    assert case["id"] in ids and len(ids) > 1
    for process in ("approval", "APPROVAL"):
        assert case["id"] in [i["case"] for i in listed(world, "chenxiaomei", process=process, **everything)]
    assert listed(world, "chenxiaomei", process="expenditure", q="过滤", **everything) == []
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    late = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    assert listed(world, "chenxiaomei", q="过滤", due_before=soon, **everything) == []
    assert [i["case"] for i in listed(world, "chenxiaomei", q="过滤", due_before=late, **everything)] == [case["id"]]
    assert [i["case"] for i in listed(world, "chenxiaomei", q=case["number"], **everything)] == [case["id"]]


@pytest.mark.parametrize(("q", "found"), [
    ("%", True), ("_", True), ("50%", True), ("的_件", True), ("5%的", False), ("5_%", False), ("%%", False), ("\\", False),
    ("\\%", False), ("'; DROP TABLE work_item; --", False), ("过滤", True), ("🗂" * 50, False),
])
def test_a_search_takes_wildcards_for_what_they_are(world: World, q: str, found: bool) -> None:
    world.zhulijuan.start(data={**GOOD, "purpose": "过滤 50% 的_件"})
    assert bool(listed(world, "zhulijuan", view="started", q=q)) is found


def test_pages_follow_each_other_by_cursor_without_a_gap_or_a_repetition(world: World) -> None:
    ids = [open_item(world.yaolei.start(data=None), "apply")["id"]
           for _ in range(5)]
    seen: list[int] = []
    cursor = ""
    for _ in range(4):
        page = world.yaolei.ok("GET", f"/work-items?view=allocated&page_size=2{cursor}")
        seen += [i["id"] for i in page["items"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen == ids and page["cursor"] is None


@pytest.mark.parametrize(("query", "field"), [
    ("view=copies", "view"), ("view=", "view"), ("page_size=0", "page_size"), ("page_size=201", "page_size"),
    ("page_size=1e3", "page_size"), ("cursor=x", "cursor"), ("cursor=-1", "cursor"), ("cursor=" + "9" * 25, "cursor"),
    ("due_before=yesterday", "due_before"), ("due_before=2026-01-01T00:00:00", "due_before"),
    ("due_before=0001-01-01T00:00:00%2B14:00", "due_before"), ("due_before=2026-99-01T00:00:00Z", "due_before"),
    ("q=" + "x" * 101, "q"), ("q=%00", "q"), ("process=" + "x" * 300, "process"),
])
def test_a_filter_that_cannot_be_used_is_named(world: World, query: str, field: str) -> None:
    answer = world.chenxiaomei.get("/work-items?" + query, lang="zh")
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field]
    assert all(c >= "一" or not c.isalpha() for c in answer.json["errors"][field][0][:2]), answer.json


def test_an_attachment_is_kept_and_handed_in_by_its_id_alone(world: World) -> None:
    chen = world.chenxiaomei
    kept = chen.ok("POST", "/attachments", data={"file": (BytesIO(PDF), "../../temp/发票.pdf")})
    assert kept["name"] == "发票.pdf" and kept["size"] == len(PDF) and len(kept["sha256"]) == 64
    claim = {
        "purpose": "更换办税服务厅打印机硒鼓及复印纸一批", "category": "office", "budgetItem": "30201", "amount": "1280.00",
        "payee": "沭源县晨光办公设备有限公司", "payMode": "transfer", "invoiceNo": "24327000000182640301",
    }
    for voucher in (["x"], [kept["id"] + 1000], ["9" * 30], [{"name": "no id"}], [10**15], [-1], [[]], [None], "x"):
        answer = chen.post("/cases", {"process": "S01", "data": {**claim, "voucher": voucher}})
        assert answer.status_code == 422 and "voucher" in answer.json["errors"], (voucher, answer.json)
    stolen = world.xieting.post("/cases", {"process": "S01", "data": {**claim, "voucher": [kept["id"]]}})
    assert stolen.status_code == 422 and "voucher" in stolen.json["errors"]
    forged = {"id": kept["id"], "name": "better.pdf", "size": 1, "sha256": "0" * 64}
    case = chen.start("S01", {**claim, "voucher": [forged]})
    assert case["data"]["voucher"] == [kept], "what is kept is what the house knows, not what was said"


@pytest.mark.parametrize(("content", "name"), [
    (b"", "empty.pdf"), (b"MZ\x90\x00", "tool.exe"), (b"#!/bin/sh\n", "run.sh"), (b"<html>", "page.html"),
    (b"a\x00b", "note.txt"),
])
def test_a_file_of_a_kind_that_is_not_taken_is_refused(world: World, content: bytes, name: str) -> None:
    before = world.count("attachment"), world.count("entry")
    answer = world.chenxiaomei.post("/attachments", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 422 and "file" in answer.json["errors"]
    assert (world.count("attachment"), world.count("entry")) == before


def test_without_a_file_the_field_is_named(world: World) -> None:
    answer = world.chenxiaomei.post("/attachments", data={"note": "x"}, content_type="multipart/form-data", lang="zh")
    assert answer.status_code == 422 and answer.json["errors"] == {"file": ["没有文件"]}


def test_a_job_that_is_no_incident_is_not_tried_again(world: World) -> None:
    assert world.chenxiaomei.post("/jobs/999999/retry").status_code == 404
    assert world.chenxiaomei.post("/jobs/" + "9" * 30 + "/retry").status_code == 404
