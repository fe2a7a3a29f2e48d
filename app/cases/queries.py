"""Questions about one case or one work item, and what the gate must know of stored cases. Who may see what is decided
here, never in a page. Lists are in ``lists``, what has happened in ``history``."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from .. import clock
from ..change import Actor
from ..definitions.queries import Meaning, meaning
from ..errors import NotFound
from ..extensions import db
from ..kernel import engine, separation
from ..kernel.bpmn.model import Node
from ..kernel.text import Text
from ..kernel.values import loads
from ..organisation import queries as organisation
from . import gate, served, standing_in
from .acting import today
from .acts import Acts
from .history import happenings
from .models import OFFERED, Case, CaseStatus, ItemState, Job, JobState, Signing, WorkItem
from .permissions import sees
from .statements import CASE, ITEM, WAIT, in_state


def office_now() -> separation.Office:
    """The organisation as of the office's today."""
    return organisation.office(today(clock.now()))


def posts_of(person_id: int) -> frozenset[tuple[str, str | None]]:
    """The posts a person holds today, with the department where a post exists in every department."""
    person = office_now().person(person_id)
    return person.posts if person is not None else frozenset()


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what its page needs."""

    case: Case
    meaning: Meaning
    data: Mapping[str, Any]
    performed: Mapping[str, list[int]]
    items: list[WorkItem]
    jobs: list[Job]


def case(case_id: int, *, actor: Actor, role: str | None = None) -> CaseView:
    """A case the asker may see.

    Raises:
        NotFound: there is none, or the asker may not know of it.
    """
    row = db.session.get(Case, case_id)
    acts = Acts.read(row.acts) if row is not None else Acts()
    if row is None or not (
        sees(row, acts, actor.person_id, office_now(), role) or is_offered(row, actor.person_id)
    ):
        raise NotFound(Text("没有这个办件", "there is no such case"))
    items = list(db.session.scalars(
        select(WorkItem).where(WorkItem.case_id == case_id, WorkItem.state.in_([state for state in ItemState if state.open]))
    ))
    jobs = list(db.session.scalars(
        select(Job).where(Job.case_id == case_id, Job.state.in_((JobState.WAITING, JobState.INCIDENT)))
    ))
    return CaseView(row, meaning(row.definition_id), loads(row.data), acts.performed, items, jobs)


def addressee(name: str, correlation: str) -> int:
    """The case that waits for a message, found by its number or business key.

    Raises:
        NotFound: no case of that key waits for it.
    """
    found = db.session.scalar(
        select(CASE.c.id).join(WAIT, WAIT.c.case_id == CASE.c.id).where(
            WAIT.c.kind == "message", WAIT.c.name == name, CASE.c.status == CaseStatus.RUNNING,
            (CASE.c.number == correlation) | (CASE.c.business_key == correlation),
        )
    )
    if found is None:
        raise NotFound(Text(f"没有办件在等待消息“{name}”", f"no case waits for the message “{name}”"))
    return found


def by_number(number: str) -> int:
    """The id of the case with this number.

    Raises:
        NotFound: there is none.
    """
    found = db.session.scalar(select(Case.id).where(Case.number == number))
    if found is None:
        raise NotFound(Text(f"没有办件 {number}", f"there is no case {number}"))
    return found


@dataclass(frozen=True, slots=True)
class WorkItemView:
    """A work item as the person who may act on it sees it."""

    item: WorkItem
    case: Case
    meaning: Meaning
    node: Node
    data: Mapping[str, Any]
    draft: Mapping[str, Any]
    returnable: tuple[str, ...]
    straight: tuple[str, ...]
    verdict: separation.Verdict
    #: Whether the asker may take it, or finish it, for themselves; and the principals for whom they may.
    own: bool = True
    principals: tuple[int, ...] = ()
    #: Who signs beside it, or did: their work items, oldest first; and who will be asked when their turn comes.
    signers: tuple[WorkItem, ...] = ()
    to_come: tuple[int, ...] = ()
    parent: WorkItem | None = None

    @property
    def proposal(self) -> WorkItem | None:
        """What somebody it was delegated to has handed in, the latest."""
        done = [one for one in self.signers if one.signing is Signing.DELEGATED and one.state is ItemState.COMPLETED]
        return done[-1] if done else None


def work_item(item_id: int, *, actor: Actor, role: str | None = None) -> WorkItemView:
    """A work item: to its assignee, to those it is offered to, and to whoever may see its case.

    Raises:
        NotFound: there is none, or the asker may not know of it.
    """
    row = db.session.get(WorkItem, item_id)
    if row is None:
        raise NotFound(Text("没有这项待办", "there is no such work item"))
    held = row.case
    acts = Acts.read(held.acts)
    office = office_now()
    if not (sees(held, acts, actor.person_id, office, role) or is_offered(held, actor.person_id)):
        raise NotFound(Text("没有这项待办", "there is no such work item"))
    what = meaning(held.definition_id)
    places: tuple[str, ...] = ()
    straight: tuple[str, ...] = ()
    verdict = separation.Verdict(True, (), False)
    own, others = True, ()
    if row.state.open and held.status == CaseStatus.RUNNING:
        if row.assignee_id == actor.person_id and row.signing is None:
            places = engine.returnable(what.program, held.state, row.token, False)
            straight = engine.returnable(what.program, held.state, row.token, True)
        if actor.person_id is not None:
            facts = facts_of(held, without=row.token)
            verdict = gate.verdict(
                what.rules, office, facts, what.node(row.node), actor.person_id, post=row.post,
                department=row.department, behalf=row.on_behalf_of_id if row.assignee_id == actor.person_id else None,
                signer=row.signing is not None,
            )
            own, others = verdict.allowed, ()
            if row.signing is None and row.on_behalf_of_id is None and row.assignee_id != actor.person_id:
                others = tuple(
                    principal for principal in standing_in.principals(office, actor.person_id, row.post, what.key)
                    if row.assignee_id in (None, principal) and gate.allowed(
                        what.rules, office, facts, what.node(row.node), actor.person_id, post=row.post,
                        department=row.department, behalf=principal)
                )
    known = acts.signing.get(str(row.token), {"groups": []})
    return WorkItemView(
        row, held, what, what.node(row.node), loads(held.data), loads(row.draft) if row.draft else {},
        places, straight, verdict, own, others, _signers(row.id),
        tuple(person for group in known["groups"] for person in group["waiting"]),
        db.session.get(WorkItem, row.parent_id) if row.parent_id is not None else None,
    )


def asked_for(found: WorkItemView) -> str | None:
    """Why somebody was asked to sign a work item, or to do it; None where it is nobody's but their own."""
    item = found.item
    if item.signing is None:
        return None
    said = [
        h.body.get("reason") for h in happenings(item.case_id, ("signer.added", "work_item.delegated"))
        if h.body.get("item") == item.parent_id and item.assignee_id in (h.body.get("to"), *h.body.get("persons", ()))
    ]
    return said[-1] if said else None


