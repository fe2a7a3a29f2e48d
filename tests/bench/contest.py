"""A contestant is a process that is told what to do line by line: each has its own heap, its own garbage, its own
clock. Here is the Python side of it; bpmn_engine_peer/peer.mjs speaks the same.

Commands: ``round`` (cases: how many times the story) and, where a contestant knows them, ``count``, ``history``,
``rates``. An answer is one line of JSON.
"""
from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

#: SQLite for everybody as the product has it by default: one fsync for every commit.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


class Absent(Exception):
    """A contestant, or a database, that cannot be had here, and why."""


class Meter:
    """Adds up processor and wall time of what is measured, and of nothing else."""

    def __init__(self) -> None:
        self.count, self.cpu, self.wall = 0, 0.0, 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        wall, cpu = perf_counter(), process_time()
        yield
        self.cpu += process_time() - cpu
        self.wall += perf_counter() - wall
        self.count += 1

    def result(self) -> dict[str, float]:
        """Means of what was measured: ``cpu_ms`` and ``wall_ms`` for one, ``n``."""
        return {"n": self.count, "cpu_ms": self.cpu / self.count * 1e3, "wall_ms": self.wall / self.count * 1e3}


def serve(prepare: Callable[[dict[str, Any]], Mapping[str, Callable[..., Any]]]) -> None:
    """Prepare, say so, then do what one is told until the input ends.

    Args:
        prepare: gets the argument of the command line (a JSON object) and gives the commands by name; raises Absent.
    """
    # What anybody prints goes to stderr: the real stdout is for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        answers.write(json.dumps(value) + "\n")

    try:
        commands = prepare(json.loads(sys.argv[1]))
    except (Absent, ImportError) as error:
        answer({"absent": str(error)})
        return
    answer({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer(commands[asked.pop("do")](**asked))
        except Exception:
            answer({"error": traceback.format_exc()})
            return
