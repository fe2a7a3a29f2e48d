"""Dates, durations and cycles as ISO 8601 writes them and BPMN timers use them (BPMN 2.0 table 10.101).

Months and years have no fixed length, so a duration is kept as months plus an exact rest and only becomes a moment
when it is added to one, months first, the day cut to the month's last (XML Schema 1.0 part 2, appendix E).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..text import Text

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
#: A timer past this is a mistake, and the arithmetic would leave the calendar.
MAX_YEARS = 100
MAX_REPETITIONS = 10_000


class BadTime(ValueError):
    """Not a date, duration or cycle. ``text`` says so for a person."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Duration:
    """``months`` calendar months and ``rest`` of exact time; never negative."""

    months: int
    rest: timedelta

    def __bool__(self) -> bool:
        return bool(self.months or self.rest)

    def after(self, moment: datetime, zone: tzinfo = OFFICE_ZONE) -> datetime:
        """The moment this much later, in UTC.

        Args:
            moment: an aware time.
            zone: whose calendar months and days are counted in.

        Raises:
            BadTime: past the end of the calendar.
        """
        try:
            local = moment.astimezone(zone).replace(tzinfo=None)
            if self.months:
                years, month = divmod(local.month - 1 + self.months, 12)
                year = local.year + years
                local = local.replace(
                    year=year, month=month + 1, day=min(local.day, calendar.monthrange(year, month + 1)[1])
                )
            # Whole days keep the clock on the wall; the rest is elapsed time.
            local += timedelta(days=self.rest.days)
            return local.replace(tzinfo=zone).astimezone(UTC) + timedelta(
                seconds=self.rest.seconds, microseconds=self.rest.microseconds
            )
        except (OverflowError, ValueError) as error:
            raise BadTime(Text("时间超出日历", "past the end of the calendar")) from error


@dataclass(frozen=True, slots=True)
class Cycle:
    """``R3/PT10H``: ``repetitions`` (None = without end) of ``every``, from ``start`` where it names one."""

    repetitions: int | None
    every: Duration
    start: datetime | None = None
    end: datetime | None = None


_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+(?:[.,]\d+)?)W|"
    r"(?:(?P<years>\d+(?:[.,]\d+)?)Y)?(?:(?P<months>\d+(?:[.,]\d+)?)M)?(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?P<time>T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?)",
    re.ASCII,
)
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?)(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)


def parse_duration(text: str) -> Duration:
    """A duration such as ``P3DT4H``, ``P2W``, ``P1M`` or ``PT0.5S``.

    Only the last component may have a fraction (ISO 8601-1:2019 §5.5.2.3), years and months none. At most 100 years.

    Raises:
        BadTime: it is not one.
    """
    wrong = BadTime(
        Text(f"不是时长：{text[:40]!r}（写法如 P3DT4H）", f"not a duration: {text[:40]!r} (write e.g. P3DT4H)")
    )
    match = _DURATION.fullmatch(text.strip()) if len(text) <= 60 else None
    if match is None:
        raise wrong
    parts = {k: v.replace(",", ".") for k, v in match.groupdict().items() if v and k != "time"}
    if not parts or match["time"] == "T":
        raise wrong
    names = list(parts)
    if any("." in parts[n] and (n != names[-1] or n in ("years", "months")) for n in names):
        raise wrong
    if any(len(v.partition(".")[0]) > 10 or len(v.partition(".")[2]) > 6 for v in parts.values()):
        raise BadTime(Text("时长数字过长", "the duration's numbers are too long"))
    months = int(parts.get("years", 0)) * 12 + int(parts.get("months", 0))
    seconds = sum((Decimal(parts[n]) * size for n, size in _SECONDS.items() if n in parts), Decimal(0))
    if months > MAX_YEARS * 12 or seconds > MAX_YEARS * 366 * 86_400:
        raise BadTime(Text(f"时长超过 {MAX_YEARS} 年", f"longer than {MAX_YEARS} years"))
    return Duration(months, timedelta(microseconds=int(seconds * 1_000_000)))


def parse_date(text: str, zone: tzinfo = OFFICE_ZONE) -> datetime:
    """A moment such as ``2026-03-01T09:00:00+08:00`` or ``2026-03-01`` (the start of that day), in UTC.

    Args:
        text: extended format; a space in place of the ``T`` is not ISO 8601 and refused.
        zone: what a time without an offset, or a bare date, is local to.

    Raises:
        BadTime: it is not one.
    """
    text = text.strip() if len(text) <= 60 else ""
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        if _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadTime(
        Text(
            f"不是日期时间：{text[:40]!r}（写法如 2026-03-01T09:00:00）",
            f"not a date or time: {text[:40]!r} (write e.g. 2026-03-01T09:00:00)",
        )
    )


def parse_cycle(text: str, zone: tzinfo = OFFICE_ZONE) -> Cycle:
    """A repeating interval: ``R3/PT10H``, ``R/P1D``, ``R3/2026-03-01T09:00:00Z/P1D`` or ``R3/P1D/2026-04-01``.

    Raises:
        BadTime: it is not one, or it repeats by nothing, or more than 10,000 times.
    """
    wrong = BadTime(
        Text(f"不是循环时间：{text[:60]!r}（写法如 R3/PT10H）", f"not a cycle: {text[:60]!r} (write e.g. R3/PT10H)")
    )
    parts = text.strip().split("/") if len(text) <= 160 else []
    if not 2 <= len(parts) <= 3 or not re.fullmatch(r"R\d{0,9}", parts[0], re.ASCII):
        raise wrong
    repetitions = int(parts[0][1:]) if len(parts[0]) > 1 else None
    if repetitions is not None and repetitions > MAX_REPETITIONS:
        raise BadTime(Text(f"重复超过 {MAX_REPETITIONS} 次", f"repeats more than {MAX_REPETITIONS} times"))
    start = end = None
    if len(parts) == 2:
        every = parse_duration(parts[1])
    elif parts[1].startswith("P"):
        every, end = parse_duration(parts[1]), parse_date(parts[2], zone)
    elif parts[2].startswith("P"):
        start, every = parse_date(parts[1], zone), parse_duration(parts[2])
    else:
        raise wrong
    if not every:
        raise BadTime(Text("循环间隔为零", "the interval of the cycle is zero"))
    return Cycle(repetitions, every, start, end)
