"""Pages of cases and work items: who sees what, what is kept, what a stale page may not do."""
from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


@pytest.fixture
def running(site: Flask, claim: Callable[..., Any]) -> tuple[Any, str]:
    """A filed expenditure whose automatic steps are done: it waits for the head of the department."""
    from app import jobs

    chen, case = claim()
    with site.app_context():
        while jobs.run_due_jobs():
            pass
    return chen, case


def offered(client: Any) -> str:
    """The address of the first work item offered to somebody."""
    return re.search(r'class="item" href="(/work-items/\d+)', text(client.get("/inbox?view=offered")))[1]


def version(page: str) -> str:
    return re.search(r'name="_version" value="(\d+)"', page)[1]


def claimed(client: Any) -> tuple[str, str]:
    """Claim the first offered work item; its address and version."""
    item = offered(client)
    client.post(f"{item}/claim", data={"_version": version(text(client.get(item)))})
    return item, version(text(client.get(item)))


def test_a_claim_with_faults_comes_back_as_it_was_typed_with_its_file(visit: Callable[..., Any]) -> None:
    chen = visit("chenxiaomei")
    answer = chen.post("/begin/expenditure", data={
        "purpose": "太短", "amount": "一万二", "payee": "恒信", "voucher": (io.BytesIO(b"%PDF-1.4"), "发票.pdf"),
    }, content_type="multipart/form-data")
    page = text(answer)
    assert answer.status_code == 422
    assert ">太短</textarea>" in page and 'value="一万二"' in page
    assert "发票.pdf" in page and re.search(r'type="checkbox" name="voucher" value="\d+" checked', page)
    assert 'id="amount-wrong"' in page and 'href="#amount"' in page
    assert text(chen.get("/cases")).count("S01-2026") == 0


def test_a_file_of_a_kind_that_is_not_taken_is_named_at_its_field(visit: Callable[..., Any]) -> None:
    answer = visit("chenxiaomei").post("/begin/expenditure", data={
        "purpose": "更换办税服务厅终端主板", "voucher": (io.BytesIO(b"MZ\x00\x00"), "发票.pdf")},
        content_type="multipart/form-data")
    assert answer.status_code == 422
    assert 'id="voucher-wrong"' in text(answer) and "更换办税服务厅终端主板" in text(answer)


def test_a_draft_is_kept_and_found_again(visit: Callable[..., Any]) -> None:
    chen = visit("chenxiaomei")
    answer = chen.post("/begin/expenditure", data={"purpose": "先记下来，以后再填", "_keep": "yes"})
    assert answer.status_code == 302
    listed = text(chen.get("/inbox?view=drafts"))
    item = re.search(r'class="item" href="(/work-items/\d+)', listed)[1]
    page = text(chen.get(item))
    assert "先记下来，以后再填" in page
    saved = chen.post(f"{item}/save", data={"_version": version(page), "purpose": "先记下来，改了一点"},
                      headers={"X-Requested-With": "fetch"})
    assert saved.status_code == 200 and saved.headers["X-Version"] == str(int(version(page)) + 1)
    assert "已存" in text(saved)
    assert "改了一点" in text(chen.get(item))


def test_an_outsider_does_not_learn_that_a_case_exists(visit: Callable[..., Any], running: tuple[Any, str]) -> None:
    chen, case = running
    number = case.rsplit("/", 1)[1]
    file = re.search(r'/attachments/\d+', text(chen.get(f"{case}?tab=files")))[0]
    outsider = visit(_somebody_else())
    for address in (case, f"{case}?tab=form", f"{case}?tab=trail", f"{case}/diagram.bpmn", file):
        assert outsider.get(address).status_code == 404, address
    assert "S01-2026-0001" not in text(outsider.get("/cases"))
    for verb in ("cancel", "suspend", "resume"):
        assert outsider.post(f"/cases/{number}/{verb}", data={"_reason": "无"}).status_code in (403, 404, 409), verb
    assert "在办" in text(chen.get(case))


def _somebody_else() -> str:
    """Somebody who takes no part in expenditure, holds no supervising post and audits nothing."""
    return "sunguoliang"


def test_a_file_is_handed_out_to_be_saved_and_never_to_be_run(running: tuple[Any, str]) -> None:
    chen, case = running
    address = re.search(r'/attachments/\d+', text(chen.get(f"{case}?tab=files")))[0]
    answer = chen.get(address)
    assert answer.data == b"%PDF-1.4 invoice"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_file_nobody_has_handed_in_yet_is_its_uploaders_alone(visit: Callable[..., Any]) -> None:
    chen = visit("chenxiaomei")
    page = text(chen.post("/begin/expenditure", data={"voucher": (io.BytesIO(b"%PDF-1.4"), "a.pdf")},
                          content_type="multipart/form-data"))
    address = re.search(r'/attachments/\d+', page)[0]
    assert chen.get(address).status_code == 200
    assert visit("zhouwenjing").get(address).status_code == 404


def test_a_refusal_needs_an_opinion_and_the_page_says_so_at_the_field(
    visit: Callable[..., Any], running: tuple[Any, str]
) -> None:
    liu = visit("liuzhiqiang")
    item, at = claimed(liu)
    answer = liu.post(f"{item}/complete", data={"_version": at, "_decision": "refuse", "_opinion": ""})
    assert answer.status_code == 422 and 'id="opinion-wrong"' in text(answer)
    assert liu.get(f"{item}/complete").location == item
    unknown = liu.post(f"{item}/complete", data={"_version": at, "_decision": "burn", "_opinion": "x"})
    assert unknown.status_code == 422


