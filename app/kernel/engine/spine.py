"""The spine of a token: which user tasks lie behind it, so that it can be returned to one of them.

A spine is a list of ``[node, execution]`` in the order of execution, one entry per node (the latest), ``execution``
being the id of the token that did it. An execution is *open* while every token that has been merged into this one
descends from it: going back to it undoes exactly what came of it. Once a join has consumed a token that does not
descend from it, it is *closed* and its number is negative: running the way again from there would leave that join
waiting for ever, so only a straight return (直送) may go there. The length is bounded by the number of user tasks of
the diagram, never by how long the case has run.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

Entry = list  # [node id, execution]
Spine = Sequence[Entry]


def passed(spine: Spine, node: str, execution: int) -> list[Entry]:
    """``spine`` after the user task ``node`` was done by token ``execution``."""
    return [*(entry for entry in spine if entry[0] != node), [node, execution]]


def before(spine: Spine, execution: int) -> list[Entry]:
    """The part of ``spine`` that is older than ``execution``."""
    return [entry for entry in spine if abs(entry[1]) < execution]


def joined(spines: Sequence[Spine]) -> Spine:
    """The spine of the token that a join makes of several.

    An execution stays open only if it is open in all of them.
    """
    first = spines[0]
    if all(spine == first for spine in spines[1:]):
        return first
    common = set.intersection(*({(node, done) for node, done in spine if done > 0} for spine in spines))
    latest: dict[str, int] = {}
    for spine in spines:
        for node, done in spine:
            latest[node] = max(latest.get(node, 0), abs(done))
    order = sorted(latest.items(), key=lambda entry: entry[1])
    return [[node, done if (node, done) in common else -done] for node, done in order]


def closing(spines: Sequence[Spine]) -> set[int]:
    """The executions that are open in some of the tokens a join consumes but not in all."""
    opens = [{done for _, done in spine if done > 0} for spine in spines]
    return set.union(*opens) - set.intersection(*opens)


def closed(spine: Spine, spent: set[int]) -> list[Entry]:
    """``spine`` with these executions closed."""
    return [[node, -done] if done in spent else [node, done] for node, done in spine]


def holds(spine: Iterable[Entry], node: str, execution: int) -> bool:
    """Whether a token with this spine descends from that execution."""
    return any(entry[0] == node and abs(entry[1]) == execution for entry in spine)
