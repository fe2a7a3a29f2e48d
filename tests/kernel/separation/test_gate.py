"""What the gate says, rule by rule, in small offices where every answer can be seen at a glance."""
from __future__ import annotations

from dataclasses import replace

import pytest

from app.kernel.bpmn.model import Flow, Loop, Node, PostRule, Process, Scope
from app.kernel.separation import (
    Office,
    Rules,
    Undecided,
    allowed,
    blocked,
    candidates,
    may,
    plan,
    satisfiable,
)
from app.kernel.values import dumps, normalise

from .cast import ADA, BOB, CAROL, DORA, cast, facts, person, rule, rules

EXPENSE = rules(
    {"request": "CLERK", "authorise": "HEAD", "audit": "AUDIT"},
    rule("differ", "request authorise audit", "c1", "Rule 12"),
)


def reasons(verdict):
    return [o.constraint for o in verdict.objections]


def test_ada_requests_bob_authorises_dora_audits():
    office = cast()
    assert may(EXPENSE, office, facts("request authorise audit"), "request", ADA).allowed
    done = facts("authorise audit", performed={"request": [ADA]})
    assert may(EXPENSE, office, done, "authorise", BOB).allowed
    done = facts("audit", performed={"request": [ADA], "authorise": [BOB]})
    assert may(EXPENSE, office, done, "audit", DORA).allowed


def test_an_outsider_is_told_which_post_it_takes():
    verdict = may(EXPENSE, cast(), facts("authorise audit", performed={"request": [ADA]}), "authorise", CAROL)
    assert reasons(verdict) == ["post"]
    assert "HEAD" in verdict.objections[0].because.en and "Carol" in verdict.objections[0].because.zh
    assert verdict.objections[0].instead == (BOB,)


def test_who_acted_before_is_refused_with_the_act_the_rule_and_the_clause():
    office = Office.of([person(ADA, "Ada", "CLERK", "HEAD"), person(BOB, "Bob", "HEAD"), person(DORA, "Dora", "AUDIT")])
    verdict = may(EXPENSE, office, facts("authorise audit", performed={"request": [ADA]}), "authorise", ADA)
    (objection,) = verdict.objections
    assert (objection.constraint, objection.kind, objection.basis, objection.node) == ("c1", "differ", "Rule 12", "authorise")
    assert objection.earlier == (("request", ADA),)
    assert objection.instead == (BOB,)
    assert "Ada已办理“Request”" in objection.because.zh and "Rule 12" in objection.because.zh
    assert "Ada has done “Request”" in objection.because.en


def test_an_objection_is_made_of_case_values():
    office = cast()
    verdict = may(EXPENSE, office, facts("authorise audit", performed={"request": [ADA]}), "authorise", DORA)
    told = verdict.objections[0].facts()
    assert dumps(normalise(told)) == dumps(told)
    assert told["later"] == ["audit"] and told["rules"] == ["c1"]


def test_only_the_look_ahead_knows_that_dora_will_be_needed_later():
    """Dora is head and the only auditor: nothing done so far stands against her authorising."""
    office = cast()
    now = facts("authorise audit", performed={"request": [ADA]})
    (objection,) = may(EXPENSE, office, now, "authorise", DORA).objections
    assert objection.constraint == "look-ahead"
    assert objection.later == ("audit",)
    assert objection.rules == ("c1",)
    assert objection.basis == "Rule 12"
    assert objection.instead == (BOB,)
    assert "若由Dora办理“Authorise”，本件后续“Audit”将无人可办" in objection.because.zh
    assert "nobody would be left for “Audit”" in objection.because.en
    assert candidates(EXPENSE, office, now, "authorise") == (BOB,)


def test_a_claim_stands_like_an_act():
    office = Office.of([person(ADA, "Ada", "CLERK", "HEAD"), person(BOB, "Bob", "HEAD"), person(DORA, "Dora", "AUDIT")])
    now = facts("request authorise audit", claimed={"request": [ADA]}, open={"request": 1, "authorise": 1})
    (objection,) = may(EXPENSE, office, now, "authorise", ADA).objections
    assert "已领取" in objection.because.zh and "holds" in objection.because.en


