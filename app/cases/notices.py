"""Notices: lines on people's home pages."""
from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select, update

from ..change import Actor, change
from .models import Notice

NOTICE = Notice.__table__


def tell(key: str, people: Iterable[int], text: str, *, case_id: int | None, actor: Actor) -> None:
    """Put a line on people's home pages, once per key and person."""
    wanted = {f"{key}-{person}": person for person in people}
    with change("notice.given", actor=actor, subject="notices") as c:
        known = set(c.connection.execute(select(NOTICE.c.key).where(NOTICE.c.key.in_(list(wanted)))).scalars())
        rows = [
            {"key": k, "person_id": person, "case_id": case_id, "text": text[:500], "at": c.now}
            for k, person in wanted.items() if k not in known
        ]
        if rows:
            c.connection.execute(insert(NOTICE), rows)
        c.entry("notice.given", to=list(wanted.values()), about=case_id, text=text[:500])


def mark_read(person: int, *, actor: Actor) -> None:
    """All notices of a person have been read (已阅)."""
    with change("notice.read", actor=actor, subject="notices") as c:
        c.connection.execute(
            update(NOTICE).where(NOTICE.c.person_id == person, NOTICE.c.read_at.is_(None)).values(read_at=c.now)
        )
        c.entry("notice.read", by=person)
