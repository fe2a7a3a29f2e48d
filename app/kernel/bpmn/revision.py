"""Another set of rules of separation in a diagram somebody drew: only what changed is written, every other byte stays.

A tree that is parsed and printed again loses what XML does not call information: quotes, line ends, the order of
attributes, the space inside tags. A process owner compares files, and an auditor digests; so the places of the rules are
found in the text and the text is cut there.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from . import markup
from .constraints import KINDS
from .model import BPMN, GZ, Constraint
from .reader import read

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))


class CannotRevise(ValueError):
    """The text's encoding, or where its rules stand, is such that the rest could not be kept as it is."""


def revise(source: bytes, process: str, rules: Sequence[Constraint]) -> bytes:
    """The same diagram with these rules.

    Args:
        source: a readable diagram.
        process: id of the process whose rules they are.
        rules: all its rules from now on. One that is as it was keeps its bytes and its place, one that is new comes
            last; their order means nothing.

    Returns:
        the new bytes, in the encoding of the old ones; the old ones where nothing changed.

    Raises:
        CannotRevise: the rest could not be kept byte for byte.
        Unreadable: the source is no diagram.
    """
    root = markup.parse(source)
    codec = next((name for bom, name in _BOMS if source.startswith(bom)), root.getroottree().docinfo.encoding or "utf-8")
    try:
        text = source.decode(codec)
        kept = text.encode(codec) == source
    except (LookupError, UnicodeError) as error:
        raise CannotRevise(str(error)) from error
    if not kept:
        raise CannotRevise(f"{codec} does not write what it read")
    new = _spliced(text, process, read(source).processes[process].constraints, rules)
    try:
        revised = new.encode(codec)
    except UnicodeError as error:        # a clause in Chinese in a file that says it is Latin
        raise CannotRevise(str(error)) from error
    found = {rule.id: rule for rule in read(revised).processes[process].constraints}
    if {key: facts(rule) for key, rule in found.items()} != {rule.id: facts(rule) for rule in rules}:
        raise CannotRevise("the rules do not read as they were written")
    return revised


def facts(rule: Constraint) -> tuple[object, ...]:
    """What makes a rule the rule it is: the order of its nodes and its place in the file do not."""
    return rule.id, rule.kind, frozenset(rule.nodes), rule.basis, rule.scope, rule.on_block, dict(rule.options)


def written(rule: Constraint, prefix: str = "gz:") -> str:
    """A rule as an element of the diagram."""
    kind = KINDS.get(rule.kind)
    said = [("id", rule.id)]
    if rule.nodes:
        said.append(("node" if kind is not None and kind.most == 1 else "nodes", " ".join(rule.nodes)))
    said += list(rule.options.items())
    if rule.scope != "case":
        said.append(("scope", rule.scope))
    if rule.on_block != "refuse":
        said.append(("onBlock", rule.on_block))
    if rule.basis:
        said.append(("basis", rule.basis))
    return f"<{prefix}{rule.kind} " + " ".join(f"{name}={quoteattr(value)}" for name, value in said) + "/>"


@dataclass(slots=True)
class _Element:
    """Where an element stands in the text: ``start`` at its ``<``, ``inside`` behind its start tag, ``close`` at its end
    tag, ``end`` behind it; ``empty`` where it is one tag."""

    name: str                  # "{namespace}local"
    prefix: str                # as written, with its colon; "" for a default namespace
    start: int
    identified: bool = False   # has an id
    inside: int = 0
    close: int = 0
    end: int = 0
    empty: bool = False
    children: list[_Element] = field(default_factory=list)


