"""Fixed assets: booked and labelled."""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.change import Actor
from app.handling import Work, service
from app.kernel.text import Text
from app.office import actions


@service("asset.register", title=Text("登记固定资产", "Register fixed assets"), inputs=("name", "qty", "value"))
def register(work: Work, name: str, qty: int, value: Decimal) -> dict[str, Any]:
    """Results: ``assets``, the labels. ``value`` is yuan for one piece."""
    labels = actions.register_assets(
        work.key, name=name, quantity=int(qty), value=Decimal(value), department=work.initiator_department,
        case_id=work.case_id, actor=Actor.system("asset.register"),
    )
    return {"assets": labels}
