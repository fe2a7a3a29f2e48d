"""The few statements that every act repeats, compiled once and handed straight to the driver.

SQLAlchemy looks a statement and every parameter's type up each time it is executed. Here a :class:`Statement` is worked
out once for each kind of database and sent over a :func:`wire`. Types stay SQLAlchemy's, and so do errors: what the driver
raises leaves here as SQLAlchemy would raise it.
"""
from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import LargeBinary, String, TypeDecorator
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable

from .extensions import begin_writing

if TYPE_CHECKING:
    from .pipelined import PostgreSQL


class Compiled(NamedTuple):
    """A statement on one kind of database."""

    sql: str
    parameters: list[tuple[str, Callable[[Any], Any] | None]]  # in the statement's order: name, how to bind it
    columns: list[tuple[str, Callable[[Any], Any] | None]]     # of the result: name, how to read it
    formats: list[int]                                         # of the parameters, as libpq counts: 1 for raw bytes

    def row(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters as the driver takes them."""
        return [values[name] if bind is None else bind(values[name]) for name, bind in self.parameters]

    def read(self, found: Any) -> dict[str, Any]:
        """A row of the result, by column."""
        return {
            name: value if read is None else read(value) for (name, read), value in zip(self.columns, found, strict=True)
        }


class Statement:
    """A statement whose parameters always have the same names.

    >>> save = Statement(update(CASE).where(CASE.c.id == bindparam("b_id")).values(state=bindparam("b_state")))
    >>> c.wire.send(save, {"b_id": 7, "b_state": "…"})
    """

    _numbers = itertools.count(1)

    def __init__(self, statement: Executable, names: tuple[str, ...] | None = None) -> None:
        """
        Args:
            statement: what to compile; every one of its parameters is given each time.
            names: columns to write, for an INSERT that does not say them itself.
        """
        self._statement: Any = statement
        self._names = list(names) if names else None
        self._compiled: dict[str, Compiled] = {}
        self.name = f"gangze_{next(self._numbers)}".encode()  # of the prepared statement

    def on(self, dialect: Dialect) -> Compiled:
        """What it is on a kind of database."""
        return self._compiled.get(dialect.name) or self._compile(dialect)

    def _compile(self, dialect: Dialect) -> Compiled:
        postgresql = dialect.name == "postgresql"
        spelling: Any = type(dialect)(paramstyle="numeric_dollar") if postgresql else dialect
        compiled = self._statement.compile(dialect=spelling, column_keys=self._names)
        binds = [(name, compiled.binds[name].type) for name in compiled.positiontup]
        plain = [kind.impl_instance if isinstance(kind, TypeDecorator) else kind for _, kind in binds]
        found = self._compiled[dialect.name] = Compiled(
            str(compiled),
            [
                # bytes are bytes: the wrapper DB-API wants around them would only be unwrapped again
                (name, None if isinstance(base, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect))
                for (name, kind), base in zip(binds, plain, strict=True)
            ],
            [
                (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for column in self._statement.exported_columns
            ],
            [int(isinstance(base, (LargeBinary, String))) for base in plain],
        )
        return found


class SQLite:
    """SQLite's side: the file is in this process, so nothing is gained by waiting."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._driver: Any = connection.connection.driver_connection
        begin_writing(connection)

    def send(self, statement: Statement, *rows: Mapping[str, Any]) -> None:
        """Execute it for each of some rows; nothing comes back."""
        known = statement.on(self.connection.dialect)
        try:
            if len(rows) == 1:
                self._driver.execute(known.sql, known.row(rows[0]))
            else:
                self._driver.executemany(known.sql, [known.row(row) for row in rows])
        except self.connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(error, known.sql, self.connection) from error

    def first(self, statement: Statement, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Execute it; the one row that comes back, by column."""
        known = statement.on(self.connection.dialect)
        try:
            rows = self._driver.execute(known.sql, known.row(values)).fetchall()
        except self.connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(error, known.sql, self.connection) from error
        return known.read(rows[0]) if rows else None

    def settle(self) -> None:
        """Nothing is ever outstanding."""

    def commit(self) -> None:
        """Make everything durable."""
        try:
            self._driver.commit()
        except self.connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(error, "COMMIT", self.connection) from error

    def rollback(self) -> None:
        """Undo everything."""
        self._driver.rollback()


def wire(connection: Connection) -> SQLite | PostgreSQL:
    """The way to the driver for a change that begins on ``connection``."""
    if connection.dialect.name == "sqlite":
        return SQLite(connection)
    from .pipelined import PostgreSQL  # its driver is an extra

    return PostgreSQL(connection)


def as_sqlalchemy(error: Exception, sql: str, connection: Connection, gone: bool = False) -> BaseException:
    """A driver's error as SQLAlchemy raises it. ``gone``: the connection is lost."""
    return DBAPIError.instance(
        sql, None, error, connection.dialect.loaded_dbapi.Error, connection_invalidated=gone, dialect=connection.dialect
    )
