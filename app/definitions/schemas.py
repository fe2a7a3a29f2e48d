"""What the API says about definitions."""
from __future__ import annotations

from marshmallow import Schema, fields


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
