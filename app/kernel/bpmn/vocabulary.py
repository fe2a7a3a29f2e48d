"""Gangze's own words in a diagram (``urn:gangze:bpmn:1``): how posts, duties, limits, forms and rules are written.

Each word is an element in ``bpmn:extensionElements`` or, where it is a plain text, an attribute ``gz:word="…"`` of
the element it speaks of; the element wins.
"""
from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from .markup import Element, bpmn, text
from .model import GZ, Constraint, Limit, PostRule, Risk
from .resourcing import ALLOCATED_TO, OFFER, OFFERED_TO, PLAIN, STARTS, Resourcing, allocation, distribution

PREFIX = f"{{{GZ}}}"


@dataclass(frozen=True, slots=True)
class Words:
    """What one element says in our vocabulary."""

    elements: tuple[Element, ...]
    attributes: Mapping[str, str]

    def element(self, name: str) -> Element | None:
        """The first element ``gz:name``."""
        return next((e for e in self.elements if e.tag == PREFIX + name), None)

    def all(self, name: str) -> tuple[Element, ...]:
        return tuple(e for e in self.elements if e.tag == PREFIX + name)

    def text(self, name: str) -> str | None:
        """The text of ``gz:name``, element or attribute, stripped; None where it is missing or empty."""
        found = self.element(name)
        if found is not None:
            return text(found)
        return (self.attributes.get(name) or "").strip() or None


def words(element: Element) -> Words:
    """Our vocabulary on ``element``."""
    inside = tuple(
        child for extensions in element.iterchildren(bpmn("extensionElements"))
        for child in extensions if child.tag.startswith(PREFIX))
    written = {name[len(PREFIX):]: value for name, value in element.attrib.items() if name.startswith(PREFIX)}
    return Words(inside, written)


def listed(value: str | None) -> tuple[str, ...]:
    """Names separated by white space or commas (also the Chinese ones)."""
    return tuple(part for part in re.split(r"[\s,,、]+", value or "") if part)


def post(own: Words) -> PostRule | None:
    """``<gz:post department="initiator">ANY.HD</gz:post>`` or ``gz:post`` with ``gz:department``."""
    code = own.text("post")
    if code is None:
        return None
    found = own.element("post")
    department = found.get("department") if found is not None else own.attributes.get("department")
    return PostRule(" ".join(code.split()), (department or "").strip() or None)


_LIMIT = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)\s*([dhc]?)")
#: Attribute of ``gz:limit`` -> the unit of the model.
LIMIT_UNITS = {"days": "day", "hours": "hour", "calendarDays": "calendar_day"}


def amount(value: str | None) -> float | None:
    """A positive finite number, None for anything else."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 < number <= 10_000 else None


def limit(own: Words) -> Limit | None:
    """``<gz:limit days="2"/>``, ``hours=``, ``calendarDays=``; as attribute ``gz:limit="2"`` (or ``2d``: working days,
    ``4h``: working hours, ``60c``: calendar days). None where there is none or it cannot be understood."""
    found = own.element("limit")
    if found is not None:
        said = [(unit, amount(found.get(name))) for name, unit in LIMIT_UNITS.items() if found.get(name) is not None]
        if len(said) == 1 and said[0][1] is not None:
            return Limit(said[0][1], said[0][0])
        return None
    match = _LIMIT.fullmatch((own.attributes.get("limit") or "").strip())
    number = amount(match[1]) if match else None
    if match is None or number is None:
        return None
    return Limit(number, {"h": "hour", "c": "calendar_day"}.get(match[2], "day"))


def risks(own: Words) -> tuple[Risk, ...]:
    return tuple(Risk(e.get("level", "medium").strip(), text(e) or "") for e in own.all("risk"))


def fields(own: Words, right: str) -> tuple[str, ...] | None:
    """The fields named by attribute ``right`` of ``gz:fields``; None where it is not written."""
    found = own.element("fields")
    value = found.get(right) if found is not None else None
    return None if value is None else listed(value)


def flag(own: Words, name: str) -> bool:
    """Whether ``<gz:name/>`` stands there, or ``gz:name="yes"``."""
    return own.element(name) is not None or (own.attributes.get(name) or "").strip() == "yes"


def resourcing(own: Words) -> Resourcing | None:
    """How work items are handed out; None where nothing is said, so that it costs nothing. What cannot be understood is
    read as if it were not there: the check of the diagram reports it."""
    escalate, visible = own.element("escalate"), own.element("visible")
    early, load = distribution(own.text("distribution")) or (False, None)
    start, auto = own.text("start"), listed(own.text("autostart"))
    offered, allocated = (visible.get(name, "").strip() if visible is not None else "" for name in ("offered", "allocated"))
    found = Resourcing(
        allocation=allocation(own.text("allocation")) or OFFER, early=early, load=load,
        escalates=flag(own, "escalate"),
        escalate_to=" ".join(escalate.get("to", "").split()) or None if escalate is not None else None,
        skippable=flag(own, "skippable"), predo=flag(own, "predo"), start=start if start in STARTS else STARTS[0],
        piled="piled" in auto, chained="chained" in auto,
        offered_to=offered if offered in OFFERED_TO else OFFERED_TO[0],
        allocated_to=allocated if allocated in ALLOCATED_TO else ALLOCATED_TO[0],
    )
    return None if found == PLAIN else found


class Handler(NamedTuple):
    name: str | None
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def handler(own: Words) -> Handler:
    """``<gz:handler name="…">`` with its inputs and outputs, or ``gz:handler="…"``."""
    found = own.element("handler")
    if found is None:
        return Handler((own.attributes.get("handler") or "").strip() or None, MappingProxyType({}),
                       MappingProxyType({}))

    def pairs(name: str) -> Mapping[str, str]:
        return MappingProxyType({e.get("name", "").strip(): e.get("value", "").strip()
                                 for e in found.iterchildren(PREFIX + name)})

    # The name may also be the element's own text, which its children must not add to.
    name = found.get("name") or found.text
    return Handler((name or "").strip() or None, pairs("input"), pairs("output"))


_CONSTRAINT_WORDS = frozenset(("id", "nodes", "node", "basis", "scope", "onBlock"))


def constraints(element: Element | None) -> tuple[Constraint, ...]:
    """The rules of separation in ``gz:constraints`` (separation.md §1), in document order, known kinds or not."""
    found: list[Constraint] = []
    for rule in element if element is not None else ():
        kind = rule.tag.removeprefix(PREFIX)
        said = dict(rule.attrib)
        found.append(Constraint(
            id=(said.get("id") or "").strip() or f"{kind}-{len(found) + 1}",
            kind=kind,
            nodes=listed(said.get("nodes")) or listed(said.get("node")),
            basis=said.get("basis", "").strip(),
            scope=said.get("scope", "case").strip(),
            on_block=said.get("onBlock", "refuse").strip(),
            options=MappingProxyType({k: v.strip() for k, v in said.items() if k not in _CONSTRAINT_WORDS}),
            line=rule.sourceline,
        ))
    return tuple(found)
