"""Every verdict against a second opinion: the rules as written, handed to a general constraint solver.

The model shares nothing with the gate: no blocks, no shortcuts for those who acted before, ``people min`` by listing
every set of tasks that might run and every way to pick one act per task.
"""
from __future__ import annotations

import os
from copy import copy
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.kernel.bpmn.model import Constraint
from app.kernel.separation import CaseFacts, Office, Person, Rules, allowed, blocked, candidates, may, plan

from .cast import rules

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "60"))
TASKS = "abcde"


@st.composite
def situations(draw) -> tuple[Rules, Office, CaseFacts]:
    tasks = TASKS[: draw(st.integers(2, 5))]
    number = draw(st.integers(1, 6))
    some = st.sets(st.sampled_from(tasks), min_size=min(2, len(tasks)), max_size=4)
    constraints = []
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["differ", "same", "most", "least", "least", "departments", "recuse"]))
        nodes, options = draw(some), {}
        if kind == "most":
            options = {"max": str(draw(st.integers(1, 3)))}
        elif kind == "least":
            options = {"min": str(draw(st.integers(2, 3)))}
        kind = "people" if options else kind
        constraints.append(Constraint(f"c{i}", kind, tuple(sorted(nodes)), options=options))
    posts = draw(st.lists(st.sampled_from("XYZ"), min_size=len(tasks), max_size=len(tasks)))
    people = []
    for p in range(1, number + 1):
        people.append(Person(
            p, f"P{p}", frozenset((q, None) for q in draw(st.sets(st.sampled_from("XYZ"), min_size=1))),
            draw(st.frozensets(st.sampled_from("de"), max_size=2)), draw(st.integers(0, 9)) > 0,
            draw(st.frozensets(st.integers(1, number), max_size=1)) - {p},
        ))
    incompatible = [("X", "Y", "law")] if draw(st.booleans()) and draw(st.booleans()) else []
    past = st.dictionaries(st.sampled_from(tasks), st.frozensets(st.integers(1, number + 1), min_size=1, max_size=2), max_size=3)
    performed = draw(past)
    free = [t for t in tasks if t not in performed] or list(tasks)
    claimed = {t: frozenset({draw(st.integers(1, number))}) for t in draw(st.sets(st.sampled_from(free), max_size=1))}
    reachable = draw(st.frozensets(st.sampled_from(tasks), min_size=1)) | claimed.keys()
    sure = frozenset(draw(st.frozensets(st.sampled_from(sorted(reachable)))))
    facts = CaseFacts(
        performed, claimed, 1, party_person=draw(st.one_of(st.none(), st.integers(1, number))),
        reachable=reachable, sure=sure, open=dict.fromkeys(claimed, 1),
    )
    return rules(dict(zip(tasks, posts, strict=True)), *constraints), Office.of(people, incompatible), facts


