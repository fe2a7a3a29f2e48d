"""A session on a phone and without JavaScript; and what its pages refuse."""
from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import House
from tests.cases.conftest import NOTE, deployed
from tests.diagrams import diagram, end, start, user

BODY = diagram(
    "resolution", start("s"), user("apply", "ANY.CLK", form="note", department="initiator"),
    user("decide", "LD.BGH", name="集体研究", form="note", decisions="agree refuse"), end("e"), path="s apply decide e",
    title="{note}",
    constraints='<gz:collective id="body" node="decide" quorum="1/2" chairLast="true" basis="议事规则"/>'
                '<gz:recuse id="kin" nodes="decide" party="initiator" basis="公务员法 §74"/>',
)


def apart(call: Callable[[], Any]) -> Any:
    """In a thread of its own: Playwright runs an event loop in the test's."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def waiting(house: House) -> int:
    """A case that waits for the office meeting, in Li Jianhua's hands. Gu Haifeng is kin to who applied."""
    def make() -> int:
        from app.accounts import queries as accounts
        from app.cases import actions, queries
        from app.extensions import db
        from app.organisation import actions as organisation
        from app.registers import today
        from tests.cast import SYSTEM

        with house.app.app_context():
            def who(name: str) -> Any:
                return accounts.actor_for(accounts.account_of(name))

            deployed(BODY, {"note": NOTE})
            organisation.declare_kinship(
                who("guhaifeng").person_id, other_id=who("chenxiaomei").person_id, relation="direct",
                declared_on=today(), actor=SYSTEM)
            case_id = actions.start("resolution", actor=who("chenxiaomei"), answers={"note": "集体研究的事"})
            item = queries.case(case_id, actor=who("chenxiaomei")).items[0].id
            actions.claim(item, actor=who("lijianhua"))
            db.session.remove()
            return item

    return apart(make)


def test_a_session_on_a_phone_without_javascript(house: House, axe: Any) -> None:
    item = waiting(house)
    page = house.visitor(java_script_enabled=False, width=390, height=844)

    def sign_in(name: str) -> Any:
        found = house.visitor(java_script_enabled=False, width=390, height=844)
        found.goto(f"/sign-in?as={name}")
        found.click("#sign-in form button.main")
        return found

    page = sign_in("lijianhua")
    page.goto(f"/work-items/{item}/session")
    text = page.inner_text("main")
    assert "顾海峰" in text and "须回避" in text and "公务员法 §74" in text      # who may not, why, on what clause
    assert page.locator("li:has-text('顾海峰') input").count() == 0
    # Without a quorum it is shown again, with what was chosen, and why not.
    for name in ("王德明", "赵文斌", "沈立群"):
        page.uncheck(f"label:has-text('{name}') input")
    page.click("button:has-text('开会')")
    assert "未达法定人数" in page.inner_text("main")
    assert not page.is_checked("label:has-text('王德明') input")
    page.check("label:has-text('王德明') input")
    page.select_option("li:has-text('王德明') select", "remote")
    page.click("button:has-text('开会')")
    assert re.search(r"/sessions/\d+", page.url)
    assert "远程" in page.inner_text("li:has-text('王德明')")
    session = page.url
    # To disagree one says why.
    page.check("#ballot input[value=disagree]")
    page.click("button:has-text('投票')")
    assert "不同意须写明理由" in page.inner_text("main")
    page.fill("#ballot textarea", "条件不成熟。")
    page.click("button:has-text('投票')")
    assert page.locator("#ballot").count() == 0
    wang = sign_in("wangdeming")
    wang.goto("/inbox")
    wang.click(".views a:has-text('待表决')")
    wang.click("a.line:has-text('集体研究的事')")
    wang.check("#ballot input[value=abstain]")
    wang.click("button:has-text('投票')")
    sun = sign_in("sunguoliang")
    sun.goto(session)
    sun.check("#ballot input[value=agree]")
    sun.click("button:has-text('投票')")
    page.goto(session)
    page.click("button:has-text('计票并散会')")
    assert "须附会议记录" in page.inner_text("main")
    page.fill("[name=_minutes]", "三人到会，未获通过。")
    page.click("button:has-text('计票并散会')")
    page.goto(session)
    assert "未通过" in page.inner_text("main") and "条件不成熟" in page.inner_text("main")
    assert [c for c in house.complaints if "422" not in c] == []


def test_the_pages_of_a_session_fit_a_phone_and_have_no_accessibility_fault(house: House, axe: Any) -> None:
    item = waiting(house)
    faults: list[str] = []
    page = house.sign_in("lijianhua", width=390, height=844, language="en")
    page.goto(f"/work-items/{item}")
    page.wait_for_selector("#work .stick a:has-text('Session')")
    faults += axe(page)
    for address in (f"/work-items/{item}/session", "/sessions"):
        page.goto(address)
        faults += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.goto(f"/work-items/{item}/session")
    with page.expect_navigation():
        page.click("button:has-text('Open the session')")
    faults += axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("summary:has-text('Adjourn without a decision')")
    page.fill("#adjourn", "Papers are missing.")
    faults += axe(page)
    page.click("button:text-is('Adjourn')")
    page.wait_for_url(re.compile(r"/work-items/\d+"))
    assert faults == []
    assert house.complaints == []
