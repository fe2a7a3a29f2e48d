"""How the work items of a node are handed out, as a diagram says it: ``gz:allocation`` and its companions.

The one list of what can be said: the check of a diagram, the handlers (``handlers/allocation.py``) and the
documentation all read it. Names follow the workflow resource patterns (Russell, van der Aalst, ter Hofstede, Edmond,
CAiSE 2005), whose numbers ``patterns`` gives.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..text import Text


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to find the person for a work item.

    ``argument`` is what follows the colon: ``field`` (a data field), ``node`` (a user task), ``number`` (a staff
    number), ``capability`` (``name`` or ``name>=level``), ``mark`` (any word, optional); None where nothing may follow.
    """

    name: str
    title: Text
    does: Text
    argument: str | None = None
    patterns: tuple[int, ...] = ()


STRATEGIES: Mapping[str, Strategy] = MappingProxyType({s.name: s for s in (
    Strategy("offer", Text("岗位签收", "Offer to the post"), Text(
        "交给岗位，谁先签收归谁", "offered to everybody of the post; whoever claims it has it"), patterns=(2, 13)),
    Strategy("staff", Text("指定人员", "Named person"), Text(
        "图上写明的工号", "the person whose staff number the diagram names"), "number", (1,)),
    Strategy("person", Text("按栏目指定", "Person in a field"), Text(
        "办件数据中某栏目所填的人", "the person a data field of the case holds"), "field", (3, 14)),
    Strategy("draw", Text("抽签", "By lot"), Text(
        "在可以办理的人中随机抽取", "a random one of those who may"), patterns=(15,)),
    Strategy("round-robin", Text("轮流", "Round robin"), Text(
        "轮到最久没有轮到的人", "whoever has waited longest for a turn at this node"), patterns=(16,)),
    Strategy("shortest-queue", Text("最少在办", "Shortest queue"), Text(
        "手上在办最少的人", "whoever holds the fewest open work items"), patterns=(17,)),
    Strategy("familiar", Text("原办人", "Retain familiar"), Text(
        "本办件中办过某环节的人", "whoever did the named node in this case"), "node", (7,)),
    Strategy("case-handler", Text("一办到底", "Case handling"), Text(
        "同一标记的各环节归同一人：谁先办其中之一，其余归谁",
        "all nodes with the same mark fall to one person: whoever did the first of them"), "mark", (6,)),
    Strategy("capability", Text("按能力", "Capability-based"), Text(
        "登记有该能力(及等级)的人中在办最少者", "among those registered with the capability (of that level), the one with "
        "the fewest open work items"), "capability", (8,)),
    Strategy("experienced", Text("经验最多", "Most experienced"), Text(
        "办过本环节最多的人", "whoever has done this node most often"), patterns=(9,)),
    Strategy("least-experienced", Text("经验最少", "Least experienced"), Text(
        "办过本环节最少的人(锻炼)", "whoever has done this node least often (to learn it)"), patterns=(9,)),
    Strategy("head-of", Text("本部门负责人", "Head of the performer's department"), Text(
        "办某环节的人所在部门中，持有本岗位者职级最高的人，没有则找上级部门",
        "the most senior holder of the post in the department of whoever did the named node, or in the departments above "
        "it"), "node", (10,)),
)})

#: ``name`` or ``name:argument``; before it ``offer:`` where the chosen person may decline.
_ALLOCATION = re.compile(r"(?P<offer>offer:)?(?P<name>[a-z][a-z-]*)(?::(?P<argument>.+))?", re.S)
_CAPABILITY = re.compile(r"(?P<name>[^\s<>=:]{1,60})(?:\s*>=\s*(?P<level>\d))?")
_LATE = re.compile(r"late:([1-9]\d{0,3})")
STARTS = ("allocation", "creation", "person")
AUTOSTARTS = ("piled", "chained")
OFFERED_TO = ("post", "department", "office")
ALLOCATED_TO = ("holder", "post", "department", "office")


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets a work item: ``offered`` where the one chosen is asked and may decline, else it is theirs at once."""

    strategy: str
    argument: str = ""
    offered: bool = False

    @property
    def capability(self) -> tuple[str, int]:
        """Name and least level of a ``capability`` argument."""
        found = _CAPABILITY.fullmatch(self.argument)
        return (found["name"], int(found["level"] or 0)) if found else (self.argument, 0)


OFFER = Allocation("offer")


@dataclass(frozen=True, slots=True)
class Resourcing:
    """All a node says about how its work items are handed out beyond "offered to its post".

    Attributes:
        allocation: who gets it.
        early: it is announced to its post before it is enabled (R18).
        load: it is offered only while its post has fewer open work items than this (R20); None: at once (R19).
        escalates: once overdue it goes to the next in line (R28); ``escalate_to`` is their post, None: the same post.
        skippable, predo: it may be skipped (R33), done ahead (R35).
        start: work begins with the ``allocation`` (R37), with the ``creation`` (R36), or when the ``person`` says so
            (R22, R23).
        piled, chained: people may switch on piled (R38), chained execution (R39) for it.
        offered_to, allocated_to: who may see that there is such a work item, unallocated (R40), allocated (R41).
    """

    allocation: Allocation = OFFER
    early: bool = False
    load: int | None = None
    escalates: bool = False
    escalate_to: str | None = None
    skippable: bool = False
    predo: bool = False
    start: str = "allocation"
    piled: bool = False
    chained: bool = False
    offered_to: str = "post"
    allocated_to: str = "holder"


PLAIN = Resourcing()


def allocation(value: str | None) -> Allocation | None:
    """The value of ``gz:allocation``; None where it cannot be understood.

    >>> allocation("round-robin")
    Allocation(strategy='round-robin', argument='', offered=False)
    >>> allocation("offer:person:reviewer")
    Allocation(strategy='person', argument='reviewer', offered=True)
    """
    if value is None or not value.strip():
        return OFFER
    found = _ALLOCATION.fullmatch(value.strip())
    strategy = STRATEGIES.get(found["name"]) if found else None
    if found is None or strategy is None:
        return None
    argument = (found["argument"] or "").strip()
    if (strategy.argument is None and argument) or (strategy.argument not in (None, "mark") and not argument):
        return None
    if strategy.argument == "capability" and not _CAPABILITY.fullmatch(argument):
        return None
    if found["offer"] and strategy.name in ("offer", "draw"):  # a draw that may be declined would be none
        return None
    return Allocation(strategy.name, argument, bool(found["offer"]))


def distribution(value: str | None) -> tuple[bool, int | None] | None:
    """The value of ``gz:distribution`` as (early, load): ``early``, ``enablement`` or ``late:n``; None where it cannot be
    understood."""
    value = (value or "enablement").strip()
    if value in ("early", "enablement"):
        return value == "early", None
    found = _LATE.fullmatch(value)
    return (False, int(found[1])) if found else None
