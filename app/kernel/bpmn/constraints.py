"""The kinds of rules of separation a diagram may carry (separation.md §1): what each is called, what it demands, and
what has to be written for it. Reading is ``vocabulary.constraints``, judging ``rules.separation``, writing ``revision``.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from ..text import Text
from .model import Constraint, Process

SCOPES: Mapping[str, Text] = MappingProxyType({
    "case": Text("本件全程", "the whole case"),
    "iteration": Text("各环节最近一次办理", "the latest act of each step"),
    "party": Text("同一当事人的各件", "all cases of the same party"),
})
ON_BLOCK: Mapping[str, Text] = MappingProxyType({
    "refuse": Text("拒绝并说明", "refuse, with the reason"),
    "escalate": Text("拒绝并上报", "refuse, and escalate"),
})


@dataclass(frozen=True, slots=True)
class Option:
    """Something a kind of rule says beside its nodes.

    ``takes``: ``whole`` (a positive number), ``quorum`` (``2/3`` or a number of members), ``share`` (a fraction),
    ``flag``, ``task`` (a person's task of this process), ``node`` (any node), ``rule`` (another rule), ``elsewhere``
    (``process/node``) or ``field`` (the field that holds the party, or ``initiator``).
    """

    name: str
    takes: str
    label: Text
    required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule.

    Attributes:
        name: local name of its element.
        sign: what stands for it in a drawing.
        label, demand: what it is called, and what it demands, for people.
        least, most: how many nodes it names itself; ``most`` = 1: written ``node=``; None: any number, and ``*``.
        joins: whether it speaks of its nodes together (drawn as a line), not of each alone (a badge).
        options, scopes: what else may be written, the first scope being the one that is meant where none is.
        blocks: whether it can stand in somebody's way, so that ``onBlock`` means something.
    """

    name: str
    sign: str
    label: Text
    demand: Text
    least: int = 2
    most: int | None = None
    joins: bool = True
    options: tuple[Option, ...] = ()
    scopes: tuple[str, ...] = tuple(SCOPES)
    blocks: bool = True

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)


_PARTY = Option("party", "field", Text("当事人字段", "Field with the party"))

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (
    Kind("differ", "≠", Text("不同人", "Different people"),
         Text("须由不同人员办理", "must be done by different people")),
    Kind("same", "=", Text("同一人", "Same person"),
         Text("须由同一人办理", "must be done by the same person")),
    Kind("people", "N", Text("人数", "Number of people"),
         Text("办理人数有下限或上限", "must be done by at least, or at most, so many people"), least=1, options=(
             Option("min", "whole", Text("至少几人", "At least"), False),
             Option("max", "whole", Text("至多几人", "At most"), False))),
    Kind("departments", "⊥", Text("不同部门", "Different departments"),
         Text("须由不同部门的人员办理", "must be done by people of different departments")),
    Kind("senior", "↑", Text("职级高于", "Senior to"),
         Text("后者的办理人职级须高于前者的办理人", "the second must be done by somebody senior to who did the first"),
         least=0, most=0, options=(
             Option("lower", "task", Text("前者(职级较低)", "First, by the junior")),
             Option("upper", "task", Text("后者(职级较高)", "Second, by the senior")))),
    Kind("recuse", "避", Text("回避", "Recusal"),
         Text("当事人本人、近亲属和利害关系人须回避", "nobody who is, is kin to, or has an interest in the party may do it"),
         least=1, joins=False, options=(_PARTY,), scopes=("case",)),
    Kind("rotate", "轮", Text("轮换", "Rotation"),
         Text("同一人对同一当事人在一定时期内只能办理若干次", "nobody may do it for one party more often than so many times "
              "within so many months"),
         least=1, joins=False, options=(
             _PARTY, Option("max", "whole", Text("至多几次", "At most so many times")),
             Option("months", "whole", Text("几个月内", "Within so many months"))), scopes=("case", "party")),
    Kind("apart", "隔", Text("跨流程隔离", "Wall between processes"),
         Text("办过同一当事人另一流程某环节的人不得办理", "nobody who did a certain step of another process for the same "
              "party may do it"),
         least=1, joins=False, options=(
             Option("from", "elsewhere", Text("另一流程的环节(流程/节点)", "Step of the other process (process/node)")),
             _PARTY), scopes=("case", "party")),
    Kind("draw", "签", Text("抽签分派", "By lot"),
         Text("由系统抽签或轮流分派，不由人挑选", "is handed out by lot or in turn, never by choice"),
         least=1, joins=False, scopes=("case",), blocks=False),
    Kind("collective", "会", Text("集体决策", "Collective decision"),
         Text("由集体会议表决，记名，留存纪要", "is decided by a body in session, by named votes, with minutes"),
         least=1, most=1, joins=False, options=(
             Option("quorum", "quorum", Text("法定人数(如 2/3 或 5)", "Quorum (2/3, or a number)")),
             Option("majority", "share", Text("赞成须超过(默认 1/2)", "More than so many must agree (1/2 if not said)"), False),
             Option("chairLast", "flag", Text("主持人末位表态", "The chair speaks last"), False)), scopes=("case",)),
    Kind("release", "↺", Text("解除", "Release"),
         Text("到达某节点后，所列规则重新起算", "once a node is reached, a rule counts only what is done from then on"),
         least=0, most=0, joins=False, options=(
             Option("constraint", "rule", Text("规则编号", "Rule")),
             Option("at", "node", Text("节点", "Node"))), scopes=("case",), blocks=False),
)})

