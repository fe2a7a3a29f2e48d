"""About the whole: imports point down, every door asks, what is documented is true."""
from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from app import config, handling
from app.permission import needed_by

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [p for top in ("app", "handlers") for p in (ROOT / top).rglob("*.py") if "frontend" not in p.parts]


def test_imports_point_down_the_page() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_spiffworkflow_stays_inside_the_engine() -> None:
    for path in SOURCES:
        if "kernel/engine" in path.as_posix():
            continue
        assert "SpiffWorkflow" not in _imports(path), path


def test_only_the_clock_reads_the_clock() -> None:
    asked = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    guilty = [p for p in SOURCES if asked.search(p.read_text(encoding="utf-8")) and p.name != "clock.py"]
    assert guilty == []


def test_nothing_a_diagram_says_reaches_python() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), f"{path}:{node.lineno}"
        assert "pickle" not in _imports(path), path


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_every_route_refuses_strangers(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    refused = 0
    for rule in sqlite_app.url_map.iter_rules():
        view = sqlite_app.view_functions[rule.endpoint]
        permission = needed_by(view) or "public"
        if permission == "public":
            continue
        address = re.sub(r"<int:[^>]+>", "1", rule.rule)
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", address)
        address = re.sub(r"<[^>]+>", "x", address)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            answer = client.open(address, method=method)
            assert answer.status_code in (302, 401), f"{method} {address}: {answer.status_code}"
            refused += 1
    assert refused > 30


def test_a_route_without_a_permission_stops_the_start(sqlite_app: Flask) -> None:
    from app import web

    sqlite_app._got_first_request = False
    sqlite_app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match="silent"):
        web.every_route_has_a_permission(sqlite_app)


def test_two_handlers_of_one_name_stop_the_start() -> None:
    from app.kernel.text import Text

    with pytest.raises(RuntimeError, match="budget.reserve"):
        handling.service("budget.reserve", title=Text("", ""))(lambda work: None)


def test_every_setting_is_documented_in_both_languages() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        listed = set(re.findall(r"^\| `(GANGZE_\w+)`", text, re.M))
        assert listed == {s.name for s in config.SETTINGS}, name


@pytest.mark.parametrize(("environment", "told"), [
    ({"GANGZE_DEMO": "1", "GANGZE_HTTPS": "1"}, "GANGZE_DEMO"),
    ({"GANGZE_PORT": "1"}, "GANGZE_PORT"),
    ({"GANGZE_UPLOAD_MB": "-3"}, "GANGZE_UPLOAD_MB"),
    ({"GANGZE_DATABASE": "mysql://x"}, "GANGZE_DATABASE"),
])
def test_a_bad_setting_is_one_sentence(environment: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=told):
        config.read({"GANGZE_HOME": str(tmp_path), **environment})


def test_the_lock_files_hold_everything_setup_cfg_asks_for() -> None:
    import configparser

    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    locked = {re.split(r"[=<>\[ ]", line)[0].lower().replace("_", "-")
              for line in (ROOT / "requirements.txt").read_text().splitlines() if line}
    for line in setup["options"]["install_requires"].split("\n"):
        name = re.split(r"[ <>=;\[]", line.strip())[0].lower().replace("_", "-")
        assert not name or name in locked, name


def test_no_machine_path_and_no_registry_is_named_anywhere() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in (".png", ".pdf") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"registry\.npmjs|pypi\.org|(?<![\w.-])/(work|farm|root)/", text), name
