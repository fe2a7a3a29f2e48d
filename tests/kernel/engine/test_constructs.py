"""Constructs the library parses, runs and gets silently wrong: ours run them as BPMN 2.0.2 says, or refuse them."""
from __future__ import annotations

import warnings

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions import SignalEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from app.kernel import engine
from app.kernel.bpmn.reader import read

from .diagrams import (
    Walk,
    boundary,
    catch,
    element,
    end,
    flows,
    many,
    on,
    program,
    service,
    source,
    start,
    sub,
    task,
    throw,
    user,
    xor,
)

warnings.simplefilter("ignore")


def library(written: bytes) -> BpmnWorkflow:
    parser = BpmnParser()
    parser.add_bpmn_str(written)
    case = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
    case.do_engine_steps()
    return case


def ready(case: BpmnWorkflow) -> list[str]:
    return sorted(t.task_spec.name for t in case.get_tasks(state=TaskState.READY))


def ours(written: bytes, **data: object) -> Walk:
    return Walk(engine.compile(read(written).processes["p"]), data)


def refused(*inside: str, names: str = "") -> dict[str, str]:
    """element -> rule of what compile refuses."""
    with pytest.raises(engine.NotExecutable) as caught:
        program(*inside, names=names)
    assert all(f.severity == "error" and f.message.zh and f.message.en for f in caught.value.findings)
    return {f.element: f.rule for f in caught.value.findings}


def test_what_stands_behind_a_link_happens():
    written = source(start(), throw("lt", on("link", "L")), catch("lc", on("link", "L")), user("u"), end(),
                     flows("s -> lt", "lc -> u -> e"))
    assert "u" not in ready(library(written))
    walk = ours(written)
    assert walk.open == ["u"]
    walk.do("u")
    assert walk.completed() == ["s", "lt", "lc", "u", "e"]


def test_a_link_to_nowhere_or_to_two_places_is_refused():
    assert refused(start(), throw("lt", on("link", "L")), user("u"), end(), flows("s -> lt")).get("lt") == "engine.link.target"
    twice = catch("c1", on("link", "L")) + catch("c2", on("link", "L"))
    assert refused(start(), throw("lt", on("link", "L")), twice, end(), end("e2"),
                   flows("s -> lt", "c1 -> e", "c2 -> e2"))["lt"] == "engine.link.target"


def test_a_signal_end_event_sends_its_signal_out_and_into_the_case():
    written = source(start(), element("parallelGateway", "g"), user("w"), boundary("b", "w", on("signal", "s_go")), user("seen"),
                     task("t"), end("e", on("signal", "s_go")), end("e2"), end("e3"),
                     flows("s -> g -> t -> e", "g -> w -> e2", "b -> seen -> e3"), names="go")
    walk = ours(written)
    assert walk.thrown == [engine.Thrown("e", "signal", "go")]
    assert walk.open == ["seen"]


def test_an_error_event_sub_process_does_not_run_before_there_is_an_error():
    handler = sub("es", start("es_s", on("error", "E1")), user("handler"), end("es_e"),
                  flows("es_s -> handler -> es_e"), by_event=True)
    written = (b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:gz="urn:gangze:bpmn:1" id="d" '
               b'targetNamespace="t"><error id="E1" name="broken" errorCode="E1"/><process id="p" isExecutable="true">'
               + (start() + user("u") + end() + flows("s -> u -> e") + handler).encode() + b"</process></definitions>")
    theirs = library(written)
    assert any(t.task_spec.name == "handler" for s in theirs.get_active_subprocesses() for t in s.get_tasks(
        state=TaskState.READY)), "the library starts the error handler with the case"
    walk = ours(written)
    assert walk.open == ["u"]
    walk.send(engine.Raise(walk.token("u"), "E1"))
    assert walk.open == ["handler"]
    walk.do("handler")
    assert walk.step.status == "completed"
    walk = ours(written)
    assert walk.send(engine.Raise(walk.token("u"), "E2")).status == "failed"


