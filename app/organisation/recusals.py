"""One way in for every kind of record of the register of recusals: what the page and the API fill in, as a verb."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..change import Actor
from ..errors import Invalid
from ..kernel.text import Text
from ..registers import today
from . import actions
from .models import Source

_VERBS = {
    ("kinship", Source.DECLARED): actions.declare_kinship, ("kinship", Source.FOUND): actions.find_kinship,
    ("kinship", Source.REQUESTED): actions.request_kinship, ("interest", Source.DECLARED): actions.declare_interest,
    ("interest", Source.FOUND): actions.find_interest, ("interest", Source.REQUESTED): actions.request_interest,
}


def record(given: Mapping[str, Any], *, person: int, actor: Actor) -> str:
    """Record it today.

    Args:
        given: ``kind`` (kinship or interest), ``source``, and of ``other``, ``relation``, ``party``, ``reason``,
            ``note`` what belongs to the kind.
        person: who is to step aside.

    Returns:
        What the record is called outside (``kinship-3``).

    Raises:
        Invalid: no such kind or source, or something is missing; and as the verb does.
    """
    kind, source = given.get("kind"), given.get("source")
    verb = _VERBS.get((kind, source))  # type: ignore[call-overload]
    if verb is None:
        raise Invalid({"kind": [Text("不能使用这个值", "this value cannot be used")]})
    needed = ("other", "relation") if kind == "kinship" else ("party",)
    missing = {name: [Text("必须填写。", "Must be filled in.")] for name in needed if given.get(name) is None}
    if missing:
        raise Invalid(missing)
    about: dict[str, Any] = (
        {"other_id": given["other"], "relation": given["relation"]} if kind == "kinship"
        else {"party_id": given["party"], "reason": given.get("reason", "")}
    )
    try:
        made = verb(person, **about, **{f"{source}_on": today()}, note=given.get("note", ""), actor=actor)
    except Invalid as wrong:  # at the fields as they were filled in
        raise Invalid({field.removesuffix("_id"): texts for field, texts in wrong.errors.items()}) from wrong
    return f"{kind}-{made}"
