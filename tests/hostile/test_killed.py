"""The web process dies in the middle of its work: what was answered is kept, what was not is whole or absent."""
from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from app.kernel.values import loads
from tests.api.conftest import APPROVAL, GOOD, World, deployed, open_item
from tests.cli.conftest import COMMAND, environment
from tests.conftest import make_app

CASES, ROUNDS = 60, 3


class Web:
    """``gangze web`` in a session of its own, so that it and its workers can be killed at once."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.log = home.parent / "web.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "web", "--port", str(self.port), "--workers", "2"], cwd=home.parent, stdout=log, stderr=log,
                env={**environment(home), "GANGZE_DEMO": "1", "GANGZE_RATE_LIMIT": "0"}, start_new_session=True,
            )
        deadline = time.monotonic() + 90
        while self.ask("GET", "/openapi.json")[0] != 200:
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Status and body; status 0 where no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body), {
                "Authorization": f"Bearer {token}", **({} if body is None else {"Content-Type": "application/json"})})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


@pytest.fixture
def home(bureau_template: Path, tmp_path: Path) -> Path:
    """A bureau with cases that all wait for their initiator."""
    from app.extensions import db

    made = tmp_path / "home"
    shutil.copytree(bureau_template, made)
    app = make_app(made, DEMO=True)
    world = World(app)
    deployed(world, APPROVAL)
    for _ in range(CASES):
        open_item(world.chenxiaomei.start(data=None), "apply")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return made


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_what_was_answered_before_a_kill_is_kept_and_nothing_is_half_done(home: Path) -> None:
    answered: set[int] = set()
    for _ in range(ROUNDS):
        web = Web(home)
        try:
            answered |= completed_until_killed(web, after=8)
        finally:
            web.kill()
        agree(home, answered)
    assert len(answered) >= 8 * ROUNDS
    web = Web(home)
    try:
        _, issued = web.ask("POST", "/tokens", {"username": "chenxiaomei", "password": "gangze-demo"})
        left = web.ask("GET", "/work-items?view=allocated&page_size=200", token=issued["token"])[1]["items"]
        assert left, "some were still waiting when it was killed"
        for item in left:
            status, said = web.ask("POST", f"/work-items/{item['id']}/complete", {
                "version": item["version"], "answers": GOOD}, issued["token"])
            assert status == 200 and said["state"] == "completed", said
            answered.add(item["id"])
        survives_junk(web)
    finally:
        web.kill()
    assert len(agree(home, answered)) == CASES


def completed_until_killed(web: Web, after: int) -> set[int]:
    """Four clients complete as fast as they can; the web is killed once ``after`` of theirs were answered."""
    status, issued = web.ask("POST", "/tokens", {"username": "chenxiaomei", "password": "gangze-demo"})
    assert status == 201, issued
    token = issued["token"]
    waiting = web.ask("GET", "/work-items?view=allocated&page_size=200", token=token)[1]["items"]
    queue, answered, enough = list(waiting), set[int](), threading.Event()

    def client() -> None:
        while queue:
            try:
                item = queue.pop()
            except IndexError:
                return
            status, _ = web.ask("POST", f"/work-items/{item['id']}/complete", {
                "version": item["version"], "answers": GOOD}, token)
            if status == 0:
                return
            assert status == 200
            answered.add(item["id"])
            if len(answered) >= after:
                enough.set()

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    web.kill()
    for thread in threads:
        thread.join(30)
    return answered


def agree(home: Path, answered: set[int]) -> set[int]:
    """State, what was handed in and entries tell one story, and the trail verifies. Returns the items that are done."""
    from app.cases.statements import CASE, ITEM
    from app.extensions import db
    from app.trail import queries as trail
    from app.trail.models import Entry

    app = make_app(home, DEMO=True)
    with app.app_context():
        done = {row.id for row in db.session.execute(ITEM.select().where(ITEM.c.node == "apply", ITEM.c.state == "completed"))}
        assert answered <= done, "an answer was given and is lost"
        entries = db.session.execute(db.select(Entry.case_id, Entry.seq, Entry.body, Entry.what)).all()
        told = {loads(bytes(e.body))["item"] for e in entries if e.what == "work_item.completed"}
        handed_in = {row.id for row in db.session.execute(ITEM.select().where(ITEM.c.outcome.is_not(None)))}
        assert told == handed_in == done
        offered = {row.case_id for row in db.session.execute(ITEM.select().where(ITEM.c.node == "approve"))}
        for row in db.session.execute(CASE.select()).mappings().all():
            mine = [e.seq for e in entries if e.case_id == row["id"]]
            assert sorted(mine) == list(range(1, row["trail_seq"] + 1)), "the case and its chain end together"
            finished = any(item in done for item in items_of(row["id"]))
            assert (row["id"] in offered) is finished and ("purpose" in loads(row["data"])) is finished
        assert trail.verify().ok
        db.session.remove()
        db.engine.dispose()
    return done


def items_of(case_id: int) -> list[int]:
    from app.cases.statements import ITEM
    from app.extensions import db

    return [row.id for row in db.session.execute(ITEM.select().where(ITEM.c.case_id == case_id, ITEM.c.node == "apply"))]


def survives_junk(web: Web) -> None:
    """Bytes that are no HTTP, and HTTP no client would send."""
    for junk in (
        b"\x00" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"zzz\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked"
        b"\r\n\r\n-1\r\n", b"GET /api/v1/%ff%fe%00 HTTP/1.1\r\nHost: \xff\r\n\r\n", b"HEAD /../../etc/passwd HTTP/1.0\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", web.port), 10) as connection:
            try:
                connection.sendall(junk)
                connection.shutdown(socket.SHUT_WR)
                said = connection.recv(65536)
            except OSError:
                continue
            assert b"Traceback" not in said and b"root:" not in said and b" 500 " not in said.split(b"\r\n")[0], (junk[:40], said)
    assert web.process.poll() is None and web.ask("GET", "/openapi.json")[0] == 200
