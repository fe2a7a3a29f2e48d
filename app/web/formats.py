"""How values read on a page: money, moments in the office's zone, working time, sizes."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from .. import clock
from ..kernel.calendar import Remaining
from ..parameters.calendar import office_calendar

#: Working hours of an office day (9–12, 14–18): what "a day left" means.
DAY = timedelta(hours=7)


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        money=money, moment=moment, day=day, work_time=work_time, size=size, initial=initial, number=number,
        local_input=local_input, span=span,
    )
    app.jinja_env.globals["remaining"] = remaining


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["GANGZE_ZONE"])


def money(value: Any, sign: str = "¥") -> str:
    """An amount in yuan with its thousands and two places: ¥12,800.00. What is no number prints as it is."""
    if value is None or value == "":
        return ""
    try:
        amount = Decimal(str(value))
        return f"{'-' if amount < 0 else ''}{sign}{abs(amount):,.2f}"
    except (InvalidOperation, ValueError):
        return str(value)


def number(value: Any) -> str:
    """A count with its thousands."""
    return f"{value:,}" if isinstance(value, (int, float, Decimal)) else str(value)


def moment(value: datetime | None, form: str = "short") -> Markup | str:
    """A moment as the office's clock showed it, in a ``<time>`` that carries the exact one.

    Args:
        value: a UTC moment; nothing prints nothing.
        form: ``short`` leaves out the present year, ``long`` is complete to the second, ``clock`` is only the time.
    """
    if value is None:
        return ""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    here = value.astimezone(_zone())
    pattern = {"long": "%Y-%m-%d %H:%M:%S", "clock": "%H:%M"}.get(form) or (
        "%m-%d %H:%M" if here.year == clock.now().astimezone(_zone()).year else "%Y-%m-%d %H:%M"
    )
    return Markup('<time datetime="{}">{}</time>').format(here.isoformat(timespec="seconds"), here.strftime(pattern))


def day(value: date | datetime | str | None) -> str:
    """A date, 2026-04-20."""
    if value is None or isinstance(value, str):
        return value or ""
    return (value.astimezone(_zone()) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


def work_time(value: timedelta) -> str:
    """A span of working time in words: 3 working days, 4 working hours, 20 minutes. Never less than it is."""
    value = abs(value)
    if value >= DAY:
        days = value / DAY
        whole = int(days) if days >= 10 else _short(days)
        return ngettext("%(amount)s working day", "%(amount)s working days", _grammar(whole), amount=whole)
    hours = value / timedelta(hours=1)
    if hours >= 1:
        whole = _short(hours)
        return ngettext("%(amount)s working hour", "%(amount)s working hours", _grammar(whole), amount=whole)
    minutes = int(value / timedelta(minutes=1))
    return ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes else _("less than a minute")


def _short(value: float) -> float | int:
    """To a tenth, cut; without ".0"."""
    tenths = int(value * 10 + 1e-9)
    return tenths // 10 if tenths % 10 == 0 else tenths / 10


def _grammar(value: float) -> int:
    """One is singular; 1.5 is not."""
    return 1 if value == 1 else 2


def span(value: timedelta) -> str:
    """A span of ordinary time in words: 40 minutes, 4.2 hours, 3 days."""
    minutes = int(value / timedelta(minutes=1))
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    if minutes < 24 * 60:
        hours = _short(minutes / 60)
        return ngettext("%(amount)s hour", "%(amount)s hours", _grammar(hours), amount=hours)
    return ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60))


def remaining(due: datetime | None) -> Remaining | None:
    """Working time left until a moment, by the office's calendar; None where nothing is due."""
    return office_calendar().remaining(clock.now(), due) if due is not None else None


def size(value: int) -> str:
    """Bytes as people say them: 182 KB, 1.2 MB."""
    if value < 1024:
        return f"{value} B"
    if value < 1024 * 1024:
        return f"{value / 1024:.0f} KB"
    return f"{value / 1024 / 1024:.1f} MB"


def initial(name: str) -> str:
    """The one letter in somebody's round picture: the family name."""
    return str(escape(name.strip()[:1].upper())) if name else "·"


def local_input(value: datetime | str) -> str:
    """A moment as a browser's date-and-time field takes it, in the office's zone."""
    return value if isinstance(value, str) else value.astimezone(_zone()).strftime("%Y-%m-%dT%H:%M")
