"""Process definitions for programs."""
from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_login import current_user
from flask_smorest import Blueprint

from ..errors import Forbidden, Invalid
from ..kernel.text import Text
from ..permission import PERMISSIONS, needs
from ..web.language import words
from . import actions, coverage, queries
from .models import Definition
from .packages import Package

blueprint = Blueprint("definitions_api", __name__, description="Matters and process definitions")
KEEPER = [needs("system administration")]
KEEPS = PERMISSIONS["system administration"]


def _row(row: Definition) -> dict[str, Any]:
    return {
        "id": row.id, "key": row.key, "version": row.version, "state": str(row.state), "matter": row.matter,
        "name": {"zh": row.zh, "en": row.en}, "digest": row.digest, "deployed_by": row.deployed_by,
        "activated_by": row.activated_by,
    }


@blueprint.route("/matters")
class Matters(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self) -> list[dict[str, Any]]:
        """The matters with a running process."""
        return [{"matter": d.matter, "process": d.key, "name": {"zh": d.zh, "en": d.en}, "version": d.version}
                for d in queries.all_active()]


@blueprint.route("/process-definitions")
class Definitions(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self) -> list[dict[str, Any]]:
        """Every version of every process."""
        return [_row(row) for row in queries.versions()]

    @blueprint.response(201)
    def post(self) -> dict[str, Any]:
        """Deploy a diagram as a draft: multipart with ``diagram`` (one file), ``forms`` and ``decisions`` (any number)."""
        if not KEEPS(current_user):
            raise Forbidden(Text("只有系统管理员可以部署流程。", "Only the system administrator deploys processes."))
        diagram = request.files.get("diagram")
        if diagram is None:
            raise Invalid({"diagram": [Text("没有流程图文件", "there is no diagram")]})
        forms: dict[str, Any] = {}
        for file in request.files.getlist("forms"):
            try:
                forms[(file.filename or "form").rsplit(".", 1)[0]] = json.load(file.stream)
            except ValueError as error:
                raise Invalid({file.filename or "forms": [Text("不是 JSON", "not JSON")]}) from error
        decisions = {
            (file.filename or "table").rsplit(".", 1)[0]: file.stream.read().decode("utf-8", "replace")
            for file in request.files.getlist("decisions")
        }
        key = actions.deploy(Package(diagram.stream.read(), forms, decisions), actor=current_user.actor)
        return _row(queries.get(key))


@blueprint.route("/process-definitions/<int:definition_id>")
class OneDefinition(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self, definition_id: int) -> dict[str, Any]:
        """One version."""
        return _row(queries.get(definition_id))


@blueprint.route("/process-definitions/<int:definition_id>/diagram")
class Diagram(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self, definition_id: int) -> Response:
        """The diagram, byte for byte as it was deployed."""
        return Response(queries.get(definition_id).source, content_type="application/xml")


@blueprint.route("/process-definitions/<int:definition_id>/report")
class Report(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self, definition_id: int) -> list[dict[str, Any]]:
        """What the check says about the version today."""
        row = queries.get(definition_id)
        _, findings = actions.examine(Package(row.source, json.loads(row.forms), json.loads(row.decisions)),
                                      posts=actions.known_posts())
        return [{"severity": f.severity, "rule": f.rule, "element": f.element, "message": words(f.message)}
                for f in findings]


@blueprint.route("/process-definitions/<int:definition_id>/activate")
class Activate(MethodView):
    decorators = KEEPER

    @blueprint.response(200)
    def post(self, definition_id: int) -> dict[str, Any]:
        """Let new cases start on a version; never by the person who deployed it."""
        actions.activate(definition_id, actor=current_user.actor)
        return _row(queries.get(definition_id))


@blueprint.route("/coverage")
class Coverage(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200)
    def get(self) -> dict[str, list[str]]:
        """What is missing between matter, process, node, post, duty and person."""
        return coverage.missing()
