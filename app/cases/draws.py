"""Draws of a case: committed to, made, and checked by whoever doubts them (kernel/separation/draw.py says how).

A definition without drawn nodes has no seeds and pays nothing. One with them gets the commitment of every drawn node as
its case starts, and the next one with every draw.
"""
from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..change import Actor
from ..extensions import db
from ..kernel import separation
from ..kernel.separation import draw as kernel
from ..kernel.text import Text
from ..kernel.trail import leaf_hash
from ..kernel.values import loads
from ..organisation.models import Person
from ..trail.models import Entry

if TYPE_CHECKING:
    from .acting import Act
    from .locking import Item

_PERSON = Person.__table__
_GENESIS = bytes(32)
#: Nobody draws: the entry names the machine, not whoever's act let the work item open.
_LOT = Actor.system("draw")


def begin(act: Act) -> None:
    """Commit to the first draw of every drawn node, as a case starts."""
    for node in act.meaning.rules.tasks:
        if act.meaning.rules.drawn(node):
            _commit(act, node, 1)


def _commit(act: Act, node: str, number: int) -> None:
    seed = secrets.token_bytes(kernel.SEED_BYTES)
    act.acts.seeds[node] = [seed.hex(), number]
    act.entry("draw.committed", node=node, round=number, commitment=kernel.commitment(seed), actor=_LOT)


def draw(act: Act, item: Item, people: Sequence[int]) -> list[int]:
    """Draw for a work item that opens.

    Args:
        people: ids of everybody the separation gate allows; nobody else can be drawn.

    Returns:
        The same ids in the order of the draw, the one drawn first. The draw is in the trail, and the next one of the
        node is committed to.
    """
    if not people:
        return []
    if item.node not in act.acts.seeds:     # the case is older than its draws can be checked
        _commit(act, item.node, 1)
    seed, number = act.acts.seeds.pop(item.node)
    rows = act.c.connection.execute(select(_PERSON.c.id, _PERSON.c.number).where(_PERSON.c.id.in_(list(people)))).all()
    ids = {row.number: row.id for row in rows}
    about = kernel.context(
        act.row["number"], item.node, number, bytes(act.row["trail_head"]).hex(), act.row["trail_seq"]
    )
    order = [name for name, _ in kernel.ranking(bytes.fromhex(seed), about, ids)]
    act.entry(
        "draw.made", node=item.node, round=number, seed=seed, commitment=kernel.commitment(bytes.fromhex(seed)),
        context=about, candidates=sorted(ids), ranking=order, result=order[0], person=ids[order[0]], actor=_LOT,
    )
    _commit(act, item.node, number + 1)
    return [ids[name] for name in order]


