"""The execution tests of the University of Bamberg's BPMN engine conformance suite (betsy).

Each model gives the expected trace, or is refused before it runs. None runs and gives another trace.
"""
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from app.kernel import engine
from app.kernel.bpmn.reader import read

from .world import NOW, Failure, Reply, Running, World, timedelta, with_handlers

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "betsy"
EXPECTED = CORPUS / "expected.json"

pytestmark = pytest.mark.skipif(not EXPECTED.exists(), reason="the betsy corpus (../shared/corpus/betsy) is not here")

#: Models of constructs outside the engine's list, and all the rules by which compile may refuse such a model.
REFUSED: dict[str, set[str]] = {
    "MultiInstance_NoneBehavior": {"loop.behavior"}, "MultiInstance_OneBehavior": {"loop.behavior"},
    "AdHocSubProcess": {"element.unsupported"}, "Transaction": {"element.unsupported"},
    "Cancel_": {"element.unsupported", "event.unsupported"}, "ComplexGateway": {"element.unsupported"},
    "Compensation_": {"compensation", "event.unsupported", "element.unsupported", "event-subprocess.start"},
    "Multiple_": {"event.unsupported", "event-subprocess.start"},
}


def may_refuse(name: str, refusal: engine.NotExecutable) -> bool:
    """Whether every finding names a construct that the model is about and that is outside the list."""
    rules = {f.rule.removeprefix("engine.") for f in refusal.findings}
    return any(key in name and rules <= allowed for key, allowed in REFUSED.items())


class Log:
    """The handlers of the suite's script texts, and what they wrote down."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.marker = False
        self.spans: list[tuple] = []

    def handle(self, case: Running, call: engine.Call) -> object:
        for word in (w.strip() for w in call.handler.split(",")):
            if word.startswith("SCRIPT_"):
                self.lines.append(word)
            elif word == "CREATE_MARKER_FILE":
                self.marker = True
            elif word in ("INCREMENT_INTEGER_VARIABLE", "INCREMENT_INTEGER_VARIABLE_AND_LOG"):
                if word.endswith("LOG"):
                    self.lines.append("INCREMENT_correct")
                return {"integerVariable": case.data["integerVariable"] + 1}
            elif word == "SET_STRING_DATA":
                return {"data": "String"}
            elif word == "LOG_DATA":
                if case.data.get("data") == "String":
                    self.lines.append("DATA_correct")
            elif word == "THROW_ERROR":
                return Failure("ERR_CODE")
            elif word == "WAIT_TEN_SECONDS":
                return Reply(seconds=10)
            elif word.startswith("CREATE_TIMESTAMP_LOG"):
                self.spans.append((case.world.now, case.world.now + timedelta(seconds=10)))
                return Reply(seconds=10)
        return {}

    def trace(self) -> list[str]:
        lines = list(self.lines)
        if self.marker:
            lines.append("MARKER_exists")
        if any(a[0] < b[1] and b[0] < a[1] for i, a in enumerate(self.spans) for b in self.spans[i + 1:]):
            lines.append("EXECUTION_parallel")
        return sorted(lines)


def models() -> list[dict]:
    return json.loads(EXPECTED.read_text()) if EXPECTED.exists() else []


def run(model: dict, case: dict) -> list[str]:
    """The trace one case of a model gives; NotExecutable where it is refused."""
    document = with_handlers(read((CORPUS / model["file"]).read_bytes()), lambda n: n.attributes.get("script"))
    main = engine.compile(document.processes[model["process"]])
    others = {name: engine.compile(p) for name, p in document.processes.items() if name != model["process"]}
    log = Log()
    world = World()
    world.handlers = _Any(log.handle)
    world.starters = [main, *others.values()]
    if case["with_parallel_process"]:
        world.start(others["ParallelProcess"], dict(case["input"]))
    try:
        if main.root.starts:
            started = world.start(main, dict(case["input"]))
        else:
            started = None
            for trigger in main.triggers:
                started = world.start(main, dict(case["input"]), trigger.node)
        world.run(NOW + timedelta(milliseconds=case["delay_ms"]))
    except engine.CaseFailed:
        return sorted([*log.trace(), "ERROR_runtime"])
    trace = log.trace()
    if started.status == "failed":
        trace = sorted([*trace, "ERROR_thrownErrorEvent"])
    return trace


class _Any(dict):
    """One handler for every name."""

    def __init__(self, handler) -> None:
        super().__init__()
        self.handler = handler

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str):
        return self.handler


@pytest.mark.parametrize("model", models(), ids=lambda m: Path(m["file"]).stem)
def test_a_model_gives_the_trace_it_must_or_is_refused(model):
    name = Path(model["file"]).stem
    for case in model["cases"]:
        try:
            trace = run(model, case)
        except engine.NotExecutable as refusal:
            assert case["expected"] == ["ERROR"] or may_refuse(name, refusal), refusal
        else:
            assert case["expected"] != ["ERROR"], "a model that must be refused was run"
            assert trace == sorted(case["expected"]), (case["input"], trace)


def test_how_many_models_pass(capsys):
    outcome: Counter[str] = Counter()
    for model in models():
        verdict = "right"
        for case in model["cases"]:
            try:
                if run(model, case) != sorted(case["expected"]):
                    verdict = "WRONG"
            except engine.NotExecutable:
                if case["expected"] != ["ERROR"]:
                    verdict = "refused"
        outcome[verdict] += 1
    with capsys.disabled():
        print(f"\nbetsy: {dict(outcome)} of {sum(outcome.values())} models")
    assert outcome["WRONG"] == 0
    assert outcome["right"] >= 50
