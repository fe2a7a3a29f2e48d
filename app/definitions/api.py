"""Process definitions for programs."""
from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_login import current_user

from ..api.doors import Blueprint, multipart
from ..errors import Forbidden, Invalid
from ..kernel.text import Text
from ..permission import PERMISSIONS, needs
from ..web.language import words
from . import actions, coverage, examining, queries, revising
from .models import Definition
from .packages import assemble
from .schemas import ConstraintSchema, CoverageSchema, DefinitionSchema, FindingSchema, MatterSchema, RevisionSchema

blueprint = Blueprint("definitions_api", __name__, description="Matters and process definitions")
KEEPER = [needs("system administration")]
KEEPS = PERMISSIONS["system administration"]


def _row(row: Definition) -> dict[str, Any]:
    return {
        "id": row.id, "key": row.key, "version": row.version, "state": str(row.state), "matter": row.matter,
        "name": {"zh": row.zh, "en": row.en}, "digest": row.digest, "deployed_by": row.deployed_by,
        "activated_by": row.activated_by, "based_on": row.based_on,
    }


@blueprint.route("/matters")
class Matters(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, MatterSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """The matters with a running process."""
        return [{"matter": d.matter, "process": d.key, "name": {"zh": d.zh, "en": d.en}, "version": d.version}
                for d in queries.all_active()]


@blueprint.route("/process-definitions")
class Definitions(MethodView):
    decorators = [needs("signed in")]
    takes = "multipart/form-data"

    @blueprint.response(200, DefinitionSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """Every version of every process."""
        return [_row(row) for row in queries.versions()]

    @blueprint.doc(requestBody=multipart(
        diagram="the BPMN file", forms_="forms, FORM.json each", decisions_="decision tables, TABLE.dmn each"))
    @blueprint.response(201, DefinitionSchema)
    def post(self) -> dict[str, Any]:
        """Deploy a diagram as a draft."""
        if not KEEPS(current_user):
            raise Forbidden(Text("只有系统管理员可以部署流程。", "Only the system administrator deploys processes."))
        diagram = request.files.get("diagram")
        if diagram is None:
            raise Invalid({"diagram": [Text("没有流程图文件", "there is no diagram")]})
        package = assemble(diagram.stream.read(), _files("forms"), _files("decisions"))
        return _row(queries.get(actions.deploy(package, actor=current_user.actor)))


def _files(field: str) -> list[tuple[str, bytes]]:
    return [(file.filename or "", file.stream.read()) for file in request.files.getlist(field)]


@blueprint.route("/process-definitions/<int:definition_id>")
class OneDefinition(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, DefinitionSchema)
    def get(self, definition_id: int) -> dict[str, Any]:
        """One version."""
        return _row(queries.get(definition_id))


@blueprint.route("/process-definitions/<int:definition_id>/diagram")
class Diagram(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, {"type": "string"}, content_type="application/xml")
    def get(self, definition_id: int) -> Response:
        """The diagram, byte for byte as it was deployed."""
        return Response(queries.get(definition_id).source, content_type="application/xml")


@blueprint.route("/process-definitions/<int:definition_id>/report")
class Report(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, FindingSchema(many=True))
    def get(self, definition_id: int) -> list[dict[str, Any]]:
        """What the check says about the version today."""
        return [
            {"severity": f.severity, "rule": f.rule, "element": f.element, "name": f.name or None, "line": f.line,
             "message": words(f.message), "repair": words(f.repair) if f.repair else None}
            for f in examining.report(definition_id)
        ]


@blueprint.route("/process-definitions/<int:definition_id>/constraints")
class Constraints(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, ConstraintSchema(many=True))
    def get(self, definition_id: int) -> list[dict[str, Any]]:
        """The rules of separation of a version."""
        return [
            {"id": r.id, "kind": r.kind, "nodes": list(r.nodes), "options": dict(r.options), "basis": r.basis,
             "scope": r.scope, "on_block": r.on_block}
            for r in queries.meaning(definition_id).process.constraints
        ]

    @blueprint.arguments(ConstraintSchema(many=True))
    @blueprint.arguments(RevisionSchema, location="query")
    @blueprint.response(201, DefinitionSchema)
    def put(self, rules: list[dict[str, Any]], about: dict[str, Any], definition_id: int) -> dict[str, Any]:
        """A new draft with exactly these rules; every other byte of the diagram stays as it was."""
        if not KEEPS(current_user):
            raise Forbidden(Text("只有系统管理员可以修改规则。", "Only the system administrator changes the rules."))
        try:
            draft = actions.revise(definition_id, revising.rules(rules), actor=current_user.actor, **about)
        except Invalid as wrong:
            raise Invalid({key.replace("onBlock", "on_block"): text for key, text in wrong.errors.items()}) from wrong
        return _row(queries.get(draft))


@blueprint.route("/process-definitions/<int:definition_id>/activate")
class Activate(MethodView):
    decorators = KEEPER

    @blueprint.response(200, DefinitionSchema)
    def post(self, definition_id: int) -> dict[str, Any]:
        """Let new cases start on a version; never by the person who deployed it."""
        actions.activate(definition_id, actor=current_user.actor)
        return _row(queries.get(definition_id))


@blueprint.route("/coverage")
class Coverage(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, CoverageSchema)
    def get(self) -> dict[str, list[str]]:
        """What is missing between matter, process, node, post, duty and person."""
        return coverage.missing()
