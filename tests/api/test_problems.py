"""Whatever is wrong with a request is a problem document of the right status, in the reader's language."""
from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from .conftest import API, GOOD, World


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    assert answer.content_type == "application/problem+json"
    said = answer.json
    assert said["status"] == status and said["title"] and said["type"].startswith("urn:gangze:problem:")
    return said


@pytest.mark.parametrize("body", [
    b"{", b"not json", b"\xff\xfe", b'{"a": 1,}', b"{'a': 1}", b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5000,
    b'{"process": 1e99999999999999999999999999}', b"\x00", b'"\\ud800"'[:-2],
])
def test_a_body_that_is_no_json_is_a_400(world: World, body: bytes) -> None:
    said = problem(world.chenxiaomei.post("/cases", data=body, content_type="application/json", lang="zh"), 400)
    assert said["title"] == "请求读不懂"


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"x"', b"NaN", b"true", b"[{}]"])
def test_json_that_is_no_object_is_a_422(world: World, body: bytes) -> None:
    answer = world.chenxiaomei.post("/cases", data=body, content_type="application/json", lang="zh")
    assert problem(answer, 422)["errors"] in ({"": ["应为 JSON 对象"]}, {"process": ["必须填写"]})


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_a_body_of_another_kind_is_a_415(world: World, kind: str) -> None:
    answer = world.chenxiaomei.post("/cases", data=b'{"process": "approval"}', content_type=kind, lang="zh")
    assert problem(answer, 415)["title"] == "内容类型不对"


@pytest.mark.parametrize("path", ["/attachments", "/process-definitions"])
def test_files_are_taken_as_files_only(world: World, path: str) -> None:
    problem(world.leiming.post(path, {"file": "x"}), 415)


def test_a_body_that_is_too_large_is_a_413(world: World) -> None:
    body = b'{"process": "approval", "data": {"purpose": "' + b"x" * 1_100_000 + b'"}}'
    said = problem(world.chenxiaomei.post("/cases", data=body, content_type="application/json", lang="zh"), 413)
    assert said["title"] == "内容过大"
    world.app.config["MAX_CONTENT_LENGTH"], kept = 1_000_000, world.app.config["MAX_CONTENT_LENGTH"]
    try:
        problem(world.chenxiaomei.post("/attachments", data={"file": (BytesIO(b"%PDF-" + bytes(1_100_000)), "a.pdf")}), 413)
    finally:
        world.app.config["MAX_CONTENT_LENGTH"] = kept


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("GET", "/cases/x", 404), ("GET", "/cases/-1", 404), ("GET", "/cases/1.5", 404),
    ("GET", "/cases/" + "9" * 200, 404), ("GET", "/cases/0", 404), ("GET", "/cases/%00", 404),
    ("GET", "/cases/1/../../../etc/passwd", 404), ("GET", "/cases/%2e%2e%2f1", 404), ("GET", "/cases/1;DROP", 404),
    ("GET", "/" + "x" * 5000, 404), ("GET", "/work-items/%F0%9F%92%A9", 404), ("GET", "//nothing", 404),
    ("DELETE", "/cases/1", 405), ("PUT", "/work-items/1/claim", 405), ("GET", "/cases", 405), ("PATCH", "/me", 405),
])
def test_an_address_that_is_none_is_a_problem_too(world: World, method: str, path: str, status: int) -> None:
    answer = world.chenxiaomei.send(method, path, lang="zh")
    assert any(c >= "一" for c in problem(answer, status)["title"])
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize(("asked", "title"), [
    ("zh-CN", "没有这个地址"), ("zh-TW,en;q=0.5", "没有这个地址"), ("en-GB", "there is no such address"),
    ("fr,en;q=0.3", "there is no such address"), ("fr", "没有这个地址"), ("", "没有这个地址"), ("\xff" * 50, "没有这个地址"),
    ("zh;q=0,en", "there is no such address"), ("x" * 10_000, "没有这个地址"), (";;;,,,q=q", "没有这个地址"),
])
def test_the_reader_chooses_the_language_and_gets_the_offices_where_they_read_neither(
    world: World, asked: str, title: str
) -> None:
    assert problem(world.chenxiaomei.get("/nothing", lang=asked), 404)["title"] == title


def test_headers_full_of_junk_change_nothing(world: World) -> None:
    for headers in ({"X-Forwarded-For": "'; --"}, {"Cookie": "gangze=" + "x" * 4000}, {"Cookie": "\xff\xfe=;;;="},
                    {"Accept": "text/html;q=x"}, {"Range": "bytes=x"}, {"If-None-Match": "*"}, {"Content-Length": "0"},
                    {"Cookie": "language=klingon"}, {"X-HTTP-Method-Override": "DELETE"}):
        assert world.chenxiaomei.get("/me", headers=headers).status_code == 200, headers


def test_a_mistake_of_ours_is_a_500_that_tells_nothing_of_the_inside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cases import lists

    def broken(*arguments: Any, **named: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(lists, "work_items", broken)
    monkeypatch.setitem(world.app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = world.chenxiaomei.get("/work-items", lang="zh")
    assert problem(answer, 500)["title"] == "服务器内部错误" and "secret" not in answer.get_data(as_text=True)


def test_a_page_still_gets_pages(world: World) -> None:
    browser = world.app.test_client()
    for path, status in (("/nothing", 404), ("/cases/" + "9" * 30, 302)):
        answer = browser.get(path)
        assert answer.status_code in (status, 404) and answer.content_type.startswith("text/html"), path


def test_an_address_beside_the_api_is_not_the_api(world: World) -> None:
    assert world.app.test_client().get(API + "x/me").content_type.startswith("text/html")


def test_what_was_refused_before_it_began_left_nothing(world: World) -> None:
    before = world.count("entry"), world.count("case")
    world.chenxiaomei.post("/cases", data=b"{", content_type="application/json")
    world.chenxiaomei.post("/cases", {"process": "approval", "data": {**GOOD, "amount": []}})
    world.nobody.post("/cases", {"process": "approval", "data": GOOD})
    assert (world.count("entry"), world.count("case")) == before
    assert world.verified()