@pytest.mark.parametrize("interrupting", [True, False])
def test_whether_an_event_sub_process_interrupts_is_read(interrupting):
    def written(flag: bool) -> bytes:
        return source(start(), user("u"), end(), flows("s -> u -> e"), sub(
            "es", start("es_s", on("signal", "s_go"), isInterrupting=str(flag).lower()), user("h"), end("es_e"),
            flows("es_s -> h -> es_e"), by_event=True), names="go")

    def after_the_signal(flag: bool) -> list[str]:
        made = library(written(flag))
        made.catch(BpmnEvent(SignalEventDefinition("go")))
        made.do_engine_steps()
        return ready(made)

    assert after_the_signal(True) == after_the_signal(False), "the library never looks"

    walk = ours(written(interrupting))
    walk.send(engine.Broadcast("go"))
    assert walk.open == (["h"] if interrupting else ["h", "u"])
    walk.send(engine.Broadcast("go"))
    assert walk.open == (["h"] if interrupting else ["h", "h", "u"])
    if not interrupting:
        walk.do("u")
        walk.send(engine.Broadcast("go"))
        assert walk.open == ["h", "h"], "a scope that is completing starts nothing new"
        walk.do("h", "h")
    else:
        walk.do("h")
    assert walk.step.status == "completed"


def test_a_signal_reaches_an_event_sub_process_inside_a_sub_process():
    handler = sub("es", start("es_s", on("signal", "s_go")), user("h"), end("es_e"), flows("es_s -> h -> es_e"), by_event=True)
    walk = Walk(program(start(), sub("sp", start("is"), user("u"), end("ie"), flows("is -> u -> ie"), handler), user("after"),
                        end(), flows("s -> sp -> after -> e"), names="go"))
    walk.send(engine.Broadcast("go"))
    assert walk.open == ["h"]
    walk.do("h")
    assert walk.open == ["after"]


def test_an_interrupting_boundary_event_takes_effect_before_the_next_automatic_step():
    inside = sub("sp", start("is"), throw("stop", on("signal", "s_stop")), service("never"), end("ie"),
                 flows("is -> stop -> never -> ie"))
    walk = Walk(program(start(), inside, boundary("b", "sp", on("signal", "s_stop")), user("after"), end(), end("e2"),
                        flows("s -> sp -> e", "b -> after -> e2"), names="stop"))
    assert walk.open == ["after"]
    assert walk.entered("never") == 0
    assert walk.step.calls == ()


def test_a_condition_on_the_only_flow_of_a_task_is_asked():
    written = source(start(), user("t"), user("v"), end(), flows("s -> t", "t [1 > 2] -> v", "v -> e"))
    theirs = library(written)
    next(t for t in theirs.get_tasks(state=TaskState.READY)).run()
    assert ready(theirs) == ["v"]
    walk = ours(written)
    with pytest.raises(engine.CaseFailed) as caught:
        walk.do("t")
    assert caught.value.node == "t"


def test_several_flows_out_of_a_task_all_carry_a_token():
    walk = Walk(program(start(), user("u"), user("v"), user("w"), end(), end("e2"), flows("s -> u -> v -> e", "u -> w -> e2")))
    walk.do("u")
    assert walk.open == ["v", "w"]


def test_start_and_completion_quantities_count_tokens():
    walk = Walk(program(start(), user("u", completionQuantity=2), user("v"), user("w", startQuantity=2), end(),
                        flows("s -> u -> v -> w -> e")))
    walk.do("u")
    assert walk.open == ["v", "v"]
    walk.do("v")
    assert walk.open == ["v"]
    walk.do("v")
    assert walk.open == ["w"]
    assert refused(start(), user("u", startQuantity=0), end(), flows("s -> u -> e")) == {"u": "engine.activity.quantity"}


def test_a_multi_instance_behaviour_other_than_all_is_refused():
    loop = many(cardinality=3).replace("isSequential", 'behavior="None" isSequential')
    assert refused(start(), user("u", loop), end(), flows("s -> u -> e")) == {"u": "engine.loop.behavior"}


