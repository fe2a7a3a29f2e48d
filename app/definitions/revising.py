"""Other rules of separation for a stored version: judged field by field, and tried on the office, before any is stored."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import Invalid
from ..kernel.bpmn import revision
from ..kernel.bpmn.model import Constraint, Finding
from ..kernel.bpmn.rules.separation import MOST_WORDS, written, wrongs
from ..kernel.text import Text
from . import analysis, examining, queries
from .packages import Package


@dataclass(frozen=True)
class Trial:
    """What would come of a set of rules.

    Attributes:
        changed: see :func:`changes`.
        findings: what the check of the diagram would say against it; with an error among them it cannot be stored.
        analysis: what it would mean for the office today; None where it cannot be stored.
    """

    changed: Mapping[str, list[str]]
    findings: Sequence[Finding]
    analysis: analysis.Analysis | None


def changes(old: Sequence[Constraint], new: Sequence[Constraint]) -> dict[str, list[str]]:
    """Ids of the rules that are ``added``, ``removed`` and ``changed`` from one set to another."""
    before, after = ({rule.id: revision.facts(rule) for rule in rules} for rules in (old, new))
    return {
        "added": [key for key in after if key not in before],
        "removed": [key for key in before if key not in after],
        "changed": [key for key in after if key in before and after[key] != before[key]],
    }


def revised(definition_id: int, rules: Sequence[Constraint]) -> tuple[Package, dict[str, list[str]]]:
    """A version's package with other rules.

    Args:
        definition_id: the version.
        rules: all its rules from now on.

    Returns:
        The package, and what changed.

    Raises:
        NotFound: no such version.
        Invalid: by ``<place of the rule>.<field>``; "" where nothing would change, or the file cannot take it.
    """
    meaning = queries.meaning(definition_id)
    errors: dict[str, list[Text]] = {}
    for wrong in wrongs(replace(meaning.process, constraints=tuple(rules)), examining.known().bodies):
        errors.setdefault(f"{wrong.at}.{wrong.field}", []).append(wrong.text)
    if errors:
        raise Invalid(errors)
    changed = changes(meaning.process.constraints, rules)
    if not any(changed.values()):
        raise Invalid({"": [Text("规则没有变化。", "The rules have not changed.")]})
    package = queries.package(definition_id)
    try:
        source = revision.revise(package.source, meaning.key, rules)
    except revision.CannotRevise as error:
        raise Invalid({"": [Text(
            f"这一流程图文件不能在此修改规则({error})，请用绘图工具修改后重新部署。",
            f"The rules cannot be changed in this file ({error}); change them in the modelling tool and deploy it again.",
        )]}) from error
    return replace(package, source=source), changed


def attempt(definition_id: int, rules: Sequence[Constraint]) -> Trial:
    """What would come of a set of rules; nothing is stored.

    Raises:
        NotFound, Invalid: as :func:`revised`.
    """
    package, changed = revised(definition_id, rules)
    office = examining.known()
    document, findings = examining.examine(package, office=office)
    if document is None or any(f.severity == "error" for f in findings):
        return Trial(changed, findings, None)
    meaning = queries.compiled(package, key=examining.runs(document).id, posts=office.posts)
    return Trial(changed, findings, analysis.analyse(meaning))


def rules(said: Sequence[Mapping[str, Any]]) -> list[Constraint]:
    """Rules as a form or a program gives them: blanks at the ends go, options that say nothing are left out, and a rule
    without an id gets one that no other has.

    Args:
        said: per rule ``kind`` and, where there is something to say, ``id``, ``nodes``, ``options``, ``basis``,
            ``scope``, ``on_block``.
    """
    taken = {(rule.get("id") or "").strip() for rule in said}
    found = []
    for one in said:
        kind, number = one["kind"], 1
        key = (one.get("id") or "").strip()
        while not key or (not one.get("id") and key in taken):
            key, number = f"{kind}-{number}", number + 1
        taken.add(key)
        options = {name: value.strip() for name, value in (one.get("options") or {}).items()}
        found.append(Constraint(
            key, kind, tuple(dict.fromkeys(one.get("nodes") or ())), (one.get("basis") or "").strip(),
            (one.get("scope") or "case").strip(), (one.get("on_block") or "refuse").strip(),
            {name: value for name, value in options.items() if value},
        ))
    return found


def readable(field: str, text: str) -> None:
    """A text for the trail.

    Raises:
        Invalid: it is too long, or holds what nobody can read.
    """
    if len(text) > MOST_WORDS or not written(text):
        raise Invalid({field: [Text(
            f"不能超过 {MOST_WORDS} 字，不能含有控制字符",
            f"at most {MOST_WORDS} characters, none of them a control character")]})
