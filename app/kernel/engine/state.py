"""A case's live tokens as JSON text, and back.

``{"v": 1, "last": 7, "status": "running", "tokens": [{"id": 5, "in": 0, "at": "audit", "is": "started", …}]}``:
``last`` is the highest id given out, ``in`` the token of the enclosing scope or activity (0 = the process), ``at`` the
node, the rest what ``case.Token`` says. Readable on purpose: a case may have to be understood years later.
"""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from SpiffWorkflow.util.task import TaskState

from .case import Case, Token, impossible
from .program import Program

VERSION = 1
_STATES = {"waiting": TaskState.WAITING, "started": TaskState.STARTED}
_WORDS = {number: word for word, number in _STATES.items()}


def dump(case: Case) -> str:
    """The state of a case that waits (nothing READY)."""
    tokens = []
    for token in case.tasks.values():
        if token.id:
            tokens.append({"id": token.id, "in": token._parent, "at": token.task_spec.name,
                           "is": _WORDS[token._state], **token.internal_data})
    return orjson.dumps({"v": VERSION, "last": case.last, "status": case.status, "tokens": tokens}).decode()


def load(program: Program, state: str, values: Mapping[str, Any], now: datetime) -> Case:
    """The case as it was saved.

    Raises:
        NotPossible: the text is no state, of a version this engine does not know, or of another diagram.
    """
    case = Case(program, values, now)
    try:
        saved = orjson.loads(state)
        if saved["v"] != VERSION:
            raise impossible(f"状态版本 {saved['v']} 不支持", f"state version {saved['v']} is not supported")
        case.last = saved["last"]
        case.status = saved["status"]
        tasks, specs = case.tasks, program.specs
        for row in saved["tokens"]:
            number, parent, node, how = row.pop("id"), row.pop("in"), row.pop("at"), row.pop("is")
            token = Token(case, specs[node], tasks[parent], number, state=_STATES[how], memory=row)
            if token.task_spec.asking:
                token.asked = case.waits(token)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise impossible(f"状态不能读取：{error!r}", f"the state does not fit: {error!r}") from error
    return case
