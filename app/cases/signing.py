"""Signers beside an assignee (前加签, 后加签, 并加签) and whoever does it for them (委派).

The engine knows nothing of them. A work item with signers is a *parent*; ``Acts.signing`` keeps, by its token, groups of
persons who were added together. A group is done when all of it have signed, or with mode ``any`` the first has. Before
its groups ``before`` and ``delegated`` are done, a parent is not completed; while its groups ``after`` and ``beside`` are
not, what its assignee has handed in stands, and the engine is told when the last has signed. Whatever else ends the
parent (returned, withdrawn, cancelled, interrupted, given back) withdraws who has not signed yet. A suspended case stands
still with its signers, and goes on with them.

A signer counts as having acted at the node from the moment they are added: what was safe then stays so until they sign.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from ..change import Actor
from ..kernel import engine
from ..kernel.values import loads
from . import notices
from .models import CaseStatus, ItemState, Signing, WorkItem

if TYPE_CHECKING:
    from .acting import Act
    from .locking import Item

ITEM = WorkItem.__table__
#: Groups that must be done before the assignee goes on; the others, before the case does.
FIRST = (Signing.BEFORE, Signing.DELEGATED)


def add(act: Act, parent: Item, kind: Signing, persons: Sequence[int], *, mode: str, ordered: bool) -> None:
    """Add a group of signers; the gate must have been asked about each."""
    known = act.acts.signing.setdefault(str(parent.token), {"item": parent.id, "groups": [], "by": []})
    group = {"kind": str(kind), "mode": mode, "ordered": ordered, "open": {}, "waiting": list(persons)}
    known["groups"].append(group)
    if kind is not Signing.AFTER:
        _ask(act, parent, parent.id, group)


def awaited(act: Act, token: int, kinds: Iterable[Signing] = tuple(Signing)) -> list[int]:
    """Who has still to sign beside the work item at a token."""
    known = act.acts.signing.get(str(token))
    wanted = {str(kind) for kind in kinds}
    return [] if known is None else [
        person for group in known["groups"] if group["kind"] in wanted
        for person in (*group["open"].values(), *group["waiting"])
    ]


def holds_up(act: Act, parent: Item) -> bool:
    """Whether the case waits for somebody else when the assignee is done; if so, those who sign after are asked now."""
    known = act.acts.signing.get(str(parent.token))
    if known is None or not known["groups"]:
        return False
    known["done"] = [person for person in (parent.assignee_id, parent.behalf_id) if person is not None]
    for group in known["groups"]:
        _ask(act, parent, parent.id, group)
    return True


def signed(act: Act, item: Item) -> None:
    """A signer has signed: who comes next is asked, or those who need not sign any more are let go."""
    token, known, group = _place(act, item.token)
    known["by"].append(group["open"].pop(str(item.token)))
    act.acts.close(item.token)
    if group["mode"] == "any":
        _let_go(act, group, item.node)
    _ask(act, item, known["item"], group)
    settle(act, token)


def replace(act: Act, item: Item, person: int) -> None:
    """Another person signs in a signer's place."""
    _, _, group = _place(act, item.token)
    group["open"][str(item.token)] = person


def remove(act: Act, token: int, node: str, person: int) -> bool:
    """A signer who has not signed need not any more.

    Returns:
        Whether there was one.
    """
    known = act.acts.signing.get(str(token), {"groups": []})
    for group in known["groups"]:
        mine = {key: who for key, who in group["open"].items() if who == person}
        if not mine and person not in group["waiting"]:
            continue
        group["waiting"] = [who for who in group["waiting"] if who != person]
        for key in mine:
            del group["open"][key]
            _withdraw(act, int(key), node)
        return True
    return False


def go_on(act: Act, token: int, like: Item) -> None:
    """After a signer was removed: whoever waited for them is asked, and the case goes on if it waited for nobody else."""
    known = act.acts.signing[str(token)]
    for group in known["groups"]:
        if group["kind"] != str(Signing.AFTER) or "done" in known:
            _ask(act, like, known["item"], group)
    settle(act, token)


