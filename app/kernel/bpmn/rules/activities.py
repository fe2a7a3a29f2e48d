"""Processes, tasks, loops and sub-processes (clauses 10.2, 10.3, 13.3)."""
from __future__ import annotations

from ...text import Text
from ..markup import Element, bpmn, local
from ..model import Node
from .sheet import Sheet
from .words import called


def check(sheet: Sheet) -> None:
    """All rules of this file."""
    _processes(sheet)
    for node in sheet.nodes:
        if node.is_activity:
            _task(sheet, node)
            _loop(sheet, node)
    if sheet.root is not None:
        _performers(sheet)


def _processes(sheet: Sheet) -> None:
    if not sheet.processes:
        drawn = next(iter(sheet.document.processes.values()), None)
        if drawn is None:
            sheet.error("process.missing", sheet.root, "文件中没有流程", "there is no process in the file")
        else:
            sheet.error("process.not-executable", drawn, "没有标为可执行的流程", "no process is marked as executable",
                        Text('设 isExecutable="true"', 'set isExecutable="true"'))
    for process in sheet.processes:
        if not process.scope.nodes:
            sheet.error("process.empty", process, "流程中没有任何节点", "there is no node in the process")
    for element in sheet.examined("process"):
        if (element.get("processType") or "").strip() == "Public":
            sheet.error("process.public", element, "公共流程(Public)不能标为可执行",
                        "a Public process may not be marked as executable (table 10.1)",
                        Text('设 processType="Private"', 'set processType="Private"'))


def _task(sheet: Sheet, node: Node) -> None:
    what = called(node)
    if node.type in ("scriptTask", "businessRuleTask", "serviceTask") and not node.handler:
        zh = "脚本从不执行" if node.type == "scriptTask" else "没有指明处理程序"
        en = "scripts are never run" if node.type == "scriptTask" else "it names no handler"
        sheet.error("task.no-handler", node, f"{what.zh}无法执行：{zh}", f"the {what.en} cannot be executed: {en}",
                    Text("用 gz:handler 指明处理程序", "name a handler in gz:handler"))
    elif node.type == "sendTask" and not node.handler and not node.message:
        sheet.error("task.no-message", node, "发送任务没有指明消息或处理程序",
                    "the send task names no message and no handler")
    elif node.type == "receiveTask" and not node.message:
        sheet.error("task.no-message", node, "接收任务没有指明消息", "the receive task names no message",
                    Text("选择或新建一个消息", "choose or make a message"))
    if node.type == "receiveTask" and node.instantiate and node.incoming:
        sheet.error("task.instantiate", node, "启动流程的接收任务不能有流入的顺序流",
                    "a receive task that starts the process may not have an incoming flow")


def _loop(sheet: Sheet, node: Node) -> None:
    loop = node.loop
    if loop is None:
        return
    if loop.kind == "standard":
        if loop.condition is None and loop.maximum is None:
            sheet.error("loop.no-condition", node, "循环既没有条件，也没有次数上限",
                        "the loop has neither a condition nor a maximum", Text("写上循环条件",
                                                                               "give it a loop condition"))
        if loop.maximum == 0:
            sheet.error("loop.maximum", node, "循环次数上限应大于 0", "the maximum of a loop is greater than 0")
    elif loop.cardinality is None and loop.collection is None:
        sheet.error("loop.no-cardinality", node, "多实例没有写明实例数或集合",
                    "the multi-instance has neither a cardinality nor a collection",
                    Text("写上实例数(loopCardinality)或集合",
                         "give it a cardinality (loopCardinality) or a collection"))
    elif loop.cardinality is not None and loop.collection is not None:
        sheet.error("loop.both", node, "多实例的实例数和集合只能写一个",
                    "a multi-instance has a cardinality or a collection, not both")


def _performers(sheet: Sheet) -> None:
    """A resource role names a resource or calculates one, never both (table 10.5)."""
    for element in sheet.examined("resourceRole", "performer", "humanPerformer", "potentialOwner"):
        resource = _has(element, "resourceRef")
        if resource and _has(element, "resourceAssignmentExpression"):
            sheet.error("resource.both", element,
                        f"{local(element)} 不能同时有 resourceRef 和 resourceAssignmentExpression",
                        f"{local(element)} may not have both resourceRef and resourceAssignmentExpression")
        if not resource and _has(element, "resourceParameterBinding"):
            sheet.error("resource.binding", element, "resourceParameterBinding 只能与 resourceRef 一起使用",
                        "resourceParameterBinding only goes with resourceRef")


def _has(element: Element, child: str) -> bool:
    return element.find(bpmn(child)) is not None
