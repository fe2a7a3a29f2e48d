"""Every road to a work item at once, in any order, two people at a time: no sequence breaks a rule or strands a case.

People by chance do things by chance to the same cases, in pairs of threads that start together; most of it is refused,
and that is the point. Afterwards every case's history is judged by the simulation's judge, which has never heard of the
gate, and every open work item must have somebody who may do it while nobody has left.
"""
from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.cases import actions, queries
from app.cases.models import Case, CaseStatus, WorkItem
from app.change import Actor
from app.errors import GangzeError
from app.extensions import db
from tests.separation.office import broken, history, open_items, open_office

#: Moves per test; more of them behind GANGZE_EXAMPLES.
MOVES = int(os.environ.get("GANGZE_EXAMPLES", "60")) * 3


class Party:
    """The office at work: who does what next is drawn from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = open_office()
        self.done: Counter[str] = Counter()

    def item(self) -> Any | None:
        cases = db.session.scalars(select(Case.id).where(Case.status == CaseStatus.RUNNING)).all()
        items = open_items(self.chance.choice(cases)) if cases else []
        db.session.rollback()
        return self.chance.choice(items) if items else None

    def actor(self, item: Any = None) -> Actor:
        """Mostly whoever holds the item, else anybody."""
        if item is not None and item.assignee_id and self.chance.random() < 0.8:
            return next(a for a in self.people.values() if a.person_id == item.assignee_id)
        return self.chance.choice(list(self.people.values()))

    def move(self) -> tuple[str, Callable[[], Any]] | None:
        """Something somebody might try now."""
        running = db.session.query(Case).filter_by(status=CaseStatus.RUNNING).count()
        db.session.rollback()
        if running < 3:
            starter = self.people[self.chance.choice(["an", "bo", "cai", "kong"])]
            return "start", lambda: actions.start("purchase", actor=starter, answers={"note": "纸"})
        item = self.item()
        if item is None:
            return None
        likely = "claim" if item.state == "offered" else "complete"
        name = likely if self.chance.random() < 0.6 else self.chance.choice(list(_MOVES))
        return name, _MOVES[name](self, item)

    def two_at_a_time(self, app: Any) -> None:
        """Two moves chosen on the same view of the office, started together."""
        moves = [m for m in (self.move(), self.move()) if m is not None]
        gate = threading.Barrier(len(moves))

        def run(name: str, act: Callable[[], Any]) -> None:
            with app.app_context():
                gate.wait()
                try:
                    act()
                    self.done[name] += 1
                except GangzeError as refused:
                    self.done[f"{name} refused: {type(refused).__name__}"] += 1
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=run, args=move) for move in moves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _claim(party: Party, item: Any) -> Callable[[], Any]:
    actor = party.actor()
    return lambda: actions.claim(item.id, actor=actor)


def _complete(party: Party, item: Any) -> Callable[[], Any]:
    actor = party.actor(item)
    return lambda: actions.complete(item.id, actor=actor, version=item.version, answers={"note": "办妥"})


def _release(party: Party, item: Any) -> Callable[[], Any]:
    actor = party.actor(item)
    return lambda: actions.release(item.id, actor=actor, version=item.version)


def _return(party: Party, item: Any) -> Callable[[], Any]:
    actor, to, straight = party.actor(item), party.chance.choice(("previous", "initiator")), party.chance.random() < 0.5
    return lambda: actions.return_(item.id, actor=actor, version=item.version, opinion="请补正", to=to,
                                   straight_back=straight)


_MOVES: dict[str, Callable[[Party, Any], Callable[[], Any]]] = {
    "claim": _claim, "complete": _complete, "release": _release, "return": _return,
}
def stranded() -> list[tuple[int, str]]:
    """Open work items of running cases that nobody may do, neither for themselves nor for a principal."""
    found = []
    for item in db.session.scalars(select(WorkItem).join(Case).where(
        WorkItem.state.in_(["offered", "allocated"]), WorkItem.signing.is_(None), Case.status == CaseStatus.RUNNING,
    )).all():
        if not queries.candidates(item):
            found.append((item.case_id, item.node))
    db.session.rollback()
    return found


def judged() -> int:
    """Judge every case there is; how many have come to their end."""
    cases = db.session.execute(select(Case.id, Case.status)).all()
    db.session.rollback()
    for case_id, _ in cases:
        assert broken(case_id) == [], (case_id, history(case_id))
    return sum(status is CaseStatus.COMPLETED for _, status in cases)


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_of_operations_breaks_a_rule_or_strands_a_case(sqlite_app: Any, seed: int) -> None:
    party = Party(seed)
    for number in range(MOVES):
        party.two_at_a_time(sqlite_app)
        if number % 5 == 0:
            assert stranded() == []
    assert judged() > 3, party.done
    for name in _MOVES:
        assert party.done[name], (name, party.done)
    assert any("Refused" in name for name in party.done), party.done
