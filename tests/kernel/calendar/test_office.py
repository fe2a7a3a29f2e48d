"""Limits, counted over the real holidays and make-up days of 2025 and 2026."""
from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.bpmn.model import Limit
from app.kernel.calendar import BadTime, Calendar, Due, chinese

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = chinese()
CLOSE = "18:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(("start", "days", "due"), [
    ("2025-09-30 10:00", 1, f"2025-10-09 {CLOSE}"),     # National Day and Mid-autumn: eight days off
    ("2025-09-26 10:00", 1, f"2025-09-28 {CLOSE}"),     # Friday; the Sunday after it is a make-up day
    ("2025-09-26 10:00", 3, f"2025-09-30 {CLOSE}"),
    ("2025-10-10 10:00", 1, f"2025-10-11 {CLOSE}"),     # a Saturday made up
    ("2025-10-11 23:59", 1, f"2025-10-13 {CLOSE}"),
    ("2026-02-13 09:00", 1, f"2026-02-14 {CLOSE}"),     # Saturday before the Spring Festival of 2026 is worked
    ("2026-02-14 09:00", 1, f"2026-02-24 {CLOSE}"),
    ("2026-02-18 12:00", 1, f"2026-02-24 {CLOSE}"),     # arrived in the middle of the holiday
    ("2026-02-27 09:00", 2, f"2026-03-02 {CLOSE}"),     # 28 February is a worked Saturday
    ("2025-12-31 09:00", 1, f"2026-01-04 {CLOSE}"),     # New Year 1-3 January, Sunday the 4th worked
    ("2026-05-06 00:01", 5, f"2026-05-12 {CLOSE}"),     # 9 May (Saturday) counts
    ("2026-01-05 08:00", 1, f"2026-01-06 {CLOSE}"),     # the day of arrival is not counted, however early
    ("2026-01-05 09:00", 0, "2026-01-05 09:00"),
])
def test_working_days_leave_out_the_day_of_arrival_and_end_at_close_of_business(start: str, days: float, due: str) -> None:
    assert CALENDAR.due(at(start), Limit(days)) == Due(at(due), True)


@pytest.mark.parametrize(("start", "amount", "due"), [
    ("2026-01-05 09:00", 0.5, "2026-01-05 14:30"),
    ("2026-01-05 17:00", 0.5, "2026-01-06 11:30"),
    ("2026-01-05 12:30", 0.5, "2026-01-05 17:30"),
    ("2026-01-10 12:30", 0.5, "2026-01-12 14:30"),      # Saturday
    ("2026-01-05 16:00", 1.5, "2026-01-07 14:30"),
])
def test_a_broken_day_is_that_share_of_business_hours(start: str, amount: float, due: str) -> None:
    assert CALENDAR.due(at(start), Limit(amount)).at == at(due)


@pytest.mark.parametrize(("start", "hours", "due"), [
    ("2026-01-05 09:00", 3, "2026-01-05 12:00"),
    ("2026-01-05 09:00", 3.5, "2026-01-05 14:30"),
    ("2026-01-05 09:00", 7, "2026-01-05 18:00"),
    ("2026-01-05 09:00", 8, "2026-01-06 10:00"),
    ("2026-01-09 17:00", 2, "2026-01-12 10:00"),        # over a weekend
    ("2026-02-14 17:00", 4, "2026-02-24 12:00"),        # over the Spring Festival
    ("2026-01-05 06:00", 1, "2026-01-05 10:00"),
    ("2026-01-05 22:00", 14, "2026-01-07 18:00"),
])
def test_working_hours_run_only_while_the_office_is_open(start: str, hours: float, due: str) -> None:
    assert CALENDAR.due(at(start), Limit(hours, "hour")).at == at(due)


@pytest.mark.parametrize(("start", "days", "due"), [
    ("2026-01-05 09:00", 10, f"2026-01-15 {CLOSE}"),
    ("2026-01-05 09:00", 5, f"2026-01-12 {CLOSE}"),     # Saturday 10 January moves to Monday
    ("2026-02-06 09:00", 10, f"2026-02-24 {CLOSE}"),    # 16 February, in the Spring Festival
    ("2026-02-04 09:00", 10, f"2026-02-14 {CLOSE}"),    # a worked Saturday is no day of rest: nothing moves
    ("2025-08-04 09:00", 60, f"2025-10-09 {CLOSE}"),    # inspection: 60 days end on 3 October
])
def test_calendar_days_run_through_but_do_not_end_on_a_day_of_rest(start: str, days: float, due: str) -> None:
    assert CALENDAR.due(at(start), Limit(days, "calendar_day")) == Due(at(due), True)


