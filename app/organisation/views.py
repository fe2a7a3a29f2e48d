"""The organisation's pages: departments, posts and people; leaders' portfolios, proxies, the register of recusals."""
from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ..errors import Invalid, Refused
from ..kernel.text import Text
from ..parties import queries as parties
from ..permission import needs
from ..registers import today
from . import actions, queries, recusals

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


@blueprint.get("/portfolios")
@needs("signed in")
def portfolios() -> Any:
    """领导分工: who leads what today, and what stands against it."""
    found = queries.all_portfolios(today())
    return render_template(
        "organisation/portfolios.html", portfolios=found, on=today(), against=len(queries.in_order(today())),
    )


@blueprint.get("/proxies")
@needs("signed in")
def proxies() -> Any:
    """我的代理: proxies given and got, and the form for another."""
    return _proxies()


@blueprint.post("/proxies")
@needs("signed in")
def give_proxy() -> Any:
    typed = {name: request.form.get(name, "").strip()[:300] for name in ("delegate", "processes", "reason")}
    typed |= {name: request.form.get(name, "") for name in ("since", "until")}
    chosen = request.form.getlist("posts")
    try:
        actions.give_proxy(
            current_user.person_id, delegate_id=_person(typed["delegate"], "delegate"), since=_day(typed["since"]),
            until=_day(typed["until"]), reason=typed["reason"], posts=chosen or None,
            processes=typed["processes"].replace(",", " ").replace("，", " ").split() or None,
            actor=current_user.actor,
        )
    except Invalid as wrong:
        return _proxies({**typed, "posts": chosen}, errors=wrong.errors), wrong.status
    except Refused as refusal:
        return _proxies({**typed, "posts": chosen}, refusal=refusal), refusal.status
    flash(_("The proxy is given."), "ok")
    return redirect(url_for(".proxies"))


@blueprint.post("/proxies/<int:proxy_id>/end")
@needs("signed in")
def end_proxy(proxy_id: int) -> Any:
    actions.end_proxy(proxy_id, actor=current_user.actor)
    flash(_("The proxy is taken back."), "ok")
    return redirect(url_for(".proxies"))


def _proxies(typed: Any = None, errors: Any = None, refusal: Refused | None = None) -> str:
    on, me = today(), current_user.person_id
    mine = queries.proxies(me)
    own = {given.proxy.id for given in mine}
    return render_template(
        "organisation/proxies.html", on=on, me=me, mine=mine, errors=errors or {}, refusal=refusal,
        others=[given for given in queries.proxies(on=on) if given.proxy.id not in own],
        posts={post.code: post for post in queries.posts()}, delegable=queries.delegable(me, on),
        people=queries.search_people("", limit=_MOST_LISTED), most=queries.limit(queries.PROXY_DAYS, on),
        typed=typed or {"delegate": "", "processes": "", "reason": "", "posts": [], "since": on.isoformat(),
                        "until": (on + timedelta(days=13)).isoformat()},
    )


@blueprint.get("/declarations")
@needs("signed in")
def declarations() -> Any:
    """回避登记: one's own, those one supervises, and requests to decide."""
    return _declarations()


@blueprint.post("/declarations")
@needs("signed in")
def declare() -> Any:
    typed = {name: request.form.get(name, "").strip()[:300] for name in _DECLARED}
    try:
        recusals.record(
            {**typed, "other": _person(typed["other"], "other") if typed["other"] else None,
             "party": _party(typed["party"]) if typed["party"] else None, "relation": typed["relation"] or None},
            person=_person(typed["person"], "person") if typed["person"] else current_user.person_id,
            actor=current_user.actor,
        )
    except Invalid as wrong:
        return _declarations(typed, errors=wrong.errors), wrong.status
    flash(_("It is on record."), "ok")
    return redirect(url_for(".declarations"))


@blueprint.post("/declarations/<called>/decide")
@needs("signed in")
def decide(called: str) -> Any:
    found = queries.seen(called, current_user.person_id, today())
    granted = {"yes": True, "no": False}.get(request.form.get("granted", ""))
    try:
        actions.decide_request(
            found.kind, found.row.id, granted=granted, reason=request.form.get("reason", ""),  # type: ignore[arg-type]
            actor=current_user.actor,
        )
    except Invalid as wrong:
        return _declarations(errors=wrong.errors), wrong.status
    except Refused as refusal:
        return _declarations(refusal=refusal), refusal.status
    flash(_("The decision is on record."), "ok")
    return redirect(url_for(".declarations"))


def _declarations(typed: Any = None, errors: Any = None, refusal: Refused | None = None) -> str:
    on, me = today(), current_user.person_id
    seen = queries.visible(me, on)
    return render_template(
        "organisation/declarations.html", on=on, mine=[one for one in seen if me in one.concerned],
        others=[one for one in seen if me not in one.concerned], requests=queries.requests_for(me, on),
        people=queries.search_people("", limit=_MOST_LISTED), errors=errors or {}, refusal=refusal,
        typed=typed or {**dict.fromkeys(_DECLARED, ""), "source": "declared", "kind": "interest"},
    )


#: Suggestions of a field for people; any other name or number can be typed.
_MOST_LISTED = 500
_DECLARED = ("source", "kind", "person", "other", "relation", "party", "reason", "note")


def _person(typed: str, field: str) -> int:
    """Whom somebody means by a number, a name, or both.

    Raises:
        Invalid: nobody, or more than one.
    """
    first = typed.split(maxsplit=1)[0] if typed else ""
    found = [p for p in queries.search_people(first) if first in (p.number, p.name)] if first else []
    if len(found) != 1:
        raise Invalid({field: [
            Text("有多人同名，请填写工号。", "Several people are called that; give the number.") if found
            else Text("没有这个人员。", "There is no such person.")
        ]})
    return found[0].id


def _party(typed: str) -> int:
    """The party with that whole name or number.

    Raises:
        Invalid: none, or more than one.
    """
    found = [p for p in parties.search(typed) if typed in (p.name, p.credit_code, p.id_number)]
    if len(found) != 1:
        raise Invalid({"party": [Text("没有这个当事人，请填写全称或统一社会信用代码。",
                                      "There is no such party; give its whole name or its credit code.")]})
    return found[0].id


def _day(typed: str) -> Any:
    """The day somebody typed; what is no day goes on as it is, for the verb to say so."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return typed or None


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
