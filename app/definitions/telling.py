"""A version in words for its pages: its steps, its rules as drawn and as said. Reads what ``queries`` returns."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..kernel.bpmn.constraints import KINDS, mark, sentence, tasks
from ..kernel.bpmn.model import Constraint, Limit, Node, Process
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..organisation.models import Post
from ..registers import today
from ..web.language import words
from .models import Definition, DefinitionState
from .queries import Meaning

STATE: Mapping[DefinitionState, tuple[Text, str]] = {
    DefinitionState.DRAFT: (Text("草稿，待启用", "Draft, to be activated"), "warn"),
    DefinitionState.ACTIVE: (Text("已启用", "Active"), "ok"),
    DefinitionState.RETIRED: (Text("已停用", "Retired"), ""),
}
_UNITS = {
    "day": Text("{n} 个工作日", "{n} working day(s)"), "hour": Text("{n} 个工作小时", "{n} working hour(s)"),
    "calendar_day": Text("{n} 个日历日", "{n} calendar day(s)"),
}
#: Departments a step's post is looked for in, in words.
_WHERE = {"initiator": Text("发起部门", "the department it comes from")}


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table of steps. ``holders``: (person id, name, present) today, each person once."""

    node: Node
    post: Post | None
    where: Text | None
    limit: Text | None
    form: Text | None
    holders: Sequence[tuple[int, str, bool]]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A row of the table of rules."""

    rule: Constraint
    kind: Text
    mark: Text
    says: Text


@dataclass(frozen=True, slots=True)
class Line:
    """A process on the list: its active version if any, its drafts that are later, and how many versions there are."""

    key: str
    shown: Definition
    active: Definition | None
    drafts: Sequence[Definition]
    versions: int


def lines(versions: Iterable[Definition]) -> dict[str, list[Line]]:
    """Every process by area, in the order of their matters.

    Args:
        versions: of all processes, the newest of each first.
    """
    by_key: dict[str, list[Definition]] = {}
    for row in versions:
        by_key.setdefault(row.key, []).append(row)
    areas: dict[str, list[Line]] = {}
    for key, rows in sorted(by_key.items(), key=lambda item: item[1][0].matter):
        active = next((row for row in rows if row.state is DefinitionState.ACTIVE), None)
        drafts = [row for row in rows if row.state is DefinitionState.DRAFT
                  and (active is None or row.version > active.version)]
        areas.setdefault(rows[0].area, []).append(Line(key, active or rows[0], active, drafts, len(rows)))
    return dict(sorted(areas.items()))


def steps(meaning: Meaning) -> list[Step]:
    """What people do in it, in the order of the diagram, and who holds the posts today."""
    posts = {post.code: post for post in organisation.posts()}
    held: dict[str, dict[int, tuple[int, str, bool]]] = {}
    for holder in organisation.holders(today()):
        held.setdefault(holder.post_code, {})[holder.person_id] = (holder.person_id, holder.name, holder.present)
    found = []
    for node in meaning.process.user_tasks.values():
        code = node.post.code if node.post else ""
        department = node.post.department if node.post else None
        form = meaning.forms.get(node.form or "")
        found.append(Step(
            node, posts.get(code), _WHERE.get(department, Text(department, department)) if department else None,
            limit(node.limit), form.title if form is not None else None, list(held.get(code, {}).values()),
        ))
    return found


def limit(said: Limit | None) -> Text | None:
    """A time limit in words."""
    return _UNITS[said.unit].format(n=f"{said.amount:g}") if said is not None and said.unit in _UNITS else None


def clauses(meaning: Meaning) -> list[str]:
    """What a process rests on: the clauses of its steps and of its rules, each once."""
    of_steps = [node.regulation for node in meaning.process.user_tasks.values() if node.regulation]
    return list(dict.fromkeys([*of_steps, *(rule.basis for rule in meaning.process.constraints if rule.basis)]))


def ruled(process: Process) -> list[Ruled]:
    """The rules of separation in words."""
    return [
        Ruled(rule, KINDS[rule.kind].label if rule.kind in KINDS else Text(rule.kind, rule.kind), mark(rule),
              sentence(process, rule))
        for rule in process.constraints
    ]


def drawn(process: Process) -> list[dict[str, Any]]:
    """The rules as the page's script draws them (frontend/src/rules.js), in the reader's language."""
    found = []
    for rule in process.constraints:
        kind = KINDS.get(rule.kind)
        if kind is None:
            continue
        nodes = [rule.options.get("at", "")] if rule.kind == "release" else list(tasks(process, rule))
        found.append({
            "id": rule.id, "kind": rule.kind, "label": words(kind.label), "mark": words(mark(rule)),
            "says": words(sentence(process, rule)), "basis": rule.basis, "nodes": nodes, "joins": kind.joins,
        })
    return found


def with_rules(process: Process, rules: Iterable[Constraint]) -> Process:
    """The same process with other rules, for a table or a drawing of what somebody is still typing."""
    return replace(process, constraints=tuple(rules))


def resilient(level: int) -> tuple[Text, str]:
    """How many absences a version survives, in words, and the look of it."""
    return {
        -1: (Text("不能办完", "cannot be worked"), "stop"),
        0: (Text("0：任一关键人员缺席即停", "0: one absence can stop it"), "warn"),
        1: (Text("1：任一人缺席仍可办", "1: it survives any one absence"), "brand"),
    }.get(level, (Text("2：任两人缺席仍可办", "2: it survives any two absences"), "ok"))
