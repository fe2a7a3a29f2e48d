"""发起: pages on which a case begins."""
from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ...definitions import queries as definitions
from ...errors import Invalid, NotFound
from ...kernel.text import Text
from ...permission import needs
from .. import actions, filling, lists, queries
from .common import blueprint, me, typed


@blueprint.get("/begin")
@needs("signed in")
def begin() -> Any:
    """The matters I may start, by area."""
    areas: dict[str, list[Any]] = {}
    for definition in lists.startable(me()):
        areas.setdefault(definition.area, []).append(definition)
    return render_template("cases/begin.html", areas=areas)


@blueprint.get("/begin/<process>")
@needs("signed in")
def new(process: str) -> Any:
    return _new(process, {}, {})


@blueprint.post("/begin/<process>")
@needs("signed in")
def start(process: str) -> Any:
    """提交: the case starts with its first form; 暂存: it starts and waits as a draft."""
    definition = definitions.active(process)
    node = lists.first_task(definition.id)
    what = definitions.meaning(definition.id)
    form = what.forms.get(node.form or "") if node else None
    answers: dict[str, Any] = {}
    try:
        answers = filling.posted(form, current_user.actor)
        if "_rows" in request.form:
            return _new(process, answers, {})
        keep = "_keep" in request.form
        case_id = actions.start(
            process, actor=current_user.actor, answers=None if keep and node else answers,
            opinion=request.form.get("_opinion"),
        )
        if keep:
            _keep_first(case_id, answers)
    except Invalid as wrong:
        return _new(process, answers or typed(form), wrong.errors), wrong.status
    flash(_("Kept as a draft.") if keep else _("Handed in."), "ok")
    return redirect(url_for(".case", case_id=case_id))


def _keep_first(case_id: int, answers: dict[str, Any]) -> None:
    for item in queries.case(case_id, actor=current_user.actor).items:
        if item.assignee_id == me():
            actions.save(item.id, actor=current_user.actor, version=item.version, answers=answers)


def _new(process: str, values: dict[str, Any], errors: dict[str, Any]) -> str:
    definition = definitions.active(process)
    if definition.id not in {d.id for d in lists.startable(me())}:
        raise NotFound(Text("没有您可以发起的这个事项", "there is no such matter that you may start"))
    what = definitions.meaning(definition.id)
    node = lists.first_task(definition.id)
    form = what.forms.get(node.form or "") if node else None
    return render_template(
        "cases/new.html", definition=definition, node=node, errors=errors,
        choices=filling.choices(form.fields if form else ()),
        fields=form.drawn(write=node.write, hidden=node.hidden) if form and node else (),
        values=filling.drawn(form, values, case_id=0, person=me()),
        path=[n.label for n in what.process.user_tasks.values()],
    )
