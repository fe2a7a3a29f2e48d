"""The register of capabilities, for programs."""
from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_login import current_user
from marshmallow import Schema, fields, validate

from ..api.doors import Blueprint, Id, Words
from ..permission import needs
from . import queries
from .actions import end_capability, grant_capability
from .models import Capability

blueprint = Blueprint("capabilities_api", __name__, description="What people are able to do")


class CapabilitySchema(Schema):
    id = fields.Int()
    person = fields.Int(attribute="person_id")
    name = fields.Str()
    level = fields.Int()
    since = fields.Date()
    until = fields.Date(allow_none=True)


class GrantSchema(Schema):
    name = Words(required=True, validate=validate.Length(max=200), metadata={"description": "one word, as diagrams write it"})
    level = Id(load_default=0, least=0, most=9)
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)


class EndSchema(Schema):
    until = fields.Date(load_default=None, allow_none=True, metadata={"description": "the last day; today"})


@blueprint.route("/people/<int:person_id>/capabilities")
class Capabilities(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, CapabilitySchema(many=True))
    def get(self, person_id: int) -> list[Capability]:
        """Everything a person is or was registered with."""
        queries.person(person_id)
        return queries.capabilities_of(person_id)

    @blueprint.arguments(GrantSchema)
    @blueprint.response(201, CapabilitySchema)
    def post(self, given: dict[str, Any], person_id: int) -> Capability:
        """Register a person with a capability; for the security administrator."""
        made = grant_capability(person_id=person_id, actor=current_user.actor, **given)
        return next(row for row in queries.capabilities_of(person_id) if row.id == made)


@blueprint.route("/capabilities/<int:capability_id>/end")
class CapabilityEnd(MethodView):
    decorators = [needs("signed in")]

    @blueprint.arguments(EndSchema)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], capability_id: int) -> str:
        """A person no longer has a capability; for the security administrator."""
        end_capability(capability_id, actor=current_user.actor, until=given["until"])
        return ""
