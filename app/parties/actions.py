"""Taking parties into the register and keeping them right; entries in the chain ``parties``."""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from ..change import Actor, Change, change
from ..errors import Conflict, NotFound
from ..extensions import db
from ..kernel.text import Text
from ..registers import Fields, differences, hold
from . import numbers
from .models import Party, PartyKind


def register(
    *, kind: PartyKind | str, name: str, credit_code: str | None = None, id_number: str | None = None,
    address: str = "", district: str = "", actor: Actor,
) -> int:
    """A party enters the register. Returns its id.

    Args:
        kind: organisation (needs a credit code), household (a credit code or its owner's identity number) or
            individual (needs an identity number).
        credit_code: 统一社会信用代码， 18 characters.
        id_number: 公民身份号码， 18 characters; the trail gets it masked.

    Raises:
        Invalid: a number whose check digits are wrong, or one missing; Conflict: the number is registered already.
    """
    return register_many([{
        "kind": kind, "name": name, "credit_code": credit_code, "id_number": id_number, "address": address,
        "district": district,
    }], actor=actor)[0]


def register_many(parties: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several parties, all or none; rows with the arguments of :func:`register`. Returns their ids in order."""
    with change("party.registered", actor=actor, subject="parties", lock=hold) as c:
        return [_register(c, row) for row in parties]


def update(party_id: int, *, actor: Actor, **changes: Any) -> None:
    """Correct a party's particulars.

    Args:
        changes: any of the arguments of :func:`register` but ``kind``.

    Raises:
        Invalid, NotFound; Conflict: nothing would change, or the number is another party's.
    """
    with change("party.updated", actor=actor, subject="parties", lock=hold) as c:
        party = db.session.get(Party, party_id)
        if party is None:
            raise NotFound(Text("没有这个当事人", "there is no such party"))
        fields = Fields()
        for key in changes.keys() - {"name", "credit_code", "id_number", "address", "district"}:
            fields.wrong(key, "不能修改此项。", "This cannot be changed.")
        fields.check()
        now = {key: getattr(party, key) for key in ("name", "credit_code", "id_number", "address", "district")}
        clean = _clean({"kind": party.kind, **now, **changes})
        before, after = differences(party, clean)
        if not after:
            raise Conflict(Text("没有任何变化。", "Nothing would change."))
        _number_is_free(clean, but=party_id)
        for key, value in after.items():
            setattr(party, key, value)
        c.entry("party.updated", party=party.key, before=_shown(before), after=_shown(after))


def _register(c: Change, given: Mapping[str, Any]) -> int:
    clean = _clean(given)
    _number_is_free(clean)
    party = Party(**clean)
    db.session.add(party)
    db.session.flush()
    c.entry("party.registered", party=party.key, after=_shown(clean))
    return party.id


def _clean(given: Mapping[str, Any]) -> dict[str, Any]:
    fields = Fields()
    kind = fields.choice("kind", given.get("kind"), PartyKind)
    clean = {
        "kind": kind,
        "name": fields.line("name", given.get("name"), most=120),
        "credit_code": _number(fields, "credit_code", given.get("credit_code")),
        "id_number": _number(fields, "id_number", given.get("id_number")),
        "address": fields.line("address", given.get("address"), most=200, needed=False),
        "district": fields.line("district", given.get("district"), most=60, needed=False),
    }
    if clean["credit_code"] and not numbers.credit_code_is_valid(clean["credit_code"]):
        fields.wrong("credit_code", "统一社会信用代码不正确，请核对。", "This is no valid credit code; check it.")
    if clean["id_number"] and not numbers.id_number_is_valid(clean["id_number"]):
        fields.wrong("id_number", "身份证号不正确，请核对。", "This is no valid identity number; check it.")
    if kind is PartyKind.ORGANISATION and not clean["credit_code"]:
        fields.wrong("credit_code", "单位必须有统一社会信用代码。", "An organisation needs its credit code.")
    if kind is PartyKind.INDIVIDUAL and not clean["id_number"]:
        fields.wrong("id_number", "个人必须有身份证号。", "An individual needs an identity number.")
    if kind is PartyKind.HOUSEHOLD and not (clean["credit_code"] or clean["id_number"]):
        fields.wrong("credit_code", "个体工商户须有统一社会信用代码或经营者身份证号。",
                     "A household needs its credit code or its owner's identity number.")
    fields.check()
    return clean


def _number(fields: Fields, field: str, value: Any) -> str | None:
    """A number as registered: half-width capitals, no spaces; None where there is none."""
    text = fields.line(field, value, most=40, needed=False)
    return unicodedata.normalize("NFKC", text).replace(" ", "").upper() or None


def _number_is_free(clean: Mapping[str, Any], *, but: int | None = None) -> None:
    for column in (Party.credit_code, Party.id_number):
        if clean[column.key] is None:
            continue
        other = db.session.execute(select(Party.id, Party.name).where(column == clean[column.key])).first()
        if other is not None and other.id != but:
            raise Conflict(Text(
                f"该号码已登记为“{other.name}”。", f"The number is registered as “{other.name}” already."
            ))


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Particulars as the trail may keep them for ever."""
    shown = {key: value.value if isinstance(value, PartyKind) else value for key, value in facts.items()}
    if shown.get("id_number"):
        shown["id_number"] = numbers.masked(shown["id_number"])
    return shown
