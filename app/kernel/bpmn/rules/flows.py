"""Sequence flows and gateways (clauses 8.4.13, 10.6, 13.4)."""
from __future__ import annotations

from ...text import Text
from ..model import Flow, Node, Scope
from .sheet import Sheet
from .words import a, called, kind

_CHOOSING = ("exclusiveGateway", "inclusiveGateway")
#: What may stand behind an event-based gateway (clause 10.6.6).
_AWAITED = frozenset(("message", "timer", "signal", "conditional", "multiple"))


def check(sheet: Sheet) -> None:
    """All rules of this file."""
    for _process, around, scope in sheet.scopes:
        for flow in scope.flows.values():
            _ends(sheet, flow, scope)
        for node in scope.nodes.values():
            out = [scope.flows[i] for i in node.outgoing]
            _conditions(sheet, node, out)
            _default(sheet, node, out)
            if node.is_gateway:
                _direction(sheet, node)
            if node.type == "eventBasedGateway":
                _event_gateway(sheet, node, scope)
            if not node.is_event:
                _connections(sheet, node, around)


def _ends(sheet: Sheet, flow: Flow, scope: Scope) -> None:
    for end in (flow.source, flow.target):
        if end and end not in scope.nodes and sheet.root is not None and (sheet.find(end) is not None):
            sheet.error("flow.crosses", flow, f"顺序流不能越过流程或子流程的边界(“{end}”在别处)",
                        f"a sequence flow may not cross the border of a process or sub-process (“{end}” is elsewhere)",
                        Text("两池之间用消息流", "between pools use a message flow"))
        elif end and end not in scope.nodes and sheet.root is None:
            sheet.error("reference.dangling", flow, f"“{end}”不存在", f"“{end}” does not exist")


def _conditions(sheet: Sheet, node: Node, out: list[Flow]) -> None:
    what = called(node)
    conditional = [f for f in out if f.condition is not None]
    if node.is_event or node.type in ("parallelGateway", "eventBasedGateway"):
        for flow in conditional:
            sheet.error("flow.condition", flow, f"从{what.zh}出来的顺序流不能有条件",
                        f"a flow out of {a(what)} may not have a condition", Text("删除条件", "remove the condition"))
    elif conditional and len(out) == 1:
        sheet.error("flow.condition", conditional[0], f"{what.zh}只有一条流出的顺序流，它不能有条件",
                    f"the only flow out of {a(what)} may not have a condition",
                    Text("删除条件，或另加一条默认流", "remove the condition, or add a default flow"))
    elif node.type in _CHOOSING and len(out) > 1:
        for flow in out:
            if flow.condition is None and flow.id != node.default:
                sheet.error("gateway.no-condition", flow, f"{what.zh}流出的顺序流既没有条件，也不是默认流",
                            f"this flow out of {a(what)} has no condition and is not the default",
                            Text("写上条件，或设为默认流", "give it a condition, or make it the default"))
        if node.default is None and len(conditional) == len(out):
            sheet.warning("gateway.no-default", node, f"{what.zh}没有默认流：所有条件都不成立时办件会出错",
                          f"the {what.en} has no default: when no condition holds, the case fails",
                          Text("把其中一条设为默认流", "make one of its flows the default"))


def _default(sheet: Sheet, node: Node, out: list[Flow]) -> None:
    if node.default is None:
        return
    flow = next((f for f in out if f.id == node.default), None)
    if flow is None:
        sheet.error("flow.default", node, f"默认流“{node.default}”不是从这里流出的",
                    f"the default “{node.default}” is not a flow out of this node")
    elif flow.condition is not None:
        sheet.error("flow.default-condition", flow, "默认流不能有条件", "a default flow may not have a condition",
                    Text("删除条件", "remove the condition"))


