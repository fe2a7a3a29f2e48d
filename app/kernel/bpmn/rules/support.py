"""The positive list: what the engine executes as BPMN 2.0 says. Everything else is refused by name, never ignored."""
from __future__ import annotations

from ...text import Text
from ..model import EventDefinition, Node
from .sheet import Sheet
from .words import a, called, kind

ACTIVITIES = frozenset(("task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
                        "businessRuleTask", "subProcess"))
EVENTS = frozenset(("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"))
GATEWAYS = frozenset(("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"))

#: What BPMN 2.0 allows (table 10.93), by place.
LEGAL: dict[str, frozenset[str]] = {
    "start": frozenset(("none", "message", "timer", "signal", "conditional")),
    "sub-process start": frozenset(("none",)),
    "event sub-process start": frozenset((
        "message", "timer", "error", "escalation", "compensate", "conditional", "signal")),
    "non-interrupting event sub-process start": frozenset((
        "message", "timer", "escalation", "conditional", "signal")),
    "catch": frozenset(("message", "timer", "signal", "conditional", "link")),
    "throw": frozenset(("none", "message", "signal", "escalation", "compensate", "link")),
    "end": frozenset(("none", "message", "error", "escalation", "cancel", "compensate", "signal", "terminate")),
    "boundary": frozenset((
        "message", "timer", "error", "escalation", "cancel", "compensate", "conditional", "signal")),
    "non-interrupting boundary": frozenset(("message", "timer", "escalation", "conditional", "signal")),
}
#: Of these, what the engine does not execute.
NOT_EXECUTED = frozenset(("compensate", "cancel"))
#: The largest startQuantity and completionQuantity the engine executes.
MOST_TOKENS = 1_000
#: Whether the engine executes events with several definitions.
MULTIPLE_EXECUTED = False

_PLACES = {"intermediateCatchEvent": "catch", "intermediateThrowEvent": "throw", "endEvent": "end"}


def check(sheet: Sheet) -> None:
    """Every node of an executable process against the list."""
    for _process, around, scope in sheet.scopes:
        for node in scope.nodes.values():
            if node.type not in ACTIVITIES | EVENTS | GATEWAYS:
                what = called(node)
                sheet.error("support.element", node, f"尚不支持{what.zh}", f"{a(what)} is not supported")
            elif node.is_event:
                _event(sheet, node, _place(node, around))
            elif node.is_activity:
                _activity(sheet, node)
            elif node.type == "eventBasedGateway":
                _event_gateway(sheet, node)


def _place(node: Node, around: Node | None) -> str:
    if node.type == "startEvent":
        if around is None:
            return "start"
        if not around.triggered_by_event:
            return "sub-process start"
        return "event sub-process start" if node.interrupting else "non-interrupting event sub-process start"
    if node.type == "boundaryEvent":
        return "boundary" if node.interrupting else "non-interrupting boundary"
    return _PLACES[node.type]


_PLACE_WORDS = {
    "start": Text("开始事件", "start event"), "sub-process start": Text("子流程的开始事件",
                                                                        "start event of a sub-process"),
    "event sub-process start": Text("事件子流程的开始事件", "start event of an event sub-process"),
    "non-interrupting event sub-process start": Text(
        "非中断事件子流程的开始事件", "non-interrupting start event of an event sub-process"),
    "catch": Text("中间捕获事件", "intermediate catch event"), "throw": Text("中间抛出事件",
                                                                             "intermediate throw event"),
    "end": Text("结束事件", "end event"), "boundary": Text("边界事件", "boundary event"),
    "non-interrupting boundary": Text("非中断边界事件", "non-interrupting boundary event"),
}


def _event(sheet: Sheet, node: Node, place: str) -> None:
    definition = node.event or EventDefinition("none")
    where = _PLACE_WORDS[place]
    for part in definition.parts or (definition,):
        what = kind(part.kind)
        if part.kind not in LEGAL[place]:
            sheet.error("event.kind", node, f"{where.zh}不能是“{what.zh}”类型",
                        f"{a(where)} may not be of kind {what.en}")
        elif part.kind in NOT_EXECUTED:
            sheet.error("support.event", node, f"尚不支持“{what.zh}”{where.zh}",
                        f"{a(what)} {where.en} is not supported")
    if definition.kind == "multiple" and not MULTIPLE_EXECUTED:
        sheet.error("support.event", node, f"尚不支持有多个事件定义的{where.zh}",
                    f"{a(where)} with several event definitions is not supported",
                    Text("改用事件网关或多个事件", "use an event-based gateway or several events"))


def _activity(sheet: Sheet, node: Node) -> None:
    if node.for_compensation:
        sheet.error("support.compensation", node, "尚不支持补偿活动", "a compensation activity is not supported")
    for name in ("startQuantity", "completionQuantity"):
        value = str(node.attributes.get(name, "1")).strip().removeprefix("+")
        if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= MOST_TOKENS):
            sheet.error("activity.quantity", node, f"{name} 应为 1 至 {MOST_TOKENS},现为 {value}",
                        f"{name} must be from 1 to {MOST_TOKENS}, it is {value}",
                        Text(f"删除 {name}", f"remove {name}"))
    if node.loop is not None and node.loop.behavior != "All":
        sheet.error("support.loop", node, f"多实例的 behavior 只支持 All,现为 {node.loop.behavior}",
                    f"behavior of a multi-instance must be All, it is {node.loop.behavior}")
    if node.type == "receiveTask" and node.instantiate:
        sheet.error("support.instantiate", node, "尚不支持以接收任务启动流程",
                    "a receive task that starts the process is not supported",
                    Text("改用消息开始事件", "use a message start event"))


def _event_gateway(sheet: Sheet, node: Node) -> None:
    if node.instantiate:
        sheet.error("support.instantiate", node, "尚不支持以事件网关启动流程",
                    "an event-based gateway that starts the process is not supported",
                    Text("改用多个开始事件", "use several start events"))
    if str(node.attributes.get("eventGatewayType", "Exclusive")).strip() != "Exclusive":
        sheet.error("gateway.event-type", node, "并行事件网关只能用于启动流程",
                    "a parallel event-based gateway may only start a process")
