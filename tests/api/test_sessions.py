"""Sessions by program: convened, voted at once by two, closed; junk at every door."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.diagrams import diagram, end, flow, start, user, xor

from .conftest import PDF, World, deployed, open_item

BODY = diagram(
    "resolution", start("s"), user("apply", "ANY.CLK", form="request", department="initiator"),
    user("decide", "LD.BGH", form="request", write="", decisions="agree refuse"), user("carry", "ANY.CLK", form="request", write="", department="initiator"),
    xor("which", default="which-carry"), end("e"), end("no"), flow("which-carry", "which", "carry"),
    flow("which-no", "which", "no", 'decide.decision == "refuse"'), flow("carry-e", "carry", "e"),
    path="s apply decide which", title="{purpose}",
    constraints='<gz:collective id="body" node="decide" quorum="2/3" chairLast="true" basis="议事规则"/>',
)
MEMBERS = ("sunguoliang", "lijianhua", "wangdeming", "zhaowenbin", "shenliqun", "guhaifeng")


@pytest.fixture(scope="module")
def bodies(world: World) -> Iterator[World]:
    deployed(world, BODY)
    yield world


def me(world: World, name: str) -> int:
    return getattr(world, name).ok("GET", "/me")["person"]


def waiting(world: World, convenor: str = "lijianhua") -> tuple[int, int]:
    """A case that waits for the body, and its work item in the convenor's hands."""
    case = world.chenxiaomei.start("resolution")
    item = open_item(case, "decide")
    getattr(world, convenor).ok("POST", f"/work-items/{item['id']}/claim", {"version": item["version"]})
    return case["id"], item["id"]


def there(world: World, *names: str) -> dict[str, Any]:
    return {"present": [{"person": me(world, name)} for name in names], "chair": me(world, names[0])}


def test_a_body_decides_by_program(bodies: World) -> None:
    world = bodies
    case, item = waiting(world)
    session = world.lijianhua.ok("POST", f"/work-items/{item}/session", there(world, *MEMBERS[:5]))
    assert session["state"] == "open" and session["quorum"] == 4 and len(session["entitled"]) == 6
    assert session["absent"] == [me(world, "guhaifeng")]
    path = f"/sessions/{session['id']}"
    assert [s["id"] for s in world.wangdeming.ok("GET", "/sessions")] == [session["id"]]
    assert world.guhaifeng.ok("GET", "/sessions") == []
    early = world.sunguoliang.post(path + "/votes", {"choice": "agree"})
    assert early.status_code == 409 and early.json["objections"][0]["constraint"] == "body"
    for name in ("lijianhua", "wangdeming", "zhaowenbin"):
        getattr(world, name).ok("POST", path + "/votes", {"choice": "agree"})
    told = world.shenliqun.ok("POST", path + "/votes", {"choice": "disagree", "reason": "应先修后换"})
    assert all(vote["choice"] is None and vote["reason"] is None for vote in told["votes"])
    assert "应先修后换" not in world.zhaowenbin.get(path).get_data(as_text=True)
    assert "应先修后换" not in world.zhaowenbin.get(f"/cases/{case}/trail").get_data(as_text=True)
    world.sunguoliang.ok("POST", path + "/votes", {"choice": "agree"})
    no = world.wangdeming.post(path + "/close", {"minutes": "四票同意"})
    assert no.status_code == 409                                           # not the convenor
    minutes = world.lijianhua.attach(PDF, "纪要.pdf")
    closed = world.lijianhua.ok("POST", path + "/close", {"attachments": [minutes]})
    assert closed["state"] == "closed" and closed["tally"] == {
        "agree": 4, "disagree": 1, "abstain": 0, "entitled": 6, "needed": 4, "carried": True}
    assert {"应先修后换"} == {v["reason"] for v in closed["votes"] if v["choice"] == "disagree"}
    assert open_item(world.chenxiaomei.ok("GET", f"/cases/{case}"), "carry")["state"] == "offered"
    assert world.verified()


