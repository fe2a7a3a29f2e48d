"""双人操作: what one person asks for and another confirms: 改派, 应急特批, 终止.

Nobody alone can take a work item from its holder, end a case over its initiator's head or act against the rules of
separation, an administrator least of all. Two different people can, each on record with a reason; neither of them may
gain by it, be kin of whoever does, or be whom the case is about.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from ... import clock
from ...accounts import queries as accounts
from ...accounts.models import Administrator
from ...change import Actor
from ...definitions import queries as definitions
from ...errors import Conflict, Forbidden, Invalid, NotFound, Refused
from ...extensions import db
from ...kernel import engine
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...organisation import queries as organisation
from .. import signing
from ..acting import Act, acting, today
from ..locking import Item
from ..models import CaseStatus, ControlKind, DualControl
from .common import alive, ask_for, open_item, reasoned, same, somebody
from .reassigning import hand_over, successor

CONTROL = DualControl.__table__
BASIS = "双人操作：提出人与确认人须为不同的人，且均与受益人、当事人无利害关系"
#: For how long an override may be in force, where the office has not set the parameter; never longer.
OVERRIDE_HOURS = ("OVERRIDE_HOURS", 24)
#: For how long a reassignment or a termination waits for the second person.
WAITS = timedelta(hours=72)
#: Areas whose cases are about the integrity of the office's own people.
INTEGRITY = frozenset({"supervision", "integrity"})


def ask_reassign(item_id: int, *, actor: Actor, person: int | None, reason: str) -> int:
    """改派: ask that an open work item go to another person, or back to its post.

    Args:
        person: who should have it; the gate is asked now, and again when it is confirmed. None: back to the post.

    Returns:
        The id of the request, to be confirmed.

    Raises:
        Forbidden: only system and security administration ask.
        Refused: the gate says no to them, or the actor is too close.
        Conflict: the item is not open, or that is asked for already.
    """
    role = _asker(actor, ControlKind.REASSIGN)
    with acting("control.asked", actor=actor, item=item_id, in_post=False) as act:
        item = open_item(act, None)
        why = reasoned(reason)
        if person is not None:
            person = successor(act, item, person)
            ask_for(act, item, person)
        elif item.signing is not None or item.assignee_id is None:
            raise Invalid({"person": [Text("请选择接办人", "choose who takes it")]})
        return _ask(act, actor, role, ControlKind.REASSIGN, item.id, person, why, act.now + WAITS)


def ask_override(item_id: int, *, actor: Actor, person: int, reason: str, hours: int = 24) -> int:
    """应急特批: ask that one person may act on one work item, once, although a rule of separation forbids it.

    Args:
        person: who; must have an account.
        hours: for how long from now; at most the parameter OVERRIDE_HOURS, and a day.

    Returns:
        The id of the request, to be confirmed.

    Raises:
        Forbidden: only security administration asks.
        Refused: the case is about them, they were found biased in it, or the actor is too close.
        Conflict: no rule stands in their way, the item is not open, or that is asked for already.
        Invalid: no such person, no account, no reason, or too many hours.
    """
    role = _asker(actor, ControlKind.OVERRIDE)
    most = min(organisation.limit(OVERRIDE_HOURS, today(clock.now())), 24)
    if type(hours) is not int or not 1 <= hours <= most:
        raise Invalid({"hours": [Text(f"请填 1 至 {most} 小时", f"give 1 to {most} hours")]})
    with acting("control.asked", actor=actor, item=item_id, in_post=False) as act:
        item = open_item(act, None)
        why = reasoned(reason)
        person = somebody(act, "person", person)
        if accounts.by_person(person) is None:
            raise Invalid({"person": [Text("此人没有可用的账号", "they have no account to act with")]})
        _never(act, item, person)
        try:
            ask_for(act, item, person)
        except Refused as refusal:
            objections = refusal.objections
        else:
            raise Conflict(Text("没有规则阻止此人办理，无需特批。", "No rule stands in their way; no override is needed."))
        return _ask(
            act, actor, role, ControlKind.OVERRIDE, item.id, person, why, act.now + timedelta(hours=hours),
            objections=[objection.facts() for objection in objections],
        )


def ask_terminate(case_id: int, *, actor: Actor, reason: str) -> int:
    """终止: ask that a case end here, over its initiator's head.

    Returns:
        The id of the request, to be confirmed.

    Raises:
        Forbidden: only system and security administration ask.
        Refused: the actor is whom the case is about.
        Conflict: the case has ended, or that is asked for already.
    """
    role = _asker(actor, ControlKind.TERMINATE)
    with acting("control.asked", actor=actor, case=case_id) as act:
        _open_case(act)
        return _ask(act, actor, role, ControlKind.TERMINATE, None, None, reasoned(reason), act.now + WAITS)


def confirm_control(control_id: int, *, actor: Actor, answer: str | None = None) -> None:
    """The second person agrees. A reassignment and a termination are carried out at once; an override is in force.

    Args:
        answer: a few words, if they wish.

    Raises:
        NotFound: there is no such request.
        Forbidden: the actor is neither an administrator of another role than who asked, nor the head responsible.
        Refused: the actor asked for it, or is too close; or the gate says no by now.
        Conflict: answered already, expired, or the work item is no longer open.
    """
    with _answering("control.confirmed", control_id, actor) as (act, row):
        _confirmer(act, row, actor)
        act.c.connection.execute(update(CONTROL).where(CONTROL.c.id == row.id).values(
            confirmed_by=actor.person_id, confirmed_at=act.now, answer=_said(answer),
            used_at=None if row.kind is ControlKind.OVERRIDE else act.now,
        ))
        facts = {"control": row.id, "reason": row.reason, "asked_by": row.asked_by, "confirmed_by": actor.person_id}
        if row.kind is ControlKind.TERMINATE:
            _open_case(act)
            act.entry("control.confirmed", kind=str(row.kind), **facts)
            act.advance(engine.Cancel())
            return
        item = open_item(act, None)
        act.entry(
            "control.confirmed", kind=str(row.kind), node=item.node, item=item.id, person=row.person_id,
            expires=row.expires_at, **facts,
        )
        if row.kind is ControlKind.OVERRIDE:
            _never(act, item, row.person_id)
        else:
            _reassign(act, item, row, facts)


def decline_control(control_id: int, *, actor: Actor, reason: str) -> None:
    """The second person says no, or whoever asked takes it back.

    Raises:
        NotFound: there is no such request.
        Forbidden: not the actor's to decline.
        Conflict: answered already.
    """
    with _answering("control.declined", control_id, actor) as (act, row):
        if not same(act.office, actor.person_id, row.asked_by):
            _confirmer(act, row, actor)
        why = reasoned(reason)
        act.c.connection.execute(update(CONTROL).where(CONTROL.c.id == row.id).values(
            declined_by=actor.person_id, declined_at=act.now, answer=why,
        ))
        act.entry(
            "control.declined", kind=str(row.kind), item=row.item_id, person=row.person_id, control=row.id, reason=why,
        )


# -- inside -----------------------------------------------------------------------------------------------------------

def _ask(
    act: Act, actor: Actor, role: Administrator, kind: ControlKind, item: int | None, person: int | None, why: str,
    expires: Any, **facts: Any,
) -> int:
    _far_enough(act, actor, kind, person)
    known = select(CONTROL.c.id).where(
        CONTROL.c.kind == kind, CONTROL.c.case_id == act.id, CONTROL.c.item_id == item, CONTROL.c.person_id == person,
        CONTROL.c.declined_at.is_(None), CONTROL.c.used_at.is_(None), CONTROL.c.expires_at > act.now,
    )
    if act.c.connection.execute(known).first() is not None:
        raise Conflict(Text("已经提出过，正等待确认或已生效。", "That is asked for already, or in force."))
    control = act.c.connection.execute(insert(CONTROL).returning(CONTROL.c.id), {
        "kind": kind, "case_id": act.id, "item_id": item, "person_id": person, "reason": why,
        "asked_by": actor.person_id, "asked_role": str(role), "asked_at": act.now, "expires_at": expires,
    }).scalar_one()
    act.entry(
        "control.asked", kind=str(kind), item=item, person=person, control=control, reason=why, expires=expires,
        **({"node": act.item.node} if act.item is not None else {}), **facts,
    )
    return control


@contextmanager
def _answering(verb: str, control_id: int, actor: Actor) -> Iterator[tuple[Act, Any]]:
    """A request under its case's lock, still waiting for its answer."""
    found = db.session.execute(select(CONTROL).where(CONTROL.c.id == control_id)).first()
    if found is None:
        raise NotFound(Text("没有这项双人操作", "there is no such request"))
    where = {"item": found.item_id} if found.item_id is not None else {"case": found.case_id}
    with acting(verb, actor=actor, in_post=False, **where) as act:
        row = act.c.connection.execute(select(CONTROL).where(CONTROL.c.id == control_id)).one()
        if row.confirmed_at is not None or row.declined_at is not None:
            raise Conflict(Text("这项双人操作已有答复。", "It has been answered already."))
        if row.expires_at <= act.now:
            raise Conflict(Text("这项双人操作已经过期。", "It has expired."))
        yield act, row


