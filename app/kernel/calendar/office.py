"""The office's working time: which days, which hours, and what a time limit comes to.

Counting follows the Civil Code of the PRC, art. 201 (the day a period begins on is not counted) and art. 203 (a last
day that is a day of rest moves to the day after it; where there are business hours the period ends when business
stops). Administrative Penalty Law (2021) art. 85 and Administrative Licensing Law art. 82: periods given in
days there are working days.

The make-up days (调休) of a year are decided by a yearly notice of the State Council and by nothing else. In a year
the calendar does not know, weekends are assumed free and weekdays working, and every answer that leans on such a day
says ``published=False``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from ..bpmn.model import Limit
from ..text import Text
from .iso8601 import BadTime

HOURS = ((time(9), time(12)), (time(14), time(18)))
#: Ten years. A longer limit on one node is a slip of the pen.
MAX_DAYS = 3660
MAX_HOURS = 10_000
#: New Year's arrangement is in the *next* year's notice and has reached back to 29 December (2018-12-29), so the
#: end of a year is only certain with the year after it.
YEAR_END = (12, 25)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. ``published`` is False where the count crossed days nobody has announced yet."""

    at: datetime
    published: bool


@dataclass(frozen=True, slots=True)
class Remaining:
    """Working time left, or by how much it is overdue.

    ``time`` is all of it, never negative; ``working_days`` whole days of it and ``working_hours`` the rest in hours
    (to a tenth, cut), so "2 days 3.5 hours" reads off. ``overdue`` is true from the first moment after the due time,
    also at night when no working time has passed yet.
    """

    time: timedelta
    working_days: int
    working_hours: Decimal
    overdue: bool
    published: bool


