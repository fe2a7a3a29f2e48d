"""What the engine cannot run as BPMN 2.0.2 says, found before anything runs.

``rules.check`` (app.kernel.bpmn) tells an author everything that is wrong with a diagram. These checks are the
engine's own last gate: whatever gets past them runs as the standard says, whoever made the ``Process``.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ..bpmn.model import EventDefinition, Finding, Flow, Node, Process, Scope
from ..calendar.iso8601 import BadTime, parse_cycle
from ..expressions import ExpressionError
from ..expressions import compile as compile_expression
from ..text import Text
from .timers import literal

PERSON = frozenset({"userTask", "manualTask"})
HANDLED = frozenset({"serviceTask", "scriptTask", "businessRuleTask", "sendTask"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
TASKS = PERSON | HANDLED | {"task", "receiveTask"}
ACTIVITIES = TASKS | {"subProcess"}
WAITED = frozenset({"message", "timer", "signal", "conditional"})
#: Event kinds by the element they may stand at.
EVENTS = {
    "startEvent": WAITED | {"none"},
    "intermediateCatchEvent": WAITED | {"link"},
    "intermediateThrowEvent": frozenset({"none", "message", "signal", "escalation", "link"}),
    "boundaryEvent": WAITED | {"error", "escalation"},
    "endEvent": frozenset({"none", "terminate", "error", "escalation", "message", "signal"}),
}
HANDLED_EVENTS = WAITED | {"error", "escalation"}
#: What was meant as ISO 8601, so that a slip is not read as the name of a field.
_TIMELIKE = re.compile(r"P[\dT]|R\d*/|\d")


class NotExecutable(Exception):
    """The engine will not run the process. ``findings`` say which elements and why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f"{f.element}: {f.message.en}" for f in findings[:10]))
        self.findings = findings


def check(process: Process) -> list[Finding]:
    """Everything in ``process`` the engine cannot run, every finding an error with its element."""
    found = list(_scope(process.scope, None))
    ids = Counter(_ids(process.scope))
    found += [_finding("id.duplicate", name, "编号重复", "the id is used more than once")
              for name, count in ids.items() if count > 1]
    return found


def _ids(scope: Scope) -> Iterator[str]:
    for node in scope.nodes.values():
        yield node.id
        if node.scope is not None:
            yield from _ids(node.scope)


def _finding(rule: str, element: str | None, zh: str, en: str, node: Node | Flow | None = None) -> Finding:
    return Finding("error", f"engine.{rule}", element, Text(zh, en), name=node.name if node else "",
                   line=node.line if node else None)


def begins(scope: Scope) -> list[Node]:
    """The nodes where the tokens of a scope begin when it is started without an event: its none start event, else,
    where there is no start event at all, whatever no flow leads to (§13.2)."""
    starts = [n for n in scope.nodes.values() if n.type == "startEvent"]
    if starts:
        return [n for n in starts if kind(n) == "none"]
    return [n for n in scope.nodes.values()
            if not n.incoming and n.type != "boundaryEvent" and not n.triggered_by_event
            and not (n.type == "intermediateCatchEvent" and kind(n) == "link")]


def kind(node: Node) -> str:
    return node.event.kind if node.event else "none"


def name_of(event: EventDefinition) -> str | None:
    """The name by which the world knows a message or signal."""
    return event.name or event.ref


def _scope(scope: Scope, owner: Node | None) -> Iterator[Finding]:
    where = owner.id if owner else None
    for node in scope.nodes.values():
        yield from _node(node, scope, owner)
    for flow in scope.flows.values():
        yield from _flow(flow, scope)
    yield from _links(scope)
    starts = [n for n in scope.nodes.values() if n.type == "startEvent"]
    plain = [n for n in starts if kind(n) == "none"]
    if owner is not None and owner.triggered_by_event:
        if len(starts) != 1 or kind(starts[0]) not in HANDLED_EVENTS:
            yield _finding("event-subprocess.start", where, "事件子流程须有且只有一个由事件触发的开始",
                           "an event sub-process needs exactly one start event with a trigger", owner)
        return
    if owner is not None and len(starts) != len(plain):
        yield _finding("subprocess.start", where, "子流程的开始不能由事件触发",
                       "a sub-process cannot be started by an event", owner)
    if len(plain) > 1:
        yield _finding("start.several", plain[1].id, "有多个无触发的开始",
                       "there are several none start events", plain[1])
    if not starts and not begins(scope) and (scope.nodes or owner is None):
        yield _finding("start.none", where, "没有可以开始的地方", "there is nowhere to begin", owner)


