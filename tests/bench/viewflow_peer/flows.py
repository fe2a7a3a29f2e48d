"""The approval of ``tests.bench.approval``, as viewflow writes a process: in Python."""
from __future__ import annotations

from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process


def _data(activation: Any) -> dict[str, Any]:
    return activation.process.data


class ApprovalFlow(flow.Flow):
    """apply → within bounds? → review → agreed? → sign, with the way back to apply."""

    process_class = Process

    start = flow.StartHandle().Next(this.apply)
    apply = flow.View(None).Next(this.bounds)
    bounds = flow.If(lambda activation: _data(activation)["amount"] < 0).Then(this.no).Else(this.review)
    review = flow.View(None).Next(this.agreed)
    agreed = flow.If(lambda activation: _data(activation)["decision"] == "supplement").Then(this.apply).Else(this.sign)
    sign = flow.View(None).Next(this.end)
    end = flow.End()
    no = flow.End()
