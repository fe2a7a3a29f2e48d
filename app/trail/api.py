"""The trail for programs: search, the last checkpoint, the proof of one entry."""
from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.trail import inclusion_proof
from ..kernel.values import plain, timestamp
from ..permission import needs
from . import queries
from .filters import Filters
from .models import Checkpoint, Entry, Leaf
from .tiles import Tiles

blueprint = Blueprint("trail_api", __name__, description="The trail")


class SearchSchema(Schema):
    since = fields.AwareDateTime(load_default=None)
    until = fields.AwareDateTime(load_default=None)
    case = fields.Int(load_default=None)
    process = fields.Str(load_default=None)
    person = fields.Int(load_default=None)
    what = fields.List(fields.Str(), load_default=None)
    cursor = fields.Int(load_default=None)
    page_size = fields.Int(load_default=50, validate=validate.Range(1, 200))


@blueprint.route("/trail")
class Trail(MethodView):
    decorators = [needs("audit")]

    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Entries that fit, latest first."""
        cursor, size = wanted.pop("cursor"), wanted.pop("page_size")
        page = queries.search(Filters(**wanted), cursor, limit=size)
        return {
            "items": [
                {"id": r.id, "subject": r.subject, "seq": r.seq, "at": timestamp(r.at), "what": r.what, "case": r.case_id,
                 "node": r.node, "who": plain(dict(r.who)), "facts": plain(dict(r.facts)), "leaf": r.leaf.hex(),
                 "index": r.index} for r in page.records
            ],
            "cursor": page.next,
        }


@blueprint.route("/trail/checkpoint")
class LastCheckpoint(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self) -> Response:
        """The last signed checkpoint (C2SP tlog-checkpoint), as text to keep elsewhere."""
        return Response(_last().note, content_type="text/plain; charset=utf-8")


@blueprint.route("/trail/proofs/<int:entry_id>")
class Proof(MethodView):
    decorators = [needs("audit")]

    @blueprint.response(200)
    def get(self, entry_id: int) -> dict[str, Any]:
        """An entry's exact bytes and the proof that the last checkpoint covers them (RFC 6962 §2.1.1)."""
        row = db.session.execute(
            select(Entry.body, Entry.leaf, Leaf.index).join(Leaf, Leaf.entry_id == Entry.id).where(Entry.id == entry_id)
        ).first()
        last = _last()
        if row is None or row.index >= last.size:
            raise NotFound(Text("该记录还没有签名检查点覆盖", "no signed checkpoint covers this entry yet"))
        proof = inclusion_proof(row.index, last.size, Tiles(db.session.connection()))
        return {
            "entry": bytes(row.body).decode(), "leaf": bytes(row.leaf).hex(), "index": row.index, "size": last.size,
            "proof": [h.hex() for h in proof], "checkpoint": last.note,
        }


def _last() -> Checkpoint:
    found = db.session.scalars(
        select(Checkpoint).where(Checkpoint.size == select(func.max(Checkpoint.size)).scalar_subquery())
    ).first()
    if found is None:
        raise NotFound(Text("还没有检查点", "there is no checkpoint yet"))
    return found
