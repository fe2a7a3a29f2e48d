"""``gz:allocation`` and its companions, word by word: what nobody could carry out is refused at import."""
from __future__ import annotations

from collections.abc import Callable, Collection

from ...text import Text
from .. import resourcing as words
from ..model import Node, Process
from ..vocabulary import Words, listed
from ..vocabulary import words as words_of
from .sheet import Sheet

#: Our words here -> the attributes each has.
WORDS: dict[str, frozenset[str]] = {
    "allocation": frozenset(), "distribution": frozenset(), "escalate": frozenset(("to",)), "skippable": frozenset(),
    "predo": frozenset(), "start": frozenset(), "autostart": frozenset(),
    "visible": frozenset(("offered", "allocated")),
}
#: Those that may be attributes of the activity.
ATTRIBUTES = frozenset(WORDS) - {"visible"}


def check(sheet: Sheet, process: Process, posts: Collection[str] | None) -> None:
    """All rules of this file, for the people's tasks of a process.

    Args:
        posts: codes and names of the office's posts; None: not looked at.
    """
    tasks = process.user_tasks
    for element in sheet.elements:
        own = words_of(element)
        said = [word for word in WORDS if own.element(word) is not None or word in own.attributes]
        if not said:
            continue
        node = process.scope.everything.get((element.get("id") or "").strip())
        if node is None:
            continue
        if node.id not in tasks:
            if said != ["allocation"]:
                _wrong(sheet, node, said[0], "只用于由人办理的环节", "is for tasks that people do")
            continue
        for word in said:
            if word in _JUDGES:
                _JUDGES[word](sheet, process, node, own)
        _post(sheet, node, own, posts)
        _together(sheet, process, node)


def _wrong(sheet: Sheet, node: Node, word: str, zh: str, en: str, repair: Text | None = None) -> None:
    sheet.error(f"vocabulary.{word}", node, f"gz:{word} {zh}", f"gz:{word} {en}", repair)


def _allocation(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
    value = own.text("allocation")
    said = words.allocation(value)
    if said is None:
        names = "、".join(words.STRATEGIES)
        _wrong(sheet, node, "allocation", f"不能是“{value}”", f"cannot be “{value}”",
               Text(f"可用：{names}；person、staff、familiar、head-of、capability 后加 :参数",
                    f"one of {', '.join(words.STRATEGIES)}; person, staff, familiar, head-of and capability take :argument"))
    elif words.STRATEGIES[said.strategy].argument == "node" and said.argument not in process.user_tasks:
        _wrong(sheet, node, "allocation", f"没有由人办理的环节“{said.argument}”",
               f"there is no task for people “{said.argument}”")


def _distribution(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
    if words.distribution(own.text("distribution")) is None:
        _wrong(sheet, node, "distribution", "应为 early、enablement 或 late:n(n 为 1 到 9999)",
               "is early, enablement or late:n (n from 1 to 9999)")


def _start(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
    if own.text("start") not in words.STARTS:
        _wrong(sheet, node, "start", "应为 allocation、creation 或 person", "is allocation, creation or person")


def _autostart(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
    said = listed(own.text("autostart"))
    if not said or set(said) - set(words.AUTOSTARTS):
        _wrong(sheet, node, "autostart", "应为 piled、chained 或两者", "is piled, chained or both")


def _visible(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
    element = own.element("visible")
    for name, known in (("offered", words.OFFERED_TO), ("allocated", words.ALLOCATED_TO)):
        value = element.get(name) if element is not None else None
        if value is not None and value.strip() not in known:
            _wrong(sheet, node, "visible", f"的 {name} 应为 {'、'.join(known)} 之一", f"has {name} = {', '.join(known)}")


def _flag(word: str) -> Callable[[Sheet, Process, Node, Words], None]:
    def judge(sheet: Sheet, process: Process, node: Node, own: Words) -> None:
        value = own.attributes.get(word)
        if own.element(word) is None and value is not None and value.strip() != "yes":
            _wrong(sheet, node, word, "作属性时只能是 yes", "is yes where it is an attribute")

    return judge


_JUDGES: dict[str, Callable[[Sheet, Process, Node, Words], None]] = {
    "allocation": _allocation, "distribution": _distribution, "start": _start, "autostart": _autostart,
    "visible": _visible, "escalate": _flag("escalate"), "skippable": _flag("skippable"), "predo": _flag("predo"),
}


def _post(sheet: Sheet, node: Node, own: Words, posts: Collection[str] | None) -> None:
    element = own.element("escalate")
    to = " ".join((element.get("to") or "").split()) if element is not None else ""
    if to and posts is not None and to not in posts:
        _wrong(sheet, node, "escalate", f"没有岗位“{to}”", f"there is no post “{to}”")


def _kinds(process: Process, node: Node) -> set[str]:
    """The kinds of rules of separation that speak of a node."""
    found = {rule.kind for rule in process.constraints if node.id in rule.nodes or "*" in rule.nodes}
    return found | {"draw"} if node.allocation == "draw" else found


def _together(sheet: Sheet, process: Process, node: Node) -> None:
    """Words that contradict each other, or what else the node says."""
    said = node.resourcing
    if said is None:
        return
    if said.escalates and node.limit is None:
        _wrong(sheet, node, "escalate", "需要办理时限", "needs a time limit")
    if said.skippable and node.decisions:
        _wrong(sheet, node, "skippable", "不能用于要作决定的环节：跳过就没有决定",
               "cannot stand where a decision is taken: skipping it would leave none")
    if node.loop is not None and (said.predo or said.skippable):
        _wrong(sheet, node, "predo" if said.predo else "skippable", "不能用于多实例环节", "cannot stand at a multi-instance task")
    kinds = _kinds(process, node)
    for word, stands in (("predo", said.predo), ("escalate", said.escalates), ("autostart", said.piled or said.chained)):
        if stands and "draw" in kinds:  # nobody chooses themselves, or is chosen by being next, where the lot decides
            _wrong(sheet, node, word, "不能用于抽签确定办理人的环节", "cannot stand where the lot decides who does it")
    for word, stands in (("predo", said.predo), ("skippable", said.skippable)):
        if stands and "collective" in kinds:
            _wrong(sheet, node, word, "不能用于集体决定的环节", "cannot stand where a body decides")
    if said.load is not None and (said.start == "creation" or said.early):
        _wrong(sheet, node, "distribution", "延后分发的环节不能创建即开始", "late cannot start on creation")


