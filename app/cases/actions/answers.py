"""What comes back from the world: results of handlers, timers, messages, signals."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from ...change import Actor
from ...errors import Conflict, NotFound
from ...extensions import db
from ...kernel import engine
from ...kernel.text import Text
from ...kernel.values import normalise
from .. import queries
from ..acting import Act, acting
from ..models import CaseStatus, JobState
from ..statements import CASE, JOB, TIMER, WAIT
from .common import (
    alive,
    normal,
    takes_part,
)


def answer(job_id: int, case_id: int, outputs: Mapping[str, Any], *, handler: str, version: str) -> None:
    """A service handler is done: its result goes into the case. A result that nobody wants any more is dropped."""
    with acting("job.completed", actor=Actor.system(handler), case=case_id) as act:
        job = _job(act, job_id)
        if job is None:
            act.entry("job.dropped", job=job_id)
            return
        act.c.connection.execute(update(JOB).where(JOB.c.id == job_id).values(state=JobState.DONE, error=None))
        act.entry("job.completed", node=job.node, job=job_id, handler=handler, handler_version=version)
        if job.token is not None:
            node = act.node(job.node)
            result = normalise(dict(outputs))
            named = {name: result.get(key) for name, key in node.outputs.items()} if node.outputs else result
            act.advance(engine.Complete(job.token, named))


def answer_error(job_id: int, case_id: int, code: str, text: Text, *, handler: str) -> None:
    """A service handler says the business went wrong: a BPMN error at its node.

    Raises:
        Conflict: the case cannot go on from it.
    """
    with acting("job.failed", actor=Actor.system(handler), case=case_id) as act:
        job = _job(act, job_id)
        if job is None or job.token is None:
            act.entry("job.dropped", job=job_id)
            return
        act.c.connection.execute(
            update(JOB).where(JOB.c.id == job_id).values(state=JobState.DONE, error=f"{code}: {text}")
        )
        act.entry("job.failed", node=job.node, job=job_id, handler=handler, code=code, reason=str(text))
        act.data["error"] = {"code": code, "message": str(text), "node": job.node}
        act.advance(engine.Raise(job.token, code, str(text)))


def report_incident(job_id: int, case_id: int, reason: str, *, handler: str) -> None:
    """A job has failed for good: the case waits for a person to decide."""
    with acting("job.incident", actor=Actor.system(handler), case=case_id) as act:
        job = _job(act, job_id)
        if job is None:
            act.entry("job.dropped", job=job_id)
            return
        act.c.connection.execute(
            update(JOB).where(JOB.c.id == job_id).values(state=JobState.INCIDENT, error=reason[:2000])
        )
        act.entry("job.incident", node=job.node, job=job_id, handler=handler, reason=reason[:500])


def retry(job_id: int, *, actor: Actor) -> None:
    """Try an incident's job again. For the initiator and for whoever takes part in the case."""
    case_id = db.session.scalar(select(JOB.c.case_id).where(JOB.c.id == job_id))
    if case_id is None:
        raise NotFound(Text("没有这个任务", "there is no such job"))
    with acting("job.retried", actor=actor, case=case_id) as act:
        job = _job(act, job_id)
        if job is None or job.state != JobState.INCIDENT:
            raise Conflict(Text("该任务不在故障状态。", "The job is no incident."))
        takes_part(act, actor)
        act.c.connection.execute(
            update(JOB).where(JOB.c.id == job_id).values(state=JobState.WAITING, attempts=0, next_at=act.now)
        )
        act.entry("job.retried", node=job.node, job=job_id)


def _job(act: Act, job_id: int) -> Any:
    """The job, if the case still wants its outcome."""
    row = act.c.connection.execute(select(JOB).where(JOB.c.id == job_id, JOB.c.case_id == act.id)).first()
    if row is None or row.state not in (JobState.WAITING, JobState.INCIDENT):
        return None
    alive = act.row["status"] in (CaseStatus.RUNNING, CaseStatus.SUSPENDED)
    return row if alive or row.token is None else None


def fire(case_id: int, token: int) -> None:
    """A timer has come due."""
    with acting("timer.fired", actor=Actor.system("clock"), case=case_id) as act:
        row = act.c.connection.execute(
            select(TIMER).where(TIMER.c.case_id == case_id, TIMER.c.token == token)
        ).first()
        if row is None or row.due_at > act.now or act.status is not CaseStatus.RUNNING:
            raise Conflict(Text("定时已经取消。", "The timer is no longer wanted."))
        act.c.connection.execute(TIMER.delete().where(TIMER.c.case_id == case_id, TIMER.c.token == token))
        act.entry("timer.fired", node=row.node, due=row.due_at)
        act.advance(engine.Fire(token))


def deliver(
    name: str, correlation: str, data: Mapping[str, Any], *, actor: Actor, may_know: Callable[[int], Any] | None = None
) -> int:
    """A message for one case, found by its number or business key.

    Args:
        may_know: asked with the case's id before anything happens; raises NotFound for a sender who may not know of it.

    Returns:
        The id of the case that took it.

    Raises:
        NotFound: no case of that key waits for it.
    """
    given = normal(data)
    case_id = queries.addressee(name, correlation)
    if may_know is not None:
        may_know(case_id)
    with acting("message.delivered", actor=actor, case=case_id) as act:
        alive(act)
        act.entry("message.delivered", name=name, data=given)
        act.advance(engine.Deliver(name, given))
    return case_id


def broadcast(name: str, data: Mapping[str, Any], *, actor: Actor, without: int | None = None) -> int:
    """A signal for every case that waits for it, each in a transaction of its own.

    Args:
        without: a case that has seen it already (it threw it).

    Returns:
        How many cases took it.
    """
    given = normal(data)
    waiting = db.session.scalars(
        select(WAIT.c.case_id).join(CASE, CASE.c.id == WAIT.c.case_id)
        .where(WAIT.c.kind == "signal", WAIT.c.name == name, CASE.c.status == CaseStatus.RUNNING).distinct()
    ).all()
    taken = 0
    for case_id in waiting:
        if case_id == without:
            continue
        try:
            with acting("signal.delivered", actor=actor, case=case_id) as act:
                alive(act)
                act.entry("signal.delivered", name=name, data=given)
                act.advance(engine.Broadcast(name, given))
                taken += 1
        except Conflict:
            continue  # it no longer waits: another road was quicker
    return taken
