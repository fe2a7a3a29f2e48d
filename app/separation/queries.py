"""Questions of the desk: cases that have stalled, findings, refusals, what was overridden."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from .. import clock
from ..cases import queries as cases
from ..cases.acts import Acts
from ..cases.models import Case, CaseStatus, ControlKind, DualControl
from ..cases.permissions import sees
from ..change import Actor
from ..definitions.queries import Meaning, meaning
from ..errors import NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.values import loads
from ..trail.models import Entry
from .impasse import Impasse, impasse
from .models import Finding, FindingState, Review, Stalled
from .permissions import Part

#: How far the desk looks back, and how many refusals it counts at most.
LATELY = timedelta(days=7)
COUNTED = 5_000


@dataclass(frozen=True, slots=True)
class StalledCase:
    """A case that nobody can go on with. ``visible``: whether the asker may open the case itself."""

    id: int
    case_id: int
    number: str
    title: str
    process: Text
    since: datetime
    until: datetime | None
    nodes: tuple[Text, ...]
    because: Text
    remedies: tuple[Text, ...]
    escalated: bool
    visible: bool


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often a rule of a process has refused somebody lately."""

    process: Text
    constraint: str
    basis: str
    because: Text
    number: int


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A finding with the number of its case; ``visible`` as above."""

    finding: Finding
    number: str | None
    process: Text | None
    visible: bool

    @property
    def because(self) -> Text:
        return Text(self.finding.zh, self.finding.en)

    @property
    def acts(self) -> list[dict[str, Any]]:
        return loads(self.finding.acts)


# -- stalled cases ------------------------------------------------------------------------------------------------------

def stalled(part: Part, *, actor: Actor, role: str | None, lately: bool = False, limit: int = 200) -> list[StalledCase]:
    """The cases nobody can go on with, the longest first; with ``lately`` those that had no plan and have one again,
    the latest first."""
    query = select(Stalled, Case).join(Case, Case.id == Stalled.case_id).limit(limit * 5)
    query = (
        query.where(Stalled.until >= clock.now() - LATELY).order_by(Stalled.until.desc()) if lately
        else query.where(Stalled.until.is_(None)).order_by(Stalled.since)
    )
    office, found = cases.office_now(), []
    for row, case in db.session.execute(query):
        what = meaning(case.definition_id)
        if part.covers(what) and len(found) < limit:
            visible = sees(case, Acts.read(case.acts), actor.person_id, office, role)
            found.append(StalledCase(
                row.id, case.id, case.number, case.title if visible else "", what.names, row.since, row.until,
                tuple(what.node(node).label for node in loads(row.nodes)), Text(row.zh, row.en),
                tuple(Text(remedy["zh"], remedy["en"]) for remedy in loads(row.remedies)), row.escalated, visible,
            ))
    return found


def standstill(case_id: int) -> Impasse | None:
    """Why nobody can go on with a case as it is now; None where somebody can. For whoever has just been refused."""
    row = db.session.get(Case, case_id)
    if row is None or row.status not in (CaseStatus.RUNNING, CaseStatus.SUSPENDED):
        return None
    return impasse(meaning(row.definition_id).rules, cases.office_now(), cases.facts_of(row))


# -- refusals -----------------------------------------------------------------------------------------------------------

def refusals(part: Part) -> list[Refusals]:
    """What was refused in the last days, counted by process and rule, the most frequent first."""
    rows = db.session.execute(
        select(Entry.case_id, Entry.body, Case.definition_id).join(Case, Case.id == Entry.case_id)
        .where(Entry.what.in_(("work_item.refused", "case.refused")), Entry.at >= clock.now() - LATELY)
        .order_by(Entry.id.desc()).limit(COUNTED)
    ).all()
    counted: Counter[tuple[int, str]] = Counter()
    said: dict[tuple[int, str], Mapping[str, Any]] = {}
    for row in rows:
        for objection in loads(bytes(row.body)).get("objections", ()):
            key = (row.definition_id, objection["constraint"])
            counted[key] += 1
            said.setdefault(key, objection)
    found = []
    for key, number in counted.most_common():
        what = meaning(key[0])
        if part.covers(what):
            found.append(Refusals(what.names, key[1], said[key].get("basis", ""), _demand(what, key[1]), number))
    return found


#: What the gate calls its own reasons, which are no rule of a diagram.
_GATE = {
    "post": Text("不在岗位", "does not hold the post"), "absent": Text("不在岗", "absent"),
    "incompatible": Text("不相容岗位", "incompatible posts"), "recused": Text("已裁定回避", "found biased in the case"),
    "look-ahead": Text("后续无人可办", "nobody would be left for later"), "undecided": Text("未能判定", "undecided"),
    "proxy": Text("没有代理权", "no proxy covers it"),
}


def _demand(what: Meaning, constraint: str) -> Text:
    """What a rule is called: its kind and the tasks it speaks of, without naming a person."""
    written = next((c for c in what.process.constraints if c.id == constraint), None)
    if written is None:
        return _GATE.get(constraint, Text(constraint, constraint))
    tasks = [node.label for key, node in what.process.user_tasks.items() if key in written.nodes]
    tasks = tasks if "*" not in written.nodes else [Text("各环节", "all tasks")]
    kind = KINDS.get(written.kind, Text(written.kind, written.kind))
    return Text(
        f"{kind.zh}：{'、'.join(t.zh for t in tasks)}", f"{kind.en}: {', '.join(t.en for t in tasks)}"
    ) if tasks else kind


KINDS = {
    "differ": Text("须由不同人员办理", "different people"), "same": Text("须由同一人办理", "the same person"),
    "people": Text("人数要求", "number of people"), "departments": Text("须由不同部门办理", "different departments"),
    "senior": Text("须由上级办理", "a senior decides"), "recuse": Text("回避", "recusal"),
    "rotate": Text("轮换", "rotation"), "apart": Text("隔离", "kept apart"), "draw": Text("随机抽取", "drawn by lot"),
    "collective": Text("集体决策", "collective decision"), "release": Text("解除", "release"),
    "post": Text("不在岗位", "not in post"), "incompatible": Text("不相容岗位", "incompatible posts"),
    "recused": Text("已裁定回避", "found biased"),
    "portfolio": Text("领导分工", "leaders' portfolios"), "proxy": Text("代理", "proxy"),
    "absent": Text("不在岗", "absent"), "look-ahead": Text("后续无人可办", "nobody left for later"),
    "undecided": Text("未能判定", "undecided"),
}


# -- findings -----------------------------------------------------------------------------------------------------------

def findings(
    part: Part, *, actor: Actor, role: str | None, state: FindingState | None = FindingState.OPEN, limit: int = 200
) -> list[FoundCase]:
    """What the reviews have found, the latest first. Leaders see those of their processes' cases."""
    query = select(Finding).order_by(Finding.id.desc()).limit(limit * 5)
    if state is not None:
        query = query.where(Finding.state == state)
    found = []
    for row in db.session.scalars(query):
        one = _found(row, part, actor, role)
        if one is not None and len(found) < limit:
            found.append(one)
    return found


