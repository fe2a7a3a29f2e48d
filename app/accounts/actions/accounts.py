"""Accounts: whose they are, what they may, their passwords."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from ...change import Actor, Change
from ...errors import Conflict, Invalid, NotFound
from ...extensions import db
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...organisation.models import Person, PostKind
from ...registers import Fields, today
from .. import passwords
from ..models import Account, Administrator
from .common import account as _account
from .common import changing, only_security, revoke_all

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")


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
    with changing("account.added", actor) as c:
        only_security(c, actor)
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
    with changing("account.password_set", actor) as c:
        if not own:
            only_security(c, actor)
        account = _account(account_id)
        if own and account.password_hash != was:
            raise Conflict(Text("密码刚刚已被修改。", "The password has just been changed."))
        account.password_hash = stored
        account.generation += 1
        revoke_all(c, account_id)
        c.entry("account.password_set", account=account_id, person=account.person_id)


def set_role(account_id: int, *, role: Administrator | str, actor: Actor) -> None:
    """Make an account one of the three administrators, or none.

    Raises:
        Invalid, NotFound; Conflict: it is that already, or the person acts on business.
        Forbidden: the actor is not the security administrator, or means the own account.
    """
    with changing("account.role_set", actor) as c:
        only_security(c, actor, besides=account_id)
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
    with changing("account.activated" if active else "account.deactivated", actor) as c:
        only_security(c, actor, besides=account_id)
        account = _account(account_id)
        if account.active == active:
            raise Conflict(Text("账号状态没有变化。", "The account is so already."))
        if active:
            _one_record(db.session.get_one(Person, account.person_id))
            _never_business(account.person_id, account.role)
        account.active = active
        account.generation += 1
        if not active:
            revoke_all(c, account_id)
        c.entry(c.verb, account=account_id, person=account.person_id)


def _prepared(
    *, username: str, password: str, person_id: int, role: Administrator | str = Administrator.NONE,
    is_demo: bool = False,
) -> dict[str, Any]:
    fields = Fields()
    username = username.strip().lower() if isinstance(username, str) else ""
    if not _USERNAME.fullmatch(username):
        fields.wrong("username", "小写字母开头，只能用小写字母、数字和 . _ -,2 至 64 位。",
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
    if person is None or (person.retired_on is not None and person.retired_on < today()):
        raise NotFound(Text("没有这个在岗人员", "there is no such person in office"))
    _one_record(person)
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


def _one_record(person: Person) -> None:
    """A record that was merged into another is nobody who could sign in."""
    if person.merged_into_id is not None:
        raise Conflict(Text(f"{person.name}（{person.number}）的记录已并入他人，不能有账号。",
                            f"The record of {person.name} ({person.number}) was merged into another; no account."))


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
            f"管理员不得任业务岗位：{acting[0].post.zh}。",
            f"An administrator may not hold the post {acting[0].post.en}.",
        ))


def _good_enough(password: str, *, username: str, name: str, demo: bool) -> None:
    wrong = [] if demo and isinstance(password, str) else passwords.faults(password, username=username, name=name)
    if wrong:
        raise Invalid({"password": wrong})
