"""One case: its forms, its story, its diagram, its files, its proof."""
from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ...errors import NotFound
from ...kernel import engine
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...permission import needs
from ...trail import queries as trail
from .. import actions, controls, draws, files, filling, history, queries, sittings, telling
from ..models import CaseStatus
from .common import TABS, blueprint, concerned, me, party_of, role


@blueprint.get("/cases/<int:case_id>")
@needs("signed in")
def case(case_id: int) -> Any:
    """A case: its forms, its story, its diagram, its files, its proof."""
    view = queries.case(case_id, actor=current_user.actor, role=role())
    tab = request.args.get("tab", "record")
    if tab not in TABS:
        raise NotFound(Text("没有这一页", "there is no such tab"))
    row = view.case
    recusals = controls.recusals(case_id)
    names = concerned(view, {one.person_id for one in recusals})
    running = row.status == CaseStatus.RUNNING
    reachable = engine.reachable(view.meaning.program, row.state) if running else ()
    more: dict[str, Any] = {}
    if tab == "form":
        sections = filling.sections(view, person=me())
        more = {"sections": sections, "choices": filling.choices(f for s in sections for f in s.fields)}
    elif tab == "record":
        more = {"told": telling.timeline(history.happenings(case_id, history.TOLD), view.meaning),
                "posts": {post.code: post for post in organisation.posts()}, **_sessions(case_id)}
    elif tab == "diagram":
        more = {"marks": telling.marks(history.progress(case_id), view.meaning.process.scope)}
    elif tab == "trail":
        more = {"records": trail.of_case(case_id), "draws": draws.check(case_id)}
    return render_template(
        "cases/case.html", view=view, case=row, tab=tab, names=names, status=telling.STATUS, state=telling.STATE,
        attachments=files.of_case(case_id), proof=trail.status(case_id, (row.trail_seq, bytes(row.trail_head))),
        steps=telling.steps(view, names, reachable), running=running, party=party_of(row.party),
        mine=[item for item in view.items if item.assignee_id == me()], recusals=recusals,
        others={person: name for person, name in names.items() if person not in (me(), row.initiator_id)},
        takes_part=row.initiator_id == me() or any(i.assignee_id == me() for i in view.items), **more,
    )


def _sessions(case_id: int) -> dict[str, Any]:
    """The sessions held in the case, with everybody's name."""
    held = sittings.of_case(case_id)
    return {
        "sessions": held, "choice_names": telling.CHOICES, "session_states": telling.SESSION,
        "members": organisation.names({person for one in held for person in (*one.members, one.convenor)}),
    }


@blueprint.get("/cases/<int:case_id>/diagram.bpmn")
@needs("signed in")
def diagram(case_id: int) -> Any:
    """The diagram the case runs on, byte for byte."""
    view = queries.case(case_id, actor=current_user.actor, role=role())
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
        queries.case(row.case_id, actor=current_user.actor, role=role())
    elif row.uploaded_by != me():
        raise NotFound(Text("没有这个附件", "there is no such attachment"))
    answer = send_file(files.path(row.sha256), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
