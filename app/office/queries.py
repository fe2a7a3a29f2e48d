"""Questions to the office's registers."""
from __future__ import annotations

from sqlalchemy import select

from ..extensions import db
from .models import BudgetItem


def budget(year: int) -> list[BudgetItem]:
    """The year's budget lines, by code."""
    return list(db.session.scalars(select(BudgetItem).where(BudgetItem.year == year).order_by(BudgetItem.code)))


def has_budget(code: str, year: int) -> bool:
    """Whether there is such a budget line in a year."""
    return db.session.get(BudgetItem, (code, year)) is not None
