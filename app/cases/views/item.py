"""One work item: the form, and what is done with it."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ... import clock
from ...errors import Invalid
from ...kernel import engine
from ...kernel.values import loads
from ...permission import needs
from .. import actions, filling, queries, telling
from ..models import CaseStatus, ItemState, Signing
from .common import blueprint, concerned, me, panes, party_of, role, typed, version


@blueprint.get("/work-items/<int:item_id>")
@needs("signed in")
def work_item(item_id: int) -> Any:
    return _open(item_id)


def _open(
    item_id: int, *, values: dict[str, Any] | None = None, opinion: str | None = None,
    errors: dict[str, Any] | None = None,
) -> str:
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    view = queries.case(found.case.id, actor=current_user.actor, role=role())
    form = filling.form_of(found.meaning, found.item.node)
    said = found.draft.get("answers", {}) if values is None else values
    mine = found.item.assignee_id == me() and found.item.state is ItemState.ALLOCATED
    running = found.case.status is CaseStatus.RUNNING
    names = concerned(view, {p for objection in found.verdict.objections for p in objection.instead} | {
        p for p in (
            found.item.assignee_id, found.item.on_behalf_of_id, *found.principals, *found.to_come,
            *(one.assignee_id for one in found.signers), found.parent.assignee_id if found.parent else None,
        ) if p
    })
    proposed = found.proposal if mine and running and values is None and not found.draft else None
    if proposed is not None:
        said, opinion = loads(proposed.answers or "{}"), proposed.opinion if opinion is None else opinion
    plain_signer = found.item.signing is not None and found.item.signing is not Signing.DELEGATED
    words = actions.SAYS if plain_signer else found.node.decisions
    shown = form.shown(view.data, found.node.hidden) if form else {}
    lists, sections = panes(), filling.sections(view, person=me(), besides=found.node.form)
    return render_template(
        "cases/inbox.html", **{**lists, "names": {**lists["names"], **names}}, opened=found, case=found.case,
        node=found.node, form=form, errors=errors or {},
        choices=filling.choices([*(form.fields if form else ()), *(f for s in sections for f in s.fields)]),
        fields=form.drawn(write=found.node.write, hidden=found.node.hidden) if form else (),
        values=filling.drawn(form, {**shown, **said}, case_id=found.case.id, person=me()),
        opinion=opinion if opinion is not None else found.draft.get("opinion") or "",
        party=party_of(found.case.party), mine=mine and running, open_=found.item.state.open and running,
        status=telling.STATUS, sections=sections,
        steps=telling.steps(view, names, engine.reachable(found.meaning.program, found.case.state) if running else ()),
        decisions=[(word, telling.decision(word, None if plain_signer else found.node), telling.tone(word))
                   for word in words],
        plain_signer=plain_signer, proposed=proposed, asked=queries.asked_for(found), decision_name=telling.decision,
        tone=telling.tone,
        places=[(node, found.meaning.node(node).label, node in found.straight) for node in found.returnable],
    )


@blueprint.get("/work-items/<int:item_id>/<any(claim, release, save, complete, return):verb>")
@needs("signed in")
def reloaded(item_id: int, verb: str) -> Any:
    """The address of a form that was shown again, loaded anew: the work item as it is now."""
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/claim")
@needs("signed in")
def claim(item_id: int) -> Any:
    """签收."""
    behalf = request.form.get("_behalf", "")
    actions.claim(
        item_id, actor=current_user.actor, version=version(),
        behalf=int(behalf) if behalf.isascii() and behalf.isdigit() and len(behalf) < 19 else None,
    )
    flash(_("It is yours now."), "ok")
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/release")
@needs("signed in")
def release(item_id: int) -> Any:
    """退签."""
    actions.release(item_id, actor=current_user.actor, version=version())
    flash(_("It is offered to everybody of the post again."), "ok")
    return redirect(url_for(".inbox", view="offered"))


@blueprint.post("/work-items/<int:item_id>/save")
@needs("signed in")
def save(item_id: int) -> Any:
    """暂存. The page's script asks for the new version; a button gets the page back."""
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    form = filling.form_of(found.meaning, found.item.node)
    answers = filling.posted(form, current_user.actor)
    kept = actions.save(
        item_id, actor=current_user.actor, version=version(), answers=answers, opinion=request.form.get("_opinion")
    )
    here = clock.now().astimezone(ZoneInfo(current_app.config["GANGZE_ZONE"]))
    told = _("Draft kept at %(time)s", time=here.strftime("%H:%M"))
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(told, mimetype="text/plain", headers={"X-Version": str(kept)})
    flash(told, "ok")
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/complete")
@needs("signed in")
def complete(item_id: int) -> Any:
    """办理: agree, refuse, or simply done."""

    def act(answers: dict[str, Any], opinion: str) -> None:
        actions.complete(
            item_id, actor=current_user.actor, version=version(), answers=answers,
            decision=request.form.get("_decision") or None, opinion=opinion,
        )

    return _finish(item_id, act, _("Done."))


@blueprint.post("/work-items/<int:item_id>/return")
@needs("signed in")
def return_(item_id: int) -> Any:
    """退回."""

    def act(answers: dict[str, Any], opinion: str) -> None:
        actions.return_(
            item_id, actor=current_user.actor, version=version(), opinion=opinion,
            to=request.form.get("_to", "previous"), straight_back=request.form.get("_straight") == "yes",
        )

    return _finish(item_id, act, _("Returned."))


def _finish(item_id: int, act: Callable[[dict[str, Any], str], None], told: str) -> Any:
    """Do it, and go on to the next work item; what cannot be taken is shown again as it was typed."""
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    form, opinion = filling.form_of(found.meaning, found.item.node), request.form.get("_opinion", "")
    answers: dict[str, Any] | None = None
    try:
        answers = filling.posted(form, current_user.actor)
        if "_rows" in request.form:
            return _open(item_id, values=answers, opinion=opinion)
        act(answers, opinion)
    except Invalid as wrong:
        return _open(
            item_id, values=typed(form) if answers is None else answers, opinion=opinion, errors=wrong.errors
        ), wrong.status
    flash(told, "ok")
    return redirect(url_for(".case", case_id=found.case.id, tab="record"))
