"""What the verbs share: may it be acted on, by this person, with these values."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ... import clock, handling
from ...change import Actor
from ...definitions import queries as definitions
from ...errors import Conflict, Forbidden, Invalid, Refused
from ...handling import Moment
from ...kernel.bpmn.model import Node
from ...kernel.separation import Office
from ...kernel.text import Text
from ...kernel.values import BadValue, normalise
from ...office import queries as office
from ...parties import queries as parties
from .. import files, overriding
from ..acting import Act
from ..locking import Item
from ..models import CaseStatus, ItemState

MAX_OPINION = 2_000
#: Decisions that end or turn a case against its initiator: they need a reason.
NEGATIVE = frozenset({"refuse", "reject", "disagree", "fail", "insufficient", "supplement"})


def normal(values: Mapping[str, Any]) -> dict[str, Any]:
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


def alive(act: Act) -> None:
    if act.status is CaseStatus.SUSPENDED:
        raise Conflict(Text("办件已挂起，恢复后才能办理。", "The case is suspended; resume it first."))
    if act.status is not CaseStatus.RUNNING:
        raise Conflict(Text("办件已经结束。", "The case has ended."))


def open_item(act: Act, version: int | None) -> Item:
    item = act.item
    assert item is not None
    alive(act)
    if not item.state.open:
        raise Conflict(Text("这项待办已经办结或撤回。", "This work item is already done or withdrawn."))
    if item.state is ItemState.CREATED:
        raise Conflict(Text("这项待办尚未分发：岗位在办已满。", "This work item is held back: its post has enough to do."))
    if version is not None and version != item.version:
        raise Conflict(
            Text("页面已过期：这项待办刚被改动，请刷新。", "This page is stale: the work item has just changed, reload it."),
            version=item.version,
        )
    return item


def held_item(act: Act, actor: Actor, version: int) -> Item:
    done = act.item
    if done is not None and done.state is ItemState.COMPLETED and done.assignee_id == actor.person_id:
        raise Conflict(Text(
            "您已经办结这项待办，没有重复办理。", "You have already done this work item; nothing was done twice."
        ))
    item = open_item(act, None)
    if actor.person_id is None or not same(act.office, item.assignee_id, actor.person_id):
        raise Conflict(Text("这项待办不在您名下。", "This work item is not yours."), assignee=item.assignee_id)
    if item.suspended_at is not None:
        raise Conflict(Text("这项待办已搁置，恢复后才能办理。", "This work item is laid aside; take it up again first."))
    return open_item(act, version)


def ask_gate(act: Act, item: Item, actor: Actor, behalf: int | None = None) -> None:
    """The one gate, for whoever wants to hold or finish a work item.

    Args:
        behalf: the principal for whom the actor acts by proxy; None for themselves.
    """
    if actor.person_id is None:
        raise Forbidden(Text("只有人可以办理待办。", "Only a person may act on a work item."))
    try:
        handling.run(Moment.ALLOCATION, act, item, actor.person_id, behalf)
    except Refused as refusal:
        if behalf is not None or not overriding.allows(act, item, actor.person_id, refusal):
            raise


def ask_for(act: Act, item: Item, person: int) -> None:
    """The one gate, for somebody another person wants to give a work item to. An override helps nobody here: it is for
    whom it names, who must act themselves."""
    handling.run(Moment.ALLOCATION, act, item, person, None)


def stands_in(act: Act, actor: Actor, principal: int | None) -> bool:
    """Whether the actor holds a proxy of somebody; what it covers is the gate's to say."""
    index = act.office.index
    if principal is None or actor.person_id not in index or principal not in index:
        return False
    proxies = act.office.person(actor.person_id).proxies
    return any(index.get(proxy.principal) == index[principal] for proxy in proxies)


def take_over(act: Act, item: Item, actor: Actor) -> None:
    """A delegate takes what their principal holds, to act on it in the principal's place; the gate must be asked."""
    principal = item.assignee_id
    act.allocate(item, actor.person_id, principal)  # type: ignore[arg-type]
    act.c.actor = replace(act.c.actor, on_behalf_of=principal)
    act.save_item(item, allocated_at=act.now)
    act.entry("work_item.taken_over", node=item.node, item=item.id, to=actor.person_id, principal=principal)


