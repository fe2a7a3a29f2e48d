"""A draw can be recomputed by anybody, and whatever is changed in it shows."""
from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.separation import draw

SEED = bytes(range(32))
CONTEXT = draw.context("T10-2026-0001", "examineA", 1, "ab" * 32, 17)
NUMBERS = ("1001", "1002", "2501", "2502")


def made(seed: bytes = SEED, numbers: tuple[str, ...] = NUMBERS) -> draw.Drawn:
    order = tuple(number for number, _ in draw.ranking(seed, CONTEXT, numbers))
    return draw.Drawn(seed.hex(), draw.commitment(seed), CONTEXT, numbers, order, order[0])


def test_a_few_lines_that_know_nothing_of_the_house_find_the_same_order() -> None:
    ranks = {n: hashlib.sha256(SEED + CONTEXT.encode() + n.encode()).hexdigest() for n in NUMBERS}
    assert [n for n, _ in draw.ranking(SEED, CONTEXT, NUMBERS)] == sorted(ranks, key=ranks.__getitem__)
    assert dict(draw.ranking(SEED, CONTEXT, NUMBERS)) == ranks
    assert draw.commitment(SEED) == hashlib.sha256(SEED).hexdigest()
    assert f'{{"case":"T10-2026-0001","head":"{"ab" * 32}","head_seq":17,"node":"examineA","round":1}}' == CONTEXT


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum here")
def test_the_lines_of_shell_in_the_documentation_say_the_same() -> None:
    numbers = dict(draw.ranking(SEED, CONTEXT, NUMBERS))
    octal = "".join(f"\\{byte:03o}" for byte in SEED)
    script = f"{{ printf '{octal}'; printf %s '{CONTEXT}'; printf %s 2501; }} | sha256sum"
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()[0] == numbers["2501"]


def test_what_holds_has_no_faults() -> None:
    assert draw.faults(made(), committed=draw.commitment(SEED), expected=CONTEXT) == []


@pytest.mark.parametrize("changed", [
    replace(made(), seed=(b"\x01" + SEED[1:]).hex()),                              # another seed, everything else the same
    made(b"\x01" + SEED[1:]),                                                      # another seed, consistently
    replace(made(), seed="zz"), replace(made(), seed=SEED[:31].hex()), replace(made(), seed=""),
    replace(made(), candidates=NUMBERS[:-1]), replace(made(), candidates=(*NUMBERS, "9999")),
    replace(made(), ranking=tuple(reversed(made().ranking))), replace(made(), result=made().ranking[1]),
    replace(made(), result=None), replace(made(), commitment="00" * 32),
    replace(made(), context=CONTEXT.replace('"round":1', '"round":2')),
])
def test_whatever_is_changed_shows(changed: draw.Drawn) -> None:
    assert draw.faults(changed, committed=draw.commitment(SEED), expected=CONTEXT)


def test_another_seed_shows_even_where_it_changes_nothing() -> None:
    alone = replace(made(b"\x01" + SEED[1:], NUMBERS[:1]), commitment=draw.commitment(SEED))
    assert draw.faults(alone, committed=draw.commitment(SEED), expected=CONTEXT)


def test_a_draw_nobody_committed_to_does_not_hold() -> None:
    assert draw.faults(made(), committed=None, expected=CONTEXT)


@given(st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=30), st.binary(min_size=32, max_size=32))
def test_the_order_depends_on_nothing_but_the_seed_the_context_and_the_numbers(numbers: set[str], seed: bytes) -> None:
    there = [n for n, _ in draw.ranking(seed, CONTEXT, sorted(numbers))]
    assert there == [n for n, _ in draw.ranking(seed, CONTEXT, sorted(numbers, reverse=True))]
    assert set(there) == numbers
    for gone in sorted(numbers)[:3]:   # whoever is left out changes nothing between the others
        assert [n for n, _ in draw.ranking(seed, CONTEXT, numbers - {gone})] == [n for n in there if n != gone]


def test_over_many_seeds_everybody_is_drawn_about_as_often() -> None:
    drawn = Counter(draw.ranking(hashlib.sha256(bytes([i, j])).digest(), CONTEXT, NUMBERS)[0][0]
                    for i in range(40) for j in range(50))
    assert set(drawn) == set(NUMBERS) and all(400 < count < 600 for count in drawn.values())   # 2000 draws among four