def test_the_day_it_arrives_is_the_day_where_the_office_is() -> None:
    # 17:30 UTC on Monday is already Tuesday in Shanghai.
    assert CALENDAR.due(datetime(2026, 1, 5, 17, 30, tzinfo=UTC), Limit(1)).at == at(f"2026-01-07 {CLOSE}")


def test_years_nobody_has_announced_are_counted_by_weekday_and_marked() -> None:
    due = CALENDAR.due(at("2027-02-01 09:00"), Limit(3))
    assert due == Due(at(f"2027-02-04 {CLOSE}"), False)
    assert CALENDAR.due(at("2026-12-30 09:00"), Limit(10)).published is False
    assert CALENDAR.due(at("2003-05-12 09:00"), Limit(1)).published is False
    assert CALENDAR.remaining(at("2026-11-02 09:00"), at("2027-01-08 18:00")).published is False


def test_the_last_week_of_a_year_is_open_until_the_next_year_is_announced() -> None:
    # The notice for 2019 turned Saturday 29 December 2018 into a working day.
    assert CALENDAR.is_working(date(2018, 12, 29))
    assert CALENDAR.due(at("2026-12-28 09:00"), Limit(1)).published is False
    assert CALENDAR.due(at("2026-12-22 09:00"), Limit(1)).published is True
    assert CALENDAR.due(at("2025-12-29 09:00"), Limit(1)).published is True


def test_the_offices_own_table_of_days_wins_and_can_announce_a_year() -> None:
    own = chinese({date(2026, 1, 6): False, date(2026, 1, 10): True, date(2027, 1, 1): False}, known=[2027])
    assert own.due(at("2026-01-05 09:00"), Limit(1)).at == at(f"2026-01-07 {CLOSE}")
    assert own.due(at("2026-01-09 09:00"), Limit(1)).at == at(f"2026-01-10 {CLOSE}")
    assert own.due(at("2026-12-31 09:00"), Limit(1)) == Due(at(f"2027-01-04 {CLOSE}"), True)
    single = chinese({date(2027, 1, 1): False})
    assert single.due(at("2026-12-31 09:00"), Limit(1)) == Due(at(f"2027-01-04 {CLOSE}"), False)


def test_what_is_left_reads_in_working_days_and_hours() -> None:
    due = CALENDAR.due(at("2026-02-12 09:00"), Limit(2))            # Friday 13th, Saturday 14th (worked)
    left = CALENDAR.remaining(at("2026-02-12 16:30"), due)
    assert (left.working_days, left.working_hours, left.overdue, left.published) == (2, Decimal("1.5"), False, True)
    assert left.time == timedelta(hours=15, minutes=30)
    over = CALENDAR.remaining(at("2026-02-24 11:00"), due)          # the whole holiday counts nothing
    assert (over.working_days, over.working_hours, over.overdue) == (0, Decimal(2), True)
    night = CALENDAR.remaining(at("2026-02-14 18:01"), due)
    assert (night.time, night.overdue) == (timedelta(), True)
    assert CALENDAR.remaining(due.at, due).overdue is False


def test_working_time_between_two_moments_counts_open_hours_only() -> None:
    between = CALENDAR.working_time_between
    assert between(at("2026-01-05 08:00"), at("2026-01-05 20:00")) == timedelta(hours=7)
    assert between(at("2026-01-05 11:00"), at("2026-01-05 15:00")) == timedelta(hours=2)
    assert between(at("2026-01-05 12:30"), at("2026-01-05 13:30")) == timedelta()
    assert between(at("2026-02-14 17:00"), at("2026-02-24 10:00")) == timedelta(hours=2)
    assert between(at("2026-01-06 09:00"), at("2026-01-05 17:00")) == timedelta(hours=-1)
    # 248 working days in 2025 (State Council notice: 365 - 104 weekend days - 28 holidays + 10 weekend days in them + 5 made up).
    assert between(at("2025-01-01 00:00"), at("2026-01-01 00:00")) == 248 * timedelta(hours=7)
    assert CALENDAR.working_days_between(date(2025, 1, 1), date(2026, 1, 1)) == 248


