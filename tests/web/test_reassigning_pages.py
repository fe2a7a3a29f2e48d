"""Pages to hand over, delegate, add signers, ask two people and step aside: without JavaScript, in both languages."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask


def person(site: Flask, username: str) -> int:
    from app.accounts import queries

    with site.app_context():
        return queries.account_of(username).person_id


def item_of(site: Flask, case_id: int) -> Any:
    """The case's one open work item of its own, once the worker has done what it owes."""
    from app import jobs
    from app.cases.statements import ITEM
    from app.extensions import db

    with site.app_context():
        while jobs.sweep():
            pass
        row = db.session.execute(ITEM.select().where(
            ITEM.c.case_id == case_id, ITEM.c.state.in_(["offered", "allocated"]), ITEM.c.parent_id.is_(None))).one()
        db.session.remove()
        return row


@pytest.fixture
def checked(visit: Callable[..., Any], claim: Callable[..., tuple[Any, str]], site: Flask) -> tuple[Any, int, int]:
    """An expenditure in the hands of Liu Zhiqiang, head of the department: his client, the case, the work item."""
    _, address = claim()
    case_id = int(re.search(r"/cases/(\d+)", address)[1])  # type: ignore[index]
    liu = visit("liuzhiqiang")
    row = item_of(site, case_id)
    answer = liu.post(f"/work-items/{row.id}/claim", data={"_version": row.version})
    assert answer.status_code == 302
    return liu, case_id, row.id


def read(client: Any, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)[-1500:]
    return answer.get_data(as_text=True)


def test_the_menu_of_a_work_item_leads_to_handing_over_delegating_and_signers(checked: tuple[Any, int, int]) -> None:
    liu, _, item = checked
    page = read(liu, f"/work-items/{item}")
    for verb, word in (("transfer", "转办"), ("delegate", "委派"), ("add-signer", "加签")):
        assert f"/work-items/{item}/{verb}" in page
        assert word in read(liu, f"/work-items/{item}/{verb}")


def test_only_people_who_may_are_listed_and_search_keeps_what_was_filled_in(
    checked: tuple[Any, int, int], site: Flask,
) -> None:
    liu, _, item = checked
    page = read(liu, f"/work-items/{item}/transfer")
    assert "郑伟" in page and "陈晓梅" not in page  # his deputy may; who filed it may not
    found = liu.post(f"/work-items/{item}/add-signer", data={
        "_search": "yes", "q": "周文静", "person": str(person(site, "hezhiyuan")), "_reason": "请把关", "_version": "2",
        "position": "after"}).get_data(as_text=True)
    assert "周文静" in found and "何志远" in found and "请把关" in found
    assert re.search(r'value="after" checked', found)
    nobody = liu.post(f"/work-items/{item}/transfer", data={"_search": "yes", "q": "陈晓梅"}).get_data(as_text=True)
    assert "没有符合条件的同名人员" in nobody


def test_a_work_item_is_handed_over_with_a_reason(checked: tuple[Any, int, int], site: Flask) -> None:
    liu, case_id, item = checked
    zheng = person(site, "zhengwei")
    answer = liu.post(f"/work-items/{item}/transfer", data={"_version": "2", "person": str(zheng), "_reason": ""})
    assert answer.status_code == 422 and "请写明原因" in answer.get_data(as_text=True)
    answer = liu.post(f"/work-items/{item}/transfer", data={"_version": "2", "_reason": "出差"})
    assert answer.status_code == 422 and "请选择人员" in answer.get_data(as_text=True)
    answer = liu.post(f"/work-items/{item}/transfer", data={"_version": "2", "person": str(zheng), "_reason": "出差三天"})
    assert answer.status_code == 302
    assert item_of(site, case_id).assignee_id == zheng


def test_who_may_not_is_refused_on_the_page_with_the_rule(checked: tuple[Any, int, int], site: Flask) -> None:
    liu, _, item = checked
    answer = liu.post(f"/work-items/{item}/add-signer", data={
        "_version": "2", "person": str(person(site, "chenxiaomei")), "_reason": "会签", "position": "before"})
    assert answer.status_code == 409 and "陈晓梅" in answer.get_data(as_text=True)
    assert "已记录" in answer.get_data(as_text=True)


