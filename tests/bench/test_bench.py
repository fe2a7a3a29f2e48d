"""The benchmark itself: it runs, and what it counts (no clock decides that) is what a completion may cost."""
from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.__main__ import STATEMENTS, main
from tests.bench.contestants import Contestant, python


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict, str]:
    """A tiny run on SQLite: the exit code, the figures and the page."""
    folder: Path = tmp_path_factory.mktemp("bench")
    file, page = folder / "bench.json", io.StringIO()
    with redirect_stdout(page):
        code = main([
            "--quick", "--rounds", "2", "--cases", "1", "--long", "12", "--only", "gangze,spiff", "--no-parts",
            "--folder", str(folder), "--json", str(file),
        ])
    return code, json.loads(file.read_text(encoding="utf-8")), page.getvalue()


def test_a_completion_is_one_commit_and_at_most_twelve_statements(measured):
    code, figures, _ = measured
    completions = figures["counts"]["gangze"]["completions"]
    assert [c["commits"] for c in completions] == [1] * 5
    assert all(c["begin"] == 1 and 0 < c["statements"] <= STATEMENTS for c in completions)
    assert all(c["entries"] >= 4 for c in completions), "it writes its trail"
    assert code == 0


def test_on_postgresql_a_completion_waits_for_what_it_locks_and_for_its_commit(
    tmp_path: Path, postgresql_database: str
) -> None:
    """A third journey to the server is a tenth of an act's time: somebody asked for ``c.connection`` in between."""
    contestant = Contestant("gangze-pg", "Gangze", "postgresql", tmp_path / "log")
    try:
        contestant.begin(python("gangze", {"home": str(tmp_path / "home"), "database": postgresql_database}))
        contestant.ready()
        completions = contestant.ask("count")["completions"]
    finally:
        contestant.end()
    assert [c["waits"] for c in completions] == [2] * 5
    assert [c["commits"] for c in completions] == [1] * 5
    assert all(c["begin"] == 1 and 0 < c["statements"] <= STATEMENTS for c in completions)


def test_the_page_shows_every_contestant_and_every_target(measured):
    _, figures, page = measured
    assert set(figures["contestants"]) == {"gangze", "spiff"}
    for contestant in figures["contestants"].values():
        assert len(contestant["rounds"]) == 2
        assert contestant["completions"] == 10
        assert contestant["title"] in page
    assert {"gangze", "spiff"} == set(figures["history"])
    for target in figures["targets"]:
        assert target["what"].strip() in page
    assert [t["met"] for t in figures["targets"] if t["counted"]] == [True, True]


def test_a_contestant_that_cannot_be_had_is_said_to_be_absent_with_the_reason(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tests.bench.contestants.CACHE", tmp_path / "nothing-fetched")
    monkeypatch.setenv("PATH", str(tmp_path))
    main(["--quick", "--rounds", "1", "--only", "bpmn-engine", "--no-parts", "--folder", str(tmp_path)])
    assert "absent: no Node with node:sqlite here yet" in capsys.readouterr().out


def test_quartiles_are_those_of_the_samples():
    assert report.quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)
    assert report.quartiles([7.0]) == (7.0, 7.0, 7.0)
