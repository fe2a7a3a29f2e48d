"""The libraries that hold state per application, made once here and bound in ``create_app``."""
from __future__ import annotations

import sqlite3
from datetime import UTC as ZONE
from datetime import datetime
from enum import StrEnum
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import DateTime, MetaData, String, TypeDecorator, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase

#: Constraint names that are the same on every database, so that migrations can speak of them.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UTC(TypeDecorator[Any]):
    """A moment. Stored in UTC, always read back with its zone; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Any) -> Any:
        # Not process_bind_param: on SQLite a second function would then take the moment apart and write it down, and an
        # act writes a dozen moments.
        sqlite = dialect.name == "sqlite"

        def process(value: datetime | None) -> Any:
            if value is None:
                return None
            if value.tzinfo is None:
                raise ValueError("a moment needs a time zone")
            value = value.astimezone(ZONE)
            return value.isoformat(" ", "microseconds").removesuffix("+00:00") if sqlite else value

        return process

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value if value is None or value.tzinfo else value.replace(tzinfo=ZONE)


class Word(TypeDecorator[Any]):
    """One word of an enumeration, stored as text so that a database can be read without our code."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum], length: int = 20) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else self.kind(value)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(directory=str(Path(__file__).resolve().parent.parent / "migrations"))
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(get_remote_address)


@event.listens_for(Engine, "connect")
def _sqlite_pragmas(connection: Any, record: Any) -> None:
    """SQLite as durable and as strict as a server: WAL, fsync at every commit, foreign keys, no silent REPLACE."""
    if isinstance(connection, sqlite3.Connection):
        # The driver must not open transactions by itself: who writes says so (begin_writing), who reads needs none.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "recursive_triggers=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


@event.listens_for(Engine, "connect")
def _no_forgetting(connection: Any, record: Any) -> None:
    """psycopg would prepare a statement it has seen five times, and then, at every ROLLBACK, drop everything prepared on
    the connection, ours too (app/pipelined.py). Every reader ends with a ROLLBACK, so it prepares in vain anyway."""
    if hasattr(connection, "prepare_threshold"):
        connection.prepare_threshold = None


#: Seconds. A server that restarts is away for longer.
_TRUSTED = 1.0


@event.listens_for(Engine, "checkin")
def _used(connection: Any, record: Any) -> None:
    record.info["gangze.used"] = monotonic()


@event.listens_for(Engine, "checkout")
def _alive(connection: Any, record: Any, proxy: Any) -> None:
    """Ask a server's connection that has lain idle whether it still is one; SQLAlchemy's ``pool_pre_ping`` would ask each
    time, which is a tenth of an act.

    Raises:
        DisconnectionError: it is not; the pool makes a new one.
    """
    if isinstance(connection, sqlite3.Connection) or monotonic() - record.info.get("gangze.used", inf) < _TRUSTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def begin_writing(connection: Connection) -> None:
    """Take SQLite's write lock at once, so that what a change reads cannot be overtaken before it writes.

    To be called before anything else on the connection. PostgreSQL locks rows instead.
    """
    if connection.dialect.name == "sqlite":
        try:
            connection.connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        except sqlite3.OperationalError as error:  # locked by somebody else for longer than busy_timeout
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
