"""What every process package must be, whoever wrote it."""
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import pytest
from lxml import etree

from app.kernel.bpmn import reader, rules
from app.kernel.expressions import compile

from .play import PACKAGES, ROOT, Package, golden_cases

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
WAY = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
GZ = "{urn:gangze:bpmn:1}"
CHINESE = re.compile("[\u4e00-\u9fff]")
packages = pytest.mark.parametrize("package", PACKAGES, ids=str)
#: What the application always puts into a case.
ALWAYS = {"case", "param"}


def test_there_is_a_package_for_every_process_this_release_promises() -> None:
    assert {p.process.matter for p in PACKAGES} >= {"S01", "S02", "T10", "V01"}


@packages
def test_it_is_deployable_with_the_handlers_there_are(package: Package) -> None:
    from app import handling
    handling.load()
    found = rules.check(reader.read(package.source), handlers=set(handling.services) | set(package.tables), forms=set(package.forms))
    assert not found, [f"{f.severity} {f.element}: {f.message.en}" for f in found]
    for node in package.process.scope.everything.values():
        if node.handler in handling.services:
            assert set(node.inputs) <= set(handling.services[node.handler].inputs), node.id


@packages
def test_every_user_task_says_who_what_by_when_at_what_risk_and_by_what_rule(package: Package) -> None:
    for task in package.process.user_tasks.values():
        assert task.post and re.fullmatch(r"[A-Z]+\.[A-Z]+", task.post.code), task.id
        assert task.duty and task.limit and task.risks and task.regulation and task.form in package.forms, task.id
        assert all(r.level in ("high", "medium", "low") and r.text for r in task.risks), task.id


@packages
def test_every_word_of_the_diagram_has_its_english(package: Package) -> None:
    root = etree.fromstring(package.source)
    for element in (*root.iter(f"{GZ}duty"), *root.iter(f"{GZ}risk")):
        assert element.get("en"), element.text
    for element in root.iter(f"{GZ}decisions"):
        number = len(element.text.split())
        assert len(element.get("zh").split(";")) == len(element.get("en").split(";")) == number
    for element in root.iter(f"{BPMN}process"):
        for named in element.iter():
            if named.get("name") and CHINESE.search(named.get("name")) and etree.QName(named).localname not in ("process", "sequenceFlow"):
                assert named.get(f"{GZ}en"), named.get("id")


@packages
def test_every_form_is_used_and_every_right_is_about_a_field_there_is(package: Package) -> None:
    tasks = package.process.user_tasks.values()
    starts = (n for n in package.process.scope.nodes.values() if n.type == "startEvent" and n.form)
    assert {t.form for t in (*tasks, *starts)} == set(package.forms)
    for task in tasks:
        fields = {f.name for f in package.forms[task.form].fields}
        assert {*(task.write or ()), *task.hidden} <= fields, task.id


@packages
def test_every_field_and_choice_is_named_in_both_languages(package: Package) -> None:
    for key, document in package.documents.items():
        labels, options = document["ui"]["labels"], document["ui"].get("options", {})
        assert document["title"]["zh"] and document["title"]["en"]
        for name, schema in document["schema"]["properties"].items():
            assert CHINESE.search(labels[name]["zh"]) and not CHINESE.search(labels[name]["en"]), (key, name)
            assert set(options.get(name, {})) == set(schema.get("enum", ())), (key, name)
            assert all(o["zh"] and o["en"] for o in options.get(name, {}).values())
        for rule in document["schema"].get("x-gz-rules", ()):
            assert rule["message"]["zh"] and rule["message"]["en"]


@packages
def test_no_field_has_the_name_of_a_node(package: Package) -> None:
    """``stock.decision`` must be what the node ``stock`` answered, not a field that happens to be called so."""
    assert not _fields(package) & package.process.scope.everything.keys()


@packages
def test_every_name_in_an_expression_is_known(package: Package) -> None:
    known = _fields(package) | _results(package) | set(package.golden.get("start", {})) | ALWAYS
    nodes = package.process.user_tasks
    for where, text in _expressions(package):
        unknown = compile(text).names - known
        assert unknown <= nodes.keys(), f"{where}: {text}: {unknown - nodes.keys()}"
        for node, answer in re.findall(r"\b(\w+)\.(\w+)", text):
            if node in nodes:
                fields = {f.name for f in package.forms[nodes[node].form].fields} | {"decision", "opinion"}
                assert answer in fields, f"{where}: {node} answers no {answer}"


