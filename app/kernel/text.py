"""Words for people, in the two languages of the house.

The kernel may not import a translation framework, and a finding about a diagram must read the same in the web
page, the API, the command line and a test. So every sentence a person can see is carried as a pair.
"""
from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """One message in Chinese and English."""

    zh: str
    en: str

    def to(self, language: str) -> str:
        """The message in ``language`` (a BCP 47 tag; anything that is not Chinese reads English)."""
        return self.zh if language.lower().startswith("zh") else self.en

    def format(self, **values: object) -> Text:  # type: ignore[override]
        """Both languages with ``{name}`` fields filled; a ``Text`` among the values is put in in its language."""
        pick = lambda n: {k: (v[n] if isinstance(v, Text) else v) for k, v in values.items()}
        return Text(self.zh.format(**pick(0)), self.en.format(**pick(1)))

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}" if self.zh != self.en else self.zh
