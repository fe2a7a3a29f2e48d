"""What the registers (organisation, accounts, parties, parameters) share: their lock, their day, their fields."""
from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from . import clock
from .change import Change
from .errors import Invalid
from .kernel.text import Text
from .trail.models import SubjectHead


def hold(c: Change) -> None:
    """Lock a register for the length of a change (``change(…, lock=hold)``).

    Rules such as "no incompatible posts" compare rows with each other, so two changes of one register must not run
    side by side. The head of the register's own chain is the row both would write last anyway.
    """
    c.connection.execute(select(SubjectHead.seq).where(SubjectHead.subject == c.subject).with_for_update())


def today() -> date:
    """The date in the office's time zone."""
    return clock.now().astimezone(ZoneInfo(current_app.config.get("GANGZE_ZONE", "Asia/Shanghai"))).date()


def differences(row: Any, changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``changes`` would change in ``row``: (before, after), by attribute, only where they differ."""
    before = {key: getattr(row, key) for key, value in changes.items() if getattr(row, key) != value}
    return before, {key: changes[key] for key in before}


class Fields:
    """Collects what is wrong with what somebody filled in, so that it can be said all at once.

    >>> fields = Fields()
    >>> name = fields.line("name", "  陈晓梅 ", most=60)
    >>> fields.check()
    """

    def __init__(self) -> None:
        self.errors: dict[str, list[Text]] = {}

    def wrong(self, field: str, zh: str, en: str) -> None:
        self.errors.setdefault(field, []).append(Text(zh, en))

    def line(self, field: str, value: Any, *, most: int, needed: bool = True) -> str:
        """One line of text in Unicode NFC, white space at its ends cut, at most ``most`` characters."""
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.wrong(field, "必须是文字。", "Must be text.")
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if needed and not text:
            self.wrong(field, "必须填写。", "Must be filled in.")
        if len(text) > most:
            self.wrong(field, f"最多 {most} 个字。", f"At most {most} characters.")
        # Cc: control, Cs: half of a pair, Zl/Zp: line ends; Cf would hide or turn round what a reader sees.
        if any(unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp", "Cf") for mark in text):
            self.wrong(field, "含有不可见字符。", "Holds invisible characters.")
        return text

    def dates(self, since: Any, until: Any, *, first: str = "since", last: str = "until") -> None:
        """Two days in order; ``until`` may be open."""
        if type(since) is not date:
            self.wrong(first, "必须是日期。", "Must be a date.")
        elif until is not None and type(until) is not date:
            self.wrong(last, "必须是日期。", "Must be a date.")
        elif until is not None and until < since:
            self.wrong(last, "不能早于开始日期。", "Must not be before the first day.")

    def choice(self, field: str, value: Any, kind: Any) -> Any:
        """A member of the enumeration ``kind``, from itself or its value."""
        try:
            return kind(value)
        except ValueError:
            options = ", ".join(str(word.value) for word in kind)
            self.wrong(field, f"只能是：{options}。", f"Must be one of {options}.")
            return None

    def check(self) -> None:
        """Raises :class:`~app.errors.Invalid` if anything was wrong."""
        if self.errors:
            raise Invalid(self.errors)
