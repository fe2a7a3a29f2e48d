"""Rules that count other acts than all of this case: other cases of the party, the latest act, what came after a release."""
from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun import freeze_time

from app import clock
from app.cases import actions, lists, queries, served
from app.cases.statements import ITEM
from app.change import Actor
from app.errors import Refused
from app.extensions import db
from app.organisation import actions as organisation
from app.parties import actions as parties
from app.trail import queries as trail
from tests.cast import SINCE, SYSTEM, take_on
from tests.diagrams import diagram, end, flow, start, user, xor

from .committee import committee, deciding
from .conftest import NOTE, deployed, items, take

COMPANIES = {"甲公司": "91321399MA1A41272B", "乙公司": "91321399MA1B76986E"}
COLLECT = diagram(
    "collection", start("s"), user("apply", "CLK", form="note"), user("collect", "ACC", form="note"), end("e"),
    path="s apply collect e",
)


def deploy(key: str, rule: str, *, post: str = "ACC") -> None:
    deployed(diagram(
        key, start("s"), user("apply", "CLK", form="note"), user("verify", post, form="note"), user("close", "CLK", form="note"),
        end("e"), path="s apply verify close e", constraints=rule,
    ), {"note": NOTE})


@pytest.fixture
def who(sqlite_app: Any) -> SimpleNamespace:
    return take_on()


@pytest.fixture
def taxpayers(who: SimpleNamespace) -> list[str]:
    return registered()


def registered() -> list[str]:
    ids = parties.register_many(
        [{"kind": "organisation", "name": name, "credit_code": code} for name, code in COMPANIES.items()], actor=SYSTEM
    )
    return [f"party:{id}" for id in ids]


def begun(who: SimpleNamespace, process: str, party: str | None = None, by: str = "ada") -> int:
    return actions.start(process, actor=getattr(who, by), answers={"note": "x"}, party=party)


def refused(case_id: int, node: str, actor: Actor) -> str | None:
    """The rule that keeps somebody from claiming a node, None where they have it now."""
    try:
        actions.claim(items(case_id)[node].id, actor=actor)
    except Refused as no:
        return no.objections[0].constraint
    return None


# -- rotation ------------------------------------------------------------------------------------------------------------

ROTATE = '<gz:rotate id="r1" nodes="verify" party="taxpayer" max="2" months="24" basis="税收管理员制度"/>'


def test_after_so_many_cases_of_one_party_somebody_else_s_turn_has_come(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE)
    for _ in range(2):
        case_id = begun(who, "rotating", taxpayers[0])
        take(case_id, "verify", who.dora)
    third = begun(who, "rotating", taxpayers[0])
    assert refused(third, "verify", who.dora) == "r1"
    assert refused(third, "verify", who.frank) is None
    other = begun(who, "rotating", taxpayers[1])
    assert refused(other, "verify", who.dora) is None
    nobody = begun(who, "rotating")
    assert refused(nobody, "verify", who.dora) is None


def test_one_case_counts_once_however_often_it_came_round(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE)
    case_id = begun(who, "rotating", taxpayers[0])
    for _ in range(3):
        take(case_id, "verify", who.dora)
        if items(case_id)["close"].assignee_id is None:
            actions.claim(items(case_id)["close"].id, actor=who.ada)
        item = items(case_id)["close"]
        actions.return_(item.id, actor=who.ada, version=item.version, opinion="再核", to="verify")
    assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) is None


def test_what_lies_further_back_than_the_months_does_not_count(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE)
    for _ in range(2):
        take(begun(who, "rotating", taxpayers[0]), "verify", who.dora)
    long_ago = served.months_before(clock.now(), 24)
    for at, expected in ((long_ago + timedelta(minutes=1), "r1"), (long_ago - timedelta(minutes=1), None)):
        with db.engine.begin() as connection:
            connection.execute(ITEM.update().where(ITEM.c.node == "verify").values(ended_at=at))
        assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) == expected


@pytest.mark.parametrize(("now", "months", "then"), [
    ("2026-03-31T10:00:00+08:00", 1, "2026-02-28T00:00:00+08:00"),
    ("2024-03-31T10:00:00+08:00", 1, "2024-02-29T00:00:00+08:00"),
    ("2026-01-15T00:30:00+08:00", 24, "2024-01-15T00:00:00+08:00"),     # the office's day, not UTC's
    ("2026-12-01T00:00:00+08:00", 12, "2025-12-01T00:00:00+08:00"),
    ("2026-05-05T12:00:00+08:00", 9999, "1193-02-05T00:00:00+08:05:43"),
])
def test_months_are_the_calendar_s_in_the_office_s_zone(sqlite_app: Any, now: str, months: int, then: str) -> None:
    found = served.months_before(datetime.fromisoformat(now).astimezone(UTC), months)
    assert found == datetime.fromisoformat(then)


