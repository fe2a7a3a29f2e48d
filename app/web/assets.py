"""Built files by the name they were written under: ``{{ asset('app.css') }}``."""
from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, url_for

BUILT = Path(__file__).parent / "static" / "built"


def init_app(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep_for_long)


def asset(name: str) -> str:
    """Address of a built file.

    Args:
        name: as in the sources: ``app.js``, ``app.css``, ``diagram.js``, ``diagram.css``.

    Raises:
        RuntimeError: the front end has not been built, or has no such file.
    """
    try:
        file = _manifest()[name]
    except (OSError, KeyError) as error:
        raise RuntimeError(f"{name} is not built: run `python -m app.web.build`") from error
    return url_for("web.static", filename=f"built/{file}")


def _manifest() -> dict[str, Any]:
    """The list of built files, read again only when a new build has replaced it."""
    path = BUILT / "manifest.json"
    return _parsed(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _parsed(path: str, stamp: int) -> dict[str, Any]:
    return json.loads(Path(path).read_text())


def _keep_for_long(response: Response) -> Response:
    """A built file's name changes with its content, so a browser need never ask for it again."""
    if request.endpoint == "web.static" and response.status_code in (200, 304):
        built = (request.view_args or {}).get("filename", "").startswith("built/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if built else "public, max-age=3600"
    return response
