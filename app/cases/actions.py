"""The verbs of a case and of its work items. One verb, one transaction; pages, API and jobs share them.

Whoever calls says who acts. Whether they may is decided here, under the case's lock: state, assignee and version
first, then the separation gate, then the form, then the engine.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from .. import handling
from ..change import Actor
from ..definitions import queries as definitions
from ..errors import Conflict, Forbidden, Invalid, NotFound, Refused
from ..extensions import db
from ..handling import Moment
from ..kernel import engine, separation
from ..kernel.bpmn.model import Node
from ..kernel.separation import Office
from ..kernel.text import Text
from ..kernel.values import BadValue, dumps, normalise
from ..office import queries as office
from ..organisation import queries as organisation
from ..parameters import queries as parameters
from ..parties import queries as parties
from . import files, queries
from .acting import CASE, ITEM, JOB, TIMER, WAIT, Act, Item, acting, beginning, today
from .models import CaseNumber, CaseStatus, ItemState, JobState

MAX_OPINION = 2_000
#: Decisions that end or turn a case against its initiator: they need a reason.
NEGATIVE = frozenset({"refuse", "reject", "disagree", "fail", "insufficient", "supplement"})


# -- starting -----------------------------------------------------------------------------------------------------------

def start(
    process: str, *, actor: Actor, answers: Mapping[str, Any] | None = None, opinion: str | None = None,
    party: str | None = None, business_key: str | None = None, department: str | None = None,
) -> int:
    """Start a case.

    The first user task is the initiator's; with ``answers`` it is completed in the same transaction (提交), without
    it waits in their inbox (暂存).

    Args:
        process: key of a process or code of its matter.
        answers: values of the first form, or, where the process starts without a person, its starting data.
        party: key of the party the case is about, e.g. ``party:12``, or ``person:7`` for one of the office's own.
        department: in which of their departments the initiator acts; their own where none is given.

    Returns:
        The id of the new case.

    Raises:
        NotFound: no such active process.
        Refused: the initiator may not do the first task, or the case could not be finished without breaking a rule.
        Invalid: the answers do not fit the form, or nobody knows the party.
    """
    definition = definitions.active(process)
    what = definitions.meaning(definition.id)
    given = _normal(answers or {})
    _registered(party)
    on = today(_now())
    data = {"param": parameters.names_on(on)}
    opening = what.opening
    by_person = opening is not None and opening.type == "userTask"
    if not by_person:
        given = _starting_data(what, opening, given)
        data.update(given)
    with beginning(
        actor=actor, definition_id=definition.id, party=party, business_key=business_key,
        title=what.names.zh if by_person else _title(what, given),
        department=department or actor.department, data=data,
        number=lambda connection, year: _number(connection, definition.matter, year),
    ) as act:
        act.data["case"] = {
            "number": act.row["number"], "initiator": actor.person_id,
            "initiator_department": act.row["initiator_department"],
        }
        step = engine.start(what.program, act.data, act.now)
        act.state = step.state
        act.entry(
            "case.started", number=act.row["number"], process=what.key, version=what.version, matter=what.matter,
            diagram=what.diagram, party=party, business_key=business_key, title=act.row["title"],
            data={} if by_person else given,
        )
        _may_start(act, actor)
        if not by_person:
            _take_party(act, opening, given)
        act.apply(step)
        item = act.item
        if not by_person:
            _can_be_finished(act)
        if by_person and item is not None and actor.person_id is not None:
            if item.assignee_id != actor.person_id:
                handling.run(Moment.ALLOCATION, act, item, actor.person_id)
                raise Forbidden(Text("您的岗位不能发起此事项。", "Your posts do not let you start this matter."))
            if answers is not None:
                _complete(act, item, actor, given, None, opinion)
        return act.id


def _registered(party: str | None) -> None:
    """A case is about somebody the registers know, or nobody could be told to stay out of it."""
    if party is None or parties.by_key(party) is not None:
        return
    kind, _, number = party.partition(":")
    if kind == "person" and number.isascii() and number.isdigit() and len(number) < 19 and organisation.names(
        [int(number)]
    ):
        return
    raise Invalid({"party": [Text("没有这个当事人", "there is no such party")]})


def _can_be_finished(act: Act) -> None:
    """A case that nobody's first task has been checked for must still have a plan (separation.md §2)."""
    if blocked := separation.blocked(act.meaning.rules, act.office, act.facts()):
        names = "、".join(act.node(node).name or node for node in blocked)
        raise Refused(Text(
            f"不能发起：环节“{names}”无人可以办理。", f"It cannot be started: nobody could do “{names}”."
        ), (), node=blocked[0])