def _node(node: Node, scope: Scope, owner: Node | None) -> Iterator[Finding]:
    def no(rule: str, zh: str, en: str) -> Finding:
        return _finding(rule, node.id, zh, en, node)

    ways = [scope.flows[f] for f in node.outgoing if f in scope.flows]
    if len(ways) != len(node.outgoing) or any(f not in scope.flows for f in node.incoming):
        yield no("flow.missing", "所列的连线不存在", "a sequence flow it names does not exist")
    if not node.id:
        yield no("id.missing", "没有编号", "it has no id")
    if node.default is not None and node.default not in node.outgoing:
        yield no("default.missing", "默认出口不是它的出口", "its default flow is not one of its outgoing flows")
    if node.type in GATEWAYS:
        yield from _gateway(node, ways, no)
    elif node.type in ACTIVITIES:
        yield from _activity(node, scope, no)
    elif node.type in EVENTS:
        yield from _event(node, scope, owner, no)
    else:
        yield no("element.unsupported", f"引擎不执行 {node.type}", f"the engine does not run a {node.type}")
    if node.loop is not None and node.type not in ACTIVITIES:
        yield no("loop.place", "只有活动可以循环", "only an activity can be repeated")


def _gateway(node: Node, ways: list[Flow], no) -> Iterator[Finding]:
    if node.type == "exclusiveGateway" and len(ways) > 1:
        for flow in ways:
            if flow.condition is None and flow.id != node.default:
                yield _finding("gateway.no-condition", flow.id, f"排他网关 {node.id} 的出口没有条件",
                               f"a flow out of the exclusive gateway {node.id} has no condition", flow)
    if node.type in ("parallelGateway", "eventBasedGateway"):
        for flow in ways:
            if flow.condition is not None:
                yield _finding("gateway.condition", flow.id, "此网关的出口不能有条件",
                               f"a flow out of the {node.type} {node.id} cannot have a condition", flow)
        if node.default is not None:
            yield no("gateway.default", "此网关不能有默认出口", "this gateway cannot have a default flow")
    if node.type == "eventBasedGateway":
        if node.instantiate or node.attributes.get("eventGatewayType", "Exclusive") != "Exclusive":
            yield no("gateway.instantiate", "不支持启动流程的或并行的事件网关",
                     "an event gateway that starts a process or waits for all its events is not run")
        if not ways:
            yield no("gateway.events", "事件网关后面没有事件", "there is no event behind the event gateway")


def _activity(node: Node, scope: Scope, no) -> Iterator[Finding]:
    if node.for_compensation:
        yield no("compensation", "不支持补偿", "compensation is not run")
    if node.type in HANDLED and not node.handler and not (node.type == "sendTask" and node.message):
        yield no("task.no-handler", "没有处理程序", f"the {node.type} has no handler; scripts are never run")
    if node.type == "receiveTask":
        if not node.message:
            yield no("task.no-message", "接收任务没有消息", "the receive task has no message")
        if node.instantiate:
            yield no("task.instantiate", "不支持由接收任务启动流程", "a receive task that starts a process is not run")
    for name, text in node.inputs.items():
        yield from _expression(text, node.id, f"input {name}", node)
    for name in ("startQuantity", "completionQuantity"):
        value = str(node.attributes.get(name, "1")).strip().removeprefix("+")
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= 1000):
            yield no("activity.quantity", f"{name} 应为 1 至 1000", f"{name} must be from 1 to 1000")
    if node.type == "subProcess":
        if node.scope is None:
            yield no("subprocess.empty", "子流程没有内容", "the sub-process has no inside")
        else:
            yield from _scope(node.scope, node)
        if node.triggered_by_event and (node.incoming or node.outgoing or node.loop is not None):
            yield no("event-subprocess.flow", "事件子流程不能有连线或循环",
                     "an event sub-process has neither flows nor a loop")
    if node.loop is not None:
        yield from _loop(node, no)


def _loop(node: Node, no) -> Iterator[Finding]:
    loop = node.loop
    if loop.kind == "standard":
        if loop.condition is None and loop.maximum is None:
            yield no("loop.endless", "循环没有条件也没有次数", "the loop has neither a condition nor a maximum")
        if loop.condition is not None:
            yield from _expression(loop.condition, node.id, "loop condition", node)
    elif loop.kind in ("parallel", "sequential"):
        if (loop.cardinality is None) == (loop.collection is None):
            yield no("loop.count", "多实例须给出个数或集合之一",
                     "a multi-instance activity needs either a number of instances or a collection")
        if loop.behavior.lower() != "all":
            yield no("loop.behavior", "不支持此多实例事件方式", f"multi-instance behavior {loop.behavior} is not run")
        for text, what in ((loop.cardinality, "cardinality"), (loop.completion, "completion condition")):
            if text is not None:
                yield from _expression(text, node.id, what, node)
    else:
        yield no("loop.kind", "循环方式不明", f"unknown kind of loop {loop.kind}")


