"""Who is there, and who is away."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from ...change import Actor, Change
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...registers import Fields, differences
from .. import rules
from ..identity import known_as
from ..models import Absence, Appointment, Person
from . import common
from .appointments import finish
from .common import changing

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,20}")


def take_on(
    *, number: str, name: str, romanised: str, department_code: str, certificate_until: date | None = None,
    id_number: str | None = None, actor: Actor,
) -> int:
    """A person joins the office. Returns their id.

    Args:
        number: staff number, unique for ever.
        romanised: the name in Latin letters, e.g. ``Chen Xiaomei``.
        certificate_until: last day of the enforcement certificate (执法证), if they have one.
        id_number: 公民身份号码; only a keyed hash of it is kept, to tell one natural person from another.

    Raises:
        Invalid, NotFound (department); Conflict: the staff number is taken.
        Refused: the office knows this natural person already; names the record.
    """
    with changing("person.taken_on", actor) as c:
        return _take_on(c, number=number, name=name, romanised=romanised, department_code=department_code,
                        certificate_until=certificate_until, id_number=id_number)


def take_on_many(people: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several people join, all or none; rows with the arguments of :func:`take_on`. Returns their ids in order."""
    with changing("person.taken_on", actor) as c:
        return [_take_on(c, **row) for row in people]


def change_person(person_id: int, *, actor: Actor, **changes: Any) -> None:
    """Correct what is known of a person.

    Args:
        changes: any of ``name``, ``romanised``, ``department_code``, ``certificate_until``, ``suspended`` (待岗),
            ``id_number``.

    Raises:
        Invalid, NotFound; Conflict: the person has retired, or nothing would change.
        Refused: a leader is suspended and nobody would be in charge (LS-8), or the identity number is another record's.
    """
    with changing("person.changed", actor) as c, _kept(person=person_id):
        somebody = common.serving(person_id)
        clean = _person_fields(changes)
        if "department_code" in clean:
            common.department(clean["department_code"])
        if clean.get("identity") is not None:
            _only_record(clean["identity"], but=person_id)
        before, after = differences(somebody, clean)
        if not after:
            raise Conflict(Text("没有任何变化。", "Nothing would change."))
        for key, value in after.items():
            setattr(somebody, key, value)
        c.entry("person.changed", person=person_id, before=_shown(before), after=_shown(after))


def retire(person_id: int, *, on: date, actor: Actor) -> None:
    """A person leaves; ``on`` is their last day. Their appointments end with it; the person stays on record.

    Raises:
        Invalid, NotFound; Conflict: retired already, or an appointment began after that day.
        Refused: a leader's portfolio would be nobody's (LS-8); see :func:`arrange_portfolios`.
    """
    with changing("person.retired", actor) as c, _kept(person=person_id):
        leave(c, person_id=person_id, on=on)


def leave(c: Change, *, person_id: int, on: date) -> None:
    """Inside a change: what :func:`retire` does."""
    somebody = common.person(person_id)
    if somebody.retired_on is not None:
        raise Conflict(Text(
            f"{somebody.name}已登记于 {somebody.retired_on} 离岗。",
            f"{somebody.name} is recorded as leaving on {somebody.retired_on}.",
        ))
    fields = Fields()
    fields.dates(on, None, first="on")
    fields.check()
    running = select(Appointment).where(
        Appointment.person_id == person_id, or_(Appointment.until.is_(None), Appointment.until > on)
    )
    for appointment in db.session.scalars(running).all():
        finish(c, appointment, on)
    somebody.retired_on = on
    c.entry("person.retired", person=person_id, on=on)


def record_absence(person_id: int, *, since: date, until: date | None = None, reason: str, actor: Actor) -> int:
    """A person is away; nobody gives them work meanwhile. Returns the id of the absence.

    Raises:
        Invalid, NotFound; Conflict: retired, or recorded as away on some of these days already.
        Refused: a leader would be away with nobody to stand in (LS-8).
    """
    with changing("absence.recorded", actor, own=(person_id,)) as c, _kept(person=person_id):
        return go(c, person_id=person_id, since=since, until=until, reason=reason)


def go(c: Change, *, person_id: int, since: date, until: date | None = None, reason: str) -> int:
    """Inside a change: what :func:`record_absence` does."""
    somebody = common.serving(person_id)
    fields = Fields()
    fields.dates(since, until)
    reason = fields.line("reason", reason, most=200)
    fields.check()
    for other in db.session.scalars(select(Absence).where(Absence.person_id == person_id)).all():
        if rules.overlap(rules.Held("", since, until), rules.Held("", other.since, other.until)):
            raise Conflict(Text(
                f"{somebody.name}自 {other.since} 起已登记外出。",
                f"{somebody.name} is recorded as away from {other.since} already.",
            ))
    absence = Absence(person_id=person_id, since=since, until=until, reason=reason)
    db.session.add(absence)
    db.session.flush()
    c.entry("absence.recorded", person=person_id, absence=absence.id,
            after={"since": since, "until": until, "reason": reason})
    return absence.id


