"""How people work: by keyboard, without JavaScript, on a phone, in large type; drafts that keep themselves."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import House
from tests.browser.test_story_of_an_expenditure import decide, file_claim, open_offered


def set_preference(page: Any, name: str, value: str) -> None:
    """Choose in the menu of one's own settings, and wait for the page that comes back in the new way."""
    page.click(".me > summary")
    with page.expect_navigation():
        page.click(f"button[name={name}][value={value}]")


def test_drafts_keep_themselves_and_the_form_is_not_stale_afterwards(house: House) -> None:
    page = house.sign_in("chenxiaomei")
    page.goto("/begin/expenditure")
    page.fill("[name=purpose]", "先写一半，一会儿再来")
    page.click("button:has-text('暂存')")
    page.wait_for_url(re.compile(r"/cases/\d+"))
    page.click("a:has-text('办理：经办填报')")
    page.fill("[name=purpose]", "先写一半，现在写完：更换自助终端主板")
    page.wait_for_selector("[data-draft-status]:has-text('已存')")
    kept = page.url
    page.goto("/")
    page.goto(kept)
    assert "现在写完" in page.input_value("[name=purpose]")
    # One more save, then handed in at once: the version has moved under the form and it still goes through the checks.
    page.fill("[name=payee]", "宿迁市恒信电子有限公司")
    page.wait_for_selector("[data-draft-status]:has-text('已存')")
    page.click("#work .stick > button:has-text('提交')")
    page.wait_for_selector("#errors")
    assert page.input_value("[name=payee]") == "宿迁市恒信电子有限公司"
    assert [c for c in house.complaints if "422" not in c] == []


def test_leaving_unsaved_words_asks_first(house: House) -> None:
    page = house.sign_in("chenxiaomei")
    page.goto("/begin/expenditure")
    page.fill("[name=purpose]", "没有保存的话")
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.click("nav.nav a:has-text('工作台')", no_wait_after=True)
    assert asked.value.type == "beforeunload"
    assert page.input_value("[name=purpose]") == "没有保存的话"


def test_the_inbox_by_keyboard_and_without_its_keys(house: House, invoice: Path) -> None:
    page = house.sign_in("chenxiaomei")
    for number in range(3):
        page.goto("/begin/expenditure")
        page.fill("[name=purpose]", f"第 {number} 份草稿，留待以后填写")
        page.click("button:has-text('暂存')")
        page.wait_for_url(re.compile(r"/cases/\d+"))
    page.goto("/inbox")
    titles = page.locator(".item b").all_inner_texts()
    assert len(titles) == 3
    for title in titles:
        page.keyboard.press("j")
        page.wait_for_selector(f"#work .title:has-text('{title}')")
    page.keyboard.press("k")
    page.wait_for_selector(f"#work .title:has-text('{titles[1]}')")
    assert page.locator(".item[aria-current] b").inner_text() == titles[1]
    assert re.search(r"/work-items/\d+", page.url)
    page.keyboard.press("e")
    focused = "document.activeElement.closest('#work') !== null"
    assert page.evaluate(focused)
    page.keyboard.type("jk")                      # letters are letters while somebody types
    assert page.locator(".item[aria-current] b").inner_text() == titles[1]
    page.goto("/inbox")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    set_preference(page, "keys", "off")
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    assert page.locator("#work .title").count() == 0


def test_everything_is_reached_with_tab_and_never_hides_under_a_bar(house: House) -> None:
    page = house.sign_in("chenxiaomei", height=600)
    page.goto("/begin/expenditure")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen, hidden = set(), []
    for _step in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate("""() => {
            const e = document.activeElement;
            if (e.matches('.skip, body')) return {name: 'skip', covered: false, outside: false};
            const box = e.getBoundingClientRect();
            const bars = [...document.querySelectorAll('.top, .stick')].filter(b => !b.contains(e));
            const covered = bars.some(b => { const r = b.getBoundingClientRect();
              return box.top >= r.top - 1 && box.bottom <= r.bottom + 1; });
            return {name: e.name || e.textContent.trim().slice(0, 20), covered, outside: box.bottom < 0 || box.top > innerHeight};
        }""")
        seen.add(place["name"])
        if place["covered"] or place["outside"]:
            hidden.append(place)
    assert hidden == []
    assert {"purpose", "amount", "payMode", "voucher", "invoiceNo"} <= seen
    assert "提交" in seen


def test_targets_are_large_enough_for_a_finger(house: House) -> None:
    page = house.sign_in("chenxiaomei", width=390, height=844)
    for address in ("/", "/inbox", "/begin/expenditure", "/cases", "/organisation"):
        page.goto(address)
        small = page.evaluate("""() => [...document.querySelectorAll('a, button, input, select, summary')].filter(e => {
            const r = e.getBoundingClientRect();
            if (!r.width || !r.height || e.type === 'hidden') return false;
            if (getComputedStyle(e).display === 'inline') return false;          // links in a sentence are exempt
            if (e.closest('label')) return false;                                // the whole label is the target
            return r.width < 24 || r.height < 24;
        }).map(e => e.outerHTML.slice(0, 120))""")
        assert small == [], address


