"""What a page says when something goes wrong: what happened, what was kept, what to do next. In both languages.

Nothing somebody typed is thrown away: a page that could not take a form shows what was typed and offers to send it
again.
"""
from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ..errors import Conflict, GangzeError, Invalid, NotSignedIn, Refused, Unavailable
from ..extensions import db
from . import refusals
from .language import words

log = structlog.get_logger(__name__)

#: Fields that are never shown back.
_SECRET = ("csrf_token", "password", "otp", "new_password")


def init_app(app: Flask) -> None:
    app.register_error_handler(GangzeError, _told)
    app.register_error_handler(CSRFError, _stale_form)
    for status in (400, 404, 405, 408, 413, 414, 415, 429):
        app.register_error_handler(status, _plain)
    app.register_error_handler(500, _ours)


def _api() -> bool:
    """Programs get problem documents from the API's own door."""
    return request.path.startswith("/api/")


def page(status: int, title: str, text: str, *, again: bool = False, **more: Any) -> Any:
    """An error's page.

    Args:
        status: HTTP status.
        title: what happened, in a few words.
        text: what it means and what to do.
        again: offer to send what was typed once more.
    """
    return render_template(
        "errors/page.html", status=status, title=title, text=text, again=again, typed=typed(), readable=readable, **more
    ), status


def typed() -> list[tuple[str, str]]:
    """Everything the form that was sent holds, without what is secret: to be sent again."""
    if request.method != "POST":
        return []
    try:
        pairs = list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        return []
    return [(name, value) for name, value in pairs if name not in _SECRET and value]


def _back() -> str:
    """The page of ours the form was sent from; "" where it was not one."""
    came = request.referrer or ""
    return came if came.startswith(request.host_url) else ""


def readable(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The part of it that the person typed, and not the page: (what it is called, what was typed)."""
    called = {"_opinion": _("Opinion"), "_reason": _("Reason")}
    return [(called.get(name, name), value) for name, value in pairs if name in called or not name.startswith("_")]


def _told(error: GangzeError) -> Any:
    if _api():
        from ..api import problem

        return problem(error)
    if isinstance(error, NotSignedIn):
        # A form that was sent after the session ended is shown again, not lost behind the sign-in page.
        if request.method == "POST":
            return page(401, _("You are no longer signed in"), _(
                "Your session has ended. Sign in on another tab, then send the form again from here."), again=True)
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    if isinstance(error, Refused):
        return refusals.told(error, readable(typed())), 409
    title = {
        401: _("Not signed in"), 403: _("Not permitted"), 404: _("Not found"), 409: _("It has changed meanwhile"),
        422: _("Some entries need correcting"), 429: _("Too many attempts"), 503: _("Nothing was saved"),
    }.get(error.status, _("That did not work"))
    return page(
        error.status, title, words(error.text), again=isinstance(error, Unavailable),
        errors=error.errors if isinstance(error, Invalid) else {}, back=_back() if isinstance(error, Conflict) else "",
    )


def _stale_form(error: CSRFError) -> Any:
    if _api():
        return _plain(error)
    return page(400, _("This form is out of date"), _(
        "It was opened in another session, so it was not accepted. Check it and send it again."), again=True)


def _plain(error: HTTPException) -> Any:
    if _api():
        return error
    title, text = {
        400: (_("The request could not be read"), _("Go back, reload the page, and try again.")),
        404: (_("Not found"), _("There is no such page, or you may not see it.")),
        405: (_("Not possible here"), _("This address does not take that kind of request.")),
        408: (_("Too slow"), _("The connection broke off before everything had arrived. Try again.")),
        413: (_("Too large"), _("The upload is larger than %(most)s MB. Go back: your entries are still in the form. "
                                "Choose smaller files.", most=_most())),
        414: (_("The address is too long"), _("Use fewer filters.")),
        415: (_("Not this kind of data"), _("This address takes another kind of data.")),
        429: (_("Too many attempts"), _("Wait a minute, then try again.")),
    }[error.code or 400]
    answer = page(error.code or 400, title, text)
    return answer


def _most() -> int:
    from flask import current_app

    return int(current_app.config["MAX_CONTENT_LENGTH"]) // (1024 * 1024)


def _ours(error: Exception) -> Any:
    """A mistake of ours. The number under which the log tells about it is all a person is shown."""
    import secrets

    db.session.rollback()
    cause = getattr(error, "original_exception", None) or error
    reference = secrets.token_hex(4)
    log.error("page_failed", reference=reference, path=request.path, exc_info=cause)
    if _api():
        return error
    return page(500, _("Something is wrong on our side"), _(
        "It was not your mistake, and it has been noted under number %(reference)s.", reference=reference), again=True)
