"""The databases tests run on: SQLite always, PostgreSQL where it is installed. A pytest plugin.

``database`` gives the address of a new, empty database and runs the test once for each kind. PostgreSQL is the server
of GANGZE_TEST_POSTGRESQL where that is set (a role that may create databases), else a private one started for the
session in a temporary folder, on a socket only, as a user who is not root. Where it cannot be, the test is skipped
with the reason; if GANGZE_REQUIRE names ``postgresql`` it fails instead.
"""
from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Debian keeps the server's programs out of the path.
_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
_numbers = itertools.count(1)


def _unavailable(reason: str) -> None:
    if "postgresql" in os.environ.get("GANGZE_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"PostgreSQL is required: {reason}")
    pytest.skip(reason)


def _program(name: str) -> str | None:
    for folder in _FOLDERS:
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def _as_nobody_special() -> tuple[list[str], int | None]:
    """What to put before a command so that it does not run as root and ends with us, and the user id it runs as."""
    setpriv = shutil.which("setpriv")
    last_wish = [setpriv, "--pdeathsig", "INT"] if setpriv else []
    if os.geteuid() != 0:
        return last_wish, None
    if not setpriv:
        _unavailable("PostgreSQL refuses to run as root, and setpriv is not installed")
    import pwd

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return [*last_wish, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user.pw_uid
    _unavailable("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
    raise AssertionError


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server's own database."""
    given = os.environ.get("GANGZE_TEST_POSTGRESQL")
    if given:
        yield given.replace("postgresql://", "postgresql+psycopg://", 1)
        return
    initdb, server = _program("initdb"), _program("postgres")
    if not initdb or not server:
        _unavailable("PostgreSQL is not installed and GANGZE_TEST_POSTGRESQL is not set")
    before, user = _as_nobody_special()
    home = Path(tempfile.mkdtemp(prefix="gangze-pg-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if user is not None:
            os.chown(home, user, -1)
        made = subprocess.run(
            [*before, initdb, "-D", home / "data", "-U", "gangze", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"],
            check=False, cwd=home, capture_output=True, text=True,
        )
        if made.returncode:
            _unavailable(f"initdb failed: {made.stderr.strip()[-300:]}")
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [*before, server, "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off",
                 "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=60",
                 "-c", "shared_buffers=64MB"],
                cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        address = f"postgresql+psycopg://gangze@/postgres?host={home}"
        _wait(process, address, home / "log")
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


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    import psycopg

    plain = address.replace("postgresql+psycopg://", "postgresql://", 1)
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            psycopg.connect(plain, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    _unavailable(f"PostgreSQL did not start: {log.read_text(errors='replace')[-300:]}")


@contextmanager
def new_database(postgresql: str, template: str = "template1") -> Iterator[str]:
    """The address of a new PostgreSQL database like ``template``, dropped afterwards."""
    import psycopg
    from sqlalchemy.engine import make_url

    name = f"gangze_test_{os.getpid()}_{next(_numbers)}"
    plain = postgresql.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield make_url(postgresql).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgresql_database(postgresql: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL database, dropped afterwards."""
    with new_database(postgresql) as address:
        yield address


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The address of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'gangze.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a new, empty database, of each kind in turn."""
    return request.getfixturevalue(f"{request.param}_database")
