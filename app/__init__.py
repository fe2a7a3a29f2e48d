"""Gangze 岗责: an office's powers, run as processes. ``create_app`` is the whole wiring on one screen."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def create_app(environment: Mapping[str, str] | None = None, **overrides: Any) -> Flask:
    """The application.

    Args:
        environment: where settings are read; ``os.environ`` unless given.
        overrides: configuration that wins over the settings (tests).

    Raises:
        config.BadSetting: a setting cannot be used.
        RuntimeError: a handler is registered twice, or a route declares no permission.
    """
    from . import cli, config, extensions, handling, web
    from .accounts import views as accounts
    from .api import init_app as init_api
    from .cases import views as cases
    from .definitions import views as definitions
    from .organisation import views as organisation
    from .separation import views as separation

    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(config.read(environment))
    app.config.update(overrides)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if app.config["GANGZE_PROXIES"]:
        proxies = app.config["GANGZE_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]

    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db)
    extensions.login.init_app(app)
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)

    handling.load()
    web.init_app(app)
    for room in (accounts, cases, definitions, organisation, separation):
        app.register_blueprint(room.blueprint)
    init_api(app)
    cli.init_app(app)
    web.every_route_has_a_permission(app)
    return app
