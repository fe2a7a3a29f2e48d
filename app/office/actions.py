"""The verbs of the office's registers. Each may be asked twice under one key and acts once."""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from ..change import Actor, Change, change
from ..errors import Conflict, NotFound
from ..kernel.text import Text
from .models import Asset, BudgetItem, Invoice, Reservation, ReservationState

ITEM, HELD, ASSET, INVOICE = (m.__table__ for m in (BudgetItem, Reservation, Asset, Invoice))


class Insufficient(Conflict):
    """The budget line does not hold that much."""

    code = "insufficient"


def set_budget(code: str, year: int, *, zh: str, en: str, amount: Decimal, actor: Actor) -> None:
    """Open a budget line for a year, or change its amount (yuan)."""
    with change("budget.set", actor=actor, subject="budget") as c:
        where = (ITEM.c.code == code, ITEM.c.year == year)
        before = c.connection.execute(select(ITEM.c.amount).where(*where)).scalar()
        if before is None:
            c.connection.execute(insert(ITEM), {
                "code": code, "year": year, "zh": zh, "en": en, "amount": amount, "used": Decimal(0),
            })
        else:
            c.connection.execute(update(ITEM).where(*where).values(amount=amount, zh=zh, en=en))
        c.entry("budget.set", code=code, year=year, before=before, amount=amount)


def reserve(key: str, *, code: str, amount: Decimal, case_id: int | None, actor: Actor) -> dict[str, Any]:
    """Set money aside on this year's line.

    Args:
        key: the job's; asked again under it, the first answer is given again.
        amount: yuan, more than 0.

    Returns:
        ``{"reservation": id, "balance": what is left, in yuan}``.

    Raises:
        Insufficient: the line holds less. NotFound: there is no such line this year.
    """
    with change("budget.reserved", actor=actor, subject="budget") as c:
        line = c.connection.execute(
            select(ITEM).where(ITEM.c.code == code, ITEM.c.year == c.now.year).with_for_update()
        ).first()
        if line is None:
            raise NotFound(Text(f"本年没有预算科目 {code}", f"there is no budget line {code} this year"))
        done = c.connection.execute(select(HELD).where(HELD.c.key == key)).first()
        if done is not None:
            c.entry("budget.asked_again", reservation=done.id)
            return {"reservation": done.id, "balance": line.amount - line.used}
        before = None if case_id is None else c.connection.execute(
            select(HELD).where(HELD.c.case_id == case_id, HELD.c.state == ReservationState.HELD)
        ).first()
        if before is not None:  # the case was returned and filed again: what it held for the first filing is free
            _set(c, before, ReservationState.RELEASED)
            line = c.connection.execute(select(ITEM).where(ITEM.c.code == code, ITEM.c.year == c.now.year)).one()
            c.entry("budget.released", reservation=before.id, amount=before.amount, reserved_for=case_id)
        left = line.amount - line.used - amount
        if left < 0:
            raise Insufficient(Text(
                f"预算余额不足：科目 {code} 余额 {line.amount - line.used},申请 {amount}",
                f"budget line {code} holds {line.amount - line.used}, asked for {amount}",
            ))
        c.connection.execute(
            update(ITEM).where(ITEM.c.code == code, ITEM.c.year == c.now.year).values(used=line.used + amount)
        )
        reservation = c.connection.execute(insert(HELD).returning(HELD.c.id), {
            "key": key, "code": code, "year": c.now.year, "amount": amount, "state": ReservationState.HELD,
            "case_id": case_id,
        }).scalar_one()
        c.entry("budget.reserved", reservation=reservation, code=code, amount=amount, left=left, reserved_for=case_id)
    return {"reservation": reservation, "balance": left}


def settle(reservation: int, *, actor: Actor) -> None:
    """The money has been paid: what was set aside is spent."""
    _turn(reservation, ReservationState.SETTLED, actor)


def release(reservation: int, *, actor: Actor) -> None:
    """The money is not needed: it is free again."""
    _turn(reservation, ReservationState.RELEASED, actor)


def _turn(reservation: int, to: ReservationState, actor: Actor) -> None:
    with change(f"budget.{to}", actor=actor, subject="budget") as c:
        row = c.connection.execute(select(HELD).where(HELD.c.id == reservation).with_for_update()).first()
        if row is None:
            raise NotFound(Text("没有这笔预算冻结", "there is no such reservation"))
        c.entry(f"budget.{to}", reservation=reservation, amount=row.amount, reserved_for=row.case_id)
        if row.state == to:
            return
        if row.state is not ReservationState.HELD:
            raise Conflict(Text("这笔预算已经处理。", "The reservation is already dealt with."), state=str(row.state))
        _set(c, row, to)


def release_all(case_id: int, *, actor: Actor) -> None:
    """A case has ended without being paid: what it still holds is free again."""
    with change("budget.released", actor=actor, subject="budget") as c:
        rows = c.connection.execute(
            select(HELD).where(HELD.c.case_id == case_id, HELD.c.state == ReservationState.HELD).with_for_update()
        ).all()
        for row in rows:
            _set(c, row, ReservationState.RELEASED)
        c.entry("budget.released", reservations=[row.id for row in rows], reserved_for=case_id)


def _set(c: Change, row: Any, to: ReservationState) -> None:
    c.connection.execute(update(HELD).where(HELD.c.id == row.id).values(state=to))
    if to is ReservationState.RELEASED:
        line = (ITEM.c.code == row.code, ITEM.c.year == row.year)
        used = c.connection.execute(select(ITEM.c.used).where(*line).with_for_update()).scalar_one()
        c.connection.execute(update(ITEM).where(*line).values(used=used - row.amount))


def register_assets(
    key: str, *, name: str, quantity: int, value: Decimal, department: str | None, case_id: int | None, actor: Actor
) -> list[str]:
    """Book pieces of property and give each its label.

    Args:
        key: the job's; asked again under it, the same labels are given again.
        value: yuan for one piece.

    Returns:
        The labels.
    """
    with change("asset.registered", actor=actor, subject="assets") as c:
        keys = [f"{key}-{n}" for n in range(quantity)]
        labels = list(c.connection.execute(
            select(ASSET.c.label).where(ASSET.c.key.in_(keys)).order_by(ASSET.c.id)
        ).scalars())
        if not labels:
            last = c.connection.execute(select(ASSET.c.id).order_by(ASSET.c.id.desc()).limit(1)).scalar() or 0
            labels = [f"GZ-{c.now.year}-{last + n + 1:05d}" for n in range(quantity)]
            c.connection.execute(insert(ASSET), [
                {"key": k, "label": label, "name": name, "value": value, "department": department, "case_id": case_id,
                 "booked_at": c.now} for k, label in zip(keys, labels, strict=True)
            ])
        c.entry("asset.registered", labels=labels, name=name, value=value, registered_for=case_id)
    return labels


def use_invoice(number: str, *, case_id: int, actor: Actor) -> bool:
    """Note that a case claims for an invoice.

    Returns:
        False where another case has claimed for it already.
    """
    with change("invoice.used", actor=actor, subject="invoices") as c:
        taken = c.connection.execute(select(INVOICE.c.case_id).where(INVOICE.c.number == number)).scalar()
        if taken is None:
            c.connection.execute(insert(INVOICE), {"number": number, "case_id": case_id})
        c.entry("invoice.used" if taken in (None, case_id) else "invoice.refused", number=number, claimed_by=case_id)
        return taken in (None, case_id)
