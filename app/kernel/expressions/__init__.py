"""Expressions: the conditions, timers, calculated fields and decision cells of a diagram, safe to take from anyone.

``compile("金额 > 10000 and review.decision == 'agree'").evaluate({"金额": …, "review": {…}})``. The text is parsed
by a grammar of our own (``parser.py``) into plain closures over the operators of ``operations.py``; no text is ever
given to Python's compiler, no attribute of an object is looked at, nothing can be called but ``functions.FUNCTIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ..text import Text
from ..values import BadValue, Value, normalise
from . import operations
from .errors import EvaluationError, ExpressionError
from .parser import MAX_LENGTH, Node, Parser

__all__ = ["EvaluationError", "Expression", "ExpressionError", "compile"]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; immutable, shared between threads.

    Attributes:
        text: as it was written.
        names: the root names it reads (``review`` of ``review.decision``).
        dialect: gangze | juel | feel.
    """

    text: str
    names: frozenset[str]
    dialect: str
    _node: Node = field(repr=False, compare=False)

    def evaluate(self, names: Mapping[str, Value]) -> Value:
        """Its value for these names.

        Args:
            names: what each root name stands for: case values (app.kernel.values), records and lists of them.

        Returns:
            a case value; lists and records are copies.

        Raises:
            EvaluationError: a name is missing, kinds do not fit, a number or text grew too large.
        """
        try:
            value = self._node(names)
            if value.__class__ in _SCALARS:
                return value
            if value.__class__ in _NUMBERS:
                return operations.number(value)
            return normalise(value)
        except RecursionError as error:
            raise EvaluationError(Text("数据嵌套过深", "the data is nested too deep")) from error
        except BadValue as error:
            raise EvaluationError(error.text) from error

    def holds(self, names: Mapping[str, Value]) -> bool:
        """Its value as a condition: true or false, nothing entered counting as false (in FEEL: an error).

        Raises:
            EvaluationError: as :meth:`evaluate`, or the value is neither true nor false.
        """
        return operations.truth(self.evaluate(names), null_is_false=self.dialect != "feel")


_SCALARS = frozenset({bool, str, type(None), date})
_NUMBERS = frozenset({int, Decimal})


def compile(text: str) -> Expression:
    """The expression written in ``text``, in our language, as JUEL ``${…}`` or ``#{…}``, or as FEEL ``=…``.

    Args:
        text: at most 2,000 characters; white space around it is ignored.

    Returns:
        the same object for the same text, as long as it is among the last few thousand compiled.

    Raises:
        ExpressionError: it is not an expression, with the reason and the place.
    """
    if not isinstance(text, str):
        raise ExpressionError(Text("表达式应为文字", "an expression must be text"))
    if len(text) > MAX_LENGTH:
        raise ExpressionError(Text(f"表达式超过 {MAX_LENGTH} 字", f"longer than {MAX_LENGTH} characters"), MAX_LENGTH)
    return _compile(text)


@lru_cache(maxsize=4096)
def _compile(text: str) -> Expression:
    for at, char in enumerate(text):
        if "\ud800" <= char <= "\udfff" or (char < " " and char not in "\t\r\n"):
            raise ExpressionError(Text("含有不允许的字符", "holds a character that is not allowed"), at)
    start, end, dialect = 0, len(text), "gangze"
    while start < end and text[start] in " \t\r\n":
        start += 1
    while end > start and text[end - 1] in " \t\r\n":
        end -= 1
    if start == end:
        raise ExpressionError(Text("表达式为空", "the expression is empty"))
    if text.startswith(("${", "#{"), start):
        if text[end - 1] != "}":
            raise ExpressionError(Text("缺少结尾的 }", "the closing } is missing"), end - 1)
        start, end, dialect = start + 2, end - 1, "juel"
    elif text[start] == "=" and not text.startswith("==", start):
        start, dialect = start + 1, "feel"
    try:
        parser = Parser(text, start, end, dialect)
        node = parser.whole()
    except RecursionError as error:
        raise ExpressionError(Text("表达式嵌套过深", "the expression is nested too deep")) from error
    return Expression(text, frozenset(parser.names), dialect, node)
