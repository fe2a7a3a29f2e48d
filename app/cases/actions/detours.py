"""What people do with work out of its usual course: skip, take back, do ahead, lay aside (resource patterns R32 to R35).

Every one asks the separation gate as claiming and completing do. What is done ahead is asked about twice: when it is done,
and again when it counts.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select, update

from ...change import Actor
from ...errors import Conflict, Invalid, NotFound
from ...kernel import engine
from ...kernel.text import Text
from ...kernel.values import dumps, loads
from .. import files, resourcing
from ..acting import Act, acting
from ..locking import Item
from ..models import ItemState
from ..statements import ITEM
from .common import (
    alive,
    ask_gate,
    decision_errors,
    held_item,
    judged,
    names_party,
    normal,
    open_item,
    reasoned,
)
from .items import finish


def skip(item_id: int, *, actor: Actor, version: int, reason: str) -> None:
    """跳过: a work item is passed over, with a reason. Whoever skips it has acted at its node, for every rule to come.

    Raises:
        Conflict: the diagram does not say ``gz:skippable``, or it is not the actor's.
        Refused: the separation gate says no. Invalid: no reason given.
    """
    with acting("work_item.skipped", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        how = act.node(item.node).resourcing
        if how is None or not how.skippable:
            raise Conflict(Text("流程图没有允许跳过这个环节。", "The diagram does not let this node be skipped."))
        _alone(act, item)
        if names_party(act, act.node(item.node)):
            raise Conflict(Text(
                "这个环节的表单写明当事人，跳过就无法核对回避。",
                "The form of this node says whom the case is about; skipped, nobody could be kept away from them.",
            ))
        why = reasoned(reason)
        ask_gate(act, item, actor, item.behalf_id)
        act.has_performed(item)
        item.state = ItemState.COMPLETED
        act.end_item(item, "skip", why, {})
        act.entry("work_item.skipped", node=item.node, item=item.id, reason=why, duty=act.node(item.node).duty)
        act.advance(engine.Complete(item.token, {}))


def take_back(item_id: int, *, actor: Actor, reason: str = "") -> int:
    """拿回: whoever has completed a work item does it again, while nobody has acted after them (R34 redo).

    The case goes back as by a return; what was offered meanwhile is withdrawn, and the actor finds the node in their
    hands again with what they had handed in as a draft. What they had handed in stays on record.

    Returns:
        The id of the new work item.

    Raises:
        Conflict: it is not the last thing done in the case, the next has been opened, or it was not the actor's.
        Refused: the separation gate says no.
    """
    with acting("work_item.taken_back", actor=actor, item=item_id) as act:
        item = act.item
        assert item is not None
        alive(act)
        if item.state is not ItemState.COMPLETED or actor.person_id is None or item.assignee_id != actor.person_id:
            raise Conflict(Text("只能拿回自己办结的待办。", "You can only take back what you have completed."))
        _alone(act, item)
        before = _handed_in_last(act, item)
        ask_gate(act, item, actor, item.behalf_id)
        step = _back(act, item)
        act.entry("work_item.taken_back", node=item.node, item=item.id, reason=normal({"reason": reason})["reason"][:500])
        act.wanted = actor.person_id
        act.apply(step)
        token = next((int(t) for t, held in act.acts.held.items() if held[:2] == [item.node, actor.person_id]), None)
        if token is None:
            raise Conflict(Text("现在不能再由您办理这个环节。", "You may no longer do this node."))
        draft = dumps({"answers": loads(before.answers or "{}"), "opinion": before.opinion})
        made = act.c.connection.execute(
            update(ITEM).where(ITEM.c.case_id == act.id, ITEM.c.token == token).values(draft=draft).returning(ITEM.c.id)
        )
        return int(made.scalar_one())


def _alone(act: Act, item: Item) -> None:
    """Only what one person does for themselves can be skipped or taken back."""
    several = act.node(item.node).loop is not None or act.meaning.rules.collective(item.node) is not None
    if several or item.signing is not None or str(item.token) in act.acts.signing:
        raise Conflict(Text("多人办理的环节不能这样做。", "That cannot be done where several people act."))


def _handed_in_last(act: Act, item: Item) -> Any:
    """The completed item's row, if nothing was handed in after it."""
    execute = act.c.connection.execute
    row = execute(select(ITEM).where(ITEM.c.id == item.id)).one()
    later = execute(select(func.count()).select_from(ITEM).where(
        ITEM.c.case_id == act.id, ITEM.c.state.in_((ItemState.COMPLETED, ItemState.RETURNED)), ITEM.c.id != item.id,
        (ITEM.c.ended_at > row.ended_at) | ((ITEM.c.ended_at == row.ended_at) & (ITEM.c.id > row.id)),
    )).scalar()
    if later:
        raise Conflict(Text("后面已经有人办理，请改用退回。", "Somebody has acted since; ask for it to be returned."))
    return row


