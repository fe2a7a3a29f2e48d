"""The trail for programs: search, the last checkpoint, the proof of one entry."""
from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from ..api.doors import Blueprint
from ..permission import needs
from . import queries
from .filters import Filters
from .schemas import ProofSchema, RecordPageSchema, SearchSchema, page_of

blueprint = Blueprint("trail_api", __name__, description="The trail")


@blueprint.route("/trail")
class Trail(MethodView):
    decorators = [needs("audit")]

    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200, RecordPageSchema)
    def get(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Entries that fit, latest first."""
        cursor, size = wanted.pop("cursor"), wanted.pop("page_size")
        page = queries.search(Filters(**wanted), cursor, limit=size)
        return page_of(page.records, page.next)


@blueprint.route("/trail/checkpoint")
class LastCheckpoint(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, {"type": "string"}, content_type="text/plain")
    def get(self) -> Response:
        """The last signed checkpoint (C2SP tlog-checkpoint), as text to keep elsewhere."""
        return Response(queries.last_checkpoint().note, content_type="text/plain; charset=utf-8")


@blueprint.route("/trail/proofs/<int:entry_id>")
class Proof(MethodView):
    decorators = [needs("audit")]

    @blueprint.response(200, ProofSchema)
    def get(self, entry_id: int) -> dict[str, Any]:
        """An entry's exact bytes and the proof that the last checkpoint covers them (RFC 6962 §2.1.1)."""
        found = queries.proof(entry_id)
        return {
            "entry": found.body.decode(), "leaf": found.leaf.hex(), "index": found.index, "size": found.size,
            "proof": [h.hex() for h in found.path], "checkpoint": found.note,
        }
