"""What judging forms and expressions costs: ``python -m tests.bench.forms``, or ``run()`` from elsewhere."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from app.kernel.bpmn.model import Limit
from app.kernel.calendar import chinese
from app.kernel.expressions import compile
from app.kernel.forms import Form
from tests.kernel.forms.test_forms import EXPENSE, GOOD, PURCHASE


def cost(act: Callable[[], object], number: int) -> float:
    """The best of three averages of ``act``, in microseconds."""
    return min(timeit.repeat(act, number=number, repeat=3)) / number * 1e6


def run(number: int = 1000) -> dict[str, float]:
    """All figures in microseconds, by what was done.

    Args:
        number: how often each is done for one average.
    """
    expense, purchase, calendar = Form.parse(EXPENSE), Form.load(PURCHASE), chinese()
    rows = {"items": [{"asset": "电脑", "qty": "3", "unitPrice": "4999.99"}] * 10}
    now, limit = datetime(2026, 2, 10, tzinfo=UTC), Limit(20)
    condition = compile('金额 > 10000 and 审核.decision == "同意"')
    data = {"金额": Decimal("10000.01"), "审核": {"decision": "同意"}}
    return {
        "form of 10 fields with if/then and 2 rules": cost(lambda: expense.validate(GOOD), number),
        "form with a table of 10 calculated rows": cost(lambda: purchase.validate(rows), number),
        "loading a form of 10 fields": cost(lambda: Form.parse(EXPENSE), max(1, number // 50)),
        "condition": cost(lambda: condition.evaluate(data), number),
        "due after 20 working days": cost(lambda: calendar.due(now, limit), number),
        "working time between two days a year apart": cost(
            lambda: calendar.working_time_between(now, now.replace(year=2025)), number
        ),
    }


if __name__ == "__main__":
    for name, microseconds in run().items():
        print(f"{name:58} {microseconds:9.1f} µs")
