"""S01 told as a story: filed, checked, refused to the wrong person, returned, corrected, paid, booked, proved."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.browser.conftest import House


def file_claim(page: Any, invoice: Path) -> None:
    """Fill in the claim for 12,800 yuan."""
    page.goto("/begin/expenditure")
    page.fill("[name=purpose]", "办税服务厅 2 号、5 号自助终端主板更换及调试费用")
    page.select_option("[name=category]", "repair")
    page.select_option("[name=budgetItem]", "30213")
    page.fill("[name=amount]", "12,800.00")
    page.fill("[name=payee]", "宿迁市恒信电子有限公司")
    page.check("[name=payMode][value=transfer]")
    page.set_input_files("[name=voucher]", invoice)
    page.fill("[name=invoiceNo]", "24327000000182640213")
    page.fill("[name=upstream]", "S08-2026-0031")


def open_offered(page: Any, title: str = "自助终端") -> None:
    """From the inbox: take what is offered."""
    page.goto("/inbox?view=offered")
    page.click(f".item:has-text('{title}')")
    page.wait_for_selector("#work form")
    page.click("#work button:has-text('签收')")
    page.wait_for_selector("#opinion")


def decide(page: Any, button: str, opinion: str = "") -> None:
    page.fill("#opinion", opinion)
    page.click(f"#work .stick > button:has-text('{button}')")
    page.wait_for_url(re.compile(r"/cases/\d+"))


def in_session(house: House, sun: Any, minutes: Path, axe: Any) -> list[str]:
    """The director convenes the office meeting and presides; its members vote each under their own name, he last."""
    faults: list[str] = []
    sun.click("#work .stick a:has-text('会议')")
    sun.wait_for_selector("h1:has-text('召集会议')")
    assert "6 人中须到会 4 人" in sun.inner_text("main")
    sun.uncheck("label:has-text('赵文斌') input[name=present]")
    faults += axe(sun)
    sun.click("button:has-text('开会')")
    sun.wait_for_url(re.compile(r"/sessions/\d+"))
    assert "主持人末位表态" in sun.inner_text("#ballot")
    assert sun.is_disabled("button:has-text('计票并散会')")
    for name, choice, reason in (("lijianhua", "agree", ""), ("wangdeming", "disagree", "应先修后换。"),
                                 ("shenliqun", "agree", ""), ("guhaifeng", "agree", "")):
        member = house.sign_in(name)
        member.goto("/")
        assert "有会议等您表决" in member.inner_text("main")
        member.goto("/sessions")
        member.click("a.line:has-text('自助终端')")
        member.wait_for_selector("#ballot form")
        member.check(f"#ballot input[value={choice}]")
        member.fill("#ballot textarea", reason)
        faults += axe(member)
        with member.expect_navigation():
            member.click("#ballot button:has-text('投票')")
        assert member.locator("#ballot").count() == 0
        assert "应先修后换" not in member.inner_text("main")      # how others voted is told when the session is closed
    sun.reload()
    sun.check("#ballot input[value=agree]")
    with sun.expect_navigation():
        sun.click("#ballot button:has-text('投票')")
    sun.fill("[name=meetingNo]", "局办〔2026〕31 号")
    sun.set_input_files("[name=_minutes_files]", minutes)
    faults += axe(sun)
    sun.click("button:has-text('计票并散会')")
    sun.wait_for_url(re.compile(r"/cases/\d+"))
    record = sun.inner_text("section.card:has-text('办公会决定')")
    assert "4 票同意，1 票不同意" in record and "应先修后换" in record
    faults += axe(sun)
    return faults


def test_an_expenditure_is_filed_refused_returned_corrected_paid_booked_and_proved(
    house: House, invoice: Path, axe: Any
) -> None:
    faults: list[str] = []

    # Chen Xiaomei files it.
    chen = house.sign_in("chenxiaomei")
    file_claim(chen, invoice)
    faults += axe(chen)
    chen.click("button:has-text('提交')")
    chen.wait_for_url(re.compile(r"/cases/\d+"))
    case_path = re.search(r"/cases/\d+", chen.url)[0]
    assert "办税服务厅 2 号" in chen.inner_text("h1")
    house.work()

    # Zheng Wei, deputy head of her department, approves: he also holds the accountant's post.
    zheng = house.sign_in("zhengwei")
    open_offered(zheng)
    faults += axe(zheng)
    decide(zheng, "同意", "情况属实。")

    # So he may not audit. He goes to the item all the same, and is told why, and who may.
    house.work()
    zheng.goto(case_path)
    zheng.click("a:has-text('查看')")
    assert "您不能办理本件的“会计审核”" in zheng.inner_text("#work")
    zheng.click("#work button:has-text('签收')")
    zheng.wait_for_selector("main:has-text('您不能办理“会计审核”')")
    refusal = zheng.inner_text("main")
    assert "您不能办理“会计审核”" in refusal
    assert "郑伟" in refusal and "部门审核" in refusal              # the earlier act
    assert "依据" in refusal and "财务制度" in refusal              # the clause
    assert "周文静" in refusal                                      # who may act instead
    assert re.search(r"为本办件第 \d+ 条", refusal)                 # where it is recorded
    faults += axe(zheng)

    # Zhou Wenjing audits and sends it back once, to come straight back to her.
    zhou = house.sign_in("zhouwenjing")
    open_offered(zhou)
    zhou.fill("#opinion", "缺维修验收单，请补充后直送我。")
    zhou.click("#work summary:has-text('退回')")
    zhou.check("[name=_to][value=file]")
    zhou.check("[name=_straight][value=yes]")
    faults += axe(zhou)
    zhou.click("button:has-text('确认退回')")
    zhou.wait_for_url(re.compile(r"/cases/\d+"))
    assert "缺维修验收单" in zhou.inner_text(".timeline")

    # Chen corrects it.
    chen.goto("/inbox")
    chen.click(".item:has-text('自助终端')")
    chen.fill("[name=purpose]", "办税服务厅 2 号、5 号自助终端主板更换及调试费用，附维修验收单")
    chen.click("#work .stick > button:has-text('提交')")
    chen.wait_for_url(re.compile(r"/cases/\d+"))
    house.work()

    # The rest of the way.
    zhou.goto("/inbox")
    zhou.click(".item:has-text('自助终端')")
    decide(zhou, "同意", "票据齐全，同意支付 12,800.00 元。")
    for name in ("hezhiyuan", "zhaowenbin"):
        house.work()
        page = house.sign_in(name)
        open_offered(page)
        decide(page, "同意")
    # 12,800 yuan is more than one pen may approve: the office meeting decides.
    house.work()
    sun = house.sign_in("sunguoliang")
    open_offered(sun)
    faults += axe(sun)
    faults += in_session(house, sun, invoice, axe)
    house.work()
    feng = house.sign_in("fengli")
    open_offered(feng)
    feng.fill("[name=paidAmount]", "12800")
    feng.fill("[name=paidOn]", "2026-11-24")
    feng.fill("[name=paymentRef]", "ICBC-20261124-0031")
    decide(feng, "提交")
    house.work()
    tang = house.sign_in("tangxiaodong")
    open_offered(tang)
    tang.fill("[name=journalNo]", "记-2026-11-0420")
    tang.fill("[name=bookedOn]", "2026-11-24")
    decide(tang, "提交")
    house.work()

    # The timeline tells it …
    chen.goto(case_path)
    assert "已办结" in chen.inner_text(".page-head")
    story = chen.inner_text(".timeline")
    for told in ("发起", "同意", "拒绝办理", "退回 经办填报", "票据齐全", "办结"):
        assert told in story, told
    faults += axe(chen)

    # … the diagram tells it …
    chen.goto(f"{case_path}?tab=diagram")
    chen.wait_for_selector(".djs-element.is-passed")
    assert chen.locator(".djs-element.is-passed[data-element-id=book]").count() == 1
    assert chen.locator(".bjs-powered-by").is_visible()
    assert "记账归档" in chen.inner_text(".steps")
    faults += axe(chen)

    # … the file is there, the trail is whole.
    chen.goto(f"{case_path}?tab=files")
    with chen.expect_download() as download:
        chen.click("a:has-text('发票.pdf')")
    assert Path(download.value.path()).read_bytes() == invoice.read_bytes()
    chen.goto(f"{case_path}?tab=trail")
    assert "链完整" in chen.inner_text("main")
    faults += axe(chen)
    for tab in ("form", "files"):
        chen.goto(f"{case_path}?tab={tab}")
        faults += axe(chen)

    assert faults == []
    # The refusal is an answer of 409 and the browser notes that; nothing else may be complained of.
    assert [c for c in house.complaints if "409" not in c] == []
    _proved(house)


def _proved(house: House) -> None:
    """Exported as JSON Lines and XES, verified; one byte changed with SQL alone, and named."""
    import sqlite3

    run = house.app.test_cli_runner()
    folder = Path(house.app.config["GANGZE_HOME"])
    for kind in ("jsonl", "xes"):
        out = folder / f"trail.{kind}"
        done = run.invoke(args=["audit", "export", "--format", kind, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert out.stat().st_size > 1000
    first = json.loads((folder / "trail.jsonl").read_text().splitlines()[0])
    assert first
    assert run.invoke(args=["audit", "verify"]).exit_code == 0
    with house.app.app_context():
        from app.extensions import db
        from app.trail.models import Entry

        entry = db.session.execute(
            select(Entry.id, Entry.body).where(Entry.what == "work_item.returned")).first()
        db.session.remove()
    store = sqlite3.connect(folder / "gangze.sqlite")
    for name, in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'").fetchall():
        store.execute(f"DROP TRIGGER {name}")
    changed = bytes(entry.body).replace(b"12,800", b"92,800") if b"12,800" in bytes(entry.body) else \
        bytes(entry.body)[:-2] + b" }"
    store.execute("UPDATE entry SET body = ? WHERE id = ?", (changed, entry.id))
    store.commit()
    store.close()
    told = run.invoke(args=["audit", "verify"])
    assert told.exit_code == 1
    assert str(entry.id) in told.output
