"""What every rule looks at and where it writes down what it found."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from ...text import Text
from .. import markup
from ..events import Shared
from ..markup import Element, bare, bpmn, local
from ..model import Constraint, Document, Finding, Flow, Node, Process, Scope

Where = Element | Node | Flow | Process | Constraint | None


class Sheet:
    """One document under examination: its nouns, its XML again, and the findings so far.

    Attributes:
        document: what the reader made of the file.
        root: the file's ``definitions``; None for a document that was not read from bytes.
        findings: in the order they were found.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.root: Element | None = markup.parse(document.source) if document.source else None
        self.findings: list[Finding] = []

    # -- the XML ------------------------------------------------------------------------------------------------------

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Every BPMN element outside ``extensionElements``, in document order."""
        return () if self.root is None else tuple(markup.semantic(self.root))

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Element, ...]]:
        found: dict[str, list[Element]] = {}
        for element in self.elements:
            found.setdefault(local(element), []).append(element)
        return {kind: tuple(of) for kind, of in found.items()}

    def all(self, *kinds: str) -> Iterator[Element]:
        """The BPMN elements of these local names."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def examined(self, *kinds: str) -> Iterator[Element]:
        """As :meth:`all`, without those inside a process that is not executable."""
        return (element for element in self.all(*kinds) if not self.is_drawing(element))

    @cached_property
    def shared(self) -> Shared:
        assert self.root is not None
        return Shared.of(self.root)

    @cached_property
    def _drawings(self) -> frozenset[Element]:
        return frozenset(e for e in self.all("process") if not markup.true(e.get("isExecutable")))

    def is_drawing(self, element: Element) -> bool:
        """Whether ``element`` belongs to a process that is only drawn, not executed."""
        return any(ancestor in self._drawings for ancestor in (element, *element.iterancestors(bpmn("process"))))

    def find(self, reference: str | None, *kinds: str) -> Element | None:
        """What a reference points at, None where it points at nothing or at something of another kind."""
        found = self.shared.find(reference)
        return found if found is not None and (not kinds or local(found) in kinds) else None

    def referenced(self, element: Element, child: str) -> list[str]:
        """The bare ids in the text of the children named ``child``."""
        return [key for key in (bare(markup.text(e)) for e in element.iterchildren(bpmn(child))) if key]

    # -- the nouns ----------------------------------------------------------------------------------------------------

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """The executable processes."""
        return tuple(p for p in self.document.processes.values() if p.executable)

    @cached_property
    def scopes(self) -> tuple[tuple[Process, Node | None, Scope], ...]:
        """Every scope of the executable processes, with the sub-process it is the inside of."""
        found: list[tuple[Process, Node | None, Scope]] = []
        for process in self.processes:
            found.append((process, None, process.scope))
            found.extend((process, node, node.scope) for node in process.scope.everything.values() if node.scope)
        return tuple(found)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node of the executable processes."""
        return tuple(node for process in self.processes for node in process.scope.everything.values())

    # -- the findings -------------------------------------------------------------------------------------------------

    def note(self, severity: str, rule: str, where: Where, message: Text, repair: Text | None = None) -> None:
        """Write a finding down.

        Args:
            severity: error | warning | info. An error inside a process that is only drawn becomes a warning: the
                process beside it can still be executed.
            where: the element; one without an id is named by the nearest one around it that has one.
        """
        if where is None:
            key, name, line = None, "", None
        elif isinstance(where, (Node, Flow, Process)):
            key, name, line = where.id, where.name, where.line
        elif isinstance(where, Constraint):
            key, name, line = where.id, where.kind, where.line
        else:
            named = where
            while named is not None and not (named.get("id") or "").strip():
                named = named.getparent()
            key = None if named is None else named.get("id").strip()
            name, line = where.get("name") or ("" if named is None else named.get("name", "")), where.sourceline
            if severity == "error" and self.is_drawing(where):
                severity = "warning"
        self.findings.append(Finding(severity, rule, key, message, name=name, line=line, repair=repair))

    def error(self, rule: str, where: Where, zh: str, en: str, repair: Text | None = None) -> None:
        self.note("error", rule, where, Text(zh, en), repair)

    def warning(self, rule: str, where: Where, zh: str, en: str, repair: Text | None = None) -> None:
        self.note("warning", rule, where, Text(zh, en), repair)
