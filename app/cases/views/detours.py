"""Out of the usual course: begin, decline, skip, lay aside, take back, do ahead; what is coming, what others have; and how
somebody wants their own work."""
from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ...errors import Invalid
from ...permission import needs
from .. import actions, filling, telling, worklists
from ..ordering import ORDERINGS
from .common import blueprint, me, names_of, typed, version
from .item import _open as open_item

_ITEM = "/work-items/<int:item_id>"


@blueprint.get(f"{_ITEM}/<any(commence, decline, skip, suspend, resume, 'take-back'):verb>")
@needs("signed in")
def detour_reloaded(item_id: int, verb: str) -> Any:
    """The address of an act, loaded anew: the work item as it is now."""
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post(f"{_ITEM}/commence")
@needs("signed in")
def commence(item_id: int) -> Any:
    """开始办理."""
    actions.commence(item_id, actor=current_user.actor, version=version())
    return _told(item_id, _("Work on it has begun."))


@blueprint.post(f"{_ITEM}/decline")
@needs("signed in")
def decline(item_id: int) -> Any:
    """谢绝."""
    actions.decline_offer(item_id, actor=current_user.actor, version=version())
    flash(_("It is offered to everybody of the post again."), "ok")
    return redirect(url_for(".inbox", view="offered"))


@blueprint.post(f"{_ITEM}/skip")
@needs("signed in")
def skip(item_id: int) -> Any:
    """跳过."""
    try:
        actions.skip(item_id, actor=current_user.actor, version=version(), reason=request.form.get("_opinion", ""))
    except Invalid as wrong:
        return _why(item_id, wrong)
    flash(_("Skipped."), "ok")
    return redirect(url_for(".inbox"))


@blueprint.post(f"{_ITEM}/suspend")
@needs("signed in")
def suspend_item(item_id: int) -> Any:
    """搁置."""
    try:
        actions.suspend_item(item_id, actor=current_user.actor, version=version(), reason=request.form.get("_opinion", ""))
    except Invalid as wrong:
        return _why(item_id, wrong)
    return _told(item_id, _("Laid aside; its clock stands still."))


@blueprint.post(f"{_ITEM}/resume")
@needs("signed in")
def resume_item(item_id: int) -> Any:
    """继续."""
    actions.resume_item(item_id, actor=current_user.actor, version=version())
    return _told(item_id, _("Taken up again."))


@blueprint.post(f"{_ITEM}/take-back")
@needs("signed in")
def take_back(item_id: int) -> Any:
    """拿回."""
    made = actions.take_back(item_id, actor=current_user.actor, reason=request.form.get("_opinion", ""))
    return _told(made, _("It is yours again."))


def _why(item_id: int, wrong: Invalid) -> Any:
    """The page again: the reason stands under Opinion there."""
    errors = {"opinion" if name == "reason" else name: texts for name, texts in wrong.errors.items()}
    return open_item(item_id, errors=errors), wrong.status


def _told(item_id: int, what: str) -> Any:
    flash(what, "ok")
    return redirect(url_for(".work_item", item_id=item_id))


# -- ahead of time ---------------------------------------------------------------------------------------------------

@blueprint.get("/coming")
@needs("signed in")
def coming() -> Any:
    """即将到达: what is announced to my posts; and what others have that I may know of."""
    others = worklists.visible(me())
    return render_template(
        "cases/coming.html", coming=worklists.coming(me()), others=others, names=names_of(others), state=telling.STATE,
    )


@blueprint.get("/cases/<int:case_id>/ahead/<node>")
@needs("signed in")
def ahead(case_id: int, node: str) -> Any:
    return _ahead(case_id, node, {}, {})


@blueprint.post("/cases/<int:case_id>/ahead/<node>")
@needs("signed in")
def do_ahead(case_id: int, node: str) -> Any:
    """预办."""
    worklists.announced(case_id, node, me())
    form = worklists.form_of(case_id, node)
    answers: dict[str, Any] | None = None
    try:
        answers = filling.posted(form, current_user.actor)
        if "_rows" in request.form:
            return _ahead(case_id, node, answers, {})
        actions.do_ahead(
            case_id, node, actor=current_user.actor, answers=answers, decision=request.form.get("_decision") or None,
            opinion=request.form.get("_opinion"),
        )
    except Invalid as wrong:
        return _ahead(case_id, node, typed(form) if answers is None else answers, wrong.errors), wrong.status
    flash(_("Done ahead; it counts when the case gets there."), "ok")
    return redirect(url_for(".coming"))


def _ahead(case_id: int, node: str, values: dict[str, Any], errors: dict[str, Any]) -> str:
    worklists.announced(case_id, node, me())
    found, rule = worklists.node_of(case_id, node)
    form = worklists.form_of(case_id, node)
    return render_template(
        "cases/ahead.html", case=found, node=rule, errors=errors, form=form,
        choices=filling.choices(form.fields if form else ()),
        fields=form.drawn(write=rule.write, hidden=rule.hidden) if form else (),
        values=filling.drawn(form, values, case_id=case_id, person=me()),
        decisions=[(word, telling.decision(word, rule), telling.tone(word)) for word in rule.decisions],
    )


# -- settings --------------------------------------------------------------------------------------------------------

@blueprint.get("/me/work")
@needs("signed in")
def work_settings() -> Any:
    """How I want my work."""
    return _settings({})


@blueprint.post("/me/work")
@needs("signed in")
def set_work() -> Any:
    try:
        actions.set_work(
            actor=current_user.actor, ordering=request.form.get("ordering") or None, chained="chained" in request.form,
            piled=request.form.getlist("piled"),
        )
    except Invalid as wrong:
        return _settings(wrong.errors), wrong.status
    flash(_("Kept."), "ok")
    return redirect(url_for(".work_settings"))


def _settings(errors: dict[str, Any]) -> str:
    return render_template(
        "cases/settings.html", orderings=ORDERINGS, mine=worklists.settings_of(me()), errors=errors,
        office=worklists.settings_of(worklists.OFFICE).ordering or worklists.DEFAULT, pilable=worklists.pilable(me()),
    )


