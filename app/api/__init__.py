"""The HTTP API's own frame: bearer tokens, problem documents (RFC 9457), the OpenAPI description.

The endpoints themselves are in each room's ``api.py``; what they are made of is in ``doors``.
"""
from __future__ import annotations

from threading import Lock
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask_login import AnonymousUserMixin
from flask_smorest import Api
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from ..accounts import queries as accounts
from ..accounts.signed_in import SignedIn
from ..errors import NotFound, Unavailable
from ..extensions import csrf, db
from ..kernel.text import Text
from ..permission import needs
from .description import describe
from .doors import LARGEST, MOST_JSON
from .problems import ProblemSchema, objection, of_http, problem

__all__ = ["PREFIX", "init_app", "objection", "problem"]

PREFIX = "/api/v1"
log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Give an application its API. Every room's blueprint is added here."""
    from ..accounts.api import blueprint as accounts_api
    from ..cases.api import blueprint as cases_api
    from ..cases.reassigning_api import blueprint as reassigning_api
    from ..cases.resourcing_api import blueprint as resourcing_api
    from ..cases.sessions_api import blueprint as sessions_api
    from ..definitions.api import blueprint as definitions_api
    from ..organisation.api import blueprint as organisation_api
    from ..organisation.capabilities_api import blueprint as capabilities_api
    from ..separation.api import blueprint as separation_api
    from ..trail.api import blueprint as trail_api

    api = _Api(spec_kwargs={
        "title": "Gangze", "version": "v1", "openapi_version": "3.1.0",
        "info": {"description": "Processes, cases, work items, separation of duties, the trail."},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    })
    app.config.setdefault("OPENAPI_URL_PREFIX", None)
    # First of all: the doorkeeper that asks for permissions must already see who the token belongs to.
    app.before_request_funcs.setdefault(None, [])[:0] = [_only_tokens, _only_what_it_takes]
    app.url_value_preprocessor(_ids_fit)
    before = {status: next(iter(app.error_handler_spec[None].get(status, {}).values()), None) for status in _OURS}
    api.init_app(app)
    for blueprint in (
        accounts_api, definitions_api, cases_api, reassigning_api, resourcing_api, sessions_api, organisation_api,
        capabilities_api, separation_api, trail_api,
    ):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
        csrf.exempt(blueprint)
    described = Blueprint("api", __name__)
    made: list[dict[str, Any]] = []
    making = Lock()

    @described.get(f"{PREFIX}/openapi.json")
    @needs("public")
    def openapi() -> Response:
        """The description of this API."""
        with making:
            if not made:
                made.append(describe(app, api.described(), PREFIX))
        return jsonify(made[0])

    app.register_blueprint(described)
    for status in _OURS:
        app.register_error_handler(status, _or_page(before[status]))
    app.register_error_handler(db.exc.OperationalError, _unavailable)


#: Statuses for which the house has pages, or Flask an answer of its own.
_OURS = (400, 404, 405, 408, 413, 414, 415, 422, 429, 500)


class _Api(Api):
    """Problem documents instead of the library's own errors, and nothing of it outside the API.

    Doors are described when somebody asks for the description and not at every start: that took longer than all the
    rest of the application, for the shell and the worker too.
    """

    _undescribed: tuple[Any, ...] = ()

    def register_blueprint(self, blp: Any, *, parameters: Any = None, **options: Any) -> None:
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._undescribed += (blp,)

    def described(self) -> dict[str, Any]:
        """The description of every door, as OpenAPI."""
        for blp in self._undescribed:
            blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
            self.spec.tag({"name": blp.name, "description": blp.description})
        self._undescribed = ()
        self.spec.components.schema("Problem", schema=ProblemSchema)
        return self.spec.to_dict()

    def handle_http_exception(self, error: HTTPException) -> Any:
        return of_http(error) if _inside() else error


def _inside() -> bool:
    return request.path == PREFIX or request.path.startswith(PREFIX + "/")


def _only_tokens() -> None:
    """A program shows its token at every request; a browser's session opens no door here, so no other site can use
    one."""
    if not _inside():
        return
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    account = accounts.by_token(secret.strip()) if scheme.lower() == "bearer" else None
    g._login_user = SignedIn(account) if account is not None else AnonymousUserMixin()


def _only_what_it_takes() -> None:
    """A body is JSON of a bounded size, unless the endpoint takes files (``takes`` of its view)."""
    if not _inside() or request.endpoint is None or request.method not in ("POST", "PUT", "PATCH"):
        return
    view = getattr(current_app.view_functions[request.endpoint], "view_class", None)
    takes = getattr(view, "takes", "application/json")
    if takes == "application/json":
        request.max_content_length = MOST_JSON
    if (request.content_length or "Transfer-Encoding" in request.headers) and request.mimetype != takes:
        raise UnsupportedMediaType


def _ids_fit(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """An id no database can hold belongs to nothing."""
    if any(isinstance(value, int) and value > LARGEST for value in (values or {}).values()):
        raise NotFound(Text("没有找到", "there is no such thing"))


def _or_page(page: Any) -> Any:
    """For addresses of the API a problem document, for all others the page the house already has for it."""

    def handler(error: HTTPException) -> Any:
        cause = getattr(error, "original_exception", None)
        if type(cause).__module__.startswith("gunicorn.http"):  # the body broke its own rules while it was read
            return current_app.handle_user_exception(BadRequest())
        if not _inside():
            return page(error) if page is not None else error
        if cause is not None:
            db.session.rollback()
            log.error("api_failed", path=request.path, exc_info=cause)
        return of_http(error)

    return handler


def _unavailable(error: Exception) -> Any:
    """The store did not even let itself be read; what changes something says so by itself (``change``)."""
    db.session.rollback()
    log.error("store_unavailable", path=request.path, reason=str(getattr(error, "orig", error)))
    return current_app.handle_user_exception(Unavailable(Text(
        "存储暂不可用，请稍后再试。", "The store is not available, try again later."
    )))
