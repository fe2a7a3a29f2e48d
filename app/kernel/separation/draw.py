"""Draws that anybody can check afterwards. Pure.

Before anything that depends on it happens, the house writes down the SHA-256 of a secret seed of 32 bytes (the
*commitment*). At the draw it shows the seed, and the people are ranked by

    SHA-256( seed ‖ context ‖ person's number )        smallest first, as 64 hexadecimal digits

where the context is the canonical JSON (RFC 8785) of the case's number, the node, the round, and the hash and number
of the last entry the case's chain had before the draw. The seed was fixed before that entry existed and the entry was
written by people who did not know the seed, so neither the house nor anybody in the case can choose who is drawn.
With the values of a ``draw.made`` entry, in any shell:

    printf %s SEED | xxd -r -p | sha256sum                                                     # the commitment
    { printf %s SEED | xxd -r -p; printf %s 'CONTEXT'; printf %s NUMBER; } | sha256sum         # one person's rank
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..text import Text
from ..values import canonical

SEED_BYTES = 32


def commitment(seed: bytes) -> str:
    """What is written down before the draw: the SHA-256 of the seed."""
    return hashlib.sha256(seed).hexdigest()


def context(case: str, node: str, round_: int, head: str, head_seq: int) -> str:
    """What a draw is about, in its one written form.

    Args:
        case: number of the case.
        node: id of the node that is drawn for.
        round_: which draw of that node it is, from 1.
        head: hash of the last entry before the draw, hexadecimal; ``head_seq`` its number in the case's chain.
    """
    return canonical({"case": case, "head": head, "head_seq": head_seq, "node": node, "round": round_}).decode()


def ranking(seed: bytes, about: str, numbers: Iterable[str]) -> list[tuple[str, str]]:
    """Everybody with their hash, in the order of the draw: the first is drawn.

    Args:
        seed: the seed that was committed to.
        about: the :func:`context`.
        numbers: the candidates' personnel numbers.
    """
    before = hashlib.sha256(seed + about.encode())
    found = []
    for number in sorted(set(numbers)):
        each = before.copy()
        each.update(number.encode())
        found.append((number, each.hexdigest()))
    return sorted(found, key=lambda one: one[1])


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw as its ``draw.made`` entry tells it."""

    seed: str
    commitment: str
    context: str
    candidates: tuple[str, ...]
    ranking: tuple[str, ...]
    result: str | None


def faults(drawn: Drawn, *, committed: str | None, expected: str) -> list[Text]:
    """What does not hold in a draw; nothing where it can be relied on.

    Args:
        drawn: what is said of it.
        committed: the commitment written down before it; None where there was none.
        expected: the context as it must have been.
    """
    found: list[Text] = []
    try:
        seed = bytes.fromhex(drawn.seed)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        return [Text("种子不是 32 字节", "the seed is not 32 bytes")]
    if committed is None:
        found.append(Text("抽取之前没有承诺", "nothing was committed to before the draw"))
    elif commitment(seed) != committed or drawn.commitment != committed:
        found.append(Text("种子与事先的承诺不符", "the seed is not the one committed to"))
    if drawn.context != expected:
        found.append(Text("抽取的对象与轨迹不符", "what was drawn for is not what the trail says"))
    order = _order(seed, drawn.context, drawn.candidates)
    if order != list(drawn.ranking):
        found.append(Text("名次与种子、名单不符", "the order does not follow from the seed and the list"))
    if drawn.result != (order[0] if order else None):
        found.append(Text("抽中的不是第一名", "the one drawn is not the first in order"))
    return found


def _order(seed: bytes, about: str, numbers: Sequence[str]) -> list[str]:
    return [number for number, _ in ranking(seed, about, numbers)]
