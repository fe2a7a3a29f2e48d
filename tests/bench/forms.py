"""What judging forms and expressions costs; run as ``python -m tests.bench.forms``. Prints, asserts nothing."""

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


def cost(name: str, act: Callable[[], object], number: int = 2000) -> None:
    """Print the best of five averages of ``act`` in microseconds."""
    best = min(timeit.repeat(act, number=number, repeat=5)) / number
    print(f"{name:58} {best * 1e6:9.1f} µs")


def main() -> None:
    expense, purchase, calendar = Form.parse(EXPENSE), Form.load(PURCHASE), chinese()
    rows = {"items": [{"asset": "电脑", "qty": "3", "unitPrice": "4999.99"}] * 10}
    now, limit = datetime(2026, 2, 10, tzinfo=UTC), Limit(20)
    condition = compile('金额 > 10000 and 审核.decision == "同意"')
    data = {"金额": Decimal("10000.01"), "审核": {"decision": "同意"}}
    cost("form of 10 fields with if/then and 2 rules", lambda: expense.validate(GOOD))
    cost("form with a table of 10 calculated rows", lambda: purchase.validate(rows))
    cost("loading a form of 10 fields", lambda: Form.parse(EXPENSE), 50)
    cost("condition", lambda: condition.evaluate(data))
    cost("due after 20 working days", lambda: calendar.due(now, limit))
    cost(
        "working time between two days a year apart", lambda: calendar.working_time_between(now, now.replace(year=2025))
    )


if __name__ == "__main__":
    main()
