"""The demonstration bureau as programs meet it: a token each, and what comes back."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import make_app
from tests.diagrams import diagram, end, flow, start, user, xor

API = "/api/v1"
PASSWORD = "gangze-demo"
PDF = b"%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"
FORM = {
    "title": {"zh": "申请", "en": "Request"},
    "schema": {
        "type": "object",
        "properties": {
            "purpose": {"type": "string", "minLength": 2, "maxLength": 100},
            "amount": {"type": "string", "format": "money"},
            "secret": {"type": "string", "maxLength": 100},
            "typename": {"type": "string", "maxLength": 100},
            "rows": {"type": "array", "maxItems": 5, "items": {
                "type": "object", "properties": {"typename": {"type": "string", "maxLength": 50}},
            }},
        },
        "required": ["purpose", "amount"],
    },
    "ui": {"order": ["purpose", "amount", "secret", "typename", "rows"]},
}
GOOD = {"purpose": "打印纸", "amount": "120.50"}
#: Posts of the bureau; the approver sees all but what the clerk says to the auditor alone.
APPROVAL = diagram(
    "approval", start("s"), user("apply", "ANY.CLK", form="request", department="initiator"),
    user("approve", "ANY.HD", form="request", write="", decisions="agree refuse", department="initiator").replace(
        '<gz:fields write=""/>', '<gz:fields write="" hidden="secret"/>'),
    user("audit", "CW.SH", form="request", write="", decisions="agree"),
    xor("ok", default="ok-audit"), end("e"), end("no"),
    flow("ok-audit", "ok", "audit"), flow("ok-no", "ok", "no", 'approve.decision == "refuse"'),
    flow("audit-e", "audit", "e"), path="s apply approve ok", title="{purpose}",
    constraints='<gz:differ id="c1" nodes="apply approve audit" basis="内控规范第十二条"/>',
)
WAITING = diagram(
    "waiting", start("s"), user("apply", "ANY.CLK", form="request", department="initiator"),
    '<bpmn:intermediateCatchEvent id="paid" name="paid"><bpmn:messageEventDefinition id="pd" messageRef="m">'
    "<bpmn:operationRef>o</bpmn:operationRef></bpmn:messageEventDefinition>"
    "</bpmn:intermediateCatchEvent>",
    '<bpmn:intermediateCatchEvent id="closed" name="closed"><bpmn:signalEventDefinition id="sd" signalRef="g"/>'
    "</bpmn:intermediateCatchEvent>",
    user("after", "ANY.CLK", form="request", department="initiator"), end("e"),
    path="s apply paid closed after e", title="{purpose}",
    before='<bpmn:message id="m" name="payment"/><bpmn:signal id="g" name="year-end"/><bpmn:interface id="i" name="bank">'
           '<bpmn:operation id="o" name="pay"><bpmn:inMessageRef>m</bpmn:inMessageRef></bpmn:operation></bpmn:interface>',
)


class Program:
    """Somebody's token, at work."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.client, self.token = app.test_client(use_cookies=False), token

    def send(self, method: str, path: str, body: Any = None, *, lang: str = "en", **more: Any) -> TestResponse:
        headers = {"Accept-Language": lang, **more.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            more["json"] = body
        return self.client.open(API + path, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.send("POST", path, body, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What a request that must succeed answers."""
        answer = self.send(method, path, body, **more)
        assert answer.status_code in (200, 201, 204), answer.get_data(as_text=True)
        return answer.json if answer.status_code != 204 else None

    def attach(self, data: bytes = PDF, name: str = "invoice.pdf") -> int:
        return self.ok("POST", "/attachments", data={"file": (BytesIO(data), name)})["id"]

    def deploy(self, source: bytes, *parts: tuple[str, str, bytes], **more: Any) -> TestResponse:
        """A diagram, with parts as (field, file name, bytes)."""
        data: dict[str, Any] = {"diagram": (BytesIO(source), "process.bpmn")}
        for field, name, content in parts:
            data.setdefault(field, []).append((BytesIO(content), name))
        return self.post("/process-definitions", data=data, **more)

    def start(self, process: str = "approval", data: Any = GOOD, **more: Any) -> dict[str, Any]:
        return self.ok("POST", "/cases", {"process": process, "data": data, **more})

    def take(self, case_id: int, node: str, **what: Any) -> dict[str, Any]:
        """Claim, if need be, and complete."""
        item = open_item(self.ok("GET", f"/cases/{case_id}"), node)
        if item["assignee"] is None:
            item = self.ok("POST", f"/work-items/{item['id']}/claim", {"version": item["version"]})
        return self.ok("POST", f"/work-items/{item['id']}/complete", {"version": item["version"], **what})


def open_item(case: dict[str, Any], node: str) -> dict[str, Any]:
    return next(item for item in case["work_items"] if item["node"] == node)


class World:
    """The bureau, and everybody in it by username."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._programs: dict[str, Program] = {}
        self.nobody = Program(app, None)

    def __getattr__(self, username: str) -> Program:
        if username.startswith("_"):
            raise AttributeError(username)
        if username not in self._programs:
            answer = self.nobody.post("/tokens", {"username": username, "password": PASSWORD})
            assert answer.status_code == 201, answer.get_data(as_text=True)
            self._programs[username] = Program(self.app, answer.json["token"])
        return self._programs[username]

    def work(self) -> None:
        """What the worker would do."""
        from app import jobs

        with self.app.app_context():
            while jobs.sweep():
                pass

    def publish(self) -> None:
        from app.trail.actions import publish

        with self.app.app_context():
            publish()

    def count(self, table: str) -> int:
        """How many rows there are."""
        from app.extensions import db

        with self.app.app_context():
            return db.session.execute(db.text(f'SELECT count(*) FROM "{table}"')).scalar_one()

    def verified(self) -> bool:
        from app.trail import queries

        with self.app.app_context():
            return queries.verify().ok


def deployed(world: World, source: bytes) -> int:
    """A diagram with the request form, deployed by one administrator and activated by the other."""
    import json

    answer = world.leiming.deploy(source, ("forms", "request.json", json.dumps(FORM).encode()))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    world.wenjing.ok("POST", f"/process-definitions/{answer.json['id']}/activate")
    return answer.json["id"]


@pytest.fixture(scope="module")
def world(bureau_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A copy of the bureau for one file of tests, with a second administrator and two small processes."""
    from app.extensions import db

    home = tmp_path_factory.mktemp("api") / "home"
    shutil.copytree(bureau_template, home)
    app = make_app(home, DEMO=True)
    made = World(app)
    deployed(made, APPROVAL)
    deployed(made, WAITING)
    yield made
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
