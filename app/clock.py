"""The one place that reads the clock."""
from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app


def now() -> datetime:
    """The present moment in UTC, cut to the milliseconds the trail writes.

    A test or a rehearsal may set ``app.config["CLOCK"]`` to a callable.
    """
    clock = current_app.config.get("CLOCK")
    moment = clock() if clock else datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
