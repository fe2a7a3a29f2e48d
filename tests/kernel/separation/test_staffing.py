"""What a definition demands of an office: contradictions, how many may be away, and what helps a stalled case."""
from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest

from app.kernel.bpmn.model import PostRule
from app.kernel.separation import (
    CaseFacts,
    Office,
    Proxy,
    Step,
    contradiction,
    plan,
    remedies,
    resilience,
    satisfiable,
)

from .cast import facts, person, rule, rules
from .test_oracle import deputies

EXPENSE = rules({"ask": "CLERK", "pay": "CASHIER"}, rule("differ", "ask pay", "c1", "Rule 12"))


# -- contradictions ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("tasks", "constraints", "guilty", "nodes"), [
    ("ab", [rule("differ", "a b", "c1"), rule("same", "a b", "c2")], {"c1", "c2"}, {"a", "b"}),
    ("abcd", [rule("same", "a b", "c1"), rule("same", "b c", "c2"), rule("departments", "a c d", "c3"),
              rule("people", "a b c d", "c4", max="3")], {"c1", "c2", "c3"}, {"a", "b", "c"}),
    ("abc", [rule("people", "a b c", "c1", max="2"), rule("differ", "a b c", "c2")], {"c1", "c2"}, {"a", "b", "c"}),
    ("abc", [rule("people", "a b c", "c1", max="1"), rule("people", "a b c", "c2", min="2")], {"c1", "c2"}, None),
    ("ab", [rule("senior", "", "c1", lower="a", upper="b"), rule("senior", "", "c2", lower="b", upper="a")], {"c1", "c2"}, {"a", "b"}),
    ("abc", [rule("senior", "", "c1", lower="a", upper="b"), rule("senior", "", "c2", lower="b", upper="c"),
             rule("same", "a c", "c3")], {"c1", "c2", "c3"}, {"a", "b", "c"}),
    ("a", [rule("senior", "", "c1", lower="a", upper="a")], {"c1"}, {"a"}),
    ("ab", [rule("collective", "a", "c1", quorum="3"), rule("people", "a b", "c2", max="2")], {"c1", "c2"}, {"a"}),
])
def test_rules_that_no_office_could_keep_are_found_and_no_others_are_named(tasks, constraints, guilty, nodes):
    answer = contradiction(rules(dict.fromkeys(tasks, "X"), *constraints, rule("differ", "", "idle")))
    assert not answer and set(answer.rules) == guilty
    assert nodes is None or set(answer.nodes) == nodes
    assert "无论" in answer.because.zh and "however large" in answer.because.en


@pytest.mark.parametrize("constraints", [
    [rule("differ", "a b c d"), rule("people", "a b c d", "c2", min="4")],
    [rule("senior", "", "c1", lower="a", upper="b"), rule("senior", "", "c2", lower="b", upper="c d")],
    [rule("collective", "a", "c1", quorum="9"), rule("differ", "a b", "c2")],
    [rule("recuse", "*", party="taxpayer"), rule("rotate", "a", "c2", max="1"), rule("same", "b c", "c3")],
])
def test_what_a_large_office_can_keep_is_no_contradiction(constraints):
    assert contradiction(rules({"a": PostRule("X", "initiator"), "b": PostRule("Y", "unit"), "c": None, "d": "Z"}, *constraints))


# -- resilience -------------------------------------------------------------------------------------------------------

def office(clerks: int, cashiers: int, both: int = 0) -> Office:
    posts = [("CLERK",)] * clerks + [("CASHIER",)] * cashiers + [("CLERK", "CASHIER")] * both
    return Office.of(person(i, f"P{i}", *held) for i, held in enumerate(posts, start=1))


def test_what_cannot_be_worked_is_below_zero():
    assert resilience(EXPENSE, office(1, 0)).level == -1
    assert resilience(EXPENSE, office(1, 0)).posts == {"CLERK": 0, "CASHIER": 0}


