"""``gangze bench``: one interleaved run of Gangze and its peers on the same approval, medians and ratios.

Every contestant is a process of its own and does a few cases of the same story in its turn, A B C … A B C …, so that
whatever else the machine is doing hits all alike. Medians are over rounds; ratios are taken within a round first.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from . import forms, postgresql, probe, recheck, report, separation
from .contest import Absent
from .contestants import CACHE, Contestant, bpmn_engine, python

#: Targets of issue 2, "It is done when".
CPU_MS, STATEMENTS, COMMITS, RATE, GOAL, GROWTH = 1.2, 12, 1, 0.75, 1.0, 1.5
#: And of issue 3: a claim's check, median and p99 (ms); every open case looked at again (s).
CLAIMS: dict[str, tuple[float, float | None]] = {
    "claim check, 10 tasks, 10 rules of all kinds, 300 people": (0.15, 1.0),
    "claim check, 20 tasks, 20 rules of all kinds, 10,000 people": (5.0, None),
}
RECHECK = 3.0
NAMES = ("gangze", "spiff", "spiff-full", "viewflow", "bpmn-engine", "gangze-pg", "spiff-pg")
#: Loop rounds of plain SpiffWorkflow: beyond about 499 it no longer sees its own task (engine-notes D2).
SPIFF_LONGEST = 480


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0; 1 where a count that no clock decides (statements, commits) misses its target; 2 where Gangze itself failed.
    """
    options = _options(arguments)
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=options.folder or CACHE)).resolve()
    folder.chmod(0o755)  # PostgreSQL may have to run as somebody else
    try:
        result = _measured(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report.text(result))
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if "absent" in result["contestants"].get("gangze", {}):
        return 2
    return 1 if any(t["counted"] and not t["met"] for t in result["targets"]) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gangze bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most half a minute; fetches nothing")
    parser.add_argument("--rounds", type=int, help="rounds (30; quick: 5)")
    parser.add_argument("--cases", type=int, help="cases of five completions a contestant and round (4; quick: 2)")
    parser.add_argument("--long", type=int, help="completions in the long case (1000; quick: 100)")
    parser.add_argument("--seconds", type=float, help="no new round after so long (120; quick: 6)")
    parser.add_argument("--only", help=f"contestants, by commas: {' '.join(NAMES)}")
    parser.add_argument("--no-parts", action="store_true", help="leave out the kernel's parts and the trail's rates")
    parser.add_argument("--folder", type=Path, help="where databases are put: the disk to measure (var/bench)")
    parser.add_argument("--json", metavar="FILE", help="all figures, round by round")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (5 if options.quick else 30)
    options.cases = options.cases or (2 if options.quick else 4)
    options.seconds = options.seconds or (6 if options.quick else 120)
    options.long = options.long or (100 if options.quick else 1000)
    options.only = options.only.replace(",", " ").split() if options.only else list(NAMES)
    if unknown := set(options.only) - set(NAMES):
        parser.error(f"no contestant is called {', '.join(sorted(unknown))}")
    return options


def _measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = {"machine": _machine(), "options": {k: str(v) for k, v in vars(options).items()}}
    with ExitStack() as stack:
        everybody = _start(options, folder, stack)
        result["probe"] = _rounds(options, everybody, folder)
        result["machine"]["load after"] = _load()
        by_name = {c.name: c for c in everybody}
        result["contestants"] = {c.name: _figures(c, by_name) for c in everybody}
        gangze = by_name.get("gangze")
        result["counts"] = {name: _asked(by_name[name], "count") for name in ("gangze", "gangze-pg") if name in by_name}
        result["history"] = _history(options, by_name)
        if not options.no_parts:
            result["kernel"] = _asked(gangze, "kernel", times=20 if options.quick else 200)
            result["trail"] = _asked(gangze, "rates")
            result["forms"] = forms.run(100 if options.quick else 1000)
            if not options.quick:
                result["separation"] = separation.run()
                result["recheck"] = recheck.run()
    result["targets"] = _targets(result)
    return result


def _start(options: argparse.Namespace, folder: Path, stack: ExitStack) -> list[Contestant]:
    """Everybody who was asked for, started; waits until all are ready."""

    def contestant(name: str, title: str, kind: str = "sqlite") -> Contestant:
        made = Contestant(name, title, kind, folder / f"{name}.log")
        stack.callback(made.end)
        return made

    def file(name: str) -> str:
        return str(folder / f"{name}.sqlite")

    local = (
        ("gangze", "Gangze", python("gangze", {"home": str(folder / "gangze")})),
        ("spiff", "SpiffWorkflow, specification cached, full JSON", python("spiff", {"database": file("spiff")})),
        ("spiff-full", "SpiffWorkflow, serializer as it comes",
         python("spiff", {"database": file("full"), "cached": False})),
        ("viewflow", "viewflow (Django)", python("viewflow_peer", {"database": file("viewflow")})),
        ("bpmn-engine", "bpmn-engine (Node)", bpmn_engine(folder / "node.sqlite", not options.quick)),
    )
    everybody = []
    for name, title, command in local:
        if name in options.only:
            everybody.append(contestant(name, title))
            everybody[-1].begin(command)
    remote = [contestant(name, title, "postgresql") for name, title in (
        ("gangze-pg", "Gangze"), ("spiff-pg", "SpiffWorkflow, specification cached, full JSON"),
    ) if name in options.only]
    if remote:
        try:
            server = stack.enter_context(postgresql.server(folder))
            for made in remote:
                database = stack.enter_context(postgresql.new_database(server, made.name.replace("-", "_")))
                stack.callback(made.end)  # before its database is dropped
                home = {"home": str(folder / "gangze-pg")} if made.name == "gangze-pg" else {}
                made.begin(python(made.name.removesuffix("-pg"), {"database": database, **home}))
        except Absent as reason:
            for made in remote:
                made.absent = str(reason)
    everybody += remote
    for made in everybody:
        made.ready()
    return everybody


