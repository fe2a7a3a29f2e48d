"""What is read from a diagram, and what is never read."""
from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.bpmn.model import BPMN, GZ, Constraint, Document, Limit, PostRule, Risk
from app.kernel.bpmn.reader import Unreadable, read

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))


def corpus(pattern: str) -> list[Path]:
    files = sorted(CORPUS.glob(pattern))
    if not files:
        pytest.skip(f"the outside test material ../shared/corpus/{pattern} is not here")
    return files


def diagram(inside: str, before: str = "", process: str = 'id="p" isExecutable="true"') -> bytes:
    return (f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{BPMN}" xmlns:gz="{GZ}" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="urn:t">'
            f"{before}<process {process}>{inside}</process></definitions>").encode()


SIMPLE = diagram(
    '<startEvent id="s"/><userTask id="a" name="审核"/><endEvent id="e"/>'
    '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>')


def refusal(source: bytes) -> set[str]:
    with pytest.raises(Unreadable) as caught:
        read(source)
    assert all(f.severity == "error" and f.message.zh and f.message.en for f in caught.value.findings)
    return {f.rule for f in caught.value.findings}


# -- what is read -----------------------------------------------------------------------------------------------------

def test_nodes_and_flows_come_in_document_order_with_the_flows_of_each_node():
    scope = read(SIMPLE).processes["p"].scope
    assert list(scope.nodes) == ["s", "a", "e"]
    assert scope.nodes["a"].incoming == ("f1",) and scope.nodes["a"].outgoing == ("f2",)
    assert scope.nodes["a"].name == "审核" and scope.nodes["a"].type == "userTask"


def test_incoming_and_outgoing_elements_of_the_file_are_not_believed():
    source = diagram('<startEvent id="s"><outgoing>ghost</outgoing></startEvent><endEvent id="e"/>'
                     '<sequenceFlow id="f" sourceRef="s" targetRef="e"/>')
    assert read(source).processes["p"].scope.nodes["s"].outgoing == ("f",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "gbk", "iso-8859-1"])
def test_any_declared_encoding_is_read(encoding):
    text = SIMPLE.decode().replace("UTF-8", encoding).replace("审核", "审核" if encoding != "iso-8859-1" else "é")
    name = read(text.encode(encoding)).processes["p"].scope.nodes["a"].name
    assert name == ("审核" if encoding != "iso-8859-1" else "é")


@pytest.mark.parametrize("prefix", ["bpmn", "bpmn2", "model", "q1"])
def test_a_prefixed_file_reads_like_one_with_a_default_namespace(prefix):
    text = SIMPLE.decode().replace(f'xmlns="{BPMN}"', f'xmlns:{prefix}="{BPMN}"')
    for tag in ("definitions", "process", "startEvent", "userTask", "endEvent", "sequenceFlow"):
        text = text.replace(f"<{tag} ", f"<{prefix}:{tag} ").replace(f"</{tag}>", f"</{prefix}:{tag}>")
    assert read(text.encode()).processes["p"].scope == read(SIMPLE).processes["p"].scope


def test_an_id_repeated_inside_extension_elements_does_not_shadow_the_node():
    source = diagram(
        '<extensionElements><userTask id="a" name="impostor"/><message id="m" name="impostor"/></extensionElements>'
        '<startEvent id="s"><extensionElements><endEvent id="e"/></extensionElements>'
        '<messageEventDefinition messageRef="m"/></startEvent>'
        '<userTask id="a" name="real"/><endEvent id="e"/>'
        '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>',
        before='<signal id="g"><extensionElements><message id="m" name="impostor"/></extensionElements></signal>'
               '<message id="m" name="order"/>')
    nodes = read(source).processes["p"].scope.everything
    assert nodes["a"].name == "real" and nodes["e"].incoming == ("f2",) and nodes["s"].event.name == "order"


