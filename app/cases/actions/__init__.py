"""The verbs of a case and of its work items. One verb, one transaction; pages, API and jobs share them.

Whoever calls says who acts. Whether they may is decided here, under the case's lock: state, assignee and version
first, then the separation gate, then the form, then the engine.
"""
from __future__ import annotations

from .answers import answer, answer_error, broadcast, deliver, fire, report_incident, retry
from .common import MAX_OPINION, NEGATIVE
from .course import cancel, resume, suspend
from .items import claim, complete, release, return_, save
from .meeting import adjourn, close, convene, vote
from .starting import start

__all__ = [
    "MAX_OPINION", "NEGATIVE", "adjourn", "answer", "answer_error", "broadcast", "cancel", "claim", "close", "complete",
    "convene", "deliver", "fire", "release", "report_incident", "resume", "retry", "return_", "save", "start",
    "suspend", "vote",
]
