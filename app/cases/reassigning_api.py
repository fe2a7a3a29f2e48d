"""Transfer, delegation, signers, dual control and recusal, for programs."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask.views import MethodView
from flask_login import current_user
from marshmallow import Schema, fields, validate

from ..api.doors import Blueprint, Id, Words
from ..errors import Conflict, Forbidden, Invalid
from ..kernel.text import Text
from ..organisation.models import Source
from ..web.language import words
from . import actions, choosing, controls
from .api import SIGNED_IN, _item_verb, _role, _unseen, _view
from .models import ControlKind
from .schemas import _TEXT, HeldSchema

blueprint = Blueprint("reassigning_api", __name__, description="Who else acts: transfer, delegation, signers, two people")


class HandOverSchema(HeldSchema):
    to = Id(required=True, metadata={"description": "id of the person"})
    reason = Words(required=True, validate=_TEXT)


class TransferSchema(HandOverSchema):
    with_draft = fields.Bool(load_default=False, metadata={"description": "whether one's draft goes with it"})


class AddSignerSchema(HeldSchema):
    persons = fields.List(Id(), required=True, validate=validate.Length(max=100), metadata={
        "description": "ids; in order where ``ordered``"})
    position = Words(required=True, validate=validate.OneOf(["before", "after", "beside"]))
    mode = Words(load_default="all", validate=validate.OneOf(["all", "any"]))
    ordered = fields.Bool(load_default=False)
    reason = Words(required=True, validate=_TEXT)


class RemoveSignerSchema(HeldSchema):
    person = Id(required=True)
    reason = Words(required=True, validate=_TEXT)


class ChoosingSchema(Schema):
    purpose = Words(load_default="transfer", validate=validate.OneOf(choosing.PURPOSES))
    q = Words(load_default="", validate=validate.Length(max=60), metadata={"description": "part of a name or number"})


class ChoiceSchema(Schema):
    id = fields.Int()
    name = fields.Str()
    department = fields.Str()
    post = fields.Function(lambda one: words(one.post) if one.post is not None else None, metadata={
        "type": ["string", "null"]})


for _name, _schema, _verb in (
    ("transfer", TransferSchema, lambda i, g: actions.transfer(i, actor=current_user.actor, **g)),
    ("delegate", HandOverSchema, lambda i, g: actions.delegate(i, actor=current_user.actor, **g)),
    ("add-signer", AddSignerSchema, lambda i, g: actions.add_signer(i, actor=current_user.actor, **g)),
    ("remove-signer", RemoveSignerSchema, lambda i, g: actions.remove_signer(i, actor=current_user.actor, **g)),
):
    _item_verb(_name, _schema, _verb)


@blueprint.route("/work-items/<int:item_id>/candidates")
class Candidates(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(ChoosingSchema, location="query")
    @blueprint.response(200, ChoiceSchema(many=True))
    def get(self, wanted: dict[str, Any], item_id: int) -> list[choosing.Choice]:
        """Who may be given, delegated or asked to sign the work item: the separation rules considered, by name."""
        return choosing.who_may(item_id, wanted["purpose"], actor=current_user.actor, role=_role(), q=wanted["q"])


# -- dual control -----------------------------------------------------------------------------------------------------

class AskSchema(Schema):
    kind = Words(required=True, validate=validate.OneOf([str(kind) for kind in ControlKind]))
    case = Id(load_default=None, allow_none=True, metadata={"description": "terminate: the case"})
    work_item = Id(load_default=None, allow_none=True, metadata={"description": "reassign, override: the work item"})
    person = Id(load_default=None, allow_none=True, metadata={
        "description": "who is to take it or may act; none for a reassignment: back to its post"})
    reason = Words(required=True, validate=_TEXT)
    hours = Id(load_default=24, most=10_000, metadata={"description": "override: in force for so long, at most 24"})


class AnswerSchema(Schema):
    reason = Words(load_default="", validate=_TEXT)


class ControlSchema(Schema):
    id = fields.Int(attribute="row.id")
    kind = fields.Str(attribute="row.kind")
    state = fields.Str(metadata={"description": "waiting, confirmed (an override in force), used, declined or expired"})
    case = fields.Int(attribute="row.case_id")
    case_number = fields.Str()
    work_item = fields.Int(attribute="row.item_id", allow_none=True)
    person = fields.Int(attribute="row.person_id", allow_none=True)
    reason = fields.Str(attribute="row.reason")
    asked_by = fields.Int(attribute="row.asked_by")
    asked_at = fields.AwareDateTime(attribute="row.asked_at")
    expires_at = fields.AwareDateTime(attribute="row.expires_at")
    confirmed_by = fields.Int(attribute="row.confirmed_by", allow_none=True)
    confirmed_at = fields.AwareDateTime(attribute="row.confirmed_at", allow_none=True)
    declined_by = fields.Int(attribute="row.declined_by", allow_none=True)
    declined_at = fields.AwareDateTime(attribute="row.declined_at", allow_none=True)
    answer = fields.Str(attribute="row.answer", allow_none=True)
    used_at = fields.AwareDateTime(attribute="row.used_at", allow_none=True)


def _control(control_id: int) -> controls.ControlView:
    return controls.control(control_id, actor=current_user.actor, role=_role())


def ask(given: Mapping[str, Any]) -> int:
    """Ask for what takes two people; shared with the page.

    Raises:
        Invalid: what the kind needs is missing.
    """
    actor, kind = current_user.actor, ControlKind(given["kind"])
    missing = [Text("必填", "needed here")]
    if kind is ControlKind.TERMINATE:
        if given["case"] is None:
            raise Invalid({"case": missing})
        return actions.ask_terminate(given["case"], actor=actor, reason=given["reason"])
    if given["work_item"] is None:
        raise Invalid({"work_item": missing})
    if kind is ControlKind.REASSIGN:
        return actions.ask_reassign(given["work_item"], actor=actor, person=given["person"], reason=given["reason"])
    if given["person"] is None:
        raise Invalid({"person": missing})
    return actions.ask_override(
        given["work_item"], actor=actor, person=given["person"], reason=given["reason"], hours=given["hours"])


@blueprint.route("/dual-controls")
class DualControls(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, ControlSchema(many=True))
    def get(self) -> list[controls.ControlView]:
        """Requests of dual control the asker may know of, newest first."""
        return controls.controls(current_user.actor, _role())

    @blueprint.arguments(AskSchema)
    @blueprint.response(201, ControlSchema)
    def post(self, given: dict[str, Any]) -> controls.ControlView:
        """Ask for a reassignment, an override or a termination; a second person confirms it."""
        return _control(ask(given))


def _answer(name: str, act: Any) -> None:
    @blueprint.arguments(AnswerSchema)
    @blueprint.response(200, ControlSchema)
    def post(self: MethodView, given: dict[str, Any], control_id: int) -> controls.ControlView:
        with _unseen(lambda: _control(control_id)):
            act(control_id, given["reason"])
        return _control(control_id)

    post.__doc__ = f"{name.capitalize()} what somebody else has asked for."
    view = type(f"DualControl{name.capitalize()}", (MethodView,), {"decorators": SIGNED_IN, "post": post})
    blueprint.route(f"/dual-controls/<int:control_id>/{name}")(view)


_answer("confirm", lambda i, said: actions.confirm_control(i, actor=current_user.actor, answer=said))
_answer("decline", lambda i, said: actions.decline_control(i, actor=current_user.actor, reason=said))


# -- recusal ----------------------------------------------------------------------------------------------------------

class RecuseSchema(Schema):
    person = Id(load_default=None, allow_none=True, metadata={"description": "who steps aside; the asker where none is given"})
    source = Words(load_default="declared", validate=validate.OneOf([str(source) for source in Source]), metadata={
        "description": "declared by the person, found by a supervisor, requested by the party"})
    reason = Words(required=True, validate=_TEXT)
    basis = Words(load_default="", validate=_TEXT, metadata={"description": "the clause it rests on"})


class DecideSchema(Schema):
    granted = fields.Bool(required=True)
    reason = Words(required=True, validate=_TEXT)


class RecusalSchema(Schema):
    id = fields.Int()
    case = fields.Int(attribute="case_id")
    person = fields.Int(attribute="person_id")
    source = fields.Str()
    standing = fields.Str(metadata={"description": "undecided, effective or refused"})
    reason = fields.Str()
    basis = fields.Str()
    recorded_by = fields.Int()
    recorded_at = fields.AwareDateTime()
    decided_by = fields.Int(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    decision = fields.Str(allow_none=True)


@contextmanager
def seen_or_supervised(case_id: int, source: str) -> Iterator[None]:
    """Whoever supervises somebody may find them biased in a case they may not read; anybody else must see the case."""
    if source != Source.FOUND:
        _view(case_id)
    try:
        yield
    except (Conflict, Forbidden):
        _view(case_id)
        raise


@blueprint.route("/cases/<int:case_id>/recusals")
class CaseRecusals(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, RecusalSchema(many=True))
    def get(self, case_id: int) -> Any:
        """Who has stepped aside in the case or is asked to, and why."""
        _view(case_id)
        return controls.recusals(case_id)

    @blueprint.arguments(RecuseSchema)
    @blueprint.response(201, RecusalSchema)
    def post(self, given: dict[str, Any], case_id: int) -> Any:
        """Somebody steps aside in the case, or the party asks that they do."""
        actor = current_user.actor
        with seen_or_supervised(case_id, given["source"]):
            found = actions.recuse(
                case_id, actor=actor, person=actor.person_id if given["person"] is None else given["person"],
                source=given["source"], reason=given["reason"], basis=given["basis"],
            )
        return next(row for row in controls.recusals(case_id) if row.id == found)


@blueprint.route("/recusals/<int:recusal_id>/decide")
class DecideRecusal(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(DecideSchema)
    @blueprint.response(200, RecusalSchema)
    def post(self, given: dict[str, Any], recusal_id: int) -> Any:
        """The head responsible grants the party's request that somebody step aside, or refuses it."""
        with _unseen(lambda: controls.recusal(recusal_id, actor=current_user.actor)):
            actions.decide_recusal(recusal_id, actor=current_user.actor, **given)
        return controls.recusal(recusal_id, actor=current_user.actor)

