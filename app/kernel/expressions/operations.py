"""What the operators do to values, and what they refuse.

The language is used to decide who may approve how much, so nothing is coerced and nothing is silently false: text
compared with a number, or a size comparison of two texts (``"10" < "9"``), is an error that stops the case where
people can see it, not a branch quietly not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from ..text import Text
from ..values import MAX_DEPTH, MAX_DIGITS, MAX_INTEGER, MAX_TEXT, Value
from .errors import EvaluationError

#: 28 significant digits: money of any size a case may hold, times a rate, to far beyond the cent.
ARITHMETIC = Context(
    prec=28, rounding=ROUND_HALF_EVEN, Emin=-99, Emax=99, traps=[InvalidOperation, DivisionByZero, Overflow]
)

_KINDS: dict[type, str] = {
    bool: "bool",
    int: "number",
    Decimal: "number",
    float: "number",
    str: "text",
    type(None): "null",
    date: "date",
    datetime: "time",
    list: "list",
    tuple: "list",
    dict: "map",
}
_LOOSE = (
    (bool, "bool"),
    ((int, Decimal, float), "number"),
    (str, "text"),
    (datetime, "time"),
    (date, "date"),
    ((list, tuple), "list"),
    (Mapping, "map"),
)
_NAMES = {
    "bool": Text("是/否", "yes/no"),
    "number": Text("数字", "a number"),
    "text": Text("文字", "text"),
    "null": Text("空值", "nothing"),
    "date": Text("日期", "a date"),
    "time": Text("时间", "a time"),
    "list": Text("列表", "a list"),
    "map": Text("记录", "a record"),
}


def kind(value: Value) -> str:
    """Which of bool number text null date time list map ``value`` is."""
    found = _KINDS.get(value.__class__)
    if found is None:
        for types, found in _LOOSE:
            if isinstance(value, types):  # type: ignore[arg-type]
                return found
        raise EvaluationError(Text("遇到不支持的类型", "met a value of an unsupported type"))
    return found


def called(value: Value) -> Text:
    """The kind of ``value`` in words."""
    return _NAMES[kind(value)]


def number(value: Value) -> int | Decimal:
    """``value`` if it is a finite number of bearable size."""
    if value.__class__ is int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        raise EvaluationError(Text("整数过大", "the integer is too large"))
    if kind(value) != "number":
        raise EvaluationError(
            Text("需要数字，得到的是{got}", "a number is needed, this is {got}").format(got=called(value))
        )
    if isinstance(value, int):
        return number(int(value))
    if isinstance(value, float):
        value = Decimal(repr(float(value)))
    if not value.is_finite():
        raise EvaluationError(Text("不是有限的数", "not a finite number"))
    if not value:
        return value if -MAX_DIGITS <= value.as_tuple().exponent <= 0 else Decimal(0)  # type: ignore[operator]
    if abs(value.adjusted()) > MAX_DIGITS or len(value.as_tuple().digits) > MAX_DIGITS:
        raise EvaluationError(
            Text("数字过大、过小或位数过多", "the number is too large, too small or has too many digits")
        )
    return value


def text(value: Value) -> str:
    """``value`` if it is text."""
    if not isinstance(value, str):
        raise EvaluationError(
            Text("需要文字，得到的是{got}", "text is needed, this is {got}").format(got=called(value))
        )
    return value


def truth(value: Value, *, null_is_false: bool = True) -> bool:
    """``value`` as a condition: yes/no, and nothing entered counts as no (not in FEEL, where it is unknown)."""
    if value is True or value is False:
        return value
    if value is None and null_is_false:
        return False
    raise EvaluationError(
        Text("条件的结果应为是/否，得到的是{got}", "a condition must be true or false, this is {got}").format(
            got=called(value)
        )
    )


def equal(left: Value, right: Value, depth: int = 0) -> bool:
    """Whether two values are the same; nothing equals only nothing; different kinds are an error."""
    if left is None or right is None:
        return left is right
    which = kind(left)
    if which != kind(right):
        raise EvaluationError(
            Text("{a}不能与{b}比较", "{a} cannot be compared with {b}").format(a=called(left), b=called(right))
        )
    if which == "number":
        return number(left) == number(right)
    if which in ("list", "map"):
        if depth > MAX_DEPTH:
            raise EvaluationError(Text("嵌套过深", "nested too deep"))
        if len(left) != len(right):
            return False
        if which == "list":
            return all(equal(a, b, depth + 1) for a, b in zip(left, right, strict=True))
        return left.keys() == right.keys() and all(equal(v, right[k], depth + 1) for k, v in left.items())
    return bool(left == right)


def order(left: Value, right: Value) -> int:
    """-1, 0 or 1 as ``left`` is before, the same as or after ``right``: numbers, dates or times."""
    which = kind(left)
    if which != kind(right) or which not in ("number", "date", "time"):
        raise EvaluationError(
            Text("{a}与{b}不能比大小", "{a} and {b} have no order").format(a=called(left), b=called(right))
        )
    if which == "number":
        left, right = number(left), number(right)
    try:
        return (left > right) - (left < right)
    except TypeError as error:  # a time without a zone against one that has it
        raise EvaluationError(Text("时间没有时区", "the time has no zone")) from error


def member(item: Value, whole: Value) -> bool:
    """Whether ``whole`` (a list, a text, a record) holds ``item`` (an element, a part, a key)."""
    which = kind(whole)
    if which == "list":
        return any(equal(item, other) for other in whole)
    if which == "text":
        return text(item) in whole
    if which == "map":
        return text(item) in whole
    raise EvaluationError(Text("{a}里不能查找", "{a} cannot be searched").format(a=called(whole)))


def _result(value: int | Decimal) -> int | Decimal:
    return number(value)


def _calculate(
    do: Callable[[Any, Any], Any], exact: Callable[[int, int], int] | None
) -> Callable[[Value, Value], Value]:
    def operator(left: Value, right: Value) -> Value:
        left, right = number(left), number(right)
        if exact is not None and left.__class__ is int and right.__class__ is int:
            return number(exact(left, right))
        try:
            return _result(do(Decimal(left), Decimal(right)))
        except DecimalException as error:
            raise EvaluationError(Text("计算结果过大", "the result is too large")) from error

    return operator


subtract = _calculate(ARITHMETIC.subtract, int.__sub__)
multiply = _calculate(ARITHMETIC.multiply, int.__mul__)
_plus = _calculate(ARITHMETIC.add, int.__add__)
_divide = _calculate(ARITHMETIC.divide, None)


def add(left: Value, right: Value) -> Value:
    """Sum of two numbers, or two texts put together."""
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_TEXT:
            raise EvaluationError(Text("文字过长", "the text is too long"))
        return left + right
    return _plus(left, right)


def divide(left: Value, right: Value) -> Value:
    """Quotient of two numbers, to 28 significant digits; of two integers as well (``1 / 4`` is ``0.25``)."""
    if not number(right):
        raise EvaluationError(Text("除数为零", "division by zero"))
    return _divide(left, right)


def modulo(left: Value, right: Value) -> Value:
    """What is left of ``left`` after whole ``right``s, with the sign of ``right``, for integers and decimals alike."""
    left, right = number(left), number(right)
    if not right:
        raise EvaluationError(Text("除数为零", "division by zero"))
    if left.__class__ is int and right.__class__ is int:
        return left % right
    try:
        rest = ARITHMETIC.remainder(Decimal(left), Decimal(right))
        return _result(ARITHMETIC.add(rest, Decimal(right)) if rest and (rest < 0) != (right < 0) else rest)
    except DecimalException as error:
        raise EvaluationError(
            Text("数字相差过大，不能取余", "the numbers are too far apart for a remainder")
        ) from error


def negate(value: Value) -> Value:
    value = number(value)
    return -value if value.__class__ is int else value.copy_negate() if value else value


def look_up(whole: Value, key: Value) -> Value:
    """``whole[key]``: an entry of a record by its text key, an element of a list by its number from 0 (-1 the last)."""
    which = kind(whole)
    if which == "map" and isinstance(key, str):
        try:
            return whole[key]
        except KeyError as error:
            raise EvaluationError(Text(f"没有“{key[:60]}”这一项", f"there is no {key[:60]!r}")) from error
    if which == "list" and isinstance(key, int) and not isinstance(key, bool):
        if -len(whole) <= key < len(whole):
            return whole[key]
        raise EvaluationError(Text(f"列表没有第 {number(key)} 项", f"the list has no element {number(key)}"))
    raise EvaluationError(
        Text("不能从{a}里按{b}取值", "{a} has no entries by {b}").format(a=called(whole), b=called(key))
    )
