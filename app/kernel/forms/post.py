"""The flat pairs of an HTML post, put together into the shape a form has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from .check import MAX_ROWS
from .fields import Field
from .form import Form

MAX_PAIRS = 20_000
_INDEX = re.compile(r"0|[1-9][0-9]{0,4}")


def read_post(form: Form, pairs: Iterable[tuple[str, Any]], *, ignore: Collection[str] = ()) -> dict[str, Any]:
    """Raw values for :meth:`Form.validate` from (name, value) pairs in the order they were sent.

    Columns of a table are named ``items.0.qty``; rows keep the order of their numbers, which may have gaps (a row
    taken out in the browser). A name sent more than once counts as a list where the field takes one; where it does
    not, the last value counts, so that a hidden ``false`` may stand before a checkbox. Whatever fits no field is
    passed on under its own name, for validation to refuse.

    Args:
        pairs: for example ``request.form.items(multi=True)``, attachments put in as records.
        ignore: names that are not the form's (a token against forgery, a decision).
    """
    fields = {field.name: field for field in form.fields}
    values: dict[str, Any] = {}
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    for number, (name, value) in enumerate(pairs):
        if name in ignore:
            continue
        if number >= MAX_PAIRS:
            break
        head, *rest = name.split(".")
        field = fields.get(head)
        if field is not None and field.widget == "table" and len(rest) == 2 and _INDEX.fullmatch(rest[0]):
            row = rows.setdefault(head, {}).setdefault(int(rest[0]), {})
            _put(row, rest[1], value, next((c for c in field.fields if c.name == rest[1]), None))
        elif field is not None and field.kind == "object" and len(rest) == 1:
            part = next((c for c in field.fields if c.name == rest[0]), None)
            inner = values.setdefault(head, {})
            if isinstance(inner, dict):
                _put(inner, rest[0], value, part)
        else:
            _put(values, name, value, field)
    for name, found in rows.items():
        values[name] = [found[n] for n in sorted(found)][: MAX_ROWS + 1]
    return values


def _put(into: dict[str, Any], name: str, value: Any, field: Field | None) -> None:
    if field is not None and field.kind == "array":
        into.setdefault(name, [])
        if value != "" and isinstance(into[name], list):
            into[name].append(value)
    else:
        into[name] = value
