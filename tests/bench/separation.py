"""How fast the separation gate answers: ``python -m tests.bench.separation``, or ``run()`` from elsewhere.

Random definitions in the manner of the literature on workflow satisfiability (Cohen et al. 2014), random moments of
random cases in them, one question at a time, timed in processor time (the machine may be busy with other things).
"""
from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable, Sequence
from time import thread_time

from app.kernel.bpmn.model import Constraint, Node, PostRule, Process, Scope
from app.kernel.separation import (
    CaseFacts,
    Office,
    Person,
    Proxy,
    Rules,
    Undecided,
    allowed,
    candidates,
    may,
    plan,
    remedies,
    resilience,
)

#: The kinds a check of duties cannot do without, and all there are.
USUAL = ("differ", "differ", "differ", "differ", "most", "least", "departments", "recuse", "same")
ALL = ("differ", "differ", "differ", "most", "least", "departments", "recuse", "same", "senior", "rotate", "apart", "collective")
_OPTIONS = {
    "most": {"max": "3"}, "least": {"min": "2"}, "recuse": {"party": "taxpayer"}, "rotate": {"party": "taxpayer"},
    "apart": {"from": "other/task"}, "collective": {"quorum": "3"},
}


def definition(rnd: random.Random, tasks: int, rules: int, kinds: Sequence[str] = USUAL) -> Rules:
    """``tasks`` user tasks, each with a post of its own, and ``rules`` rules of all ``kinds`` over them."""
    names = [f"t{i}" for i in range(tasks)]
    nodes = {n: Node(n, "userTask", name=n, post=PostRule(f"P{i}")) for i, n in enumerate(names)}
    found, decided = [], False
    for i in range(rules):
        kind = rnd.choice([k for k in kinds if k != "collective" or not decided])
        decided |= kind == "collective"
        few = {"departments": 2, "same": 2, "senior": 2, "collective": 1}.get(kind)
        scope, options = rnd.sample(names, few or rnd.randint(2, 5)), _OPTIONS.get(kind, {})
        if kind == "senior":
            scope.sort(key=names.index)                      # whoever comes later is senior: no circles
            scope, options = [], {"lower": scope[0], "upper": scope[1]}
        found.append(Constraint(f"c{i}", "people" if kind in ("most", "least") else kind, tuple(scope), options=options))
    return Rules.of(Process("p", "", True, Scope(nodes, {}), constraints=tuple(found)))


