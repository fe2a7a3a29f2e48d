"""Working time: the office's calendar (``office``), the Chinese one (``china``), ISO 8601 (``iso8601``)."""

from __future__ import annotations

from .china import chinese
from .iso8601 import BadTime, Cycle, Duration, parse_cycle, parse_date, parse_duration
from .office import Calendar, Due, Remaining

__all__ = [
    "BadTime",
    "Calendar",
    "Cycle",
    "Due",
    "Duration",
    "Remaining",
    "chinese",
    "parse_cycle",
    "parse_date",
    "parse_duration",
]
