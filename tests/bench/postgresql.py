"""A PostgreSQL server for the benchmark: as the test suite's own, but as durable as an office would run it."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import databases

from .contest import Absent

#: What the suite turns off for speed stays on here.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a running server: GANGZE_TEST_POSTGRESQL where that is set, else a private one on a socket.

    Args:
        folder: on the disk that is to be measured.

    Raises:
        Absent: there is none, or the one given is not durable.
    """
    given = os.environ.get("GANGZE_TEST_POSTGRESQL")
    try:
        if given:
            _must_be_durable(given)
            yield given.replace("postgresql://", "postgresql+psycopg://", 1)
            return
        with _private(folder) as address:
            _must_be_durable(address)
            yield address
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:  # what tests/databases.py says where it cannot
        raise Absent(str(reason)) from reason


@contextmanager
def _private(folder: Path) -> Iterator[str]:
    initdb, program = databases._program("initdb"), databases._program("postgres")
    if not initdb or not program:
        raise Absent("PostgreSQL is not installed and GANGZE_TEST_POSTGRESQL is not set")
    before, user = databases._as_nobody_special()
    reachable = user is None or all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))
    home = Path(tempfile.mkdtemp(prefix="postgresql-", dir=folder if reachable else None))
    socket = Path(tempfile.mkdtemp(prefix="gangze-"))  # a socket's path may have 107 bytes, a checkout's more
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            os.chown(home, user, -1)
            os.chown(socket, user, -1)
        made = subprocess.run(
            [*before, initdb, "-D", home / "data", "-U", "gangze", "--auth=trust", "-E", "UTF8", "--locale=C"],
            check=False, cwd=home, capture_output=True, text=True,
        )
        if made.returncode:
            raise Absent(f"initdb failed: {made.stderr.strip()[-300:]}")
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [*before, program, "-D", home / "data", "-k", socket, "-c", "listen_addresses="],
                cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        address = f"postgresql+psycopg://gangze@/postgres?host={socket}"
        databases._wait(process, address, home / "log")
        yield address
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # "fast" shutdown
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(socket, ignore_errors=True)


def _connect(address: str) -> object:
    import psycopg

    return psycopg.connect(address.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True)


def _must_be_durable(address: str) -> None:
    with _connect(address) as connection:  # type: ignore[attr-defined]
        off = [name for name in DURABLE if connection.execute(f"SHOW {name}").fetchone()[0] == "off"]
    if off:
        raise Absent(f"the server does not keep what it commits: {', '.join(off)} off")


@contextmanager
def new_database(address: str, name: str) -> Iterator[str]:
    """The address of a new, empty database on the server, dropped afterwards."""
    from sqlalchemy.engine import make_url

    name = f"gangze_bench_{os.getpid()}_{name}"
    with _connect(address) as connection:  # type: ignore[attr-defined]
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield make_url(address).set(database=name).render_as_string(hide_password=False)
    finally:
        with _connect(address) as connection:  # type: ignore[attr-defined]
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
