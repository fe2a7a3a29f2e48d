"""What the API says and takes about the trail."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Moment, Plain, Words
from ..kernel.values import plain, timestamp
from .queries import Record


class SearchSchema(Schema):
    since = Moment(load_default=None)
    until = Moment(load_default=None)
    case = Id(load_default=None)
    process = Words(load_default=None, validate=validate.Length(max=200))
    person = Id(load_default=None)
    what = fields.List(Words(validate=validate.Length(max=100)), load_default=None, validate=validate.Length(max=50))
    cursor = Id(load_default=None)
    page_size = Id(load_default=50, least=1, most=200)


class RecordSchema(Schema):
    """An entry, decoded. Its exact bytes are with its proof."""

    id = fields.Int()
    subject = fields.Str(metadata={"description": "whose chain it belongs to"})
    seq = fields.Int(metadata={"description": "its number in that chain"})
    at = fields.Str(metadata={"format": "date-time"})
    what = fields.Str()
    case = fields.Int(allow_none=True)
    node = fields.Str(allow_none=True)
    who = Plain(metadata={"type": "object"})
    facts = Plain(metadata={"type": "object"})
    leaf = fields.Str(metadata={"description": "hexadecimal hash of the entry in the log"})
    index = fields.Int(allow_none=True, metadata={"description": "its place in the log; null: it waits for it"})


class RecordPageSchema(Schema):
    items = fields.List(fields.Nested(RecordSchema))
    cursor = fields.Int(allow_none=True)


class ProofSchema(Schema):
    """RFC 6962 §2.1.1."""

    entry = fields.Str(metadata={"description": "the exact bytes that were hashed, as text"})
    leaf = fields.Str()
    index = fields.Int()
    size = fields.Int(metadata={"description": "entries the checkpoint covers"})
    proof = fields.List(fields.Str(), metadata={"description": "hashes from the leaf up, hexadecimal"})
    checkpoint = fields.Str(metadata={"description": "the signed note"})


def page_of(records: Iterable[Record], cursor: int | None) -> dict[str, Any]:
    """Records as the API lists them."""
    return {
        "items": [
            {"id": r.id, "subject": r.subject, "seq": r.seq, "at": timestamp(r.at), "what": r.what, "case": r.case_id,
             "node": r.node, "who": plain(dict(r.who)), "facts": plain(dict(r.facts)), "leaf": r.leaf.hex(),
             "index": r.index} for r in records
        ],
        "cursor": cursor,
    }
