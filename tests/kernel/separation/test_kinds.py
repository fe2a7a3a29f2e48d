"""Seniority, rotation, walls between processes, bodies, scopes and releases, recusal found in the case, overrides."""
from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from app.kernel.separation import Office, allowed, blocked, candidates, may, plan

from .cast import facts, person, rule, rules


def reasons(verdict):
    return [o.constraint for o in verdict.objections]


def everybody(*names: str, **more) -> Office:
    return Office.of(person(i, n, "X", **more) for i, n in enumerate(names, start=1))


def ranked(*ranks: int) -> Office:
    return Office.of(person(i, f"P{i}", "X", rank=rank) for i, rank in enumerate(ranks, start=1))


# -- senior -----------------------------------------------------------------------------------------------------------

PREPARE = rules({"prepare": "X", "approve": "X"}, rule("senior", "", "s", "Art. 5", lower="prepare", upper="approve"))


def test_who_approves_is_senior_to_who_prepared():
    office = ranked(1, 2, 2, 3)
    now = facts("approve", performed={"prepare": [2]})
    assert candidates(PREPARE, office, now, "approve") == (4,)
    (objection,) = may(PREPARE, office, now, "approve", 3).objections
    assert (objection.constraint, objection.kind, objection.basis) == ("s", "senior", "Art. 5")
    assert objection.earlier == (("prepare", 2),) and objection.instead == (4,)
    assert "职级须高于" in objection.because.zh and "must be senior to" in objection.because.en


def test_nobody_approves_their_own_draft_and_an_upper_act_bounds_a_lower_one():
    office = ranked(1, 2, 3)
    assert reasons(may(PREPARE, office, facts("approve", performed={"prepare": [3]}), "approve", 3)) == ["s"]
    assert candidates(PREPARE, office, facts("prepare", performed={"approve": [2]}), "prepare") == (1,)


def test_the_most_senior_person_is_kept_for_the_upper_task():
    office = ranked(1, 2, 2)
    now = facts("prepare approve")
    assert candidates(PREPARE, office, now, "prepare") == (1,)
    assert "look-ahead" in reasons(may(PREPARE, office, now, "prepare", 2))
    assert candidates(PREPARE, ranked(2, 2), now, "prepare") == ()


def test_a_cut_between_the_ranks_serves_many_lower_and_upper_tasks():
    many = rules(
        dict.fromkeys("abcd", "X"), rule("senior", "", "s", lower="a b", upper="c d"), rule("differ", "a b c d", "d"),
    )
    assert plan(many, ranked(1, 2, 3, 4), facts("a b c d")) is not None
    assert plan(many, ranked(1, 2, 2, 2), facts("a b c d")) is None
    assert candidates(many, ranked(1, 2, 3, 4), facts("a b c d"), "a") == (1, 2)


# -- rotate, apart, recused -------------------------------------------------------------------------------------------

def test_rotation_is_read_and_keeps_out_whom_the_case_room_names():
    rotate = rules({"verify": "X", "sign": "X"}, rule("rotate", "verify", "r", "Rule 7", party="taxpayer", max="2", months="24"))
    one = rotate.rule("r")
    assert (one.times, one.months, rotate.party_nodes) == (2, 24, {"verify"})
    now = facts("verify sign", barred={"r": frozenset({1})})
    assert candidates(rotate, everybody("A", "B"), now, "verify") == (2,)
    (objection,) = may(rotate, everybody("A", "B"), now, "verify", 1).objections
    assert objection.kind == "rotate" and "24个月" in objection.because.zh and "2 times" in objection.because.en
    assert candidates(rotate, everybody("A", "B"), now, "sign") == (1, 2)


def test_a_wall_between_processes_names_where_it_looks():
    wall = rules({"hear": "X"}, rule("apart", "hear", "w", party="taxpayer", **{"from": "collection/collect audit/visit"}))
    assert wall.rule("w").sources == (("collection", "collect"), ("audit", "visit"))
    now = facts("hear", barred={"w": frozenset({2})})
    (objection,) = may(wall, everybody("A", "B"), now, "hear", 2).objections
    assert "collection/collect" in objection.because.en and objection.instead == (1,)


