"""Decision tables out of DMN XML, behind the same guard as diagrams: no DOCTYPE, bounded size, elements and depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from ..bpmn.markup import _SAFE, MAX_BYTES, Unreadable, _Guard, _tree, unreadable
from ..bpmn.model import Finding
from ..expressions import Expression, ExpressionError, compile
from ..expressions.lexer import tokens
from ..text import Text
from .cells import Test, compile_cell
from .table import AGGREGATIONS, POLICIES, Input, Output, Row, Table

#: The decision-table part is the same in all of these; 1.3 is what the tests hold to.
NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    }
)
MAX_COLUMNS = 50
MAX_RULES = 2000

Element = Any


def _root(source: bytes) -> Element:
    if len(source) > MAX_BYTES:
        raise unreadable("xml.size", Text("文件过大", "the file is too large"))
    try:
        etree.fromstring(source, etree.XMLParser(target=_Guard(), **_SAFE))
        root = _tree(source)
    except Unreadable:
        raise
    except etree.XMLSyntaxError as error:
        raise unreadable(
            "xml.malformed", Text("不是格式正确的 XML", "not well-formed XML"), error.lineno or None
        ) from error
    except (etree.LxmlError, LookupError, UnicodeError, ValueError, AssertionError) as error:
        raise unreadable("xml.malformed", Text("不能解析", "cannot be parsed")) from error
    name = etree.QName(root)
    if name.namespace not in NAMESPACES or name.localname != "definitions":
        raise unreadable("dmn.root", Text("不是 DMN 文件", "not a DMN file"), root.sourceline)
    return root


def tables(source: bytes) -> dict[str, Table]:
    """Every decision table of a DMN file by the id of its decision; raises Unreadable with all that is wrong."""
    root = _root(source)
    reading = _Reading(f"{{{etree.QName(root).namespace}}}")
    found = {}
    for decision in root.iterchildren(reading.ns + "decision"):
        if (made := reading.decision(decision)) is not None:
            found[made.id] = made
    if reading.findings:
        raise Unreadable(reading.findings)
    if not found:
        raise unreadable("dmn.table", Text("文件中没有决策表", "the file holds no decision table"), root.sourceline)
    return found


def table(source: bytes, decision: str | None = None) -> Table:
    """One decision table of a DMN file; see :meth:`.Table.read`."""
    found = tables(source)
    if decision is None and len(found) == 1:
        return next(iter(found.values()))
    if decision not in found:
        raise unreadable(
            "dmn.decision",
            Text(f"请指明决策，文件中有：{', '.join(found)}", f"name a decision; the file has: {', '.join(found)}"),
        )
    return found[decision]


class _Reading:
    """One file being read: what is wrong with it is gathered, so that it can be told at once."""

    def __init__(self, ns: str) -> None:
        self.ns = ns
        self.findings: list[Finding] = []

    def refuse(self, rule: str, element: Element, zh: str, en: str) -> None:
        self.findings.append(Finding("error", rule, element.get("id"), Text(zh, en), line=element.sourceline))

    def text(self, parent: Element | None, *path: str) -> str:
        """The character data of ``path/text`` under ``parent``; the empty string where there is none."""
        for step in (*path, "text"):
            parent = parent.find(self.ns + step) if parent is not None else None
        return "".join(parent.itertext()).strip() if parent is not None else ""

    def part(self, make: Callable[[str], Any], text: str, element: Element, place: Text) -> Any:
        """``make(text)``, its error told with the cell's place."""
        try:
            return make(text)
        except ExpressionError as error:
            at = (
                Text("", "")
                if error.position is None
                else Text(f"（第 {error.position + 1} 字）", f" (character {error.position + 1})")
            )
            self.findings.append(
                Finding(
                    "error",
                    "dmn.cell",
                    element.get("id"),
                    Text("{place}：{why}{at}", "{place}: {why}{at}").format(place=place, why=error.text, at=at),
                    line=element.sourceline,
                )
            )
            return None

    def decision(self, decision: Element) -> Table | None:
        element = decision.find(self.ns + "decisionTable")
        if element is None:
            if any(
                c.tag in (self.ns + "literalExpression", self.ns + "context", self.ns + "invocation") for c in decision
            ):
                self.refuse("dmn.logic", decision, "只支持决策表", "only decision tables are supported")
            return None
        if decision.find(f"{self.ns}informationRequirement/{self.ns}requiredDecision") is not None:
            self.refuse(
                "dmn.requirement", decision, "不支持依赖其他决策", "a decision that requires another is not supported"
            )
        policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
        if policy not in POLICIES:
            self.refuse("dmn.policy", element, f"不支持命中策略 {policy}", f"hit policy {policy} is not supported")
        if aggregation is not None and (aggregation not in AGGREGATIONS or policy != "COLLECT"):
            self.refuse(
                "dmn.policy", element, f"不支持汇总 {aggregation}", f"aggregation {aggregation} is not supported here"
            )
        columns, answers = element.findall(self.ns + "input"), element.findall(self.ns + "output")
        rules = element.findall(self.ns + "rule")
        if not columns or not answers or len(columns) + len(answers) > MAX_COLUMNS or not 0 < len(rules) <= MAX_RULES:
            self.refuse(
                "dmn.size",
                element,
                "决策表没有列或规则，或超过上限",
                "the table lacks columns or rules, or has too many",
            )
            return None
        if aggregation and len(answers) != 1:
            self.refuse("dmn.policy", element, "汇总只能有一个结果列", "an aggregation takes one output column")
        before = len(self.findings)
        inputs = tuple(self._input(c, n) for n, c in enumerate(columns, 1))
        outputs = tuple(self._output(c, n, decision, len(answers)) for n, c in enumerate(answers, 1))
        if len({o.name for o in outputs}) != len(outputs):
            self.refuse("dmn.output", element, "结果列重名", "two output columns have one name")
        rows = tuple(self._row(r, n, inputs, outputs) for n, r in enumerate(rules, 1))
        if len(self.findings) > before:
            return None
        name = decision.get("name") or decision.get("id") or ""
        return Table(decision.get("id") or name, name, policy, inputs, outputs, rows, aggregation)

    def _language(self, element: Element) -> None:
        language = element.get("expressionLanguage")
        if language is not None and "feel" not in language.lower():
            self.refuse(
                "dmn.language",
                element,
                f"不支持表达式语言 {language}",
                f"expression language {language} is not supported",
            )

    def _input(self, element: Element, number: int) -> Input:
        inner = element.find(self.ns + "inputExpression")
        written = self.text(inner)
        label = element.get("label") or written or str(number)
        place = Text(f"第 {number} 个条件列“{label}”", f"input column {number} “{label}”")
        if inner is not None:
            self._language(inner)
        expression = self.part(_feel, written, element, place)
        return Input(label, expression, self._allowed(element.find(self.ns + "inputValues"), place))

    def _output(self, element: Element, number: int, decision: Element, count: int) -> Output:
        variable = decision.find(self.ns + "variable")
        name = element.get("name") or (variable.get("name") if variable is not None and count == 1 else None)
        label = element.get("label") or name or str(number)
        place = Text(f"第 {number} 个结果列“{label}”", f"output column {number} “{label}”")
        if not name or self.part(_name, name, element, place) is None:
            if not name:
                self.refuse("dmn.output", element, "结果列没有名称", "the output column has no name")
            name = name or str(number)
        default = element.find(self.ns + "defaultOutputEntry")
        return Output(
            name,
            label,
            self._allowed(element.find(self.ns + "outputValues"), place),
            self.part(_feel, self.text(default), element, place) if default is not None else None,
        )

    def _allowed(self, element: Element | None, place: Text) -> Test | None:
        return self.part(compile_cell, self.text(element), element, place) if element is not None else None

    def _row(self, element: Element, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Row:
        cells = element.findall(self.ns + "inputEntry")
        answers = element.findall(self.ns + "outputEntry")
        if len(cells) != len(inputs) or len(answers) != len(outputs):
            self.refuse(
                "dmn.rule",
                element,
                f"第 {number} 条规则的格数与列数不符",
                f"rule {number} has not one cell for each column",
            )
            return Row(element.get("id"), (), ())
        tests, results = [], []
        for cell, column in zip(cells, inputs, strict=True):
            self._language(cell)
            tests.append(self.part(compile_cell, self.text(cell), cell, _place(number, column.label)))
        for cell, column in zip(answers, outputs, strict=True):
            self._language(cell)
            written = self.text(cell)
            results.append(
                self.part(_feel, written, cell, _place(number, column.label)) if written not in ("", "-") else None
            )
        return Row(element.get("id"), tuple(tests), tuple(results))


def _place(number: int, column: str) -> Text:
    return Text(f"第 {number} 条规则“{column}”", f"rule {number}, “{column}”")


def _feel(text: str) -> Expression:
    """A FEEL expression as DMN writes it, without the ``=`` by which other places mark one."""
    try:
        return compile(f"={text}")
    except ExpressionError as error:
        raise ExpressionError(error.text, None if error.position is None else max(error.position - 1, 0)) from error


def _name(text: str) -> str:
    words = tokens(text, 0, len(text))
    if len(words) != 2 or words[0].kind != "name":
        raise ExpressionError(Text("结果列的名称应是一个词", "an output column's name must be one word"))
    return text
