"""Whose work a new work item is: offered to its post, or to the one person the diagram's strategy finds.

One function for each strategy of ``app/kernel/bpmn/resourcing.py``, registered under its name. It returns persons, best
first; the first of them whom the separation gate allows gets the work item, and where it allows none of them it is
offered to the post. So no strategy can by-pass the gate.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.cases import draws
from app.cases import resourcing as work
from app.cases.actions import detours
from app.cases.models import ItemState
from app.handling import Moment, node
from app.kernel import separation
from app.kernel.bpmn.resourcing import OFFER, STRATEGIES, Allocation
from app.organisation import queries as organisation

Found = Iterable[int]
strategies: dict[str, Callable[[Any, Any, Allocation], Found]] = {}


def strategy(name: str) -> Callable[[Callable[[Any, Any, Allocation], Found]], Callable[[Any, Any, Allocation], Found]]:
    """Register how ``gz:allocation="name"`` finds people: ``found(act, item, how) -> persons``, best first."""

    def register(call: Callable[[Any, Any, Allocation], Found]) -> Callable[[Any, Any, Allocation], Found]:
        if name not in STRATEGIES or name in strategies:
            raise RuntimeError(f"{name} is no strategy of the vocabulary, or has two functions")
        strategies[name] = call
        return call

    return register


@node(Moment.OPENING)
def offer(act: Any, item: Any) -> None:
    """Say whose work it is: which department's post, and the person where the diagram or the case's past says so.

    A work item that comes round again goes to whoever did it before; the first one is the initiator's.
    """
    rule = act.node(item.node)
    if rule.post and rule.post.department:
        item.department = (
            act.row["initiator_department"] if rule.post.department == "initiator"
            else _text(act.data.get(rule.post.department))
        )
    how = rule.resourcing
    if how is not None and how.load is not None and not work.has_room(act, item, how.load):
        item.state = ItemState.CREATED
        return
    hand_out(act, item)


def hand_out(act: Any, item: Any) -> None:
    """Give the item to the first person who is wanted and may; where there is none it is everybody's of its post."""
    rule = act.node(item.node).resourcing
    if rule is not None and rule.predo and (done := work.ahead(act, item.node)) is not None:
        if separation.allowed(act.meaning.rules, act.office, act.facts(without=item.token), item.node, done.assignee_id):
            act.allocate(item, done.assignee_id)
            act.later.append(lambda: detours.use_ahead(act, item, done))
            return
        work.forget(act, done)
    people, offered = _wanted(act, item)
    if not people:
        return
    facts = act.facts(without=item.token)
    for person in people:
        if separation.allowed(act.meaning.rules, act.office, facts, item.node, person):
            if offered:
                item.offered_to_id = person
            else:
                act.allocate(item, person)
            return


def _wanted(act: Any, item: Any) -> tuple[list[int], bool]:
    """Who should have it, best first, and whether they may decline."""
    if act.wanted is not None:
        return [act.wanted], False
    if before := act.acts.did(item.node):
        out = act.acts.holder_of(item.node) | set(act.acts.signed.get(item.node, ()))
        again = [person for person in reversed(before) if person not in out]
        if not act.meaning.rules.drawn(item.node) or any(person in _may(act, item) for person in again):
            return again, False     # what was drawn is drawn anew only where none of them may do it any more
    if not act.acts.performed and not act.row["state"] and act.row["initiator_id"]:
        return [act.row["initiator_id"]], False
    if act.meaning.rules.drawn(item.node):
        return list(draw(act, item, OFFER)), False
    said = act.node(item.node).resourcing
    if said is None:
        return [], False
    how = said.allocation
    if how.strategy == "offer":
        if said.chained and (next_ := work.chaining(act)):
            return next_, False
        return (list(shortest_queue(act, item, how)) if said.start == "creation" else []), False
    return list(strategies[how.strategy](act, item, how)), how.offered