def finding(finding_id: int, part: Part, *, actor: Actor, role: str | None) -> FoundCase:
    """One finding.

    Raises:
        NotFound: there is none, or it is not in the asker's part.
    """
    row = db.session.get(Finding, finding_id)
    found = _found(row, part, actor, role) if row is not None else None
    if found is None:
        raise NotFound(Text("没有这项发现", "there is no such finding"))
    return found


def _found(row: Finding, part: Part, actor: Actor, role: str | None) -> FoundCase | None:
    if row.case_id is None:
        return FoundCase(row, None, None, False) if part.fields is None else None
    case = db.session.get_one(Case, row.case_id)
    what = meaning(case.definition_id)
    if not part.covers(what):
        return None
    visible = sees(case, Acts.read(case.acts), actor.person_id, cases.office_now(), role)
    return FoundCase(row, case.number, what.names, visible)


def last_review() -> Review | None:
    """The latest review of history."""
    return db.session.scalars(select(Review).order_by(Review.day.desc()).limit(1)).first()


def people_in(found: Sequence[FoundCase]) -> set[int]:
    """Everybody some findings speak of."""
    ids = {person for one in found for act in one.acts for person in act.get("persons", ())}
    ids |= {p for one in found for p in (one.finding.person_id, one.finding.explained_by) if p is not None}
    return ids


def labels_of(found: FoundCase) -> dict[str, Text]:
    """What the nodes of a finding's acts are called."""
    if found.finding.case_id is None:
        return {}
    what = meaning(db.session.get_one(Case, found.finding.case_id).definition_id)
    known = what.process.scope.everything
    return {act["node"]: known[act["node"]].label for act in found.acts if act["node"] in known}


# -- dual control -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class Control:
    """An emergency override, in force or used lately: who asked, who confirmed, for whom."""

    case_id: int
    number: str
    state: Text
    asked_by: int
    confirmed_by: int | None
    person: int | None
    at: datetime
    reason: str
    visible: bool


def overrides(part: Part, *, actor: Actor, role: str | None, limit: int = 50) -> list[Control]:
    """Emergency overrides that wait for a second person, are in force, or were used or confirmed lately."""
    now = clock.now()
    rows = db.session.execute(
        select(DualControl, Case).join(Case, Case.id == DualControl.case_id)
        .where(DualControl.kind == ControlKind.OVERRIDE, DualControl.declined_at.is_(None), or_(
            DualControl.expires_at > now, DualControl.used_at >= now - LATELY,
            DualControl.confirmed_at >= now - LATELY,
        )).order_by(DualControl.id.desc()).limit(limit)
    )
    office = cases.office_now()
    return [
        Control(
            case.id, case.number, _state(row, now), row.asked_by, row.confirmed_by, row.person_id,
            row.used_at or row.confirmed_at or row.asked_at, row.reason,
            sees(case, Acts.read(case.acts), actor.person_id, office, role),
        ) for row, case in rows if part.covers(meaning(case.definition_id))
    ]


def _state(row: DualControl, now: datetime) -> Text:
    if row.used_at is not None:
        return Text("已使用", "used")
    if row.expires_at <= now:
        return Text("已失效", "expired unused")
    return Text("生效中", "in force") if row.confirmed_at is not None else Text("待确认", "to be confirmed")