def _signers(item_id: int) -> tuple[WorkItem, ...]:
    return tuple(db.session.scalars(
        select(WorkItem).where(WorkItem.parent_id == item_id, WorkItem.state != ItemState.WITHDRAWN).order_by(WorkItem.id)
    ))


def is_offered(row: Case, person: int | None) -> bool:
    """Whether a work item of a case is on offer to this person, themselves or for a principal."""
    if person is None:
        return False
    return db.session.scalar(
        select(ITEM.c.id).where(ITEM.c.case_id == row.id, in_state(OFFERED), standing_in.offered(office_now(), person))
        .limit(1)
    ) is not None


def is_for(item_id: int, person: int | None) -> bool:
    """Whether a work item, open or not, is of a post this person holds today."""
    return person is not None and db.session.scalar(
        select(ITEM.c.id).where(ITEM.c.id == item_id, standing_in.offered(office_now(), person))) is not None


def standing(item_id: int) -> Mapping[str, Any]:
    """How a work item stands, for whoever has just acted on it: id, version, state, case, case_status.

    Raises:
        NotFound: there is none.
    """
    row = db.session.execute(
        select(ITEM.c.id, ITEM.c.version, ITEM.c.state, ITEM.c.case_id.label("case"), CASE.c.status.label("case_status"))
        .join(CASE, CASE.c.id == ITEM.c.case_id).where(ITEM.c.id == item_id)
    ).mappings().first()
    if row is None:
        raise NotFound(Text("没有这项待办", "there is no such work item"))
    return row


def case_of_job(job_id: int) -> int:
    """The case a job belongs to.

    Raises:
        NotFound: there is no such job.
    """
    found = db.session.scalar(select(Job.case_id).where(Job.id == job_id))
    if found is None:
        raise NotFound(Text("没有这个任务", "there is no such job"))
    return found


def facts_of(row: Any, without: int | None = None) -> separation.CaseFacts:
    """The separation gate's view of a stored case (a Case or a row of its columns)."""
    values = row if isinstance(row, Mapping) else {
        name: getattr(row, name)
        for name in ("id", "state", "data", "acts", "party", "initiator_id", "initiator_department", "definition_id")
    }
    what = meaning(values["definition_id"])
    others = served.elsewhere(
        what, {**values, "id": values.get("case_id", values["id"])}, office_now(), clock.now(), db.session.connection()
    ) if served.asking(what) else None
    return Acts.read(values["acts"]).facts(values, what, values["state"], loads(values["data"]), without, others)


def facts_of_many(rows: Iterable[Mapping[str, Any]]) -> list[separation.CaseFacts]:
    """As :func:`facts_of`, for many rows of the case's columns, in their order: what other cases say is asked once per
    definition, and a case's values are read only where they say which department a post is of."""
    rows = list(rows)
    office, now, connection = office_now(), clock.now(), db.session.connection()
    asking: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        if served.asking(meaning(row["definition_id"])):
            asking.setdefault(row["definition_id"], []).append(row)
    others: dict[int, Any] = {}
    for definition_id, some in asking.items():
        for start in range(0, len(some), 500):      # a database takes only so many parameters
            others |= served.elsewhere_of(meaning(definition_id), some[start:start + 500], office, now, connection)
    found = []
    for row in rows:
        what = meaning(row["definition_id"])
        data = loads(row["data"]) if what.placed_by_data else {}
        found.append(Acts.read(row["acts"]).facts(row, what, row["state"], data, None, others.get(row["id"])))
    return found


def candidates(item: WorkItem) -> tuple[int, ...]:
    """Everybody who may act on an open work item now."""
    facts = facts_of(item.case, without=item.token)
    return separation.candidates(meaning(item.case.definition_id).rules, office_now(), facts, item.node)
