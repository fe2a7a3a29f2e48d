"""The desk of separation in a browser: leave stalls a case, the desk says what would help, and what if it were others."""
from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import House
from tests.browser.test_story_of_an_expenditure import file_claim


def filed(house: House, invoice: Path) -> tuple[Any, str]:
    """Chen Xiaomei hands in a claim; her page, and the id of the case."""
    chen = house.sign_in("chenxiaomei")
    file_claim(chen, invoice)
    chen.click("button:has-text('提交')")
    chen.wait_for_url(re.compile(r"/cases/\d+"))
    house.work()
    return chen, re.search(r"/cases/(\d+)", chen.url)[1]  # type: ignore[index]


def _in_the_house(house: House, act: Callable[[], Any]) -> Any:
    """Something done to the served application; Playwright runs an event loop in the test's own thread."""
    from app.extensions import db

    found: list[Any] = []

    def once() -> None:
        with house.app.app_context():
            found.append(act())
            db.session.remove()

    thread = threading.Thread(target=once)
    thread.start()
    thread.join()
    return found[0]


def leave(house: House, post: str, *, end: bool = False) -> None:
    """Everybody of a post goes on leave, or comes back; then the worker looks."""
    from datetime import timedelta

    from app import jobs
    from app.change import Actor
    from app.extensions import db
    from app.organisation import actions as organisation
    from app.organisation import queries as register
    from app.organisation.models import Absence
    from app.registers import today

    def act() -> None:
        actor = Actor.system("test")
        for holder in register.holders(today(), post_code=post):
            if end:
                for absence in db.session.scalars(db.select(Absence.id).where(Absence.person_id == holder.person_id)).all():
                    organisation.end_absence(absence, until=today() - timedelta(days=1), actor=actor)
            else:
                organisation.record_absence(
                    holder.person_id, since=today() - timedelta(days=1), reason="病假", actor=actor)
        while jobs.sweep():
            pass

    _in_the_house(house, act)


def test_leave_stalls_a_case_and_the_desk_says_what_would_help(house: House, invoice: Path) -> None:
    chen, _case = filed(house, invoice)
    leave(house, "CW.SH")
    desk = house.sign_in("zengqinghua")
    with desk.expect_navigation():
        desk.click("nav.nav a:has-text('职责分离')")
    line = desk.locator("section:has(#stalled) li", has_text="S01-2026-0001").first
    assert "会计审核" in line.inner_text() and "返岗" in line.inner_text()
    with desk.expect_navigation():
        line.locator("a", has_text="S01-2026-0001").click()
    assert "无人可办" in desk.locator(".timeline").inner_text()
    with desk.expect_navigation():
        desk.click(".timeline a:has-text('谁能办、为什么')")
    assert desk.locator(".note.stop").is_visible()
    with desk.expect_navigation():
        desk.click("nav.tabs a:has-text('不可办')")
    assert "show=may-not" in desk.url and desk.locator(".people > li").count() >= 2
    chen.goto("/")
    assert "停办" in chen.locator("main").inner_text()
    leave(house, "CW.SH", end=True)
    desk.goto("/separation")
    assert desk.locator("section:has(#stalled) > .lines").count() == 0
    assert "恢复办理" in desk.locator("section:has(#stalled)").inner_text()
    assert [c for c in house.complaints if "409" not in c] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_what_if_by_choosing_people(house: House, scripts: bool) -> None:
    page = house.sign_in("shenliqun" if scripts else "zengqinghua", java_script_enabled=scripts)
    page.goto("/separation/what-if")
    for name in ("何志远", "宋佳"):
        page.fill("#q", name)
        with page.expect_navigation():
            page.click("button:has-text('查找')")
        with page.expect_navigation():
            page.click(f".results button:has-text('{name}')")
    assert page.locator(".chosen li").count() == 2
    assert "S01" in page.locator("section:has(#broken)").inner_text()
    page.select_option("#vacant", "CW.CN")
    with page.expect_navigation():
        page.click("button.main:has-text('推演')")
    assert page.locator(".chosen li").count() == 3
    with page.expect_navigation():
        page.click(".chosen button:has-text('移除') >> nth=0")
    assert page.locator(".chosen li").count() == 2
    with page.expect_navigation():
        page.click("a:has-text('重新开始')")
    assert page.locator(".chosen").count() == 0


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_axe_finds_nothing_on_the_desk_wide_or_on_a_phone(
    house: House, axe: Callable[[Any], list[str]], invoice: Path, language: str
) -> None:
    _chen, case = filed(house, invoice)
    leave(house, "CW.SH")
    for width, height in ((1280, 860), (390, 844)):
        page = house.sign_in("zengqinghua", language=language, width=width, height=height)
        for address in (
            "/separation", "/separation/resilience", "/separation/findings", "/separation/what-if?q=王",
            "/separation/what-if?absent=5&absent=9&vacant=CW.KZ", f"/separation/explain?case={case}&node=head",
        ):
            page.goto(address)
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert house.complaints == []
