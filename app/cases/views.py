"""Pages of cases and work items. Thin doors: who asks, which verb, what came of it."""
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from .. import clock
from ..definitions import queries as definitions
from ..errors import Conflict, Invalid, NotFound
from ..kernel import engine
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..parties import queries as parties
from ..permission import needs
from ..trail import queries as trail
from . import actions, files, filling, notices, queries, telling
from .models import CaseStatus, ItemState

blueprint = Blueprint("cases", __name__, template_folder="templates")

VIEWS = ("allocated", "offered", "completed", "started", "drafts")
TABS = ("form", "record", "diagram", "files", "trail")


def _me() -> int:
    return current_user.person_id


def _role() -> str:
    return str(current_user.role)


# -- lists -----------------------------------------------------------------------------------------------------------

@blueprint.get("/")
@needs("signed in")
def home() -> Any:
    """工作台: what is due, what is offered, what I started, what I was told."""
    mine = queries.work_items("allocated", person=_me()).items
    offered = queries.work_items("offered", person=_me()).items
    started = queries.cases_of(_me(), limit=8)
    soonest = sorted(mine, key=_urgency)
    return render_template(
        "cases/home.html", mine=soonest[:8], offered=offered[:8], started=started, status=telling.STATUS,
        notices=queries.notices(_me(), limit=8), names=_names(mine + offered),
        figures={
            "allocated": len(mine), "offered": len(offered), "overdue": sum(_late(item) for item in mine),
            "running": sum(case.status == CaseStatus.RUNNING for case in started),
        },
    )


@blueprint.post("/notices/read")
@needs("signed in")
def notices_read() -> Any:
    """已阅: every notice so far."""
    notices.mark_read(_me(), actor=current_user.actor)
    return redirect(url_for(".home"))


@blueprint.get("/inbox")
@needs("signed in")
def inbox() -> Any:
    return render_template("cases/inbox.html", **_panes(), opened=None)


def _panes() -> dict[str, Any]:
    """The two panes on the left: the views, and the list with its filters from the address."""
    view = request.values.get("_view", request.args.get("view", "allocated"))
    wanted = {"q": request.args.get("q", "")[:80], "process": request.args.get("process", "")[:120],
              "due": request.args.get("due", "")}
    page = queries.work_items(
        view, person=_me(), process=wanted["process"] or None, q=wanted["q"] or None,
        due_before=_before(wanted["due"]), cursor=request.args.get("after"),
    )
    items = page.items if view == "completed" else sorted(page.items, key=_urgency)
    return {
        "view": view, "views": VIEWS, "items": items, "older": page.cursor, "wanted": wanted, "state": telling.STATE,
        "names": _names(items), "processes": definitions.all_active(),
    }


def _before(due: str) -> datetime | None:
    now = clock.now()
    if due == "overdue":
        return now
    if due == "today":
        here = now.astimezone(ZoneInfo(current_app.config["GANGZE_ZONE"]))
        return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return None


def _urgency(item: Any) -> tuple[bool, Any, int]:
    return item.due_at is None, item.due_at, item.id


def _late(item: Any) -> bool:
    return item.due_at is not None and item.due_at < clock.now()


def _names(items: list[Any]) -> dict[int, str]:
    return organisation.names({person for i in items for person in (i.initiator_id, i.assignee_id) if person})


@blueprint.get("/cases")
@needs("signed in")
def index() -> Any:
    """The cases I may see, newest first."""
    q = request.args.get("q", "").strip()[:80]
    found = queries.visible_cases(current_user.actor, _role(), q=q or None)
    return render_template(
        "cases/index.html", cases=found, q=q, status=telling.STATUS,
        names=organisation.names({c.initiator_id for c in found if c.initiator_id}),
    )


# -- starting --------------------------------------------------------------------------------------------------------

