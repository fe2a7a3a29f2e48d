"""Static separation: which posts one person may not hold together (domain.md §1). Pure: no database."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from .models import PostKind, Role, Scope

BUSINESS = "@business"


class _Post(Protocol):
    code: str
    department_code: str | None
    kind: PostKind


class Declared(Protocol):
    """A rule as the office wrote it down."""

    post_code: str
    other: str
    scope: Scope
    basis: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two posts kept apart, the smaller code first. ``rule``: what an objection under it is called."""

    a: str
    b: str
    scope: Scope
    basis: str
    rule: str = "incompatible"


def expand(pattern: str, posts: Iterable[_Post], *, besides: str) -> frozenset[str]:
    """The posts a pattern means.

    Args:
        pattern: a post's code; ``CW.*``, every post of department CW; ``@business``, every post that does business.
        posts: all posts of the office.
        besides: the post on the rule's other side, which is never kept apart from itself.
    """
    if pattern == BUSINESS:
        found = (post.code for post in posts if post.kind is PostKind.BUSINESS)
    elif pattern.endswith(".*"):
        found = (post.code for post in posts if post.department_code == pattern[:-2])
    else:
        found = (post.code for post in posts if post.code == pattern)
    return frozenset(found) - {besides}


def pairs(posts: Iterable[_Post], rules: Iterable[Declared], given: Iterable[Pair] = ()) -> list[Pair]:
    """All rules with their patterns expanded, each pair of posts once, in the order of their codes.

    A pair under two rules keeps the stricter one (person before case).

    Args:
        posts: all posts of the office.
        rules: as they were declared.
        given: pairs that are known already, from elsewhere.
    """
    posts = list(posts)
    found: dict[tuple[str, str], Pair] = {(pair.a, pair.b): pair for pair in given}
    for rule in rules:
        for other in expand(rule.other, posts, besides=rule.post_code):
            a, b = sorted((rule.post_code, other))
            known = found.get((a, b))
            if known is None or (known.scope is Scope.CASE and rule.scope is Scope.PERSON):
                found[a, b] = Pair(a, b, rule.scope, rule.basis)
    return [found[key] for key in sorted(found)]


@dataclass(frozen=True, slots=True)
class Held:
    """A post somebody holds for some days."""

    post: str
    since: date
    until: date | None
    department: str | None = None


def overlap(a: Held, b: Held) -> bool:
    """Whether there is a day on which both are held."""
    return a.since <= (b.until or date.max) and b.since <= (a.until or date.max)


def clashes(held: Iterable[Held], rules: Iterable[Pair]) -> Iterator[tuple[Held, Held, Pair]]:
    """Every two posts among one person's that may never be held on the same day, with the rule that says so."""
    apart = {(pair.a, pair.b): pair for pair in rules if pair.scope is Scope.PERSON}
    held = list(held)
    for i, one in enumerate(held):
        for other in held[:i]:
            pair = apart.get((min(one.post, other.post), max(one.post, other.post)))
            if pair is not None and overlap(one, other):
                yield other, one, pair


def rank(level: int, role: Role) -> int:
    """The seniority a post gives: its level; one less to a deputy (B 岗), who stands in but is not the head."""
    return max(level - 1, 0) if role is Role.B else level
