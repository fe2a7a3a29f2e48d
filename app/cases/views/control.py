"""双人操作 and 回避: what one asks for and another decides."""
from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ...errors import Invalid, NotFound, Refused
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...organisation.models import Source
from ...permission import needs
from .. import actions, controls, queries, telling
from ..models import ControlKind
from .common import blueprint, me, role


@blueprint.get("/dual-controls")
@needs("signed in")
def dual_controls() -> Any:
    """What waits for a second person, what was answered, and what one may ask for."""
    found = controls.controls(current_user.actor, role())
    number = request.args.get("number", "")[:40]
    places = controls.places(number) if controls.may_ask(role()) else []
    return render_template(
        "cases/controls.html", controls=found, kinds=telling.CONTROLS, states=telling.CONTROL_STATES,
        recusals=controls.to_decide(current_user.actor), may_ask=[str(kind) for kind in controls.may_ask(role())],
        number=number, places=places,
        names=organisation.names({
            p for view in found for p in (
                view.row.asked_by, view.row.person_id, view.row.confirmed_by, view.row.declined_by, view.holder) if p
        } | {place.assignee_id for place in places if place.assignee_id}), state=telling.STATE,
    )


@blueprint.get("/dual-controls/ask/<any(reassign, override, terminate):kind>/<int:target>")
@needs("signed in")
def ask_control(kind: str, target: int) -> Any:
    return _ask(kind, target, {})


@blueprint.post("/dual-controls/ask/<any(reassign, override, terminate):kind>/<int:target>")
@needs("signed in")
def asked_control(kind: str, target: int) -> Any:
    """提出."""
    if "_search" in request.form:
        return _ask(kind, target, {})
    actor, reason = current_user.actor, request.form.get("_reason", "")
    text = request.form.get("person", "")
    person = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    try:
        if kind == "terminate":
            actions.ask_terminate(target, actor=actor, reason=reason)
        elif text == "":
            raise Invalid({"person": [Text("请选择人员", "choose somebody")]})
        elif kind == "reassign":
            actions.ask_reassign(target, actor=actor, person=person, reason=reason)
        else:
            hours = request.form.get("hours", "")
            actions.ask_override(
                target, actor=actor, person=person or 0, reason=reason,
                hours=int(hours) if hours.isascii() and hours.isdigit() and len(hours) < 9 else 0,
            )
    except Invalid as wrong:
        return _ask(kind, target, wrong.errors), wrong.status
    except Refused as no:
        return _ask(kind, target, {}, no), no.status
    flash(_("Asked; a second person has to confirm it."), "ok")
    return redirect(url_for(".dual_controls"))


def _ask(kind: str, target: int, errors: dict[str, Any], refusal: Refused | None = None) -> str:
    if ControlKind(kind) not in controls.may_ask(role()):
        raise NotFound(Text("没有这一页", "there is no such page"))
    q = request.values.get("q", "")[:60]
    place = controls.place(kind, target)
    return render_template(
        "cases/ask_control.html", kind=kind, target=target, place=place, q=q, errors=errors, refusal=refusal,
        people=organisation.search_people(q, limit=30) if kind != "terminate" and q.strip() else [],
        kinds=telling.CONTROLS, given=request.form, number=place.case_number,
        names=organisation.names({p for o in refusal.objections for p in o.instead}) if refusal else {},
        departments={d.department.code: d.department for d in _departments()},
    )


def _departments() -> Any:
    from ...registers import today

    return organisation.departments(today())


@blueprint.get("/dual-controls/<int:control_id>/<any(confirm, decline):verb>")
@needs("signed in")
def control_reloaded(control_id: int, verb: str) -> Any:
    """The address of an answer, loaded anew."""
    return redirect(url_for(".dual_controls"))


@blueprint.post("/dual-controls/<int:control_id>/<any(confirm, decline):verb>")
@needs("signed in")
def answer_control(control_id: int, verb: str) -> Any:
    """确认 / 不同意."""
    controls.control(control_id, actor=current_user.actor, role=role())
    said = request.form.get("_reason", "")
    if verb == "confirm":
        actions.confirm_control(control_id, actor=current_user.actor, answer=said)
        flash(_("Confirmed."), "ok")
    else:
        actions.decline_control(control_id, actor=current_user.actor, reason=said)
        flash(_("Declined."), "ok")
    return redirect(url_for(".dual_controls"))


# -- recusal ---------------------------------------------------------------------------------------------------------

@blueprint.get("/cases/<int:case_id>/recuse")
@needs("signed in")
def recusing_reloaded(case_id: int) -> Any:
    """The address of a declaration, loaded anew."""
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/cases/<int:case_id>/recuse")
@needs("signed in")
def recusing(case_id: int) -> Any:
    """回避: one's own, or the party's request about somebody."""
    queries.case(case_id, actor=current_user.actor, role=role())
    text = request.form.get("person", "")
    person = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else me()
    mine = person == me()
    actions.recuse(
        case_id, actor=current_user.actor, person=person, source=Source.DECLARED if mine else Source.REQUESTED,
        reason=request.form.get("_reason", ""), basis=request.form.get("basis", ""),
    )
    if mine:
        flash(_("You take no further part in this case."), "ok")
        return redirect(url_for(".home"))
    flash(_("Taken down; the head responsible decides."), "ok")
    return redirect(url_for(".case", case_id=case_id))


@blueprint.get("/recusals/<int:recusal_id>")
@needs("signed in")
def recusal_reloaded(recusal_id: int) -> Any:
    """The address of a decision, loaded anew."""
    return redirect(url_for(".dual_controls"))


@blueprint.post("/recusals/<int:recusal_id>")
@needs("signed in")
def decide_recusal(recusal_id: int) -> Any:
    """决定回避."""
    controls.recusal(recusal_id, actor=current_user.actor)
    granted = request.form.get("granted") == "yes"
    actions.decide_recusal(
        recusal_id, actor=current_user.actor, granted=granted, reason=request.form.get("_reason", ""))
    flash(_("Granted.") if granted else _("Refused."), "ok")
    return redirect(url_for(".dual_controls"))
