"""Pages of processes: anybody signed in reads them, only who may deploy changes rules; nothing hostile gets through."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.definitions import queries
from app.extensions import db
from tests.conftest import make_app


@pytest.fixture
def site(bureau_home: Path) -> Iterator[Flask]:
    """Nothing is pushed, so that every request is a request of its own."""
    made = make_app(bureau_home, DEMO=True)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def visit(site: Flask) -> Any:
    def enter(username: str | None, language: str = "en") -> Any:
        client = site.test_client()
        client.set_cookie("language", language)
        if username:
            assert client.post("/sign-in", data={"username": username, "password": "gangze-demo"}).status_code == 302
        return client

    return enter


@pytest.fixture
def s01(site: Flask) -> int:
    with site.app_context():
        return queries.active("expenditure").id


@pytest.fixture
def active(site: Flask) -> list[Any]:
    """Every active version."""
    with site.app_context():
        return queries.all_active()


@pytest.fixture
def count(site: Flask) -> Any:
    """How many versions of S01 there are."""

    def ask() -> int:
        with site.app_context():
            return len(queries.versions("expenditure"))

    return ask


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


def fields(page: str) -> dict[str, Any]:
    """What a browser would send of the table as it stands."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input\b[^>]*name=\"rules\.[^>]*>", page):
        name, value = (re.search(rf'\b{what}="([^"]*)"', tag)[1] for what in ("name", "value"))
        if 'type="checkbox"' not in tag and 'type="radio"' not in tag:
            found[name] = value
        elif " checked" in tag:
            found.setdefault(name, []).append(value)
    for name, inside in re.findall(r'<select\b[^>]*name="(rules\.[^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected>', inside)
        found[name] = chosen[1] if chosen else re.search(r'<option(?: value="([^"]*)")?', inside)[1] or ""
    for name, inside in re.findall(r'<textarea\b[^>]*name="(rules\.[^"]*)"[^>]*>(.*?)</textarea>', page, re.S):
        found[name] = inside
    return found


def test_the_table_as_it_stands_means_the_rules_as_they_are(visit: Any, active: list[Any]) -> None:
    lei = visit("leiming")
    for definition in active:
        where = f"/processes/{definition.id}/rules"
        page = text(lei.get(where))
        answer = lei.post(where, data={"_do": "preview", **fields(page)})
        assert answer.status_code == 422 and "The rules have not changed." in text(answer), definition.key


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_of_every_process_is_shown_to_anybody_signed_in(visit: Any, active: list[Any], language: str) -> None:
    chen = visit("chenxiaomei", language)
    index = text(chen.get("/processes"))
    for definition in active:
        assert f'href="/processes/{definition.id}"' in index
        for tab in ("rules", "steps", "check", "versions"):
            answer = chen.get(f"/processes/{definition.id}?tab={tab}")
            assert answer.status_code == 200 and definition.matter in text(answer)
            assert "/rules\"" not in text(answer) and "/activate" not in text(answer)
        assert chen.get(f"/processes/{definition.id}/diagram.bpmn").data == definition.source


def test_only_who_may_deploy_changes_rules_and_activates(visit: Any, s01: int, count: Any) -> None:
    for who in ("chenxiaomei", "longfei", "shiyu"):
        client = visit(who)
        assert client.get(f"/processes/{s01}/rules").status_code == 403
        assert client.post(f"/processes/{s01}/rules", data={"_do": "save"}).status_code == 403
        assert client.post(f"/processes/{s01}/activate").status_code == 403
    assert visit(None).get(f"/processes/{s01}").status_code == 302
    assert count() == 1


def test_there_is_no_process_and_no_tab_of_that_name(visit: Any, s01: int) -> None:
    lei = visit("leiming")
    for path in ("/processes/999999", "/processes/" + "9" * 30, "/processes/999999/rules", "/processes/x",
                 "/processes/999999/diagram.bpmn", f"/processes/{s01}?tab=secrets"):
        assert lei.get(path).status_code == 404, path
    assert lei.post("/processes/999999/rules", data={"_do": "save"}).status_code == 404
    assert lei.post("/processes/999999/activate").status_code == 404
    assert lei.get(f"/processes/{s01}/activate").status_code == 302