def at_hand(act: Act, actor: Actor, version: int) -> Item:
    """The item for whoever is about to finish it: its holder, or the holder's delegate, who takes it over."""
    item = act.item
    if (
        item is not None and item.state is ItemState.ALLOCATED and item.assignee_id != actor.person_id
        and item.behalf_id is None and item.signing is None and stands_in(act, actor, item.assignee_id)
    ):
        open_item(act, version)
        take_over(act, item, actor)
        return item
    return held_item(act, actor, version)


def somebody(act: Act, field: str, person: int) -> int:
    """A person of the office, under the number they are known by today.

    Raises:
        Invalid: there is nobody of that id.
    """
    if person not in act.office.index:
        raise Invalid({field: [Text("没有这个人", "there is no such person")]})
    return act.office.person(person).id


def same(everybody: Office, one: int | None, other: int | None) -> bool:
    """Whether two ids are one natural person's."""
    if one is None or other is None:
        return False
    return one == other or everybody.index.get(one, -1) == everybody.index.get(other, -2)


def takes_part(act: Act, actor: Actor) -> None:
    if actor.person_id != act.row["initiator_id"] and actor.person_id not in act.acts.holders():
        raise Forbidden(Text("只有发起人或在办人可以这样做。", "Only the initiator or whoever holds it may do that."))


def reasoned(reason: str) -> str:
    reason = (reason or "").strip()
    if not reason or len(reason) > MAX_OPINION:
        raise Invalid({"reason": [Text("请写明原因(2000 字以内)", "give a reason (up to 2,000 characters)")]})
    return reason


def judged(
    act: Act, node: Node, given: Mapping[str, Any], person: int
) -> tuple[dict[str, Any], dict[str, Sequence[Text]]]:
    form = act.meaning.forms.get(node.form or "")
    if form is None:
        unknown = {name: [Text("没有这个栏目", "there is no such field")] for name in given}
        return {}, unknown
    given, errors = files.describe(form, given, act.id, person)
    clean, more = form.validate(given, write=node.write, hidden=node.hidden, context=act.data, known=references(act.office))
    return clean, {**more, **errors}


def decision_errors(node: Node, decision: str | None, opinion: str | None) -> dict[str, list[Text]]:
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


def references(everybody: Office) -> dict[str, Callable[[Any], bool]]:
    """What a reference in a form may point to."""
    return {
        "person": lambda key: key in everybody.index,
        "party": lambda key: bool(parties.names([f"party:{key}"])),
        "department": lambda code: code in everybody.departments(),
        "budget-item": lambda code: office.has_budget(code, clock.now().year),
    }


def take_party(act: Act, node: Node | None, answers: Mapping[str, Any]) -> bool:
    """Whom the case is about, where a rule about the party names a field of this form (``party="taxpayer"``).

    Returns:
        Whether it is known now and was not before.
    """
    for name, widget in _party_fields(act, node):
        if answers.get(name) is not None:
            party = f"{widget}:{answers[name]}"
            if party != act.row["party"]:
                act.row["party"] = party
                act.set(party=party)
                return True
    return False


def names_party(act: Act, node: Node) -> bool:
    """Whether the form of a node says whom the case is about, for a rule that must know."""
    return bool(_party_fields(act, node))


def _party_fields(act: Act, node: Node | None) -> list[tuple[str, str]]:
    form = act.meaning.forms.get(node.form or "") if node is not None else None
    widgets = {field.name: field.widget for field in form.fields} if form is not None else {}
    named = [
        rule.options.get("party", "") for rule in act.meaning.process.constraints if rule.kind in ("recuse", "rotate", "apart")
    ]
    return [(name, widgets[name]) for name in named if widgets.get(name) in ("party", "person")]


def title_of(what: definitions.Meaning, data: Mapping[str, Any]) -> str:
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
