"""授权代理: to whom somebody may leave what is theirs to do, and for how long (separation.md §4). Pure.

A proxy covers posts the principal holds himself, so nothing is ever handed on: what he does for somebody else is not
his to give. It neither survives the post nor makes the delegate its holder; at every act the gate asks both of them.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ..kernel.separation import Objection
from ..kernel.text import Text
from .models import PostKind, Scope
from .rules import Held, Pair, overlap

#: Kinds of post whose work another may do. A member of a body votes in person, and who administers the system has no
#: business to hand over.
DELEGABLE = frozenset({PostKind.LEADERSHIP, PostKind.BUSINESS, PostKind.SUPERVISION, PostKind.GENERAL})

CLAUSES: Mapping[str, str] = {
    "self": "授权代理：不得授权本人",
    "serving": "授权代理：代理人须在岗任职",
    "administrator": "三权分立：系统管理员不经办业务",
    "not-held": "授权代理：只能授权本人所任岗位，不得转委托",
    "in-person": "集体决策须本人逐人记名表决，不得委托（中办发〔2010〕17号）",
    "period": "授权代理：须有期限，不超过规定天数",
    "cycle": "授权代理：不得相互代理、循环代理",
    "duplicate": "授权代理：同一期间不重复授权",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A proxy as it is or would be given. ``posts``, ``processes``: None is all the principal has."""

    principal: int
    delegate: int
    since: date
    until: date
    posts: frozenset[str] | None = None
    processes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of the principal or the delegate. ``held``: every post, past and to come."""

    id: int
    name: str
    held: Sequence[Held]
    leaves: date | None = None
    serving: bool = True
    administrator: bool = False


def given(proxy: Standing, principal: Side, kinds: Mapping[str, PostKind]) -> frozenset[str]:
    """The posts a proxy comes to when it begins: those named, or all, of which the principal then holds and may give."""
    held = {one.post for one in principal.held if overlap(one, _day(one.post, proxy.since))}
    return frozenset(
        code for code in (held if proxy.posts is None else held & proxy.posts) if kinds.get(code) in DELEGABLE
    )


def objections(
    proxy: Standing, principal: Side, delegate: Side, *, kinds: Mapping[str, PostKind], names: Mapping[str, Text],
    apart: Iterable[Pair], others: Iterable[Standing], most: int,
) -> list[Objection]:
    """Everything that stands against giving a proxy.

    Args:
        proxy: as it would be given.
        principal, delegate: who gives it and who gets it.
        kinds, names: of every post, by code.
        apart: all pairs of posts that are kept apart.
        others: every proxy that has not been ended.
        most: the longest time, in days.
    """
    others = [other for other in others if _together(other, proxy)]
    return [
        *_between(proxy, principal, delegate, most), *_posts(proxy, principal, kinds, names),
        *_incompatible(proxy, principal, delegate, kinds, names, apart), *_cycle(proxy, others),
        *_duplicate(proxy, others),
    ]


def _between(proxy: Standing, principal: Side, delegate: Side, most: int) -> list[Objection]:
    found = []
    if principal.id == delegate.id:
        found.append(_objection("self", Text("不能授权给本人。", "Nobody is their own delegate.")))
    if not delegate.serving or (delegate.leaves is not None and delegate.leaves < proxy.until):
        leaves = delegate.leaves
        found.append(_objection("serving", Text(
            f"{delegate.name}将于 {leaves} 离岗，代理期间须一直在岗。" if leaves else f"{delegate.name}不在岗任职。",
            f"{delegate.name} leaves on {leaves} and must be in office all the time." if leaves
            else f"{delegate.name} is not in office.",
        )))
    if delegate.administrator:
        found.append(_objection("administrator", Text(
            f"{delegate.name}是系统管理员，不得代办业务。",
            f"{delegate.name} administers this system and may not act on business.",
        )))
    if (proxy.until - proxy.since).days + 1 > most:
        found.append(_objection("period", Text(
            f"代理期间最长 {most} 天。", f"A proxy lasts {most} days at most."
        )))
    return found


def _posts(
    proxy: Standing, principal: Side, kinds: Mapping[str, PostKind], names: Mapping[str, Text]
) -> list[Objection]:
    held = {one.post for one in principal.held if overlap(one, _day(one.post, proxy.since))}
    found = []
    for code in sorted(proxy.posts or ()):
        name = names.get(code, Text(code, code))
        if code not in held:
            found.append(_objection("not-held", Text(
                f"{principal.name}在 {proxy.since} 不任{name.zh}（{code}），不能授权他人。",
                f"{principal.name} does not hold {name.en} ({code}) on {proxy.since} and cannot leave it to anybody.",
            )))
        elif kinds.get(code) not in DELEGABLE:
            found.append(_in_person(kinds.get(code), name, code))
    if proxy.posts is None and not given(proxy, principal, kinds):
        found.append(_objection("not-held", Text(
            f"{principal.name}在 {proxy.since} 没有可以授权的岗位。",
            f"{principal.name} holds no post on {proxy.since} that could be left to anybody.",
        )))
    return found


def _in_person(kind: PostKind | None, name: Text, code: str) -> Objection:
    if kind is PostKind.COLLECTIVE:
        return _objection("in-person", Text(
            f"{name.zh}（{code}）是集体机构，成员须本人表决。", f"{name.en} ({code}) is a body; its members vote in person."
        ))
    return _objection("administrator", Text(
        f"{name.zh}（{code}）不能授权他人。", f"{name.en} ({code}) cannot be left to anybody."
    ))


def _incompatible(
    proxy: Standing, principal: Side, delegate: Side, kinds: Mapping[str, PostKind], names: Mapping[str, Text],
    apart: Iterable[Pair],
) -> list[Objection]:
    """The delegate would do the work of two posts one person may never have."""
    rules = {(pair.a, pair.b): pair for pair in apart if pair.scope is Scope.PERSON}
    mine = sorted({one.post for one in delegate.held if overlap(one, Held("", proxy.since, proxy.until))})
    found = []
    for code in sorted(given(proxy, principal, kinds)):
        for own in mine:
            pair = rules.get((min(code, own), max(code, own)))
            if pair is not None:
                there, here = names.get(code, Text(code, code)), names.get(own, Text(own, own))
                found.append(Objection(pair.rule, "proxy", pair.basis, "", Text(
                    f"{delegate.name}任{here.zh}（{own}），与 {code} {there.zh}不相容，不能代理：{pair.basis}",
                    f"{delegate.name} holds {here.en} ({own}), which is incompatible with {there.en} ({code}): "
                    f"{pair.basis}",
                )))
    return found


def _cycle(proxy: Standing, others: Collection[Standing]) -> list[Objection]:
    """The delegate has left what is theirs to somebody who, in turn, has left it to the principal."""
    reached, waiting = set(), [proxy.delegate]
    while waiting:
        person = waiting.pop()
        if person not in reached:
            reached.add(person)
            waiting += [other.delegate for other in others if other.principal == person]
    if proxy.principal not in reached or proxy.principal == proxy.delegate:
        return []
    return [_objection("cycle", Text(
        "代理人在同一期间已直接或辗转由被代理人代理。",
        "The delegate has, for some of these days, left their own work directly or in a round to the principal.",
    ))]


def _duplicate(proxy: Standing, others: Iterable[Standing]) -> list[Objection]:
    return [
        _objection("duplicate", Text(
            f"{other.since} 至 {other.until} 已对同一人授权同样的事项。",
            f"The same is left to the same person from {other.since} to {other.until} already.",
        ))
        for other in others
        if (other.principal, other.delegate) == (proxy.principal, proxy.delegate)
        and _meet(other.posts, proxy.posts) and _meet(other.processes, proxy.processes)
    ]


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or other is None or bool(one & other)


def _together(one: Standing, other: Standing) -> bool:
    return one.since <= other.until and other.since <= one.until


def _day(post: str, on: date) -> Held:
    return Held(post, on, on)


def _objection(rule: str, because: Text) -> Objection:
    return Objection(rule, "proxy", CLAUSES[rule], "", because)