def test_the_innermost_lane_wins_and_a_lane_without_a_post_takes_its_name():
    source = diagram(
        '<laneSet><lane id="l1" name="Office"><flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef>'
        '<childLaneSet><lane id="l2" name="Accountant"><flowNodeRef>a</flowNodeRef></lane>'
        '<lane id="l3"><flowNodeRef>c</flowNodeRef></lane></childLaneSet></lane>'
        '<lane id="l4" name="x"><extensionElements><gz:post department="initiator">ANY.HD</gz:post>'
        "</extensionElements><flowNodeRef>d</flowNodeRef></lane></laneSet>"
        '<userTask id="a"/><userTask id="b"/><userTask id="c"/><subProcess id="d"><userTask id="d1"/></subProcess>'
        '<userTask id="x"/>')
    process = read(source).processes["p"]
    nodes = process.scope.everything
    assert [(n, nodes[n].lane, nodes[n].post) for n in ("a", "b", "c", "d1", "x")] == [
        ("a", "l2", PostRule("Accountant")), ("b", "l1", PostRule("Office")), ("c", "l3", PostRule("Office")),
        ("d1", "l4", PostRule("ANY.HD", "initiator")), ("x", None, None)]
    assert [lane.id for lane in process.lanes] == ["l1", "l2", "l3", "l4"]


def test_event_definitions_are_read_with_what_they_point_at():
    source = diagram(
        '<startEvent id="m"><messageEventDefinition messageRef="tns:msg"/></startEvent>'
        '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>\n PT1H </timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
        '<intermediateThrowEvent id="sg"><signalEventDefinition signalRef="sig"/></intermediateThrowEvent>'
        '<intermediateThrowEvent id="l"><linkEventDefinition name="A"/></intermediateThrowEvent>'
        '<endEvent id="er"><errorEventDefinition errorRef="err"/></endEvent>'
        '<endEvent id="es"><escalationEventDefinition escalationRef="esc"/></endEvent>'
        '<intermediateCatchEvent id="c"><conditionalEventDefinition><condition>a &gt; 1</condition>'
        "</conditionalEventDefinition></intermediateCatchEvent>"
        '<intermediateCatchEvent id="r"><eventDefinitionRef>tns:shared</eventDefinitionRef></intermediateCatchEvent>'
        '<intermediateCatchEvent id="mu" parallelMultiple="true"><eventDefinitionRef>shared</eventDefinitionRef>'
        '<messageEventDefinition messageRef="msg"/></intermediateCatchEvent>'
        '<endEvent id="te"><terminateEventDefinition/></endEvent><endEvent id="no"/>'
        '<boundaryEvent id="bd" attachedToRef="x" cancelActivity="false">'
        '<messageEventDefinition messageRef="nowhere"/></boundaryEvent>',
        before='<message id="msg" name="order"/><signal id="sig" name="alarm"/><error id="err" errorCode="E1"/>'
               '<escalation id="esc" name="up" escalationCode="U"/>'
               '<timerEventDefinition id="shared"><timeDate>2026-01-01T00:00:00Z</timeDate></timerEventDefinition>')
    nodes = read(source).processes["p"].scope.nodes
    event = {i: n.event for i, n in nodes.items()}
    assert (event["m"].kind, event["m"].ref, event["m"].name) == ("message", "msg", "order")
    assert (event["t"].timer, event["t"].expression) == ("duration", "PT1H")
    assert event["sg"].name == "alarm" and event["l"].code == "A"
    assert (event["er"].name, event["er"].code) == ("err", "E1")
    assert (event["es"].name, event["es"].code) == ("up", "U")
    assert event["c"].expression == "a > 1"
    assert (event["r"].kind, event["r"].timer) == ("timer", "date")
    assert event["mu"].kind == "multiple" and event["mu"].parallel and len(event["mu"].parts) == 2
    assert event["te"].kind == "terminate" and event["no"].kind == "none"
    assert nodes["bd"].attached_to == "x" and not nodes["bd"].interrupting
    assert (event["bd"].ref, event["bd"].name) == ("nowhere", None)


