"""领导分工制约 LS-1 to LS-8 (domain.md §6.4): what leaders may be in charge of, and that somebody always is. Pure.

LS-1 to LS-4 say which portfolios one person may not have together. They are pairs of posts like any others, and only
this module makes them, from what the posts are in charge of; nobody declares them. LS-5 and LS-6 are about a decision
(:func:`may_decide`), LS-7 and LS-8 about who is in charge on which day (:func:`breaches`).
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Protocol

from ..kernel.separation import Objection
from ..kernel.text import Text
from . import rules
from .models import PostKind, Role, Scope

OVERALL, PERSONNEL, FINANCE, LOGISTICS = "overall", "personnel", "finance", "logistics"
CONSTRUCTION, INSPECTION, TAXATION, AFFAIRS, DISCIPLINE = (
    "construction", "inspection", "taxation", "affairs", "discipline",
)
#: The fields the rules speak of, and what people call them. An office may have others, under any word.
DOMAINS: Mapping[str, Text] = {
    OVERALL: Text("全面工作", "overall"), PERSONNEL: Text("人事", "personnel"), FINANCE: Text("财务", "finance"),
    LOGISTICS: Text("后勤保障", "logistics"), CONSTRUCTION: Text("基建", "construction"),
    INSPECTION: Text("稽查", "inspection"), TAXATION: Text("税务管理", "tax administration"),
    AFFAIRS: Text("政务", "office affairs"), DISCIPLINE: Text("纪检", "discipline"),
}
_CALLED = {text.zh: word for word, text in DOMAINS.items()} | {
    "人事教育": PERSONNEL, "财务管理": FINANCE, "后勤": LOGISTICS, "基本建设": CONSTRUCTION, "税政": TAXATION,
    "办公室": AFFAIRS, "纪检监察": DISCIPLINE, "监督": DISCIPLINE,
}
#: What the principal leader leaves to others (LS-1, LS-6).
NEVER_PRINCIPAL = frozenset({PERSONNEL, FINANCE, CONSTRUCTION})

CLAUSES: Mapping[str, str] = {
    "LS-1": "领导分工制约 LS-1：主要领导不直接分管人事、财务、基建",
    "LS-2": "领导分工制约 LS-2：分管稽查的不分管税务管理",
    "LS-3": "领导分工制约 LS-3：分管财务的不分管后勤保障",
    "LS-4": "领导分工制约 LS-4：纪检组长不分管其他业务",
    "LS-5": "领导分工制约 LS-5：只决定本人分管的事项",
    "LS-6": "领导分工制约 LS-6：人事、财务、基建事项，主要领导只主持集体决策、末位表态",
    "LS-7": "领导分工制约 LS-7：代管不得突破 LS-1 至 LS-4，不超过规定天数",
    "LS-8": "领导分工制约 LS-8：每项分工任何一天有且只有一位领导",
}
_APART = (
    ("LS-1", frozenset({OVERALL}), NEVER_PRINCIPAL), ("LS-2", frozenset({INSPECTION}), frozenset({TAXATION})),
    ("LS-3", frozenset({FINANCE}), frozenset({LOGISTICS})),
)


class _Post(Protocol):
    code: str
    kind: PostKind
    domain: str | None


class _PlacedPost(_Post, Protocol):
    department_code: str | None


def canonical(word: str) -> str:
    """The word of a field that may be written in Chinese (``财务``) or as itself (``finance``)."""
    return _CALLED.get(word, word)


def words(domain: str | None) -> frozenset[str]:
    """The fields in a post's ``domain``."""
    return frozenset(canonical(word) for word in (domain or "").split())


def charge(post: _Post) -> frozenset[str]:
    """What a leader's post is in charge of: its fields, or where none is written just itself; nothing for others."""
    if post.kind is not PostKind.LEADERSHIP:
        return frozenset()
    return words(post.domain) or frozenset({post.code})


def called(domain: str) -> Text:
    """What to call a field."""
    return DOMAINS.get(domain, Text(domain, domain))


def excluding(one: Collection[str], other: Collection[str]) -> str | None:
    """The rule of LS-1 to LS-4 under which two posts' fields may not be in one hand, if any."""
    for rule, left, right in _APART:
        if (left & set(one) and right & set(other)) or (left & set(other) and right & set(one)):
            return rule
    return "LS-4" if (DISCIPLINE in one) != (DISCIPLINE in other) else None


def within(fields: Collection[str]) -> str | None:
    """The rule that a single post with these fields would break, if any."""
    return next((rule for a, b in combinations(sorted(fields), 2) if (rule := excluding({a}, {b}))), None)


