"""The questions of the separation gate.

The guarantee: **no case ever stops because of the separation rules.** A case has a *plan* while every user task that
may still be entered can be given to somebody such that all rules hold together with everything done so far. An act is
allowed only if a plan is left after it. So if there is a plan at the start and nobody who is needed leaves, every open
work item always has somebody who may do it: the person the plan names.

All alternative branches are planned as if all of them ran. That is stricter than each path alone, and has to be: where
every path has a plan of its own, there may still be no safe first act; and a return can lead into a second branch after
the first. A definition whose branches cannot all be staffed together is refused at activation.

The caller holds the lock of the case between asking and writing: two acts, each safe, can be unsafe together.
"""
from __future__ import annotations

from . import explain
from .constraints import Rule, Rules
from .counting import Violated
from .office import Office, bits
from .problem import INCOMPATIBLE, Compiled, Needed, Situation, compiled
from .protocol import CaseFacts, Satisfiability, Verdict
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
        limit: positions of the search looked at before giving up.

    Returns:
        The verdict. A refusal lists every rule the act itself would break; only if there is none, why it would leave a
        later task with nobody.

    Raises:
        KeyError: the definition has no such user task.
    """
    situation = Situation(compiled(rules, office), facts, limit)
    task = rules.index[node]
    try:
        reason = _reason(situation, task, person)
    except Undecided:
        return Verdict(False, (explain.undecided(situation, task, _others(situation, task, person)),), True)
    if reason is None:
        return Verdict(True)
    others = _others(situation, task, person)
    if reason == DIRECT:
        return Verdict(False, explain.direct(situation, task, person, others))
    needed, bit = situation.needed(reason == AGAIN), 1 << office.index[person]
    rule = _broken_minimum(situation, needed, task, bit)
    if rule is not None:
        return Verdict(False, (explain.minimum(situation, task, person, rule, others),))
    already = not _exists(situation, needed)
    chosen, left = core(situation, needed, -1 if already else task, 0 if already else bit)
    return Verdict(False, (
        explain.look_ahead(
            situation, task, person, chosen=chosen, left=left, instead=others, already=already, again=reason == AGAIN,
        ),
    ))


def allowed(
    rules: Rules, office: Office, facts: CaseFacts, node: str, person: int, *, behalf: int | None = None,
    signer: bool = False, by_proxy: bool = True, limit: int = LIMIT,
) -> bool:
    """As :func:`may`, the bare answer without reasons; for lists and simulations."""
    try:
        return _reason(Situation(compiled(rules, office), facts, limit), rules.index[node], person) is None
    except Undecided:
        return False


def candidates(rules: Rules, office: Office, facts: CaseFacts, node: str, *, limit: int = LIMIT) -> tuple[int, ...]:
    """Everybody who :func:`may` act at ``node`` now, ids ascending.

    Raises:
        KeyError: the definition has no such user task.
    """
    return office.ids(_candidates(Situation(compiled(rules, office), facts, limit), rules.index[node]))


def seats(
    rules: Rules, office: Office, facts: CaseFacts, node: str, *, limit: int = LIMIT
) -> tuple[tuple[int, int], ...]:
    """Every (delegate, principal) such that the one may act at ``node`` in the other's place, ascending.

    Raises:
        KeyError: the definition has no such user task.
    """
    assert node in rules.index
    return ()


def plan(rules: Rules, office: Office, facts: CaseFacts, *, limit: int = LIMIT) -> dict[str, int] | None:
    """One way to bring the case to its end: user task -> person id, for every task that may still be entered.

    Instances of a multi-instance task that are planned one by one are named ``task#0``, ``task#1`` ...; None where no
    plan exists.

    Raises:
        Undecided: the search gave up.
    """
    situation = Situation(compiled(rules, office), facts, limit)
    try:
        found = situation.plan(situation.needed())
    except Violated:
        return None
    if found is None:
        return None
    names = dict(enumerate(rules.tasks))
    for v, variables in situation.instances.items():
        if len(variables) > 1:
            names.update({x: f"{rules.tasks[v]}#{n}" for n, x in enumerate(variables)})
    return {names[x]: situation.person(found[x].bit_length() - 1) for x in sorted(found)}


def blocked(rules: Rules, office: Office, facts: CaseFacts, *, limit: int = LIMIT) -> tuple[str, ...]:
    """The open nodes for which nobody may act: what to escalate after leave, transfer or a recusal. In document order.
    """
    situation = Situation(compiled(rules, office), facts, limit)
    open_ = rules.mask(node for node, number in facts.open.items() if number)
    return tuple(rules.tasks[v] for v in bits(open_) if not _candidates(situation, v, first=True))


def satisfiable(
    rules: Rules, office: Office, initiator: int | None = None, department: str | None = None, *,
    party: str | None = None, party_person: int | None = None, sure: frozenset[str] = frozenset(), limit: int = LIMIT,
) -> Satisfiability:
    """Whether a case of this definition, started now, can be brought to its end whatever way it takes.

    Args:
        rules, office: the definition, today's snapshot.
        initiator: who starts it; None = somebody (at activation), then rules about the initiator exclude nobody.
        department: where it comes from; None = every department in turn, satisfied if one will do.
        party, party_person: whom the case is about, where known.
        sure: user tasks certain to run.
        limit: positions of the search looked at before giving up.
    """
    prepared = compiled(rules, office)
    narrow = "initiator" in prepared.dynamic.values() and department is None
    without: list[str] = []
    first: Satisfiability | None = None
    good = False
    for code in office.departments() if narrow else (department,):
        facts = CaseFacts(
            initiator=-1 if initiator is None else initiator, initiator_department=code, party=party,
            party_person=party_person, reachable=frozenset(rules.tasks), sure=sure,
        )
        answer = _satisfiable(Situation(prepared, facts, limit))
        if answer:
            good = True
        else:
            first = first or answer
            if narrow and code is not None:
                without.append(code)
    if good:
        return Satisfiability(True, without=tuple(without))
    if first is None:       # an office without departments
        first = _satisfiable(Situation(prepared, CaseFacts(initiator=-1, reachable=frozenset(rules.tasks)), limit))
    return Satisfiability(False, first.undecided, first.nodes, first.rules, first.because, tuple(without))


def _satisfiable(situation: Situation) -> Satisfiability:
    needed = situation.needed()
    try:
        if situation.plan(needed) is not None:
            return Satisfiability(True)
    except Violated:
        pass
    except Undecided:
        return Satisfiability(False, True, because=explain.UNDECIDED)
    chosen, left = core(situation, needed)
    return Satisfiability(
        False, nodes=situation.rules.ids(left), rules=tuple(chosen), because=explain.nobody(situation, chosen, left)
    )


# -- the decision -----------------------------------------------------------------------------------------------------

#: Why not: a rule is broken by the act itself; no plan is left; no plan is left should the case be returned.
DIRECT, FORWARD, AGAIN = "direct", "forward", "again"


def _reason(situation: Situation, task: int, person: int) -> str | None:
    i = situation.office.index.get(person)
    if i is None or breaks(situation, task, 1 << i):
        return DIRECT
    return _ahead(situation, task, 1 << i)


def breaks(situation: Situation, task: int, person: int) -> bool:
    """Whether ``person`` (a set of one) at ``task`` breaks a rule by itself. ``people min`` is left to the plan."""
    c = situation.compiled
    if not situation.holders(task) & person or c.forbidden >> task & 1:
        return True
    acts = situation.acts(task)
    for u in bits(c.differ[task]):
        if acts[u] & person:
            return True
    for mask, limit in c.most:
        if mask >> task & 1:
            persons = 0
            for u in bits(mask):
                persons |= acts[u]
            if (persons | person).bit_count() > limit:
                return True
    for mask in c.apart:
        if mask >> task & 1:
            mates = situation.office.mates(person.bit_length() - 1)
            for u in bits(mask & ~(1 << task)):
                if acts[u] & mates:
                    return True
    return False


def _exists(situation: Situation, needed: Needed, task: int = -1, person: int = 0) -> bool:
    try:
        return situation.plan(needed, task, person) is not None
    except Violated:
        return False


def _ahead(situation: Situation, task: int, person: int) -> str | None:
    """Whether a plan is left after ``person`` acts at ``task``: None, or which kind is not."""
    forward, again = situation.needed(), situation.needed(returns=True)
    if _exists(situation, again, task, person):
        return None
    if again == forward or not _exists(situation, forward, task, person):
        return FORWARD
    # A plan for what a return may open is kept where there is one; somebody's leave must not stop the way forward.
    return AGAIN if _exists(situation, again) else None


def _broken_minimum(situation: Situation, needed: Needed, task: int, person: int) -> Rule | None:
    """The ``people min`` rule that the act itself puts out of reach."""
    try:
        situation.plan(needed, task, person)
    except Violated as broken:
        return situation.rules.rule(broken.args[0])
    return None


def _candidates(situation: Situation, task: int, first: bool = False) -> int:
    """The set of those who may act at ``task``; with ``first``, at least one of them if there is any.

    Persons no rule can tell apart get one answer together: those with the same tasks, the same past in this case and,
    where departments matter, the same departments.
    """
    c = situation.compiled
    asked = situation.holders(task)
    if c.forbidden >> task & 1:
        return 0
    acts = situation.acts(task)
    for u in bits(c.differ[task]):
        asked &= ~acts[u]
    for mask, limit in c.most:
        if mask >> task & 1:
            persons = 0
            for u in bits(mask):
                persons |= acts[u]
            if persons.bit_count() >= limit:
                asked = asked & persons if persons.bit_count() == limit else 0
    needed = situation.needed(returns=True)
    found = _like(situation, task, needed, acts) & asked
    if found and first:
        return found
    classes = [asked & ~found] if asked & ~found else []
    cuts = {situation.eligible[v] for v in bits(needed.tasks & ~(1 << task))}
    cuts.update(situation.performed)
    cuts.update(situation.claimed)
    for known in situation.facts.instances.values():
        cuts.update(situation.set_of(persons) for persons in known if persons)
    if c.apart:
        cuts.update(members for members, _ in situation.office.signatures)
    for cut in cuts:
        if cut:
            split = []
            for group in classes:
                inside = group & cut
                if inside and inside != group:
                    split += (inside, group ^ inside)
                else:
                    split.append(group)
            classes = split
    for group in classes:
        one = group & -group
        if breaks(situation, task, one):
            continue
        try:
            if _ahead(situation, task, one) is None:
                found |= group
                if first:
                    break
        except Undecided:
            continue
    return found


def _like(situation: Situation, task: int, needed: Needed, acts: list[int]) -> int:
    """Everybody who may act at ``task`` because somebody may of whom nothing is known: whoever has no past in this case
    and is not needed by the plan that is left, can take that newcomer's place. No rule but those about single persons
    tells the two apart."""
    if any(mask >> task & 1 for mask in situation.compiled.apart):
        return 0
    busy = 0
    for known in situation.facts.instances.values():
        for persons in known:
            busy |= situation.set_of(persons or ())
    newcomer = 1 << len(situation.office.people) + len(situation.strangers)
    try:
        plan = situation.plan(needed, task, newcomer)
    except (Undecided, Violated):
        return 0
    if plan is None:
        return 0
    for persons in (*acts, *situation.performed, *situation.claimed, *plan.values()):
        busy |= persons
    return ~busy


def _others(situation: Situation, task: int, person: int) -> tuple[int, ...]:
    """At most ten persons who could act instead."""
    found = []
    for i in bits(_candidates(situation, task)):
        id = situation.office.people[i].id
        if id != person:
            found.append(id)
            if len(found) == 10:
                break
    return tuple(found)


def core(situation: Situation, needed: Needed, task: int = -1, person: int = 0) -> tuple[list[str], int]:
    """Why there is no plan: a set of rules and a set of tasks of which none can be left out (deletion filter).

    Returns:
        Ids of the rules (``incompatible`` for the organisation's), mask of the tasks.
    """
    rules, facts = situation.rules, situation.facts
    chosen = [r.id for r in rules.rules] + [INCOMPATIBLE]

    def hopeless(ids: list[str], tasks: int) -> bool:
        fewer = Situation(Compiled(rules, situation.office, frozenset(ids)), facts, situation.limit)
        try:
            return not _exists(fewer, Needed(tasks, needed.sure), task, person)
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