@packages
def test_every_decision_a_flow_waits_for_can_be_chosen_and_every_choice_leads_on(package: Package) -> None:
    process = package.process
    compared: dict[str, set[str]] = {}
    for flow in process.scope.flows.values():
        for node, value in re.findall(r'(\w+)\.decision == "(\w+)"', flow.condition or ""):
            assert value in process.user_tasks[node].decisions, f"{flow.id}: {node} cannot decide {value}"
            compared.setdefault(node, set()).add(value)
    for task in process.user_tasks.values():
        if task.decisions:
            gateway = process.scope.nodes[process.scope.flows[task.outgoing[0]].target]
            if gateway.type == "exclusiveGateway" and task.id in compared:
                assert gateway.default or set(task.decisions) == compared[task.id], task.id


@packages
def test_a_refusal_is_the_default_so_that_nothing_passes_by_mistake(package: Package) -> None:
    for flow in package.process.scope.flows.values():
        gateway = package.process.scope.nodes[flow.source]
        if flow.condition and '.decision == "agree"' in flow.condition:
            default = package.process.scope.flows[gateway.default]
            assert default.condition is None and default.target != flow.target, gateway.id


@packages
def test_every_parameter_is_set_in_the_golden_cases_and_told_to_the_owner(package: Package) -> None:
    used = {p for _, text in _expressions(package) for p in re.findall(r"\bparam\.(\w+)", text)}
    assert used == set(package.golden.get("param", {}))
    readme = (package.path / "README.md").read_text(encoding="utf-8")
    assert all(f"`{p}`" in readme for p in used), used


@packages
def test_the_owners_page_names_every_node_and_rule_in_chinese_and_english(package: Package) -> None:
    text = (package.path / "README.md").read_text(encoding="utf-8")
    chinese, english = text.split("\n---\n")
    assert CHINESE.search(chinese.splitlines()[0]) and "**未经核实**" in chinese and "**参数**" in chinese
    assert english.strip().startswith(f"# {package.process.matter} ") and "**Unverified**" in english
    for task in package.process.user_tasks.values():
        assert f"`{task.id}`" in chinese and f"`{task.id}`" in english, task.id
        assert task.post is not None and task.post.code in chinese and task.post.code in english, task.id
        assert all(risk.text in chinese for risk in task.risks), task.id
    for constraint in package.process.constraints:
        assert f"`{constraint.id}`" in chinese, constraint.id
        assert constraint.basis and all(part in chinese for part in constraint.basis.split(";")), constraint.id


def test_the_golden_cases_refuse_somebody_and_reach_every_end_and_every_user_task() -> None:
    for package in PACKAGES:
        reached = {node for p, case in golden_cases() if p is package for node in case.get("path", ())}
        nodes = package.process.scope.nodes.values()
        wanted = {n.id for n in nodes if n.type in ("userTask", "serviceTask", "businessRuleTask", "endEvent", "boundaryEvent")}
        assert wanted <= reached, f"{package}: {wanted - reached}"
        steps = [s for p, case in golden_cases() if p is package for s in case.get("steps", ())]
        assert any("refused" in s for s in steps), package


def test_the_format_of_the_golden_cases_is_the_one_described() -> None:
    described = (ROOT / "README.md").read_text(encoding="utf-8")
    for _, case in golden_cases():
        assert {"id", "zh", "en", "by"} <= case.keys() and ("invalid" in case) != ("path" in case), case["id"]
        for step in case.get("steps", ()):
            for key in step:
                assert re.search(rf"\b{key}\b", described), f"{case['id']}: {key} is not described"


# -- the drawing ------------------------------------------------------------------------------------------------------

@packages
def test_everything_is_drawn_once(package: Package) -> None:
    root = etree.fromstring(package.source)
    drawn = [e.get("bpmnElement") for e in (*root.iter(f"{DI}BPMNShape"), *root.iter(f"{DI}BPMNEdge"))]
    process, scope = package.process, package.process.scope
    pools = [e.get("id") for e in root.iter(f"{BPMN}participant")]
    assert sorted(drawn) == sorted([*scope.nodes, *scope.flows, *(lane.id for lane in process.lanes), *pools])
    assert sorted(n for lane in process.lanes for n in lane.nodes) == sorted(scope.nodes)


@packages
def test_every_node_lies_in_its_lane_and_on_no_other(package: Package) -> None:
    shapes, scope = _shapes(package), package.process.scope
    for lane in package.process.lanes:
        x, y, w, h = shapes[lane.id]
        for node in lane.nodes:
            a, b, c, d = shapes[node]
            assert x < a and a + c < x + w and y < b and b + d < y + h, f"{node} leaves {lane.id}"
    for one, other in combinations(scope.nodes.values(), 2):
        if one.attached_to != other.id and other.attached_to != one.id:
            assert not _overlap(shapes[one.id], shapes[other.id]), f"{one.id} lies on {other.id}"


