"""``python -m tests.simulation --cases 1000000 [--seed 1] [--minutes 60] [--state FILE]``: many cases, in chunks.

Every chunk has a seed of its own, so that a run can be bounded, taken up again from its state file, and one chunk played
alone (``--only``) to look at what went wrong.
"""
from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

from .chunks import CHUNK, chunk, numbered


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=None, help="stop after so many; take it up again later")
    parser.add_argument("--state", type=Path, default=None, help="where done chunks are kept (JSON Lines)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, default=None, help="play one chunk and say everything it counted")
    given = parser.parse_args(arguments)
    if given.only is not None:
        return _end(chunk(given.seed, given.only))
    total, known = Counter(), set()
    if given.state is not None and given.state.exists():
        for line in given.state.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["seed"] == given.seed:
                known.add(row["chunk"])
                total.update(row["counts"])
    todo = [(given.seed, n) for n in range(-(-given.cases // CHUNK)) if n not in known]
    began, last = time.monotonic(), time.monotonic()
    with get_context("spawn").Pool(given.jobs) as pool:
        for number, counts in pool.imap_unordered(numbered, todo):
            total.update(counts)
            if given.state is not None:
                with given.state.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"seed": given.seed, "chunk": number, "counts": counts}, ensure_ascii=False) + "\n")
            now = time.monotonic()
            if now - last > 30:
                last = now
                print(f"{total['cases']:>9} cases {total['acts']:>10} acts {total['violations']} violations "
                      f"{total['dead ends']} dead ends {now - began:.0f} s", file=sys.stderr, flush=True)
            if given.minutes is not None and now - began > given.minutes * 60:
                pool.terminate()
                break
    return _end(total)


def _end(total: Counter[str]) -> int:
    print(json.dumps(dict(sorted(total.items())), ensure_ascii=False, indent=1))
    return 1 if total["violations"] or total["dead ends"] else 0


if __name__ == "__main__":
    sys.exit(main())
