"""When work on a work item begins, and what comes to hand by itself (WfMC's *started*; resource patterns R22, R23, R36 to
R39).

Work begins with the allocation unless the diagram says ``gz:start``: ``creation``, somebody is chosen at once, so that
nobody has to pull; ``person``, its holder says when.
"""
from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select

from ...change import Actor
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.bpmn.resourcing import Resourcing
from ...kernel.text import Text
from ...organisation import queries as organisation
from .. import resourcing, worklists
from ..acting import Act, acting
from ..locking import Item
from ..models import OFFERED, CaseStatus, ItemState
from ..statements import CASE, ITEM, in_state
from .common import ask_gate, held_item, open_item

#: How many work items of a pile are looked at before the next is left for its owner to find.
LOOKED_AT = 50


def for_them(item: Item, actor: Actor, behalf: int | None = None) -> None:
    """An item offered to one person alone is taken by nobody else.

    Raises:
        Conflict: it is offered to somebody else.
    """
    wanted = item.offered_to_id
    if wanted is not None and wanted not in (actor.person_id, behalf):
        who = organisation.names([wanted]).get(wanted, "")
        raise Conflict(Text(f"已定向交给{who}，谢绝后他人才能签收。", f"It is offered to {who} alone, who may decline it."))


def commence(item_id: int, *, actor: Actor, version: int) -> None:
    """开始办理: work on a work item begins. One on offer is taken in the same act (R23).

    Raises:
        Conflict: it has begun, or somebody else has it.
        Refused: the separation gate says no.
    """
    with acting("work_item.started", actor=actor, item=item_id) as act:
        if act.item is not None and act.item.state is ItemState.ALLOCATED:
            item = held_item(act, actor, version)
            if item.started_at is not None:
                raise Conflict(Text("这项待办已经开始办理。", "Work on it has begun already."))
            ask_gate(act, item, actor, item.behalf_id)
        else:
            item = open_item(act, version)
            take(act, item, actor)
        item.started_at = act.now
        act.save_item(item, **({} if item.behalf_id else {"allocated_at": act.now}))
        act.entry("work_item.started", node=item.node, item=item.id, by=actor.person_id)


def take(act: Act, item: Item, actor: Actor, **how: Any) -> None:
    """An item on offer becomes the actor's, if it is offered to them and the gate lets them; not yet saved.

    Args:
        how: what else its entry says.
    """
    if item.state is not ItemState.OFFERED:
        raise Conflict(Text("这项待办已有人签收。", "Somebody has this work item already."), assignee=item.assignee_id)
    for_them(item, actor)
    ask_gate(act, item, actor)
    act.allocate(item, actor.person_id)  # type: ignore[arg-type]
    act.entry("work_item.claimed", node=item.node, item=item.id, version=item.version + 1, **how)


def decline_offer(item_id: int, *, actor: Actor, version: int) -> None:
    """谢绝: whoever a work item is offered to alone leaves it to everybody of the post.

    Raises:
        Conflict: it is not offered to them alone.
    """
    with acting("work_item.declined", actor=actor, item=item_id) as act:
        item = open_item(act, version)
        if item.state is not ItemState.OFFERED or item.offered_to_id is None or item.offered_to_id != actor.person_id:
            raise Conflict(Text("这项待办没有定向交给您。", "This work item is not offered to you alone."))
        item.offered_to_id = None
        act.save_item(item)
        act.entry("work_item.declined", node=item.node, item=item.id)


def go_on(act: Act, item: Item, actor: Actor, how: Resourcing) -> None:
    """Before a work item is completed: it must have begun; after it, the next of the pile comes to hand.

    Raises:
        Conflict: its diagram wants people to say when they begin, and nobody has.
    """
    if item.signing is not None:
        return
    if how.start == "person" and item.started_at is None:
        raise Conflict(Text("请先开始办理。", "Begin work on it first."))
    if how.piled and actor.person_id is not None:
        act.c.after(partial(next_of_pile, act.meaning.key, item.node, actor))


def next_of_pile(process: str, node: str, actor: Actor) -> int | None:
    """成批办理 (R38): the oldest work item of the same node, in whatever case, goes to whoever has just finished one, if
    they have switched that on and may.

    Returns:
        Its id; None where there is none.
    """
    person = actor.person_id
    assert person is not None
    connection = db.session.connection()
    if not resourcing.piles(connection, person, process, node):
        return None
    rows = connection.execute(
        select(ITEM.c.id).join(CASE, CASE.c.id == ITEM.c.case_id)
        .where(in_state(OFFERED), ITEM.c.node == node, CASE.c.status == CaseStatus.RUNNING,
               CASE.c.definition_id.in_(worklists.definition_ids(process)),
               (ITEM.c.offered_to_id.is_(None)) | (ITEM.c.offered_to_id == person))
        .order_by(ITEM.c.id).limit(LOOKED_AT)
    ).scalars().all()
    for item_id in rows:
        if not worklists.may_take(item_id, person):
            continue  # asked without a lock first: an attempt that fails would be a refusal in the trail
        try:
            with acting("work_item.claimed", actor=actor, item=item_id) as act:
                item = open_item(act, None)
                take(act, item, actor, piled=True)
                act.save_item(item, allocated_at=act.now)
            return item_id
        except (Conflict, Refused):
            continue
    return None
