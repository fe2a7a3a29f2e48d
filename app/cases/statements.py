"""The tables an act writes, and the statements every act runs: each built once and kept compiled, so that an act costs the
same however long the case and however full the database. What they are for is said in ``acting`` and ``locking``."""
from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, insert, null, select, text, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ..organisation import queries as organisation
from ..written import Statement
from .models import Case, CaseTimer, Job, JobState, Subscription, WorkItem

CASE, ITEM, JOB, TIMER, WAIT = (m.__table__ for m in (Case, WorkItem, Job, CaseTimer, Subscription))


def in_state(condition: str) -> Any:
    """A state condition of work items (``models.OFFERED`` and its like), word for word as their indexes have it."""
    return text(f"work_item.{condition}")


class _NextItem(FunctionElement[int]):
    """The id of the next work item, known before it is stored, because the entries speak of it."""

    type = ITEM.c.id.type


class _ItemAhead(_NextItem):
    """The same, already with the lock: most acts open one item, and on PostgreSQL asking would be one more wait. None
    on SQLite, where asking is nothing and another item stored in between would be given the same one."""


@compiles(_NextItem, "postgresql")
def _from_sequence(element: Any, compiler: Any, **kw: Any) -> str:
    return "nextval('work_item_id_seq')"


@compiles(_NextItem, "sqlite")
def _behind_the_last(element: Any, compiler: Any, **kw: Any) -> str:
    return "(SELECT coalesce(max(id), 0) + 1 FROM work_item)"  # as SQLite itself counts; nobody else is writing


@compiles(_ItemAhead, "sqlite")
def _none_ahead(element: Any, compiler: Any, **kw: Any) -> str:
    return "NULL"


OFFICE_VERSION = organisation.VERSION.label("office_version")
_CASE_COLUMNS = list(CASE.c)
LOCK_CASE = Statement(
    select(*_CASE_COLUMNS, OFFICE_VERSION).where(CASE.c.id == bindparam("id")).with_for_update(of=CASE)
)
LOCK_ITEM = Statement(
    select(*_CASE_COLUMNS, *(c.label(f"item_{c.name}") for c in ITEM.c), OFFICE_VERSION, _ItemAhead().label("next_item"))
    .select_from(CASE.join(ITEM, ITEM.c.case_id == CASE.c.id))
    .where(ITEM.c.id == bindparam("id"))
    .with_for_update(of=[CASE, ITEM])
)
NEXT_ITEM = Statement(select(_NextItem().label("next_item")))
INSERT_ITEM = Statement(insert(ITEM).inline(), (
    "id", "case_id", "token", "node", "number", "state", "version", "post", "department", "assignee_id",
    "on_behalf_of_id", "offered_at", "allocated_at", "due_at", "due_published", "risk", "offered_to_id", "started_at",
    "escalates",
))
UPDATE_ITEM = update(ITEM).where(ITEM.c.id == bindparam("b_id"))
END_ITEM = Statement(update(ITEM).where(ITEM.c.id == bindparam("b_id")).values(
    state=bindparam("b_state"), version=bindparam("b_version"), ended_at=bindparam("b_ended_at"), draft=null(),
    outcome=bindparam("b_outcome"), opinion=bindparam("b_opinion"), answers=bindparam("b_answers"),
))
CLOSE_ITEM = (
    update(ITEM).where(ITEM.c.case_id == bindparam("b_case"), ITEM.c.token == bindparam("b_token"))
    .values(version=ITEM.c.version + 1).returning(ITEM.c.id)
)
#: Columns of a case that an act may set; written every time, so that there is one statement to keep compiled.
MUTABLE = ("title", "status", "party", "ended_at", "suspended_at")
UPDATE_CASE = Statement(update(CASE).where(CASE.c.id == bindparam("b_id")).values({
    name: bindparam(f"b_{name}") for name in ("state", "data", "acts", "trail_seq", "trail_head", *MUTABLE)
}))
STOP = (
    delete(TIMER).where(TIMER.c.case_id == bindparam("b_case"), TIMER.c.token == bindparam("b_token")),
    delete(WAIT).where(WAIT.c.case_id == bindparam("b_case"), WAIT.c.token == bindparam("b_token")),
    update(JOB).where(JOB.c.case_id == bindparam("b_case"), JOB.c.token == bindparam("b_token"),
                      JOB.c.state != JobState.DONE).values(state=JobState.STOPPED),
)