def test_loops_are_read():
    source = diagram(
        '<userTask id="a"><standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>x</loopCondition>'
        "</standardLoopCharacteristics></userTask>"
        '<userTask id="b"><multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>2</loopCardinality>'
        "<completionCondition>done</completionCondition></multiInstanceLoopCharacteristics></userTask>"
        '<userTask id="c"><ioSpecification><dataInput id="din" name="in"/><inputSet/><outputSet/></ioSpecification>'
        "<dataInputAssociation><sourceRef>obj</sourceRef><targetRef>din</targetRef></dataInputAssociation>"
        "<multiInstanceLoopCharacteristics><loopDataInputRef>din</loopDataInputRef>"
        '<inputDataItem id="i" name="reviewer"/></multiInstanceLoopCharacteristics></userTask>'
        '<dataObject id="obj" name="reviewers"/>'
        '<userTask id="d"><multiInstanceLoopCharacteristics gz:collection="people" gz:element="person"/></userTask>')
    nodes = read(source).processes["p"].scope.nodes
    a, b, c, d = (nodes[i].loop for i in "abcd")
    assert (a.kind, a.condition, a.test_before, a.maximum) == ("standard", "x", True, 3)
    assert (b.kind, b.cardinality, b.completion, b.behavior) == ("sequential", "2", "done", "All")
    assert (c.kind, c.collection, c.element) == ("parallel", "reviewers", "reviewer")
    assert (d.collection, d.element) == ("people", "person")


def test_sub_processes_are_read_with_their_inside():
    source = diagram('<subProcess id="o"><subProcess id="i" triggeredByEvent="true">'
                     '<startEvent id="s" isInterrupting="false"><signalEventDefinition/></startEvent></subProcess>'
                     '<userTask id="t"/></subProcess>')
    scope = read(source).processes["p"].scope
    assert list(scope.everything) == ["o", "i", "s", "t"]
    inner = scope.nodes["o"].scope.nodes["i"]
    assert inner.triggered_by_event and not inner.scope.nodes["s"].interrupting


def test_our_own_vocabulary_is_read_from_elements_and_from_attributes():
    source = diagram("""
      <extensionElements>
        <gz:matter> S01 </gz:matter><gz:title zh="经费支出审批" en="Expenditure approval" case="{purpose}"/>
        <gz:constraints>
          <gz:differ id="c1" nodes="a b" basis="会计法 §37"/>
          <gz:people nodes="a,b" min="2" scope="iteration" onBlock="escalate"/>
          <gz:senior id="c6" lower="a" upper="b"/>
          <gz:collective id="c11" node="b" quorum="2/3" chairLast="true"/>
          <gz:recuse id="c7" nodes="*" party="taxpayer"/>
        </gz:constraints>
      </extensionElements>
      <userTask id="a"><extensionElements>
        <gz:post department="initiator">ANY.HD</gz:post><gz:duty en="verify">审核真实性</gz:duty><gz:limit days="2"/>
        <gz:risk level="high">虚报</gz:risk><gz:risk level="low">拖延</gz:risk><gz:regulation>§1</gz:regulation>
        <gz:form>expense</gz:form><gz:fields write="amount purpose" hidden="note"/>
        <gz:decisions>agree return refuse</gz:decisions><gz:allocation>draw</gz:allocation>
      </extensionElements></userTask>
      <userTask id="b" gz:en="Check" gz:post="AC" gz:department="dept" gz:duty="复核" gz:limit="4h" gz:form="check"/>
      <serviceTask id="c"><extensionElements><gz:handler name="budget.reserve">
        <gz:input name="amount" value="金额"/><gz:output name="reservation" value="id"/>
      </gz:handler></extensionElements></serviceTask>
      <serviceTask id="d" gz:handler="notify.person"/>""")
    process = read(source).processes["p"]
    assert (process.matter, process.names.zh, process.names.en, process.title) == (
        "S01", "经费支出审批", "Expenditure approval", "{purpose}")
    assert [(c.id, c.kind, c.nodes, dict(c.options)) for c in process.constraints] == [
        ("c1", "differ", ("a", "b"), {}), ("people-2", "people", ("a", "b"), {"min": "2"}),
        ("c6", "senior", (), {"lower": "a", "upper": "b"}),
        ("c11", "collective", ("b",), {"quorum": "2/3", "chairLast": "true"}),
        ("c7", "recuse", ("*",), {"party": "taxpayer"})]
    second: Constraint = process.constraints[1]
    assert (second.scope, second.on_block, process.constraints[0].basis) == ("iteration", "escalate", "会计法 §37")
    a, b, c, d = (process.scope.nodes[i] for i in "abcd")
    assert (a.post, a.duty, a.limit) == (PostRule("ANY.HD", "initiator"), "审核真实性", Limit(2.0, "day"))
    assert a.risks == (Risk("high", "虚报"), Risk("low", "拖延")) and a.regulation == "§1"
    assert (a.form, a.write, a.hidden) == ("expense", ("amount", "purpose"), ("note",))
    assert a.decisions == ("agree", "return", "refuse") and a.allocation == "draw"
    assert (b.post, b.duty, b.limit, b.form) == (PostRule("AC", "dept"), "复核", Limit(4.0, "hour"), "check")
    assert b.write is None and b.hidden == ()
    assert (b.label.en, a.duty_label.en, a.attributes["duty.en"]) == ("Check", "verify", "verify")
    assert (c.handler, dict(c.inputs), dict(c.outputs)) == (
        "budget.reserve", {"amount": "金额"}, {"reservation": "id"})
    assert d.handler == "notify.person"
    assert not any(GZ in key for n in (a, b, c, d) for key in n.attributes)


