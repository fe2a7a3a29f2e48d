"""Bytes to a :class:`~app.kernel.bpmn.model.Document`: nothing else in the house reads a diagram's XML.

The reader judges nothing but safety and readability. What it cannot place it leaves to ``rules.check``, which looks
at the same bytes; so a half-drawn diagram can still be shown to the person who has to repair it.
"""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..text import Text
from ..values import digest
from . import vocabulary
from .events import Shared, event_of, loop_of
from .markup import Element, Unreadable, bare, bpmn, local, parse, text, true
from .model import BPMN, Document, Flow, Lane, Node, PostRule, Process, Scope

__all__ = ["Unreadable", "read"]

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"

#: Everything BPMN 2.0 calls a flow node (clause 8.3.8 and table 10.3), also what the engine refuses: a refusal needs
#: the element.
FLOW_NODES = frozenset((
    "task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity", "subProcess", "adHocSubProcess", "transaction",
    "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "event",
    "implicitThrowEvent",
    "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway",
    "choreographyTask", "subChoreography", "callChoreography",
))

SUB_PROCESSES = frozenset(("subProcess", "adHocSubProcess", "transaction"))

#: Attributes that have a place of their own in the model; all others go to ``Node.attributes``.
_PLACED = frozenset(("id", "name", "default", "attachedToRef", "cancelActivity", "isInterrupting", "triggeredByEvent",
                     "calledElement", "instantiate", "isForCompensation", "gatewayDirection", "parallelMultiple"))

_HUMAN_ROLES = ("performer", "humanPerformer", "potentialOwner", "resourceRole")


def read(source: bytes) -> Document:
    """Read a BPMN 2.0 file.

    Args:
        source: the file's bytes, in any encoding its XML declaration names.

    Returns:
        its processes, executable or not, with their ids unchanged. A process, flow or lane without an id gets one
        that no XML id can be equal to; a flow node without an id cannot be connected and is left out.

    Raises:
        Unreadable: not safe or not BPMN 2.0 (see :func:`app.kernel.bpmn.markup.parse`). Nothing else.
    """
    root = parse(source)
    shared = Shared.of(root)
    processes: dict[str, Process] = {}
    for element in root.iterchildren(bpmn("process")):
        key = _id(element) or f"#process{len(processes) + 1}"
        processes.setdefault(key, _process(element, key, shared))
    return Document(
        processes=MappingProxyType(processes),
        digest=digest(source),
        exporter=root.get("exporter", ""),
        exporter_version=root.get("exporterVersion", ""),
        has_diagram=next(root.iter(f"{_DI}BPMNShape"), None) is not None,
        source=source,
    )


def _id(element: Element) -> str:
    return (element.get("id") or "").strip()


def _process(element: Element, key: str, shared: Shared) -> Process:
    own = vocabulary.words(element)
    lanes: list[Lane] = []
    scope = _scope(element, shared, lanes, None)
    title = own.element("title")
    return Process(
        id=key,
        name=element.get("name", ""),
        executable=true(element.get("isExecutable")),
        scope=scope,
        lanes=tuple(lanes),
        constraints=vocabulary.constraints(own.element("constraints")),
        matter=own.text("matter"),
        domain=own.text("domain"),
        names=None if title is None or not (title.get("zh") or title.get("en")) else Text(
            title.get("zh") or title.get("en"), title.get("en") or title.get("zh")),
        title=None if title is None else title.get("case"),
        documentation=_documentation(element),
        line=element.sourceline,
    )


def _documentation(element: Element) -> str:
    return "\n".join(t for t in map(text, element.iterchildren(bpmn("documentation"))) if t)


# -- lanes ------------------------------------------------------------------------------------------------------------

def _lanes(container: Element, lanes: list[Lane], inherited: PostRule | None = None) -> dict[str, Lane]:
    """The lane of each node that a lane set of ``container`` names; a lane inside a lane wins over the outer one.

    Recursion is bounded by the depth of the file (``markup.MAX_DEPTH``).
    """
    placed: dict[str, Lane] = {}
    inner: dict[str, Lane] = {}
    kind = "childLaneSet" if local(container) == "lane" else "laneSet"
    for lane_set in container.iterchildren(bpmn(kind)):
        for element in lane_set.iterchildren(bpmn("lane")):
            name = " ".join(element.get("name", "").split())
            post = vocabulary.post(vocabulary.words(element)) or (PostRule(name) if name else inherited)
            refs = [r for r in (bare(text(e)) for e in element.iterchildren(bpmn("flowNodeRef"))) if r]
            lane = Lane(_id(element) or f"#lane{len(lanes) + 1}", name, post, tuple(refs))
            lanes.append(lane)
            for ref in refs:
                placed.setdefault(ref, lane)
            inner.update(_lanes(element, lanes, post))
    return placed | inner


# -- scopes -----------------------------------------------------------------------------------------------------------

def _scope(container: Element, shared: Shared, lanes: list[Lane], around: Lane | None) -> Scope:
    """The inside of a process or sub-process. Recursion is bounded by the depth of the file."""
    placed = _lanes(container, lanes)
    flows: dict[str, Flow] = {}
    for element in container.iterchildren(bpmn("sequenceFlow")):
        flow = _flow(element, len(flows))
        flows.setdefault(flow.id, flow)
    incoming: dict[str, list[str]] = {}
    outgoing: dict[str, list[str]] = {}
    for flow in flows.values():
        outgoing.setdefault(flow.source, []).append(flow.id)
        incoming.setdefault(flow.target, []).append(flow.id)
    nodes: dict[str, Node] = {}
    for element in container:
        key = _id(element)
        if local(element) in FLOW_NODES and key and key not in nodes:
            lane = placed.get(key, around)
            flows_of = (tuple(incoming.get(key, ())), tuple(outgoing.get(key, ())))
            nodes[key] = _node(element, shared, lanes, lane, flows_of)
    return Scope(MappingProxyType(nodes), MappingProxyType(flows))