def test_a_signer_signs_on_their_own_page_and_their_opinion_is_shown(
    checked: tuple[Any, int, int], visit: Callable[..., Any], site: Flask,
) -> None:
    liu, case_id, item = checked
    he = person(site, "hezhiyuan")
    song = person(site, "fengli")
    answer = liu.post(f"/work-items/{item}/add-signer", data={
        "_version": "2", "person": [str(he), str(song)], "_reason": "涉及预算", "position": "before"})
    assert answer.status_code == 302, answer.get_data(as_text=True)[-800:]
    page = read(liu, f"/work-items/{item}")
    assert "何志远" in page and "尚未签署" in page
    director = visit("hezhiyuan")
    inbox = read(director, "/inbox")
    assert "前加签" in inbox
    mine = re.search(r"/work-items/(\d+)\?view=allocated", inbox)[1]  # type: ignore[index]
    own = read(director, f"/work-items/{mine}")
    assert "请您会签" in own and "涉及预算" in own and 'value="disagree"' in own
    assert f"/work-items/{mine}/delegate" not in own
    wrong = director.post(f"/work-items/{mine}/complete", data={"_version": "1", "_decision": "disagree"})
    assert wrong.status_code == 422
    done = director.post(f"/work-items/{mine}/complete", data={
        "_version": "1", "_decision": "disagree", "_opinion": "预算已用完"})
    assert done.status_code == 302
    assert "预算已用完" in read(liu, f"/work-items/{item}")
    version = item_of(site, case_id).version
    assert "减签" in read(liu, f"/work-items/{item}/remove-signer")
    gone = liu.post(f"/work-items/{item}/remove-signer", data={
        "_version": str(version), "person": str(song), "_reason": "误加"})
    assert gone.status_code == 302
    record = read(liu, f"/cases/{case_id}")
    for word in ("加签", "会签：不同意", "减签", "涉及预算"):
        assert word in record


def test_what_a_delegate_proposes_is_filled_in_for_the_assignee(
    checked: tuple[Any, int, int], visit: Callable[..., Any], site: Flask,
) -> None:
    liu, case_id, item = checked
    answer = liu.post(f"/work-items/{item}/delegate", data={
        "_version": "2", "person": str(person(site, "hezhiyuan")), "_reason": "请先把关"})
    assert answer.status_code == 302
    director = visit("hezhiyuan")
    mine = re.search(r"/work-items/(\d+)\?view=allocated", read(director, "/inbox"))[1]  # type: ignore[index]
    assert "委派您办理" in read(director, f"/work-items/{mine}")
    done = director.post(f"/work-items/{mine}/complete", data={
        "_version": "1", "_decision": "agree", "_opinion": "拟同意，金额无误"})
    assert done.status_code == 302, done.get_data(as_text=True)[-800:]
    page = read(liu, f"/work-items/{item}")
    assert "拟办内容已填入" in page and re.search(r"<textarea[^>]*name=\"_opinion\"[^>]*>拟同意，金额无误", page)
    assert "拟办：" in read(liu, f"/cases/{case_id}")


def test_a_delegate_by_proxy_sees_in_whose_place_and_chooses(
    visit: Callable[..., Any], claim: Callable[..., tuple[Any, str]], site: Flask,
) -> None:
    from app.change import Actor
    from app.organisation import actions as organisation
    from app.registers import today

    _, address = claim()
    case_id = int(re.search(r"/cases/(\d+)", address)[1])  # type: ignore[index]
    liu, he, zheng = (person(site, name) for name in ("liuzhiqiang", "hezhiyuan", "zhengwei"))
    with site.app_context():
        for delegate in (he, zheng):
            organisation.give_proxy(
                liu, delegate_id=delegate, since=today(), until=today(), reason="外出", posts=["ANY.HD"],
                actor=Actor.system("test"))
    item = item_of(site, case_id)
    director = visit("hezhiyuan")
    assert "代刘志强" in read(director, "/inbox?view=offered")
    page = read(director, f"/work-items/{item.id}")
    assert "代刘志强签收" in page and "以本人签收" not in page
    both = read(visit("zhengwei"), f"/work-items/{item.id}")
    assert "代刘志强签收" in both and "以本人签收" in both
    answer = director.post(f"/work-items/{item.id}/claim", data={"_version": "1", "_behalf": str(liu)})
    assert answer.status_code == 302
    assert "代刘志强" in read(director, f"/work-items/{item.id}")


# -- two people -------------------------------------------------------------------------------------------------------

