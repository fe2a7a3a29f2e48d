"""The way in and the way out."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import make_app


def test_a_demonstration_lists_its_people_and_one_click_fills_the_form(visit: Callable[..., Any]) -> None:
    page = visit().get("/sign-in").get_data(as_text=True)
    assert "陈晓梅" in page and "办税服务厅" in page and "as=chenxiaomei" in page
    assert "gangze-demo" not in page
    filled = visit().get("/sign-in?as=chenxiaomei").get_data(as_text=True)
    assert 'value="chenxiaomei"' in filled and 'value="gangze-demo"' in filled


def test_anywhere_else_nobody_is_listed_and_no_password_is_shown(bureau_home: Path) -> None:
    site = make_app(bureau_home)
    for address in ("/sign-in", "/sign-in?as=chenxiaomei"):
        page = site.test_client().get(address).get_data(as_text=True)
        assert "陈晓梅" not in page and "gangze-demo" not in page
    assert site.test_client().get("/design").status_code == 404


def test_a_wrong_password_keeps_the_name_and_forgets_the_password(visit: Callable[..., Any]) -> None:
    answer = visit().post("/sign-in", data={"username": "chenxiaomei", "password": "not this one"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert 'value="chenxiaomei"' in page and "not this one" not in page
    assert "用户名或密码不正确" in page


def test_what_is_typed_as_a_name_is_shown_as_text(visit: Callable[..., Any]) -> None:
    page = visit().get('/sign-in?as="><script>alert(1)</script>').get_data(as_text=True)
    assert "<script>alert" not in page


def test_a_session_begins_anew_at_signing_in(site: Flask, visit: Callable[..., Any]) -> None:
    client = visit()
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
    client.post("/sign-in", data={"username": "chenxiaomei", "password": "gangze-demo"})
    with client.session_transaction() as after:
        assert "planted" not in after and after["session"]


def test_signing_out_is_a_form_and_ends_the_session(visit: Callable[..., Any]) -> None:
    client = visit("chenxiaomei")
    assert client.get("/sign-out").status_code == 405
    assert client.get("/").status_code == 200
    client.post("/sign-out")
    assert client.get("/").status_code == 302


def test_a_new_password_ends_every_session_opened_before(site: Flask, visit: Callable[..., Any]) -> None:
    from app.accounts import actions, queries
    from app.change import Actor

    client = visit("chenxiaomei")
    assert client.get("/").status_code == 200
    with site.app_context():
        account = queries.account_of("chenxiaomei")
        actions.set_password(account.id, password="another-demo-password", actor=Actor.system("test"))
    assert client.get("/").status_code == 302


def test_a_session_ended_while_typing_keeps_what_was_typed(visit: Callable[..., Any]) -> None:
    answer = visit().post("/begin/expenditure", data={"purpose": "更换办税厅终端主板", "password": "secret"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "登录已失效" in page and "更换办税厅终端主板" in page and "secret" not in page


def test_the_language_follows_the_browser_and_a_choice_beats_it(site: Flask) -> None:
    client = site.test_client()

    def heading(**headers: str) -> str:
        return client.get("/sign-in", headers=headers).get_data(as_text=True).split("<h1")[1].split("</h1>")[0]

    assert "登录" in heading()
    assert "Sign in" in heading(**{"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert "登录" in heading(**{"Accept-Language": "zh-TW,en;q=0.5"})
    assert "登录" in heading(**{"Accept-Language": "fr"})
    client.post("/settings", data={"language": "en"})
    assert "Sign in" in heading(**{"Accept-Language": "zh-CN"})


def test_display_and_keys_are_kept_by_the_browser_and_nonsense_is_refused(site: Flask) -> None:
    client = site.test_client()
    client.post("/settings", data={"display": "large"})
    assert 'data-display="large"' in client.get("/sign-in").get_data(as_text=True)
    assert client.post("/settings", data={"display": '"><b>'}).status_code == 404
    client.set_cookie("display", '"><script>')
    assert 'data-display="normal"' in client.get("/sign-in").get_data(as_text=True)
