"""Cases and work items for programs. Thin doors: who asks, which verb, what came of it."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import request
from flask.views import MethodView
from flask_login import current_user

from ..api.doors import Blueprint, multipart
from ..errors import Conflict, Forbidden, Invalid
from ..kernel.text import Text
from ..permission import needs
from ..trail import queries as trail
from ..trail.schemas import RecordPageSchema, page_of
from ..web.language import words
from . import actions, files, history, lists, queries
from .filling import hidden_from
from .schemas import (
    AttachmentSchema,
    BroadcastSchema,
    CaseSchema,
    CaseTrailQuerySchema,
    ClaimSchema,
    CompleteSchema,
    DeliveredSchema,
    HeldSchema,
    ListSchema,
    MessageSchema,
    ProgressSchema,
    ReasonSchema,
    ReturnSchema,
    SaveSchema,
    SignalSchema,
    StandingSchema,
    StartSchema,
    WorkItemDetailSchema,
    WorkItemPageSchema,
)

blueprint = Blueprint("cases_api", __name__, description="Cases and work items")
SIGNED_IN = [needs("signed in")]


def _role() -> str | None:
    return str(current_user.role) if current_user.role else None


def _view(case_id: int) -> queries.CaseView:
    """The case, if the asker may see it."""
    return queries.case(case_id, actor=current_user.actor, role=_role())


@contextmanager
def _unseen(look: Callable[[], Any]) -> Iterator[None]:
    """To somebody who may not know of a thing, a refusal about it says only that there is none.

    The act was tried and its refusal is in the trail; what is withheld is who did what in a case that is not theirs.
    """
    try:
        yield
    except (Conflict, Forbidden):
        look()
        raise


def _look(item_id: int) -> None:
    """The work item, if the asker may know of it: who was offered it may be told that somebody was quicker."""
    if not queries.is_for(item_id, current_user.person_id):
        queries.work_item(item_id, actor=current_user.actor, role=_role())


@blueprint.route("/cases")
class Cases(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(StartSchema)
    @blueprint.response(201, CaseSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Start a case; with ``data`` its first form is handed in at once."""
        case_id = actions.start(
            given["process"], actor=current_user.actor, answers=given["data"], opinion=given["opinion"],
            party=given["party"], business_key=given["business_key"], department=given["department"],
        )
        return _case(case_id)


def _case(case_id: int) -> dict[str, Any]:
    view = _view(case_id)
    row = view.case
    return {
        "id": row.id, "number": row.number, "title": row.title, "status": str(row.status), "process": view.meaning.key,
        "version": view.meaning.version, "matter": view.meaning.matter, "business_key": row.business_key,
        "party": row.party, "initiator": row.initiator_id, "started_at": row.started_at, "ended_at": row.ended_at,
        "data": _without(view.data, hidden_from(view, current_user.person_id)),
        "work_items": [
            {"id": i.id, "version": i.version, "node": i.node, "state": str(i.state), "post": i.post,
             "department": i.department, "assignee": i.assignee_id, "due_at": i.due_at} for i in view.items
        ],
        "jobs": [{"id": j.id, "node": j.node, "handler": j.handler, "state": str(j.state), "error": j.error}
                 for j in view.jobs],
    }