def test_two_vote_at_once_and_both_count_once(bodies: World) -> None:
    world = bodies
    _case, item = waiting(world)
    session = world.lijianhua.ok("POST", f"/work-items/{item}/session", there(world, *MEMBERS[:4]))
    path, barrier, answers = f"/sessions/{session['id']}/votes", threading.Barrier(6, timeout=60), []
    voters = [getattr(world, name) for name in ("lijianhua", "wangdeming", "zhaowenbin") for _ in range(2)]

    def cast(who: Any) -> None:
        barrier.wait()
        answers.append(who.post(path, {"choice": "agree"}).status_code)

    threads = [threading.Thread(target=cast, args=(who,)) for who in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(answers) == [201, 201, 201, 409, 409, 409]
    assert len(world.lijianhua.ok("GET", f"/sessions/{session['id']}")["votes"]) == 3


def test_the_last_vote_and_the_close_at_once_leave_nothing_half_done(bodies: World) -> None:
    world = bodies
    for _ in range(3):
        case, item = waiting(world)
        session = world.lijianhua.ok("POST", f"/work-items/{item}/session", there(world, *MEMBERS[:4]))
        path = f"/sessions/{session['id']}"
        for name in ("lijianhua", "wangdeming", "zhaowenbin"):
            getattr(world, name).ok("POST", path + "/votes", {"choice": "agree"})
        barrier, answers = threading.Barrier(2, timeout=60), {}
        chair, convenor = world.sunguoliang, world.lijianhua

        def ask(who: Any, verb: str, body: Any, path: str = path, barrier: Any = barrier, answers: dict = answers) -> None:
            barrier.wait()
            answers[verb] = who.post(f"{path}/{verb}", body).status_code

        threads = [threading.Thread(target=ask, args=a) for a in (
            (chair, "votes", {"choice": "agree"}), (convenor, "close", {"minutes": "一致同意"}))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert answers["votes"] == 201 and answers["close"] in (200, 409)
        if answers["close"] == 409:
            convenor.ok("POST", path + "/close", {"minutes": "一致同意"})
        closed = convenor.ok("GET", path)
        assert closed["tally"]["agree"] == 4 and closed["tally"]["carried"]
        assert [i["node"] for i in world.chenxiaomei.ok("GET", f"/cases/{case}")["work_items"]] == ["carry"]


def test_two_convene_at_once_and_one_session_is_open(bodies: World) -> None:
    world = bodies
    _case, item = waiting(world)
    barrier, answers, who, body = threading.Barrier(2, timeout=60), [], world.lijianhua, there(world, *MEMBERS[:4])

    def convene() -> None:
        barrier.wait()
        answers.append(who.post(f"/work-items/{item}/session", body).status_code)

    threads = [threading.Thread(target=convene) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(answers) == [201, 409]


@pytest.mark.parametrize("body", [
    {}, [], "x", {"present": []}, {"present": [{}], "chair": 1}, {"present": [{"person": "x"}], "chair": 1},
    {"present": [{"person": 1, "how": "phone"}], "chair": 1}, {"present": [{"person": -1}], "chair": 1},
    {"present": [{"person": 2**70}], "chair": 1}, {"present": [{"person": True}], "chair": 1},
    {"present": [{"person": 1}], "chair": None}, {"present": [{"person": 1}], "chair": 1, "held_at": "yesterday"},
    {"present": [{"person": 1}], "chair": 1, "held_at": "2026-01-01T00:00:00"},
    {"present": [{"person": 1}] * 501, "chair": 1}, {"present": {"person": 1}, "chair": 1},
    {"present": [{"person": 99999}], "chair": 99999}, {"present": [{"person": 1}], "chair": 1, "more": 1},
    {"present": [{"person": 1}], "chair": 1, "held_at": "0001-01-01T00:00:00Z"},
    {"present": [{"person": 1}], "chair": 1, "held_at": "9999-12-31T23:59:59Z"},
])
def test_junk_convenes_nothing(bodies: World, body: Any) -> None:
    _case, item = waiting(bodies)
    answer = bodies.lijianhua.post(f"/work-items/{item}/session", body)
    assert answer.status_code in (400, 422), answer.get_data(as_text=True)
    assert "errors" in answer.json or answer.status_code == 400


@pytest.mark.parametrize("body", [
    {}, {"choice": None}, {"choice": 1}, {"choice": ["agree"]}, {"choice": "agree\x00"}, {"choice": "maybe"},
    {"choice": "disagree"}, {"choice": "disagree", "reason": "x" * 20_000}, {"choice": "agree", "reason": 7},
    {"choice": "agree", "person": 1}, {"choice": "\ud800"},
])
def test_junk_is_no_vote(bodies: World, body: Any) -> None:
    _case, item = waiting(bodies)
    session = bodies.lijianhua.ok("POST", f"/work-items/{item}/session", there(bodies, *MEMBERS[:4]))
    answer = bodies.wangdeming.post(f"/sessions/{session['id']}/votes", body)
    assert answer.status_code in (400, 422), answer.get_data(as_text=True)
    assert bodies.lijianhua.ok("GET", f"/sessions/{session['id']}")["votes"] == []


def test_a_session_of_others_is_not_there(bodies: World) -> None:
    world = bodies
    _case, item = waiting(world)
    session = world.lijianhua.ok("POST", f"/work-items/{item}/session", there(world, *MEMBERS[:4]))["id"]
    before = world.count("vote")
    for method, path, body in (
        ("GET", f"/sessions/{session}", None), ("POST", f"/sessions/{session}/votes", {"choice": "agree"}),
        ("POST", f"/sessions/{session}/close", {"minutes": "x"}), ("POST", f"/sessions/{session}/adjourn", {"reason": "x"}),
        ("POST", f"/work-items/{item}/session", there(world, *MEMBERS[:4])),
    ):
        answer = world.fengli.send(method, path, body)
        assert answer.status_code == 404, (path, answer.get_data(as_text=True))
    for path in ("/sessions/999999", f"/sessions/{2**64}", "/sessions/999999/votes"):
        assert world.fengli.send("GET" if path.count("/") == 2 else "POST", path,
                                 None if path.count("/") == 2 else {"choice": "agree"}).status_code == 404
    assert world.nobody.get(f"/sessions/{session}").status_code == 401
    assert world.count("vote") == before
    assert Path(world.app.config["GANGZE_HOME"]).exists()
