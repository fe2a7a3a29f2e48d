"""The verbs of a case and of its work items. One verb, one transaction; pages, API and jobs share them.

Whoever calls says who acts. Whether they may is decided here, under the case's lock: state, assignee and version
first, then the separation gate, then the form, then the engine.
"""
from __future__ import annotations

from .answers import answer, answer_error, broadcast, deliver, fire, report_incident, retry
from .autostart import commence, decline_offer
from .common import MAX_OPINION, NEGATIVE
from .control import ask_override, ask_reassign, ask_terminate, confirm_control, decline_control
from .course import cancel, resume, suspend
from .detours import do_ahead, resume_item, skip, suspend_item, take_back
from .items import claim, complete, release, return_, save
from .meeting import adjourn, close, convene, vote
from .pushing import distribute_due, escalate_due, lapse_due
from .reassigning import transfer
from .recusal import decide_recusal, recuse
from .settings import set_office_ordering, set_work
from .signers import SAYS, add_signer, delegate, remove_signer
from .starting import start

__all__ = [
    "MAX_OPINION", "NEGATIVE", "SAYS", "add_signer", "adjourn", "answer", "answer_error", "ask_override",
    "ask_reassign", "ask_terminate", "broadcast", "cancel", "claim", "close", "commence", "complete",
    "confirm_control", "convene", "decide_recusal", "decline_control", "decline_offer", "delegate", "deliver",
    "distribute_due", "do_ahead", "escalate_due", "fire", "lapse_due", "recuse", "release", "remove_signer",
    "report_incident", "resume", "resume_item", "retry", "return_", "save", "set_office_ordering", "set_work",
    "skip", "start", "suspend", "suspend_item", "take_back", "transfer", "vote",
]