def test_an_expenditure_without_javascript(house: House, invoice: Path) -> None:
    page = house.visitor(java_script_enabled=False)
    page.goto("/sign-in")
    page.click("a.line:has-text('陈晓梅')")
    page.click("#sign-in form button.main")
    file_claim(page, invoice)
    page.click("button:has-text('提交')")
    page.wait_for_url(re.compile(r"/cases/\d+"))
    house.work()
    head = house.visitor(java_script_enabled=False)
    head.goto("/sign-in?as=liuzhiqiang")
    head.click("#sign-in form button.main")
    open_offered(head)
    head.click("#work summary:has-text('退回')")
    head.fill("#opinion", "请写明终端编号。")
    head.click("button:has-text('确认退回')")
    head.wait_for_url(re.compile(r"/cases/\d+"))
    assert "请写明终端编号。" in head.inner_text(".timeline")
    head.goto(head.url.split("?")[0] + "?tab=diagram")
    assert "经办填报" in head.inner_text(".steps")
    assert "绘图需要 JavaScript" in head.inner_text("main")
    assert house.complaints == []


def test_on_a_phone_one_pane_at_a_time_with_the_actions_in_reach(house: House, invoice: Path, axe: Any) -> None:
    chen = house.sign_in("chenxiaomei", width=390, height=844)
    file_claim(chen, invoice)
    assert chen.evaluate("document.documentElement.scrollWidth") <= 390
    chen.click("button:has-text('提交')")
    chen.wait_for_url(re.compile(r"/cases/\d+"))
    house.work()
    liu = house.sign_in("liuzhiqiang", width=390, height=844)
    faults = axe(liu)
    liu.click(".tabbar a:has-text('待办')")
    liu.click(".views a:has-text('待签收')")
    assert liu.locator(".list").is_visible() and not liu.locator("#work").is_visible()
    liu.click(".item")
    liu.wait_for_selector("#work .title")
    assert not liu.locator(".list").is_visible()
    assert liu.locator("#work .stick button").first.is_visible()
    bottom = liu.locator("#work .stick").bounding_box()
    assert bottom["y"] + bottom["height"] <= 845
    liu.click("#work button:has-text('签收')")
    liu.wait_for_selector("#opinion")
    faults += axe(liu)
    liu.click("#work summary:has-text('退回')")
    assert liu.locator("button:has-text('确认退回')").is_visible()
    assert liu.evaluate("document.documentElement.scrollWidth") <= 390
    faults += axe(liu)
    liu.keyboard.press("Escape")
    decide(liu, "同意")
    faults += axe(liu)
    assert faults == []
    assert house.complaints == []


@pytest.mark.parametrize(("language", "scheme", "display"), [
    ("en", "light", "normal"), ("zh-CN", "dark", "normal"), ("zh-CN", "light", "large"),
])
def test_no_page_has_an_accessibility_fault(
    house: House, invoice: Path, axe: Any, language: str, scheme: str, display: str
) -> None:
    page = house.visitor(language=language, color_scheme=scheme)
    page.goto("/sign-in")
    set_preference(page, "display", display)
    faults = axe(page)
    page.goto("/sign-in?as=chenxiaomei")
    page.click("#sign-in form button.main")
    file_claim(page, invoice)
    page.click("form .stick button.main")
    page.wait_for_url(re.compile(r"/cases/\d+"))
    case = page.url.split("?")[0]
    for address in ("/", "/inbox", "/inbox?view=started", "/begin", "/cases", "/organisation", "/organisation/posts/CW.SH",
                    "/design", "/nowhere", *(f"{case}?tab={tab}" for tab in ("record", "form", "files", "trail"))):
        page.goto(address)
        faults += axe(page)
    page.goto(f"{case}?tab=diagram")
    page.wait_for_selector(".djs-element")
    faults += axe(page)
    page.click(".me > summary")
    faults += axe(page)
    assert faults == []
    assert [c for c in house.complaints if "404" not in c] == []


def test_the_diagram_is_moved_and_zoomed_by_keys_and_buttons(house: House, invoice: Path) -> None:
    page = house.sign_in("chenxiaomei")
    file_claim(page, invoice)
    page.click("button:has-text('提交')")
    page.wait_for_url(re.compile(r"/cases/\d+"))
    page.goto(page.url.split("?")[0] + "?tab=diagram")
    page.wait_for_selector(".djs-element.is-current")
    view = "document.querySelector('.viewport').getAttribute('transform')"
    fitted = page.evaluate(view)
    page.click("button[data-zoom=in]")
    zoomed = page.evaluate(view)
    assert zoomed != fitted
    page.focus("button[data-zoom=in]")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(view) != zoomed
    page.keyboard.press("0")
    assert page.evaluate(view) == fitted
    assert house.complaints == []


def test_a_file_that_is_too_large_is_named_before_it_is_sent(house: House, tmp_path: Path) -> None:
    house.app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    large = tmp_path / "大文件.pdf"
    large.write_bytes(b"%PDF-1.4" + b"0" * (2 * 1024 * 1024))
    page = house.sign_in("chenxiaomei")
    page.goto("/begin/expenditure")
    page.set_input_files("[name=voucher]", large)
    assert "大文件.pdf" in page.evaluate("document.querySelector('[name=voucher][type=file]').validationMessage")
