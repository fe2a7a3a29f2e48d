"""Bodies that decide together: by which rule, who belongs to them, and what is said to whoever would do without a session.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..change import Actor
from ..definitions.queries import Meaning
from ..errors import Conflict, Refused
from ..kernel import separation
from ..kernel.separation import CaseFacts, Collective, Objection, Office
from ..kernel.text import Text
from ..organisation.portfolios import NEVER_PRINCIPAL, canonical
from ..parameters import queries as parameters
from ..registers import today

if TYPE_CHECKING:
    from .acting import Act
    from .locking import Item

#: Hours after its beginning in which a session may vote, where the parameter SESSION_HOURS says nothing.
HOURS = 12
#: Rank of a principal leader (Post.level).
PRINCIPAL = 4
#: The rule against a pass-around, where the diagram's own clause says nothing.
CLAUSE = "“三重一大”决策制度：集体决策以会议形式作出，不得以传阅、会签、个别征求意见代替"


def rule_of(meaning: Meaning, node: str) -> Collective:
    """The rule by which a body decides a node. On matters of personnel, finance and construction the chair speaks last
    whatever the diagram says (LS-6).

    Raises:
        Conflict: one person decides there.
    """
    rule = meaning.rules.collective(node)
    if rule is None:
        raise Conflict(Text("这个环节不由集体决定。", "This node is not decided by a body."))
    domain = meaning.process.domain
    if domain is not None and canonical(domain) in NEVER_PRINCIPAL:
        rule = replace(rule, chair_last=True)
    return rule


def members(
    meaning: Meaning, office: Office, facts: CaseFacts, node: str, post: str, department: str | None
) -> tuple[frozenset[int], frozenset[int], dict[int, tuple[Objection, ...]]]:
    """The body that decides a node: its members, those of them who are away, and those who must stay out and why.

    Who is only away is entitled all the same: the body is no smaller for it.
    """
    everybody = frozenset(office.ids(office.holders(post, department)))
    away: set[int] = set()
    barred: dict[int, tuple[Objection, ...]] = {}
    for person in sorted(everybody):
        verdict = separation.may(meaning.rules, office, facts, node, person)
        against = tuple(o for o in verdict.objections if o.kind != "absent")
        if not verdict and (against or verdict.undecided):
            barred[person] = against
        elif not verdict:
            away.add(person)
    return everybody, frozenset(away), barred


def principals(office: Office, people: frozenset[int]) -> frozenset[int]:
    """The principal leaders among some people."""
    return frozenset(person for person in people if office.person(person).rank >= PRINCIPAL)


def window() -> timedelta:
    """How long a session may vote."""
    return timedelta(hours=float(parameters.all_on(today()).get("SESSION_HOURS", HOURS)))


def decision_of(decisions: Sequence[str], carried: bool, negative: frozenset[str]) -> str | None:
    """A body's yes or no in the words of the node: the first that agrees, or the first that refuses."""
    return next((word for word in decisions if (word not in negative) is carried), None)


def objection(meaning: Meaning, node: str, rule: Collective, because: Text) -> Objection:
    """What the rule of a body says against something, on its clause."""
    known = meaning.rules.rule(rule.id)
    return Objection(rule.id, "collective", (known.basis if known is not None else "") or CLAUSE, node, because)


def refused(act: Act, item: Item, actor: Actor, text: Text, objections: tuple[Objection, ...]) -> Refused:
    """A refusal by a body's rule, recorded as every other."""
    return Refused(text, objections, node=item.node, item=item.id, person=actor.person_id, case=act.id)


def pass_around(act: Act, item: Item, actor: Actor) -> Refused:
    """What to say to somebody who would decide for the body by themselves."""
    because = Text("集体决定不得由一人代为办理或以传阅代替会议",
                   "nobody decides for the body, and no paper passed round replaces its session")
    rule = rule_of(act.meaning, item.node)
    return refused(act, item, actor, Text("须开会集体决定", "A body decides this in session"),
                   (objection(act.meaning, item.node, rule, because),))
