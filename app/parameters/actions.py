"""Setting the numbers of law and bureau; entries in the chain ``parameters``."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from ..accounts.models import Account, Administrator
from ..change import Actor, Change, change
from ..errors import Conflict, Forbidden, NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.values import BadValue, dumps, loads, normalise
from ..registers import Fields, hold, today
from .models import Parameter

_CODE = re.compile(r"[A-Z][A-Z0-9_]*(\.[A-Z][A-Z0-9_]*)*")


def introduce(parameters: Iterable[Mapping[str, Any]], *, actor: Actor) -> None:
    """New parameters with all the periods they ever had, all or none.

    Args:
        parameters: each with ``code``, ``title`` and ``periods`` (oldest first), each of these with ``value``,
            ``unit``, ``valid_from``, ``basis``; a period ends the day before the next begins, the last one is open
            unless it has a ``valid_to``. Texts are :class:`~app.kernel.text.Text`.

    Raises:
        Invalid: a code, value or period that cannot be used; Conflict: the code exists, or another that expressions
            write the same way (``CASH.MAX`` and ``CASH_MAX`` are both ``param.CASH_MAX``).
        Forbidden: the actor's account is not the system administrator's.
    """
    with change("parameter.introduced", actor=actor, subject="parameters", lock=hold) as c:
        _only_system(c, actor)
        for row in parameters:
            _introduce(c, **row)


def set(
    code: str, *, value: Any, valid_from: date, basis: Text, unit: str | None = None, title: Text | None = None,
    actor: Actor,
) -> int:
    """A new value of a parameter from a day on; the period in force until then ends the day before.

    Args:
        valid_from: today at the earliest: what was decided by the former value stays decided by it.
        basis: the clause or decision that sets it.
        unit, title: as before unless given.

    Returns:
        The id of the new period.

    Raises:
        Invalid; NotFound: no such parameter; Conflict: a later or the same day has a value already.
        Forbidden: the actor's account is not the system administrator's.
    """
    with change("parameter.set", actor=actor, subject="parameters", lock=hold) as c:
        _only_system(c, actor)
        former = db.session.scalars(
            select(Parameter).where(Parameter.code == code).order_by(Parameter.valid_from.desc()).limit(1)
        ).first()
        if former is None:
            raise NotFound(Text(f"没有参数 {code}", f"there is no parameter {code}"))
        fields = Fields()
        fields.dates(valid_from, None, first="valid_from")
        if type(valid_from) is date and valid_from < today():
            fields.wrong("valid_from", "不得早于今天：已按原值办理的不再变更。",
                         "Today at the earliest: what the former value decided stays.")
        fields.check()
        if former.valid_from >= valid_from:
            raise Conflict(Text(
                f"{code} 自 {former.valid_from} 起已有数值。", f"{code} has a value from {former.valid_from} already."
            ))
        before = {"value": loads(former.value), "valid_from": former.valid_from, "valid_to": former.valid_to}
        if former.valid_to is None or former.valid_to >= valid_from:
            former.valid_to = valid_from - timedelta(days=1)
            db.session.flush()
        return _period(c, "parameter.set", code, title or Text(former.title_zh, former.title_en), value=value,
                       unit=former.unit if unit is None else unit, valid_from=valid_from, basis=basis, before=before)


def _introduce(c: Change, *, code: str, title: Text, periods: Iterable[Mapping[str, Any]]) -> None:
    periods = list(periods)
    fields = Fields()
    if not isinstance(code, str) or not _CODE.fullmatch(code) or len(code) > 40:
        fields.wrong("code", "形如 E1 或 CASH.MAX。", "Like E1 or CASH.MAX.")
    if not periods:
        fields.wrong("periods", "至少要有一个数值。", "At least one value is needed.")
    for period in periods:
        fields.dates(period.get("valid_from"), period.get("valid_to"), first="valid_from", last="valid_to")
    fields.check()
    for known in db.session.scalars(select(Parameter.code).distinct()):
        if known.replace(".", "_") == code.replace(".", "_"):
            raise Conflict(Text(f"参数 {known} 已存在。", f"There is a parameter {known} already."))
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        last = period.get("valid_to")
        if following is not None:
            if following["valid_from"] <= period["valid_from"] or (last and last >= following["valid_from"]):
                raise Conflict(Text(f"{code} 的期间重叠。", f"The periods of {code} overlap."))
            last = last or following["valid_from"] - timedelta(days=1)
        _period(c, "parameter.introduced", code, title, **{**period, "valid_to": last})


def _period(
    c: Change, what: str, code: str, title: Text, *, value: Any, unit: str, valid_from: date, basis: Text,
    valid_to: date | None = None, before: Mapping[str, Any] | None = None,
) -> int:
    fields = Fields()
    titles = [fields.line("title", text, most=most) for text, most in zip(title, (100, 200), strict=True)]
    bases = [fields.line("basis", text, most=most) for text, most in zip(basis, (300, 500), strict=True)]
    unit = fields.line("unit", unit, most=20, needed=False)
    try:
        value = normalise(value, max_bytes=4096)
    except BadValue as error:
        fields.wrong("value", error.text.zh, error.text.en)
    fields.check()
    row = Parameter(
        code=code, value=dumps(value), unit=unit, title_zh=titles[0], title_en=titles[1], basis_zh=bases[0],
        basis_en=bases[1], valid_from=valid_from, valid_to=valid_to,
    )
    db.session.add(row)
    db.session.flush()
    after = {"value": value, "unit": unit, "valid_from": valid_from, "valid_to": valid_to}
    c.entry(what, parameter=code, basis=bases[0], before=dict(before) if before else None, after=after)
    return row.id


def _only_system(c: Change, actor: Actor) -> None:
    """Configuration is the system administrator's office (三权分立); the machine may, for the first filling."""
    if actor.account_id is None:
        return
    role = c.connection.execute(
        select(Account.role).where(Account.id == actor.account_id, Account.active)
    ).scalar_one_or_none()
    if role is not Administrator.SYSTEM:
        raise Forbidden(Text("只有系统管理员可以变更参数。", "Only the system administrator may change parameters."))
