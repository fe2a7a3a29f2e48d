"""How values read, in both languages."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from app.kernel.text import Text
from app.web import formats
from app.web.language import words


@pytest.mark.parametrize(("value", "said"), [
    (Decimal("12800"), "¥12,800.00"), (Decimal("-3.5"), "-¥3.50"), ("1260", "¥1,260.00"), (0, "¥0.00"),
    (None, ""), ("", ""), ("about 12", "about 12"), (Decimal("0.005"), "¥0.00"),
])
def test_money_has_its_sign_thousands_and_two_places(value: object, said: str) -> None:
    assert formats.money(value) == said


def test_a_moment_reads_as_the_offices_clock_showed_it(bare: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bare.config, "CLOCK", lambda: datetime(2026, 11, 24, tzinfo=UTC))
    with bare.test_request_context():
        shown = formats.moment(datetime(2026, 4, 19, 23, 12, 5, tzinfo=UTC))
        assert shown == '<time datetime="2026-04-20T07:12:05+08:00">04-20 07:12</time>'
        assert "2025-12-31 23:59" in formats.moment(datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
        assert "2026-01-01 00:00:00" in formats.moment(datetime(2025, 12, 31, 16, tzinfo=UTC), "long")
        assert formats.moment(None) == ""


@pytest.mark.parametrize(("hours", "zh", "en"), [
    (21, "3 个工作日", "3 working days"), (7, "1 个工作日", "1 working day"), (10.5, "1.5 个工作日", "1.5 working days"),
    (70.5, "10 个工作日", "10 working days"), (3, "3 工作小时", "3 working hours"), (1, "1 工作小时", "1 working hour"),
    (2.99, "2.9 工作小时", "2.9 working hours"), (0.5, "30 分钟", "30 minutes"), (0.001, "不到 1 分钟", "less than a minute"),
])
def test_working_time_is_never_said_to_be_more_than_it_is(bare: Flask, hours: float, zh: str, en: str) -> None:
    for language, said in (("zh-CN", zh), ("en", en)):
        with bare.test_request_context(headers={"Accept-Language": language}):
            assert formats.work_time(timedelta(hours=hours)) == said


def test_spans_and_sizes(bare: Flask) -> None:
    with bare.test_request_context(headers={"Accept-Language": "en"}):
        assert formats.span(timedelta(minutes=40)) == "40 minutes"
        assert formats.span(timedelta(hours=4.25)) == "4.2 hours"
        assert formats.span(timedelta(days=3, hours=5)) == "3 days"
    assert [formats.size(n) for n in (12, 2048, 1_300_000)] == ["12 B", "2 KB", "1.2 MB"]


def test_words_are_picked_in_the_language_of_the_page(bare: Flask) -> None:
    class Row:
        zh, en = "财务科", "Finance"

    for language, said in (("zh-CN", ["财务科", "财务科", "财务科"]), ("en", ["Finance", "Finance", "Finance"])):
        with bare.test_request_context(headers={"Accept-Language": language}):
            assert [words(x) for x in (Text("财务科", "Finance"), Row(), {"zh": "财务科", "en": "Finance"})] == said
            assert words(None) == ""
