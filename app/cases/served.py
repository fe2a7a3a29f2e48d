"""Who served a party in other cases: what ``rotate`` and ``apart`` rules and rules of scope ``party`` ask.

It is read from the work items and votes themselves, and only where the definition has such a rule and the case a party.
A register of its own, filled at completion, would have to know beforehand what a rule activated later will ask, and
would be wrong from the day a party is corrected; the work items have the whole history from the first day on, and the
acts of definitions without such rules write nothing more.
"""
from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import false, or_, select, union_all
from sqlalchemy.engine import Connection

from ..definitions.models import Definition
from ..definitions.queries import Meaning
from ..kernel.separation import Office, Rule
from ..organisation.models import Person
from ..parties.models import Party
from .acts import Elsewhere
from .models import Case, ItemState, Session, SessionState, Vote, WorkItem

_CASE, _ITEM, _SESSION, _VOTE, _DEFINITION = (
    m.__table__ for m in (Case, WorkItem, Session, Vote, Definition)
)
#: ``party`` of a rule that speaks of the person who started the case.
_INITIATOR = frozenset({"initiator", "applicant"})


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody did a node of another case of the same party (or, for rules about the initiator, of the same initiator).
    """

    process: str
    node: str
    person: int
    case: int
    at: datetime
    subject: Any     # the party, or the initiator


def elsewhere(
    meaning: Meaning, row: Mapping[str, Any], office: Office, now: datetime, connection: Connection, *,
    lock: bool = False,
) -> Elsewhere | None:
    """What other cases of the party mean for a case.

    Args:
        meaning: of the case's definition.
        row: ``id``, ``party`` and ``initiator_id`` of the case.
        office: today's: two records of one natural person are one person.
        now: what the months of a ``rotate`` rule are counted back from, as calendar months of the office's zone.
        connection: where to read.
        lock: hold the party (or the initiator) until the transaction ends. Two acts in two cases of one party lock two
            different cases; without this, each could be the last that a ``rotate`` rule allows.

    Returns:
        None where no rule asks, or it is not known whom the case is about.
    """
    return elsewhere_of(meaning, [row], office, now, connection, lock=lock).get(row["id"])


def elsewhere_of(
    meaning: Meaning, rows: Sequence[Mapping[str, Any]], office: Office, now: datetime, connection: Connection, *,
    lock: bool = False,
) -> dict[int, Elsewhere]:
    """As :func:`elsewhere`, for many cases of one definition, from two statements at most."""
    rules = asking(meaning)
    if not rules:
        return {}
    about = {c.id: c.options.get("party") in _INITIATOR for c in meaning.process.constraints}
    performed: dict[int, dict[tuple[str, str], set[int]]] = {row["id"]: {} for row in rows}
    barred: dict[int, dict[str, frozenset[int]]] = {row["id"]: {} for row in rows}
    for initiator in (False, True):
        mine = [rule for rule in rules if about[rule.id] is initiator]
        column = "initiator_id" if initiator else "party"
        subjects = sorted({row[column] for row in rows if row[column]})
        if not mine or not subjects:
            continue
        if lock:
            for subject in subjects:
                _hold(connection, f"person:{subject}" if initiator else subject)
        served: dict[Any, list[Service]] = {}
        for one in _services(meaning, mine, subjects, initiator, connection):
            served.setdefault(one.subject, []).append(one)
        for row in rows:
            if not row[column]:
                continue
            done = [one for one in served.get(row[column], ()) if one.case != row["id"]]
            for rule in mine:
                if rule.scope == "party":
                    nodes = frozenset(meaning.rules.ids(rule.mask))
                    for one in done:
                        if one.process == meaning.key and one.node in nodes:
                            performed[row["id"]].setdefault((rule.id, one.node), set()).add(one.person)
                else:
                    barred[row["id"]][rule.id] = _barred(meaning, rule, done, office, now)
    return {
        id: Elsewhere({key: frozenset(people) for key, people in acts.items()}, barred[id])
        for id, acts in performed.items()
    }


def asking(meaning: Meaning) -> list[Rule]:
    """The rules of a definition that ask about other cases."""
    return [rule for rule in meaning.rules.rules if rule.kind in ("rotate", "apart") or rule.scope == "party"]


def _barred(meaning: Meaning, rule: Rule, done: Iterable[Service], office: Office, now: datetime) -> frozenset[int]:
    if rule.kind == "apart":
        return frozenset(one.person for one in done if (one.process, one.node) in rule.sources)
    nodes, since = frozenset(meaning.rules.ids(rule.mask)), months_before(now, rule.months)
    cases: dict[int, set[int]] = {}
    for one in done:
        if one.process == meaning.key and one.node in nodes and one.at >= since:
            person = office.person(one.person).id if one.person in office.index else one.person
            cases.setdefault(person, set()).add(one.case)
    return frozenset(person for person, served in cases.items() if len(served) >= rule.times)


def months_before(now: datetime, months: int) -> datetime:
    """The beginning of the day so many calendar months ago, in the office's zone; the 31st of a month of 30 days is its
    30th."""
    zone = ZoneInfo(current_app.config["GANGZE_ZONE"])
    here = now.astimezone(zone).date()
    year, month = divmod(here.year * 12 + here.month - 1 - months, 12)
    if year < 1:
        return datetime.min.replace(tzinfo=zone)
    day = min(here.day, monthrange(year, month + 1)[1])
    return datetime.combine(date(year, month + 1, day), time(), zone)


def _services(
    meaning: Meaning, rules: Iterable[Rule], subjects: Sequence[Any], initiator: bool, connection: Connection
) -> list[Service]:
    """The acts in cases of some parties (or initiators) that these rules can ask about."""
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for process, node in rule.sources:
            wanted.setdefault(process, set()).add(node)
        if rule.kind != "apart":
            wanted.setdefault(meaning.key, set()).update(meaning.rules.ids(rule.mask))
    subject = _CASE.c.initiator_id if initiator else _CASE.c.party
    same = subject.in_(subjects)
    # Whoever convened a body holds its work item; who decided there are those who voted.
    items = select(
        _DEFINITION.c.key, _ITEM.c.node, _ITEM.c.assignee_id.label("person"), _ITEM.c.on_behalf_of_id.label("principal"),
        _ITEM.c.case_id, _ITEM.c.ended_at.label("at"), subject.label("subject"),
    ).join(_CASE, _CASE.c.id == _ITEM.c.case_id).join(_DEFINITION, _DEFINITION.c.id == _CASE.c.definition_id).where(
        same, _ITEM.c.state.in_((ItemState.COMPLETED, ItemState.RETURNED)), _ITEM.c.assignee_id.is_not(None),
        _named(wanted, _ITEM.c.node),
        ~select(_SESSION.c.id).where(_SESSION.c.item_id == _ITEM.c.id, _SESSION.c.state == SessionState.CLOSED).exists(),
    )
    votes = select(
        _DEFINITION.c.key, _SESSION.c.node, _VOTE.c.person_id, _VOTE.c.person_id.label("principal"), _SESSION.c.case_id,
        _VOTE.c.at, subject,
    ).join(_SESSION, _SESSION.c.id == _VOTE.c.session_id).join(_CASE, _CASE.c.id == _SESSION.c.case_id).join(
        _DEFINITION, _DEFINITION.c.id == _CASE.c.definition_id
    ).where(same, _named(wanted, _SESSION.c.node))
    return [
        Service(found.key, found.node, person, found.case_id, found.at, found.subject)
        for found in connection.execute(union_all(items, votes))
        for person in {found.person, found.principal} - {None}
    ]


def _named(wanted: Mapping[str, Collection[str]], node: Any) -> Any:
    return or_(false(), *(
        (_DEFINITION.c.key == process) & node.in_(sorted(nodes)) for process, nodes in sorted(wanted.items())
    ))


def _hold(connection: Connection, key: str) -> None:
    kind, _, number = key.partition(":")
    table = {"party": Party.__table__, "person": Person.__table__}.get(kind)
    if table is not None and number.isdigit():
        # For update of what no foreign key points to: cases of the party may be stored meanwhile.
        connection.execute(select(table.c.id).where(table.c.id == int(number)).with_for_update(key_share=True))
