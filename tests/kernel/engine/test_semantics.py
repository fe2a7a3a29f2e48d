"""What the constructs of the list do, one sentence of BPMN 2.0.2 at a time."""
from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel import engine

from .diagrams import (
    Walk,
    both,
    boundary,
    catch,
    element,
    end,
    flows,
    gateway,
    loop,
    many,
    on,
    program,
    service,
    some,
    start,
    sub,
    task,
    throw,
    user,
    xor,
)
from .world import NOW


def walk(*inside: str, names: str = "", **data: object) -> Walk:
    return Walk(program(*inside, names=names), data)


# -- gateways ---------------------------------------------------------------------------------------------------------

def test_a_parallel_join_consumes_one_token_of_each_flow_and_leaves_the_rest():
    made = walk(start(), both("g"), user("a"), user("b"), user("c"), xor("m"), both("j"), user("d"), end(),
                flows("s -> g -> a -> m -> j -> d -> e", "g -> b -> m", "g -> c -> j"))
    made.do("a", "b")
    assert made.open == ["c"], "two tokens on one flow do not make a join"
    made.do("c")
    assert made.open == ["d"]
    made.do("d")
    assert [t.kind for t in made.tokens] == ["join"] and made.step.status == "running", "the second token of m stays"


def test_an_inclusive_join_waits_only_for_what_can_still_come():
    made = walk(start(), some("g", "f1"), user("a"), user("b"), user("c"), some("j"), user("d"), end(),
                flows("s -> g #f1 -> a -> j -> d -> e", "g [n > 1] -> b -> j", "g [n > 2] -> c -> j"), n=2)
    assert made.open == ["b"], "the default flow is only taken where no condition is true"
    made.do("b")
    assert made.open == ["d"]
    made = walk(start(), some("g", "f1"), user("a"), user("b"), user("c"), some("j"), user("d"), end(),
                flows("s -> g #f1 -> a -> j -> d -> e", "g [n > 1] -> b -> j", "g [n > 2] -> c -> j"), n=3)
    made.do("b")
    assert made.open == ["c"]
    made.do("c")
    assert made.open == ["d"]


def test_an_inclusive_join_goes_on_when_the_token_it_waits_for_dies_or_turns_away():
    made = walk(start(), both("g"), user("a"), user("b"), xor("x", "away"), some("j"), user("d"), end(), end("e2"),
                flows("s -> g -> a -> j -> d -> e", "g -> b -> x #away -> e2", "x [stay] -> j"))
    made.do("a")
    assert made.open == ["b"]
    made.do("b", stay=False)
    assert made.open == ["d"]


def test_an_inclusive_join_does_not_wait_for_a_token_that_can_only_come_after_it():
    made = walk(start(), user("a"), some("j"), user("d"), xor("x", "out"), end(),
                flows("s -> a -> j -> d -> x #out -> e", "x [again] -> j"))
    made.do("a")
    assert made.open == ["d"]
    made.do("d", again=True)
    assert made.open == ["d"]


def test_an_inclusive_join_does_not_wait_where_the_same_token_may_come_to_a_flow_that_has_one():
    made = walk(start(), both("g"), user("a"), user("b"), xor("x", "f2"), xor("m"), some("j"), user("d"), end(),
                flows("s -> g -> a -> m -> j -> d -> e", "g -> b -> x [left] -> m", "x #f2 -> j"))
    made.do("a")
    assert made.open == ["b", "d"], "b can reach both flows, one of which has a token (13.4.3, the second path)"


def test_a_boundary_event_can_still_bring_a_token_to_an_inclusive_join():
    made = walk(start(), both("g"), user("a"), user("b"), boundary("t", "b", on("duration", "PT1H")), some("j"), user("d"),
                end(), end("e2"), flows("s -> g -> a -> j -> d -> e", "g -> b -> e2", "t -> j"))
    made.do("a")
    assert made.open == ["b"]
    made.fire("t")
    assert made.open == ["d"]


def test_the_first_true_condition_decides_at_an_exclusive_gateway_and_none_is_a_failure():
    inside = (start(), user("a"), xor("x"), user("b"), user("c"), end(), end("e2"),
              flows("s -> a -> x [n > 1] -> b -> e", "x [n > 2] -> c -> e2"))
    made = walk(*inside)
    made.do("a", n=3)
    assert made.open == ["b"]
    made = walk(*inside)
    before = made.step
    with pytest.raises(engine.CaseFailed) as caught:
        made.do("a", n=0)
    assert caught.value.node == "x"
    with pytest.raises(engine.CaseFailed) as caught:
        made.do("a", m=0)
    assert caught.value.node == "x" and "n" in caught.value.reason
    assert made.step is before
    made.do("a", n=2)