#: What a ``release`` can make count anew: rules that look back at who acted.
RELEASABLE = frozenset(("differ", "same", "people", "departments", "senior"))

_FRACTION = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def whole(value: str | None) -> int | None:
    """A whole number of at most four digits; None for anything else."""
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 5 else None


def share(value: str | None) -> Fraction | None:
    """A fraction above nothing and not above all (``2/3``, ``1/1``); None for anything else."""
    match = _FRACTION.fullmatch(value or "")
    found = Fraction(int(match[1]), int(match[2])) if match and int(match[2]) else None
    return found if found is not None and 0 < found <= 1 else None


def tasks(process: Process, rule: Constraint) -> tuple[str, ...]:
    """The people's tasks a rule speaks of, in the order of the diagram; for ``senior`` the lower one first."""
    everyone = process.user_tasks
    if rule.kind == "senior":
        named = (rule.options.get("lower", ""), rule.options.get("upper", ""))
        return tuple(node for node in named if node in everyone)
    return tuple(node for node in everyone if node in rule.nodes or "*" in rule.nodes)


def sentence(process: Process, rule: Constraint) -> Text:
    """What a rule demands of whom, with its numbers, as one sentence."""
    kind = KINDS.get(rule.kind)
    if kind is None:
        return Text(rule.kind, rule.kind)
    if rule.kind == "release":
        node = process.scope.everything.get(rule.options.get("at", ""))
        place = node.label if node is not None else Text("?", "?")
        return Text("到达“{at}”后，规则 {rule} 重新起算", "once “{at}” is reached, rule {rule} counts only what is done from "
                    "then on").format(at=place, rule=rule.options.get("constraint", "?"))
    names = [process.user_tasks[node].label for node in tasks(process, rule)]
    if not names:
        return kind.demand          # somebody is still typing it
    if "*" in rule.nodes:
        of = Text("所有环节", "every step")
    else:
        of = Text("、".join(f"“{n.zh}”" for n in names), ", ".join(f"“{n.en}”" for n in names))
    said = _demand(rule, kind, names)
    within = Text("", "") if rule.scope in ("case", "") or len(kind.scopes) == 1 or rule.scope not in SCOPES else Text(
        "(范围：{s})", " ({s})").format(s=SCOPES[rule.scope])
    return Text("{of}{said}{within}", "{of} {said}{within}").format(of=of, said=said, within=within)