def test_an_element_elsewhere_with_the_same_id_shadows_nothing():
    written = source(start(), '<userTask id="u"><extensionElements><x:thing xmlns:x="urn:x" id="v"/></extensionElements>'
                     "</userTask>", user("v"), end(), flows("s -> u -> v -> e"))
    walk = ours(written)
    walk.do("u", "v")
    assert walk.step.status == "completed"


@pytest.mark.parametrize("condition", ["${approved}", "=approved", "approved"])
def test_conditions_of_other_tools_are_understood_before_anything_runs(condition):
    written = source(start(), user("u"), xor("x", "f0"), user("yes"), end(), end("e2"),
                     flows("s -> u -> x #f0 -> e", f"x [{condition}] -> yes -> e2"))
    walk = ours(written)
    walk.do("u", approved=True)
    assert walk.open == ["yes"]


def test_a_timer_as_every_tool_writes_it_works():
    written = source(start(), catch("t", on("duration", "PT1H")), user("u"), end(), flows("s -> t -> u -> e"))
    theirs = library(source(start(), user("z"), catch("t", on("duration", "PT1H")), user("u"), end(),
                            flows("s -> z -> t -> u -> e")))
    with pytest.raises(Exception, match="PT1H"):
        next(t for t in theirs.get_tasks(state=TaskState.READY)).run()
        theirs.do_engine_steps()
    walk = ours(written)
    walk.fire("t")
    assert walk.open == ["u"]


@pytest.mark.parametrize(("inside", "rule"), [
    (element("callActivity", "n", calledElement="q"), "element.unsupported"),
    (element("complexGateway", "n"), "element.unsupported"),
    (element("adHocSubProcess", "n"), "element.unsupported"),
    (element("scriptTask", "n", "<script>1/0</script>"), "task.no-handler"),
    (element("serviceTask", "n"), "task.no-handler"),
    (element("receiveTask", "n"), "task.no-message"),
    (element("intermediateThrowEvent", "n", on("compensate")), "event.unsupported"),
    (element("intermediateCatchEvent", "n", on("error", "x")), "event.unsupported"),
    (element("intermediateCatchEvent", "n", on("message")), "event.no-name"),
    (element("intermediateCatchEvent", "n", on("duration", "PT")), "timer.time"),
    (element("intermediateCatchEvent", "n", on("duration", "1 hour")), "timer.time"),
    (element("intermediateCatchEvent", "n", on("cycle", "R0/PT1H")), "timer.never"),
    (element("intermediateCatchEvent", "n", "<timerEventDefinition/>"), "timer.no-time"),
    (element("intermediateCatchEvent", "n", on("conditional", "a = 3")), "expression"),
    (element("intermediateCatchEvent", "n", on("conditional", "__import__('os')")), "expression"),
    (element("subProcess", "n", start("a") + start("b") + end("c") + flows("a -> c", "b -> c")), "start.several"),
    (element("subProcess", "n", start("a", on("signal", "s_x")) + end("c") + flows("a -> c")), "subprocess.start"),
    (user("n", isForCompensation="true"), "compensation"),
    (user("n", "<standardLoopCharacteristics/>"), "loop.endless"),
    (user("n", "<multiInstanceLoopCharacteristics/>"), "loop.count"),
])
def test_what_is_not_run_is_refused_with_the_element(inside, rule):
    found = refused(start(), inside, end(), flows("s -> n -> e"), names="x")
    assert set(found.values()) == {f"engine.{rule}"}
    assert set(found) <= {"n", "a", "b"}


def test_an_exclusive_gateway_needs_conditions_and_a_parallel_one_cannot_have_any():
    assert refused(start(), xor("g"), user("a"), user("b"), end(), end("e2"), flows("s -> g #f1 -> a -> e", "g #f2 -> b -> e2")
                   ) == {"f1": "engine.gateway.no-condition", "f2": "engine.gateway.no-condition"}
    assert refused(start(), element("parallelGateway", "g"), user("a"), end(), flows("s -> g", "g #f9 [a] -> a -> e")
                   ) == {"f9": "engine.gateway.condition"}


def test_all_findings_come_at_once():
    found = refused(start(), element("scriptTask", "a"), element("callActivity", "b"), end(), flows("s -> a -> b -> e"))
    assert set(found) == {"a", "b"}
