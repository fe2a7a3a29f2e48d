"""How elements and events are called in findings."""
from __future__ import annotations

from ...text import Text
from ..model import Node

TYPES: dict[str, Text] = {
    "task": Text("任务", "task"), "userTask": Text("人工任务", "user task"), "manualTask": Text("手工任务",
                                                                                                "manual task"),
    "serviceTask": Text("服务任务", "service task"), "sendTask": Text("发送任务", "send task"),
    "receiveTask": Text("接收任务", "receive task"), "scriptTask": Text("脚本任务", "script task"),
    "businessRuleTask": Text("业务规则任务", "business rule task"), "callActivity": Text("调用活动", "call activity"),
    "subProcess": Text("子流程", "sub-process"), "adHocSubProcess": Text("即席子流程", "ad-hoc sub-process"),
    "transaction": Text("事务", "transaction"), "startEvent": Text("开始事件", "start event"),
    "endEvent": Text("结束事件", "end event"), "intermediateCatchEvent": Text("中间捕获事件",
                                                                              "intermediate catch event"),
    "intermediateThrowEvent": Text("中间抛出事件", "intermediate throw event"),
    "boundaryEvent": Text("边界事件", "boundary event"), "exclusiveGateway": Text("排他网关", "exclusive gateway"),
    "parallelGateway": Text("并行网关", "parallel gateway"), "inclusiveGateway": Text("包容网关", "inclusive gateway"),
    "eventBasedGateway": Text("事件网关", "event-based gateway"), "complexGateway": Text("复杂网关", "complex gateway"),
    "choreographyTask": Text("编排任务", "choreography task"), "subChoreography": Text("子编排", "sub-choreography"),
    "callChoreography": Text("调用编排", "call choreography"),
}

KINDS: dict[str, Text] = {
    "none": Text("空", "none"), "message": Text("消息", "message"), "timer": Text("定时", "timer"),
    "signal": Text("信号", "signal"), "error": Text("错误", "error"), "escalation": Text("升级", "escalation"),
    "conditional": Text("条件", "conditional"), "compensate": Text("补偿", "compensation"),
    "link": Text("链接", "link"), "cancel": Text("取消", "cancel"), "terminate": Text("终止", "terminate"),
    "multiple": Text("多重", "multiple"),
}


def called(node: Node) -> Text:
    """What a node is, e.g. 排他网关 / exclusive gateway."""
    return TYPES.get(node.type, Text(node.type, node.type))


def a(what: Text) -> str:
    """The English name with its article."""
    return f"{'an' if what.en[:1] in 'aeiou' else 'a'} {what.en}"


def kind(name: str) -> Text:
    return KINDS.get(name, Text(name, name))
