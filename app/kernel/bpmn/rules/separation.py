"""Rules of separation that make sense: known kinds, nodes and options; together, something that can be kept
(separation.md §1). Judged for a whole diagram at import, and field by field for a form in which they are edited."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from ...separation import Rules, contradiction
from ...text import Text
from ..constraints import KINDS, ON_BLOCK, RELEASABLE, SCOPES, Kind, Option, sentence, share, tasks, whole
from ..model import Constraint, Process
from .sheet import Sheet
from .words import a, called

#: What the gate itself names as its reason; a rule of that name could not be told from it.
RESERVED = frozenset(("post", "absent", "incompatible", "look-ahead", "undecided", "recused", "override", "resilience"))
#: What XML can hold in an attribute and people can read (XML 1.0 §2.2, without line ends).
_READABLE = re.compile("[\\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_ID = re.compile(r"[\w.#-]{1,80}")
_ELSEWHERE = re.compile(r"[^\s/,]{1,120}/[^\s/,]{1,120}")
_FIELD = re.compile(r"[^\W\d][\w.]{0,79}")
MOST_WORDS = 300
MOST_RULES = 200
MOST_CLASHES = 5


class Wrong(NamedTuple):
    """What is wrong with one rule: its place in the list, the field to put right, the finding's name, the words."""

    at: int
    field: str
    name: str
    text: Text


def check(sheet: Sheet, process: Process, bodies: Collection[str] | None) -> None:
    """Findings about the rules of one process, by the rule's id."""
    rules = process.constraints
    found = list(wrongs(process, bodies))
    for wrong in found:
        rule = rules[wrong.at]
        sheet.error(wrong.name, rule, f"规则 {rule.id}({rule.kind}):{wrong.text.zh}",
                    f"rule {rule.id} ({rule.kind}): {wrong.text.en}")
    if not found:
        for rule in Rules.of(process).unsupported:
            sheet.error("support.constraint", rule, f"规则 {rule.id}({rule.kind}):尚不支持这种规则或范围",
                        f"rule {rule.id} ({rule.kind}): this kind of rule, or its scope, is not supported")
        _contradictions(sheet, process)
    for rule in rules:
        if rule.kind in KINDS and rule.kind != "release" and not rule.basis:
            sheet.warning("constraint.basis", rule, f"规则 {rule.id}({rule.kind}):没有写明依据",
                          f"rule {rule.id} ({rule.kind}): it does not say what clause it rests on",
                          Text("写 basis", "write basis"))
    if bodies is not None:
        decided = {node for rule in rules if rule.kind == "collective" for node in rule.nodes}
        for node in process.user_tasks.values():
            if node.post is not None and node.post.code in bodies and node.id not in decided:
                sheet.warning("collective.missing", node, "由集体机构办理，但没有 collective 规则，任一成员即可单独决定",
                              "a collective body does it, but no collective rule says so: any one member could decide alone",
                              Text("写 gz:collective", "write gz:collective"))


def _contradictions(sheet: Sheet, process: Process) -> None:
    """Rules that no office could keep together, however large: a smallest set of them, then the next one."""
    left = process
    for _more in range(MOST_CLASHES):
        clash = contradiction(Rules.of(left))
        if clash or clash.undecided:
            return
        named = [rule for rule in left.constraints if rule.id in clash.rules]
        if not named:
            return
        said = [(rule, sentence(process, rule), f"({rule.basis})" if rule.basis else "") for rule in named]
        sheet.error(
            "constraint.contradiction", named[-1],
            "这些规则不能同时遵守，再多的人也不行：" + "；".join(f"{rule.id}：{text.zh}{basis}" for rule, text, basis in said),
            "these rules cannot be kept together, however many people there are: "
            + "; ".join(f"{rule.id}: {text.en} {basis}".rstrip() for rule, text, basis in said))
        left = replace(left, constraints=tuple(rule for rule in left.constraints if rule is not named[-1]))