def test_vendor_words_are_kept_for_a_later_mapping():
    source = diagram(
        '<userTask id="a" xmlns:c="urn:camunda" c:assignee="demo" implementation="##x" startQuantity="2">'
        "<extensionElements><c:note>text</c:note></extensionElements>"
        '<potentialOwner><resourceAssignmentExpression><formalExpression>group(x)</formalExpression>'
        "</resourceAssignmentExpression></potentialOwner>"
        '<multiInstanceLoopCharacteristics c:collection="list"/></userTask>'
        '<scriptTask id="b"><script> do() </script></scriptTask>')
    nodes = read(source).processes["p"].scope.nodes
    assert dict(nodes["a"].attributes) == {
        "{urn:camunda}assignee": "demo", "implementation": "##x", "startQuantity": "2", "{urn:camunda}note": "text",
        f"{{{BPMN}}}potentialOwner": "group(x)", "loop.{urn:camunda}collection": "list"}
    assert nodes["b"].attributes["script"] == "do()"


def test_a_message_is_found_through_the_operation_of_a_receive_task():
    source = diagram('<receiveTask id="r" operationRef="op"/><receiveTask id="q" messageRef="m"/>',
                     before='<message id="m" name="order"/><interface id="i" name="i"><operation id="op" name="o">'
                            "<inMessageRef>m</inMessageRef></operation></interface>")
    nodes = read(source).processes["p"].scope.nodes
    assert nodes["r"].message == nodes["q"].message == "order"


# -- what is never read -----------------------------------------------------------------------------------------------

