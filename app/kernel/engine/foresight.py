"""Questions about a case that change nothing: what is open, what may still come, what must come."""
from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from SpiffWorkflow.util.task import TaskState

from .activities import Scope, SubProcess
from .case import NOTHING, Case, Token
from .certainty import certain
from .events import EventStart
from .program import Program, exits
from .returns import places
from .specs import FlowNode
from .state import load

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


#: Token ids are small and start anew in every case, so cases of one definition that stand at the same place have the
#: same state: what follows from it is worked out once.
KEPT = 4096


class OpenToken(NamedTuple):
    """A live token: ``kind`` = person | call | wait | watch | join | scope | instances."""

    token: int
    node: str
    kind: str


def _load(program: Program, state: str) -> Case:
    return load(program, state, NOTHING, _NEVER)


def open_tokens(program: Program, state: str) -> tuple[OpenToken, ...]:
    """Every live token of a case, oldest first."""
    case = _load(program, state)
    found = []
    for token in case.tasks.values():
        spec = token.task_spec
        if not token.id:
            continue
        if token.role == "watch":
            kind = "watch"
        elif token._state == TaskState.WAITING:
            kind = "join"
        elif spec.loop is not None and token.role is None:
            kind = "instances"
        elif spec.person:
            kind = "person"
        elif spec.handler:
            kind = "call"
        elif isinstance(spec, Scope):
            kind = "scope"
        else:
            kind = "wait"
        found.append(OpenToken(token.id, spec.name, kind))
    return tuple(found)


def returnable(program: Program, state: str, token: int, straight_back: bool = False) -> tuple[str, ...]:
    """The user tasks the work item at ``token`` can be returned to, latest first.

    Args:
        straight_back: whether it is to come straight back (直送), which also reaches into branches that are finished;
            running the way again from there would leave their join waiting for ever.

    Returns:
        node ids; empty where nothing can be returned, also where the token is no open work item.
    """
    case = _load(program, state)
    found = case.tasks.get(token)
    if found is None or not found.task_spec.person or not case.waits(found):
        return ()
    return tuple(dict.fromkeys(node for node, _, _ in places(case, found, straight_back)))


@lru_cache(maxsize=KEPT)
def reachable(program: Program, state: str) -> frozenset[str]:
    """The user tasks that may still be entered by going forward, those open now included."""
    case = _load(program, state)
    found: set[str] = set()
    for token in case.tasks.values():
        spec = token.task_spec
        if not token.id:
            continue
        if token.role == "watch":
            found |= _entering(program, spec.scope if isinstance(spec, EventStart) else spec)
            continue
        if spec.person:
            found.add(spec.name)
        if (spec.loop is not None and token.role is None) or token._state == TaskState.WAITING:
            found |= _entering(program, spec)
        back = token.internal_data.get("back")
        if back:
            for node, _, _ in back:
                found |= _entering(program, program.specs[node])
        elif token.role is None:
            found |= _leaving(program, spec)
    return frozenset(found)


def _leaving(program: Program, spec: FlowNode) -> frozenset[str]:
    """The user tasks that may come in the scope once ``spec`` is left, or left by a boundary event."""
    key = f"leaving:{spec.name}"
    found = program.notes.get(key)
    if found is None:
        seen: set[str] = set()
        tasks: set[str] = set()
        stack = list(exits(spec))
        while stack:
            here = stack.pop()
            if here.name not in seen:
                seen.add(here.name)
                tasks |= _inner(program, here)
                stack += exits(here)
        found = program.notes[key] = frozenset(tasks)
    return found


def _entering(program: Program, spec: FlowNode) -> frozenset[str]:
    return _inner(program, spec) | _leaving(program, spec)


def _inner(program: Program, spec: FlowNode) -> frozenset[str]:
    """The user tasks that a node is or holds."""
    if spec.person:
        return frozenset({spec.name})
    if not isinstance(spec, SubProcess):
        return frozenset()
    key = f"inner:{spec.name}"
    found = program.notes.get(key)
    if found is None:
        tasks: frozenset[str] = frozenset()
        for start in spec.starts:
            tasks |= _entering(program, start)
        for handler in spec.handlers:
            tasks |= _inner(program, handler.scope)
        found = program.notes[key] = tasks
    return found


@lru_cache(maxsize=KEPT)
def sure(program: Program, state: str) -> frozenset[str]:
    """The user tasks that will be entered whatever is decided, as far as the diagram alone can tell.

    Those open now are sure. Where it cannot be told (a scope that can be interrupted or terminated), nothing else is.
    Failure, cancelling and returning are not decisions of the diagram and not counted.
    """
    case = _load(program, state)
    found: set[str] = set()
    for token in case.tasks.values():
        spec = token.task_spec
        if spec.person and token.role != "watch" and (spec.loop is None or token.role == "instance"):
            found.add(spec.name)
        if isinstance(spec, Scope) and token.role != "watch" and (spec.loop is None or token.role == "instance"):
            found |= _sure_inside(program, token)
    return frozenset(found)


def _sure_inside(program: Program, scope: Token) -> frozenset[str]:
    at: Token | None = scope
    while at is not None:
        # Whatever can end an enclosing activity at any time can end this.
        if any(c.role == "watch" and getattr(c.task_spec, "interrupting", False) for c in at.children):
            return frozenset()
        if isinstance(at.task_spec, Scope) and certain(program, at.task_spec) is None:
            return frozenset()
        if at.task_spec.loop is not None and at.task_spec.loop.completion is not None:
            return frozenset()
        at = at.parent
    known = certain(program, scope.task_spec)
    bits = 0
    for token in scope.children:
        if token.role == "watch":
            continue
        name = token.task_spec.name
        back = token.internal_data.get("back")
        if back:
            for node, _, _ in back:
                bits |= known.entering.get(node, 0)
            bits |= known.after.get(back[0][0], 0)
        elif token._state == TaskState.WAITING:
            bits |= known.flows.get(token.internal_data.get("by"), 0)
        else:
            bits |= known.after[name]
    return known.tasks(known.closed(bits))
