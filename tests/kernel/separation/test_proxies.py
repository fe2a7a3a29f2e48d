"""Acting in somebody's place (separation.md §4): both are bound, and plans count on deputies."""
from __future__ import annotations

from app.kernel.bpmn.model import Loop, PostRule
from app.kernel.separation import Office, Proxy, allowed, blocked, candidates, may, plan, satisfiable, seats

from .cast import facts, person, rule, rules

PAY = rules({"ask": "CLERK", "pay": "CASHIER"}, rule("differ", "ask pay", "c1", "Rule 12"))


def reasons(verdict):
    return [o.constraint for o in verdict.objections]


def bureau(*proxies: Proxy, present: bool = False, incompatible=(), **eve) -> Office:
    """Ada and Bob are clerks, Carl the cashier, away; Eve is a driver with ``proxies``."""
    return Office.of([
        person(1, "Ada", "CLERK"), person(2, "Bob", "CLERK"), person(3, "Carl", "CASHIER", present=present),
        person(5, "Eve", "DRIVER", proxies=proxies, **eve),
    ], incompatible)


def test_a_delegate_acts_in_the_place_of_an_absent_principal():
    office = bureau(Proxy(3))
    now = facts("pay", performed={"ask": [1]}, open={"pay": 1})
    assert candidates(PAY, office, now, "pay") == () and seats(PAY, office, now, "pay") == ((5, 3),)
    assert may(PAY, office, now, "pay", 5, behalf=3).allowed and not allowed(PAY, office, now, "pay", 5)
    assert blocked(PAY, office, now) == () and plan(PAY, office, now) == {"pay": (5, 3)}
    assert satisfiable(PAY, office) and not satisfiable(PAY, bureau())


def test_also_while_the_principal_is_there():
    assert seats(PAY, bureau(Proxy(3), present=True), facts("pay", performed={"ask": [1]}), "pay") == ((5, 3),)


def test_the_delegates_own_past_stands_against_it():
    verdict = may(PAY, bureau(Proxy(3)), facts("pay", performed={"ask": [5]}), "pay", 5, behalf=3)
    (objection,) = verdict.objections
    assert (objection.constraint, objection.whom, objection.earlier) == ("c1", 5, (("ask", 5),))
    assert "Eve本人亦须遵守" in objection.because.zh and "Eve remains bound in person" in objection.because.en
    assert objection.facts()["whom"] == 5


def test_the_principals_past_stands_against_it():
    """The hole in other products: a principal who may not, lends the post to somebody who has done nothing yet."""
    verdict = may(PAY, bureau(Proxy(3)), facts("pay", performed={"ask": [3]}), "pay", 5, behalf=3)
    (objection,) = verdict.objections
    assert (objection.constraint, objection.whom, objection.earlier) == ("c1", 3, (("ask", 3),))
    assert "视同Carl本人办理" in objection.because.zh and "counts as Carl's own act" in objection.because.en


def test_an_act_of_two_bars_both_afterwards():
    review = rules({"pay": "CASHIER", "review": None}, rule("differ", "pay review"))
    done = facts("review", performed={"pay": [3, 5]})
    assert candidates(review, bureau(Proxy(3), present=True), done, "review") == (1, 2)


def test_a_proxy_reaches_no_further_than_its_posts_and_processes():
    now = facts("pay", performed={"ask": [1]})
    assert seats(PAY, bureau(Proxy(3, frozenset({"CASHIER"}), frozenset({"p"}))), now, "pay") == ((5, 3),)
    for narrow in (Proxy(3, frozenset({"CLERK"})), Proxy(3, None, frozenset({"leave"}))):
        assert reasons(may(PAY, bureau(narrow), now, "pay", 5, behalf=3)) == ["proxy"]
    assert may(PAY, bureau(), now, "pay", 5, behalf=3, by_proxy=False).allowed, "the case itself delegated the item"


