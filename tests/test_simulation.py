"""A sample of ``make simulate``: no rule broken, no case stuck; and the same cases with a check of the past alone."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation import Bureau, load, simulate


@pytest.fixture(scope="module")
def office(bureau_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    import shutil

    home = tmp_path_factory.mktemp("simulated") / "home"
    shutil.copytree(bureau_template, home)
    return load(home)


def test_a_thousand_random_cases_break_no_rule_and_never_stop(office: Bureau) -> None:
    found = simulate(office, 1000, seed=11)
    assert found["violations"] == 0 and found["dead ends"] == 0
    for matter in ("S01", "S02", "T10", "V01"):
        assert found[f"{matter} completed"] > 100, found
    assert not [name for name in found if "failed" in name]


def test_the_judge_finds_a_broken_rule(office: Bureau) -> None:
    """Without any rule asked, the same judge has to complain: otherwise the test above proves nothing."""
    import random

    from tests.simulation import Player, rules_of, violations

    class Anything(Player):
        def _may(self, token: int, node: str) -> list[int]:
            return [p.id for p in self.bureau.office.people]

    chance, broken = random.Random(5), 0
    for _ in range(60):
        run = Anything(office, chance).play()
        if run is not None:
            broken += bool(violations(rules_of(run.what), office.office, run, run.history, partial=True))
    assert broken > 10
