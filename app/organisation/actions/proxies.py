"""授权代理: leaving one's work to somebody for a time, and taking it back."""
from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select

from ...accounts.models import Account, Administrator
from ...change import Actor
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.text import Text
from ...kernel.values import dumps
from ...registers import Fields, today
from .. import proxies, queries, rules
from ..models import Appointment, Person, PostKind, Proxy
from . import common
from .common import changing

#: So many posts, or processes, may be named.
_MOST_NAMED = 50


def give_proxy(
    principal_id: int, *, delegate_id: int, since: date, until: date, reason: str,
    posts: Collection[str] | None = None, processes: Collection[str] | None = None, actor: Actor,
) -> int:
    """A person leaves what is theirs to do to another, for a time.

    Args:
        principal_id, delegate_id: whose work it is, and who may do it.
        since, until: first and last day; today or later, no longer than the parameter PROXY_DAYS (90 days unless set).
        posts: codes of posts the principal holds; None: all of them, and only while they are held.
        processes: ids of processes; None: all.

    Returns:
        The id of the proxy.

    Raises:
        Invalid, NotFound.
        Conflict: the principal has left.
        Forbidden: the actor is neither the principal nor the security administrator.
        Refused: a rule of proxies stands against it; see :mod:`app.organisation.proxies` for all of them.
    """
    with changing("proxy.given", actor, own=(principal_id,)) as c:
        principal, delegate = common.serving(principal_id), common.person(delegate_id)
        fields = Fields()
        fields.dates(since, until)
        if until is None:
            fields.wrong("until", "必须写明截止日期。", "Say until when.")
        elif type(since) is date and since < today():
            fields.wrong("since", "不能早于今天。", "Must not be before today.")
        reason = fields.line("reason", reason, most=200)
        named = {"posts": _names(fields, "posts", posts), "processes": _names(fields, "processes", processes)}
        fields.check()
        for code in sorted(named["posts"] or ()):
            common.post(code)
        every = queries.posts()
        wanted = proxies.Standing(principal_id, delegate_id, since, until, **named)
        against = proxies.objections(
            wanted, _side(principal), _side(delegate), kinds={post.code: post.kind for post in every},
            names={post.code: Text(post.zh, post.en) for post in every}, apart=queries.pairs(),
            others=queries.given_proxies(), most=queries.limit(queries.PROXY_DAYS, since),
        )
        facts: dict[str, Any] = {"person": principal_id, "delegate": delegate_id}
        if against:
            raise Refused(Text(
                f"不能授权{delegate.name}代理{principal.name}。", f"{delegate.name} cannot act for {principal.name}."
            ), against, **facts)
        written = {name: None if one is None else dumps(sorted(one)) for name, one in named.items()}
        row = Proxy(principal_id=principal_id, delegate_id=delegate_id, since=since, until=until, reason=reason,
                    given_at=c.now, **written)
        db.session.add(row)
        db.session.flush()
        c.entry("proxy.given", **facts, proxy=row.id, after={
            "since": since, "until": until, "reason": reason,
            **{name: None if one is None else sorted(one) for name, one in named.items()},
        })
        return row.id


def end_proxy(proxy_id: int, *, actor: Actor) -> None:
    """Take a proxy back; it does not count from today on.

    Raises:
        NotFound; Conflict: it is over already.
        Forbidden: the actor is neither the principal nor the security administrator.
    """
    principal = common.find(Proxy, proxy_id).principal_id
    with changing("proxy.ended", actor, own=(principal,)) as c:
        row = common.find(Proxy, proxy_id)
        on = today()
        if row.ended_on is not None or row.until < on:
            raise Conflict(Text("该授权已经结束。", "The proxy is over already."))
        row.ended_on = on
        c.entry("proxy.ended", person=row.principal_id, delegate=row.delegate_id, proxy=proxy_id,
                before={"until": row.until}, after={"ended_on": on})


def _names(fields: Fields, field: str, given: Any) -> frozenset[str] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Collection) or len(given) > _MOST_NAMED:
        fields.wrong(field, f"必须是不超过 {_MOST_NAMED} 项的列表。", f"Must be a list of at most {_MOST_NAMED}.")
        return None
    named = frozenset(fields.line(field, one, most=100) for one in given)
    if not given:
        fields.wrong(field, "至少选择一项，或者不限。", "Name one at least, or leave it open.")
    return named


def _side(somebody: Person) -> proxies.Side:
    """What the rules of proxies ask of a person."""
    account = select(Account.role).where(Account.person_id == somebody.id, Account.active)
    role = db.session.execute(account).scalar_one_or_none()
    held = [
        rules.Held(row.post_code, row.since, row.until, row.department_code)
        for row in db.session.execute(select(
            Appointment.post_code, Appointment.since, Appointment.until, Appointment.department_code
        ).where(Appointment.person_id == somebody.id))
    ]
    kinds = {post.code: post.kind for post in queries.posts()}
    now = rules.Held("", today(), None)
    administers = any(kinds[one.post] is PostKind.ADMINISTRATION and rules.overlap(one, now) for one in held)
    return proxies.Side(
        somebody.id, somebody.name, held, leaves=somebody.retired_on,
        serving=somebody.merged_into_id is None and not somebody.suspended
        and (somebody.retired_on is None or somebody.retired_on >= today()),
        administrator=administers or role not in (None, Administrator.NONE),
    )
