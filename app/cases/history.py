"""What has happened in a case, for people: from the trail, and from the work items handed in. And what the trail, which
knows nothing of cases, must be told of them: their chains, the cases of a process, the names of nodes, what they
ran on."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from ..definitions import queries as definitions
from ..definitions.queries import meaning
from ..extensions import db
from ..kernel.values import loads
from ..trail.evidence import ENCLOSED
from ..trail.exports import NODE_NAMES
from ..trail.filters import CASES_OF
from ..trail.models import Entry
from ..trail.verification import HEADS
from .models import ItemState, WorkItem
from .statements import CASE


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


# -- what the trail is told ----------------------------------------------------------------------------------------------

def _cases_of(process: str) -> Any:
    ids = [d.id for d in definitions.versions() if process in (d.key, d.matter)]
    return select(CASE.c.id).where(CASE.c.definition_id.in_(ids))


def _node_names(cases: Collection[int]) -> dict[int, dict[str, str]]:
    rows = db.session.execute(select(CASE.c.id, CASE.c.definition_id).where(CASE.c.id.in_(list(cases)))).all()
    return {
        row.id: {key: node.name for key, node in meaning(row.definition_id).process.scope.everything.items() if node.name}
        for row in rows
    }


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


def _heads(connection: Connection) -> Iterator[tuple[str, int, bytes]]:
    """Where the cases' chains end, for the verification of the trail."""
    rows = connection.execution_options(yield_per=5000).execute(select(CASE.c.id, CASE.c.trail_seq, CASE.c.trail_head))
    for case_id, seq, head in rows:
        yield f"case:{case_id}", seq, bytes(head)


HEADS.append(_heads)
CASES_OF.append(_cases_of)
NODE_NAMES.append(_node_names)
ENCLOSED.append(_enclosed)