def wrongs(process: Process, bodies: Collection[str] | None = None) -> Iterator[Wrong]:
    """Everything that is wrong with the rules of ``process``, rule by rule.

    Args:
        process: with the rules in question as its ``constraints``.
        bodies: codes (and names) of the posts that are collective bodies; None: not looked at.
    """
    repeated = {i for i, times in Counter(rule.id for rule in process.constraints).items() if times > 1}
    if len(process.constraints) > MOST_RULES:
        yield Wrong(MOST_RULES, "kind", "constraint.many", Text(f"规则不能超过 {MOST_RULES} 条",
                                                               f"there cannot be more than {MOST_RULES} rules"))
        return
    decided: set[str] = set()
    for at, rule in enumerate(process.constraints):
        if rule.id in repeated:
            yield Wrong(at, "id", "constraint.id", Text("编号重复", "its id is used twice"))
        elif rule.id in RESERVED or not _ID.fullmatch(rule.id):
            yield Wrong(at, "id", "constraint.id", Text(f"编号不能是“{rule.id[:80]}”", f"its id cannot be “{rule.id[:80]}”"))
        kind = KINDS.get(rule.kind)
        if kind is None:
            yield Wrong(at, "kind", "constraint.kind", Text("没有这种规则", "there is no such kind of rule"))
            continue
        for field, name, text in _one(process, rule, kind):
            yield Wrong(at, field, name, text)
        if rule.kind == "collective":
            for node in rule.nodes:
                if node in decided:
                    yield Wrong(at, "nodes", "constraint.nodes", Text(
                        f"节点“{node}”已有一条 collective 规则", f"node “{node}” has a collective rule already"))
                decided.add(node)
                step = process.user_tasks.get(node)
                if bodies is not None and step is not None and (step.post is None or step.post.code not in bodies):
                    yield Wrong(at, "nodes", "collective.post", Text(
                        f"“{step.label.zh}”的岗位不是集体机构", f"the post of “{step.label.en}” is not a collective body"))


def written(text: str) -> bool:
    """Whether a text can be written into a diagram and read again."""
    return _READABLE.fullmatch(text) is not None


Problem = tuple[str, str, Text]


def _one(process: Process, rule: Constraint, kind: Kind) -> Iterator[Problem]:
    """What is wrong with a rule by itself: (field, finding's name, words)."""
    for name in sorted(set(rule.options) - {option.name for option in kind.options}):
        yield "kind", "constraint.option", Text(f"没有属性 {name}", f"it has no attribute {name}")
    for field, value in (("basis", rule.basis), *rule.options.items()):
        if not written(value) or len(value) > MOST_WORDS:
            yield field, "constraint.option", Text(
                f"{field} 过长，或含有不能写入的字符", f"{field} is too long, or holds characters that cannot be written")
    if rule.scope not in SCOPES or rule.scope not in kind.scopes:
        yield "scope", "constraint.option", Text(f"scope 不能是“{rule.scope[:40]}”", f"scope cannot be “{rule.scope[:40]}”")
    if rule.on_block not in ON_BLOCK or (rule.on_block != "refuse" and not kind.blocks):
        yield "onBlock", "constraint.option", Text(
            f"onBlock 不能是“{rule.on_block[:40]}”", f"onBlock cannot be “{rule.on_block[:40]}”")
    nodes_wrong = list(_nodes(process, rule, kind))
    yield from nodes_wrong
    for option in kind.options:
        value = rule.options.get(option.name)
        if not value:
            if option.required or value is not None:
                yield option.name, "constraint.option", Text(
                    f"要写 {option.name}({option.label.zh})", f"it needs {option.name} ({option.label.en})")
        elif (text := _value(process, rule, option, value)) is not None:
            yield option.name, "constraint.option", text
    if rule.kind == "people":
        yield from _people(process, rule)
    elif rule.kind == "senior" and rule.options.get("lower") and rule.options["lower"] == rule.options.get("upper"):
        yield "upper", "constraint.nodes", Text("两个节点不能相同", "the two nodes cannot be the same")