def _may_start(act: Act, actor: Actor) -> None:
    """Where the start event names a post, only its holders start the process; otherwise the first task decides."""
    starts = [n for n in act.meaning.process.scope.nodes.values() if n.type == "startEvent" and n.post]
    if not starts or actor.machine:
        return
    held = {post for post, _ in act.office.person(actor.person_id).posts} if actor.person_id else set()
    if not any(n.post and n.post.code in held for n in starts):
        raise Forbidden(Text("您的岗位不能发起此事项。", "Your posts do not let you start this matter."))


def _starting_data(what: definitions.Meaning, opening: Node | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a process that starts without a person's task, checked by its start event's form if it has one."""
    form = what.forms.get(opening.form or "") if opening is not None else None
    if form is None:
        return dict(given)
    clean, errors = form.validate(given, known=_known(organisation.office(today(_now()))))
    if errors:
        raise Invalid(errors)
    return clean


def _take_party(act: Act, node: Node | None, answers: Mapping[str, Any]) -> bool:
    """Whom the case is about, where a recusal rule names a field of this form (``party="taxpayer"``).

    Returns:
        Whether it is known now and was not before.
    """
    form = act.meaning.forms.get(node.form or "") if node is not None else None
    widgets = {field.name: field.widget for field in form.fields} if form is not None else {}
    for rule in act.meaning.process.constraints:
        name = rule.options.get("party", "") if rule.kind == "recuse" else ""
        if widgets.get(name) in ("party", "person") and answers.get(name) is not None:
            party = f"{widgets[name]}:{answers[name]}"
            if party != act.row["party"]:
                act.row["party"] = party
                act.set(party=party)
                return True
    return False


def _known(everybody: Office) -> dict[str, Callable[[Any], bool]]:
    """What a reference in a form may point to."""
    return {
        "person": lambda key: key in everybody.index,
        "party": lambda key: bool(parties.names([f"party:{key}"])),
        "department": lambda code: code in everybody.departments(),
        "budget-item": lambda code: office.has_budget(code, _now().year),
    }


def _number(connection: Connection, matter: str, year: int) -> str:
    """The next number of a matter's year; the row's lock orders those who ask at once."""
    table = CaseNumber.__table__
    where = (table.c.matter == matter, table.c.year == year)
    last = connection.execute(update(table).where(*where).values(last=table.c.last + 1).returning(table.c.last)).scalar()
    if last is None:
        connection.execute(insert(table), {"matter": matter, "year": year, "last": 1})
        last = 1
    return f"{matter}-{year}-{last:04d}"


def _title(what: definitions.Meaning, data: Mapping[str, Any]) -> str:
    """A case's title from the diagram's template, e.g. ``{purpose}``; the process's name where that gives nothing."""
    template = what.process.title or ""
    text = re.sub(r"\{([^{}]+)\}", lambda m: _spoken(what, m[1], data.get(m[1])), template).strip()
    return (text or what.names.zh)[:200]


def _spoken(what: definitions.Meaning, name: str, value: Any) -> str:
    """A value in a title: a party by its name, nothing for nothing."""
    if isinstance(value, int) and any(
        f.name == name and f.widget == "party" for form in what.forms.values() for f in form.fields
    ):
        key = f"party:{value}"
        return parties.names([key]).get(key, "")
    return "" if value is None else str(value)


# -- work items ---------------------------------------------------------------------------------------------------------

def claim(item_id: int, *, actor: Actor, version: int | None = None) -> None:
    """签收: take an offered work item.

    Raises:
        Conflict: somebody else has it, or it is no longer open.
        Refused: the separation gate says no.
    """
    with acting("work_item.claimed", actor=actor, item=item_id) as act:
        item = _open_item(act, None)
        if item.state is ItemState.ALLOCATED:
            if item.assignee_id == actor.person_id:
                raise Conflict(Text("您已经签收了这项待办。", "You have already claimed this work item."))
            who = organisation.names([item.assignee_id]).get(item.assignee_id, "")
            raise Conflict(Text(f"已由{who}签收。", f"{who} has already claimed it."), assignee=item.assignee_id)
        _open_item(act, version)  # who was quicker is told before that the page is stale
        _gate(act, item, actor)
        act.allocate(item, actor.person_id)
        act.save_item(item, allocated_at=act.now)
        act.entry("work_item.claimed", node=item.node, item=item.id, version=item.version)


def release(item_id: int, *, actor: Actor, version: int) -> None:
    """退签: give a claimed work item back to its post."""
    with acting("work_item.released", actor=actor, item=item_id) as act:
        item = _held_item(act, actor, version)
        act.release(item)
        act.save_item(item, allocated_at=None)
        act.entry("work_item.released", node=item.node, item=item.id)


def save(item_id: int, *, actor: Actor, version: int, answers: Mapping[str, Any], opinion: str | None = None) -> int:
    """暂存: keep a draft on the server, unchecked but bounded.

    Returns:
        The item's new version.
    """
    draft = {"answers": _normal(answers), **_normal({"opinion": opinion})}
    with acting("work_item.saved", actor=actor, item=item_id) as act:
        item = _held_item(act, actor, version)
        act.save_item(item, draft=dumps(draft))
        act.entry("work_item.saved", node=item.node, item=item.id)
        return item.version


def complete(
    item_id: int, *, actor: Actor, version: int, answers: Mapping[str, Any] | None = None,
    decision: str | None = None, opinion: str | None = None,
) -> None:
    """办理: finish a work item.

    Args:
        item_id: the work item; the actor must hold it.
        version: the version the actor saw.
        answers: values of the node's form.
        decision: one of the node's decisions, where it has some.
        opinion: a few words; required where the decision is negative.

    Raises:
        Conflict: stale version, not the actor's, or not open.
        Refused: the separation gate says no (again: eligibility may have changed since the claim).
        Invalid: the answers, decision or opinion do not fit.
    """
    given = _normal(answers or {})
    with acting("work_item.completed", actor=actor, item=item_id) as act:
        item = _held_item(act, actor, version)
        _gate(act, item, actor)
        _complete(act, item, actor, given, decision, opinion)


def _complete(
    act: Act, item: Item, actor: Actor, given: Mapping[str, Any], decision: str | None, opinion: str | None
) -> None:
    node = act.node(item.node)
    answers, errors = _answers(act, node, given, actor.person_id)
    opinion = (opinion or "").strip() or None
    errors.update(_decision_errors(node, decision, opinion))
    if errors:
        raise Invalid(errors)
    person = actor.person_id
    if _take_party(act, node, answers):
        _gate(act, item, actor)  # who names the party may be close to it
    files.adopt(act, person, answers)
    act.has_performed(item.node, person)
    before = {name: act.data.get(name) for name, value in answers.items() if act.data.get(name) != value}
    item.state = ItemState.COMPLETED
    act.end_item(item, decision or "submit", opinion, answers)
    act.entry(
        "work_item.completed", node=item.node, item=item.id, decision=decision, opinion=opinion,
        changed={name: {"from": old, "to": answers[name]} for name, old in before.items()},
        offered=item.offered_at, due=item.due_at, duty=node.duty, regulation=node.regulation,
    )
    if act.row["title"] == act.meaning.names.zh:  # started without a form: the first answers name it
        act.set(title=_title(act.meaning, {**act.data, **answers}))
    result = dict(answers)
    if decision is not None:
        result["decision"] = decision
    if opinion is not None:
        result["opinion"] = opinion
    act.advance(engine.Complete(item.token, result))


def return_(
    item_id: int, *, actor: Actor, version: int, opinion: str, to: str = "previous", straight_back: bool = False
) -> None:
    """退回: send the work back, with a reason.

    Args:
        to: ``previous``, ``initiator`` (the first task done in this case) or the id of a node.
        straight_back: 直送我: what was returned comes straight back; otherwise the way is run again (重走).

    Raises:
        Conflict: it cannot go there from here.
        Invalid: no reason given.
    """
    opinion = opinion.strip()
    if not opinion or len(opinion) > MAX_OPINION:
        raise Invalid({"opinion": [Text("请写明退回原因(2000 字以内)", "say why it is returned (up to 2,000 characters)")]})
    with acting("work_item.returned", actor=actor, item=item_id) as act:
        item = _held_item(act, actor, version)
        _gate(act, item, actor)
        places = engine.returnable(act.meaning.program, act.state, item.token, straight_back)
        target = (
            next((n for n in places if n != item.node), None) if to == "previous"
            else places[-1] if to == "initiator" and places else to
        )
        if target not in places:
            raise Conflict(Text("不能退回到那个环节。", "It cannot be returned to that node from here."), to=to)
        act.has_performed(item.node, actor.person_id)
        item.state = ItemState.RETURNED
        act.end_item(item, "return", opinion, {})
        act.entry(
            "work_item.returned", node=item.node, item=item.id, to=target, straight_back=straight_back,
            opinion=opinion,
        )
        act.advance(engine.Return(item.token, target, straight_back))


# -- cases --------------------------------------------------------------------------------------------------------------

def cancel(case_id: int, *, actor: Actor, reason: str) -> None:
    """撤销: the initiator takes the case back."""
    with acting("case.cancelled", actor=actor, case=case_id) as act:
        _alive(act)
        if actor.person_id != act.row["initiator_id"]:
            raise Forbidden(Text("只有发起人可以撤销办件。", "Only its initiator may cancel a case."))
        act.entry("case.withdrawn", reason=_reason(reason))
        act.advance(engine.Cancel())


def suspend(case_id: int, *, actor: Actor, reason: str) -> None:
    """挂起: the case stands still and its clocks with it. For the initiator and for whoever holds a work item in it."""
    with acting("case.suspended", actor=actor, case=case_id) as act:
        _alive(act)
        _takes_part(act, actor)
        act.set(status=CaseStatus.SUSPENDED, suspended_at=act.now)
        act.entry("case.suspended", reason=_reason(reason))


def resume(case_id: int, *, actor: Actor) -> None:
    """恢复: the clocks go on; what was due is due later by as long as the case stood still."""
    with acting("case.resumed", actor=actor, case=case_id) as act:
        if act.status is not CaseStatus.SUSPENDED:
            raise Conflict(Text("办件没有挂起。", "The case is not suspended."))
        _takes_part(act, actor)
        stood: timedelta = act.now - act.row["suspended_at"]
        execute = act.c.connection.execute
        for timer in execute(select(TIMER.c.token, TIMER.c.due_at).where(TIMER.c.case_id == act.id)).all():
            execute(update(TIMER).where(TIMER.c.case_id == act.id, TIMER.c.token == timer.token)
                    .values(due_at=timer.due_at + stood))
        items = select(ITEM.c.id, ITEM.c.due_at).where(
            ITEM.c.case_id == act.id, ITEM.c.state.in_((ItemState.OFFERED, ItemState.ALLOCATED)), ITEM.c.due_at.is_not(None)
        )
        for row in execute(items).all():
            execute(update(ITEM).where(ITEM.c.id == row.id).values(due_at=row.due_at + stood))
        act.set(status=CaseStatus.RUNNING, suspended_at=None)
        act.entry("case.resumed", stood_seconds=int(stood.total_seconds()))


# -- what comes back from the world -------------------------------------------------------------------------------------

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
        _takes_part(act, actor)
        act.c.connection.execute(
            update(JOB).where(JOB.c.id == job_id).values(state=JobState.WAITING, attempts=0, next_at=act.now)
        )
        act.entry("job.retried", node=job.node, job=job_id)


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
    given = _normal(data)
    case_id = queries.addressee(name, correlation)
    if may_know is not None:
        may_know(case_id)
    with acting("message.delivered", actor=actor, case=case_id) as act:
        _alive(act)
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
    given = _normal(data)
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
                _alive(act)
                act.entry("signal.delivered", name=name, data=given)
                act.advance(engine.Broadcast(name, given))
                taken += 1
        except Conflict:
            continue  # it no longer waits: another road was quicker
    return taken


# -- shared checks ------------------------------------------------------------------------------------------------------



def _now() -> datetime:
    from .. import clock

    return clock.now()


def _normal(values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return normalise(dict(values))
    except BadValue as error:
        raise Invalid({_field(error, values): [error.text]}) from error


def _field(error: BadValue, values: Mapping[str, Any]) -> str:
    """Which field is to blame: the first that has no place in a case by itself, where the whole was blamed."""
    if error.path:
        return max((name for name in values if error.path.startswith(name)), key=len, default=error.path)
    for name, value in values.items():
        try:
            normalise({name: value})
        except BadValue:
            return str(name).encode(errors="replace").decode()
    return ""


def _alive(act: Act) -> None:
    if act.status is CaseStatus.SUSPENDED:
        raise Conflict(Text("办件已挂起，恢复后才能办理。", "The case is suspended; resume it first."))
    if act.status is not CaseStatus.RUNNING:
        raise Conflict(Text("办件已经结束。", "The case has ended."))


def _open_item(act: Act, version: int | None) -> Item:
    item = act.item
    assert item is not None
    _alive(act)
    if not item.state.open:
        raise Conflict(Text("这项待办已经办结或撤回。", "This work item is already done or withdrawn."))
    if version is not None and version != item.version:
        raise Conflict(
            Text("页面已过期：这项待办刚被改动，请刷新。", "This page is stale: the work item has just changed, reload it."),
            version=item.version,
        )
    return item


def _held_item(act: Act, actor: Actor, version: int) -> Item:
    item = _open_item(act, None)
    if actor.person_id is None or item.assignee_id != actor.person_id:
        raise Conflict(Text("这项待办不在您名下。", "This work item is not yours."), assignee=item.assignee_id)
    return _open_item(act, version)


def _gate(act: Act, item: Item, actor: Actor) -> None:
    if actor.person_id is None:
        raise Forbidden(Text("只有人可以办理待办。", "Only a person may act on a work item."))
    handling.run(Moment.ALLOCATION, act, item, actor.person_id)


def _takes_part(act: Act, actor: Actor) -> None:
    holds = any(person == actor.person_id for _, person in act.held.values() if person is not None)
    if actor.person_id != act.row["initiator_id"] and not holds:
        raise Forbidden(Text("只有发起人或在办人可以这样做。", "Only the initiator or whoever holds it may do that."))


def _reason(reason: str) -> str:
    reason = (reason or "").strip()
    if not reason or len(reason) > MAX_OPINION:
        raise Invalid({"reason": [Text("请写明原因(2000 字以内)", "give a reason (up to 2,000 characters)")]})
    return reason


def _answers(
    act: Act, node: Node, given: Mapping[str, Any], person: int
) -> tuple[dict[str, Any], dict[str, Sequence[Text]]]:
    form = act.meaning.forms.get(node.form or "")
    if form is None:
        unknown = {name: [Text("没有这个栏目", "there is no such field")] for name in given}
        return {}, unknown
    given, errors = files.describe(form, given, act.id, person)
    clean, more = form.validate(given, write=node.write, hidden=node.hidden, context=act.data, known=_known(act.office))
    return clean, {**more, **errors}


def _decision_errors(node: Node, decision: str | None, opinion: str | None) -> dict[str, list[Text]]:
    errors: dict[str, list[Text]] = {}
    if node.decisions and decision not in node.decisions:
        errors["decision"] = [Text("请选择办理结果", "choose a decision")]
    if not node.decisions and decision is not None:
        errors["decision"] = [Text("此环节不作决定", "this node takes no decision")]
    if decision in NEGATIVE and not opinion:
        errors["opinion"] = [Text("不同意须写明意见", "a refusal needs an opinion")]
    if opinion and len(opinion) > MAX_OPINION:
        errors["opinion"] = [Text("意见超过 2000 字", "the opinion is longer than 2,000 characters")]
    return errors


def _job(act: Act, job_id: int) -> Any:
    """The job, if the case still wants its outcome."""
    row = act.c.connection.execute(select(JOB).where(JOB.c.id == job_id, JOB.c.case_id == act.id)).first()
    if row is None or row.state not in (JobState.WAITING, JobState.INCIDENT):
        return None
    alive = act.row["status"] in (CaseStatus.RUNNING, CaseStatus.SUSPENDED)
    return row if alive or row.token is None else None


__all__ = [
    "answer", "answer_error", "broadcast", "cancel", "claim", "complete", "deliver", "fire", "release",
    "report_incident", "resume", "retry", "return_", "save", "start", "suspend",
]