def test_an_administrator_asks_and_another_confirms(
    checked: tuple[Any, int, int], visit: Callable[..., Any], site: Flask,
) -> None:
    from app.cases.models import Case
    from app.extensions import db

    _, case_id, item = checked
    with site.app_context():
        number = db.session.get(Case, case_id).number
        db.session.remove()
    lei, long = visit("leiming"), visit("longfei")
    page = read(lei, f"/dual-controls?number={number}")
    assert f"/dual-controls/ask/reassign/{item}" in page and "/dual-controls/ask/override/" not in page
    assert "打印" not in page
    zheng = person(site, "zhengwei")
    ask = f"/dual-controls/ask/reassign/{item}"
    assert "郑伟" in lei.post(ask, data={"_search": "yes", "q": "郑伟"}).get_data(as_text=True)
    refused = lei.post(ask, data={"person": str(person(site, "chenxiaomei")), "_reason": "x"})
    assert refused.status_code == 409 and "陈晓梅" in refused.get_data(as_text=True)
    assert lei.post(ask, data={"_reason": "x"}).status_code == 422
    assert lei.post(ask, data={"person": str(zheng), "_reason": "突发病假"}).status_code == 302
    waiting = read(long, "/dual-controls")
    assert "突发病假" in waiting and "待确认" in waiting
    control = re.search(r"/dual-controls/(\d+)/confirm", waiting)[1]  # type: ignore[index]
    assert "/confirm" not in read(lei, "/dual-controls")
    assert visit("yifeng").post(f"/dual-controls/{control}/confirm", data={}).status_code == 404
    assert long.post(f"/dual-controls/{control}/confirm", data={}).status_code == 302
    assert item_of(site, case_id).assignee_id == zheng
    assert "已执行" in read(long, "/dual-controls")


def test_what_is_not_ones_own_to_ask_for_is_not_there(checked: tuple[Any, int, int], visit: Callable[..., Any]) -> None:
    liu, case_id, item = checked
    for kind, target in (("reassign", item), ("override", item), ("terminate", case_id)):
        assert liu.get(f"/dual-controls/ask/{kind}/{target}").status_code == 404
    assert visit("leiming").get(f"/dual-controls/ask/override/{item}").status_code == 404
    assert visit("longfei").get("/dual-controls/ask/override/99999999").status_code == 404
    assert "提出操作" not in read(liu, "/dual-controls")


# -- recusal ----------------------------------------------------------------------------------------------------------

def test_one_steps_aside_on_the_page_of_the_case(checked: tuple[Any, int, int], site: Flask) -> None:
    liu, case_id, _item = checked
    page = read(liu, f"/cases/{case_id}")
    assert f"/cases/{case_id}/recuse" in page
    answer = liu.post(f"/cases/{case_id}/recuse", data={"_reason": "与报销人系近亲", "basis": "公务员法 §76"})
    assert answer.status_code == 302
    assert item_of(site, case_id).assignee_id is None


def test_what_the_party_asks_is_taken_down_and_decided_by_a_second_person(
    checked: tuple[Any, int, int], visit: Callable[..., Any], site: Flask,
) -> None:
    _, case_id, _ = checked
    chen = visit("chenxiaomei")
    liu = person(site, "liuzhiqiang")
    assert chen.post(f"/cases/{case_id}/recuse", data={"person": str(liu), "_reason": "供货商来函"}).status_code == 302
    assert "当事人申请回避" in read(chen, f"/cases/{case_id}")
    zhao = visit("zhaowenbin")
    page = read(zhao, "/dual-controls")
    assert "供货商来函" in page
    recusal = re.search(r"/recusals/(\d+)", page)[1]  # type: ignore[index]
    answer = zhao.post(f"/recusals/{recusal}", data={"granted": "yes", "_reason": "理由成立"})
    assert answer.status_code == 302
    assert item_of(site, case_id).assignee_id is None
    assert visit("yifeng").post(f"/recusals/{recusal}", data={"granted": "yes", "_reason": "x"}).status_code == 404


@pytest.mark.parametrize("page", ["transfer", "delegate", "add-signer"])
def test_the_pages_speak_english(checked: tuple[Any, int, int], visit: Callable[..., Any], page: str) -> None:
    liu, _, item = checked
    liu.set_cookie("language", "en")
    text = re.sub(r"<[^>]+>", " ", read(liu, f"/work-items/{item}/{page}"))
    assert "People who may" in text and "Reason" in text


@pytest.mark.parametrize("body", [
    {}, {"_version": "x"}, {"_version": "2", "person": "all"}, {"_version": "2", "person": "9" * 40, "_reason": "x"},
    {"_version": "2", "person": "-1", "_reason": "x" * 5000},
])
@pytest.mark.parametrize("verb", ["transfer", "delegate", "add-signer", "remove-signer"])
def test_junk_on_a_page_is_answered_with_a_page(checked: tuple[Any, int, int], verb: str, body: dict[str, str]) -> None:
    liu, _, item = checked
    assert liu.post(f"/work-items/{item}/{verb}", data=body).status_code in (404, 409, 422)


def test_a_stranger_finds_no_such_page(checked: tuple[Any, int, int], visit: Callable[..., Any]) -> None:
    _, case_id, item = checked
    stranger = visit("yifeng")
    for verb in ("transfer", "delegate", "add-signer", "remove-signer"):
        assert stranger.get(f"/work-items/{item}/{verb}").status_code == 404
    assert stranger.post(f"/cases/{case_id}/recuse", data={"_reason": "x"}).status_code == 404
