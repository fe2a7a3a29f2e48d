"""Work outside the request: service handlers, timers, the log's sequencer. Celery carries the pokes, tables the truth.

A poke may be lost, doubled or late: the sweeper looks every second for jobs and timers that are due, a job's row is
leased before its handler runs, and a handler gets the same key on every try.
"""
from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, Task
from flask import Flask, current_app
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from . import broker as _broker  # noqa: F401 - names the transport gangze://
from . import clock, handling
from .cases import actions
from .cases.models import CaseStatus, JobState
from .cases.statements import CASE, JOB, TIMER
from .change import Actor
from .errors import Conflict, GangzeError, Unavailable
from .extensions import begin_writing, db
from .kernel.values import BadValue, loads
from .separation import actions as separation

log = structlog.get_logger(__name__)

#: How long one try of a handler may take before somebody else may try (seconds).
LEASE = 60
#: How long a handler is waited for (seconds); less than the lease, so that nobody else has begun by then.
PATIENCE = 40
#: Tries before a failing job becomes an incident, and how long to wait after each.
BACKOFF = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))

celery = Celery("gangze")


def bind(app: Flask) -> Celery:
    """Set Celery up for an application: its broker, its tasks inside the application's context."""

    class InContext(Task):  # type: ignore[misc]
        def __call__(self, *arguments: Any, **named: Any) -> Any:
            with app.app_context():
                try:
                    return self.run(*arguments, **named)
                finally:
                    db.session.remove()

    home: Path = app.config["GANGZE_HOME"]
    broker = app.config["GANGZE_BROKER"]
    options: dict[str, Any] = {}
    if not broker:
        folder = home / "queue"
        (folder / "control").mkdir(parents=True, exist_ok=True)
        broker = "gangze://localhost/"
        options = {
            "data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control"),
        }
    celery.Task = InContext  # type: ignore[assignment]
    celery.conf.update(
        broker_url=broker, broker_transport_options=options, task_ignore_result=True, task_acks_late=True,
        worker_pool="threads", worker_concurrency=2, worker_hijack_root_logger=False, timezone="UTC",
        broker_connection_retry_on_startup=True, task_default_queue="gangze", worker_send_task_events=False,
        beat_schedule_filename=str(home / "beat"),
        beat_schedule={
            "sweep": {"task": "gangze.sweep", "schedule": 1.0, "options": {"expires": 5}},
            "sequence": {"task": "gangze.sequence", "schedule": 2.0, "options": {"expires": 5}},
        },
    )
    return celery


def poke() -> None:
    """Ask the workers to look at once. Only a courtesy: the sweeper looks anyway."""
    if current_app.config.get("JOBS_INLINE"):
        return
    sweep.apply_async(expires=5)


@celery.task(name="gangze.sweep")
def sweep() -> int:
    """Do everything that is due now.

    Returns:
        How many jobs, timers and cases in need of a person were dealt with.
    """
    return run_due_timers() + hand_out_due() + run_due_jobs() + run_due_checks()


@celery.task(name="gangze.sequence")
def sequence() -> int:
    """Move pending entries into the log and sign a checkpoint over them.

    Returns:
        The size of the log that is signed now; 0 where nothing new was signed.
    """
    from .trail import actions as trail

    try:
        signed = trail.publish()
    except GangzeError as error:  # a damaged log or a lost key: a person must look, so it is said at every try
        log.error("log_not_signed", reason=error.text.en)
        return 0
    return signed.size if signed else 0


def run_due_timers(limit: int = 100) -> int:
    """Fire the timers that are due."""
    due = db.session.execute(
        select(TIMER.c.case_id, TIMER.c.token).join(CASE, CASE.c.id == TIMER.c.case_id)
        .where(TIMER.c.due_at <= clock.now(), CASE.c.status == CaseStatus.RUNNING).order_by(TIMER.c.due_at).limit(limit)
    ).all()
    db.session.rollback()
    for case_id, token in due:
        try:
            actions.fire(case_id, token)
        except Conflict as error:
            log.info("timer_not_fired", case=case_id, token=token, reason=error.text.en)
    return len(due)


def run_due_checks() -> int:
    """Whether every open case still has somebody for what is to come, after whatever has changed; history once a day.

    Returns:
        How many cases have stalled or go on again, and how many findings are new.
    """
    try:
        return separation.recheck() + separation.review()
    except GangzeError as error:  # tried again at the next sweep
        log.warning("separation_not_checked", reason=error.text.en)
        return 0


def hand_out_due() -> int:
    """Pass overdue work on to the next in line; offer to all what was offered to one who is away; offer what was held back
    where its post has room again."""
    return actions.escalate_due() + actions.lapse_due() + actions.distribute_due()


def run_due_jobs(limit: int = 50) -> int:
    """Run the jobs that are due, oldest first, until none is left or ``limit`` is reached.

    Returns:
        How many were tried.
    """
    tried = 0
    while tried < limit and (job := _lease()) is not None:
        run(job)
        tried += 1
    return tried


