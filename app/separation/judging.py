"""A second opinion on what was done: the rules of separation read anew over the acts the trail has kept. Pure.

It shares no line with the gate, on purpose. It looks at one case as it was worked and asks of every rule whether it was
kept, as the rule is written today; the gate looks ahead, this looks back. Where a rule can be read more strictly or more
kindly, it is read kindly: a finding must be one.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Protocol

from ..kernel.bpmn.model import Constraint, Process
from ..kernel.text import Text


@dataclass(frozen=True, slots=True)
class Done:
    """One act as the trail has it.

    Attributes:
        persons: who did it; a delegate with the principal.
        seq: number of the entry in its chain.
        post: the post it was done in, as the entry says; None where nobody had to hold it.
        what: the entry's kind.
    """

    node: str
    persons: tuple[int, ...]
    at: datetime
    day: date
    seq: int
    post: str | None = None
    what: str = "work_item.completed"


@dataclass(frozen=True, slots=True)
class Worked:
    """A case as it was worked.

    Attributes:
        ended: whether nothing will be added: only then can a number be too small.
        passed: node -> numbers of the entries with which it was completed, for ``release``.
        sessions: node -> numbers of the entries with which a body's session on it was closed.
        recused: who was found biased in this case, and when.
        others: acts in other cases of the same party, by process.
    """

    process: Process
    acts: Sequence[Done]
    ended: bool = False
    party: str | None = None
    initiator: int | None = None
    passed: Mapping[str, Sequence[int]] = field(default_factory=dict)
    sessions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    recused: Mapping[int, datetime] = field(default_factory=dict)
    others: Mapping[str, Sequence[Done]] = field(default_factory=dict)


class World(Protocol):
    """What the register says of a day gone by; which posts are incompatible, it says as of today (``in_one_hand``: which
    may not even be held together)."""

    def departments(self, person: int, day: date) -> frozenset[str]: ...
    def posts(self, person: int, day: date) -> frozenset[str]: ...
    def rank(self, person: int, day: date) -> int: ...
    def biased(self, person: int, party: str, day: date) -> bool: ...
    def incompatible(self, one: str, other: str, *, in_one_hand: bool = False) -> str | None: ...
    def name(self, person: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that was not kept, by which acts."""

    kind: str
    rule: str
    basis: str
    because: Text
    acts: tuple[Done, ...]

    @property
    def persons(self) -> tuple[int, ...]:
        return tuple(sorted({person for act in self.acts for person in act.persons}))


def judge(case: Worked, world: World) -> Iterator[Breach]:
    """Every rule of the process, and of the organisation, that a case was not worked by."""
    for rule in case.process.constraints:
        reading = _READINGS.get(rule.kind)
        if reading is not None:
            for acts in _counted(rule, case):
                yield from reading(rule, acts, case, world)
    yield from _posts(case, world)
    for act in case.acts:
        for person in act.persons:
            if person in case.recused and act.at > case.recused[person]:
                yield _breach(Constraint("recused", "recused"), "{who}已回避本件，仍办理了{t}",
                              "{who} had stepped aside from the case and did {t}", [_alone(act, person)], case, world)


# -- which acts count ---------------------------------------------------------------------------------------------------

def _counted(rule: Constraint, case: Worked) -> Iterator[list[Done]]:
    """The acts a rule speaks of, once for every stretch between two releases."""
    nodes = set(rule.nodes) | {rule.options[k] for k in ("lower", "upper", "node") if rule.options.get(k)}
    acts = [act for act in case.acts if act.node in nodes or "*" in nodes]
    if rule.scope == "iteration":
        latest = {act.node: act for act in acts}
        acts = [act for act in acts if latest[act.node] is act]
    cuts = sorted(
        seq for other in case.process.constraints
        if other.kind == "release" and other.options.get("constraint") == rule.id
        for seq in case.passed.get(other.options.get("at", ""), ())
    )
    start = 0
    for cut in [*cuts, 1 << 62]:
        stretch = [act for act in acts if start <= act.seq < cut]
        if stretch:
            yield stretch
        start = cut


def _sentence(case: Worked, nodes: Iterable[str]) -> Text:
    tasks = case.process.user_tasks
    named = [tasks[node].label if node in tasks else Text(node, node) for node in dict.fromkeys(nodes)]
    return Text("、".join(f"“{n.zh}”" for n in named), ", ".join(f"“{n.en}”" for n in named))


