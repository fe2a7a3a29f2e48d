"""The pure rules of a session: its quorum, its chair, who may vote when, what the votes come to."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.separation import Collective
from app.kernel.separation.session import (
    Attendance,
    Choice,
    Session,
    ballot_error,
    convening_errors,
    tally,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(hours=12)


def session(entitled: int, present: int | None = None, *, members: int | None = None, chair: int = 1, **rule: object) -> Session:
    """Members 1 to n, the first of them there."""
    return Session(
        Collective("c", **rule), frozenset(range(1, (members or entitled) + 1)),  # type: ignore[arg-type]
        frozenset(range(1, entitled + 1)),
        dict.fromkeys(range(1, (entitled if present is None else present) + 1), Attendance.ROOM), chair, NOW, NOW + DAY,
    )


def voted(held: Session, **choices: int) -> Session:
    """So many of those present agree, disagree and abstain."""
    said = [Choice(name) for name, count in choices.items() for _ in range(count)]
    return replace(held, votes=dict(zip(sorted(held.present), said, strict=False)))


@pytest.mark.parametrize(("quorum", "entitled", "needed"), [
    (Fraction(2, 3), 6, 4), (Fraction(2, 3), 7, 5), (Fraction(1, 2), 5, 3), (Fraction(1), 5, 5), (3, 9, 3), (5, 5, 5),
])
def test_a_quorum_is_a_part_of_those_entitled_or_a_number_of_them(quorum: Fraction | int, entitled: int, needed: int) -> None:
    assert session(entitled, quorum=quorum).quorum == needed
    assert convening_errors(session(entitled, needed, quorum=quorum), now=NOW, window=DAY) == {}
    assert "present" in convening_errors(session(entitled, needed - 1, quorum=quorum), now=NOW, window=DAY)


@pytest.mark.parametrize(("majority", "entitled", "agree", "carried"), [
    ("1/2", 6, 4, True), ("1/2", 6, 3, False), ("1/2", 5, 3, True), ("1/2", 1, 1, True), ("2/3", 6, 4, False),
    ("2/3", 6, 5, True), ("1/1", 4, 4, True), ("1/1", 4, 3, False),
])
def test_more_than_the_majority_of_those_entitled_must_agree(majority: str, entitled: int, agree: int, carried: bool) -> None:
    held = voted(session(entitled, majority=Fraction(majority)), agree=agree, abstain=entitled - agree)
    assert tally(held).carried is carried


@given(st.integers(1, 12), st.data())
def test_a_vote_more_in_favour_never_turns_yes_into_no_and_an_absence_never_helps(entitled: int, data: st.DataObject) -> None:
    majority = data.draw(st.sampled_from([Fraction(1, 2), Fraction(2, 3), Fraction(3, 4), Fraction(1)]))
    agree = data.draw(st.integers(0, entitled - 1))
    held = session(entitled, majority=majority)
    fewer, more = voted(held, agree=agree), voted(held, agree=agree + 1)
    assert tally(more).carried or not tally(fewer).carried
    assert tally(more).carried is (agree + 1 > majority * entitled or agree + 1 == entitled)
    assert tally(replace(fewer, entitled=fewer.entitled | {99})).carried <= tally(fewer).carried


def test_who_has_no_vote_is_told_which_of_the_reasons_it_is() -> None:
    held = replace(session(4, 3, members=6), rule=Collective("c", chair_last=True))
    assert ballot_error(held, 2, NOW) is None
    told = {
        9: "not a member", 5: "stay out", 4: "not present", 1: "chair votes last",
    }
    for person, reason in told.items():
        assert reason in ballot_error(held, person, NOW).en                                    # type: ignore[union-attr]
    assert "begun" in ballot_error(held, 2, NOW - timedelta(seconds=1)).en                      # type: ignore[union-attr]
    assert "past" in ballot_error(held, 2, NOW + DAY + timedelta(seconds=1)).en                 # type: ignore[union-attr]
    assert "over" in ballot_error(replace(held, closed=True), 2, NOW).en                        # type: ignore[union-attr]
    assert "already" in ballot_error(replace(held, votes={2: Choice.AGREE}), 2, NOW).en         # type: ignore[union-attr]
    assert ballot_error(replace(held, votes={2: Choice.AGREE, 3: Choice.ABSTAIN}), 1, NOW) is None


def test_the_last_moment_of_the_window_still_counts() -> None:
    assert ballot_error(session(3), 2, NOW + DAY) is None


def test_of_two_principal_leaders_either_may_preside_and_nobody_else() -> None:
    for chair, wrong in ((1, False), (2, False), (3, True)):
        errors = convening_errors(session(4, chair=chair), now=NOW, window=DAY, principals={1, 2})
        assert ("chair" in errors) is wrong
    assert convening_errors(session(4, 3, chair=2), now=NOW, window=DAY, principals={4}) == {}
