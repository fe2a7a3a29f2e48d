"""Doors are closed by default, and every answer tells the browser what not to do."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import web
from app.permission import PERMISSIONS, needed_by, needs


def addresses(site: Flask, method: str) -> list[tuple[str, str]]:
    """An address for every route that takes ``method``, with made-up arguments, and what it needs."""
    found = []
    for rule in site.url_map.iter_rules():
        if method in rule.methods and not rule.rule.startswith("/api/"):
            built = re.sub(r"<any\((\w+).*?>", r"\1", re.sub(r"<int:\w+>", "1", rule.rule))
            built = re.sub(r"<(path:)?\w+>", "x", built)
            needed = "public" if rule.endpoint == "web.static" else needed_by(site.view_functions[rule.endpoint])
            found.append((built, str(needed)))
    return found


def test_a_route_that_declares_nothing_stops_the_start(site: Flask) -> None:
    site.view_functions["forgotten"] = lambda: ""
    site.url_map.add(site.url_rule_class("/forgotten", endpoint="forgotten"))
    with pytest.raises(RuntimeError, match=r"forgotten \(/forgotten\)"):
        web.every_route_has_a_permission(site)


def test_a_permission_that_does_not_exist_cannot_be_declared() -> None:
    with pytest.raises(KeyError):
        needs("everything")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_gets_no_further_than_the_public_doors(site: Flask, visit: Callable[..., Any], method: str) -> None:
    closed = [(address, needed) for address, needed in addresses(site, method) if needed != "public"]
    assert len(closed) >= 8
    for address, _needed in closed:
        answer = visit().open(address, method=method)
        if method == "GET":
            assert answer.status_code == 302 and answer.location.startswith("/sign-in?next="), address
        else:
            assert answer.status_code == 401, address


def test_roles_are_read_from_one_table(visit: Callable[..., Any]) -> None:
    class Somebody:
        is_authenticated = True
        role = "none"

    class Auditor(Somebody):
        role = "audit_admin"

    assert not PERMISSIONS["audit"](Somebody()) and PERMISSIONS["audit"](Auditor())
    assert not PERMISSIONS["system administration"](Auditor())


def test_a_form_from_another_site_is_refused_and_nothing_is_lost(site: Flask, visit: Callable[..., Any]) -> None:
    client = visit("chenxiaomei")
    site.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/begin/expenditure", data={"purpose": "维修办税厅终端"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "表单已失效" in page and "维修办税厅终端" in page and "重新提交" in page


def test_every_answer_carries_the_policy(visit: Callable[..., Any]) -> None:
    client = visit("chenxiaomei")
    for address in ("/", "/inbox", "/cases", "/begin", "/organisation", "/no-such-page", "/design"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy, address
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store", address


def test_built_files_are_kept_for_a_year_and_pages_are_not(visit: Callable[..., Any]) -> None:
    client = visit()
    page = client.get("/sign-in").get_data(as_text=True)
    style = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(style)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_pages_hold_nothing_the_policy_forbids(visit: Callable[..., Any], claim: Callable[..., Any]) -> None:
    client, case = claim()
    for address in ("/", "/inbox", "/begin/expenditure", case, f"{case}?tab=diagram", f"{case}?tab=form", "/design"):
        page = client.get(address).get_data(as_text=True)
        assert " style=" not in page and "<style" not in page, address
        assert " onclick=" not in page and "javascript:" not in page, address
        for script in page.split("<script")[1:]:
            assert 'src="/assets/' in script.split(">")[0] or "application/json" in script.split(">")[0], address


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\n/evil"])
def test_no_form_sends_anybody_to_another_house(visit: Callable[..., Any], wanted: str) -> None:
    client = visit()
    assert client.post("/settings", data={"language": "en", "next": wanted}).location == "/sign-in"
    answer = client.post("/sign-in", data={"username": "chenxiaomei", "password": "gangze-demo", "next": wanted})
    assert answer.location == "/"


def test_a_person_goes_on_to_where_they_wanted(visit: Callable[..., Any]) -> None:
    client = visit()
    assert client.get("/cases?q=维修").location.startswith("/sign-in?next=/cases")
    answer = client.post(
        "/sign-in", data={"username": "chenxiaomei", "password": "gangze-demo", "next": "/cases?q=1"}
    )
    assert answer.location == "/cases?q=1"
