"""Sessions of bodies for programs: convene, vote, close, adjourn."""
from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_login import current_user
from marshmallow import Schema, fields, validate

from ..api.doors import Blueprint, Id, Moment, Plain, Words
from ..web.language import words
from . import actions, sittings
from .api import SIGNED_IN, _look, _role, _unseen
from .schemas import _TEXT

blueprint = Blueprint("sessions_api", __name__, description="Sessions of bodies that decide together")


class PresentSchema(Schema):
    person = Id(required=True, least=1)
    how = fields.Str(load_default="room", validate=validate.OneOf(["room", "remote"]))


class ConveneSchema(Schema):
    version = Id(load_default=None, allow_none=True)
    present = fields.List(fields.Nested(PresentSchema), required=True, validate=validate.Length(1, 500))
    chair = Id(required=True, metadata={"description": "the one of them who presides"})
    held_at = Moment(load_default=None, allow_none=True, metadata={"description": "when it began; now"})


class VoteSchema(Schema):
    choice = Words(required=True, validate=_TEXT, metadata={"description": "agree, disagree or abstain"})
    reason = Words(load_default=None, allow_none=True, validate=_TEXT, metadata={"description": "needed to disagree"})


class CloseSchema(Schema):
    minutes = Words(load_default=None, allow_none=True, validate=validate.Length(max=40_000))
    attachments = fields.List(Id(least=1), load_default=list, validate=validate.Length(max=20),
                              metadata={"description": "the minutes as files: ids of attachments"})
    answers = fields.Dict(load_default=dict)


class AdjournSchema(Schema):
    reason = Words(required=True, validate=_TEXT)


class VoteCastSchema(Schema):
    person = fields.Int()
    at = fields.AwareDateTime()
    choice = fields.Str(allow_none=True, metadata={"description": "null until the session is closed"})
    reason = fields.Str(allow_none=True)


class TallySchema(Schema):
    agree = fields.Int()
    disagree = fields.Int()
    abstain = fields.Int()
    entitled = fields.Int()
    needed = fields.Int()
    carried = fields.Bool()


class SessionSchema(Schema):
    id = fields.Int()
    case = fields.Int(attribute="case_id")
    work_item = fields.Int(attribute="item_id")
    node = fields.Str()
    node_name = fields.Function(lambda view: words(view.node_name), metadata={"type": "string"})
    state = fields.Str(metadata={"description": "open, closed, adjourned or abandoned"})
    convenor = fields.Int()
    chair = fields.Int()
    chair_last = fields.Bool()
    entitled = fields.List(fields.Int())
    absent = fields.List(fields.Int())
    barred = fields.Function(lambda view: [
        {"person": out["person"], "because": [words(o["because"]) for o in out["objections"]]} for out in view.barred
    ], metadata={"type": "array", "items": {"type": "object"}, "description": "members who must stay out, and why"})
    present = fields.Function(
        lambda view: [{"person": person, "how": how} for person, how in sorted(view.present.items())],
        metadata={"type": "array", "items": {"type": "object"}},
    )
    quorum = fields.Int()
    held_at = fields.AwareDateTime()
    convened_at = fields.AwareDateTime()
    until = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.Str(allow_none=True)
    files = fields.List(Plain())
    votes = fields.List(fields.Nested(VoteCastSchema))
    waiting = fields.List(fields.Int())
    tally = fields.Nested(TallySchema, allow_none=True)


def _view(session_id: int) -> sittings.SessionView:
    return sittings.session(session_id, actor=current_user.actor, role=_role())


@blueprint.route("/work-items/<int:item_id>/session")
class Convened(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(ConveneSchema)
    @blueprint.response(201, SessionSchema)
    def post(self, given: dict[str, Any], item_id: int) -> sittings.SessionView:
        """Convene the body that decides a work item one holds."""
        with _unseen(lambda: _look(item_id)):
            session = actions.convene(
                item_id, actor=current_user.actor, present={p["person"]: p["how"] for p in given["present"]},
                chair=given["chair"], held_at=given["held_at"], version=given["version"],
            )
        return _view(session)


@blueprint.route("/sessions")
class Awaiting(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, SessionSchema(many=True))
    def get(self) -> list[sittings.SessionView]:
        """The open sessions that wait for one's vote."""
        return sittings.awaiting(current_user.person_id)


@blueprint.route("/sessions/<int:session_id>")
class OneSession(MethodView):
    decorators = SIGNED_IN

    @blueprint.response(200, SessionSchema)
    def get(self, session_id: int) -> sittings.SessionView:
        """A session; how its members voted only once it is closed."""
        return _view(session_id)


@blueprint.route("/sessions/<int:session_id>/votes")
class Votes(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(VoteSchema)
    @blueprint.response(201, SessionSchema)
    def post(self, given: dict[str, Any], session_id: int) -> sittings.SessionView:
        """Vote, as a member who is present."""
        with _unseen(lambda: _view(session_id)):
            actions.vote(session_id, actor=current_user.actor, **given)
        return _view(session_id)


@blueprint.route("/sessions/<int:session_id>/close")
class Close(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(CloseSchema)
    @blueprint.response(200, SessionSchema)
    def post(self, given: dict[str, Any], session_id: int) -> sittings.SessionView:
        """Count the votes; the body's decision becomes the node's."""
        with _unseen(lambda: _view(session_id)):
            actions.close(session_id, actor=current_user.actor, **given)
        return _view(session_id)


@blueprint.route("/sessions/<int:session_id>/adjourn")
class Adjourn(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(AdjournSchema)
    @blueprint.response(200, SessionSchema)
    def post(self, given: dict[str, Any], session_id: int) -> sittings.SessionView:
        """End it undecided; its votes are void."""
        with _unseen(lambda: _view(session_id)):
            actions.adjourn(session_id, actor=current_user.actor, reason=given["reason"])
        return _view(session_id)

