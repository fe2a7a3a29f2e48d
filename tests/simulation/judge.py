"""What a finished case's history says, read by somebody who has never heard of the gate: no code is shared with it."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from app.definitions.queries import Meaning
from app.kernel import separation


@dataclass
class Run:
    """One simulated case and what became of it.

    ``history``: acts in order, each (node, who, principal or None); ``rounds``: per multi-instance node, the finished
    rounds, each the acts' persons.
    """

    what: Meaning
    initiator: int
    department: str
    party: str | None
    barred: dict[str, frozenset[int]] = field(default_factory=dict)
    history: list[tuple[str, int, int | None]] = field(default_factory=list)
    rounds: dict[str, list[list[frozenset[int]]]] = field(default_factory=dict)
    outcome: str = ""
    stuck: str | None = None


def violations(
    office: separation.Office, run: Run, history: list[tuple[str, int, int | None]] | None = None, *,
    partial: bool | None = None, posts: bool = True,
) -> list[str]:
    """Ids of the rules that a history breaks.

    Args:
        history: the run's own unless given.
        posts: whether everybody must hold the post of what they did; a signer need not.
        partial: the case is not over: at-least rules are not judged. By how the run ended unless said.
    """
    history = run.history if history is None else history
    partial = run.outcome != "completed" if partial is None else partial
    by: dict[str, set[int]] = defaultdict(set)
    acts: dict[str, set[frozenset[int]]] = defaultdict(set)
    for node, *persons in history:
        act = frozenset(p for p in persons if p is not None)
        by[node] |= act
        acts[node].add(act)
    found = []
    for rule in run.what.process.constraints:
        judge = _JUDGES.get(rule.kind)
        if judge is not None and judge(rule, by, office, run):
            found.append(rule.id)
        if rule.kind == "people" and rule.options.get("min") and _too_few(rule, acts, run, partial):
            found.append(rule.id)
    if posts:
        found += [f"post of {node}" for node, who, principal in history if not _holds(office, run, node, principal or who)]
    return found


def _nodes(rule: Any, run: Run) -> list[str]:
    return list(run.what.process.user_tasks) if "*" in rule.nodes else list(dict.fromkeys(rule.nodes))


def _differ(rule: Any, by: Any, office: Any, run: Run) -> bool:
    return any(by[a] & by[b] for a, b in combinations(_nodes(rule, run), 2))


def _same(rule: Any, by: Any, office: Any, run: Run) -> bool:
    return len(set().union(*(by[n] for n in _nodes(rule, run)))) > 1


def _too_many(rule: Any, by: Any, office: Any, run: Run) -> bool:
    most = rule.options.get("max")
    return bool(most) and len(set().union(*(by[n] for n in _nodes(rule, run)))) > int(most)


def _too_few(rule: Any, acts: Any, run: Run, partial: bool) -> bool:
    """``min``: in every finished round of a node with several instances; else however one picks one act per node."""
    nodes, least = _nodes(rule, run), int(rule.options["min"])
    if any(run.what.node(node).loop is not None for node in nodes):
        return any(_distinct(done) < min(least, len(done)) for node in nodes for done in run.rounds.get(node, ()))
    if partial or not all(acts[n] for n in nodes):
        return False
    bodies = [n for n in nodes if run.what.rules.collective(n) is not None]
    if bodies:          # the votes of a body are several people's, not one's at a time
        return _distinct([act for n in nodes for act in acts[n]]) < least
    return any(_distinct(pick) < min(least, len(pick)) for pick in product(*(acts[n] for n in nodes)))


def _distinct(acts: Sequence[frozenset[int]]) -> int:
    """By how many people acts are at least, whoever of a delegate and their principal one counts for each."""
    return min((len(set(pick)) for pick in product(*acts)), default=0)


def _departments(rule: Any, by: Any, office: Any, run: Run) -> bool:
    places = [set().union(*(office.person(p).departments for p in by[n])) if by[n] else set() for n in _nodes(rule, run)]
    return any(a & b for a, b in combinations(places, 2))


def _recuse(rule: Any, by: Any, office: Any, run: Run) -> bool:
    nodes = _nodes(rule, run)
    about_initiator = rule.options.get("party") == "initiator"
    first = run.what.opening
    if about_initiator and "*" in rule.nodes and first is not None and first.id in nodes:
        nodes.remove(first.id)      # applying is what the applicant must do
    for person in set().union(*(by[n] for n in nodes)):
        somebody = office.person(person)
        if about_initiator:
            if person == run.initiator or run.initiator in somebody.kin or person in office.person(run.initiator).kin:
                return True
        elif run.party is not None and run.party in somebody.interests:
            return True
    return False


def _senior(rule: Any, by: Any, office: Any, run: Run) -> bool:
    low = [office.person(p).rank for p in by[rule.options["lower"]]]
    high = [office.person(p).rank for p in by[rule.options["upper"]]]
    return bool(low and high) and max(low) >= min(high)


def _barred(rule: Any, by: Any, office: Any, run: Run) -> bool:
    return any(by[n] & run.barred.get(rule.id, frozenset()) for n in _nodes(rule, run))


_JUDGES = {
    "differ": _differ, "same": _same, "people": _too_many, "departments": _departments, "recuse": _recuse,
    "senior": _senior, "rotate": _barred, "apart": _barred,
}


def _holds(office: separation.Office, run: Run, node: str, person: int) -> bool:
    """Whether somebody holds the post a node wants (the department is the engine's data's business; not judged)."""
    post = run.what.node(node).post
    return post is None or any(code == office.code(post.code) for code, _ in office.person(person).posts)
