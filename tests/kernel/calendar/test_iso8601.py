"""Timers as ISO 8601 writes them."""
from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.calendar import BadTime, Cycle, Duration, parse_cycle, parse_date, parse_duration

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))


@pytest.mark.parametrize(("text", "months", "rest"), [
    ("P3DT4H", 0, timedelta(days=3, hours=4)), ("PT1S", 0, timedelta(seconds=1)), ("PT0.5S", 0, timedelta(milliseconds=500)),
    ("PT0,5S", 0, timedelta(milliseconds=500)), ("P2W", 0, timedelta(weeks=2)), ("P1Y2M", 14, timedelta()), ("P1M", 1, timedelta()),
    ("PT1M", 0, timedelta(minutes=1)), ("P1Y2M3DT4H5M6S", 14, timedelta(days=3, hours=4, minutes=5, seconds=6)),
    ("P0.5D", 0, timedelta(hours=12)), ("PT36H", 0, timedelta(hours=36)), ("PT0S", 0, timedelta()), (" P7D ", 0, timedelta(days=7)),
])
def test_a_duration_is_its_months_and_its_exact_rest(text: str, months: int, rest: timedelta) -> None:
    assert parse_duration(text) == Duration(months, rest)


@pytest.mark.parametrize("text", [
    "", "P", "PT", "P1DT", "1D", "P1", "PD", "-P1D", "P-1D", "P1H", "PT1D", "P1W2D", "P1.5Y", "P1.5M", "P1.5DT1H", "P1D2M", "p1d", "INVALID", "P1D\n2",
    "P١D", "P99999999999D", "P101Y", "PT9999999999H", "PT1.1234567S", "P" + "1" * 90 + "D", "PT1..5S", "'PT1H'",
])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        parse_duration(text)
    assert caught.value.text.zh


@pytest.mark.parametrize(("start", "duration", "end"), [
    ("2026-01-15T10:00:00", "P1M", "2026-02-15T10:00:00"), ("2026-01-31T10:00:00", "P1M", "2026-02-28T10:00:00"), ("2028-01-31T10:00:00", "P1M", "2028-02-29T10:00:00"),
    ("2024-02-29T00:00:00", "P1Y", "2025-02-28T00:00:00"), ("2026-11-30T00:00:00", "P3M", "2027-02-28T00:00:00"),
    ("2026-01-31T23:00:00", "P1MT2H", "2026-03-01T01:00:00"), ("2026-12-31T00:00:00", "P1D", "2027-01-01T00:00:00"),
])
def test_a_month_later_is_the_same_day_or_the_months_last_where_the_office_is(start: str, duration: str, end: str) -> None:
    assert parse_duration(duration).after(parse_date(start)) == parse_date(end)


def test_months_are_counted_in_the_offices_zone_and_not_in_utc() -> None:
    # 31 January 00:30 in Shanghai is still the 30th in UTC.
    moment = datetime(2026, 1, 30, 16, 30, tzinfo=UTC)
    assert parse_duration("P1M").after(moment) == datetime(2026, 2, 27, 16, 30, tzinfo=UTC)


def test_running_past_the_calendar_is_refused() -> None:
    with pytest.raises(BadTime):
        parse_duration("P100Y").after(datetime(9950, 1, 1, tzinfo=UTC))
    with pytest.raises(BadTime):
        parse_duration("P1D").after(datetime(9999, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-03-01T09:00:00+08:00", datetime(2026, 3, 1, 1, tzinfo=UTC)), ("2026-03-01T01:00:00Z", datetime(2026, 3, 1, 1, tzinfo=UTC)),
    ("2026-03-01T09:00", datetime(2026, 3, 1, 1, tzinfo=UTC)), ("2026-03-01", datetime(2026, 2, 28, 16, tzinfo=UTC)),
    ("2026-03-01T09:00:00.250+0800", datetime(2026, 3, 1, 1, 0, 0, 250_000, tzinfo=UTC)),
    ("2026-03-01T09:00:00.5", datetime(2026, 3, 1, 1, 0, 0, 500_000, tzinfo=UTC)),
])
def test_a_time_without_a_zone_is_the_offices_own(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026-13-01", "2026-03-01 09:00", "2026-03-01T25:00", "tomorrow", "20260301", "2026-W10", "0001-01-01",
                                  "9999-12-31T23:00:00-08:00", "2026-03-01T09:00:00+99:00", "2\u0660\u0662\u0666-01-01", "2026-3-1"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        parse_date(text)


def test_a_cycle_names_its_number_its_interval_and_its_ends() -> None:
    day = parse_duration("P1D")
    assert parse_cycle("R3/PT10H") == Cycle(3, parse_duration("PT10H"))
    assert parse_cycle("R/P1D") == Cycle(None, day)
    assert parse_cycle("R0/P1D") == Cycle(0, day)
    assert parse_cycle("R3/2026-03-01T09:00:00Z/P1D") == Cycle(3, day, start=datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert parse_cycle("R3/P1D/2026-04-01") == Cycle(3, day, end=datetime(2026, 3, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "R3", "R3/", "3/P1D", "R-1/P1D", "R3/PT0S", "R99999/P1D", "Rx/P1D", "R3/P1D/P1D", "R3/2026-01-01/2026-02-01", "R3/P1D/P1D/P1D",
                                  "R3/P1D/x", "0 0 * * *", "R1234567890/P1D"])
def test_what_is_no_cycle_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        parse_cycle(text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="PTYMWDHSRZ0123456789.,/-+: ", max_size=40)))
def test_whatever_is_written_only_bad_time_comes_out(text: str) -> None:
    for parse in (parse_duration, parse_cycle, parse_date):
        with suppress(BadTime):
            parse(text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(0, 60), st.integers(0, 10**7))
def test_a_longer_duration_never_ends_earlier(moment: datetime, months: int, seconds: int) -> None:
    short, long = Duration(months, timedelta(seconds=seconds)), Duration(months, timedelta(seconds=seconds + 1))
    assert moment <= short.after(moment) < long.after(moment)
    assert short.after(moment) <= Duration(months + 1, timedelta(seconds=seconds)).after(moment)
