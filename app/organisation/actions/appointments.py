"""Who holds which post: given under the rules of static separation, and given up."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from sqlalchemy import select

from ...accounts.models import Account, Administrator
from ...change import Actor, Change
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...registers import Fields, today
from .. import portfolios, queries, rules
from ..models import Appointment, Person, Post, PostKind, Role
from . import common
from .common import changing


def appoint(
    *, person_id: int, post_code: str, since: date, until: date | None = None, role: Role | str = Role.A,
    department_code: str | None = None, actor: Actor,
) -> int:
    """A person gets a post.

    Args:
        since, until: first and last day; no ``until``: until further notice.
        role: A or B (A/B 岗), or acting (代管, of a leader's post, with a last day); bound by the same rules.
        department_code: which department's, for a post that every department has.

    Returns:
        The id of the appointment.

    Raises:
        Invalid, NotFound.
        Conflict: the person has retired, or holds this very post on some of these days.
        Refused: a rule of static separation forbids it: incompatible posts, LS-1 to LS-4 (which are such pairs), how
            long a leader acts (LS-7), one leader per portfolio (LS-8), or an administrator's account (domain.md §0.4,
            standing rules).
    """
    with changing("appointment.given", actor) as c, _kept(person=person_id, post=post_code):
        return give(
            c, queries.pairs(), person_id=person_id, post_code=post_code, since=since, until=until, role=role,
            department_code=department_code,
        )


def appoint_many(appointments: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several appointments, all or none; rows with the arguments of :func:`appoint`. Returns their ids in order."""
    with changing("appointment.given", actor) as c, _kept():
        apart = queries.pairs()
        return [give(c, apart, **row) for row in appointments]


def end_appointment(appointment_id: int, *, until: date, actor: Actor) -> None:
    """A person gives a post up; ``until`` is the last day. One that has not begun by then is called off.

    Raises:
        Invalid, NotFound; Conflict: it ends on or before that day already.
        Refused: a leader's portfolio would be nobody's (LS-8); see :func:`arrange_portfolios`.
    """
    with changing("appointment.ended", actor) as c, common.leaders_kept(Text(
        "不能结束该任职：分工不能没有负责人，请在同一次调整中安排接任。",
        "The appointment cannot end: a portfolio may not be left without a leader. Arrange a successor together with it.",
    ), appointment=appointment_id):
        end(c, appointment_id, until)


def end(c: Change, appointment_id: int, until: date) -> None:
    """Inside a change: what :func:`end_appointment` does."""
    appointment = common.find(Appointment, appointment_id)
    fields = Fields()
    fields.dates(until, None, first="until")
    fields.check()
    if appointment.until is not None and appointment.until <= until:
        raise Conflict(Text(
            f"该任职已于 {appointment.until} 结束。", f"The appointment ends on {appointment.until} already."
        ))
    finish(c, appointment, until)


def finish(c: Change, appointment: Appointment, until: date) -> None:
    """Inside a change: the appointment's last day is ``until``; one that has not begun by then is called off.

    Raises:
        Conflict: it began after that day, and has begun.
    """
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
            f"该任职自 {appointment.since} 已开始，不能在此之前结束。",
            f"The appointment began on {appointment.since} and cannot end before that.",
        ))


def _kept(**facts: Any) -> AbstractContextManager[None]:
    return common.leaders_kept(
        Text("不能这样任命：违反领导分工制约。", "The appointment breaks the rules of leaders' portfolios."), **facts
    )


def give(
    c: Change, apart: list[rules.Pair], *, person_id: int, post_code: str, since: date, until: date | None = None,
    role: Role | str = Role.A, department_code: str | None = None,
) -> int:
    """Inside a change: what :func:`appoint` does, but for LS-7 and LS-8, which are judged when all is done.

    Args:
        apart: all pairs of posts that are kept apart.
    """
    somebody, post = common.serving(person_id), common.post(post_code)
    fields = Fields()
    fields.dates(since, until)
    role = fields.choice("role", role, Role)
    if role is Role.ACTING and post.kind is not PostKind.LEADERSHIP:
        fields.wrong("role", "只有领导岗位可以代管。", "Only a leader's post has an acting leader.")
    if role is Role.ACTING and until is None:
        fields.wrong("until", "代管必须有截止日期。", "An acting leader needs a last day.")
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
    if somebody.retired_on is not None and (until is None or until > somebody.retired_on):
        raise Conflict(Text(
            f"{somebody.name}将于 {somebody.retired_on} 离岗。", f"{somebody.name} leaves on {somebody.retired_on}."
        ))

    new = rules.Held(post.code, since, until, department_code)
    held = []
    for row in db.session.execute(select(
        Appointment.post_code, Appointment.since, Appointment.until, Appointment.department_code, Appointment.role
    ).where(Appointment.person_id == person_id)):
        one = rules.Held(row.post_code, row.since, row.until, row.department_code)
        held.append(one)
        twice = (one.post, one.department) == (new.post, new.department) and rules.overlap(one, new)
        if twice and {row.role, role} != {Role.B, Role.ACTING}:  # a deputy may well be the one who acts as leader
            raise Conflict(Text(
                f"{somebody.name}自 {one.since} 起已任{post.zh}。",
                f"{somebody.name} holds the post {post.en} from {one.since} already.",
            ))
    objections = [*incompatible(somebody, [new], held, apart, acting=role is Role.ACTING),
                  *_administrator(somebody, post)]
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


def incompatible(
    somebody: Person, new: list[rules.Held], held: list[rules.Held], apart: list[rules.Pair], *, acting: bool = False,
    since: date = date.min,
) -> list[Objection]:
    """Posts one person may not hold on the same day.

    Args:
        new, held: what somebody would get, and has.
        acting: as an acting leader, so that LS-7 is why LS-1 to LS-4 count.
        since: leave out what is over before this day.
    """
    posts = {post.code: post for post in queries.posts()}
    found = []
    for one, other, pair in rules.clashes([*held, *new], apart):
        if other not in new or one in new or min(one.until or date.max, other.until or date.max) < since:
            continue
        kept = posts[one.post]
        basis = f"{pair.basis}；{portfolios.CLAUSES['LS-7']}" if acting and pair.rule != "incompatible" else pair.basis
        found.append(Objection(pair.rule, "incompatible", basis, "", Text(
            f"{somebody.name}已任{kept.zh}({kept.code}),与 {other.post} 不相容：{pair.basis}",
            f"{somebody.name} holds {kept.en} ({kept.code}), which is incompatible with {other.post}: {pair.basis}",
        )))
    return found


def _administrator(somebody: Person, post: Post) -> list[Objection]:
    """Who administers the system configures it and never acts on business."""
    if post.kind is PostKind.ADMINISTRATION:
        return []
    role = db.session.execute(
        select(Account.role).where(Account.person_id == somebody.id, Account.active)
    ).scalar_one_or_none()
    if role in (None, Administrator.NONE):
        return []
    return [Objection("administrator", "administrator", "三权分立", "", Text(
        f"{somebody.name}是系统的管理员，不得经办业务。",
        f"{somebody.name} administers this system and may not act on business.",
    ))]