def _direction(sheet: Sheet, node: Node) -> None:
    """A gateway has several flows in or several out, as its direction says (clause 10.6.1, table 8.46)."""
    what = called(node)
    into, out = len(node.incoming), len(node.outgoing)
    said = node.direction or "Unspecified"
    wants = {"Converging": (True, False), "Diverging": (False, True), "Mixed": (True, True)}.get(said)
    if node.type == "eventBasedGateway":
        if out < 2:
            sheet.error("gateway.event-flows", node, "事件网关至少要有两条流出的顺序流",
                        "an event-based gateway has at least two outgoing flows")
    elif into < 2 and out < 2:
        sheet.error("gateway.connections", node, f"{what.zh}应有多条流入或多条流出的顺序流",
                    f"{a(what)} has several incoming or several outgoing flows",
                    Text("删除该网关", "remove the gateway"))
        return
    if wants is not None and node.type != "eventBasedGateway" and wants != (into > 1, out > 1):
        sheet.error("gateway.direction", node, f"网关方向写作 {said},实际流入 {into} 条、流出 {out} 条",
                    f"the gateway is said to be {said}, but has {into} in and {out} out",
                    Text("改正 gatewayDirection 或删去", "correct gatewayDirection or leave it out"))
    elif wants is not None and node.type == "eventBasedGateway" and said == "Converging":
        sheet.error("gateway.direction", node, "事件网关不能是 Converging",
                    "an event-based gateway cannot be Converging",
                    Text("改正 gatewayDirection 或删去", "correct gatewayDirection or leave it out"))


def _event_gateway(sheet: Sheet, node: Node, scope: Scope) -> None:
    """Clause 10.6.6: message events or receive tasks, not both; nothing else leads to them; no boundary events."""
    targets = [scope.nodes[scope.flows[i].target] for i in node.outgoing if scope.flows[i].target in scope.nodes]
    messages = receives = 0
    for target in targets:
        event = target.event.kind if target.event else ""
        if target.type == "receiveTask":
            receives += 1
            if any(n.attached_to == target.id for n in scope.nodes.values()):
                sheet.error("gateway.event-boundary", target, "事件网关之后的接收任务不能有边界事件",
                            "a receive task behind an event-based gateway may not have boundary events")
        elif target.type != "intermediateCatchEvent" or event not in _AWAITED:
            what = called(target)
            if event:
                what = Text(kind(event).zh + what.zh, f"{kind(event).en} {what.en}")
            sheet.error("gateway.event-target", target, f"事件网关之后不能是{what.zh}",
                        f"{a(what)} may not stand behind an event-based gateway")
        messages += event == "message"
        if len(target.incoming) > 1:
            sheet.error("gateway.event-incoming", target, "事件网关之后的事件不能有别的流入",
                        "what stands behind an event-based gateway may have no other incoming flow")
    if messages and receives:
        sheet.error("gateway.event-mixed", node, "事件网关之后不能既有消息事件又有接收任务",
                    "message events and receive tasks may not both stand behind an event-based gateway")
    if node.instantiate and node.incoming:
        sheet.error("gateway.event-start", node, "启动流程的事件网关不能有流入",
                    "an event-based gateway that starts the process may have no incoming flow")


def _connections(sheet: Sheet, node: Node, around: Node | None) -> None:
    what = called(node)
    if node.triggered_by_event or node.for_compensation:
        if node.incoming or node.outgoing:
            what = Text("事件子流程", "event sub-process") if node.triggered_by_event else Text(
                "补偿活动", "compensation activity")
            sheet.error("flow.none-allowed", node, f"{what.zh}不能有顺序流", f"{a(what)} may not have sequence flows",
                        Text("删除这些顺序流", "remove the flows"))
        return
    if around is not None and around.type == "adHocSubProcess":
        return
    if not node.incoming and not (node.type == "receiveTask" and node.instantiate) and not (
            node.type == "eventBasedGateway" and node.instantiate):
        sheet.error("flow.no-incoming", node, f"{what.zh}没有流入的顺序流，永远不会执行",
                    f"the {what.en} has no incoming flow and is never reached",
                    Text("接上顺序流，或删除它", "connect it, or remove it"))
    if not node.outgoing and node.is_gateway:
        sheet.error("flow.no-outgoing", node, f"{what.zh}没有流出的顺序流", f"the {what.en} has no outgoing flow")
    elif not node.outgoing:
        sheet.warning("flow.no-outgoing", node, f"{what.zh}没有流出的顺序流，路径在此结束",
                      f"the {what.en} has no outgoing flow: the path ends here",
                      Text("接一个结束事件", "lead it to an end event"))
