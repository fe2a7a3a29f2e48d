"""Signers (加签, 减签) and whoever does a work item for its assignee (委派)."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...change import Actor
from ...errors import Conflict, Invalid
from ...kernel.text import Text
from ...organisation import queries as organisation
from .. import files, overriding, signing
from ..acting import Act, acting
from ..locking import Item
from ..models import ItemState, Signing
from .common import (
    MAX_OPINION,
    ask_for,
    decision_errors,
    held_item,
    judged,
    normal,
    open_item,
    reasoned,
    same,
    somebody,
)

#: What a signer says.
SAYS = ("agree", "disagree")
#: At most so many signers beside one work item at a time.
MOST = 20


def delegate(item_id: int, *, actor: Actor, version: int, to: int, reason: str) -> None:
    """委派: another person does the work item, then it comes back to its assignee, who must still finish it. What the
    other hands in is shown as a proposal.

    Args:
        to: who does it; need not hold the post, and may not hand it on.

    Raises:
        Conflict: stale, not the actor's, delegated already, a signer's, or a node whose person is drawn by lot.
        Refused: the separation gate says no to them.
    """
    with acting("work_item.delegated", actor=actor, item=item_id) as act:
        item = _parent(act, actor, version)
        if act.meaning.rules.drawn(item.node):
            raise Conflict(Text(
                "抽签确定的办理人不得自行委派。", "Who was drawn by lot does not choose who does it.",
            ))
        if signing.awaited(act, item.token, (Signing.DELEGATED,)):
            raise Conflict(Text("这项待办已经委派出去。", "This work item is delegated already."))
        why = reasoned(reason)
        (person,) = _chosen(act, item, Signing.DELEGATED, "to", [to])
        signing.add(act, item, Signing.DELEGATED, [person], mode="all", ordered=False)
        act.save_item(item)
        act.entry("work_item.delegated", node=item.node, item=item.id, to=person, reason=why)


def add_signer(
    item_id: int, *, actor: Actor, version: int, persons: Sequence[int], position: str, reason: str, mode: str = "all",
    ordered: bool = False,
) -> None:
    """加签: one or several persons sign a work item besides its assignee.

    Args:
        persons: who; they need not hold the post.
        position: ``before`` (the assignee waits for them), ``after`` (they sign when the assignee is done, and the case
            waits) or ``beside`` (both at once, in whatever order; the case waits for all).
        mode: ``all`` must sign, or ``any`` one of them.
        ordered: one after the other, in the order given.

    Raises:
        Conflict: stale, not the actor's, a signer's own, or a body's vote.
        Refused: the separation gate says no to one of them.
        Invalid: no such person or position, nobody, too many, or the same person twice.
    """
    errors: dict[str, list[Text]] = {}
    if position not in ("before", "after", "beside"):
        errors["position"] = [Text("请选择前加签、后加签或并加签", "choose before, after or beside")]
    if mode not in ("all", "any"):
        errors["mode"] = [Text("请选择全部签署或任一人签署", "choose all or any")]
    elif mode == "any" and ordered:
        errors["ordered"] = [Text("任一人签署时不分先后", "where any one will do there is no order")]
    if errors:
        raise Invalid(errors)
    with acting("signer.added", actor=actor, item=item_id) as act:
        item = _parent(act, actor, version)
        kind = Signing(position)
        why = reasoned(reason)
        people = _chosen(act, item, kind, "persons", persons)
        signing.add(act, item, kind, people, mode=mode, ordered=ordered)
        act.save_item(item)
        act.entry(
            "signer.added", node=item.node, item=item.id, persons=people, position=position, mode=mode, ordered=ordered,
            reason=why,
        )


def remove_signer(item_id: int, *, actor: Actor, version: int, person: int, reason: str) -> None:
    """减签: a signer who has not signed need not any more; also how a delegated work item is taken back.

    Args:
        item_id: the work item they were added to, which the actor holds, or has handed in while it waits for signers.

    Raises:
        Conflict: stale, not the actor's, or nobody of that id has still to sign.
    """
    with acting("signer.removed", actor=actor, item=item_id) as act:
        item = act.item
        assert item is not None
        waiting = item.state is ItemState.COMPLETED and "done" in act.acts.signing.get(str(item.token), {})
        if not waiting:
            item = held_item(act, actor, version)
        elif item.assignee_id != actor.person_id:
            raise Conflict(Text("这项待办不在您名下。", "This work item is not yours."), assignee=item.assignee_id)
        else:
            _alive_at(act, item, version)
        why = reasoned(reason)
        if not signing.remove(act, item.token, item.node, person):
            raise Conflict(Text("此人没有待签署的会签。", "This person has nothing left to sign here."), person=person)
        act.entry("signer.removed", node=item.node, item=item.id, person=person, reason=why)
        if not waiting:
            act.save_item(item)
        signing.go_on(act, item.token, item)


def sign(
    act: Act, item: Item, actor: Actor, given: Mapping[str, Any], decision: str | None, opinion: str | None
) -> None:
    """A signer's own act: an opinion with agree or disagree; a delegate's: what the assignee might hand in."""
    opinion = (opinion or "").strip() or None
    node = act.node(item.node)
    answers: Mapping[str, Any] = {}
    if item.signing is Signing.DELEGATED:
        answers, errors = judged(act, node, given, actor.person_id)  # type: ignore[arg-type]
        errors.update(decision_errors(node, decision, opinion))
    else:
        errors = {name: [Text("会签不填表", "a signer fills in no form")] for name in normal(given)}
        if decision not in SAYS:
            errors["decision"] = [Text("请选择同意或不同意", "choose agree or disagree")]
        elif decision == "disagree" and opinion is None:
            errors["opinion"] = [Text("不同意须写明意见", "a refusal needs an opinion")]
        if opinion and len(opinion) > MAX_OPINION:
            errors["opinion"] = [Text("意见超过 2000 字", "the opinion is longer than 2,000 characters")]
    if errors:
        raise Invalid(errors)
    person = actor.person_id
    assert person is not None and item.signing is not None
    files.adopt(act, person, answers)
    act.acts.sign(act.meaning.rules, item.node, person)
    item.state = ItemState.COMPLETED
    act.end_item(item, decision or "submit", opinion, answers)
    act.entry(
        "work_item.proposed" if item.signing is Signing.DELEGATED else "work_item.signed", node=item.node, item=item.id,
        parent=item.parent_id, signing=str(item.signing), decision=decision, opinion=opinion, offered=item.offered_at,
    )
    overriding.used(act, item)
    signing.signed(act, item)


def _parent(act: Act, actor: Actor, version: int) -> Item:
    """A work item that signers may be added to."""
    item = held_item(act, actor, version)
    if item.signing is not None:
        raise Conflict(Text(
            "会签、委派来的待办不能再加签或委派。", "What one signs or does for another is not handed on to a third.",
        ))
    if act.meaning.rules.collective(item.node) is not None:
        raise Conflict(Text("集体决策由成员本人表决。", "Members of a body vote themselves."))
    return item


def _alive_at(act: Act, item: Item, version: int) -> None:
    """As :func:`open_item`, for an item that is done and waits for its signers."""
    item.state = ItemState.ALLOCATED
    try:
        open_item(act, version)
    finally:
        item.state = ItemState.COMPLETED


def _chosen(act: Act, item: Item, kind: Signing, field: str, persons: Sequence[int]) -> list[int]:
    """The persons chosen to sign, each asked about at the gate as if all before them had signed."""
    people = [somebody(act, field, person) for person in persons]
    if not people or len(people) > MOST:
        raise Invalid({field: [Text(f"请选择 1 至 {MOST} 人", f"choose 1 to {MOST} people")]})
    if len(set(people)) < len(people):
        raise Invalid({field: [Text("同一人只选一次", "choose nobody twice")]})
    there = [*signing.awaited(act, item.token), item.assignee_id, item.behalf_id]
    for person in people:
        if any(same(act.office, person, other) for other in there):
            name = organisation.names([person]).get(person, "")
            raise Invalid({field: [Text(f"{name}已在办理或签署这项待办", f"{name} acts on this work item already")]})
    probe = Item(-act.acts.signers - 1, item.node, "", parent_id=item.id, signing=kind)
    known = act.acts.signing.get(str(item.token))
    trial = {"kind": str(kind), "mode": "all", "ordered": False, "open": {}, "waiting": []}
    entry = act.acts.signing.setdefault(str(item.token), {"item": item.id, "groups": [], "by": []})
    entry["groups"].append(trial)
    for person in people:
        ask_for(act, probe, person)
        trial["waiting"].append(person)
    entry["groups"].remove(trial)
    if known is None:
        del act.acts.signing[str(item.token)]
    return people


__all__ = ["add_signer", "delegate", "remove_signer", "sign"]
