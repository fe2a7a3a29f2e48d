"""The house's face: the frame round every page, its parts and their looks, languages, and what a page says when
something goes wrong. The rooms bring their own views and templates and use what is here.
"""
from __future__ import annotations

from flask import Blueprint, Flask, current_app, request
from flask_login import current_user

from ..errors import Forbidden, NotSignedIn
from ..kernel.text import Text
from ..permission import PERMISSIONS, needed_by
from . import assets, failures, formats, headers, language, navigation, views

#: Doors of other people's code, which cannot declare anything: the function's endpoint and what it needs.
_DECLARED_HERE = {"web.static": "public"}


def init_app(app: Flask) -> None:
    """Give an application its pages' frame. Rooms register their blueprints afterwards."""
    blueprint = Blueprint(
        "web", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
    )
    views.register(blueprint, demo=app.config["DEMO"])
    app.register_blueprint(blueprint)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (language, assets, formats, headers, navigation, failures):
        part.init_app(app)
    app.before_request(_knock)
    if app.config["DEMO"]:
        from .. import demo

        app.config.update(DEMO_PASSWORD=demo.PASSWORD, DEMO_STORY=demo.STORY)


def every_route_has_a_permission(app: Flask) -> None:
    """Stop the start if some route says nothing about who may use it.

    Raises:
        RuntimeError: naming the routes.
    """
    silent = sorted(
        f"{rule.endpoint} ({rule.rule})" for rule in app.url_map.iter_rules() if _needs(app, rule.endpoint) is None
    )
    if silent:
        raise RuntimeError("routes without a declared permission: " + ", ".join(silent))


def _needs(app: Flask, endpoint: str) -> str | None:
    return _DECLARED_HERE.get(endpoint) or needed_by(app.view_functions[endpoint])


def _knock() -> None:
    """Before every request: may this person use this door?"""
    if request.endpoint is None:
        return  # no such page; the router says so in its turn
    permission = _needs(current_app, request.endpoint)
    if permission == "public":
        return
    if not current_user.is_authenticated:
        raise NotSignedIn(Text("请先登录。", "Please sign in first."))
    if permission is None or not PERMISSIONS[permission](current_user):
        raise Forbidden(Text("您没有使用此功能的权限。", "You are not permitted to use this function."))
