"""Who is asking?"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select

from .. import clock
from ..change import Actor
from ..extensions import db
from ..organisation import queries as organisation
from ..organisation.models import Person
from ..registers import today
from .models import Account, ApiToken
from .passwords import token_digest


def account_of(username: str) -> Account | None:
    """The account with this username, open or closed."""
    return db.session.scalars(select(Account).where(Account.username == username.strip().lower())).one_or_none()


def by_session(account_id: int, generation: int) -> Account | None:
    """The account a session was opened for, if the session still counts.

    Args:
        account_id, generation: as they were when the person signed in (``Account.generation``).
    """
    return db.session.scalars(
        _open().where(Account.id == account_id, Account.generation == generation)
    ).one_or_none()


def by_token(secret: str) -> Account | None:
    """The account a program acts as, if its token is neither expired nor revoked."""
    if not secret.startswith("gz_") or len(secret) > 100:
        return None
    return db.session.scalars(
        _open().join(ApiToken, ApiToken.account_id == Account.id).where(
            ApiToken.hash == token_digest(secret), ApiToken.revoked_at.is_(None), ApiToken.expires_at > clock.now()
        )
    ).one_or_none()


def by_person(person_id: int) -> Account | None:
    """The account with which a person can sign in today."""
    return db.session.scalars(_open().where(Account.person_id == person_id)).one_or_none()


def tokens(account_id: int) -> Sequence[ApiToken]:
    """An account's tokens, the newest first."""
    return db.session.scalars(
        select(ApiToken).where(ApiToken.account_id == account_id).order_by(ApiToken.id.desc())
    ).all()


def accounts() -> Sequence[tuple[Account, Person]]:
    """All accounts with their people, by username."""
    rows = db.session.execute(
        select(Account, Person).join(Person, Person.id == Account.person_id).order_by(Account.username)
    )
    return [(account, person) for account, person in rows]


def demonstration() -> Sequence[tuple[Account, Person]]:
    """The demonstration accounts that can sign in, for the sign-in page of a demonstration."""
    rows = db.session.execute(
        select(Account, Person).join(Person, Person.id == Account.person_id)
        .where(Account.is_demo, Account.active, organisation.in_office(today())).order_by(Account.username)
    )
    return [(account, person) for account, person in rows]


def actor_for(account: Account, session: str | None = None, address: str | None = None) -> Actor:
    """Who the trail will say acted, with the post and department the person is known by today."""
    held = organisation.main_post(account.person_id, today())
    person = db.session.get_one(Person, account.person_id)
    return Actor(
        person_id=person.id, account_id=account.id, name=person.name, post=held.post.code if held else None,
        department=person.department_code, session=session, address=address,
    )


def _open() -> Select[tuple[Account]]:
    return select(Account).join(Person, Person.id == Account.person_id).where(
        Account.active, organisation.in_office(today())
    )
