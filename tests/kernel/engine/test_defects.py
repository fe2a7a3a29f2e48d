"""The library's defects D1 to D11: each test shows the fault on the plain library, then that ours is free of it.

Where the first half of such a test begins to fail, the library has been repaired; the second half stays.
"""
from __future__ import annotations

import json
import warnings
from datetime import date
from decimal import Decimal

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from app.kernel import engine
from app.kernel.bpmn.reader import read
from app.kernel.values import BadValue

from .diagrams import Walk, both, end, flows, program, service, some, source, start, task, throw, user, xor
from .world import NOW

warnings.simplefilter("ignore")


def library(written: bytes) -> BpmnWorkflow:
    parser = BpmnParser()
    parser.add_bpmn_str(written)
    case = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
    case.do_engine_steps()
    return case


def ready(case: BpmnWorkflow) -> list[str]:
    return sorted(t.task_spec.name for t in case.get_tasks(state=TaskState.READY, manual=True))


def do(case: BpmnWorkflow, node: str, **data: object):
    done = next(t for t in case.get_tasks(state=TaskState.READY, manual=True) if t.task_spec.name == node)
    done.data.update(data)
    done.run()
    case.do_engine_steps()
    return done


def reloaded(case: BpmnWorkflow) -> BpmnWorkflow:
    serializer = BpmnWorkflowSerializer()
    return serializer.deserialize_json(serializer.serialize_json(case))


def ours(written: bytes, **data: object) -> Walk:
    return Walk(engine.compile(read(written).processes["p"]), data)


LINE = source(start(), user("a"), user("b"), user("c"), end(), flows("s -> a -> b -> c -> e"))


def countersigned(gateway) -> bytes:
    return source(start(), user("a"), gateway("g"), user("b"), user("c"), gateway("j"), user("d"), xor("x", "f9"), end(),
                  flows("s -> a -> g -> b -> j -> d -> x #f9 -> a", "g -> c -> j", "x [done] -> e"))


def test_d1_a_join_counts_no_tokens_of_an_earlier_round():
    theirs = library(countersigned(both))
    for node in ("a", "b", "c", "d", "a", "c"):
        do(theirs, node, done=False)
    assert "d" in ready(theirs), "D1: the countersignature of b was by-passed in round 2"

    walk = ours(countersigned(both))
    for _ in range(3):
        walk.do("a", "b", done=False)
        assert walk.open == ["c"]
        walk.do("c", done=False)
        assert walk.open == ["d"]
        walk.do("d", done=False)


def test_d1_nor_does_it_after_a_return_in_either_order():
    for first, second in (("b", "c"), ("c", "b")):
        walk = ours(countersigned(both), done=True)
        walk.do("a", first, second)
        walk.back("d", "a")
        walk.do("a", first)
        assert walk.open == [second]
        walk.do(second)
        assert walk.open == ["d"]


def test_d1_nor_does_an_inclusive_join():
    written = source(start(), user("a"), some("g"), user("b"), user("c"), some("j"), user("d"), xor("x", "f9"), end(),
                     flows("s -> a -> g", "g [n > 0] -> b -> j -> d -> x #f9 -> a", "g [n > 1] -> c -> j", "x [done] -> e"))
    theirs = library(written)
    for node in ("a", "b", "c", "d", "a", "b"):
        do(theirs, node, done=False, n=2)
    assert "d" in ready(theirs), "D1"

    walk = ours(written)
    for _ in range(3):
        walk.do("a", n=2, done=False)
        walk.do("b", n=2, done=False)
        assert walk.open == ["c"]
        walk.do("c", "d", n=2, done=False)


def test_d2_a_case_of_a_thousand_rounds_is_neither_over_nor_larger_than_one_of_two():
    written = source(start(), user("work"), xor("x", "f3"), end(), flows("s -> work -> x #f3 -> work", "x [done] -> e"))
    theirs = library(written)
    rounds = 0
    while ready(theirs) and rounds < 600:
        do(theirs, "work", done=False)
        rounds += 1
    assert rounds < 600, "D2: the library lost the running case"

    walk = ours(written)
    sizes = []
    for _ in range(1_000):
        walk.do("work", done=False)
        sizes.append(len(walk.step.state))
    assert walk.open == ["work"] and walk.step.status == "running"
    assert max(sizes[10:]) <= sizes[1] + 12, "only the numbers of the tokens may get longer"
    walk.do("work", done=True)
    assert walk.step.status == "completed"