def test_whichever_event_comes_first_decides_at_an_event_gateway():
    inside = (start(), gateway("eventBased", "g"), catch("m", on("message", "paid")), catch("t", on("duration", "PT1H")),
              element("receiveTask", "r", messageRef="refused"), user("a"), user("b"), user("c"), end(), end("e2"), end("e3"),
              flows("s -> g -> m -> a -> e", "g -> t -> b -> e2", "g -> r -> c -> e3"))
    made = walk(*inside, names="paid refused")
    assert {s.name for s in made.step.subscriptions} == {"paid", "refused"}
    waiting = {s.token for s in made.step.subscriptions} | {t.token for t in made.step.timers}
    step = made.send(engine.Deliver("paid", {"amount": 5}))
    assert made.open == ["a"] and set(step.stopped) == waiting
    assert step.data["amount"] == 5 and step.data["nodes"]["m"] == {"amount": 5}
    made = walk(*inside, names="paid refused")
    made.fire("t")
    assert made.open == ["b"]
    made = walk(*inside, names="paid refused")
    made.send(engine.Deliver("refused"))
    assert made.open == ["c"]
    assert made.entered("r") == 1 and made.entered("m") == 0
    with pytest.raises(engine.NotPossible):
        made.send(engine.Deliver("paid"))


# -- loops and instances ----------------------------------------------------------------------------------------------

def test_a_standard_loop_goes_on_as_long_as_its_condition_is_true():
    made = walk(start(), user("u", loop("again")), end(), flows("s -> u -> e"))
    made.do("u", again=True)
    made.do("u", again=True)
    assert made.open == ["u"]
    made.do("u", again=False)
    assert made.step.status == "completed" and made.entered("u") == 4, "the activity and three rounds"
    made = walk(start(), user("u", loop("again", before=True)), end(), flows("s -> u -> e"), again=False)
    assert made.step.status == "completed" and made.step.opened == ()
    made = walk(start(), user("u", loop(maximum=2)), end(), flows("s -> u -> e"))
    made.do("u", "u")
    assert made.step.status == "completed"
    made = walk(start(), user("u", loop("loopCounter < 3")), end(), flows("s -> u -> e"))
    made.do("u", "u", "u")
    assert made.step.status == "completed"


def test_parallel_instances_are_opened_at_once_each_with_its_item_and_keep_their_answers_in_order():
    made = walk(start(), user("u", many(collection="people", item="person")), end(), flows("s -> u -> e"),
                people=["甲", "乙", "丙"])
    assert [(o.item, o.number) for o in made.step.opened] == [("甲", 0), ("乙", 1), ("丙", 2)]
    tokens = [o.token for o in made.step.opened]
    made.send(engine.Complete(tokens[2], {"vote": "c"}))
    made.send(engine.Complete(tokens[0], {"vote": "a", "people": []}))
    assert made.step.data["nodes"]["u"] == [{"vote": "a", "people": []}, None, {"vote": "c"}]
    made.send(engine.Complete(tokens[1], {"vote": "b"}))
    assert made.step.status == "completed"
    assert [a["vote"] for a in made.step.data["nodes"]["u"]] == ["a", "b", "c"]


def test_sequential_instances_come_one_after_another_and_see_their_own_item():
    made = walk(start(), service("x"), user("u", many(True, collection="people", item="person")), end(),
                flows("s -> x -> u -> e"), people=["甲", "乙"])
    made.send(engine.Complete(made.token("x")))
    assert [(o.item, o.number) for o in made.step.opened] == [("甲", 0)]
    made.do("u")
    assert [(o.item, o.number) for o in made.step.opened] == [("乙", 1)]
    made.do("u")
    assert made.step.status == "completed"


def test_the_completion_condition_withdraws_the_remaining_instances():
    made = walk(start(), user("u", many(cardinality=4, completion="nrOfCompletedInstances >= 2")), user("v"), end(),
                flows("s -> u -> v -> e"))
    made.do("u", "u")
    assert made.open == ["v"]
    assert [c.how for c in made.step.closed] == ["completed", "withdrawn", "withdrawn"]
    assert made.step.data["nodes"]["u"] == [{}, {}, None, None]


