"""Questions about what takes two people: requests of dual control, and recusals of one case."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from .. import clock
from ..change import Actor
from ..definitions.queries import meaning
from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..organisation.models import Standing
from .acting import today
from .models import Case, CaseStatus, ControlKind, DualControl, ItemState, Recusal, Signing, WorkItem

#: Roles that see every request.
ADMINISTRATORS = frozenset({"system_admin", "security_admin", "audit_admin"})
MOST = 200


@dataclass(frozen=True, slots=True)
class ControlView:
    """A request with what a list says of it. ``state``: waiting, confirmed (an override in force), used, declined,
    expired. ``mine``: the asker may be the second person, as far as a list can tell."""

    row: DualControl
    case_number: str
    node_name: Text | None
    holder: int | None
    state: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An open work item as an administrator may know it: where it is and who has it, nothing of what it is about."""

    item_id: int
    case_id: int
    case_number: str
    node_name: Text
    state: ItemState
    assignee_id: int | None
    signing: Signing | None = None


def controls(actor: Actor, role: str | None, *, waiting: bool = False) -> list[ControlView]:
    """Requests an administrator, who asked, or the head responsible may know of, newest first."""
    query = select(DualControl).order_by(DualControl.id.desc()).limit(MOST)
    if waiting:
        query = query.where(
            DualControl.confirmed_at.is_(None), DualControl.declined_at.is_(None), DualControl.expires_at > clock.now()
        )
    found = [_view(row, actor, role) for row in db.session.scalars(query)]
    return [view for view in found if role in ADMINISTRATORS or view.mine or view.row.asked_by == actor.person_id]


def control(control_id: int, *, actor: Actor, role: str | None) -> ControlView:
    """One request.

    Raises:
        NotFound: there is none, or the asker may not know of it.
    """
    row = db.session.get(DualControl, control_id)
    view = _view(row, actor, role) if row is not None else None
    if view is None or not (role in ADMINISTRATORS or view.mine or view.row.asked_by == actor.person_id):
        raise NotFound(Text("没有这项双人操作", "there is no such request"))
    return view


def _view(row: DualControl, actor: Actor, role: str | None) -> ControlView:
    case = db.session.get_one(Case, row.case_id)
    item = db.session.get(WorkItem, row.item_id) if row.item_id is not None else None
    now = clock.now()
    state = (
        "declined" if row.declined_at else "used" if row.used_at else "expired" if row.expires_at <= now
        else "confirmed" if row.confirmed_at else "waiting"
    )
    concerned = row.person_id or (item.assignee_id if item is not None else case.initiator_id)
    second = (role in ADMINISTRATORS and role != row.asked_role) or (
        concerned is not None and actor.person_id in organisation.responsible([concerned], today(now))
    )
    return ControlView(
        row, case.number, meaning(case.definition_id).node(item.node).label if item is not None else None,
        item.assignee_id if item is not None else None, state,
        second and actor.person_id not in (row.asked_by, row.person_id),
    )


def places(q: str) -> list[Place]:
    """Open work items of the cases with this number, for an administrator to point at."""
    if not q.strip():
        return []
    rows = db.session.execute(
        select(WorkItem, Case).join(Case, Case.id == WorkItem.case_id).where(
            Case.number == q.strip()[:40], Case.status.in_((CaseStatus.RUNNING, CaseStatus.SUSPENDED)),
            WorkItem.state.in_((ItemState.CREATED, ItemState.OFFERED, ItemState.ALLOCATED)),
        ).order_by(WorkItem.id)
    ).all()
    return [
        Place(item.id, case.id, case.number, meaning(case.definition_id).node(item.node).label, item.state,
              item.assignee_id, item.signing) for item, case in rows
    ]


def place(kind: str, target: int) -> Place:
    """The open work item, or for a termination the case, that an administrator points at.

    Raises:
        NotFound: there is none.
    """
    running = (CaseStatus.RUNNING, CaseStatus.SUSPENDED)
    if kind == ControlKind.TERMINATE:
        case = db.session.get(Case, target)
        if case is not None and case.status in running:
            return Place(0, case.id, case.number, meaning(case.definition_id).names, ItemState.ALLOCATED, None)
    else:
        item = db.session.get(WorkItem, target)
        if item is not None and item.state.open and item.case.status in running:
            node = meaning(item.case.definition_id).node(item.node).label
            return Place(item.id, item.case_id, item.case.number, node, item.state, item.assignee_id)
    raise NotFound(Text("没有这项待办或办件", "there is no such work item or case"))


@dataclass(frozen=True, slots=True)
class RecusalView:
    """Why somebody steps aside in a case, or is asked to."""

    row: Recusal
    case_number: str
    person: str
    at: datetime


def recusals(case_id: int) -> Sequence[Recusal]:
    """The recusals of a case, oldest first. Whether the asker may see the case is asked before."""
    return db.session.scalars(select(Recusal).where(Recusal.case_id == case_id).order_by(Recusal.id)).all()


def recusal(recusal_id: int, *, actor: Actor) -> Recusal:
    """A recusal, for whoever decides it or took it down.

    Raises:
        NotFound: there is none, or it is not the asker's to know.
    """
    row = db.session.get(Recusal, recusal_id)
    if row is None or not (
        actor.person_id == row.recorded_by
        or actor.person_id in organisation.responsible([row.person_id], today(clock.now()))
    ):
        raise NotFound(Text("没有这项回避申请", "there is no such request"))
    return row


def to_decide(actor: Actor) -> list[RecusalView]:
    """Requests that somebody step aside which this person is to decide, oldest first."""
    rows = db.session.execute(
        select(Recusal, Case.number).join(Case, Case.id == Recusal.case_id)
        .where(Recusal.standing == Standing.UNDECIDED).order_by(Recusal.id).limit(MOST)
    ).all()
    names = organisation.names([row.person_id for row, _ in rows])
    return [
        RecusalView(row, number, names.get(row.person_id, ""), row.recorded_at) for row, number in rows
        if actor.person_id != row.recorded_by
        and actor.person_id in organisation.responsible([row.person_id], today(clock.now()))
    ]


def may_ask(role: str | None) -> tuple[ControlKind, ...]:
    """What an administrator of this role may ask for (actions.control)."""
    both = (ControlKind.REASSIGN, ControlKind.TERMINATE)
    return {"security_admin": (*both, ControlKind.OVERRIDE), "system_admin": both}.get(role or "", ())
