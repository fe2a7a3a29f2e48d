"""Standing proxies: who may act for whom, now and formerly."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from ...errors import NotFound
from ...extensions import db
from ...kernel.text import Text
from ...kernel.values import loads
from ..models import Appointment, Person, Post, Proxy
from ..proxies import DELEGABLE, Standing
from .register import running

#: The longest proxy, where the office has not set the parameter: what domain.md G10 says.
PROXY_DAYS = ("PROXY_DAYS", 90)


@dataclass(frozen=True, slots=True)
class Given:
    """A proxy with the names of both sides. ``posts``, ``processes``: None is all the principal has."""

    proxy: Proxy
    principal: str
    delegate: str
    posts: Sequence[str] | None
    processes: Sequence[str] | None

    def state(self, on: date) -> str:
        """``running``, ``to come``, ``ended`` (early) or ``over`` on a day."""
        row = self.proxy
        if row.ended_on is not None and row.ended_on <= on:
            return "ended"
        return "to come" if row.since > on else "over" if row.until < on else "running"


def proxies(person_id: int | None = None, *, on: date | None = None) -> list[Given]:
    """Proxies given, the latest first.

    Args:
        person_id: only those this person gave or got; None: everybody's.
        on: only those in force on this day.
    """
    principal, delegate = aliased(Person), aliased(Person)
    statement = (
        select(Proxy, principal.name.label("of"), delegate.name.label("to"))
        .join(principal, principal.id == Proxy.principal_id).join(delegate, delegate.id == Proxy.delegate_id)
        .order_by(Proxy.since.desc(), Proxy.id.desc())
    )
    if person_id is not None:
        statement = statement.where(or_(Proxy.principal_id == person_id, Proxy.delegate_id == person_id))
    if on is not None:
        statement = statement.where(
            Proxy.since <= on, Proxy.until >= on, or_(Proxy.ended_on.is_(None), Proxy.ended_on > on)
        )
    return [_given(row.Proxy, row.of, row.to) for row in db.session.execute(statement)]


def delegable(person_id: int, on: date) -> Sequence[Post]:
    """The posts a person holds on a day and may leave to somebody."""
    return db.session.scalars(
        select(Post).where(Post.kind.in_(sorted(DELEGABLE)), Post.code.in_(
            select(Appointment.post_code).where(
                Appointment.person_id == person_id, running(Appointment.since, Appointment.until, on)
            )
        )).order_by(Post.position)
    ).all()


def proxy(proxy_id: int) -> Given:
    """One proxy.

    Raises:
        NotFound: there is no such proxy.
    """
    row = db.session.get(Proxy, proxy_id)
    if row is None:
        raise NotFound(Text("没有这项授权", "there is no such proxy"))
    names = {p.id: p.name for p in db.session.scalars(
        select(Person).where(Person.id.in_((row.principal_id, row.delegate_id)))
    )}
    return _given(row, names[row.principal_id], names[row.delegate_id])


def given_proxies() -> list[Standing]:
    """Every proxy that was not ended early, as the rules see it."""
    return [
        Standing(row.principal_id, row.delegate_id, row.since, row.until, _set(row.posts), _set(row.processes))
        for row in db.session.scalars(select(Proxy).where(Proxy.ended_on.is_(None)).order_by(Proxy.id))
    ]


def _given(row: Proxy, principal: str, delegate: str) -> Given:
    return Given(row, principal, delegate, None if row.posts is None else loads(row.posts),
                 None if row.processes is None else loads(row.processes))


def _set(written: str | None) -> frozenset[str] | None:
    return None if written is None else frozenset(loads(written))