def test_no_instances_at_all_is_soon_done_and_nonsense_is_a_failure():
    inside = (start(), user("u", many(collection="people")), user("v"), end(), flows("s -> u -> v -> e"))
    assert walk(*inside, people=[]).open == ["v"]
    for bad in ("three", 3, None, ["x"] * 1001):
        with pytest.raises(engine.CaseFailed):
            walk(*inside, people=bad)
    with pytest.raises(engine.CaseFailed):
        walk(*inside)
    for bad in (-1, "x", 1.5, True, 1001):
        with pytest.raises(engine.CaseFailed):
            walk(start(), user("u", many(cardinality="n")), end(), flows("s -> u -> e"), n=bad)


def test_the_answers_inside_instances_of_a_sub_process_do_not_overwrite_each_other():
    made = walk(start(), sub("sp", start("is"), user("ask"), xor("x", "no"), user("more"), end("ie"), end("ie2"),
                             flows("is -> ask -> x #no -> ie", 'x [ask.reply == person] -> more -> ie2'),
                             loop=many(collection="people", item="person")), end(), flows("s -> sp -> e"), people=["甲", "乙"])
    assert made.open == ["ask", "ask"]
    second = made.token("ask", 1)
    made.send(engine.Complete(second, {"reply": "乙"}))
    assert made.open == ["ask", "more"], "ask is this instance's own answer, person its own item"
    made.do("ask", reply="乙")
    assert made.open == ["more"]
    assert made.step.data["nodes"]["ask"] == [{"reply": "乙"}, {"reply": "乙"}]
    made.do("more", x=1)
    assert made.step.data["nodes"]["more"] == [None, {"x": 1}] and made.step.status == "completed"


def test_a_message_for_one_instance_reaches_only_it():
    made = walk(start(), element("receiveTask", "r", many(cardinality=2), messageRef="go"), end(), flows("s -> r -> e"), names="go")
    _, second = (s.token for s in made.step.subscriptions)
    made.send(engine.Deliver("go", {"n": 1}, token=second))
    assert made.step.status == "running" and made.step.stopped == (second,)
    made.send(engine.Deliver("go", {"n": 0}))
    assert made.step.status == "completed" and made.step.data["nodes"]["r"] == [{"n": 0}, {"n": 1}]


# -- events -----------------------------------------------------------------------------------------------------------

def test_a_counted_cycle_on_a_boundary_rings_so_often_and_the_task_stays():
    made = walk(start(), user("u"), boundary("t", "u", on("cycle", "R2/PT1H"), False), user("urge"), end(), end("e2"),
                flows("s -> u -> e", "t -> urge -> e2"))
    assert [t.due for t in made.step.timers] == [NOW + timedelta(hours=1)]
    made.fire("t")
    assert made.open == ["u", "urge"] and [t.due for t in made.step.timers] == [NOW + timedelta(hours=2)]
    assert made.step.stopped == ()
    made.fire("t")
    assert made.open == ["u", "urge", "urge"] and made.step.timers == ()
    assert not any(t.node == "t" for t in made.tokens)


def test_a_timer_cannot_ring_before_it_is_due_nor_twice_for_one_occurrence():
    made = walk(start(), user("u"), boundary("t", "u", on("cycle", "R/PT1H"), False), end(), end("e2"),
                flows("s -> u -> e", "t -> e2"))
    token = made.step.timers[0].token
    with pytest.raises(engine.NotPossible):
        made.send(engine.Fire(token))
    made.fire("t")
    with pytest.raises(engine.NotPossible):
        made.send(engine.Fire(token))
    made.now += timedelta(days=3)
    made.send(engine.Fire(token))
    assert made.step.timers[0].due > made.now, "an endless cycle does not catch up on three days"


def test_an_interrupting_timer_withdraws_the_work_item_and_a_completion_stops_the_timer():
    inside = (start(), user("u"), boundary("t", "u", on("date", "2026-02-01")), user("late"), end(), end("e2"),
              flows("s -> u -> e", "t -> late -> e2"))
    made = walk(*inside)
    token = made.step.timers[0].token
    assert made.step.timers[0].due.isoformat() == "2026-01-31T16:00:00+00:00", "a date without a zone is the office's"
    assert made.do("u").stopped == (token,)
    made = walk(*inside)
    step = made.fire("t")
    assert [c.how for c in step.closed] == ["withdrawn"] and made.open == ["late"]
    assert step.stopped == (token,)


