"""Check digits."""
from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.parties.numbers import (
    _CREDIT,
    credit_check,
    credit_code_is_valid,
    id_number_is_valid,
    identity_check,
    masked,
    organisation_check,
)

DISTRICT = st.integers(100000, 999999).map(str)
BODY = st.text(_CREDIT, min_size=8, max_size=8)


def code(authority: str, district: str, body: str) -> str:
    first = authority + district + body + organisation_check(body)
    return first + credit_check(first)


@pytest.mark.parametrize("known", ["91350100M000100Y43", "91110000600037341L", "91440300708461136T"])
def test_known_credit_codes_are_valid(known):
    assert credit_code_is_valid(known)


@pytest.mark.parametrize("known", ["11010519491231002X", "440524188001010014"])
def test_the_examples_of_the_standard_are_valid_identity_numbers(known):
    assert id_number_is_valid(known)


@pytest.mark.parametrize("wrong", [
    "", "11010519491231002x", "110105194912310021", "110105194913310025", "1101051949123100", "11010519491231002X ", "一" * 18,
])
def test_other_identity_numbers_are_not(wrong):
    assert not id_number_is_valid(wrong)


@given(st.sampled_from(["91", "92", "93", "11"]), DISTRICT, BODY, st.integers(0, 17), st.sampled_from(_CREDIT))
def test_one_character_changed_is_found(authority, district, body, place, mark):
    right = code(authority, district, body)
    assume(right[place] != mark)
    assert credit_code_is_valid(right)
    assert not credit_code_is_valid(right[:place] + mark + right[place + 1:])


@given(DISTRICT, st.dates(), st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_digit_changed_in_an_identity_number_is_found(district, born, number, place, mark):
    body = f"{district}{born:%Y%m%d}".ljust(14, "0")[:14] + f"{number:03d}"
    assume(re.fullmatch(r"\d{17}", body) and born.year >= 1000)
    right = body + identity_check(body)
    assume(right[place] != mark)
    assert id_number_is_valid(right)
    assert not id_number_is_valid(right[:place] + mark + right[place + 1:])


def test_a_masked_number_shows_its_district_and_two_characters():
    assert masked("11010519491231002X") == "110105**********2X"
    assert masked("short") == "*****"
