"""Who else acts, for programs: transfer, delegation, signers, proxies, two people, recusal."""
from __future__ import annotations

from typing import Any

import pytest

from .conftest import World, open_item


def me(world: World, who: str) -> int:
    return getattr(world, who).ok("GET", "/me")["person"]


@pytest.fixture
def case(world: World) -> dict[str, Any]:
    """At ``approve``, in Liu Zhiqiang's hands."""
    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    world.liuzhiqiang.ok("POST", f"/work-items/{item['id']}/claim")
    return {"id": case["id"], "item": item["id"], "number": case["number"], "path": f"/work-items/{item['id']}"}


def refresh(world: World, case: dict[str, Any]) -> Any:
    return world.chenxiaomei.ok("GET", f"/cases/{case['id']}")


def test_a_work_item_is_transferred_and_a_refusal_lists_its_objections(world: World, case: dict[str, Any]) -> None:
    liu, path = world.liuzhiqiang, case["path"]
    may = {one["id"] for one in liu.ok("GET", f"{path}/candidates")}
    assert me(world, "zhengwei") in may and me(world, "chenxiaomei") not in may
    answer = liu.post(f"{path}/transfer", {"version": 2, "to": me(world, "chenxiaomei"), "reason": "请代办"})
    assert answer.status_code == 409 and answer.json["type"].endswith("refused")
    assert answer.json["objections"][0]["kind"] in ("post", "differ")
    standing = liu.ok("POST", f"{path}/transfer", {"version": 2, "to": me(world, "zhengwei"), "reason": "出差"})
    assert standing["version"] == 3 and standing["state"] == "allocated"
    assert open_item(refresh(world, case), "approve")["assignee"] == me(world, "zhengwei")


def test_what_is_delegated_comes_back_with_a_proposal(world: World, case: dict[str, Any]) -> None:
    liu, path = world.liuzhiqiang, case["path"]
    zhou = me(world, "zhouwenjing")
    assert zhou in {one["id"] for one in liu.ok("GET", f"{path}/candidates?purpose=delegate&q=周文静")}
    liu.ok("POST", f"{path}/delegate", {"version": 2, "to": zhou, "reason": "请先看"})
    detail = liu.ok("GET", path)
    assert [(one["person"], one["signing"], one["state"]) for one in detail["signers"]] == [
        (zhou, "delegated", "allocated")]
    mine = next(i for i in world.zhouwenjing.ok("GET", "/work-items")["items"] if i["signing"] == "delegated")
    answer = liu.post(f"{path}/complete", {"version": 3, "decision": "agree"})
    assert answer.status_code == 409
    world.zhouwenjing.ok(
        "POST", f"/work-items/{mine['id']}/complete", {"version": 1, "decision": "refuse", "opinion": "超标准"})
    proposal = liu.ok("GET", path)["signers"][0]
    assert (proposal["decision"], proposal["opinion"]) == ("refuse", "超标准")
    liu.ok("POST", f"{path}/complete", {"version": 3, "decision": "agree"})
    assert "audit" in {i["node"] for i in refresh(world, case)["work_items"]}


def test_signers_are_added_removed_and_waited_for(world: World, case: dict[str, Any]) -> None:
    liu, path = world.liuzhiqiang, case["path"]
    zhou, he = me(world, "zhouwenjing"), me(world, "hezhiyuan")
    liu.ok("POST", f"{path}/add-signer", {
        "version": 2, "persons": [zhou, he], "position": "after", "reason": "请会签", "ordered": True})
    assert liu.ok("GET", path)["to_sign"] == [zhou, he]
    liu.ok("POST", f"{path}/remove-signer", {"version": 3, "person": he, "reason": "误加"})
    liu.ok("POST", f"{path}/complete", {"version": 4, "decision": "agree"})
    assert "audit" not in {i["node"] for i in refresh(world, case)["work_items"]}
    mine = next(i for i in world.zhouwenjing.ok("GET", "/work-items")["items"] if i["signing"] == "after")
    world.zhouwenjing.ok("POST", f"/work-items/{mine['id']}/complete", {"version": 1, "decision": "agree"})
    again = world.zhouwenjing.post(f"/work-items/{mine['id']}/complete", {"version": 1, "decision": "agree"})
    assert again.status_code == 409 and "twice" in again.json["title"]
    assert "audit" in {i["node"] for i in refresh(world, case)["work_items"]}


