"""``python -m tests.patterns``: write docs/resource-patterns.md anew."""
from __future__ import annotations

from .catalogue import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
print(PAGE.relative_to(PAGE.parents[1]))
