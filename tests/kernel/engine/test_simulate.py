"""The pure runner: a scenario in, a trace out."""
from __future__ import annotations

import pytest

from app.kernel.engine import simulate as simulation
from app.kernel.engine.simulate import BadScenario, simulate

from .diagrams import boundary, catch, end, flows, on, process, service, start, task, user, xor


def nodes(result: simulation.Simulation, transition: str = "completed") -> list[str]:
    return [m.fact.node for m in result.trace if m.fact.transition == transition]


APPROVAL = process(start(), user("apply"), user("audit"), xor("x", "again"), service("pay", "bank.pay"), end(),
                   flows("s -> apply -> audit -> x #again -> apply", 'x [audit.decision == "agree"] -> pay -> e'))


def test_answers_are_given_in_turn_and_the_trace_is_told():
    result = simulate(APPROVAL, {"data": {"amount": 5}, "answers": {"audit": [{"decision": "no"}, {"decision": "agree"}]},
                                 "handlers": {"bank.pay": [{"receipt": "R1"}]}})
    assert nodes(result) == ["s", "apply", "audit", "x", "apply", "audit", "x", "pay", "e"]
    assert result.status == "completed" and result.data["receipt"] == "R1" and result.data["amount"] == 5
    assert result.unused == () and result.open == ()
    assert simulate(APPROVAL, {"answers": {"audit": [{"decision": "agree"}]}}) == simulate(
        APPROVAL, {"answers": {"audit": [{"decision": "agree"}]}})


def test_what_never_ends_is_stopped_and_said():
    result = simulate(APPROVAL, {"answers": {"audit": [{"decision": "no"}] * 1000}}, max_steps=50)
    assert result.status == "stuck" and "50" in result.failure
    result = simulate(APPROVAL)
    assert result.status == "stuck" and "x" in result.failure and result.open == ("audit",)
    result = simulate(process(start(), task("t"), flows("s -> t -> t")))
    assert result.status == "stuck" and "circles" in result.failure


WAITING = process(start(), user("a"), boundary("t", "a", on("duration", "PT1H")), catch("m", on("message", "paid")), user("late"),
                  end(), end("e2"), flows("s -> a -> m -> e", "t -> late -> e2"), names="paid")


def test_events_happen_in_order_each_as_soon_as_it_can():
    result = simulate(WAITING, {"events": [{"message": "paid", "data": {"n": 1}}]})
    assert nodes(result) == ["s", "a", "m", "e"] and result.data["nodes"]["m"] == {"n": 1}
    result = simulate(WAITING, {"events": [{"advance": "PT2H"}]})
    assert nodes(result) == ["s", "t", "late", "e2"]
    result = simulate(WAITING, {"events": [{"error": {"node": "a", "code": "E"}}]})
    assert result.status == "failed"
    result = simulate(WAITING, {"events": [{"at": "m", "cancel": True}]})
    assert result.status == "cancelled" and nodes(result) == ["s", "a"]
    result = simulate(WAITING, {"events": [{"signal": "nobody"}]})
    assert result.unused == ({"signal": "nobody"},) and result.open == ("m",)


def test_the_clock_goes_on_by_itself_unless_told_not_to():
    timed = process(start(), catch("t", on("duration", "P1D")), end(), flows("s -> t -> e"))
    result = simulate(timed, {"now": "2026-03-01T00:00:00Z"})
    assert result.status == "completed" and result.trace[-1].at.isoformat() == "2026-03-02T00:00:00+00:00"
    assert simulate(timed, {"auto_advance": False}).status == "running"


@pytest.mark.parametrize("bad", [[], {"events": {}}, {"events": [3]}, {"events": [{"nonsense": 1}]}, {"answers": {"a": {}}},
                                 {"answers": []}, {"data": 3}, {"now": "yesterday"}, {"events": [{"advance": "soon"}]},
                                 {"events": [{"error": {}}]}, {"handlers": {"x": [3]}}])
def test_a_scenario_that_is_none_is_refused(bad):
    with pytest.raises(BadScenario):
        simulate(WAITING, bad)
