"""A simulation in chunks, each with a seed of its own."""
from __future__ import annotations

import random
from collections import Counter
from functools import cache

from . import bureau, offices, simulate

CHUNK = 1000
#: Of each chunk, so many cases are also played with a check of the past alone.
PAST = 50
_bureau = cache(bureau.load)


def chunk(seed: int, number: int) -> Counter[str]:
    """Play chunk ``number``: every fourth in the demonstration bureau, the others in offices by chance."""
    chance = random.Random(f"{seed}/{number}")
    found: Counter[str] = Counter()
    if number % 4 == 3:
        found.update(_told(simulate(_bureau(), CHUNK, chance), "bureau"))
        found.update(_past(simulate(_bureau(), PAST, chance, past_only=True)))
        return found
    while found["cases"] < CHUNK:
        world = offices.world(chance)
        found["processes thrown away"] += world.thrown
        if world.meanings:
            found["offices"] += 1
            found.update(_told(simulate(world, min(250, CHUNK - found["cases"]), chance), "by chance"))
            found.update(_past(simulate(world, PAST // 4, chance, past_only=True)))
    return found


def _told(counts: Counter[str], where: str) -> Counter[str]:
    total = Counter({k: counts[k] for k in ("cases", "acts", "for a principal", "violations", "dead ends")})
    total[f"cases {where}"] = counts["cases"]
    for name, number in counts.items():
        if " broke " in name or " stuck " in name or "failed" in name:
            total[f"{where}: {name}"] += number
        elif where == "bureau" and name not in total:
            total[name] += number
    return total


def _past(counts: Counter[str]) -> Counter[str]:
    return Counter({"past only: cases": counts["cases"], "past only: dead ends": counts["dead ends"],
                    "past only: violations": counts["violations"]})


def numbered(given: tuple[int, int]) -> tuple[int, Counter[str]]:
    """For a pool of processes: (seed, number) -> (number, what chunk ``number`` counted)."""
    return given[1], chunk(*given)
