"""Who asks to act, and whether the act itself breaks a rule. What comes after it is the plan's business."""
from __future__ import annotations

from typing import NamedTuple

from .compiled import covers, others, stands_against
from .constraints import Rule
from .office import Office, bits
from .situation import Situation


class Asked(NamedTuple):
    """One question: may ``person`` act at ``task``, for himself or in the place of ``behalf``?

    ``who`` is the set of all whose act it is; ``signer``: added to the task's own holder, so without its post;
    ``by_proxy``: a standing proxy is required of a delegate.
    """

    task: int
    person: int
    who: int
    behalf: int | None = None
    signer: bool = False
    by_proxy: bool = True

    @classmethod
    def of(
        cls, office: Office, task: int, person: int, behalf: int | None = None, signer: bool = False,
        by_proxy: bool = True,
    ) -> Asked:
        """The question; who acts in his own place acts for himself."""
        i = office.index.get(person)
        if behalf is None:
            return cls(task, person, 1 << i if i is not None else 0, None, signer, by_proxy)
        j = office.index.get(behalf)
        who = (1 << i if i is not None else 0) | (1 << j if j is not None else 0)
        if behalf == person or (i is not None and i == j):
            behalf = None
        return cls(task, person, who, behalf, signer, by_proxy)


def refused(situation: Situation, asked: Asked) -> bool:
    """Whether the act is out of the question whatever comes later."""
    return not entitled(situation, asked) or breaks(situation, asked.task, asked.who)


def entitled(situation: Situation, asked: Asked) -> bool:
    """Whether it is theirs to do at all: post, presence, and for a delegate the principal's post and the proxy."""
    task, office = asked.task, situation.office
    if asked.behalf is None:
        if asked.signer:
            return bool(situation.present & asked.who)
        return bool(situation.eligible[task] & asked.who) and situation.known(task)
    i = office.index.get(asked.person)
    if i is None:
        return False
    j = office.index.get(asked.behalf)
    if j is None or not situation.present >> i & 1 or task in situation.rules.bodies:
        return False
    if not asked.signer and not (situation.holders(task) >> j & 1 and situation.known(task)):
        return False
    post = situation.rules.posts[task]
    if post is not None and stands_against(office, i, post.code) is not None:
        return False
    return not asked.by_proxy or covers(office, situation.rules, task, i, j)


def breaks(situation: Situation, task: int, who: int) -> bool:
    """Whether ``who`` (a set: one person, or a delegate and the principal) at ``task`` breaks a rule by itself. ``people
    min`` is left to the plan."""
    c = situation.compiled
    if c.forbidden >> task & 1 or (who & situation.eligible[task] != who and situation.out[task] & who):
        return True
    acts = situation.acts(task)
    for u in bits(situation.past[task]):
        if acts[u] & who:
            return True
    special = {}
    if situation.special:
        special = _special(situation, task)
        for rule, counted in special.values():
            if rule.kind == "differ":
                for u in bits(others(rule, task)):
                    if counted[u] & who:
                        return True
    for mask, limit, id in c.most:
        if mask >> task & 1:
            persons, counted = 0, special[id][1] if id in special else acts
            for u in bits(mask):
                persons |= counted[u]
            if (persons | who).bit_count() > situation.limit_of(mask, limit, persons):
                return True
    for mask, id in c.apart:
        if mask >> task & 1:
            mates, counted = 0, special[id][1] if id in special else acts
            for i in bits(who):
                mates |= situation.office.mates(i)
            for u in bits(mask & ~(1 << task)):
                if counted[u] & mates:
                    return True
    for lower, upper, id in c.senior:
        if (lower | upper) >> task & 1 and rank_against(
            situation, task, who, lower, upper, special[id][1] if id in special else acts
        ):
            return True
    return bool(task in situation.rules.bodies and votes_twice(situation, task, who))


def rank_against(situation: Situation, task: int, who: int, lower: int, upper: int, acts: list[int]) -> int:
    """The persons whose acts stand against ``who`` at ``task`` under a rule of seniority."""
    office, found = situation.office, 0
    ranks = office.ranks(who)
    if not ranks:
        return 0
    if lower >> task & 1:
        not_senior = office.everyone & ~office.above(ranks[-1])
        for u in bits(upper & ~(1 << task)):
            found |= acts[u] & not_senior
    if upper >> task & 1:
        not_junior = office.everyone & ~office.below(ranks[0])
        for u in bits(lower & ~(1 << task)):
            found |= acts[u] & not_junior
    return found


def votes_twice(situation: Situation, task: int, who: int) -> int:
    """Those of ``who`` who have voted in the present session of a body, themselves or through a delegate."""
    found = 0
    for persons in situation.voted(task):
        found |= persons & who
    return found


def _special(situation: Situation, task: int) -> dict[str, tuple[Rule, list[int]]]:
    """Rule id -> the rule and what it counts, for the rules on a task that count acts of their own choosing."""
    chosen = situation.compiled.chosen
    return {
        rule.id: (rule, situation.acts_for(rule, task)) for rule in situation.rules.rules
        if rule.id in situation.special and rule.mask >> task & 1 and (chosen is None or rule.id in chosen)
    }
