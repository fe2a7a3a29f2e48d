"""The open cases in bulk: read a thousand at a time, judged without a statement of their own.

Ten thousand cases are judged after every change of the organisation, so nothing here may ask the database for one case.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select

from ..cases import queries as cases
from ..cases.models import Case, CaseStatus
from ..definitions.queries import Meaning, meaning
from ..extensions import db
from ..kernel.separation import CaseFacts, Office
from .impasse import has_plan

CASE = Case.__table__
OPEN = (CaseStatus.RUNNING, CaseStatus.SUSPENDED)
BATCH = 1000
_COLUMNS = [CASE.c[name] for name in (
    "id", "number", "title", "definition_id", "status", "party", "initiator_id", "initiator_department", "state",
    "data", "acts",
)]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case as the gate sees it."""

    row: Mapping[str, Any]
    meaning: Meaning
    facts: CaseFacts

    @property
    def id(self) -> int:
        return self.row["id"]


def read(ids: Iterable[int] | None = None) -> Iterator[OpenCase]:
    """The open cases, all or those of ``ids``."""
    for rows in _batches(ids):
        for row, facts in zip(rows, cases.facts_of_many(rows), strict=True):
            yield OpenCase(row, meaning(row["definition_id"]), facts)


def without_plan(office: Office, ids: Iterable[int] | None = None) -> Iterator[tuple[OpenCase, bool]]:
    """Every open case with whether it has no plan in this office."""
    for case in read(ids):
        yield case, not has_plan(case.meaning.rules, office, case.facts)


def _batches(ids: Iterable[int] | None) -> Iterator[Sequence[Mapping[str, Any]]]:
    query = select(*_COLUMNS).where(CASE.c.status.in_(OPEN)).order_by(CASE.c.id).limit(BATCH)
    if ids is not None:
        wanted = iter(sorted(set(ids)))
        while some := list(islice(wanted, 500)):      # a database takes only so many parameters
            yield db.session.execute(query.where(CASE.c.id.in_(some))).mappings().all()
        return
    last = 0
    while rows := db.session.execute(query.where(CASE.c.id > last)).mappings().all():
        yield rows
        last = rows[-1]["id"]
