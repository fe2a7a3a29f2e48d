"""Diagrams that cannot be read, mean harm or ask for what is not done faithfully: named, refused, nothing kept."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.api.conftest import FORM, World
from tests.conftest import CORPUS
from tests.diagrams import HEAD, diagram, end, flow, service, start, user, xor

PLAIN = diagram("hostile", start("s"), user("apply", "ANY.CLK", form="request", department="initiator"), end("e"),
                path="s apply e")
REQUEST = ("forms", "request.json", json.dumps(FORM).encode())


def inside(content: str) -> bytes:
    return f'{HEAD}<bpmn:process id="p" isExecutable="true">{content}</bpmn:process></bpmn:definitions>'.encode()


def with_doctype(doctype: str, use: str = "") -> bytes:
    return PLAIN.replace(b"?>", b"?>" + doctype.encode(), 1).replace(b'name="hostile"', f'name="{use}"'.encode())


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
UNREADABLE: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "no XML": lambda: b"MZ\x90\x00",
    "a word": "流程".encode,
    "cut off": lambda: PLAIN[:-40],
    "two roots": lambda: PLAIN + PLAIN[40:],
    "not UTF-8": lambda: PLAIN.replace(b'name="hostile"', b'name="\xff\xfe"'),
    "an encoding nobody knows": lambda: PLAIN.replace(b"UTF-8", b"KLINGON"),
    "NUL": lambda: PLAIN.replace(b"hostile", b"ho\x00stile"),
    "not BPMN": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "BPMN 1": lambda: PLAIN.replace(b"20100524", b"20091024"),
    "DOCTYPE": lambda: with_doctype("<!DOCTYPE definitions>"),
    "an external DTD": lambda: with_doctype('<!DOCTYPE d SYSTEM "http://127.0.0.1:9/evil.dtd">'),
    "an external entity": lambda: with_doctype('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "a parameter entity": lambda: with_doctype('<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:9/">%x;]>'),
    "a billion laughs": lambda: with_doctype(f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"),
    "a quadratic blow-up": lambda: with_doctype(f'<!DOCTYPE d [<!ENTITY x "{"x" * 50_000}">]>', "&x;" * 5_000),
    "10 MB": lambda: PLAIN + b"<!--" + b" " * (10 * 1024 * 1024) + b"-->",
    "10,000 elements": lambda: inside("".join(f'<bpmn:task id="t{n}"/>' for n in range(10_001))),
    "deep nesting": lambda: inside("<bpmn:subProcess>" * 101 + "</bpmn:subProcess>" * 101),
    "very deep nesting": lambda: inside("<bpmn:subProcess>" * 200_000),
    "an attribute of 8 MB": lambda: PLAIN.replace(b'name="hostile"', b'name="' + b"x" * (8 << 20) + b'"') + b" " * (3 << 20),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_diagram_is_refused_with_a_reason_and_nothing_is_kept(
    world: World, make: Callable[[], bytes], tmp_path: Path
) -> None:
    source = make()
    before = world.count("definition"), world.count("entry")
    answer = world.leiming.deploy(source, REQUEST, lang="zh")
    assert answer.status_code == 422 and answer.content_type == "application/problem+json"
    (reasons,) = list(answer.json["errors"].values())[:1]
    assert reasons and any(c >= "一" for c in reasons[0]) and "x" * 1000 not in reasons[0]
    assert "root:" not in answer.get_data(as_text=True)
    assert (world.count("definition"), world.count("entry")) == before
    path = tmp_path / "hostile.bpmn"
    path.write_bytes(source)
    checked = CliRunner().invoke(main, ["check", str(path), "--format", "json"])
    assert checked.exit_code == 2 and json.loads(checked.stdout)[0]["findings"]


def test_more_than_the_largest_upload_is_a_413(world: World) -> None:
    before = world.count("definition")
    assert world.leiming.deploy(PLAIN + b" " * (21 << 20)).status_code == 413
    assert world.count("definition") == before


UNSUPPORTED = {
    "a script": ("t", '<bpmn:scriptTask id="t" scriptFormat="python"><bpmn:script>import os; os.system("x")</bpmn:script>'
                      "</bpmn:scriptTask>"),
    "a service without a handler": ("t", '<bpmn:serviceTask id="t" name="t"/>'),
    "a complex gateway": ("t", '<bpmn:complexGateway id="t"/>'),
    "an ad-hoc subprocess": ("t", '<bpmn:adHocSubProcess id="t"><bpmn:userTask id="u"/></bpmn:adHocSubProcess>'),
    "a transaction": ("t", '<bpmn:transaction id="t"><bpmn:userTask id="u"/></bpmn:transaction>'),
    "a handler nobody knows": ("t", service("t", "os.system")),
}


@pytest.mark.parametrize(("element", "content"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_what_is_not_executed_faithfully_is_refused_by_element(world: World, element: str, content: str) -> None:
    before = world.count("definition"), world.count("entry")
    source = diagram("unsupported", start("s"), user("apply", "ANY.CLK", form="request"), content, end("e"),
                     path="s apply t e")
    answer = world.leiming.deploy(source, REQUEST)
    assert answer.status_code == 422 and {element, "u"} & answer.json["errors"].keys(), answer.json
    assert (world.count("definition"), world.count("entry")) == before


def test_a_file_without_a_process_to_execute_is_refused(world: World) -> None:
    for source in (PLAIN.replace(b'isExecutable="true"', b'isExecutable="false"'),
                   (HEAD + "</bpmn:definitions>").encode(),
                   (HEAD + '<bpmn:collaboration id="c"/></bpmn:definitions>').encode()):
        answer = world.leiming.deploy(source, REQUEST)
        assert answer.status_code == 422 and answer.json["errors"], answer.json


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of other tools' diagrams is not beside this checkout")
def test_no_diagram_that_breaks_a_rule_of_bpmn_is_kept(world: World) -> None:
    before = world.count("definition"), world.count("entry")
    for path in sorted(CORPUS.glob("betsy/refuse/*.bpmn"))[::10]:
        answer = world.leiming.deploy(path.read_bytes())
        assert answer.status_code == 422 and answer.json["errors"], path.name
    assert (world.count("definition"), world.count("entry")) == before


ESCAPES = (
    "__import__('os').system('id')", "().__class__.__bases__[0].__subclasses__()", "open('/etc/passwd').read()",
    "amount.__class__", "getattr(amount, 'x')", "lambda: 1", "[x for x in (1,)]", "f'{amount}'",
    "exec('1')", "eval('1')", "amount if amount else 1; import os", "(1).to_bytes(9**9, 'big')", "9**9**9", "'x' * 10**9",
    "globals()", "${''.getClass().forName('java.lang.Runtime')}", "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "= function() external { java: {} }", "a := 1", "yield 1", "amount._private", "\\u005f\\u005fimport__('os')",
    "()" * 10_000, "(" * 5_000 + "1" + ")" * 5_000, "1" + " + 1" * 20_000, "not " * 10_000 + "true", "amount > \x7f",
)


@pytest.mark.parametrize("escape", ESCAPES, ids=[e[:30] for e in ESCAPES])
def test_an_expression_that_tries_to_leave_is_refused_at_deployment_wherever_it_stands(world: World, escape: str) -> None:
    from xml.sax.saxutils import escape as quoted

    timer = (
        '<bpmn:intermediateCatchEvent id="here" name="here"><bpmn:timerEventDefinition id="td"><bpmn:timeDuration '
        f'xsi:type="bpmn:tFormalExpression">{quoted(escape)}</bpmn:timeDuration></bpmn:timerEventDefinition>'
        "</bpmn:intermediateCatchEvent>"
    )
    apply = user("apply", "ANY.CLK", form="request", department="initiator")
    sources = {
        "condition": diagram("escape", start("s"), apply, xor("x", default="x-e"), end("e"), end("f"),
                             flow("x-e", "x", "e"), flow("here", "x", "f", escape), path="s apply x"),
        "timer": diagram("escape", start("s"), apply, timer, end("e"), path="s apply here e"),
        "input": diagram("escape", start("s"), apply, service("here", "notify.person", {"message": escape}), end("e"),
                         path="s apply here e"),
    }
    before = world.count("definition"), world.count("entry")
    for place, source in sources.items():
        answer = world.leiming.deploy(source, REQUEST)
        assert answer.status_code == 422 and "here" in answer.json["errors"], (place, answer.get_data(as_text=True)[:300])
        assert len(answer.get_data()) < 60_000
    assert (world.count("definition"), world.count("entry")) == before


def test_a_key_in_brackets_looks_into_data_and_nowhere_else() -> None:
    from app.kernel.expressions import EvaluationError, compile
    from app.kernel.values import normalise

    for text in ("amount['__class__']", "rows['__len__']", "rows[0]['__dict__']"):
        with pytest.raises(EvaluationError):
            compile(text).evaluate(normalise({"amount": 1.5, "rows": [{"a": 1}]}))


def test_a_form_that_tries_to_leave_or_to_hang_is_refused(world: World) -> None:
    before = world.count("definition"), world.count("entry")
    for schema in (
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/"}}},
        {"type": "object", "properties": {f"f{n}": {"type": "string"} for n in range(2_000)}},
        {"type": "object", "properties": {"a": {"type": "string"}},
         "x-gz-rules": [{"then": "__import__('os')", "field": "a", "message": {"zh": "x", "en": "x"}}]},
        {"type": "object", "properties": {"$dec": {"type": "string"}}},
    ):
        answer = world.leiming.deploy(PLAIN, ("forms", "request.json", json.dumps({"schema": schema}).encode()))
        assert answer.status_code == 422 and "request" in answer.json["errors"], (schema, answer.json)
    assert (world.count("definition"), world.count("entry")) == before
