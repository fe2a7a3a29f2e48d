"""Separation of duties for programs. Thin doors: who asks, which question, what was answered."""
from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_login import current_user

from ..api import objection
from ..api.doors import Blueprint
from ..api.problems import ADDED
from ..errors import GangzeError, Invalid, Refused
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..permission import needs
from ..registers import today
from ..web.language import words
from . import actions, permissions, queries
from .explain import explain
from .impasse import as_values
from .models import FindingState
from .resilience import Strength, strengths, what_if
from .schemas import (
    ExplainedSchema,
    ExplainSchema,
    ExplanationSchema,
    FindingsQuerySchema,
    OutcomeSchema,
    RecordedFindingSchema,
    StalledSchema,
    StrengthSchema,
    WhatIfSchema,
)


def _remedies(error: GangzeError) -> dict[str, Any]:
    """Where a refusal leaves nobody for the case: the smallest measures that would help."""
    case_id = error.facts.get("case")
    if not isinstance(error, Refused) or case_id is None or any(o.instead or o.seats for o in error.objections):
        return {}
    found = queries.standstill(case_id)
    return {"remedies": [words(remedy.text) for remedy in found.remedies]} if found is not None else {}


ADDED.append(_remedies)
blueprint = Blueprint("separation_api", __name__, description="Separation of duties")
SIGNED_IN = [needs("signed in")]
OVERSEES = [needs("separation")]


def _role() -> str | None:
    return str(current_user.role) if current_user.role else None


def _part() -> permissions.Part:
    return permissions.part(current_user.person_id, _role())


@blueprint.route("/separation/explain")
class Explain(MethodView):
    decorators = SIGNED_IN

    @blueprint.arguments(ExplainSchema, location="query")
    @blueprint.response(200, ExplainedSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """For a task of a case: every candidate, whether they may act, and why not."""
        if wanted["work_item"] is None and (wanted["case"] is None or wanted["node"] is None):
            missing = [Text("须填写", "must be given")]
            raise Invalid({name: missing for name in ("case", "node") if wanted[name] is None})
        found = explain(
            actor=current_user.actor, role=_role(), case_id=wanted["case"], node=wanted["node"],
            item_id=wanted["work_item"],
        ).candidates
        names = organisation.names({p for c in found for p in (c.person, c.behalf) if p is not None})
        return [{
            "person": c.person, "name": names.get(c.person, ""), "behalf": c.behalf,
            "behalf_name": names.get(c.behalf) if c.behalf is not None else None, "holds": c.holds,
            "took_part": c.took_part, "allowed": c.verdict.allowed,
            "objections": [objection(o) for o in c.verdict.objections],
        } for c in found]


@blueprint.route("/separation/stalled")
class StalledCases(MethodView):
    decorators = OVERSEES

    @blueprint.response(200, StalledSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """The cases that nobody can go on with, and what would help."""
        return [{
            "case": s.case_id, "number": s.number, "process": words(s.process), "since": s.since,
            "nodes": [words(node) for node in s.nodes], "because": words(s.because),
            "remedies": [words(remedy) for remedy in s.remedies], "escalated": s.escalated,
        } for s in queries.stalled(_part(), actor=current_user.actor, role=_role())]


@blueprint.route("/separation/resilience")
class Resilience(MethodView):
    decorators = OVERSEES

    @blueprint.response(200, StrengthSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """Every active definition in today's office: can it be worked, and how many absences does it survive."""
        found = strengths(today(), _part())
        names = organisation.names({p for s in found for some in s.resilience.critical for p in some})
        return [_strength(s, names) for s in found]


def _strength(s: Strength, names: dict[int, str]) -> dict[str, Any]:
    return {
        "process": s.meaning.key, "matter": s.meaning.matter, "name": words(s.meaning.names),
        "satisfiable": s.satisfiable.satisfied,
        "because": words(s.satisfiable.because) if s.satisfiable.because else None,
        "without": list(s.satisfiable.without), "level": s.resilience.level,
        "critical": [[{"person": p, "name": names.get(p, "")} for p in some] for some in s.resilience.critical],
        "posts": [{"post": post, "may_be_away": number} for post, number in s.resilience.posts.items()],
        "departments": [{"department": code, "level": found.level} for code, found in s.places],
    }


@blueprint.route("/separation/what-if")
class WhatIf(MethodView):
    decorators = OVERSEES

    @blueprint.arguments(WhatIfSchema)
    @blueprint.response(200, OutcomeSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """What could no longer be done if these people were away and these posts vacant on a day. Changes nothing."""
        on = given["on"] or today()
        found = what_if(absent=given["absent"], vacant=given["vacant"], on=on, part=_part())
        return {
            "on": on, "open_cases": found.open,
            "definitions": [
                {"process": what.key, "matter": what.matter, "name": words(what.names),
                 "because": words(why.because) if why.because else None} for what, why in found.broken
            ],
            "departments": [
                {"process": what.key, "matter": what.matter, "name": words(what.names), "departments": list(lost)}
                for what, lost in found.weaker
            ],
            "cases": [{
                "case": s.case.id, "number": s.case.row["number"], "process": s.case.meaning.key,
                "nodes": list(s.impasse.nodes) if s.impasse else [],
                "because": words(s.impasse.because) if s.impasse else None,
                "remedies": [
                    {"text": words(remedy.text), "steps": as_values(remedy)["steps"]} for remedy in s.impasse.remedies
                ] if s.impasse else [],
            } for s in found.stalled],
        }


@blueprint.route("/separation/findings")
class Findings(MethodView):
    decorators = OVERSEES

    @blueprint.arguments(FindingsQuerySchema, location="query")
    @blueprint.response(200, RecordedFindingSchema(many=True))
    def get(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """What the nightly reviews have found."""
        state = None if wanted["state"] == "all" else FindingState(wanted["state"])
        return [_finding(f) for f in queries.findings(_part(), actor=current_user.actor, role=_role(), state=state)]


def _finding(found: queries.FoundCase) -> dict[str, Any]:
    row = found.finding
    return {
        "id": row.id, "kind": row.kind, "rule": row.rule, "basis": row.basis, "case": row.case_id,
        "number": found.number, "person": row.person_id, "because": words(found.because),
        "first_seen": row.first_seen, "state": str(row.state), "explained_by": row.explained_by, "reason": row.reason,
    }


@blueprint.route("/separation/findings/<int:finding_id>")
class OneFinding(MethodView):
    decorators = OVERSEES

    @blueprint.response(200, RecordedFindingSchema)
    def get(self, finding_id: int) -> dict[str, Any]:
        """One finding."""
        return _finding(queries.finding(finding_id, _part(), actor=current_user.actor, role=_role()))


@blueprint.route("/separation/findings/<int:finding_id>/explain")
class FindingExplain(MethodView):
    decorators = OVERSEES

    @blueprint.arguments(ExplanationSchema)
    @blueprint.response(200, RecordedFindingSchema)
    def post(self, given: dict[str, Any], finding_id: int) -> dict[str, Any]:
        """Say, as somebody it is not about, why it is as it is. Once."""
        actions.explain_finding(finding_id, given["reason"], actor=current_user.actor, role=_role())
        return _finding(queries.finding(finding_id, _part(), actor=current_user.actor, role=_role()))
