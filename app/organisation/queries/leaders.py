"""领导分工: who is in charge of what on a day, whether the leaders' rules hold, who may decide (domain.md §6.4)."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import select

from ...errors import NotFound
from ...extensions import db
from ...kernel.separation import Objection
from ...kernel.text import Text
from ...parameters import queries as parameters
from ...registers import today
from .. import portfolios, rules
from ..models import Absence, Appointment, Person, Post, PostKind, Role
from .register import Holder, holders, pairs, posts

#: Where the office has not set the parameter: what domain.md §6.4 says.
ACTING_DAYS = ("LEADER_ACTING_DAYS", 30)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A leader's post on a day. ``fields``: words of what it is in charge of; ``against``: what the rules say against
    it as it is; ``excluded``: the leaders' posts its holder may not have besides, with the clause."""

    post: Post
    fields: Sequence[str]
    leaders: Sequence[Holder]
    acting: Sequence[Holder]
    deputies: Sequence[Holder]
    against: Sequence[Objection]
    excluded: Sequence[tuple[Post, str]]

    @property
    def domains(self) -> list[Text]:
        """What to call the fields."""
        return [portfolios.called(field) for field in self.fields]


def limit(said: tuple[str, int], on: date) -> int:
    """A number of days the office sets as a parameter, else the usual one."""
    code, usual = said
    try:
        return int(parameters.value(code, on))
    except (NotFound, TypeError, ValueError):
        return usual


def breaches() -> list[portfolios.Breach]:
    """Every day on which LS-7 or LS-8 does not hold: past, present and to come."""
    led = [post for post in posts() if post.kind is PostKind.LEADERSHIP]
    tenures = [
        portfolios.Tenure(row.person_id, row.name, row.post_code, row.role, row.since, row.until)
        for row in db.session.execute(
            select(Appointment.person_id, Person.name, Appointment.post_code, Appointment.role, Appointment.since,
                   Appointment.until)
            .join(Person, Person.id == Appointment.person_id).join(Post, Post.code == Appointment.post_code)
            .where(Post.kind == PostKind.LEADERSHIP).order_by(Appointment.id)
        )
    ]
    people = sorted({tenure.person for tenure in tenures})
    away: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for row in db.session.execute(
        select(Absence.person_id, Absence.since, Absence.until).where(Absence.person_id.in_(people))
    ):
        away[row.person_id].append((row.since, row.until))
    for person in db.session.scalars(select(Person.id).where(Person.id.in_(people), Person.suspended)):
        away[person].append((today(), None))  # suspended until further notice
    return portfolios.breaches(led, tenures, away, acting_days=limit(ACTING_DAYS, today()))


def in_order(on: date) -> tuple[Objection, ...]:
    """What stands against the leaders' portfolios as they are on a day: LS-1 to LS-4, LS-7, LS-8.

    A process with a leader's node is activated only where this is empty: an office too small to keep the rules is told
    so, not let off.
    """
    return tuple(objection for _, objection in _against(on))


def all_portfolios(on: date) -> list[Portfolio]:
    """Every leader's post with who holds it on a day and what stands against that."""
    every = {post.code: post for post in posts()}
    against = _against(on)
    held: dict[str, list[Holder]] = defaultdict(list)
    for holder in holders(on):
        held[holder.post_code].append(holder)
    apart: dict[str, list[tuple[Post, str]]] = defaultdict(list)
    for pair in portfolios.apart(every.values()):
        apart[pair.a].append((every[pair.b], pair.basis))
        apart[pair.b].append((every[pair.a], pair.basis))
    return [
        Portfolio(
            post, sorted(portfolios.words(post.domain), key=_order),
            *([h for h in held[post.code] if h.role is role] for role in (Role.A, Role.ACTING, Role.B)),
            [objection for codes, objection in against if post.code in codes], apart[post.code],
        )
        for post in every.values() if post.kind is PostKind.LEADERSHIP
    ]


def may_decide(post_code: str, domain: str | None, known: bytes | None = None) -> Objection | None:
    """LS-5 and LS-6: why the holder of a post may not alone decide a matter of a field; None where they may.

    Args:
        known: the value of :data:`~.office.VERSION` where the caller has read it: asked again at every decision, the
            answer is then looked up once as long as the organisation stays as it is.

    Raises:
        NotFound: there is no such post.
    """
    if domain is None:
        return None
    kept: dict[tuple[bytes, str, str], Objection | None] = current_app.extensions.setdefault("gangze.decides", {})
    key = (bytes(known), post_code, domain) if known is not None else None
    if key is not None and key in kept:
        return kept[key]
    post = db.session.get(Post, post_code)
    if post is None:
        raise NotFound(Text(f"没有岗位 {post_code}", f"there is no post {post_code}"))
    found = portfolios.may_decide(post, domain)
    if key is not None:
        if len(kept) > 500:
            kept.clear()
        kept[key] = found
    return found


def _against(on: date) -> list[tuple[set[str], Objection]]:
    """What stands against the portfolios on a day, each with the posts it is about."""
    led = {post.code: post for post in posts() if post.kind is PostKind.LEADERSHIP}
    found: list[tuple[set[str], Objection]] = []
    for breach in breaches():
        if breach.covers(on):
            about = {code for code, post in led.items() if breach.domain in portfolios.charge(post)}
            found.append((about, breach.objection()))
    mine: dict[tuple[int, str], list[rules.Held]] = defaultdict(list)
    for holder in holders(on):
        if holder.post_code in led:
            mine[holder.person_id, holder.name].append(rules.Held(holder.post_code, on, on))
    apart = pairs()
    for (_, name), posts_held in mine.items():
        for one, other, pair in rules.clashes(posts_held, apart):
            a, b = led[one.post], led[other.post]
            found.append(({a.code, b.code}, Objection(pair.rule, "portfolio", pair.basis, "", Text(
                f"{name}同时任{a.zh}和{b.zh}：{pair.basis}", f"{name} is both {a.en} and {b.en}: {pair.basis}",
            ))))
    return found


def _order(field: str) -> tuple[int, str]:
    known = list(portfolios.DOMAINS)
    return (known.index(field) if field in known else len(known), field)
