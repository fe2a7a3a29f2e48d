"""The store refuses to write: a full disk, a lock that is not given up. 503, nothing half-written, and then it goes on.

On SQLite; what PostgreSQL says in such a case reaches the same lines of ``change``.
"""
from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.api.conftest import APPROVAL, GOOD, PDF, World, deployed, open_item
from tests.conftest import make_app


@pytest.fixture
def alone(bureau_template: Path, tmp_path: Path) -> Iterator[World]:
    """A bureau whose store is about to be ill-treated."""
    from app.extensions import db

    home = tmp_path / "home"
    shutil.copytree(bureau_template, home)
    app = make_app(home, DEMO=True)
    made = World(app)
    deployed(made, APPROVAL)
    yield made
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def with_pragma(world: World, pragma: str) -> Any:
    """Every connection from now on gets ``pragma``; returns how to stop that."""
    from app.extensions import db

    def set_it(connection: sqlite3.Connection, record: Any) -> None:
        connection.execute(f"PRAGMA {pragma}")

    with world.app.app_context():
        engine = db.engine
        event.listen(engine, "connect", set_it)
        engine.dispose()

    def stop() -> None:
        event.remove(engine, "connect", set_it)
        engine.dispose()

    return stop


def pages(world: World) -> int:
    with sqlite3.connect(world.app.config["GANGZE_HOME"] / "gangze.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return connection.execute("PRAGMA page_count").fetchone()[0]


def everything(world: World) -> tuple[int, ...]:
    return tuple(world.count(t) for t in (
        "entry", "case", "work_item", "job", "case_number", "attachment", "api_token"))


def assert_unavailable(answer: Any, title: str) -> None:
    assert answer.status_code == 503, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    assert answer.json == {"type": "urn:gangze:problem:unavailable", "title": title, "status": 503}


NOT_SAVED = "数据没有保存：存储暂不可用，请稍后再试。"


def test_while_somebody_else_holds_the_store_nothing_is_lost_or_half_written(alone: World) -> None:
    case = alone.chenxiaomei.start()
    draft = open_item(alone.chenxiaomei.start(data=None), "apply")
    item = open_item(case, "approve")
    path = f"/work-items/{item['id']}"
    held = alone.liuzhiqiang.ok("POST", path + "/claim")
    stop = with_pragma(alone, "busy_timeout=50")
    before, detail = everything(alone), alone.liuzhiqiang.ok("GET", path)
    other = sqlite3.connect(alone.app.config["GANGZE_HOME"] / "gangze.sqlite", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        finish = {"version": held["version"], "decision": "agree", "opinion": "情况属实"}
        assert_unavailable(alone.liuzhiqiang.post(path + "/complete", finish, lang="zh"), NOT_SAVED)
        for who, verb, body in (
            ("liuzhiqiang", path + "/release", {"version": held["version"]}),
            ("liuzhiqiang", path + "/return", {"version": held["version"], "opinion": "x"}),
            ("chenxiaomei", f"/work-items/{draft['id']}/save", {"version": 1, "answers": GOOD}),
            ("chenxiaomei", f"/cases/{case['id']}/suspend", {"reason": "x"}),
            ("chenxiaomei", "/cases", {"process": "approval", "data": GOOD}),
        ):
            assert_unavailable(getattr(alone, who).post(verb, body, lang="zh"), NOT_SAVED)
        assert_unavailable(alone.nobody.post("/tokens", {"username": "zhouwenjing", "password": "gangze-demo"}, lang="zh"),
                           NOT_SAVED)
        assert alone.liuzhiqiang.ok("GET", path) == detail, "reading goes on meanwhile"
    finally:
        other.execute("ROLLBACK")
        other.close()
        stop()
    assert everything(alone) == before
    assert alone.liuzhiqiang.ok("POST", path + "/complete", finish)["state"] == "completed"
    alone.zhouwenjing.take(case["id"], "audit", decision="agree")
    assert alone.chenxiaomei.ok("GET", f"/cases/{case['id']}")["status"] == "completed"
    alone.publish()
    assert alone.verified()


def test_on_a_full_disk_nothing_is_lost_or_half_written(alone: World) -> None:
    cases = [alone.chenxiaomei.start() for _ in range(3)]
    items = [open_item(case, "approve") for case in cases]
    held = [alone.liuzhiqiang.ok("POST", f"/work-items/{item['id']}/claim") for item in items]
    stop = with_pragma(alone, f"max_page_count={pages(alone)}")
    refused = None
    try:
        for number in range(400):  # what is left of the last pages has to be used up first
            before = everything(alone)
            answer = alone.chenxiaomei.post("/cases", {"process": "approval", "data": {**GOOD, "secret": "x" * 90}}, lang="zh")
            if answer.status_code == 503:
                refused = number
                break
            assert answer.status_code == 201
        assert refused is not None
        assert_unavailable(answer, NOT_SAVED)
        assert everything(alone) == before
        full = []
        for item in held:
            detail = alone.liuzhiqiang.ok("GET", f"/work-items/{item['id']}")
            before = everything(alone)
            answer = alone.liuzhiqiang.post(f"/work-items/{item['id']}/complete", {
                "version": item["version"], "decision": "agree", "opinion": "情况属实。" * 300}, lang="zh")
            full.append(answer.status_code)
            assert_unavailable(answer, NOT_SAVED)
            assert everything(alone) == before
            assert alone.liuzhiqiang.ok("GET", f"/work-items/{item['id']}") == detail
        assert full == [503] * 3
    finally:
        stop()
    for case, item in zip(cases, held, strict=True):
        done = alone.liuzhiqiang.ok("POST", f"/work-items/{item['id']}/complete", {
            "version": item["version"], "decision": "agree", "opinion": "情况属实。" * 300})
        assert done["state"] == "completed"
        alone.zhouwenjing.take(case["id"], "audit", decision="agree")
    alone.publish()
    assert alone.verified()


def test_a_disk_that_takes_no_file_keeps_no_row(alone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    alone.chenxiaomei.ok("GET", "/me")
    before = everything(alone)
    monkeypatch.setattr(os, "fsync", full)
    answer = alone.chenxiaomei.post("/attachments", data={"file": (BytesIO(PDF), "a.pdf")}, lang="zh")
    assert_unavailable(answer, NOT_SAVED)
    monkeypatch.undo()
    assert everything(alone) == before
    left = [p for p in (alone.app.config["GANGZE_HOME"] / "files").rglob("*") if p.is_file()]
    assert left == []
    assert alone.chenxiaomei.attach()


def test_a_store_that_is_gone_is_a_503_too(alone: World) -> None:
    from app.extensions import db

    chen = alone.chenxiaomei
    path = alone.app.config["GANGZE_HOME"] / "gangze.sqlite"
    with alone.app.app_context():
        db.engine.dispose()
    hidden = path.rename(path.with_suffix(".away"))
    try:
        for answer in (chen.get("/me", lang="zh"), chen.post("/cases", {"process": "approval"}, lang="zh")):
            assert answer.status_code == 503 and answer.json["type"] == "urn:gangze:problem:unavailable"
        page = alone.app.test_client().post("/sign-in", data={"username": "x", "password": "y"})
        assert page.status_code == 503 and page.content_type.startswith("text/html")
    finally:
        with alone.app.app_context():
            db.engine.dispose()
        for leftover in path.parent.glob("gangze.sqlite*"):
            leftover.unlink()
        hidden.rename(path)
    assert chen.ok("GET", "/me")["username"] == "chenxiaomei"
