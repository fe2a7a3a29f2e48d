"""How fast the separation gate answers: ``python -m tests.bench.separation``, or ``run()`` from elsewhere.

Random definitions in the manner of the literature on workflow satisfiability (Cohen et al. 2014), random moments of
random cases in them, one question at a time, timed in processor time (the machine may be busy with other things).
"""
from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from time import thread_time

from app.kernel.bpmn.model import Constraint, Node, PostRule, Process, Scope
from app.kernel.separation import CaseFacts, Office, Person, Rules, allowed, candidates, may, plan


def definition(rnd: random.Random, tasks: int, rules: int) -> Rules:
    """``tasks`` user tasks, each with a post of its own, and ``rules`` rules of all kinds over them."""
    names = [f"t{i}" for i in range(tasks)]
    nodes = {n: Node(n, "userTask", name=n, post=PostRule(f"P{i}")) for i, n in enumerate(names)}
    found = []
    for i in range(rules):
        kind = rnd.choice(["differ", "differ", "differ", "differ", "most", "least", "departments", "recuse", "same"])
        scope = rnd.sample(names, 2 if kind in ("departments", "same") else rnd.randint(2, 5))
        options = {"most": {"max": "3"}, "least": {"min": "2"}, "recuse": {"party": "taxpayer"}}.get(kind, {})
        found.append(Constraint(f"c{i}", "people" if kind in ("most", "least") else kind, tuple(scope), options=options))
    return Rules.of(Process("p", "", True, Scope(nodes, {}), constraints=tuple(found)))


def office(rnd: random.Random, tasks: int, people: int) -> Office:
    """Everybody in one department and with a few of the posts."""
    return Office.of(
        Person(
            i, f"P{i}", frozenset((f"P{p}", None) for p in rnd.sample(range(tasks), rnd.randint(1, max(2, tasks // 2)))),
            frozenset({f"D{rnd.randrange(15)}"}),
        )
        for i in range(1, people + 1)
    )


def moments(rnd: random.Random, rules: Rules, office: Office, number: int):
    """``number`` questions (facts, node, person) from cases worked by the gate's own plans."""
    for _ in range(number):
        order = list(rules.tasks)
        done = rnd.randrange(len(order))
        everything = CaseFacts(reachable=frozenset(order), sure=frozenset(order), party="T", party_person=rnd.randint(1, 20))
        whole = plan(rules, office, everything)
        if whole is None:
            continue
        node = order[done]
        facts = CaseFacts(
            {n: frozenset({whole[n]}) for n in order[:done]}, {}, 1, party="T", party_person=everything.party_person,
            reachable=frozenset(order[done:]), sure=frozenset(order[done:]), open={node: 1}, again=frozenset(order),
        )
        holders = office.ids(office.holders(rules.posts[done].code))
        yield facts, node, rnd.choice(holders)


def _quantiles(samples: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100)
    return {"n": len(samples), "median_ms": round(cuts[49], 4), "p99_ms": round(cuts[98], 4), "max_ms": round(max(samples), 4)}


def measure(ask: Callable[..., object], tasks: int, rules: int, people: int, *, worlds: int, each: int) -> dict[str, float]:
    """Quantiles of one question in milliseconds, the preparation per definition and office not included."""
    rnd, samples = random.Random(7), []
    for _ in range(worlds):
        rule_set, staff = definition(rnd, tasks, rules), office(rnd, tasks, people)
        for facts, node, person in moments(rnd, rule_set, staff, each):
            began = thread_time()
            ask(rule_set, staff, facts, node, person)
            samples.append((thread_time() - began) * 1000)
    return _quantiles(samples)


def run() -> dict[str, dict[str, float]]:
    """All figures, by what was asked."""
    listed = lambda rules, office, facts, node, person: candidates(rules, office, facts, node)
    return {
        "claim check, 10 tasks, 10 rules, 300 people": measure(allowed, 10, 10, 300, worlds=60, each=60),
        "claim check, 10 tasks, 10 rules, 30 people": measure(allowed, 10, 10, 30, worlds=60, each=60),
        "verdict with reasons, 10 tasks, 10 rules, 300 people": measure(may, 10, 10, 300, worlds=40, each=40),
        "candidates, 10 tasks, 10 rules, 300 people": measure(listed, 10, 10, 300, worlds=20, each=20),
        "claim check, 20 tasks, 20 rules, 10,000 people": measure(allowed, 20, 20, 10_000, worlds=5, each=40),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
