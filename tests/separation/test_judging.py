"""The second opinion, rule by rule, on small histories."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.kernel.bpmn.model import Constraint, Node, PostRule, Process, Scope
from app.separation.judging import Done, Worked, judge

DAY = date(2026, 5, 6)


class Register:
    """Persons 1 to 9: 1–5 of department A, 6–9 of B; rank is the person's number; 9 is biased; everybody holds P and Q."""

    apart: tuple[str, str, bool] | None = None

    def departments(self, person: int, day: date) -> frozenset[str]:
        return frozenset({"A" if person <= 5 else "B"})

    def posts(self, person: int, day: date) -> frozenset[str]:
        return frozenset({"P", "Q"})

    def rank(self, person: int, day: date) -> int:
        return person

    def biased(self, person: int, party: str, day: date) -> bool:
        return person == 9

    def incompatible(self, one: str, other: str, *, in_one_hand: bool = False) -> str | None:
        if self.apart is None or {one, other} != set(self.apart[:2]) or (in_one_hand and not self.apart[2]):
            return None
        return "会计法"

    def name(self, person: int) -> str:
        return f"#{person}"


def rule(kind: str, *nodes: str, scope: str = "case", **options: str) -> Constraint:
    return Constraint("c", kind, nodes, scope=scope, options={k.rstrip("_"): v for k, v in options.items()})


def act(seq: int, node: str, *persons: int, post: str | None = "P", what: str = "work_item.completed", days: int = 0) -> Done:
    at = datetime(2026, 5, 6, tzinfo=UTC) + timedelta(days=days, minutes=seq)
    return Done(node, persons, at, DAY + timedelta(days=days), seq, post, what)


def case(rules: Constraint | tuple[Constraint, ...], *acts: Done, **more: Any) -> Worked:
    nodes = {n: Node(n, "userTask", name=n, post=PostRule("P")) for n in ("a", "b", "c", "d")}
    rules = rules if isinstance(rules, tuple) else (rules,)
    return Worked(Process("p", "", True, Scope(nodes, {}), constraints=rules), acts, **{"party": "party:1", **more})


def breaches(worked: Worked, register: Register | None = None) -> list[tuple[str, tuple[int, ...]]]:
    return [(b.kind, b.persons) for b in judge(worked, register or Register())]


A1, B1, B2, B9 = act(1, "a", 1), act(2, "b", 1), act(2, "b", 2), act(2, "b", 9)

KEPT_AND_BROKEN = {
    "different people": (rule("differ", "a", "b"), (A1, B2), (A1, B1), (1,)),
    "whichever round it was": (rule("differ", "a", "b"), (A1, act(2, "a", 3), B2), (A1, act(2, "a", 3), act(3, "b", 1)), (1,)),
    "a delegate and the principal are both barred": (
        rule("differ", "a", "b"), (act(1, "a", 1, 2), act(2, "b", 3)), (act(1, "a", 1, 2), act(2, "b", 2)), (2,)),
    "the same person": (rule("same", "a", "b"), (A1, B1), (A1, B2), (1, 2)),
    "the same person, by delegate": (rule("same", "a", "b"), (A1, act(2, "b", 3, 1)), (A1, act(2, "b", 3, 2)), (1, 2, 3)),
    "at most so many": (rule("people", "a", "b", "c", max="2"), (A1, B2, act(3, "c", 2)), (A1, B2, act(3, "c", 3)), (1, 2, 3)),
    "a delegate and the principal are two": (rule("people", "a", "b", max="2"), (act(1, "a", 1, 2), act(2, "b", 1)),
                                             (act(1, "a", 1, 2), act(2, "b", 3)), (1, 2, 3)),
    "at least so many": (rule("people", "a", "b", min="2"), (A1, B2), (A1, B1), (1,)),
    "a delegate and the principal are one": (rule("people", "a", "b", min="2"), (act(1, "a", 1, 2), act(2, "b", 3)),
                                             (act(1, "a", 1, 2), act(2, "b", 2)), (1, 2)),
    "different departments": (rule("departments", "a", "b"), (A1, act(2, "b", 6)), (A1, B2), (1, 2)),
    "somebody senior": (rule("senior", lower="a", upper="b"), (A1, B2), (act(1, "a", 3), B2), (2, 3)),
    "aside": (rule("recuse", "*", party="taxpayer"), (A1, B2), (A1, B9), (9,)),
    "by a body": (rule("collective", "b", node="b"), (A1,), (A1, B2), (2,)),
}