def _clause(rule: Constraint) -> Text:
    return Text(f"(依据：{rule.basis})", f" ({rule.basis})") if rule.basis else Text("", "")


def _breach(rule: Constraint, zh: str, en: str, acts: Sequence[Done], case: Worked, world: World) -> Breach:
    who = "、".join(dict.fromkeys(world.name(p) for act in acts for p in act.persons))
    because = Text(zh + "{c}", en + "{c}").format(
        who=Text(who, who.replace("、", ", ")), t=_sentence(case, (act.node for act in acts)), c=_clause(rule)
    )
    return Breach(rule.kind, rule.id, rule.basis, because, tuple(acts))


# -- the rules, one by one ----------------------------------------------------------------------------------------------

def _differ(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    met: dict[tuple[int, str], Done] = {}
    for act in acts:
        for person in act.persons:
            met.setdefault((person, act.node), act)
    for person in sorted({person for person, _ in met}):
        mine = [act for (who, _), act in met.items() if who == person]
        if len(mine) > 1:
            yield _breach(rule, "{who}办理了须由不同人员办理的{t}",
                          "{t} had to be done by different people and were done by {who}",
                          [_alone(act, person) for act in mine], case, world)


def _alone(act: Done, person: int) -> Done:
    return replace(act, persons=(person,))


def _same(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    if len({act.node for act in acts}) > 1 and not frozenset.intersection(*(frozenset(act.persons) for act in acts)):
        yield _breach(rule, "{t}须由同一人办理，却由{who}办理", "{t} had to be done by one person and were done by {who}",
                      acts, case, world)


def _people(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    least, most = _number(rule, "min"), _number(rule, "max")
    everybody = {person for act in acts for person in act.persons}
    if most is not None and len(everybody) > most:
        yield _breach(rule, f"{{t}}至多由{most}人办理，实际{len(everybody)}人：{{who}}",
                      f"{{t}} may be done by {most} people at most and were done by {len(everybody)}: {{who}}",
                      acts, case, world)
    if least is not None and case.ended:
        pairs = {frozenset(act.persons) for act in acts}
        if len(acts) >= least and not _apart(pairs, least):
            yield _breach(rule, f"{{t}}至少由{least}名不同人员办理，实际只有：{{who}}",
                          f"{{t}} must be done by at least {least} different people and were done only by: {{who}}",
                          acts, case, world)


def _apart(acts: set[frozenset[int]], least: int) -> bool:
    """Whether ``least`` of the acts share nobody: a delegate and the principal are one."""
    if len(acts) > 12:       # then there are many people, and no way to look at all of them
        return len(frozenset().union(*acts)) >= least
    return any(
        all(not a & b for a, b in combinations(some, 2)) for some in combinations(acts, least)
    )


def _number(rule: Constraint, name: str) -> int | None:
    text = rule.options.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _departments(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    for one, other in combinations(acts, 2):
        if one.node == other.node:
            continue
        a = frozenset().union(*(world.departments(p, one.day) for p in one.persons))
        b = frozenset().union(*(world.departments(p, other.day) for p in other.persons))
        if a & b:
            yield _breach(rule, "{t}须由不同部门办理，却由同一部门的{who}办理",
                          "{t} had to be done by different departments and were done by {who} of one", [one, other],
                          case, world)


def _senior(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    lower = [act for act in acts if act.node == rule.options.get("lower")]
    upper = [act for act in acts if act.node == rule.options.get("upper")]
    for below in lower:
        for above in upper:
            high = max(world.rank(p, above.day) for p in above.persons)
            if high <= max(world.rank(p, below.day) for p in below.persons):
                yield _breach(rule, "{t}须由职级更高的人员作后一项，却由{who}办理",
                              "the latter of {t} must be done by somebody senior; they were done by {who}",
                              [below, above], case, world)


def _recuse(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    initiator = rule.options.get("party") in ("initiator", "applicant")
    party = f"person:{case.initiator}" if initiator and case.initiator else None if initiator else case.party
    if party is None:
        return
    for act in acts:
        if initiator and act is case.acts[0] and "*" in rule.nodes:
            continue         # applying is the one act the applicant must do
        for person in act.persons:
            if world.biased(person, party, act.day):
                yield _breach(rule, "{who}须回避而办理了{t}", "{who} had to step aside and did {t}",
                              [_alone(act, person)], case, world)


def _rotate(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    most, months = _number(rule, "max"), _number(rule, "months")
    if most is None or months is None:
        return
    for act in acts:
        since = act.day - timedelta(days=months * 31)      # kindly: months of 31 days, and only what lies wholly inside
        since = max(since, _months_before(act.day, months))
        for person in act.persons:
            before = [o for o in case.others.get(case.process.id, ()) if o.node == act.node and person in o.persons
                      and since < o.day <= act.day and o.at < act.at]
            if len(before) >= most:
                yield _breach(rule, f"{{who}}在{months}个月内第{len(before) + 1}次为同一当事人办理{{t}}，至多{most}次",
                              f"{{who}} did {{t}} for the same party {len(before) + 1} times in {months} months; "
                              f"{most} at most", [_alone(act, person)], case, world)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(max(year, 1), month + 1, min(day.day, 28))


def _kept_apart(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    process, _, node = rule.options.get("from", "").partition("/")
    for act in acts:
        for person in act.persons:
            if any(o.node == node and person in o.persons and o.at < act.at for o in case.others.get(process, ())):
                yield _breach(rule, f"{{who}}办理过同一当事人的“{process}/{node}”，不得办理{{t}}",
                              f"{{who}} had done “{process}/{node}” for the same party and may not do {{t}}",
                              [_alone(act, person)], case, world)


def _collective(rule: Constraint, acts: list[Done], case: Worked, world: World) -> Iterator[Breach]:
    last = 0
    for act in acts:
        if act.what == "work_item.completed":
            if not any(last < seq < act.seq for seq in case.sessions.get(act.node, ())):
                yield _breach(rule, "{t}须由集体讨论决定，却由{who}一人决定",
                              "{t} had to be decided by a body and was decided by {who}", [act], case, world)
            last = act.seq


_READINGS: Mapping[str, Callable[[Constraint, list[Done], Worked, World], Iterator[Breach]]] = {
    "differ": _differ, "same": _same, "people": _people, "departments": _departments, "senior": _senior,
    "recuse": _recuse, "rotate": _rotate, "apart": _kept_apart, "collective": _collective,
}


# -- posts --------------------------------------------------------------------------------------------------------------

def _posts(case: Worked, world: World) -> Iterator[Breach]:
    """Incompatible posts exercised by one person in the case, or held on the day of the act; a post not held at all."""
    done: dict[int, list[Done]] = {}
    for act in case.acts:
        for person in act.persons:
            done.setdefault(person, []).append(_alone(act, person))
        if act.post is not None and not any(act.post in world.posts(p, act.day) for p in act.persons):
            yield _breach(Constraint("post", "post"), f"办理{{t}}当日，{{who}}不在岗位“{act.post}”",
                          f"on the day of {{t}} {{who}} did not hold post “{act.post}”", [act], case, world)
    for person, acts in done.items():
        seen: set[tuple[str, str]] = set()
        for one, other in combinations(acts, 2):
            if one.post is None or other.post is None or (one.post, other.post) in seen:
                continue
            seen.add((one.post, other.post))
            basis = world.incompatible(one.post, other.post)
            if basis is not None:
                yield _breach(Constraint("incompatible", "incompatible", basis=basis),
                              f"{{who}}在同一件中行使了不相容岗位“{one.post}”和“{other.post}”，办理了{{t}}",
                              f"{{who}} exercised incompatible posts “{one.post}” and “{other.post}” in one case: {{t}}",
                              [one, other], case, world)
        for act in acts:
            for held in sorted(world.posts(person, act.day)):
                basis = world.incompatible(act.post, held, in_one_hand=True) if act.post and held != act.post else None
                if basis is not None and not seen & {(act.post, held), (held, act.post)}:
                    seen.add((act.post, held))
                    yield _breach(Constraint("incompatible", "incompatible", basis=basis),
                                  f"{{who}}以岗位“{act.post}”办理{{t}}时，还担任不相容的“{held}”",
                                  f"{{who}} did {{t}} in post “{act.post}” while holding the incompatible “{held}”",
                                  [act], case, world)
