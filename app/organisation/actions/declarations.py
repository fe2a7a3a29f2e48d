"""What people declare so that they can keep away: kin in the office, parties they are close to (回避)."""
from __future__ import annotations

from datetime import date

from sqlalchemy import select

from ...change import Actor
from ...errors import Conflict, Invalid
from ...extensions import db
from ...kernel.text import Text
from ...parties.models import Party
from ...registers import Fields
from ..models import Interest, Kinship, Relation
from . import common
from .common import changing


def declare_kinship(
    person_id: int, *, other_id: int, relation: Relation | str, declared_on: date, actor: Actor
) -> int:
    """Two people of the office are kin. Either may declare it. Returns the id of the declaration.

    Raises:
        Invalid: a person as their own kin, no such relation.
        NotFound; Conflict: declared already.
    """
    with changing("kinship.declared", actor, own=(person_id, other_id)) as c:
        common.person(person_id)
        common.person(other_id)
        fields = Fields()
        relation = fields.choice("relation", relation, Relation)
        fields.dates(declared_on, None, first="declared_on")
        if person_id == other_id:
            fields.wrong("other_id", "不能与本人构成亲属。", "Nobody is their own kin.")
        fields.check()
        first, second = sorted((person_id, other_id))
        if db.session.execute(select(Kinship.id).where(
            Kinship.person_id == first, Kinship.other_id == second, Kinship.until.is_(None)
        )).first() is not None:
            raise Conflict(Text("亲属关系已申报。", "The kinship is declared already."))
        row = Kinship(person_id=first, other_id=second, relation=relation, declared_on=declared_on)
        db.session.add(row)
        db.session.flush()
        c.entry("kinship.declared", person=first, other=second, kinship=row.id,
                after={"relation": relation.value, "declared_on": declared_on})
        return row.id


def end_kinship(kinship_id: int, *, until: date, actor: Actor) -> None:
    """A kinship has ended (divorce) or was declared by mistake; ``until`` is its last day. Not for the kin to do.

    Raises:
        Invalid, NotFound; Conflict: ended already.
    """
    with changing("kinship.ended", actor) as c:
        row = common.find(Kinship, kinship_id)
        _end(row, until)
        c.entry("kinship.ended", person=row.person_id, other=row.other_id, kinship=kinship_id, after={"until": until})


def declare_interest(person_id: int, *, party_id: int, reason: str, declared_on: date, actor: Actor) -> int:
    """A person must keep away from a party. Returns the id of the declaration.

    Raises:
        Invalid, NotFound; Conflict: declared already.
    """
    with changing("interest.declared", actor, own=(person_id,)) as c:
        common.person(person_id)
        party = common.find(Party, party_id)
        fields = Fields()
        reason = fields.line("reason", reason, most=200)
        fields.dates(declared_on, None, first="declared_on")
        fields.check()
        if db.session.execute(select(Interest.id).where(
            Interest.person_id == person_id, Interest.party_id == party_id, Interest.until.is_(None)
        )).first() is not None:
            raise Conflict(Text(
                f"与{party.name}的利害关系已申报。", f"The interest in {party.name} is declared already."
            ))
        row = Interest(person_id=person_id, party_id=party_id, reason=reason, declared_on=declared_on)
        db.session.add(row)
        db.session.flush()
        c.entry("interest.declared", person=person_id, party=party.key, interest=row.id,
                after={"reason": reason, "declared_on": declared_on})
        return row.id


def end_interest(interest_id: int, *, until: date, actor: Actor) -> None:
    """An interest has ended; ``until`` is its last day. Not for the person concerned to do.

    Raises:
        Invalid, NotFound; Conflict: ended already.
    """
    with changing("interest.ended", actor) as c:
        row = common.find(Interest, interest_id)
        _end(row, until)
        c.entry("interest.ended", person=row.person_id, party=f"party:{row.party_id}", interest=interest_id,
                after={"until": until})


def _end(row: Kinship | Interest, until: date) -> None:
    if type(until) is not date:
        raise Invalid({"until": [Text("必须是日期。", "Must be a date.")]})
    if row.until is not None:
        raise Conflict(Text(f"已于 {row.until} 结束。", f"It ended on {row.until} already."))
    row.until = until
