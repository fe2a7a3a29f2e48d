"""``gangze audit``, as a machine's keeper and an auditor use it."""
from __future__ import annotations

import json

import pytest

from app.extensions import db
from app.trail import queries
from app.trail.actions import publish
from app.trail.cli import audit
from tests.trail.house import case


@pytest.fixture
def run(sqlite_app, monkeypatch):
    monkeypatch.setenv("LANG", "C.UTF-8")
    sqlite_app.cli.add_command(audit)
    case(1)
    case(2)
    publish()
    return lambda *arguments: sqlite_app.test_cli_runner().invoke(args=["audit", *arguments])


def test_verify_says_what_it_counted_and_exits_0(run):
    result = run("verify")
    assert result.exit_code == 0
    assert "6 entries in 2 chains, 6 in the log" in result.output
    assert "Intact" in result.output


def test_verify_names_the_entry_whose_byte_was_changed_and_exits_1(run):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entry_no_update")
        connection.exec_driver_sql(
            "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '差旅费 2', '差旅费 3') AS BLOB) WHERE id = 4"
        )
    result = run("verify")
    assert result.exit_code == 1
    assert "First: entry 4, case:2 no. 1, log index 3: its bytes were changed" in result.output


def test_verify_speaks_chinese_to_a_chinese_shell(run, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "完好" in run("verify").output


def test_export_writes_the_file_and_the_fact(run, tmp_path):
    out = tmp_path / "case.jsonl"
    result = run("export", "--format", "jsonl", "--out", str(out), "--case", "2", "--since", "2020-01-01")
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["entry"]["case"] for line in out.read_text().splitlines()] == [2, 2, 2]
    record = queries.search(queries.Filters(what=["trail"])).records[0]
    assert record.facts["count"] == 3
    assert record.who["machine"] == "cli"


def test_a_day_as_an_end_means_all_of_it_in_the_offices_zone(run, tmp_path, sqlite_app):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    out = tmp_path / "x.csv"
    assert "6" in run("export", "--format", "csv", "--out", str(out), "--since", today, "--until", today).output
    result = run("export", "--format", "csv", "--out", str(out), "--until", today + "T00:00")
    assert result.output.strip().endswith(": 0")


@pytest.mark.parametrize("arguments", [
    ("--format", "pdf", "--out", "x"), ("--format", "csv"), ("--format", "csv", "--out", "x", "--since", "yesterday"),
])
def test_what_cannot_be_done_is_said_with_exit_code_2(run, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("export", *arguments).exit_code == 2
    assert not (tmp_path / "x").exists()


def test_a_file_that_cannot_be_written_is_said_in_one_sentence(run, tmp_path):
    result = run("export", "--format", "csv", "--out", str(tmp_path / "nowhere" / "x.csv"))
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "x.csv" in result.output