def test_a_work_item_the_case_itself_lent_is_in_good_hands_while_it_is_held():
    held = facts("pay ask", claimed={"pay": [3, 5]}, open={"pay": 1, "ask": 1})
    assert candidates(PAY, bureau(), held, "ask") == (1, 2) and plan(PAY, bureau(), held)["pay"] == (5, 3)
    assert plan(PAY, bureau().without([5]), held) is None


def test_a_proxy_may_call_a_post_by_name():
    office = Office.of(
        [person(1, "A", "CW.CN", present=False), person(2, "B", proxies=(Proxy(1, frozenset({"出纳"})),))],
        names={"出纳": "CW.CN"},
    )
    assert seats(rules({"pay": "CW.CN"}), office, facts("pay"), "pay") == ((2, 1),)


def test_nobody_hands_on_what_was_only_lent():
    """Ada acts for Bob, Bob for Carl: that does not make Ada act for Carl, nor in Bob's borrowed post."""
    office = Office.of([
        person(1, "Ada", proxies=(Proxy(2),)), person(2, "Bob", proxies=(Proxy(3),), present=False),
        person(3, "Carl", "CASHIER", present=False),
    ])
    one = rules({"pay": "CASHIER"})
    assert seats(one, office, facts("pay"), "pay") == ()
    assert reasons(may(one, office, facts("pay"), "pay", 1, behalf=3)) == ["proxy"]
    (objection,) = may(one, office, facts("pay"), "pay", 1, behalf=2).objections
    assert objection.constraint == "post" and objection.whom == 2


def test_an_absent_delegate_a_stranger_and_a_biased_one_are_refused():
    now = facts("pay", performed={"ask": [1]})
    assert reasons(may(PAY, bureau(Proxy(3)).without([5]), now, "pay", 5, behalf=3)) == ["absent"]
    assert reasons(may(PAY, bureau(Proxy(3)), now, "pay", 99, behalf=3)) == ["post"]
    assert "post" in reasons(may(PAY, bureau(Proxy(3)), now, "pay", 5, behalf=99))
    for biased in (3, 5):
        recused = facts("pay", performed={"ask": [1]}, recused=frozenset({biased}))
        (objection,) = may(PAY, bureau(Proxy(3)), recused, "pay", 5, behalf=3).objections
        assert (objection.constraint, objection.whom) == ("recused", biased)


def test_kin_of_the_party_do_not_act_through_others():
    recuse = rules({"pay": "CASHIER"}, rule("recuse", "pay", "r", party="taxpayer"))
    office = Office.of([
        person(1, "Ada"), person(3, "Carl", "CASHIER", kin=frozenset({1})), person(5, "Eve", proxies=(Proxy(3),)),
    ])
    (objection,) = may(recuse, office, facts("pay", party_person=1), "pay", 5, behalf=3).objections
    assert (objection.constraint, objection.whom) == ("r", 3)


def test_who_holds_a_post_that_is_incompatible_does_not_fill_in():
    law = [("CASHIER", "DRIVER", "Accounting law")]
    (objection,) = may(PAY, bureau(Proxy(3), incompatible=law), facts("pay", performed={"ask": [1]}), "pay", 5, behalf=3).objections
    assert objection.constraint == "incompatible" and objection.basis == "Accounting law"
    assert seats(PAY, bureau(Proxy(3), incompatible=law), facts("pay"), "pay") == ()


def test_the_two_count_as_two_where_people_are_limited_and_as_one_where_they_are_required():
    office = Office.of([
        person(1, "A", "X"), person(2, "B", "Y", present=False), person(3, "C", proxies=(Proxy(2),)), person(4, "D", "Z"),
    ])
    tasks = {"a": "X", "b": "Y"}
    assert plan(rules(tasks, rule("people", "a b", max="2")), office, facts("a b")) is None
    assert plan(rules(tasks, rule("people", "a b", max="3")), office, facts("a b")) == {"a": 1, "b": (3, 2)}
    (objection,) = may(
        rules(tasks, rule("people", "a b", max="2")), office, facts("b", performed={"a": [1]}), "b", 3, behalf=2
    ).objections
    assert "按两人计" in objection.because.zh and "count as two" in objection.because.en
    least = rules({"a": "Y", "b": None}, rule("people", "a b", min="2"))
    now = facts("b", performed={"a": [2, 3]}, sure="b")
    assert candidates(least, office, now, "b") == (1, 4)
    bound = rules(tasks, rule("same", "a b"))
    assert not allowed(bound, office, facts("b", performed={"a": [2]}), "b", 3, behalf=2)


