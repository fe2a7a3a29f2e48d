"""The real command, as a keeper of a machine runs it."""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "app.cli"]


def environment(home: Path, lang: str = "C.UTF-8") -> dict[str, str]:
    """Nothing of ours but the home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GANGZE_", "FLASK_", "LC_"))}
    return {**kept, "GANGZE_HOME": str(home), "LANG": lang, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1",
            "GANGZE_PROCESSES": str(ROOT / "processes")}


def gangze(
    *arguments: object, home: Path, lang: str = "C.UTF-8", typed: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it once, to its end; whatever is said, it is never a traceback."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], env=environment(home, lang), input=typed, text=True, capture_output=True,
        timeout=120, cwd=cwd or home.parent, check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run it with an empty home that does not exist yet."""

    def running(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        return gangze(*arguments, home=tmp_path / "home", **more)

    return running


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same in this process, where starting Python anew would only cost time."""
    from click.testing import CliRunner

    from app.cli import main

    def running(
        *arguments: object, lang: str = "C.UTF-8", typed: str = "", home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        settings = environment(home or tmp_path / "home", lang)
        for name in ("GANGZE_HOME", "GANGZE_PROCESSES", "LANG"):
            monkeypatch.setenv(name, settings[name])
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(main, [str(a) for a in arguments], input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(list(arguments), result.exit_code, result.stdout, result.stderr)

    return running
