"""What people do with a work item: claim, release, save, complete, return."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...change import Actor
from ...errors import Conflict, Invalid
from ...kernel import engine
from ...kernel.text import Text
from ...kernel.values import dumps
from ...organisation import queries as organisation
from .. import files
from ..acting import Act, Item, acting
from ..models import ItemState
from .common import (
    MAX_OPINION,
    ask_gate,
    decision_errors,
    held_item,
    judged,
    normal,
    open_item,
    take_party,
    title_of,
)


def claim(item_id: int, *, actor: Actor, version: int | None = None, behalf: int | None = None) -> None:
    """签收: take an offered work item.

    Args:
        behalf: the principal for whom the actor takes it by proxy; None: for themselves.

    Raises:
        Conflict: somebody else has it, or it is no longer open.
        Refused: the separation gate says no.
    """
    with acting("work_item.claimed", actor=actor, item=item_id) as act:
        item = open_item(act, None)
        if item.state is ItemState.ALLOCATED:
            if item.assignee_id == actor.person_id:
                raise Conflict(Text("您已经签收了这项待办。", "You have already claimed this work item."))
            who = organisation.names([item.assignee_id]).get(item.assignee_id, "")
            raise Conflict(Text(f"已由{who}签收。", f"{who} has already claimed it."), assignee=item.assignee_id)
        open_item(act, version)  # who was quicker is told before that the page is stale
        ask_gate(act, item, actor, behalf)
        act.allocate(item, actor.person_id, behalf)
        act.c.actor = replace(act.c.actor, on_behalf_of=behalf)
        act.save_item(item, allocated_at=act.now)
        act.entry("work_item.claimed", node=item.node, item=item.id, version=item.version)


def release(item_id: int, *, actor: Actor, version: int) -> None:
    """退签: give a claimed work item back to its post."""
    with acting("work_item.released", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        act.release(item)
        act.save_item(item, allocated_at=None)
        act.entry("work_item.released", node=item.node, item=item.id)


def save(item_id: int, *, actor: Actor, version: int, answers: Mapping[str, Any], opinion: str | None = None) -> int:
    """暂存: keep a draft on the server, unchecked but bounded.

    Returns:
        The item's new version.
    """
    draft = {"answers": normal(answers), **normal({"opinion": opinion})}
    with acting("work_item.saved", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
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
    given = normal(answers or {})
    with acting("work_item.completed", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        ask_gate(act, item, actor, item.behalf_id)
        finish(act, item, actor, given, decision, opinion)


def finish(
    act: Act, item: Item, actor: Actor, given: Mapping[str, Any], decision: str | None, opinion: str | None
) -> None:
    node = act.node(item.node)
    answers, errors = judged(act, node, given, actor.person_id)
    opinion = (opinion or "").strip() or None
    errors.update(decision_errors(node, decision, opinion))
    if errors:
        raise Invalid(errors)
    person = actor.person_id
    if take_party(act, node, answers):
        ask_gate(act, item, actor, item.behalf_id)  # who names the party may be close to it
    files.adopt(act, person, answers)
    act.has_performed(item)
    before = {name: act.data.get(name) for name, value in answers.items() if act.data.get(name) != value}
    item.state = ItemState.COMPLETED
    act.end_item(item, decision or "submit", opinion, answers)
    act.entry(
        "work_item.completed", node=item.node, item=item.id, decision=decision, opinion=opinion,
        changed={name: {"from": old, "to": answers[name]} for name, old in before.items()},
        offered=item.offered_at, due=item.due_at, duty=node.duty, regulation=node.regulation,
    )
    if act.row["title"] == act.meaning.names.zh:  # started without a form: the first answers name it
        act.set(title=title_of(act.meaning, {**act.data, **answers}))
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
        item = held_item(act, actor, version)
        ask_gate(act, item, actor, item.behalf_id)
        places = engine.returnable(act.meaning.program, act.state, item.token, straight_back)
        target = (
            next((n for n in places if n != item.node), None) if to == "previous"
            else places[-1] if to == "initiator" and places else to
        )
        if target not in places:
            raise Conflict(Text("不能退回到那个环节。", "It cannot be returned to that node from here."), to=to)
        act.has_performed(item)
        item.state = ItemState.RETURNED
        act.end_item(item, "return", opinion, {})
        act.entry(
            "work_item.returned", node=item.node, item=item.id, to=target, straight_back=straight_back,
            opinion=opinion,
        )
        act.advance(engine.Return(item.token, target, straight_back))
