"""Deploying, changing rules and activating on both stores."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask

from app.definitions import actions, packages, queries
from app.definitions.models import DefinitionState
from app.errors import Conflict, Forbidden
from app.kernel.bpmn.model import Constraint
from tests.api.conftest import FORM
from tests.diagrams import diagram, end, start, user


def test_a_version_its_revision_and_its_activation(app: Flask, cast: SimpleNamespace) -> None:
    source = diagram("small", start("s"), user("apply", "CLK", form="f"), user("check", "ACC", form="f"), end("e"),
                     path="s apply check e", constraints='<gz:differ id="d" nodes="apply check" basis="§"/>')
    first = actions.deploy(packages.Package(source, {"f": FORM}, {}, "office"), actor=cast.ada)
    actions.activate(first, actor=cast.bob)
    people = Constraint("p", "people", ("apply", "check"), basis="§2", options={"min": "2"})
    rules = [*queries.meaning(first).process.constraints, people]
    draft = actions.revise(first, rules, actor=cast.bob, reason="审计建议")
    assert queries.get(draft).based_on == first and queries.newest("small").id == draft
    with pytest.raises(Forbidden):
        actions.activate(draft, actor=cast.bob)
    with pytest.raises(Conflict) as late:
        actions.revise(first, [people], actor=cast.ada)
    assert late.value.facts["newest"] == draft
    actions.activate(draft, actor=cast.ada)
    assert queries.get(first).state is DefinitionState.RETIRED
    assert b'<gz:people id="p" nodes="apply check" min="2" basis="' in queries.get(draft).source
