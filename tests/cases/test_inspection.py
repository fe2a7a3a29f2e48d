"""T10 in the demonstration bureau, through the actions and the store: supplement, hearing, a return, closing."""
from __future__ import annotations

import io
import tomllib
from typing import Any

import pytest
from flask import Flask

from app import jobs
from app.accounts import queries as accounts
from app.cases import actions, files, history, queries
from app.cases.models import WorkItem
from app.change import Actor
from app.extensions import db
from app.parties.models import Party
from app.trail import queries as trail
from tests.conftest import ROOT

from .conftest import items, status

GOLDEN = tomllib.loads((ROOT / "processes/enforcement/T10-inspection/cases.toml").read_text(encoding="utf-8"))
STORY = next(c for c in GOLDEN["case"] if c["id"] == "supplement-hearing-and-a-return")


@pytest.fixture
def actors(bureau: Flask) -> dict[int, Actor]:
    return {person.id: accounts.actor_for(account) for account, person in accounts.demonstration()}


def with_files(answers: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """The golden answers with real attachments in place of their made-up ones."""
    return {
        name: [files.store(io.BytesIO(b"%PDF-1.4\n"), "证据.pdf", actor=actor)["id"]]
        if isinstance(value, list) and value and isinstance(value[0], dict) else value
        for name, value in answers.items()
    }


def test_an_inspection_walks_through_supplement_hearing_return_and_closing(actors: dict[int, Actor]) -> None:
    from app.organisation import queries as organisation
    from app.registers import today

    selector = actors[organisation.holders(today(), post_code="JCJ.XA")[0].person_id]
    taxpayer = db.session.scalars(db.select(Party.id)).first()
    given = {**GOLDEN["answers"]["select"], **STORY["start"], "taxpayer": taxpayer}
    case_id = actions.start("T10", actor=selector, answers=given)
    waited_for_both = 0
    for step in STORY["steps"]:
        jobs.run_due_jobs()
        node = step["node"]
        if "refused" in step:
            assert node not in items(case_id), "the join fired after one branch"
            waited_for_both += 1
            continue
        item = db.session.get(WorkItem, items(case_id)[node].id)
        person = item.assignee_id or queries.candidates(item)[0]
        actor = actors[person]
        if item.assignee_id is None:
            actions.claim(item.id, actor=actor)
        version = items(case_id)[node].version
        if "return" in step:
            actions.return_(item.id, actor=actor, version=version, opinion=step["opinion"], to=step["return"])
            continue
        answers = {**GOLDEN["answers"].get(node, {}), **step.get("answers", {})}
        actions.complete(
            item.id, actor=actor, version=version, answers=with_files(answers, actor), decision=step.get("decision"),
            opinion="依据见附件" if step.get("decision") in actions.NEGATIVE else None,
        )
    jobs.run_due_jobs()
    assert status(case_id) == "completed" and waited_for_both == 1
    by = {}
    for item in history.handed_in(case_id):
        by.setdefault(item.node, set()).add(item.assignee_id)
    four = [by["select"], by["examineA"] | by["examineB"], by["trial"], by["enforce"]]
    assert all(not a & b for n, a in enumerate(four) for b in four[:n]), "four-way separation"
    assert by["examineA"] != by["examineB"], "two inspectors"
    assert len(by["trial"]) == 1, "a task that comes round again is its performer's"
    drawn = [h for h in history.happenings(case_id, ["work_item.allocated"]) if h.node in ("examineA", "examineB")]
    assert len(drawn) == 4 and all(h.body["who"] == {"machine": "engine"} for h in drawn)
    assert trail.verify().ok
