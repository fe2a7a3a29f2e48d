"""A refusal by the separation gate, told so that the person refused understands it and knows who to ask."""
from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import gettext as _

from ..cases import history
from ..cases.models import Case
from ..definitions.queries import meaning
from ..errors import Refused
from ..extensions import db
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..registers import today
from ..separation import queries as separation
from .language import words

_KINDS = {
    "post": Text("岗位", "post"), "absent": Text("不在岗", "absence"),
    "incompatible": Text("不相容岗位", "incompatible posts"),
    "look-ahead": Text("后续无人可办", "nobody left for later"), "undecided": Text("未能判定", "undecided"),
    "recuse": Text("回避", "recusal"), "portfolio": Text("领导分工", "leaders' portfolios"),
    "proxy": Text("授权代理", "proxy"), "identity": Text("一人一档", "one person, one record"),
    "administrator": Text("三权分立", "separation of powers"),
}


def told(refusal: Refused, typed: list[tuple[str, str]]) -> str:
    """The page of a refusal: the rule, the earlier act, the clause, who may act instead, where it is recorded."""
    case_id, person = refusal.facts.get("case"), refusal.facts.get("person")
    row = db.session.get(Case, case_id) if case_id else None
    what = meaning(row.definition_id) if row is not None else None
    node = refusal.facts.get("node")
    posts = {post.code: Text(post.zh, post.en) for post in organisation.posts()}
    people = organisation.names(
        {p for o in refusal.objections for _node, p in o.earlier} | {p for o in refusal.objections for p in o.instead}
    )
    acts = {}
    if case_id:
        for h in history.happenings(case_id, ("work_item.completed", "work_item.returned", "work_item.claimed")):
            acts[h.node, h.body.get("who", {}).get("person")] = h
    objections = [{
        "badge": _KINDS.get(o.kind) or Text(f"职责分离 {o.constraint}", f"Separation of duties {o.constraint}"),
        "because": o.because, "basis": o.basis,
        "earlier": [_act(act, what, people, acts, posts) for act in o.earlier],
    } for o in refusal.objections]
    places = {place.department.code: Text(place.department.zh, place.department.en)
              for place in organisation.departments(today())}
    instead = dict.fromkeys(p for o in refusal.objections for p in o.instead if p != person)
    title = words(refusal.text)
    if what is not None and node:
        title = _("You may not do “%(node)s”", node=words(what.node(node).label))
    recorded = history.happenings(case_id, ("work_item.refused", "case.refused")) if case_id else []
    return render_template(
        "errors/refused.html", title=title, objections=objections, typed=typed,
        case_id=case_id if row is not None else None,
        entry=recorded[-1].seq if recorded else None,
        instead=[{"id": p, "name": people.get(p, ""), "line": _line(p, places)} for p in instead],
        standstill=separation.standstill(case_id) if row is not None and not instead else None,
    )


def _act(
    act: tuple[str, int], what: Any, people: dict[int, str], acts: dict[Any, Any], posts: dict[str, Text]
) -> dict[str, Any]:
    node, person = act
    happened = acts.get((node, person))
    post = happened.body.get("who", {}).get("post") if happened else None
    known = what is not None and node in what.process.scope.everything
    return {
        "name": people.get(person, ""), "at": happened.at if happened else None, "post": posts.get(post or ""),
        "node": what.node(node).label if known else Text(node, node),
    }


def _line(person: int, places: dict[str, Text]) -> Text:
    held = organisation.main_post(person, today())
    if held is None:
        return Text("", "")
    place = places.get(held.department.code if held.department else "", Text("", ""))
    return Text(f"{held.post.zh} · {place.zh}".strip(" ·"), f"{held.post.en} · {place.en}".strip(" ·"))
