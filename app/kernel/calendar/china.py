"""The calendar of the People's Republic: the State Council's yearly notices, by way of chinesecalendar."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, time

from chinese_calendar import constants

from .office import HOURS, Calendar


def chinese(
    overrides: Mapping[date, bool] | None = None,
    *,
    known: Collection[int] = (),
    zone: str = "Asia/Shanghai",
    hours: Sequence[tuple[time, time]] = HOURS,
) -> Calendar:
    """A calendar with the announced holidays and make-up days of all years the package knows.

    Args:
        overrides: the office's own table of days, which wins: True = worked, False = free.
        known: further years whose notice the office has entered in full in ``overrides``; only that makes a year
            published, single days do not.
        zone: IANA name of the office's zone.
        hours: business hours.
    """
    days = dict.fromkeys(constants.holidays, False) | dict.fromkeys(constants.workdays, True) | dict(overrides or {})
    years = range(min(constants.holidays).year, max(constants.holidays).year + 1)
    return Calendar(days, zone, hours, frozenset(years) | frozenset(known))
