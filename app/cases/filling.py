"""Forms as pages fill and show them: what was posted, with its files; what there is to choose from; what was said."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from ..change import Actor
from ..definitions.queries import Meaning
from ..errors import Invalid
from ..kernel.forms import Field, Form, read_post
from ..kernel.text import Text
from ..office import queries as office
from ..organisation import queries as organisation
from ..parties import queries as parties
from ..registers import today
from . import files
from .queries import CaseView

#: Names in a post that are the page's and not the form's. No form's field begins with "_".
OURS = frozenset({"csrf_token", "_version", "_decision", "_opinion", "_to", "_straight", "_view", "_rows", "_reason", "_behalf",
                  "_minutes", "_minutes_files", "_kept"})


@dataclass(frozen=True, slots=True)
class Section:
    """A form to be read: its title, and its fields with their values."""

    title: Text
    fields: tuple[Field, ...]
    values: Mapping[str, Any]


def posted(form: Form | None, actor: Actor) -> dict[str, Any]:
    """Raw values of a posted form; files that came with it are kept at once.

    Raises:
        Invalid: a file is not taken; the error is at its field.
    """
    if form is None:
        return {}
    pairs: list[tuple[str, Any]] = list(request.form.items(multi=True))
    for field in form.fields:
        if field.format != "file":
            continue
        for upload in request.files.getlist(field.name):
            if not upload.filename:
                continue
            try:
                pairs.append((field.name, files.store(upload.stream, upload.filename, actor=actor)))
            except Invalid as wrong:
                raise Invalid({field.name: [text for texts in wrong.errors.values() for text in texts]}) from wrong
    return _rows_asked_for(read_post(form, pairs, ignore=OURS))


def _rows_asked_for(values: dict[str, Any]) -> dict[str, Any]:
    """A row more, or one less, where a button without JavaScript asked for it."""
    verb, _, rest = request.form.get("_rows", "").partition(":")
    name, _, at = rest.partition(":")
    rows = values.get(name)
    if verb == "add" and (rows is None or isinstance(rows, list)):
        values[name] = [*(rows or [{}]), {}]
    elif verb == "drop" and isinstance(rows, list) and at.isdigit() and int(at) < len(rows):
        values[name] = rows[:int(at)] + rows[int(at) + 1:]
    return values


def drawn(form: Form | None, values: Mapping[str, Any], *, case_id: int, person: int) -> dict[str, Any]:
    """Values ready to be drawn: what a file is called, and a field's default where nothing was said."""
    if form is None:
        return {}
    given = {field.name: field.default for field in form.fields if field.default is not None}
    given.update(values)
    described, _ = files.describe(form, given, case_id, person)
    return described


def choices(fields: Iterable[Field]) -> dict[str, list[tuple[Any, Text]]]:
    """What the reference fields among ``fields`` (and their columns) may point to, by widget."""
    wanted = {part.widget for field in fields for part in (field, *field.fields)}
    return {widget: listed() for widget, listed in _LISTS.items() if widget in wanted}


def _people() -> list[tuple[Any, Text]]:
    places = {p.department.code: p.department for p in organisation.departments(today())}
    return [
        (p.id, Text(f"{p.name}({places[p.department_code].zh})", f"{p.romanised} ({places[p.department_code].en})"))
        for p in organisation.search_people("", limit=1000)
    ]


def _coded(rows: Iterable[Any]) -> list[tuple[Any, Text]]:
    return [(row.code, Text(f"{row.zh} {row.code}", f"{row.en} {row.code}")) for row in rows]


_LISTS: Mapping[str, Callable[[], list[tuple[Any, Text]]]] = {
    "person": _people,
    "department": lambda: _coded(place.department for place in organisation.departments(today())),
    "post": lambda: _coded(organisation.posts()),
    "party": lambda: [(party.id, Text(party.name, party.name)) for party in parties.search("", limit=1000)],
    "budget-item": lambda: _coded(office.budget(today().year)),
}


def sections(view: CaseView, *, person: int | None, besides: str | None = None) -> list[Section]:
    """Every form that has been filled in so far, in the order of the first time.

    Args:
        person: who reads: what the diagram hides at every node of theirs is hidden here too.
        besides: key of a form that is shown elsewhere on the page.
    """
    keys: dict[str, None] = {}
    for node in view.performed:
        key = view.meaning.node(node).form
        if key and key != besides and key in view.meaning.forms:
            keys[key] = None
    hidden = hidden_from(view, person)
    return [
        Section(form.title, tuple(f for f in form.fields if f.name not in hidden), form.shown(view.data, hidden))
        for form in (view.meaning.forms[key] for key in keys)
    ]


def hidden_from(view: CaseView, person: int | None) -> frozenset[str]:
    """Fields a person may not see: those hidden at every node they have acted at, hold or are offered.

    Who takes no part (the initiator's supervisor, an auditor) sees what the case holds.
    """
    nodes = {node for node, people in view.performed.items() if person in people}
    nodes |= {item.node for item in view.items if item.assignee_id in (person, None)}
    if not nodes or view.case.initiator_id == person:
        return frozenset()
    return frozenset.intersection(*(frozenset(view.meaning.node(node).hidden) for node in nodes))


def form_of(what: Meaning, node_id: str) -> Form | None:
    """The form of a node, None where it has none."""
    return what.forms.get(what.node(node_id).form or "")
