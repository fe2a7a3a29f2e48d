"""Questions about cases and work items. Who may see what is decided here, never in a page."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from .. import clock
from ..change import Actor
from ..definitions import queries as definitions
from ..definitions.queries import Meaning, meaning
from ..errors import Invalid, NotFound
from ..extensions import db
from ..kernel import engine, separation
from ..kernel.bpmn.model import Node
from ..kernel.text import Text
from ..kernel.values import loads
from ..organisation import queries as organisation
from ..trail.evidence import ENCLOSED
from ..trail.exports import NODE_NAMES
from ..trail.filters import CASES_OF
from ..trail.models import Entry
from . import gate, served, standing_in
from . import ordering as order
from .acting import today
from .acts import Acts
from .models import ALLOCATED, DONE, OFFERED, Case, CaseStatus, ItemState, Job, JobState, Notice, Signing, WorkItem
from .permissions import sees
from .statements import CASE, ITEM, WAIT, in_state

PAGE = 50


@dataclass(frozen=True, slots=True)
class ItemView:
    """A work item as a list shows it."""

    id: int
    version: int
    state: ItemState
    case_id: int
    case_number: str
    case_title: str
    case_status: CaseStatus
    process: Text
    matter: str
    node: str
    node_name: Text
    post: str
    department: str | None
    assignee_id: int | None
    initiator_id: int | None
    offered_at: datetime
    due_at: datetime | None
    due_published: bool
    ended_at: datetime | None
    risk: str | None
    amount: Any
    on_behalf_of_id: int | None = None
    signing: Signing | None = None
    #: Whether the asker may act on it for themselves, and the principals for whom they may.
    own: bool = True
    principals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and where to go on; ``cursor`` is None at the end."""

    items: list[ItemView]
    cursor: str | None


def office_now() -> separation.Office:
    """The organisation as of the office's today."""
    return organisation.office(today(clock.now()))


def posts_of(person_id: int) -> frozenset[tuple[str, str | None]]:
    """The posts a person holds today, with the department where a post exists in every department."""
    person = office_now().person(person_id)
    return person.posts if person is not None else frozenset()


# -- lists --------------------------------------------------------------------------------------------------------------

def work_items(
    view: str, *, person: int, process: str | None = None, due_before: datetime | None = None, q: str | None = None,
    cursor: str | None = None, page_size: int = PAGE, ordering: str = "arrival",
) -> Page:
    """A person's work items.

    Args:
        view: ``offered`` (待签收: may be claimed by this person, separation rules considered), ``allocated`` (待办), both
            with what a proxy covers (``ItemView.own``, ``ItemView.principals``),
            ``drafts`` (草稿: those of them with a saved draft), ``completed`` (已办), ``started`` (open items of
            cases they started).
        process: key or matter of a process; q: part of a case's title or number.
        due_before: only items due before this moment.
        cursor: from the page before.
        page_size: 1 to 200.
        ordering: a word of ``ordering.ORDERINGS``; what is done is always newest first.

    Raises:
        NotFound: there is no such view.
        Invalid: the cursor is not one of ours.
    """
    page_size = max(1, min(page_size, 200))
    open_states = (ItemState.OFFERED, ItemState.ALLOCATED)
    mine = {
        "offered": lambda: and_(in_state(OFFERED), _offered_to(person)),
        "allocated": lambda: and_(in_state(ALLOCATED), standing_in.held(office_now(), person)),
        "drafts": lambda: and_(
            in_state(ALLOCATED), ITEM.c.assignee_id == person, ITEM.c.draft.is_not(None)),
        "completed": lambda: and_(
            in_state(DONE), ITEM.c.assignee_id == person),
        "started": lambda: and_(ITEM.c.state.in_(open_states), CASE.c.initiator_id == person),
    }.get(view)
    if mine is None:
        raise NotFound(Text(f"没有视图 {view}", f"there is no view {view}"))
    query = select(*_ROW).join(CASE, CASE.c.id == ITEM.c.case_id).where(mine())
    if view in ("offered", "allocated", "drafts"):
        query = query.where(CASE.c.status == CaseStatus.RUNNING)
    if process:
        keys = [d.id for d in definitions.versions() if process in (d.key, d.matter)]
        query = query.where(CASE.c.definition_id.in_(keys))
    if due_before is not None:
        query = query.where(ITEM.c.due_at < due_before)
    if q:
        query = query.where(CASE.c.title.contains(q, autoescape=True) | CASE.c.number.contains(q, autoescape=True))
    if view == "completed":
        ordering = "newest"
    query = query.order_by(*order.by(ordering))
    after = _cursor(cursor)
    items: list[ItemView] = []
    while True:
        batch = query
        if after is not None:
            batch = batch.where(order.after(ordering, after))
        rows = db.session.execute(batch.limit(page_size + 1)).mappings().all()
        for row in rows[:page_size]:
            own, others = _ways(row, person, view)
            if not own and not others:
                continue
            if len(items) == page_size:
                return Page(items, str(items[-1].id))
            items.append(replace(_view(row), own=own, principals=others))
        if len(rows) <= page_size:
            return Page(items, None)
        after = rows[page_size - 1]["id"]


