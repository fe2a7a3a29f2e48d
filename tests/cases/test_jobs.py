"""Service handlers outside the case's transaction: they answer, raise, hang, die, and are asked again."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app import handling, jobs
from app.cases import actions, history, queries
from app.cases.statements import JOB
from app.errors import Conflict
from app.extensions import db
from app.kernel.text import Text
from tests.diagrams import diagram, end, flow, service, start, user

from .conftest import NOTE, WORKING, deployed, items, status

KEYS: list[str] = []
BEHAVE: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def echo() -> Iterator[None]:
    """A service handler that does what a test tells it to."""

    def call(work: handling.Work, what: str = "") -> dict[str, Any]:
        KEYS.append(work.key)
        return BEHAVE["do"](work, what)

    KEYS.clear()
    BEHAVE["do"] = lambda work, what: {"echo": what}
    handling.services["test.echo"] = handling.Service("test.echo", call, Text("回声", "Echo"), ("what",), "7")
    yield
    del handling.services["test.echo"]


@pytest.fixture
def working(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    deployed(WORKING, {"note": NOTE})
    return cast


def at_work(who: Any) -> int:
    return actions.start("working", actor=who, answers={"note": "你好"})


def job(case_id: int) -> Any:
    found = db.session.execute(JOB.select().where(JOB.c.case_id == case_id, JOB.c.token.is_not(None))).one()
    db.session.rollback()
    return found


def later(app: Flask, by: timedelta) -> None:
    from datetime import UTC, datetime

    base = app.config.get("SHIFT", timedelta()) + by
    app.config["SHIFT"] = base
    app.config["CLOCK"] = lambda: datetime.now(UTC) + base


def test_a_handlers_result_goes_into_the_case(working: SimpleNamespace) -> None:
    case_id = at_work(working.ada)
    assert not items(case_id)
    assert jobs.run_due_jobs() == 1
    assert queries.case(case_id, actor=working.ada).data["heard"] == "你好"
    assert set(items(case_id)) == {"after"}
    entry = history.happenings(case_id, ["job.completed"])[0].body
    assert entry["handler"] == "test.echo" and entry["handler_version"] == "7"
    assert jobs.run_due_jobs() == 0


def test_a_handler_that_raises_is_tried_again_under_the_same_key_and_becomes_an_incident(
    working: SimpleNamespace, app: Flask
) -> None:
    case_id = at_work(working.ada)
    BEHAVE["do"] = lambda work, what: 1 / 0
    for _ in range(len(jobs.BACKOFF) + 1):
        assert jobs.run_due_jobs() == 1
        later(app, timedelta(minutes=6))
    assert jobs.run_due_jobs() == 0
    assert len(set(KEYS)) == 1 and len(KEYS) == len(jobs.BACKOFF) + 1
    assert str(job(case_id).state) == "incident" and "ZeroDivisionError" in job(case_id).error
    assert status(case_id) == "running"
    BEHAVE["do"] = lambda work, what: {"echo": "spät"}
    actions.retry(job(case_id).id, actor=working.ada)
    assert jobs.run_due_jobs() == 1
    assert set(items(case_id)) == {"after"} and len(set(KEYS)) == 1
    with pytest.raises(Conflict):
        actions.retry(job(case_id).id, actor=working.ada)


def test_a_handler_that_hangs_keeps_nobody_waiting(working: SimpleNamespace, app: Flask) -> None:
    app.config["PATIENCE"] = 0.2
    stuck, quick = at_work(working.ada), at_work(working.ada)
    hung = []

    def hang(work: handling.Work, what: str) -> dict[str, Any]:
        if work.case_id == stuck:
            hung.append(work.key)
            time.sleep(2)
        return {"echo": what}

    BEHAVE["do"] = hang
    assert jobs.run_due_jobs() == 2
    assert set(items(quick)) == {"after"}
    assert hung and not items(stuck) and "did not answer" in job(stuck).error


def test_a_result_that_is_no_case_value_is_an_incident_not_a_lost_token(working: SimpleNamespace) -> None:
    case_id = at_work(working.ada)
    BEHAVE["do"] = lambda work, what: {"echo": object()}
    jobs.run_due_jobs()
    assert str(job(case_id).state) == "incident"
    assert status(case_id) == "running"


def test_an_answer_for_a_cancelled_case_is_dropped(working: SimpleNamespace) -> None:
    case_id = at_work(working.ada)

    def cancelled_meanwhile(work: handling.Work, what: str) -> dict[str, Any]:
        actions.cancel(case_id, actor=working.ada, reason="不办了")
        return {"echo": what}

    BEHAVE["do"] = cancelled_meanwhile
    jobs.run_due_jobs()
    assert status(case_id) == "cancelled"
    told = [h.what for h in history.happenings(case_id)]
    assert "job.dropped" in told and "node.completed" not in told[told.index("case.cancelled") :]


def test_a_business_error_is_caught_by_the_diagram(app: Flask, cast: SimpleNamespace) -> None:
    caught = diagram(
        "caught", start("s"), user("apply", "CLK", form="note"), service("call", "test.echo", {}, {}),
        '<bpmn:boundaryEvent id="poor" attachedToRef="call"><bpmn:errorEventDefinition errorRef="none"/>'
        "</bpmn:boundaryEvent>",
        user("mend", "CLK", form="note"), end("e"), flow("p", "poor", "mend"), flow("m", "mend", "e"),
        path="s apply call e", before='<bpmn:error id="none" name="none" errorCode="insufficient"/>',
    )
    deployed(caught, {"note": NOTE})
    case_id = actions.start("caught", actor=cast.ada, answers={})

    def fail(work: handling.Work, what: str) -> dict[str, Any]:
        raise handling.ServiceError("insufficient", Text("余额不足", "not enough"))

    BEHAVE["do"] = fail
    jobs.run_due_jobs()
    assert set(items(case_id)) == {"mend"}
    assert queries.case(case_id, actor=cast.ada).data["error"]["code"] == "insufficient"


def test_two_workers_never_run_one_job_twice_at_once(working: SimpleNamespace, app: Flask) -> None:
    import threading

    cases = [at_work(working.ada) for _ in range(6)]

    def work() -> None:
        with app.app_context():
            jobs.run_due_jobs()
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KEYS) == len(set(KEYS)) == 6
    assert all(set(items(case_id)) == {"after"} for case_id in cases)


def test_a_worker_killed_in_the_middle_loses_nothing(working: SimpleNamespace, app: Flask, tmp_path: Path) -> None:
    """A second process takes the job and is killed inside the handler; when its lease is over the job is done here."""
    case_id = at_work(working.ada)
    mark = tmp_path / "inside"
    script = f"""
