"""退回: run again from an earlier node, or straight back."""
from __future__ import annotations

import pytest

from app.kernel import engine

from .diagrams import Walk, both, boundary, end, flows, many, on, program, start, sub, user, xor


def places(walk: Walk, node: str, straight: bool = False, nth: int = 0) -> tuple[str, ...]:
    return engine.returnable(walk.program, walk.step.state, walk.token(node, nth), straight)


LINE = program(start(), user("a"), user("b"), user("c"), end(), flows("s -> a -> b -> c -> e"))
FORK = program(start(), user("a"), both("g"), user("b"), user("b2"), user("c"), both("j"), user("d"), end(),
               flows("s -> a -> g -> b -> b2 -> j -> d -> e", "g -> c -> j"))


def test_a_return_runs_the_way_again():
    walk = Walk(LINE)
    walk.do("a", "b")
    assert places(walk, "c") == ("b", "a")
    step = walk.back("c", "a")
    assert step.closed == (engine.Closed(step.closed[0].token, "c", "returned"),)
    assert ("c", "returned") in walk.trace and walk.open == ["a"] and places(walk, "a") == ()
    walk.do("a", "b", "c")
    assert step.status == "running" and walk.step.status == "completed"


def test_a_straight_return_comes_straight_back():
    walk = Walk(LINE)
    walk.do("a", "b")
    walk.back("c", "a", straight=True)
    assert walk.open == ["a"]
    walk.do("a")
    assert walk.open == ["c"] and places(walk, "c") == ("b", "a")


def test_a_straight_return_may_itself_be_returned_further():
    walk = Walk(LINE)
    walk.do("a", "b")
    walk.back("c", "b", straight=True)
    assert places(walk, "b") == ("a",)
    walk.back("b", "a", straight=True)
    walk.do("a")
    assert walk.open == ["b"]
    walk.do("b")
    assert walk.open == ["c"]
    walk.back("c", "b", straight=True)
    walk.back("b", "a")
    walk.do("a", "b", "c")
    assert walk.step.status == "completed"


def test_a_return_before_a_fork_withdraws_the_other_branch_and_the_join_waits_for_both_again():
    walk = Walk(FORK)
    walk.do("a", "c", "b")
    step = walk.back("b2", "a")
    assert {(c.node, c.how) for c in step.closed} == {("b2", "returned")}
    assert [t.node for t in walk.tokens] == ["a"], "the arrival of c at the join is withdrawn too"
    walk.do("a", "c")
    assert walk.open == ["b"]
    walk.do("b", "b2", "d")
    assert walk.step.status == "completed" and walk.entered("j") == 1

    walk = Walk(FORK)
    walk.do("a", "b")
    step = walk.back("b2", "a")
    assert {(c.node, c.how) for c in step.closed} == {("b2", "returned"), ("c", "withdrawn")}


def test_a_return_inside_a_branch_leaves_the_other_branch_alone():
    walk = Walk(FORK)
    walk.do("a", "c", "b")
    walk.back("b2", "b")
    assert walk.open == ["b"]
    walk.do("b", "b2")
    assert walk.open == ["d"]


def test_behind_a_join_one_branch_alone_can_only_be_reached_straight():
    walk = Walk(FORK)
    walk.do("a", "b", "b2", "c")
    assert places(walk, "d") == ("a",)
    assert set(places(walk, "d", True)) == {"a", "b", "b2", "c"}
    with pytest.raises(engine.NotPossible):
        walk.back("d", "c")
    walk.back("d", "c", straight=True)
    assert walk.open == ["c"]
    walk.do("c")
    assert walk.open == ["d"]
    walk.do("d")
    assert walk.step.status == "completed"


def test_a_return_out_of_a_sub_process_withdraws_it_and_a_straight_one_keeps_it():
    made = program(start(), user("a"), sub("sp", start("is"), both("g"), user("b"), user("c"), end("ie"), end("ie2"),
                                           flows("is -> g -> b -> ie", "g -> c -> ie2")),
                   boundary("t", "sp", on("duration", "PT1H")), end(), end("e2"), flows("s -> a -> sp -> e", "t -> e2"))
    walk = Walk(made)
    walk.do("a")
    timer = walk.step.timers[0].token
    step = walk.back("b", "a")
    assert walk.open == ["a"] and timer in step.stopped
    assert {(c.node, c.how) for c in step.closed} == {("b", "returned"), ("c", "withdrawn")}
    walk.do("a")
    walk.back("b", "a", straight=True)
    assert walk.open == ["a", "c"]
    walk.do("c", "a")
    assert walk.open == ["b"]
    walk.do("b")
    assert walk.step.status == "completed"