def test_two_claims_each_safe_are_unsafe_together():
    """Bob may take either task, but not both: the second answer must be asked for after the first is written."""
    both = rules({"a": "X", "b": "X", "c": "Y"}, rule("people", "a b c", max="2"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X"), person(3, "C", "Y")])
    now = facts("a b c", open={"a": 1, "b": 1})
    assert allowed(both, office, now, "a", 1) and allowed(both, office, now, "b", 2)
    then = facts("a b c", claimed={"a": [1]}, open={"a": 1, "b": 1})
    assert not allowed(both, office, then, "b", 2)


def test_no_first_claim_is_safe_where_each_path_alone_has_a_plan():
    """t0 {a, b}; then t1 {a} or t2 {b}; t0 differs from both (prototypes/exact_counter.py)."""
    trap = rules({"t0": "T0", "t1": "T1", "t2": "T2"}, rule("differ", "t0 t1", "c1"), rule("differ", "t0 t2", "c2"))
    office = Office.of([person(1, "A", "T0", "T1"), person(2, "B", "T0", "T2")])
    now = facts("t0 t1 t2")
    assert candidates(trap, office, now, "t0") == ()
    assert plan(trap, office, now) is None
    assert blocked(trap, office, facts("t0 t1 t2", open={"t0": 1})) == ("t0",)
    answer = satisfiable(trap, office)
    assert not answer and set(answer.nodes) == {"t0", "t1", "t2"} and set(answer.rules) == {"c1", "c2"}
    assert plan(trap, office, facts("t0 t1")) == {"t0": 2, "t1": 1}


def test_history_is_everybody_who_ever_acted_not_the_latest():
    """Ada requested, the case came back, Dora requested again: Ada is still one who requested."""
    office = Office.of([person(i, n, "CLERK", "HEAD", "AUDIT") for i, n in ((1, "Ada"), (2, "Bob"), (4, "Dora"), (5, "Eve"))])
    now = facts("authorise audit", performed={"request": [ADA, DORA]})
    assert reasons(may(EXPENSE, office, now, "authorise", ADA)) == ["c1"]
    assert candidates(EXPENSE, office, facts("authorise", performed={"request": [ADA, DORA]}), "authorise") == (2, 5)


def test_the_same_person_may_do_the_same_task_again():
    office = cast()
    now = facts("request authorise audit", performed={"request": [ADA], "authorise": [BOB]}, open={"request": 1})
    assert may(EXPENSE, office, now, "request", ADA).allowed


def test_who_left_the_office_still_counts():
    bound = rules(["a", "b"], rule("people", "a b", max="1"))
    assert candidates(bound, cast(), facts("b", performed={"a": [77]}), "b") == ()
    (objection,) = may(bound, cast(), facts("b", performed={"a": [77]}), "b", ADA).objections
    assert objection.constraint == "c1" and objection.earlier == (("a", 77),) and "#77" in objection.because.en


def test_binding_of_duty_gives_the_report_to_who_examined():
    bound = rules({"examine": "X", "report": "X"}, rule("same", "examine report"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X")])
    now = facts("report", performed={"examine": [1]})
    assert candidates(bound, office, now, "report") == (1,)
    (objection,) = may(bound, office, now, "report", 2).objections
    assert objection.kind == "same" and objection.earlier == (("examine", 1),) and objection.instead == (1,)


def test_binding_looks_ahead_to_the_posts_of_all_its_tasks():
    bound = rules({"examine": "X", "report": "Y"}, rule("same", "examine report"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y")])
    assert candidates(bound, office, facts("examine report"), "examine") == (2,)


def test_at_most_two_persons_share_a_case():
    most = rules(["a", "b", "c"], rule("people", "a b c", max="2"))
    now = facts("c", performed={"a": [ADA], "b": [BOB]})
    assert candidates(most, cast(), now, "c") == (ADA, BOB)
    (objection,) = may(most, cast(), now, "c", CAROL).objections
    assert set(objection.earlier) == {("a", ADA), ("b", BOB)}


def test_departments_must_differ_and_so_must_persons():
    apart = rules(["submit", "accept"], rule("departments", "submit accept"))
    office = Office.of([
        person(1, "A", departments={"x"}), person(2, "B", departments={"x", "y"}), person(3, "C", departments={"z"}),
        person(4, "D"),
    ])
    assert candidates(apart, office, facts("accept", performed={"submit": [1]}), "accept") == (3, 4)
    assert candidates(apart, office, facts("accept", performed={"submit": [2]}), "accept") == (3, 4)
    assert candidates(apart, office, facts("accept", performed={"submit": [4]}), "accept") == (1, 2, 3)
    (objection,) = may(apart, office, facts("accept", performed={"submit": [1]}), "accept", 2).objections
    assert objection.kind == "departments" and objection.earlier == (("submit", 1),)


def test_departments_are_looked_ahead_at():
    apart = rules({"a": "A", "b": "B"}, rule("departments", "a b"))
    office = Office.of([
        person(1, "A", "A@x"), person(2, "B", "A@y"), person(3, "C", "B@x"), person(4, "D", "B@x", present=False),
    ])
    assert candidates(apart, office, facts("a b"), "a") == (2,)


@pytest.mark.parametrize("who", ["self", "kin", "interest"])
def test_recusal_covers_oneself_kin_and_declared_interest(who):
    recuse = rules(["verify"], rule("recuse", "*", basis="Art. 12", party="taxpayer"))
    office = Office.of([
        person(1, "A"), person(2, "B", kin=frozenset({1})), person(3, "C", interests=frozenset({"T9"})), person(4, "D"),
    ])
    now = facts("verify", party="T9", party_person=1)
    assert candidates(recuse, office, now, "verify") == (4,)
    (objection,) = may(recuse, office, now, "verify", {"self": 1, "kin": 2, "interest": 3}[who]).objections
    assert objection.kind == "recuse" and objection.basis == "Art. 12"
    assert {"self": "本人", "kin": "近亲属", "interest": "利害关系"}[who] in objection.because.zh.split(";")[-1]


def test_kinship_declared_by_one_side_binds_both():
    office = Office.of([person(1, "A", kin=frozenset({2})), person(2, "B")])
    recuse = rules(["verify"], rule("recuse", "verify", party="taxpayer"))
    assert candidates(recuse, office, facts("verify", party_person=2), "verify") == ()
    assert candidates(recuse, office, facts("verify", party_person=1), "verify") == ()


def test_the_applicant_stands_aside_where_the_rule_says_applicant():
    recuse = rules(["fill", "approve"], rule("recuse", "approve", party="initiator"))
    office = Office.of([person(1, "A"), person(2, "B", kin=frozenset({1})), person(3, "C")])
    assert candidates(recuse, office, facts("fill approve", initiator=1), "fill") == (1, 2, 3)
    assert candidates(recuse, office, facts("approve", initiator=1), "approve") == (3,)


def test_recusal_of_the_applicant_everywhere_leaves_the_application_itself():
    nodes = {
        "s": Node("s", "startEvent", outgoing=("f1",)), "fill": Node("fill", "userTask", incoming=("f1",)),
        "approve": Node("approve", "userTask", incoming=("f2",)),
    }
    flows = {"f1": Flow("f1", "s", "fill"), "f2": Flow("f2", "fill", "approve")}
    recuse = Rules.of(Process("p", "", True, Scope(nodes, flows), constraints=(rule("recuse", "*", party="initiator"),)))
    office = Office.of([person(1, "A"), person(3, "C")])
    assert candidates(recuse, office, facts("fill approve", initiator=1), "fill") == (1, 3)
    assert candidates(recuse, office, facts("approve", initiator=1), "approve") == (3,)


def test_incompatible_posts_are_not_exercised_by_one_person_in_one_case():
    two = rules({"audit": "CW.SH", "pay": "CW.CN"})
    people = [person(1, "A", "CW.SH", "CW.CN"), person(2, "B", "CW.CN")]
    office = Office.of(people, [("CW.CN", "CW.SH", "Accounting law")])
    (objection,) = may(two, office, facts("pay", performed={"audit": [1]}), "pay", 1).objections
    assert objection.constraint == "incompatible" and objection.basis == "Accounting law"
    assert objection.earlier == (("audit", 1),) and objection.instead == (2,)
    assert may(two, Office.of(people), facts("pay", performed={"audit": [1]}), "pay", 1).allowed


def test_incompatibility_with_a_whole_department_is_written_with_a_star():
    office = Office.of([], [("JJ.NS", "CW.*", "§1")])
    assert office.incompatible("CW.KJ", "JJ.NS") == "§1" and office.incompatible("JJ.NS", "CWX") is None


def test_who_is_absent_may_not_act_and_is_not_planned_on():
    office = cast(bob={"present": False})
    now = facts("authorise audit", performed={"request": [ADA]})
    assert "absent" in reasons(may(EXPENSE, office, now, "authorise", BOB))
    assert blocked(EXPENSE, office, facts("authorise audit", performed={"request": [ADA]}, open={"authorise": 1})) == ("authorise",)
    (objection,) = may(EXPENSE, office, now, "authorise", DORA).objections
    assert objection.constraint == "look-ahead" and "现已" in objection.because.zh


def test_a_vacant_post_later_on_is_named():
    office = Office.of([person(ADA, "Ada", "CLERK"), person(BOB, "Bob", "HEAD")])
    (objection,) = may(EXPENSE, office, facts("request authorise audit"), "request", ADA).objections
    assert objection.later == ("audit",) and objection.rules == ()
    assert "AUDIT" in objection.because.en


def test_the_head_is_the_head_of_the_department_the_case_comes_from():
    local = rules({"sign": PostRule("HEAD", "initiator")})
    office = cast()
    assert candidates(local, office, facts("sign", initiator_department="C"), "sign") == (DORA,)
    assert candidates(local, office, facts("sign", initiator_department="A"), "sign") == (BOB,)
    assert candidates(local, office, facts("sign"), "sign") == ()


def test_a_department_named_by_a_field_is_read_when_it_is_known_and_not_before():
    local = rules({"sign": PostRule("HEAD", "unit"), "ask": None}, rule("differ", "ask sign"))
    office = cast()
    assert candidates(local, office, facts("sign", data={"unit": "C"}), "sign") == (DORA,)
    (objection,) = may(local, office, facts("sign"), "sign", BOB).objections
    assert objection.constraint == "post" and "unit" in objection.because.en
    assert may(local, office, facts("ask sign"), "ask", ADA).allowed, "a plan does not wait for the field"


def test_posts_may_be_called_by_name():
    office = Office.of([person(1, "A", "CW.KJ")], names={"记账会计": "CW.KJ"})
    assert candidates(rules({"book": "记账会计"}), office, facts("book"), "book") == (1,)


def test_every_rule_broken_is_listed():
    many = rules(
        {"a": "X", "b": "Y"}, rule("differ", "a b", "c1"), rule("departments", "a b", "c2"), rule("recuse", "b", "c3", party="p"),
    )
    office = Office.of([person(1, "A", "X@d", present=False), person(2, "B", "Y@e")], [("X", "Y", "law")])
    verdict = may(many, office, facts("b", performed={"a": [1]}, party_person=1), "b", 1)
    assert reasons(verdict) == ["post", "absent", "c1", "c2", "c3", "incompatible"]


def test_a_stranger_is_refused_and_an_unknown_task_is_an_error():
    assert reasons(may(EXPENSE, cast(), facts("request"), "request", 99)) == ["post"]
    with pytest.raises(KeyError):
        may(EXPENSE, cast(), facts("request"), "nowhere", ADA)


def test_what_cannot_be_decided_in_time_is_refused():
    hard = rules(dict.fromkeys("abcdef", "X"), rule("people", "a b c d e f", "c1", min="3", max="3"), rule("same", "a f", "c2"))
    office = Office.of([person(i, f"P{i}", "X") for i in range(1, 9)])
    now = facts("a b c d e f", sure="a b c d e f")
    verdict = may(hard, office, now, "a", 1, limit=1)
    assert not verdict.allowed and verdict.undecided and reasons(verdict) == ["undecided"]
    assert not allowed(hard, office, now, "a", 1, limit=1)
    with pytest.raises(Undecided):
        plan(hard, office, now, limit=1)
    assert satisfiable(hard, office, limit=1, sure=now.sure).undecided
    assert may(hard, office, now, "a", 1).allowed


def test_a_rule_the_gate_does_not_know_stops_the_tasks_it_names_and_no_other():
    odd = rules(["a", "b"], rule("levitate", "a", basis="Art. 9"))
    assert [c.kind for c in odd.unsupported] == ["levitate"]
    (objection,) = may(odd, cast(), facts("a b"), "a", ADA).objections
    assert objection.constraint == "c1" and objection.basis == "Art. 9" and "levitate" in objection.because.zh
    assert candidates(odd, cast(), facts("a b"), "a") == () and may(odd, cast(), facts("b"), "b", ADA).allowed


@pytest.mark.parametrize("bad", [
    rule("people", "a", min="two"), rule("rotate", "a", max="often"), rule("collective", "a", quorum="5/0"),
    rule("collective", "a", quorum="all"), rule("collective", "a", quorum="7/6"),
])
def test_a_number_that_is_none_makes_a_rule_that_cannot_be_checked(bad):
    odd = rules(["a", "b"], bad)
    assert odd.unsupported == (bad,) and not allowed(odd, cast(), facts("a b"), "a", ADA)


def test_a_drawn_task_restrains_nobody():
    drawn = rules(["a", "b", "c"], rule("draw", "b"), drawn=["c"])
    assert [drawn.drawn(t) for t in "abc"] == [False, True, True]
    assert may(drawn, cast(), facts("a b c"), "b", ADA).allowed


def test_what_a_return_could_open_is_kept_possible():
    """After a, either b or c. b was chosen; a return may yet choose c, which only Bob can do."""
    way = rules({"a": "A", "b": "B", "c": "C"}, rule("differ", "a b c"))
    office = Office.of([person(1, "A", "A"), person(2, "B", "B", "C"), person(3, "C", "B")])
    forward = facts("b", performed={"a": [1]}, open={"b": 1})
    back = facts("b", performed={"a": [1]}, open={"b": 1}, again=frozenset("abc"))
    assert candidates(way, office, forward, "b") == (2, 3)
    assert candidates(way, office, back, "b") == (3,)
    (objection,) = may(way, office, back, "b", 2).objections
    assert "退回" in objection.because.zh and objection.later == ("c",)


def test_leave_does_not_stop_the_way_forward_for_the_sake_of_a_return():
    way = rules({"a": "A", "b": "B"}, rule("differ", "a b"))
    office = Office.of([person(1, "A", "A", present=False), person(2, "B", "B")])
    now = facts("b", performed={"a": [1]}, open={"b": 1}, again=frozenset("ab"))
    assert candidates(way, office, now, "b") == (2,)


def test_a_plan_names_somebody_for_every_task():
    assert plan(EXPENSE, cast(), facts("request authorise audit")) == {"request": ADA, "authorise": BOB, "audit": DORA}
    assert plan(EXPENSE, cast(), facts("audit", performed={"authorise": [DORA]})) is None


def test_activation_asks_every_department():
    local = rules({"file": PostRule("CLERK", "initiator"), "sign": PostRule("HEAD", "initiator")}, rule("differ", "file sign"))
    answer = satisfiable(local, cast())
    assert answer and answer.without == ("B", "C")
    assert not satisfiable(local, cast(), ADA, "B")
    assert satisfiable(local, cast(), ADA, "A")


def test_a_refused_definition_says_why():
    answer = satisfiable(EXPENSE, Office.of([person(1, "A", "CLERK", "HEAD"), person(4, "D", "AUDIT")]))
    assert not answer and answer.rules == ("c1",) and set(answer.nodes) == {"request", "authorise"}
    assert "Request" in answer.because.en and "须由不同人员" in answer.because.zh


def test_what_may_follow_a_task_is_read_from_the_flows():
    inner = Scope(
        {"is": Node("is", "startEvent", outgoing=("g1",)), "in": Node("in", "userTask", incoming=("g1",))},
        {"g1": Flow("g1", "is", "in")},
    )
    nodes = {
        "s": Node("s", "startEvent", outgoing=("f0",)), "a": Node("a", "userTask", incoming=("f0",), outgoing=("f1",)),
        "x": Node("x", "subProcess", incoming=("f1",), outgoing=("f2",), scope=inner),
        "late": Node("late", "boundaryEvent", attached_to="x", outgoing=("f3",)),
        "b": Node("b", "userTask", incoming=("f2",)), "c": Node("c", "userTask", incoming=("f3",)),
    }
    flows = {f: Flow(f, s, t) for f, s, t in (("f0", "s", "a"), ("f1", "a", "x"), ("f2", "x", "b"), ("f3", "late", "c"))}
    found = Rules.of(Process("p", "", True, Scope(nodes, flows)))
    assert found.after(["a"]) == {"a", "in", "b", "c"} and found.after(["b"]) == {"b"} and found.after(["in"]) >= {"in", "b", "c"}
    assert found.ids(found.first) == ("a",)
    assert found.ids(found.interruptible) == ("in",)


# -- at least r persons -----------------------------------------------------------------------------------------------

TWO = {"inspect": Loop("parallel", cardinality="2")}


def test_two_inspectors_are_two():
    two = rules(["inspect"], rule("people", "inspect", min="2"), loops=TWO)
    office = Office.of([person(1, "A"), person(2, "B")])
    first = facts("inspect", open={"inspect": 2}, instances={"inspect": (None,)})
    assert candidates(two, office, first, "inspect") == (1, 2)
    second = facts("inspect", performed={"inspect": [1]}, open={"inspect": 1}, instances={"inspect": (frozenset({1}),)})
    assert candidates(two, office, second, "inspect") == (2,)
    (objection,) = may(two, office, second, "inspect", 1).objections
    assert objection.constraint == "c1" and objection.earlier == (("inspect", 1),)
    assert plan(two, office, facts("inspect")) in ({"inspect#0": 1, "inspect#1": 2}, {"inspect#0": 2, "inspect#1": 1})


def test_one_inspector_in_the_office_is_too_few_from_the_start():
    two = rules({"inspect": "X"}, rule("people", "inspect", min="2"), loops=TWO)
    answer = satisfiable(two, Office.of([person(1, "A", "X")]))
    assert not answer and answer.rules == ("c1",)


def test_two_inspectors_are_two_in_every_round():
    two = rules(["inspect"], rule("people", "inspect", min="2"), loops=TWO)
    office = Office.of([person(1, "A"), person(2, "B")])
    again = facts("inspect", performed={"inspect": [1, 2]}, open={"inspect": 1}, instances={"inspect": (frozenset({1}),)})
    assert candidates(two, office, again, "inspect") == (2,)
    fresh = facts("inspect", performed={"inspect": [1, 2]}, open={"inspect": 2}, instances={"inspect": (None,)})
    assert candidates(two, office, fresh, "inspect") == (1, 2)


def test_a_sequential_second_inspection_is_kept_in_mind_at_the_first():
    two = rules({"inspect": "X", "sign": "Y"}, rule("people", "inspect", min="2"), rule("differ", "inspect sign", "c2"),
                loops={"inspect": Loop("sequential", cardinality="2")})
    office = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y"), person(3, "C", "X")])
    now = facts("inspect sign", open={"inspect": 1}, instances={"inspect": ()})
    assert candidates(two, office, now, "inspect") == (1, 3)
    alone = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y")])
    assert candidates(two, alone, now, "inspect") == ()


def test_at_least_two_over_separate_tasks_holds_in_every_mix_of_rounds():
    """Ada did a, Bob did b; a came back and Bob asks for it: of the acts that count in the end both could be Bob's."""
    least = rules(["a", "b"], rule("people", "a b", min="2"))
    office = Office.of([person(1, "A"), person(2, "B"), person(3, "C")])
    now = facts("a b", performed={"a": [1], "b": [2]}, open={"a": 1}, sure="a b")
    assert candidates(least, office, now, "a") == (1, 3)


def test_a_task_that_may_not_run_need_not_bring_the_second_person():
    """a and b are sure, c is not: the two persons must be found among a and b."""
    least = rules(["a", "b", "c"], rule("people", "a b c", min="2"))
    office = Office.of([person(1, "A"), person(2, "B")])
    now = facts("b c", performed={"a": [1]}, sure="b")
    assert candidates(least, office, now, "b") == (2,)
    sure = facts("b c", performed={"a": [1]}, sure="b c")
    assert candidates(least, office, sure, "b") == (1, 2)


def test_a_task_that_may_run_must_still_find_its_second_person():
    """a is done by whoever; b may run and is only Bob's: a by Bob would leave b with nobody."""
    least = rules({"a": "X", "b": "Y"}, rule("people", "a b", min="2"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "X", "Y")])
    assert candidates(least, office, facts("a b", sure="a"), "a") == (1,)


def test_a_rule_of_an_unknown_scope_is_not_taken_for_one_within_the_case():
    wider = replace(rule("differ", "a b"), scope="galaxy")
    found = rules(["a", "b", "c"], wider)
    assert found.rules == () and found.unsupported == (wider,)
    assert candidates(found, cast(), facts("a b c"), "a") == () and may(found, cast(), facts("c"), "c", ADA).allowed


def test_a_return_takes_back_what_made_a_task_sure():
    """a, then b and c or nothing. Once on the way, c may bring the second person; a return may yet leave c out."""
    least = rules(["a", "b", "c"], rule("people", "a b c", min="2"))
    office = Office.of([person(1, "A"), person(2, "B")])
    now = facts("b c", performed={"a": [1]}, sure="b c", open={"b": 1})
    assert candidates(least, office, now, "b") == (1, 2)
    assert candidates(least, office, replace(now, again=frozenset("abc"), always=frozenset("a")), "b") == (2,)