def _back(act: Act, item: Item) -> engine.Step:
    """The step that goes back to the item's node; it must not take anything out of somebody's hands."""
    for token in (int(token) for token in act.acts.held if not token.startswith("-")):
        places = engine.returnable(act.meaning.program, act.state, token, False)
        if next((place for place in places if place != act.acts.held[str(token)][0]), None) != item.node:
            continue
        step = engine.step(
            act.meaning.program, act.state, act.data, engine.Return(token, item.node, False), act.now
        )
        rows = act.c.connection.execute(select(ITEM.c.state, ITEM.c.version, ITEM.c.draft).where(
            ITEM.c.case_id == act.id, ITEM.c.token.in_([closed.token for closed in step.closed])
        ))
        # Allocated by the house and untouched since: version 1. Whatever a person did to it has raised that.
        if any(row.draft is not None or (row.state == ItemState.ALLOCATED and row.version > 1) for row in rows):
            raise Conflict(Text("下一环节已经签收，不能拿回。", "The next has claimed it; it cannot be taken back."))
        return step
    raise Conflict(Text("不能拿回到这个环节。", "The case cannot go back to this node."))


def do_ahead(
    case_id: int, node: str, *, actor: Actor, answers: Mapping[str, Any] | None = None, decision: str | None = None,
    opinion: str | None = None,
) -> int:
    """预办: a node that the diagram marks ``gz:predo`` is done before the case gets there (R35 pre-do).

    What is handed in is kept. When the case gets there, the gate and the form are asked again, and it counts; if either
    says no then, the work item is offered as usual, with what was handed in as a draft where it is the same person's.

    Returns:
        The id of the work item that waits for its token.

    Raises:
        NotFound: there is no such node.
        Conflict: it may not be done ahead, is open already, can no longer be reached, or was done ahead.
        Refused: the separation gate says no. Invalid: the answers do not fit.
    """
    given = normal(answers or {})
    with acting("work_item.predone", actor=actor, case=case_id) as act:
        alive(act)
        rule = act.meaning.process.user_tasks.get(node)
        if rule is None:
            raise NotFound(Text("没有这个环节", "there is no such node"))
        if rule.resourcing is None or not rule.resourcing.predo:
            raise Conflict(Text("流程图没有允许提前办理这个环节。", "The diagram does not let this node be done ahead."))
        rules = act.meaning.rules
        if rules.drawn(node) or rules.collective(node) is not None:
            raise Conflict(Text("抽签或集体决定的环节不能提前办理。", "What is drawn or decided by a body is not done ahead."))
        if act.acts.holds(node) or resourcing.ahead(act, node) is not None:
            raise Conflict(Text("这个环节已在办理，或已提前办理。", "This node is open already, or was done ahead."))
        if node not in engine.reachable(act.meaning.program, act.state):
            raise Conflict(Text("办件不会再到这个环节。", "The case cannot get to this node any more."))
        act.acts.signers += 1  # the engine has no token for it yet: one of those below zero
        item = Item(-act.acts.signers, node, rule.post.code if rule.post else "", state=ItemState.PREDONE)
        ask_gate(act, item, actor)
        person: int = actor.person_id  # type: ignore[assignment]
        clean, errors = judged(act, rule, given, person)
        opinion = (opinion or "").strip() or None
        errors.update(decision_errors(rule, decision, opinion))
        if errors:
            raise Invalid(errors)
        files.adopt(act, person, clean)
        made = act.c.connection.execute(insert(ITEM).values(
            case_id=act.id, token=item.token, node=node, state=ItemState.PREDONE, version=1, post=item.post,
            assignee_id=person, offered_at=act.now, allocated_at=act.now, started_at=act.now, ended_at=act.now,
            due_published=True, escalates=False, outcome=decision or "submit", opinion=opinion, answers=dumps(clean),
            draft=dumps({"answers": given, "decision": decision, "opinion": opinion}),
        ).returning(ITEM.c.id))
        found = int(made.scalar_one())
        act.entry("work_item.predone", node=node, item=found, decision=decision, opinion=opinion, answers=clean)
        return found


