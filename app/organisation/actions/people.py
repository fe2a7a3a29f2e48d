"""Who is there, who holds which post, who is away."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from ...accounts.models import Account, Administrator
from ...change import Actor, Change
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...registers import Fields, differences, today
from .. import queries, rules
from ..models import Absence, Appointment, Person, Post, PostKind, Role
from . import common
from .common import changing

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,20}")


def take_on(
    *, number: str, name: str, romanised: str, department_code: str, certificate_until: date | None = None,
    actor: Actor,
) -> int:
    """A person joins the office. Returns their id.

    Args:
        number: staff number, unique for ever.
        romanised: the name in Latin letters, e.g. ``Chen Xiaomei``.
        certificate_until: last day of the enforcement certificate (执法证), if they have one.

    Raises:
        Invalid, NotFound (department); Conflict: the number is taken.
    """
    with changing("person.taken_on", actor) as c:
        return _take_on(c, number=number, name=name, romanised=romanised, department_code=department_code,
                        certificate_until=certificate_until)


def take_on_many(people: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several people join, all or none; rows with the arguments of :func:`take_on`. Returns their ids in order."""
    with changing("person.taken_on", actor) as c:
        return [_take_on(c, **row) for row in people]


def change_person(person_id: int, *, actor: Actor, **changes: Any) -> None:
    """Correct what is known of a person.

    Args:
        changes: any of ``name``, ``romanised``, ``department_code``, ``certificate_until``, ``suspended`` (待岗).

    Raises:
        Invalid, NotFound; Conflict: the person has retired, or nothing would change.
    """
    with changing("person.changed", actor) as c:
        somebody = common.serving(person_id)
        clean = _person_fields(changes)
        if "department_code" in clean:
            common.department(clean["department_code"])
        before, after = differences(somebody, clean)
        if not after:
            raise Conflict(Text("没有任何变化。", "Nothing would change."))
        for key, value in after.items():
            setattr(somebody, key, value)
        c.entry("person.changed", person=person_id, before=before, after=after)


def retire(person_id: int, *, on: date, actor: Actor) -> None:
    """A person leaves; ``on`` is their last day. Their appointments end with it; the person stays on record.

    Raises:
        Invalid, NotFound; Conflict: already retired.
    """
    with changing("person.retired", actor) as c:
        somebody = common.serving(person_id)
        fields = Fields()
        fields.dates(on, None, first="on")
        fields.check()
        running = select(Appointment).where(
            Appointment.person_id == person_id, or_(Appointment.until.is_(None), Appointment.until > on)
        )
        for appointment in db.session.scalars(running).all():
            _end_appointment(c, appointment, on)
        somebody.retired_on = on
        c.entry("person.retired", person=person_id, on=on)


def appoint(
    *, person_id: int, post_code: str, since: date, until: date | None = None, role: Role | str = Role.A,
    department_code: str | None = None, actor: Actor,
) -> int:
    """A person gets a post.

    Args:
        since, until: first and last day; no ``until``: until further notice.
        role: A or B (A/B 岗); a B holder is bound by the same rules.
        department_code: which department's, for a post that every department has.

    Returns:
        The id of the appointment.

    Raises:
        Invalid, NotFound.
        Conflict: the person has retired, or holds this very post on some of these days.
        Refused: a rule of static separation forbids it: incompatible posts, LS-1 to LS-4 (which are such pairs), one
            leader per portfolio (LS-8), or an administrator's account (domain.md §0.4, standing rules).
    """
    with changing("appointment.given", actor) as c:
        return _appoint(c, _rules(), person_id=person_id, post_code=post_code, since=since, until=until, role=role,
                        department_code=department_code)


