"""Other rules for a version: tried on the office, stored as a draft on its own, with everything else as it was."""
from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.change import Actor
from app.definitions import actions, queries, revising
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.bpmn.model import Constraint
from app.organisation import queries as organisation
from tests.kernel.bpmn.test_revision import without_rules

DIFFER = Constraint("pay-party", "differ", ("pay", "party"), basis="三重一大决策制度")


@pytest.fixture
def s01(bureau: Flask) -> queries.Meaning:
    return queries.meaning(queries.active("expenditure").id)


def actor(number: str = "2602") -> Actor:
    person = organisation.person_by_number(number)
    return Actor(person.id, name=person.name)


def test_a_draft_differs_from_its_base_in_its_rules_alone(s01: queries.Meaning) -> None:
    rules = [*s01.process.constraints[1:], DIFFER]
    draft = queries.get(actions.revise(s01.definition_id, rules, actor=actor(), reason="审计建议"))
    base = queries.get(s01.definition_id)
    assert (draft.version, draft.based_on, draft.area, draft.matter) == (base.version + 1, base.id, base.area, base.matter)
    assert (draft.forms, draft.decisions, draft.zh, draft.en) == (base.forms, base.decisions, base.zh, base.en)
    assert without_rules(draft.source) == without_rules(base.source)
    assert {r.id for r in queries.meaning(draft.id).process.constraints} == {r.id for r in rules}
    assert queries.active("expenditure").id == base.id


def test_the_second_person_activates_and_the_first_may_not(s01: queries.Meaning) -> None:
    draft = actions.revise(s01.definition_id, [*s01.process.constraints, DIFFER], actor=actor())
    with pytest.raises(Forbidden):
        actions.activate(draft, actor=actor())
    actions.activate(draft, actor=actor("2601"))
    assert queries.active("expenditure").id == draft


def test_rules_nobody_can_keep_are_tried_without_a_trace_and_can_be_no_more_than_a_draft(s01: queries.Meaning) -> None:
    apart = Constraint("three", "departments", ("finance", "pay", "book"), basis="§1")
    trial = revising.attempt(s01.definition_id, [*s01.process.constraints, apart])
    assert trial.changed == {"added": ["three"], "removed": [], "changed": []}
    assert trial.analysis is not None and not trial.analysis.workable
    assert "three" in trial.analysis.workable.rules and set(trial.analysis.workable.nodes) <= {"finance", "pay", "book"}
    assert trial.analysis.resilience.level == -1
    assert len(queries.versions("expenditure")) == 1
    draft = actions.revise(s01.definition_id, [*s01.process.constraints, apart], actor=actor())
    with pytest.raises(Conflict) as refused:
        actions.activate(draft, actor=actor("2601"))
    assert "three" in refused.value.facts["rules"] and refused.value.facts["nodes"]
    assert queries.active("expenditure").id == s01.definition_id


def test_a_trial_that_can_be_worked_says_how_many_absences_it_survives(s01: queries.Meaning) -> None:
    trial = revising.attempt(s01.definition_id, [*s01.process.constraints, DIFFER])
    assert trial.analysis is not None and trial.analysis.workable
    assert trial.analysis.resilience.level in (0, 1, 2) and trial.analysis.resilience.posts["CW.KZ"] >= 0
    if trial.analysis.resilience.level < 2:
        assert trial.analysis.resilience.critical


def test_what_is_wrong_is_told_by_rule_and_field(s01: queries.Meaning) -> None:
    rules = [*s01.process.constraints, Constraint("b", "collective", ("pay",), options={"quorum": "x"}),
             replace(DIFFER, nodes=("pay", "nowhere"))]
    at = len(rules) - 2
    with pytest.raises(Invalid) as wrong:
        actions.revise(s01.definition_id, rules, actor=actor())
    assert set(wrong.value.errors) == {f"{at}.quorum", f"{at}.nodes", f"{at + 1}.nodes"}
    for texts in wrong.value.errors.values():
        assert all(text.zh and text.en and text.zh != text.en for text in texts)


def test_nothing_changed_is_no_new_version_nor_are_the_rules_of_another(s01: queries.Meaning) -> None:
    with pytest.raises(Invalid):
        actions.revise(s01.definition_id, list(s01.process.constraints), actor=actor())
    draft = actions.revise(s01.definition_id, [*s01.process.constraints, DIFFER], actor=actor())
    with pytest.raises(Conflict) as same:
        actions.revise(draft, list(s01.process.constraints), actor=actor())
    assert same.value.facts["newest"] == s01.definition_id
    with pytest.raises(NotFound):
        actions.revise(999_999, [DIFFER], actor=actor())
    with pytest.raises(Invalid):
        actions.revise(s01.definition_id, [DIFFER], actor=actor(), reason="x" * 301)
    with pytest.raises(Invalid):
        actions.revise(s01.definition_id, [DIFFER], actor=actor(), reason="\x00")
    assert len(queries.versions("expenditure")) == 2


def test_of_two_who_change_the_rules_at_once_one_is_told(s01: queries.Meaning, bureau: Flask) -> None:
    came: list[Any] = []
    gate = threading.Barrier(2)

    def change(node: str) -> None:
        from app.extensions import db

        with bureau.app_context():
            who = actor()
            rules = [*queries.meaning(s01.definition_id).process.constraints, replace(DIFFER, nodes=("pay", node))]
            gate.wait()
            try:
                came.append(actions.revise(s01.definition_id, rules, actor=who))
            except Conflict as late:
                came.append(late)
            db.session.remove()

    threads = [threading.Thread(target=change, args=(node,)) for node in ("party", "meeting")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    late = [c for c in came if isinstance(c, Conflict)]
    made = [c for c in came if isinstance(c, int)]
    assert len(late) == len(made) == 1 and late[0].facts["newest"] == made[0]


@pytest.mark.parametrize("said", [
    [{"kind": "differ"}, {"kind": "differ"}, {"kind": "differ", "id": "differ-1"}],
    [{"kind": "people", "id": " a ", "options": {"min": " 2 ", "max": " "}, "nodes": ["x", "x"], "basis": " § "}],
])
def test_what_is_typed_becomes_rules_with_ids_of_their_own(said: list[dict[str, Any]]) -> None:
    rules = revising.rules(said)
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.id == rule.id.strip() and rule.basis == rule.basis.strip() and (rule.scope, rule.on_block) == (
            "case", "refuse")
        assert len(set(rule.nodes)) == len(rule.nodes) and all(rule.options.values())
