"""Whom somebody may choose: people the gate lets take, do or sign a work item. Only those are offered for a choice; who is
not among them is told why when they are chosen all the same."""
from __future__ import annotations

from dataclasses import dataclass

from ..change import Actor
from ..errors import NotFound
from ..kernel.text import Text
from ..organisation import queries as organisation
from . import gate, queries

#: What one may be chosen for.
PURPOSES = ("transfer", "delegate", "sign")
#: At most so many are listed; who looks for another searches.
MOST = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be chosen."""

    id: int
    name: str
    romanised: str
    department: str
    post: Text | None


def who_may(
    item_id: int, purpose: str, *, actor: Actor, role: str | None = None, q: str = "", limit: int = MOST
) -> list[Choice]:
    """People who may be chosen for a work item now, by name.

    Args:
        purpose: ``transfer`` (takes it over), ``delegate`` or ``sign`` (need not hold the post).
        q: part of a name or a number.

    Raises:
        NotFound: no such work item or purpose, or the asker may not know of it.
    """
    if purpose not in PURPOSES:
        raise NotFound(Text("没有这种办法", "there is no such purpose"))
    found = queries.work_item(item_id, actor=actor, role=role)
    if not found.item.state.open:
        return []
    people = organisation.search_people(q, limit=1000)
    office, item = queries.office_now(), found.item
    signer = purpose != "transfer" or item.signing is not None
    facts = queries.facts_of(found.case, without=item.token if purpose == "transfer" else None)
    here = {item.assignee_id, item.on_behalf_of_id, *found.to_come}
    here |= {one.assignee_id for one in found.signers if one.state.open}
    named = {post.code: Text(post.zh, post.en) for post in organisation.posts()}
    choices = []
    for person in people:
        if person.id in here or person.id not in office.index or person.merged_into_id is not None:
            continue
        if gate.allowed(
            found.meaning.rules, office, facts, found.node, person.id, post=item.post, department=item.department,
            signer=signer,
        ):
            held = sorted(code for code, _ in office.person(person.id).posts)
            choices.append(Choice(
                person.id, person.name, person.romanised, person.department_code, named.get(held[0]) if held else None,
            ))
            if len(choices) == limit:
                break
    return choices
