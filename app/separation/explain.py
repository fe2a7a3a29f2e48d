"""Who may do a task of a case, who may not, and why."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..cases import gate
from ..cases import queries as cases
from ..cases.models import CaseStatus, WorkItem
from ..change import Actor
from ..errors import NotFound
from ..kernel import separation
from ..kernel.bpmn.model import Node
from ..kernel.separation import CaseFacts, Objection, Office, Rules, Verdict
from ..kernel.text import Text
from .impasse import Impasse, department_of, impasse
from .permissions import discipline

#: Objections that say something of a person's own affairs, or of cases the asker may not know.
_PERSONAL = frozenset({"recuse", "rotate", "apart"})
#: More than anybody reads, and than is judged for one page.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might do the task.

    Attributes:
        person: who; behalf: the principal in whose place, None for themselves.
        holds: whether they hold the post of the task (or, with ``behalf``, the principal does).
        took_part: whether they have acted in the case or hold a work item of it.
    """

    person: int
    behalf: int | None
    holds: bool
    took_part: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one task of one case. ``impasse``: why nobody is left, where that is so."""

    view: cases.CaseView
    node: str
    item: WorkItem | None
    candidates: tuple[Candidate, ...]
    cut: bool
    impasse: Impasse | None


def explain(
    *, actor: Actor, role: str | None = None, case_id: int | None = None, node: str | None = None,
    item_id: int | None = None,
) -> Explanation:
    """Every candidate for a task of a case: holders of its post, delegates, everybody who has taken part.

    Args:
        actor, role: who asks; only who may see the case is told.
        case_id, node: which task of which case, or
        item_id: which work item; then its own holder's claim does not count against anybody.

    Raises:
        NotFound: there is no such case, node or work item, or the asker may not know of it.
    """
    item = None
    if item_id is not None:
        item = cases.work_item(item_id, actor=actor, role=role).item
        case_id, node = item.case_id, item.node
    view = cases.case(case_id or 0, actor=actor, role=role)
    if node is None or node not in view.meaning.process.user_tasks:
        raise NotFound(Text("没有这个办件或环节", "there is no such case or node"))
    office, rules = cases.office_now(), view.meaning.rules
    open_ = item is not None and item.state.open
    facts = cases.facts_of(view.case, without=item.token if item is not None and open_ else None)
    found, cut = _candidates(rules, office, facts, view.meaning.node(node), item if open_ else None)
    stuck = None
    if view.case.status in (CaseStatus.RUNNING, CaseStatus.SUSPENDED) and not any(c.verdict for c in found):
        stuck = impasse(rules, office, facts)
    knows = discipline(office, actor.person_id)
    return Explanation(
        view, node, item, tuple(c if knows or c.person == actor.person_id else _discreet(c, office) for c in found),
        cut, stuck,
    )


def _candidates(
    rules: Rules, office: Office, facts: CaseFacts, node: Node, item: WorkItem | None
) -> tuple[list[Candidate], bool]:
    allowed = set(separation.candidates(rules, office, facts, node.id))
    seats = set(separation.seats(rules, office, facts, node.id))
    holders = set(_holders(rules, office, facts, node.id))
    post, department = (item.post, item.department) if item is not None else (node.post.code if node.post else "", None)
    if gate.escalated(node, post):      # it has gone to another post; holders of the node's own keep their right
        asked = office.ids(office.holders(post, department))
        holders.update(asked)
        allowed.update(p for p in asked if gate.allowed(rules, office, facts, node, p, post=post, department=department))
    took_part = {
        person for acts in (facts.performed, facts.claimed) for people in acts.values() for person in people
        if person in office.index
    }
    pairs = {(person, None) for person in holders | took_part | allowed} | seats | set(_delegates(rules, office, holders))
    ordered = sorted(pairs, key=lambda p: (
        p not in seats and not (p[1] is None and p[0] in allowed), p[1] is not None, p[0] not in holders, p[0], p[1] or 0
    ))
    found = [
        Candidate(
            person, behalf, (person if behalf is None else behalf) in holders, person in took_part,
            Verdict(True) if (behalf is None and person in allowed) or (person, behalf) in seats
            else gate.verdict(rules, office, facts, node, person, post=post, department=department, behalf=behalf),
        ) for person, behalf in ordered[:_MOST]
    ]
    return found, len(ordered) > _MOST


def _holders(rules: Rules, office: Office, facts: CaseFacts, node: str) -> Iterable[int]:
    """Who holds the post of a task, present or not; where nobody's post is named, everybody could."""
    post = rules.posts[rules.index[node]]
    if post is None:
        return office.ids(office.everyone)
    department = None
    if post.department is not None:
        department = department_of(post.department, facts)
    return office.ids(office.holders(post.code, department))


def _delegates(rules: Rules, office: Office, holders: set[int]) -> Iterable[tuple[int, int]]:
    """(delegate, principal): everybody with a standing proxy of a holder, whether it covers this task or not."""
    for person in office.people:
        for proxy in person.proxies:
            if proxy.principal in holders and (proxy.processes is None or rules.process in proxy.processes):
                yield person.id, proxy.principal


def _discreet(candidate: Candidate, office: Office) -> Candidate:
    """Without what a colleague has no business to know: kin, interests, other cases of the party."""
    objections = tuple(
        replace(o, because=_hidden(o, office.name(candidate.person)), earlier=()) if o.kind in _PERSONAL else o
        for o in candidate.verdict.objections
    )
    return replace(candidate, verdict=replace(candidate.verdict, objections=objections))


def _hidden(objection: Objection, who: str) -> Text:
    clause = Text(f"(依据：{objection.basis})", f" ({objection.basis})") if objection.basis else Text("", "")
    if objection.kind == "recuse":
        return Text("{who}须回避本件{c}", "{who} must step aside from this case{c}").format(who=who, c=clause)
    return Text(
        "因办理过同一当事人的其他事项，{who}不得办理{c}", "{who} may not, because of other cases of the same party{c}"
    ).format(who=who, c=clause)
