"""The verbs of this room: re-check the open cases, review history, explain a finding."""
from __future__ import annotations

from .rechecking import recheck
from .reviewing import explain_finding, review

__all__ = ["explain_finding", "recheck", "review"]
