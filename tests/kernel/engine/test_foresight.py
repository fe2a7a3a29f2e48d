"""What may still come, and what must."""
from __future__ import annotations

from app.kernel import engine

from .diagrams import (
    Walk,
    both,
    boundary,
    catch,
    end,
    flows,
    gateway,
    loop,
    many,
    on,
    program,
    some,
    start,
    sub,
    throw,
    user,
    xor,
)


def look(walk: Walk) -> tuple[set[str], set[str]]:
    return set(engine.sure(walk.program, walk.step.state)), set(engine.reachable(walk.program, walk.step.state))


def test_what_every_choice_leads_to_is_sure_and_the_branches_of_a_choice_are_not():
    walk = Walk(program(start(), user("a"), xor("x", "f2"), user("b"), user("c"), xor("m"), user("d"), xor("y", "out"), end(),
                        flows("s -> a -> x [n] -> b -> m -> d -> y #out -> e", "x #f2 -> c -> m", "y [again] -> a")))
    assert look(walk) == ({"a", "d"}, {"a", "b", "c", "d"})
    walk.do("a", n=True)
    assert look(walk) == ({"b", "d"}, {"a", "b", "c", "d"})


def test_both_branches_of_a_fork_and_what_comes_behind_their_join_are_sure():
    walk = Walk(program(start(), both("g"), user("a"), user("b"), both("j"), user("c"), end(),
                        flows("s -> g -> a -> j -> c -> e", "g -> b -> j")))
    assert look(walk)[0] == {"a", "b", "c"}
    walk.do("b")
    assert look(walk)[0] == {"a", "c"}


def test_a_join_that_may_never_fire_makes_nothing_behind_it_sure():
    walk = Walk(program(start(), both("g"), user("a"), user("b"), xor("x", "f9"), both("j"), user("c"), end(), end("e2"),
                        flows("s -> g -> a -> j -> c -> e", "g -> b -> x #f9 -> e2", "x [n] -> j")))
    assert look(walk) == ({"a", "b"}, {"a", "b", "c"})


def test_what_can_be_interrupted_is_not_sure():
    interrupted = Walk(program(start(), user("a"), user("b"), boundary("t", "a", on("duration", "PT1H")), user("c"), end(), end("e2"),
                               flows("s -> a -> b -> e", "t -> c -> e2")))
    assert look(interrupted) == ({"a"}, {"a", "b", "c"})
    handled = Walk(program(start(), user("a"), user("b"), end(), flows("s -> a -> b -> e"),
                           sub("es", start("m", on("message", "stop")), user("h"), end("ie"), flows("m -> h -> ie"), by_event=True),
                           names="stop"))
    assert look(handled) == ({"a"}, {"a", "b", "h"})
    ended = Walk(program(start(), both("g"), user("a"), user("b"), user("c"), end("e", on("terminate")), end("e2"),
                         flows("s -> g -> a -> e", "g -> b -> c -> e2")))
    assert look(ended) == ({"a", "b"}, {"a", "b", "c"})


def test_inside_a_sub_process_and_behind_it_it_is_the_same():
    walk = Walk(program(start(), user("a"), sub("sp", start("is"), user("b"), user("c"), end("ie"), flows("is -> b -> c -> ie")),
                        user("d"), end(), flows("s -> a -> sp -> d -> e")))
    assert look(walk)[0] == {"a", "b", "c", "d"}
    walk.do("a", "b")
    assert look(walk) == ({"c", "d"}, {"c", "d"})


def test_instances_and_loops_are_sure_where_there_is_at_least_one():
    made = Walk(program(start(), user("a"), user("m", many(cardinality=2)), user("n", many(collection="people")),
                        user("o", loop("x")), user("q", loop("x", before=True)), end(), flows("s -> a -> m -> n -> o -> q -> e")))
    assert look(made) == ({"a", "m", "o"}, {"a", "m", "n", "o", "q"})


def test_an_event_or_inclusive_gateway_makes_no_branch_sure():
    walk = Walk(program(start(), user("a"), some("g", "f1"), user("b"), user("c"), some("j"), gateway("eventBased", "w"),
                        catch("t", on("duration", "PT1H")), catch("m", on("message", "x")), user("d"), user("f"), end(), end("e2"),
                        flows("s -> a -> g #f1 -> b -> j -> w -> t -> d -> e", "g [n] -> c -> j", "w -> m -> f -> e2"), names="x"))
    assert look(walk) == ({"a"}, {"a", "b", "c", "d", "f"})


def test_behind_a_link_too():
    walk = Walk(program(start(), user("a"), throw("l", on("link", "L")), catch("c", on("link", "L")), user("b"), end(),
                        flows("s -> a -> l", "c -> b -> e")))
    assert look(walk) == ({"a", "b"}, {"a", "b"})


def test_who_comes_straight_back_will_be_there_again():
    walk = Walk(program(start(), user("a"), user("b"), user("c"), end(), flows("s -> a -> b -> c -> e")))
    walk.do("a")
    walk.back("b", "a", straight=True)
    assert look(walk) == ({"a", "b", "c"}, {"a", "b", "c"})


def test_a_circle_without_an_end_makes_nothing_sure_but_what_is_open():
    walk = Walk(program(start(), user("a"), both("g"), user("b"), user("c"), xor("x", "f1"), user("u"), end(), end("e2"),
                        flows("s -> a -> g -> b -> a", "g -> c -> x #f1 -> e", "x [n] -> u -> e2")))
    assert look(walk)[0] == {"a"}
