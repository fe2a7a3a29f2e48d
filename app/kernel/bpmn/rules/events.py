"""Events: what they need, what may touch them, and which belong together (clause 10.5)."""
from __future__ import annotations

from collections import Counter

from ...text import Text
from ..markup import Element, bare, bpmn, local, text
from ..model import Node, Process, Scope
from .sheet import Sheet
from .words import a, called, kind

_NEEDS_POINTER = {"message": "messageRef", "signal": "signalRef"}


def check(sheet: Sheet) -> None:
    """All rules of this file."""
    for _process, around, scope in sheet.scopes:
        for node in scope.nodes.values():
            if node.is_event:
                _connections(sheet, node)
                _pointer(sheet, node)
                if node.type == "boundaryEvent":
                    _attachment(sheet, node, scope)
        _starts(sheet, around if around is not None else _process, around, scope)
        _links(sheet, scope)
    if sheet.root is not None:
        _definitions(sheet)
        _link_references(sheet)


# -- what may touch them ----------------------------------------------------------------------------------------------

def _is(node: Node, name: str) -> bool:
    return node.event is not None and node.event.kind == name


def _connections(sheet: Sheet, node: Node) -> None:
    what = called(node)
    link_out = node.type == "intermediateThrowEvent" and _is(node, "link")
    link_in = node.type == "intermediateCatchEvent" and _is(node, "link")
    compensation = node.type == "boundaryEvent" and _is(node, "compensate")
    takes_in = node.type not in ("startEvent", "boundaryEvent") and not link_in
    gives_out = node.type != "endEvent" and not link_out and not compensation
    if node.incoming and not takes_in:
        sheet.error("event.incoming", node, f"{what.zh}不能有流入的顺序流", f"{a(what)} may not have an incoming flow",
                    Text("删除该顺序流", "remove the flow"))
    if node.outgoing and not gives_out:
        sheet.error("event.outgoing", node, f"{what.zh}不能有流出的顺序流", f"{a(what)} may not have an outgoing flow",
                    Text("删除该顺序流", "remove the flow"))
    if takes_in and not node.incoming:
        sheet.error("event.no-incoming", node, f"{what.zh}没有流入的顺序流", f"the {what.en} has no incoming flow")
    if gives_out and not node.outgoing:
        sheet.error("event.no-outgoing", node, f"{what.zh}没有流出的顺序流", f"the {what.en} has no outgoing flow")


def _pointer(sheet: Sheet, node: Node) -> None:
    for part in (node.event.parts or (node.event,)) if node.event is not None else ():
        throwing = node.type in ("endEvent", "intermediateThrowEvent")
        what = kind(part.kind)
        if part.kind in _NEEDS_POINTER and not part.ref:
            sheet.error("event.no-reference", node, f"{what.zh}事件没有指明是哪个{what.zh}",
                        f"the {what.en} event does not say which {what.en}",
                        Text(f"选择或新建一个{what.zh}", f"choose or make a {what.en}"))
        elif part.kind in ("error", "escalation") and throwing and not part.ref:
            sheet.error("event.no-reference", node, f"{what.zh}事件没有指明是哪个{what.zh}",
                        f"the {what.en} event does not say which {what.en}")
        elif part.kind in ("error", "escalation") and throwing and part.name is not None and not part.code:
            sheet.error("event.no-code", node, f"抛出的{what.zh}没有代码", f"the {what.en} thrown has no code",
                        Text("填写代码", "give it a code"))


def _attachment(sheet: Sheet, node: Node, scope: Scope) -> None:
    if node.attached_to is None:
        return  # a required attribute: structure says so
    host = scope.nodes.get(node.attached_to)
    if host is None or not host.is_activity:
        sheet.error("boundary.host", node, f"边界事件应附着在同一层的活动上，“{node.attached_to}”不是",
                    f"a boundary event must be attached to an activity beside it, which “{node.attached_to}” is not")
    elif host.triggered_by_event:
        sheet.error("boundary.host", node, "边界事件不能附着在事件子流程上",
                    "a boundary event may not be attached to an event sub-process")
    elif _is(node, "cancel") and host.type != "transaction":
        sheet.error("boundary.cancel", node, "取消事件只能附着在事务上",
                    "a cancel event may only be attached to a transaction")


# -- where a scope starts ---------------------------------------------------------------------------------------------

