"""The verb of the standstill: every open case that has no plan is written down, told about and forgotten by itself.

No verb of the organisation can forget to ask for it: what was checked is compared with what is (:class:`~.models.Recheck`),
by the sweeper, every second. The organisation or the day has changed: all open cases. Somebody has acted in a case: that
case. On PostgreSQL an entry may become visible after one with a higher number and be passed over; what it may have done
to its case is found at the next change of the office, or of the day.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import structlog
from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from .. import clock
from ..cases import queries as cases
from ..cases.acting import Act, acting
from ..change import Actor
from ..errors import Conflict, GangzeError
from ..extensions import begin_writing, db
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..registers import today
from ..trail.models import Entry
from . import open_cases
from .impasse import Impasse, impasse
from .models import Recheck, Stalled
from .telling import tell

log = structlog.get_logger(__name__)

SYSTEM = Actor.system("separation")
STALLED = Stalled.__table__
RECHECK = Recheck.__table__
#: How long somebody may be at it before somebody else begins again.
LEASE = timedelta(minutes=5)
_NEVER = date(1970, 1, 1)


def recheck() -> int:
    """Look whether anything has changed, and if so, whether the cases it concerns still have a plan.

    Returns:
        How many cases have stalled, changed their reason, or can go on again.
    """
    row = db.session.execute(
        select(RECHECK, select(func.max(Entry.id)).scalar_subquery().label("newest"),
               organisation.VERSION.label("head"))
        .select_from(select(literal(1).label("one")).subquery().outerjoin(RECHECK, RECHECK.c.id == 1))
    ).mappings().one()
    head, newest, day = bytes(row["head"] or b""), row["newest"] or 0, today()
    whole = row["id"] is None or (bytes(row["office"]), row["day"]) != (head, day)
    ids = None if whole else db.session.scalars(
        select(Entry.case_id).where(Entry.id > row["entry_id"], Entry.id <= newest, Entry.case_id.is_not(None)).distinct()
    ).all()
    db.session.rollback()
    if (not whole and not ids) or not _taken(row):
        return 0
    changed = _settled(ids)
    _write(update(RECHECK).where(RECHECK.c.id == 1).values(
        office=head, day=day, entry_id=newest, taken_until=None))
    return changed


def _settled(ids: Iterable[int] | None) -> int:
    office = cases.office_now()
    known = _known()
    suspects, gone = [], set(known if ids is None else known.keys() & set(ids))
    for case, stuck in open_cases.without_plan(office, ids):
        if stuck:
            gone.discard(case.id)
            if case.id not in known or _news(known[case.id], impasse(case.meaning.rules, office, case.facts)):
                suspects.append(case.id)
    db.session.rollback()
    changed = 0
    for case_id in (*suspects, *sorted(gone)):
        try:
            changed += _settle(case_id)
        except GangzeError as error:      # one case that cannot be written must not keep the others from it
            log.warning("case_not_settled", case=case_id, reason=error.text.en)
        if changed and changed % 100 == 0:
            _write(update(RECHECK).where(RECHECK.c.id == 1).values(taken_until=clock.now() + LEASE))
    for case_id in untold():
        _tell(case_id)
    return changed


def _settle(case_id: int) -> int:
    """Under the case's lock: has it no plan, and is that what is written down?"""
    try:
        with acting("case.stalled", actor=SYSTEM, case=case_id) as act:
            row = act.c.connection.execute(
                select(STALLED).where(STALLED.c.case_id == case_id, STALLED.c.until.is_(None))
            ).mappings().first()
            found = None
            if act.status in open_cases.OPEN:
                found = impasse(act.meaning.rules, act.office, act.facts())
            if found is None:
                if row is None:
                    raise _Settled
                act.c.connection.execute(update(STALLED).where(STALLED.c.id == row["id"]).values(until=act.now))
                act.entry("case.unstalled", since=row["since"], status=str(act.status))
                return 1
            columns = found.columns()
            if row is not None and not _news(row, found):
                raise _Settled
            escalated = _escalates(act, found.nodes, found.rules)
            if row is None:
                act.c.connection.execute(
                    insert(STALLED).values(case_id=case_id, since=act.now, escalated=escalated, **columns))
            else:
                act.c.connection.execute(
                    update(STALLED).where(STALLED.c.id == row["id"]).values(escalated=escalated, **columns))
            act.entry(
                "case.stalled", nodes=list(found.nodes), rules=list(found.rules), escalated=escalated,
                because={"zh": found.because.zh, "en": found.because.en},
                remedies=[{"zh": r.text.zh, "en": r.text.en} for r in found.remedies],
            )
            return 1
    except _Settled:
        return 0


class _Settled(Conflict):
    """What is written down is so; nothing to write."""

    def __init__(self) -> None:
        super().__init__(Text("没有变化", "nothing has changed"))


def _escalates(act: Act, nodes: Iterable[str], rules: Iterable[str]) -> bool:
    """Whether a rule that stands in the way, or any rule about a task that nobody is left for, is one to escalate."""
    nodes, rules = set(nodes), set(rules)
    return any(
        c.on_block == "escalate" and (c.id in rules or nodes & set(c.nodes) or "*" in c.nodes)
        for c in act.meaning.process.constraints
    )


# -- telling ------------------------------------------------------------------------------------------------------------

def untold() -> list[int]:
    """Stalled cases that nobody has been told of yet: the telling is a change of its own, and may have been cut off."""
    found = db.session.scalars(
        select(Stalled.id).where(Stalled.until.is_(None), Stalled.told_at.is_(None)).order_by(Stalled.id)
    ).all()
    db.session.rollback()
    return list(found)


def _tell(stalled_id: int) -> None:
    try:
        tell(stalled_id, actor=SYSTEM)
    except GangzeError as error:
        log.warning("standstill_not_told", stalled=stalled_id, reason=error.text.en)
        return
    _write(update(STALLED).where(STALLED.c.id == stalled_id).values(told_at=clock.now()))


# -- what is written down, and whose turn it is -------------------------------------------------------------------------

def _known() -> dict[int, Mapping[str, Any]]:
    rows = db.session.execute(select(STALLED).where(STALLED.c.until.is_(None))).mappings().all()
    return {row["case_id"]: row for row in rows}


def _news(row: Mapping[str, Any], found: Impasse | None) -> bool:
    """Whether there is something to say that the row does not say yet."""
    return found is None or any(row[name] != value for name, value in found.columns().items())


def _taken(row: Any) -> bool:
    """Take the work for :data:`LEASE`; only one taker wins. A lease is no act and leaves no entry."""
    until = clock.now() + LEASE
    if row["id"] is None:
        first = {"id": 1, "office": b"", "day": _NEVER, "entry_id": 0, "taken_until": until}
        try:
            return bool(_write(insert(RECHECK).values(first)))
        except IntegrityError:
            db.session.rollback()
            return False
    if row["taken_until"] is not None and row["taken_until"] > clock.now():
        return False
    same = RECHECK.c.taken_until.is_(None) if row["taken_until"] is None else RECHECK.c.taken_until == row["taken_until"]
    return bool(_write(update(RECHECK).where(
        RECHECK.c.id == 1, RECHECK.c.entry_id == row["entry_id"], same).values(taken_until=until)))


def _write(statement: Any) -> int:
    connection: Connection = db.session.connection()
    begin_writing(connection)
    count = connection.execute(statement).rowcount
    db.session.commit()
    return count
