"""The organisation for programs: standing proxies, leaders' portfolios, the register of recusals."""
from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_login import current_user

from ..api.doors import Blueprint
from ..api.problems import objection
from ..permission import needs
from ..registers import today
from . import queries, recusals
from .actions import decide_request, end_proxy, give_proxy
from .queries import Declared, Given, Holder
from .schemas import (
    DecideRequestSchema,
    DeclaredSchema,
    DeclareSchema,
    GivenProxySchema,
    GiveProxySchema,
    PortfolioSchema,
)

blueprint = Blueprint("organisation_api", __name__, description="Proxies, portfolios, recusals")


def _proxy(given: Given) -> dict[str, Any]:
    row, me = given.proxy, current_user.person_id
    return {
        "id": row.id, "principal": {"person": row.principal_id, "name": given.principal},
        "delegate": {"person": row.delegate_id, "name": given.delegate}, "posts": given.posts,
        "processes": given.processes, "since": row.since.isoformat(), "until": row.until.isoformat(),
        "ended_on": row.ended_on.isoformat() if row.ended_on else None, "state": given.state(today()),
        "reason": row.reason if me in (row.principal_id, row.delegate_id) else None,
    }


@blueprint.route("/proxies")
class Proxies(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, GivenProxySchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """The proxies one gave and got, and those in force in the office today."""
        own = queries.proxies(current_user.person_id)
        known = {given.proxy.id for given in own}
        others = [given for given in queries.proxies(on=today()) if given.proxy.id not in known]
        return [_proxy(given) for given in own + others]

    @blueprint.arguments(GiveProxySchema)
    @blueprint.response(201, GivenProxySchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Leave one's work to somebody for a time."""
        made = give_proxy(
            given["principal"] or current_user.person_id, delegate_id=given["delegate"], since=given["since"],
            until=given["until"], reason=given["reason"], posts=given["posts"], processes=given["processes"],
            actor=current_user.actor,
        )
        return _proxy(queries.proxy(made))


@blueprint.route("/proxies/<int:proxy_id>/end")
class EndProxy(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, GivenProxySchema)
    def post(self, proxy_id: int) -> dict[str, Any]:
        """Take a proxy back."""
        end_proxy(proxy_id, actor=current_user.actor)
        return _proxy(queries.proxy(proxy_id))


@blueprint.route("/portfolios")
class Portfolios(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, PortfolioSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """Who leads what today, and what the rules LS-1 to LS-8 say against it."""
        return [
            {"post": p.post.code, "name": {"zh": p.post.zh, "en": p.post.en}, "domains": list(p.fields),
             "leaders": _people(p.leaders), "acting": _people(p.acting), "deputies": _people(p.deputies),
             "objections": [objection(o) for o in p.against]}
            for p in queries.all_portfolios(today())
        ]


def _people(holders: Any) -> list[dict[str, Any]]:
    def named(holder: Holder) -> dict[str, Any]:
        return {"person": holder.person_id, "name": holder.name}

    return [named(holder) for holder in holders]


def _declared(one: Declared) -> dict[str, Any]:
    row = one.row
    return {
        "id": one.id, "kind": one.kind, "source": row.source.value, "standing": row.standing.value,
        "in_effect": one.in_effect(today()), "person": {"person": row.person_id, "name": one.name},
        "other": getattr(row, "other_id", None), "party": getattr(row, "party_id", None), "whom": one.whom,
        "relation": row.relation.value if one.kind == "kinship" else None,
        "reason": row.reason if one.kind == "interest" else None, "declared_on": row.declared_on.isoformat(),
        "until": row.until.isoformat() if row.until else None, "note": row.note, "decision": row.decision or None,
    }


@blueprint.route("/declarations")
class Declarations(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, DeclaredSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """The register of recusals, as far as it is the asker's business."""
        return [_declared(one) for one in queries.visible(current_user.person_id, today())]

    @blueprint.arguments(DeclareSchema)
    @blueprint.response(201, DeclaredSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Record why somebody is to step aside: declared by themselves, found, or asked for by a party."""
        made = recusals.record(given, person=given["person"] or current_user.person_id, actor=current_user.actor)
        return _declared(queries.declaration(made))


@blueprint.route("/declarations/<declaration_id>/decide")
class Decide(MethodView):
    decorators = [needs("signed in")]

    @blueprint.arguments(DecideRequestSchema)
    @blueprint.response(200, DeclaredSchema)
    def post(self, given: dict[str, Any], declaration_id: str) -> dict[str, Any]:
        """Grant a party's request that somebody step aside, or refuse it."""
        found = queries.seen(declaration_id, current_user.person_id, today())
        decide_request(found.kind, found.row.id, actor=current_user.actor, **given)
        return _declared(queries.declaration(found.id))
