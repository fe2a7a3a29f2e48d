"""Pages of cases and work items, by subject. Thin doors: who asks, which verb, what came of it."""
from __future__ import annotations

from . import case, control, detours, item, lists, reassigning, session, starting
from .common import blueprint

__all__ = ["blueprint", "case", "control", "detours", "item", "lists", "reassigning", "session", "starting"]
