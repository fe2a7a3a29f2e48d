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
from .. import bodies, draws, files, overriding, signing
from ..acting import Act, acting
from ..locking import Item
from ..models import ItemState
from .autostart import for_them, go_on
from .common import (
    MAX_OPINION,
    ask_gate,
    at_hand,
    decision_errors,
    held_item,
    judged,
    normal,
    open_item,
    take_over,
    take_party,
    title_of,
)
from .signers import sign


def claim(item_id: int, *, actor: Actor, version: int | None = None, behalf: int | None = None) -> None:
    """签收: take an offered work item, or one that the actor's principal holds.

    Args:
        behalf: the principal for whom the actor takes it by proxy; None: for themselves.

    Raises:
        Conflict: somebody else has it, or it is no longer open.
        Refused: the separation gate says no.
    """
    with acting("work_item.claimed", actor=actor, item=item_id) as act:
        item = open_item(act, None)
        if behalf is not None and item.assignee_id == behalf and item.behalf_id is None and item.signing is None:
            open_item(act, version)
            ask_gate(act, item, actor, behalf)
            take_over(act, item, actor)
            return
        if item.state is ItemState.ALLOCATED:
            if item.assignee_id == actor.person_id:
                raise Conflict(Text("您已经签收了这项待办。", "You have already claimed this work item."))
            who = organisation.names([item.assignee_id]).get(item.assignee_id, "")
            raise Conflict(Text(f"已由{who}签收。", f"{who} has already claimed it."), assignee=item.assignee_id)
        open_item(act, version)  # who was quicker is told before that the page is stale
        for_them(item, actor, behalf)
        ask_gate(act, item, actor, behalf)
        act.allocate(item, actor.person_id, behalf)
        act.c.actor = replace(act.c.actor, on_behalf_of=behalf)
        act.save_item(item, allocated_at=act.now)
        act.entry("work_item.claimed", node=item.node, item=item.id, version=item.version)


def release(item_id: int, *, actor: Actor, version: int) -> None:
    """退签: give a claimed work item back to its post. Whoever was to sign beside the holder need not any more.

    Raises:
        Conflict: a signer's work item belongs to no post: somebody else may sign instead, or the assignee lets them go.
    """
    with acting("work_item.released", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        if item.signing is not None:
            raise Conflict(Text(
                "会签件不属于任何岗位：可转交他人会签，或请办理人减签。",
                "A signer's work item belongs to no post: let somebody else sign, or ask the assignee to remove you.",
            ))
        if act.acts.signing:
            signing.ended(act, item.token, item.node)
        act.release(item)
        act.entry("work_item.released", node=item.node, item=item.id)
        if act.meaning.rules.drawn(item.node):
            draws.draw_again(act, item, actor.person_id or 0)
        act.save_item(item, allocated_at=act.now if item.assignee_id else None)


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
        item = at_hand(act, actor, version)
        ask_gate(act, item, actor, item.behalf_id)
        if (how := act.node(item.node).resourcing) is not None:
            go_on(act, item, actor, how)
        if item.signing is not None:
            sign(act, item, actor, given, decision, opinion)
        else:
            finish(act, item, actor, given, decision, opinion)


def finish(
    act: Act, item: Item, actor: Actor, given: Mapping[str, Any], decision: str | None, opinion: str | None, *,
    in_session: bool = False,
) -> None:
    node = act.node(item.node)
    if not in_session and act.meaning.rules.collective(item.node) is not None:
        raise bodies.pass_around(act, item, actor)
    if act.acts.signing and (first := signing.awaited(act, item.token, signing.FIRST)):
        names = "、".join(organisation.names(first).values())
        raise Conflict(Text(f"须先由{names}签署。", f"{names} must sign first."), awaited=first)
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
    overriding.used(act, item)
    if act.acts.signing and signing.holds_up(act, item):
        return
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
        item = at_hand(act, actor, version)
        if item.signing is not None:
            raise Conflict(Text("会签人只签署意见，不能退回。", "A signer gives an opinion and returns nothing."))
        ask_gate(act, item, actor, item.behalf_id)
        places = engine.returnable(act.meaning.program, act.state, item.token, straight_back)
        target = (
            next((n for n in places if n != item.node), None) if to == "previous"
            else places[-1] if to == "initiator" and places else to
        )
        if target not in places:
            raise Conflict(Text("不能退回到那个环节。", "It cannot be returned to that node from here."), to=to)
        act.has_performed(item)
        overriding.used(act, item)
        item.state = ItemState.RETURNED
        act.end_item(item, "return", opinion, {})
        act.entry(
            "work_item.returned", node=item.node, item=item.id, to=target, straight_back=straight_back,
            opinion=opinion,
        )
        act.advance(engine.Return(item.token, target, straight_back))
