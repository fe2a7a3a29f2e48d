"""What the office needs of each step: a post, a duty, a limit, a form, a known handler; and our own words written as
they are meant (design §4 and §6)."""
from __future__ import annotations

from collections.abc import Collection

from ...text import Text
from .. import vocabulary
from ..markup import Element, local, text
from ..model import Node
from . import resourcing, separation
from .sheet import Sheet
from .words import called

_RISKS = ("high", "medium", "low")

#: Our words -> the attributes each has.
_WORDS: dict[str, frozenset[str]] = {
    "post": frozenset(("department",)), "duty": frozenset(("en",)), "limit": frozenset(vocabulary.LIMIT_UNITS),
    "risk": frozenset(("level", "en")), "regulation": frozenset(("en",)), "form": frozenset(),
    "fields": frozenset(("write", "hidden")), "decisions": frozenset(("zh", "en")),
    "handler": frozenset(("name",)), "matter": frozenset(), "domain": frozenset(), "title": frozenset(("zh", "en", "case")),
    "constraints": frozenset(), "collection": frozenset(), "element": frozenset(), **resourcing.WORDS,
}
_ACTIVITY_WORDS = frozenset(("post", "duty", "limit", "risk", "regulation", "form", "fields", "decisions",
                             "handler", *resourcing.WORDS))
#: Host -> the words it may have, as elements and as attributes. A start event's post is who may start a
#: case, its form what they fill in.
_ELEMENTS = {"process": frozenset(("matter", "domain", "title", "constraints")), "lane": frozenset(("post",)),
             "startEvent": frozenset(("post", "form")), "multiInstanceLoopCharacteristics": frozenset(("collection",
                                                                                                "element"))}
_ATTRIBUTES = {"process": frozenset(("matter", "domain")), "lane": frozenset(("post", "department")),
               "startEvent": frozenset(("post", "department", "form")),
               "multiInstanceLoopCharacteristics": frozenset(("collection", "element"))}
#: The English of its name may stand at everything that has a name.
_EVERYWHERE = frozenset(("en",))
_ACTIVITY_ATTRIBUTES = frozenset(("post", "department", "duty", "limit", "regulation", "form", "decisions",
                                  "handler", "collection", "element", *resourcing.ATTRIBUTES))
#: Words of the design that nothing carries out yet.
_NOT_YET = frozenset(("clock", "batchable", "trigger"))


def check(sheet: Sheet, posts: Collection[str] | None, handlers: Collection[str] | None,
          forms: Collection[str] | None, bodies: Collection[str] | None) -> None:
    """All rules of this file; a vocabulary that is None is not looked at."""
    for process in sheet.processes:
        for node in process.scope.everything.values():
            _step(sheet, node, posts, forms)
            if handlers is not None and node.handler and node.handler not in handlers:
                sheet.error("handler.unknown", node, f"没有名为“{node.handler}”的处理程序",
                            f"there is no handler “{node.handler}”")
        resourcing.check(sheet, process, posts)
        separation.check(sheet, process, bodies)
    if sheet.root is not None:
        _vocabulary(sheet)


# -- steps ------------------------------------------------------------------------------------------------------------

def _step(sheet: Sheet, node: Node, posts: Collection[str] | None, forms: Collection[str] | None) -> None:
    if node.type not in ("userTask", "manualTask"):
        return
    if posts is not None:
        if node.post is None:
            sheet.error("post.missing", node, "没有写明由哪个岗位办理", "it does not say which post does it",
                        Text("放进以岗位命名的泳道，或写 gz:post",
                             "put it in a lane named after the post, or write gz:post"))
        elif node.post.code not in posts:
            sheet.error("post.unknown", node, f"没有岗位“{node.post.code}”", f"there is no post “{node.post.code}”")
        if not node.duty:
            sheet.error("duty.missing", node, "没有写明职责", "it does not say what the duty is",
                        Text("写 gz:duty", "write gz:duty"))
        if node.limit is None:
            sheet.error("limit.missing", node, "没有写明办理时限", "it has no time limit",
                        Text('例如 <gz:limit days="2"/>', 'for example <gz:limit days="2"/>'))
    if forms is not None and node.type == "userTask":
        if not node.form:
            sheet.error("form.missing", node, "没有表单", "it has no form", Text("写 gz:form", "write gz:form"))
        elif node.form not in forms:
            sheet.error("form.unknown", node, f"没有表单“{node.form}”", f"there is no form “{node.form}”")
    if not node.name.strip():
        what = called(node)
        sheet.warning("node.no-name", node, f"{what.zh}没有名称", f"the {what.en} has no name",
                      Text("起一个名称", "give it a name"))


# -- our vocabulary as written ----------------------------------------------------------------------------------------

def _vocabulary(sheet: Sheet) -> None:
    """A misspelt word of ours would otherwise be a rule nobody keeps."""
    for element in sheet.elements:
        name = local(element)
        own = vocabulary.words(element)
        if not own.elements and not own.attributes:
            continue
        active = name.endswith("Task") or name in ("task", "subProcess")
        words = _ELEMENTS.get(name, _ACTIVITY_WORDS if active else frozenset())
        attributes = _ATTRIBUTES.get(name, _ACTIVITY_ATTRIBUTES if active else frozenset())
        for child in own.elements:
            _word(sheet, element, child, child.tag[len(vocabulary.PREFIX):], words)
        for attribute in own.attributes:
            if attribute not in attributes | _EVERYWHERE:
                sheet.error("vocabulary.unknown", element, f"{name} 没有 gz:{attribute} 这个属性",
                            f"{name} has no attribute gz:{attribute}")
        if active and own.attributes.get("limit") is not None and vocabulary.limit(own) is None:
            _bad_limit(sheet, element)


def _word(sheet: Sheet, element: Element, child: Element, word: str, words: frozenset[str]) -> None:
    if word in _NOT_YET:
        sheet.error("support.vocabulary", element, f"尚不支持 gz:{word}", f"gz:{word} is not supported")
    elif word not in words:
        sheet.error("vocabulary.unknown", element, f"{local(element)} 中没有 gz:{word} 这个词",
                    f"there is no gz:{word} in {local(element)}")
    elif strange := sorted(a for a in child.attrib if not a.startswith("{") and a not in _WORDS[word]):
        sheet.error("vocabulary.unknown", element, f"gz:{word} 没有属性 {strange[0]}",
                    f"gz:{word} has no attribute {strange[0]}")
    elif word == "limit":
        if vocabulary.limit(vocabulary.Words((child,), {})) is None:
            _bad_limit(sheet, element)
    elif word == "risk":
        if child.get("level", "medium").strip() not in _RISKS or not text(child):
            sheet.error("vocabulary.risk", element, "风险点要写 level(high、medium、low)和文字",
                        "a risk has a level (high, medium, low) and a text")
    elif word == "handler":
        names = [e.get("name", "").strip() for e in child.iterchildren(
            vocabulary.PREFIX + "input", vocabulary.PREFIX + "output")]
        if not (child.get("name") or child.text or "").strip() or not all(names):
            sheet.error("vocabulary.handler", element, "处理程序及其输入输出都要有 name",
                        "a handler and each of its inputs and outputs has a name")


def _bad_limit(sheet: Sheet, element: Element) -> None:
    sheet.error("vocabulary.limit", element, "时限应写 days、hours、calendarDays 之一，为正数",
                "a limit has one of days, hours, calendarDays, a positive number")

