"""Reads a FIRST decision table of a package with unary tests of the plain kind: ``-``, ``true``, ``<= param.E1``."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from app.kernel.expressions import compile

DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"


def decide(path: Path, names: Mapping[str, Any]) -> Any:
    """The output of the first rule that fits."""
    (table,) = etree.parse(str(path)).iter(DMN + "decisionTable")
    assert table.get("hitPolicy") == "FIRST"
    inputs = [i.findtext(f"{DMN}inputExpression/{DMN}text") for i in table.findall(DMN + "input")]
    for rule in table.findall(DMN + "rule"):
        cells = [e.findtext(DMN + "text").strip() for e in rule.findall(DMN + "inputEntry")]
        assert len(cells) == len(inputs)
        if all(_fits(expression, cell, names) for expression, cell in zip(inputs, cells, strict=True)):
            return compile(rule.findtext(f"{DMN}outputEntry/{DMN}text")).evaluate(names)
    raise AssertionError("no rule fits")


def _fits(expression: str, cell: str, names: Mapping[str, Any]) -> bool:
    if cell == "-":
        return True
    return compile(f"{expression} {cell}" if cell[0] in "<>" else f"{expression} == {cell}").holds(names)