BOMB = ('<!DOCTYPE d [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)) + "]>")


def nested(levels: int) -> bytes:
    opening = "".join(f'<subProcess id="s{i}">' for i in range(levels))
    return diagram(opening + "</subProcess>" * levels)


def test_a_doctype_is_refused_in_any_encoding_and_before_its_entities_are_looked_at():
    plain = SIMPLE.decode()
    for doctype in ("<!DOCTYPE definitions>", BOMB, '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
                    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE d [<!ENTITY % p "x"> %p;]>'):
        text = plain.replace("?>", "?>" + doctype, 1)
        for hostile in (text, text.replace("审核", "&a11;"), text.replace("审核", "&x;")):
            assert refusal(hostile.encode()) == {"xml.doctype"}
            assert refusal(hostile.replace("UTF-8", "UTF-16").encode("utf-16")) == {"xml.doctype"}


def test_size_elements_and_depth_are_bounded():
    assert refusal(SIMPLE + b" " * (10 * 1024 * 1024)) == {"xml.size"}
    assert len(read(diagram("<task/>" * (10_000 - 2))).processes) == 1  # and definitions and process
    assert refusal(diagram("<task/>" * (10_000 - 1))) == {"xml.elements"}
    assert len(read(nested(98)).processes["p"].scope.everything) == 98
    assert refusal(nested(99)) == {"xml.depth"}
    assert refusal(nested(5000)) == {"xml.depth"}
    assert refusal(diagram("<documentation>" + "x" * (9 * 1024 * 1024))) == {"xml.malformed"}


@pytest.mark.parametrize(("source", "rule"), [
    (b"", "xml.empty"), (b"  \n", "xml.empty"), (b"hello", "xml.malformed"), (b"\x00\x01\x02", "xml.malformed"),
    (SIMPLE[:200], "xml.malformed"), (SIMPLE[:-3], "xml.malformed"), (SIMPLE + b"<a/>", "xml.malformed"),
    (SIMPLE.replace(b"UTF-8", b"nonsense"), "xml.malformed"), (SIMPLE.replace("审".encode(), b"\xff"), "xml.malformed"),
    (SIMPLE.replace(b"UTF-8", b"UTF-16"), "xml.malformed"), (SIMPLE.replace("审核".encode(), b"&x;"), "xml.malformed"),
    (SIMPLE.replace(b"<userTask", b"<q:userTask"), "xml.malformed"), (gzip.compress(SIMPLE), "xml.malformed"),
    (b"<html><body/></html>", "bpmn.root"), (f'<process xmlns="{BPMN}"/>'.encode(), "bpmn.root"),
    (b'<definitions xmlns="http://schema.omg.org/spec/BPMN/2.0"/>', "bpmn.root"), (b"<definitions/>", "bpmn.root"),
    (b'{"definitions": {}}', "xml.malformed"), (b"PK\x03\x04zip", "xml.malformed"),
])
def test_what_is_not_a_bpmn_file_is_refused_with_a_reason(source, rule):
    assert refusal(source) == {rule}


def test_a_broken_file_is_refused_with_the_line():
    with pytest.raises(Unreadable) as caught:
        read(SIMPLE.replace(b"<userTask", b"\n\n<userTask <"))
    assert caught.value.findings[0].line == 3


def test_a_namespace_name_that_is_no_uri_is_no_reason_to_refuse():
    odd = SIMPLE.replace(b"<definitions ", b'<definitions xmlns:Process="http://A.3.0/Initial Import/Process" ')
    assert read(odd).processes["p"].scope == read(SIMPLE).processes["p"].scope
    assert refusal(odd[:-5]) == {"xml.malformed"}
    assert refusal(odd.replace(b"?>", b"?>" + BOMB.encode(), 1)) == {"xml.doctype"}


def test_every_diagram_of_the_interchange_group_is_read():
    files = corpus("miwg/**/*.bpmn")
    documents = [read(file.read_bytes()) for file in files]
    assert len(documents) == len(files)
    assert all(isinstance(d, Document) for d in documents)
    assert sum(len(p.scope.everything) for d in documents for p in d.processes.values()) > 5_000


def test_every_conformance_model_is_read():
    for file in corpus("betsy/models/*.bpmn"):
        assert any(p.executable for p in read(file.read_bytes()).processes.values()), file.name


# -- properties -------------------------------------------------------------------------------------------------------

RICH = diagram(
    "<extensionElements><gz:constraints><gz:differ nodes='a b'/></gz:constraints></extensionElements>"
    '<laneSet><lane id="l" name="x"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    '<startEvent id="s"><timerEventDefinition><timeDate>2026</timeDate></timerEventDefinition></startEvent>'
    '<userTask id="a" gz:limit="2"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>'
    "</multiInstanceLoopCharacteristics></userTask>"
    '<subProcess id="b"><startEvent id="bs"/></subProcess><sequenceFlow id="f" sourceRef="s" targetRef="a">'
    "<conditionExpression>x</conditionExpression></sequenceFlow>")
PIECES = st.sampled_from([
    b"<", b">", b"/>", b"&", b"&lt;", b"&#0;", b"&#xFFFFF;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b"\x00",
    b"\xff\xfe", b'id="a"', b'"', b"gz:", b"xmlns=''", b"<!DOCTYPE x>", b"<subProcess id='z'>", b"</subProcess>",
    b"9" * 50, b"\n", "。".encode(), b"loopMaximum='1e9'", b"<gz:limit days='nan'/>", b"true", b"-1"])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from([SIMPLE, RICH]),
       st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 40), st.one_of(PIECES, st.binary(max_size=8))),
                min_size=1, max_size=6))
def test_a_mutated_file_is_read_or_unreadable_and_nothing_else(source, cuts):
    for place, length, piece in cuts:
        at = place % (len(source) + 1)
        source = source[:at] + piece + source[at + length:]
    try:
        document = read(source)
    except Unreadable as error:
        assert error.findings
    else:
        assert document.digest and all(p.scope.everything is not None for p in document.processes.values())


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_unreadable_or_a_document(source):
    try:
        read(source)
    except Unreadable as error:
        assert error.findings
