"""When something goes wrong a page says what, keeps what was typed, and offers the next step. In both languages."""
from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.errors import Conflict, Invalid, Unavailable
from app.kernel.text import Text
from app.permission import needs


@pytest.fixture
def failing(site: Flask) -> Callable[[Exception], None]:
    """Make ``POST /fail`` raise something."""
    box: list[Exception] = []

    @needs("public")
    def fail() -> Any:
        raise box[0]

    site._got_first_request = False
    site.add_url_rule("/fail", "fail", fail, methods=["POST"])
    return box.append


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "没有这个页面，或您无权查看。"), ("en", "There is no such page")])
def test_what_is_not_there_is_said_in_the_readers_language(visit: Callable[..., Any], language: str, said: str) -> None:
    answer = visit(language=language).get("/nowhere")
    assert answer.status_code == 404 and said in answer.get_data(as_text=True)


def test_a_mistake_of_ours_is_a_number_and_not_a_traceback(
    visit: Callable[..., Any], failing: Callable[[Exception], None]
) -> None:
    failing(ZeroDivisionError("secret detail"))
    client = visit()
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.post("/fail", data={"purpose": "维修", "password": "pa55word", "csrf_token": "t0ken"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "secret detail" not in page and "ZeroDivisionError" not in page
    assert "维修" in page and "pa55word" not in page and "t0ken" not in page


def test_a_store_that_is_away_keeps_the_form_and_offers_to_send_it_again(
    visit: Callable[..., Any], failing: Callable[[Exception], None]
) -> None:
    failing(Unavailable(Text("存储暂不可用。", "The store is away.")))
    page = visit().post("/fail", data={"purpose": "维修", "_opinion": "同意支付", "_version": "3"})
    text = page.get_data(as_text=True)
    assert page.status_code == 503
    assert '<input type="hidden" name="purpose" value="维修">' in text
    assert '<input type="hidden" name="_version" value="3">' in text
    assert "<dt" in text and "意见" in text and "_version</dt>" not in text


def test_a_conflict_leads_back_to_the_page_as_it_is_now(
    visit: Callable[..., Any], failing: Callable[[Exception], None]
) -> None:
    failing(Conflict(Text("已由周文静签收。", "Zhou Wenjing has claimed it.")))
    answer = visit().post("/fail", data={"a": "b"}, headers={"Referer": "http://localhost/work-items/7"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "已由周文静签收。" in page and 'href="http://localhost/work-items/7"' in page


def test_a_referrer_from_elsewhere_is_not_offered_as_a_way_back(
    visit: Callable[..., Any], failing: Callable[[Exception], None]
) -> None:
    failing(Conflict(Text("变了", "changed")))
    answer = visit().post("/fail", headers={"Referer": "https://evil.example/"})
    assert "evil.example" not in answer.get_data(as_text=True)


def test_what_does_not_fit_is_listed(visit: Callable[..., Any], failing: Callable[[Exception], None]) -> None:
    failing(Invalid({"reason": [Text("请写明原因", "give a reason")]}))
    answer = visit(language="en").post("/fail")
    assert answer.status_code == 422 and "give a reason" in answer.get_data(as_text=True)


def test_an_upload_that_is_too_large_is_a_page_too(site: Flask, visit: Callable[..., Any]) -> None:
    client = visit("chenxiaomei")
    site.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    answer = client.post("/begin/expenditure", data={
        "purpose": "x", "voucher": (io.BytesIO(b"%PDF" + b"0" * 2 * 1024 * 1024), "a.pdf")},
        content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "上传内容超过 1 MB" in answer.get_data(as_text=True)
