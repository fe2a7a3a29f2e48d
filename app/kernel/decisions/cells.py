"""Input cells of a decision table: simple unary tests (DMN 1.3 clause 9, grammar rules 7-18) over our expressions.

``-``; ``"甲","乙"``; ``< 1000``; ``[1000..5000)``; ``not("甲")``. A test answers True, False or None: a comparison with
a value that was not entered is unknown, and an unknown test does not make its rule apply (DMN 1.3 table 42).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..expressions import ExpressionError, operations
from ..expressions.parser import MAX_LENGTH, Node, Parser
from ..text import Text
from ..values import Value

#: (value of the column, names in sight) -> whether the cell fits.
Test = Callable[[Value, Mapping[str, Value]], bool | None]

_ORDER: dict[str, Callable[[int], bool]] = {
    "<": lambda n: n < 0,
    "<=": lambda n: n <= 0,
    ">": lambda n: n > 0,
    ">=": lambda n: n >= 0,
}


def compile_cell(text: str) -> Test | None:
    """The test written in a cell; None where anything fits (``-`` or nothing).

    Raises:
        ExpressionError: it is none, with the position in the cell.
    """
    if text.strip() in ("", "-"):
        return None
    if len(text) > MAX_LENGTH:
        raise ExpressionError(Text(f"超过 {MAX_LENGTH} 字", f"longer than {MAX_LENGTH} characters"), MAX_LENGTH)
    try:
        return _Cell(text, 0, len(text), "feel").cell()
    except RecursionError as error:
        raise ExpressionError(Text("嵌套过深", "nested too deep")) from error


class _Cell(Parser):
    def cell(self) -> Test:
        """The whole cell."""
        following = self.words[self.at + 1] if len(self.words) > 1 else None
        if self.is_("not") and following is not None and following.value == "(":
            self.at += 2
            tests = self._tests()
            self.expect(")")
            test: Test = lambda value, names: _not(tests(value, names))
        else:
            test = self._tests()
        if self.word.kind != "end":
            raise self.error(Text("这里不知道怎样继续", "the cell cannot go on like this"))
        return test

    def _tests(self) -> Test:
        tests = [self._test()]
        while self.accept(","):
            tests.append(self._test())
        if len(tests) == 1:
            return tests[0]

        def either(value: Value, names: Mapping[str, Value]) -> bool | None:
            unknown = False
            for test in tests:
                found = test(value, names)
                if found:
                    return True
                unknown = unknown or found is None
            return None if unknown else False

        return either

    def _test(self) -> Test:
        if self.is_(*_ORDER):
            fits, bound = _ORDER[str(self.take().value)], self.sum()

            def compared(value: Value, names: Mapping[str, Value]) -> bool | None:
                return None if value is None else fits(operations.order(value, bound(names)))

            return compared
        if self.is_("[", "(", "]") and (interval := self._interval()) is not None:
            return interval
        wanted = self.sum()

        def same(value: Value, names: Mapping[str, Value]) -> bool:
            other = wanted(names)
            if isinstance(other, list) and not isinstance(value, list):
                return operations.member(value, other)
            return operations.equal(value, other)

        return same

    def _interval(self) -> Test | None:
        """``[a..b]``, ``(a..b)``, ``]a..b[``; None, and nothing read, where the bracket opens something else."""
        start, nodes = self.at, self.nodes
        opening = self.take().value
        try:
            low = self.sum()
            ranged = self.accept("..")
        except ExpressionError:
            if opening == "]":
                raise
            ranged = None
        if not ranged:
            if opening == "]":
                raise self.error(Text("这里应为 ..", "expected .. here"))
            self.at, self.nodes = start, nodes
            return None
        self.bracket_closes = True
        high = self.sum()
        self.bracket_closes = False
        closing = self.accept("]", ")", "[")
        if closing is None:
            raise self.error(Text("区间没有结束", "the interval is not closed"))
        return _between(low, high, opening == "[", closing == "]")


def _between(low: Node, high: Node, from_low: bool, to_high: bool) -> Test:
    def between(value: Value, names: Mapping[str, Value]) -> bool | None:
        if value is None:
            return None
        below, above = operations.order(value, low(names)), operations.order(value, high(names))
        return (below > 0 or (from_low and below == 0)) and (above < 0 or (to_high and above == 0))

    return between


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found
