"""Statements on the hot path, compiled once for each kind of database.

SQLAlchemy looks a statement up, and every parameter's type, each time it is executed. The few statements that every act
on a case repeats are worked out once here and handed to the driver as they are; types, events and errors stay
SQLAlchemy's.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection, CursorResult, Dialect
from sqlalchemy.sql.dml import UpdateBase


class Write:
    """An INSERT or UPDATE whose parameters always have the same names.

    >>> save = Write(update(CASE).where(CASE.c.id == bindparam("b_id")).values(state=bindparam("b_state")))
    >>> save(connection, {"b_id": 7, "b_state": "…"})
    """

    def __init__(self, statement: UpdateBase, names: Sequence[str] | None = None) -> None:
        """
        Args:
            statement: what to compile.
            names: columns to write, for an INSERT that does not say them itself.
        """
        self._statement = statement
        self._names = names
        self._compiled: dict[str, tuple[str, list[tuple[str, Callable[[Any], Any] | None]], bool]] = {}

    def __call__(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        """Execute it, once or for each of several rows."""
        known = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        if isinstance(values, Mapping):
            return connection.exec_driver_sql(known[0], _row(known, values))
        return connection.exec_driver_sql(known[0], [_row(known, each) for each in values])

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]], bool]:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._names) if self._names else None)
        order = compiled.positiontup if compiled.positional else list(compiled.binds)
        parameters = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order
        ]
        known = self._compiled[dialect.name] = (str(compiled), parameters, compiled.positional)
        return known


def _row(known: tuple[str, list[tuple[str, Callable[[Any], Any] | None]], bool], values: Mapping[str, Any]) -> Any:
    if known[2]:
        return tuple([values[name] if process is None else process(values[name]) for name, process in known[1]])
    return {name: values[name] if process is None else process(values[name]) for name, process in known[1]}
