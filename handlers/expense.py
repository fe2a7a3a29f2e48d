"""Expenditure: an invoice is claimed for once."""
from __future__ import annotations

from app.change import Actor
from app.handling import ServiceError, Work, service
from app.kernel.text import Text
from app.office import actions


@service("expense.check", title=Text("查验发票", "Check the invoice"), inputs=("invoiceNo", "amount", "payMode"))
def check(work: Work, invoiceNo: str, amount: object = None, payMode: object = None) -> None:
    """BPMN error ``duplicate-invoice`` where another case has claimed for the invoice."""
    if not actions.use_invoice(invoiceNo, case_id=work.case_id, actor=Actor.system("expense.check")):
        raise ServiceError("duplicate-invoice", Text(
            f"发票 {invoiceNo} 已在其他办件中报销", f"invoice {invoiceNo} was claimed for in another case"
        ))
