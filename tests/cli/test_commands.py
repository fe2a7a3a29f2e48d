"""The command on one home, from nothing to a changed byte, in the order a keeper lives it."""
from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.diagrams import diagram, end, service, start, user

from .conftest import COMMAND, Run, environment, gangze

PASSWORD = "gangze-demo"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home made by the command itself: migrated, and filled with the demonstration bureau."""
    made = tmp_path_factory.mktemp("cli") / "home"
    before = gangze("demo", "load", home=made)
    assert before.returncode == 1 and "gangze db upgrade" in before.stderr
    assert gangze("db", "upgrade", home=made).returncode == 0
    loaded = gangze("demo", "load", "--if-empty", home=made)
    assert loaded.returncode == 0 and "4 processes" in loaded.stdout, loaded.stderr
    return made


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    def running(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
        return gangze(*arguments, home=home, **more)

    return running


@pytest.fixture
def here(inside: Run, home: Path) -> Run:
    """On the same home, in this process."""
    return lambda *arguments, **more: inside(*arguments, home=home, **more)


def test_the_demonstration_is_loaded_once(here: Run) -> None:
    again = here("demo", "load", lang="zh_CN.UTF-8")
    assert again.returncode == 1 and "已有数据" in again.stderr
    assert here("demo", "load", "--if-empty").returncode == 0


def test_an_unknown_command_is_exit_2_and_makes_nothing(tmp_path: Path) -> None:
    done = gangze("frobnicate", home=tmp_path / "home")
    assert done.returncode == 2 and "frobnicate" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert gangze("audit", "frobnicate", home=tmp_path / "home").returncode == 2
    told = gangze("--help", home=tmp_path / "home")
    assert told.returncode == 0
    for command in ("serve", "web", "worker", "db", "demo", "user", "check", "deploy", "simulate", "coverage", "audit",
                    "bench"):
        assert f"\n  {command} " in told.stdout, command


def test_a_setting_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, "coverage"], env={**environment(tmp_path / "h"), "GANGZE_DATABASE": "mysql://x"},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.strip() == "GANGZE_DATABASE: use sqlite:///… or postgresql://…"


def test_an_account_is_given_to_a_person_with_a_password_from_option_or_prompt(
    run: Run, here: Run, home: Path
) -> None:
    taken = here("user", "add", "chen", "--person", "2103", "--password", "steile-Treppe-9")
    assert taken.returncode == 1 and "already" in taken.stderr, "she has an account"
    rows = sqlite3.connect(home / "gangze.sqlite").execute("SELECT number FROM person WHERE id NOT IN "
                                                           "(SELECT person_id FROM account) ORDER BY id").fetchall()
    free = rows[0][0]
    assert here("user", "add", "new.one", "--person", free, "--password", "short", lang="zh_CN.UTF-8").stderr.count("位") == 1
    assert here("user", "add", "new.one", "--person", "0000", "--password", "steile-Treppe-9").returncode == 1
    assert here("user", "add", "new.one").returncode == 2, "whose account?"
    added = run("user", "add", "new.one", "--person", free, typed="steile-Treppe-9\nsteile-Treppe-9\n")
    assert added.returncode == 0 and "new.one: added" in added.stdout, added.stderr
    assert "steile" not in added.stdout + added.stderr
    changed = here("user", "set-password", "new.one", "--password", "noch-steilere-8")
    assert changed.returncode == 0 and "password changed" in changed.stdout
    missing = here("user", "set-password", "nobody", "--password", "noch-steilere-8", lang="zh_CN.UTF-8")
    assert missing.returncode == 1 and missing.stderr == "没有账号 nobody\n"


def test_the_new_password_opens_the_account_and_the_old_one_does_not(home: Path) -> None:
    from app.accounts import actions
    from app.errors import NotSignedIn
    from tests.conftest import make_app

    app = make_app(home)
    with app.app_context():
        assert actions.sign_in("new.one", "noch-steilere-8").username == "new.one"
        with pytest.raises(NotSignedIn):
            actions.sign_in("new.one", "steile-Treppe-9")


def test_packages_are_deployed_and_what_cannot_be_is_told_path_by_path(run: Run, here: Run, tmp_path: Path) -> None:
    good, bad, empty = tmp_path / "good.bpmn", tmp_path / "bad.bpmn", tmp_path / "empty"
    form = b'{"schema": {"type": "object", "properties": {"note": {"type": "string", "maxLength": 9}}}}'
    package = tmp_path / "area" / "key"
    (package / "forms").mkdir(parents=True)
    (package / "forms" / "note.json").write_bytes(form)
    (package / "process.bpmn").write_bytes(
        diagram("fromcli", start("s"), user("apply", "ANY.CLK", form="note"), end("e"), path="s apply e"))
    bad.write_bytes(b"<")
    good.write_bytes(diagram("machine", start("s"), service("tell", "notify.person", {"message": '"x"'}), end("e"),
                             path="s tell e"))
    empty.mkdir()
    done = run("deploy", tmp_path, good, bad, empty, tmp_path / "absent")
    assert done.returncode == 1
    assert done.stdout.count("definition") == 2, done.stdout + done.stderr
    for name in (bad, empty, tmp_path / "absent"):
        assert f"{name}: " in done.stderr
    assert here("deploy", package).stdout == f"{package}: definition " + done.stdout.split(str(package))[1].split()[2] + "\n"


def test_coverage_exits_1_while_something_is_missing(here: Run) -> None:
    done = here("coverage", "--format", "json")
    missing = json.loads(done.stdout)
    assert set(missing) == {"matters", "nodes", "posts", "people"} and done.returncode == 1
    assert {"FROMCLI", "MACHINE"} <= set(missing["matters"])
    assert "没有启用流程的事项: 2" in here("coverage", lang="zh_CN.UTF-8").stdout


# -- serving ------------------------------------------------------------------------------------------------------------

class Served:
    """``gangze serve`` on a free port of loopback, and its API."""

    def __init__(self, home: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.home, self.port, self.process, self.token = home, port, process, ""

    def ask(self, path: str, body: Any = None, token: str = "") -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="POST" if body is not None else "GET")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def sign_in(self, username: str) -> str:
        return self.ask("/api/v1/tokens", {"username": username, "password": PASSWORD})["token"]


def until(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait for something that must come; a bound, not a measurement."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := true()) is not None:
            return found
        time.sleep(0.2)
    pytest.fail(f"{what} did not come within {seconds} s")


def descendants(pid: int) -> set[int]:
    """Every process that ``pid`` started, and theirs."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | descendants(child)
    return found


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, "serve", "--port", str(port)], env={**environment(home), "GANGZE_DEMO": "1"},
                                   cwd=home.parent, stdout=log, stderr=log)
        made = Served(home, port, process)

        def answers() -> Any:
            assert process.poll() is None, (home.parent / "serve.log").read_text()
            try:
                return made.ask("/api/v1/openapi.json")
            except (urllib.error.URLError, ConnectionError):
                return None

        children: set[int] = set()
        try:
            until(answers, 90, "an answer")
            yield made
        finally:
            children = descendants(process.pid) if process.poll() is None else set()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            for child in children:
                if Path(f"/proc/{child}").exists():
                    os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_serve_answers_works_and_stops_leaving_nobody_behind(served: Served, run: Run) -> None:
    chen = served.sign_in("chenxiaomei")
    pdf = served.home.parent / "invoice.pdf"
    pdf.write_bytes(b"%PDF-1.4\n%%EOF\n")
    attached = attach(served, chen, pdf)
    case = served.ask("/api/v1/cases", {"process": "S01", "data": {
        "purpose": "更换办税服务厅打印机硒鼓及复印纸一批", "category": "office", "budgetItem": "30201", "amount": "1280.00",
        "payee": "沭源县晨光办公设备有限公司", "payMode": "transfer", "invoiceNo": "24327000000182640777",
        "voucher": [attached],
    }}, chen)
    item = until(lambda: next(iter(served.ask(f"/api/v1/cases/{case['id']}", token=chen)["work_items"]), None), 60,
                 "the worker's answer")
    assert item["node"] == "head"
    until(lambda: checkpoint(served, chen), 60, "a signed checkpoint")
    taken = run("serve", "--port", served.port)
    assert taken.returncode == 1 and f"PORT={served.port + 1}" in taken.stderr
    children = descendants(served.process.pid)
    assert len(children) >= 2, "web and worker"
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(20) == 0
    until(lambda: True if not any(alive(child) for child in children) else None, 5, "the end of every child")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        served.ask("/api/v1/openapi.json")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def attach(served: Served, token: str, file: Path) -> int:
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="invoice.pdf"\r\n\r\n' + file.read_bytes()
            + b"\r\n--x--\r\n")
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/v1/attachments", data=body, headers={
        "Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())["id"]


