"""Settings: ``GANGZE_*`` environment variables, all of them here, checked before anything starts.

Every setting has a working default for one office on one machine. A combination that would be unsafe does not start,
and says which setting to change.
"""
from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BadSetting(SystemExit):
    """A setting that cannot be used. Ends the program with a sentence, not a traceback."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    default: str
    what: str
    read: Callable[[str], Any] = str


def _bool(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("say 1 or 0")


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("must be more than 0")
    return number


#: All settings, in the order the README lists them (a test compares the two).
SETTINGS = (
    Setting("GANGZE_HOME", "var", "folder for everything that is kept: database, keys, attachments, queues", Path),
    Setting("GANGZE_DATABASE", "", "SQLAlchemy address; empty: SQLite in GANGZE_HOME"),
    Setting("GANGZE_BROKER", "", "Celery broker address; empty: the filesystem transport in GANGZE_HOME"),
    Setting("GANGZE_SECRET", "", "key that signs sessions; empty: one is made and kept in GANGZE_HOME"),
    Setting("GANGZE_DEMO", "0", "1: demonstration bureau, its accounts shown on the sign-in page", _bool),
    Setting("GANGZE_ORIGIN", "gangze.local/log", "name of the log in its signed checkpoints"),
    Setting("GANGZE_ZONE", "Asia/Shanghai", "the office's time zone"),
    Setting("GANGZE_LANGUAGE", "zh-CN", "language where a visitor asks for none: zh-CN or en"),
    Setting("GANGZE_OFFICE", "示范县税务局|Model County Tax Bureau", "name of the office, Chinese|English"),
    Setting("GANGZE_HTTPS", "0", "1: cookies only over HTTPS (needed behind a public address)", _bool),
    Setting("GANGZE_PROXIES", "0", "how many reverse proxies in front may be believed for addresses", int),
    Setting("GANGZE_UPLOAD_MB", "20", "largest upload, in MB", _positive),
    Setting("GANGZE_PROCESSES", "processes", "folder of process packages", Path),
    Setting("GANGZE_RATE_LIMIT", "1", "0: no limit on sign-in attempts per address (tests only)", _bool),
)


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The application's configuration from environment variables.

    Args:
        environment: where to read; ``os.environ`` unless given.

    Raises:
        BadSetting: a value cannot be read, is unknown, or the combination is unsafe.
    """
    given = os.environ if environment is None else environment
    known = {s.name for s in SETTINGS} | {"GANGZE_REQUIRE", "GANGZE_TEST_POSTGRESQL", "GANGZE_EXAMPLES"}
    for name in given:
        if name.startswith("GANGZE_") and name not in known:
            raise BadSetting(name, "is no setting of Gangze; see the list in README.md")
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        try:
            values[setting.name] = setting.read(given.get(setting.name, setting.default))
        except ValueError as error:
            raise BadSetting(setting.name, f"{given.get(setting.name)!r} cannot be used: {error}") from error
    home: Path = values["GANGZE_HOME"].resolve()
    database = values["GANGZE_DATABASE"] or f"sqlite:///{home / 'gangze.sqlite'}"
    if database.startswith("postgresql://"):
        database = "postgresql+psycopg://" + database.removeprefix("postgresql://")
    if not database.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("GANGZE_DATABASE", "use sqlite:///… or postgresql://…")
    if values["GANGZE_DEMO"] and values["GANGZE_HTTPS"]:
        raise BadSetting(
            "GANGZE_DEMO", "the demonstration shows its passwords to everybody; do not combine it with GANGZE_HTTPS=1"
        )
    home.mkdir(parents=True, exist_ok=True)
    office = (values["GANGZE_OFFICE"] + "|" + values["GANGZE_OFFICE"]).split("|")
    return {
        **values,
        "GANGZE_HOME": home,
        "SECRET_KEY": values["GANGZE_SECRET"] or _kept_secret(home / "keys" / "session.key"),
        "SQLALCHEMY_DATABASE_URI": database,
        "SQLALCHEMY_ENGINE_OPTIONS": (
            {"connect_args": {"check_same_thread": False}} if database.startswith("sqlite") else {}
        ),
        "MAX_CONTENT_LENGTH": values["GANGZE_UPLOAD_MB"] * 1024 * 1024,
        "OFFICE_NAME": (office[0], office[1]),
        "DEMO": values["GANGZE_DEMO"],
        "SESSION_COOKIE_NAME": "gangze",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": values["GANGZE_HTTPS"],
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "BABEL_DEFAULT_LOCALE": "zh_Hans" if values["GANGZE_LANGUAGE"].startswith("zh") else "en",
        "BABEL_TRANSLATION_DIRECTORIES": "web/translations",
        "RATELIMIT_ENABLED": values["GANGZE_RATE_LIMIT"],
        "RATELIMIT_STORAGE_URI": "memory://",
        "WTF_CSRF_TIME_LIMIT": None,
        "API_TITLE": "Gangze",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
    }


def _kept_secret(path: Path) -> str:
    """A random key that survives restarts, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()