def _writing() -> Connection:
    """The session's connection, in a transaction that writes. Leases and retries are no acts and leave no entry."""
    connection = db.session.connection()
    begin_writing(connection)
    return connection


def _lease() -> Any:
    """Take one due job for :data:`LEASE` seconds. The conditional UPDATE lets only one taker win."""
    now = clock.now()
    due = db.session.execute(
        select(JOB, CASE.c.number, CASE.c.initiator_id, CASE.c.initiator_department)
        .join(CASE, CASE.c.id == JOB.c.case_id)
        .where(JOB.c.state == JobState.WAITING, JOB.c.next_at <= now).order_by(JOB.c.next_at, JOB.c.id).limit(10)
    ).all()
    for job in due:
        db.session.rollback()
        taken = _writing().execute(
            update(JOB).where(JOB.c.id == job.id, JOB.c.state == JobState.WAITING, JOB.c.next_at == job.next_at)
            .values(attempts=JOB.c.attempts + 1, next_at=now + timedelta(seconds=LEASE))
        ).rowcount
        db.session.commit()
        if taken:
            return job
    db.session.rollback()
    return None


def run(job: Any) -> None:
    """One try of one job: call its handler outside any transaction, then bring its outcome into the case."""
    attempt = job.attempts + 1
    try:
        version, outputs = _call(job, attempt)
    except handling.ServiceError as failure:
        code, text = failure.code, failure.text
        _settle(job, attempt, lambda: actions.answer_error(job.id, job.case_id, code, text, handler=job.handler))
    except Exception as error:
        _again(job, attempt, error)
    else:
        _settle(job, attempt, lambda: actions.answer(job.id, job.case_id, outputs, handler=job.handler, version=version))


def _call(job: Any, attempt: int) -> tuple[str, Mapping[str, Any]]:
    inputs = loads(job.inputs)
    if job.handler == "house.signal":
        actions.broadcast(inputs["name"], inputs["data"], actor=Actor.system(job.number), without=job.case_id)
        return "1", {}
    if job.handler == "house.message":
        return "1", {}  # the message is in the trail; whom to tell outside is a handler's business
    work = handling.Work(
        f"{job.case_id}-{job.token}", job.case_id, job.number, job.node, job.initiator_id, job.initiator_department,
        attempt,
    )
    if job.handler == "house.ended":
        for ending in handling.endings.values():
            ending(work)
        return "1", {}
    service = handling.services.get(job.handler)
    if service is None:
        raise LookupError(f"no service handler is called {job.handler}")
    return service.version, dict(_bounded(service, work, inputs) or {})


def _bounded(service: handling.Service, work: handling.Work, inputs: Mapping[str, Any]) -> Any:
    """Call a handler, and stop waiting for it after :data:`PATIENCE` seconds.

    Python cannot end a thread: a handler that hangs keeps its own, but no case and no other job waits for it, and what
    it may still write it writes under the key that every retry uses.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def call() -> Any:
        with app.app_context():
            try:
                return service.call(work, **inputs)
            finally:
                db.session.remove()

    box: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def keep() -> None:
        try:
            box.put((True, call()))
        except BaseException as error:
            box.put((False, error))

    threading.Thread(target=keep, name=f"job {work.key}", daemon=True).start()
    try:
        done, result = box.get(timeout=app.config.get("PATIENCE", PATIENCE))
    except queue.Empty:
        raise TimeoutError(f"{service.name} did not answer") from None
    if not done:
        raise result
    return result


def _settle(job: Any, attempt: int, tell: Callable[[], None]) -> None:
    """Bring an outcome into the case; where the case cannot take it, the job is an incident, never a lost token."""
    try:
        tell()
    except Conflict as error:
        actions.report_incident(job.id, job.case_id, error.text.en, handler=job.handler)
    except BadValue as error:
        actions.report_incident(job.id, job.case_id, str(error), handler=job.handler)
    except Unavailable as error:
        _again(job, attempt, error)


def _again(job: Any, attempt: int, error: Exception) -> None:
    reason = "".join(traceback.format_exception_only(error)).strip()
    log.warning("job_failed", job=job.id, handler=job.handler, attempt=attempt, reason=reason)
    if attempt > len(BACKOFF):
        actions.report_incident(job.id, job.case_id, reason, handler=job.handler)
        return
    db.session.rollback()
    _writing().execute(
        update(JOB).where(JOB.c.id == job.id, JOB.c.state == JobState.WAITING)
        .values(next_at=clock.now() + BACKOFF[attempt - 1], error=reason[:2000])
    )
    db.session.commit()


__all__ = ["bind", "celery", "hand_out_due", "poke", "run_due_checks", "run_due_jobs", "run_due_timers", "sequence", "sweep"]
