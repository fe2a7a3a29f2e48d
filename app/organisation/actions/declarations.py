"""Whom people keep away from (回避): kin in the office, parties they are close to.

The office learns of it in three ways (公务员法 §77): the person declares it; a supervisor finds it, and it counts at
once; a party asks for it, and it counts when the head responsible has granted it. Refused requests stay on record.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import select

from ...change import Actor, Change
from ...errors import Conflict, Forbidden, Invalid, Refused
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...parties.models import Party
from ...registers import Fields, today
from .. import queries
from ..models import Interest, Kinship, Relation, Source, Standing
from . import common
from .common import changing

Declaration: TypeAlias = Kinship | Interest

#: Civil Servants Law (2018) art. 77: own application, application by those concerned, decision without any.
BASIS = "公务员法 §77"
_KINDS: dict[str, type[Declaration]] = {"kinship": Kinship, "interest": Interest}


def declare_kinship(
    person_id: int, *, other_id: int, relation: Relation | str, declared_on: date, note: str = "", actor: Actor
) -> int:
    """Two people of the office are kin. Either may declare it. Returns the id of the declaration.

    Raises:
        Invalid: a person as their own kin, no such relation.
        NotFound; Conflict: known already.
    """
    with changing("kinship.declared", actor, own=(person_id, other_id)) as c:
        return _kinship(c, Source.DECLARED, person_id, other_id, relation, declared_on, note)


def find_kinship(
    person_id: int, *, other_id: int, relation: Relation | str, found_on: date, note: str, actor: Actor
) -> int:
    """A supervisor has found that two people are kin; ``note`` says how. Returns the id of the record.

    Raises:
        Invalid, NotFound; Conflict: known already.
        Forbidden: the actor is neither their head nor of the supervision, or is one of the two.
    """
    with _finding("kinship.found", actor, person_id, other_id) as c:
        return _kinship(c, Source.FOUND, person_id, other_id, relation, found_on, note)


def request_kinship(
    person_id: int, *, other_id: int, relation: Relation | str, requested_on: date, note: str, actor: Actor
) -> int:
    """A party asks that somebody step aside because of kin in the office; ``note`` says who asks. Anybody may take the
    request down; it counts once it is granted. Returns its id.

    Raises:
        Invalid, NotFound; Conflict: known or asked for already.
    """
    with changing("kinship.requested", actor, own=_anybody(actor)) as c:
        return _kinship(c, Source.REQUESTED, person_id, other_id, relation, requested_on, note)


def end_kinship(kinship_id: int, *, until: date, actor: Actor) -> None:
    """A kinship has ended (divorce) or was declared by mistake; ``until`` is its last day. Not for the kin to do.

    Raises:
        Invalid, NotFound; Conflict: ended already, or not in effect.
    """
    with changing("kinship.ended", actor) as c:
        row = common.find(Kinship, kinship_id)
        _end(row, until, actor)
        c.entry("kinship.ended", person=row.person_id, other=row.other_id, kinship=kinship_id, after={"until": until})


def declare_interest(
    person_id: int, *, party_id: int, reason: str, declared_on: date, note: str = "", actor: Actor
) -> int:
    """A person must keep away from a party. Returns the id of the declaration.

    Raises:
        Invalid, NotFound; Conflict: known already.
    """
    with changing("interest.declared", actor, own=(person_id,)) as c:
        return _interest(c, Source.DECLARED, person_id, party_id, reason, declared_on, note)


def find_interest(
    person_id: int, *, party_id: int, reason: str, found_on: date, note: str, actor: Actor
) -> int:
    """A supervisor has found that a person is close to a party; ``note`` says how. Returns the id of the record.

    Raises:
        Invalid, NotFound; Conflict: known already.
        Forbidden: the actor is neither their head nor of the supervision, or is the person concerned.
    """
    with _finding("interest.found", actor, person_id) as c:
        return _interest(c, Source.FOUND, person_id, party_id, reason, found_on, note)


def request_interest(
    person_id: int, *, party_id: int, reason: str, requested_on: date, note: str, actor: Actor
) -> int:
    """A party asks that a person step aside; ``note`` says who asks and how. Anybody may take the request down; it
    counts once it is granted. Returns its id.

    Raises:
        Invalid, NotFound; Conflict: known or asked for already.
    """
    with changing("interest.requested", actor, own=_anybody(actor)) as c:
        return _interest(c, Source.REQUESTED, person_id, party_id, reason, requested_on, note)


def end_interest(interest_id: int, *, until: date, actor: Actor) -> None:
    """An interest has ended; ``until`` is its last day. Not for the person concerned to do.

    Raises:
        Invalid, NotFound; Conflict: ended already, or not in effect.
    """
    with changing("interest.ended", actor) as c:
        row = common.find(Interest, interest_id)
        _end(row, until, actor)
        c.entry("interest.ended", person=row.person_id, party=f"party:{row.party_id}", interest=interest_id,
                after={"until": until})


def decide_request(kind: str, declaration_id: int, *, granted: bool, reason: str, actor: Actor) -> None:
    """The head responsible grants a party's request that somebody step aside, or refuses it.

    Args:
        kind: ``kinship`` or ``interest``.
        reason: why; stays on record either way.

    Raises:
        Invalid, NotFound; Conflict: it is no request, or decided already.
        Forbidden: the actor is not the head responsible (see :func:`app.organisation.queries.responsible`).
        Refused: the actor is concerned, is kin of somebody concerned, or took the request down.
    """
    model = _KINDS.get(kind)
    if model is None:
        raise Invalid({"kind": [Text("只能是 kinship 或 interest。", "Must be kinship or interest.")]})
    verb = f"{kind}.granted" if granted else f"{kind}.denied"
    with changing(verb, actor, own=_anybody(actor)) as c:
        row = common.find(model, declaration_id)
        fields = Fields()
        reason = fields.line("reason", reason, most=300)
        if not isinstance(granted, bool):
            fields.wrong("granted", "只能是“是”或“否”。", "Must be yes or no.")
        fields.check()
        if row.standing is not Standing.UNDECIDED:
            raise Conflict(Text("该申请已有决定。", "It is no open request."))
        _may_decide(row, actor, {"declaration": declaration_id, "kind": kind})
        row.standing = Standing.EFFECTIVE if granted else Standing.REFUSED
        row.decided_by, row.decided_on, row.decision = actor.person_id, today(), reason
        c.entry(verb, **_about(row), **{kind: row.id}, after={"standing": row.standing.value, "reason": reason})


def _kinship(
    c: Change, source: Source, person_id: int, other_id: int, relation: Any, on: Any, note: Any
) -> int:
    common.unmerged(person_id)
    common.unmerged(other_id)
    fields = Fields()
    relation = fields.choice("relation", relation, Relation)
    note = _dated(fields, source, on, note)
    if person_id == other_id:
        fields.wrong("other_id", "不能与本人构成亲属。", "Nobody is their own kin.")
    fields.check()
    first, second = sorted((person_id, other_id))
    known = select(Kinship.id).where(
        Kinship.person_id == first, Kinship.other_id == second, Kinship.until.is_(None),
        Kinship.standing.in_(_standing_in_the_way(source)),
    )
    if db.session.execute(known).first() is not None:
        raise Conflict(Text("亲属关系已申报。", "The kinship is declared already."))
    return _record(c, Kinship(person_id=first, other_id=second, relation=relation), source, on, note, {
        "relation": relation.value,
    })


def _interest(
    c: Change, source: Source, person_id: int, party_id: int, reason: Any, on: Any, note: Any
) -> int:
    common.unmerged(person_id)
    party = common.find(Party, party_id)
    fields = Fields()
    reason = fields.line("reason", reason, most=200)
    note = _dated(fields, source, on, note)
    fields.check()
    known = select(Interest.id).where(
        Interest.person_id == person_id, Interest.party_id == party_id, Interest.until.is_(None),
        Interest.standing.in_(_standing_in_the_way(source)),
    )
    if db.session.execute(known).first() is not None:
        raise Conflict(Text(
            f"与{party.name}的利害关系已申报。", f"The interest in {party.name} is declared already."
        ))
    return _record(c, Interest(person_id=person_id, party_id=party_id, reason=reason), source, on, note, {
        "reason": reason,
    })


def _record(
    c: Change, row: Declaration, source: Source, on: date, note: str, facts: dict[str, Any]
) -> int:
    row.source, row.declared_on, row.note, row.recorded_by = source, on, note, c.actor.person_id
    row.standing = Standing.UNDECIDED if source is Source.REQUESTED else Standing.EFFECTIVE
    db.session.add(row)
    db.session.flush()
    noun = type(row).__tablename__
    if note:
        facts["note"] = note
    c.entry(f"{noun}.{source.value}", **_about(row), **{noun: row.id}, after={**facts, "declared_on": on})
    return row.id


def _dated(fields: Fields, source: Source, on: Any, note: Any) -> str:
    """Whoever finds something or asks for it says how; nobody knows today what is true only tomorrow."""
    field = f"{source.value}_on"
    fields.dates(on, None, first=field)
    if type(on) is date and on > today():
        fields.wrong(field, "不能晚于今天。", "Must not be after today.")
    return fields.line("note", note, most=300, needed=source is not Source.DECLARED)


def _standing_in_the_way(source: Source) -> tuple[Standing, ...]:
    """A request does not keep anybody from declaring the same, but from being made twice."""
    return (Standing.EFFECTIVE, Standing.UNDECIDED) if source is Source.REQUESTED else (Standing.EFFECTIVE,)


def _about(row: Declaration) -> dict[str, Any]:
    if isinstance(row, Kinship):
        return {"person": row.person_id, "other": row.other_id}
    return {"person": row.person_id, "party": f"party:{row.party_id}"}


def _concerned(row: Declaration) -> set[int]:
    return {row.person_id, row.other_id} if isinstance(row, Kinship) else {row.person_id}


def _anybody(actor: Actor) -> tuple[int, ...]:
    return () if actor.person_id is None else (actor.person_id,)


@contextmanager
def _finding(verb: str, actor: Actor, *people: int) -> Iterator[Change]:
    with changing(verb, actor, own=_anybody(actor)) as c:
        if actor.account_id is not None and (
            actor.person_id in people or actor.person_id not in queries.supervisors(people, today())
        ):
            raise Forbidden(Text(
                "只有监督人员或其上级领导可以登记发现的回避情形；涉及本人的请本人申报。",
                "Only the supervision or a superior records what was found; what concerns oneself is declared.",
            ))
        yield c


def _may_decide(row: Declaration, actor: Actor, facts: dict[str, Any]) -> None:
    me, concerned = actor.person_id, _concerned(row)
    against = []
    if me in concerned:
        against.append(Text("不能决定涉及本人的回避申请。", "Nobody decides about their own recusal."))
    elif me is not None and me in queries.kin_of(concerned, today()):
        against.append(Text("与当事人员有亲属关系，不能决定。", "Kin of somebody concerned may not decide."))
    if me is not None and me == row.recorded_by:
        against.append(Text("登记申请的人不能决定该申请。", "Who took the request down may not decide it."))
    if against:
        raise Refused(
            Text("不能决定该回避申请。", "This request is not yours to decide."),
            [Objection("recuse", "recuse", BASIS, "", because) for because in against], **facts, **_about(row),
        )
    if me is None or me not in queries.responsible(concerned, today()):
        raise Forbidden(Text(
            "只有负责的领导可以决定回避申请。", "Only the head responsible decides whether somebody steps aside."
        ))


def _end(row: Declaration, until: date, actor: Actor) -> None:
    if actor.person_id in _concerned(row):
        raise Forbidden(Text("不能由本人终止。", "Not for the people concerned to end."))
    if type(until) is not date:
        raise Invalid({"until": [Text("必须是日期。", "Must be a date.")]})
    if row.standing is not Standing.EFFECTIVE:
        raise Conflict(Text("该申请尚未生效。", "It is not in effect."))
    if row.until is not None:
        raise Conflict(Text(f"已于 {row.until} 结束。", f"It ended on {row.until} already."))
    row.until = until
