"""Keeps apart what must be kept apart: asked before anybody takes or finishes a work item."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.cases import gate
from app.errors import Refused
from app.handling import Moment, node
from app.kernel.text import Text
from app.organisation import queries as organisation


@node(Moment.ALLOCATION)
def ask_the_gate(act: Any, item: Any, person: int, behalf: int | None) -> None:
    """The one separation gate (separation.md §2): every road to a work item passes here, under the case's lock.

    Raises:
        Refused: a rule is broken, the case could no longer be finished, or the question could not be decided.
    """
    asked = act.node(item.node)
    verdict = gate.verdict(
        act.meaning.rules, act.office, act.facts(without=item.token), asked, person, post=item.post,
        department=item.department, behalf=behalf, signer=item.signing is not None,
    )
    if verdict.allowed:
        return
    name, who = asked.label, act.office.name(person)
    raise Refused(
        Text(f"您不能办理“{name.zh}”", f"You may not do “{name.en}”") if person == act.c.actor.person_id
        else Text(f"{who}不能办理“{name.zh}”", f"{who} may not do “{name.en}”"),
        verdict.objections, node=item.node, item=item.id or item.parent_id, person=person, case=act.id,
    )


@node(Moment.ALLOCATION)
def ask_the_leaders_rules(act: Any, item: Any, person: int, behalf: int | None) -> None:
    """LS-5 and LS-6 at each decision, not only at deployment: what a leader is in charge of may have changed since.

    Raises:
        Refused: the post may not decide a matter of this field alone.
    """
    domain, asked = act.meaning.process.domain, act.node(item.node)
    if domain is None or not asked.decisions or item.signing is not None or not item.post:
        return
    objection = organisation.may_decide(item.post, domain, act.row["office_version"])
    if objection is not None:
        raise Refused(
            Text(f"“{asked.label.zh}”不能由该领导单独决定", f"“{asked.label.en}” may not be decided by this leader alone"),
            (replace(objection, node=item.node),), node=item.node, item=item.id, person=person, case=act.id,
        )
