"""Who is asking."""
from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.extensions import limiter
from tests.conftest import make_app

from .conftest import API, PASSWORD, Program, World


def test_a_name_and_a_password_give_a_token_that_opens_the_doors(world: World) -> None:
    answer = world.nobody.post("/tokens", {"username": "ChenXiaomei ", "password": PASSWORD, "label": "nightly"})
    assert answer.status_code == 201
    me = Program(world.app, answer.json["token"]).ok("GET", "/me")
    assert me["username"] == "chenxiaomei" and me["name"] == "陈晓梅"
    assert {"code": "ANY.CLK", "department": "NS"} in me["posts"]


@pytest.mark.parametrize(("lang", "title"), [("zh", "用户名或密码不正确。"), ("en", "The username or the password is wrong.")])
def test_a_wrong_password_is_a_problem_document_in_the_readers_language(world: World, lang: str, title: str) -> None:
    answer = world.nobody.post("/tokens", {"username": "nobody-" + lang, "password": "x"}, lang=lang)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json == {"type": "urn:gangze:problem:not-signed-in", "title": title, "status": 401}


def test_what_is_missing_is_said_field_by_field(world: World) -> None:
    answer = world.nobody.post("/tokens", {"username": 7, "days": 0, "colour": "red"}, lang="zh-CN")
    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "username": ["应为文字"], "password": ["必须填写"], "days": ["1 至 366"], "colour": ["没有这个栏目"],
    }


def test_too_many_wrong_passwords_lock_the_name(world: World) -> None:
    for _ in range(5):
        assert world.nobody.post("/tokens", {"username": "guojianjun", "password": "x"}).status_code == 401
    answer = world.nobody.post("/tokens", {"username": "guojianjun", "password": PASSWORD})
    assert answer.status_code == 429 and answer.json["type"] == "urn:gangze:problem:too-many"


def test_too_many_attempts_from_one_address_are_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)  # one limiter for all applications: put back afterwards
    stranger = Program(make_app(tmp_path, RATELIMIT_ENABLED=True), None)
    assert {stranger.post("/tokens", {}).status_code for _ in range(30)} == {422}
    answer = stranger.post("/tokens", {}, lang="zh")
    assert answer.status_code == 429
    assert answer.json["title"] == "请求过于频繁" and answer.content_type == "application/problem+json"


@pytest.mark.parametrize("header", [
    "", "Bearer", "Bearer ", "Bearer gz_", "Bearer gz_" + "x" * 43, "Bearer " + "x" * 10_000, "Basic Y2hlbjp4",
    "Bearer gz_\xff\xfe", "Bearer gz_a gz_b", "bearer\tgz_x", "Token gz_x",
])
def test_junk_instead_of_a_token_is_nobody(world: World, header: str) -> None:
    answer = world.app.test_client().get(API + "/me", headers={"Authorization": header})
    assert answer.status_code == 401 and answer.content_type == "application/problem+json"


def test_an_expired_and_a_revoked_token_open_nothing(world: World) -> None:
    from app.accounts import actions
    from app.change import Actor

    secrets = [world.nobody.ok("POST", "/tokens", {"username": "hezhiyuan", "password": PASSWORD}) for _ in range(2)]
    with world.app.app_context():
        actions.revoke_token(secrets[0]["id"], actor=Actor.system("test"))
    assert Program(world.app, secrets[0]["token"]).get("/me").status_code == 401
    assert Program(world.app, secrets[1]["token"]).get("/me").status_code == 200
    world.app.config["CLOCK"] = lambda: datetime.now(UTC) + timedelta(days=1, seconds=1)
    try:
        assert Program(world.app, secrets[1]["token"]).get("/me").status_code == 401
    finally:
        del world.app.config["CLOCK"]


def test_a_browsers_session_opens_no_door_of_the_api(world: World) -> None:
    browser = world.app.test_client()
    browser.post("/sign-in", data={"username": "leiming", "password": PASSWORD})
    assert browser.get("/").status_code == 200, "the session is open"
    assert browser.get(API + "/me").status_code == 401
    assert browser.post(API + "/process-definitions/1/activate").status_code == 401
    assert browser.get("/").status_code == 200, "and still is"


def test_a_token_opens_no_page(world: World) -> None:
    answer = world.app.test_client().get("/", headers={"Authorization": f"Bearer {world.leiming.token}"})
    assert answer.status_code == 302


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_token_every_door_but_two_is_shut(world: World, lang: str) -> None:
    described = world.nobody.ok("GET", "/openapi.json")
    shut = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method == "parameters" or not operation["security"]:
                continue
            answer = world.nobody.send(method.upper(), re.sub(r"\{[^}]+\}", "1", path.removeprefix(API)), lang=lang)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.json["title"] == ("请先登录。" if lang == "zh" else "Please sign in first.")
            shut += 1
    assert shut >= 25