@blueprint.get("/begin")
@needs("signed in")
def begin() -> Any:
    """The matters I may start, by area."""
    areas: dict[str, list[Any]] = {}
    for definition in queries.startable(_me()):
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
    node = queries.first_task(definition.id)
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
        return _new(process, answers or _typed(form), wrong.errors), wrong.status
    flash(_("Kept as a draft.") if keep else _("Handed in."), "ok")
    return redirect(url_for(".case", case_id=case_id))


def _keep_first(case_id: int, answers: dict[str, Any]) -> None:
    for item in queries.case(case_id, actor=current_user.actor).items:
        if item.assignee_id == _me():
            actions.save(item.id, actor=current_user.actor, version=item.version, answers=answers)


def _typed(form: Any) -> dict[str, Any]:
    """What was typed, without its files."""
    from ..kernel.forms import read_post

    return read_post(form, request.form.items(multi=True), ignore=filling.OURS) if form is not None else {}


def _new(process: str, values: dict[str, Any], errors: dict[str, Any]) -> str:
    definition = definitions.active(process)
    if definition.id not in {d.id for d in queries.startable(_me())}:
        raise NotFound(Text("没有您可以发起的这个事项", "there is no such matter that you may start"))
    what = definitions.meaning(definition.id)
    node = queries.first_task(definition.id)
    form = what.forms.get(node.form or "") if node else None
    return render_template(
        "cases/new.html", definition=definition, node=node, errors=errors,
        choices=filling.choices(form.fields if form else ()),
        fields=form.drawn(write=node.write, hidden=node.hidden) if form and node else (),
        values=filling.drawn(form, values, case_id=0, person=_me()),
        path=[n.label for n in what.process.user_tasks.values()],
    )


# -- one work item ---------------------------------------------------------------------------------------------------

@blueprint.get("/work-items/<int:item_id>")
@needs("signed in")
def work_item(item_id: int) -> Any:
    return _open(item_id)


def _open(
    item_id: int, *, values: dict[str, Any] | None = None, opinion: str | None = None,
    errors: dict[str, Any] | None = None,
) -> str:
    found = queries.work_item(item_id, actor=current_user.actor, role=_role())
    view = queries.case(found.case.id, actor=current_user.actor, role=_role())
    form = filling.form_of(found.meaning, found.item.node)
    said = found.draft.get("answers", {}) if values is None else values
    mine = found.item.assignee_id == _me() and found.item.state is ItemState.ALLOCATED
    running = found.case.status is CaseStatus.RUNNING
    names = _concerned(view, {p for objection in found.verdict.objections for p in objection.instead})
    shown = form.shown(view.data, found.node.hidden) if form else {}
    panes, sections = _panes(), filling.sections(view, person=_me(), besides=found.node.form)
    return render_template(
        "cases/inbox.html", **{**panes, "names": {**panes["names"], **names}}, opened=found, case=found.case,
        node=found.node, form=form, errors=errors or {},
        choices=filling.choices([*(form.fields if form else ()), *(f for s in sections for f in s.fields)]),
        fields=form.drawn(write=found.node.write, hidden=found.node.hidden) if form else (),
        values=filling.drawn(form, {**shown, **said}, case_id=found.case.id, person=_me()),
        opinion=opinion if opinion is not None else found.draft.get("opinion") or "",
        party=_party(found.case.party), mine=mine and running, open_=found.item.state.open and running,
        status=telling.STATUS, sections=sections,
        steps=telling.steps(view, names, engine.reachable(found.meaning.program, found.case.state) if running else ()),
        decisions=[(word, telling.decision(word, found.node), telling.tone(word)) for word in found.node.decisions],
        places=[(node, found.meaning.node(node).label, node in found.straight) for node in found.returnable],
    )


def _concerned(view: queries.CaseView, besides: set[int] = frozenset()) -> dict[int, str]:
    """The names of everybody who has to do with a case."""
    acted = {person for people in view.performed.values() for person in people}
    hold = {item.assignee_id for item in view.items if item.assignee_id}
    return organisation.names(acted | hold | besides | {view.case.initiator_id or 0})


