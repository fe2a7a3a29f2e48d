"""What the API says and takes about proxies, leaders' portfolios and the register of recusals."""
from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Words
from ..api.problems import NamedPersonSchema, ObjectionSchema
from .models import Relation, Source


class CalledSchema(Schema):
    zh = fields.Str()
    en = fields.Str()


class GiveProxySchema(Schema):
    principal = Id(load_default=None, allow_none=True, least=1,
                   metadata={"description": "whose work it is; the asker's own unless given"})
    delegate = Id(required=True, least=1, metadata={"description": "who may do it"})
    posts = fields.List(Words(validate=validate.Length(1, 20)), load_default=None, allow_none=True,
                        metadata={"description": "codes of posts; null: all the principal holds"})
    processes = fields.List(Words(validate=validate.Length(1, 100)), load_default=None, allow_none=True,
                            metadata={"description": "keys of processes; null: all"})
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    reason = Words(required=True, validate=validate.Length(1, 200))


class GivenProxySchema(Schema):
    id = fields.Int()
    principal = fields.Nested(NamedPersonSchema)
    delegate = fields.Nested(NamedPersonSchema)
    posts = fields.List(fields.Str(), allow_none=True)
    processes = fields.List(fields.Str(), allow_none=True)
    since = fields.Str(metadata={"format": "date"})
    until = fields.Str(metadata={"format": "date"})
    ended_on = fields.Str(allow_none=True, metadata={"format": "date", "description": "first day it no longer counts"})
    state = fields.Str(metadata={"description": "running, to come, ended or over"})
    reason = fields.Str(allow_none=True, metadata={"description": "for the two it is about only"})


class PortfolioSchema(Schema):
    post = fields.Str()
    name = fields.Nested(CalledSchema)
    domains = fields.List(fields.Str(), metadata={"description": "what it is in charge of"})
    leaders = fields.List(fields.Nested(NamedPersonSchema))
    acting = fields.List(fields.Nested(NamedPersonSchema))
    deputies = fields.List(fields.Nested(NamedPersonSchema))
    objections = fields.List(fields.Nested(ObjectionSchema), metadata={"description": "what stands against it today"})


class DeclareSchema(Schema):
    kind = fields.Str(required=True, validate=validate.OneOf(["kinship", "interest"]))
    source = fields.Str(load_default="declared", validate=validate.OneOf([s.value for s in Source]))
    person = Id(load_default=None, allow_none=True, least=1,
                metadata={"description": "who is to step aside; the asker unless given"})
    other = Id(load_default=None, allow_none=True, least=1, metadata={"description": "kinship: the other person"})
    relation = fields.Str(load_default=None, allow_none=True, validate=validate.OneOf([r.value for r in Relation]))
    party = Id(load_default=None, allow_none=True, least=1, metadata={"description": "interest: the party"})
    reason = Words(load_default="", validate=validate.Length(max=200), metadata={"description": "interest: why"})
    note = Words(load_default="", validate=validate.Length(max=300),
                 metadata={"description": "how it was found, or who asks"})


class DecideRequestSchema(Schema):
    granted = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = Words(required=True, validate=validate.Length(1, 300))


class DeclaredSchema(Schema):
    id = fields.Str()
    kind = fields.Str(metadata={"description": "kinship or interest"})
    source = fields.Str(metadata={"description": "declared, found or requested"})
    standing = fields.Str(metadata={"description": "undecided, effective or refused"})
    in_effect = fields.Bool()
    person = fields.Nested(NamedPersonSchema)
    other = fields.Int(allow_none=True, metadata={"description": "kinship: the other person"})
    party = fields.Int(allow_none=True, metadata={"description": "interest: the party"})
    whom = fields.Str(metadata={"description": "the kin or the party, by name"})
    relation = fields.Str(allow_none=True)
    reason = fields.Str(allow_none=True)
    declared_on = fields.Str(metadata={"format": "date"})
    until = fields.Str(allow_none=True, metadata={"format": "date"})
    note = fields.Str()
    decision = fields.Str(allow_none=True, metadata={"description": "why it was granted or refused"})