def checkpoint(served: Served, token: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/v1/trail/checkpoint",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode().startswith("gangze.local/log\n") or None
    except urllib.error.HTTPError:
        return None


# -- the trail, last: a byte is changed ---------------------------------------------------------------------------------

def test_the_trail_is_taken_away_in_three_formats(here: Run, tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "xes"):
        done = here("audit", "export", "--format", form, "--out", tmp_path / f"trail.{form}", "--what", "definition")
        assert done.returncode == 0, done.stderr
    lines = (tmp_path / "trail.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["entry"]["what"] for line in lines} == {"definition.deployed", "definition.activated"}
    table = (tmp_path / "trail.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == len(lines) + 1
    assert here("audit", "export", "--format", "xes", "--out", tmp_path / "all.xes").returncode == 0
    root = ElementTree.parse(tmp_path / "all.xes").getroot()
    assert root.tag.endswith("log") and any(e.tag.endswith("trace") for e in root)
    assert here("audit", "export", "--format", "jsonl", "--out", tmp_path / "no" / "such" / "f").returncode == 1


def test_after_one_changed_byte_verify_names_the_entry_and_exits_1(run: Run, home: Path) -> None:
    whole = run("audit", "verify")
    assert whole.returncode == 0 and "Intact" in whole.stdout, whole.stderr
    with sqlite3.connect(home / "gangze.sqlite") as connection:
        (number, body) = connection.execute("SELECT id, body FROM entry WHERE what = 'case.started'").fetchone()
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        changed = bytes(body).replace(b"1280", b"1281") if b"1280" in bytes(body) else bytes(body).replace(b"S01", b"S02", 1)
        assert changed != bytes(body) and len(changed) == len(bytes(body))
        connection.execute("UPDATE entry SET body = ? WHERE id = ?", (changed, number))
        for _, text in triggers:
            connection.execute(text)
    for lang, said in (("C.UTF-8", f"entry {number}"), ("zh_CN.UTF-8", f"{number}")):
        done = run("audit", "verify", lang=lang)
        assert done.returncode == 1 and said in done.stderr.splitlines()[0], done.stderr