@pytest.mark.parametrize(("verb", "body", "field"), [
    ("transfer", {"to": 10**12, "reason": "x"}, "to"),
    ("transfer", {"to": "everybody", "reason": "x"}, "to"),
    ("transfer", {"to": 1, "reason": ""}, "reason"),
    ("delegate", {"to": True, "reason": "x"}, "to"),
    ("delegate", {"to": 10**30, "reason": "x"}, "to"),
    ("add-signer", {"persons": [], "position": "before", "reason": "x"}, "persons"),
    ("add-signer", {"persons": "all", "position": "before", "reason": "x"}, "persons"),
    ("add-signer", {"persons": [1], "position": "above", "reason": "x"}, "position"),
    ("add-signer", {"persons": [1] * 200, "position": "before", "reason": "x"}, "persons"),
    ("add-signer", {"persons": [1], "position": "before", "reason": "x\u0000"}, "reason"),
    ("remove-signer", {"person": [], "reason": "x"}, "person"),
])
def test_bad_input_is_told_at_its_field(
    world: World, case: dict[str, Any], verb: str, body: dict[str, Any], field: str,
) -> None:
    answer = world.liuzhiqiang.post(f"{case['path']}/{verb}", {"version": 2, **body})
    assert answer.status_code == 422 and field in {name.split(".")[0] for name in answer.json["errors"]}, answer.json


@pytest.mark.parametrize("verb", ["transfer", "delegate", "add-signer", "remove-signer"])
def test_a_stranger_learns_nothing_of_a_work_item(world: World, case: dict[str, Any], verb: str) -> None:
    body = {"version": 2, "to": 1, "person": 1, "persons": [1], "position": "before", "reason": "x"}
    wanted = {"transfer": ("to",), "delegate": ("to",), "add-signer": ("persons", "position"), "remove-signer": ("person",)}
    body = {name: body[name] for name in ("version", "reason", *wanted[verb])}
    assert world.yifeng.post(f"{case['path']}/{verb}", body).status_code == 404
    assert world.yifeng.post(f"/work-items/99999999/{verb}", body).status_code == 404
    assert world.yifeng.get(f"{case['path']}/candidates").status_code == 404


def test_somebody_acts_in_anothers_place(world: World) -> None:
    from app.change import Actor
    from app.organisation import actions as organisation
    from app.registers import today

    case = world.chenxiaomei.start()
    item = open_item(case, "approve")
    liu, he = me(world, "liuzhiqiang"), me(world, "hezhiyuan")
    with world.app.app_context():
        organisation.give_proxy(
            liu, delegate_id=he, since=today(), until=today(), reason="外出", posts=["ANY.HD"], processes=["approval"],
            actor=Actor.system("test"))
    listed = next(i for i in world.hezhiyuan.ok("GET", "/work-items?view=offered")["items"] if i["id"] == item["id"])
    assert not listed["own"] and listed["principals"] == [liu]
    assert world.hezhiyuan.post(f"/work-items/{item['id']}/claim", {}).status_code == 409
    world.hezhiyuan.ok("POST", f"/work-items/{item['id']}/claim", {"version": 1, "on_behalf_of": liu})
    detail = world.hezhiyuan.ok("GET", f"/work-items/{item['id']}")
    assert detail["assignee"] == he and detail["on_behalf_of"] == liu
    world.hezhiyuan.ok("POST", f"/work-items/{item['id']}/complete", {"version": 2, "decision": "agree"})


# -- two people -------------------------------------------------------------------------------------------------------

def test_an_item_is_reassigned_by_two(world: World, case: dict[str, Any]) -> None:
    zheng = me(world, "zhengwei")
    asked = world.leiming.ok("POST", "/dual-controls", {
        "kind": "reassign", "work_item": case["item"], "person": zheng, "reason": "病假"})
    assert asked["state"] == "waiting" and asked["case_number"] == case["number"]
    for who, status in (("leiming", 409), ("yifeng", 404), ("chenxiaomei", 404)):
        assert getattr(world, who).post(f"/dual-controls/{asked['id']}/confirm", {}).status_code == status, who
    assert asked["id"] in {c["id"] for c in world.longfei.ok("GET", "/dual-controls")}
    assert asked["id"] not in {c["id"] for c in world.yifeng.ok("GET", "/dual-controls")}
    done = world.longfei.ok("POST", f"/dual-controls/{asked['id']}/confirm", {})
    assert done["state"] == "used" and done["confirmed_by"] == me(world, "longfei")
    assert open_item(refresh(world, case), "approve")["assignee"] == zheng
    assert world.longfei.post(f"/dual-controls/{asked['id']}/decline", {"reason": "x"}).status_code == 409