def test_d3_what_was_answered_before_is_not_changed_by_what_comes_later():
    theirs = library(LINE)
    first = do(theirs, "a", doc={"amount": {"yuan": 100}})
    later = next(t for t in theirs.get_tasks(state=TaskState.READY, manual=True))
    later.data["doc"]["amount"]["yuan"] = 999
    later.run()
    assert first.data["doc"]["amount"]["yuan"] == 999, "D3: the completed task's data was rewritten"

    walk = ours(LINE)
    given = {"doc": {"amount": {"yuan": 100}}}
    before = walk.send(engine.Complete(walk.token("a"), given))
    given["doc"]["amount"]["yuan"] = 999
    assert before.data["nodes"]["a"]["doc"]["amount"]["yuan"] == 100
    after = walk.do("b", doc={"amount": {"yuan": 999}})
    assert before.data["doc"]["amount"]["yuan"] == 100
    assert after.data["nodes"]["a"]["doc"]["amount"]["yuan"] == 100
    assert after.data["doc"]["amount"]["yuan"] == 999


def test_d4_only_what_is_open_can_be_completed_and_only_once():
    theirs = library(LINE)
    done = do(theirs, "a")
    done.run()
    future = next(t for t in theirs.tasks.values() if t.task_spec.name == "c")
    future.run()
    assert future.state == TaskState.COMPLETED, "D4: a task of the future ran and what lies before it was skipped"

    walk = ours(LINE)
    token = walk.token("a")
    walk.do("a")
    state = walk.step
    for number in (token, 0, -1, 99, walk.token("b") + 1):
        for event in (engine.Complete(number), engine.Raise(number, "x"), engine.Fire(number), engine.Return(number, "a")):
            with pytest.raises(engine.NotPossible):
                walk.send(event)
    assert walk.step is state and walk.open == ["b"]
    walk.do("b", "c")
    with pytest.raises(engine.NotPossible):
        walk.send(engine.Cancel())


def test_d5_parallel_reviewers_both_keep_their_answers():
    written = source(start(), user("z"), both("g"), user("a"), user("b"), both("j"), user("c"), end(),
                     flows("s -> z -> g -> a -> j -> c -> e", "g -> b -> j"))
    theirs = library(written)
    do(theirs, "z", decision=None)
    do(theirs, "a", decision="refuse")
    do(theirs, "b", decision="agree")
    merged = next(t for t in theirs.get_tasks(state=TaskState.READY, manual=True)).data
    assert "refuse" not in str(merged), "D5: one reviewer's decision is lost"

    walk = ours(written)
    walk.do("z")
    walk.do("a", decision="refuse")
    walk.do("b", decision="agree")
    assert walk.step.data["nodes"]["a"]["decision"] == "refuse"
    assert walk.step.data["nodes"]["b"]["decision"] == "agree"


def test_d6_a_form_value_named_typename_is_only_a_value():
    theirs = library(LINE)
    do(theirs, "a", form={"typename": "contract"})
    with pytest.raises(TypeError):
        reloaded(theirs)

    walk = ours(LINE)
    walk.do("a", form={"typename": "contract"}, typename="UUID")
    walk.do("b", form={"typename": "UUID", "value": "12345678123456781234567812345678"})
    assert walk.step.data["form"] == {"typename": "UUID", "value": "12345678123456781234567812345678"}
    assert walk.step.data["nodes"]["a"]["form"] == {"typename": "contract"}


def test_d7_one_becoming_true_is_a_change():
    theirs = library(LINE)
    do(theirs, "a", x=1)
    do(theirs, "b", x=True)
    assert reloaded(theirs).last_task.data["x"] is not True, "D7: the change was lost when saved"

    walk = ours(LINE)
    walk.do("a", x=1)
    walk.do("b", x=True)
    assert walk.step.data["x"] is True and walk.step.data["nodes"]["a"]["x"] == 1
    assert walk.step.data["nodes"]["a"]["x"] is not True


