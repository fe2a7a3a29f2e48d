"""What the API says and takes about accounts."""
from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Words


class SignInSchema(Schema):
    username = Words(required=True, validate=validate.Length(max=200))
    password = Words(required=True, validate=validate.Length(max=1000))
    label = Words(load_default="api", validate=validate.Length(1, 100))
    days = Id(load_default=1, least=1, most=366, metadata={"description": "how long the token is good for"})


class TokenSchema(Schema):
    token = fields.Str(required=True, metadata={"description": "the secret; it is shown this once"})
    id = fields.Int(required=True)


class PostSchema(Schema):
    code = fields.Str()
    department = fields.Str(allow_none=True)


class MeSchema(Schema):
    username = fields.Str()
    person = fields.Int(allow_none=True)
    name = fields.Str()
    role = fields.Str(allow_none=True)
    posts = fields.List(fields.Nested(PostSchema))
