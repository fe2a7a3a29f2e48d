"""States saved by an earlier version are read by every later one."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.kernel import engine

from .diagrams import Walk, both, boundary, catch, end, flows, many, on, program, service, start, sub, user
from .world import NOW

STATES = Path(__file__).parent / "states"


def everything() -> engine.Program:
    """A diagram in which every kind of token can be waiting at once. Never change it: states/v1.json is one of its."""
    return program(
        start(), user("a"), both("g"), user("b"), boundary("bt", "b", on("cycle", "R3/PT1H"), False), user("urge"),
        service("h", "budget.reserve"), catch("m", on("message", "paid")), user("many", many(collection="people", item="person")),
        sub("sp", start("is"), user("inner"), end("ie"), flows("is #is_inner -> inner #inner_ie -> ie"),
            sub("es", start("em"), end("ee"), by_event=True).replace(
                '<startEvent id="em"></startEvent>', start("em", on("signal", "s_stop"), isInterrupting="false")).replace(
                "</subProcess>", flows("em #em_ee -> ee") + "</subProcess>")),
        user("home"), both("j"), user("z"), end(), end("e2"),
        "".join(flows(f"{a} #{a}_{b} -> {b}") for a, b in (
            ("s", "a"), ("a", "g"), ("g", "b"), ("g", "h"), ("g", "m"), ("g", "many"), ("g", "sp"), ("g", "home"), ("b", "j"),
            ("h", "j"), ("m", "j"), ("many", "j"), ("sp", "j"), ("home", "j"), ("j", "z"), ("z", "e"), ("bt", "urge"),
            ("urge", "e2"))),
        names="paid stop")


def waiting() -> Walk:
    walk = Walk(everything(), {"people": ["甲", "乙"]})
    walk.do("a")
    walk.do("home", "many")
    walk.fire("bt")
    walk.back("inner", "a", straight=True)
    walk.do("a")
    walk.back("many", "a", straight=True)
    return walk


def test_a_state_of_version_one_is_still_read_and_can_be_finished():
    kept = json.loads((STATES / "v1.json").read_text())
    walk = waiting()
    assert json.loads(walk.step.state) == kept["state"], "the written form changed: give it a new version and read the old"
    state, data = json.dumps(kept["state"]), kept["data"]
    step = walk.step
    for node in ("b", "a", "many", "inner", "h", "urge"):
        token = next(t.token for t in engine.open_tokens(walk.program, state) if t.node == node and t.kind in ("person", "call"))
        step = engine.step(walk.program, state, data, engine.Complete(token), walk.now)
        state, data = step.state, step.data
    step = engine.step(walk.program, state, data, engine.Deliver("paid"), walk.now)
    token = next(t.token for t in engine.open_tokens(walk.program, step.state) if t.node == "z")
    assert engine.step(walk.program, step.state, step.data, engine.Complete(token), walk.now).status == "completed"


@pytest.mark.parametrize("bad", ["", "null", "[]", "{}", "no json", '{"v":2,"last":1,"status":"running","tokens":[]}',
                                 '{"v":1,"last":1,"status":"running","tokens":[{"id":1,"in":0,"at":"gone","is":"started"}]}',
                                 '{"v":1,"last":1,"status":"running","tokens":[{"id":2,"in":7,"at":"a","is":"started"}]}',
                                 '{"v":1,"last":1,"status":"running","tokens":[{"id":1,"in":0,"at":"a","is":"flying"}]}'])
def test_what_is_no_state_of_the_diagram_is_refused(bad):
    with pytest.raises(engine.NotPossible):
        engine.step(everything(), bad, {}, engine.Cancel(), NOW)


if __name__ == "__main__":  # write the golden state anew (only together with a new version)
    made = waiting()
    (STATES / "v1.json").write_text(json.dumps({"state": json.loads(made.step.state), "data": made.step.data},
                                               ensure_ascii=False, indent=1) + "\n")
