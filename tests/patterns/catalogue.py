"""The patterns by number, what shows each of them, and the page that says so.

The names are those of Russell, van der Aalst, ter Hofstede and Edmond, *Workflow Resource Patterns: Identification,
Representation and Tool Support* (CAiSE 2005). A test declares what it shows:

>>> @pattern(7, "<gz:allocation>familiar:node</gz:allocation>", "原办人")
... def test_07_retain_familiar(...): ...
"""
from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "resource-patterns.md"

#: Group -> numbers and names.
GROUPS: dict[str, dict[int, str]] = {
    "Creation": {
        1: "Direct allocation", 2: "Role-based allocation", 3: "Deferred allocation", 4: "Authorisation",
        5: "Separation of duties", 6: "Case handling", 7: "Retain familiar", 8: "Capability-based allocation",
        9: "History-based allocation", 10: "Organisational allocation", 11: "Automatic execution"},
    "Push": {
        12: "Distribution by offer, single resource", 13: "Distribution by offer, multiple resources",
        14: "Distribution by allocation, single resource", 15: "Random allocation", 16: "Round robin allocation",
        17: "Shortest queue", 18: "Early distribution", 19: "Distribution on enablement", 20: "Late distribution"},
    "Pull": {
        21: "Resource-initiated allocation", 22: "Resource-initiated execution, allocated work item",
        23: "Resource-initiated execution, offered work item", 24: "System-determined work queue content",
        25: "Resource-determined work queue content", 26: "Selection autonomy"},
    "Detour": {
        27: "Delegation", 28: "Escalation", 29: "Deallocation", 30: "Stateful reallocation", 31: "Stateless reallocation",
        32: "Suspension and resumption", 33: "Skip", 34: "Redo", 35: "Pre-do"},
    "Auto-start": {
        36: "Commencement on creation", 37: "Commencement on allocation", 38: "Piled execution", 39: "Chained execution"},
    "Visibility": {
        40: "Configurable unallocated work item visibility", 41: "Configurable allocated work item visibility"},
    "Multiple resource": {42: "Simultaneous execution", 43: "Additional resources"},
}
NAMES = {number: name for group in GROUPS.values() for number, name in group.items()}
_MODULES = ("creation", "push", "pull", "detour", "autostart", "visibility", "multiple")


@dataclass(frozen=True)
class Shown:
    number: int
    how: str
    zh: str
    test: str


shown: dict[int, Shown] = {}


def pattern(number: int, how: str, zh: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """This test shows a pattern.

    Args:
        how: the diagram's words or the verb that make it.
        zh: what people call it here.
    """

    def declare(test: Callable[..., Any]) -> Callable[..., Any]:
        where = f"tests/patterns/{test.__module__.rpartition('.')[2]}.py::{test.__name__}"
        if number in shown and shown[number].test != where:
            raise RuntimeError(f"two tests show pattern {number}")
        shown[number] = Shown(number, how, zh, where)
        return test

    return declare


def page() -> str:
    """docs/resource-patterns.md as the tests have it."""
    from app.kernel.bpmn.resourcing import STRATEGIES

    for module in _MODULES:
        importlib.import_module(f"tests.patterns.test_{module}")
    lines = [
        "# Workflow resource patterns", "",
        "All 43 patterns of Russell, van der Aalst, ter Hofstede and Edmond (CAiSE 2005), each with a test that runs it on "
        "the real store, engine and separation gate. Whatever a pattern hands out, the gate is asked first: where it "
        "says no, the next best is asked, and in the end everybody of the post.", "",
        "Written by `python -m tests.patterns`; a test fails when it is stale.", "",
    ]
    for group, patterns in GROUPS.items():
        lines += [f"## {group}", "", "| R | Pattern | 中文 | How | Test |", "|--:|---|---|---|---|"]
        for number, name in patterns.items():
            it = shown[number]
            file, _, test = it.test.partition("::")
            lines.append(
                f"| {number} | {name} | {it.zh} | {it.how} | [{test.removeprefix('test_')}](../{file}) |".replace("  ", " ")
            )
        lines.append("")
    lines += [
        "## Strategies of `gz:allocation`", "",
        "| Value | 中文 | The work item falls to | 归谁 |", "|---|---|---|---|",
    ]
    for strategy in STRATEGIES.values():
        argument = {None: "", "mark": "[:mark]", "capability": ":name[>=level]"}.get(strategy.argument, f":{strategy.argument}")
        lines.append(f"| `{strategy.name}{argument}` | {strategy.title.zh} | {strategy.does.en} | {strategy.does.zh} |")
    lines += ["", "`offer:` before any of them but `offer` and `draw` offers it to that person alone, who may decline."]
    return "\n".join(lines) + "\n"