def _party(key: str | None) -> str:
    """Whom a case is about, by name; "" where it is about nobody, or about one of the office's own."""
    return parties.names([key]).get(key, "") if key else ""


def _version() -> int:
    text = request.form.get("_version", "")
    if not text.isdigit():
        raise Conflict(Text("页面已过期，请刷新后再办。", "This page is stale; reload it and try again."))
    return int(text)


@blueprint.get("/work-items/<int:item_id>/<any(claim, release, save, complete, return):verb>")
@needs("signed in")
def reloaded(item_id: int, verb: str) -> Any:
    """The address of a form that was shown again, loaded anew: the work item as it is now."""
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/claim")
@needs("signed in")
def claim(item_id: int) -> Any:
    """签收."""
    actions.claim(item_id, actor=current_user.actor, version=_version())
    flash(_("It is yours now."), "ok")
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/release")
@needs("signed in")
def release(item_id: int) -> Any:
    """退签."""
    actions.release(item_id, actor=current_user.actor, version=_version())
    flash(_("It is offered to everybody of the post again."), "ok")
    return redirect(url_for(".inbox", view="offered"))


@blueprint.post("/work-items/<int:item_id>/save")
@needs("signed in")
def save(item_id: int) -> Any:
    """暂存. The page's script asks for the new version; a button gets the page back."""
    found = queries.work_item(item_id, actor=current_user.actor, role=_role())
    form = filling.form_of(found.meaning, found.item.node)
    answers = filling.posted(form, current_user.actor)
    version = actions.save(
        item_id, actor=current_user.actor, version=_version(), answers=answers, opinion=request.form.get("_opinion")
    )
    here = clock.now().astimezone(ZoneInfo(current_app.config["GANGZE_ZONE"]))
    told = _("Draft kept at %(time)s", time=here.strftime("%H:%M"))
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(told, mimetype="text/plain", headers={"X-Version": str(version)})
    flash(told, "ok")
    return redirect(url_for(".work_item", item_id=item_id))


@blueprint.post("/work-items/<int:item_id>/complete")
@needs("signed in")
def complete(item_id: int) -> Any:
    """办理: agree, refuse, or simply done."""

    def act(answers: dict[str, Any], opinion: str) -> None:
        actions.complete(
            item_id, actor=current_user.actor, version=_version(), answers=answers,
            decision=request.form.get("_decision") or None, opinion=opinion,
        )

    return _finish(item_id, act, _("Done."))


@blueprint.post("/work-items/<int:item_id>/return")
@needs("signed in")
def return_(item_id: int) -> Any:
    """退回."""

    def act(answers: dict[str, Any], opinion: str) -> None:
        actions.return_(
            item_id, actor=current_user.actor, version=_version(), opinion=opinion,
            to=request.form.get("_to", "previous"), straight_back=request.form.get("_straight") == "yes",
        )

    return _finish(item_id, act, _("Returned."))


def _finish(item_id: int, act: Callable[[dict[str, Any], str], None], told: str) -> Any:
    """Do it, and go on to the next work item; what cannot be taken is shown again as it was typed."""
    found = queries.work_item(item_id, actor=current_user.actor, role=_role())
    form, opinion = filling.form_of(found.meaning, found.item.node), request.form.get("_opinion", "")
    answers: dict[str, Any] | None = None
    try:
        answers = filling.posted(form, current_user.actor)
        if "_rows" in request.form:
            return _open(item_id, values=answers, opinion=opinion)
        act(answers, opinion)
    except Invalid as wrong:
        return _open(
            item_id, values=_typed(form) if answers is None else answers, opinion=opinion, errors=wrong.errors
        ), wrong.status
    flash(told, "ok")
    return redirect(url_for(".case", case_id=found.case.id, tab="record"))


# -- one case --------------------------------------------------------------------------------------------------------

