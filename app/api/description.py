"""The OpenAPI description: what the endpoints say of themselves, and what holds for all of them."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from ..permission import needed_by

#: Statuses every answer may have, and when. 401 and 403 only where somebody must sign in.
_ANY = {
    400: "The request cannot be read", 404: "There is none, or the asker may not know of it",
    413: "The body is too large", 415: "Not the kind of body it takes", 422: "Some values do not fit; errors by field",
    429: "Too many requests", 503: "The store is not available; nothing was written",
}
_SIGNED_IN = {401: "Not signed in", 403: "Not permitted"}
_VERB = {409: "Stale version, wrong state, or refused by the separation rules"}


def describe(app: Flask, raw: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Complete the description that the endpoints give of themselves.

    Args:
        raw: as flask-smorest has collected it.
        prefix: where the API's addresses begin.
    """
    components = raw["components"]
    for unused in ("Error", "PaginationMetadata"):
        components["schemas"].pop(unused, None)
    components["responses"] = {"Problem": {
        "description": "A problem document (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }}
    for rule, method, operation in _operations(app, raw["paths"], prefix):
        permission = needed_by(app.view_functions[rule.endpoint])
        public = permission == "public"
        operation["operationId"] = f"{method}_{rule.endpoint.split('.')[-1]}"
        operation["security"] = [] if public else [{"bearer": []}]
        operation["x-permission"] = permission
        good = {status: said for status, said in operation["responses"].items() if str(status).startswith("2")}
        for said in good.values():
            if "content" not in said and "204" not in good:
                said["content"] = {"application/json": {"schema": {}}}
        bad = {**_ANY, **({} if public else _SIGNED_IN), **({} if method == "get" else _VERB)}
        operation["responses"] = {
            **good, **{str(s): {**components["responses"]["Problem"], "description": said}
                       for s, said in sorted(bad.items())},
            "default": {"$ref": "#/components/responses/Problem"},
        }
    return raw


def _operations(app: Flask, paths: dict[str, Any], prefix: str) -> Iterator[tuple[Rule, str, dict[str, Any]]]:
    for rule in app.url_map.iter_rules():
        described = paths.get(re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        if not rule.rule.startswith(prefix) or described is None:
            continue
        for method in sorted(rule.methods or ()):
            if method.lower() in described:
                yield rule, method.lower(), described[method.lower()]
