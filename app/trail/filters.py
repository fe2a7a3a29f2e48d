"""Which entries somebody asks for."""
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, false, literal, or_, select

from .models import Entry

#: Rooms that know the processes of cases: each callable gives a select of the ids of the cases of a process, by its
#: key. Without one nothing belongs to any process.
CASES_OF: list[Callable[[str], Select[tuple[int]]]] = []


@dataclass(frozen=True, slots=True)
class Filters:
    """What an entry must be; None asks for nothing.

    Attributes:
        since, until: its moment, from and up to but not including (UTC-aware).
        case: id of its case.
        process: key of its case's process.
        person: id of the person who acted.
        what: kinds, each in full (``work_item.completed``) or by its noun (``work_item``).
        subject: its chain.
    """

    since: datetime | None = None
    until: datetime | None = None
    case: int | None = None
    process: str | None = None
    person: int | None = None
    what: Collection[str] | None = None
    subject: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(Entry.at >= self.since)
        if self.until is not None:
            found.append(Entry.at < self.until)
        if self.case is not None:
            found.append(Entry.subject == f"case:{self.case}")
        if self.process is not None:
            ids = [cases(self.process).subquery() for cases in CASES_OF]
            found.append(or_(false(), *(
                Entry.subject.in_(select(literal("case:") + cast(rows.c[0], String))) for rows in ids
            )))
        if self.person is not None:
            found.append(Entry.person_id == self.person)
        if self.what:
            found.append(or_(*(
                Entry.what == kind if "." in kind else Entry.what.startswith(kind + ".", autoescape=True)
                for kind in self.what
            )))
        if self.subject is not None:
            found.append(Entry.subject == self.subject)
        return found

    def facts(self) -> dict[str, Any]:
        """The filters as case values, for the entry that records an export."""
        pairs = {name: getattr(self, name) for name in self.__dataclass_fields__}
        pairs["what"] = list(self.what) if self.what else None
        return {name: value for name, value in pairs.items() if value is not None}
