"""Data of activities, events and operations (clauses 10.4 and 8.4.3): sets, collections, associations, messages.

The engine keeps a case's data in one place and needs none of this to run, but a diagram that contradicts itself here
means something else than it says, so it is refused like any other contradiction.
"""
from __future__ import annotations

from ..markup import Element, bpmn, local, text, true
from .sheet import Sheet

_SUB_PROCESSES = ("subProcess", "adHocSubProcess", "transaction")
_THROWING = ("intermediateThrowEvent", "endEvent")


def check(sheet: Sheet) -> None:
    """All rules of this file; needs the document's bytes."""
    if sheet.root is None:
        return
    for element in sheet.examined("dataObject", "dataInput", "dataOutput", "dataStore"):
        _collection(sheet, element)
    for element in sheet.examined("ioSpecification"):
        _specification(sheet, element)
    for element in sheet.examined("dataInputAssociation", "dataOutputAssociation"):
        _association(sheet, element)
    for element in sheet.examined("multiInstanceLoopCharacteristics"):
        _instances(sheet, element)
    for element in sheet.examined("serviceTask", "sendTask", "receiveTask"):
        _task(sheet, element)
    for element in sheet.examined("messageEventDefinition"):
        _message_event(sheet, element)
    for element in sheet.examined("ioBinding"):
        _binding(sheet, element)


def _children(element: Element | None, kind: str) -> list[Element]:
    return [] if element is None else list(element.iterchildren(bpmn(kind)))


def _item(sheet: Sheet, element: Element | None, name: str = "itemSubjectRef") -> Element | None:
    """The item definition an element is of; a data object reference is of its data object's."""
    if element is None:
        return None
    found = sheet.find(element.get(name), "itemDefinition")
    if found is None and local(element) == "dataObjectReference":
        return _item(sheet, sheet.find(element.get("dataObjectRef"), "dataObject"))
    if found is None and local(element) == "dataStoreReference":
        return _item(sheet, sheet.find(element.get("dataStoreRef"), "dataStore"))
    return found


def _equal(one: Element | None, other: Element | None) -> bool:
    """Whether two item definitions describe the same: the same one, or one structure, named in both."""
    if one is None or other is None or one is other:
        return True
    structure = one.get("structureRef")
    return structure is not None and structure == other.get("structureRef") and true(one.get("isCollection")) == true(
        other.get("isCollection"))


def _collection(sheet: Sheet, element: Element) -> None:
    """``isCollection`` matches that of the item definition (tables 10.52, 10.59, 10.60)."""
    item = _item(sheet, element)
    if item is not None and true(element.get("isCollection")) != true(item.get("isCollection")):
        sheet.error("data.collection", element, f"isCollection 与 itemDefinition“{item.get('id')}”不一致",
                    f"isCollection differs from that of itemDefinition “{item.get('id')}”")


# -- input and output specifications ----------------------------------------------------------------------------------

def _specification(sheet: Sheet, element: Element) -> None:
    owner = element.getparent()
    if local(owner) in _SUB_PROCESSES:
        sheet.error("data.sub-process", owner, "子流程不能直接定义数据输入和输出",
                    "a sub-process may not define data inputs and outputs (clause 10.4.2)")
    for side, other in (("Input", "Output"), ("Output", "Input")):
        own = {e.get("id") for e in _children(element, f"data{side}")}
        sets = _children(element, f"{side.lower()}Set")
        for data in sets:
            inside = set(sheet.referenced(data, f"data{side}Refs"))
            for kind in (f"optional{side}Refs", f"whileExecuting{side}Refs"):
                for stranger in sorted(set(sheet.referenced(data, kind)) - inside):
                    sheet.error("data.set", data, f"{kind} 中的“{stranger}”不在 data{side}Refs 中",
                                f"“{stranger}” in {kind} is not among data{side}Refs")
            for stranger in sorted(inside - own):
                if sheet.find(stranger) is not None:
                    sheet.error("data.set", data, f"“{stranger}”不是这里的 data{side}",
                                f"“{stranger}” is no data{side} of this")
            _counterparts(sheet, data, side, other)
        used = {ref for data in sets for ref in sheet.referenced(data, f"data{side}Refs")}
        for key in sorted(k for k in own - used if k):
            sheet.error("data.set", element, f"data{side}“{key}”不属于任何 {side.lower()}Set",
                        f"data{side} “{key}” is in no {side.lower()}Set")


