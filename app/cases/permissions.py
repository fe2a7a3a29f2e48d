"""Who may see a case. One readable table; ``queries`` asks it, no page decides by itself."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..kernel.bpmn.model import Node
from ..kernel.separation import Office
from . import gate, standing_in
from .acts import Acts

#: (name, predicate over case row, its acts, the asker's person id, the office, the asker's role)
SEES: tuple[tuple[str, Callable[..., bool]], ...] = (
    ("started it", lambda case, acts, person, office, role: case.initiator_id == person),
    ("has acted in it", lambda case, acts, person, office, role: any(person in p for p in acts.performed.values())),
    ("holds a work item", lambda case, acts, person, office, role: person in acts.holders()),
    ("is to sign in it", lambda case, acts, person, office, role: person in acts.to_sign()),
    ("stands in for who holds a work item", lambda case, acts, person, office, role: standing_in.covers_somebody(
        case, acts, person, office)),
    ("sits in a body that decides in it", lambda case, acts, person, office, role: person in acts.attended),
    ("supervises", lambda case, acts, person, office, role: _holds(office, person, "JJ.")),
    ("audits", lambda case, acts, person, office, role: role == "audit_admin"),
)


def _holds(office: Office, person: int | None, prefix: str) -> bool:
    found = office.person(person) if person is not None else None
    return found is not None and any(post.startswith(prefix) for post, _ in found.posts)


def sees(case: Any, acts: Acts, person: int | None, office: Office, role: str | None) -> bool:
    """Whether the asker may read the case. Somebody who is offered a work item in it may as well: see ``queries``."""
    return any(predicate(case, acts, person, office, role) for _, predicate in SEES)


#: Word of ``gz:visible`` -> (asker's person id, node, office): whether the asker may know that there is a work item of
#: the node. It adds to the table above and takes nothing from it.
KNOWS: Mapping[str, Callable[[int, Node, Office], bool]] = {
    "holder": lambda person, node, office: False,
    "post": lambda person, node, office: node.post is not None and gate.holds(
        office, person, node.post.code, None),
    "department": lambda person, node, office: node.post is not None and _near(office, person, node.post.code),
    "office": lambda person, node, office: person in office.index,
}


def _near(office: Office, person: int, post: str) -> bool:
    """Whether somebody works in a department where the post is held."""
    mine = office.person(person).departments if person in office.index else frozenset()
    return any(code == post and place in mine for other in office.people for code, place in other.posts)


def knows(office: Office, person: int, node: Node, whom: str) -> bool:
    """Whether the asker may know that there is a work item of a node that shows itself to ``whom``."""
    return KNOWS[whom](person, node, office)
