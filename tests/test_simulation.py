"""A sample of ``make simulate``: no rule broken, no case stuck; and the same cases with a check of the past alone."""
from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import Player, World, __main__, bureau, chunks, offices, simulate, violations


@pytest.fixture(scope="module")
def office(bureau_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("simulated") / "home"
    shutil.copytree(bureau_template, home)
    return bureau.load(home)


def test_a_thousand_random_cases_of_the_bureau_break_no_rule_and_never_stop(office: World) -> None:
    found = simulate(office, 1000, random.Random(11))
    assert found["violations"] == 0 and found["dead ends"] == 0
    for matter in ("S01", "S02", "T10", "V01"):
        assert found[f"{matter} completed"] > 100, found
    assert not [name for name in found if "failed" in name]


def test_random_processes_in_offices_of_8_to_300_break_no_rule_and_never_stop() -> None:
    chance, found, past, kinds, sizes = random.Random(2026), Counter(), Counter(), set(), set()
    while found["cases"] < 1500:
        world = offices.world(chance)
        kinds |= {rule.kind for what in world.meanings for rule in what.process.constraints}
        sizes.add(len(world.office.people))
        if world.meanings:
            found.update(simulate(world, 60, chance))
            past.update(simulate(world, 10, chance, past_only=True))
    assert found["violations"] == 0 and found["dead ends"] == 0, found
    assert found["for a principal"] > 0
    # What the look-ahead is for: a check of the past alone leaves cases standing in the very same offices.
    assert past["dead ends"] > past["cases"] / 50, past
    assert kinds >= {"differ", "same", "people", "departments", "recuse", "senior", "rotate", "apart", "collective"}
    assert min(sizes) == 8 and max(sizes) >= 200


def test_the_judge_finds_a_broken_rule(office: World) -> None:
    """Without any rule asked, the same judge has to complain: otherwise the tests above prove nothing."""
    class Anything(Player):
        def _who(self, token: int, node: str) -> tuple[int, int | None]:
            return self.chance.choice(self.world.office.people).id, None

        def _still(self, *asked: object) -> bool:
            return True

    chance, broken = random.Random(5), 0
    for _ in range(60):
        run = Anything(office, chance).play()
        if run is not None:
            broken += bool(violations(office.office, run, partial=True))
    assert broken > 10


def test_a_bounded_run_is_taken_up_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(__main__, "CHUNK", 20)
    monkeypatch.setattr(chunks, "CHUNK", 20)
    monkeypatch.setattr(chunks, "PAST", 4)
    state, played = tmp_path / "state.jsonl", []

    class Pool:                       # chunks in this process: what is looked at is the book-keeping
        def __init__(self, jobs: int) -> None: ...
        def __enter__(self) -> Pool: return self
        def __exit__(self, *error: object) -> None: ...
        def terminate(self) -> None: ...
        def imap_unordered(self, call: object, todo: list[tuple[int, int]]) -> object:
            for each in todo:
                played.append(each[1])
                yield call(each)      # type: ignore[operator]

    monkeypatch.setattr(__main__, "get_context", lambda kind: type("Context", (), {"Pool": Pool}))
    assert __main__.main(["--cases", "60", "--state", str(state), "--minutes", "0"]) == 0
    assert played == [0]
    capsys.readouterr()
    assert __main__.main(["--cases", "60", "--state", str(state)]) == 0
    assert played == [0, 1, 2]
    assert json.loads(capsys.readouterr().out)["cases"] == 60