def test_d8_money_and_dates_are_values_and_what_is_none_is_refused_before_anything_happens():
    theirs = library(LINE)
    do(theirs, "a", amount=Decimal("1.10"))
    with pytest.raises(TypeError):
        reloaded(theirs)

    walk = ours(LINE)
    walk.do("a", amount=Decimal("1.10"), day=date(2026, 1, 2))
    assert walk.step.data["amount"] == Decimal("1.10") and walk.step.data["day"] == date(2026, 1, 2)
    before = walk.step
    for bad in ({"x": float("nan")}, {"x": {1: 2}}, {"x": b"x"}, {"x": object()}, {"$dec": "1"}, {"nodes": {"a": {}}}):
        with pytest.raises(BadValue):
            walk.send(engine.Complete(walk.token("b"), bad))
    assert walk.step is before


def test_d9_there_is_nothing_to_share_between_threads():
    serializer = BpmnWorkflowSerializer()
    assert serializer.__dict__ or serializer.registry.__dict__, "D9: the library's serializer keeps state"

    made = program(start(), user("a"), end(), flows("s -> a -> e"))
    before = {name: dict(spec.__dict__) for name, spec in made.specs.items()}
    walks = [Walk(made) for _ in range(3)]
    for walk in reversed(walks):
        walk.do("a")
    assert {walk.step.state for walk in walks} == {walks[0].step.state}
    assert before == {name: dict(spec.__dict__) for name, spec in made.specs.items()}, "a run changed the program"


def test_d10_a_failing_handler_is_an_error_event_with_its_own_code():
    class Failing(TaskDataEnvironment):
        def call_service(self, *args, **kwargs):
            raise ValueError("no budget")

    theirs = library(LINE)
    with pytest.raises(NameError):
        PythonScriptEngine(environment=Failing()).call_service(theirs.last_task, operation_name="reserve")

    walk = Walk(program(start(), service("reserve", "budget.reserve"), user("after"), end(),
                        flows("s -> reserve -> after -> e")))
    assert walk.step.calls == (engine.Call(walk.token("reserve"), "reserve", "budget.reserve", {}),)
    step = walk.send(engine.Raise(walk.token("reserve"), "NO_BUDGET", "no budget left"))
    assert step.status == "failed"
    assert ("reserve", "failed") in walk.trace
    fact = next(f for f in step.facts if f.transition == "failed")
    assert fact.detail == {"code": "NO_BUDGET", "message": "no budget left"}


def test_d11_loops_without_a_gateway_and_chains_of_thousands_of_nodes_run():
    looping = source(start(), task("m"), user("a"), user("b"), end(), flows("s -> m -> a -> b", "b [done] -> e", "b [not done] -> m"))
    with pytest.raises(RecursionError):
        library(source(start(), task("m"), user("a"), flows("s -> m -> a -> m")))

    walk = ours(looping)
    for _ in range(3):
        walk.do("a", "b", done=False)
    walk.do("a", "b", done=True)
    assert walk.step.status == "completed"

    for kind in (task, throw):
        names = [f"n{i}" for i in range(3_000)]
        chain = source(start(), *(kind(n) for n in names), end(), flows(" -> ".join(["s", *names, "e"])))
        assert ours(chain).step.status == "completed"


def test_d11_a_case_that_runs_in_circles_is_stopped_with_the_node():
    made = program(start(), task("m"), task("k"), flows("s -> m -> k -> m"))
    with pytest.raises(engine.CaseFailed) as caught:
        engine.start(made, {}, NOW)
    assert caught.value.node in ("m", "k") and "circles" in caught.value.reason


def test_the_reserved_names_of_the_library_are_names_like_others():
    walk = ours(source(start("Start"), user("Root"), user("End"), task("Root.EndJoin"), end("e"),
                       flows("Start -> Root -> End -> Root.EndJoin -> e")))
    walk.do("Root", "End")
    assert walk.step.status == "completed"
    assert walk.completed() == ["Start", "Root", "End", "Root.EndJoin", "e"]


def test_the_state_is_json_and_holds_no_case_data():
    walk = ours(LINE)
    walk.do("a", secret="密" * 10)
    state = json.loads(walk.step.state)
    assert state["v"] == 1 and "密" not in walk.step.state
