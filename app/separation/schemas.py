"""What programs send to this room and get from it."""
from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Words
from ..api.problems import ObjectionSchema

_NAME = validate.Length(min=1, max=200)
_CODE = validate.Length(min=1, max=40)


class ExplainSchema(Schema):
    """Which task: a case's node, or a work item."""

    case = Id(load_default=None, metadata={"description": "id of a case; with node"})
    node = Words(load_default=None, validate=_NAME)
    work_item = Id(load_default=None, metadata={"description": "id of a work item, instead of case and node"})


class ExplainedSchema(Schema):
    person = fields.Int()
    name = fields.Str()
    behalf = fields.Int(allow_none=True, metadata={"description": "the principal in whose place (授权代理)"})
    behalf_name = fields.Str(allow_none=True)
    holds = fields.Bool(metadata={"description": "holds the post of the task; with behalf: the principal does"})
    took_part = fields.Bool(metadata={"description": "has acted in the case or holds a work item of it"})
    allowed = fields.Bool()
    objections = fields.List(fields.Nested(ObjectionSchema))


class PersonSchema(Schema):
    person = fields.Int()
    name = fields.Str()


class PostHoldersSchema(Schema):
    post = fields.Str()
    may_be_away = fields.Int(metadata={"description": "how many of its holders may be away at once, whoever they are"})


class PlaceSchema(Schema):
    department = fields.Str()
    level = fields.Int()


class StrengthSchema(Schema):
    """An active definition in today's office."""

    process = fields.Str()
    matter = fields.Str()
    name = fields.Str()
    satisfiable = fields.Bool()
    because = fields.Str(allow_none=True)
    without = fields.List(fields.Str(), metadata={"description": "departments that could start none"})
    level = fields.Int(metadata={"description": "-1 cannot be worked, 0 one absence breaks it, 1 survives any one, 2 any two"})
    critical = fields.List(fields.List(fields.Nested(PersonSchema)), metadata={
        "description": "who must not be away at once: smallest sets"})
    posts = fields.List(fields.Nested(PostHoldersSchema))
    departments = fields.List(fields.Nested(PlaceSchema), metadata={
        "description": "the level of each department that may start it, where it depends on that"})


class WhatIfSchema(Schema):
    absent = fields.List(Id(), load_default=list, validate=validate.Length(max=200), metadata={
        "description": "ids of people"})
    vacant = fields.List(Words(validate=_CODE), load_default=list, validate=validate.Length(max=200), metadata={
        "description": "codes of posts"})
    on = fields.Date(load_default=None, metadata={"description": "the day; today where none is given"})


class RemedyStepSchema(Schema):
    kind = fields.Str(metadata={"description": "return, appoint or proxy"})
    person = fields.Int(allow_none=True)
    post = fields.Str(allow_none=True)
    department = fields.Str(allow_none=True)
    principal = fields.Int(allow_none=True)


class RemedySchema(Schema):
    text = fields.Str()
    steps = fields.List(fields.Nested(RemedyStepSchema))


class BrokenSchema(Schema):
    process = fields.Str()
    matter = fields.Str()
    name = fields.Str()
    because = fields.Str(allow_none=True)


class WeakerSchema(Schema):
    process = fields.Str()
    matter = fields.Str()
    name = fields.Str()
    departments = fields.List(fields.Str())


class StandstillSchema(Schema):
    case = fields.Int()
    number = fields.Str()
    process = fields.Str()
    nodes = fields.List(fields.Str())
    because = fields.Str(allow_none=True)
    remedies = fields.List(fields.Nested(RemedySchema))


class OutcomeSchema(Schema):
    on = fields.Date()
    definitions = fields.List(fields.Nested(BrokenSchema), metadata={"description": "could no longer be worked"})
    departments = fields.List(fields.Nested(WeakerSchema), metadata={
        "description": "could still be worked, but no longer started from these departments"})
    cases = fields.List(fields.Nested(StandstillSchema), metadata={"description": "open cases that would stall"})
    open_cases = fields.Int()


class StalledSchema(Schema):
    case = fields.Int()
    number = fields.Str()
    process = fields.Str()
    since = fields.AwareDateTime()
    nodes = fields.List(fields.Str())
    because = fields.Str()
    remedies = fields.List(fields.Str())
    escalated = fields.Bool()


class FindingsQuerySchema(Schema):
    state = Words(load_default="open", validate=validate.OneOf(["open", "explained", "all"]))


class RecordedFindingSchema(Schema):
    id = fields.Int()
    kind = fields.Str()
    rule = fields.Str()
    basis = fields.Str()
    case = fields.Int(allow_none=True)
    number = fields.Str(allow_none=True)
    person = fields.Int(allow_none=True)
    because = fields.Str()
    first_seen = fields.AwareDateTime()
    state = fields.Str()
    explained_by = fields.Int(allow_none=True)
    reason = fields.Str(allow_none=True)


class ExplanationSchema(Schema):
    reason = Words(load_default="", validate=validate.Length(max=5000))