@pytest.mark.parametrize(("constraint", "kept", "broken", "who"), KEPT_AND_BROKEN.values(), ids=KEPT_AND_BROKEN)
def test_a_rule_is_kept_or_not(constraint: Constraint, kept: Any, broken: Any, who: tuple[int, ...]) -> None:
    assert breaches(case(constraint, *kept, ended=True)) == []
    assert breaches(case(constraint, *broken, ended=True)) == [(constraint.kind, who)]


def test_what_may_still_come_right_is_no_breach() -> None:
    assert breaches(case(rule("people", "a", "b", min="2"), A1, B1, ended=False)) == []


def test_a_release_lets_the_same_person_begin_anew() -> None:
    rules = (rule("differ", "a", "b"), Constraint("r", "release", options={"constraint": "c", "at": "Reopened"}))
    acts = (act(1, "a", 1), act(5, "b", 1))
    assert breaches(case(rules, *acts)) == [("differ", (1,))]
    assert breaches(case(rules, *acts, passed={"Reopened": [3]})) == []
    assert breaches(case(rules, *acts, act(6, "a", 1), passed={"Reopened": [3]})) == [("differ", (1,))]


def test_only_the_latest_act_counts_where_the_rule_is_about_the_round() -> None:
    acts = (act(1, "a", 1), act(2, "a", 2), act(3, "b", 1))
    assert breaches(case(rule("differ", "a", "b", scope="iteration"), *acts)) == []
    assert breaches(case(rule("differ", "a", "b"), *acts)) == [("differ", (1,))]


def test_too_often_for_the_same_party() -> None:
    before = {"p": [act(1, "a", 1, days=-40), act(1, "a", 1, days=-300), act(1, "a", 1, days=-900), act(1, "b", 1, days=-1)]}
    often = rule("rotate", "a", party="taxpayer", max="2", months="24")
    assert breaches(case(often, A1, others=before)) == [("rotate", (1,))]
    assert breaches(case(rule("rotate", "a", party="taxpayer", max="3", months="24"), A1, others=before)) == []
    assert breaches(case(often, act(1, "a", 2), others=before)) == []


def test_a_wall_between_two_processes() -> None:
    wall = rule("apart", "a", from_="collection/collect", party="taxpayer")
    before = {"collection": [act(1, "collect", 1, days=-5)]}
    assert breaches(case(wall, A1, others=before)) == [("apart", (1,))]
    assert breaches(case(wall, act(1, "a", 2), others=before)) == []
    assert breaches(case(wall, A1, others={"other": before["collection"]})) == []


def test_a_body_decides_every_time_anew() -> None:
    body = rule("collective", "b", node="b")
    votes = [act(n, "b", n, what="vote.cast") for n in (2, 3, 4)]
    assert breaches(case(body, *votes, act(6, "b", 2), sessions={"b": [5]})) == []
    assert breaches(case(body, *votes, act(6, "b", 2), act(9, "b", 3), sessions={"b": [5]})) == [("collective", (3,))]


def test_whoever_had_stepped_aside() -> None:
    found = case((), A1, B2, recused={2: B2.at - timedelta(seconds=1), 1: A1.at + timedelta(seconds=1)})
    assert breaches(found) == [("recused", (2,))]


def test_incompatible_posts_in_one_case_and_in_one_hand() -> None:
    register = Register()
    register.apart = ("P", "Q", False)
    both = case((), A1, act(2, "b", 1, post="Q"))
    assert breaches(both, register) == [("incompatible", (1,))]
    assert breaches(case((), A1, act(2, "b", 2, post="Q")), register) == []
    register.apart = ("P", "Q", True)
    assert breaches(case((), A1), register) == [("incompatible", (1,))], "held beside the post it was done in"
    assert breaches(both, register) == [("incompatible", (1,))], "one finding, not three"


def test_a_post_nobody_of_them_held() -> None:
    assert breaches(case((), replace(A1, post="R"))) == [("post", (1,))]
    assert breaches(case((), replace(A1, post=None))) == []