def apart(posts: Iterable[_Post]) -> list[rules.Pair]:
    """The pairs of posts that LS-1 to LS-4 keep apart."""
    charges = {post.code: charge(post) for post in posts if post.kind is PostKind.LEADERSHIP}
    return [
        rules.Pair(a, b, Scope.PERSON, CLAUSES[rule], rule)
        for a, b in combinations(sorted(charges), 2) if (rule := excluding(charges[a], charges[b]))
    ]


def pairs(posts: Iterable[_PlacedPost], declared: Iterable[rules.Declared]) -> list[rules.Pair]:
    """Every pair of posts one person may not have: those the leaders' rules make and those the office declared."""
    posts = list(posts)
    return rules.pairs(posts, declared, apart(posts))


def may_decide(post: _Post, domain: str | None) -> Objection | None:
    """LS-5 and LS-6: whether the holder of a post may alone decide a matter of a field.

    Args:
        post: the post of the node, a body's or an officer's too: neither is bound by these rules.
        domain: the field of the process; None binds nobody.

    Returns:
        Why not; None where the post may.
    """
    if domain is None or post.kind is not PostKind.LEADERSHIP:
        return None
    field, mine = canonical(domain), charge(post)
    name = called(field)
    if OVERALL in mine:
        if field not in NEVER_PRINCIPAL:
            return None
        return objection("LS-6", Text(
            f"{name.zh}事项须经集体决策，主要领导不得单独签批（{post.code}）。",
            f"A matter of {name.en} is decided by a body; the principal leader ({post.code}) may not sign it alone.",
        ))
    if field in mine:
        return None
    return objection("LS-5", Text(
        f"岗位 {post.code} 不分管{name.zh}，不能决定此事项。",
        f"The post {post.code} is not in charge of {name.en} and may not decide this.",
    ))


def objection(rule: str, because: Text) -> Objection:
    """What a rule of this module says against something."""
    return Objection(rule, "portfolio", CLAUSES[rule], "", because)


@dataclass(frozen=True, slots=True)
class Tenure:
    """Somebody holding a leader's post for some days, both included."""

    person: int
    name: str
    post: str
    role: Role
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Breach:
    """Days on which LS-7 or LS-8 does not hold, both included; ``until`` None: without an end.

    ``kind``: ``gap`` (nobody in charge), ``overlap`` (more than one), ``long`` (an acting leader for too long).
    """

    rule: str
    kind: str
    domain: str
    since: date
    until: date | None
    people: tuple[int, ...]
    names: tuple[str, ...]

    def covers(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)

    def objection(self) -> Objection:
        name, who = called(self.domain), "、".join(self.names)
        who_en = ", ".join(self.names)
        days = _days(self.since, self.until)
        said = {
            "gap": Text(f"{days.zh}{name.zh}无人负责；每项分工任何一天须有一位领导。",
                        f"{days.en} nobody is in charge of {name.en}; a portfolio has one leader on every day."),
            "overlap": Text(f"{days.zh}{name.zh}有不止一位领导：{who}；同一时间只能有一位。",
                            f"{days.en} more than one is in charge of {name.en}: {who_en}; "
                            "a portfolio has one leader at a time."),
            "long": Text(f"{who}代管{name.zh}超过规定天数（{days.zh}）。",
                         f"{who_en} would act as leader for {name.en} for too long ({days.en})."),
        }[self.kind]
        return objection(self.rule, said)


def breaches(
    posts: Iterable[_Post], tenures: Iterable[Tenure], away: Mapping[int, Iterable[tuple[date, date | None]]],
    *, acting_days: int,
) -> list[Breach]:
    """Every day, of all there are, on which LS-7 or LS-8 does not hold.

    In charge of a field is who holds its post; on days that leader is away the acting leader (代管), or failing one a
    deputy (B 岗) who is there; where the post is vacant the acting leader only.

    Args:
        posts: all posts, or only the leaders'.
        tenures: who holds them, held them, and will.
        away: person -> days away, of those people at least.
        acting_days: how long an acting leader may go on (LS-7).
    """
    fields: dict[str, set[str]] = {}
    for post in posts:
        for field in charge(post):
            fields.setdefault(field, set()).add(post.code)
    tenures = list(tenures)
    absent = {person: list(spans) for person, spans in away.items()}
    found = []
    for field in sorted(fields):
        here = [tenure for tenure in tenures if tenure.post in fields[field]]
        found += _too_long(field, here, acting_days) + _one_leader(field, here, absent)
    return found


