"""Random cases: is a rule ever broken, does a case ever dead-end?

Engine, gate, diagrams and what a case remembers of its acts are the real ones; only the database is left out, so that
very many cases can be run (``python -m tests.simulation --help``). Three in four are of processes by chance in offices
by chance (offices.py), one of the packages in the demonstration bureau (bureau.py). People claim, act for principals,
wait, finish, release and return at random (cases.py); afterwards every history is judged by judge.py, which shares no
code with the gate. Some of the same cases are also played with a check of the past alone, as other products have it,
to show what the look-ahead is for.
"""
from __future__ import annotations

import random
from collections import Counter

from .cases import Player, World
from .judge import Run, violations

__all__ = ["Player", "Run", "World", "simulate", "violations"]


def simulate(world: World, cases: int, chance: random.Random, *, past_only: bool = False) -> Counter[str]:
    """Play ``cases`` cases (fewer where hardly anybody may start one).

    Returns:
        Counts: ``cases``, ``acts``, ``violations``, ``dead ends``, which rule was broken, where it was stuck, and how
        the cases of each matter ended.
    """
    found: Counter[str] = Counter()
    for _ in range(4 * cases):
        if found["cases"] == cases:
            break
        run = Player(world, chance, past_only=past_only).play()
        if run is None:
            continue
        found["cases"] += 1
        found["acts"] += len(run.history)
        found["for a principal"] += sum(behalf is not None for _, _, behalf in run.history)
        found[f"{run.what.matter} {run.outcome.split(':')[0]}"] += 1
        broken = violations(world.office, run)
        if broken:
            found["violations"] += 1
            found[f"{run.what.matter} broke {broken[0]}"] += 1
        if run.stuck:
            found["dead ends"] += 1
            found[f"{run.what.matter} stuck at {run.stuck}"] += 1
    return found
