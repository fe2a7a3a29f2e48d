"""The questions of the separation gate.

The guarantee: **no case ever stops because of the separation rules.** A case has a *plan* while every user task that
may still be entered can be given to somebody such that all rules hold together with everything done so far. An act is
allowed only if a plan is left after it. So if there is a plan at the start and nobody who is needed leaves, every open
work item always has somebody who may do it: the person the plan names, or the delegate in the principal's place.

All alternative branches are planned as if all of them ran. That is stricter than each path alone, and has to be: where
every path has a plan of its own, there may still be no safe first act; and a return can lead into a second branch after
the first. A definition whose branches cannot all be staffed together is refused at activation.

What rules take from other cases (``CaseFacts.barred``, scope ``party``), an override or somebody's leave can take the
plan away from outside. Such a case is *blocked*, and relief.py says what would help.

The caller holds the lock of the case between asking and writing: two acts, each safe, can be unsafe together.
"""
from __future__ import annotations

from dataclasses import replace

from . import explain, problem
from .able import able, seated
from .ahead import AGAIN, DIRECT, ahead, broken_minimum, core, exists
from .asking import Asked, refused
from .compiled import compiled
from .constraints import Rules
from .counting import Violated
from .office import Office, bits
from .protocol import CaseFacts, Objection, Verdict
from .situation import Situation
from .solver import LIMIT, Undecided


def may(
    rules: Rules, office: Office, facts: CaseFacts, node: str, person: int, *, behalf: int | None = None,
    signer: bool = False, by_proxy: bool = True, limit: int = LIMIT,
) -> Verdict:
    """Whether ``person`` may act at ``node`` of this case now: claim, complete, receive, be added.

    Args:
        rules: of the case's definition.
        office: today's snapshot.
        facts: of the case, re-read under its lock. A claim by somebody else on the very work item asked about is left
            out (a node's only work item: it makes no difference).
        node: a user task.
        person: who wants to act.
        behalf: in whose place, if not in one's own. The principal must hold the post, present or not; the delegate must
            be present and hold no post that is incompatible with it; every rule is asked about both. The right to act
            for somebody is not handed on: the principal's own proxies count for nothing here.
        signer: added to the node's own holder (加签、委派): need not hold the post; everything else counts.
        by_proxy: whether a delegate needs a standing proxy that covers the post and the process. Not where the case
            itself says that this work item was delegated.
        limit: positions of the search looked at before giving up.

    Returns:
        The verdict. A refusal lists every rule the act itself would break; only if there is none, why it would leave a
        later task with nobody.

    Raises:
        KeyError: the definition has no such user task.
    """
    situation = Situation(compiled(rules, office), facts, limit)
    task = rules.index[node]
    asked = Asked.of(office, task, person, behalf, signer, by_proxy)
    try:
        reason = _reason(situation, asked)
    except Undecided:
        return Verdict(False, _with_others(situation, asked, (explain.undecided(situation, task),)), True)
    if reason is None:
        return Verdict(True)
    if reason == DIRECT:
        return Verdict(False, _with_others(situation, asked, explain.direct(situation, asked)))
    needed = situation.needed(reason == AGAIN)
    rule = broken_minimum(situation, needed, task, asked.who, signer)
    if rule is not None:
        return Verdict(False, _with_others(situation, asked, (explain.minimum(situation, asked, rule),)))
    already = not exists(situation, needed)
    chosen, left = core(situation, needed) if already else core(situation, needed, task, asked.who, signer)
    told = explain.look_ahead(situation, asked, chosen=chosen, left=left, already=already, again=reason == AGAIN)
    return Verdict(False, _with_others(situation, asked, (told,)))


def allowed(
    rules: Rules, office: Office, facts: CaseFacts, node: str, person: int, *, behalf: int | None = None,
    signer: bool = False, by_proxy: bool = True, limit: int = LIMIT,
) -> bool:
    """As :func:`may`, the bare answer without reasons; for lists and simulations."""
    asked = Asked.of(office, rules.index[node], person, behalf, signer, by_proxy)
    try:
        return _reason(Situation(compiled(rules, office), facts, limit), asked) is None
    except Undecided:
        return False


