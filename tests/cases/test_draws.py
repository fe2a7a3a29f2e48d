"""Draws of a case: committed to before, made among those who may, recomputed afterwards by whoever doubts them."""
from __future__ import annotations

import hashlib
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from app.cases import actions, draws
from app.cases.statements import CASE
from app.extensions import db
from app.kernel.trail import leaf_hash
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from app.trail.models import Entry
from tests.cast import SYSTEM, take_on
from tests.diagrams import both, diagram, end, flow, start, user

from .conftest import NOTE, deployed, items, take

LOT = '<gz:draw id="lot" nodes="verify"/>'
DRAWN = diagram(
    "drawn", start("s"), user("apply", "CLK", form="note"), user("verify", "ACC", form="note"),
    user("close", "HEAD", form="note"), end("e"), path="s apply verify close e",
    constraints=LOT + '<gz:differ id="d1" nodes="apply verify"/>',
)
FORKED = diagram(
    "forked", start("s"), user("apply", "CLK", form="note"), both("fork"), user("one", "HEAD", form="note"),
    user("two", "OTHER", form="note"), user("verify", "ACC", form="note"), both("join"), end("e"),
    flow("f1", "fork", "one"), flow("f2", "fork", "two"), flow("f3", "one", "verify"), flow("f4", "verify", "join"),
    flow("f5", "two", "join"), flow("f6", "join", "e"), path="s apply fork", constraints=LOT,
)
TWICE = diagram(
    "twice", start("s"), user("apply", "CLK", form="note"), user(
        "verify", "ACC", form="note",
        inside='<bpmn:multiInstanceLoopCharacteristics id="mi"><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">2</bpmn:loopCardinality>'
               "</bpmn:multiInstanceLoopCharacteristics>"),
    end("e"), path="s apply verify e", constraints=LOT + '<gz:people id="p2" nodes="verify" min="2"/>',
)


@pytest.fixture
def who(sqlite_app: Any) -> SimpleNamespace:
    return _ready(take_on())


@pytest.fixture
def anywhere(app: Any, cast: SimpleNamespace) -> SimpleNamespace:
    """The same on both databases."""
    return _ready(cast)


def _ready(cast: SimpleNamespace) -> SimpleNamespace:
    for source in (DRAWN, FORKED, TWICE):
        deployed(source, {"note": NOTE})
    return cast


def begun(who: SimpleNamespace, process: str = "drawn") -> int:
    return actions.start(process, actor=who.ada, answers={"note": "查一查"})


def entries(case_id: int, what: str) -> list[Any]:
    return [r for r in trail.of_case(case_id) if r.what == what]


def name_of(who: SimpleNamespace, person: int) -> str:
    return next(name for name, actor in vars(who).items() if actor.person_id == person)


def test_who_is_drawn_follows_from_a_seed_that_was_committed_to_before(anywhere: SimpleNamespace) -> None:
    who = anywhere
    case_id = begun(who)
    committed, made = entries(case_id, "draw.committed")[0], entries(case_id, "draw.made")[0]
    assert committed.seq < made.seq
    assert hashlib.sha256(bytes.fromhex(made.facts["seed"])).hexdigest() == committed.facts["commitment"]
    ranks = {
        number: hashlib.sha256(bytes.fromhex(made.facts["seed"]) + made.facts["context"].encode() + number.encode()).digest()
        for number in made.facts["candidates"]
    }
    first = min(ranks, key=ranks.__getitem__)
    assert made.facts["result"] == first and made.facts["ranking"] == sorted(ranks, key=ranks.__getitem__)
    assert items(case_id)["verify"].assignee_id == made.facts["person"]
    assert made.facts["candidates"] == ["4", "5", "6"]          # Dora, Eve, Frank
    assert made.who == {"machine": "draw"}                      # not whoever was before


