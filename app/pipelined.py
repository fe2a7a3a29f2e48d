"""The hot statements' way to PostgreSQL: prepared once in each session, sent together, awaited once.

By the ordinary road each statement is a journey to the server and back and is planned anew: the driver forgets what it
had prepared at every ROLLBACK, and every reader ends with one. libpq's pipeline mode takes a dozen statements at once, so
that an act waits twice: for what it locks, and for COMMIT.
"""
from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any

from psycopg import Error, OperationalError, errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, PGresult, TransactionStatus
from psycopg.waiting import Ready, Wait
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from .written import Statement, as_sqlalchemy


class PostgreSQL:
    """What was sent is settled by the next :meth:`first`, :meth:`settle` or :meth:`commit`: only then is it known whether
    it succeeded, and only then may SQLAlchemy use the connection again.

    A connection on which a statement failed is thrown away, because nobody knows what is prepared on it.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._libpq = self._driver.pgconn
        self._prepared: set[bytes] = connection.info.setdefault("gangze.prepared", set())
        self._piped = self._sent = False

    def send(self, statement: Statement, *rows: Mapping[str, Any]) -> None:
        """Have it executed for each of some rows; nothing comes back."""
        known = statement.on(self.connection.dialect)
        for values in rows:
            self._put(statement.name, known.sql, [_encoded(value) for value in known.row(values)], known.formats)

    def first(self, statement: Statement, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Have it executed; the first row that comes back, by column."""
        self.send(statement, values)
        found = self._sync()
        if not found.ntuples:
            return None
        transformer = Transformer(self._driver)
        transformer.set_pgresult(found)
        return statement.on(self.connection.dialect).read(transformer.load_row(0, tuple))

    def settle(self) -> None:
        """Wait for everything that was sent, and give the connection back to SQLAlchemy."""
        if self._piped:
            if self._sent:
                self._sync()
            self._libpq.exit_pipeline_mode()
            self._piped = False

    def commit(self) -> None:
        """Send COMMIT behind everything else, and wait for it."""
        self._put(b"gangze_commit", "COMMIT", [], [])
        if self._sync().command_status != b"COMMIT":  # so says the server where a statement had failed before
            raise RuntimeError("a statement of this change had failed: nothing was written")
        self.settle()

    def rollback(self) -> None:
        """Undo everything."""
        if not self.connection.invalidated:
            try:
                self.settle()
                self._driver.rollback()
            except (DBAPIError, Error) as error:  # then it is gone with the connection
                self.connection.invalidate(error)

    def _put(self, name: bytes, sql: str, parameters: list[bytes | None], formats: list[int]) -> None:
        try:
            if not self._piped:
                self._libpq.enter_pipeline_mode()
                self._piped = True
                if self._libpq.transaction_status == TransactionStatus.IDLE:
                    self._put(b"gangze_begin", "BEGIN", [], [])
            if name not in self._prepared:
                self._libpq.send_prepare(name, sql.encode())
                self._prepared.add(name)
            self._libpq.send_query_prepared(name, parameters, formats)
        except Error as error:
            raise self._given_up(error) from error
        self._sent = True

    def _sync(self) -> PGresult:
        """Wait until the server has done all it was sent. Returns the last result."""
        try:
            self._libpq.pipeline_sync()
            last, failed = self._driver.wait(self._results())
            if failed is not None:
                raise errors.error_from_result(failed)
        except Error as error:
            raise self._given_up(error) from error
        except BaseException as error:  # Ctrl-C: what the server still says belongs to nobody
            self._given_up(error)
            raise
        self._sent = False
        return last

    def _given_up(self, error: BaseException) -> BaseException:
        """Throw the connection away. Returns the error as SQLAlchemy's."""
        gone = self.connection.dialect.is_disconnect(error, self._driver, None)
        self._piped = self._sent = False
        self.connection.invalidate(error)
        return as_sqlalchemy(error, "", self.connection, gone)

    def _results(self) -> Generator[int, int, tuple[Any, Any]]:
        """The last result and the first failure. Says what it waits for, so that the driver's own ``wait`` can run it and
        do with threads and Ctrl-C as it always does."""
        libpq = self._libpq
        while libpq.flush():
            if (yield Wait.RW) & Ready.R:  # the server may have to be rid of its answers before it takes more
                libpq.consume_input()
        last = failed = None
        while True:
            while libpq.is_busy():
                if (yield Wait.R):
                    libpq.consume_input()
            result = libpq.get_result()
            if result is None:  # between two statements
                if libpq.status == ConnStatus.BAD:
                    raise OperationalError("the connection is lost")
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return last, failed
            else:
                last = result
                if failed is None and result.status == ExecStatus.FATAL_ERROR:
                    failed = result


def _encoded(value: Any) -> bytes | None:
    """A parameter as libpq takes it: the statement says its type, so the text of a value is enough."""
    if value is None or value.__class__ is bytes:
        return value
    if value.__class__ is str:
        return value.encode()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return str(value).encode()
