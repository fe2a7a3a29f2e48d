"""Why a case has no plan any more, and what would give it one. Asks the kernel, touches no database."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..kernel import separation
from ..kernel.separation import CaseFacts, Office, Remedy, Rules, Undecided
from ..kernel.separation.ahead import core, exists
from ..kernel.separation.compiled import compiled
from ..kernel.separation.explain import UNDECIDED
from ..kernel.separation.situation import Situation
from ..kernel.separation.wording import nobody
from ..kernel.text import Text
from ..kernel.values import dumps


@dataclass(frozen=True, slots=True)
class Impasse:
    """A case without a plan.

    Attributes:
        nodes: user tasks that nobody is left for; a smallest set.
        rules: ids of the rules that together leave nobody (``incompatible`` for the organisation's own); empty where
            posts have nobody.
        because: the same in a sentence.
        remedies: smallest sets of measures that would give it a plan again.
    """

    nodes: tuple[str, ...]
    rules: tuple[str, ...]
    because: Text
    remedies: tuple[Remedy, ...] = ()

    def columns(self) -> dict[str, Any]:
        """As a row of ``stalled`` keeps it."""
        return {
            "nodes": dumps(list(self.nodes)), "rules": dumps(list(self.rules)), "zh": self.because.zh,
            "en": self.because.en, "remedies": dumps([as_values(remedy) for remedy in self.remedies]),
        }


def as_values(remedy: Remedy) -> dict[str, Any]:
    """A remedy as case values: its sentence in both languages, and its steps."""
    return {
        "zh": remedy.text.zh, "en": remedy.text.en,
        "steps": [
            {name: value for name in ("kind", "person", "post", "department", "principal")
             if (value := getattr(step, name)) is not None} for step in remedy.steps
        ],
    }


def has_plan(rules: Rules, office: Office, facts: CaseFacts) -> bool:
    """Whether everything that may still come in a case can be given to somebody. What cannot be decided counts as no:
    the gate would refuse everybody."""
    if _nowhere(rules, facts):
        return False
    situation = Situation(compiled(rules, office), facts)
    try:
        return exists(situation, situation.needed()) or (
            # after an emergency override: what can still be kept
            (loose := situation.loose) is not None and exists(loose, loose.needed())
        )
    except Undecided:
        return False


def impasse(rules: Rules, office: Office, facts: CaseFacts) -> Impasse | None:
    """Why a case has no plan; None where it has one."""
    if has_plan(rules, office, facts):
        return None
    if stuck := _nowhere(rules, facts):
        names = [rules.names[rules.index[node]] for node in stuck]
        return Impasse(stuck, (), Text(
            "、".join(f"“{name.zh}”" for name in names) + "无人可办：承办部门尚未确定",
            "nobody can do " + ", ".join(f"“{name.en}”" for name in names) + ": its department is not named yet",
        ))
    situation = Situation(compiled(rules, office), facts)
    situation = situation.loose or situation
    chosen, left = core(situation, situation.needed())
    helping = separation.remedies(rules, office, facts)
    if left:
        return Impasse(rules.ids(left), tuple(chosen), nobody(situation, chosen, left), helping)
    because = Text("本件已办理或已领取的事项之间已违反规则", "what is done or held in this case already breaks a rule")
    return Impasse(tuple(sorted(facts.open)), tuple(chosen), because if chosen else UNDECIDED, helping)


def _nowhere(rules: Rules, facts: CaseFacts) -> tuple[str, ...]:
    """Open tasks of a department that the case does not name. A plan lets a department that is named later be any; the
    work item that is open now is offered to nobody."""
    found = []
    for node in facts.open:
        post = rules.posts[rules.index[node]]
        if post is not None and post.department is not None and department_of(post.department, facts) is None:
            found.append(node)
    return tuple(found)


def department_of(name: str, facts: CaseFacts) -> str | None:
    """The department a post of the diagram is of, in this case; None where the case does not say."""
    if name == "initiator":
        return facts.initiator_department
    value: Any = facts.data
    for part in name.split("."):
        value = value.get(part) if hasattr(value, "get") else None
    return value if isinstance(value, str) and value else None