def test_the_draw_is_about_the_case_as_it_stood(anywhere: SimpleNamespace) -> None:
    who = anywhere
    case_id = begun(who, "forked")
    take(case_id, "two", who.carol)
    before = trail.of_case(case_id)[-1]
    take_one = items(case_id)["one"]
    actions.claim(take_one.id, actor=who.bob)
    before = trail.of_case(case_id)[-1]
    actions.complete(take_one.id, actor=who.bob, version=items(case_id)["one"].version)
    about = json.loads(entries(case_id, "draw.made")[0].facts["context"])
    number = db.session.execute(CASE.select().where(CASE.c.id == case_id)).one().number
    db.session.rollback()
    assert about == {"case": number, "node": "verify", "round": 1, "head": before.leaf.hex(), "head_seq": before.seq}
    assert draws.check(case_id).holds


def test_until_it_is_drawn_nobody_reads_the_seed_and_afterwards_the_next_is_committed_to(who: SimpleNamespace) -> None:
    case_id = begun(who, "forked")
    seed = json.loads(db.session.execute(CASE.select().where(CASE.c.id == case_id)).one().acts)["seeds"]["verify"][0]
    db.session.rollback()
    assert all(seed not in str(r.facts) for r in trail.of_case(case_id))
    take(case_id, "one", who.bob)
    assert entries(case_id, "draw.made")[0].facts["seed"] == seed
    assert [r.facts["round"] for r in entries(case_id, "draw.committed")] == [1, 2]


def test_the_lot_never_falls_to_somebody_the_gate_refuses(who: SimpleNamespace) -> None:
    organisation.record_absence(who.frank.person_id, since=today(), reason="培训", actor=SYSTEM)
    drawn = {items(begun(who))["verify"].assignee_id for _ in range(12)}
    assert drawn == {who.dora.person_id, who.eve.person_id}


def test_whoever_gives_back_what_they_were_drawn_for_does_not_choose_who_gets_it(who: SimpleNamespace) -> None:
    case_id = begun(who)
    item = items(case_id)["verify"]
    first = item.assignee_id
    actions.release(item.id, actor=getattr(who, name_of(who, first)), version=item.version)
    second = items(case_id)["verify"].assignee_id
    assert second not in (None, first)
    assert str(entries(case_id, "draw.made")[1].facts["person"]) == str(second)
    assert draws.check(case_id).holds


def test_what_comes_round_again_goes_to_whoever_was_drawn_unless_they_may_not(who: SimpleNamespace) -> None:
    case_id = begun(who)
    first = items(case_id)["verify"].assignee_id
    take(case_id, "verify", getattr(who, name_of(who, first)))
    actions.claim(items(case_id)["close"].id, actor=who.bob)
    item = items(case_id)["close"]
    actions.return_(item.id, actor=who.bob, version=item.version, opinion="再查", to="verify")
    assert items(case_id)["verify"].assignee_id == first and len(entries(case_id, "draw.made")) == 1
    take(case_id, "verify", getattr(who, name_of(who, first)))
    organisation.record_absence(first, since=today(), reason="病假", actor=SYSTEM)
    item = items(case_id)["close"]
    actions.return_(item.id, actor=who.bob, version=item.version, opinion="再查", to="verify")
    assert items(case_id)["verify"].assignee_id not in (None, first) and len(entries(case_id, "draw.made")) == 2
    assert draws.check(case_id).holds


def test_two_drawn_for_one_node_are_two_draws(who: SimpleNamespace) -> None:
    case_id = begun(who, "twice")
    made = entries(case_id, "draw.made")
    assert [r.facts["round"] for r in made] == [1, 2] and made[0].facts["person"] != made[1].facts["person"]
    assert draws.check(case_id).holds


def test_a_definition_without_draws_has_no_seeds_and_no_entries(who: SimpleNamespace) -> None:
    deployed(diagram("plain", start("s"), user("apply", "CLK", form="note"), user("verify", "ACC", form="note"), end("e"),
                     path="s apply verify e"), {"note": NOTE})
    case_id = begun(who, "plain")
    assert not entries(case_id, "draw.committed") and draws.check(case_id).draws == ()
    assert "seeds" not in db.session.execute(CASE.select().where(CASE.c.id == case_id)).one().acts