def _demand(rule: Constraint, kind: Kind, names: list[Text]) -> Text:
    said = rule.options
    if rule.kind == "people":
        low, high = said.get("min"), said.get("max")
        zh = "、".join([f"至少由 {low} 名不同人员办理"] * bool(low) + [f"至多由 {high} 人办理"] * bool(high))
        en = " and ".join([f"by at least {low} different people"] * bool(low) + [f"by at most {high}"] * bool(high))
        return Text(zh, f"must be done {en}") if low or high else kind.demand
    if rule.kind == "senior" and len(names) == 2:
        return Text(f":“{names[1].zh}”的办理人职级须高于“{names[0].zh}”的办理人",
                    f"— who does “{names[1].en}” must be senior to who does “{names[0].en}”")
    if rule.kind == "recuse" and said.get("party") in INITIATOR:
        return Text("的办理人不得是申请人本人、其近亲属或利害关系人",
                    "may not be done by the applicant, their kin, or anybody with an interest")
    if rule.kind == "recuse":
        return Text("的办理人不得是当事人本人、其近亲属或利害关系人",
                    "may not be done by the party, their kin, or anybody with an interest")
    if rule.kind == "rotate":
        return Text("：同一人对同一当事人 {months} 个月内至多办理 {max} 次",
                    "— by one person for one party at most {max} times within {months} months").format(
            max=said.get("max", "?"), months=said.get("months", "?"))
    if rule.kind == "apart":
        return Text("不得由办过同一当事人“{from_}”的人办理",
                    "may not be done by anybody who did “{from_}” for the same party").format(from_=said.get("from", "?"))
    if rule.kind == "collective":
        majority = share(said.get("majority") or "1/2")
        agree = Text("须全体成员赞成", "all members agreeing") if majority == 1 else Text(
            "须有超过 {m} 的成员赞成", "more than {m} of the members agreeing").format(m=said.get("majority") or "1/2")
        chair = Text("，主持人末位表态", ", the chair speaking last") if said.get("chairLast") in ("true", "1") else Text("", "")
        return Text("由集体会议表决：参加表决的不少于{quorum}，{agree}{chair}",
                    "is decided in session: at least {quorum} voting, {agree}{chair}").format(
            quorum=Text(f" {said['quorum']} ", said["quorum"]) if said.get("quorum") else "?", agree=agree, chair=chair)
    return kind.demand


def mark(rule: Constraint) -> Text:
    """What stands for a rule on a drawing: a sign for a line, a word or two for a badge."""
    said, kind = rule.options, KINDS.get(rule.kind)
    if rule.kind == "people":
        bounds = " ".join(f"{sign}{said[name]}" for name, sign in (("min", "≥"), ("max", "≤")) if said.get(name)) or "N"
        return Text(f"{bounds} 人", f"{bounds} people")
    if rule.kind == "rotate":
        return Text("轮换 {n}次/{m}月", "{n} in {m} months").format(n=said.get("max", "?"), m=said.get("months", "?"))
    if rule.kind == "collective":
        return Text("会议 {q}", "in session {q}").format(q=said.get("quorum", "?"))
    if rule.kind == "release":
        return Text("解除 {r}", "releases {r}").format(r=said.get("constraint", "?"))
    return _MARKS.get(rule.kind) or (Text(kind.sign, kind.sign) if kind is not None else Text("?", "?"))


_MARKS = {
    "differ": Text("≠", "≠"), "same": Text("=", "="), "departments": Text("异部门", "other department"),
    "senior": Text("上级 ↑", "senior ↑"), "recuse": Text("回避", "recusal"), "apart": Text("隔离", "wall"),
    "draw": Text("抽签", "by lot"),
}

#: ``party`` of a ``recuse`` rule that speaks of the person who started the case.
INITIATOR = frozenset(("initiator", "applicant"))
