"""Pages of the separation of duties. Thin doors: who asks, which question, what was answered."""
from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..errors import Invalid, NotFound
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..permission import needs
from ..registers import today
from . import actions, permissions, queries
from .explain import explain as explained
from .models import FindingState
from .resilience import strengths, what_if

blueprint = Blueprint("separation", __name__, template_folder="templates", url_prefix="/separation")

SHOWN = ("all", "may", "may-not")
#: People and posts that one question may name.
MOST = 50


def _role() -> str:
    return str(current_user.role)


def _part() -> permissions.Part:
    return permissions.part(current_user.person_id, _role())


@blueprint.get("")
@needs("separation")
def index() -> Any:
    """职责分离: what needs somebody today."""
    part, who = _part(), {"actor": current_user.actor, "role": _role()}
    found, controls = queries.findings(part, **who, limit=20), queries.overrides(part, **who)
    people = queries.people_in(found) | {
        p for c in controls for p in (c.asked_by, c.confirmed_by, c.person) if p is not None
    }
    return render_template(
        "separation/index.html", stalled=queries.stalled(part, **who), resolved=queries.stalled(part, **who, lately=True),
        findings=found, names=organisation.names(people), refusals=queries.refusals(part),
        weak=[s for s in strengths(today(), part) if s.resilience.level <= 0], review=queries.last_review(),
        controls=controls, kinds=queries.KINDS, mine=part,
    )


@blueprint.get("/explain")
@needs("signed in")
def explain() -> Any:
    """Who may do a task of a case, who may not, and why."""
    show = request.args.get("show", "all")
    if show not in SHOWN:
        raise NotFound(Text("没有这一页", "there is no such page"))
    found = explained(
        actor=current_user.actor, role=_role(), case_id=_id("case"), node=request.args.get("node"),
        item_id=_id("work_item"),
    )
    wanted = [c for c in found.candidates if show == "all" or bool(c.verdict) == (show == "may")]
    people = {p for c in found.candidates for p in (c.person, c.behalf) if p is not None}
    return render_template(
        "separation/explain.html", found=found, candidates=wanted, show=show,
        names=organisation.names(people), kinds=queries.KINDS, node=found.view.meaning.node(found.node),
        number={"all": len(found.candidates), "may": sum(bool(c.verdict) for c in found.candidates)},
        back={name: request.args[name] for name in ("case", "node", "work_item") if name in request.args},
    )


def _id(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@blueprint.get("/resilience")
@needs("separation")
def resilience() -> Any:
    """How many absences the office survives, and who must not fall ill."""
    found = strengths(today(), _part())
    return render_template(
        "separation/resilience.html", strengths=found, posts={post.code: post for post in organisation.posts()},
        names=organisation.names({p for s in found for some in s.resilience.critical for p in some}),
        places={place.department.code: place.department for place in organisation.departments(today())},
    )


@blueprint.get("/what-if")
@needs("separation")
def what_if_page() -> Any:
    """If these people are absent and these posts vacant: choose, look, change nothing."""
    errors: dict[str, list[Text]] = {}
    on = _day(errors)
    absent = list(dict.fromkeys(_ids("absent")))[:MOST]
    posts = {post.code: post for post in organisation.posts()}
    vacant = [code for code in dict.fromkeys(request.args.getlist("vacant")) if code in posts][:MOST]
    drop = request.args.get("drop", "")
    absent = [person for person in absent if f"absent-{person}" != drop]
    vacant = [code for code in vacant if f"vacant-{code}" != drop]
    q = request.args.get("q", "").strip()[:60]
    names = organisation.names(absent)
    absent = [person for person in absent if person in names]
    outcome = None
    if (absent or vacant) and not errors:
        outcome = what_if(absent=absent, vacant=vacant, on=on, part=_part())
    return render_template(
        "separation/what_if.html", absent=absent, vacant=vacant, names=names, posts=posts, on=on, q=q, errors=errors,
        found=organisation.search_people(q) if q else [], outcome=outcome,
        places={place.department.code: place.department for place in organisation.departments(today())},
    ), 422 if errors else 200


def _ids(name: str) -> list[int]:
    return [int(text) for text in request.args.getlist(name) if text.isascii() and text.isdigit() and len(text) < 19]


def _day(errors: dict[str, list[Text]]) -> date:
    text = request.args.get("on", "").strip()
    try:
        return date.fromisoformat(text) if text else today()
    except ValueError:
        errors["on"] = [Text("请填写日期，如 2026-05-01", "Give a date such as 2026-05-01")]
        return today()


@blueprint.get("/findings")
@needs("separation")
def findings() -> Any:
    """What the nightly reviews have found."""
    state = request.args.get("state", "open")
    if state not in ("open", "explained", "all"):
        raise NotFound(Text("没有这一页", "there is no such page"))
    found = queries.findings(
        _part(), actor=current_user.actor, role=_role(), state=None if state == "all" else FindingState(state))
    return render_template(
        "separation/findings.html", findings=found, state=state, names=organisation.names(queries.people_in(found)),
        review=queries.last_review(), kinds=queries.KINDS,
    )


@blueprint.get("/findings/<int:finding_id>")
@needs("separation")
def finding(finding_id: int) -> Any:
    return _finding(finding_id)


def _finding(finding_id: int, *, reason: str = "", errors: dict[str, Any] | None = None) -> str:
    part = _part()
    found = queries.finding(finding_id, part, actor=current_user.actor, role=_role())
    people = queries.people_in([found])
    concerned = {p for act in found.acts for p in act.get("persons", ())} | {found.finding.person_id}
    return render_template(
        "separation/finding.html", found=found, names=organisation.names(people), kinds=queries.KINDS,
        labels=queries.labels_of(found), reason=reason, errors=errors or {},
        may_explain=part.explains and found.finding.state is FindingState.OPEN
        and current_user.person_id not in concerned,
    )


@blueprint.post("/findings/<int:finding_id>/explain")
@needs("separation")
def explain_finding(finding_id: int) -> Any:
    """说明: a second person says why."""
    reason = request.form.get("reason", "")
    try:
        actions.explain_finding(finding_id, reason, actor=current_user.actor, role=_role())
    except Invalid as wrong:
        return _finding(finding_id, reason=reason, errors=wrong.errors), wrong.status
    flash(_("It is explained, for the record."), "ok")
    return redirect(url_for(".finding", finding_id=finding_id))


@blueprint.get("/findings/<int:finding_id>/explain")
@needs("separation")
def explain_finding_reloaded(finding_id: int) -> Any:
    """The address of the form, loaded anew: the finding as it is now."""
    return redirect(url_for(".finding", finding_id=finding_id))
