"""A form's fields as a page draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..text import Text
from .formats import REFERENCES
from .schema import Acceptance, type_of

WIDGETS = frozenset(
    {
        "text",
        "textarea",
        "number",
        "money",
        "date",
        "datetime",
        "checkbox",
        "radio",
        "select",
        "checkboxes",
        "file",
        "table",
        "record",
        "json",
        "email",
        "phone",
        *REFERENCES,
    }
)
UI = frozenset({"order", "labels", "help", "widgets", "options", "placeholders"})


class Option(NamedTuple):
    """One choice: the value that is stored, and what people read."""

    value: Any
    label: Text


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or one column of a table.

    ``path`` is its key for labels and errors (``items.qty`` for a column). ``kind`` is the schema's type, ``format``
    its format. ``read_only`` fields are shown only; ``calculation`` is the expression of one the server works out.
    ``required`` is the schema's plain list: conditions may require more. ``fields`` are a table's columns (widget
    ``table``) or a record's parts; ``minimum`` … ``maximum_items`` what an input may hint at. The server checks all.
    """

    name: str
    path: str
    label: Text
    widget: str
    kind: str
    format: str | None = None
    required: bool = False
    read_only: bool = False
    help: Text | None = None
    placeholder: Text | None = None
    options: tuple[Option, ...] = ()
    default: Any = None
    minimum: Any = None
    maximum: Any = None
    minimum_length: int | None = None
    maximum_length: int | None = None
    minimum_items: int | None = None
    maximum_items: int | None = None
    pattern: str | None = None
    step: Any = None
    calculation: str | None = None
    fields: tuple[Field, ...] = ()


def text_of(value: Any) -> Text | None:
    """A Text of ``{"zh": …, "en": …}`` or of one text for both; None where it is neither."""
    if isinstance(value, str) and value:
        return Text(value, value)
    if isinstance(value, Mapping) and all(isinstance(value.get(n, ""), str) for n in ("zh", "en")):
        zh, en = value.get("zh"), value.get("en")
        return Text(zh or en, en or zh) if zh or en else None
    return None


def paths(schema: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a schema with its path, columns and parts included."""
    for name, inner in schema.get("properties", {}).items():
        if not isinstance(inner, Mapping):
            continue  # refused where the schema is looked at
        yield under + name, inner
        yield from paths(inner.get("items", inner) if type_of(inner) == "array" else inner, f"{under}{name}.")


def check_ui(ui: Any, schema: Mapping[str, Any], look: Acceptance) -> None:
    """That the drawing instructions speak of fields there are, in words there are."""
    if not isinstance(ui, Mapping):
        return look.refuse("ui", "应为记录", "a record is needed")
    known = dict(paths(schema))
    for key, value in ui.items():
        if key not in UI:
            look.refuse(f"ui.{key}", "不认识的设置", "there is no such setting")
        elif key == "order":
            names = value if isinstance(value, list) else [None]
            for name in names:
                if not isinstance(name, str) or name not in schema["properties"]:
                    look.refuse("ui.order", f"没有字段 {name}", f"there is no field {name}")
            if len({str(n) for n in names}) != len(names):
                look.refuse("ui.order", "字段重复", "a field stands twice")
        elif not isinstance(value, Mapping):
            look.refuse(f"ui.{key}", "应为记录", "a record is needed")
        else:
            for path, setting in value.items():
                _check_setting(key, path, setting, known, look)


def _check_setting(key: str, path: str, setting: Any, known: Mapping[str, Any], look: Acceptance) -> None:
    where = f"ui.{key}.{path}"
    if path not in known:
        look.refuse(where, "没有这个字段", "there is no such field")
    elif key == "widgets":
        if not isinstance(setting, str) or setting not in WIDGETS:
            look.refuse(where, f"没有控件 {setting!s:.30}", f"there is no widget {setting!s:.30}")
    elif key == "options":
        inner = known[path].get("items", known[path])
        values = {str(v) for v in inner.get("enum", ())}
        if not isinstance(setting, Mapping) or not all(k in values and text_of(v) for k, v in setting.items()):
            look.refuse(where, "选项与 enum 不一致", "the options do not match its enum")
    elif text_of(setting) is None:
        look.refuse(where, "应为中英文文字", "a text in zh and en is needed")


def draw(schema: Mapping[str, Any], ui: Mapping[str, Any], under: str = "") -> tuple[Field, ...]:
    """The fields of ``schema`` in the order they are drawn."""
    names = list(schema.get("properties", {}))
    if not under:
        first = [n for n in ui.get("order", ()) if n in names]
        names = first + [n for n in names if n not in first]
    required = set(schema.get("required", ()))
    return tuple(_field(name, schema["properties"][name], ui, under, name in required) for name in names)


def _field(name: str, schema: Mapping[str, Any], ui: Mapping[str, Any], under: str, required: bool) -> Field:
    path, kind = under + name, str(type_of(schema))
    many = kind == "array" and "items" in schema
    inner = schema["items"] if many else schema
    labels = {str(k): text_of(v) for k, v in ui.get("options", {}).get(path, {}).items()}
    options = tuple(
        Option(v, labels.get(str(v)) or Text(str(v), str(v))) for v in inner.get("enum", ()) if v is not None
    )
    columns = draw(inner, ui, f"{path}.") if "properties" in inner else ()
    low, high = (
        schema.get("minimum", schema.get("exclusiveMinimum")),
        schema.get("maximum", schema.get("exclusiveMaximum")),
    )
    return Field(
        name,
        path,
        text_of(ui.get("labels", {}).get(path)) or text_of(schema.get("title")) or Text(name, name),
        ui.get("widgets", {}).get(path) or _widget(schema, kind, many, bool(columns), len(options)),
        kind,
        schema.get("format"),
        required,
        bool(schema.get("readOnly")) or "x-gz-value" in schema,
        text_of(ui.get("help", {}).get(path)) or text_of(schema.get("description")),
        text_of(ui.get("placeholders", {}).get(path)),
        options,
        schema.get("default"),
        low,
        high,
        schema.get("minLength"),
        schema.get("maxLength"),
        schema.get("minItems"),
        schema.get("maxItems"),
        schema.get("pattern"),
        schema.get("multipleOf"),
        schema.get("x-gz-value"),
        columns,
    )


def _widget(schema: Mapping[str, Any], kind: str, many: bool, columns: bool, options: int) -> str:
    form = schema.get("format")
    if form is not None:
        return "datetime" if form == "date-time" else "text" if form in ("chinese-id", "credit-code") else form
    if many:
        return "table" if columns else "checkboxes"
    if kind == "object":
        return "record" if columns else "json"
    if options:
        return "radio" if options <= 4 else "select"
    if kind == "string":
        return "textarea" if schema.get("maxLength", 0) > 120 else "text"
    return {"boolean": "checkbox", "integer": "number", "number": "number"}[kind]
