"""What a diagram must be before the engine may run it: every rule of BPMN 2.0 that we can see broken, everything the
engine does not execute faithfully, and what the office needs to know of each step. All findings at once.
"""
from __future__ import annotations

from collections.abc import Collection

from ..model import Document, Finding
from . import activities, events, flows, formulas, structure, support
from .sheet import Sheet

__all__ = ["check"]


def check(document: Document, *, posts: Collection[str] | None = None, handlers: Collection[str] | None = None,
          forms: Collection[str] | None = None) -> list[Finding]:
    sheet = Sheet(document)
    for rules in (structure, support, activities, events, flows, formulas):
        rules.check(sheet)
    return sheet.findings
