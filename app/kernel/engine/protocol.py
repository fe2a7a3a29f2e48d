"""What goes into a step of the engine and what comes out.

The engine is a pure function: program + state + data + event + time -> :class:`Step`. It opens no file, reads no
clock and calls nobody; whatever must happen in the world is *returned* (work items to open, timers to keep, handlers
to call, messages to send) and its outcome comes back as another event.

Tokens have small integer ids, unique within a case and never reused, so that equal inputs give equal outputs.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# -- events -----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Complete:
    """A person finished a work item, or a handler its call: the token at a user, manual, service, send, script or
    business rule task moves on. ``data`` is merged into the case's fields and kept whole under ``nodes[node]``."""

    token: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raise:
    """A handler (or a person) reports a BPMN error at a token: caught by the nearest matching error boundary event,
    else the case fails."""

    token: int
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer that the engine asked for has come due."""

    token: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message for this case (already correlated to it). Only the tokens waiting for that name see it; with
    ``token`` only that one."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A signal: every token waiting for that name sees it."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Return:
    """退回: the token at an open user task goes back to ``target``. With ``straight_back`` (直送) it comes straight
    back to where it was when the target is done; otherwise the way is run again (重走), and every other token that
    descends from the target is withdrawn."""

    token: int
    target: str
    straight_back: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """The case ends here: every token is withdrawn."""


Event = Complete | Raise | Fire | Deliver | Broadcast | Return | Cancel


# -- results ----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Opened:
    """A user task waits for a person. ``item`` is the multi-instance element it was made for (None otherwise) and
    ``number`` which instance (0-based)."""

    token: int
    node: str
    item: Any = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A work item that was open is so no longer. ``how`` = completed | withdrawn | returned | failed."""

    token: int
    node: str
    how: str


@dataclass(frozen=True, slots=True)
class Call:
    """A service handler must be called; answer with Complete or Raise for ``token``."""

    token: int
    node: str
    handler: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timer:
    """Send Fire(token) at ``due`` (UTC)."""

    token: int
    node: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """The token waits for a message (``kind`` = message) or signal (``kind`` = signal) of that name."""

    token: int
    node: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Thrown:
    """The case sent a message or signal (``kind``) to the world, or an escalation nobody in the case caught."""

    node: str
    kind: str
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """One life-cycle change of one node, in order of happening: what the trail writes down.

    ``transition`` = entered | completed | cancelled | failed | returned; ``detail`` tells more where there is more
    (the flow taken by a gateway, the error code, the boundary event that interrupted)."""

    node: str
    token: int
    transition: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Everything that one event did.

    ``status`` = running | completed | terminated | cancelled | failed. ``stopped`` are tokens whose timer, call or
    subscription is no longer wanted (an implementation may ignore a late answer for them: the engine refuses it).
    """

    state: str
    data: Mapping[str, Any]
    status: str
    opened: tuple[Opened, ...] = ()
    closed: tuple[Closed, ...] = ()
    calls: tuple[Call, ...] = ()
    timers: tuple[Timer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    stopped: tuple[int, ...] = ()
    thrown: tuple[Thrown, ...] = ()
    facts: tuple[Fact, ...] = ()


class NotPossible(Exception):
    """The event does not fit the state (the token is gone, is elsewhere, or waits for something else).

    Nothing has changed: the state handed in is still the state of the case."""


class CaseFailed(Exception):
    """A condition or expression could not be evaluated, no flow of a gateway was true, or the case ran in circles.

    The step has no result: the state handed in is still the state of the case. ``node`` is where it happened."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(f"{node}: {reason}")
        self.node = node
        self.reason = reason