def _rounds(options: argparse.Namespace, everybody: Iterable[Contestant], folder: Path) -> dict[str, list[float]]:
    """The interleaved rounds, after one that does not count. Returns the probes of each."""
    probes: dict[str, list[float]] = {"python_ms": [], "sync_ms": []}
    began = time.monotonic()
    for number in range(-1, options.rounds):
        if time.monotonic() - began > options.seconds:
            break
        if number >= 0:
            probes["python_ms"].append(probe.loop())
            probes["sync_ms"].append(probe.sync(folder / "probe"))
        for contestant in everybody:
            if contestant.absent is None:
                try:
                    measured = contestant.ask("round", cases=options.cases)
                except Absent:
                    continue  # it says why in the report
                if number >= 0:
                    contestant.rounds.append(measured)
    return probes


def _figures(contestant: Contestant, by_name: dict[str, Contestant]) -> dict[str, Any]:
    figures: dict[str, Any] = {"title": contestant.title, "database": contestant.kind}
    if contestant.absent is not None:
        return figures | {"absent": contestant.absent}
    rounds = contestant.rounds
    figures |= {
        "completions": sum(int(r["n"]) for r in rounds), "rounds": rounds,
        "cpu_ms": report.quartiles(r["cpu_ms"] for r in rounds),
        "wall_ms": report.quartiles(r["wall_ms"] for r in rounds),
        "rate": 1e3 / report.quartiles(r["wall_ms"] for r in rounds)[1],
    }
    ours = by_name.get("gangze-pg" if contestant.kind == "postgresql" else "gangze")
    if ours is not None and ours is not contestant and ours.absent is None:
        pairs = list(zip(ours.rounds, rounds, strict=False))
        figures["rate_ratio"] = report.quartiles(theirs["wall_ms"] / mine["wall_ms"] for mine, theirs in pairs)
        figures["cpu_ratio"] = report.quartiles(theirs["cpu_ms"] / mine["cpu_ms"] for mine, theirs in pairs)
    return figures


def _asked(contestant: Contestant | None, do: str, **given: Any) -> dict[str, Any]:
    try:
        return contestant.ask(do, **given) if contestant else {"absent": "not asked for"}
    except Absent as reason:
        return {"absent": str(reason)}


def _history(options: argparse.Namespace, by_name: dict[str, Contestant]) -> dict[str, Any]:
    times = 5 if options.quick else 30
    found: dict[str, Any] = {}
    for name, longest in (("gangze", options.long), ("spiff", min(options.long, SPIFF_LONGEST))):
        if by_name.get(name):
            found[name] = {"short": 10, "long": longest} | _asked(
                by_name[name], "history", short=10, long=longest, times=times if name == "gangze" else min(times, 10)
            )
    return found


def _targets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What was asked for, what was found, and whether that is enough."""
    targets: list[dict[str, Any]] = []
    contestants = result["contestants"]

    def target(what: str, found: float | None, limit: float, unit: str, at_least: bool = False, counted: bool = False) -> None:
        if found is not None:
            targets.append({
                "what": what, "found": found, "limit": limit, "unit": unit, "at_least": at_least, "counted": counted,
                "met": found >= limit if at_least else found <= limit,
            })

    ours = contestants.get("gangze", {})
    target("processor time of a completion, SQLite", ours.get("cpu_ms", [None, None])[1], CPU_MS, "ms")
    for name, found in result["counts"].items():
        if "absent" in found:
            continue
        counts, database = found["completions"], "SQLite" if name == "gangze" else "PostgreSQL"
        target(f"SQL statements of a completion, {database}", max(c["statements"] for c in counts), STATEMENTS, "",
               counted=True)
        commits = {c["commits"] for c in counts}
        targets.append({
            "what": f"commits of a completion, {database}, exactly", "found": max(commits), "limit": COMMITS,
            "unit": "", "at_least": False, "counted": True, "met": commits == {COMMITS},
        })
    for name, database in (("spiff", "SQLite"), ("spiff-pg", "PostgreSQL")):
        ratio = contestants.get(name, {}).get("rate_ratio", [None, None])[1]
        target(f"rate ÷ plain SpiffWorkflow's, {database}", ratio, RATE, "×", at_least=True)
        target(f"  the goal beyond it, {database}", ratio, GOAL, "×", at_least=True)
    if "long_ms" in (grown := result["history"].get("gangze", {})):
        target(f"a case with {grown['long']} completed items ÷ one with {grown['short']}",
               grown["long_ms"] / grown["short_ms"], GROWTH, "×")
    for name, found in result.get("separation", {}).items():
        if name in CLAIMS:
            median, p99 = CLAIMS[name]
            target(f"{name}: median", found["median_ms"], median, "ms")
            if p99 is not None:
                target(f"{name}: p99", found["p99_ms"], p99, "ms")
    if "recheck" in result:
        target("10,000 open cases re-checked", result["recheck"]["re-check, s CPU"], RECHECK, "s")
    return targets


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}", "processors": os.cpu_count(),
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "load before": _load(),
    }


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    sys.exit(main())