def test_who_was_found_biased_does_nothing_more_in_the_case_and_is_not_planned_on():
    two = rules({"a": "X", "b": "Y"}, rule("differ", "a b"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y"), person(3, "C", "Y")])
    now = facts("a b", recused=frozenset({3}))
    assert candidates(two, office, now, "a") == (1,), "only B is left for b"
    (objection,) = may(two, office, now, "b", 3).objections
    assert objection.constraint == "recused" and objection.instead == (2,)


def test_a_post_whose_holders_all_stand_aside_is_not_called_vacant():
    one = rules({"a": "X", "b": "Y"})
    office = Office.of([person(1, "A", "X"), person(2, "B", "Y")])
    (objection,) = may(one, office, facts("a b", recused=frozenset({2})), "a", 1).objections
    assert "均须回避" in objection.because.zh and "stand aside" in objection.because.en


# -- bodies -----------------------------------------------------------------------------------------------------------

BODY = rules({"propose": "X", "decide": "M"}, rule("collective", "decide", "b", "Charter", quorum="2/3", chairLast="true"),
             rule("differ", "propose decide", "d"))


def body(*more) -> Office:
    return Office.of([person(1, "A", "M"), person(2, "B", "M"), person(3, "C", "M"), *more])


def test_a_body_is_read_with_its_quorum():
    found = BODY.collective("decide")
    assert (found.quorum, found.majority, found.chair_last) == (Fraction(2, 3), Fraction(1, 2), True)
    assert [found.needed(n) for n in (0, 1, 3, 4, 9)] == [2, 2, 2, 3, 6]
    number = rules(["d"], rule("collective", "d", quorum="5", majority="2/3")).collective("d")
    assert number.needed(3) == 5 and number.majority == Fraction(2, 3) and BODY.collective("propose") is None


def test_a_quorum_is_kept_for_the_session():
    """Two of three must vote. A is a clerk too: the one member who may propose, for B and C suffice; not both may."""
    office = body(person(4, "D", "X"))
    office = Office.of([*office.people[1:], person(1, "A", "M", "X")])
    assert candidates(BODY, office, facts("propose decide"), "propose") == (1, 4)
    away = Office.of([person(1, "A", "M", "X"), person(2, "B", "M", present=False), person(3, "C", "M"), person(4, "D", "X")])
    assert candidates(BODY, away, facts("propose decide"), "propose") == (4,)
    (objection,) = may(BODY, away, facts("propose decide"), "propose", 1).objections
    assert set(objection.rules) == {"b", "d"} and "Charter" in objection.basis and "由集体" in objection.because.zh


def test_votes_cast_count_towards_the_quorum_and_nobody_votes_twice():
    one = facts("decide", open={"decide": 1}, performed={"decide": [1]}, instances={"decide": (frozenset({1}),)})
    assert candidates(BODY, body(), one, "decide") == (2, 3)
    (objection,) = may(BODY, body(), one, "decide", 1).objections
    assert objection.constraint == "b" and "voted" in objection.because.en
    short = Office.of([person(1, "A", "M"), person(2, "B", "M"), person(3, "C", "M", present=False)])
    assert candidates(BODY, short, one, "decide") == (2,)
    gone = Office.of([person(1, "A", "M"), person(2, "B", "M", present=False), person(3, "C", "M", present=False)])
    assert blocked(BODY, gone, one) == ("decide",) and plan(BODY, gone, one) is None


def test_a_new_session_needs_its_quorum_again_and_the_same_members_may_come():
    again = facts("decide", open={"decide": 1}, performed={"decide": [1, 2]})
    assert candidates(BODY, body(), again, "decide") == (1, 2, 3)
    assert set(plan(BODY, body(), again)) == {"decide#0", "decide#1"}


def test_the_body_is_no_smaller_for_those_who_must_stand_aside():
    assert plan(BODY, body(), facts("decide", recused=frozenset({3}))) is not None
    assert plan(BODY, body(), facts("decide", recused=frozenset({2, 3}))) is None


def test_two_bodies_cannot_decide_one_node():
    twice = rules(["d"], rule("collective", "d", "b1", quorum="1"), rule("collective", "d", "b2", quorum="2"))
    assert [c.id for c in twice.unsupported] == ["b2"] and not allowed(twice, everybody("A", "B"), facts("d"), "d", 1)


# -- scope and release ------------------------------------------------------------------------------------------------

def scoped(kind: str, nodes: str, scope: str, **options: str):
    return rules(dict.fromkeys("abc", "X"), replace(rule(kind, nodes, **options), scope=scope))


def test_a_rule_of_the_latest_round_counts_what_it_is_told_to():
    latest = scoped("differ", "a b", "iteration")
    now = facts("b", performed={"a": [1, 2]}, counted={"c1": {"a": frozenset({2})}})
    assert candidates(latest, everybody("A", "B", "C"), now, "b") == (1, 3)
    assert latest.scoped("iteration") == latest.rules and latest.party_nodes == frozenset()
    (objection,) = may(latest, everybody("A", "B", "C"), now, "b", 2).objections
    assert "最近一次" in objection.because.zh and objection.earlier == (("a", 2),)


def test_a_rule_about_the_party_counts_other_cases_and_says_so():
    party = scoped("differ", "a b", "party")
    assert party.party_nodes == {"a", "b"}
    now = facts("b", counted={"c1": {"a": frozenset({1})}})
    (objection,) = may(party, everybody("A", "B"), now, "b", 1).objections
    assert "其他办件" in objection.because.zh and "another case" in objection.because.en
    assert candidates(party, everybody("A", "B"), now, "b") == (2,)


@pytest.mark.parametrize(("kind", "options", "counted", "able"), [
    ("same", {}, {"a": {1}}, (1,)), ("people", {"max": "2"}, {"a": {1}, "c": {3}}, (1, 3)),
    ("departments", {}, {"a": {2}}, (1, 3)),
])
def test_every_kind_that_has_a_scope_counts_its_own_acts(kind, options, counted, able):
    of_its_own = scoped(kind, "a b c", "party", **options)
    office = Office.of(person(i, f"P{i}", "X", departments={f"d{i}"}) for i in (1, 2, 3))
    now = facts("b", performed={"a": [3]}, counted={"c1": {n: frozenset(p) for n, p in counted.items()}})
    assert candidates(of_its_own, office, now, "b") == able


def test_what_was_released_no_longer_counts_and_an_act_held_since_does():
    freed = rules(dict.fromkeys("ab", "X"), rule("differ", "a b"), rule("release", "", "r1", constraint="c1", at="Event_reopened"))
    (release,) = freed.releases
    assert (release.rule, release.at) == ("c1", "Event_reopened")
    office = everybody("A", "B")
    assert candidates(freed, office, facts("b", performed={"a": [1]}, counted={"c1": {}}), "b") == (1, 2)
    held = facts("b", performed={"a": [1]}, claimed={"a": [2]}, open={"a": 1, "b": 1}, counted={"c1": {}})
    assert candidates(freed, office, held, "b") == (1,)


def test_doing_again_what_a_released_rule_forgot_is_a_new_act():
    """Ada did a, and a and b may come again. The rule has forgotten her: b by Ada and a by Ada do not go together."""
    freed = rules({"a": "X", "b": "Y"}, rule("differ", "a b"))
    office = Office.of([person(1, "A", "X", "Y")])
    now = facts("a b", performed={"a": [1]}, counted={"c1": {}})
    assert plan(freed, office, now) is None and candidates(freed, office, now, "a") == ()


# -- overrides --------------------------------------------------------------------------------------------------------

def test_an_override_binds_others_and_leaves_the_rest_of_the_case_its_plan():
    """At most two persons; a third was let in in an emergency. The three go on, a fourth may not."""
    most = rules(dict.fromkeys("abcd", "X"), rule("people", "a b c d", max="2"))
    done = {"a": [1], "b": [2], "c": [3]}
    office = everybody("A", "B", "C", "D")
    assert candidates(most, office, facts("d", performed=done), "d") == (), "broken, and nobody answers for it"
    over = facts("d", performed=done, overridden={"c": frozenset({3})})
    assert candidates(most, office, over, "d") == (1, 2, 3)
    assert reasons(may(most, office, over, "d", 4)) == ["c1"]


def test_an_override_that_used_up_the_last_person_does_not_stop_the_way_to_the_other_tasks():
    """Bob was the only one left for b, and was let do a: b waits for another override, c goes on, and not to Bob."""
    trap = rules({"a": "X", "b": "Y", "c": "X"}, rule("differ", "a b c"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y")])
    now = facts("b c", performed={"a": [2]}, open={"b": 1, "c": 1})
    assert candidates(trap, office, now, "c") == ()
    over = replace(now, overridden={"a": frozenset({2})})
    assert candidates(trap, office, over, "c") == (1,) and blocked(trap, office, over) == ("b",)
    assert reasons(may(trap, office, over, "c", 2)) == ["c1"]


def test_while_there_is_a_plan_an_override_binds_like_any_act():
    way = rules({"a": "X", "b": "Y", "c": "Y"}, rule("differ", "a b c"))
    office = Office.of([person(1, "A", "X", "Y"), person(2, "B", "Y"), person(3, "C", "Y")])
    over = facts("b c", performed={"a": [1]}, overridden={"a": frozenset({1})})
    assert candidates(way, office, over, "b") == (2, 3)
    assert reasons(may(way, office, over, "b", 1)) == ["c1"]


# -- what a rule says of itself ---------------------------------------------------------------------------------------

def test_a_rule_says_what_becomes_of_what_it_blocks():
    two = rules(["a", "b"], replace(rule("differ", "a b"), on_block="escalate"), rule("same", "a b", "c2"))
    assert [two.on_block(id) for id in ("c1", "c2", "incompatible")] == ["escalate", "refuse", "refuse"]


def test_records_merged_into_one_person_are_one_person():
    two = rules({"a": "X", "b": "X"}, rule("differ", "a b"), rule("recuse", "b", "r", party="taxpayer"))
    office = Office.of([person(1, "A", "X", also=frozenset({7})), person(2, "B", "X", kin=frozenset({7})), person(3, "C", "X")])
    now = facts("b", performed={"a": [7]})
    assert candidates(two, office, now, "b") == (2, 3)
    assert reasons(may(two, office, now, "b", 7)) == ["c1"] and office.name(7) == "A"
    assert candidates(two, office, facts("b", party_person=7), "b") == (3,), "kin of either record are kin"
    with pytest.raises(ValueError, match="merged"):
        Office.of([person(1, "A", also=frozenset({2})), person(2, "B")])


def test_an_office_without_some_people_keeps_their_past():
    two = rules({"a": "X", "b": "X"}, rule("differ", "a b"))
    office = everybody("A", "B", "C").without([2])
    assert candidates(two, office, facts("b", performed={"a": [2]}), "b") == (1, 3)
    assert reasons(may(two, office, facts("a b"), "a", 2)) == ["absent"]
