"""A case, or one of its work items, read under the lock of its act: one statement, and everything decided after it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..change import Change
from ..errors import NotFound
from ..kernel.text import Text
from .models import ItemState, Signing
from .statements import LOCK_CASE, LOCK_ITEM


@dataclass(slots=True)
class Item:
    """A work item under its case's lock. ``id`` is None until it is stored."""

    token: int
    node: str
    post: str
    department: str | None = None
    number: int | None = None
    state: ItemState = ItemState.OFFERED
    assignee_id: int | None = None
    behalf_id: int | None = None
    due_at: datetime | None = None
    due_published: bool = True
    risk: str | None = None
    id: int | None = None
    version: int = 1
    draft: str | None = None
    offered_at: datetime | None = None
    parent_id: int | None = None
    signing: Signing | None = None
    offered_to_id: int | None = None
    started_at: datetime | None = None
    suspended_at: datetime | None = None
    escalates: bool = False

    def stored(self, case_id: int, now: datetime) -> dict[str, Any]:
        """Its columns when it is first stored."""
        return {
            "id": self.id, "case_id": case_id, "token": self.token, "node": self.node, "number": self.number,
            "state": self.state, "version": self.version, "post": self.post, "department": self.department,
            "assignee_id": self.assignee_id, "on_behalf_of_id": self.behalf_id, "offered_at": now,
            "allocated_at": now if self.assignee_id else None, "due_at": self.due_at,
            "due_published": self.due_published, "risk": self.risk, "offered_to_id": self.offered_to_id,
            "started_at": self.started_at, "escalates": self.escalates,
        }


def locked(c: Change, *, case: int | None = None, item: int | None = None) -> tuple[dict[str, Any], Item | None]:
    """Lock a case by its own id, or a work item and its case by the item's, and read what an act must know of them.

    Returns:
        The row of the case, with the version of the organisation as ``office_version``; and the work item, if one was
        asked for.

    Raises:
        NotFound: there is no such case or work item.
    """
    read = c.wire.first(LOCK_CASE, {"id": case}) if item is None else c.wire.first(LOCK_ITEM, {"id": item})
    if read is None:
        raise NotFound(Text("没有这个办件或待办", "there is no such case or work item"))
    return read, None if item is None else _item(read)


def _item(read: Mapping[str, Any]) -> Item:
    return Item(
        read["item_token"], read["item_node"], read["item_post"], read["item_department"], read["item_number"],
        ItemState(read["item_state"]), read["item_assignee_id"], read["item_on_behalf_of_id"],
        read["item_due_at"], read["item_due_published"], read["item_risk"], read["item_id"],
        read["item_version"], read["item_draft"], read["item_offered_at"], read["item_parent_id"],
        read["item_signing"] and Signing(read["item_signing"]), read["item_offered_to_id"],
        read["item_started_at"], read["item_suspended_at"], read["item_escalates"],
    )
