"""Processes in the browser: what S01 demands, drawn and said; its rules changed by one person, activated by another."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import House


@pytest.fixture
def office(house: House) -> Iterator[House]:
    """The bureau with a second administrator."""
    yield house


def open_s01(page: Any) -> None:
    page.goto("/processes")
    with page.expect_navigation():
        page.click("main a:has-text('经费支出审批')")
    page.wait_for_selector(".djs-container .rule")


def press(page: Any, button: str) -> None:
    """A button that sends the form of rules."""
    with page.expect_navigation():
        page.click(f".stick button:has-text('{button}')")


def add_rule(page: Any, kind: str, *steps: str, **options: str) -> Any:
    """One more rule in the table."""
    page.select_option("#_kind", kind)
    with page.expect_navigation():
        page.click("button[value=add]")
    row = page.locator("table.edit > tbody > tr").last
    for step in steps:
        row.get_by_label(step, exact=True).check()
    for name, value in options.items():
        row.locator(f"[name$='.{name}']").fill(value)
    return row


def drop_last(page: Any) -> None:
    with page.expect_navigation():
        page.locator("table.edit > tbody > tr").last.locator("button[value^=drop]").click()


def test_a_process_is_looked_at_its_rules_changed_and_the_draft_activated_by_another(office: House) -> None:
    lei = office.sign_in("leiming")
    open_s01(lei)

    # The rules are drawn: lines between the steps, a badge at each step where somebody must step aside.
    drawn = lei.locator(".djs-container .rule")
    rows = lei.locator("table tr[data-rule]")
    rules = rows.count()
    assert drawn.count() == rules >= 6
    assert lei.locator(".rule.differ .line").count() >= 9
    assert lei.locator(".rule.recuse .sign").count() == 3

    # Pointing at a line says what it demands, and lights up its row.
    rows.nth(1).hover()
    tip = lei.locator("[data-rule-tip]")
    assert "“经办填报”、“办公会决定”须由不同人员办理" in tip.inner_text()
    assert lei.locator(".rule.is-on").count() == 1
    lei.locator("h1").hover()
    assert "Tab" in tip.inner_text()

    # A rule that the people of today cannot keep is told with its reason before anything is stored.
    with lei.expect_navigation():
        lei.click("a:has-text('修改规则')")
    add_rule(lei, "same", "支付", "记账归档", basis="测试")
    press(lei, "按现有人员试算")
    said = lei.inner_text("#errors, #trial")
    assert "不能同时遵守" in said and "differ-pay-book" in said and "会计法" in said
    drop_last(lei)
    add_rule(lei, "people", "经办填报", "部门审核", "会计审核", "财务科长审核", "审批", "支付", "记账归档", max="3", basis="测试")
    press(lei, "按现有人员试算")
    assert "不能同时遵守" in lei.inner_text("#errors, #trial")
    drop_last(lei)
    # No contradiction in itself, but this bureau has its finance head, cashiers and bookkeepers in two departments.
    add_rule(lei, "departments", "财务科长审核", "支付", "记账归档", basis="测试")
    press(lei, "按现有人员试算")
    trial = lei.inner_text("#trial")
    assert "不能办完" in trial and "支付" in trial and "departments-1" in trial
    drop_last(lei)

    assert lei.locator("table.edit > tbody > tr").count() == rules

    # A good one can be worked, and becomes a draft.
    add_rule(lei, "differ", "部门审核", "党组决定", basis="三重一大决策制度")
    press(lei, "按现有人员试算")
    trial = lei.inner_text("#trial")
    assert "可以办完" in trial and "+ differ-1" in trial and "人员余量" in trial
    lei.fill("#reason", "审计建议")
    press(lei, "存为新草稿")
    assert "已存为草稿" in lei.inner_text("body")
    assert "v2" in lei.inner_text(".page-head") and "草稿" in lei.inner_text(".page-head")
    assert lei.locator("form[action$='/activate']").count() == 0
    draft = re.search(r"/processes/\d+", lei.url)[0]

    # Who made it cannot activate it; somebody else can, and new cases start on it.
    wen = office.sign_in("wenjing")
    wen.goto(draft)
    wen.click("form[action$='/activate'] button")
    with wen.expect_navigation():
        wen.click("dialog button[value=yes]")
    assert "已启用" in wen.inner_text(".page-head")
    wen.goto(draft + "?tab=versions")
    versions = wen.inner_text("main table")
    assert "+ differ-1" in versions and "雷鸣" in versions and "闻静" in versions and "已停用" in versions
    assert [c for c in office.complaints if "422" not in c] == []


def test_rules_are_told_by_keyboard(office: House) -> None:
    page = office.sign_in("chenxiaomei")
    open_s01(page)
    page.locator(".djs-container .rule").first.focus()
    tip = page.locator("[data-rule-tip]")
    assert "须由不同人员办理" in tip.inner_text()
    first = tip.inner_text()
    page.keyboard.press("Tab")
    assert tip.inner_text() != first and page.locator(".rule.is-on").count() == 1
    second = tip.inner_text()
    page.keyboard.press("Enter")
    assert page.locator(".rule[aria-pressed=true]").count() == 1
    page.locator("h1").hover()
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    assert tip.inner_text() == second               # held
    page.locator(".rule[aria-pressed=true]").focus()
    page.keyboard.press("Escape")
    assert page.locator(".rule[aria-pressed=true]").count() == 0
    # An officer reads; nothing here invites to change.
    assert page.locator("a:has-text('修改规则')").count() == page.locator("form[action$='/activate']").count() == 0


def test_another_kind_shows_its_own_conditions_and_what_was_typed_stays(office: House) -> None:
    page = office.sign_in("leiming")
    open_s01(page)
    with page.expect_navigation():
        page.click("a:has-text('修改规则')")
    page.fill("[name='rules.1.basis']", "另一条依据")
    with page.expect_navigation():
        page.select_option("[name='rules.1.kind']", "rotate")
    assert page.input_value("[name='rules.1.basis']") == "另一条依据"
    assert page.locator("[name='rules.1.months']").is_visible()
    press(page, "按现有人员试算")
    assert page.get_attribute("[name='rules.1.months']", "aria-invalid") == "true"
    assert page.locator("#errors a[href='#rules.1.months']").count() == 1


def test_without_javascript_the_tables_say_the_rules_and_change_them(office: House) -> None:
    page = office.visitor(java_script_enabled=False)
    page.goto("/sign-in?as=leiming")
    with page.expect_navigation():
        page.click("#sign-in form button.main")
    page.goto("/processes")
    with page.expect_navigation():
        page.click("main a:has-text('经费支出审批')")
    assert "须由不同人员办理" in page.inner_text("main table") and "表格以文字说明" in page.inner_text("main")
    with page.expect_navigation():
        page.click("a:has-text('修改规则')")
    add_rule(page, "people", "支付", "记账归档", min="2", basis="会计法")
    press(page, "按现有人员试算")
    assert "可以办完" in page.inner_text("#trial")
    press(page, "存为新草稿")
    assert "已存为草稿" in page.inner_text("body")


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 1280), ("en", 1280), ("zh-CN", 390), ("en", 390)])
def test_the_pages_of_processes_have_no_fault_of_access(
    office: House, axe: Any, language: str, width: int
) -> None:
    page = office.sign_in("leiming", language=language, width=width)
    faults: list[str] = []
    page.goto("/processes")
    faults += axe(page)
    with page.expect_navigation():
        page.locator("main td a b").nth(1).click()
    page.wait_for_selector(".djs-container .rule")
    faults += axe(page)
    where = page.url
    for tab in ("steps", "check", "versions"):
        page.goto(f"{where}?tab={tab}")
        faults += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(where + "/rules")
    page.wait_for_selector(".djs-container .rule")
    page.select_option("#_kind", "collective")
    with page.expect_navigation():
        page.click("button[value=add]")
    with page.expect_navigation():
        page.click(".stick button[value=preview]")
    page.wait_for_selector("#errors")
    faults += axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults == []
    assert [c for c in office.complaints if "422" not in c] == []
