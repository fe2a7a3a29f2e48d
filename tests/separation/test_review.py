"""The nightly review finds what happened while a rule was missing, or past the gate."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.cases import actions, history
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.kernel.values import loads
from app.organisation import actions as organisation
from app.separation import actions as separation
from app.separation.models import Finding, FindingState, Review
from app.trail import queries as trail
from app.trail.models import Entry
from tests.cases.conftest import FORM, GOOD, deployed, take
from tests.cast import SYSTEM
from tests.diagrams import diagram, end, start, user

from .conftest import on

WAY = (start("s"), user("apply", "CLK", form="request"), user("check", "CLK", form="request", write=""),
       user("approve", "HEAD", form="request", write=""), end("e"))


def lax(constraints: str = "") -> bytes:
    """Ada applies and may check her own request; unless the version says otherwise."""
    return diagram("lax", *WAY, path="s apply check approve e", constraints=constraints)


def found() -> list[Any]:
    rows = db.session.execute(Finding.__table__.select().order_by(Finding.id)).all()
    db.session.rollback()
    return rows


def entries(what: str) -> list[dict[str, Any]]:
    bodies = db.session.scalars(select(Entry.body).where(Entry.what == what).order_by(Entry.id)).all()
    db.session.rollback()
    return [loads(bytes(body)) for body in bodies]


@pytest.fixture
def done(office: SimpleNamespace) -> int:
    """A case that Ada applied for and checked herself, as its version allowed."""
    deployed(lax(), {"request": FORM})
    case_id = actions.start("lax", actor=office.ada, answers=GOOD)
    take(case_id, "check", office.ada)
    take(case_id, "approve", office.bob)
    return case_id


def test_what_was_allowed_is_no_finding(office: SimpleNamespace, done: int) -> None:
    assert separation.review() == 0 and found() == []
    [row] = db.session.scalars(select(Review)).all()
    assert (row.day, row.cases, row.found) == (date(2026, 5, 6), 2, 0)
    assert [e["cases"] for e in entries("separation.reviewed")] == [2]


def test_a_rule_that_was_missing_finds_the_cases_it_would_have_stopped(office: SimpleNamespace, done: int) -> None:
    separation.review()
    on(7)
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check" basis="内控规范第九条"/>'), {"request": FORM})
    assert separation.review() == 1
    [row] = found()
    assert (row.case_id, row.kind, row.rule, row.basis) == (done, "differ", "four-eyes", "内控规范第九条")
    assert row.person_id == office.ada.person_id and "Ada" in row.zh and "“apply”" in row.en
    assert [act["node"] for act in loads(row.acts)] == ["apply", "check"]
    assert entries("finding.recorded")[0]["about"] == done
    assert trail.verify().ok


def test_a_review_is_done_once_a_day_and_finds_nothing_twice(office: SimpleNamespace, done: int) -> None:
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check"/>'), {"request": FORM})
    assert jobs.run_due_checks() == 1
    assert jobs.run_due_checks() == 0 and separation.review() == 0
    on(7)
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check approve"/>'), {"request": FORM})
    assert separation.review() == 0, "the same acts against the same rule"
    assert len(entries("separation.reviewed")) == 2 and len(found()) == 1


def test_posts_that_became_incompatible_find_who_used_both_and_who_held_both(office: SimpleNamespace) -> None:
    deployed(diagram("both", start("s"), user("apply", "HEAD", form="request"),
                     user("audit", "ACC", form="request", write=""), end("e"), path="s apply audit e"), {"request": FORM})
    case_id = actions.start("both", actor=office.eve, answers=GOOD)
    take(case_id, "audit", office.eve)
    separation.review()
    assert found() == []
    on(7)
    db.session.execute(db.text(
        "INSERT INTO incompatible (post_code, other, scope, basis) VALUES ('ACC', 'HEAD', 'person', '会计法第三十七条')"))
    db.session.commit()                      # another road into the register: the action would have refused
    assert separation.review() > 0
    cases = [row for row in found() if row.case_id == case_id]
    register = [row for row in found() if row.case_id is None]
    assert cases and all((row.kind, row.person_id) == ("incompatible", office.eve.person_id) for row in cases)
    assert [(row.kind, row.person_id) for row in register] == [("incompatible", office.eve.person_id)]
    on(8)
    assert separation.review() == 0, "a breach that goes on is one finding"


def test_a_post_taken_away_for_the_past_is_found(office: SimpleNamespace, done: int) -> None:
    separation.review()
    on(7)
    deployed(lax('<gz:differ id="new" nodes="apply approve"/>'), {"request": FORM})   # all of them are judged again
    db.session.execute(db.text("UPDATE appointment SET until = '2026-05-01' WHERE post_code = 'HEAD' AND person_id = :p"),
                       {"p": office.bob.person_id})
    db.session.commit()
    separation.review()
    [row] = [row for row in found() if row.kind == "post"]
    assert row.case_id == done and "HEAD" in row.zh


def test_a_kinship_that_came_to_light_is_held_against_the_past(office: SimpleNamespace) -> None:
    deployed(lax('<gz:recuse id="r" nodes="*" party="taxpayer" basis="公务员法第七十六条"/>'), {"request": FORM})
    case_id = actions.start("lax", actor=office.ada, answers=GOOD, party=f"person:{office.carol.person_id}")
    take(case_id, "check", office.grace)
    take(case_id, "approve", office.bob)
    assert separation.review() == 0
    on(7)
    organisation.declare_kinship(
        person_id=office.bob.person_id, other_id=office.carol.person_id, relation="spouse",
        declared_on=date(2026, 5, 7), actor=SYSTEM,
    )
    assert separation.review() == 1
    [row] = found()
    assert (row.rule, row.person_id, row.case_id) == ("r", office.bob.person_id, case_id)


def test_a_second_record_of_a_person_counts_as_that_person(office: SimpleNamespace) -> None:
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check"/>'), {"request": FORM})
    case_id = actions.start("lax", actor=office.ada, answers=GOOD)
    take(case_id, "check", office.grace)
    assert separation.review() == 0
    on(7)
    db.session.execute(db.text("UPDATE person SET merged_into_id = :a WHERE id = :g"),
                       {"a": office.ada.person_id, "g": office.grace.person_id})
    db.session.commit()
    assert separation.review() == 1
    [row] = found()
    assert row.case_id == case_id and row.person_id == office.ada.person_id


def test_a_finding_is_explained_once_by_somebody_it_is_not_about(office: SimpleNamespace, done: int) -> None:
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check"/>'), {"request": FORM})
    separation.review()
    [row] = found()
    with pytest.raises(NotFound):
        separation.explain_finding(row.id, "我说没事", actor=office.carol, role=None)
    with pytest.raises(Forbidden):
        separation.explain_finding(row.id, "我自己说没事", actor=office.ada, role="security_admin")
    for bad in ("", "  ", "长" * 2001):
        with pytest.raises(Invalid):
            separation.explain_finding(row.id, bad, actor=office.dora, role="audit_admin")
    separation.explain_finding(row.id, "该规则当时尚未制定，已补充复核。", actor=office.dora, role="audit_admin")
    [row] = found()
    assert (row.state, row.explained_by) == (FindingState.EXPLAINED, office.dora.person_id)
    assert entries("finding.explained")[0]["reason"] == "该规则当时尚未制定，已补充复核。"
    with pytest.raises(Conflict):
        separation.explain_finding(row.id, "再说一次", actor=office.dora, role="audit_admin")
    with pytest.raises(NotFound):
        separation.explain_finding(10**15, "没有", actor=office.dora, role="audit_admin")


def test_an_act_under_an_override_is_no_finding(office: SimpleNamespace, done: int) -> None:
    """It is on record as what it was, with two names under it."""
    from app.cases.acting import acting

    with acting("separation.tested", actor=SYSTEM, case=done) as act:
        act.entry("separation.overridden", node="check", person=office.ada.person_id)
    deployed(lax('<gz:differ id="four-eyes" nodes="apply check"/>'), {"request": FORM})
    assert separation.review() == 0 and history.happenings(done, ["separation.overridden"])