def test_returning_one_instance_runs_the_whole_activity_again_and_straight_only_that_one():
    made = program(start(), user("a"), user("m", many(cardinality=3)), end(), flows("s -> a -> m -> e"))
    walk = Walk(made)
    walk.do("a")
    walk.do("m")
    step = walk.back("m", "a")
    assert sorted(c.how for c in step.closed) == ["returned", "withdrawn"] and walk.open == ["a"]
    walk.do("a")
    assert walk.open == ["m", "m", "m"]
    token = walk.token("m", 1)
    walk.send(engine.Return(token, "a", True))
    assert walk.open == ["a", "m", "m"]
    walk.do("a")
    assert walk.step.opened[0].number == 1
    walk.do("m", "m", "m")
    assert walk.step.status == "completed"


def test_after_an_interruption_the_interrupted_task_can_be_returned_to():
    made = program(start(), user("a"), user("b"), boundary("t", "b", on("duration", "PT1H")), user("late"), end(), end("e2"),
                   flows("s -> a -> b -> e", "t -> late -> e2"))
    walk = Walk(made)
    walk.do("a")
    walk.fire("t")
    assert places(walk, "late") == ("b", "a")
    walk.back("late", "b")
    assert walk.open == ["b"] and len(walk.step.timers) == 1


def test_a_branch_beside_an_open_task_may_return_to_it_and_then_there_is_one_of_it():
    made = program(start(), user("a"), boundary("t", "a", on("duration", "PT1H"), False), user("urge"), end(), end("e2"),
                   flows("s -> a -> e", "t -> urge -> e2"))
    walk = Walk(made)
    walk.fire("t")
    step = walk.back("urge", "a")
    assert walk.open == ["a"] and {(c.node, c.how) for c in step.closed} == {("urge", "returned"), ("a", "withdrawn")}


def test_who_only_corrects_something_is_not_hurried_and_cannot_be_sent_to_what_came_after():
    made = program(start(), user("a"), user("b"), boundary("t", "b", on("duration", "PT1H")), user("c"), user("d"), end(),
                   end("e2"), flows("s -> a -> b -> c -> d -> e", "t -> e2"))
    walk = Walk(made)
    walk.do("a", "b", "c")
    step = walk.back("d", "b", straight=True)
    assert step.timers == ()
    assert places(walk, "b", True) == ("a",)
    walk.back("b", "a")
    walk.do("a")
    assert len(walk.step.timers) == 1, "the way is run again: the limit counts again"


def test_only_an_open_work_item_can_be_returned_and_only_to_where_it_came_by():
    walk = Walk(LINE)
    walk.do("a")
    for token, target in ((walk.token("b"), "c"), (walk.token("b"), "b"), (walk.token("b"), "nothing"), (1, "a"), (99, "a")):
        with pytest.raises(engine.NotPossible):
            walk.send(engine.Return(token, target))
    assert engine.returnable(walk.program, walk.step.state, 99) == ()


def test_what_a_join_has_consumed_closes_the_way_back_for_everybody():
    made = program(start(), user("a"), both("g"), user("x"), user("q"), user("y"), both("j"), user("d"), end(), end("e2"),
                   flows("s -> a -> g -> x -> j -> d -> e", "x -> q -> e2", "g -> y -> j"))
    walk = Walk(made)
    walk.do("a", "x")
    assert places(walk, "q") == ("x", "a")
    walk.do("y", "d")
    assert walk.open == ["q"]
    assert places(walk, "q") == ("a",), "x alone would leave the join waiting for y for ever"
    assert set(places(walk, "q", True)) == {"a", "x"}


def test_the_memory_of_the_way_does_not_grow_with_the_rounds():
    walk = Walk(program(start(), user("a"), user("b"), xor("x", "f9"), end(), flows("s -> a -> b -> x #f9 -> a", "x [done] -> e")))
    sizes = []
    for _ in range(1_000):
        walk.do("a", done=False)
        walk.back("b", "a")
        walk.do("a", "b", done=False)
        sizes.append(len(walk.step.state))
    assert max(sizes) - sizes[5] <= 16
