"""A body decides in session: convened, voted by name, closed with minutes. A paper passed round decides nothing."""
from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun import freeze_time

from app.cases import actions, lists, queries, sittings
from app.cases.models import SessionState
from app.change import Actor
from app.errors import Conflict, Invalid, NotFound, Refused
from app.extensions import db
from app.kernel.values import canonical
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cast import SYSTEM, take_on

from .committee import committee, deciding
from .conftest import items, status, take

ALL = ("lead", "una", "vic", "wen", "xia")


@pytest.fixture
def who(sqlite_app: Any) -> SimpleNamespace:
    found = committee(take_on())
    deciding()
    return found


@pytest.fixture
def anywhere(app: Any, cast: SimpleNamespace) -> SimpleNamespace:
    """The same on both databases."""
    found = committee(cast)
    deciding()
    return found


def waiting(who: SimpleNamespace, process: str = "spending", checks: str = "bob", convenor: str = "una") -> int:
    """A case that waits for the committee, its work item in the convenor's hands."""
    case_id = actions.start(process, actor=who.ada, answers={"note": "打印机"})
    take(case_id, "check", getattr(who, checks))
    actions.claim(items(case_id)["decide"].id, actor=getattr(who, convenor))
    return case_id


def convened(who: SimpleNamespace, case_id: int, *, there: tuple[str, ...] = ALL, chair: str = "lead",
             convenor: str = "una", **more: Any) -> int:
    return actions.convene(
        items(case_id)["decide"].id, actor=getattr(who, convenor),
        present={getattr(who, name).person_id: "room" for name in there}, chair=getattr(who, chair).person_id, **more
    )


def voted(who: SimpleNamespace, session: int, **votes: str) -> None:
    for name, choice in votes.items():
        actions.vote(session, actor=getattr(who, name), choice=choice, reason="资金来源不清" if choice == "disagree" else None)


def entries(case_id: int, what: str) -> list[Any]:
    return [r for r in trail.of_case(case_id) if r.what == what]


def objections(refused: Any) -> list[str]:
    return [o.constraint for o in refused.value.objections]


# -- the way it should go ------------------------------------------------------------------------------------------------

def test_a_committee_decides_by_named_votes_and_its_dissent_stays_on_record(anywhere: SimpleNamespace) -> None:
    who = anywhere
    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", vic="disagree", wen="agree", xia="abstain", lead="agree")
    assert actions.close(session, actor=who.una, minutes="五人到会，三票同意。") == "agree"
    assert "carry" in items(case_id)
    (closed,) = entries(case_id, "session.closed")
    assert closed.facts["carried"] is True
    assert (closed.facts["agree"], closed.facts["disagree"], closed.facts["abstain"]) == (3, 1, 1)
    assert closed.facts["dissent"] == [who.vic.person_id]
    said = {vote["person"]: (vote["choice"], vote["reason"]) for vote in closed.facts["votes"]}
    assert said[who.vic.person_id] == ("disagree", "资金来源不清")
    assert set(said) == {getattr(who, name).person_id for name in ALL}
    (completed,) = [r for r in entries(case_id, "work_item.completed") if r.node == "decide"]
    assert completed.facts["decision"] == "agree"


def test_whoever_stays_away_has_not_agreed(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id, there=("lead", "una", "wen", "xia"))
    voted(who, session, una="agree", wen="agree", xia="abstain", lead="abstain")
    # Two of four present, and of five entitled: not more than a half.
    assert actions.close(session, actor=who.una, minutes="未过半数。") == "refuse"
    assert status(case_id) == "completed"
    assert entries(case_id, "session.closed")[0].facts["absent"] == [who.vic.person_id]


def test_every_member_who_voted_has_acted_at_the_node_and_the_convenor_as_such_has_not(who: SimpleNamespace) -> None:
    case_id = waiting(who, convenor="vic")
    there = ("lead", "una", "wen", "xia")
    session = convened(who, case_id, there=there, convenor="vic")
    voted(who, session, una="agree", wen="agree", xia="agree", lead="agree")
    actions.close(session, actor=who.vic, minutes="同意。")
    performed = queries.case(case_id, actor=who.ada).performed
    assert set(performed["decide"]) == {getattr(who, name).person_id for name in there}


