"""Keeps apart what must be kept apart: asked before anybody takes or finishes a work item."""
from __future__ import annotations

import secrets
from typing import Any

from app.errors import Refused
from app.handling import Moment, node
from app.kernel import separation
from app.kernel.text import Text


@node(Moment.ALLOCATION)
def ask_the_gate(act: Any, item: Any, person: int, behalf: int | None) -> None:
    """The one separation gate (separation.md §2): every road to a work item passes here, under the case's lock.

    Raises:
        Refused: a rule is broken, the case could no longer be finished, or the question could not be decided.
    """
    verdict = separation.may(act.meaning.rules, act.office, act.facts(without=item.token), item.node, person, behalf=behalf)
    if verdict.allowed:
        return
    name = act.node(item.node).label
    raise Refused(
        Text(f"您不能办理“{name.zh}”", f"You may not do “{name.en}”"), verdict.objections,
        node=item.node, item=item.id, person=person, case=act.id,
    )


@node(Moment.OPENING)
def offer(act: Any, item: Any) -> None:
    """Say whose work it is: which department's post, and the person where the diagram or the case's past says so.

    A work item that comes round again goes to whoever did it before; the first one is the initiator's; a drawn one falls to a
    random person among those who may (never chosen by the previous performer).
    """
    rule = act.node(item.node)
    if rule.post and rule.post.department:
        item.department = (
            act.row["initiator_department"] if rule.post.department == "initiator"
            else _text(act.data.get(rule.post.department))
        )
    people = _wanted(act, item, rule)
    if not people:
        return
    facts = act.facts(without=item.token)
    for person in people:
        if separation.allowed(act.meaning.rules, act.office, facts, item.node, person):
            act.allocate(item, person)
            return


def _wanted(act: Any, item: Any, rule: Any) -> list[int]:
    if before := act.acts.performed.get(item.node):
        holding = act.acts.holder_of(item.node)
        return [person for person in reversed(before) if person not in holding]
    if not act.acts.performed and not act.row["state"] and act.row["initiator_id"]:
        return [act.row["initiator_id"]]
    if rule.allocation == "draw" or act.meaning.rules.drawn(item.node):
        people = list(separation.candidates(
            act.meaning.rules, act.office, act.facts(without=item.token), item.node
        ))
        secrets.SystemRandom().shuffle(people)
        return people[:1]
    if rule.allocation and rule.allocation.startswith("person:"):
        person = act.data.get(rule.allocation.removeprefix("person:"))
        return [person] if isinstance(person, int) else []
    return []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
