"""The accounts of two records that turned out to be one person. Inside the organisation's change that merges them."""
from __future__ import annotations

from sqlalchemy import select

from ...change import Change
from ...extensions import db
from ...trail.models import SubjectHead
from ..models import Account, Administrator
from .common import revoke_all


def roles(*people: int) -> set[Administrator]:
    """The powers over the system that open accounts of these people have."""
    rows = select(Account.role).where(Account.person_id.in_(people), Account.active)
    return set(db.session.scalars(rows)) - {Administrator.NONE}


def merge(c: Change, keep: int, other: int) -> None:
    """One person, one account: the other's is closed, or becomes the kept person's where that one has none.

    Either way whoever was signed in with it signs in again.
    """
    c.connection.execute(select(SubjectHead.seq).where(SubjectHead.subject == "access").with_for_update())
    theirs = db.session.scalars(select(Account).where(Account.person_id == other)).one_or_none()
    if theirs is None:
        return
    mine = db.session.scalars(select(Account).where(Account.person_id == keep)).one_or_none()
    theirs.generation += 1
    revoke_all(c, theirs.id)
    if mine is None:
        theirs.person_id = keep
        c.entry("account.moved", subject="access", account=theirs.id, person=keep, other=other)
    elif theirs.active:
        theirs.active = False
        c.entry("account.deactivated", subject="access", account=theirs.id, person=other)
