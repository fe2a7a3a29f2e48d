"""A case that nobody can go on with is found, told about once, and forgotten by itself."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.accounts import actions as accounts
from app.cases import actions, history, queries
from app.cases.models import Notice
from app.extensions import db
from app.kernel.values import loads
from app.organisation import actions as organisation
from app.separation import actions as separation
from app.separation import open_cases, rechecking
from app.separation.models import Recheck, Stalled
from app.trail import queries as trail
from tests.cases.conftest import GOOD, deployed, items, take
from tests.cast import SYSTEM
from tests.diagrams import diagram, end, start, user

from .conftest import away, on, stalled


def swept() -> None:
    """What the sweeper would do, until nothing is left to do."""
    while jobs.run_due_checks():
        pass


def told(person: Any) -> list[str]:
    texts = db.session.scalars(select(Notice.text).where(Notice.person_id == person.person_id)).all()
    db.session.rollback()
    return list(texts)


def wrote(case_id: int, what: str) -> list[Any]:
    return history.happenings(case_id, [what])


def test_leave_stalls_a_case_and_the_end_of_leave_lets_it_go_on(office: SimpleNamespace) -> None:
    swept()
    assert stalled() == []
    away(office.dora)
    away(office.frank)
    swept()
    assert stalled() == [], "Bob approves, Eve audits"
    absence = away(office.bob)
    swept()
    [row] = stalled()
    assert (row.case_id, row.until) == (office.case, None)
    assert set(loads(row.nodes)) == {"approve", "audit"} and loads(row.rules) == ["c1"]
    assert "内控规范第十二条" in row.zh and "different people" in row.en
    remedies = [remedy["en"] for remedy in loads(row.remedies)]
    assert "have Bob return to work" in remedies and "have Dora return to work" in remedies
    assert any("appoint one more person to post “HEAD”" in text for text in remedies)
    [entry] = wrote(office.case, "case.stalled")
    assert entry.body["who"] == {"machine": "separation"} and entry.body["rules"] == ["c1"]
    assert queries.candidates(db.session.get_one(queries.WorkItem, items(office.case)["approve"].id)) == ()
    organisation.end_absence(absence, until=date(2026, 5, 6), actor=SYSTEM)
    swept()
    assert stalled()[0].until is None, "the day of return has not come"
    on(7)
    swept()
    [row] = stalled()
    assert row.until is not None and len(wrote(office.case, "case.unstalled")) == 1
    take(office.case, "approve", office.bob, decision="agree")
    swept()
    assert trail.verify().ok


def test_whoever_has_to_know_is_told_once(office: SimpleNamespace) -> None:
    organisation.place_post("HEAD", level=2, actor=SYSTEM)
    sven = organisation.take_on(number="99", name="Sven", romanised="Sven", department_code="D2", actor=SYSTEM)
    accounts.add(username="sven", password="a long password", person_id=sven, role="security_admin", actor=SYSTEM)
    for person in (office.dora, office.frank, office.bob):
        away(person)
    for month in (6, 7, 8):
        swept()
        away(office.carol, date(2026, month, 1), date(2026, month, 2))        # the office changes again and again
    assert [len(told(p)) for p in (office.ada, SimpleNamespace(person_id=sven), office.eve)] == [1, 1, 1], "initiator, owner, head"
    assert told(office.grace) == [] and told(office.bob) == [], "a colleague; a head who is away"
    [text] = told(office.ada)
    assert text.startswith("APPROVAL-2026-0001 停办：") or "停办：" in text
    assert " / has stalled: " in text and len(text) <= 500
    [row] = stalled()
    assert row.told_at is not None and len(wrote(office.case, "case.stalled")) == 1


def test_a_telling_that_was_cut_off_is_made_up_for(office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(rechecking, "tell", lambda *a, **k: 1 / 0)
        swept()
    assert stalled()[0].told_at is None and told(office.ada) == []
    db.session.execute(Recheck.__table__.update().values(taken_until=None))   # its lease has run out
    db.session.commit()
    swept()
    assert len(told(office.ada)) == 1 and stalled()[0].told_at is not None


def test_a_new_reason_is_written_down_and_not_told_again(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person)
    swept()
    before = stalled()[0]
    away(office.eve)
    swept()
    [row] = stalled()
    assert row.id == before.id and (row.zh, row.remedies) != (before.zh, before.remedies)
    assert len(wrote(office.case, "case.stalled")) == 2 and len(told(office.ada)) == 1


def test_the_day_alone_can_stall_a_case(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person, since=date(2026, 5, 8))
    swept()
    assert stalled() == []
    on(8)
    swept()
    assert len(stalled()) == 1


def test_a_case_that_was_ended_is_no_longer_stalled(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person)
    swept()
    actions.cancel(office.case, actor=office.ada, reason="不办了")
    swept()
    [row] = stalled()
    assert row.until is not None
    assert wrote(office.case, "case.unstalled")[0].body["status"] == "cancelled"


RECUSING = diagram(
    "recusing", start("s"), user("apply", "CLK", form="request"), user("approve", "HEAD", form="request", write=""),
    user("audit", "ACC", form="request", write=""), end("e"), path="s apply approve audit e",
    constraints='<gz:differ id="c1" nodes="apply approve audit" onBlock="escalate"/>'
                '<gz:recuse id="r" nodes="*" party="taxpayer" basis="税收征管法第十二条"/>',
)


def test_a_recusal_that_leaves_nobody_stalls_the_case(office: SimpleNamespace) -> None:
    from tests.cases.conftest import FORM

    deployed(RECUSING, {"request": FORM})
    case_id = actions.start("recusing", actor=office.ada, answers=GOOD, party=f"person:{office.carol.person_id}")
    swept()
    assert stalled() == []
    for person in (office.bob, office.eve):
        organisation.declare_kinship(
            person_id=person.person_id, other_id=office.carol.person_id, relation="collateral",
            declared_on=date(2026, 5, 6), actor=person,
        )
    swept()
    [row] = stalled()
    assert row.case_id == case_id and loads(row.nodes) == ["approve"] and row.escalated
    assert "税收征管法第十二条" in row.zh


def test_only_the_case_somebody_acted_in_is_looked_at_again(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = actions.start("approval", actor=office.grace, answers=GOOD)
    swept()
    looked: list[Any] = []
    really = open_cases.read
    monkeypatch.setattr(open_cases, "read", lambda ids=None: looked.append(ids and sorted(ids)) or really(ids))
    swept()
    assert looked == [], "nothing has happened"
    take(other, "approve", office.bob, decision="agree")
    swept()
    assert looked == [[other]]
    away(office.carol)
    swept()
    assert looked[1:] == [None], "the office has changed: all of them"


def test_two_sweepers_at_once_do_the_work_once(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank, office.bob):
        away(person)
    row = {"id": None, "taken_until": None}
    assert rechecking._taken(row) and not rechecking._taken(row)
    assert separation.recheck() == 0, "somebody is at it"
    on(7)                                                    # and has been killed
    assert separation.recheck() == 1


def test_a_case_is_stalled_once_at_a_time(office: SimpleNamespace) -> None:
    values = {"case_id": office.case, "since": office.now["at"], "nodes": "[]", "rules": "[]", "zh": "", "en": "",
              "remedies": "[]", "escalated": False}
    for until in (office.now["at"], office.now["at"], None):
        db.session.execute(Stalled.__table__.insert().values(**values, until=until))
    db.session.commit()
    with pytest.raises(db.exc.IntegrityError):
        db.session.execute(Stalled.__table__.insert().values(**values, until=None))
    db.session.rollback()
