"""回避 in one case: a person takes no further part in it (公务员法 §76-77, 行政处罚法 §43).

Declared by the person it counts at once; found by whoever supervises them it counts at once; asked for by the party it
counts when the head responsible, who is neither the one who took it down nor kin, has granted it. What they did before
stands, and binds as it did.
"""
from __future__ import annotations

from typing import Any

from sqlalchemy import insert, or_, select, update

from ... import clock
from ...change import Actor
from ...errors import Conflict, Forbidden, Invalid, NotFound, Refused
from ...extensions import db
from ...kernel import separation
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...organisation.models import Source, Standing
from .. import signing
from ..acting import Act, acting, today
from ..locking import Item
from ..models import CaseStatus, ItemState, Recusal
from ..statements import ITEM
from .common import alive, reasoned, same, somebody

RECUSAL = Recusal.__table__
#: The clause where none is given: own application, application by those concerned, order of the office.
BASIS = "公务员法 §77"
_VERBS = {Source.DECLARED: "recusal.declared", Source.FOUND: "recusal.found", Source.REQUESTED: "recusal.requested"}


def recuse(
    case_id: int, *, actor: Actor, person: int, reason: str, source: Source | str = Source.DECLARED, basis: str = BASIS
) -> int:
    """A person steps aside in one case, or is asked to.

    Args:
        person: who should step aside.
        source: ``declared`` (by the person), ``found`` (by their supervisor), ``requested`` (by the party, taken down by
            the actor, to be decided by :func:`decide_recusal`).
        basis: the clause it rests on.

    Returns:
        The id of the record.

    Raises:
        Forbidden: declared for somebody else, or found by one who does not supervise them.
        Conflict: known or asked for already, or the case has ended.
        Invalid: no such person or source, no reason, or a basis too long.
    """
    try:
        source = Source(source)
    except ValueError:
        raise Invalid({"source": [Text("没有这种来源", "there is no such source")]}) from None
    basis = (basis or "").strip() or BASIS
    if len(basis) > 300:
        raise Invalid({"basis": [Text("依据超过 300 字", "the basis is longer than 300 characters")]})
    with acting(_VERBS[source], actor=actor, case=case_id) as act:
        _open_case(act)
        why = reasoned(reason)
        person = somebody(act, "person", person)
        mine = same(act.office, person, actor.person_id)
        if source is Source.DECLARED and not mine:
            raise Forbidden(Text("只能由本人申报回避。", "Only the person declares it."))
        if source is Source.FOUND and (
            mine or actor.person_id not in organisation.supervisors([person], today(act.now))
        ):
            raise Forbidden(Text("只有其主管领导或监督部门可以责令回避。", "Only whoever supervises them finds it."))
        if actor.person_id is None:
            raise Forbidden(Text("只有人可以提出回避。", "Only a person raises it."))
        _once(act, person, source)
        effective = source is not Source.REQUESTED
        recusal = act.c.connection.execute(insert(RECUSAL).returning(RECUSAL.c.id), {
            "case_id": act.id, "person_id": person, "source": source,
            "standing": Standing.EFFECTIVE if effective else Standing.UNDECIDED, "reason": why, "basis": basis,
            "recorded_by": actor.person_id, "recorded_at": act.now,
        }).scalar_one()
        blocked = _step_aside(act, person) if effective else ()
        act.entry(
            _VERBS[source], person=person, recusal=recusal, reason=why, basis=basis, blocked=list(blocked),
        )
        return recusal


def decide_recusal(recusal_id: int, *, actor: Actor, granted: bool, reason: str) -> None:
    """The head responsible grants the party's request that somebody step aside, or refuses it.

    Raises:
        NotFound: there is no such request.
        Forbidden: the actor is not the head responsible.
        Refused: it is about the actor or their kin, or the actor took it down.
        Conflict: decided already, or the case has ended.
    """
    found = db.session.execute(select(RECUSAL).where(RECUSAL.c.id == recusal_id)).first()
    if found is None:
        raise NotFound(Text("没有这项回避申请", "there is no such request"))
    verb = "recusal.granted" if granted else "recusal.denied"
    with acting(verb, actor=actor, case=found.case_id) as act:
        _open_case(act)
        row = act.c.connection.execute(select(RECUSAL).where(RECUSAL.c.id == recusal_id)).one()
        why = reasoned(reason)
        if row.standing is not Standing.UNDECIDED:
            raise Conflict(Text("该申请已有决定。", "It is no open request."))
        _may_decide(act, row, actor)
        act.c.connection.execute(update(RECUSAL).where(RECUSAL.c.id == row.id).values(
            standing=Standing.EFFECTIVE if granted else Standing.REFUSED, decided_by=actor.person_id, decided_at=act.now,
            decision=why,
        ))
        blocked = _step_aside(act, row.person_id) if granted else ()
        act.entry(
            verb, person=row.person_id, recusal=row.id, reason=why, basis=row.basis, recorded_by=row.recorded_by,
            blocked=list(blocked),
        )