def appoint_many(appointments: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several appointments, all or none; rows with the arguments of :func:`appoint`. Returns their ids in order."""
    with changing("appointment.given", actor) as c:
        apart = _rules()
        return [_appoint(c, apart, **row) for row in appointments]


def end_appointment(appointment_id: int, *, until: date, actor: Actor) -> None:
    """A person gives a post up; ``until`` is the last day. One that has not begun by then is called off.

    Raises:
        Invalid, NotFound; Conflict: it ends on or before that day already.
    """
    with changing("appointment.ended", actor) as c:
        appointment = common.find(Appointment, appointment_id)
        fields = Fields()
        fields.dates(until, None, first="until")
        fields.check()
        if appointment.until is not None and appointment.until <= until:
            raise Conflict(Text(
                f"该任职已于 {appointment.until} 结束。", f"The appointment ends on {appointment.until} already."
            ))
        _end_appointment(c, appointment, until)


def record_absence(person_id: int, *, since: date, until: date | None = None, reason: str, actor: Actor) -> int:
    """A person is away; nobody gives them work meanwhile. Returns the id of the absence.

    Raises:
        Invalid, NotFound; Conflict: retired, or recorded as away on some of these days already.
    """
    with changing("absence.recorded", actor, own=(person_id,)) as c:
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
    """
    absence = common.find(Absence, absence_id)
    with changing("absence.ended", actor, own=(absence.person_id,)) as c:
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
        elif key == "suspended":
            if not isinstance(value, bool):
                fields.wrong(key, "只能是“是”或“否”。", "Must be yes or no.")
            clean[key] = value
        else:
            fields.wrong(key, "不能修改此项。", "This cannot be changed.")
    fields.check()
    return clean


def _take_on(c: Change, *, number: str, **given: Any) -> int:
    clean = _person_fields(given)
    fields = Fields()
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        fields.wrong("number", "只能用字母、数字和短横,最多 20 位。", "Letters, digits and hyphens, at most 20.")
    fields.check()
    common.department(clean["department_code"])
    if db.session.execute(select(Person.id).where(Person.number == number)).first() is not None:
        raise Conflict(Text(f"工号 {number} 已存在。", f"The staff number {number} is taken."))
    somebody = Person(number=number, suspended=False, **clean)
    db.session.add(somebody)
    db.session.flush()
    c.entry("person.taken_on", person=somebody.id, after={"number": number, **clean})
    return somebody.id


def _rules() -> list[rules.Pair]:
    return queries.pairs()


def _appoint(
    c: Change, apart: list[rules.Pair], *, person_id: int, post_code: str, since: date, until: date | None = None,
    role: Role | str = Role.A, department_code: str | None = None,
) -> int:
    somebody, post = common.serving(person_id), common.post(post_code)
    fields = Fields()
    fields.dates(since, until)
    role = fields.choice("role", role, Role)
    if post.kind is PostKind.MACHINE:
        fields.wrong("post_code", "该岗位由系统担任。", "This post is the system's own.")
    elif post.department_code is not None:
        if department_code not in (None, post.department_code):
            fields.wrong("department_code", f"该岗位属于 {post.department_code}。",
                         f"This post belongs to {post.department_code}.")
        department_code = post.department_code
    elif department_code is None:
        fields.wrong("department_code", "通用岗位必须写明部门。", "Say in which department.")
    fields.check()
    common.department(department_code)

    new = rules.Held(post.code, since, until, department_code)
    held = [
        rules.Held(row.post_code, row.since, row.until, row.department_code)
        for row in db.session.execute(select(
            Appointment.post_code, Appointment.since, Appointment.until, Appointment.department_code
        ).where(Appointment.person_id == person_id))
    ]
    for one in held:
        if (one.post, one.department) == (new.post, new.department) and rules.overlap(one, new):
            raise Conflict(Text(
                f"{somebody.name}自 {one.since} 起已任{post.zh}。",
                f"{somebody.name} holds the post {post.en} from {one.since} already.",
            ))
    objections = [
        *_incompatible(somebody, new, held, apart), *_one_leader(post, new, role), *_administrator(somebody, post),
    ]
    if objections:
        raise Refused(
            Text(f"不能任命{somebody.name}为{post.zh}。", f"{somebody.name} cannot be appointed {post.en}."),
            objections, person=person_id, post=post.code,
        )
    appointment = Appointment(
        person_id=person_id, post_code=post.code, department_code=department_code, role=role, since=since, until=until
    )
    db.session.add(appointment)
    db.session.flush()
    c.entry("appointment.given", person=person_id, post=post.code, appointment=appointment.id,
            after={"department": department_code, "role": role.value, "since": since, "until": until})
    return appointment.id


def _incompatible(
    somebody: Person, new: rules.Held, held: list[rules.Held], apart: list[rules.Pair]
) -> list[Objection]:
    """Posts one person may not hold on the same day."""
    posts = {post.code: post for post in queries.posts()}
    found = []
    for other, one, pair in rules.clashes([*held, new], apart):
        if one is new:
            kept = posts[other.post]
            found.append(_objection("incompatible", pair.basis, Text(
                f"{somebody.name}已任{kept.zh}({kept.code}),与 {new.post} 不相容:{pair.basis}",
                f"{somebody.name} holds {kept.en} ({kept.code}), which is incompatible with {new.post}: {pair.basis}",
            )))
    return found


def _one_leader(post: Post, new: rules.Held, role: Role) -> list[Objection]:
    """LS-8: a portfolio has one leader at any time (B 岗 stands in and is no second one)."""
    if post.kind is not PostKind.LEADERSHIP or role is not Role.A:
        return []
    others = db.session.execute(
        select(Person.name, Appointment.since, Appointment.until)
        .join(Person, Person.id == Appointment.person_id)
        .where(Appointment.post_code == post.code, Appointment.role == Role.A)
    )
    basis = "领导分工制约 LS-8"
    return [
        _objection("portfolio", basis, Text(
            f"{row.name}在此期间已任{post.zh};每项分工同一时间只有一位领导。",
            f"{row.name} is {post.en} on some of these days; a portfolio has one leader at a time.",
        ))
        for row in others if rules.overlap(rules.Held(post.code, row.since, row.until), new)
    ]


def _administrator(somebody: Person, post: Post) -> list[Objection]:
    """Who administers the system configures it and never acts on business."""
    if post.kind is PostKind.ADMINISTRATION:
        return []
    role = db.session.execute(
        select(Account.role).where(Account.person_id == somebody.id, Account.active)
    ).scalar_one_or_none()
    if role in (None, Administrator.NONE):
        return []
    return [_objection("administrator", "三权分立", Text(
        f"{somebody.name}是系统的管理员,不得经办业务。",
        f"{somebody.name} administers this system and may not act on business.",
    ))]


def _objection(rule: str, basis: str, because: Text) -> Objection:
    return Objection(rule, rule, basis, "", because)


def _end_appointment(c: Change, appointment: Appointment, until: date) -> None:
    facts = {"person": appointment.person_id, "post": appointment.post_code, "appointment": appointment.id}
    before = {"department": appointment.department_code, "role": appointment.role.value, "since": appointment.since,
              "until": appointment.until}
    if until >= appointment.since:
        appointment.until = until
        c.entry("appointment.ended", **facts, before=before, after={"until": until})
    elif appointment.since > today():
        # Nothing was done under it, so nothing but the trail need remember it.
        db.session.delete(appointment)
        c.entry("appointment.called_off", **facts, before=before)
    else:
        raise Conflict(Text(
            f"该任职自 {appointment.since} 已开始,不能在此之前结束。",
            f"The appointment began on {appointment.since} and cannot end before that.",
        ))


__all__ = [
    "appoint", "appoint_many", "change_person", "end_absence", "end_appointment", "record_absence", "retire",
    "take_on", "take_on_many",
]
