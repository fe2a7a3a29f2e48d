"""History as the review reads it: acts from the trail's entries, people and posts from the registers as of a day.

None of it goes through the gate, or through what the cases remember of who acted.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from ..cases.models import Case, CaseStatus, Recusal
from ..definitions import queries as definitions
from ..definitions.queries import meaning
from ..extensions import db
from ..kernel.values import loads
from ..organisation import queries as organisation
from ..organisation.models import Appointment, Interest, Kinship, Person, Scope, Standing
from ..organisation.rules import rank
from ..trail.models import Entry
from .judging import Done, Worked

#: What a person has done at a node. Entries of these kinds by a machine are no acts.
ACTS = ("work_item.completed", "work_item.returned", "work_item.signed", "work_item.proposed", "vote.cast")
_MORE = ("node.completed", "session.closed", "separation.overridden")
BATCH = 500


# -- the register as of a day -------------------------------------------------------------------------------------------

@dataclass(slots=True)
class Register:
    """The registers read once for a whole review; answers as of any day (:class:`~.judging.World`)."""

    names: dict[int, str] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)        # a record -> the record it was merged into
    home: dict[int, str] = field(default_factory=dict)
    held: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    levels: dict[str, int] = field(default_factory=dict)
    kin: dict[int, list[tuple[int, date | None]]] = field(default_factory=lambda: defaultdict(list))
    interests: dict[int, list[tuple[str, date | None]]] = field(default_factory=lambda: defaultdict(list))
    pairs: dict[tuple[str, str], tuple[Scope, str]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Register:
        """The registers as they are now, with their past."""
        found = cls()
        for row in db.session.execute(select(Person.id, Person.name, Person.department_code, Person.merged_into_id)):
            found.names[row.id], found.home[row.id] = row.name, row.department_code
            if row.merged_into_id is not None:
                found.same[row.id] = row.merged_into_id
        for row in db.session.execute(select(
            Appointment.person_id, Appointment.post_code, Appointment.department_code, Appointment.role,
            Appointment.since, Appointment.until,
        )):
            found.held[found.one(row.person_id)].append(row)
        for row in db.session.execute(
            select(Kinship.person_id, Kinship.other_id, Kinship.until).where(Kinship.standing == Standing.EFFECTIVE)
        ):
            one, other = found.one(row.person_id), found.one(row.other_id)
            found.kin[one].append((other, row.until))
            found.kin[other].append((one, row.until))
        for row in db.session.execute(
            select(Interest.person_id, Interest.party_id, Interest.until).where(Interest.standing == Standing.EFFECTIVE)
        ):
            found.interests[found.one(row.person_id)].append((f"party:{row.party_id}", row.until))
        found.levels = {post.code: post.level for post in organisation.posts()}
        found.pairs = {(pair.a, pair.b): (pair.scope, pair.basis) for pair in organisation.pairs()}
        return found

    def one(self, person: int) -> int:
        """The natural person behind a record."""
        seen = {person}
        while (person := self.same.get(person, person)) not in seen:
            seen.add(person)
        return person

    def name(self, person: int) -> str:
        return self.names.get(person, f"#{person}")

    def _running(self, person: int, day: date) -> Iterator[Any]:
        return (h for h in self.held.get(self.one(person), ()) if h.since <= day and (h.until is None or h.until >= day))

    def posts(self, person: int, day: date) -> frozenset[str]:
        return frozenset(h.post_code for h in self._running(person, day))

    def departments(self, person: int, day: date) -> frozenset[str]:
        home = {self.home[person]} if person in self.home else set()
        return frozenset(home | {h.department_code for h in self._running(person, day)})

    def rank(self, person: int, day: date) -> int:
        return max((rank(self.levels.get(h.post_code, 0), h.role) for h in self._running(person, day)), default=0)

    def biased(self, person: int, party: str, day: date) -> bool:
        """Whether somebody is the party, kin to it, or has an interest in it, or their kin has: as known today, unless
        it was over by then."""
        person = self.one(person)
        near = {person} | {other for other, until in self.kin.get(person, ()) if until is None or until >= day}
        if party.startswith("person:"):
            return any(f"person:{one}" == party for one in near)
        return any(
            key == party and (until is None or until >= day) for one in near for key, until in self.interests.get(one, ())
        )

    def incompatible(self, one: str, other: str, *, in_one_hand: bool = False) -> str | None:
        found = self.pairs.get((min(one, other), max(one, other)))
        if found is None or (in_one_hand and found[0] is not Scope.PERSON):
            return None
        return found[1]


# -- cases as they were worked ------------------------------------------------------------------------------------------

def touched(after: int, upto: int) -> list[int]:
    """The cases in which something has happened between two entries."""
    return list(db.session.scalars(
        select(Entry.case_id).where(Entry.id > after, Entry.id <= upto, Entry.subject.startswith("case:")).distinct()
    ))


def of_processes(keys: Iterable[str]) -> list[int]:
    """Every case of some processes, whatever their version."""
    ids = [d.id for d in definitions.versions() if d.key in set(keys)]
    return list(db.session.scalars(select(Case.id).where(Case.definition_id.in_(ids)))) if ids else []


def worked(ids: Iterable[int], register: Register) -> Iterator[tuple[int, Worked]]:
    """Some cases as they were worked, each with the process of its definition's active version."""
    active = {d.key: d.id for d in definitions.all_active()}
    wanted = iter(sorted(set(ids)))
    while some := list(islice(wanted, BATCH)):
        rows = db.session.execute(select(
            Case.id, Case.definition_id, Case.status, Case.party, Case.initiator_id).where(Case.id.in_(some))
        ).all()
        acts = _acts([row.id for row in rows], register)
        recused = _recused([row.id for row in rows], register)
        near = _of_parties({row.party for row in rows if row.party}, register)
        for row in rows:
            own = meaning(row.definition_id)
            what = meaning(active.get(own.key, row.definition_id))
            mine = acts.get(row.id, _Acts())
            yield row.id, Worked(
                what.process, mine.done, row.status not in (CaseStatus.RUNNING, CaseStatus.SUSPENDED), row.party,
                row.initiator_id, mine.passed, mine.sessions, recused.get(row.id, {}),
                _others(near.get(row.party or "", ()), row.id),
            )
        db.session.rollback()