def _asker(actor: Actor, kind: ControlKind) -> Administrator:
    account = accounts.by_person(actor.person_id) if actor.person_id is not None else None
    role = account.role if account is not None else Administrator.NONE
    wanted = (Administrator.SECURITY,) if kind is ControlKind.OVERRIDE else (Administrator.SECURITY, Administrator.SYSTEM)
    if role not in wanted:
        raise Forbidden(Text("只有管理员可以提出。", "Only administrators ask for this."))
    return role


def _confirmer(act: Act, row: Any, actor: Actor) -> None:
    """Whether the actor may be the second person."""
    if actor.person_id is None:
        raise Forbidden(Text("只有人可以确认。", "Only a person confirms."))
    if same(act.office, actor.person_id, row.asked_by):
        raise _too_close(act, row.kind, Text("提出人不能自己确认。", "Who asked does not confirm."))
    _far_enough(act, actor, row.kind, row.person_id)
    account = accounts.by_person(actor.person_id)
    role = account.role if account is not None else Administrator.NONE
    concerned = row.person_id or (act.item.assignee_id if act.item is not None else act.row["initiator_id"])
    if role is not Administrator.NONE and str(role) != row.asked_role:
        return
    if concerned is not None and actor.person_id in organisation.responsible([concerned], today(act.now)):
        return
    raise Forbidden(Text(
        "须由另一角色的管理员或负责的领导确认。",
        "An administrator of another role or the head responsible confirms.",
    ))


