"""Budget: set aside, spend, set free."""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.change import Actor
from app.errors import NotFound
from app.handling import ServiceError, Work, ending, service
from app.kernel.text import Text
from app.office import actions


@service("budget.reserve", title=Text("冻结预算", "Reserve budget"), inputs=("item", "amount"))
def reserve(work: Work, item: str, amount: Decimal) -> dict[str, Any]:
    """Results: ``reservation``, ``balance``. BPMN error ``insufficient`` where the line holds less."""
    try:
        return actions.reserve(
            work.key, code=item, amount=Decimal(amount), case_id=work.case_id, actor=Actor.system("budget.reserve")
        )
    except (actions.Insufficient, NotFound) as error:
        raise ServiceError("insufficient", error.text) from error


@service("budget.settle", title=Text("核销预算", "Settle budget"), inputs=("reservation",))
def settle(work: Work, reservation: int) -> None:
    """The reserved money is spent."""
    actions.settle(reservation, actor=Actor.system("budget.settle"))


@service("budget.release", title=Text("释放预算", "Release budget"), inputs=("reservation",))
def release(work: Work, reservation: int | None) -> None:
    """The reserved money is free again; nothing to do where none was reserved."""
    if reservation is not None:
        actions.release(reservation, actor=Actor.system("budget.release"))


@ending
def set_free(work: Work) -> None:
    """Whatever a cancelled or failed case still held is free again."""
    actions.release_all(work.case_id, actor=Actor.system("budget.release"))
