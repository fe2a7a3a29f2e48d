"""Two records turn out to be one natural person: a second record would let somebody meet himself in a case."""
from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import or_, select, update

from ...accounts.actions import merging as accounts
from ...change import Actor
from ...errors import Invalid, Refused
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...registers import Fields, today
from .. import queries, rules
from ..models import Absence, Appointment, Capability, Interest, Kinship, Person, Post, PostKind, Proxy
from . import common
from .appointments import incompatible
from .common import changing

#: domain.md §1: who is incompatible with whom is said of natural persons.
BASIS = "一人一档：一个自然人在系统中只有一个身份"


def merge_people(keep_id: int, other_id: int, *, reason: str, actor: Actor) -> None:
    """From now on two records are one person; what was done under the other counts as done by the one that is kept.

    Posts, absences, declarations and proxies go over; of two accounts one stays open. The other record stays, names the
    one kept, and can neither be given anything nor sign in.

    Args:
        keep_id, other_id: the record that stays, and the one that is merged into it.
        reason: how it was found.

    Raises:
        Invalid: one record, not two; NotFound.
        Conflict: one of them was merged already, or the one to keep has left.
        Forbidden: the actor is not the security administrator.
        Refused: they are two natural persons, or one person may not have all of it: incompatible posts from today on,
            leaders' portfolios (LS-1 to LS-8), business beside administration.
    """
    facts = {"person": keep_id, "other": other_id}
    with changing("person.merged", actor) as c:
        if keep_id == other_id:
            raise Invalid({"other_id": [Text("不能与自身合并。", "A record cannot be merged into itself.")]})
        keep, other = common.serving(keep_id), common.unmerged(other_id)
        fields = Fields()
        reason = fields.line("reason", reason, most=300)
        fields.check()
        against = _against(keep, other)
        if against:
            raise Refused(Text(
                f"不能合并{keep.name}（{keep.number}）与{other.name}（{other.number}）的记录。",
                f"The records of {keep.name} ({keep.number}) and {other.name} ({other.number}) cannot be merged.",
            ), against, **facts)
        with common.leaders_kept(Text(
            "合并后违反领导分工制约。", "After the merger the rules of leaders' portfolios would be broken."
        ), **facts):
            moved = _move(keep, other)
        accounts.merge(c, keep_id, other_id)
        c.entry("person.merged", **facts, reason=reason, moved=moved)


def _against(keep: Person, other: Person) -> list[Objection]:
    if keep.identity is not None and other.identity is not None and keep.identity != other.identity:
        return [Objection("identity", "identity", BASIS, "", Text(
            "两条记录登记的身份证号不同，是两个自然人。",
            "The two records have different identity numbers: they are two natural persons.",
        ))]
    on = today()
    mine, theirs = _held(keep.id), _held(other.id)
    found = incompatible(keep, theirs, mine, queries.pairs(), since=on)
    for one in theirs:
        twice = [held for held in mine if (held.post, held.department) == (one.post, one.department)
                 and rules.overlap(held, one) and min(held.until or date.max, one.until or date.max) >= on]
        found += [Objection("identity", "identity", BASIS, "", Text(
            f"两条记录同时任 {one.post}，请先免去其一。", f"Both records hold {one.post}; end one of the appointments first.",
        ))] if twice else []
    roles = accounts.roles(keep.id, other.id)
    business = [held.post for held in [*mine, *theirs] if (held.until or date.max) >= on
                and db.session.get_one(Post, held.post).kind is not PostKind.ADMINISTRATION]
    if len(roles) > 1 or (roles and business):
        found.append(Objection("administrator", "administrator", "三权分立", "", Text(
            "合并后同一人既管理系统又经办业务，或者兼有两种管理权限，请先调整账号。",
            "One person would administer the system and act on business, or have two of its powers; "
            "change the accounts first.",
        )))
    return found


def _held(person_id: int) -> list[rules.Held]:
    return [
        rules.Held(row.post_code, row.since, row.until, row.department_code)
        for row in db.session.execute(select(
            Appointment.post_code, Appointment.since, Appointment.until, Appointment.department_code
        ).where(Appointment.person_id == person_id).order_by(Appointment.id))
    ]


def _move(keep: Person, other: Person) -> dict[str, list[int]]:
    """What was the other's becomes the kept person's. Returns which rows, by table, for the trail."""
    moved: dict[str, list[int]] = {}
    for model in (Appointment, Absence, Interest, Capability):
        rows = list(db.session.scalars(select(model).where(model.person_id == other.id).order_by(model.id)))
        for row in rows:
            row.person_id = keep.id
        moved[model.__tablename__] = [row.id for row in rows]
    moved["kinship"] = _kinships(keep.id, other.id)
    moved["proxy"] = _proxies(keep.id, other.id)
    if keep.identity is None and other.identity is not None:
        identity, other.identity = other.identity, None
        db.session.flush()  # the two must never have it at once
        keep.identity = identity
    db.session.execute(update(Person).where(Person.merged_into_id == other.id).values(merged_into_id=keep.id))
    other.merged_into_id = keep.id
    db.session.flush()
    return moved


def _kinships(keep: int, other: int) -> list[int]:
    """Nobody is their own kin: what was declared between the two records is over."""
    rows = list(db.session.scalars(
        select(Kinship).where(or_(Kinship.person_id == other, Kinship.other_id == other)).order_by(Kinship.id)
    ))
    for row in rows:
        third = row.other_id if row.person_id == other else row.person_id
        if third == keep:
            row.until = today() - timedelta(days=1) if row.until is None else row.until
        else:
            row.person_id, row.other_id = sorted((keep, third))
    return [row.id for row in rows]


def _proxies(keep: int, other: int) -> list[int]:
    """Nobody acts for himself: what one record left to the other is over."""
    rows = list(db.session.scalars(
        select(Proxy).where(or_(Proxy.principal_id == other, Proxy.delegate_id == other)).order_by(Proxy.id)
    ))
    for row in rows:
        if {row.principal_id, row.delegate_id} == {keep, other}:
            row.ended_on = row.ended_on or today()
        elif row.principal_id == other:
            row.principal_id = keep
        else:
            row.delegate_id = keep
    return [row.id for row in rows]
