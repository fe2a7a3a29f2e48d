"""Saying who one is, and leaving."""
from __future__ import annotations

import hmac
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select

from ... import clock
from ...change import Actor, Change, change
from ...errors import NotSignedIn, TooMany
from ...extensions import db
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...organisation.models import Person
from ...registers import today
from .. import passwords
from ..models import Account, SignInFailure
from .common import changing

#: So many wrong passwords in a row lock a name for so long.
FAILURES, LOCKED = 5, timedelta(minutes=5)
#: Wrong passwords older than this are forgotten.
FORGOTTEN = timedelta(hours=1)
_WRONG = Text("用户名或密码不正确。", "The username or the password is wrong.")


def sign_in(username: str, password: str, *, address: str | None = None, session: str | None = None) -> Account:
    """Somebody says who they are.

    Args:
        address: where the request came from.
        session: what the trail will call the session that begins.

    Returns:
        The account.

    Raises:
        NotSignedIn: name or password wrong, the account closed, its person gone: the same words, and the same work,
            for all of them.
        TooMany: the name has failed too often, whether it exists or not.
    """
    username, password = (x if isinstance(x, str) else "" for x in (username, password))
    username = username.strip().lower()[:200]
    key = _key(username)
    _not_locked(key)
    found = _by_username(username)
    stored = found.password_hash if found else None
    right = passwords.verify(stored, password[:1000])
    actor = Actor(address=address, session=session) if found is None else _self(found, address, session)
    with changing("account.signed_in", actor) as c:
        failure = db.session.get(SignInFailure, key)
        # Many guesses at once must not each be judged by what was so before the first of them failed.
        locked = failure is not None and failure.locked_until is not None and failure.locked_until > c.now
        account = _by_username(username)
        if right and not locked and account is not None and account.password_hash == stored:
            if failure is not None:
                db.session.delete(failure)
            c.entry("account.signed_in", account=account.id, person=account.person_id)
        else:
            account = None
            _failed(c, key, failure, known=found is not None)
    if account is None:
        if locked:
            raise _too_many()
        raise NotSignedIn(_WRONG)
    return account


def sign_out(*, actor: Actor) -> None:
    """Somebody ends their session."""
    with change("account.signed_out", actor=actor, subject="access") as c:
        c.entry("account.signed_out", account=actor.account_id, person=actor.person_id)


def _by_username(username: str) -> Account | None:
    """The open account of somebody in office; others are as good as unknown."""
    return db.session.scalars(
        select(Account).join(Person, Person.id == Account.person_id)
        .where(Account.username == username, Account.active, organisation.in_office(today()))
    ).one_or_none()


def _self(account: Account, address: str | None, session: str | None) -> Actor:
    name = organisation.names([account.person_id]).get(account.person_id, "")
    return Actor(person_id=account.person_id, account_id=account.id, name=name, address=address, session=session)


def _key(username: str) -> bytes:
    return hmac.digest(str(current_app.config["SECRET_KEY"]).encode(), b"sign-in:" + username.encode(), "sha256")


def _not_locked(key: bytes) -> None:
    failure = db.session.get(SignInFailure, key)
    if failure is not None and failure.locked_until is not None and failure.locked_until > clock.now():
        raise _too_many()


def _too_many() -> TooMany:
    minutes = int(LOCKED.total_seconds() // 60)
    return TooMany(Text(
        f"尝试次数过多，请 {minutes} 分钟后再试。", f"Too many attempts; try again in {minutes} minutes."
    ))


def _failed(c: Change, key: bytes, failure: SignInFailure | None, *, known: bool) -> None:
    """Count a failure. The trail is not told the name of nobody: it may be a password in the wrong field."""
    forgotten = c.now - FORGOTTEN
    c.connection.execute(delete(SignInFailure).where(SignInFailure.last_at < forgotten, SignInFailure.key != key))
    if failure is None:
        failure = SignInFailure(key=key, count=0)
        db.session.add(failure)
    elif failure.last_at < forgotten:
        failure.count = 0
    failure.count += 1
    failure.last_at = c.now
    failure.locked_until = c.now + LOCKED if failure.count >= FAILURES else None
    c.entry("account.sign_in_failed", known=known)
    if failure.locked_until is not None:
        c.entry("account.locked", known=known, until=failure.locked_until)
