"""All 43 patterns are shown, each by a test of its own, and the page says what the tests say."""
from __future__ import annotations

import re
from pathlib import Path

from app.kernel.bpmn.resourcing import STRATEGIES
from app.kernel.bpmn.rules.resourcing import WORDS

from .catalogue import NAMES, PAGE, page, shown


def test_every_pattern_is_shown_by_a_test() -> None:
    page()
    assert sorted(NAMES) == sorted(shown) == list(range(1, 44))
    assert len({one.test for one in shown.values()}) == 43


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.patterns"


def test_every_strategy_has_a_function_and_every_word_is_documented() -> None:
    from handlers.allocation import strategies

    assert strategies.keys() == STRATEGIES.keys()
    vocabulary = (Path(PAGE).parent / "vocabulary.md").read_text(encoding="utf-8")
    for word in WORDS:
        assert re.search(rf"gz:{word}\b", vocabulary), word
