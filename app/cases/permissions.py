"""Who may see a case. One readable table; ``queries`` asks it, no page decides by itself."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernel.separation import Office
from .acts import Acts

#: (name, predicate over case row, its acts, the asker's person id, the office, the asker's role)
SEES: tuple[tuple[str, Callable[..., bool]], ...] = (
    ("started it", lambda case, acts, person, office, role: case.initiator_id == person),
    ("has acted in it", lambda case, acts, person, office, role: any(person in p for p in acts.performed.values())),
    ("holds a work item", lambda case, acts, person, office, role: person in acts.holders()),
    ("supervises", lambda case, acts, person, office, role: _holds(office, person, "JJ.")),
    ("audits", lambda case, acts, person, office, role: role == "audit_admin"),
)


def _holds(office: Office, person: int | None, prefix: str) -> bool:
    found = office.person(person) if person is not None else None
    return found is not None and any(post.startswith(prefix) for post, _ in found.posts)


def sees(case: Any, acts: Acts, person: int | None, office: Office, role: str | None) -> bool:
    """Whether the asker may read the case. Somebody who is offered a work item in it may as well: see ``queries``."""
    return any(predicate(case, acts, person, office, role) for _, predicate in SEES)
