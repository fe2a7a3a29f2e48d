"""Reading very much at once: one consistent view of the database, in rows that cost little."""
from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection

from ..extensions import db

BATCH = 2048
_names = itertools.count()


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees the database as it is now, and nothing that is committed later."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            if connection.dialect.name == "sqlite":  # a transaction is a snapshot from its first read on
                connection.exec_driver_sql("BEGIN")
            yield connection


def batches(connection: Connection, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query exactly as the driver gives them, in constant memory.

    The driver itself is asked: what a library makes of each row would cost more than verifying it.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        cursor = driver.cursor(name=f"gangze_{next(_names)}")  # a named cursor stays on the server
        cursor.execute(sql, binary=True)
    else:
        cursor = driver.cursor()
        cursor.execute(sql)
    while rows := cursor.fetchmany(BATCH):
        yield rows
    cursor.close()