def test_an_inspector_through_a_delegate_is_one_inspector():
    two = rules({"inspect": "I"}, rule("people", "inspect", min="2"), loops={"inspect": Loop("parallel", cardinality="2")})
    office = Office.of([person(1, "A", "I"), person(2, "B", "I", present=False), person(3, "C", proxies=(Proxy(1), Proxy(2)))])
    now = facts("inspect", performed={"inspect": [1, 3]}, open={"inspect": 1}, instances={"inspect": (frozenset({1, 3}),)})
    assert candidates(two, office, now, "inspect") == () == seats(two, office, now, "inspect")
    fresh = facts("inspect", open={"inspect": 2}, instances={"inspect": (None,)})
    assert candidates(two, office, fresh, "inspect") == (1,), "C for B is the second inspector"
    assert seats(two, office, fresh, "inspect") == ((3, 2),)


def test_departments_and_ranks_are_asked_of_both():
    apart = rules({"a": "X", "b": "Y"}, rule("departments", "a b"))
    office = Office.of([
        person(1, "A", "X@d"), person(2, "B", "Y@e"), person(3, "C", departments={"d"}, proxies=(Proxy(2),)),
        person(4, "D", departments={"f"}, proxies=(Proxy(2),)),
    ])
    assert seats(apart, office, facts("b", performed={"a": [1]}), "b") == ((4, 2),)
    senior = rules({"a": "X", "b": "Y"}, rule("senior", "", lower="a", upper="b"))
    office = Office.of([
        person(1, "A", "X", rank=2), person(2, "B", "Y", rank=3), person(3, "C", rank=2, proxies=(Proxy(2),)),
        person(4, "D", rank=3, proxies=(Proxy(2),)),
    ])
    assert seats(senior, office, facts("b", performed={"a": [1]}), "b") == ((4, 2),)


def test_the_look_ahead_counts_on_deputies_and_does_not_spend_them():
    """Only Eve can stand in for Carl later on; so she may not ask, though she is a clerk herself."""
    office = Office.of([
        person(1, "Ada", "CLERK"), person(3, "Carl", "CASHIER", present=False),
        person(5, "Eve", "CLERK", proxies=(Proxy(3),)),
    ])
    assert candidates(PAY, office, facts("ask pay"), "ask") == (1,)
    (objection,) = may(PAY, office, facts("ask pay"), "ask", 5).objections
    assert objection.constraint == "look-ahead" and objection.later == ("pay",) and objection.instead == (1,)


def test_a_principal_lent_to_two_tasks_that_must_differ_is_still_one_person():
    office = Office.of([
        person(1, "P", "X", "Y", present=False), person(2, "D", proxies=(Proxy(1),)), person(3, "E", proxies=(Proxy(1),)),
        person(4, "Q", "Y", present=False),
    ])
    two = rules({"a": "X", "b": "Y"}, rule("differ", "a b"))
    assert plan(two, office, facts("a b")) is None
    more = Office.of([*office.people[:2], person(3, "E", proxies=(Proxy(1), Proxy(4))), office.people[3]])
    assert plan(two, more, facts("a b")) == {"a": (2, 1), "b": (3, 4)}


def test_two_principals_of_one_delegate_act_at_tasks_that_differ():
    """What merging a delegate and his principals into one class would have missed."""
    office = Office.of([person(1, "P", "X"), person(2, "Q", "Y"), person(3, "D", proxies=(Proxy(1), Proxy(2)))])
    two = rules({"a": "X", "b": "Y", "c": "Z"}, rule("differ", "a b c"))
    more = Office.of([*office.people, person(4, "R", "Z", present=False), person(5, "E", proxies=(Proxy(4),))])
    assert plan(two, more, facts("a b c")) == {"a": 1, "b": 2, "c": (5, 4)}