@dataclass(slots=True)
class _Acts:
    """What a case's entries say, in order."""

    done: list[Done] = field(default_factory=list)
    passed: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def _acts(ids: Sequence[int], register: Register) -> dict[int, _Acts]:
    zone = ZoneInfo(current_app.config["GANGZE_ZONE"])
    found: dict[int, _Acts] = defaultdict(_Acts)
    overridden: set[tuple[int, str, int]] = set()
    rows = db.session.execute(
        select(Entry.case_id, Entry.seq, Entry.at, Entry.what, Entry.node, Entry.person_id, Entry.body)
        .where(Entry.subject.in_([f"case:{id}" for id in ids]), Entry.what.in_((*ACTS, *_MORE)), Entry.node.is_not(None))
        .order_by(Entry.case_id, Entry.seq)
    )
    for row in rows:
        acts = found[row.case_id]
        if row.what == "node.completed":
            acts.passed[row.node].append(row.seq)
        elif row.what == "session.closed":
            acts.sessions[row.node].append(row.seq)
        elif row.what == "separation.overridden":      # on record as such, and no finding
            overridden.add((row.case_id, row.node, register.one(loads(bytes(row.body)).get("person", 0))))
        elif row.person_id is not None:
            acts.done.append(_done(row, zone, register))
    for case_id, acts in found.items():
        acts.done = [a for a in acts.done if not any((case_id, a.node, p) in overridden for p in a.persons)]
    return found


def _done(row: Any, zone: ZoneInfo, register: Register) -> Done:
    body = loads(bytes(row.body))
    who = body.get("who", {})
    persons = dict.fromkeys(register.one(p) for p in (row.person_id, who.get("for")) if p is not None)
    at: datetime = row.at
    # Whoever was asked to sign need not hold the post; who votes in a body, the body has seen to.
    post = None if body.get("signing") or row.what == "vote.cast" else who.get("post")
    return Done(row.node, tuple(persons), at, at.astimezone(zone).date(), row.seq, post, row.what)


def _recused(ids: Sequence[int], register: Register) -> dict[int, dict[int, datetime]]:
    """Case -> who was found biased in it, and since when."""
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for row in db.session.execute(
        select(Recusal.case_id, Recusal.person_id, Recusal.recorded_at, Recusal.decided_at)
        .where(Recusal.case_id.in_(ids), Recusal.standing == Standing.EFFECTIVE)
    ):
        found[row.case_id][register.one(row.person_id)] = row.decided_at or row.recorded_at
    return found


def _of_parties(parties: set[str], register: Register) -> dict[str, list[tuple[int, str, Done]]]:
    """Party -> (case, process, act) in all its cases, where a rule looks beyond one case."""
    if not any(
        c.kind in ("rotate", "apart") or c.scope == "party"
        for d in definitions.all_active() for c in meaning(d.id).process.constraints
    ):
        return {}
    found: dict[str, list[tuple[int, str, Done]]] = defaultdict(list)
    wanted = iter(sorted(parties))
    while some := list(islice(wanted, BATCH)):
        rows = db.session.execute(select(Case.id, Case.party, Case.definition_id).where(Case.party.in_(some))).all()
        for start in range(0, len(rows), BATCH):
            chunk = rows[start:start + BATCH]
            acts = _acts([row.id for row in chunk], register)
            for row in chunk:
                key = meaning(row.definition_id).key
                found[row.party] += [(row.id, key, act) for act in acts.get(row.id, _Acts()).done]
    return found


def _others(near: Iterable[tuple[int, str, Done]], case_id: int) -> Mapping[str, Sequence[Done]]:
    found: dict[str, list[Done]] = defaultdict(list)
    for other, key, act in near:
        if other != case_id:
            found[key].append(act)
    return found
