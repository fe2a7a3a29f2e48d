"""Tokens: how programs come in."""
from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple

from ...change import Actor
from ...errors import Conflict, Forbidden, NotFound
from ...extensions import db
from ...kernel.text import Text
from ...registers import Fields
from .. import passwords
from ..models import ApiToken
from .common import account as _account
from .common import changing, is_security

LONGEST_TOKEN = timedelta(days=366)


class Issued(NamedTuple):
    """A new token. ``secret`` is shown once and kept nowhere."""

    id: int
    secret: str


def issue_token(account_id: int, *, label: str, days: int = 90, actor: Actor) -> Issued:
    """A token for a program that acts as the account.

    Args:
        label: what it is for, in the words of whoever asks.
        days: how long it is good for, at most a year.

    Returns:
        Its id and its secret, which cannot be asked for again.

    Raises:
        Invalid, NotFound; Forbidden: it is not the actor's own account, or closed.
    """
    secret = "gz_" + secrets.token_urlsafe(32)
    fields = Fields()
    label = fields.line("label", label, most=100)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST_TOKEN.days:
        fields.wrong("days", f"1 至 {LONGEST_TOKEN.days} 天。", f"From 1 to {LONGEST_TOKEN.days} days.")
    fields.check()
    with changing("token.issued", actor) as c:
        account = _account(account_id)
        if not account.active or actor.account_id not in (None, account_id):
            raise Forbidden(Text("只能为本人账号签发令牌。", "Tokens are issued for one's own account only."))
        expires = c.now + timedelta(days=days)
        token = ApiToken(
            account_id=account_id, label=label, hash=passwords.token_digest(secret), created_at=c.now,
            expires_at=expires,
        )
        db.session.add(token)
        db.session.flush()
        c.entry("token.issued", account=account_id, person=account.person_id, token=token.id, label=label,
                expires=expires)
        return Issued(token.id, secret)


def revoke_token(token_id: int, *, actor: Actor) -> None:
    """A token is good no more.

    Raises:
        NotFound: no such token, or somebody else's; Conflict: revoked already.
    """
    with changing("token.revoked", actor) as c:
        token = db.session.get(ApiToken, token_id)
        if token is None or not (actor.account_id == token.account_id or is_security(c, actor)):
            raise NotFound(Text("没有这个令牌", "there is no such token"))
        if token.revoked_at is not None:
            raise Conflict(Text("令牌已作废。", "The token is revoked already."))
        token.revoked_at = c.now
        c.entry("token.revoked", account=token.account_id, token=token_id)