def views(*conditions: Any, limit: int = PAGE) -> list[ItemView]:
    """The work items of running cases for which all conditions hold, oldest first."""
    rows = db.session.execute(
        select(*_ROW).join(CASE, CASE.c.id == ITEM.c.case_id).where(CASE.c.status == CaseStatus.RUNNING, *conditions)
        .order_by(ITEM.c.id).limit(limit)
    ).mappings().all()
    return [_view(row) for row in rows]


def counts(person: int) -> dict[str, int]:
    """How many items each view holds (offered ones by post; the list itself also asks the gate)."""
    running = ITEM.join(CASE, CASE.c.id == ITEM.c.case_id)
    base = select(func.count()).select_from(running).where(CASE.c.status == CaseStatus.RUNNING)
    allocated = base.where(in_state(ALLOCATED), standing_in.held(office_now(), person))
    offered = base.where(in_state(OFFERED), _offered_to(person))
    return {
        "allocated": db.session.scalar(allocated) or 0,
        "offered": db.session.scalar(offered) or 0,
    }


def cases_of(person: int, *, status: CaseStatus | None = None, limit: int = PAGE) -> list[Case]:
    """The cases a person started, newest first."""
    query = select(Case).where(Case.initiator_id == person).order_by(Case.id.desc()).limit(limit)
    return list(db.session.scalars(query.where(Case.status == status) if status else query))


def visible_cases(actor: Actor, role: str | None, *, q: str | None = None, limit: int = PAGE) -> list[Case]:
    """Cases the asker may see, newest first."""
    query = select(Case).order_by(Case.id.desc())
    if q:
        query = query.where(Case.title.contains(q, autoescape=True) | Case.number.contains(q, autoescape=True))
    office, found = office_now(), []
    for row in db.session.scalars(query.limit(1000)):
        if sees(row, Acts.read(row.acts), actor.person_id, office, role) or _is_offered(row, actor.person_id):
            found.append(row)
            if len(found) == limit:
                break
    return found


def startable(person: int) -> list[Any]:
    """The active definitions whose first task (or whose start event's post) is this person's."""
    posts = {post for post, _ in posts_of(person)}
    found = []
    for definition in definitions.all_active():
        wanted = starting_posts(meaning(definition.id))
        if wanted & posts:
            found.append(definition)
    return found


def starting_posts(what: Meaning) -> set[str]:
    """Codes of the posts that may start a process."""
    scope = what.process.scope
    starts = [n for n in scope.nodes.values() if n.type == "startEvent"]
    named = {n.post.code for n in starts if n.post}
    return named or {
        target.post.code for n in starts for f in n.outgoing
        if (target := scope.nodes[scope.flows[f].target]).post is not None
    }