def _nodes(process: Process, rule: Constraint, kind: Kind) -> Iterator[Problem]:
    def wrong(zh: str, en: str) -> Problem:
        return "nodes", "constraint.nodes", Text(zh, en)

    if kind.most == 0:
        if rule.nodes:
            yield wrong("这种规则不写 nodes", "this kind of rule has no nodes")
        return
    if not rule.nodes:
        yield wrong("没有写明涉及哪些节点", "it names no nodes")
        return
    for name in rule.nodes:
        if name == "*" and kind.most is None:
            continue
        if (text := _no_task(process, name)) is not None:
            yield wrong(*text)
    if kind.most is not None and len(rule.nodes) > kind.most:
        yield wrong("只能写一个节点", "it names one node only")
    elif "*" not in rule.nodes and len(set(rule.nodes)) < kind.least:
        yield wrong("至少要有两个节点", "it needs at least two nodes")


def _no_task(process: Process, name: str) -> Text | None:
    """Why ``name`` is no person's task; None where it is one."""
    if name in process.user_tasks:
        return None
    node = process.scope.everything.get(name)
    if node is None:
        return Text(f"没有节点“{name[:80]}”", f"there is no node “{name[:80]}”")
    what = called(node)
    return Text(f"“{name}”是{what.zh},不由人办理", f"“{name}” is {a(what)}, which no person does")


def _value(process: Process, rule: Constraint, option: Option, value: str) -> Text | None:
    """What is wrong with an option's value; None where nothing is."""
    name, takes = option.name, option.takes
    if takes == "whole" and not whole(value):
        return Text(f"{name} 应为正整数", f"{name} must be a positive integer")
    if takes == "quorum" and not whole(value) and share(value) is None:
        return Text(f"{name} 应为 2/3 这样的分数，或人数", f"{name} is a fraction such as 2/3, or a number of members")
    if takes == "share" and (share(value) or 0) < 1 / 2:
        return Text(f"{name} 应为 1/2 至 1/1 的分数", f"{name} is a fraction from 1/2 to 1/1")
    if takes == "flag" and value not in ("true", "false", "1", "0"):
        return Text(f"{name} 应为 true 或 false", f"{name} is true or false")
    if takes == "task":
        return _no_task(process, value)
    if takes == "node" and value not in process.scope.everything:
        return Text(f"没有节点“{value[:80]}”", f"there is no node “{value[:80]}”")
    if takes == "field" and not _FIELD.fullmatch(value):
        return Text(f"{name} 应为字段名", f"{name} is the name of a field")
    if takes == "elsewhere":
        return _elsewhere(process, value)
    if takes == "rule":
        other = next((r for r in process.constraints if r.id == value), None)
        if other is None:
            return Text(f"没有规则“{value[:80]}”", f"there is no rule “{value[:80]}”")
        if other.kind not in RELEASABLE:
            return Text(f"规则“{value}”({other.kind})不能解除", f"rule “{value}” ({other.kind}) cannot be released")
    return None


def _elsewhere(process: Process, value: str) -> Text | None:
    if not _ELSEWHERE.fullmatch(value):
        return Text("from 应写作“流程/节点”", "from is written as process/node")
    key, node = value.split("/")
    if key == process.id:
        return _no_task(process, node)
    return None


def _people(process: Process, rule: Constraint) -> Iterator[Problem]:
    least, most = rule.options.get("min"), rule.options.get("max")
    if least is None and most is None:
        yield "min", "constraint.option", Text("要写 min 或 max", "it needs min or max")
    low, high = whole(least), whole(most)
    if low and high and low > high:
        yield "max", "constraint.option", Text("min 大于 max", "min is greater than max")
    named = tasks(process, rule)
    many = any(process.user_tasks[task].loop is not None for task in named)
    if low and named and low > len(named) and not many:
        yield "min", "constraint.impossible", Text(
            f"{len(named)} 个节点不可能有 {low} 个不同的人", f"{len(named)} nodes can never have {low} different people")
