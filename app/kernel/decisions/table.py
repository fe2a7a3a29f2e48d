"""Decision tables: a row of conditions, a row of answers, and a rule for when several rows fit (DMN 1.3 clause 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..bpmn.model import Finding
from ..expressions import EvaluationError, Expression, operations
from ..text import Text
from ..values import Value
from .cells import Test

SINGLE = frozenset({"UNIQUE", "FIRST", "ANY"})
POLICIES = SINGLE | {"RULE ORDER", "COLLECT"}
AGGREGATIONS = frozenset({"SUM", "MIN", "MAX", "COUNT"})


class DecisionError(ValueError):
    """The table gives no answer for these values.

    Attributes:
        findings: why: a cell that could not be judged (with its place), rules that overlap, no rule at all.
    """

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f.message.en for f in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions: ``label`` for people, what it looks at, and which values it may meet at all."""

    label: str
    expression: Expression
    allowed: Test | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers: its ``name`` in the result, and the answer where no rule applies."""

    name: str
    label: str
    allowed: Test | None = None
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: a test per input (None = anything), an expression per output (None = nothing)."""

    id: str | None
    tests: tuple[Test | None, ...]
    answers: tuple[Expression | None, ...]


@dataclass(frozen=True)
class Table:
    """A decision table; immutable. Read one with :meth:`read`.

    ``policy`` = UNIQUE | FIRST | ANY | RULE ORDER | COLLECT; ``aggregation`` = SUM | MIN | MAX | COUNT of a COLLECT.
    """

    id: str
    name: str
    policy: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    aggregation: str | None = None

    @classmethod
    def read(cls, source: bytes, decision: str | None = None) -> Table:
        """The decision table in a DMN file.

        Args:
            source: the file's bytes.
            decision: the id of the decision; may be left out where the file holds one table.

        Raises:
            Unreadable: with everything that is wrong, by cell.
        """
        from .reader import table

        return table(source, decision)

    @property
    def names(self) -> frozenset[str]:
        """The names the columns of conditions look at."""
        return frozenset().union(*(i.expression.names for i in self.inputs))

    def decide(self, names: Mapping[str, Value]) -> Any:
        """The table's answer.

        Args:
            names: case values by name.

        Returns:
            UNIQUE, FIRST, ANY: one record, output name → value (the default answers where no rule applies).
            RULE ORDER, COLLECT: a list of such records in the order of the rules, empty where none applies.
            COLLECT with an aggregation: one record with the aggregated value; of no rules 0 for COUNT, else None.

        Raises:
            DecisionError: a cell cannot be judged; UNIQUE rules overlap; ANY rules disagree; no rule applies and there
                is no default; a value that is not among the allowed ones. An answer is never guessed.
        """
        values = [self._input(n, names) for n in range(len(self.inputs))]
        hits = []
        for number, row in enumerate(self.rows):
            if self._applies(number, row, values, names):
                hits.append(number)
                if self.policy == "FIRST":
                    break
        if self.policy == "UNIQUE" and len(hits) > 1:
            raise self._overlap(hits)
        answers = [self._answer(n, names) for n in hits]
        if self.policy in SINGLE:
            if not answers:
                return self._default(names)
            if any(not _equal(answers[0], other) for other in answers[1:]):
                raise self._disagreement(hits)
            return answers[0]
        return self._aggregated(answers) if self.aggregation else answers

    # -- steps ------------------------------------------------------------------------------------------------------

    def _input(self, column: int, names: Mapping[str, Value]) -> Value:
        which = self.inputs[column]
        try:
            value = which.expression.evaluate(names)
            if which.allowed is not None and not which.allowed(value, names):
                raise EvaluationError(Text("不在允许的取值之内", "not among the allowed values"))
        except EvaluationError as error:
            raise self._refused(
                "decision.input",
                None,
                Text("“{column}”列：{why}", "column “{column}”: {why}").format(column=which.label, why=error.text),
            ) from error
        return value

    def _applies(self, number: int, row: Row, values: list[Value], names: Mapping[str, Value]) -> bool:
        for column, (test, value) in enumerate(zip(row.tests, values, strict=True)):
            if test is None:
                continue
            try:
                if not test(value, names):
                    return False
            except EvaluationError as error:
                raise self._cell(number, self.inputs[column].label, error) from error
        return True

    def _answer(self, number: int, names: Mapping[str, Value]) -> dict[str, Value]:
        answer: dict[str, Value] = {}
        for output, expression in zip(self.outputs, self.rows[number].answers, strict=True):
            try:
                value = expression.evaluate(names) if expression is not None else None
                _demand_allowed(output, value, names)
            except EvaluationError as error:
                raise self._cell(number, output.label, error) from error
            answer[output.name] = value
        return answer

    def _default(self, names: Mapping[str, Value]) -> dict[str, Value]:
        if all(o.default is None for o in self.outputs):
            raise self._refused("decision.none", None, Text("没有规则适用", "no rule applies"))
        try:
            return {o.name: o.default.evaluate(names) if o.default is not None else None for o in self.outputs}
        except EvaluationError as error:
            raise self._refused(
                "decision.default", None, Text("默认结果：{why}", "the default answer: {why}").format(why=error.text)
            ) from error

    def _aggregated(self, answers: list[dict[str, Value]]) -> dict[str, Value]:
        name = self.outputs[0].name
        values = [a[name] for a in answers]
        if self.aggregation == "COUNT":
            return {name: len(values)}
        if not values:
            return {name: None}
        result = values[0]
        try:
            operations.number(result)
            for value in values[1:]:
                if self.aggregation == "SUM":
                    result = operations.add(operations.number(result), operations.number(value))
                elif (operations.order(value, result) < 0) is (self.aggregation == "MIN"):
                    result = value
        except EvaluationError as error:
            raise self._refused(
                "decision.aggregate",
                None,
                Text("“{column}”列汇总：{why}", "aggregating “{column}”: {why}").format(
                    column=self.outputs[0].label, why=error.text
                ),
            ) from error
        return {name: result}

    # -- refusals ---------------------------------------------------------------------------------------------------

    def _finding(self, rule: str, element: str | None, message: Text) -> Finding:
        told = Text("决策表“{table}”：{message}", "decision table “{table}”: {message}").format(
            table=self.name or self.id, message=message
        )
        return Finding("error", rule, element or self.id, told, name=self.name)

    def _refused(self, rule: str, element: str | None, message: Text) -> DecisionError:
        return DecisionError([self._finding(rule, element, message)])

    def _cell(self, number: int, column: str, error: EvaluationError) -> DecisionError:
        return self._refused(
            "decision.cell",
            self.rows[number].id,
            Text("第 {row} 条规则“{column}”：{why}", "rule {row}, “{column}”: {why}").format(
                row=number + 1, column=column, why=error.text
            ),
        )

    def _overlap(self, hits: list[int]) -> DecisionError:
        told = ", ".join(str(n + 1) for n in hits)
        return DecisionError(
            [
                self._finding(
                    "decision.overlap",
                    self.rows[n].id,
                    Text(
                        f"第 {told} 条规则同时适用，而命中策略是 UNIQUE",
                        f"rules {told} all apply, but the hit policy is UNIQUE",
                    ),
                )
                for n in hits
            ]
        )

    def _disagreement(self, hits: list[int]) -> DecisionError:
        told = ", ".join(str(n + 1) for n in hits)
        return self._refused(
            "decision.any",
            self.rows[hits[0]].id,
            Text(
                f"第 {told} 条规则同时适用而结果不同，命中策略是 ANY",
                f"rules {told} all apply with different answers, but the hit policy is ANY",
            ),
        )


def _demand_allowed(output: Output, value: Value, names: Mapping[str, Value]) -> None:
    if output.allowed is not None and value is not None and not output.allowed(value, names):
        raise EvaluationError(Text("结果不在允许的取值之内", "the answer is not among the allowed values"))


def _equal(one: Value, other: Value) -> bool:
    try:
        return operations.equal(one, other)
    except EvaluationError:
        return False
