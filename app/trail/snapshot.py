"""Reading very much at once: one consistent view of the database, in rows that cost little."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from ..extensions import db

BATCH = 2048


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees the database as it is now, and nothing that is committed later."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def batches(connection: Connection, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query as the driver gives them, in constant memory."""
    result = connection.execute(text(sql), execution_options={"stream_results": True})
    cursor = result.cursor
    try:
        while rows := cursor.fetchmany(BATCH):
            yield rows
    finally:
        result.close()
