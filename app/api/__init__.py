"""The HTTP API's own frame: bearer tokens, problem documents (RFC 9457), the OpenAPI description.

The endpoints themselves are in each room's ``api.py``.
"""
from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask_login import AnonymousUserMixin
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from ..accounts import queries as accounts
from ..accounts.signed_in import SignedIn
from ..errors import GangzeError, Invalid, Refused
from ..extensions import csrf
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..permission import needs
from ..web.language import words

PREFIX = "/api/v1"


def init_app(app: Flask) -> None:
    """Give an application its API. Every room's blueprint is added here."""
    from ..accounts.api import blueprint as accounts_api
    from ..cases.api import blueprint as cases_api
    from ..definitions.api import blueprint as definitions_api
    from ..trail.api import blueprint as trail_api

    api = Api(spec_kwargs={
        "title": "Gangze", "version": "v1", "openapi_version": "3.1.0",
        "info": {"description": "Processes, cases, work items, separation of duties, the trail."},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    })
    app.config.setdefault("OPENAPI_URL_PREFIX", None)
    api.init_app(app)
    for blueprint in (accounts_api, definitions_api, cases_api, trail_api):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
        csrf.exempt(blueprint)
    described = Blueprint("api", __name__)

    @described.get(f"{PREFIX}/openapi.json")
    @needs("public")
    def openapi() -> Response:
        """The description of this API."""
        return jsonify(api.spec.to_dict())

    app.register_blueprint(described)
    # First of all: the doorkeeper that asks for permissions must already see who the token belongs to.
    app.before_request_funcs.setdefault(None, []).insert(0, _only_tokens)
    for status in (400, 404, 405, 408, 413, 415, 422, 429, 500):
        app.register_error_handler(status, _or_page(status, app))


def _only_tokens() -> None:
    """A program shows its token at every request; a browser's session opens no door here, so no other site can use
    one."""
    if not request.path.startswith(PREFIX + "/"):
        return
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    account = accounts.by_token(secret.strip()) if scheme.lower() == "bearer" else None
    g._login_user = SignedIn(account) if account is not None else AnonymousUserMixin()


def problem(error: GangzeError) -> Response:
    """An error of ours as a problem document."""
    more: dict[str, Any] = {}
    if isinstance(error, Invalid):
        more["errors"] = {field: [words(text) for text in texts] for field, texts in error.errors.items()}
    if isinstance(error, Refused):
        more["objections"] = [objection(o) for o in error.objections]
    return _document(error.status, error.code, words(error.text), **more)


def objection(found: Any) -> dict[str, Any]:
    """One rule's objection, as 409 answers and the explanation list it."""
    people = organisation.names({p for _, p in found.earlier} | set(found.instead))
    return {
        "constraint": found.constraint, "kind": found.kind, "basis": found.basis, "node": found.node,
        "because": words(found.because),
        "earlier": [{"node": n, "person": p, "name": people.get(p, "")} for n, p in found.earlier],
        "instead": [{"person": p, "name": people.get(p, "")} for p in found.instead],
    }


def _document(status: int, code: str, title: str, **more: Any) -> Response:
    answer = jsonify({"type": f"urn:gangze:problem:{code}", "title": title, "status": status, **more})
    answer.status_code = status
    answer.content_type = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


_TITLES = {
    400: Text("请求读不懂", "the request cannot be read"), 404: Text("没有这个地址", "there is no such address"),
    405: Text("此地址不接受这种请求", "this address does not take that kind of request"),
    408: Text("传输超时", "the request took too long"), 413: Text("内容过大", "the request is too large"),
    415: Text("内容类型不对", "that kind of content is not taken"), 422: Text("填写有误", "some values do not fit"),
    429: Text("请求过于频繁", "too many requests"), 500: Text("服务器内部错误", "something is wrong on our side"),
}


def _or_page(status: int, app: Flask) -> Any:
    """For addresses of the API a problem document, for all others the page the house already has for it."""
    before = app.error_handler_spec[None].get(status, {})
    page = next(iter(before.values()), None)

    def handler(error: Any) -> Any:
        if not request.path.startswith(PREFIX):
            return page(error) if page is not None else error
        if not isinstance(error, HTTPException):
            current_app.logger.error("api_failed", exc_info=getattr(error, "original_exception", None) or error)
        messages = getattr(error, "data", {}).get("messages", {}) if status == 422 else {}
        return _document(status, f"http-{status}", words(_TITLES[status]), **(
            {"errors": {field: found for part in messages.values() for field, found in part.items()}} if messages else {}
        ))

    return handler
