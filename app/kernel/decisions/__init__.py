"""Decision tables (DMN): ``Table.read(source).decide(names)``."""

from __future__ import annotations

from ..bpmn.markup import Unreadable
from .reader import tables
from .table import DecisionError, Table

__all__ = ["DecisionError", "Table", "Unreadable", "tables"]
