"""The engine: program + state + data + event + time -> :class:`Step`. Pure; see ``protocol`` for what goes in and out.

``compile`` a diagram once, ``start`` a case of it, give it ``step`` after step. BPMN 2.0.2 decides what happens;
what the engine does not run exactly so, ``compile`` refuses.
"""
from __future__ import annotations

from .check import NotExecutable
from .foresight import OpenToken, open_tokens, reachable, returnable, sure
from .program import Program, Trigger, compile
from .protocol import (
    Broadcast,
    Call,
    Cancel,
    CaseFailed,
    Closed,
    Complete,
    Deliver,
    Event,
    Fact,
    Fire,
    NotPossible,
    Opened,
    Raise,
    Return,
    Step,
    Subscription,
    Thrown,
    Timer,
)
from .run import start, step

__all__ = [
    "Broadcast", "Call", "Cancel", "CaseFailed", "Closed", "Complete", "Deliver", "Event", "Fact", "Fire",
    "NotExecutable", "NotPossible", "OpenToken", "Opened", "Program", "Raise", "Return", "Step", "Subscription",
    "Thrown", "Timer", "Trigger", "compile", "open_tokens", "reachable", "returnable", "start", "step", "sure",
]