def test_until_it_is_closed_the_trail_tells_who_has_voted_and_not_how(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="disagree", wen="agree")
    for cast in entries(case_id, "vote.cast"):
        assert "disagree" not in str(cast.facts) and "agree" not in str(cast.facts)
    seen = sittings.session(session, actor=who.xia)
    assert {vote.person for vote in seen.votes} == {who.una.person_id, who.wen.person_id}
    assert all(vote.choice is None and vote.reason is None for vote in seen.votes)


def test_a_sealed_vote_is_opened_by_the_entry_that_closes_the_session(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", vic="disagree", wen="agree", xia="agree", lead="agree")
    actions.close(session, actor=who.una, minutes="同意。")
    opened = {v["person"]: v for v in entries(case_id, "session.closed")[0].facts["votes"]}
    for cast in entries(case_id, "vote.cast"):
        vote = opened[cast.person_id]
        said = {"choice": vote["choice"], "person": cast.person_id, "reason": vote["reason"], "session": session}
        assert hashlib.sha256(vote["salt"].encode() + canonical(said)).hexdigest() == cast.facts["sealed"]


def test_members_find_the_session_that_waits_for_their_vote_and_no_longer_once_they_voted(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id, there=("lead", "una", "wen", "xia"))
    assert [s.id for s in sittings.awaiting(who.wen.person_id)] == [session]
    assert sittings.awaiting(who.vic.person_id) == []
    voted(who, session, wen="agree")
    assert sittings.awaiting(who.wen.person_id) == []
    told = lists.notices(who.xia.person_id)
    assert len(told) == 1 and told[0].case_id == case_id


def test_two_vote_at_once_and_each_twice_and_every_vote_counts_once(app: Any, anywhere: SimpleNamespace) -> None:
    who = anywhere
    case_id = waiting(who)
    session = convened(who, case_id)
    voters = [who.una, who.vic, who.wen, who.xia] * 2
    barrier, outcomes = threading.Barrier(len(voters), timeout=60), []

    def cast(actor: Actor) -> None:
        with app.app_context():
            try:
                barrier.wait()
                actions.vote(session, actor=actor, choice="agree")
                outcomes.append("voted")
            except Refused:
                outcomes.append("refused")
            except BaseException as error:
                outcomes.append(repr(error))
            finally:
                db.session.remove()

    threads = [threading.Thread(target=cast, args=(actor,)) for actor in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(outcomes) == ["refused"] * 4 + ["voted"] * 4
    voted(who, session, lead="agree")
    actions.close(session, actor=who.una, minutes="一致同意。")
    assert entries(case_id, "session.closed")[0].facts["agree"] == 5


# -- quorum, chair, time -------------------------------------------------------------------------------------------------

def test_below_the_quorum_nobody_convenes(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    with pytest.raises(Invalid) as wrong:
        convened(who, case_id, there=("lead", "una", "wen"))       # 3 of 5; two thirds are 4
    assert "4" in wrong.value.errors["present"][0].en
    assert entries(case_id, "session.convened") == []


def test_the_principal_leader_presides_where_present(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    with pytest.raises(Invalid) as wrong:
        convened(who, case_id, chair="una")
    assert "chair" in wrong.value.errors
    convened(who, case_id, there=("una", "vic", "wen", "xia"), chair="wen")


@pytest.mark.parametrize("chair", ["ada", "vic"])
def test_the_chair_is_one_of_those_present(who: SimpleNamespace, chair: str) -> None:
    case_id = waiting(who)
    with pytest.raises(Invalid) as wrong:
        convened(who, case_id, there=("lead", "una", "wen", "xia"), chair=chair)
    assert "chair" in wrong.value.errors


def test_the_chair_votes_last(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", vic="agree", wen="agree")
    with pytest.raises(Refused) as refused:
        actions.vote(session, actor=who.lead, choice="agree")
    assert objections(refused) == ["body"]
    assert refused.value.objections[0].basis == "议事规则第三条"
    voted(who, session, xia="agree", lead="agree")


def test_on_money_the_chair_votes_last_whatever_the_diagram_says(who: SimpleNamespace) -> None:
    deciding("money", rule='quorum="1/2"', domain="财务")
    deciding("paper", rule='quorum="1/2"', domain="政务")
    session = convened(who, waiting(who, "money"))
    with pytest.raises(Refused):
        actions.vote(session, actor=who.lead, choice="agree")
    session = convened(who, waiting(who, "paper"))
    actions.vote(session, actor=who.lead, choice="agree")


def test_a_session_is_convened_while_it_sits(who: SimpleNamespace) -> None:
    from app import clock

    case_id = waiting(who)
    for held_at in (clock.now() + timedelta(minutes=5), clock.now() - timedelta(hours=12, seconds=1)):
        with pytest.raises(Invalid) as wrong:
            convened(who, case_id, held_at=held_at)
        assert "held_at" in wrong.value.errors
    convened(who, case_id, held_at=clock.now() - timedelta(hours=11))


def test_the_parameter_says_how_long_a_session_may_vote(who: SimpleNamespace) -> None:
    from decimal import Decimal

    from app import clock
    from app.kernel.text import Text
    from app.parameters import actions as parameters

    parameters.introduce([{"code": "SESSION_HOURS", "title": Text("会议表决时限", "Session"), "periods": [
        {"value": Decimal(2), "unit": "小时", "valid_from": today(), "basis": Text("本局规定", "local")}]}], actor=SYSTEM)
    case_id = waiting(who)
    with pytest.raises(Invalid):
        convened(who, case_id, held_at=clock.now() - timedelta(hours=3))


# -- a paper passed round ------------------------------------------------------------------------------------------------

def test_nobody_completes_the_work_item_of_a_body_by_themselves(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    item = items(case_id)["decide"]
    with pytest.raises(Refused) as refused:
        actions.complete(item.id, actor=who.una, version=item.version, answers={}, decision="agree")
    assert objections(refused) == ["body"] and "传阅" in refused.value.objections[0].because.zh
    assert [r.facts["objections"][0]["constraint"] for r in entries(case_id, "work_item.refused")] == ["body"]


def test_who_was_not_there_does_not_vote_afterwards(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id, there=("lead", "una", "wen", "xia"))
    with pytest.raises(Refused) as refused:
        actions.vote(session, actor=who.vic, choice="agree")
    assert "传阅" in refused.value.objections[0].because.zh
    (noted,) = entries(case_id, "vote.refused")
    assert noted.person_id == who.vic.person_id


def test_an_outsider_has_no_vote(who: SimpleNamespace) -> None:
    session = convened(who, waiting(who))
    for outsider in (who.ada, who.carol, SYSTEM):
        with pytest.raises(Refused):
            actions.vote(session, actor=outsider, choice="agree")


def test_one_vote_each(who: SimpleNamespace) -> None:
    session = convened(who, waiting(who))
    voted(who, session, una="agree")
    with pytest.raises(Refused):
        actions.vote(session, actor=who.una, choice="disagree", reason="改主意了")


def test_a_vote_after_the_session_is_none(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    actions.adjourn(session, actor=who.una, reason="材料不齐")
    with pytest.raises(Refused):
        actions.vote(session, actor=who.wen, choice="agree")


def test_votes_spread_beyond_the_session_are_a_pass_around(who: SimpleNamespace) -> None:
    from app import clock

    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", vic="agree", wen="agree")
    with freeze_time(clock.now() + timedelta(hours=12, minutes=1)), pytest.raises(Refused) as refused:
        actions.vote(session, actor=who.xia, choice="agree")
    assert "传阅" in refused.value.objections[0].because.zh


def test_before_everybody_present_has_voted_nobody_closes(who: SimpleNamespace) -> None:
    session = convened(who, waiting(who))
    voted(who, session, una="agree", vic="agree", wen="agree", xia="agree")
    with pytest.raises(Conflict) as conflict:
        actions.close(session, actor=who.una, minutes="同意。")
    assert conflict.value.facts["waiting"] == [who.lead.person_id]


@pytest.mark.parametrize("minutes", [None, "", "  \n", "记" * 20_001])
def test_no_session_without_its_minutes(who: SimpleNamespace, minutes: str | None) -> None:
    session = convened(who, waiting(who))
    voted(who, session, una="agree", vic="agree", wen="agree", xia="agree", lead="agree")
    with pytest.raises(Invalid) as wrong:
        actions.close(session, actor=who.una, minutes=minutes)
    assert "minutes" in wrong.value.errors


def test_minutes_may_be_a_file_and_it_is_the_case_s_from_then_on(who: SimpleNamespace) -> None:
    import io

    from app.cases import files

    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", vic="agree", wen="agree", xia="agree", lead="agree")
    kept = files.store(io.BytesIO(b"%PDF-1.4 minutes"), "纪要.pdf", actor=who.una)
    foreign = files.store(io.BytesIO(b"%PDF-1.4 other"), "别人.pdf", actor=who.bob)
    for wrong in ([foreign["id"]], [2**70], ["x"], [{}], [-1], [None]):
        with pytest.raises(Invalid):
            actions.close(session, actor=who.una, attachments=wrong)
    actions.close(session, actor=who.una, attachments=[kept["id"]])
    assert [file.name for file in files.of_case(case_id)] == ["纪要.pdf"]


# -- who may not take part -----------------------------------------------------------------------------------------------

def test_a_member_whom_a_rule_keeps_out_is_named_with_the_reason_and_has_no_vote(who: SimpleNamespace) -> None:
    deciding("apart", more='<gz:differ id="d1" nodes="check decide" basis="内控规范"/>')
    case_id = waiting(who, "apart", checks="vic")
    with pytest.raises(Invalid) as wrong:
        convened(who, case_id)
    assert "present" in wrong.value.errors
    session = convened(who, case_id, there=("lead", "una", "wen", "xia"))
    (noted,) = entries(case_id, "session.convened")
    assert [(b["person"], b["because"][0]["constraint"]) for b in noted.facts["barred"]] == [(who.vic.person_id, "d1")]
    assert noted.facts["entitled"] == sorted(getattr(who, n).person_id for n in ("lead", "una", "wen", "xia"))
    with pytest.raises(Refused):
        actions.vote(session, actor=who.vic, choice="agree")
    voted(who, session, una="agree", wen="agree", xia="agree", lead="agree")
    assert actions.close(session, actor=who.una, minutes="同意。") == "agree"


def test_a_quorum_that_recusal_makes_impossible_is_refused_with_the_reason(who: SimpleNamespace) -> None:
    deciding("five", rule='quorum="5"', more='<gz:differ id="d1" nodes="check decide"/>')
    case_id = actions.start("five", actor=who.ada, answers={"note": "x"})
    item = items(case_id)["check"]
    with pytest.raises(Refused):     # the gate looks ahead: Vic at the check would leave four for five
        actions.claim(item.id, actor=who.vic)
    take(case_id, "check", who.bob)
    item = items(case_id)["decide"]
    actions.claim(item.id, actor=who.una)
    organisation.record_absence(who.xia.person_id, since=today(), reason="病假", actor=SYSTEM)
    with pytest.raises(Refused) as refused:
        convened(who, case_id)
    assert "5" in refused.value.objections[0].because.en and "1 are away" in refused.value.objections[0].because.en
    (noted,) = entries(case_id, "session.refused")
    assert noted.facts["attempted"] == "session.convened"


def test_whoever_is_recorded_as_away_is_not_present(who: SimpleNamespace) -> None:
    organisation.record_absence(who.xia.person_id, since=today(), reason="病假", actor=SYSTEM)
    case_id = waiting(who)
    with pytest.raises(Invalid) as wrong:
        convened(who, case_id)
    assert "present" in wrong.value.errors
    convened(who, case_id, there=("lead", "una", "vic", "wen"))
    assert who.xia.person_id in entries(case_id, "session.convened")[0].facts["entitled"]


def test_a_member_found_biased_during_the_session_votes_no_more(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    actions.recuse(case_id, actor=who.wen, person=who.wen.person_id, reason="申请人是我表弟")
    with pytest.raises(Refused):
        actions.vote(session, actor=who.wen, choice="agree")


def test_who_has_voted_and_leaves_takes_the_quorum_of_the_others_with_them_no_more(who: SimpleNamespace) -> None:
    deciding("five", rule='quorum="5"')
    session = convened(who, waiting(who, "five"))
    voted(who, session, una="agree", vic="agree")
    organisation.record_absence(who.vic.person_id, since=today(), reason="出差", actor=SYSTEM)
    voted(who, session, wen="agree", xia="agree", lead="agree")


def test_a_remote_member_is_marked_as_such(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    actions.convene(
        items(case_id)["decide"].id, actor=who.una, chair=who.lead.person_id,
        present={getattr(who, n).person_id: "remote" if n == "xia" else "room" for n in ALL},
    )
    how = {p["person"]: p["how"] for p in entries(case_id, "session.convened")[0].facts["present"]}
    assert how[who.xia.person_id] == "remote" and how[who.wen.person_id] == "room"


# -- the work item goes away ---------------------------------------------------------------------------------------------

def test_a_session_ends_with_its_work_item(who: SimpleNamespace) -> None:
    def state(session: int) -> SessionState:
        return sittings.session(session, actor=who.una).state

    case_id = waiting(who)
    session = convened(who, case_id)
    voted(who, session, una="agree", wen="agree")
    item = items(case_id)["decide"]
    actions.return_(item.id, actor=who.una, version=item.version, opinion="材料不齐", to="apply")
    assert state(session) is SessionState.ABANDONED
    assert entries(case_id, "session.abandoned")[0].facts["voted"] == [who.una.person_id, who.wen.person_id]
    with pytest.raises(Refused):
        actions.vote(session, actor=who.xia, choice="agree")
    with pytest.raises(Conflict):
        actions.close(session, actor=who.una, minutes="同意。")

    case_id = waiting(who)
    session = convened(who, case_id)
    actions.cancel(case_id, actor=who.ada, reason="不需要了")
    assert state(session) is SessionState.ABANDONED


def test_after_an_adjournment_a_new_session_begins_with_no_votes(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    first = convened(who, case_id)
    voted(who, first, una="agree", wen="agree")
    with pytest.raises(Conflict):
        convened(who, case_id)
    with pytest.raises(Invalid):
        actions.adjourn(first, actor=who.una, reason=" ")
    with pytest.raises(Conflict):
        actions.adjourn(first, actor=who.wen, reason="我不同意")
    actions.adjourn(first, actor=who.una, reason="择日再议")
    second = convened(who, case_id)
    voted(who, second, una="disagree", vic="disagree", wen="disagree", xia="agree", lead="agree")
    assert actions.close(second, actor=who.una, minutes="不同意。") == "refuse"
    assert len(entries(case_id, "vote.cast")) == 7


def test_a_suspended_case_is_not_voted_on(who: SimpleNamespace) -> None:
    case_id = waiting(who)
    session = convened(who, case_id)
    actions.suspend(case_id, actor=who.ada, reason="等文件")
    with pytest.raises(Conflict):
        actions.vote(session, actor=who.wen, choice="agree")
    actions.resume(case_id, actor=who.ada)
    actions.vote(session, actor=who.wen, choice="agree")


# -- what does not fit ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("present", [{}, {0: "room"}, {-1: "room"}, {2**62: "room"}])
def test_a_session_of_nobody_or_of_strangers_is_refused_at_its_field(who: SimpleNamespace, present: dict) -> None:
    case_id = waiting(who)
    with pytest.raises(Invalid) as wrong:
        actions.convene(items(case_id)["decide"].id, actor=who.una, present=present, chair=0)
    assert "present" in wrong.value.errors


@pytest.mark.parametrize(("choice", "reason", "field"), [
    ("", None, "choice"), ("yes", None, "choice"), ("AGREE", None, "choice"), ("disagree", None, "reason"),
    ("disagree", "  ", "reason"), ("agree", "x" * 2001, "reason"),
])
def test_a_vote_that_says_nothing_is_refused_at_its_field(
    who: SimpleNamespace, choice: str, reason: str | None, field: str
) -> None:
    session = convened(who, waiting(who))
    with pytest.raises(Invalid) as wrong:
        actions.vote(session, actor=who.wen, choice=choice, reason=reason)
    assert field in wrong.value.errors


def test_a_session_nobody_has_heard_of(who: SimpleNamespace) -> None:
    for act in (lambda: actions.vote(9999, actor=who.una, choice="agree"),
                lambda: actions.close(9999, actor=who.una, minutes="x"),
                lambda: actions.adjourn(9999, actor=who.una, reason="x"),
                lambda: sittings.session(9999, actor=who.una)):
        with pytest.raises(NotFound):
            act()


def test_only_who_holds_a_body_s_work_item_convenes_it(who: SimpleNamespace) -> None:
    case_id = actions.start("spending", actor=who.ada, answers={"note": "x"})
    item = items(case_id)["check"]
    actions.claim(item.id, actor=who.bob)
    with pytest.raises(Conflict):       # decided by one person
        actions.convene(item.id, actor=who.bob, present={who.bob.person_id: "room"}, chair=who.bob.person_id)
    take(case_id, "check", who.bob)
    with pytest.raises(Conflict):       # nobody holds it yet
        convened(who, case_id)
    actions.claim(items(case_id)["decide"].id, actor=who.una)
    with pytest.raises(Conflict):
        convened(who, case_id, convenor="wen")
    with pytest.raises(NotFound):
        sittings.session(convened(who, case_id), actor=Actor(person_id=who.carol.person_id))