def test_a_draw_and_another_act_of_the_case_at_the_same_moment(app: Any, anywhere: SimpleNamespace) -> None:
    who = anywhere
    for _ in range(4):
        case_id = begun(who, "forked")
        actions.claim(items(case_id)["one"].id, actor=who.bob)
        actions.claim(items(case_id)["two"].id, actor=who.carol)
        held = items(case_id)
        barrier, failures = threading.Barrier(2, timeout=60), []

        def finish(node: str, actor: Any, held: Any = held, barrier: Any = barrier, failures: list = failures) -> None:
            with app.app_context():
                try:
                    barrier.wait()
                    actions.complete(held[node].id, actor=actor, version=held[node].version)
                except BaseException as error:
                    failures.append(error)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=finish, args=a) for a in (("one", who.bob), ("two", who.carol))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert not failures, failures[0]
        report = draws.check(case_id)
        assert report.holds and len(report.draws) == 1


# -- found out -----------------------------------------------------------------------------------------------------------

def rewritten(case_id: int, change: Any, *, chain: bool) -> None:
    """Somebody with the database in their hands changes the entry of the draw; with ``chain``, all hashes after it."""
    with db.engine.connect() as connection:
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        rows = connection.execute(Entry.__table__.select().where(Entry.subject == f"case:{case_id}").order_by(Entry.seq)).all()
        prev = None
        for row in rows:
            body = json.loads(bytes(row.body))
            if row.what == "draw.made":
                change(body)
            elif not chain:
                continue
            if chain and prev is not None:
                body["prev"] = prev.hex()
            new = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            values = {"body": new}
            if chain:
                values |= {"leaf": leaf_hash(new), "prev": prev if prev is not None else row.prev}
            connection.execute(Entry.__table__.update().where(Entry.id == row.id).values(**values))
            prev = leaf_hash(new)
        connection.commit()


def _other(body: dict) -> None:
    body["result"] = body["ranking"][1]


def _dropped(body: dict) -> None:
    body["candidates"] = [n for n in body["candidates"] if n != body["ranking"][-1]]


def _dropped_winner(body: dict) -> None:
    body["candidates"] = [n for n in body["candidates"] if n != body["ranking"][0]]
    body["ranking"] = body["ranking"][1:]
    body["result"] = body["ranking"][0]
    body["person"] = 999


def _seed(body: dict) -> None:
    body["seed"] = "00" * 32
    body["commitment"] = hashlib.sha256(bytes(32)).hexdigest()


@pytest.mark.parametrize("change", [_other, _dropped, _dropped_winner, _seed])
@pytest.mark.parametrize("chain", [False, True])
def test_a_manipulated_draw_is_found(sqlite_app: Any, change: Any, chain: bool) -> None:
    who = take_on()
    deployed(DRAWN, {"note": NOTE})
    case_id = begun(who)
    number = db.session.execute(CASE.select().where(CASE.c.id == case_id)).one().number
    db.session.rollback()
    run = sqlite_app.test_cli_runner()
    held = run.invoke(args=["audit", "draw", number])
    assert held.exit_code == 0, held.output
    assert entries(case_id, "draw.made")[0].facts["seed"] in held.output
    rewritten(case_id, change, chain=chain)
    found = run.invoke(args=["audit", "draw", number])
    assert found.exit_code == 1
    report = draws.check(case_id)
    assert bool(report.faults) is not chain      # with all hashes made to fit, it is the draw itself that gives it away
    assert any(draw.faults for draw in report.draws) if chain else report.faults


@pytest.mark.parametrize("case", ["T10-1999-0001", "nonsense", "", "9" * 30, "../etc"])
def test_a_case_nobody_knows_is_said_so(sqlite_app: Any, case: str) -> None:
    found = sqlite_app.test_cli_runner().invoke(args=["audit", "draw", case])
    assert found.exit_code == 1 and "Traceback" not in found.output
