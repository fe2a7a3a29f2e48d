"""Static separation as pure rules."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.organisation.models import PostKind, Scope
from app.organisation.rules import Held, Pair, clashes, expand, overlap, pairs


@dataclass
class P:
    code: str
    department_code: str | None
    kind: PostKind = PostKind.BUSINESS


@dataclass
class R:
    post_code: str
    other: str
    scope: Scope = Scope.PERSON
    basis: str = "rule"


POSTS = [
    P("CW.SH", "CW"), P("CW.CN", "CW"), P("LD.JJ", "LD", PostKind.LEADERSHIP), P("LD.CW", "LD", PostKind.LEADERSHIP),
    P("LD.BGH", "JT", PostKind.COLLECTIVE), P("JJ.ZR", "JJ", PostKind.SUPERVISION), P("ANY.HD", None, PostKind.GENERAL),
]


def test_a_department_pattern_means_its_posts_and_not_whoever_begins_with_the_same_letters():
    assert expand("LD.*", POSTS, besides="LD.JJ") == {"LD.CW"}
    assert expand("CW.*", POSTS, besides="JJ.ZR") == {"CW.SH", "CW.CN"}


def test_all_business_posts_leaves_out_leaders_bodies_supervisors_and_the_posts_of_every_department():
    assert expand("@business", POSTS, besides="JJ.ZR") == {"CW.SH", "CW.CN"}


def test_a_post_is_never_kept_apart_from_itself():
    assert expand("CW.*", POSTS, besides="CW.SH") == {"CW.CN"}
    assert expand("CW.SH", POSTS, besides="CW.SH") == frozenset()


def test_a_pair_under_two_rules_appears_once_with_the_stricter_scope():
    rules = [R("CW.SH", "CW.CN", Scope.CASE, "per case"), R("CW.CN", "CW.*", Scope.PERSON, "per person")]
    assert pairs(POSTS, rules) == [Pair("CW.CN", "CW.SH", Scope.PERSON, "per person")]
    assert pairs(POSTS, rules[::-1]) == [Pair("CW.CN", "CW.SH", Scope.PERSON, "per person")]


DAYS = st.dates(date(2020, 1, 1), date(2020, 3, 1))


@st.composite
def held(draw: st.DrawFn) -> Held:
    since = draw(DAYS)
    return Held(draw(st.sampled_from("abc")), since, draw(st.none() | st.dates(since, date(2020, 4, 1))))


@given(held(), held())
def test_two_posts_overlap_exactly_when_there_is_a_day_in_both(a: Held, b: Held):
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(100)]
    together = any(all(h.since <= d and (h.until is None or d <= h.until) for h in (a, b)) for d in days)
    assert overlap(a, b) == overlap(b, a) == together


@given(st.lists(held(), max_size=6), held())
def test_another_post_never_removes_a_clash(some: list[Held], more: Held):
    rules = [Pair("a", "b", Scope.PERSON, "x")]
    before = [(one, other) for one, other, _ in clashes(some, rules)]
    after = [(one, other) for one, other, _ in clashes([*some, more], rules)]
    assert after[:len(before)] == before


def test_posts_kept_apart_within_a_case_may_be_held_together():
    both = [Held("a", date(2020, 1, 1), None), Held("b", date(2020, 1, 1), None)]
    assert not list(clashes(both, [Pair("a", "b", Scope.CASE, "x")]))
    assert list(clashes(both, [Pair("a", "b", Scope.PERSON, "x")]))