def _counterparts(sheet: Sheet, data: Element, side: str, other: str) -> None:
    """An input set that names an output set is named by it (tables 10.61, 10.62)."""
    for reference in sheet.referenced(data, f"{other.lower()}SetRefs"):
        found = sheet.find(reference, f"{other.lower()}Set")
        if found is not None and data.get("id") not in sheet.referenced(found, f"{side.lower()}SetRefs"):
            sheet.error("data.set-pair", data, f"它引用了“{reference}”，而后者没有引用它",
                        f"it names “{reference}”, which does not name it")


def _association(sheet: Sheet, element: Element) -> None:
    _association_ends(sheet, element)
    sources = [s for s in (sheet.find(r) for r in sheet.referenced(element, "sourceRef")) if s is not None]
    target = sheet.find(text(element.find(bpmn("targetRef"))))
    if element.find(bpmn("transformation")) is not None:
        return
    if len(sheet.referenced(element, "sourceRef")) > 1:
        sheet.error("data.sources", element, "没有转换(transformation)的数据关联只能有一个来源",
                    "a data association without a transformation has only one source (clause 10.4.2)")
    elif sources and not _children(element, "assignment") and not _equal(
            _item(sheet, sources[0]), _item(sheet, target)):
        sheet.error("data.types", element, "数据关联两端的类型不同，又没有转换",
                    "the ends of the data association are of different types, and nothing converts them")


def _association_ends(sheet: Sheet, element: Element) -> None:
    """An input association fills a data input of its own activity or event, an output association starts from a data
    output of it (clause 10.4.2, tables 10.65, 10.66). What a process takes from and gives to its caller is filled
    and read outside of it."""
    owner = element.getparent()
    incoming = local(element) == "dataInputAssociation"
    name, kind = ("targetRef", "dataInput") if incoming else ("sourceRef", "dataOutput")
    for reference in sheet.referenced(element, name):
        end = sheet.find(reference, kind)
        if end is not None and owner not in end.iterancestors():
            sheet.error("data.association-end", element, f"{name} 应是本节点自己的 {kind}",
                        f"{name} must be a {kind} of the node itself")
    for reference, kind in (("sourceRef", "dataOutput"), ("targetRef", "dataInput")):
        for key in sheet.referenced(element, reference):
            end = sheet.find(key, kind)
            if end is not None and local(end.getparent().getparent()) == "process":
                sheet.error("data.association-end", element, f"{reference} 不能是流程自己的 {kind}",
                            f"{reference} may not be a {kind} of the process itself")


def _instances(sheet: Sheet, element: Element) -> None:
    """Each instance handles one item of the collection (table 10.29)."""
    for reference, item in (("loopDataInputRef", "inputDataItem"), ("loopDataOutputRef", "outputDataItem")):
        whole = sheet.find(text(element.find(bpmn(reference))))
        part = element.find(bpmn(item))
        whole_item, part_item = _item(sheet, whole), _item(sheet, part)
        if whole_item is not None and not true(whole_item.get("isCollection")):
            sheet.error("data.loop", element, f"{reference} 指向的不是集合",
                        f"{reference} does not point at a collection")
        if part_item is not None and (true(part_item.get("isCollection")) or true(part.get("isCollection"))):
            sheet.error("data.loop", element, f"{item} 是单项，不能是集合", f"{item} is one item, not a collection")
        if (whole_item is not None and part_item is not None and whole_item is not part_item
                and whole_item.get("structureRef") != part_item.get("structureRef")):
            sheet.error("data.loop", element, f"{item} 与集合的类型不同",
                        f"{item} is of another type than the collection")


