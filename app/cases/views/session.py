"""A body in session: convening it, voting, its record."""
from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ... import clock
from ...errors import Invalid
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...permission import needs
from .. import actions, files, filling, queries, sittings, telling
from ..models import SessionState
from .common import blueprint, me, role


@blueprint.app_context_processor
def _awaiting() -> dict[str, Any]:
    return {"sessions_awaiting": lambda: sittings.awaiting(me()) if current_user.is_authenticated and me() else []}


@blueprint.get("/sessions")
@needs("signed in")
def sessions() -> Any:
    """The sessions that wait for my vote."""
    return render_template("cases/sessions.html", **_cases(sittings.awaiting(me())))


def _cases(found: list[sittings.SessionView]) -> dict[str, Any]:
    return {"sessions": [(s, queries.case(s.case_id, actor=current_user.actor, role=role()).case) for s in found]}


@blueprint.get("/work-items/<int:item_id>/session")
@needs("signed in")
def convening(item_id: int) -> Any:
    """Who belongs to the body and who may not vote; the session that is open, where one is."""
    queries.work_item(item_id, actor=current_user.actor, role=role())
    running = sittings.on_item(item_id)
    if running is not None:
        return redirect(url_for(".session", session_id=running.id))
    return _convening(item_id, {})


def _convening(item_id: int, errors: dict[str, Any]) -> str:
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    rule = found.meaning.rules.collective(found.node.id)
    members = sittings.members(item_id)
    entitled = [m for m in members if not m.barred]
    here = [m for m in entitled if not m.away]
    chosen = set(request.form.getlist("present")) if request.form else {str(m.person) for m in here}
    chair = request.form.get("chair") or next((str(m.person) for m in here if m.principal), "")
    return render_template(
        "cases/convene.html", found=found, case=found.case, node=found.node, members=members, errors=errors,
        quorum=rule.needed(len(entitled)) if rule else 0, entitled=len(entitled), chosen=chosen, chair=chair,
        held_at=request.form.get("held_at") or clock.now(), mine=found.item.assignee_id == me() and found.item.state.open,
    )


@blueprint.post("/work-items/<int:item_id>/session")
@needs("signed in")
def convene(item_id: int) -> Any:
    """召集."""
    queries.work_item(item_id, actor=current_user.actor, role=role())
    try:
        present = {_id(text, "present"): request.form.get(f"how-{text}", "room") for text in request.form.getlist("present")}
        session_id = actions.convene(
            item_id, actor=current_user.actor, present=present, chair=_id(request.form.get("chair", "0"), "chair"),
            held_at=_moment(request.form.get("held_at", "")),
        )
    except Invalid as wrong:
        return _convening(item_id, wrong.errors), wrong.status
    flash(_("The session is open; every member present votes under their own name."), "ok")
    return redirect(url_for(".session", session_id=session_id))


@blueprint.get("/sessions/<int:session_id>")
@needs("signed in")
def session(session_id: int) -> Any:
    return _session(session_id, {})


def _session(session_id: int, errors: dict[str, Any], values: dict[str, Any] | None = None) -> str:
    view = sittings.session(session_id, actor=current_user.actor, role=role())
    case = queries.case(view.case_id, actor=current_user.actor, role=role())
    node = case.meaning.node(view.node)
    form = filling.form_of(case.meaning, view.node)
    convenor = any(item.id == view.item_id and item.assignee_id == me() for item in case.items)
    open_ = view.state is SessionState.OPEN
    sections = filling.sections(case, person=me(), besides=node.form)
    return render_template(
        "cases/session.html", session=view, case=case.case, view=case, node=node, errors=errors, form=form,
        names=_names(view), votes={vote.person: vote for vote in view.votes}, open_=open_,
        mine=open_ and me() in view.waiting, last=view.chair_last and view.chair == me() and len(view.waiting) > 1,
        convenor=convenor and open_, sections=sections, typed=request.form,
        fields=form.drawn(write=node.write, hidden=node.hidden) if form and convenor else (),
        values=filling.drawn(form, values or {}, case_id=view.case_id, person=me()) if convenor else {},
        choices=filling.choices([*(form.fields if form else ()), *(f for s in sections for f in s.fields)]),
        late=open_ and clock.now() > view.until, choice_names=telling.CHOICES, states=telling.SESSION,
    )


