"""The top of every page: the rooms this person may enter, and nothing else."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ..cases import lists
from ..permission import PERMISSIONS, needed_by


@dataclass(frozen=True, slots=True)
class Room:
    endpoint: str
    label: Any
    icon: str
    inside: tuple[str, ...]  # endpoints that begin with one of these are this room's pages
    phone: bool = True  # has a place in the bottom bar of a phone


ROOMS = (
    Room("cases.home", _l("Home"), "home", ("cases.home",)),
    Room("cases.inbox", _l("Inbox"), "inbox", ("cases.inbox", "cases.work_item", "cases.choose", "cases.chosen", "cases.unsign")),
    Room("cases.begin", _l("Start"), "plus", ("cases.begin", "cases.new", "cases.start")),
    Room("cases.index", _l("Cases"), "folder", ("cases.",)),
    Room("definitions.index", _l("Processes"), "flow", ("definitions.",), phone=False),
    Room("separation.index", _l("Separation of duties"), "apart", ("separation.",), phone=False),
    Room("organisation.index", _l("Organisation"), "people", ("organisation.",)),
    Room("trail.index", _l("Audit"), "shield", ("trail.",), phone=False),
)


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"rooms": rooms, "waiting": waiting, "counts": counts, "here": _here})


def rooms() -> list[Room]:
    """The rooms that exist in this application and that this person may enter."""
    if not current_user.is_authenticated:
        return []
    views = current_app.view_functions
    return [r for r in ROOMS if r.endpoint in views and PERMISSIONS[needed_by(views[r.endpoint]) or ""](current_user)]


def _here() -> str:
    """The room of this page: the one whose endpoints fit most closely."""
    endpoint = request.endpoint or ""
    fits = [(len(part), room.endpoint) for room in ROOMS for part in room.inside if endpoint.startswith(part)]
    return max(fits)[1] if fits else ""


def counts() -> dict[str, int]:
    """How many work items wait for this person, by view; asked once per request."""
    if not current_user.is_authenticated:
        return {}
    if "gangze_counts" not in g:
        g.gangze_counts = lists.counts(current_user.person_id)
    return g.gangze_counts


def waiting() -> int:
    """How many work items are this person's."""
    return counts().get("allocated", 0)


def back_to(default: str) -> str:
    """Where a page that only changes a setting returns to: the ``next`` it was given if that is a page of ours."""
    wanted = request.values.get("next", "")
    # One slash and no backslash: "//elsewhere" and "/\elsewhere" are other people's houses to a browser.
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\\" not in wanted
    return wanted if ours and wanted.isprintable() else url_for(default)
