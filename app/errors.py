"""What can go wrong, in words for the person it happens to.

An action raises one of these; the doors (pages, API, command line) turn them into a page, a problem document or an
exit code. No HTTP here beyond the status each door agrees on.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .kernel.text import Text

if TYPE_CHECKING:
    from .kernel.separation import Objection


class GangzeError(Exception):
    """Something a person must be told. ``text`` is the sentence, ``code`` a stable short name for programs."""

    status = 400
    code = "error"

    def __init__(self, text: Text, **facts: Any) -> None:
        super().__init__(text.en)
        self.text = text
        self.facts = facts


class NotSignedIn(GangzeError):
    status, code = 401, "not-signed-in"


class Forbidden(GangzeError):
    status, code = 403, "forbidden"


class NotFound(GangzeError):
    """It does not exist, or the asker may not know that it does."""

    status, code = 404, "not-found"


class Conflict(GangzeError):
    """The thing is not in the state the asker believed: stale version, wrong state, taken by somebody else."""

    status, code = 409, "conflict"


class Refused(Conflict):
    """The separation gate said no. It is recorded in the trail in a transaction of its own."""

    code = "refused"

    def __init__(self, text: Text, objections: Sequence[Objection], **facts: Any) -> None:
        super().__init__(text, **facts)
        self.objections = tuple(objections)


class Invalid(GangzeError):
    """Input that cannot be taken; ``errors`` maps a field's name to what is wrong with it ("" = the whole)."""

    status, code = 422, "invalid"

    def __init__(self, errors: Mapping[str, Sequence[Text]], text: Text | None = None) -> None:
        super().__init__(text or Text("填写有误，请按提示修改。", "Some entries need correcting."))
        self.errors = {k: list(v) for k, v in errors.items()}


class TooMany(GangzeError):
    status, code = 429, "too-many"


class Unavailable(GangzeError):
    """The store did not take the change (locked, full, gone). Nothing was written; trying again later may help."""

    status, code = 503, "unavailable"
