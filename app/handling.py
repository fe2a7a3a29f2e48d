"""Task handlers: our code at the nodes of a diagram.

*Node handlers* run at every node's life-cycle change, inside the case's transaction, and may refuse it. *Service
handlers* do the work of a service task by name; they run outside the case's transaction, as jobs.

Handlers live in the top-level package ``handlers`` and in other people's packages under the entry-point group
``gangze.handlers``. Two handlers of one name, or a diagram that names none, stop the start.
"""
from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any

from .kernel.text import Text


class Moment(StrEnum):
    """When a node handler is asked."""

    #: (act, item, person, behalf): somebody, for themselves or for a principal, is about to take or finish a work item;
    #: may refuse
    ALLOCATION = "allocation"
    OPENING = "opening"          # (act, item): a work item is about to be offered; may set its post, deadline, person
    TRANSITION = "transition"    # (act, fact): a node changed its life-cycle state


class ServiceError(Exception):
    """What a service handler raises to say that the *business* went wrong, as a BPMN error the diagram may catch.

    Any other exception is a technical failure: the job is tried again, and becomes an incident in the end.
    """

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(f"{code}: {text.en}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Work:
    """What a service handler knows of the job it does.

    ``key`` is the same on every retry of one job and of no other: whoever writes anything writes it under the key.
    """

    key: str
    case_id: int
    case_number: str
    node: str
    initiator_id: int | None
    initiator_department: str | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Service:
    """A service handler as registered: ``inputs`` are the input names it understands."""

    name: str
    call: Callable[..., Mapping[str, Any] | None]
    title: Text
    inputs: tuple[str, ...]
    version: str


services: dict[str, Service] = {}
#: Asked, as a job, when a case has ended in another way than it should: ``ending(work)``, under the case's own key.
endings: dict[str, Callable[[Work], None]] = {}
_nodes: dict[Moment, dict[str, Callable[..., None]]] = {moment: {} for moment in Moment}


def service(name: str, *, title: Text, inputs: tuple[str, ...] = (), version: str = "1") -> Callable[..., Any]:
    """Register a service handler: ``handler(work, **inputs) -> mapping of results``.

    Args:
        name: ``subject.verb``, as diagrams write it.
        title: what it does, for people.
        inputs: the names of its inputs; a diagram that gives another is refused.
        version: written to the trail with every act, so that a record tells which code acted.
    """

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        if name in services and services[name].call is not call:
            raise RuntimeError(f"two service handlers are called {name}")
        services[name] = Service(name, call, title, inputs, version)
        return call

    return register


def node(moment: Moment) -> Callable[..., Any]:
    """Register a node handler for a moment. Handlers of one moment run in the order of their module's names."""

    def register(call: Callable[..., None]) -> Callable[..., None]:
        name = f"{call.__module__}.{call.__qualname__}"
        if _nodes[moment].get(name, call) is not call:
            raise RuntimeError(f"two node handlers are called {name}")
        _nodes[moment][name] = call
        return call

    return register


def ending(call: Callable[[Work], None]) -> Callable[[Work], None]:
    """Register what must be tidied up when a case was cancelled, terminated or has failed."""
    name = f"{call.__module__}.{call.__qualname__}"
    if endings.get(name, call) is not call:
        raise RuntimeError(f"two endings are called {name}")
    endings[name] = call
    return call


def run(moment: Moment, *arguments: Any) -> None:
    """Ask every node handler of ``moment``; what one raises stops the change."""
    for call in _nodes[moment].values():
        call(*arguments)


def load() -> None:
    """Import every module of ``handlers`` and every installed package that offers some."""
    import handlers

    for module in sorted(m.name for m in pkgutil.iter_modules(handlers.__path__)):
        importlib.import_module(f"handlers.{module}")
    for point in entry_points(group="gangze.handlers"):
        point.load()