def _spliced(text: str, process: str, old: Sequence[Constraint], new: Sequence[Constraint]) -> str:
    place = _find(text, process)
    inner = [child for child in place.children if child.name == f"{{{BPMN}}}extensionElements"]
    holder = next((own for one in inner for own in one.children if own.name == f"{{{GZ}}}constraints"), None)
    line = "\r\n" if "\r\n" in text else "\n"
    if holder is None:
        return _added(text, place, inner, new, line)
    wanted = {rule.id: rule for rule in new}
    cuts: list[tuple[int, int, str]] = []
    for rule, element in zip(old, holder.children, strict=True):
        then = wanted.pop(rule.id, None)
        if then is None:
            before = _blank_before(text, element.start)
            cuts.append((before, element.end, ""))
        elif facts(then) != facts(rule) or not element.identified:
            cuts.append((element.start, element.end, written(then, holder.prefix)))
    if wanted:
        margin = _margin(text, holder.children[0].start if holder.children else None, holder.start)
        lines = "".join(f"{line}{margin}{written(rule, holder.prefix)}" for rule in wanted.values())
        if holder.empty:
            tag = text[holder.start:holder.end].removesuffix("/>").rstrip()
            name = f"{holder.prefix}constraints"
            cuts.append((holder.start, holder.end, f"{tag}>{lines}{line}{_margin(text, holder.start)}</{name}>"))
        else:
            last = max([holder.inside, *(child.end for child in holder.children)])
            gap = text[last:holder.close]
            # Behind the last rule, before the blank that leads to the end tag; comments behind it stay before.
            at = last + len(gap.rstrip())
            cuts.append((at, at, lines if gap.strip() or gap else lines + line + _margin(text, holder.start)))
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def _added(text: str, place: _Element, inner: list[_Element], new: Sequence[Constraint], line: str) -> str:
    """The text with a ``constraints`` element, where it had none."""
    if not new:
        return text
    docs = [child for child in place.children if child.name == f"{{{BPMN}}}documentation"]
    first = place.children[0].start if place.children else None
    outer = _margin(text, first, place.start)
    step = outer.removeprefix(_margin(text, place.start)) or "  "
    declared = f'<gz:constraints xmlns:gz="{GZ}">'
    rules = "".join(f"{line}{outer}{step * 2}{written(rule)}" for rule in new)
    own = f"{line}{outer}{step}{declared}{rules}{line}{outer}{step}</gz:constraints>"
    if not inner:                     # BPMN 2.0 §8.3.1: documentation, then extensionElements, then the rest
        at = docs[-1].end if docs else place.inside
        name = f"{place.prefix}extensionElements"
        return f"{text[:at]}{line}{outer}<{name}>{own}{line}{outer}</{name}>{text[at:]}"
    host = inner[0]
    if host.empty:
        tag = text[host.start:host.end].removesuffix("/>").rstrip()
        return f"{text[:host.start]}{tag}>{own}{line}{outer}</{host.prefix}extensionElements>{text[host.end:]}"
    at = host.inside + len(text[host.inside:host.close].rstrip())
    return text[:at] + own + (text[at:host.close] or line + outer) + text[host.close:]


def _blank_before(text: str, at: int) -> int:
    """Where the blank that leads to ``at`` begins: it goes with the element it led to."""
    return len(text[:at].rstrip(" \t\r\n"))


def _margin(text: str, at: int | None, parent: int | None = None) -> str:
    """The blank in front of an element on its line; two more than its parent's where it is not known."""
    if at is None:
        return _margin(text, parent) + "  "
    line = text[text.rfind("\n", 0, at) + 1:at]
    return line if not line.strip() else line[:len(line) - len(line.lstrip())] + ("  " if parent is not None else "")


def _find(text: str, process: str) -> _Element:
    """The process's element, with places in ``text`` of what is inside it, three levels deep."""
    data = text.encode()
    at = _positions(data)
    parser = expat.ParserCreate("utf-8", "}")
    parser.namespace_prefixes = True
    stack: list[_Element] = []
    found: list[_Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, rest = name.split("}", 1) if "}" in name else ("", name)
        local, _, prefix = rest.partition("}")
        element = _Element(f"{{{namespace}}}{local}", f"{prefix}:" if prefix else "", at(parser.CurrentByteIndex),
                           identified=bool(attributes.get("id", "").strip()))
        element.inside = _tag_end(text, element.start)
        element.empty = text[element.inside - 2] == "/"
        if stack:
            stack[-1].children.append(element)
        stack.append(element)
        if element.name == f"{{{BPMN}}}process" and (attributes.get("id") or "").strip() == process and len(stack) == 2:
            found.append(element)

    def end(_name: str) -> None:
        element = stack.pop()
        element.close = element.inside if element.empty else at(parser.CurrentByteIndex)
        element.end = element.inside if element.empty else _tag_end(text, element.close)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise CannotRevise(str(error)) from error
    if not found:
        raise CannotRevise(f"no process {process}")
    return found[0]


def _positions(data: bytes) -> Callable[[int], int]:
    """Byte offset -> character offset, for offsets asked in rising order."""
    known = [0, 0]

    def at(offset: int) -> int:
        known[1] += len(data[known[0]:offset].decode())
        known[0] = offset
        return known[1]

    return at


def _tag_end(text: str, at: int) -> int:
    """Behind the tag that begins at ``at``: a ``>`` may stand inside an attribute's quotes."""
    quote = ""
    for i in range(at, len(text)):
        char = text[i]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == ">":
            return i + 1
    raise CannotRevise("a tag without an end")
