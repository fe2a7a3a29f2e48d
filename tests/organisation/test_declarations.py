"""回避登记: declared, found, asked for; who decides; what the gate is told."""
from __future__ import annotations

import threading
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from app.accounts import actions as accounts
from app.change import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.organisation import actions, queries
from app.parties import actions as parties
from app.registers import today

from .conftest import SYSTEM, entries, hold, plan, somebody


def cast() -> SimpleNamespace:
    """A clerk and the section's head and deputy, the leader above, the head of discipline, an inspector; a party."""
    plan()
    for code, level, domain in (("LD.JZ", 4, "overall"), ("LD.CW", 3, "finance"), ("LD.HQ", 3, "discipline")):
        actions.place_post(code, level=level, domain=domain, actor=SYSTEM)
    actions.place_post("ANY.HD", level=2, actor=SYSTEM)
    made = SimpleNamespace()
    for n, (name, place, post, role) in enumerate([
        ("clerk", "CW", "CW.SH", "A"), ("head", "CW", "ANY.HD", "A"), ("deputy", "CW", "ANY.HD", "B"),
        ("leader", "LD", "LD.CW", "A"), ("principal", "LD", "LD.JZ", "A"), ("discipline", "LD", "LD.HQ", "A"),
        ("inspector", "JJ", "JJ.ZR", "A"), ("stranger", "HQ", "HQ.CG", "A"),
    ]):
        person = somebody(str(n), name, name, place)
        hold(person, post, role=role, department_code=place)
        account = accounts.add(username=name, password="x", person_id=person, is_demo=True, actor=SYSTEM)
        setattr(made, name, person)
        setattr(made, "as_" + name, Actor(person_id=person, account_id=account, name=name))
    made.party = parties.register(kind="organisation", name="某公司", credit_code="91350100M000100Y43", actor=SYSTEM)
    return made


@pytest.fixture
def people(sqlite_app) -> SimpleNamespace:
    return cast()


def interests(person: int, on: date | None = None) -> frozenset[str]:
    return queries.office(on or today()).person(person).interests


def ask(p: SimpleNamespace, **more) -> int:
    return actions.request_interest(p.clerk, **{
        "party_id": p.party, "reason": "同学", "requested_on": today(), "note": "该公司申请", "actor": p.as_stranger,
        **more})


def test_what_a_party_asks_for_counts_when_the_head_has_granted_it(people):
    asked = ask(people)
    assert interests(people.clerk) == frozenset()
    assert [d.id for d in queries.requests_for(people.head, today())] == [f"interest-{asked}"]
    actions.decide_request("interest", asked, granted=True, reason="属实", actor=people.as_head)
    assert interests(people.clerk) == {f"party:{people.party}"}
    assert interests(people.clerk, today() - timedelta(days=1)) == frozenset()
    what = [e["what"] for e in entries()]
    assert what[-2:] == ["interest.requested", "interest.granted"] and entries()[-1]["after"]["reason"] == "属实"
    assert queries.requests_for(people.head, today()) == []


def test_a_refused_request_stays_on_record_with_its_reason_and_has_no_effect(people):
    asked = ask(people)
    with pytest.raises(Invalid):
        actions.decide_request("interest", asked, granted=False, reason=" ", actor=people.as_head)
    actions.decide_request("interest", asked, granted=False, reason="查无实据", actor=people.as_head)
    assert interests(people.clerk) == frozenset()
    kept = queries.declaration(f"interest-{asked}")
    assert (kept.row.standing, kept.row.decision, kept.decided_by) == ("refused", "查无实据", "head")
    with pytest.raises(Conflict):
        actions.decide_request("interest", asked, granted=True, reason="再议", actor=people.as_head)
    with pytest.raises(Conflict):
        actions.end_interest(asked, until=today(), actor=SYSTEM)
    ask(people)  # it may be asked for again


def test_nobody_decides_about_themselves_nor_kin_nor_who_took_it_down(people):
    def refused(asked: int, actor: Actor) -> str:
        with pytest.raises(Refused) as refusal:
            actions.decide_request("interest", asked, granted=True, reason="x", actor=actor)
        (objection,) = refusal.value.objections
        assert objection.basis == "公务员法 §77"
        return objection.because.en

    asked = ask(people)
    assert "own recusal" in refused(asked, people.as_clerk)
    assert "took the request down" in refused(asked, people.as_stranger)
    actions.declare_kinship(people.clerk, other_id=people.head, relation="affinity", declared_on=today(), actor=SYSTEM)
    assert "Kin" in refused(asked, people.as_head)
    assert entries()[-1]["what"] == "interest.refused" and entries()[-1]["attempted"] == "interest.granted"
    assert queries.requests_for(people.head, today()) == []
    actions.decide_request("interest", asked, granted=True, reason="属实", actor=people.as_deputy)


def test_only_the_head_responsible_decides(people):
    asked = ask(people)
    for actor in (people.as_inspector, people.as_leader, people.as_principal, SYSTEM):
        with pytest.raises(Forbidden):
            actions.decide_request("interest", asked, granted=True, reason="x", actor=actor)
    assert queries.responsible([people.clerk], today()) == {people.head, people.deputy}
    assert queries.responsible([people.head], today()) == {people.leader, people.principal, people.discipline}
    assert queries.responsible([people.leader], today()) == {people.principal}
    assert queries.responsible([people.principal], today()) == {people.discipline}
    actions.record_absence(people.head, since=today(), reason="病假", actor=SYSTEM)
    assert queries.responsible([people.clerk], today()) == {people.deputy}