class Oracle:
    """The rules as sentences over acts (task, person)."""

    def __init__(self, rules: Rules, office: Office, facts: CaseFacts, task: str | None = None, who: int | None = None):
        self.rules, self.office, self.facts = rules, office, facts
        self.people = {p.id: p for p in office.people}
        self.fixed: dict[str, set[int]] = {t: set(facts.performed.get(t, ())) for t in rules.tasks}
        self.new: set[tuple[str, int]] = set()
        for t, holders in facts.claimed.items():
            if t != task:
                self.fixed[t] |= holders
                self.new |= {(t, h) for h in holders}
        self.new -= {(t, p) for t, ps in facts.performed.items() for p in ps}
        self.asked = (task, who)
        if task is not None:
            self.fixed[task].add(who)
            self.new.add((task, who))
        self.needed = set(facts.reachable) | set(facts.open)

    def eligible(self, task: str, who: int) -> bool:
        person = self.people.get(who)
        if person is None or not person.present:
            return False
        if (self.rules.posts[self.rules.index[task]].code, None) not in person.posts:
            return False
        for rule in self.rules.rules:
            if rule.kind == "recuse" and task in self.rules.ids(rule.mask) and self.facts.party_person is not None:
                party = self.facts.party_person
                if who == party or party in person.kin or who in self.people[party].kin:
                    return False
        return True

    def clash(self, s: str, p: int, t: str, q: int) -> bool:
        """Whether p at s and q at t break a rule about two acts."""
        if s == t:
            return False
        for rule in self.rules.rules:
            nodes = self.rules.ids(rule.mask)
            if s in nodes and t in nodes:
                if rule.kind in ("differ", "departments") and p == q:
                    return True
                if rule.kind == "departments" and p in self.people and q in self.people \
                        and self.people[p].departments & self.people[q].departments:
                    return True
        codes = [self.rules.posts[self.rules.index[x]].code for x in (s, t)]
        return p == q and codes[0] != codes[1] and self.office.incompatible(*codes) is not None

    def settled(self) -> bool:
        """Whether the acts that are certain keep the rules; old breaches among themselves are not anybody's fault."""
        task, who = self.asked
        if task is None:
            return True
        if not self.eligible(task, who):
            return False
        if any(self.clash(task, who, t, q) for t, qs in self.fixed.items() for q in qs):
            return False
        for rule in self.rules.rules:
            most = 1 if rule.kind == "same" else rule.most
            nodes = self.rules.ids(rule.mask)
            if most is not None and task in nodes:
                before = set().union(*(self.fixed[t] - ({who} if t == task else set()) for t in nodes))
                before |= set(self.facts.performed.get(task, ()))
                if len(before | {who}) > most:
                    return False
        return True

    def old_breach(self) -> bool:
        """Whether history alone breaks a ``people min`` rule."""
        for rule in self.rules.rules:
            done = [self.facts.performed[t] for t in self.rules.ids(rule.mask) if self.facts.performed.get(t)]
            if rule.least > 1 and any(len(set(pick)) < min(rule.least, len(pick)) for n in range(1, len(done) + 1)
                                      for some in combinations(done, n) for pick in product(*some)):
                return True
        return False

    def possible(self) -> bool:
        from ortools.sat.python import cp_model

        if not self.settled():
            return False
        model = cp_model.CpModel()
        x = {t: {p: model.new_bool_var(f"{t}{p}") for p in self.people if self.eligible(t, p)} for t in self.needed}
        for t in self.needed:
            model.add_exactly_one(x[t].values())
            for p, one in x[t].items():
                if p not in self.fixed[t] and any(self.clash(t, p, s, q) for s, qs in self.fixed.items() for q in qs):
                    model.add(one == 0)
                if p in self.fixed[t] and any(self.clash(t, p, s, q) for s, qs in self.fixed.items() for q in qs):
                    model.add(one == 0)
        for s, t in combinations(sorted(self.needed), 2):
            for p, q in product(x[s], x[t]):
                if self.clash(s, p, t, q):
                    model.add_bool_or([x[s][p].negated(), x[t][q].negated()])
        for rule in self.rules.rules:
            nodes = self.rules.ids(rule.mask)
            most = 1 if rule.kind == "same" else rule.most
            if most is not None:
                acted = set().union(*(self.fixed[t] for t in nodes))
                used = []
                for p in self.people.keys() - acted:
                    y = model.new_bool_var("")
                    for t in nodes:
                        if p in x.get(t, ()):
                            model.add_implication(x[t][p], y)
                    used.append(y)
                if self.needed & set(nodes):
                    model.add(len(acted) + sum(used) <= most)
            if rule.least > 1:
                self._least(model, x, nodes, rule.least)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        status = solver.solve(model)
        assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE)
        return status != cp_model.INFEASIBLE

    def _least(self, model, x, nodes, least) -> None:
        may_run = [t for t in nodes if self.fixed[t] or t in self.needed]
        certain = {t for t in may_run if self.facts.performed.get(t) or t in self.facts.sure}
        for n in range(len(may_run) + 1):
            for run in combinations(may_run, n):
                if not certain <= set(run):
                    continue
                ways = [[*sorted(self.fixed[t]), *(["plan"] if t in self.needed else [])] for t in run]
                for pick in product(*ways):
                    acts = list(zip(run, pick, strict=True))
                    if not any(p == "plan" or (t, p) in self.new for t, p in acts):
                        continue
                    used = []
                    for p in {q for _, q in acts if q != "plan"} | self.people.keys():
                        literals = [x[t][p] for t, q in acts if q == "plan" and p in x[t]]
                        if any(q == p for _, q in acts):
                            used.append(1)
                        elif literals:
                            y = model.new_bool_var("")
                            model.add_bool_or([y.negated(), *literals])
                            used.append(y)
                    model.add(sum(used) >= min(least, len(run)))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(situations())
