"""Whether a plan is left after an act, and if none is, why not."""
from __future__ import annotations

from .compiled import INCOMPATIBLE, Compiled
from .constraints import Rule
from .counting import Violated
from .office import bits
from .problem import plan
from .situation import Needed, Situation
from .solver import Undecided

#: Why not: a rule is broken by the act itself; no plan is left; no plan is left should the case be returned.
DIRECT, FORWARD, AGAIN = "direct", "forward", "again"


def exists(situation: Situation, needed: Needed, task: int = -1, who: int = 0, added: bool = False) -> bool:
    """Whether there is a plan.

    Raises:
        Undecided: the search gave up.
    """
    try:
        return plan(situation, needed, task, who, added) is not None
    except Violated:
        return False


def ahead(situation: Situation, task: int, who: int, added: bool = False) -> str | None:
    """Whether a plan is left after ``who`` acts at ``task``: None, or which kind is not.

    There are three kinds of plan, and the best that there was must be left: for all that a return may open as well; for
    the way forward; and, where an emergency override has left neither, for what can still be kept. Somebody's leave must
    not stop the way forward for the sake of a return.
    """
    again = situation.needed(returns=True)
    if exists(situation, again, task, who, added):
        return None
    forward = situation.needed()
    if again != forward and exists(situation, forward, task, who, added):
        return AGAIN if exists(situation, again) else None
    loose = situation.loose
    if loose is not None and not exists(situation, forward) and exists(loose, loose.needed(), task, who, added):
        return None
    return FORWARD


def broken_minimum(situation: Situation, needed: Needed, task: int, who: int, added: bool) -> Rule | None:
    """The ``people min`` rule that the act itself puts out of reach."""
    try:
        plan(situation, needed, task, who, added)
    except Violated as broken:
        return situation.rules.rule(broken.args[0])
    return None


def core(
    situation: Situation, needed: Needed, task: int = -1, who: int = 0, added: bool = False
) -> tuple[list[str], int]:
    """Why there is no plan: a set of rules and a set of tasks of which none can be left out (deletion filter).

    Returns:
        Ids of the rules (``incompatible`` for the organisation's), mask of the tasks.
    """
    rules, facts = situation.rules, situation.facts
    chosen = [r.id for r in rules.rules] + [INCOMPATIBLE]

    def hopeless(ids: list[str], tasks: int) -> bool:
        prepared = Compiled(rules, situation.office, frozenset(ids))
        try:
            return not exists(
                type(situation)(prepared, facts, situation.limit, situation.what), Needed(tasks, needed.sure), task, who,
                added,
            )
        except Undecided:
            return False

    for id in list(chosen):
        fewer = [other for other in chosen if other != id]
        if hopeless(fewer, needed.tasks):
            chosen = fewer
    left = needed.tasks
    for v in bits(left):           # the first tasks go first, so that what is named is what comes late
        if hopeless(chosen, left & ~(1 << v)):
            left &= ~(1 << v)
    return chosen, left
