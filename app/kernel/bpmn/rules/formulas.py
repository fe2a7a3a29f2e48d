"""Expressions and times in a diagram: do they compile, and can they give what their place needs."""
from __future__ import annotations

from decimal import Decimal

from ...calendar.iso8601 import BadTime, parse_cycle, parse_date, parse_duration
from ...expressions import EvaluationError, ExpressionError
from ...expressions import compile as compile_expression
from ...text import Text
from ..markup import BPMN, Element, bpmn, local, text
from ..model import EventDefinition, Flow, Node
from .sheet import Sheet

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
#: Elements of type Expression: formal only where ``xsi:type`` says so.
_EXPRESSIONS = ("loopCardinality", "completionCondition", "loopCondition", "condition", "timeDate", "timeDuration",
                "timeCycle", "activationCondition", "from", "to", "conditionExpression")
#: Elements of type FormalExpression.
_FORMAL = ("transformation", "messagePath", "dataPath", "formalExpression")
_TIMERS = {"date": parse_date, "duration": parse_duration, "cycle": parse_cycle}


def check(sheet: Sheet) -> None:
    """All expressions of the executable processes."""
    if sheet.root is not None:
        _formal(sheet)
    for _process, _around, scope in sheet.scopes:
        for flow in scope.flows.values():
            if flow.condition is not None:
                _need(sheet, flow, flow.condition, "boolean", Text("条件", "the condition"))
    for node in sheet.nodes:
        for part in _parts(node.event):
            _event(sheet, node, part)
        _loop(sheet, node)
        for name, value in node.inputs.items():
            _need(sheet, node, value, "any", Text(f"输入“{name}”", f"input “{name}”"))


def problem(written: str, need: str = "any") -> Text | None:
    """What is wrong with an expression where a value of kind ``need`` (boolean | number | any) is wanted.

    Only a constant can be known to be of the wrong kind before the case runs.
    """
    try:
        expression = compile_expression(written)
    except ExpressionError as error:
        return error.text
    if need == "any" or expression.names:
        return None
    try:
        value = expression.evaluate({})
    except EvaluationError as error:
        return error.text
    if need == "boolean" and not isinstance(value, bool):
        return Text("结果不是真或假", "it is neither true nor false")
    if need == "number" and (isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value < 0
                             or value != int(value)):
        return Text("结果不是非负整数", "it is not a non-negative whole number")
    return None


def _need(sheet: Sheet, where: Node | Flow, written: str, need: str, what: Text) -> None:
    wrong = problem(written, need)
    if wrong is not None:
        sheet.error("expression.invalid", where, f"{what.zh}“{written[:200]}”无法执行：{wrong.zh}",
                    f"{what.en} “{written[:200]}” cannot be executed: {wrong.en}")


def _parts(event: EventDefinition | None) -> tuple[EventDefinition, ...]:
    return () if event is None else event.parts or (event,)


def _event(sheet: Sheet, node: Node, event: EventDefinition) -> None:
    if event.kind == "conditional":
        if event.expression is None:
            sheet.error("event.no-condition", node, "条件事件没有条件", "the conditional event has no condition")
        else:
            _need(sheet, node, event.expression, "boolean", Text("条件", "the condition"))
    elif event.kind == "timer":
        if event.timer is None or event.expression is None:
            sheet.error("event.no-time", node, "定时事件没有写明时间", "the timer event has no time",
                        Text("写一个日期、时长或周期，例如 PT1H", "give a date, a duration or a cycle, e.g. PT1H"))
        else:
            wrong = _time_problem(event.timer, event.expression)
            if wrong is not None:
                sheet.error("event.time", node, f"时间“{event.expression[:200]}”无法理解：{wrong.zh}",
                            f"the time “{event.expression[:200]}” is not understood: {wrong.en}",
                            Text("按 ISO 8601 书写，例如 PT1H;计算得出的时间写作 ${名称}",
                                 "write it as ISO 8601, e.g. PT1H; a calculated time as ${name}"))


def calculated(written: str) -> bool:
    """Whether a timer's text is an expression: only one marked as such, ``${…}``, ``#{…}`` or ``=…``, is; anything
    else is a time in ISO 8601 (clause 10.5.5.11 names it), so that a misspelt time is never taken for a name."""
    return written.lstrip().startswith(("${", "#{", "="))


def _time_problem(timer: str, written: str) -> Text | None:
    if calculated(written):
        return problem(written)
    try:
        _TIMERS[timer](written)
    except BadTime as error:
        return error.text
    return None


def _loop(sheet: Sheet, node: Node) -> None:
    loop = node.loop
    if loop is None:
        return
    for written, need, what in (
        (loop.condition, "boolean", Text("循环条件", "the loop condition")),
        (loop.completion, "boolean", Text("完成条件", "the completion condition")),
        (loop.cardinality, "number", Text("实例数", "the cardinality")),
        (loop.collection, "any", Text("集合", "the collection")),
    ):
        if written is not None:
            _need(sheet, node, written, need, what)


def _formal(sheet: Sheet) -> None:
    """An executable process has formal expressions with a body; a plain one is prose (clause 8.4.7).

    A sequence flow's condition is let off being marked as formal: tools leave the mark out, and whether it can be
    executed is seen when it is compiled.
    """
    for element in sheet.examined(*_EXPRESSIONS, *_FORMAL):
        name = local(element)
        if element.getparent() is not None and local(element.getparent()) == "extensionElements":
            continue
        if text(element) is None:
            sheet.error("expression.empty", element, f"{name} 是空的", f"{name} is empty")
        elif name in _EXPRESSIONS and not _is_formal(element):
            where = element.getparent() if element.get("id") is None else element
            sheet.note(
                "warning" if name == "conditionExpression" else "error", "expression.informal", where,
                Text(f"{name} 没有标为形式表达式", f"{name} is not marked as a formal expression"),
                Text('加上 xsi:type="tFormalExpression"', 'add xsi:type="tFormalExpression"'))


def _is_formal(element: Element) -> bool:
    if local(element.getparent()) == "complexBehaviorDefinition":
        return True
    if any(child.tag == bpmn("formalExpression") for child in element):
        return True
    prefix, _, kind = (element.get(_XSI) or "").strip().rpartition(":")
    return kind == "tFormalExpression" and element.nsmap.get(prefix or None) == BPMN
