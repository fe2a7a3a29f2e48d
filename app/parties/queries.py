"""Finding parties."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select

from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from .models import Party


def party(party_id: int) -> Party:
    """The party.

    Raises:
        NotFound: there is no such party.
    """
    row = db.session.get(Party, party_id)
    if row is None:
        raise NotFound(Text("没有这个当事人", "there is no such party"))
    return row


def by_key(key: str | None) -> Party | None:
    """The party a case names, e.g. ``party:12``; None for a key of another kind or an unknown one."""
    party_id = _id(key or "")
    return None if party_id is None else db.session.get(Party, party_id)


def search(q: str = "", *, limit: int = 20) -> Sequence[Party]:
    """Parties by part of their name or the beginning of their number; all of them for an empty ``q``.

    An identity number is found only as a whole, so that nobody can guess one digit by digit.
    """
    statement = select(Party).order_by(Party.name, Party.id).limit(limit)
    q = q.strip()[:120]
    if q:
        statement = statement.where(or_(
            Party.name.contains(q, autoescape=True), Party.credit_code.startswith(q.upper(), autoescape=True),
            Party.id_number == q.upper(),
        ))
    return db.session.scalars(statement).all()


def names(keys: Iterable[str]) -> dict[str, str]:
    """The names of parties by key; unknown keys are left out."""
    ids = sorted({party_id for key in keys if (party_id := _id(key)) is not None})
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):  # a database takes only so many parameters
        rows = db.session.execute(select(Party.id, Party.name).where(Party.id.in_(ids[start:start + 500])))
        found.update((f"party:{row.id}", row.name) for row in rows)
    return found


def _id(key: str) -> int | None:
    """The id in a party's key; a number no database can hold is nobody's."""
    kind, _, number = key.partition(":")
    return int(number) if kind == "party" and number.isascii() and number.isdigit() and len(number) < 19 else None
