"""The functions an expression may call, and no others. All are pure: there is no clock and no chance among them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any, NamedTuple

from .. import values
from ..text import Text
from ..values import Value
from .errors import EvaluationError
from .operations import add, called, equal, kind, look_up, member, negate, number, order, text


class Function(NamedTuple):
    """``least`` and ``most`` arguments it takes."""

    call: Callable[..., Value]
    least: int
    most: int


def _bad(zh: str, en: str) -> EvaluationError:
    return EvaluationError(Text(zh, en))


def _list(value: Value) -> Any:
    if kind(value) != "list":
        raise EvaluationError(
            Text("需要列表，得到的是{got}", "a list is needed, this is {got}").format(got=called(value))
        )
    return value


def _len(value: Value) -> int:
    if kind(value) not in ("list", "text", "map"):
        raise EvaluationError(Text("{got}没有长度", "{got} has no length").format(got=called(value)))
    return len(value)


def _extreme(sign: int) -> Callable[..., Value]:
    def pick(*arguments: Value) -> Value:
        items = _list(arguments[0]) if len(arguments) == 1 else arguments
        if not items:
            raise _bad("空列表没有最大最小", "an empty list has no smallest or largest")
        best = items[0]
        order(best, best)
        for item in items[1:]:
            if order(item, best) == sign:
                best = item
        return best

    return pick


def _abs(value: Value) -> Value:
    return negate(value) if number(value) < 0 else number(value)


def _round_as(how: str) -> Callable[..., Value]:
    def rounded(value: Value, places: Value = 0) -> Value:
        value = number(value)
        if places.__class__ is not int or not 0 <= places <= 10:
            raise _bad("小数位数应为 0 到 10", "decimal places must be 0 to 10")
        if value.__class__ is int:
            return value
        try:
            result = value.quantize(Decimal(1).scaleb(-places), rounding=how)
        except DecimalException as error:
            raise _bad("数字位数过多", "the number has too many digits") from error
        return number(result)

    return rounded


def _sum(*arguments: Value) -> Value:
    total: Value = 0
    for item in _list(arguments[0]) if len(arguments) == 1 and kind(arguments[0]) == "list" else arguments:
        total = add(total, number(item))
    return total


def _count(items: Value, value: Value = ...) -> int:
    return len(_list(items)) if value is ... else sum(equal(item, value) for item in _list(items))


def _column(rows: Value, key: Value) -> Value:
    return [look_up(row, text(key)) for row in _list(rows)]


def _contains(whole: Value, part: Value) -> bool:
    return member(part, whole)


def _int(value: Value) -> int:
    if isinstance(value, str):
        value = _decimal(value)
    value = number(value)
    if value.__class__ is not int and value != value.to_integral_value():
        raise _bad("不是整数（可先用 round、floor 或 ceil）", "not a whole number (round, floor or ceil it first)")
    return number(int(value))  # type: ignore[return-value]


def _decimal(value: Value) -> Decimal:
    if isinstance(value, str):
        if len(value) > values.MAX_DIGITS + 20:
            raise _bad("数字位数过多", "the number has too many digits")
        try:
            value = values.decimal(value)
        except ValueError as error:
            raise _bad("不是数字", "not a number") from error
    return Decimal(number(value))


def _text(value: Value) -> str:
    which = kind(value)
    if which == "text":
        return str(value)
    if which == "number":
        return format(number(value), "f") if isinstance(number(value), Decimal) else str(number(value))
    if which == "date":
        return value.isoformat()
    raise EvaluationError(Text("{got}不能变成文字", "{got} has no text form").format(got=called(value)))


def _date(*arguments: Value) -> date:
    try:
        if len(arguments) == 1 and kind(arguments[0]) == "date":
            return arguments[0]
        if len(arguments) == 1:
            written = text(arguments[0])
            if len(written) != 10:
                raise ValueError(written)
            return date.fromisoformat(written)
        if len(arguments) == 3 and all(a.__class__ is int for a in arguments):
            return date(*arguments)
    except (ValueError, OverflowError) as error:
        raise _bad("不是日期（写法：2026-01-31）", "not a date (write 2026-01-31)") from error
    raise _bad("date 需要一段文字或年、月、日三个整数", "date takes a text, or year, month and day as integers")


def _datetime(value: Value) -> datetime:
    try:
        moment = datetime.fromisoformat(text(value))
        if moment.tzinfo is None:
            raise _bad("时间没有时区", "the time has no zone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, EvaluationError):
            raise
        raise _bad("不是时间", "not a time (write 2026-01-31T08:00:00Z)") from error


def _days(start: Value, end: Value) -> int:
    which = kind(start)
    if which != kind(end) or which not in ("date", "time"):
        raise _bad("days 需要两个日期或两个时间", "days takes two dates or two times")
    try:
        return (end - start).days
    except TypeError as error:
        raise _bad("时间没有时区", "the time has no zone") from error


def _part(name: str) -> Callable[[Value], int]:
    def part(value: Value) -> int:
        if kind(value) != "date":
            raise EvaluationError(
                Text("需要日期，得到的是{got}", "a date is needed, this is {got}").format(got=called(value))
            )
        return getattr(value, name)

    return part


def _empty(value: Value) -> bool:
    return value is None or (kind(value) in ("text", "list", "map") and len(value) == 0)


def _coalesce(*arguments: Value) -> Value:
    return next((a for a in arguments if a is not None), None)


def _matches_start(whole: Value, part: Value) -> bool:
    return text(whole).startswith(text(part))


def _matches_end(whole: Value, part: Value) -> bool:
    return text(whole).endswith(text(part))


def _bounded(change: Callable[[str], str]) -> Callable[[Value], str]:
    def changed(value: Value) -> str:
        result = change(text(value))
        if len(result) > values.MAX_TEXT:
            raise _bad("文字过长", "the text is too long")
        return result

    return changed


FUNCTIONS: dict[str, Function] = {
    "len": Function(_len, 1, 1),
    "min": Function(_extreme(-1), 1, 50),
    "max": Function(_extreme(1), 1, 50),
    "abs": Function(_abs, 1, 1),
    # 四舍五入, as offices and contracts round, not Python's half-to-even.
    "round": Function(_round_as(ROUND_HALF_UP), 1, 2),
    "floor": Function(_round_as(ROUND_FLOOR), 1, 2),
    "ceil": Function(_round_as(ROUND_CEILING), 1, 2),
    "sum": Function(_sum, 1, 50),
    "count": Function(_count, 1, 2),
    "column": Function(_column, 2, 2),
    "contains": Function(_contains, 2, 2),
    "starts": Function(_matches_start, 2, 2),
    "ends": Function(_matches_end, 2, 2),
    "lower": Function(_bounded(str.lower), 1, 1),
    "upper": Function(_bounded(str.upper), 1, 1),
    "trim": Function(_bounded(str.strip), 1, 1),
    "int": Function(_int, 1, 1),
    "decimal": Function(_decimal, 1, 1),
    "text": Function(_text, 1, 1),
    "date": Function(_date, 1, 3),
    "datetime": Function(_datetime, 1, 1),
    "days": Function(_days, 2, 2),
    "year": Function(_part("year"), 1, 1),
    "month": Function(_part("month"), 1, 1),
    "day": Function(_part("day"), 1, 1),
    "empty": Function(_empty, 1, 1),
    "coalesce": Function(_coalesce, 1, 20),
}

#: ``x.contains("a")`` as Groovy, Java and JUEL write it: our function with ``x`` as its first argument. These are
#: words of the grammar; no attribute of any object is ever looked at.
METHODS: dict[str, str] = {
    "contains": "contains",
    "startsWith": "starts",
    "endsWith": "ends",
    "toLowerCase": "lower",
    "toUpperCase": "upper",
    "trim": "trim",
    "size": "len",
    "length": "len",
    "isEmpty": "empty",
}
