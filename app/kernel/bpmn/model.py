"""A diagram as the rest of the house sees it: BPMN 2.0's nouns, frozen, with our own extensions read out.

``reader.read`` makes these from bytes; nothing else parses XML. Ids are the ids of the file, unchanged: people, the
trail and findings speak of elements by them.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..text import Text
from .resourcing import Resourcing

#: Namespace of Gangze's own vocabulary inside ``bpmn:extensionElements``.
GZ = "urn:gangze:bpmn:1"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. ``condition`` is its formal expression as written, None where it has none."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """What an event waits for or throws.

    ``kind`` is one of none message timer signal error escalation conditional compensate link cancel terminate
    multiple (several definitions, in ``parts``; ``parallel`` for parallelMultiple). ``ref`` is the id of the message,
    signal, error or escalation, ``name`` its name, ``code`` an error's or escalation's code or a link's name. A timer
    has ``timer`` = date | duration | cycle and ``expression``; a conditional event its ``expression``.
    """

    kind: str
    ref: str | None = None
    name: str | None = None
    code: str | None = None
    timer: str | None = None
    expression: str | None = None
    parts: tuple[EventDefinition, ...] = ()
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """Loop characteristics of an activity.

    ``kind`` = standard | parallel | sequential. ``cardinality``, ``collection`` (a data name), ``element`` (the name
    under which an instance sees its item), ``completion`` (condition) of a multi-instance; ``condition``,
    ``test_before`` and ``maximum`` of a standard loop.
    """

    kind: str
    cardinality: str | None = None
    collection: str | None = None
    element: str | None = None
    completion: str | None = None
    condition: str | None = None
    test_before: bool = False
    maximum: int | None = None
    behavior: str = "All"


@dataclass(frozen=True, slots=True)
class PostRule:
    """Which post works on a node: ``code`` is a post's code or name; ``department`` narrows a post that exists in
    every department: None (any holder), ``initiator`` (the department the case comes from), or the name of a data
    field that holds a department code. ``many`` persons must act (two inspectors) only through loop characteristics."""

    code: str
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The time limit of a node: ``amount`` of ``unit`` = day (working days) | hour (working hours) | calendar_day."""

    amount: float
    unit: str = "day"


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk point: ``level`` = high | medium | low."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """A flow node: activity, event or gateway. ``type`` is BPMN's local element name, e.g. ``userTask``."""

    id: str
    type: str
    name: str = ""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    default: str | None = None
    event: EventDefinition | None = None
    attached_to: str | None = None
    interrupting: bool = True            # boundary: cancelActivity; start of an event sub-process: isInterrupting
    loop: Loop | None = None
    scope: Scope | None = None           # the inside of a sub-process
    triggered_by_event: bool = False
    called: str | None = None            # calledElement of a call activity
    message: str | None = None           # message *name* of a send or receive task
    instantiate: bool = False
    for_compensation: bool = False
    direction: str | None = None         # gatewayDirection as written
    lane: str | None = None              # id of the innermost lane
    documentation: str = ""
    # Gangze's own words
    post: PostRule | None = None         # of the node, else of its lane, else the lane's name
    duty: str | None = None
    limit: Limit | None = None
    risks: tuple[Risk, ...] = ()
    regulation: str | None = None
    form: str | None = None              # key of a form beside the diagram
    write: tuple[str, ...] | None = None  # fields this node may write; None = all of its form
    hidden: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()      # outcomes a person may choose, e.g. ("agree", "return"); empty = just complete
    handler: str | None = None           # service handler of a service/send/script/business rule task
    inputs: Mapping[str, str] = field(default_factory=dict)   # handler input name -> expression
    outputs: Mapping[str, str] = field(default_factory=dict)  # data name -> key of the handler's result
    allocation: str | None = None        # gz:allocation as written
    resourcing: Resourcing | None = None  # how its work items are handed out; None: offered to the post, no more said
    attributes: Mapping[str, Any] = field(default_factory=dict)  # all else a mapping may want, "{ns}name" -> text
    line: int | None = None

    @property
    def label(self) -> Text:
        """Its name in both languages (``gz:en``); its id where it has none."""
        name = self.name or self.id
        return Text(name, self.attributes.get("en") or name)

    @property
    def duty_label(self) -> Text | None:
        """Its duty in both languages (``en`` of ``gz:duty``)."""
        return Text(self.duty, self.attributes.get("duty.en") or self.duty) if self.duty else None

    @property
    def risk_labels(self) -> tuple[tuple[str, Text], ...]:
        """Its risk points: level, and words in both languages (``en`` of ``gz:risk``)."""
        english = (self.attributes.get("risk.en") or "").split("\n")
        return tuple(
            (risk.level, Text(risk.text, (english[n] if n < len(english) else "") or risk.text))
            for n, risk in enumerate(self.risks)
        )

    @property
    def decision_labels(self) -> Mapping[str, Text]:
        """What the diagram calls its decisions (``zh`` and ``en`` of ``gz:decisions``, in order, with ; between)."""
        zh, en = (
            [part.strip() for part in re.split("[;;]", self.attributes.get(f"decisions.{language}") or "")]
            for language in ("zh", "en")
        )
        return {
            word: Text(zh[n], en[n]) for n, word in enumerate(self.decisions)
            if n < min(len(zh), len(en)) and zh[n] and en[n]
        }

    @property
    def is_activity(self) -> bool:
        return self.type.endswith("Task") or self.type in (
            "task", "subProcess", "transaction", "adHocSubProcess", "callActivity")

    @property
    def is_gateway(self) -> bool:
        return self.type.endswith("Gateway")

    @property
    def is_event(self) -> bool:
        return self.type.endswith("Event")


