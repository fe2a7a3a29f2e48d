"""The person at the other end of a request, as pages and the API know them."""
from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import request, session
from flask_login import UserMixin

from ..change import Actor
from ..extensions import db, login
from ..organisation import queries as organisation
from ..organisation.models import Person, PostKind
from ..registers import today
from . import queries
from .models import Account, Administrator


class SignedIn(UserMixin):
    """Flask-Login's user. Only plain values are kept of the account: a rolled back change must not lose them."""

    def __init__(self, account: Account) -> None:
        self.account_id: int = account.id
        self.username: str = account.username
        self.generation: int = account.generation
        self.person_id: int = account.person_id
        self.role: Administrator = account.role

    def get_id(self) -> str:
        """What the session keeps: a new password or a closed account ends every session opened before."""
        return f"{self.account_id}.{self.generation}"

    @cached_property
    def actor(self) -> Actor:
        """Who the trail will say acted."""
        account = db.session.get_one(Account, self.account_id)
        return queries.actor_for(account, session=session.get("session"), address=request.remote_addr)

    @cached_property
    def name(self) -> str:
        return db.session.get_one(Person, self.person_id).name

    @cached_property
    def posts(self) -> Any:
        """The posts this person has today, the one they are known by first."""
        return organisation.posts_of(self.person_id, today())

    @property
    def held(self) -> Any:
        """The post this person is known by today, with its department; None without one."""
        return next(iter(self.posts), None)

    @property
    def oversees(self) -> bool:
        """Whether a post of theirs today is one of leadership or supervision."""
        return any(held.post.kind in (PostKind.LEADERSHIP, PostKind.SUPERVISION) for held in self.posts)


@login.user_loader
def _of_session(key: str) -> SignedIn | None:
    account_id, _, generation = key.partition(".")
    if not (account_id.isdigit() and generation.isdigit()):
        return None
    account = queries.by_session(int(account_id), int(generation))
    return SignedIn(account) if account is not None else None
