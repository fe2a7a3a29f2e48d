"""What the verbs of the organisation share: their transaction, who may, and finding what they speak of."""
from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import select

from ...accounts.models import Account, Administrator
from ...change import Actor, Change, change
from ...errors import Conflict, Forbidden, NotFound, Refused
from ...extensions import db
from ...kernel.text import Text
from ...registers import hold, today
from .. import portfolios, queries
from ..models import Department, Person, Post

Row = TypeVar("Row")


@contextmanager
def changing(verb: str, actor: Actor, *, own: Collection[int] = ()) -> Iterator[Change]:
    """A change of the organisation, one at a time.

    Args:
        verb: ``noun.past`` of what is about to happen.
        actor: who acts. The machine (command line, demonstration) may; an account must be the security
            administrator's, or its person one of ``own``.

    Raises:
        Forbidden: the actor's account may not.
    """
    with change(verb, actor=actor, subject="organisation", lock=hold) as c:
        if actor.account_id is not None and actor.person_id not in own:
            role = c.connection.execute(
                select(Account.role).where(Account.id == actor.account_id, Account.active)
            ).scalar_one_or_none()
            if role is not Administrator.SECURITY:
                raise Forbidden(Text(
                    "只有安全管理员可以变更机构、岗位和人员。",
                    "Only the security administrator may change departments, posts and people.",
                ))
        yield c


@contextmanager
def leaders_kept(refused: Text, **facts: Any) -> Iterator[None]:
    """Around an edit inside a change: it may not leave a portfolio with nobody in charge, nor with two (LS-8), nor an
    acting leader for too long (LS-7). What was so before the edit is not held against it.

    Args:
        refused: what was not possible, in a sentence.
        facts: what the record of the refusal says besides.

    Raises:
        Refused: the edit broke one of the rules.
    """
    before = queries.breaches()
    yield
    db.session.flush()
    broken = portfolios.worse(before, queries.breaches())
    if broken:
        raise Refused(refused, [breach.objection() for breach in broken], **facts)


def person(person_id: int) -> Person:
    """The person, or NotFound; retired people are found too."""
    return _found(db.session.get(Person, person_id), Text("没有这个人员", "there is no such person"))


def unmerged(person_id: int) -> Person:
    """The person, whose record must not have been merged into another.

    Raises:
        NotFound: there is no such person.
        Conflict: it was merged; says into which.
    """
    somebody = person(person_id)
    if somebody.merged_into_id is not None:
        kept = person(somebody.merged_into_id)
        raise Conflict(Text(
            f"{somebody.name}（{somebody.number}）的记录已并入 {kept.number}。",
            f"The record of {somebody.name} ({somebody.number}) was merged into {kept.number}.",
        ))
    return somebody


def serving(person_id: int) -> Person:
    """The person, who must not have left before today.

    Raises:
        NotFound: there is no such person.
        Conflict: the person has retired, or the record was merged into another.
    """
    somebody = unmerged(person_id)
    if somebody.retired_on is not None and somebody.retired_on < today():
        raise Conflict(Text(
            f"{somebody.name}已于 {somebody.retired_on} 离岗。", f"{somebody.name} left on {somebody.retired_on}."
        ))
    return somebody


def post(code: str) -> Post:
    return _found(db.session.get(Post, code), Text(f"没有岗位 {code}", f"there is no post {code}"))


def department(code: str) -> Department:
    return _found(db.session.get(Department, code), Text(f"没有部门 {code}", f"there is no department {code}"))


def find(model: type[Row], row_id: Any) -> Row:
    """Any other row by its id."""
    return _found(db.session.get(model, row_id), Text("没有这条记录", "there is no such record"))


def _found(row: Row | None, text: Text) -> Row:
    if row is None:
        raise NotFound(text)
    return row
