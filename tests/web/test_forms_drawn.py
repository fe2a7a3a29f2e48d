"""Forms as drawn: every field has its label, keeps what was typed, and says what is wrong beside it."""
from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask, render_template_string

from app.kernel.forms import Field
from app.kernel.forms.fields import WIDGETS
from app.kernel.text import Text
from app.web.sampler import sample

ONE = '{% import "macros/form.html" as form with context %}{{ form.field(field, value, errors) }}'
READ = '{% import "macros/form.html" as form with context %}{{ form.shown(field, value) }}'


class Reader(HTMLParser):
    """Controls and labels of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.controls: list[dict[str, str | None]] = []
        self.labels: list[str | None] = []
        self.ids: list[str | None] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if tag in ("label", "fieldset"):
            self._inside.append(tag)
            self.labels.append(found.get("for"))
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.controls.append({**found, "inside": " ".join(self._inside)})

    def handle_endtag(self, tag: str) -> None:
        if tag in ("label", "fieldset") and self._inside:
            self._inside.pop()


def draw(bare: Flask, field: Field, value: Any = None, errors: dict[str, Any] | None = None, template: str = ONE) -> str:
    with bare.test_request_context():
        return render_template_string(template, field=field, value=value, errors=errors or {}, choices={
            "person": [(7, Text("陈晓梅", "Chen Xiaomei"))]})


@pytest.mark.parametrize("widget", sorted(WIDGETS))
def test_every_control_of_every_widget_has_a_label(bare: Flask, widget: str) -> None:
    parts = (Field("a", "x.a", Text("甲", "A"), "text", "string"), Field("b", "x.b", Text("乙", "B"), "money", "string"))
    field = Field("x", "x", Text("栏目", "Field"), widget, "string", required=True, fields=parts,
                  options=((("one", Text("一", "one"))), ("two", Text("二", "two"))))
    drawn = Reader(draw(bare, field))
    assert drawn.controls
    for control in drawn.controls:
        named = control.get("id") in drawn.labels or "aria-label" in control or "label" in control["inside"]
        assert named, (widget, control)


@pytest.mark.parametrize("field", sample()["fields"], ids=lambda field: field.widget)
def test_what_is_wrong_stands_beside_the_field_and_is_tied_to_it(bare: Flask, field: Field) -> None:
    html = draw(bare, field, None, {field.name: [Text("不行", "no")]})
    assert "不行" in html
    drawn = Reader(html)
    assert f"{field.name}-wrong" in drawn.ids
    if field.widget not in ("radio", "checkboxes", "table", "file"):
        control = drawn.controls[-1]
        assert control.get("aria-invalid") == "true"
        assert f"{field.name}-wrong" in str(control.get("aria-describedby"))


@pytest.mark.parametrize("template", [ONE, READ])
def test_what_was_typed_is_shown_as_text_never_as_markup(bare: Flask, template: str) -> None:
    evil = '"><script>alert(1)</script>'
    for field in sample()["fields"]:
        if field.widget in ("file", "date", "datetime"):
            continue
        value = [{"what": evil, "count": evil, "price": evil}] if field.widget == "table" else evil
        html = draw(bare, field, value, template=template)
        assert "<script" not in html, field.widget


def test_a_wrong_amount_is_kept_as_it_was_typed(bare: Flask) -> None:
    field = next(f for f in sample()["fields"] if f.widget == "money")
    assert 'value="twelve"' in draw(bare, field, "twelve", {"amount": [Text("应为金额", "an amount is needed")]})


def test_a_form_without_javascript_grows_and_shrinks_by_a_round_trip() -> None:
    from app.cases.filling import _rows_asked_for

    values = {"lines": [{"what": "a"}, {"what": "b"}]}
    from flask import Flask as App

    app = App(__name__)
    with app.test_request_context(method="POST", data={"_rows": "add:lines"}):
        assert _rows_asked_for(dict(values))["lines"] == [{"what": "a"}, {"what": "b"}, {}]
    with app.test_request_context(method="POST", data={"_rows": "drop:lines:0"}):
        assert _rows_asked_for(dict(values))["lines"] == [{"what": "b"}]
    for nonsense in ("drop:lines:9", "drop:lines:-1", "drop:other:0", "burn:lines"):
        with app.test_request_context(method="POST", data={"_rows": nonsense}):
            assert _rows_asked_for(dict(values))["lines"] == values["lines"]


def test_the_page_of_parts_shows_every_part_in_both_languages(bare: Flask) -> None:
    client = bare.test_client()
    assert "设计系统" in client.get("/design").get_data(as_text=True)
    client.set_cookie("language", "en")
    page = client.get("/design").get_data(as_text=True)
    assert "Design system" in page and "2 entries need correcting" in page
