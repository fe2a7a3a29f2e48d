"""What the pages of cases share."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, request
from flask_login import current_user

from ... import clock
from ...definitions import queries as definitions
from ...errors import Conflict
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...parties import queries as parties
from .. import filling, lists, queries, telling, worklists

blueprint = Blueprint("cases", "app.cases", template_folder="templates")
blueprint.app_context_processor(lambda: {"signings": telling.SIGNINGS})

VIEWS = ("allocated", "offered", "completed", "started", "drafts")
TABS = ("form", "record", "diagram", "files", "trail")


def me() -> int:
    return current_user.person_id


def role() -> str:
    return str(current_user.role)


def panes() -> dict[str, Any]:
    """The two panes on the left: the views, and the list with its filters from the address."""
    view = request.values.get("_view", request.args.get("view", "allocated"))
    wanted = {"q": request.args.get("q", "")[:80], "process": request.args.get("process", "")[:120],
              "due": request.args.get("due", "")}
    page = lists.work_items(
        view, person=me(), process=wanted["process"] or None, q=wanted["q"] or None,
        due_before=before(wanted["due"]), cursor=request.args.get("after"), ordering=worklists.ordering_of(me()),
    )
    items = page.items
    return {
        "view": view, "views": VIEWS, "items": items, "older": page.cursor, "wanted": wanted, "state": telling.STATE,
        "names": names_of(items), "processes": definitions.all_active(),
    }


def before(due: str) -> datetime | None:
    now = clock.now()
    if due == "overdue":
        return now
    if due == "today":
        here = now.astimezone(ZoneInfo(current_app.config["GANGZE_ZONE"]))
        return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return None


def urgency(item: Any) -> tuple[bool, Any, int]:
    return item.due_at is None, item.due_at, item.id


def late(item: Any) -> bool:
    return item.due_at is not None and item.due_at < clock.now()


def names_of(items: list[Any]) -> dict[int, str]:
    return organisation.names({
        person for i in items for person in (i.initiator_id, i.assignee_id, i.on_behalf_of_id, *i.principals) if person
    })


def concerned(view: queries.CaseView, besides: set[int] = frozenset()) -> dict[int, str]:
    """The names of everybody who has to do with a case."""
    acted = {person for people in view.performed.values() for person in people}
    hold = {item.assignee_id for item in view.items if item.assignee_id}
    return organisation.names(acted | hold | besides | {view.case.initiator_id or 0})


def party_of(key: str | None) -> str:
    """Whom a case is about, by name; "" where it is about nobody, or about one of the office's own."""
    return parties.names([key]).get(key, "") if key else ""


def version() -> int:
    text = request.form.get("_version", "")
    if not text.isdigit():
        raise Conflict(Text("页面已过期，请刷新后再办。", "This page is stale; reload it and try again."))
    return int(text)


def typed(form: Any) -> dict[str, Any]:
    """What was typed, without its files."""
    from ...kernel.forms import read_post

    return read_post(form, request.form.items(multi=True), ignore=filling.OURS) if form is not None else {}
