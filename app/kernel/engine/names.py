"""What the names in an expression stand for, and where answers are kept.

A case's data is one mapping: fields at the top, each node's own answers under ``nodes``. A node inside a
multi-instance activity keeps its answers as a list in instance order (a list of lists when nested), so that parallel
reviewers never overwrite each other; seen from inside an instance the name of such a node is that instance's own.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..values import Value

#: More instances of one activity than this is a mistake or an attack.
MAX_INSTANCES = 1000


class Names(Mapping[str, Value]):
    """Locals of the enclosing multi-instance and loop activities, then fields, then answers by node id.

    Args:
        fields: the case's data at the top.
        answers: the case's data under ``nodes``.
        local: element names, ``loopCounter`` and the like.
        chains: node id -> ids of the multi-instance activities around (and including) it, outermost first.
        chain: the same for the node that asks.
        path: which instance of each of these it is in.
    """

    __slots__ = ("_answers", "_chain", "_chains", "_fields", "_local", "_path")

    def __init__(self, fields: Mapping[str, Value], answers: Mapping[str, Value], local: Mapping[str, Value],
                 chains: Mapping[str, tuple[str, ...]], *, chain: tuple[str, ...] = (),
                 path: Sequence[int] = ()) -> None:
        self._fields = fields
        self._answers = answers
        self._local = local
        self._chains = chains
        self._chain = chain
        self._path = path

    def __getitem__(self, name: str) -> Value:
        if name in self._local:
            return self._local[name]
        if name in self._fields:
            return self._fields[name]
        if name == "nodes":
            return self._answers
        value = self._answers[name]
        if self._path:
            for number, mine, its in zip(self._path, self._chain, self._chains.get(name, ()), strict=False):
                if mine != its:
                    break
                value = value[number] if isinstance(value, list) and number < len(value) else None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({"nodes": None, **self._answers, **self._fields, **self._local})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def kept(answers: dict[str, Any], node: str, path: Sequence[int], value: Value) -> None:
    """Write a node's answers into ``answers`` (changed in place; what lies deeper is copied, never changed).

    Args:
        answers: the mapping under ``nodes``.
        path: the instance of each enclosing multi-instance activity, outermost first; empty = no list.
    """
    if not path:
        answers[node] = value
        return
    found = answers.get(node)
    top = found = list(found) if isinstance(found, list) else []
    for number in path[:-1]:
        found.extend([None] * (number + 1 - len(found)))
        inner = found[number]
        found[number] = list(inner) if isinstance(inner, list) else []
        found = found[number]
    found.extend([None] * (path[-1] + 1 - len(found)))
    found[path[-1]] = value
    answers[node] = top
