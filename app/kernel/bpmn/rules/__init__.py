"""What a diagram must be before the engine may run it: every rule of BPMN 2.0 that can be seen broken, everything the
engine does not execute faithfully, and what the office needs to know of each step. All findings at once.
"""
from __future__ import annotations

from collections.abc import Collection

from ..model import Document, Finding
from . import activities, collaboration, data, events, flows, formulas, office, paths, structure, support
from .sheet import Sheet

__all__ = ["check"]

_RULES = (structure, support, activities, events, flows, formulas, data, collaboration, paths)
_SEVERITY = {"error": 0, "warning": 1, "info": 2}


def check(document: Document, *, posts: Collection[str] | None = None, handlers: Collection[str] | None = None,
          forms: Collection[str] | None = None, bodies: Collection[str] | None = None) -> list[Finding]:
    """Everything to be said about a diagram.

    Args:
        document: as read; the rules of executing look at its executable processes, those of BPMN's XML at the file.
        posts: codes and names of the posts there are; every task of a person then needs a post among them, a duty
            and a limit. None: not looked at.
        handlers: names of the service handlers there are. None: not looked at.
        forms: keys of the forms beside the diagram; every user task then needs one of them. None: not looked at.
        bodies: codes and names of the posts that are collective bodies; a collective decision is then by one of them.
            None: not looked at.

    Returns:
        the findings, errors first, then by line. With no error among them the engine executes the diagram as
        BPMN 2.0 says.
    """
    sheet = Sheet(document)
    for rules in _RULES:
        rules.check(sheet)
    office.check(sheet, posts, handlers, forms, bodies)
    return sorted(dict.fromkeys(sheet.findings), key=lambda f: (_SEVERITY[f.severity], f.line or 0))