def _flow(element: Element, number: int) -> Flow:
    source = (element.get("sourceRef") or "").strip()
    target = (element.get("targetRef") or "").strip()
    return Flow(
        id=_id(element) or f"#flow{number + 1}:{source}->{target}",
        source=source,
        target=target,
        name=element.get("name", ""),
        condition=text(element.find(bpmn("conditionExpression"))),
        line=element.sourceline,
    )


def _node(element: Element, shared: Shared, lanes: list[Lane], lane: Lane | None,
          flows: tuple[tuple[str, ...], tuple[str, ...]]) -> Node:
    kind = local(element)
    own = vocabulary.words(element)
    handler = vocabulary.handler(own)
    flag = "isInterrupting" if kind == "startEvent" else "cancelActivity"
    post = vocabulary.post(own)
    if post is None and kind in ("userTask", "manualTask") and lane is not None:
        post = lane.post
    return Node(
        id=_id(element),
        type=kind,
        name=element.get("name", ""),
        incoming=flows[0],
        outgoing=flows[1],
        default=(element.get("default") or "").strip() or None,
        event=event_of(element, shared) if kind.endswith("Event") or kind == "event" else None,
        attached_to=bare(element.get("attachedToRef")),
        interrupting=true(element.get(flag), True),
        loop=loop_of(element, shared, own),
        scope=_scope(element, shared, lanes, lane) if kind in SUB_PROCESSES else None,
        triggered_by_event=true(element.get("triggeredByEvent")),
        called=bare(element.get("calledElement")),
        message=shared.message_of_task(element) if kind in ("sendTask", "receiveTask", "serviceTask") else None,
        instantiate=true(element.get("instantiate")),
        for_compensation=true(element.get("isForCompensation")),
        direction=element.get("gatewayDirection"),
        lane=lane.id if lane is not None else None,
        documentation=_documentation(element),
        post=post,
        duty=own.text("duty"),
        limit=vocabulary.limit(own),
        risks=vocabulary.risks(own),
        regulation=own.text("regulation"),
        form=own.text("form"),
        write=vocabulary.fields(own, "write"),
        hidden=vocabulary.fields(own, "hidden") or (),
        decisions=vocabulary.listed(own.text("decisions")),
        handler=handler.name,
        inputs=handler.inputs,
        outputs=handler.outputs,
        allocation=own.text("allocation"),
        resourcing=vocabulary.resourcing(own),
        attributes=_rest(element),
        line=element.sourceline,
    )


#: Our elements whose attributes ``zh`` and ``en`` are words for people.
_SPOKEN = frozenset(vocabulary.PREFIX + word for word in ("duty", "risk", "decisions"))


def _rest(element: Element) -> Mapping[str, str]:
    """What the model has no place for, for a later mapping of another tool's words.

    Keys: a BPMN attribute's plain name (``startQuantity``, ``implementation``), ``{ns}name`` of a vendor attribute or
    of a vendor's text element in ``extensionElements``, ``script`` of a script task, ``{BPMN}potentialOwner`` and its
    like for the expression or the name of who may do it, ``loop.{ns}name`` for a vendor attribute of the loop,
    ``en``,
    ``duty.en``, ``risk.en`` (a line each), ``decisions.zh`` … for what our own words say to people in each language.
    """
    found: dict[str, str] = {
        name: value for name, value in element.attrib.items()
        if name not in _PLACED and not name.startswith(vocabulary.PREFIX)
    }
    script = text(element.find(bpmn("script")))
    if script:
        found.setdefault("script", script)
    for role in _HUMAN_ROLES:
        said = [t for t in map(text, element.iterchildren(bpmn(role))) if t]
        said += [e.get("name") for e in element.iterchildren(bpmn(role)) if e.get("name") and not text(e)]
        if said:
            found.setdefault(bpmn(role), ",".join(said))
    for extensions in element.iterchildren(bpmn("extensionElements")):
        for child in extensions:
            if not child.tag.startswith((vocabulary.PREFIX, f"{{{BPMN}}}")) and not len(child) and text(child):
                found.setdefault(child.tag, text(child) or "")
            if child.tag in _SPOKEN:
                word = child.tag.removeprefix(vocabulary.PREFIX)
                for language in ("zh", "en"):
                    # Risks repeat: one line each, so that they stay beside their Chinese.
                    said = (found[f"{word}.{language}"] + "\n") if f"{word}.{language}" in found else ""
                    found[f"{word}.{language}"] = said + " ".join(child.get(language, "").split())
    if element.get(vocabulary.PREFIX + "en"):
        found["en"] = element.get(vocabulary.PREFIX + "en", "")
    for loop in element.iterchildren(bpmn("multiInstanceLoopCharacteristics"), bpmn("standardLoopCharacteristics")):
        for name, value in loop.attrib.items():
            if name.startswith("{") and not name.startswith(vocabulary.PREFIX):
                found.setdefault(f"loop.{name}", value)
    return MappingProxyType(found)