def test_a_newer_draft_is_told_with_what_was_typed_still_there(visit: Any, s01: int, count: Any) -> None:
    lei = visit("leiming")
    where = f"/processes/{s01}/rules"
    mine = {**fields(text(lei.get(where))), "_newest": "1", "_do": "save"}
    first = lei.post(where, data={**mine, "rules.0.basis": "§ first"})
    assert first.status_code == 302
    late = lei.post(where, data={**mine, "rules.0.basis": "§ second"})
    page = text(late)
    assert late.status_code == 409 and "Version 2 has been deployed meanwhile" in page and "§ second" in page
    assert f'href="{first.location}/rules"' in page
    assert "later version than the one you are changing" in text(lei.get(where))
    again = lei.post(where, data={**mine, "rules.0.basis": "§ second", "_newest": "2"})
    assert again.status_code == 302 and count() == 3


def test_one_s_own_draft_is_not_offered_for_activation_and_a_second_person_s_refusal_is_told(
    visit: Any, site: Flask, s01: int
) -> None:
    lei = visit("leiming")
    where = f"/processes/{s01}/rules"
    draft = lei.post(where, data={
        **fields(text(lei.get(where))), "_do": "save", "_newest": "1", "rules.90.kind": "departments",
        "rules.90.nodes": ["finance", "pay", "book"], "rules.90.basis": "§",
    }).location
    mine = text(lei.get(draft))
    assert "somebody else has to activate it" in mine and f'action="{draft}/activate"' not in mine
    assert lei.post(f"{draft}/activate").location == f"{draft}?tab=check"
    wen = visit("wenjing")
    assert f'action="{draft}/activate"' in text(wen.get(draft))
    told = text(wen.post(f"{draft}/activate", follow_redirects=True))
    assert "could not finish this process" in told and "departments-1" in told and "Cannot be worked" in told
    with site.app_context():
        assert queries.active("expenditure").id == s01


@pytest.mark.parametrize("data", [
    {}, {"_do": "save"}, {"_do": "explode"}, {"_do": "drop:999"}, {"_do": "drop:x"}, {"_do": "add"},
    {"_do": "add", "_kind": "wish"}, {"_do": "save", "rules.0.kind": "wish"}, {"_do": "save", "_newest": "9" * 40},
    {"_do": "save", "rules.0.kind": "differ", "rules.0.nodes": ["pay"] * 500},
    {"_do": "save", "rules.0.kind": "differ", "rules.0.nodes": ["<script>", "\ud7ff", "*"]},
    {"_do": "save", "rules.0.kind": "people", "rules.0.min": "-1", "rules.0.party": "x", "rules.0.nodes": "pay"},
    {"_do": "save", "rules.0.kind": "differ", "rules.0.id": '"><b>', "rules.0.basis": "\x00\x07", "rules.0.scope": "x"},
    {"_do": "preview", "rules.0.kind": "release", "rules.0.constraint": "x", "rules.0.at": "<b>"},
    {"_do": "save", "rules.0.kind": "collective", "rules.0.nodes": ["pay", "book"], "rules.0.chairLast": "maybe"},
    {"_do": "save", **{f"rules.{n}.kind": "differ" for n in range(300)}},
    {"_do": "save", "rules.1000000.kind": "differ", "rules.-1.kind": "differ", "rules..kind": "differ"},
    {"_do": "save", "reason": "x" * 5000, "rules.0.kind": "draw", "rules.0.nodes": "pay"},
])
def test_a_hostile_form_is_answered_and_changes_nothing(
    visit: Any, s01: int, count: Any, data: dict[str, Any]
) -> None:
    lei = visit("leiming")
    answer = lei.post(f"/processes/{s01}/rules", data=data)
    if answer.status_code == 302:       # no rules at all is a set of rules: a draft nobody has activated
        assert data in ({"_do": "save"}, {"_do": "save", "_newest": "9" * 40}) or "rules.1000000.kind" in data
        return
    assert answer.status_code in (200, 409, 422), text(answer)[-500:]
    assert "<script>" not in re.sub(r"<script\b[^>]*>.*?</script>", "", text(answer), flags=re.S)
    assert '"><b>' not in text(answer)
    assert count() == 1
