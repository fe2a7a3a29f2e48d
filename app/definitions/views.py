"""Pages of processes: what runs here, by which rules, who does it; and the rules' own table. Thin doors."""
from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..kernel.bpmn.constraints import KINDS, ON_BLOCK, SCOPES
from ..kernel.bpmn.model import Constraint
from ..kernel.bpmn.rules.separation import MOST_RULES
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..permission import PERMISSIONS, needs
from ..web.language import words
from . import actions, analysis, examining, queries, revising, telling

blueprint = Blueprint("definitions", __name__, template_folder="templates", url_prefix="/processes")
KEEPS = PERMISSIONS["system administration"]
TABS = ("rules", "steps", "check", "versions")
_FIELD = re.compile(r"rules\.(\d{1,3})\.(\w{1,40})")


@blueprint.get("")
@needs("signed in")
def index() -> Any:
    """Every process by area, its active version and its drafts."""
    return render_template("definitions/index.html", areas=telling.lines(queries.versions()), state=telling.STATE)


@blueprint.get("/<int:definition_id>")
@needs("signed in")
def version(definition_id: int) -> Any:
    """One version: its diagram and rules, its steps, what the check says today, its sisters."""
    row, meaning = queries.get(definition_id), queries.meaning(definition_id)
    tab = request.args.get("tab", "rules")
    if tab not in TABS:
        raise NotFound(Text("没有这一页", "there is no such tab"))
    sisters = queries.versions(row.key)
    more: dict[str, Any] = {}
    if tab == "rules":
        more = {"rules": telling.ruled(meaning.process), "drawn": telling.drawn(meaning.process)}
    elif tab == "steps":
        more = {"steps": telling.steps(meaning)}
    elif tab == "check":
        more = _checked(definition_id)
    elif tab == "versions":
        more = {"changes": _changes(sisters)}
    names = organisation.names({p for s in sisters for p in (s.deployed_by, s.activated_by) if p})
    return render_template(
        "definitions/version.html", row=row, meaning=meaning, tab=tab, state=telling.STATE, sisters=sisters,
        names=names, clauses=telling.clauses(meaning), keeps=KEEPS(current_user), **more,
    )


def _checked(definition_id: int) -> dict[str, Any]:
    found = analysis.analyse(queries.meaning(definition_id))
    return {"findings": examining.report(definition_id, found), **_told(found)}


def _told(found: analysis.Analysis | None) -> dict[str, Any]:
    """An analysis with the names its table needs."""
    if found is None:
        return {"found": None}
    people = {person for group in found.resilience.critical[:12] for person in group}
    return {
        "found": found, "without": analysis.places(found.workable.without), "people": organisation.names(people),
        "resilient": telling.resilient(found.resilience.level),
        "posts": {post.code: post for post in organisation.posts()},
    }


def _changes(sisters: list[Any]) -> dict[int, tuple[Any, dict[str, list[str]]]]:
    """What rules each version that was made by editing has that its base had not."""
    by_id = {row.id: row for row in sisters}
    return {
        row.id: (by_id[row.based_on], revising.changes(
            queries.meaning(row.based_on).process.constraints, queries.meaning(row.id).process.constraints))
        for row in sisters if row.based_on in by_id
    }


@blueprint.get("/<int:definition_id>/diagram.bpmn")
@needs("signed in")
def diagram(definition_id: int) -> Any:
    """The diagram, byte for byte as it was deployed."""
    return Response(queries.get(definition_id).source, mimetype="application/xml")


@blueprint.post("/<int:definition_id>/activate")
@needs("system administration")
def activate(definition_id: int) -> Any:
    """启用, by somebody else than who deployed it."""
    try:
        actions.activate(definition_id, actor=current_user.actor)
    except (Conflict, Forbidden) as error:
        flash(words(error.text), "stop")
        return redirect(url_for(".version", definition_id=definition_id, tab="check"))
    flash(_("New cases start on this version from now on."), "ok")
    return redirect(url_for(".version", definition_id=definition_id))


@blueprint.get("/<int:definition_id>/activate")
@needs("signed in")
def reloaded(definition_id: int) -> Any:
    """The address of an act, loaded anew."""
    return redirect(url_for(".version", definition_id=definition_id))


# -- the rules' table ------------------------------------------------------------------------------------------------

