"""转办: a work item goes from its holder to another person for good."""
from __future__ import annotations

from ...change import Actor
from ...errors import Conflict, Invalid
from ...kernel.text import Text
from .. import signing
from ..acting import Act, acting
from ..locking import Item
from ..models import Signing
from .common import ask_for, held_item, reasoned, same, somebody


def transfer(item_id: int, *, actor: Actor, version: int, to: int, reason: str, with_draft: bool = False) -> None:
    """转办: another person replaces the actor. Signers stay with the work item; a signer may let another sign instead.

    Args:
        to: who takes it: may hold the work item by every rule, as if they had claimed it.
        with_draft: what the actor has drafted goes with it (stateful reallocation); otherwise it stays theirs and is gone.

    Raises:
        Conflict: stale, not the actor's, delegated, or a node whose person is drawn by lot.
        Refused: the separation gate says no to them.
        Invalid: no such person, no reason, or one who acts on it already.
    """
    with acting("work_item.transferred", actor=actor, item=item_id) as act:
        item = held_item(act, actor, version)
        why = reasoned(reason)
        if item.signing is Signing.DELEGATED:
            raise Conflict(Text("受委派的不得再转交。", "What was delegated to one is not handed on."))
        if item.signing is None and act.meaning.rules.drawn(item.node):
            raise Conflict(Text(
                "抽签确定的办理人不得自行转办，可退签后重新抽签。",
                "Who was drawn by lot does not choose who follows; give it back to be drawn again.",
            ))
        person = successor(act, item, to)
        ask_for(act, item, person)
        hand_over(act, item, person, draft=item.draft if with_draft else None)
        act.entry(
            "work_item.transferred", node=item.node, item=item.id, to=person, reason=why,
            **({"with_draft": True} if with_draft and item.draft else {}),
        )


def successor(act: Act, item: Item, to: int) -> int:
    """Whoever is to take an item, if nothing but the gate can stand against them.

    Raises:
        Invalid: nobody of that id, or they act on the item already.
    """
    person = somebody(act, "to", to)
    if same(act.office, person, item.assignee_id):
        raise Invalid({"to": [Text("这项待办已在其名下", "it is theirs already")]})
    token = item.token if item.signing is None else signing.parent_token(act, item)
    beside = signing.awaited(act, token)
    if item.signing is not None:
        beside.append(act.acts.held[str(token)][1])
    if any(same(act.office, person, other) for other in beside):
        raise Invalid({"to": [Text("此人已在办理或签署这项待办", "they act on this work item already")]})
    return person


def hand_over(act: Act, item: Item, person: int, *, draft: str | None = None) -> None:
    """Give a held or offered item to a person the gate has been asked about.

    Args:
        draft: what goes with it of what its holder had drafted.
    """
    if item.signing is not None:
        signing.replace(act, item, person)
    act.allocate(item, person)
    act.save_item(item, allocated_at=act.now, draft=draft)
    signing.tell(act, f"item-{item.id}-{item.version}", person, item.node)


__all__ = ["hand_over", "successor", "transfer"]