def test_two_records_of_one_person_are_one_person(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE)
    again = organisation.take_on_many([{"number": "D2", "name": "Dora", "romanised": "Dora", "department_code": "D2"}],
                                      actor=SYSTEM)[0]
    for _ in range(2):
        last = begun(who, "rotating", taxpayers[0])
        take(last, "verify", who.dora)
    with db.engine.begin() as connection:      # the last time she was still known by the other record
        connection.execute(ITEM.update().where(ITEM.c.case_id == last, ITEM.c.node == "verify").values(assignee_id=again))
    assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) is None
    organisation.merge_people(who.dora.person_id, again, reason="重复建档", actor=who.carol)
    assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) == "r1"


def test_two_cases_of_one_party_at_the_same_moment_are_not_both_the_last(
    app: Any, cast: SimpleNamespace
) -> None:
    who = cast
    deploy("rotating", ROTATE.replace('max="2"', 'max="1"'))
    for party in registered():
        cases = [begun(who, "rotating", party) for _ in range(2)]
        for case_id in cases:
            actions.claim(items(case_id)["verify"].id, actor=who.dora)
        held = [items(case_id)["verify"] for case_id in cases]
        barrier, outcomes = threading.Barrier(2, timeout=60), []

        def finish(item: Any, barrier: Any = barrier, outcomes: list = outcomes) -> None:
            with app.app_context():
                try:
                    barrier.wait()
                    actions.complete(item.id, actor=who.dora, version=item.version)
                    outcomes.append("done")
                except Refused as no:
                    outcomes.append(no.objections[0].constraint)
                except BaseException as error:
                    outcomes.append(error)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=finish, args=(item,)) for item in held]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert sorted(map(str, outcomes)) == ["done", "r1"]


# -- walls and scope party -----------------------------------------------------------------------------------------------

def test_who_collected_from_a_party_does_not_hear_its_appeal_even_if_the_rule_came_later(
    app: Any, cast: SimpleNamespace
) -> None:
    who, taxpayers = cast, registered()
    deployed(COLLECT, {"note": NOTE})
    collected = begun(who, "collection", taxpayers[0])
    take(collected, "collect", who.dora)
    deploy("appeal", '<gz:apart id="a1" nodes="verify" from="collection/collect" party="taxpayer"/>')
    case_id = begun(who, "appeal", taxpayers[0])
    assert refused(case_id, "verify", who.dora) == "a1"
    assert refused(case_id, "verify", who.frank) is None
    assert refused(begun(who, "appeal", taxpayers[1]), "verify", who.dora) is None