def candidates(rules: Rules, office: Office, facts: CaseFacts, node: str, *, limit: int = LIMIT) -> tuple[int, ...]:
    """Everybody who :func:`may` act at ``node`` now in their own right, ids ascending.

    Raises:
        KeyError: the definition has no such user task.
    """
    return office.ids(able(Situation(compiled(rules, office), facts, limit), rules.index[node]))


def seats(
    rules: Rules, office: Office, facts: CaseFacts, node: str, *, limit: int = LIMIT
) -> tuple[tuple[int, int], ...]:
    """Every (delegate, principal) such that the one may act at ``node`` in the other's place, ascending.

    Raises:
        KeyError: the definition has no such user task.
    """
    return tuple(sorted(seated(Situation(compiled(rules, office), facts, limit), rules.index[node])))


def plan(
    rules: Rules, office: Office, facts: CaseFacts, *, limit: int = LIMIT
) -> dict[str, int | tuple[int, int]] | None:
    """One way to bring the case to its end: user task -> person id, or (delegate, principal), for every task that may
    still be entered. People who act in their own right are preferred.

    Steps of a task that are planned one by one are named ``task#0``, ``task#1`` ...; None where no plan exists. Where
    an emergency override has left none, a plan for what can still be kept.

    Raises:
        Undecided: the search gave up.
    """
    situation = Situation(compiled(rules, office), facts, limit)
    found = None
    for at in (situation, situation.loose):
        if at is not None and found is None:
            situation = at
            try:
                found = problem.plan(situation, situation.needed())
            except Violated:
                found = None
    if found is None:
        return None
    names = dict(enumerate(rules.tasks))
    for v, variables in situation.instances.items():
        if len(variables) > 1:
            names.update({x: f"{rules.tasks[v]}#{n}" for n, x in enumerate(variables)})
    return {names[x]: _named(situation, x, found[x]) for x in sorted(found)}


def _named(situation: Situation, x: int, people: int) -> int | tuple[int, int]:
    one, *more = (situation.person(i) for i in bits(people))
    if not more:
        return one
    task = next((v for v, steps in situation.instances.items() if x in steps), x)
    delegate = next(d for d, p in situation.seats[task] if d | p == people)
    return (one, more[0]) if situation.set_of((one,)) == delegate else (more[0], one)


def blocked(rules: Rules, office: Office, facts: CaseFacts, *, limit: int = LIMIT) -> tuple[str, ...]:
    """The open nodes for which nobody may act, in their own right or in somebody's place: what to escalate after leave,
    transfer or a recusal. In document order."""
    situation = Situation(compiled(rules, office), facts, limit)
    open_ = rules.mask(node for node, number in facts.open.items() if number)
    return tuple(
        rules.tasks[v] for v in bits(open_)
        if not able(situation, v, first=True) and next(seated(situation, v), None) is None
    )


def _reason(situation: Situation, asked: Asked) -> str | None:
    if refused(situation, asked):
        return DIRECT
    return ahead(situation, asked.task, asked.who, asked.signer)


def _with_others(situation: Situation, asked: Asked, objections: tuple[Objection, ...]) -> tuple[Objection, ...]:
    """The objections with at most ten persons, and at most ten seats, who could act instead."""
    office, found, pairs = situation.office, [], []
    me = office.index.get(asked.person)
    for i in bits(able(situation, asked.task)):
        if i != me or asked.behalf is not None:
            found.append(office.people[i].id)
            if len(found) == 10:
                break
    for seat in seated(situation, asked.task):
        if seat[0] != asked.person or seat[1] != asked.behalf:
            pairs.append(seat)
            if len(pairs) == 10:
                break
    return tuple(replace(o, instead=tuple(found), seats=tuple(pairs)) for o in objections)