def test_the_only_cashier_must_not_fall_ill():
    found = resilience(EXPENSE, office(3, 1))
    assert (found.level, found.critical, found.posts) == (0, ((4,),), {"CLERK": 2, "CASHIER": 0})


def test_of_two_cashiers_one_may_be_away():
    found = resilience(EXPENSE, office(3, 2))
    assert (found.level, found.critical, found.posts) == (1, ((4, 5),), {"CLERK": 2, "CASHIER": 1})
    assert resilience(EXPENSE, office(3, 2), depth=1).level == 1 and resilience(EXPENSE, office(3, 3)).level == 2


def test_a_rule_may_need_people_of_different_posts_together():
    """Ada and Bob hold both posts: neither alone is missed, but with one of them away the other cannot do both."""
    found = resilience(EXPENSE, office(0, 0, both=2))
    assert (found.level, found.critical) == (0, ((1,), (2,)))


def test_a_deputy_makes_an_office_more_resilient():
    people = [person(1, "A", "CLERK"), person(2, "B", "CLERK"), person(3, "C", "CASHIER")]
    assert resilience(EXPENSE, Office.of(people)).critical == ((3,), (1, 2))
    lent = Office.of([*people, person(4, "D", proxies=(Proxy(3),))])
    assert resilience(EXPENSE, lent).critical == ((1, 2), (3, 4))


def test_every_department_that_can_be_worked_from_must_stay_so():
    local = rules({"sign": PostRule("HEAD", "initiator")})
    three = Office.of([person(1, "A", "HEAD@a"), person(2, "B", "HEAD@b"), person(3, "C", "HEAD@b"), person(4, "D", "DRIVER@c")])
    assert resilience(local, three).critical == ((1,), (2, 3))
    assert resilience(local, three, department="b").level == 1


def test_what_was_not_decided_in_time_counts_as_broken_and_says_so():
    hard = rules(dict.fromkeys("abcdef", "X"), rule("people", "a b c d e f", "c1", min="3", max="3"), rule("same", "a f", "c2"))
    big = Office.of([person(i, f"P{i}", "X") for i in range(1, 9)])
    found = resilience(hard, big, sure=frozenset("abcdef"), limit=1)
    assert found.undecided and found.level == -1


def test_resilience_agrees_with_asking_about_every_absence():
    """Against the plain question, asked of an office made anew without them."""
    seen = set()
    for seed in range(60):
        definition, staff, _ = deputies(seed)
        staff = Office.of([replace(p, present=True) for p in staff.people], staff._incompatible)
        sure = frozenset(definition.tasks)
        found = resilience(definition, staff, sure=sure)
        seen.add(found.level)
        broken = [
            ids for n in (0, 1, 2) for ids in combinations(sorted(staff.index), n)
            if not satisfiable(definition, staff.without(ids), sure=sure)
        ]
        minimal = tuple(ids for ids in broken if not any(set(other) < set(ids) for other in broken))
        assert found.critical == (() if () in broken else minimal), seed
        assert found.level == (-1 if () in broken else min((len(ids) - 1 for ids in broken), default=2))
        for post, number in found.posts.items():
            holders = staff.ids(staff.holders(post))
            fit = [n for n in range(3) if n <= len(holders) and all(
                satisfiable(definition, staff.without(ids), sure=sure) for ids in combinations(holders, n))]
            assert number == (max(fit) if fit else 0), (seed, post)
    assert seen >= {-1, 0, 1}


# -- remedies ---------------------------------------------------------------------------------------------------------

def test_a_case_that_can_go_on_needs_no_remedy():
    assert remedies(EXPENSE, office(1, 1), facts("ask pay")) == ()


