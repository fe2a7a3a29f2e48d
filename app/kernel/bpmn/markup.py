"""Bytes to an XML tree that is safe to walk: the only place where a diagram's XML is parsed."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from ..text import Text
from .model import BPMN, Finding

MAX_BYTES = 10 * 1024 * 1024
MAX_ELEMENTS = 10_000
MAX_DEPTH = 100

Element = Any  # lxml.etree._Element, which has no public name


class Unreadable(ValueError):
    """The bytes are not a BPMN 2.0 diagram that may be read.

    Attributes:
        findings: why, each an error; the line is given where the parser knew it.
    """

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f.message.en for f in findings))
        self.findings = findings


def unreadable(rule: str, message: Text, line: int | None = None, repair: Text | None = None) -> Unreadable:
    """An :class:`Unreadable` with one finding."""
    return Unreadable([Finding("error", rule, None, message, line=line, repair=repair)])


class _Guard:
    """A parser target that keeps nothing and stops the parser at the first thing that is not allowed.

    It runs before a tree is built, so an entity bomb is stopped at its DOCTYPE, before the first declaration, and a
    million elements cost no memory.
    """

    def __init__(self) -> None:
        self.elements = 0
        self.depth = 0

    def doctype(self, *_: object) -> None:
        raise unreadable(
            "xml.doctype",
            Text("文件含有 DOCTYPE 声明，不予读取", "the file has a DOCTYPE declaration and is not read"),
            repair=Text("删除 DOCTYPE 声明后重新导出", "export it again without the DOCTYPE declaration"),
        )

    def start(self, _tag: str, _attributes: object) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MAX_ELEMENTS:
            raise unreadable("xml.elements", Text(f"元素超过 {MAX_ELEMENTS} 个", f"more than {MAX_ELEMENTS} elements"))
        if self.depth > MAX_DEPTH:
            raise unreadable("xml.depth", Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH} levels"))

    def end(self, _tag: str) -> None:
        self.depth -= 1

    def close(self) -> None:
        return None


# A target without data, comment and pi methods is never called for them.
_SAFE: dict[str, Any] = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "dtd_validation": False,
    "attribute_defaults": False, "huge_tree": False, "recover": False,
}


def parse(source: bytes) -> Element:
    """The root element of ``source``, a ``{BPMN}definitions``.

    Args:
        source: the file as it came, in any encoding its XML declaration names.

    Raises:
        Unreadable: too large, too deep, too many elements, a DOCTYPE, not well-formed, or not BPMN 2.0.
    """
    if len(source) > MAX_BYTES:
        raise unreadable(
            "xml.size", Text(f"文件 {len(source)} 字节，上限 {MAX_BYTES}", f"{len(source)} bytes, at most {MAX_BYTES}"))
    if not source.strip():
        raise unreadable("xml.empty", Text("文件是空的", "the file is empty"))
    try:
        etree.fromstring(source, etree.XMLParser(target=_Guard(), **_SAFE))
        root = _tree(source)
    except Unreadable:
        raise
    except etree.XMLSyntaxError as error:
        line = error.lineno or None
        said = str(error.msg or error)
        raise unreadable(
            "xml.malformed", Text(f"不是格式正确的 XML:{said}", f"not well-formed XML: {said}"), line) from error
    except (etree.LxmlError, LookupError, UnicodeError, ValueError, AssertionError) as error:
        raise unreadable("xml.malformed", Text(f"不能解析：{error}", f"cannot be parsed: {error}")) from error
    _demand_bpmn(root)
    return root


def _tree(source: bytes) -> Element:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, **_SAFE)
    try:
        return etree.fromstring(source, parser)
    except etree.XMLSyntaxError:
        # libxml2 counts a namespace name that is no URI (one of the tools in the interchange tests puts a space in
        # it) as not well-formed. Namespaces in XML 1.0 §2.2 does not make that a constraint; read on, with nothing
        # else forgiven.
        if not parser.error_log or any(entry.type != etree.ErrorTypes.WAR_NS_URI for entry in parser.error_log):
            raise
    lenient = etree.XMLParser(remove_comments=True, remove_pis=True, **(_SAFE | {"recover": True}))
    return etree.fromstring(source, lenient)


def _demand_bpmn(root: Element) -> None:
    name = etree.QName(root)
    if name.namespace == BPMN and name.localname == "definitions":
        return
    line = root.sourceline
    if name.namespace == BPMN:
        raise unreadable("bpmn.root", Text(f"根元素是 {name.localname},应为 definitions",
                                           f"the root element is {name.localname}, not definitions"), line)
    raise unreadable(
        "bpmn.root",
        Text(f"不是 BPMN 2.0 文件：根元素是 {root.tag}", f"not a BPMN 2.0 file: the root element is {root.tag}"), line,
        Text("用绘图工具导出为 BPMN 2.0 XML", "export it from the modelling tool as BPMN 2.0 XML"))


def bpmn(local: str) -> str:
    """The tag of BPMN's element ``local``."""
    return f"{{{BPMN}}}{local}"


def local(element: Element) -> str:
    """The local name of a BPMN element; the empty string for an element of another namespace."""
    tag = element.tag
    return tag[len(BPMN) + 2:] if isinstance(tag, str) and tag.startswith(f"{{{BPMN}}}") else ""


def text(element: Element | None) -> str | None:
    """All character data of ``element``, stripped; None where there is no element or nothing in it."""
    if element is None:
        return None
    return "".join(element.itertext()).strip() or None


def true(value: str | None, default: bool = False) -> bool:
    """An xsd:boolean; anything that is not one reads as ``default`` (the structure rules report it)."""
    return {"true": True, "1": True, "false": False, "0": False}.get((value or "").strip(), default)


def bare(reference: str | None) -> str | None:
    """The local part of a QName reference (``tns:m1`` → ``m1``)."""
    if reference is None:
        return None
    return reference.strip().rpartition(":")[2] or None


def semantic(root: Element) -> Iterator[Element]:
    """Every BPMN element of the file in document order, without anything inside ``extensionElements``.

    What stands in ``extensionElements`` is another vocabulary even where it borrows BPMN's names, so an id there can
    never shadow a node (engine-notes §2).
    """
    stack = [root]
    while stack:
        element = stack.pop()
        if not local(element):
            continue
        yield element
        if local(element) != "extensionElements":
            stack.extend(reversed(element))
