"""What the verbs of accounts share: their transaction, and who may."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select, update

from ...change import Actor, Change, change
from ...errors import Forbidden, NotFound
from ...extensions import db
from ...kernel.text import Text
from ...registers import hold
from ..models import Account, Administrator, ApiToken


@contextmanager
def changing(verb: str, actor: Actor) -> Iterator[Change]:
    """A change of accounts, one at a time."""
    with change(verb, actor=actor, subject="access", lock=hold) as c:
        yield c


def only_security(c: Change, actor: Actor, *, besides: int | None = None) -> None:
    """The machine (command line, demonstration) may, and the security administrator, but not for the own account."""
    if not is_security(c, actor) or (besides is not None and actor.account_id == besides):
        raise Forbidden(Text("只有安全管理员可以变更账号。", "Only the security administrator may change accounts."))


def is_security(c: Change, actor: Actor) -> bool:
    """Whether the actor is the security administrator, or the machine."""
    if actor.account_id is None:
        return True
    role = select(Account.role).where(Account.id == actor.account_id, Account.active)
    return c.connection.execute(role).scalar_one_or_none() is Administrator.SECURITY


def account(account_id: int) -> Account:
    """The account, or NotFound."""
    found = db.session.get(Account, account_id)
    if found is None:
        raise NotFound(Text("没有这个账号", "there is no such account"))
    return found


def revoke_all(c: Change, account_id: int) -> None:
    """End every token of an account."""
    c.connection.execute(
        update(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=c.now)
    )
