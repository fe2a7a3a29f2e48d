"""What a parameter is on a day."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from flask import current_app
from sqlalchemy import or_, select

from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.values import Value, loads
from ..trail.models import SubjectHead
from .models import Parameter

#: The end of the parameters' own chain: another one after every change (as organisation.queries.VERSION).
_VERSION = select(SubjectHead.head).where(SubjectHead.subject == "parameters")
_KEPT = 16


def value(code: str, on: date) -> Value:
    """The value of a parameter on a day.

    Raises:
        NotFound: there is no such parameter, or it was not in force.
    """
    try:
        return all_on(on)[code]
    except KeyError:
        raise NotFound(Text(f"参数 {code} 在 {on} 没有数值", f"the parameter {code} has no value on {on}")) from None


def all_on(on: date) -> Mapping[str, Value]:
    """Every parameter in force on a day, by code; read-only, and the same object until a parameter changes."""
    known = db.session.execute(_VERSION).scalar()
    kept: dict[tuple[bytes, date], Mapping[str, Value]]
    kept = current_app.extensions.setdefault("gangze.parameters", {})
    key = (bytes(known or b""), on)
    found = kept.get(key)
    if found is None:
        rows = db.session.execute(select(Parameter.code, Parameter.value).where(
            Parameter.valid_from <= on, or_(Parameter.valid_to.is_(None), Parameter.valid_to >= on)
        ).order_by(Parameter.code))
        found = MappingProxyType({row.code: loads(row.value) for row in rows})
        if len(kept) >= _KEPT:
            for old in list(kept)[: _KEPT // 2]:
                kept.pop(old, None)
        if known is not None:
            kept[key] = found
    return found


def names_on(on: date) -> dict[str, Any]:
    """The parameters as names for expressions: ``CASH.MAX`` is written ``param.CASH_MAX``. The caller's to keep."""
    return {re.sub(r"\W", "_", code): held for code, held in all_on(on).items()}


def periods(code: str | None = None) -> Sequence[Parameter]:
    """All values there are, were and will be, of one parameter or of all, the latest first."""
    statement = select(Parameter).order_by(Parameter.code, Parameter.valid_from.desc())
    return db.session.scalars(statement if code is None else statement.where(Parameter.code == code)).all()
