"""Writes down every change of every node's life-cycle."""
from __future__ import annotations

from typing import Any

from app.change import Actor
from app.handling import Moment, node

_ENGINE = Actor.system("engine")


@node(Moment.TRANSITION)
def write_down(act: Any, fact: Any) -> None:
    """One entry for each fact the engine states, in its order, in the case's own transaction."""
    detail = {"detail": dict(fact.detail)} if fact.detail else {}
    act.entry(f"node.{fact.transition}", node=fact.node, token=fact.token, actor=_ENGINE, **detail)
