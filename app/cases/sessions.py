"""Sessions as they are stored: read, closed with their work item, found for the members who are to vote."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from ..kernel.separation import session as kernel
from ..kernel.separation.constraints import Collective
from ..kernel.values import canonical, digest, dumps, loads
from .models import Session, SessionState, Vote

if TYPE_CHECKING:
    from .acting import Act

SESSION, VOTE = Session.__table__, Vote.__table__


def sitting(row: Mapping[str, Any], votes: Mapping[int, str], rule: Collective) -> kernel.Session:
    """A stored session as the kernel judges it.

    Args:
        row: of the session's table.
        votes: person -> how they voted.
        rule: the ``collective`` rule of its node, by which it is counted; the chair speaks last where it was convened so.
    """
    return kernel.Session(
        Collective(rule.id, rule.quorum, rule.majority, row["chair_last"]), frozenset(loads(row["members"])),
        frozenset(loads(row["entitled"])),
        {int(person): kernel.Attendance(how) for person, how in loads(row["present"]).items()}, row["chair_id"],
        row["held_at"], row["until"], {person: kernel.Choice(choice) for person, choice in votes.items()},
        SessionState(row["state"]) is not SessionState.OPEN,
    )


def convene(act: Act, session: kernel.Session, *, item: int, node: str, convenor: int, barred: list[Any]) -> int:
    """Store a session that begins."""
    return act.c.connection.execute(insert(SESSION).returning(SESSION.c.id), {
        "case_id": act.id, "item_id": item, "node": node, "state": SessionState.OPEN, "convenor_id": convenor,
        "chair_id": session.chair, "members": dumps(sorted(session.members)), "entitled": dumps(sorted(session.entitled)),
        "barred": dumps(barred), "present": dumps({str(p): str(how) for p, how in sorted(session.present.items())}),
        "quorum": session.quorum, "chair_last": session.rule.chair_last, "held_at": session.held,
        "convened_at": act.now, "until": session.until,
    }).scalar_one()


def votes_of(connection: Connection, session: int) -> list[Any]:
    """The votes cast in a session, in the order they were cast."""
    return list(connection.execute(
        select(VOTE).where(VOTE.c.session_id == session).order_by(VOTE.c.at, VOTE.c.person_id)
    ).mappings())


def end(act: Act, session: int, state: SessionState, **columns: Any) -> None:
    """A session is over."""
    act.c.connection.execute(
        update(SESSION).where(SESSION.c.id == session).values(state=state, ended_at=act.now, **columns)
    )


def abandon(act: Act, token: int) -> None:
    """The work item of a session is no longer open: the session ends with it, undecided."""
    session = act.acts.sitting.pop(str(token), None)
    if session is None:
        return
    end(act, session, SessionState.ABANDONED)
    act.entry("session.abandoned", session=session, voted=[v["person_id"] for v in votes_of(act.c.connection, session)])


def sealed(salt: str, session: int, person: int, choice: str, reason: str | None) -> str:
    """What the trail says of a vote until its session is closed: SHA-256 of the salt (as text) and the vote's canonical
    JSON."""
    said = canonical({"choice": choice, "person": person, "reason": reason, "session": session})
    return digest(salt.encode() + said)
