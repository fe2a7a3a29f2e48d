"""What a verification found, in words for a person."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kernel.text import Text

#: Faults told in full; beyond it they are only counted.
MAX_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written.

    Attributes:
        text: what is wrong.
        entry: the entry's id, where it is known.
        subject, seq: whose chain, and its number in it.
        index: its place in the log.
    """

    text: Text
    entry: int | None = None
    subject: str | None = None
    seq: int | None = None
    index: int | None = None

    def __str__(self) -> str:
        return self.line().en

    def line(self) -> Text:
        """Where and what, for a person."""
        zh, en = [], []
        if self.entry is not None:
            zh.append(f"记录 {self.entry}")
            en.append(f"entry {self.entry}")
        if self.subject is not None:
            zh.append(f"{self.subject} 第 {self.seq} 条")
            en.append(f"{self.subject} no. {self.seq}")
        if self.index is not None:
            zh.append(f"日志位置 {self.index}")
            en.append(f"log index {self.index}")
        return Text("，".join(zh) + "：" + self.text.zh if zh else self.text.zh,
                    ", ".join(en) + ": " + self.text.en if en else self.text.en)


@dataclass(slots=True)
class Report:
    """What a verification found.

    ``faults`` are in the order of the log, then of what is pending, then of the ends of chains: the first is the first
    bad entry. ``found`` counts those left out as well.
    """

    entries: int = 0
    logged: int = 0
    pending: int = 0
    chains: int = 0
    checkpoints: int = 0
    signed: int = 0
    root: bytes = b""
    found: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.found == 0

    @property
    def first(self) -> Fault | None:
        return self.faults[0] if self.faults else None

    def add(self, zh: str, en: str, **where: Any) -> None:
        self.found += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(Text(zh, en), **where))
