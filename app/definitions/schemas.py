"""What the API says about definitions."""
from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Words
from ..kernel.bpmn.constraints import KINDS, ON_BLOCK, SCOPES


class NamesSchema(Schema):
    zh = fields.Str()
    en = fields.Str()


class MatterSchema(Schema):
    matter = fields.Str()
    process = fields.Str(metadata={"description": "key of the process that runs it"})
    name = fields.Nested(NamesSchema)
    version = fields.Int()


class DefinitionSchema(Schema):
    id = fields.Int()
    key = fields.Str()
    version = fields.Int()
    state = fields.Str(metadata={"description": "draft, active or retired"})
    matter = fields.Str()
    name = fields.Nested(NamesSchema)
    digest = fields.Str(metadata={"description": "SHA-256 over the package"})
    deployed_by = fields.Int(allow_none=True)
    activated_by = fields.Int(allow_none=True)
    based_on = fields.Int(allow_none=True, metadata={"description": "the version whose rules were edited"})


class ConstraintSchema(Schema):
    """A rule of separation."""

    id = Words(validate=validate.Length(max=80), metadata={"description": "one is made up where there is none"})
    kind = Words(required=True, validate=validate.OneOf(list(KINDS)))
    nodes = fields.List(Words(validate=validate.Length(max=120)), validate=validate.Length(max=500), metadata={
        "description": "ids of user tasks, or * for all of them"})
    options = fields.Dict(
        keys=Words(validate=validate.Length(max=40)), values=Words(validate=validate.Length(max=300)),
        validate=validate.Length(max=20), metadata={
            "description": "what the kind needs besides: "
            + "; ".join(f"{k.name}: {', '.join(o.name for o in k.options)}" for k in KINDS.values() if k.options)})
    basis = Words(validate=validate.Length(max=300), metadata={"description": "the clause it rests on"})
    scope = Words(validate=validate.OneOf(list(SCOPES)))
    on_block = Words(validate=validate.OneOf(list(ON_BLOCK)))


class RevisionSchema(Schema):
    newest = Id(metadata={"description": "the latest version you know of; the version in the address if not said"})
    reason = Words(validate=validate.Length(max=300), metadata={"description": "why, for the trail"})


class FindingSchema(Schema):
    severity = fields.Str()
    rule = fields.Str()
    element = fields.Str(allow_none=True)
    name = fields.Str(allow_none=True)
    line = fields.Int(allow_none=True)
    message = fields.Str(metadata={"description": "in the reader's language"})
    repair = fields.Str(allow_none=True, metadata={"description": "what would put it right"})


class CoverageSchema(Schema):
    """Four lists that must be empty."""

    matters = fields.List(fields.Str())
    nodes = fields.List(fields.Str())
    posts = fields.List(fields.Str())
    people = fields.List(fields.Str())