def test_every_verdict_agrees_with_an_independent_solver(situation):
    pytest.importorskip("ortools", reason="the second opinion needs ortools (a test dependency)")
    rules, office, facts = situation
    assume(not Oracle(rules, office, facts).old_breach())
    for task in sorted(facts.reachable):
        expected = tuple(p.id for p in office.people if Oracle(rules, office, facts, task, p.id).possible())
        assert candidates(rules, office, facts, task) == expected, task
        for person in office.people:
            verdict = may(rules, office, facts, task, person.id)
            assert verdict.allowed == allowed(rules, office, facts, task, person.id) == (person.id in expected)
            assert bool(verdict.objections) != verdict.allowed and not verdict.undecided
            for objection in verdict.objections:
                assert objection.because.zh and objection.because.en and set(objection.instead) <= set(expected)
    assert (plan(rules, office, facts) is not None) == Oracle(rules, office, facts).possible()
    for task in blocked(rules, office, facts):
        assert candidates(rules, office, facts, task) == ()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(situations(), st.data())
def test_more_history_never_removes_an_objection(situation, data):
    """Whoever was refused stays refused when the case has seen more acts: nothing washes an act away. (A new task done
    may keep a ``people min`` rule that was open before; there, more rounds of what was done count.)"""
    rules, office, facts = situation
    counted = any(r.least > 1 for r in rules.rules)
    tasks = [t for t in rules.tasks if facts.performed.get(t) or not counted]
    assume(tasks)
    task, who = data.draw(st.sampled_from(tasks)), data.draw(st.integers(1, len(office.people)))
    more = {**facts.performed, task: facts.performed.get(task, frozenset()) | {who}}
    later = CaseFacts(more, facts.claimed, facts.initiator, party_person=facts.party_person,
                      reachable=facts.reachable, sure=facts.sure, open=facts.open)
    assume(not Oracle(rules, office, facts).old_breach() and not Oracle(rules, office, later).old_breach())
    for node in facts.reachable:
        if node != task:
            assert set(candidates(rules, office, later, node)) <= set(candidates(rules, office, facts, node))
            for person in office.people:
                before = {o.constraint for o in may(rules, office, facts, node, person.id).objections if o.earlier}
                after = {o.constraint for o in may(rules, office, later, node, person.id).objections}
                if "look-ahead" not in before and not counted:
                    assert before <= after


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(situations())
def test_what_a_look_ahead_blames_is_enough_and_nothing_of_it_can_be_spared(situation):
    pytest.importorskip("ortools", reason="the second opinion needs ortools (a test dependency)")
    rules, office, facts = situation
    assume(not Oracle(rules, office, facts).old_breach())

    def possible(kept, later, asked) -> bool:
        fewer = copy(rules)
        fewer.rules = tuple(r for r in rules.rules if r.id in kept)
        alone = office if "incompatible" in kept else Office.of(office.people)
        return Oracle(fewer, alone, replace(facts, reachable=frozenset(later), open={}), *asked).possible()

    for task in sorted(facts.reachable):
        for person in office.people:
            for objection in may(rules, office, facts, task, person.id).objections:
                if objection.constraint == "look-ahead":
                    kept, later = set(objection.rules), set(objection.later)
                    asked = () if "as things stand" in objection.because.en or "already" in objection.because.en else \
                        (task, person.id)
                    assert not possible(kept, later, asked)
                    for rule in kept:
                        assert possible(kept - {rule}, later, asked)
                    for one in later:
                        assert possible(kept, later - {one}, asked)