def draw_again(act: Act, item: Item, but: int) -> None:
    """Somebody gives back what they were drawn for: the lot falls again, not on them and not by anybody's choice.

    Where nobody else may do it, it is everybody's of its post, who gave it back included: no case stops for it.
    """
    people = separation.candidates(act.meaning.rules, act.office, act.facts(without=item.token), item.node)
    for person in draw(act, item, [one for one in people if one != but])[:1]:
        act.allocate(item, person)
        act.entry("work_item.allocated", node=item.node, item=item.id, to=person, actor=_LOT)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in the order of a draw, with the hash that put them there."""

    number: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A draw of a case, recomputed.

    Attributes:
        seq: number of its entry in the case's chain; ``committed``: that of its commitment.
        drawn: what the entry says; ``ranked`` what follows from its seed.
        faults: what does not hold; empty where the draw can be relied on.
    """

    seq: int
    at: datetime
    node: str
    round: int
    drawn: kernel.Drawn
    committed: int | None
    ranked: tuple[Ranked, ...]
    faults: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All draws of a case; ``faults`` are those of its chain of entries, without which no draw proves anything."""

    case: str
    draws: tuple[Checked, ...]
    faults: tuple[Text, ...]

    @property
    def holds(self) -> bool:
        return not self.faults and not any(draw.faults for draw in self.draws)


def check(case_id: int) -> Report:
    """Recompute every draw of a case from the stored bytes of its entries: nothing is believed but the hashes."""
    rows = db.session.execute(
        select(Entry.seq, Entry.what, Entry.node, Entry.prev, Entry.body, Entry.leaf, Entry.at)
        .where(Entry.subject == f"case:{case_id}").order_by(Entry.seq)
    ).all()
    faults, read = _chain(rows)
    number = next((body.get("number", "") for row, body in read if row.what == "case.started"), "")
    leaves = {0: _GENESIS} | {row.seq: leaf_hash(bytes(row.body)) for row, _ in read}
    committed: dict[str, tuple[str, int, int]] = {}
    found: list[Checked] = []
    for place, (row, body) in enumerate(read):
        if row.what == "draw.committed":
            committed[row.node] = (str(body.get("commitment")), body.get("round", 0), row.seq)
        elif row.what == "draw.made":
            found.append(_checked(number, row, body, committed.pop(row.node, None), read[:place], read[place + 1:], leaves))
    names = _names({one for draw in found for one in draw.drawn.candidates})
    return Report(number, tuple(_named(draw, names) for draw in found), tuple(faults))


def _chain(rows: Sequence[Any]) -> tuple[list[Text], list[tuple[Any, Any]]]:
    faults: list[Text] = []
    prev, read = _GENESIS, []
    for place, row in enumerate(rows, 1):
        body = bytes(row.body)
        try:
            said = loads(body)
        except ValueError:
            said = {}
        if not isinstance(said, dict):
            said = {}
        whole = row.seq == place and bytes(row.prev) == prev and leaf_hash(body) == bytes(row.leaf)
        told = (said.get("what"), said.get("seq"), said.get("prev"), said.get("node"))
        if not (whole and told[:2] == (row.what, row.seq) and told[3] == row.node):
            faults.append(Text(f"第 {row.seq} 条记录被改动过", f"entry {row.seq} is not what was written"))
        prev = bytes(row.leaf)
        read.append((row, said))
    return faults, read


def _checked(
    number: str, row: Any, body: Any, committed: tuple[str, int, int] | None, before: Sequence[tuple[Any, Any]],
    after: Sequence[tuple[Any, Any]], leaves: dict[int, bytes],
) -> Checked:
    drawn = kernel.Drawn(
        str(body.get("seed")), str(body.get("commitment")), str(body.get("context")), _strings(body.get("candidates")),
        _strings(body.get("ranking")), body.get("result"),
    )
    # The head is that of the last entry before this act; whatever the act itself wrote has its moment.
    head = next((one.seq for one, _ in reversed(before) if one.at != row.at), 0)
    said = _head_seq(drawn.context)
    if said is not None and head <= said < row.seq:      # another act in the same millisecond may lie between
        head = said
    expected = kernel.context(number, row.node, body.get("round", 0), leaves.get(head, b"").hex(), head)
    faults = kernel.faults(drawn, committed=committed[0] if committed else None, expected=expected)
    if committed is not None and committed[1] != body.get("round"):
        faults.append(Text("承诺的是另一轮", "the commitment is for another round"))
    given = next((said.get("to") for one, said in after
                  if one.node == row.node and one.what in ("work_item.allocated", "draw.made")), None)
    if given != body.get("person"):
        faults.append(Text("待办没有分给抽中的人", "the work item was not given to the one drawn"))
    try:
        order = kernel.ranking(bytes.fromhex(drawn.seed), drawn.context, drawn.candidates)
    except ValueError:
        order = []
    return Checked(
        row.seq, row.at, row.node, body.get("round", 0), drawn, committed[2] if committed else None,
        tuple(Ranked(name, "", digest) for name, digest in order), tuple(faults),
    )


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _head_seq(context: str) -> int | None:
    try:
        found = loads(context)["head_seq"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) else None


def _names(numbers: set[str]) -> dict[str, str]:
    if not numbers:
        return {}
    rows = db.session.execute(select(_PERSON.c.number, _PERSON.c.name).where(_PERSON.c.number.in_(sorted(numbers))))
    return {row.number: row.name for row in rows}


def _named(draw: Checked, names: dict[str, str]) -> Checked:
    ranked = tuple(Ranked(one.number, names.get(one.number, ""), one.digest) for one in draw.ranked)
    return Checked(draw.seq, draw.at, draw.node, draw.round, draw.drawn, draw.committed, ranked, draw.faults)
