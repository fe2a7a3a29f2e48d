"""Questions about sessions of bodies: who may see which, who is still to vote, who belongs to a body and may not vote."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from ..change import Actor
from ..definitions.queries import meaning
from ..errors import NotFound
from ..extensions import db
from ..kernel.separation import Objection
from ..kernel.separation import session as kernel
from ..kernel.text import Text
from ..kernel.values import loads
from . import bodies, queries
from .models import SITTING, CaseStatus, SessionState, WorkItem
from .sessions import SESSION, VOTE, sitting
from .statements import CASE


@dataclass(frozen=True, slots=True)
class VoteView:
    """A vote. How somebody voted is told once the session is closed; a void one is never told."""

    person: int
    at: datetime
    choice: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as those who may see its case may see it. ``waiting``: present and still to vote."""

    id: int
    case_id: int
    item_id: int
    node: str
    node_name: Text
    state: SessionState
    convenor: int
    chair: int
    chair_last: bool
    members: tuple[int, ...]
    entitled: tuple[int, ...]
    barred: tuple[Mapping[str, Any], ...]
    present: Mapping[int, str]
    quorum: int
    held_at: datetime
    convened_at: datetime
    until: datetime
    ended_at: datetime | None
    minutes: str | None
    files: tuple[Mapping[str, Any], ...]
    carried: bool | None
    votes: tuple[VoteView, ...]
    waiting: tuple[int, ...]
    tally: kernel.Tally | None

    @property
    def absent(self) -> tuple[int, ...]:
        """Entitled and not there."""
        return tuple(person for person in self.entitled if person not in self.present)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a body, for whoever convenes it: ``away`` today, or kept out by ``barred``."""

    person: int
    name: str
    away: bool
    barred: tuple[Objection, ...]
    principal: bool


def session(session_id: int, *, actor: Actor, role: str | None = None) -> SessionView:
    """A session of a case the asker may see.

    Raises:
        NotFound: there is none, or the asker may not know of it.
    """
    row = db.session.execute(select(SESSION).where(SESSION.c.id == session_id)).mappings().first()
    if row is None:
        raise NotFound(Text("没有这次会议", "there is no such session"))
    try:
        queries.case(row["case_id"], actor=actor, role=role)
    except NotFound as unseen:
        raise NotFound(Text("没有这次会议", "there is no such session")) from unseen
    return _view(row)


def of_case(case_id: int) -> list[SessionView]:
    """The sessions held in a case, oldest first."""
    return [_view(row) for row in db.session.execute(
        select(SESSION).where(SESSION.c.case_id == case_id).order_by(SESSION.c.id)).mappings()]


def on_item(item_id: int) -> SessionView | None:
    """The session that is open on a work item."""
    row = db.session.execute(select(SESSION).where(SESSION.c.item_id == item_id, _open())).mappings().first()
    return _view(row) if row is not None else None


def awaiting(person: int) -> list[SessionView]:
    """The sessions that wait for somebody's vote. An office has few open ones, so they are simply looked through."""
    rows = db.session.execute(
        select(SESSION).join(CASE, CASE.c.id == SESSION.c.case_id)
        .where(_open(), CASE.c.status == CaseStatus.RUNNING).order_by(SESSION.c.id)
    ).mappings()
    return [view for row in rows if str(person) in loads(row["present"]) and person in (view := _view(row)).waiting]


def members(item_id: int) -> list[Member]:
    """The body that decides an open work item, for whoever convenes it.

    Raises:
        NotFound: there is no such work item.
        Conflict: its node is not decided by a body.
    """
    item = db.session.get(WorkItem, item_id)
    if item is None:
        raise NotFound(Text("没有这项待办", "there is no such work item"))
    what, office = meaning(item.case.definition_id), queries.office_now()
    bodies.rule_of(what, item.node)
    facts = queries.facts_of(item.case, without=item.token)
    everybody, away, barred = bodies.members(what, office, facts, item.node, item.post, item.department)
    leading = bodies.principals(office, everybody)
    return [
        Member(person, office.name(person), person in away, barred.get(person, ()), person in leading)
        for person in sorted(everybody, key=lambda one: (-office.person(one).rank, one))
    ]


def _open() -> Any:
    return text(f"session.{SITTING}")


def _view(row: Mapping[str, Any]) -> SessionView:
    definition = db.session.execute(select(CASE.c.definition_id).where(CASE.c.id == row["case_id"])).scalar_one()
    what = meaning(definition)
    votes = db.session.execute(
        select(VOTE).where(VOTE.c.session_id == row["id"]).order_by(VOTE.c.at, VOTE.c.person_id)).mappings().all()
    held = sitting(row, {v["person_id"]: v["choice"] for v in votes}, bodies.rule_of(what, row["node"]))
    told = SessionState(row["state"]) is SessionState.CLOSED
    return SessionView(
        row["id"], row["case_id"], row["item_id"], row["node"], what.node(row["node"]).label, SessionState(row["state"]),
        row["convenor_id"], row["chair_id"], row["chair_last"], tuple(sorted(held.members)), tuple(sorted(held.entitled)),
        tuple({"person": b["person"], "objections": [{**o, "because": Text(**o["because"])} for o in b["objections"]]}
              for b in loads(row["barred"])), {person: str(how) for person, how in held.present.items()}, row["quorum"],
        row["held_at"], row["convened_at"], row["until"], row["ended_at"], row["minutes"],
        tuple(loads(row["files"])) if row["files"] else (), row["carried"],
        tuple(VoteView(v["person_id"], v["at"], v["choice"] if told else None, v["reason"] if told else None)
              for v in votes),
        tuple(sorted(held.waiting)) if not held.closed else (), kernel.tally(held) if told else None,
    )