@packages
def test_every_line_is_drawn_at_right_angles_from_its_source_to_its_target_and_through_nothing(package: Package) -> None:
    shapes, scope = _shapes(package), package.process.scope
    for id, points in _points(package).items():
        flow = scope.flows[id]
        assert _touches(shapes[flow.source], points[0]) and _touches(shapes[flow.target], points[-1]), flow.id
        for a, b in pairwise(points):
            assert a[0] == b[0] or a[1] == b[1], f"{flow.id} is not at right angles"
            line = _line(a, b)
            for node in scope.nodes.values():
                if node.id not in (flow.source, flow.target) and scope.nodes[flow.source].attached_to != node.id:
                    assert not _overlap(shapes[node.id], line), f"{flow.id} runs through {node.id}"


@packages
def test_no_label_lies_on_a_node_a_line_or_another_label(package: Package) -> None:
    labels, shapes, nodes = _labels(package), _shapes(package), package.process.scope.nodes
    for name, box in labels.items():
        for node in nodes.values():
            # A gateway is a diamond: its own label may use the corners of its box.
            assert (node.is_gateway and node.id == name) or not _overlap(box, shapes[node.id]), f"{name} lies on {node.id}"
        for flow, lines in _lines(package).items():
            for line in lines:
                assert not _overlap(box, line), f"the line {flow} runs through the label of {name}"
        for lane in package.process.lanes:
            x, y, w, h = shapes[lane.id]
            assert not _overlap(box, (x, y + h, w, 0)), f"the border of {lane.id} runs through the label of {name}"
    for (one, a), (other, b) in combinations(labels.items(), 2):
        assert not _overlap(a, b), f"the labels of {one} and {other}"


# -- inside -----------------------------------------------------------------------------------------------------------

Box = tuple[float, float, float, float]
Point = tuple[float, float]


def _fields(package: Package) -> set[str]:
    return {f.name for form in package.forms.values() for f in form.fields}


def _results(package: Package) -> set[str]:
    return {name for node in package.process.scope.everything.values() for name in node.outputs}


def _expressions(package: Package) -> Iterator[tuple[str, str]]:
    for flow in package.process.scope.flows.values():
        if flow.condition:
            yield flow.id, flow.condition
    for node in package.process.scope.everything.values():
        yield from ((f"{node.id}.{name}", text) for name, text in node.inputs.items())
        if node.event and node.event.expression and node.event.expression.startswith("$"):
            yield node.id, node.event.expression
        if node.allocation and node.allocation.startswith("person:"):
            yield node.id, node.allocation.removeprefix("person:")
    for key, document in package.documents.items():
        for rule in document["schema"].get("x-gz-rules", ()):
            yield from ((f"{key} rule", rule[part]) for part in ("when", "then") if part in rule)
        for name, schema in document["schema"]["properties"].items():
            if "x-gz-value" in schema:
                yield f"{key}.{name}", schema["x-gz-value"]
    for table in package.path.glob("decisions/*.dmn"):
        root = etree.parse(str(table))
        ns = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
        yield from ((table.stem, i.findtext(f"{ns}text")) for i in root.iter(f"{ns}inputExpression"))
        for cell in root.iter(f"{ns}inputEntry"):
            text = cell.findtext(f"{ns}text").strip()
            if text != "-":
                yield table.stem, text.lstrip("<>=! ")


@cache
def _shapes(package: Package) -> dict[str, Box]:
    found = etree.fromstring(package.source).iter(f"{DI}BPMNShape")
    return {e.get("bpmnElement"): _box(e.find(f"{DC}Bounds")) for e in found}


@cache
def _points(package: Package) -> dict[str, list[Point]]:
    edges = etree.fromstring(package.source).iter(f"{DI}BPMNEdge")
    return {e.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in e.iter(WAY)] for e in edges}


def _lines(package: Package) -> dict[str, list[Box]]:
    return {flow: [_line(a, b) for a, b in pairwise(points)] for flow, points in _points(package).items()}


def _line(a: Point, b: Point) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1])


def _labels(package: Package) -> dict[str, Box]:
    root, found = etree.fromstring(package.source), {}
    for element in (*root.iter(f"{DI}BPMNShape"), *root.iter(f"{DI}BPMNEdge")):
        bounds = element.find(f"{DI}BPMNLabel/{DC}Bounds")
        if bounds is not None:
            found[element.get("bpmnElement")] = _box(bounds)
    return found


def _box(bounds: Any) -> Box:
    return tuple(float(bounds.get(k)) for k in ("x", "y", "width", "height"))  # type: ignore[return-value]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _touches(box: Box, point: tuple[float, float]) -> bool:
    x, y, w, h = box
    inside = x <= point[0] <= x + w and y <= point[1] <= y + h
    return inside and (point[0] in (x, x + w) or point[1] in (y, y + h))