def test_what_a_deputy_did_can_be_done_again_by_the_deputy():
    now = facts("ask pay", performed={"ask": [1], "pay": [3, 5]}, open={"pay": 1})
    assert plan(PAY, bureau(Proxy(3)), now) == {"ask": 1, "pay": (5, 3)}


def test_the_department_of_the_post_is_the_cases():
    local = rules({"sign": PostRule("HEAD", "initiator")})
    office = Office.of([
        person(1, "A", "HEAD@a", present=False), person(2, "B", "HEAD@b"), person(3, "C", proxies=(Proxy(1), Proxy(2))),
    ])
    assert seats(local, office, facts("sign", initiator_department="a"), "sign") == ((3, 1),)
    assert seats(local, office, facts("sign", initiator_department="b"), "sign") == ((3, 2),)
    assert seats(local, office, facts("sign"), "sign") == ()
    assert "post" in reasons(may(local, office, facts("sign"), "sign", 3, behalf=1))


def test_who_could_act_instead_is_told_with_the_seats():
    verdict = may(PAY, bureau(Proxy(3)), facts("pay", performed={"ask": [1]}), "pay", 1)
    assert verdict.objections[0].seats == ((5, 3),)
    assert verdict.objections[0].facts()["seats"] == [{"delegate": 5, "principal": 3}]


def test_acting_in_ones_own_place_is_acting():
    office = bureau(Proxy(3), present=True)
    now = facts("pay", performed={"ask": [1]})
    assert may(PAY, office, now, "pay", 3, behalf=3).allowed and not allowed(PAY, office, now, "pay", 5, behalf=5)


def test_a_signer_needs_no_post_and_is_bound_by_everything_else():
    now = facts("ask pay", performed={"ask": [1]}, claimed={"pay": [3]}, open={"pay": 1})
    office = bureau(present=True)
    assert may(PAY, office, now, "pay", 2, signer=True).allowed and not allowed(PAY, office, now, "pay", 2)
    assert reasons(may(PAY, office, now, "pay", 1, signer=True)) == ["c1"]
    assert reasons(may(PAY, office.without([2]), now, "pay", 2, signer=True)) == ["absent"]
    assert reasons(may(PAY, office, now, "pay", 99, signer=True)) == ["post"]


def test_a_signer_comes_on_top_of_the_holder_and_may_not_use_up_who_is_needed():
    most = rules({"a": "X", "b": "Y"}, rule("people", "a b", max="2"))
    office = Office.of([person(1, "A", "X"), person(2, "B", "Y"), person(3, "C")])
    now = facts("a b", claimed={"a": [1]}, open={"a": 1})
    assert may(most, office, now, "a", 2, signer=True).allowed, "B is the second person anyway"
    assert reasons(may(most, office, now, "a", 3, signer=True)) == ["look-ahead"]


def test_nobody_votes_in_a_body_in_somebody_elses_place_and_no_plan_counts_on_it():
    board = rules({"ask": "CLERK", "decide": "BOARD"}, rule("collective", "decide", "b", "Charter", quorum="2"))
    people = [person(1, "Ada", "CLERK"), person(2, "Bob", "BOARD"), person(3, "Carl", "BOARD", present=False),
              person(5, "Eve", "DRIVER", proxies=(Proxy(3),))]
    office = Office.of(people)
    now = facts("decide", performed={"ask": [1]}, open={"decide": 1})
    assert seats(board, office, now, "decide") == ()
    (objection,) = [o for o in may(board, office, now, "decide", 5, behalf=3).objections if o.constraint == "proxy"]
    assert "本人记名表决" in objection.because.zh and "votes in person" in objection.because.en
    assert plan(board, office, now) is None and not satisfiable(board, office)
    assert satisfiable(board, Office.of([*people, person(6, "Fay", "BOARD")]))
