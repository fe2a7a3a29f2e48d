"""Accounts, signing in and out, tokens: one verb, one transaction, entries in the chain ``access``."""
from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import delete, select, update

from .. import clock
from ..change import Actor, Change, change
from ..errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, TooMany
from ..extensions import db
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..organisation.models import Person, PostKind
from ..registers import Fields, hold, today
from . import passwords
from .models import Account, Administrator, ApiToken, SignInFailure

#: So many wrong passwords in a row lock a name for so long.
FAILURES, LOCKED = 5, timedelta(minutes=5)
#: Wrong passwords older than this are forgotten.
FORGOTTEN = timedelta(hours=1)
LONGEST_TOKEN = timedelta(days=366)

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")
_WRONG = Text("用户名或密码不正确。", "The username or the password is wrong.")


class Issued(NamedTuple):
    """A new token. ``secret`` is shown once and kept nowhere."""

    id: int
    secret: str


def add(
    *, username: str, password: str, person_id: int, role: Administrator | str = Administrator.NONE,
    is_demo: bool = False, actor: Actor,
) -> int:
    """A person gets an account. Returns its id.

    Args:
        username: small letters, digits, ``. _ -``; letters are made small.
        role: one of the three administrators, or none.
        is_demo: a demonstration account, whose password follows no policy.

    Raises:
        Invalid, NotFound.
        Conflict: the username is taken, the person has an account, or administrates and acts on business.
        Forbidden: the actor's account is not the security administrator's.
    """
    return add_many(
        [{"username": username, "password": password, "person_id": person_id, "role": role, "is_demo": is_demo}],
        actor=actor,
    )[0]