def end_absence(absence_id: int, *, until: date, actor: Actor) -> None:
    """A person is back; ``until`` is the last day they were away. One that had not begun by then is called off.

    Raises:
        Invalid, NotFound; Conflict: it ended on or before that day already.
        Refused: a leader is back while another still acts for the portfolio (LS-8).
    """
    absence = common.find(Absence, absence_id)
    person_id = absence.person_id
    with changing("absence.ended", actor, own=(person_id,)) as c, _kept(person=person_id):
        come_back(c, absence_id=absence_id, until=until)


def come_back(c: Change, *, absence_id: int, until: date) -> None:
    """Inside a change: what :func:`end_absence` does."""
    absence = common.find(Absence, absence_id)
    fields = Fields()
    fields.dates(until, None, first="until")
    fields.check()
    if absence.until is not None and absence.until <= until:
        raise Conflict(Text(f"该外出已于 {absence.until} 结束。", f"The absence ended on {absence.until} already."))
    before = {"since": absence.since, "until": absence.until}
    if until < absence.since:
        db.session.delete(absence)
        c.entry("absence.called_off", person=absence.person_id, absence=absence_id, before=before)
    else:
        absence.until = until
        c.entry("absence.ended", person=absence.person_id, absence=absence_id, before=before,
                after={"until": until})


def _kept(**facts: Any) -> AbstractContextManager[None]:
    return common.leaders_kept(Text(
        "不能这样变更：分工任何一天须有且只有一位领导，请在同一次调整中安排。",
        "A portfolio has exactly one leader in charge on every day. Arrange it together with this change.",
    ), **facts)


def _person_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    fields = Fields()
    clean: dict[str, Any] = {}
    for key, value in given.items():
        if key == "name":
            clean[key] = fields.line(key, value, most=60)
        elif key == "romanised":
            clean[key] = fields.line(key, value, most=80)
        elif key == "department_code":
            clean[key] = fields.line(key, value, most=20)
        elif key == "certificate_until":
            if value is not None:
                fields.dates(value, None, first=key)
            clean[key] = value
        elif key == "id_number":
            clean["identity"] = known_as(fields, key, value)
        elif key == "suspended":
            if not isinstance(value, bool):
                fields.wrong(key, "只能是“是”或“否”。", "Must be yes or no.")
            clean[key] = value
        else:
            fields.wrong(key, "不能修改此项。", "This cannot be changed.")
    fields.check()
    return clean


def _only_record(identity: bytes, *, but: int | None = None) -> None:
    """One natural person, one record: a second one would let somebody meet himself in a case."""
    known = db.session.execute(
        select(Person.id, Person.name, Person.number).where(Person.identity == identity)
    ).first()
    if known is not None and known.id != but:
        raise Refused(Text("该自然人已有记录。", "There is a record of this natural person already."), [
            Objection("identity", "identity", "一人一档：一个自然人在系统中只有一个身份", "", Text(
                f"该身份证号已登记为{known.name}（{known.number}）。",
                f"The identity number is registered for {known.name} ({known.number}).",
            )),
        ], person=known.id)


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the trail keeps for ever: that an identity is known, not even the hash of which."""
    return {key: value is not None if key == "identity" else value for key, value in facts.items()}


def _take_on(
    c: Change, *, number: str, name: str, romanised: str, department_code: str, certificate_until: date | None = None,
    id_number: str | None = None,
) -> int:
    clean = _person_fields({
        "name": name, "romanised": romanised, "department_code": department_code,
        "certificate_until": certificate_until, **({} if id_number is None else {"id_number": id_number}),
    })
    fields = Fields()
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        fields.wrong("number", "只能用字母、数字和短横，最多 20 位。", "Letters, digits and hyphens, at most 20.")
    fields.check()
    common.department(clean["department_code"])
    if db.session.execute(select(Person.id).where(Person.number == number)).first() is not None:
        raise Conflict(Text(f"工号 {number} 已存在。", f"The staff number {number} is taken."))
    if clean.get("identity") is not None:
        _only_record(clean["identity"])
    somebody = Person(number=number, suspended=False, **clean)
    db.session.add(somebody)
    db.session.flush()
    c.entry("person.taken_on", person=somebody.id, after={"number": number, **_shown(clean)})
    return somebody.id