def test_a_rule_of_scope_party_counts_the_acts_in_all_its_cases(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("scoped", '<gz:differ id="d1" nodes="apply verify" scope="party"/>', post="CLK")
    deploy("single", '<gz:differ id="d1" nodes="apply verify"/>', post="CLK")
    organisation.appoint_many([{"person_id": who.carol.person_id, "post_code": "CLK", "since": SINCE, "role": "B"}],
                              actor=SYSTEM)
    for process, expected in (("scoped", "d1"), ("single", None)):
        begun(who, process, taxpayers[0])                                # Ada has applied for the party
        case_id = begun(who, process, taxpayers[0], by="grace")
        assert refused(case_id, "verify", who.ada) == expected


def test_a_member_who_voted_has_served_the_party_and_the_convenor_has_not(sqlite_app: Any) -> None:
    who = committee(take_on())
    party = parties.register_many([{"kind": "organisation", "name": "甲公司", "credit_code": COMPANIES["甲公司"]}],
                                  actor=SYSTEM)[0]
    deciding("spending")
    deciding("again", more='<gz:apart id="a1" nodes="check" from="spending/decide" party="taxpayer"/>')
    case_id = begun(who, "spending", f"party:{party}")
    take(case_id, "check", who.bob)
    actions.claim(items(case_id)["decide"].id, actor=who.vic)
    there = ("una", "wen", "xia", "lead")
    session = actions.convene(items(case_id)["decide"].id, actor=who.vic, chair=who.lead.person_id,
                              present={getattr(who, name).person_id: "room" for name in there})
    for name in there:
        actions.vote(session, actor=getattr(who, name), choice="agree")
    actions.close(session, actor=who.vic, minutes="同意。")
    organisation.appoint_many([{"person_id": who.una.person_id, "post_code": "HEAD", "since": SINCE, "role": "B"}],
                              actor=SYSTEM)
    second = begun(who, "again", f"party:{party}")
    assert refused(second, "check", who.una) == "a1"
    assert refused(second, "check", who.vic) is None


def test_an_initiator_may_be_the_party_of_a_rotation(who: SimpleNamespace) -> None:
    deploy("claims", '<gz:rotate id="r1" nodes="verify" party="initiator" max="1" months="12"/>')
    take(begun(who, "claims"), "verify", who.dora)
    assert refused(begun(who, "claims"), "verify", who.dora) == "r1"
    assert refused(begun(who, "claims", by="grace"), "verify", who.dora) is None


def test_lists_and_explanations_know_of_other_cases_too(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE.replace('max="2"', 'max="1"'))
    take(begun(who, "rotating", taxpayers[0]), "verify", who.dora)
    case_id = begun(who, "rotating", taxpayers[0])
    assert [i.case_id for i in lists.work_items("offered", person=who.frank.person_id).items] == [case_id]
    assert lists.work_items("offered", person=who.dora.person_id).items == []
    assert not queries.work_item(items(case_id)["verify"].id, actor=who.dora).verdict.allowed


# -- the latest act, and a release ---------------------------------------------------------------------------------------

def looping(key: str, rule: str) -> None:
    """Verify, then decide; "again" goes back to verify through the node ``reopened``."""
    deployed(diagram(
        key, start("s"), user("apply", "CLK", form="note"), user("verify", "ACC", form="note"),
        user("decide", "ACC", form="note", decisions="agree again"), xor("which", default="which-e"),
        '<bpmn:intermediateThrowEvent id="reopened" name="reopened"/>', end("e"),
        flow("which-e", "which", "e"), flow("which-reopened", "which", "reopened", 'decide.decision == "again"'),
        flow("back", "reopened", "verify"), path="s apply verify decide which", constraints=rule,
    ), {"note": NOTE})


DIFFER = '<gz:differ id="d1" nodes="verify decide"{more}/>'


def held_by(case_id: int, node: str, actor: Actor) -> None:
    """Whoever holds it now gives it back, and the actor takes it."""
    item = items(case_id)[node]
    if item.assignee_id not in (None, actor.person_id):
        actions.release(item.id, actor=Actor(person_id=item.assignee_id), version=item.version)


@pytest.mark.parametrize(("more", "release", "third"), [
    ("", "", "d1"),                                    # everybody who ever verified counts
    (' scope="iteration"', "", None),                  # only the latest verification does
    ("", '<gz:release id="l1" constraint="d1" at="reopened"/>', None),
])
def test_a_second_round_counts_what_the_rule_says_it_counts(
    who: SimpleNamespace, more: str, release: str, third: str | None
) -> None:
    looping("looping", DIFFER.format(more=more) + release)
    case_id = begun(who, "looping")
    take(case_id, "verify", who.dora)
    take(case_id, "decide", who.frank, decision="again")
    held_by(case_id, "verify", who.eve)
    take(case_id, "verify", who.eve)
    held_by(case_id, "decide", who.dora)
    assert refused(case_id, "decide", who.dora) == third
    if third is None:
        item = items(case_id)["decide"]
        actions.complete(item.id, actor=who.dora, version=item.version, decision="agree")
    released = [r for r in trail.of_case(case_id) if r.what == "rule.released"]
    assert [(r.facts["rule"], r.node) for r in released] == ([("d1", "reopened")] if release else [])


@pytest.mark.parametrize("more", [' scope="iteration"', ""])
def test_within_a_round_the_rule_still_holds(who: SimpleNamespace, more: str) -> None:
    looping("looping", DIFFER.format(more=more) + '<gz:release id="l1" constraint="d1" at="reopened"/>')
    case_id = begun(who, "looping")
    take(case_id, "verify", who.dora)
    assert refused(case_id, "decide", who.dora) == "d1"
    take(case_id, "decide", who.frank, decision="again")
    held_by(case_id, "verify", who.eve)
    take(case_id, "verify", who.eve)
    held_by(case_id, "decide", who.eve)
    assert refused(case_id, "decide", who.eve) == "d1"


def test_a_case_remembers_no_more_than_its_rules_ask(who: SimpleNamespace) -> None:
    from app.cases.statements import CASE

    deploy("plain", '<gz:differ id="d1" nodes="apply verify"/>')
    case_id = begun(who, "plain")
    take(case_id, "verify", who.dora)
    kept = db.session.execute(CASE.select().where(CASE.c.id == case_id)).one().acts
    assert not any(word in kept for word in ("latest", "since", "seeds", "sitting", "attended"))


def test_a_whole_month_later_it_is_the_same(who: SimpleNamespace, taxpayers: list[str]) -> None:
    deploy("rotating", ROTATE.replace('max="2" months="24"', 'max="1" months="1"'))
    take(begun(who, "rotating", taxpayers[0]), "verify", who.dora)
    with freeze_time(clock.now() + timedelta(days=20)):
        assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) == "r1"
    with freeze_time(clock.now() + timedelta(days=33)):
        assert refused(begun(who, "rotating", taxpayers[0]), "verify", who.dora) is None
