"""When a timer is due. Pure arithmetic: the present is an argument."""
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

from ..calendar.iso8601 import BadTime, parse_cycle, parse_date, parse_duration
from ..text import Text
from ..values import Value


class Alarm(NamedTuple):
    """``due`` (UTC, whole milliseconds), how many occurrences are ``left`` counting that one (None = no end), and
    the ISO 8601 duration (``every``) between them."""

    due: datetime
    left: int | None = 1
    every: str | None = None


def literal(kind: str, text: str) -> bool:
    """Whether ``text`` is itself a date, duration or cycle and not an expression that gives one."""
    try:
        {"date": parse_date, "duration": parse_duration, "cycle": parse_cycle}[kind](text)
    except BadTime:
        return False
    return True


def first(kind: str, value: Value, now: datetime) -> Alarm:
    """The first due time of a timer that starts to run now.

    A moment or date without a zone is the office's. A cycle without a start first comes due one interval from now
    (BPMN 2.0.2 table 10.101: ISO 8601 ``R3/PT10H``).

    Args:
        kind: date | duration | cycle.
        value: ISO 8601 text, or for ``date`` also a date or an aware datetime.

    Raises:
        BadTime: ``value`` is not such a time, or leaves the calendar.
    """
    if kind == "date" and isinstance(value, datetime):
        return Alarm(_whole(value))
    if kind == "date" and isinstance(value, date):
        return Alarm(_whole(parse_date(value.isoformat())))
    if not isinstance(value, str):
        raise BadTime(Text(f"不是时间：{value!r}", f"not a time: {value!r}"))
    if kind == "date":
        return Alarm(_whole(parse_date(value)))
    if kind == "duration":
        return Alarm(_whole(parse_duration(value).after(now)))
    cycle = parse_cycle(value)
    if cycle.repetitions == 0:
        raise BadTime(Text("重复零次的循环", "a cycle of no repetitions"))
    every = next(part for part in value.strip().split("/") if part.startswith("P"))
    if cycle.end is not None:
        # Counted from now, cut off at the end it names.
        count = 0
        due = cycle.every.after(now)
        while due <= cycle.end and count < (cycle.repetitions or 10_000):
            count, due = count + 1, cycle.every.after(due)
        if not count:
            raise BadTime(Text("循环在开始之前已经结束", "the cycle ends before it begins"))
        return Alarm(_whole(cycle.every.after(now)), count, every)
    return Alarm(_whole(cycle.start or cycle.every.after(now)), cycle.repetitions, every)


def following(alarm: Alarm, now: datetime) -> Alarm | None:
    """The occurrence after ``alarm``; None after the last.

    Occurrences of an endless cycle that were missed (the machine was off) are skipped, so a week's stand-still does
    not become a hundred reminders; those of a counted cycle all happen.
    """
    if alarm.every is None or alarm.left == 1:
        return None
    every = parse_duration(alarm.every)
    due = _whole(every.after(alarm.due))
    if alarm.left is None and due <= now:
        elapsed = every.after(alarm.due) - alarm.due
        due = _whole(alarm.due + elapsed * ((now - alarm.due) // elapsed))
        while due <= now:
            due = _whole(every.after(due))
    return Alarm(due, None if alarm.left is None else alarm.left - 1, alarm.every)


def _whole(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
