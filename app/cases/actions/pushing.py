"""What the clock hands out: work held back until its post has room (R20), overdue work that goes to the next in line
(R28)."""
from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.engine import Row

from ... import clock, handling
from ...change import Actor
from ...errors import Conflict
from ...extensions import db
from ...handling import Moment
from ...kernel.text import Text
from .. import gate, notices, queries, resourcing
from ..acting import Act, acting
from ..locking import Item
from ..models import ESCALATES, HELD_BACK, OFFERED_TO_ONE, CaseStatus, ItemState
from ..statements import CASE, ITEM, in_state
from .common import open_item

_CLOCK = Actor.system("clock")


def distribute_due(limit: int = 100) -> int:
    """Offer what was held back, oldest first, as far as its posts have room now.

    Returns:
        How many work items were offered.
    """
    offered, full = 0, set()
    for row in _running(in_state(HELD_BACK), limit, ITEM.c.id):
        place = (row.node, row.post, row.department)
        if place in full:
            continue
        try:
            distribute(row.id)
            offered += 1
        except Conflict:
            full.add(place)
    return offered


def distribute(item_id: int) -> None:
    """延后分发: a work item that was held back is offered, and its clock starts.

    Raises:
        Conflict: its post still has enough to do, or it is no longer held back.
    """
    with acting("work_item.offered", actor=_CLOCK, item=item_id) as act:
        item = act.item
        assert item is not None
        how = act.node(item.node).resourcing
        if act.status is not CaseStatus.RUNNING or item.state is not ItemState.CREATED or how is None or how.load is None:
            raise Conflict(Text("这项待办不在等待分发。", "This work item is not held back."))
        if not resourcing.has_room(act, item, how.load):
            raise Conflict(Text("岗位在办已满。", "Its post has enough to do."))
        item.state = ItemState.OFFERED
        handling.run(Moment.OPENING, act, item)
        act.save_item(
            item, department=item.department, offered_at=act.now, due_at=item.due_at, due_published=item.due_published,
            escalates=item.escalates, allocated_at=act.now if item.assignee_id else None,
        )
        act.entry("work_item.offered", node=item.node, item=item.id, post=item.post, due=item.due_at)
        if item.assignee_id:
            act.entry("work_item.allocated", node=item.node, item=item.id, to=item.assignee_id)


def lapse_due(limit: int = 100) -> int:
    """Offer to everybody what was offered to one who is away, or may not act by now: nothing waits for somebody who will not
    answer.

    Returns:
        How many offers have lapsed.
    """
    rows, done = _running(text(OFFERED_TO_ONE.replace("state", "work_item.state")), limit, ITEM.c.id), 0
    office = queries.office_now() if rows else None
    for row in rows:
        wanted = row.offered_to_id
        if office is not None and (wanted not in office.index or not office.person(wanted).present):
            try:
                lapse(row.id)
                done += 1
            except Conflict:
                continue
    return done


def lapse(item_id: int) -> None:
    """An offer to one person ends; it is everybody's of the post.

    Raises:
        Conflict: it is not offered to one, or they are there.
    """
    with acting("work_item.declined", actor=_CLOCK, item=item_id) as act:
        item = open_item(act, None)
        wanted = item.offered_to_id
        if wanted is None or (wanted in act.office.index and act.office.person(wanted).present):
            raise Conflict(Text("这项待办没有定向交给缺席的人。", "This work item is not offered to somebody who is away."))
        item.offered_to_id = None
        act.save_item(item)
        act.entry("work_item.declined", node=item.node, item=item.id, away=wanted)


def escalate_due(limit: int = 100) -> int:
    """Escalate every overdue work item whose diagram says so.

    Returns:
        How many were escalated.
    """
    done = 0
    overdue = text(ESCALATES.replace("state", "work_item.state")) & (ITEM.c.due_at <= clock.now()) & ITEM.c.suspended_at.is_(None)
    for row in _running(overdue, limit, ITEM.c.due_at):
        try:
            escalate(row.id)
            done += 1
        except Conflict:
            continue  # done, extended or suspended in between
    return done


def escalate(item_id: int) -> None:
    """升级: an overdue work item is taken from its holder and goes to the next in line: the post that ``gz:escalate``
    names, or everybody else of its own. What was drafted stays with it. Nobody acts for anybody by default: where nobody
    in line may act, it stays where it is, and that is written down.

    Raises:
        Conflict: it is not overdue, or does not escalate.
    """
    with acting("work_item.escalated", actor=_CLOCK, item=item_id) as act:
        item = open_item(act, None)
        how = act.node(item.node).resourcing
        if how is None or not item.escalates or item.due_at is None or item.due_at > act.now:
            raise Conflict(Text("这项待办没有超期，或不升级。", "This work item is not overdue, or does not escalate."))
        late, item.escalates = item.assignee_id or item.offered_to_id, False
        post = item.post if how.escalate_to is None else act.office.names.get(how.escalate_to, how.escalate_to)
        department = item.department if _anybody(act, post, item.department) else None
        busy = str(item.token) in act.acts.signing or str(item.token) in act.acts.sitting
        people = [] if busy else [person for person in _next_in_line(act, item, post, department) if person != late]
        if people:
            act.release(item)
            item.post, item.department = post, department
            if len(people) == 1:
                act.allocate(item, people[0])
        taken = {"allocated_at": act.now if item.assignee_id else None} if people else {}
        act.save_item(item, post=item.post, department=item.department, escalates=False, **taken)
        act.entry(
            "work_item.escalated", node=item.node, item=item.id, due=item.due_at, late=late, to_post=post,
            to=people, because={
                "zh": f"超期，转交岗位 {post}" if people else f"超期，但岗位 {post} 无人可办，仍在原处",
                "en": f"overdue, passed to the post {post}" if people
                else f"overdue, but nobody at the post {post} may act: it stays where it is",
            },
        )
        told = sorted({*people, *([late] if late else [])})
        words = f"{act.row['number']} {act.node(item.node).label.zh} 已超期，转交 {post} / overdue, passed to {post}"
        if people:
            act.c.after(lambda: notices.tell(
                f"escalated-{item.id}-{item.version}", told, words, case_id=act.id, actor=_CLOCK
            ))


def _next_in_line(act: Act, item: Item, post: str, department: str | None) -> list[int]:
    """Who holds the post and whom the gate allows."""
    facts, rule = act.facts(without=item.token), act.node(item.node)
    return [
        person.id for person in act.office.people
        if person.present and gate.holds(act.office, person.id, post, department)
        and gate.verdict(act.meaning.rules, act.office, facts, rule, person.id, post=post, department=department).allowed
    ]


def _anybody(act: Act, post: str, department: str | None) -> bool:
    return department is not None and any(gate.holds(act.office, p.id, post, department) for p in act.office.people)


def _running(condition: object, limit: int, order: object) -> list[Row[tuple[int, str, str, str | None, int | None]]]:
    found = db.session.execute(
        select(ITEM.c.id, ITEM.c.node, ITEM.c.post, ITEM.c.department, ITEM.c.offered_to_id)
        .join(CASE, CASE.c.id == ITEM.c.case_id)
        .where(condition, CASE.c.status == CaseStatus.RUNNING).order_by(order).limit(limit)  # type: ignore[arg-type]
    ).all()
    db.session.rollback()
    return list(found)