def test_a_stalled_case_is_told_who_could_return_who_could_fill_in_and_where_one_more_would_help():
    people = Office.of([
        person(1, "Ada", "CLERK@a"), person(2, "Carl", "CASHIER@b", present=False), person(3, "Eve", "DRIVER@b"),
        person(4, "Fay", "GUARD@b"), person(5, "Gus", "DRIVER@c"),
    ], [("CASHIER", "GUARD", "law")])
    now = facts("pay", performed={"ask": [1]}, open={"pay": 1})
    found = remedies(EXPENSE, people, now)
    assert [r.steps for r in found] == [
        (Step("return", 2),), (Step("proxy", 3, principal=2),), (Step("appoint", post="CASHIER"),),
        (Step("proxy", 5, principal=2),),
    ], "Eve is of Carl's department; Ada has done the other task; Fay's post is incompatible"
    assert found[0].text == ("请Carl返岗", "have Carl return to work")
    assert "Eve" in found[1].text.zh and "CASHIER" in found[2].text.en
    assert found == remedies(EXPENSE, people, now)


def test_one_who_is_barred_is_not_asked_back():
    people = Office.of([person(1, "A", "CLERK"), person(2, "C", "CASHIER", present=False)])
    assert [r.steps for r in remedies(EXPENSE, people, facts("pay", performed={"ask": [2]}))] == [
        (Step("appoint", post="CASHIER"),)
    ]


def test_pairs_only_where_no_single_step_does():
    people = Office.of([person(1, "A", "CLERK", present=False), person(2, "C", "CASHIER", present=False)])
    found = remedies(EXPENSE, people, facts("ask pay"))
    assert found and all(len(r.steps) == 2 for r in found) and len(found) <= 10
    assert found[0].steps == (Step("return", 1), Step("return", 2))
    assert "并" in found[0].text.zh and " and " in found[0].text.en


def test_two_more_of_the_same_post_where_two_are_lacking():
    two = rules({"a": "X", "b": "X"}, rule("differ", "a b"))
    (only,) = remedies(two, Office.of([person(1, "A", "Y")]), facts("a b"))
    assert only.steps == (Step("appoint", post="X"),) * 2


def test_an_appointment_is_to_the_department_of_the_case():
    local = rules({"sign": PostRule("HEAD", "initiator")})
    (only,) = remedies(local, Office.of([person(1, "A", "HEAD@b")]), facts("sign", initiator_department="a"))
    assert only.steps == (Step("appoint", post="HEAD", department="a"),) and "“a”" in only.text.zh


def test_what_nobody_can_help_has_no_remedy():
    never = rules(dict.fromkeys("ab", "X"), rule("differ", "a b"), rule("same", "a b", "c2"))
    assert remedies(never, office(1, 1), facts("a b")) == ()


def test_every_remedy_does_what_it_says():
    """Taken in an office made anew, each gives the case a plan, and no part of it alone does."""
    helped = set()
    for seed in range(80):
        definition, staff, now = deputies(seed)
        for remedy in remedies(definition, staff, now):
            helped.add((len(remedy.steps), remedy.steps[0].kind))
            assert _helps(definition, staff, remedy.steps, now), (seed, remedy)
            if len(remedy.steps) == 2:
                assert not any(_helps(definition, staff, (step,), now) for step in remedy.steps), (seed, remedy)
    assert {n for n, _ in helped} == {1, 2} and {kind for _, kind in helped} == {"return", "proxy", "appoint"}


def _helps(definition, staff: Office, steps: tuple[Step, ...], now: CaseFacts) -> bool:
    """Whether there is a plan once the steps are taken; who is appointed may be of any seniority."""
    ranks = {r + d for p in staff.people for r in (p.rank,) for d in (-1, 0, 1)}
    for some in product(ranks, repeat=sum(step.kind == "appoint" for step in steps)):
        people, new = {p.id: p for p in staff.people}, iter(some)
        for n, step in enumerate(steps, start=100):
            if step.kind == "return":
                people[step.person] = replace(people[step.person], present=True)
            elif step.kind == "proxy":
                one = people[step.person]
                people[step.person] = replace(one, proxies=(*one.proxies, Proxy(step.principal)))
            else:
                people[n] = person(n, "new", step.post, rank=next(new))
        if plan(definition, Office.of(people.values(), staff._incompatible), now) is not None:
            return True
    return False
