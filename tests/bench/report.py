"""The figures as a page of text."""
from __future__ import annotations

from collections.abc import Iterable
from statistics import quantiles
from typing import Any


def quartiles(samples: Iterable[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile."""
    values = list(samples)
    if len(values) == 1:
        return (values[0],) * 3
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    return lower, middle, upper


def text(result: dict[str, Any]) -> str:
    """Everything that was measured, for a person to read."""
    return "\n".join(["", *_machine(result), *_contest(result), *_counts(result["counts"]),
                      *_history(result["history"]), *_parts(result), *_targets(result["targets"])])


def _spread(three: Iterable[float]) -> str:
    lower, middle, upper = three
    return f"{middle:7.2f} [{lower:.2f}–{upper:.2f}]"


def _machine(result: dict[str, Any]) -> list[str]:
    machine, probes = result["machine"], result["probe"]
    lines = [", ".join(f"{name} {value}" for name, value in machine.items())]
    if probes["python_ms"]:
        lines.append(
            f"probe in the same rounds: fixed Python loop {_spread(quartiles(probes['python_ms'])).strip()} ms, "
            f"4 KB made durable {_spread(quartiles(probes['sync_ms'])).strip()} ms"
        )
    return [*lines, ""]


def _contest(result: dict[str, Any]) -> list[str]:
    """One table a database; ratios are Gangze against the peer, more than 1 where Gangze is the better."""
    lines = []
    for database, title in (("sqlite", "SQLite (WAL, synchronous FULL)"), ("postgresql", "PostgreSQL (fsync on)")):
        rows = [c for c in result["contestants"].values() if c["database"] == database]
        if not rows:
            continue
        lines += [
            f"One completion as one durable transaction, {title}; median [quartiles] over rounds",
            f"  {'':48} {'CPU ms':>22} {'wall ms':>22} {'per second':>11} {'CPU: it ÷ G':>12} {'rate: G ÷ it':>13}",
        ]
        for row in rows:
            if "absent" in row:
                reason = row["absent"].strip().splitlines()[-1] if row["absent"].strip() else "?"
                lines.append(f"  {row['title']:48} absent: {reason}")
                continue
            ratios = (f"{row['cpu_ratio'][1]:11.2f}×", f"{row['rate_ratio'][1]:12.2f}×") if "cpu_ratio" in row else ("", "")
            lines.append(
                f"  {row['title']:48} {_spread(row['cpu_ms']):>22} {_spread(row['wall_ms']):>22} {row['rate']:11.0f} "
                + " ".join(ratios)
            )
        ran = max((len(row["rounds"]) for row in rows if "rounds" in row), default=0)
        lines += [f"  {ran} rounds, interleaved. On PostgreSQL the server's own processor time is not in the figure."
                  if database == "postgresql" else f"  {ran} rounds, interleaved.", ""]
    return lines


def _counts(counts: dict[str, Any]) -> list[str]:
    lines = []
    for name, database in (("gangze", "SQLite"), ("gangze-pg", "PostgreSQL")):
        found = counts.get(name, {"absent": ""})
        if "absent" in found:
            continue
        lines.append(f"What a completion of Gangze sends to {database}, as the driver says")
        for node, count in zip(found["nodes"], found["completions"], strict=True):
            waits = f", waits {count['waits']}" if count["waits"] else ""
            lines.append(
                f"  {node:8} BEGIN {count['begin']}, statements {count['statements']} (for {count['rows']} rows), "
                f"commits {count['commits']}{waits}, trail entries {count['entries']}"
            )
        lines.append("")
    return lines


def _history(history: dict[str, Any]) -> list[str]:
    lines = []
    for name, found in history.items():
        if "long_ms" in found:
            lines.append(
                f"  {name:8} after {found['short']}: {found['short_ms']:.2f} ms, after {found['long']}: "
                f"{found['long_ms']:.2f} ms = {found['long_ms'] / found['short_ms']:.2f}×; "
                f"{found['bytes']:,} bytes of state then"
            )
        else:
            lines.append(f"  {name:8} {found['absent'].strip().splitlines()[-1]}")
    note = "  (two nodes an item; plain SpiffWorkflow loses a case beyond about 499 rounds of a loop)"
    return ["CPU of a completion by how many items its case has completed", *lines, note, ""] if lines else []


def _parts(result: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    if "engine step" in (kernel := result.get("kernel", {})):
        lines += ["Parts of a completion that touch no database, µs CPU",
                  *(f"  {name:48} {value:10.1f}" for name, value in kernel.items())]
    if "verified" in (trail := result.get("trail", {})):
        lines += [f"The trail, entries a second (over {trail['entries']:,})",
                  *(f"  {name:48} {value:10,.0f}" for name, value in trail.items() if name != "entries")]
    if "forms" in result:
        lines += ["Forms, expressions, calendar, µs", *(f"  {n:48} {v:10.1f}" for n, v in result["forms"].items())]
    if "separation" in result:
        lines += ["Separation gate, ms: median, p99", *(
            f"  {name:56} {q['median_ms']:8.3f} {q['p99_ms']:8.3f}" for name, q in result["separation"].items()
        )]
    if "recheck" in result:
        lines += ["Open cases re-checked after a change of the office", *(
            f"  {name:56} {value:10,.2f}" for name, value in result["recheck"].items()
        )]
    return [*lines, ""] if lines else []


def _targets(targets: list[dict[str, Any]]) -> list[str]:
    lines = ["Targets"]
    for t in targets:
        sign = "≥" if t["at_least"] else "≤"
        sign = "=" if t["what"].endswith("exactly") else sign
        found = f"{t['found']:.2f}" if isinstance(t["found"], float) else str(t["found"])
        lines.append(
            f"  {'met    ' if t['met'] else 'NOT MET'} {t['what']:56} {found:>8} {sign} {t['limit']} {t['unit']}".rstrip()
        )
    return lines