def _may(act: Any, item: Any) -> tuple[int, ...]:
    return separation.candidates(act.meaning.rules, act.office, act.facts(without=item.token), item.node)


# -- strategies -------------------------------------------------------------------------------------------------------

@strategy("offer")
def everybody(act: Any, item: Any, how: Allocation) -> Found:
    """Nobody in particular (R2 role-based, R13 offer to many)."""
    return ()


@strategy("staff")
def staff(act: Any, item: Any, how: Allocation) -> Found:
    """The one whose staff number the diagram names (R1 direct)."""
    return work.by_number(act, how.argument)


@strategy("person")
def person_in_field(act: Any, item: Any, how: Allocation) -> Found:
    """The one a field of the case names by then (R3 deferred)."""
    person = act.data.get(how.argument)
    return [person] if isinstance(person, int) and not isinstance(person, bool) else []


@strategy("draw")
def draw(act: Any, item: Any, how: Allocation) -> Found:
    """One by lot among those who may (R15 random); never chosen by the previous performer. Anybody can recompute it."""
    return draws.draw(act, item, _may(act, item))[:1]


@strategy("round-robin")
def round_robin(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever has waited longest for a turn at this node (R16). Who may not act now keeps their place."""
    people = _may(act, item)
    return work.next_turn(act, item, people) if people else []


@strategy("shortest-queue")
def shortest_queue(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever holds the fewest open work items (R17)."""
    people = _may(act, item)
    held = work.in_hand(act, people)
    return sorted(people, key=lambda person: (held.get(person, 0), person))


@strategy("familiar")
def familiar(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever did another node of this case, the latest first (R7 retain familiar)."""
    return reversed(act.acts.did(how.argument))


@strategy("case-handler")
def case_handler(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever did, or holds, another node with the same mark in this case (R6 case handling)."""
    mates = [
        key for key, other in act.meaning.process.user_tasks.items() if key != item.node and other.resourcing is not None
        and other.resourcing.allocation == how
    ]
    done = [person for key in mates for person in act.acts.did(key)]
    return dict.fromkeys([*done, *(person for key in mates for person in sorted(act.acts.holder_of(key)))])


@strategy("capability")
def capability(act: Any, item: Any, how: Allocation) -> Found:
    """Of those who are registered with a capability, whoever holds the fewest open work items (R8)."""
    name, level = how.capability
    able = organisation.capable(name, level, work.on(act), connection=act.c.connection)
    people = [person for person in _may(act, item) if person in able]
    held = work.in_hand(act, people)
    return sorted(people, key=lambda person: (held.get(person, 0), -able[person], person))


@strategy("experienced")
def experienced(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever has done this node most often, in whatever case (R9 history-based)."""
    people = _may(act, item)
    done = work.times_done(act, item.node, people)
    return sorted(people, key=lambda person: (-done.get(person, 0), person))


@strategy("least-experienced")
def least_experienced(act: Any, item: Any, how: Allocation) -> Found:
    """Whoever has done this node least often, to learn it (R9 history-based)."""
    people = _may(act, item)
    done = work.times_done(act, item.node, people)
    return sorted(people, key=lambda person: (done.get(person, 0), person))


@strategy("head-of")
def head_of(act: Any, item: Any, how: Allocation) -> Found:
    """The most senior holder of the post in the department of whoever did a node, or in those above it (R10)."""
    performers = act.acts.did(how.argument)
    if not performers:
        return []
    people = [act.office.person(person) for person in _may(act, item) if person not in performers]
    found: list[int] = []
    for department in work.departments_above(act, performers[-1]):
        there = [person for person in people if department in person.departments]
        found += [person.id for person in sorted(there, key=lambda person: (-person.rank, person.id))]
    return dict.fromkeys(found)


if missing := STRATEGIES.keys() - strategies.keys():
    raise RuntimeError(f"no function for gz:allocation {', '.join(sorted(missing))}")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