def settle(act: Act, token: int) -> None:
    """Groups that are done are forgotten; with the last of them a parent that was waiting is complete."""
    known = act.acts.signing[str(token)]
    known["groups"] = [group for group in known["groups"] if group["open"] or group["waiting"]]
    if known["groups"] or "done" not in known:
        return
    if act.status is CaseStatus.RUNNING:
        row = act.c.connection.execute(select(ITEM).where(ITEM.c.id == known["item"])).one()
        node = act.node(row.node)
        act.perform(row.node, known["done"], known["by"])
        result = loads(row.answers)
        if node.decisions:
            result["decision"] = row.outcome
        if row.opinion is not None:
            result["opinion"] = row.opinion
        act.advance(engine.Complete(token, result))


def settle_all(act: Act) -> None:
    """When a case goes on: parents whose last signer fell away while it stood still."""
    for token in list(act.acts.signing):
        if token in act.acts.signing:
            settle(act, int(token))


def ended(act: Act, token: int, node: str) -> bool:
    """A parent has ended, however: nobody need sign any more.

    Returns:
        Whether its assignee had handed it in before, so that its row stays as it is.
    """
    known = act.acts.signing.pop(str(token), None)
    if known is None:
        return False
    for group in known["groups"]:
        _let_go(act, group, node)
    return "done" in known


def parent_token(act: Act, item: Item) -> int:
    """The token of the work item that a signer's item belongs to."""
    return _place(act, item.token)[0]


def _place(act: Act, signer: int) -> tuple[int, dict[str, Any], dict[str, Any]]:
    for token, known in act.acts.signing.items():
        for group in known["groups"]:
            if str(signer) in group["open"]:
                return int(token), known, group
    raise KeyError(signer)


def _ask(act: Act, like: Item, parent_id: int | None, group: dict[str, Any]) -> None:
    """Give those whose turn it is their work items."""
    while group["waiting"] and not (group["ordered"] and group["open"]):
        person = group["waiting"].pop(0)
        act.acts.signers += 1
        token = -act.acts.signers
        act.acts.allocate(token, like.node, person)
        group["open"][str(token)] = person
        item_id = act.c.connection.execute(insert(ITEM).returning(ITEM.c.id), {
            "case_id": act.id, "token": token, "node": like.node, "state": ItemState.ALLOCATED, "version": 1, "post": "",
            "assignee_id": person, "parent_id": parent_id, "signing": Signing(group["kind"]), "offered_at": act.now,
            "allocated_at": act.now, "due_at": like.due_at, "due_published": like.due_published, "risk": like.risk,
        }).scalar_one()
        act.entry(
            "work_item.allocated", node=like.node, item=item_id, to=person, signing=group["kind"], parent=parent_id,
            actor=Actor.system("engine"),
        )
        tell(act, f"item-{item_id}", person, like.node)


def tell(act: Act, key: str, person: int, node: str) -> None:
    """A line on somebody's home page: something new is theirs to do."""
    name, number, case_id = act.node(node).label.zh, act.row["number"], act.id
    act.c.after(lambda: notices.tell(
        key, [person], f"{number} 请办理“{name}”", case_id=case_id, actor=Actor.system("engine")
    ))


def _let_go(act: Act, group: dict[str, Any], node: str) -> None:
    group["waiting"] = []
    for token in group["open"]:
        _withdraw(act, int(token), node)
    group["open"] = {}


def _withdraw(act: Act, token: int, node: str) -> None:
    act.acts.close(token)
    item_id = act.c.connection.execute(
        update(ITEM).where(ITEM.c.case_id == act.id, ITEM.c.token == token)
        .values(state=ItemState.WITHDRAWN, version=ITEM.c.version + 1, ended_at=act.now).returning(ITEM.c.id)
    ).scalar_one()
    act.entry("work_item.withdrawn", node=node, item=item_id, actor=Actor.system("engine"))
