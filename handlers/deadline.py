"""Gives every work item its due time, in working time of the office's calendar."""
from __future__ import annotations

from typing import Any

from app.cases.models import ItemState
from app.handling import Moment, node
from app.parameters.calendar import office_calendar


@node(Moment.OPENING)
def set_due(act: Any, item: Any) -> None:
    """Due = now + the node's limit. A year whose holidays are not yet published is marked so, never guessed."""
    rule = act.node(item.node)
    limit = rule.limit
    if limit is None or item.state is ItemState.CREATED:  # held back: its time starts when it is offered
        return
    due = office_calendar(act.row["office_version"]).due(act.now, limit)
    item.due_at, item.due_published = due.at, due.published
    item.escalates = rule.resourcing is not None and rule.resourcing.escalates