def _event(node: Node, scope: Scope, owner: Node | None, no) -> Iterator[Finding]:
    what = kind(node)
    allowed = EVENTS[node.type]
    if node.type == "startEvent" and owner is not None and owner.triggered_by_event:
        allowed = HANDLED_EVENTS
    if what not in allowed:
        yield no("event.unsupported", f"引擎不执行此处的 {what} 事件", f"a {what} event is not run at a {node.type}")
        return
    if node.type == "endEvent" and node.outgoing:
        yield no("end.outgoing", "结束之后还有连线", "a flow leads out of an end event")
    if node.type in ("startEvent", "boundaryEvent") and node.incoming:
        yield no("start.incoming", "有连线进入此事件", f"a flow leads into a {node.type}")
    if node.type == "boundaryEvent":
        host = scope.nodes.get(node.attached_to or "")
        if host is None or host.type not in ACTIVITIES or host.triggered_by_event:
            yield no("boundary.host", "边界事件没有附着在活动上", "the boundary event is not attached to an activity")
        elif any(scope.nodes.get(scope.flows[f].source) is not None
                 and scope.nodes[scope.flows[f].source].type == "eventBasedGateway"
                 for f in host.incoming if f in scope.flows):
            yield no("boundary.event-gateway", "事件网关之后的接收任务不能有边界事件",
                     "a receive task behind an event gateway cannot have a boundary event")
    if what == "error" and not node.interrupting and node.type in ("boundaryEvent", "startEvent"):
        yield no("error.interrupting", "错误事件必定中断", "an error event always interrupts")
    event = node.event
    if what in ("message", "signal") and not name_of(event):
        yield no("event.no-name", "消息或信号没有名称", f"the {what} has no name")
    if what == "error" and node.type == "endEvent" and not (event.code or event.name or event.ref):
        yield no("event.no-code", "错误没有代码", "the error has no code")
    if what == "conditional":
        if not event.expression:
            yield no("event.no-condition", "没有条件", "the conditional event has no condition")
        else:
            yield from _expression(event.expression, node.id, "condition", node)
    if what == "timer":
        yield from _timer(node, no)


def _timer(node: Node, no) -> Iterator[Finding]:
    event = node.event
    if event.timer not in ("date", "duration", "cycle") or not event.expression:
        yield no("timer.no-time", "定时没有时间", "the timer has no time")
    elif literal(event.timer, event.expression):
        if event.timer == "cycle":
            try:
                if parse_cycle(event.expression).repetitions == 0:
                    yield no("timer.never", "循环重复零次", "the cycle repeats zero times")
            except BadTime as error:
                yield _finding("timer.time", node.id, error.text.zh, error.text.en, node)
    elif _TIMELIKE.match(event.expression.strip()):
        yield no("timer.time", f"不是时间：{event.expression[:40]}", f"not a time: {event.expression[:40]}")
    else:
        yield from _expression(event.expression, node.id, "timer", node)


def _flow(flow: Flow, scope: Scope) -> Iterator[Finding]:
    source, target = scope.nodes.get(flow.source), scope.nodes.get(flow.target)
    if source is None or target is None or flow.id not in source.outgoing or flow.id not in target.incoming:
        yield _finding("flow.ends", flow.id, "连线没有接在同一层的两个节点上",
                       "the sequence flow does not join two nodes of one scope", flow)
        return
    if flow.condition is not None:
        yield from _expression(flow.condition, flow.id, "condition", flow)
        if source.default == flow.id:
            yield _finding("default.condition", flow.id, "默认出口不能有条件",
                           "a default flow cannot have a condition", flow)
    if target.triggered_by_event or source.triggered_by_event:
        yield _finding("flow.event-subprocess", flow.id, "连线不能接事件子流程",
                       "a sequence flow cannot lead to or from an event sub-process", flow)
    if source.type == "eventBasedGateway":
        good = (target.type == "intermediateCatchEvent" and kind(target) in WAITED) or (
            target.type == "receiveTask" and target.loop is None
            and str(target.attributes.get("startQuantity", "1")).strip() == "1")
        if not good:
            yield _finding("gateway.events", flow.id, "事件网关之后只能是等待的事件",
                           "only an event that waits can stand behind an event gateway", flow)


def _links(scope: Scope) -> Iterator[Finding]:
    thrown: dict[str, list[Node]] = {}
    caught: dict[str, list[Node]] = {}
    for node in scope.nodes.values():
        if kind(node) != "link":
            continue
        name = link_name(node)
        if node.type == "intermediateThrowEvent":
            thrown.setdefault(name, []).append(node)
            if node.outgoing:
                yield _finding("link.outgoing", node.id, "链接抛出之后还有连线",
                               "a flow leads out of a link throw", node)
        elif node.type == "intermediateCatchEvent":
            caught.setdefault(name, []).append(node)
            if node.incoming:
                yield _finding("link.incoming", node.id, "有连线进入链接捕获", "a flow leads into a link catch", node)
    for name, nodes in thrown.items():
        if not name or len(caught.get(name, ())) != 1:
            for node in nodes:
                yield _finding("link.target", node.id, f"链接“{name}”须有且只有一个去处",
                               f"the link {name!r} needs exactly one catch in the same scope", node)


def link_name(node: Node) -> str:
    return (node.event.name or node.event.code or "").strip() if node.event else ""


def _expression(text: str, element: str, what: str, node: Node | Flow | None) -> Iterator[Finding]:
    try:
        compile_expression(text)
    except ExpressionError as error:
        yield _finding("expression", element, f"表达式“{text[:80]}”不能读({what}):{error.text.zh}",
                       f"the expression {text[:80]!r} cannot be read ({what}): {error.text.en}", node)