# -- inside -----------------------------------------------------------------------------------------------------------

def _open_case(act: Act) -> None:
    if act.status is not CaseStatus.SUSPENDED:
        alive(act)


def _once(act: Act, person: int, source: Source) -> None:
    if any(same(act.office, person, other) for other in act.acts.recused):
        raise Conflict(Text("此人在本案中已经回避。", "They have stepped aside in this case already."))
    if source is Source.REQUESTED and act.c.connection.execute(select(RECUSAL.c.id).where(
        RECUSAL.c.case_id == act.id, RECUSAL.c.person_id == person, RECUSAL.c.standing == Standing.UNDECIDED,
    )).first() is not None:
        raise Conflict(Text("已有人申请其回避，尚未决定。", "That is asked for already and not decided yet."))


def _may_decide(act: Act, row: Any, actor: Actor) -> None:
    me, against = actor.person_id, None
    if same(act.office, me, row.person_id):
        against = Text("不能决定涉及本人的回避申请。", "Nobody decides about their own recusal.")
    elif me is not None and act.office.kin(me) & act.office.set_of([row.person_id]):
        against = Text("与当事人员有亲属关系，不能决定。", "Kin of somebody concerned may not decide.")
    elif same(act.office, me, row.recorded_by):
        against = Text("登记申请的人不能决定该申请。", "Who took the request down may not decide it.")
    if against is not None:
        raise Refused(
            Text("不能决定该回避申请。", "This request is not yours to decide."),
            [Objection("recuse", "recuse", BASIS, "", against)], recusal=row.id, person=row.person_id, case=act.id,
        )
    if me is None or me not in organisation.responsible([row.person_id], today(clock.now())):
        raise Forbidden(Text(
            "只有负责的领导可以决定回避申请。", "Only the head responsible decides whether somebody steps aside."
        ))


def _step_aside(act: Act, person: int) -> tuple[str, ...]:
    """What they hold goes back to its post, what they were to sign is signed by the others.

    Returns:
        Open nodes that nobody may act at by now.
    """
    act.acts.recused.append(person)
    ids = [person, *act.office.person(person).also]
    rows = act.c.connection.execute(select(ITEM).where(
        ITEM.c.case_id == act.id, ITEM.c.state.in_((ItemState.CREATED, ItemState.OFFERED, ItemState.ALLOCATED)),
        or_(ITEM.c.assignee_id.in_(ids), ITEM.c.on_behalf_of_id.in_(ids), ITEM.c.offered_to_id.in_(ids)),
    ).order_by(ITEM.c.id)).all()
    for row in rows:
        if row.signing is None:
            item = _item(row)
            signing.ended(act, item.token, item.node)
            act.release(item)
            act.save_item(item, allocated_at=None, draft=None)
            act.entry("work_item.released", node=item.node, item=item.id, because="recusal")
    for token in list(act.acts.signing):
        node = act.acts.held[token][0]
        if True in [signing.remove(act, int(token), node, one) for one in ids]:
            like = act.c.connection.execute(select(ITEM).where(ITEM.c.id == act.acts.signing[token]["item"])).one()
            signing.go_on(act, int(token), _item(like))
    if act.status is CaseStatus.SUSPENDED or not act.acts.held:
        return ()
    return separation.blocked(act.meaning.rules, act.office, act.facts())


def _item(row: Any) -> Item:
    return Item(
        row.token, row.node, row.post, department=row.department, number=row.number, state=row.state,
        assignee_id=row.assignee_id, behalf_id=row.on_behalf_of_id, due_at=row.due_at, due_published=row.due_published,
        risk=row.risk, id=row.id, version=row.version, draft=row.draft, offered_at=row.offered_at,
        parent_id=row.parent_id, signing=row.signing,
    )


__all__ = ["decide_recusal", "recuse"]
