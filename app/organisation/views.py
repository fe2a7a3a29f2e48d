"""The organisation, to look at: departments with their posts, a post, a person."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_login import current_user

from ..permission import needs
from ..registers import today
from . import queries

blueprint = Blueprint("organisation", __name__, template_folder="templates", url_prefix="/organisation")


@blueprint.get("")
@needs("signed in")
def index() -> Any:
    """Every department with its posts and who holds them today, and what is not covered."""
    q = request.args.get("q", "").strip()[:60]
    places = queries.departments(today())
    return render_template(
        "organisation/index.html", tree=_tree(places), q=q, found=queries.search_people(q) if q else None,
        names={place.department.code: place.department for place in places}, coverage=queries.coverage(today()),
    )


@blueprint.get("/posts/<code>")
@needs("signed in")
def post(code: str) -> Any:
    return render_template("organisation/post.html", page=queries.post(code, today()))


@blueprint.get("/people/<int:person_id>")
@needs("signed in")
def person(person_id: int) -> Any:
    """A person's posts and absences. Kin and interests are for the person alone."""
    return render_template(
        "organisation/person.html", page=queries.person(person_id), on=today(),
        own=person_id == current_user.person_id,
    )


def _tree(places: list[Any]) -> list[tuple[Any, list[Any]]]:
    """Departments under their parents: (place, [(place, …), …])."""
    below: dict[str | None, list[Any]] = {}
    codes = {place.department.code for place in places}
    for place in places:
        parent = place.department.parent_code
        below.setdefault(parent if parent in codes else None, []).append(place)

    def branch(parent: str | None) -> list[tuple[Any, list[Any]]]:
        return [(place, branch(place.department.code)) for place in below.get(parent, [])]

    return branch(None)