@dataclass(frozen=True)
class Scope:
    """The inside of a process or sub-process: its nodes and flows in document order."""

    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]

    @cached_property
    def everything(self) -> Mapping[str, Node]:
        """All nodes of this scope and of the sub-processes in it, by id."""
        found: dict[str, Node] = {}
        for node in self.nodes.values():
            found[node.id] = node
            if node.scope:
                found.update(node.scope.everything)
        return found


@dataclass(frozen=True, slots=True)
class Lane:
    id: str
    name: str
    post: PostRule | None
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A separation rule as written (separation.md §1). ``kind`` is its local element name; ``nodes`` the user tasks
    it names in ``nodes`` or ``node``, ``("*",)`` for all; ``options`` its remaining attributes."""

    id: str
    kind: str
    nodes: tuple[str, ...] = ()
    basis: str = ""
    scope: str = "case"
    on_block: str = "refuse"
    options: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True)
class Process:
    id: str
    name: str
    executable: bool
    scope: Scope
    lanes: tuple[Lane, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    matter: str | None = None            # code of the matter it runs, e.g. S01
    domain: str | None = None            # field of which leader's portfolio it is (domain.md §6.4, LS-5)
    names: Text | None = None            # gz:title zh / en
    title: str | None = None             # template of a case's title, e.g. "{purpose}"
    documentation: str = ""
    line: int | None = None

    @cached_property
    def user_tasks(self) -> Mapping[str, Node]:
        """Every node a person works on, by id."""
        return {i: n for i, n in self.scope.everything.items() if n.type in ("userTask", "manualTask")}


@dataclass(frozen=True)
class Document:
    """One file: its processes and what they share."""

    processes: Mapping[str, Process]
    digest: str                          # SHA-256 of the bytes
    exporter: str = ""
    exporter_version: str = ""
    has_diagram: bool = False            # BPMN DI present
    source: bytes = field(default=b"", repr=False)  # the file as it came: the structure rules look at it again


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader must know about a diagram. ``severity`` = error (cannot be deployed) | warning | info."""

    severity: str
    rule: str                            # stable short name, e.g. "gateway.no-condition"
    element: str | None
    message: Text
    name: str = ""
    line: int | None = None
    repair: Text | None = None