def use_ahead(act: Act, item: Item, done: Any) -> None:
    """What was done ahead counts, now that the case has got there; called once the item is stored.

    Args:
        done: the row of the work item done ahead; its person holds ``item``, for the gate has allowed it.
    """
    execute, kept = act.c.connection.execute, loads(done.draft)
    execute(update(ITEM).where(ITEM.c.id == done.id).values(state=ItemState.WITHDRAWN, draft=None))
    name = act.office.name(done.assignee_id)
    actor = Actor(done.assignee_id, name=name, post=item.post, department=item.department)
    before, act.item, act.speaker = act.item, item, actor
    try:
        clean, errors = judged(act, act.node(item.node), kept["answers"], done.assignee_id)
        if errors or not _goes_on(act, item, {**clean, "decision": kept["decision"], "opinion": kept["opinion"]}):
            act.save_item(item, draft=dumps({"answers": kept["answers"], "opinion": kept["opinion"]}))
            act.entry("work_item.predone_void", node=item.node, item=item.id, why=sorted(errors))
            return
        act.entry("work_item.predone_used", node=item.node, item=item.id, done=done.id)
        finish(act, item, actor, kept["answers"], kept["decision"], kept["opinion"])
    finally:
        act.item, act.speaker = before, None


def _goes_on(act: Act, item: Item, result: dict[str, Any]) -> bool:
    """Whether the case can go on with a result: what one did ahead must not stop another's act."""
    try:
        engine.step(act.meaning.program, act.state, act.data, engine.Complete(item.token, result), act.now)
    except (engine.CaseFailed, engine.NotPossible):
        return False
    return True


def suspend_item(item_id: int, *, actor: Actor, version: int, reason: str) -> None:
    """搁置: the holder lays a work item aside; its clock stands still (R32)."""
    with acting("work_item.suspended", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        item.suspended_at = act.now
        act.save_item(item)
        act.entry("work_item.suspended", node=item.node, item=item.id, reason=reasoned(reason))


def resume_item(item_id: int, *, actor: Actor, version: int) -> None:
    """继续: the holder takes up what they laid aside; it is due later by as long as it lay."""
    with acting("work_item.resumed", actor=actor, item=item_id) as act:
        item = open_item(act, version)
        if item.assignee_id != actor.person_id or item.suspended_at is None:
            raise Conflict(Text("您没有搁置这项待办。", "You have not laid this work item aside."))
        lay, item.suspended_at = act.now - item.suspended_at, None
        act.save_item(item, due_at=item.due_at + lay if item.due_at else None)
        act.entry("work_item.resumed", node=item.node, item=item.id, lay_seconds=int(lay.total_seconds()))


__all__ = ["do_ahead", "resume_item", "skip", "suspend_item", "take_back", "use_ahead"]