@pytest.mark.parametrize("finder", ["as_head", "as_inspector", "as_discipline"])
def test_what_the_supervision_finds_counts_at_once(people, finder):
    actions.find_interest(people.clerk, party_id=people.party, reason="持股", found_on=today(), note="核查",
                          actor=getattr(people, finder))
    assert interests(people.clerk) == {f"party:{people.party}"}
    entry = entries()[-1]
    assert entry["what"] == "interest.found" and entry["after"]["note"] == "核查"
    (seen,) = queries.declarations(people=[people.clerk])
    assert seen.row.source == "found" and seen.row.recorded_by == getattr(people, finder).person_id


def test_a_colleague_finds_nothing_and_nobody_finds_what_is_their_own(people):
    for actor in (people.as_stranger, people.as_clerk):
        with pytest.raises(Forbidden):
            actions.find_interest(people.clerk, party_id=people.party, reason="持股", found_on=today(), note="x",
                                  actor=actor)
    with pytest.raises(Forbidden):  # of the supervision, but concerned
        actions.find_kinship(people.clerk, other_id=people.inspector, relation="spouse", found_on=today(), note="x",
                             actor=people.as_inspector)
    with pytest.raises(Forbidden):
        actions.declare_interest(people.clerk, party_id=people.party, reason="持股", declared_on=today(),
                                 actor=people.as_stranger)


def test_kin_are_found_and_asked_for_too(people):
    found = actions.find_kinship(people.clerk, other_id=people.stranger, relation="affinity", found_on=today(),
                                 note="档案", actor=people.as_inspector)
    assert queries.office(today()).person(people.stranger).kin == {people.clerk}
    with pytest.raises(Conflict):
        actions.request_kinship(people.stranger, other_id=people.clerk, relation="affinity", requested_on=today(),
                                note="x", actor=people.as_head)
    actions.end_kinship(found, until=today() - timedelta(days=1), actor=SYSTEM)
    asked = actions.request_kinship(people.stranger, other_id=people.clerk, relation="affinity", requested_on=today(),
                                    note="某公司申请", actor=people.as_inspector)
    assert queries.office(today()).person(people.stranger).kin == frozenset()
    actions.decide_request("kinship", asked, granted=True, reason="属实", actor=people.as_head)
    assert queries.office(today()).person(people.stranger).kin == {people.clerk}


def test_an_open_request_keeps_nobody_from_declaring_the_same(people):
    asked = ask(people)
    with pytest.raises(Conflict):
        ask(people)
    actions.declare_interest(people.clerk, party_id=people.party, reason="同学", declared_on=today(),
                             actor=people.as_clerk)
    actions.decide_request("interest", asked, granted=False, reason="本人已申报", actor=people.as_head)
    assert interests(people.clerk) == {f"party:{people.party}"}


@pytest.mark.parametrize(("wrong", "field"), [
    ({"requested_on": "2026-01-01"}, "requested_on"), ({"requested_on": date(2999, 1, 1)}, "requested_on"),
    ({"note": ""}, "note"), ({"note": "x" * 301}, "note"), ({"reason": None}, "reason"), ({"reason": "a\nb"}, "reason"),
])
def test_a_request_that_cannot_be_read_is_told_at_its_field(people, wrong, field):
    before = entries()
    with pytest.raises(Invalid) as invalid:
        ask(people, **wrong)
    assert list(invalid.value.errors) == [field] and entries() == before


def test_a_decision_that_cannot_be_read_changes_nothing(people):
    asked = ask(people)
    for wrong in ({"granted": "yes"}, {"granted": None}, {"reason": ""}, {"reason": 7}):
        with pytest.raises(Invalid):
            actions.decide_request("interest", asked, actor=people.as_head, **{"granted": True, "reason": "x", **wrong})
    with pytest.raises(Invalid):
        actions.decide_request("person", asked, granted=True, reason="x", actor=people.as_head)
    with pytest.raises(NotFound):
        actions.decide_request("kinship", asked, granted=True, reason="x", actor=people.as_head)
    for called in ("interest", "interest-", "interest-x", "interest-99", "person-1", "interest-" + "9" * 30, ""):
        with pytest.raises(NotFound):
            queries.declaration(called)


def test_each_sees_the_own_records_and_those_of_the_people_they_supervise(people):
    asked = ask(people)

    def seen(person: int) -> list[str]:
        return [d.id for d in queries.visible(person, today())]

    mine = [f"interest-{asked}"]
    assert seen(people.clerk) == seen(people.head) == seen(people.inspector) == seen(people.stranger) == mine
    assert seen(people.leader) == [] == seen(people.principal)
    with pytest.raises(NotFound):
        queries.seen(mine[0], people.leader, today())


def test_of_two_decisions_at_once_only_the_first_counts(app):
    p = cast()
    asked = ask(p)
    outcomes, ready = [], threading.Barrier(2)

    def act(actor: Actor, granted: bool) -> None:
        with app.app_context():
            ready.wait()
            try:
                actions.decide_request("interest", asked, granted=granted, reason="x", actor=actor)
                outcomes.append(granted)
            except Conflict:
                outcomes.append("late")
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=act, args=args) for args in ((p.as_head, True), (p.as_deputy, False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "late" in outcomes and len(outcomes) == 2
    decided = [outcome for outcome in outcomes if outcome != "late"]
    assert (f"party:{p.party}" in interests(p.clerk)) == decided[0]
