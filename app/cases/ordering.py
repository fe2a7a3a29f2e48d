"""In what order a list of work items comes: as the office has set it (R24), or as its owner has (R25)."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from ..kernel.text import Text
from .statements import ITEM

_FAR = datetime(9999, 1, 1, tzinfo=UTC)

#: Word -> what people call it.
ORDERINGS: Mapping[str, Text] = {
    "due": Text("最先到期", "Due first"), "arrival": Text("最早到达", "Oldest first"),
    "newest": Text("最近到达", "Newest first"), "risk": Text("风险等级", "Riskiest first"),
}
DEFAULT = "due"


def _due(items: Any) -> Any:
    return func.coalesce(items.due_at, _FAR)


def _risk(items: Any) -> Any:
    return case((items.risk == "high", 0), (items.risk == "medium", 1), (items.risk == "low", 2), else_=3)


_KEYS: Mapping[str, Callable[[Any], Any]] = {"due": _due, "risk": _risk}


def by(ordering: str) -> tuple[Any, ...]:
    """The columns to order by. By arrival the index of a list is in order already."""
    if ordering in _KEYS:
        return _KEYS[ordering](ITEM.c), ITEM.c.id
    return (ITEM.c.id.desc() if ordering == "newest" else ITEM.c.id,)


def after(ordering: str, item_id: int) -> Any:
    """The condition for what comes after a work item; its place is looked up, so a cursor is only its id."""
    if ordering not in _KEYS:
        return ITEM.c.id < item_id if ordering == "newest" else ITEM.c.id > item_id
    key, last = _KEYS[ordering](ITEM.c), ITEM.alias("last")
    place = select(_KEYS[ordering](last.c)).where(last.c.id == item_id).scalar_subquery()
    return or_(key > place, and_(key == place, ITEM.c.id > item_id))
