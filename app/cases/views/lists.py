"""工作台, inbox, cases: the lists."""
from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_login import current_user

from ...organisation import queries as organisation
from ...permission import needs
from .. import lists, notices, telling
from ..models import CaseStatus
from .common import blueprint, late, me, names_of, panes, role, urgency


@blueprint.get("/")
@needs("signed in")
def home() -> Any:
    """工作台: what is due, what is offered, what I started, what I was told."""
    mine = lists.work_items("allocated", person=me()).items
    offered = lists.work_items("offered", person=me()).items
    started = lists.cases_of(me(), limit=8)
    soonest = sorted(mine, key=urgency)
    return render_template(
        "cases/home.html", mine=soonest[:8], offered=offered[:8], started=started, status=telling.STATUS,
        notices=lists.notices(me(), limit=8), names=names_of(mine + offered),
        figures={
            "allocated": len(mine), "offered": len(offered), "overdue": sum(late(item) for item in mine),
            "running": sum(case.status == CaseStatus.RUNNING for case in started),
        },
    )


@blueprint.post("/notices/read")
@needs("signed in")
def notices_read() -> Any:
    """已阅: every notice so far."""
    notices.mark_read(me(), actor=current_user.actor)
    return redirect(url_for(".home"))


@blueprint.get("/inbox")
@needs("signed in")
def inbox() -> Any:
    return render_template("cases/inbox.html", **panes(), opened=None)


@blueprint.get("/cases")
@needs("signed in")
def index() -> Any:
    """The cases I may see, newest first."""
    q = request.args.get("q", "").strip()[:80]
    found = lists.visible_cases(current_user.actor, role(), q=q or None)
    return render_template(
        "cases/index.html", cases=found, q=q, status=telling.STATUS,
        names=organisation.names({c.initiator_id for c in found if c.initiator_id}),
    )
