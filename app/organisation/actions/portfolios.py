"""Several changes of who leads what, at once: the rules are asked when all is done, so that one can follow another."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...change import Actor, Change
from ...errors import Invalid
from ...kernel.text import Text
from .. import queries
from . import appointments, common, people
from .common import changing

#: What a change may be: its arguments, those that may be left out, and what does it, inside a change.
_CHANGES: Mapping[str, tuple[frozenset[str], frozenset[str], Callable[..., Any]]] = {
    "end": (frozenset({"appointment_id", "until"}), frozenset(), appointments.end),
    "retire": (frozenset({"person_id", "on"}), frozenset(), people.leave),
    "back": (frozenset({"absence_id", "until"}), frozenset(), people.come_back),
    "away": (frozenset({"person_id", "since", "reason"}), frozenset({"until"}), people.go),
    "appoint": (frozenset({"person_id", "post_code", "since"}), frozenset({"until", "role", "department_code"}),
                appointments.give),
}


def arrange_portfolios(changes: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[int]:
    """Change who leads what, all of it or nothing: whoever leaves and whoever follows, in one transaction.

    Args:
        changes: each with ``do`` and its arguments: ``end`` (appointment_id, until), ``retire`` (person_id, on),
            ``back`` (absence_id, until), ``away`` (person_id, since, until?, reason), ``appoint`` (the arguments of
            :func:`appoint`). What ends is done before what begins, whatever the order.

    Returns:
        The ids of the appointments given, in the order in which they were asked for.

    Raises:
        As the single verbs do; the first change that cannot be made stops all of them.
        Refused: afterwards a portfolio would have nobody in charge on some day, or two, or an acting leader for too
            long (LS-7, LS-8).
    """
    asked = _read(list(changes))
    with changing("portfolios.arranged", actor) as c, common.leaders_kept(Text(
        "不能这样调整领导分工。", "The leaders' portfolios cannot be arranged like this."
    )):
        apart = queries.pairs()
        given: list[int] = []
        for kind, (_, _, act) in _CHANGES.items():
            for done, arguments in asked:
                if done == kind:
                    _do(c, act, arguments, apart, given)
        c.entry("portfolios.arranged", changes=len(asked), appointments=given)
    return given


def _do(
    c: Change, act: Callable[..., Any], arguments: Mapping[str, Any], apart: list[Any], given: list[int]
) -> None:
    if act is appointments.give:
        given.append(appointments.give(c, apart, **arguments))
    else:
        act(c, **arguments)


def _read(changes: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    errors: dict[str, list[Text]] = {}
    found = []
    for at, change in enumerate(changes):
        kind = change.get("do") if isinstance(change, Mapping) else None
        if not isinstance(kind, str) or kind not in _CHANGES:
            errors[f"changes.{at}.do"] = [Text(
                f"只能是：{'、'.join(_CHANGES)}。", f"Must be one of {', '.join(_CHANGES)}."
            )]
            continue
        needed, optional, _ = _CHANGES[kind]
        arguments = {key: value for key, value in change.items() if key != "do"}
        for key in needed - arguments.keys():
            errors[f"changes.{at}.{key}"] = [Text("必须填写。", "Must be filled in.")]
        for key in arguments.keys() - needed - optional:
            errors[f"changes.{at}.{key}"] = [Text("没有这一项。", "There is no such argument.")]
        found.append((kind, arguments))
    if not changes:
        errors["changes"] = [Text("没有任何变更。", "There is nothing to change.")]
    if errors:
        raise Invalid(errors)
    return found
