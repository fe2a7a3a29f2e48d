"""Made-up content for the page that shows the parts of the design system."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace as Thing
from typing import Any

from ..kernel.calendar import Remaining
from ..kernel.forms import Field
from ..kernel.text import Text


def _field(name: str, widget: str, zh: str, en: str, **more: Any) -> Field:
    return Field(name, name, Text(zh, en), widget, more.pop("kind", "string"), **more)


def sample() -> dict[str, Any]:
    """Fields of every kind with values, a stepper, a timeline."""
    subjects = (("repair", Text("维修(护)费", "Maintenance")), ("office", Text("办公费", "Office supplies")),
                ("travel", Text("差旅费", "Travel")))
    ways = (("transfer", Text("转账", "Transfer")), ("card", Text("公务卡", "Official card")),
            ("cash", Text("现金", "Cash")))
    fields = [
        _field("payee", "text", "收款人", "Payee", required=True, maximum_length=60),
        _field("amount", "money", "核定金额", "Approved amount", required=True,
               help=Text("不含税，最多两位小数。", "Without tax, two decimal places at most.")),
        _field("subject", "select", "预算科目", "Budget subject", options=subjects),
        _field("date", "date", "发票日期", "Invoice date"),
        _field("visit", "datetime", "到场时间", "Visit"),
        _field("pieces", "number", "数量", "Pieces"),
        _field("way", "radio", "支付方式", "Way of payment", options=ways, required=True),
        _field("checked", "checkboxes", "审核要点", "Points checked", options=(
            ("invoice", Text("票据合规", "Invoice in order")), ("standard", Text("标准内", "Within the standard")),
            ("before", Text("前置单一致", "Agrees with the earlier approval")))),
        _field("urgent", "checkbox", "加急", "Urgent"),
        _field("purpose", "textarea", "支出事由", "Purpose", required=True),
        _field("invoice", "file", "附件", "Attachments"),
        _field("lines", "table", "明细", "Lines", fields=(
            _field("what", "text", "内容", "What", required=True), _field("count", "number", "数量", "Count"),
            _field("price", "money", "单价", "Price"))),
    ]
    values = {
        "payee": "宿迁市恒信电子有限公司", "amount": Decimal("12800"), "subject": "repair", "date": "2026-04-18",
        "visit": datetime(2026, 4, 18, 1, 30, tzinfo=UTC), "pieces": 2, "way": "transfer",
        "checked": ["invoice", "standard"], "urgent": False,
        "purpose": "办税服务厅 2 号、5 号自助终端主板更换及调试", "invoice": [],
        "lines": [{"what": "主板", "count": 2, "price": Decimal("5600")},
                  {"what": "调试", "count": 1, "price": Decimal("1600")}],
    }
    errors = {"amount": [Text("不能超过科目余额 46,200.00 元。", "Must not exceed the balance of 46,200.00 yuan.")],
              "lines.1.what": [Text("请写明内容。", "Say what it is.")]}
    steps = [
        Thing(name=Text("经办填报", "File"), who="陈晓梅", state="done"),
        Thing(name=Text("部门审核", "Department review"), who="刘志强", state="done"),
        Thing(name=Text("会计审核", "Accountant"), who="周文静", state="now"),
        Thing(name=Text("财务科长", "Finance head"), who="", state="next"),
        Thing(name=Text("支付", "Payment"), who="", state="next"),
    ]
    now = datetime(2026, 4, 20, 1, 12, tzinfo=UTC)
    acts = [
        Thing(look="", node=Text("经办填报", "File"), badge=Text("提交", "submitted"), tone="", at=now,
              who="陈晓梅", line=Text("部门经办人", "Department clerk"), say=None),
        Thing(look="ok", node=Text("部门审核", "Department review"), badge=Text("同意", "agreed"), tone="ok",
              at=now + timedelta(hours=6), who="刘志强", line=Text("部门负责人", "Department head"), say=None),
        Thing(look="stop", node=Text("会计审核", "Accountant"), badge=Text("拒绝办理", "refused"), tone="stop",
              at=now + timedelta(hours=7), who="刘志强", line=Text("职责分离 c1", "Separation of duties c1"), say=None),
        Thing(look="back", node=Text("会计审核", "Accountant"), badge=Text("退回 经办填报", "returned to File"),
              tone="warn", at=now + timedelta(hours=25), who="周文静", line=Text("审核会计", "Accountant"),
              say="缺维修验收单，请补充后直送我。"),
        Thing(look="now", node=Text("经办填报", "File"), badge=Text("待办", "waiting"), tone="brand",
              at=now + timedelta(hours=25), who="陈晓梅", line=Text("部门经办人", "Department clerk"), say=None),
    ]
    return {"fields": fields, "values": values, "errors": errors, "steps": steps, "acts": acts,
            "left": [Remaining(timedelta(hours=hours), days, Decimal(hours - 7 * days), overdue, days < 9)
                     for hours, days, overdue in ((2, 0, True), (3, 0, False), (15, 2, False), (70, 10, False))]}