def test_clock_changes_do_not_stretch_business_hours() -> None:
    berlin = Calendar({}, zone="Europe/Berlin", hours=((time(1), time(5)),))
    zone = ZoneInfo("Europe/Berlin")
    # Sunday 30 March 2025 has no hour from 2 to 3; worked by override to see it.
    changed = Calendar({date(2025, 3, 30): True}, zone="Europe/Berlin", hours=((time(1), time(5)),))
    day = (datetime(2025, 3, 30, tzinfo=zone), datetime(2025, 3, 31, tzinfo=zone))
    assert changed.working_time_between(*day) == timedelta(hours=3)
    assert berlin.working_time_between(*day) == timedelta()


@pytest.mark.parametrize("limit", [
    Limit(-1), Limit(float("nan")), Limit(float("inf")), Limit(99999), Limit(10_001, "hour"), Limit(1.5, "calendar_day"), Limit(1, "fortnight"),
    Limit("x"),  # type: ignore[arg-type]
])
def test_a_limit_that_makes_no_sense_is_refused(limit: Limit) -> None:
    with pytest.raises(BadTime):
        CALENDAR.due(at("2026-01-05 09:00"), limit)


def test_the_end_of_the_calendar_is_an_error_and_not_a_crash() -> None:
    for unit in ("day", "hour", "calendar_day"):
        with pytest.raises(BadTime):
            CALENDAR.due(datetime(9999, 12, 30, tzinfo=UTC), Limit(3600, unit))


def test_business_hours_that_overlap_or_run_backwards_are_refused() -> None:
    for hours in ((), ((time(9), time(9)),), ((time(9), time(12)), (time(11), time(18))), ((time(14), time(9)),)):
        with pytest.raises(ValueError, match="business hours"):
            Calendar({}, hours=hours)


_MOMENTS = st.datetimes(datetime(2024, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
_AMOUNTS = st.integers(0, 240).map(lambda n: n / 8)


@settings(max_examples=EXAMPLES, deadline=None)
@given(_MOMENTS, _MOMENTS, _AMOUNTS, _AMOUNTS, st.sampled_from(["day", "hour"]))
def test_more_time_or_a_later_start_is_never_due_earlier(a: datetime, b: datetime, less: float, more: float, unit: str) -> None:
    (a, b), (less, more) = sorted((a, b)), sorted((less, more))
    assert CALENDAR.due(a, Limit(less, unit)).at <= CALENDAR.due(a, Limit(more, unit)).at
    assert CALENDAR.due(a, Limit(less, unit)).at <= CALENDAR.due(b, Limit(less, unit)).at


@settings(max_examples=EXAMPLES, deadline=None)
@given(_MOMENTS, _AMOUNTS)
def test_the_working_time_until_a_limit_in_hours_is_the_limit(start: datetime, hours: float) -> None:
    due = CALENDAR.due(start, Limit(hours, "hour")).at
    assert CALENDAR.working_time_between(start, due) == timedelta(hours=hours)
    if hours:
        assert CALENDAR.is_working(CALENDAR.local_date(due))


@settings(max_examples=EXAMPLES, deadline=None)
@given(_MOMENTS, st.integers(1, 90))
def test_a_limit_in_days_ends_at_close_on_a_working_day_with_that_many_in_between(start: datetime, days: int) -> None:
    due = CALENDAR.due(start, Limit(days)).at
    first, last = CALENDAR.local_date(start), CALENDAR.local_date(due)
    assert due == CALENDAR.close(last) and CALENDAR.is_working(last)
    assert sum(CALENDAR.is_working(first + timedelta(n)) for n in range(1, (last - first).days + 1)) == days
    rest = CALENDAR.due(start, Limit(days, "calendar_day")).at
    assert CALENDAR.is_working(CALENDAR.local_date(rest)) and CALENDAR.local_date(rest) >= first + timedelta(days)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(_MOMENTS, min_size=3, max_size=3).map(sorted))
def test_working_time_adds_up(moments: list[datetime]) -> None:
    a, b, c = moments
    between = CALENDAR.working_time_between
    assert between(a, b) + between(b, c) == between(a, c) == -between(c, a)
    assert timedelta() <= between(a, c) <= c - a
