"""What people are able to do beyond what their post says: a foreign language, an examiner's certificate."""
from __future__ import annotations

from datetime import date

from sqlalchemy import select

from ...change import Actor
from ...errors import Conflict
from ...extensions import db
from ...kernel.text import Text
from ...registers import Fields, today
from ..models import Capability
from . import common
from .common import changing

#: Highest level; 0 where levels mean nothing.
MOST = 9


def grant_capability(
    *, person_id: int, name: str, level: int = 0, since: date, until: date | None = None, actor: Actor,
) -> int:
    """A person is registered with a capability. One they are registered with already ends the day before.

    Args:
        name: one word, as diagrams write it: ``gz:allocation="capability:english>=2"``.
        level: 0 to 9, higher is better.
        since, until: first and last day; no ``until``: until further notice.

    Returns:
        The id of the entry in the register.

    Raises:
        Invalid, NotFound; Conflict: the person has retired.
    """
    with changing("capability.granted", actor) as c:
        fields = Fields()
        word = fields.line("name", name, most=60)
        if any(sign.isspace() or sign in "<>=:" for sign in word):
            fields.wrong("name", "不能有空格和 < > = : 。", "Must have no blank and none of < > = :.")
        if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= MOST:
            fields.wrong("level", f"应为 0 到 {MOST} 的整数。", f"Must be a whole number from 0 to {MOST}.")
        fields.dates(since, until)
        fields.check()
        person = common.serving(person_id)
        rows = db.session.scalars(select(Capability).where(Capability.person_id == person.id, Capability.name == word))
        for row in rows:
            if row.until is None or row.until >= since:
                if row.since >= since:
                    raise Conflict(Text(
                        f"{person.name}自 {row.since} 起已登记“{word}”。",
                        f"{person.name} is registered with “{word}” since {row.since} already.",
                    ))
                row.until = date.fromordinal(since.toordinal() - 1)
        row = Capability(person_id=person.id, name=word, level=level, since=since, until=until)
        db.session.add(row)
        db.session.flush()
        c.entry("capability.granted", person=person.id, capability=row.id, name=word, level=level, since=since, until=until)
        return row.id


def end_capability(capability_id: int, *, until: date | None = None, actor: Actor) -> None:
    """A person no longer has a capability; ``until`` is the last day, today unless given.

    Raises:
        NotFound; Conflict: it has ended already.
    """
    with changing("capability.ended", actor) as c:
        row = common.find(Capability, capability_id)
        last = until or today()
        if row.until is not None and row.until <= last:
            raise Conflict(Text(f"已于 {row.until} 终止。", f"It ended on {row.until}."))
        row.until = max(last, row.since)
        c.entry("capability.ended", person=row.person_id, capability=row.id, name=row.name, until=row.until)