import time
from pathlib import Path
from tests.conftest import make_app
from app import handling, jobs
from app.kernel.text import Text
def hang(work, what=""):
    Path({str(mark)!r}).touch()
    time.sleep(60)
app = make_app(Path({str(app.config["GANGZE_HOME"])!r}), {app.config["SQLALCHEMY_DATABASE_URI"]!r})
handling.services["test.echo"] = handling.Service("test.echo", hang, Text("", ""), ("what",), "1")
with app.app_context():
    jobs.run_due_jobs()
"""
    child = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    try:
        for _ in range(300):
            if mark.exists():
                break
            time.sleep(0.1)
        assert mark.exists()
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert jobs.run_due_jobs() == 0, "its lease is not over"
    later(app, timedelta(seconds=jobs.LEASE + 1))
    assert jobs.run_due_jobs() == 1
    assert set(items(case_id)) == {"after"}


def test_a_timer_that_is_due_fires_once(app: Flask, cast: SimpleNamespace) -> None:
    waiting = diagram(
        "waiting", start("s"), user("apply", "CLK", form="note"),
        '<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
        user("after", "CLK", form="note"), end("e"), path="s apply wait after e",
    )
    deployed(waiting, {"note": NOTE})
    case_id = actions.start("waiting", actor=cast.ada, answers={})
    assert jobs.run_due_timers() == 0
    later(app, timedelta(hours=1, seconds=1))
    assert jobs.run_due_timers() == 1
    assert set(items(case_id)) == {"after"}
    assert jobs.run_due_timers() == 0