def _without(data: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """A case's values but for hidden fields, wherever they stand: at the top and in each node's own answers."""

    def own(answers: Any) -> Any:
        if isinstance(answers, list):
            return [own(one) for one in answers]
        return {k: v for k, v in answers.items() if k not in hidden} if isinstance(answers, Mapping) else answers

    nodes = {node: own(answers) for node, answers in data.get("nodes", {}).items()}
    return {**own(data), **({"nodes": nodes} if nodes else {})}


@blueprint.route("/cases/<int:case_id>")
class OneCase(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, CaseSchema)
    def get(self, case_id: int) -> dict[str, Any]:
        """A case: its data, its open work items, what the house still owes it."""
        return _case(case_id)


@blueprint.route("/cases/<int:case_id>/trail")
class CaseTrail(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(CaseTrailQuerySchema, location="query")
    @blueprint.response(200, RecordPageSchema)
    def get(self, wanted: dict[str, Any], case_id: int) -> dict[str, Any]:
        """The entries of the case, in order."""
        hidden = hidden_from(_view(case_id), current_user.person_id)
        size = wanted["page_size"]
        records = trail.of_case(case_id, after=wanted["cursor"], limit=size + 1)
        page = page_of(records[:size], records[size - 1].seq if len(records) > size else None)
        for item in page["items"]:
            if isinstance(item["facts"].get("changed"), Mapping):
                item["facts"]["changed"] = {k: v for k, v in item["facts"]["changed"].items() if k not in hidden}
        return page


@blueprint.route("/cases/<int:case_id>/nodes")
class CaseNodes(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, ProgressSchema)
    def get(self, case_id: int) -> dict[str, Any]:
        """Which nodes and flows have been passed, are current, were refused or returned from."""
        _view(case_id)
        return history.progress(case_id)


def _case_verb(name: str, act: Any) -> None:
    @blueprint.arguments(ReasonSchema)
    @blueprint.response(200, CaseSchema)
    def post(self: MethodView, given: dict[str, Any], case_id: int) -> dict[str, Any]:
        with _unseen(lambda: _view(case_id)):
            act(case_id, given["reason"])
        return _case(case_id)

    post.__doc__ = f"{name.capitalize()} the case."
    view = type(f"Case{name.capitalize()}", (MethodView,), {"decorators": SIGNED_IN, "post": post})
    blueprint.route(f"/cases/<int:case_id>/{name}")(view)


for _name, _act in {
    "withdraw": lambda case_id, reason: actions.cancel(case_id, actor=current_user.actor, reason=reason),
    "cancel": lambda case_id, reason: actions.cancel(case_id, actor=current_user.actor, reason=reason),
    "suspend": lambda case_id, reason: actions.suspend(case_id, actor=current_user.actor, reason=reason),
    "resume": lambda case_id, reason: actions.resume(case_id, actor=current_user.actor),
}.items():
    _case_verb(_name, _act)


@blueprint.route("/work-items")
class WorkItems(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(ListSchema, location="query")
    @blueprint.response(200, WorkItemPageSchema)
    def get(self, wanted: dict[str, Any]) -> lists.Page:
        """One's work items: offered, allocated, completed, or open ones of cases one started."""
        return lists.work_items(wanted.pop("view"), person=current_user.person_id, **wanted)


@blueprint.route("/work-items/<int:item_id>")
class OneWorkItem(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, WorkItemDetailSchema)
    def get(self, item_id: int) -> dict[str, Any]:
        """A work item with the case's data its node may see."""
        view = queries.work_item(item_id, actor=current_user.actor, role=_role())
        return {
            "id": view.item.id, "version": view.item.version, "state": str(view.item.state), "case": view.case.id,
            "case_number": view.case.number, "node": view.node.id, "node_name": words(view.node.label),
            "assignee": view.item.assignee_id, "due_at": view.item.due_at, "decisions": list(view.node.decisions),
            "form": view.node.form, "draft": view.draft, "returnable": list(view.returnable),
            "data": _without(view.data, frozenset(view.node.hidden)), "allowed": view.verdict.allowed,
            "on_behalf_of": view.item.on_behalf_of_id, "own": view.own, "principals": view.principals,
            "signing": view.item.signing, "parent": view.item.parent_id, "signers": view.signers, "to_sign": view.to_come,
        }


def _refuse(item_id: int, given: dict[str, Any]) -> None:
    """Whoever says refuse never agrees by mistake: only decisions against pass this door."""
    decision = given["decision"] or "refuse"
    if decision not in actions.NEGATIVE:
        raise Invalid({"decision": [Text("这不是否定的办理结果", "this decision does not refuse")]})
    actions.complete(item_id, actor=current_user.actor, **{**given, "decision": decision})


def _item_verb(name: str, schema: Any, act: Any) -> None:
    @blueprint.arguments(schema)
    @blueprint.response(200, StandingSchema)
    def post(self: MethodView, given: dict[str, Any], item_id: int) -> Mapping[str, Any]:
        with _unseen(lambda: _look(item_id)):
            act(item_id, given)
        return queries.standing(item_id)

    post.__doc__ = f"{name.capitalize()} the work item."
    called = "".join(part.capitalize() for part in name.split("-"))
    view = type(f"WorkItem{called}", (MethodView,), {"decorators": SIGNED_IN, "post": post})
    blueprint.route(f"/work-items/<int:item_id>/{name}")(view)


for _name, _schema, _verb in (
    ("claim", ClaimSchema, lambda i, g: actions.claim(i, actor=current_user.actor, **g)),
    ("release", HeldSchema, lambda i, g: actions.release(i, actor=current_user.actor, **g)),
    ("save", SaveSchema, lambda i, g: actions.save(i, actor=current_user.actor, **g)),
    ("complete", CompleteSchema, lambda i, g: actions.complete(i, actor=current_user.actor, **g)),
    ("refuse", CompleteSchema, _refuse),
    ("return", ReturnSchema, lambda i, g: actions.return_(i, actor=current_user.actor, **g)),
):
    _item_verb(_name, _schema, _verb)


@blueprint.route("/attachments")
class Attachments(MethodView):
    decorators = SIGNED_IN

    takes = "multipart/form-data"

    @blueprint.doc(requestBody=multipart(file="PDF, image, office document, OFD or text"))
    @blueprint.response(201, AttachmentSchema)
    def post(self) -> dict[str, Any]:
        """Keep a file (multipart field ``file``); hand its id in with a form's file field."""
        given = request.files.get("file")
        if given is None:
            raise Invalid({"file": [Text("没有文件", "there is no file")]})
        return files.store(given.stream, given.filename or "file", actor=current_user.actor)


@blueprint.route("/jobs/<int:job_id>/retry")
class JobRetry(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(204)
    def post(self, job_id: int) -> str:
        """Try a job that became an incident again."""
        with _unseen(lambda: _view(queries.case_of_job(job_id))):
            actions.retry(job_id, actor=current_user.actor)
        return ""


@blueprint.route("/messages")
class Messages(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(MessageSchema)
    @blueprint.response(200, DeliveredSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """A message for the one case that waits for it, if one may know of that case."""
        return {"case": actions.deliver(
            given["name"], given["correlation"], given["data"], actor=current_user.actor, may_know=_view
        )}


@blueprint.route("/signals")
class Signals(MethodView):
    decorators = [needs("system administration")]  # it reaches cases of everybody

    @blueprint.arguments(SignalSchema)
    @blueprint.response(200, BroadcastSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """A signal for every case that waits for it."""
        return {"cases": actions.broadcast(given["name"], given["data"], actor=current_user.actor)}