class Calendar:
    """One office's calendar; immutable."""

    def __init__(
        self,
        overrides: Mapping[date, bool],
        zone: str = "Asia/Shanghai",
        hours: Sequence[tuple[time, time]] = HOURS,
        known: Collection[int] = (),
    ) -> None:
        """
        Args:
            overrides: days that are not as their weekday says: True = worked, False = free.
            zone: IANA name of the zone the office lives in.
            hours: spans of business hours of a working day, in local time, in order.
            known: the years whose holidays and make-up days have been announced and are among ``overrides``.

        Raises:
            ValueError: hours that are empty, out of order or overlap.
        """
        ends = [moment for span in hours for moment in span]
        if not ends or len(ends) % 2 or any(a >= b for a, b in pairwise(ends)):
            raise ValueError("business hours must be spans in order that do not touch")
        self.overrides = dict(overrides)
        self.zone = ZoneInfo(zone)
        self.hours = tuple((a, b) for a, b in hours)
        self.known = frozenset(known)
        self.day_length = sum(
            (datetime.combine(date.min, b) - datetime.combine(date.min, a) for a, b in hours), timedelta()
        )
        self._worked: dict[int, list[int]] = {}

    # -- days -----------------------------------------------------------------------------------------------------

    def is_working(self, day: date) -> bool:
        """Whether the office works on ``day``, as far as it knows (see :meth:`is_published`)."""
        worked = self.overrides.get(day)
        return day.weekday() < 5 if worked is None else worked

    def is_published(self, day: date) -> bool:
        """Whether it has been announced if ``day`` is worked."""
        if day.year not in self.known:
            return False
        return (day.month, day.day) < YEAR_END or day in self.overrides or day.year + 1 in self.known

    def working_days_between(self, start: date, end: date) -> int:
        """Working days from ``start`` (included) to ``end`` (not included); negative when ``end`` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        if start.year == end.year:
            worked = self._year(start.year)
            return worked[end.timetuple().tm_yday - 1] - worked[start.timetuple().tm_yday - 1]
        first, last = self._year(start.year), self._year(end.year)
        between = sum(self._year(year)[-1] for year in range(start.year + 1, end.year))
        return first[-1] - first[start.timetuple().tm_yday - 1] + between + last[end.timetuple().tm_yday - 1]

    def working_day_after(self, day: date, number: int) -> date:
        """The ``number``-th (from 1) working day after ``day``; ``day`` itself is not counted.

        Raises:
            BadTime: past the end of the calendar.
        """
        year, before = day.year, day.timetuple().tm_yday
        while year < date.max.year:
            worked = self._year(year)
            wanted = worked[before] + number
            if wanted <= worked[-1]:
                return date(year, 1, 1) + _DAY * (bisect_left(worked, wanted) - 1)
            number, year, before = number - (worked[-1] - worked[before]), year + 1, 0
        raise BadTime(Text("期限超出日历", "the limit runs past the end of the calendar"))

    def _year(self, year: int) -> list[int]:
        """How many days of ``year`` before each of its days (and before its end) are worked."""
        found = self._worked.get(year)
        if found is None:
            first = date(year, 1, 1)
            length = 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365
            found = [0, *accumulate(self.is_working(first + _DAY * n) for n in range(length))]
            self._worked[year] = found
        return found

    def _all_published(self, start: date, end: date) -> bool:
        if end < start:
            start, end = end, start
        if any(year not in self.known for year in range(start.year, end.year + 1)):
            return False
        # Between announced years everything is announced; only the end of the last year can be open.
        tail = date(end.year, *YEAR_END)
        day = max(start, tail)
        while day <= end:
            if not self.is_published(day):
                return False
            day += _DAY
        return True

    # -- hours ----------------------------------------------------------------------------------------------------

    def local_date(self, moment: datetime) -> date:
        """The day it is at ``moment`` (aware) where the office is."""
        return moment.astimezone(self.zone).date()

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The business hours of ``day`` in UTC; none on a day of rest."""
        if not self.is_working(day):
            return []
        return [(self._moment(day, a), self._moment(day, b)) for a, b in self.hours]

    def close(self, day: date) -> datetime:
        """When business stops on ``day`` (UTC), were it a working day."""
        return self._moment(day, self.hours[-1][1])

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Business hours between two aware times; negative when ``end`` is earlier. As quick for years as for days."""
        if end < start:
            return -self.working_time_between(end, start)
        first, last = self.local_date(start), self.local_date(end)
        if first == last:
            return self._within(first, start, end)
        whole = self.working_days_between(first + _DAY, last) * self.day_length
        return self._within(first, start, None) + whole + self._within(last, None, end)

    def _within(self, day: date, start: datetime | None, end: datetime | None) -> timedelta:
        total = timedelta()
        for opens, closes in self.spans(day):
            low = opens if start is None else max(opens, start)
            high = closes if end is None else min(closes, end)
            if high > low:
                total += high - low
        return total

    def _after(self, start: datetime, working: timedelta) -> datetime:
        """The first moment at which ``working`` business time has passed since ``start``."""
        if working <= timedelta():
            return start
        day = self.local_date(start)
        left = working - self._within(day, start, None)
        if left <= timedelta():
            spans, left, start_of = self.spans(day), working, start
        else:
            days, rest = divmod(left, self.day_length)
            if not rest:
                days, rest = days - 1, self.day_length
            day = self.working_day_after(day, days + 1)
            spans, left, start_of = self.spans(day), rest, None
        for opens, closes in spans:
            low = opens if start_of is None else max(opens, start_of)
            if closes > low:
                if left <= closes - low:
                    return low + left
                left -= closes - low
        raise AssertionError("the day holds the time it was chosen for")  # pragma: no cover

    # -- limits ---------------------------------------------------------------------------------------------------

    def due(self, start: datetime, limit: Limit) -> Due:
        """When something that arrived at ``start`` is due.

        Working days: close of business of the n-th working day after the day of arrival; the fraction of ``2.5``
        is that share of business hours after that, of ``0.5`` that share from arrival. Working hours: business time
        from arrival. Calendar days: close of business of the n-th day after the day of arrival, or of the next
        working day if that one is not worked. Zero: at once.

        Args:
            start: aware.
            limit: ``amount`` of ``unit`` day | hour | calendar_day.

        Raises:
            BadTime: an amount that is negative, no number, too large, or a broken calendar day; an unknown unit.
        """
        try:
            amount = Decimal(str(limit.amount))
        except InvalidOperation as error:
            raise BadTime(Text("期限不是数字", "the limit is not a number")) from error
        if not amount.is_finite() or not 0 <= amount <= (MAX_HOURS if limit.unit == "hour" else MAX_DAYS):
            raise BadTime(Text(f"期限不合理：{limit.amount}", f"not a sensible limit: {limit.amount}"))
        start = start.astimezone(UTC)
        try:
            at = self._due(start, amount, limit.unit)
        except OverflowError as error:
            raise BadTime(Text("期限超出日历", "the limit runs past the end of the calendar")) from error
        return Due(at, self._all_published(self.local_date(start), self.local_date(at)))

    def _due(self, start: datetime, amount: Decimal, unit: str) -> datetime:
        if not amount:
            return start
        day = self.local_date(start)
        if unit == "hour":
            return self._after(start, self._time(amount * 3600))
        if unit == "day":
            whole, share = divmod(amount, 1)
            reached = self.close(self.working_day_after(day, int(whole))) if whole else start
            return self._after(reached, self._time(share * Decimal(self.day_length.total_seconds())))
        if unit == "calendar_day":
            if amount % 1:
                raise BadTime(Text("自然日期限应为整数", "a limit in calendar days must be whole"))
            last = day + _DAY * int(amount)
            return self.close(last if self.is_working(last) else self.working_day_after(last, 1))
        raise BadTime(Text(f"不认识的期限单位：{unit}", f"unknown unit of a limit: {unit}"))

    @staticmethod
    def _time(seconds: Decimal) -> timedelta:
        return timedelta(microseconds=int(seconds * 1_000_000))

    def remaining(self, now: datetime, due: Due | datetime) -> Remaining:
        """What is left of the working time until ``due``.

        Args:
            now: aware.
            due: from :meth:`due`, or just the moment.
        """
        at = due.at if isinstance(due, Due) else due
        left = abs(self.working_time_between(now, at))
        days, rest = divmod(left, self.day_length)
        hours = (Decimal(rest // timedelta(minutes=6)) / 10).normalize() + 0
        published = self._all_published(self.local_date(now), self.local_date(at))
        return Remaining(left, days, hours, now > at, published)