def test_an_override_is_asked_for_by_security_administration_and_declined(world: World, case: dict[str, Any]) -> None:
    body = {"kind": "override", "work_item": case["item"], "person": me(world, "chenxiaomei"), "reason": "抢险"}
    assert world.leiming.post("/dual-controls", body).status_code == 403
    asked = world.longfei.ok("POST", "/dual-controls", {**body, "hours": 2})
    assert world.longfei.post("/dual-controls", body).status_code == 409
    declined = world.leiming.ok("POST", f"/dual-controls/{asked['id']}/decline", {"reason": "无须特批"})
    assert declined["state"] == "declined" and declined["answer"] == "无须特批"


@pytest.mark.parametrize(("body", "field"), [
    ({"kind": "magic", "reason": "x"}, "kind"), ({"kind": "terminate", "reason": "x"}, "case"),
    ({"kind": "reassign", "reason": "x"}, "work_item"), ({"kind": "override", "work_item": 1, "reason": "x"}, "person"),
    ({"kind": "override", "work_item": 1, "person": 1, "reason": "x", "hours": 500}, "hours"),
    ({"kind": "terminate", "case": 1, "reason": ["x"]}, "reason"), ({"kind": "terminate", "case": -4, "reason": "x"}, "case"),
])
def test_bad_requests_of_two_are_told_at_their_fields(world: World, body: dict[str, Any], field: str) -> None:
    answer = world.longfei.post("/dual-controls", body)
    assert answer.status_code == 422 and field in answer.json["errors"], answer.json


def test_a_case_is_ended_by_two(world: World, case: dict[str, Any]) -> None:
    assert world.chenxiaomei.post("/dual-controls", {
        "kind": "terminate", "case": case["id"], "reason": "x"}).status_code == 403
    asked = world.longfei.ok("POST", "/dual-controls", {"kind": "terminate", "case": case["id"], "reason": "重复"})
    world.leiming.ok("POST", f"/dual-controls/{asked['id']}/confirm", {"reason": "属实"})
    assert refresh(world, case)["status"] == "cancelled"
    assert world.longfei.post("/dual-controls", {
        "kind": "terminate", "case": 10**9, "reason": "重复"}).status_code == 404


# -- recusal ----------------------------------------------------------------------------------------------------------

def test_who_steps_aside_gives_back_what_they_hold(world: World, case: dict[str, Any]) -> None:
    said = world.liuzhiqiang.ok("POST", f"/cases/{case['id']}/recusals", {"reason": "申请人系近亲", "basis": "公务员法 §76"})
    assert said["standing"] == "effective" and said["person"] == me(world, "liuzhiqiang")
    assert open_item(refresh(world, case), "approve")["assignee"] is None
    assert [r["id"] for r in world.chenxiaomei.ok("GET", f"/cases/{case['id']}/recusals")] == [said["id"]]
    assert world.liuzhiqiang.post(f"{case['path']}/claim", {}).status_code == 409


def test_what_the_party_asks_for_is_decided_by_who_answers_for_the_person(world: World, case: dict[str, Any]) -> None:
    liu = me(world, "liuzhiqiang")
    asked = world.chenxiaomei.ok("POST", f"/cases/{case['id']}/recusals", {
        "person": liu, "source": "requested", "reason": "当事人来函"})
    assert asked["standing"] == "undecided"
    for who, status in (("yifeng", 404), ("liuzhiqiang", 404), ("chenxiaomei", 409)):
        answer = getattr(world, who).post(f"/recusals/{asked['id']}/decide", {"granted": True, "reason": "x"})
        assert answer.status_code == status, who
    decided = world.zhaowenbin.ok("POST", f"/recusals/{asked['id']}/decide", {"granted": False, "reason": "无利害关系"})
    assert decided["standing"] == "refused" and decided["decision"] == "无利害关系"
    assert open_item(refresh(world, case), "approve")["assignee"] == liu


def test_a_stranger_neither_asks_nor_learns_who_steps_aside(world: World, case: dict[str, Any]) -> None:
    assert world.yifeng.get(f"/cases/{case['id']}/recusals").status_code == 404
    for source in ("declared", "requested", "found"):
        answer = world.yifeng.post(f"/cases/{case['id']}/recusals", {
            "person": me(world, "liuzhiqiang"), "source": source, "reason": "x"})
        assert answer.status_code == 404, source
    assert world.yifeng.post("/cases/99999999/recusals", {"reason": "x"}).status_code == 404
    assert world.yifeng.post("/recusals/99999999/decide", {"granted": True, "reason": "x"}).status_code == 404
    assert world.verified()
