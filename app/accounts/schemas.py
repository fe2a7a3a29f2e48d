"""What the API says and takes about accounts."""
from __future__ import annotations

from marshmallow import Schema, fields, validate


class SignInSchema(Schema):
    username = fields.Str(required=True, validate=validate.Length(max=200))
    password = fields.Str(required=True, validate=validate.Length(max=1000))
    label = fields.Str(load_default="api", validate=validate.Length(1, 100))
    days = fields.Int(load_default=1, validate=validate.Range(1, 366))


class TokenSchema(Schema):
    token = fields.Str(required=True)
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