def worse(before: Iterable[Breach], after: Iterable[Breach]) -> list[Breach]:
    """What an edit broke: the days of ``after`` that were not broken the same way ``before``."""
    known: dict[tuple[str, str, str], list[Breach]] = {}
    for breach in before:
        known.setdefault((breach.rule, breach.kind, breach.domain), []).append(breach)
    found = []
    for breach in after:
        left = [(breach.since, _last(breach.until))]
        for old in known.get((breach.rule, breach.kind, breach.domain), []):
            left = [part for span in left for part in _without(span, (old.since, _last(old.until)))]
        found += [replace(breach, since=a, until=None if b == date.max else b) for a, b in left]
    return found


def during(found: Iterable[Breach], since: date, until: date) -> list[Breach]:
    """The part of the breaches that lies between two days, both included."""
    return [
        replace(breach, since=max(breach.since, since), until=min(_last(breach.until), until))
        for breach in found if breach.since <= until and _last(breach.until) >= since
    ]


def _too_long(field: str, tenures: Sequence[Tenure], most: int) -> list[Breach]:
    """LS-7; one acting term right after another of the same person is one term."""
    terms: list[Tenure] = []
    for tenure in sorted((t for t in tenures if t.role is Role.ACTING), key=lambda t: (t.person, t.since)):
        last = terms[-1] if terms else None
        if last is not None and last.person == tenure.person and _next(last.until) >= tenure.since:
            ends = max(_last(last.until), _last(tenure.until))
            terms[-1] = replace(last, until=None if ends == date.max else ends)
        else:
            terms.append(tenure)
    return [
        Breach("LS-7", "long", field, term.since, term.until, (term.person,), (term.name,))
        for term in terms if (_last(term.until) - term.since).days + 1 > most
    ]


def _one_leader(
    field: str, tenures: Sequence[Tenure], away: Mapping[int, Sequence[tuple[date, date | None]]]
) -> list[Breach]:
    """LS-8, span by span: nothing changes between two cuts, so one day of a span speaks for all."""
    spans = [(t.since, t.until) for t in tenures]
    spans += [span for person in {t.person for t in tenures} for span in away.get(person, ())]
    cuts = sorted({date.min, date.max, *(a for a, _ in spans), *(_next(b) for _, b in spans)})
    found: list[Breach] = []
    for first, following in pairwise(cuts):
        until = None if following == date.max else following - timedelta(days=1)
        now = [t for t in tenures if t.since <= first <= _last(t.until)]
        kind, people = _in_charge(now, {p for p in {t.person for t in now} if _within(first, away.get(p, ()))})
        if kind is None:
            continue
        names = {t.person: t.name for t in now}
        breach = Breach("LS-8", kind, field, first, until, people, tuple(names[p] for p in people))
        last = found[-1] if found else None
        if last is not None and (last.kind, last.people) == (kind, people) and _next(last.until) == first:
            found[-1] = replace(last, until=until)
        else:
            found.append(breach)
    return found


def _in_charge(now: Sequence[Tenure], away: Collection[int]) -> tuple[str | None, tuple[int, ...]]:
    """What is wrong with those who hold a field's posts on one day: (kind of breach or None, whose)."""
    of = {role: {t.person for t in now if t.role is role} for role in Role}
    leaders, acting = of[Role.A], of[Role.ACTING]
    at_work = leaders - set(away)
    several = leaders if len(leaders) > 1 else acting if len(acting) > 1 else leaders | acting if at_work else set()
    if len(several) > 1:
        return "overlap", tuple(sorted(several))
    standing_in = acting | (of[Role.B] if leaders else set())
    return (None, ()) if at_work or standing_in - set(away) else ("gap", ())


def _within(on: date, spans: Iterable[tuple[date, date | None]]) -> bool:
    return any(since <= on <= _last(until) for since, until in spans)


def _last(until: date | None) -> date:
    return until or date.max


def _next(until: date | None) -> date:
    return date.max if until is None or until == date.max else until + timedelta(days=1)


def _without(span: tuple[date, date], hole: tuple[date, date]) -> list[tuple[date, date]]:
    (a, b), (x, y) = span, hole
    if y < a or x > b:
        return [span]
    left = [(a, x - timedelta(days=1))] if x > a else []
    return left + ([(y + timedelta(days=1), b)] if y < b else [])


def _days(since: date, until: date | None) -> Text:
    if until is None:
        return Text("一直", "Always,") if since == date.min else Text(f"自 {since} 起", f"From {since} on")
    if since == date.min:
        return Text(f"{until} 及以前", f"Until {until}")
    if since == until:
        return Text(f"{since} ", f"On {since}")
    return Text(f"{since} 至 {until} ", f"From {since} to {until}")