def _names(view: sittings.SessionView) -> dict[int, str]:
    return organisation.names({*view.members, view.convenor, view.chair})


@blueprint.get("/sessions/<int:session_id>/<any(vote, close, adjourn):verb>")
@needs("signed in")
def session_reloaded(session_id: int, verb: str) -> Any:
    """The address of an act, loaded anew: the session as it is now."""
    return redirect(url_for(".session", session_id=session_id))


@blueprint.post("/sessions/<int:session_id>/vote")
@needs("signed in")
def vote(session_id: int) -> Any:
    """表决."""
    sittings.session(session_id, actor=current_user.actor, role=role())
    try:
        actions.vote(
            session_id, actor=current_user.actor, choice=request.form.get("choice", ""), reason=request.form.get("reason")
        )
    except Invalid as wrong:
        return _session(session_id, wrong.errors), wrong.status
    flash(_("Your vote is cast. It cannot be changed."), "ok")
    return redirect(url_for(".session", session_id=session_id))


@blueprint.post("/sessions/<int:session_id>/close")
@needs("signed in")
def close(session_id: int) -> Any:
    """散会."""
    view = sittings.session(session_id, actor=current_user.actor, role=role())
    form = filling.form_of(queries.case(view.case_id, actor=current_user.actor, role=role()).meaning, view.node)
    answers: dict[str, Any] = {}
    try:
        answers = filling.posted(form, current_user.actor)
        kept = [int(text) for text in request.form.getlist("_kept") if text.isdigit() and len(text) < 19]
        for upload in request.files.getlist("_minutes_files"):
            if upload.filename:
                kept.append(files.store(upload.stream, upload.filename, actor=current_user.actor)["id"])
        actions.close(
            session_id, actor=current_user.actor, minutes=request.form.get("_minutes"), attachments=kept, answers=answers
        )
    except Invalid as wrong:
        return _session(session_id, {**wrong.errors, **_moved(wrong.errors, "file", "minutes")}, answers), wrong.status
    flash(_("The session is closed and its decision recorded."), "ok")
    return redirect(url_for(".case", case_id=view.case_id, tab="record"))


@blueprint.post("/sessions/<int:session_id>/adjourn")
@needs("signed in")
def adjourn(session_id: int) -> Any:
    """休会."""
    view = sittings.session(session_id, actor=current_user.actor, role=role())
    try:
        actions.adjourn(session_id, actor=current_user.actor, reason=request.form.get("_reason", ""))
    except Invalid as wrong:
        return _session(session_id, _moved(wrong.errors, "reason", "adjourn")), wrong.status
    flash(_("The session is adjourned; its votes are void."), "ok")
    return redirect(url_for(".work_item", item_id=view.item_id))


def _moved(errors: Any, name: str, to: str) -> dict[str, Any]:
    return {to: errors[name]} if name in errors else {}


def _id(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid({field: [Text("请从名单中选择", "choose from the list")]})
    return int(text)


def _moment(text: str) -> datetime | None:
    """What a browser's date-and-time field gives, in the office's zone; up to the present minute means now."""
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
        found = local.replace(tzinfo=ZoneInfo(current_app.config["GANGZE_ZONE"])) if local.tzinfo is None else local
        now = clock.now()
        return None if found.replace(second=0, microsecond=0) == now.replace(second=0, microsecond=0) else found
    except (ValueError, OverflowError) as error:
        raise Invalid({"held_at": [Text("不是日期和时间", "not a date and time")]}) from error

