"""What the rules say about the past: breaches that happened while a rule was missing, or came in by another road. Pure.

The edits let nothing in; this reads history again under today's rules, as an auditor would (separation.md §5, nightly).
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ..kernel.text import Text
from . import portfolios, rules
from .models import Scope
from .proxies import Standing


@dataclass(frozen=True, slots=True)
class Finding:
    """Days, both included, on which a rule did not hold. ``rule``: ``incompatible``, ``LS-1`` …, or ``proxy``."""

    rule: str
    basis: str
    since: date
    until: date
    people: tuple[int, ...]
    names: tuple[str, ...]
    posts: tuple[str, ...]
    because: Text


def review(
    *, held: Mapping[int, Sequence[rules.Held]], names: Mapping[int, str], apart: Iterable[rules.Pair],
    breaches: Iterable[portfolios.Breach], proxies: Iterable[Standing], since: date, until: date,
) -> list[Finding]:
    """Everything that was not as the rules of today want it, between two days, in the order of days.

    Args:
        held: person -> every post held, past and to come.
        names: person -> name.
        apart: all pairs of posts that are kept apart.
        breaches: every breach of LS-7 and LS-8 there is.
        proxies: every proxy there was, its last day the day it was really over.
        since, until: first and last day looked at.
    """
    apart = [pair for pair in apart if pair.scope is Scope.PERSON]
    found = [
        *_posts(held, names, apart), *_proxies(held, names, apart, proxies), *_leaders(breaches, since, until),
    ]
    clipped = [
        Finding(f.rule, f.basis, max(f.since, since), min(f.until, until), f.people, f.names, f.posts, f.because)
        for f in found if f.since <= until and f.until >= since
    ]
    return sorted(clipped, key=lambda f: (f.since, f.until, f.rule, f.people, f.posts))


def _posts(
    held: Mapping[int, Sequence[rules.Held]], names: Mapping[int, str], apart: Sequence[rules.Pair]
) -> list[Finding]:
    found = []
    for person, posts in held.items():
        for one, other, pair in rules.clashes(posts, apart):
            first, last = _both(one, other)
            name = names.get(person, f"#{person}")
            found.append(Finding(pair.rule, pair.basis, first, last, (person,), (name,), (one.post, other.post), Text(
                f"{name}同时任 {one.post} 和 {other.post}。", f"{name} held {one.post} and {other.post} at once.",
            )))
    return found


def _proxies(
    held: Mapping[int, Sequence[rules.Held]], names: Mapping[int, str], apart: Sequence[rules.Pair],
    proxies: Iterable[Standing],
) -> list[Finding]:
    """Days on which a delegate could act at a post that is incompatible with one of their own."""
    pairs = {(pair.a, pair.b): pair for pair in apart}
    found = []
    for proxy in proxies:
        during = rules.Held("", proxy.since, proxy.until)
        theirs = [one for one in held.get(proxy.principal, ()) if proxy.posts is None or one.post in proxy.posts]
        for one in theirs:
            for own in held.get(proxy.delegate, ()):
                pair = pairs.get((min(one.post, own.post), max(one.post, own.post)))
                if pair is None or not rules.overlap(one, own):
                    continue
                first, last = _both(one, own)
                if not rules.overlap(rules.Held("", first, last), during):
                    continue
                people = (proxy.delegate, proxy.principal)
                delegate, principal = (names.get(p, f"#{p}") for p in people)
                found.append(Finding(
                    "proxy", pair.basis, max(first, proxy.since), min(last, proxy.until), people,
                    (delegate, principal), (own.post, one.post), Text(
                        f"{delegate}任 {own.post}，又代理{principal}的 {one.post}。",
                        f"{delegate} held {own.post} and could act for {principal} at {one.post}.",
                    )))
    return found


def _leaders(breaches: Iterable[portfolios.Breach], since: date, until: date) -> list[Finding]:
    """LS-7 and LS-8. Before the first leader of a field the register says nothing, so nothing is held against it."""
    known = [b for b in breaches if b.kind != "gap" or b.since != date.min or b.until is None]
    return [
        Finding(b.rule, portfolios.CLAUSES[b.rule], b.since, b.until or date.max, b.people, b.names, (b.domain,),
                b.objection().because)
        for b in portfolios.during(known, since, until)
    ]


def _both(one: rules.Held, other: rules.Held) -> tuple[date, date]:
    """The days on which both are held."""
    return max(one.since, other.since), min(one.until or date.max, other.until or date.max)