@blueprint.get("/cases/<int:case_id>")
@needs("signed in")
def case(case_id: int) -> Any:
    """A case: its forms, its story, its diagram, its files, its proof."""
    view = queries.case(case_id, actor=current_user.actor, role=_role())
    tab = request.args.get("tab", "record")
    if tab not in TABS:
        raise NotFound(Text("没有这一页", "there is no such tab"))
    row = view.case
    names = _concerned(view)
    running = row.status == CaseStatus.RUNNING
    reachable = engine.reachable(view.meaning.program, row.state) if running else ()
    more: dict[str, Any] = {}
    if tab == "form":
        sections = filling.sections(view, person=_me())
        more = {"sections": sections, "choices": filling.choices(f for s in sections for f in s.fields)}
    elif tab == "record":
        more = {"told": telling.timeline(queries.happenings(case_id, queries.TOLD), view.meaning),
                "posts": {post.code: post for post in organisation.posts()}}
    elif tab == "diagram":
        more = {"marks": telling.marks(queries.progress(case_id), view.meaning.process.scope)}
    elif tab == "trail":
        more = {"records": trail.of_case(case_id)}
    return render_template(
        "cases/case.html", view=view, case=row, tab=tab, names=names, status=telling.STATUS, state=telling.STATE,
        attachments=files.of_case(case_id), proof=trail.status(case_id, (row.trail_seq, bytes(row.trail_head))),
        steps=telling.steps(view, names, reachable), running=running, party=_party(row.party),
        mine=[item for item in view.items if item.assignee_id == _me()],
        takes_part=row.initiator_id == _me() or any(i.assignee_id == _me() for i in view.items), **more,
    )


@blueprint.get("/cases/<int:case_id>/diagram.bpmn")
@needs("signed in")
def diagram(case_id: int) -> Any:
    """The diagram the case runs on, byte for byte."""
    view = queries.case(case_id, actor=current_user.actor, role=_role())
    return Response(view.case.definition.source, mimetype="application/xml")


@blueprint.get("/cases/<int:case_id>/<any(cancel, suspend, resume):verb>")
@needs("signed in")
def case_reloaded(case_id: int, verb: str) -> Any:
    """The address of an act, loaded anew: the case as it is now."""
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/cases/<int:case_id>/cancel")
@needs("signed in")
def cancel(case_id: int) -> Any:
    """撤销."""
    actions.cancel(case_id, actor=current_user.actor, reason=request.form.get("_reason", ""))
    flash(_("The case is cancelled."), "ok")
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/cases/<int:case_id>/suspend")
@needs("signed in")
def suspend(case_id: int) -> Any:
    """挂起."""
    actions.suspend(case_id, actor=current_user.actor, reason=request.form.get("_reason", ""))
    flash(_("The case is suspended; its clocks stand still."), "ok")
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/cases/<int:case_id>/resume")
@needs("signed in")
def resume(case_id: int) -> Any:
    """恢复."""
    actions.resume(case_id, actor=current_user.actor)
    flash(_("The case goes on."), "ok")
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/jobs/<int:job_id>/retry")
@needs("signed in")
def retry(job_id: int) -> Any:
    """An incident's job is tried again."""
    actions.retry(job_id, actor=current_user.actor)
    flash(_("It will be tried again."), "ok")
    case_id = request.form.get("_case", "")
    return redirect(url_for(".case", case_id=int(case_id)) if case_id.isdigit() else url_for(".home"))


@blueprint.get("/attachments/<int:attachment_id>")
@needs("signed in")
def attachment(attachment_id: int) -> Any:
    """A file, to be saved and never to be run here."""
    row = files.get(attachment_id)
    if row.case_id is not None:
        queries.case(row.case_id, actor=current_user.actor, role=_role())
    elif row.uploaded_by != _me():
        raise NotFound(Text("没有这个附件", "there is no such attachment"))
    answer = send_file(files.path(row.sha256), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
