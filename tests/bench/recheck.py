"""How long the re-check of ten thousand open cases takes: ``python -m tests.bench.recheck``, or ``run()`` from elsewhere.

In the demonstration bureau, ten thousand tax inspections (T10, the process with the most rules) stand at different
places, each with other people in it. Timed in processor time of one core, reading included: the query, the values, who
acted, the gate's plan. Then an absence that nobody can make up for: what has stalled is found, written down and told.
"""
from __future__ import annotations

import io
import json
import random
import tempfile
import tomllib
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import insert, select, update

from app import demonstration, jobs
from app.accounts import queries as accounts
from app.cases import actions, files, queries
from app.cases.acts import Acts
from app.cases.models import CaseStatus, WorkItem
from app.cases.statements import CASE, ITEM
from app.change import Actor
from app.definitions.queries import active, meaning
from app.errors import GangzeError
from app.extensions import db
from app.organisation import actions as organisation
from app.organisation import queries as register
from app.parties.models import Party
from app.registers import today
from app.separation import actions as separation
from app.separation import open_cases
from tests.conftest import ROOT, make_app

from .contest import Meter

CASES, PATTERNS, TOLD = 10_000, 14, 50
SYSTEM = Actor.system("bench")
GOLDEN = tomllib.loads((ROOT / "processes/enforcement/T10-inspection/cases.toml").read_text(encoding="utf-8"))
STORY = next(c for c in GOLDEN["case"] if c["id"] == "supplement-hearing-and-a-return")


def run(number: int = CASES) -> dict[str, float]:
    """Seconds of one core for ``number`` open cases, and milliseconds for one."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder), DEMO=True)
        with app.app_context():
            db.create_all()
            demonstration.load(actor=SYSTEM)
            try:
                return _measured(number)
            finally:
                db.session.remove()
                db.engine.dispose()


def _measured(number: int) -> dict[str, float]:
    chance = random.Random(20260506)
    actors = {person.id: accounts.actor_for(account) for account, person in accounts.demonstration()}
    for steps in range(PATTERNS):
        _walk(actors, steps)
    _multiply(number, chance)
    found: dict[str, float] = {"open cases": float(number)}
    queries.office_now()                         # read once per version of the office, whoever asks first
    found["with a plan"], found["first look, s CPU"] = _look()
    found["re-check, s CPU"] = min(_look()[1] for _ in range(3))
    found["one case, ms CPU"] = found["re-check, s CPU"] / number * 1e3
    for holder in register.holders(today(), post_code="JCJ.ZX"):
        organisation.record_absence(holder.person_id, since=today(), until=today() + timedelta(days=9), reason="-",
                                    actor=SYSTEM)
    left, found["re-check after everybody of a post has left, s CPU"] = _look()
    assert left < found["with a plan"] / 2
    few = db.session.scalars(select(CASE.c.id).order_by(CASE.c.id.desc()).limit(TOLD)).all()
    db.session.execute(update(CASE).where(CASE.c.id.not_in(few)).values(status=CaseStatus.CANCELLED))
    db.session.commit()
    began = perf_counter()
    stalled = separation.recheck()
    found["a stalled case written down and told, ms"] = (perf_counter() - began) / max(stalled, 1) * 1e3
    return found


def _look() -> tuple[float, float]:
    """Every open case judged once: how many have a plan, and the processor time."""
    meter = Meter()
    with meter():
        planned = sum(not stuck for _case, stuck in open_cases.without_plan(queries.office_now()))
    db.session.rollback()
    return float(planned), meter.cpu


def _walk(actors: dict[int, Actor], steps: int) -> None:
    """A case that has come so many steps far."""
    selector = actors[register.holders(today(), post_code="JCJ.XA")[0].person_id]
    given = {**GOLDEN["answers"]["select"], **STORY["start"], "taxpayer": db.session.scalars(select(Party.id)).first()}
    case_id = actions.start("T10", actor=selector, answers=given)
    for step in [s for s in STORY["steps"] if "refused" not in s and "return" not in s][:steps]:
        jobs.run_due_jobs()
        row = db.session.execute(select(ITEM.c.id, ITEM.c.version, ITEM.c.assignee_id).where(
            ITEM.c.case_id == case_id, ITEM.c.node == step["node"], ITEM.c.state.in_(("offered", "allocated")))).first()
        if row is None:
            return
        person = row.assignee_id or queries.candidates(db.session.get_one(WorkItem, row.id))[0]
        try:
            if row.assignee_id is None:
                actions.claim(row.id, actor=actors[person])
            version = db.session.scalar(select(ITEM.c.version).where(ITEM.c.id == row.id))
            db.session.rollback()
            answers = {**GOLDEN["answers"].get(step["node"], {}), **step.get("answers", {})}
            actions.complete(row.id, actor=actors[person], version=version or 1, answers=_with_files(answers, actors[person]),
                             decision=step.get("decision"), opinion="依据见附件")
        except GangzeError:
            return                               # it stands where the story branches off; that is a place, too


def _with_files(answers: dict[str, Any], actor: Actor) -> dict[str, Any]:
    return {
        name: [files.store(io.BytesIO(b"%PDF-1.4\n"), "证据.pdf", actor=actor)["id"]]
        if isinstance(value, list) and value and isinstance(value[0], dict) else value
        for name, value in answers.items()
    }


def _multiply(number: int, chance: random.Random) -> None:
    """Copies of the cases there are, in each somebody else of the same post at one of the nodes."""
    rows = [dict(row) for row in db.session.execute(select(CASE)).mappings()]
    what, office = meaning(active("T10").id), queries.office_now()
    made = []
    for n in range(number - len(rows)):
        row = dict(chance.choice(rows))
        acts = Acts.read(row["acts"])
        node = chance.choice(list(acts.performed))
        post = what.node(node).post
        others = office.ids(office.holders(post.code)) if post else ()
        here = {person for people in acts.performed.values() for person in people}
        if free := [person for person in others if person not in here]:
            acts.performed[node] = [chance.choice(free)]
        row |= {"number": f"COPY-{n}", "acts": acts.written()}
        del row["id"]
        made.append(row)
    for start in range(0, len(made), 1000):
        db.session.execute(insert(CASE), made[start:start + 1000])
    db.session.commit()


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
