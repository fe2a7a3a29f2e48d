"""The trail for programs: search, the last checkpoint, the proof of one entry."""
from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from ..kernel.values import plain, timestamp
from ..permission import needs
from . import queries
from .filters import Filters

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
        return Response(queries.last_checkpoint().note, content_type="text/plain; charset=utf-8")


@blueprint.route("/trail/proofs/<int:entry_id>")
class Proof(MethodView):
    decorators = [needs("audit")]

    @blueprint.response(200)
    def get(self, entry_id: int) -> dict[str, Any]:
        """An entry's exact bytes and the proof that the last checkpoint covers them (RFC 6962 §2.1.1)."""
        found = queries.proof(entry_id)
        return {
            "entry": found.body.decode(), "leaf": found.leaf.hex(), "index": found.index, "size": found.size,
            "proof": [h.hex() for h in found.path], "checkpoint": found.note,
        }
