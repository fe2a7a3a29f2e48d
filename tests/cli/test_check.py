"""``gangze check`` and ``gangze simulate``: for files from anywhere, without an application or a database."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import CORPUS, ROOT
from tests.diagrams import HEAD, diagram, end, flow, service, start, user, xor

from .conftest import Run

OURS = diagram("ours", start("s"), user("apply", form="request"), end("e"), path="s apply e")
FOREIGN = (
    b'<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'
    b'<process id="p" isExecutable="true"><startEvent id="s"/><userTask id="t" name="Do it"/><endEvent id="e"/>'
    b'<sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="e"/>'
    b"</process></definitions>"
)


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_packages_of_the_house_are_deployable_and_nothing_is_made(inside: Run, tmp_path: Path) -> None:
    done = inside("check", *sorted(p.parent for p in ROOT.glob("processes/*/*/process.bpmn")))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": deployable") == 4 and " error " not in done.stdout
    assert not (tmp_path / "home").exists() and not (tmp_path / "var").exists()


def test_a_diagram_from_elsewhere_is_judged_by_what_it_is_and_warned_of_what_is_to_come(inside: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "foreign.bpmn", FOREIGN)
    done = inside("check", path, "--format", "json")
    assert done.returncode == 0, done.stdout
    (report,) = json.loads(done.stdout)
    assert report["deployable"] and report["readable"] and report["file"] == str(path)
    said = {(f["rule"], f["severity"]) for f in report["findings"]}
    assert {("post.missing", "warning"), ("duty.missing", "warning"), ("form.missing", "warning")} <= said


def test_a_diagram_in_our_words_must_say_all_that_deploying_asks_for(inside: Run, tmp_path: Path) -> None:
    lacking = OURS.replace(b"<gz:duty>apply</gz:duty>", b"").replace(b"<gz:form>request</gz:form>", b"")
    done = inside("check", written(tmp_path, "a.bpmn", OURS), written(tmp_path, "b.bpmn", lacking), "--format", "json")
    assert done.returncode == 1
    complete, incomplete = json.loads(done.stdout)
    assert complete["deployable"] and not incomplete["deployable"]
    rules = {f["rule"] for f in incomplete["findings"] if f["severity"] == "error"}
    assert rules == {"duty.missing", "form.missing"}
    found = next(f for f in incomplete["findings"] if f["rule"] == "duty.missing")
    assert found["element"] == "apply" and found["line"] and found["message"] == {
        "zh": "没有写明职责", "en": "it does not say what the duty is"}


def test_forms_and_handlers_are_looked_for_where_they_are(inside: Run, tmp_path: Path) -> None:
    source = diagram("parts", start("s"), user("apply", form="request"), service("go", "no.such.handler"),
                     service("ask", "decision.who"), end("e"), path="s apply go ask e")
    folder = written(tmp_path, "package/process.bpmn", source).parent
    written(folder, "forms/other.json", b'{"schema": {"type": "object", "properties": {}}}')
    alone = written(tmp_path, "alone.bpmn", source)
    done = inside("check", folder, folder / "process.bpmn", alone, "--format", "json")
    assert done.returncode == 1
    reports = json.loads(done.stdout)
    rules = [{(f["rule"], f["element"]) for f in r["findings"] if f["severity"] == "error"} for r in reports]
    everything = {("form.unknown", "apply"), ("handler.unknown", "go"), ("handler.unknown", "ask")}
    assert rules[0] == rules[1] == everything
    assert rules[2] == {("handler.unknown", "go")}, "where its forms and tables lie is not known"


def test_findings_are_told_in_the_language_of_the_shell(inside: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "a.bpmn", OURS.replace(b"<gz:duty>apply</gz:duty>", b""))
    english, chinese = inside("check", path), inside("check", path, lang="zh_CN.UTF-8")
    assert english.returncode == chinese.returncode == 1
    assert "NOT deployable" in english.stdout and "it does not say what the duty is" in english.stdout
    assert "不能部署" in chinese.stdout and "没有写明职责" in chinese.stdout and "apply (apply)" in chinese.stdout


def test_what_cannot_be_read_is_exit_2_and_each_file_is_told_of(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    files = [
        written(tmp_path, "empty.bpmn", b""), written(tmp_path, "text.bpmn", b"not XML"),
        written(tmp_path, "other.bpmn", b"<svg/>"), written(tmp_path, "half.bpmn", FOREIGN[:200]),
        written(tmp_path, "latin.bpmn", FOREIGN.replace(b"Do it", b"D\xff it")),
        written(tmp_path, "bomb.bpmn", b'<!DOCTYPE a [<!ENTITY b "bb">]>' + FOREIGN),
        written(tmp_path, "huge.bpmn", FOREIGN + b" " * (11 << 20)),
        written(tmp_path, "bad/process.bpmn", FOREIGN).parent, tmp_path / "absent.bpmn", tmp_path / "folder",
        tmp_path / "loop", Path("/dev/null"), written(tmp_path, "名字 \udcff.bpmn", b"<"),
    ]
    written(tmp_path, "bad/forms/f.json", b"{")
    done = run("check", *files, written(tmp_path, "good.bpmn", FOREIGN), "--format", "json")
    assert done.returncode == 2
    reports = json.loads(done.stdout)
    assert [r["readable"] for r in reports] == [False] * len(files) + [True]
    for report in reports[:-1]:
        assert report["findings"] and all(f["message"]["zh"] and f["message"]["en"] for f in report["findings"])
    assert run("check").returncode == 2


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of other tools' diagrams is not beside this checkout")
def test_no_diagram_of_other_peoples_tools_ends_in_a_traceback(inside: Run) -> None:
    files = [*sorted(CORPUS.glob("miwg/**/*.bpmn"))[:60], *sorted(CORPUS.glob("betsy/models/*.bpmn"))]
    done = inside("check", *files, "--format", "json")
    assert len(json.loads(done.stdout)) == len(files) > 60
    refused = inside("check", *sorted(CORPUS.glob("betsy/refuse/*.bpmn")), "--format", "json")
    assert not any(r["deployable"] for r in json.loads(refused.stdout))


SIMULATED = diagram(
    "played", start("s"), user("apply"), xor("big", default="big-small"), user("chief"),
    '<bpmn:intermediateCatchEvent id="wait" name="wait"><bpmn:timerEventDefinition id="td"><bpmn:timeDuration '
    'xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>',
    '<bpmn:intermediateCatchEvent id="paid" name="paid"><bpmn:messageEventDefinition id="pd" messageRef="m">'
    "<bpmn:operationRef>o</bpmn:operationRef></bpmn:messageEventDefinition></bpmn:intermediateCatchEvent>",
    '<bpmn:intermediateCatchEvent id="closed" name="closed"><bpmn:signalEventDefinition id="sd" signalRef="g"/>'
    "</bpmn:intermediateCatchEvent>", service("book", "test.book", outputs={"booked": "id"}),
    end("e"), end("small"), flow("big-small", "big", "small"), flow("big-chief", "big", "chief", "amount > 100"),
    flow("c", "chief", "wait"), path="s apply big", before='<bpmn:message id="m" name="payment"/><bpmn:signal id="g" '
    'name="close"/><bpmn:interface id="i" name="bank"><bpmn:operation id="o" name="pay"><bpmn:inMessageRef>m'
    "</bpmn:inMessageRef></bpmn:operation></bpmn:interface>",
).replace(b"</bpmn:process>", "".join(
    flow(f"{a}-{b}", a, b) for a, b in (("wait", "paid"), ("paid", "closed"), ("closed", "book"), ("book", "e"))
).encode() + b"</bpmn:process>")


def test_a_scenario_is_played_with_answers_messages_signals_and_clock(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "played.bpmn", SIMULATED)
    scenario = written(tmp_path, "scenario.json", json.dumps({
        "now": "2026-03-02T09:00:00+08:00", "answers": {"apply": [{"amount": 12800.10}]},
        "handlers": {"test.book": [{"id": 7}]},
        "events": [{"advance": "PT2H", "at": "wait"}, {"message": "payment", "data": {"paid": 1}}, {"signal": "close"}],
    }).encode())
    done = run("simulate", path, "--scenario", scenario, "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "completed" and told["unused"] == [] and told["open"] == []
    assert told["data"]["amount"] == "12800.1" and told["data"]["booked"] == 7
    completed = [m["node"] for m in told["trace"] if m["transition"] == "completed"]
    assert completed == ["s", "apply", "big", "chief", "wait", "paid", "closed", "book", "e"]
    at = {m["node"]: m["at"] for m in told["trace"] if m["transition"] == "completed"}
    assert at["apply"] == "2026-03-02T01:00:00.000Z" and at["wait"] == "2026-03-02T03:00:00.000Z"
    text = run("simulate", path, "--scenario", scenario, lang="zh_CN.UTF-8")
    assert text.returncode == 0 and text.stdout.rstrip().endswith("结果：completed")
    assert "completed  chief" in text.stdout


def test_without_a_scenario_a_case_goes_as_far_as_it_can_and_says_where_it_waits(inside: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "played.bpmn", SIMULATED.replace(b"amount &gt; 100", b"true"))
    done = inside("simulate", path)
    assert done.returncode == 0 and "waits at: paid" in done.stdout and "status: running" in done.stdout
    undecided = inside("simulate", written(tmp_path, "other.bpmn", SIMULATED))
    assert undecided.returncode == 1 and "status: stuck" in undecided.stdout and "amount" in undecided.stderr


@pytest.mark.parametrize("content", [
    b"{", b"[1]", b'{"events": [{"explode": true}]}', b'{"now": "yesterday"}', b'{"answers": {"apply": 7}}',
    b"\xff", b"[" * 100_000, b'{"data": {"$dec": "1"}}', b'{"data": {"a": NaN}}', b'{"start": "nowhere"}',
    b'{"events": [{"return": {"node": "apply", "to": "e"}}]}', b'{"data": {"a": 1e99999999999999999999}}',
])
def test_a_scenario_that_is_none_is_one_sentence(inside: Run, tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, "played.bpmn", SIMULATED)
    done = inside("simulate", path, "--scenario", written(tmp_path, "s.json", content))
    assert done.returncode == 2 and done.stderr.startswith("scenario: ") and done.stderr.count("\n") == 1


def test_a_diagram_that_cannot_be_executed_is_not_played(inside: Run, tmp_path: Path) -> None:
    looping = (HEAD + '<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:scriptTask id="t">'
               "<bpmn:script>import os</bpmn:script></bpmn:scriptTask></bpmn:process></bpmn:definitions>").encode()
    done = inside("simulate", written(tmp_path, "a.bpmn", looping))
    assert done.returncode == 1 and "t line 2: the script task cannot be executed" in done.stderr
    assert inside("simulate", written(tmp_path, "b.bpmn", b"<")).returncode == 2
    assert inside("simulate", tmp_path / "absent").returncode == 2
    assert inside("simulate", tmp_path / "a.bpmn", "--scenario", tmp_path / "absent").returncode in (1, 2)
