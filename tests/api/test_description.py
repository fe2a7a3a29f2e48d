"""The OpenAPI description: valid, complete, and true."""
from __future__ import annotations

import re
from typing import Any

import pytest

from app.api.messages import _PATTERNS, told
from app.permission import needed_by

from .conftest import API, World


@pytest.fixture(scope="module")
def described(world: World) -> dict[str, Any]:
    return world.nobody.ok("GET", "/openapi.json")


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, methods in described["paths"].items()
            for method, operation in methods.items() if method != "parameters"]


def test_it_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    assert described["openapi"].startswith("3.1")
    validator.validate(described)


def test_every_route_is_in_it_with_what_it_needs_and_the_problems_it_answers(
    world: World, described: dict[str, Any]
) -> None:
    found = {(path, method) for path, method, _ in operations(described)}
    routes = set()
    for rule in world.app.url_map.iter_rules():
        if not rule.rule.startswith(API) or rule.rule.endswith("openapi.json"):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            routes.add((path, method.lower()))
            operation = described["paths"][path][method.lower()]
            permission = needed_by(world.app.view_functions[rule.endpoint])
            assert operation["x-permission"] == permission
            assert operation["security"] == ([] if permission == "public" else [{"bearer": []}]), path
            assert operation["summary"] and operation["operationId"]
            for status in ({"404", "422", "503"} | (set() if permission == "public" else {"401", "403"})):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], (path, method, status)
    assert found == routes and len(found) >= 30
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(ids)) == len(ids)


def test_every_answer_and_every_body_is_described(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        good = {s: r for s, r in operation["responses"].items() if s.startswith("2")}
        assert len(good) == 1, (path, method)
        for status, response in good.items():
            if status != "204":
                (content,) = response["content"].values()
                assert content["schema"], (path, method)
    takes_files = {path for path, _, operation in operations(described)
                   if "multipart/form-data" in operation.get("requestBody", {}).get("content", {})}
    assert takes_files == {f"{API}/process-definitions", f"{API}/attachments"}


def test_what_is_not_built_yet_does_not_exist_and_is_not_listed(world: World, described: dict[str, Any]) -> None:
    absent = [
        ("POST", "/cases/1/migrate"), ("GET", "/cases/1/answerable"), ("POST", "/trail/exports"),
        ("GET", "/trail/exports/1"), *(("POST", f"/work-items/1/{verb}") for verb in (
            "urge", "copy", "reject")),
    ]
    for method, path in absent:
        answer = world.chenxiaomei.send(method, path)
        assert answer.status_code == 404 and answer.content_type == "application/problem+json", path
        assert not any(re.sub(r"\{\w+\}", "1", p) == API + path for p in described["paths"])


def test_every_message_of_the_library_that_reads_requests_is_known_in_both_languages() -> None:
    from marshmallow import Schema, fields, validate

    from app.api.doors import Id, Moment, Words

    said = set(Schema._default_error_messages.values())
    for kind in (fields.Field, Words, Id, fields.Boolean, fields.Dict, fields.List, fields.Nested):
        for base in kind.__mro__:
            said |= set(getattr(base, "default_error_messages", {}).values())
    for field, value in ((Moment(), "x"), (Moment(), "2026-01-01T00:00:00"), (Moment(), 7)):
        with pytest.raises(Exception) as wrong:
            field.deserialize(value)
        said |= set(wrong.value.messages)
    for check, value in (
        (validate.Length(1, 2), ""), (validate.Length(max=1), "xx"), (validate.Length(1), ""), (validate.Range(1), 0),
        (validate.Range(max=1), 2), (validate.Range(1, 2), 3), (validate.OneOf(["a"]), "b"),
    ):
        with pytest.raises(Exception) as wrong:
            check(value)
        said |= set(wrong.value.messages)
    unknown = [message for message in said if told(message).zh == message]
    assert unknown == []
    assert all(re.search(r"[一-鿿]", text.zh) for _, text in _PATTERNS)


def test_answers_are_what_the_description_says(world: World, described: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    world.publish()
    case = world.chenxiaomei.start()
    item = case["work_items"][0]["id"]
    for who, path, template in (
        ("chenxiaomei", "/me", "/me"), ("chenxiaomei", "/matters", "/matters"),
        ("chenxiaomei", "/process-definitions", "/process-definitions"),
        ("chenxiaomei", "/process-definitions/1", "/process-definitions/{definition_id}"),
        ("chenxiaomei", "/process-definitions/1/report", "/process-definitions/{definition_id}/report"),
        ("chenxiaomei", f"/cases/{case['id']}", "/cases/{case_id}"),
        ("chenxiaomei", f"/cases/{case['id']}/trail", "/cases/{case_id}/trail"),
        ("chenxiaomei", f"/cases/{case['id']}/nodes", "/cases/{case_id}/nodes"),
        ("chenxiaomei", "/work-items?view=started", "/work-items"),
        ("liuzhiqiang", f"/work-items/{item}", "/work-items/{item_id}"),
        ("chenxiaomei", f"/separation/explain?case={case['id']}&node=audit", "/separation/explain"),
        ("chenxiaomei", "/coverage", "/coverage"), ("shiyu", "/trail", "/trail"),
        ("shiyu", "/trail/proofs/1", "/trail/proofs/{entry_id}"),
    ):
        schema = described["paths"][API + template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = getattr(world, who).ok("GET", path)
        Draft202012Validator({**schema, "components": described["components"]}).validate(answer)
    problem = world.chenxiaomei.post("/cases", {"process": "approval", "data": {}}).json
    Draft202012Validator({"$ref": "#/components/schemas/Problem", "components": described["components"]}).validate(problem)
