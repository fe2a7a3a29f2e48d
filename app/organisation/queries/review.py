"""All rules of the organisation, read over its history."""
from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import select

from ...extensions import db
from ...kernel.values import loads
from .. import review as pure
from .. import rules
from ..models import Appointment, Person, Proxy
from ..proxies import Standing
from .leaders import breaches
from .register import pairs


def review(since: date, until: date) -> list[pure.Finding]:
    """What was not as today's rules want it, between two days: incompatible posts in one hand, leaders' portfolios
    (LS-1 to LS-4, LS-7, LS-8), proxies that gave somebody what is incompatible with their own post.

    Decisions outside a leader's field (LS-5, LS-6) are in the cases: ask :func:`may_decide` of each.

    Args:
        since, until: first and last day looked at.
    """
    held: dict[int, list[rules.Held]] = defaultdict(list)
    for row in db.session.execute(select(
        Appointment.person_id, Appointment.post_code, Appointment.since, Appointment.until, Appointment.department_code
    ).order_by(Appointment.id)):
        held[row.person_id].append(rules.Held(row.post_code, row.since, row.until, row.department_code))
    return pure.review(
        held=held, names={row.id: row.name for row in db.session.execute(select(Person.id, Person.name))},
        apart=pairs(), breaches=breaches(), proxies=_proxies(), since=since, until=until,
    )


def _proxies() -> list[Standing]:
    found = []
    for row in db.session.scalars(select(Proxy).order_by(Proxy.id)):
        last = row.until if row.ended_on is None else min(row.until, row.ended_on - timedelta(days=1))
        if last >= row.since:
            found.append(Standing(row.principal_id, row.delegate_id, row.since, last,
                                  None if row.posts is None else frozenset(loads(row.posts))))
    return found