@blueprint.get("/<int:definition_id>/rules")
@needs("system administration")
def rules(definition_id: int) -> Any:
    """The rules of a version in a table, to be changed."""
    return _table(definition_id, list(queries.meaning(definition_id).process.constraints))


@blueprint.post("/<int:definition_id>/rules")
@needs("system administration")
def change_rules(definition_id: int) -> Any:
    """Add a row, drop one, try the rules on today's people, or store them as a new draft: the button says which."""
    do, _colon, which = request.form.get("_do", "preview").partition(":")
    errors: dict[str, list[Text]] = {}
    found: list[Constraint] = []
    try:
        said = _said()
        if do == "drop" and which.isdigit() and int(which) < len(said):
            del said[int(which)]
        if do == "add":
            said.append({"kind": _kind(request.form.get("_kind", ""))})
        found = revising.rules(said)
        if do == "save":
            newest = request.form.get("_newest", "")
            draft = actions.revise(
                definition_id, found, actor=current_user.actor, newest=int(newest) if newest.isdigit() else None,
                reason=request.form.get("reason", "").strip(),
            )
            flash(_("Stored as a draft. Somebody else activates it."), "ok")
            return redirect(url_for(".version", definition_id=draft))
        trial = revising.attempt(definition_id, found) if do == "preview" else None
    except Invalid as wrong:
        errors, trial = _placed(wrong.errors, found), None
    except Conflict as late:
        return _table(definition_id, found, late=late), late.status
    return _table(definition_id, found, errors=errors, trial=trial), 422 if errors else 200


def _said() -> list[dict[str, Any]]:
    """The rows of the table as they were typed, top to bottom."""
    rows: dict[int, dict[str, Any]] = {}
    for name in request.form:
        match = _FIELD.fullmatch(name)
        if match is None:
            continue
        row, field = rows.setdefault(int(match[1]), {"options": {}}), match[2]
        if field == "nodes":
            row["nodes"] = [node[:200] for node in request.form.getlist(name)]
        elif field in ("kind", "id", "basis", "scope", "on_block"):
            row[field] = request.form[name]
        else:
            row["options"][field] = request.form[name]
    if len(rows) > MOST_RULES:
        raise Invalid({"": [Text(f"规则不能超过 {MOST_RULES} 条", f"there cannot be more than {MOST_RULES} rules")]})
    found = []
    for _at, row in sorted(rows.items()):
        kind = KINDS.get(row.setdefault("kind", ""))
        # What a kind does not have is not shown for it: whatever a changed kind left behind goes.
        row["options"] = {k: v for k, v in row["options"].items() if kind is not None and kind.option(k) is not None}
        found.append(row)
    return found


def _kind(name: str) -> str:
    if name not in KINDS:
        raise Invalid({"_kind": [Text("没有这种规则", "there is no such kind of rule")]})
    return name


def _placed(errors: Any, found: list[Constraint]) -> dict[str, list[Text]]:
    """Errors by the field of the table that shows them; what is said of a rule by its id, at that rule."""
    rows = {rule.id: at for at, rule in enumerate(found)}
    placed: dict[str, list[Text]] = {}
    for key, texts in errors.items():
        at, _dot, field = key.partition(".")
        place = key
        if field and at.isdigit():
            place = f"rules.{at}.{'on_block' if field == 'onBlock' else field}"
        elif key in rows:
            place = f"rules.{rows[key]}.kind"
        placed.setdefault(place, []).extend(texts)
    return placed


def _table(
    definition_id: int, found: list[Constraint], *, errors: dict[str, list[Text]] | None = None,
    trial: revising.Trial | None = None, late: Conflict | None = None,
) -> str:
    row, meaning = queries.get(definition_id), queries.meaning(definition_id)
    newest = queries.newest(row.key)
    process = telling.with_rules(meaning.process, found)
    was = {rule.id for rule in meaning.process.constraints}
    return render_template(
        "definitions/rules.html", row=row, meaning=meaning, newest=newest, found_rules=found, kinds=KINDS,
        state=telling.STATE, scopes=SCOPES, on_block=ON_BLOCK, tasks=meaning.process.user_tasks, errors=errors or {},
        trial=trial, late=late,
        nodes=meaning.process.scope.everything, drawn=telling.drawn(process), was=was,
        typed_newest=request.form.get("_newest", str(newest.version)), reason=request.form.get("reason", ""),
        said=[telling.sentence(process, rule) for rule in found], **_told(trial.analysis if trial else None),
    )
