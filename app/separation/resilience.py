"""Can the office work its processes, how many absences would it survive, and what if these people were away?

Everything is worked out from a snapshot of the office, which stays the same object until something changes; the answers
about definitions are kept as long.
"""
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import current_app

from ..definitions import queries as definitions
from ..definitions.queries import Meaning, meaning
from ..kernel import separation
from ..kernel.separation import Office, Resilience, Satisfiability
from ..kernel.text import Text
from ..organisation import queries as organisation
from . import open_cases
from .impasse import Impasse, has_plan, impasse
from .permissions import Part

#: How many absences at once are tried.
DEPTH = 2
#: How many of the cases that would stall are explained and given remedies.
EXPLAINED = 50


@dataclass(frozen=True, slots=True)
class Strength:
    """A definition in an office.

    Attributes:
        satisfiable: whether it can be worked; ``satisfiable.without``: departments that could start none.
        resilience: how many absences it survives; who must not fall ill.
        places: the same for every department that may start it, where the answer depends on it.
    """

    meaning: Meaning
    satisfiable: Satisfiability
    resilience: Resilience
    places: tuple[tuple[str, Resilience], ...]


@dataclass(frozen=True, slots=True)
class Standstill:
    """An open case that would stall. ``impasse``: why, and what would help; None beyond the first :data:`EXPLAINED`."""

    case: open_cases.OpenCase
    impasse: Impasse | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would come of some absences.

    Attributes:
        broken: definitions that can be worked now and then could not be, with the reason.
        weaker: departments that could no longer start a definition others still can.
        stalled: open cases that have a plan and would have none.
        open: how many open cases were looked at.
    """

    broken: tuple[tuple[Meaning, Satisfiability], ...]
    weaker: tuple[tuple[Meaning, tuple[str, ...]], ...]
    stalled: tuple[Standstill, ...]
    open: int


def strengths(on: date, part: Part | None = None) -> list[Strength]:
    """Every active definition in the office of a day, the weakest first."""
    office = organisation.office(on)
    found = [
        strength(meaning(d.id), office) for d in definitions.all_active() if part is None or part.covers(meaning(d.id))
    ]
    return sorted(found, key=lambda s: (bool(s.satisfiable), s.resilience.level, s.meaning.matter))


def strength(what: Meaning, office: Office) -> Strength:
    """One definition in an office; kept as long as the snapshot is today's."""
    kept = current_app.extensions.setdefault("gangze.strengths", {})
    known = kept.get(what.definition_id)
    if known is not None and known[0] is office:
        return known[1]
    workable = separation.satisfiable(what.rules, office, sure=what.always)
    places: list[tuple[str, Resilience]] = []
    if workable and _depends_on_department(what):
        places = [
            (code, separation.resilience(what.rules, office, department=code, sure=what.always, depth=DEPTH))
            for code in office.departments() if code not in workable.without
        ]
    found = Strength(
        what, workable, separation.resilience(what.rules, office, sure=what.always, depth=DEPTH), tuple(places)
    )
    kept[what.definition_id] = (office, found)
    return found


def _depends_on_department(what: Meaning) -> bool:
    return any(post is not None and post.department == "initiator" for post in what.rules.posts)


def what_if(
    *, absent: Collection[int], vacant: Collection[str] = (), on: date, part: Part | None = None
) -> Outcome:
    """What could no longer be done if these people were away, and these posts had nobody, on a day.

    Args:
        absent: ids of people; those the office does not know change nothing.
        vacant: codes of posts.
        on: the day; appointments and leave are as of then, cases as of now.
        part: only the processes of this part.
    """
    office = organisation.office(on)
    then = _vacated(office.without(absent), frozenset(vacant))
    broken, weaker = [], []
    for definition in definitions.all_active():
        what = meaning(definition.id)
        if part is not None and not part.covers(what):
            continue
        before = separation.satisfiable(what.rules, office, sure=what.always)
        if not before:
            continue
        after = separation.satisfiable(what.rules, then, sure=what.always)
        if not after:
            broken.append((what, after))
        elif lost := tuple(code for code in after.without if code not in before.without):
            weaker.append((what, lost))
    stalled: list[Standstill] = []
    number = 0
    for case in open_cases.read():
        if part is not None and not part.covers(case.meaning):
            continue
        number += 1
        rules = case.meaning.rules
        if not has_plan(rules, then, case.facts) and has_plan(rules, office, case.facts):
            why = impasse(rules, then, case.facts) if len(stalled) < EXPLAINED else None
            stalled.append(Standstill(case, why))
    return Outcome(tuple(broken), tuple(weaker), tuple(stalled), number)


def _vacated(office: Office, vacant: frozenset[str]) -> Office:
    """The same office with nobody in some posts."""
    if not vacant:
        return office
    return Office(
        tuple(replace(p, posts=frozenset(post for post in p.posts if post[0] not in vacant)) for p in office.people),
        office._incompatible, office.names,
    )


def names_of(people: Sequence[int], office: Office) -> Text:
    """Some people by name, in a sentence."""
    names = [office.name(person) for person in people]
    return Text("、".join(names), ", ".join(names))
