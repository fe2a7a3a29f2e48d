"""A process that writes to the trail until it is killed: one line on its output for every change that is committed."""
from __future__ import annotations

import sys
from pathlib import Path

from app.trail.actions import publish
from tests.trail.house import house, write


def main(database: str, home: str, name: str, count: int) -> None:
    app = house(database, Path(home))
    with app.app_context():
        print("ready", flush=True)
        for number in range(count):
            write(f"case:{name}", "node.entered", times=3, case=7)
            print(number, flush=True)
            if number % 3 == 2:
                publish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
