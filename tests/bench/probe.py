"""How fast the machine is, so that figures of different machines (and of one machine when busy) can be compared."""
from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter, process_time


def loop(rounds: int = 100_000) -> float:
    """Milliseconds of processor time for a fixed piece of plain Python: integers, a dict and a string."""
    began = process_time()
    seen: dict[int, str] = {}
    total = 0
    for number in range(rounds):
        total = (total * 31 + number) % 1_000_003
        seen[total & 1023] = str(total)
    assert len(seen) == 1024
    return (process_time() - began) * 1e3


def sync(file: Path, times: int = 5) -> float:
    """Milliseconds for appending 4 KB and having it on the disk, the best of ``times``."""
    best = float("inf")
    with file.open("ab", buffering=0) as out:
        for _ in range(times):
            began = perf_counter()
            out.write(bytes(4096))
            os.fdatasync(out.fileno()) if hasattr(os, "fdatasync") else os.fsync(out.fileno())
            best = min(best, perf_counter() - began)
    return best * 1e3