# -- messages and operations ------------------------------------------------------------------------------------------

def _message_item(sheet: Sheet, message: Element | None) -> Element | None:
    return _item(sheet, message, "itemRef")


def _task(sheet: Sheet, element: Element) -> None:
    """Clause 10.3.3: how the data of a task fit the messages of its operation."""
    operation = sheet.find(element.get("operationRef"), "operation")
    message = sheet.find(element.get("messageRef"), "message")
    inbound = outbound = None
    if operation is not None:
        inbound = sheet.find(text(operation.find(bpmn("inMessageRef"))), "message")
        outbound = sheet.find(text(operation.find(bpmn("outMessageRef"))), "message")
    if message is not None and inbound is not None and message is not inbound:
        sheet.error("data.message", element, "messageRef 与操作的 inMessageRef 不一致",
                    "messageRef differs from inMessageRef of the operation")
    specification = element.find(bpmn("ioSpecification"))
    if specification is None:
        return
    kind = local(element)
    if kind == "serviceTask":
        if operation is not None:
            _side(sheet, element, specification, "Input", inbound)
            _side(sheet, element, specification, "Output", outbound)
    else:
        _side(sheet, element, specification, "Input" if kind == "sendTask" else "Output",
              message if message is not None else inbound)


def _side(sheet: Sheet, element: Element, specification: Element, side: str, message: Element | None) -> None:
    data = _children(specification, f"data{side}")
    if len(data) > 1 or len(_children(specification, f"{side.lower()}Set")) > 1:
        sheet.error("data.message", element, f"只能有一个 {side.lower()}Set 和一个 data{side}",
                    f"it may have only one {side.lower()}Set and one data{side}")
    elif data and not _equal(_item(sheet, data[0]), _message_item(sheet, message)):
        sheet.error("data.message", element, f"data{side} 与消息的类型不同",
                    f"data{side} is of another type than the message")


def _message_event(sheet: Sheet, element: Element) -> None:
    """Clause 10.5.1: a message event has at most one data item, of the message's type."""
    operation = sheet.find(text(element.find(bpmn("operationRef"))), "operation")
    message = sheet.find(element.get("messageRef"), "message")
    if operation is not None and message is not None:
        known = [sheet.find(text(operation.find(bpmn(n))), "message") for n in ("inMessageRef", "outMessageRef")]
        if message not in known:
            sheet.error("data.message", element, "messageRef 不是该操作的消息",
                        "messageRef is no message of the operation")
    event = element.getparent()
    side = "Input" if local(event) in _THROWING else "Output"
    data = _children(event, f"data{side}")
    if len([c for c in event if local(c).endswith("EventDefinition")]) != 1:
        return
    if len(data) > 1:
        sheet.error("data.message", event, f"消息事件只能有一个 data{side}", f"a message event has only one data{side}")
    elif data and not _equal(_item(sheet, data[0]), _message_item(sheet, message)):
        sheet.error("data.message", event, f"data{side} 与消息的类型不同",
                    f"data{side} is of another type than the message")


def _binding(sheet: Sheet, element: Element) -> None:
    """A binding gives an operation's messages the data of the process (table 10.43)."""
    operation = sheet.find(element.get("operationRef"), "operation")
    for side, reference in (("input", "inMessageRef"), ("output", "outMessageRef")):
        data = sheet.find(element.get(f"{side}DataRef"))
        message = None if operation is None else sheet.find(text(operation.find(bpmn(reference))), "message")
        if not _equal(_item(sheet, data), _message_item(sheet, message)):
            sheet.error("data.binding", element, f"{side}DataRef 与操作的消息类型不同",
                        f"{side}DataRef is of another type than the message of the operation")