def first_task(definition_id: int) -> Node | None:
    """The node whose form is the form of starting; None where a process starts without one."""
    return meaning(definition_id).opening


def notices(person: int, limit: int = 20) -> list[Notice]:
    """The latest notices for a person."""
    return list(db.session.scalars(
        select(Notice).where(Notice.person_id == person).order_by(Notice.id.desc()).limit(limit)
    ))


# -- one case, one work item --------------------------------------------------------------------------------------------

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
        sees(row, acts, actor.person_id, office_now(), role) or _is_offered(row, actor.person_id)
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
    if not (sees(held, acts, actor.person_id, office, role) or _is_offered(held, actor.person_id)):
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


def is_for(item_id: int, person: int | None) -> bool:
    """Whether a work item, open or not, is of a post this person holds today."""
    return person is not None and db.session.scalar(
        select(ITEM.c.id).where(ITEM.c.id == item_id, _offered_to(person))) is not None


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


# -- what has happened --------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the trail, read for people."""

    seq: int
    at: datetime
    what: str
    node: str | None
    body: Mapping[str, Any]


def happenings(case_id: int, whats: Iterable[str] | None = None) -> list[Happening]:
    """The case's entries in order; only those named in ``whats`` where given."""
    query = select(Entry.seq, Entry.at, Entry.what, Entry.node, Entry.body).where(Entry.subject == f"case:{case_id}")
    if whats is not None:
        query = query.where(Entry.what.in_(list(whats)))
    return [
        Happening(row.seq, row.at, row.what, row.node, loads(bytes(row.body)))
        for row in db.session.execute(query.order_by(Entry.seq))
    ]


#: What the timeline of a case tells; the full trail has every node's change as well.
TOLD = (
    "work_item.started", "work_item.declined", "work_item.skipped", "work_item.taken_back", "work_item.predone",
    "work_item.predone_void", "work_item.suspended", "work_item.resumed", "work_item.escalated",
    "case.started", "work_item.claimed", "work_item.released", "work_item.completed", "work_item.returned",
    "work_item.refused", "case.withdrawn", "case.suspended", "case.resumed", "case.completed", "case.terminated",
    "case.cancelled", "case.failed", "case.stalled", "case.unstalled", "session.convened", "vote.cast",
    "vote.refused", "session.closed",
    "session.adjourned", "session.abandoned", "draw.made", "rule.released", "job.completed", "job.failed",
    "job.incident", "timer.fired", "message.delivered", "work_item.taken_over", "work_item.transferred",
    "work_item.delegated", "work_item.proposed", "work_item.signed", "work_item.reassigned", "signer.added",
    "signer.removed", "signer.refused", "control.asked", "control.confirmed", "control.declined", "control.refused",
    "separation.overridden", "recusal.declared", "recusal.found", "recusal.requested", "recusal.granted",
    "recusal.denied", "recusal.refused",
)


def progress(case_id: int) -> dict[str, list[str]]:
    """Which nodes and flows the diagram marks: passed, current, refused, returned."""
    marks: dict[str, dict[str, None]] = {"passed": {}, "current": {}, "refused": {}, "returned": {}, "flows": {}}
    for happened in happenings(case_id, (
        "node.entered", "node.completed", "node.cancelled", "node.failed", "node.returned", "work_item.refused",
    )):
        node = happened.node or ""
        if happened.what == "node.entered":
            marks["current"][node] = None
        elif happened.what == "work_item.refused":
            marks["refused"][node] = None
        else:
            marks["current"].pop(node, None)
            marks["flows"].update(dict.fromkeys(happened.body.get("detail", {}).get("flows", ())))
            marks["returned" if happened.what == "node.returned" else "passed"][node] = None
    return {name: list(found) for name, found in marks.items()}


