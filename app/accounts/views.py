"""Signing in and out."""
from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from ..errors import NotSignedIn, TooMany
from ..extensions import limiter
from ..organisation import queries as organisation
from ..permission import needs
from ..registers import today
from . import actions, queries
from .signed_in import SignedIn

blueprint = Blueprint("accounts", __name__, template_folder="templates")


@blueprint.get("/sign-in")
@needs("public")
def sign_in() -> Any:
    """The way in. In a demonstration it lists the accounts; choosing one fills the form."""
    if current_user.is_authenticated:
        return redirect(_wanted())
    chosen = request.args.get("as", "")[:64]
    return _page(username=chosen)


@blueprint.post("/sign-in")
@needs("public")
@limiter.limit("30 per minute")
def enter() -> Any:
    """Say who one is. The username is kept when it was wrong, the password never."""
    username = request.form.get("username", "")
    key = secrets.token_hex(8)
    try:
        account = actions.sign_in(
            username, request.form.get("password", ""), address=request.remote_addr, session=key
        )
    except (NotSignedIn, TooMany) as refused:
        return _page(username=username[:64], refused=refused.text), refused.status
    kept = request.form.get("next", "")
    session.clear()  # nothing of a stranger's session goes on into this one
    session["session"] = key
    session.permanent = True
    login_user(SignedIn(account))
    return redirect(_ours(kept) or url_for("cases.home"))


@blueprint.post("/sign-out")
@needs("signed in")
def sign_out() -> Any:
    actions.sign_out(actor=current_user.actor)
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"))


def _page(username: str = "", refused: Any = None) -> str:
    demo = current_app.config["DEMO"]
    departments = _demonstration() if demo else []
    known = {one["username"]: (place, one) for place, people in departments for one in people}
    return render_template(
        "accounts/sign_in.html", username=username, refused=refused, next=_ours(request.values.get("next", "")),
        departments=departments,
        story=[(*known[name], told) for name, told in current_app.config.get("DEMO_STORY", {}).items() if name in known],
        password=current_app.config.get("DEMO_PASSWORD", "") if demo and username and refused is None else "",
    )


def _demonstration() -> list[tuple[Any, list[dict[str, Any]]]]:
    """Departments with their demonstration accounts, and what each holds today."""
    accounts = {person.id: (account, person) for account, person in queries.demonstration()}
    shown, seen = [], set()
    for place in organisation.departments(today()):
        people: dict[int, dict[str, Any]] = {}
        for post, holders in place.posts:
            for holder in holders:
                if holder.person_id in accounts:
                    account, person = accounts[holder.person_id]
                    line = people.setdefault(person.id, {
                        "username": account.username, "person": person, "posts": [],
                    })
                    line["posts"].append((post, holder.role))
        people = {key: line for key, line in people.items() if key not in seen}
        seen |= set(people)
        if people:
            shown.append((place.department, list(people.values())))
    return shown


def _wanted() -> str:
    return _ours(request.values.get("next", "")) or url_for("cases.home")


def _ours(wanted: str) -> str:
    """An address to go on to, if it is a page of this house; "" otherwise."""
    ours = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours else ""
