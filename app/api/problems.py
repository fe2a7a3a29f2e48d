"""Problem documents (RFC 9457): what went wrong, for programs and in the reader's language."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from ..errors import GangzeError, Invalid, Refused
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..web.language import words
from .messages import by_field

TITLES = {
    400: Text("请求读不懂", "the request cannot be read"), 404: Text("没有这个地址", "there is no such address"),
    405: Text("此地址不接受这种请求", "this address does not take that kind of request"),
    406: Text("没有您要的表示形式", "there is no such representation"),
    408: Text("传输超时", "the request took too long"), 411: Text("须说明长度", "the length must be given"),
    413: Text("内容过大", "the request is too large"), 414: Text("地址过长", "the address is too long"),
    415: Text("内容类型不对", "that kind of content is not taken"), 416: Text("没有这一段", "there is no such range"),
    422: Text("填写有误", "some values do not fit"), 429: Text("请求过于频繁", "too many requests"),
    431: Text("请求头过大", "the headers are too large"), 500: Text("服务器内部错误", "something is wrong on our side"),
}


#: What the rooms above have to say besides: members of the document for an error, none where there is nothing.
ADDED: list[Callable[[GangzeError], Mapping[str, Any]]] = []


class NamedActSchema(Schema):
    node = fields.Str()
    person = fields.Int()
    name = fields.Str()


class NamedPersonSchema(Schema):
    person = fields.Int()
    name = fields.Str()


class ObjectionSchema(Schema):
    """One rule's objection to one person at one node."""

    constraint = fields.Str(metadata={"description": "id of the rule in the diagram"})
    kind = fields.Str()
    basis = fields.Str(allow_none=True, metadata={"description": "the clause it stands on"})
    node = fields.Str()
    because = fields.Str(metadata={"description": "the reason, in the reader's language"})
    earlier = fields.List(fields.Nested(NamedActSchema), metadata={"description": "the acts it follows from"})
    instead = fields.List(fields.Nested(NamedPersonSchema), metadata={"description": "who may act instead"})


class ProblemSchema(Schema):
    """RFC 9457 §3, with this API's own members."""

    type = fields.Str(required=True, metadata={"format": "uri"})
    title = fields.Str(required=True)
    status = fields.Int(required=True)
    errors = fields.Dict(keys=fields.Str(), values=fields.List(fields.Str()),
                         metadata={"description": "422: what is wrong, by field; an empty name is the whole"})
    objections = fields.List(fields.Nested(ObjectionSchema), metadata={"description": "409: the rules that forbid it"})
    remedies = fields.List(fields.Str(), metadata={
        "description": "409: where nobody is left for the case, the smallest measures that would help"})
    version = fields.Int(metadata={"description": "409: the version the work item has by now"})


def problem(error: GangzeError) -> Response:
    """An error of ours as a problem document."""
    more: dict[str, Any] = {}
    if isinstance(error, Invalid):
        more["errors"] = {field: [words(text) for text in texts] for field, texts in error.errors.items()}
    if isinstance(error, Refused):
        more["objections"] = [objection(o) for o in error.objections]
    if "version" in error.facts:
        more["version"] = error.facts["version"]
    for add in ADDED:
        more |= add(error)
    return document(error.status, error.code, words(error.text), **more)


def objection(found: Any) -> dict[str, Any]:
    """One rule's objection, as 409 answers and the explanation list it."""
    people = organisation.names({p for _, p in found.earlier} | set(found.instead))
    return {
        "constraint": found.constraint, "kind": found.kind, "basis": found.basis, "node": found.node,
        "because": words(found.because),
        "earlier": [{"node": n, "person": p, "name": people.get(p, "")} for n, p in found.earlier],
        "instead": [{"person": p, "name": people.get(p, "")} for p in found.instead],
    }


def of_http(error: HTTPException) -> Response:
    """What Flask itself has to object to."""
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages", {}) if status == 422 else {}
    answer = document(
        status, f"http-{status}", words(TITLES.get(status) or Text(error.name, error.name)),
        **({"errors": by_field(messages)} if messages else {}),
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def document(status: int, code: str, title: str, **more: Any) -> Response:
    """A problem document.

    Args:
        status: HTTP status.
        code: last part of ``type``.
        title: what went wrong, in the reader's language.
        more: members of this API's own.
    """
    answer = jsonify({"type": f"urn:gangze:problem:{code}", "title": title, "status": status, **more})
    answer.status_code = status
    answer.content_type = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