def office(rnd: random.Random, tasks: int, people: int, *, away: float = 0, lent: float = 0) -> Office:
    """Everybody in one department, at some rank and with a few of the posts; a part of them away, a part with two
    proxies."""
    staff = []
    for i in range(1, people + 1):
        posts = frozenset((f"P{p}", None) for p in rnd.sample(range(tasks), rnd.randint(1, max(2, tasks // 2))))
        departments, rank = frozenset({f"D{rnd.randrange(15)}"}), rnd.randrange(6)
        present = not away or rnd.random() >= away
        proxies = tuple(Proxy(rnd.randint(1, people)) for _ in range(2)) if lent and rnd.random() < lent else ()
        staff.append(Person(i, f"P{i}", posts, departments, present, rank=rank, proxies=proxies))
    return Office.of(staff)


def moments(rnd: random.Random, rules: Rules, office: Office, number: int):
    """``number`` questions (facts, node, person) from cases worked by the gate's own plans."""
    walled = [r.id for r in rules.rules if r.kind in ("rotate", "apart")]
    for _ in range(number):
        order = list(rules.tasks)
        done = rnd.randrange(len(order))
        barred = {id: frozenset(rnd.sample(sorted(office.index), 3)) for id in walled}
        everything = CaseFacts(
            reachable=frozenset(order), sure=frozenset(order), party="T", party_person=rnd.randint(1, 20), barred=barred,
        )
        try:
            whole = plan(rules, office, everything)
        except Undecided:
            whole = None
        if whole is None:
            continue
        acts: dict[str, frozenset[int]] = {}
        for step, who in whole.items():
            name = step.partition("#")[0]
            acts[name] = acts.get(name, frozenset()) | (frozenset(who) if isinstance(who, tuple) else {who})
        node = order[done]
        facts = CaseFacts(
            {n: acts[n] for n in order[:done]}, {}, 1, party="T", party_person=everything.party_person,
            reachable=frozenset(order[done:]), sure=frozenset(order[done:]), open={node: 1}, again=frozenset(order),
            barred=barred,
        )
        holders = office.ids(office.holders(rules.posts[done].code))
        yield facts, node, rnd.choice(holders)


def _quantiles(samples: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100)
    return {"n": len(samples), "median_ms": round(cuts[49], 4), "p99_ms": round(cuts[98], 4), "max_ms": round(max(samples), 4)}


def measure(
    ask: Callable[..., object], tasks: int, rules: int, people: int, *, worlds: int, each: int,
    kinds: Sequence[str] = USUAL, away: float = 0, lent: float = 0,
) -> dict[str, float]:
    """Quantiles of one question in milliseconds, the preparation per definition and office not included."""
    rnd, samples = random.Random(7), []
    for _ in range(worlds):
        rule_set = definition(rnd, tasks, rules, kinds)
        staff = office(rnd, tasks, people, away=away, lent=lent)
        for facts, node, person in moments(rnd, rule_set, staff, each):
            began = thread_time()
            ask(rule_set, staff, facts, node, person)
            samples.append((thread_time() - began) * 1000)
    return _quantiles(samples)


def run() -> dict[str, dict[str, float]]:
    """All figures, by what was asked."""
    listed = lambda rules, office, facts, node, person: candidates(rules, office, facts, node)
    survives = lambda depth: lambda rules, office, facts, node, person: resilience(
        rules, office, sure=frozenset(rules.tasks), depth=depth)
    helps = lambda rules, office, facts, node, person: remedies(
        rules, office.without(office.ids(office.holders(rules.posts[rules.index[node]].code))), facts)
    return {
        "claim check, 10 tasks, 10 rules, 300 people": measure(allowed, 10, 10, 300, worlds=60, each=60),
        "claim check, 10 tasks, 10 rules, 30 people": measure(allowed, 10, 10, 30, worlds=60, each=60),
        "claim check, 10 tasks, 10 rules of all kinds, 300 people": measure(
            allowed, 10, 10, 300, worlds=60, each=60, kinds=ALL),
        "claim check, the same, a third away, a third with proxies": measure(
            allowed, 10, 10, 300, worlds=60, each=60, kinds=ALL, away=0.33, lent=0.33),
        "claim check, the same, 30 people": measure(
            allowed, 10, 10, 30, worlds=60, each=60, kinds=ALL, away=0.33, lent=0.33),
        "verdict with reasons, 10 tasks, 10 rules, 300 people": measure(may, 10, 10, 300, worlds=40, each=40),
        "candidates, 10 tasks, 10 rules, 300 people": measure(listed, 10, 10, 300, worlds=20, each=20),
        "candidates, all kinds, a third away, a third with proxies": measure(
            listed, 10, 10, 300, worlds=20, each=20, kinds=ALL, away=0.33, lent=0.33),
        "claim check, 20 tasks, 20 rules, 10,000 people": measure(allowed, 20, 20, 10_000, worlds=5, each=40),
        "claim check, 20 tasks, 20 rules of all kinds, 10,000 people": measure(
            allowed, 20, 20, 10_000, worlds=5, each=40, kinds=ALL),
        "resilience to one absence, 10 tasks, 300 people": measure(survives(1), 10, 10, 300, worlds=40, each=3, kinds=ALL),
        "resilience to two absences, 10 tasks, 300 people": measure(survives(2), 10, 10, 300, worlds=40, each=3, kinds=ALL),
        "remedies for a post nobody fills, 10 tasks, 300 people": measure(helps, 10, 10, 300, worlds=20, each=3, kinds=ALL),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
