"""How work is handed out, as programs meet it: every detour, and hostile input at each door."""
from __future__ import annotations

from typing import Any

import pytest

from tests.diagrams import diagram, end, start, user

from .conftest import World, deployed, open_item


def task(id: str, **words: str) -> str:
    said = "".join(f' gz:{word}="{value}"' for word, value in words.items())
    drawn = user(id, "CW.SH" if id != "apply" else "ANY.CLK", form="request", write="" if id != "apply" else None,
                 department="initiator" if id == "apply" else "")
    return drawn.replace("<bpmn:userTask ", f"<bpmn:userTask{said} ", 1)


@pytest.fixture(scope="module")
def shop(world: World) -> World:
    deployed(world, diagram(
        "detours", start("s"), task("apply"), task("visit", skippable="yes", start="person"), task("check", autostart="piled"),
        task("file", predo="yes", distribution="early"), end("e"), path="s apply visit check file e", title="{purpose}",
    ))
    return world


def held(shop: World, case: int, node: str) -> dict[str, Any]:
    return open_item(shop.chenxiaomei.ok("GET", f"/cases/{case}"), node)


def auditor(shop: World) -> Any:
    return shop.zhouwenjing


def test_the_detours_of_one_case(shop: World) -> None:
    me = auditor(shop)
    case = shop.chenxiaomei.start("detours")["id"]
    item = held(shop, case, "visit")
    address = f"/work-items/{item['id']}"
    item = me.ok("POST", f"{address}/claim", {"version": item["version"]})
    assert me.post(f"{address}/complete", {"version": item["version"]}).status_code == 409
    item = me.ok("POST", f"{address}/commence", {"version": item["version"]})
    item = me.ok("POST", f"{address}/suspend", {"version": item["version"], "reason": "等回函"})
    assert me.post(f"{address}/skip", {"version": item["version"], "reason": "不必"}).status_code == 409
    item = me.ok("POST", f"{address}/resume", {"version": item["version"]})
    assert me.post(f"{address}/skip", {"version": item["version"], "reason": " "}).status_code == 422
    me.ok("POST", f"{address}/skip", {"version": item["version"], "reason": "资料齐全"})
    (coming,) = [one for one in me.ok("GET", "/work-items/coming") if one["case"] == case]
    assert coming["node"] == "file" and coming["ahead"]
    assert me.ok("POST", f"/cases/{case}/nodes/file/ahead", {})["state"] == "predone"
    assert me.post(f"/cases/{case}/nodes/file/ahead", {}).status_code == 409
    me.take(case, "check")
    assert shop.chenxiaomei.ok("GET", f"/cases/{case}")["status"] == "completed"


def test_what_one_has_done_is_taken_back(shop: World) -> None:
    me = auditor(shop)
    case = shop.chenxiaomei.start("detours")["id"]
    first = held(shop, case, "visit")["id"]
    assert me.post(f"/work-items/{first}/take-back", {}).status_code == 409
    me.ok("POST", f"/work-items/{first}/commence", {"version": 1})
    me.take(case, "visit")
    again = me.ok("POST", f"/work-items/{first}/take-back", {"reason": "写错了"})
    assert again["id"] != first and held(shop, case, "visit")["id"] == again["id"]


def test_settings_are_kept_and_judged(shop: World) -> None:
    me = auditor(shop)
    wanted = {"ordering": "risk", "chained": True, "piled": ["detours/check"]}
    assert me.ok("PUT", "/me/work-settings", wanted) == wanted == me.ok("GET", "/me/work-settings")
    for wrong in ({"ordering": "random"}, {"piled": ["detours/visit"]}, {"piled": "x"}, {"chained": []}, {"piled": [7]}):
        assert me.send("PUT", "/me/work-settings", wrong).status_code == 422, wrong
    assert me.send("PUT", "/work-settings", {"ordering": "due"}).status_code == 403
    assert shop.leiming.ok("PUT", "/work-settings", {"ordering": "due"}) == {"ordering": "due"}
    assert isinstance(me.ok("GET", "/work-items/visible"), list)
    me.ok("PUT", "/me/work-settings", {})


@pytest.mark.parametrize("verb", ["commence", "decline", "skip", "suspend", "resume", "take-back"])
def test_a_stranger_learns_nothing_and_nonsense_is_refused(shop: World, verb: str) -> None:
    case = shop.chenxiaomei.start("detours")["id"]
    item = held(shop, case, "visit")["id"]
    body = {} if verb == "take-back" else {"version": 1, "reason": "x"} if verb in ("skip", "suspend") else {"version": 1}
    assert shop.pengcheng.post(f"/work-items/{item}/{verb}", body).status_code == 404
    assert auditor(shop).post(f"/work-items/99999999/{verb}", body).status_code == 404
    for wrong in ({"version": "eins"}, {"version": None}, {"version": -1}, {"reason": ["x"]}, []):
        assert auditor(shop).post(f"/work-items/{item}/{verb}", wrong).status_code in (400, 409, 422), wrong


def test_nothing_is_done_ahead_that_is_not_announced(shop: World) -> None:
    case = shop.chenxiaomei.start("detours")["id"]
    assert shop.pengcheng.post(f"/cases/{case}/nodes/file/ahead", {}).status_code == 404
    assert auditor(shop).post(f"/cases/{case}/nodes/nowhere/ahead", {}).status_code == 404
    assert auditor(shop).post("/cases/99999999/nodes/file/ahead", {}).status_code == 404
    assert auditor(shop).post(f"/cases/{case}/nodes/check/ahead", {}).status_code in (404, 409)
    assert auditor(shop).post(f"/cases/{case}/nodes/file/ahead", {"answers": {"amount": "1"}}).status_code == 422
    assert auditor(shop).post(f"/cases/{case}/nodes/file/ahead", {"answers": []}).status_code == 422


def test_capabilities_are_registered_by_the_security_administrator_only(shop: World) -> None:
    person = auditor(shop).ok("GET", "/me")["person"]
    given = {"name": "english", "level": 2, "since": "2026-01-01"}
    assert auditor(shop).post(f"/people/{person}/capabilities", given).status_code == 403
    security = shop.longfei
    made = security.ok("POST", f"/people/{person}/capabilities", given)
    assert made["level"] == 2 and auditor(shop).ok("GET", f"/people/{person}/capabilities") == [made]
    for wrong in ({"name": "a b"}, {"level": 10}, {"level": "x"}, {"since": "gestern"}, {"until": "2025-01-01"}, {"name": 7}):
        assert security.post(f"/people/{person}/capabilities", {**given, "name": "fresh", **wrong}).status_code == 422, wrong
    assert security.post("/people/99999999/capabilities", given).status_code == 404
    assert security.post("/capabilities/99999999/end", {}).status_code == 404
    security.ok("POST", f"/capabilities/{made['id']}/end", {"until": "2026-01-31"})