def test_a_time_may_come_from_the_data():
    made = walk(start(), user("a"), catch("t", on("duration", "wait")), end(), flows("s -> a -> t -> e"))
    made.do("a", wait="P1D")
    assert made.step.timers[0].due == NOW + timedelta(days=1)
    made = walk(start(), user("a"), catch("t", on("duration", "wait")), end(), flows("s -> a -> t -> e"))
    with pytest.raises(engine.CaseFailed) as caught:
        made.do("a", wait="soon")
    assert caught.value.node == "t"


def test_a_cycle_in_the_flow_sends_a_token_on_at_each_occurrence():
    made = walk(start(), catch("t", on("cycle", "R2/PT1H")), user("u"), end(), flows("s -> t -> u -> e"))
    made.fire("t")
    assert made.open == ["u"]
    made.fire("t")
    assert made.open == ["u", "u"] and made.step.timers == ()


def test_an_error_goes_to_the_nearest_that_catches_it_and_an_escalation_nobody_catches_goes_out():
    def errors(code: str) -> Walk:
        made = walk(start(), sub("sp", start("is"), user("u"), end("ie"), flows("is -> u -> ie")),
                    boundary("one", "sp", '<errorEventDefinition errorRef="E1"/>'), boundary("any", "sp", "<errorEventDefinition/>"),
                    user("x"), user("y"), end(), end("e1"), end("e2"),
                    flows("s -> sp -> e", "one -> x -> e1", "any -> y -> e2"))
        made.send(engine.Raise(made.token("u"), code, "text"))
        return made
    assert errors("E1").open == ["x"]
    assert errors("E2").open == ["y"]
    assert errors("E2").step.data["nodes"]["any"] == {"code": "E2", "message": "text"}
    made = walk(start(), throw("n", on("escalation", "E")), user("u"), end(), flows("s -> n -> u -> e"))
    assert made.open == ["u"] and made.thrown == [engine.Thrown("n", "escalation", "E")]


def test_an_event_sub_process_of_a_scope_catches_before_its_boundary():
    handler = sub("es", start("em", "<errorEventDefinition/>"), user("h"), end("ee"), flows("em -> h -> ee"), by_event=True)
    made = walk(start(), sub("sp", start("is"), user("u"), end("ie"), flows("is -> u -> ie"), handler),
                boundary("b", "sp", "<errorEventDefinition/>"), user("after"), user("other"), end(), end("e2"),
                flows("s -> sp -> after -> e", "b -> other -> e2"))
    made.send(engine.Raise(made.token("u"), "E"))
    assert made.open == ["h"]
    made.do("h")
    assert made.open == ["after"]


def test_what_an_interruption_withdraws_before_its_turn_never_happens():
    made = walk(start(), sub("sp", start("is"), both("g"), throw("stop", on("signal", "s_stop")), service("never"), task("nor"),
                             end("ie"), end("ie2"), end("ie3"), flows("is -> g -> stop -> ie", "g -> never -> ie2", "g -> nor -> ie3")),
                boundary("b", "sp", on("signal", "s_stop")), user("after"), end(), end("e2"), flows("s -> sp -> e", "b -> after -> e2"),
                names="stop")
    assert made.open == ["after"] and made.step.calls == ()
    assert {("never", "completed"), ("nor", "completed")}.isdisjoint(made.trace)
    assert ("nor", "cancelled") in made.trace


def test_one_activity_of_instances_sees_another_whole():
    made = walk(start(), user("m", many(cardinality=2)), sub("sp", start("is"), user("u"), xor("x", "no"), user("v"), end("ie"),
                                                             end("ie2"), flows("is -> u -> x #no -> ie",
                                                                               "x [len(m) == 2 and m[1].n == 1] -> v -> ie2"),
                                                             loop=many(cardinality=2)), end(), flows("s -> m -> sp -> e"))
    made.do("m", n=0)
    made.do("m", n=1)
    made.do("u")
    assert made.open == ["u", "v"]


def test_an_escalation_is_caught_without_stopping_what_threw_it():
    made = walk(start(), sub("sp", start("is"), throw("n", on("escalation", "E")), user("u"), end("ie"),
                             flows("is -> n -> u -> ie")), boundary("b", "sp", on("escalation", "E"), False), user("boss"),
                end(), end("e2"), flows("s -> sp -> e", "b -> boss -> e2"))
    assert made.open == ["boss", "u"] and made.thrown == []


