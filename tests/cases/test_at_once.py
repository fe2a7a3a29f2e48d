"""Two acts at once, each safe alone, never end in a violated rule: the second is asked after the first is done.

Both databases; every pair runs several times, and whoever comes first, what is left keeps the rule.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.cases import actions
from app.cases.acts import Acts
from app.cases.models import Case
from app.cases.statements import ITEM
from app.errors import GangzeError
from app.extensions import db
from app.organisation import actions as organisation
from app.registers import today
from app.trail import queries as trail
from tests.cast import SYSTEM
from tests.diagrams import both, diagram, end, flow, start, user

from .conftest import NOTE, deployed, items

TIMES = 4
BRANCHES = diagram(
    "branches", start("s"), user("apply", "CLK", form="note"), both("fork"), user("one", "HEAD", form="note"),
    user("two", "ACC", form="note"), both("join"), end("e"), flow("f1", "fork", "one"), flow("f2", "fork", "two"),
    flow("f3", "one", "join"), flow("f4", "two", "join"), flow("f5", "join", "e"), path="s apply fork",
    constraints='<gz:differ id="c1" nodes="apply one two" basis="内控规范第十二条"/>',
)


@pytest.fixture
def office(powers: SimpleNamespace) -> SimpleNamespace:
    deployed(BRANCHES, {"note": NOTE})
    return powers


def together(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Do them at once; "done", or what went wrong, of each."""
    gate, outcomes = threading.Barrier(len(acts)), ["?"] * len(acts)

    def one(n: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait()
            try:
                act()
                outcomes[n] = "done"
            except GangzeError as error:
                outcomes[n] = type(error).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def who(case_id: int) -> dict[str, set[int]]:
    """Node -> everybody who acted there, holds it or is to sign it."""
    acts = Acts.read(db.session.get(Case, case_id).acts)
    db.session.rollback()
    found = {node: set(people) for node, people in acts.performed.items()}
    for _, (node, *persons) in acts.held.items():
        found.setdefault(node, set()).update(p for p in persons if p is not None)
    return found


def begun(at: SimpleNamespace, holder: str | None = "bob") -> tuple[int, dict[str, Any]]:
    case_id = actions.start("branches", actor=at.ada, answers={"note": "x"})
    if holder:
        actions.claim(items(case_id)["one"].id, actor=getattr(at, holder))
    return case_id, items(case_id)


def kept(case_id: int) -> None:
    """Nobody acts, or is about to, at two of the three."""
    nodes = list(who(case_id).values())
    for n, one in enumerate(nodes):
        for other in nodes[:n]:
            assert not one & other, who(case_id)
    assert trail.verify().ok


def claims(item: Any, actor: Any, behalf: int | None = None) -> Callable[[], Any]:
    return lambda: actions.claim(item.id, actor=actor, behalf=behalf)


def test_one_person_claims_both_branches(office: SimpleNamespace, app: Flask) -> None:
    for _ in range(TIMES):
        case_id, open_ = begun(office, None)
        assert sorted(together(app, claims(open_["one"], office.eve), claims(open_["two"], office.eve))) == [
            "Refused", "done"]
        kept(case_id)


def test_one_is_given_a_branch_while_claiming_the_other(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        outcomes = together(app, claims(open_["two"], at.eve), lambda item=open_["one"]: actions.transfer(
            item.id, actor=at.bob, version=item.version, to=at.eve.person_id, reason="x"))
        assert sorted(outcomes) == ["Refused", "done"]
        kept(case_id)


def test_one_is_delegated_a_branch_while_claiming_the_other(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        outcomes = together(app, claims(open_["two"], at.dora), lambda item=open_["one"]: actions.delegate(
            item.id, actor=at.bob, version=item.version, to=at.dora.person_id, reason="x"))
        assert sorted(outcomes) == ["Refused", "done"]
        kept(case_id)


@pytest.mark.parametrize("position", ["before", "after", "beside"])
def test_one_is_added_as_a_signer_while_claiming_the_other(
    office: SimpleNamespace, app: Flask, position: str,
) -> None:
    at = office
    for _ in range(2):
        case_id, open_ = begun(at)
        outcomes = together(app, claims(open_["two"], at.dora), lambda item=open_["one"]: actions.add_signer(
            item.id, actor=at.bob, version=item.version, persons=[at.dora.person_id], position=position, reason="x"))
        assert sorted(outcomes) == ["Refused", "done"]
        kept(case_id)


def test_one_is_reassigned_a_branch_while_claiming_the_other(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        control = actions.ask_reassign(open_["one"].id, actor=at.sam, person=at.eve.person_id, reason="x")
        outcomes = together(
            app, claims(open_["two"], at.eve), lambda control=control: actions.confirm_control(control, actor=at.sue))
        assert sorted(outcomes) == ["Refused", "done"]
        kept(case_id)


def test_a_delegate_and_the_principal_take_a_branch_each(office: SimpleNamespace, app: Flask) -> None:
    at = office
    organisation.give_proxy(
        at.eve.person_id, delegate_id=at.grace.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM)
    for _ in range(TIMES):
        case_id, open_ = begun(at, None)
        outcomes = together(app, claims(open_["one"], at.grace, at.eve.person_id), claims(open_["two"], at.eve))
        assert sorted(outcomes) == ["Refused", "done"]
        kept(case_id)


def test_a_delegate_and_the_principal_finish_the_same_item(office: SimpleNamespace, app: Flask) -> None:
    at = office
    organisation.give_proxy(
        at.bob.person_id, delegate_id=at.grace.person_id, since=today(), until=today(), reason="外出", actor=SYSTEM)
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        item = open_["one"]
        outcomes = together(
            app, lambda item=item: actions.complete(item.id, actor=at.bob, version=item.version),
            lambda item=item: actions.complete(item.id, actor=at.grace, version=item.version))
        assert sorted(outcomes) == ["Conflict", "done"]
        kept(case_id)


def test_who_is_found_biased_while_claiming_holds_nothing_in_the_end(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at, None)
        outcomes = together(app, claims(open_["one"], at.bob), lambda case_id=case_id: actions.recuse(
            case_id, actor=at.bob, person=at.bob.person_id, reason="x"))
        assert outcomes[1] == "done" and outcomes[0] in ("done", "Refused")
        assert items(case_id)["one"].assignee_id is None


def test_the_assignee_is_done_while_delegating(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        item = open_["one"]
        outcomes = together(
            app, lambda item=item: actions.complete(item.id, actor=at.bob, version=item.version),
            lambda item=item: actions.delegate(
                item.id, actor=at.bob, version=item.version, to=at.carol.person_id, reason="x"))
        assert sorted(outcomes) == ["Conflict", "done"]
        kept(case_id)


def test_a_signer_signs_while_being_removed(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        item = open_["one"]
        actions.add_signer(
            item.id, actor=at.bob, version=item.version, persons=[at.carol.person_id], position="after", reason="x")
        actions.complete(item.id, actor=at.bob, version=item.version + 1)
        mine = db.session.execute(ITEM.select().where(ITEM.c.parent_id == item.id)).one()
        db.session.rollback()
        outcomes = together(
            app, lambda mine=mine: actions.complete(mine.id, actor=at.carol, version=1, decision="agree"),
            lambda item=item: actions.remove_signer(
                item.id, actor=at.bob, version=item.version + 2, person=at.carol.person_id, reason="x"))
        assert sorted(outcomes) == ["Conflict", "done"]
        assert "one" not in items(case_id)  # it went on, once
        kept(case_id)


def test_two_confirm_at_once_and_it_is_done_once(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        control = actions.ask_reassign(open_["one"].id, actor=at.sam, person=at.eve.person_id, reason="x")
        outcomes = together(
            app, lambda control=control: actions.confirm_control(control, actor=at.sue),
            lambda control=control: actions.confirm_control(control, actor=at.hugo))
        assert sorted(outcomes) == ["Conflict", "done"]
        kept(case_id)


def test_the_same_completion_sent_twice_at_once_acts_once(office: SimpleNamespace, app: Flask) -> None:
    at = office
    for _ in range(TIMES):
        case_id, open_ = begun(at)
        item = open_["one"]

        def complete(item: Any = item) -> None:
            actions.complete(item.id, actor=at.bob, version=item.version)

        assert sorted(together(app, complete, complete)) == ["Conflict", "done"]
        kept(case_id)