def _starts(sheet: Sheet, where: Node | Process, around: Node | None, scope: Scope) -> None:
    starts = [n for n in scope.nodes.values() if n.type == "startEvent"]
    ends = [n for n in scope.nodes.values() if n.type == "endEvent"]
    plain = [n for n in starts if n.event is None or n.event.kind == "none"]
    if around is not None and around.type == "adHocSubProcess":
        return
    if around is not None and around.triggered_by_event:
        if len(starts) != 1:
            sheet.error("start.event-sub-process", where, f"事件子流程应有一个开始事件，现有 {len(starts)} 个",
                        f"an event sub-process has exactly one start event, this one has {len(starts)}")
    elif not starts:
        sheet.error("start.missing", where, "没有开始事件", "there is no start event",
                    Text("在起点加一个开始事件", "add a start event where it begins"))
    elif around is not None and len(starts) > 1:
        sheet.error("start.many", where, f"子流程应有一个开始事件，现有 {len(starts)} 个",
                    f"a sub-process has exactly one start event, this one has {len(starts)}")
    if around is None and len(plain) > 1:
        for extra in plain[1:]:
            sheet.error("start.many", extra, "流程只能有一个空开始事件", "a process has only one none start event",
                        Text("用一个开始事件和并行网关代替", "use one start event and a parallel gateway"))
    if starts and not ends:
        sheet.error("end.missing", where, "有开始事件，但没有结束事件", "there is a start event but no end event",
                    Text("在终点加结束事件", "add an end event where it finishes"))


# -- links ------------------------------------------------------------------------------------------------------------

def _links(sheet: Sheet, scope: Scope) -> None:
    """Link events work in pairs inside one scope (clause 10.5.5.6): many sources, one target of each name."""
    links = [n for n in scope.nodes.values() if _is(n, "link")]
    sources = Counter(n.event.code for n in links if n.type == "intermediateThrowEvent" and n.event)
    targets = Counter(n.event.code for n in links if n.type == "intermediateCatchEvent" and n.event)
    for node in links:
        code = node.event.code if node.event else None
        if code is None:
            sheet.error("link.name", node, "链接事件没有名称", "the link event has no name")
        elif node.type == "intermediateThrowEvent" and targets[code] != 1:
            sheet.error("link.target", node, f"链接“{code}”在同一层应有一个目标，现有 {targets[code]} 个",
                        f"link “{code}” has exactly one target beside it, not {targets[code]}")
        elif node.type == "intermediateCatchEvent" and not sources[code]:
            sheet.error("link.source", node, f"链接“{code}”在同一层没有来源", f"link “{code}” has no source beside it")


def _link_references(sheet: Sheet) -> None:
    """Where ``source`` and ``target`` of link definitions are written, each names the other."""
    for definition in sheet.examined("linkEventDefinition"):
        key = definition.get("id")
        for child in definition.iterchildren(bpmn("source"), bpmn("target")):
            other = sheet.find(text(child), "linkEventDefinition")
            if other is None:
                continue  # dangling: structure says so
            back = "target" if local(child) == "source" else "source"
            written = sheet.referenced(other, back)
            if written and key not in written:
                sheet.error("link.pair", definition,
                            f"链接的 {local(child)} 是“{other.get('id')}”，而它的 {back} 不是这里",
                            f"{local(child)} of this link is “{other.get('id')}”, whose {back} is not this one")


# -- definitions ------------------------------------------------------------------------------------------------------

def _definitions(sheet: Sheet) -> None:
    for reference in sheet.examined("eventDefinitionRef"):
        found = sheet.find(text(reference))
        if found is not None and local(found.getparent()) != "definitions":
            sheet.error("event.shared-definition", reference, "eventDefinitionRef 只能指向 definitions 下的事件定义",
                        "eventDefinitionRef may only point at an event definition directly in definitions")
    used = {bare(text(reference)) for reference in sheet.examined("eventDefinitionRef")}
    for definition in sheet.all("timerEventDefinition"):
        times = [c for c in definition if local(c).startswith("time")]
        if len(times) > 1 and _counts(sheet, definition, used):
            sheet.error("event.time", definition, "定时事件只能有一个时间", "a timer event has only one time")
    for definition in sheet.all("messageEventDefinition"):
        if not _counts(sheet, definition, used):
            continue
        if definition.get("messageRef") is None and definition.find(bpmn("operationRef")) is not None:
            sheet.error("event.message", definition, "消息事件没有 messageRef", "the message event has no messageRef")
        if definition.find(bpmn("operationRef")) is None:
            sheet.error("event.operation", definition, "可执行流程的消息事件应写明操作(operationRef)",
                        "a message event of an executable process names an operation (operationRef)",
                        Text("为该消息建立接口和操作并引用", "make an interface with an operation for the message"))


def _counts(sheet: Sheet, definition: Element, used: set[str | None]) -> bool:
    """Whether an executable process uses the definition."""
    if local(definition.getparent()) == "definitions":
        return definition.get("id") in used
    return not sheet.is_drawing(definition)
