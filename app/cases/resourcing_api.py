"""How work is handed out, for programs: begin, decline, skip, take back, lay aside, do ahead; one's settings and lists."""
from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_login import current_user
from marshmallow import Schema, fields, validate

from ..api.doors import Blueprint, Words
from ..errors import NotFound
from ..permission import needs
from ..web.language import words
from . import actions, lists, queries, worklists
from .api import SIGNED_IN, _item_verb, _look, _unseen, _view
from .ordering import ORDERINGS
from .schemas import _NAME, _TEXT, HeldSchema, StandingSchema, WorkItemSchema

blueprint = Blueprint("resourcing_api", __name__, description="How work is handed out")


class ReasonedSchema(HeldSchema):
    reason = Words(required=True, validate=_TEXT)


class TakeBackSchema(Schema):
    reason = Words(load_default="", validate=_TEXT)


class AheadSchema(Schema):
    answers = fields.Dict(load_default=dict)
    decision = Words(load_default=None, allow_none=True, validate=_NAME)
    opinion = Words(load_default=None, allow_none=True, validate=_TEXT)


class ComingSchema(Schema):
    case = fields.Int(attribute="case_id")
    case_number = fields.Str()
    title = fields.Str()
    node = fields.Str()
    node_name = fields.Function(lambda one: words(one.node_name), metadata={"type": "string"})
    sure = fields.Bool(metadata={"description": "whether the case is certain to get there"})
    ahead = fields.Bool(metadata={"description": "whether it may be done ahead"})


class SettingsSchema(Schema):
    ordering = Words(load_default=None, allow_none=True, validate=validate.OneOf(list(ORDERINGS)))
    chained = fields.Bool(load_default=False)
    piled = fields.List(Words(validate=_NAME), load_default=list, validate=validate.Length(max=500),
                        metadata={"description": "process/node"})


class OrderingSchema(Schema):
    ordering = Words(required=True, allow_none=True, validate=validate.OneOf(list(ORDERINGS)))


for _name, _schema, _verb in (
    ("commence", HeldSchema, lambda i, g: actions.commence(i, actor=current_user.actor, **g)),
    ("decline", HeldSchema, lambda i, g: actions.decline_offer(i, actor=current_user.actor, **g)),
    ("skip", ReasonedSchema, lambda i, g: actions.skip(i, actor=current_user.actor, **g)),
    ("suspend", ReasonedSchema, lambda i, g: actions.suspend_item(i, actor=current_user.actor, **g)),
    ("resume", HeldSchema, lambda i, g: actions.resume_item(i, actor=current_user.actor, **g)),
):
    _item_verb(_name, _schema, _verb)


def _look_ahead(case_id: int, node: str) -> None:
    """The case, if the asker may know of it; or the node, if it is announced to them."""
    try:
        worklists.announced(case_id, node, current_user.person_id)
    except NotFound:
        _view(case_id)


@blueprint.route("/work-items/<int:item_id>/take-back")
class TakeBack(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(TakeBackSchema)
    @blueprint.response(200, StandingSchema)
    def post(self, given: dict[str, Any], item_id: int) -> Any:
        """Do again what one has completed, while nobody has acted after it. Answers with the new work item."""
        with _unseen(lambda: _look(item_id)):
            made = actions.take_back(item_id, actor=current_user.actor, reason=given["reason"])
        return queries.standing(made)


@blueprint.route("/cases/<int:case_id>/nodes/<node>/ahead")
class Ahead(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(AheadSchema)
    @blueprint.response(201, StandingSchema)
    def post(self, given: dict[str, Any], case_id: int, node: str) -> Any:
        """Do a node before the case gets there, where its diagram lets it."""
        with _unseen(lambda: _look_ahead(case_id, node)):
            made = actions.do_ahead(case_id, node, actor=current_user.actor, **given)
        return queries.standing(made)


@blueprint.route("/work-items/coming")
class ComingItems(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, ComingSchema(many=True))
    def get(self) -> list[worklists.Coming]:
        """What is announced to one's posts before it is there."""
        return worklists.coming(current_user.person_id)


@blueprint.route("/work-items/visible")
class VisibleItems(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, WorkItemSchema(many=True))
    def get(self) -> list[lists.ItemView]:
        """Open work items of others that their nodes show."""
        return worklists.visible(current_user.person_id)


@blueprint.route("/me/work-settings")
class WorkSettings(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, SettingsSchema)
    def get(self) -> worklists.Settings:
        """How one wants one's work."""
        return worklists.settings_of(current_user.person_id)

    @blueprint.arguments(SettingsSchema)
    @blueprint.response(200, SettingsSchema)
    def put(self, given: dict[str, Any]) -> worklists.Settings:
        """Say how one wants one's work: all of it at once."""
        actions.set_work(actor=current_user.actor, **given)
        return worklists.settings_of(current_user.person_id)


@blueprint.route("/work-settings")
class OfficeSettings(MethodView):
    decorators = [needs("system administration")]

    @blueprint.arguments(OrderingSchema)
    @blueprint.response(200, OrderingSchema)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """The order of everybody's lists who has set none of their own."""
        actions.set_office_ordering(given["ordering"], actor=current_user.actor)
        return given