def add_many(accounts: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Several accounts, all or none; rows with the arguments of :func:`add`. Returns their ids in order."""
    # Hashing is slow on purpose, so it is done before anything is locked.
    ready = [_prepared(**row) for row in accounts]
    with _changing("account.added", actor) as c:
        _only_security(c, actor)
        return [_add(c, row) for row in ready]


def set_password(account_id: int, *, password: str, current: str | None = None, actor: Actor) -> None:
    """A new password. Every session and token under the old one ends.

    Args:
        current: the present password; needed where people change their own.

    Raises:
        Invalid: not good enough, or ``current`` is wrong; NotFound.
        Forbidden: neither one's own account nor the security administrator.
    """
    account = _account(account_id)
    own = actor.account_id == account_id
    if own and not passwords.verify(account.password_hash, current or ""):
        raise Invalid({"current": [Text("原密码不正确。", "The present password is wrong.")]})
    name = organisation.names([account.person_id]).get(account.person_id, "")
    _good_enough(password, username=account.username, name=name, demo=account.is_demo)
    was, stored = account.password_hash, passwords.keep(password, demo=account.is_demo)
    with _changing("account.password_set", actor) as c:
        if not own:
            _only_security(c, actor)
        account = _account(account_id)
        if own and account.password_hash != was:
            raise Conflict(Text("密码刚刚已被修改。", "The password has just been changed."))
        account.password_hash = stored
        account.generation += 1
        _revoke_all(c, account_id)
        c.entry("account.password_set", account=account_id, person=account.person_id)


def set_role(account_id: int, *, role: Administrator | str, actor: Actor) -> None:
    """Make an account one of the three administrators, or none.

    Raises:
        Invalid, NotFound; Conflict: it is that already, or the person acts on business.
        Forbidden: the actor is not the security administrator, or means the own account.
    """
    with _changing("account.role_set", actor) as c:
        _only_security(c, actor, besides=account_id)
        account = _account(account_id)
        fields = Fields()
        role = fields.choice("role", role, Administrator)
        fields.check()
        if account.role is role:
            raise Conflict(Text("角色没有变化。", "The role is the same."))
        _never_business(account.person_id, role)
        before, account.role = account.role, role
        account.generation += 1
        c.entry("account.role_set", account=account_id, person=account.person_id, before=before.value,
                after=role.value)


def set_active(account_id: int, *, active: bool, actor: Actor) -> None:
    """Close an account (its sessions and tokens end) or open it again.

    Raises:
        NotFound; Conflict: it is so already.
        Forbidden: the actor is not the security administrator, or means the own account.
    """
    with _changing("account.activated" if active else "account.deactivated", actor) as c:
        _only_security(c, actor, besides=account_id)
        account = _account(account_id)
        if account.active == active:
            raise Conflict(Text("账号状态没有变化。", "The account is so already."))
        if active:
            _never_business(account.person_id, account.role)
        account.active = active
        account.generation += 1
        if not active:
            _revoke_all(c, account_id)
        c.entry(c.verb, account=account_id, person=account.person_id)


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
    with _changing("account.signed_in", actor) as c:
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
    with _changing("token.issued", actor) as c:
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
    with _changing("token.revoked", actor) as c:
        token = db.session.get(ApiToken, token_id)
        if token is None or not (actor.account_id == token.account_id or _is_security(c, actor)):
            raise NotFound(Text("没有这个令牌", "there is no such token"))
        if token.revoked_at is not None:
            raise Conflict(Text("令牌已作废。", "The token is revoked already."))
        token.revoked_at = c.now
        c.entry("token.revoked", account=token.account_id, token=token_id)


# -- inside ------------------------------------------------------------------------------------------------------------

@contextmanager
def _changing(verb: str, actor: Actor) -> Iterator[Change]:
    with change(verb, actor=actor, subject="access", lock=hold) as c:
        yield c


def _only_security(c: Change, actor: Actor, *, besides: int | None = None) -> None:
    """The machine (command line, demonstration) may, and the security administrator, but not for the own account."""
    if not _is_security(c, actor) or (besides is not None and actor.account_id == besides):
        raise Forbidden(Text("只有安全管理员可以变更账号。", "Only the security administrator may change accounts."))


def _is_security(c: Change, actor: Actor) -> bool:
    if actor.account_id is None:
        return True
    role = select(Account.role).where(Account.id == actor.account_id, Account.active)
    return c.connection.execute(role).scalar_one_or_none() is Administrator.SECURITY


def _prepared(
    *, username: str, password: str, person_id: int, role: Administrator | str = Administrator.NONE,
    is_demo: bool = False,
) -> dict[str, Any]:
    fields = Fields()
    username = username.strip().lower() if isinstance(username, str) else ""
    if not _USERNAME.fullmatch(username):
        fields.wrong("username", "小写字母开头,只能用小写字母、数字和 . _ -,2 至 64 位。",
                     "A letter, then letters, digits and . _ -; 2 to 64 characters.")
    role = fields.choice("role", role, Administrator)
    fields.check()
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound(Text("没有这个人员", "there is no such person"))
    _good_enough(password, username=username, name=person.name, demo=is_demo)
    return {
        "username": username, "password_hash": passwords.keep(password, demo=is_demo), "person_id": person_id,
        "role": role, "is_demo": bool(is_demo),
    }


def _add(c: Change, row: Mapping[str, Any]) -> int:
    person = db.session.get(Person, row["person_id"])
    if person is None or person.retired_on is not None:
        raise NotFound(Text("没有这个在岗人员", "there is no such person in office"))
    if db.session.execute(select(Account.id).where(Account.username == row["username"])).first() is not None:
        raise Conflict(Text(f"用户名 {row['username']} 已存在。", f"The username {row['username']} is taken."))
    if db.session.execute(select(Account.id).where(Account.person_id == person.id)).first() is not None:
        raise Conflict(Text(f"{person.name}已有账号。", f"{person.name} has an account already."))
    _never_business(person.id, row["role"])
    account = Account(**row, active=True, generation=1, created_at=c.now)
    db.session.add(account)
    db.session.flush()
    c.entry("account.added", account=account.id, person=person.id, username=account.username, role=account.role.value,
            demo=account.is_demo)
    return account.id


def _never_business(person_id: int, role: Administrator) -> None:
    """Who administers the system configures it and never acts on business (domain.md §0.4)."""
    if role is Administrator.NONE:
        return
    acting = [
        held for held in organisation.person(person_id).appointments
        if held.post.kind is not PostKind.ADMINISTRATION and (held.until is None or held.until >= today())
    ]
    if acting:
        raise Conflict(Text(
            f"管理员不得任业务岗位:{acting[0].post.zh}。",
            f"An administrator may not hold the post {acting[0].post.en}.",
        ))


def _good_enough(password: str, *, username: str, name: str, demo: bool) -> None:
    wrong = [] if demo and isinstance(password, str) else passwords.faults(password, username=username, name=name)
    if wrong:
        raise Invalid({"password": wrong})


def _account(account_id: int) -> Account:
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound(Text("没有这个账号", "there is no such account"))
    return account


def _by_username(username: str) -> Account | None:
    """The open account of somebody in office; others are as good as unknown."""
    return db.session.scalars(
        select(Account).join(Person, Person.id == Account.person_id)
        .where(Account.username == username, Account.active, Person.retired_on.is_(None))
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
        f"尝试次数过多,请 {minutes} 分钟后再试。", f"Too many attempts; try again in {minutes} minutes."
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


def _revoke_all(c: Change, account_id: int) -> None:
    c.connection.execute(
        update(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=c.now)
    )