def handed_in(case_id: int) -> list[WorkItem]:
    """The work items in which something was handed in, oldest first: who, when, with what outcome and answers."""
    ended = (ItemState.COMPLETED, ItemState.RETURNED)
    return list(db.session.scalars(
        select(WorkItem).where(WorkItem.case_id == case_id, WorkItem.state.in_(ended)).order_by(WorkItem.ended_at)
    ))


def _cases_of(process: str) -> Any:
    ids = [d.id for d in definitions.versions() if process in (d.key, d.matter)]
    return select(CASE.c.id).where(CASE.c.definition_id.in_(ids))


def _node_names(cases: Collection[int]) -> dict[int, dict[str, str]]:
    rows = db.session.execute(select(CASE.c.id, CASE.c.definition_id).where(CASE.c.id.in_(list(cases)))).all()
    return {
        row.id: {key: node.name for key, node in meaning(row.definition_id).process.scope.everything.items() if node.name}
        for row in rows
    }


CASES_OF.append(_cases_of)
NODE_NAMES.append(_node_names)


def _enclosed(case_ids: Collection[int]) -> dict[str, bytes]:
    """What these cases ran on, as files of an evidence zip: diagrams, forms and decision tables as they were deployed."""
    used = select(CASE.c.definition_id).where(CASE.c.id.in_(list(case_ids))).distinct()
    files: dict[str, bytes] = {}
    for definition_id in db.session.scalars(used):
        row = definitions.get(definition_id)
        folder = f"definitions/{row.key}-v{row.version}"
        files |= {f"{folder}/process.bpmn": bytes(row.source), f"{folder}/forms.json": row.forms.encode(),
                  f"{folder}/decisions.json": row.decisions.encode()}
    return files


ENCLOSED.append(_enclosed)


# -- inside -------------------------------------------------------------------------------------------------------------

_ROW = [
    ITEM, CASE.c.number.label("case_number"), CASE.c.title, CASE.c.status, CASE.c.initiator_id,
    CASE.c.initiator_department, CASE.c.definition_id, CASE.c.party, CASE.c.data, CASE.c.acts,
    CASE.c.state.label("case_state"),
]


def _offered_to(person: int) -> Any:
    return standing_in.offered(office_now(), person)


def _is_offered(row: Case, person: int | None) -> bool:
    if person is None:
        return False
    return db.session.scalar(
        select(ITEM.c.id).where(ITEM.c.case_id == row.id, in_state(OFFERED), _offered_to(person)).limit(1)
    ) is not None


def _ways(row: Mapping[str, Any], person: int, view: str) -> tuple[bool, tuple[int, ...]]:
    """How a person may act on an item of a list: for themselves, and for which principals."""
    if view != "offered":
        index = office_now().index  # records merged into one are one person's
        others = view == "allocated" and index.get(row["assignee_id"]) != index.get(person)
        return not others, (row["assignee_id"],) if others else ()
    what = meaning(row["definition_id"])
    facts = facts_of({**row, "state": row["case_state"]}, without=row["token"])
    office, node = office_now(), what.node(row["node"])

    def may(behalf: int | None) -> bool:
        return gate.allowed(
            what.rules, office, facts, node, person, post=row["post"], department=row["department"], behalf=behalf
        )

    return may(None), tuple(
        principal for principal in standing_in.principals(office, person, row["post"], what.key) if may(principal)
    )


def _view(row: Mapping[str, Any]) -> ItemView:
    what = meaning(row["definition_id"])
    return ItemView(
        row["id"], row["version"], ItemState(row["state"]), row["case_id"], row["case_number"], row["title"],
        CaseStatus(row["status"]), what.names, what.matter, row["node"], what.node(row["node"]).label,
        row["post"], row["department"], row["assignee_id"], row["initiator_id"], row["offered_at"], row["due_at"],
        row["due_published"], row["ended_at"], row["risk"], loads(row["data"]).get("amount"), row["on_behalf_of_id"],
        row["signing"],
    )


def _cursor(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid({"cursor": [Text("翻页标记无效", "the cursor is not one of ours")]})
    return int(text)
