"""Event definitions and loop characteristics, with the messages, signals and data they point at."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import vocabulary
from .markup import Element, bare, bpmn, local, semantic, text, true
from .model import EventDefinition, Loop

#: BPMN's element name -> the kind of the model.
DEFINITIONS = {f"{kind}EventDefinition": kind for kind in (
    "message", "timer", "signal", "error", "escalation", "conditional", "compensate", "link", "cancel", "terminate")}

#: Kind -> the attribute that points at what it waits for or throws, and the attribute of that which holds its code.
_POINTERS = {"message": ("messageRef", None), "signal": ("signalRef", None), "error": ("errorRef", "errorCode"),
             "escalation": ("escalationRef", "escalationCode")}

_TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


@dataclass(frozen=True, slots=True)
class Shared:
    """Everything in a file that is pointed at by id."""

    ids: Mapping[str, Element]

    @classmethod
    def of(cls, root: Element) -> Shared:
        ids: dict[str, Element] = {}
        for element in semantic(root):
            key = (element.get("id") or "").strip()
            if key:
                ids.setdefault(key, element)
        return cls(ids)

    def find(self, reference: str | None, kind: str | None = None) -> Element | None:
        """What a QName or id points at; None where nothing of that element name has the id."""
        if not reference:
            return None
        for key in (reference.strip(), bare(reference)):
            found = self.ids.get(key or "")
            if found is not None and (kind is None or local(found) == kind):
                return found
        return None

    def message_of_task(self, element: Element) -> str | None:
        """The name of the message a send, receive or service task works with, also by its operation."""
        message = self.find(element.get("messageRef"), "message")
        if message is None:
            operation = self.find(element.get("operationRef"), "operation")
            if operation is not None:
                message = self.find(text(operation.find(bpmn("inMessageRef"))), "message")
        return None if message is None else name_of(message)


def name_of(element: Element) -> str:
    """The name by which the world knows a message or signal: its ``name``, else its id."""
    return element.get("name", "").strip() or element.get("id", "").strip()


def event_of(element: Element, shared: Shared) -> EventDefinition:
    """What the event ``element`` waits for or throws, its definitions in document order."""
    parts: list[EventDefinition] = []
    for child in element:
        if local(child) in DEFINITIONS:
            parts.append(definition(child, shared))
        elif local(child) == "eventDefinitionRef":
            found = shared.find(text(child))
            if found is not None and local(found) in DEFINITIONS:
                parts.append(definition(found, shared))
    if not parts:
        return EventDefinition("none")
    parallel = true(element.get("parallelMultiple"))
    if len(parts) == 1:
        return parts[0]
    return EventDefinition("multiple", parts=tuple(parts), parallel=parallel)


def definition(element: Element, shared: Shared) -> EventDefinition:
    """One event definition with what it points at."""
    kind = DEFINITIONS[local(element)]
    if kind in _POINTERS:
        pointer, code = _POINTERS[kind]
        written = element.get(pointer)
        found = shared.find(written, kind)
        if found is None and kind == "message":
            operation = shared.find(text(element.find(bpmn("operationRef"))), "operation")
            found = None if operation is None else shared.find(text(operation.find(bpmn("inMessageRef"))), "message")
        if found is None:
            return EventDefinition(kind, ref=bare(written))
        return EventDefinition(kind, ref=found.get("id"), name=name_of(found),
                               code=(found.get(code, "").strip() or None) if code else None)
    if kind == "timer":
        for name, timer in _TIMERS.items():
            said = element.find(bpmn(name))
            if said is not None:
                return EventDefinition(kind, timer=timer, expression=text(said))
        return EventDefinition(kind)
    if kind == "conditional":
        return EventDefinition(kind, expression=text(element.find(bpmn("condition"))))
    if kind == "link":
        # A source that names its target is that target's partner whatever the two are called.
        target = shared.find(text(element.find(bpmn("target"))), "linkEventDefinition")
        name = element.get("name", "").strip() or None
        if target is not None:
            name = target.get("name", "").strip() or name
        return EventDefinition(kind, name=name, code=name)
    if kind == "compensate":
        return EventDefinition(kind, ref=bare(element.get("activityRef")))
    return EventDefinition(kind)


def loop_of(element: Element, shared: Shared, own: vocabulary.Words) -> Loop | None:
    """The loop characteristics of an activity, None where it has none."""
    standard = element.find(bpmn("standardLoopCharacteristics"))
    if standard is not None:
        maximum = (standard.get("loopMaximum") or "").strip()
        return Loop(
            "standard",
            condition=text(standard.find(bpmn("loopCondition"))),
            test_before=true(standard.get("testBefore")),
            maximum=int(maximum) if maximum.isascii() and maximum.isdigit() and len(maximum) <= 9 else None,
        )
    multiple = element.find(bpmn("multiInstanceLoopCharacteristics"))
    if multiple is None:
        return None
    item = multiple.find(bpmn("inputDataItem"))
    gz = vocabulary.words(multiple)
    return Loop(
        "sequential" if true(multiple.get("isSequential")) else "parallel",
        cardinality=text(multiple.find(bpmn("loopCardinality"))),
        collection=gz.text("collection") or own.text("collection")
        or _collection(element, text(multiple.find(bpmn("loopDataInputRef"))), shared),
        element=gz.text("element") or own.text("element") or (None if item is None else name_of(item) or None),
        completion=text(multiple.find(bpmn("completionCondition"))),
        behavior=(multiple.get("behavior") or "All").strip(),
    )


def _collection(activity: Element, reference: str | None, shared: Shared) -> str | None:
    """The name of the data a multi-instance runs over.

    ``loopDataInputRef`` points at a data object (in a sub-process) or at a data input of the activity (clause
    13.3.7), which an association fills from a data object or property: that source's name is the name of the data.
    """
    key = bare(reference)
    if key is None:
        return None
    found = shared.find(key)
    for association in activity.iterchildren(bpmn("dataInputAssociation")):
        if bare(text(association.find(bpmn("targetRef")))) == key:
            source = shared.find(text(association.find(bpmn("sourceRef"))))
            found = source if source is not None else found
    if found is not None and local(found) == "dataObjectReference" and not found.get("name"):
        behind = shared.find(found.get("dataObjectRef"))
        found = behind if behind is not None else found
    return key if found is None else name_of(found) or key