def test_a_stale_page_finishes_nothing_and_loses_nothing(visit: Callable[..., Any], running: tuple[Any, str]) -> None:
    liu, zheng = visit("liuzhiqiang"), visit("zhengwei")
    item = offered(zheng)
    at = version(text(zheng.get(item)))
    assert liu.post(f"{item}/claim", data={"_version": at}).status_code == 302
    late = zheng.post(f"{item}/claim", data={"_version": at})
    assert late.status_code == 409
    # The same person in two tabs: one has moved the work item on under the other.
    held = version(text(liu.get(item)))
    liu.post(f"{item}/save", data={"_version": held, "_opinion": "另一页"})
    stale = liu.post(f"{item}/complete", data={"_version": held, "_decision": "agree", "_opinion": "写了很久的意见"})
    assert stale.status_code == 409 and "写了很久的意见" in text(stale)
    nothing = liu.post(f"{item}/complete", data={"_decision": "agree", "_opinion": "写了很久的意见"})
    assert nothing.status_code == 409 and "写了很久的意见" in text(nothing)
    assert "另一页" in text(liu.get(item))


def test_a_released_item_is_offered_again(visit: Callable[..., Any], running: tuple[Any, str]) -> None:
    liu = visit("liuzhiqiang")
    item, at = claimed(liu)
    assert liu.post(f"{item}/release", data={"_version": at}).location.startswith("/inbox?view=offered")
    assert offered(liu) == item


def test_only_what_is_offered_may_be_opened(visit: Callable[..., Any], running: tuple[Any, str]) -> None:
    item = offered(visit("liuzhiqiang"))
    assert visit(_somebody_else()).get(item).status_code == 404
    assert visit("liuzhiqiang").get("/work-items/999").status_code == 404


def test_a_case_is_suspended_with_a_reason_resumed_and_cancelled(running: tuple[Any, str]) -> None:
    chen, case = running
    refused = chen.post(f"{case}/suspend", data={"_reason": " "})
    assert refused.status_code == 422
    chen.post(f"{case}/suspend", data={"_reason": "等待发票换开"})
    page = text(chen.get(case))
    assert "已挂起" in page and "等待发票换开" in page and "撤销办件" not in page
    chen.post(f"{case}/resume")
    chen.post(f"{case}/cancel", data={"_reason": "重复填报"})
    page = text(chen.get(case))
    assert "已撤销" in page and "重复填报" in page


def test_an_officer_without_the_post_may_not_start_a_matter(visit: Callable[..., Any]) -> None:
    zhou = visit(_somebody_else())
    assert "/begin/expenditure" not in text(zhou.get("/begin"))
    assert zhou.get("/begin/expenditure").status_code == 404
    refused = zhou.post("/begin/expenditure", data={"purpose": "x"})
    assert refused.status_code == 409 and "您不能办理“经办填报”" in text(refused)
    assert zhou.get("/begin/no-such-process").status_code == 404


@pytest.mark.parametrize("address", [
    "/inbox?view=nonsense", "/cases/999", "/cases/1?tab=nonsense", "/attachments/999",
])
def test_addresses_nobody_made_are_not_found(visit: Callable[..., Any], running: Any, address: str) -> None:
    chen, _case = running
    assert chen.get(address).status_code == 404


@pytest.mark.parametrize("q", ["%", "_", "'; DROP TABLE entry; --", "<script>", "x" * 5000, "\u202e"])
def test_searching_takes_any_text(running: tuple[Any, str], q: str) -> None:
    chen, _case = running
    for address in ("/cases", "/inbox", "/organisation"):
        answer = chen.get(address, query_string={"q": q})
        assert answer.status_code == 200 and "<script>" not in text(answer)


def test_every_page_of_a_case_speaks_english_too(visit: Callable[..., Any], running: tuple[Any, str]) -> None:
    chen, case = running
    chen.set_cookie("language", "en")
    for address, said in {
        "/": "your work today", "/inbox": "Nothing is waiting", "/begin": "Expenditure approval",
        "/begin/expenditure": "Answers for the claim being true", case: "Head checks", f"{case}?tab=form": "Payee",
        f"{case}?tab=diagram": "The steps in words", f"{case}?tab=files": "Handed in", f"{case}?tab=trail": "Chain intact",
        "/organisation": "Every post is held",
    }.items():
        page = text(chen.get(address))
        assert 'lang="en"' in page and said in page, address


def test_notices_are_read_once(site: Flask, visit: Callable[..., Any]) -> None:
    from app.accounts import queries
    from app.cases import notices
    from app.change import Actor

    with site.app_context():
        person = queries.account_of("chenxiaomei").person_id
        notices.tell("test", [person], "预算余额不足，已退回", case_id=None, actor=Actor.system("test"))
    chen = visit("chenxiaomei")
    assert "预算余额不足，已退回" in text(chen.get("/")) and "全部标为已阅" in text(chen.get("/"))
    chen.post("/notices/read")
    page = text(chen.get("/"))
    assert "预算余额不足，已退回" in page and "全部标为已阅" not in page
