"""Is it BPMN's XML at all: elements, attributes, ids and references as the schema and clause 15 want them."""
from __future__ import annotations

import re
from collections import Counter

from ...text import Text
from ..markup import BPMN, Element, bare, bpmn, local, text, true
from . import grammar
from .sheet import Sheet

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NCNAME = re.compile(r"[^\W\d][\w.\-·]*")
_INTEGER = re.compile(r"[+-]?\d+")
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?")
#: RFC 3986's characters; libxml2 and the schema accept more, people do not.
_URI = re.compile(r"(?:[\w\-.~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
#: References whose target does not change what is executed: a loose end is worth a word, not a refusal.
_SOFT = frozenset(("itemSubjectRef", "itemRef", "categoryValueRef", "participantRef", "messageFlowRef", "supports",
                   "initiatingParticipantRef", "resourceRef", "parameterRef", "dataStoreRef",
                   "innerParticipantRef", "outerParticipantRef"))


def check(sheet: Sheet) -> None:
    """All rules of this file; needs the document's bytes."""
    if sheet.root is None:
        return
    _unknown_root_children(sheet)
    for element, name in _type_names(sheet).items():
        _shape(sheet, element, name)
    _ids(sheet)
    _must_understand(sheet)
    _media_types(sheet)
    _lists_of_flows(sheet)
    _imports(sheet)
    _lanes(sheet)


# -- elements and attributes ------------------------------------------------------------------------------------------

def _type_names(sheet: Sheet) -> dict[Element, str]:
    """The name of the type of each element: by ``xsi:type`` where that is BPMN's, else by what its parent says."""
    names: dict[Element, str] = {}
    for element in sheet.elements:  # a parent comes before its children
        name = declared = local(element)
        rule = grammar.type_of(names.get(element.getparent(), ""))
        found = rule.child(name) if rule else None
        if found is not None and found[1].name == name and found[1].type:
            declared = found[1].type
        prefix, _, kind = (element.get(_XSI) or "").strip().rpartition(":")
        if kind.startswith("t") and element.nsmap.get(prefix or None) == BPMN:
            kind = kind[1:2].lower() + kind[2:]
            if grammar.derives(kind, declared):
                declared = kind
        names[element] = declared
    return names


def _unknown_root_children(sheet: Sheet) -> None:
    for element in sheet.root if sheet.root is not None else ():
        if not element.tag.startswith("{"):
            sheet.error("xml.element", element, f"元素 {element.tag} 没有命名空间",
                        f"element {element.tag} has no namespace")


def _shape(sheet: Sheet, element: Element, type_name: str) -> None:
    if local(element) == "extensionElements":
        return
    known = grammar.type_of(type_name)
    if known is not None:  # else its parent has reported it
        _attributes(sheet, element, known)
        _children(sheet, element, known)


def _attributes(sheet: Sheet, element: Element, known: grammar.Type) -> None:
    name = local(element)
    for key, value in element.attrib.items():
        if key.startswith("{"):
            continue
        rule = known.attributes.get(key)
        if rule is None:
            sheet.error("xml.attribute", element, f"{name} 没有属性 {key}", f"{name} has no attribute {key}",
                        Text("删除该属性，或写进扩展命名空间", "remove it, or write it in a namespace of its own"))
        elif not _fits(rule, value):
            sheet.note("warning" if key == "targetNamespace" else "error", "xml.value", element, Text(
                f"{name} 的属性 {key} 的值“{value}”不合法", f"{name} has an impossible {key}: “{value}”"))
        elif rule.kind == "reference":
            _reference(sheet, element, key, value, rule.target)
    for rule in known.attributes.values():
        if rule.required and element.get(rule.name) is None:
            sheet.error("xml.attribute-missing", element, f"{name} 缺少属性 {rule.name}", f"{name} has no {rule.name}")


def _fits(rule: grammar.Attribute, value: str) -> bool:
    value = value.strip()
    match rule.kind:
        case "boolean":
            return value in ("true", "false", "1", "0")
        case "integer":
            return _INTEGER.fullmatch(value) is not None
        case "enumeration":
            return value in rule.choices
        case "id":
            return _NCNAME.fullmatch(value) is not None
        case "uri":
            return _URI.fullmatch(value) is not None
        case "reference":
            return bool(value)
    return True


def _children(sheet: Sheet, element: Element, known: grammar.Type) -> None:
    counts: Counter[grammar.Child] = Counter()
    last, last_name, name = -1, "", local(element)
    for child in element:
        kind = local(child)
        if not kind:
            continue
        found = known.child(kind)
        if found is None:
            sheet.error("xml.element", child, f"{name} 中不能有 {kind}", f"{kind} may not stand in {name}")
            continue
        place, rule = found
        counts[rule] += 1
        if place < last:
            sheet.note("info", "xml.order", child, Text(
                f"{kind} 应写在 {last_name} 之前", f"{kind} should come before {last_name}"))
        else:
            last, last_name = place, kind
        if rule.target:
            said = text(child)
            if said is None:
                sheet.error("xml.value", child, f"{kind} 是空的", f"{kind} is empty")
            elif kind not in ("incoming", "outgoing"):  # looked at by _lists_of_flows
                _reference(sheet, child, kind, said, rule.target)
    for rule in known.children:
        if counts[rule] < rule.least:
            sheet.error("xml.element-missing", element, f"{name} 缺少 {rule.name}", f"{name} has no {rule.name}")
        if rule.most is not None and counts[rule] > rule.most:
            sheet.error("xml.element-many", element, f"{name} 最多有 {rule.most} 个 {rule.name}",
                        f"{name} has more than {rule.most} {rule.name}")


# -- ids and references -----------------------------------------------------------------------------------------------

def _ids(sheet: Sheet) -> None:
    seen: dict[str, Element] = {}
    for element in sheet.elements:
        key = (element.get("id") or "").strip()
        if not key:
            if local(element) in grammar.GROUPS["flowNode"]:
                sheet.error("id.missing", element, f"{local(element)} 没有 id", f"{local(element)} has no id")
            elif local(element) == "process":
                sheet.error("id.missing", element, "流程没有 id", "the process has no id")
            continue
        if key in seen:
            first = seen[key]
            sheet.error("id.duplicate", element,
                        f"id“{key}”重复：第 {first.sourceline} 行的 {local(first)} 已用",
                        f"id “{key}” is used twice: {local(first)} in line {first.sourceline} has it",
                        Text("给其中一个换一个 id", "give one of them another id"))
        else:
            seen[key] = element


def _reference(sheet: Sheet, element: Element, name: str, value: str, target: str) -> None:
    if target == "?":
        return
    kinds: frozenset[str] = frozenset() if target == "any" else grammar.GROUPS.get(target, frozenset((target,)))
    found = sheet.shared.find(value)
    if found is not None and (not kinds or local(found) in kinds):
        return
    wrong = Text(f"{name} 指向的“{value}”不存在", f"{name} points at “{value}”, which does not exist")
    if found is not None:
        wrong = Text(f"{name} 指向的“{value}”是 {local(found)}",
                     f"{name} points at “{value}”, which is a {local(found)}")
    soft = name in _SOFT or (found is None and _elsewhere(element, value))
    sheet.note("warning" if soft else "error", "reference.dangling", element, wrong)


def _elsewhere(element: Element, value: str) -> bool:
    """Whether a QName's prefix stands for another namespace than the file's own."""
    prefix = value.strip().rpartition(":")[0]
    space = element.nsmap.get(prefix) if prefix else None
    return space is not None and space != element.getroottree().getroot().get("targetNamespace")


def _must_understand(sheet: Sheet) -> None:
    for element in sheet.all("extension"):
        if true(element.get("mustUnderstand")):
            definition = element.get("definition", "")
            sheet.error("extension.unknown", element, f"文件要求理解扩展“{definition}”，本系统不认识",
                        f"the file demands that extension “{definition}” be understood, which it is not here")


def _media_types(sheet: Sheet) -> None:
    """``textFormat`` MUST follow the mime-type format (table 8.5 Documentation, table 8.18 Text Annotation)."""
    for element in sheet.all("documentation", "textAnnotation"):
        value = element.get("textFormat")
        if value is not None and not _MIME.fullmatch(value.strip()):
            sheet.error("text.format", element, f"textFormat“{value}”不是媒体类型",
                        f"textFormat “{value}” is no media type",
                        Text("写作 text/plain", "write text/plain"))


def _lists_of_flows(sheet: Sheet) -> None:
    """Where a process lists sequence flows at its nodes (``incoming``, ``outgoing``), the lists are those of the flows.

    The lists are optional, and no tool's reader needs them; but a file that has them and contradicts them may have
    lost a flow on its way (table 8.46: they "identify" the flows of the node).
    """
    for process in sheet.all("process"):
        nodes = [e for e in process.iter() if local(e) in grammar.GROUPS["flowNode"]]
        if not any(True for _ in process.iter(bpmn("incoming"), bpmn("outgoing"))):
            continue
        flows = {flow.get("id"): flow for flow in process.iter(bpmn("sequenceFlow")) if flow.get("id")}
        real: dict[tuple[str, str], list[str]] = {}
        for key, flow in flows.items():
            real.setdefault((flow.get("sourceRef") or "", "outgoing"), []).append(key)
            real.setdefault((flow.get("targetRef") or "", "incoming"), []).append(key)
        for node in nodes:
            for side in ("incoming", "outgoing"):
                written = {bare(text(e)) for e in node.iterchildren(bpmn(side))}
                drawn = set(real.get((node.get("id") or "", side), ()))
                for key in sorted(k for k in written - drawn if k):
                    sheet.error("flow.list", node, f"{side} 列出的“{key}”不是该节点的顺序流",
                                f"{side} lists “{key}”, which is no sequence flow of this node",
                                Text(f"从 {side} 中删除", f"remove it from {side}"))
                for key in sorted(drawn - written):
                    sheet.error("flow.list", node, f"顺序流“{key}”未列入该节点的 {side}",
                                f"sequence flow “{key}” is not listed in {side} of this node",
                                Text(f"加入 {side}", f"add it to {side}"))


def _imports(sheet: Sheet) -> None:
    """One file is one version: what another file says is not known here. Data types may be imported, as nothing but
    their names is used."""
    for element in sheet.all("import"):
        if (element.get("importType") or "").strip() == BPMN:
            sheet.error("import.unsupported", element, f"不支持引入其他流程文件“{element.get('location', '')}”",
                        f"importing another diagram is not supported: “{element.get('location', '')}”",
                        Text("把所需内容放进同一个文件", "put what is needed into this file"))


def _lanes(sheet: Sheet) -> None:
    """A lane holds nodes of its own process, and a node stands in one lane of a lane set (clause 10.8)."""
    for lane_set in sheet.all("laneSet", "childLaneSet"):
        container = next((a for a in lane_set.iterancestors() if local(a) not in ("lane", "childLaneSet")), None)
        held: dict[str, Element] = {}
        for lane in lane_set.iterchildren(bpmn("lane")):
            for key in dict.fromkeys(sheet.referenced(lane, "flowNodeRef")):
                node = sheet.find(key)
                if node is not None and container is not None and container not in node.iterancestors():
                    sheet.error("lane.stranger", lane, f"泳道中的“{key}”不在这个流程里",
                                f"“{key}” in this lane is of another process")
                if key in held:
                    sheet.error("lane.twice", lane, f"“{key}”同时在泳道“{held[key].get('name', '')}”中，岗位不明确",
                                f"“{key}” also stands in lane “{held[key].get('name', '')}”: its post is not clear",
                                Text("只放进一个泳道", "put it in one lane only"))
                held.setdefault(key, lane)