def _far_enough(act: Act, actor: Actor, kind: ControlKind, person: int | None) -> None:
    """Neither of the two may gain by it, be kin of whoever does, or be whom the case is about."""
    me, office = actor.person_id, act.office
    if me is None:
        raise Forbidden(Text("只有人可以提出。", "Only a person asks."))
    if same(office, me, person):
        raise _too_close(act, kind, Text("受益人不能提出或确认。", "Whom it is for neither asks nor confirms."))
    if person is not None and _kin(act, me, person):
        raise _too_close(act, kind, Text("受益人的亲属不能提出或确认。", "Kin of whom it is for neither ask nor confirm."))
    if same(office, me, act.facts().party_person):
        raise _too_close(act, kind, Text("当事人不能提出或确认。", "Whom the case is about neither asks nor confirms."))


def _kin(act: Act, one: int, other: int) -> bool:
    return bool(act.office.kin(one) & act.office.set_of([other]))


def _too_close(act: Act, kind: ControlKind, because: Text) -> Refused:
    node = act.item.node if act.item is not None else ""
    return Refused(
        Text("您不能提出或确认这项双人操作。", "This is not yours to ask for or confirm."),
        [Objection("dual-control", "dual-control", BASIS, node, because)], kind=str(kind), case=act.id,
        **({"node": node, "item": act.item.id} if act.item is not None else {}),
    )


def _never(act: Act, item: Item, person: int) -> None:
    """Whom no override helps: whom the case is about, and in a case of integrity their kin; who was found biased."""
    party = act.facts().party_person
    area = definitions.get(act.meaning.definition_id).area
    against = None
    if same(act.office, person, party):
        against = Text("办件所涉的人，任何特批都不能让其办理。", "Nobody lets in whom the case is about.")
    elif area in INTEGRITY and party is not None and _kin(act, person, party):
        against = Text("监督案件所涉人员的亲属，不能特批办理。", "Nobody lets in kin of whom a case of integrity is about.")
    elif any(same(act.office, person, other) for other in act.acts.recused):
        against = Text("在本案中已被决定回避的人，不能特批办理。", "Nobody lets in who was found biased in the case.")
    if against is not None:
        raise Refused(
            Text("不能特批。", "There is no override."),
            [Objection("dual-control", "dual-control", BASIS, item.node, against)],
            node=item.node, item=item.id, person=person, case=act.id,
        )


def _reassign(act: Act, item: Item, row: Any, facts: dict[str, Any]) -> None:
    was = item.assignee_id
    if row.person_id is not None:
        person = successor(act, item, row.person_id)
        ask_for(act, item, person)
        hand_over(act, item, person)
    else:
        signing.ended(act, item.token, item.node)
        act.release(item)
        act.save_item(item, allocated_at=None, draft=None)
    act.entry("work_item.reassigned", node=item.node, item=item.id, to=row.person_id, was=was, **facts)


def _open_case(act: Act) -> None:
    if act.status is not CaseStatus.SUSPENDED:
        alive(act)


def _said(answer: str | None) -> str | None:
    answer = (answer or "").strip()
    return reasoned(answer) if answer else None


__all__ = ["ask_override", "ask_reassign", "ask_terminate", "confirm_control", "decline_control"]