def test_a_terminate_end_ends_its_scope_only():
    made = walk(start(), sub("sp", start("is"), both("g"), user("a"), user("b"), end("ie", on("terminate")), end("ie2"),
                             flows("is -> g -> a -> ie", "g -> b -> ie2")), user("after"), end(), flows("s -> sp -> after -> e"))
    made.do("a")
    assert made.open == ["after"]
    made = walk(start(), both("g"), user("a"), user("b"), end("e", on("terminate")), end("e2"),
                flows("s -> g -> a -> e", "g -> b -> e2"))
    step = made.do("a")
    assert step.status == "terminated" and [c.how for c in step.closed] == ["completed", "withdrawn"]


def test_a_conditional_event_takes_effect_when_its_condition_becomes_true():
    made = walk(start(), both("g"), user("a"), user("b"), boundary("c", "b", on("conditional", "amount > 10"), False),
                user("extra"), end(), end("e2"), end("e3"), flows("s -> g -> a -> e", "g -> b -> e2", "c -> extra -> e3"))
    assert made.open == ["a", "b"], "what has not been said is not true yet"
    made.do("a", amount=11)
    assert made.open == ["b", "extra"]
    made.do("extra", amount=12)
    assert made.open == ["b"], "it was true already"
    made = walk(start(), catch("c", on("conditional", "ready")), user("u"), end(), flows("s -> c -> u -> e"), ready=True)
    assert made.open == ["u"]


def test_a_process_started_by_an_event_says_by_which():
    made = program(start("m", on("message", "paid")), start("t", on("cycle", "R/P1D")), user("u"), user("v"), end(), end("e2"),
                   flows("m -> u -> e", "t -> v -> e2"), names="paid")
    assert made.triggers == (engine.Trigger("m", "message", "paid"), engine.Trigger("t", "timer", "R/P1D"))
    assert Walk(made, trigger="m").open == ["u"]
    assert Walk(made, trigger="t").open == ["v"]
    for wrong in (None, "u", "nothing"):
        with pytest.raises(engine.NotPossible):
            Walk(made, trigger=wrong)


def test_without_a_start_event_whatever_no_flow_leads_to_begins():
    assert walk(user("a"), user("b"), task("c"), flows("a -> c")).open == ["a", "b"]


def test_messages_go_out_and_handlers_get_their_inputs():
    written = ('<serviceTask id="h"><extensionElements><gz:handler name="budget.reserve"><gz:input name="amount" value="n + 1"/>'
               "</gz:handler></extensionElements></serviceTask>")
    made = walk(start(), element("sendTask", "send", messageRef="paid"), written, throw("t", on("message", "paid")), end(),
                flows("s -> send -> h -> t -> e"), names="paid", n=1)
    assert made.thrown == [engine.Thrown("send", "message", "paid")]
    assert made.step.calls == (engine.Call(made.token("h"), "h", "budget.reserve", {"amount": 2}),)
    made.do("h", reservation=7)
    assert made.step.data["reservation"] == 7 and made.step.data["nodes"]["h"] == {"reservation": 7}
    assert [t.node for t in made.thrown] == ["send", "t"]


def test_nodes_in_an_expression_are_the_answers_as_they_are_now():
    made = walk(start(), user("a"), xor("x", "no"), user("b"), end(), end("e2"),
                flows('s -> a -> x [nodes.a.decision == "agree"] -> b -> e', "x #no -> e2"))
    made.do("a", decision="agree")
    assert made.open == ["b"]


def test_more_tokens_than_any_office_has_are_a_failure():
    with pytest.raises(engine.CaseFailed) as caught:
        walk(start(), sub("sp", start("is"), user("u", many(cardinality=1000)), end("ie"), flows("is -> u -> ie"),
                          loop=many(cardinality=1000)), end(), flows("s -> sp -> e"))
    assert "tokens" in caught.value.reason


def test_cancelling_withdraws_everything_and_nothing_is_possible_after():
    made = walk(start(), both("g"), user("a"), service("h"), catch("m", on("message", "x")), end(), end("e2"), end("e3"),
                flows("s -> g -> a -> e", "g -> h -> e2", "g -> m -> e3"), names="x")
    asked = {c.token for c in made.step.calls} | {s.token for s in made.step.subscriptions}
    step = made.send(engine.Cancel())
    assert step.status == "cancelled" and set(step.stopped) == asked and [c.how for c in step.closed] == ["withdrawn"]
    assert [f.transition for f in step.facts] == ["cancelled"] * 3
    with pytest.raises(engine.NotPossible):
        made.send(engine.Broadcast("x"))
