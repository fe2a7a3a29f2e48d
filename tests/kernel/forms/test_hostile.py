"""Anything at all sent to a form, and our verdicts against those of jsonschema."""
from __future__ import annotations

import os
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.kernel.forms import Form, FormError, read_post
from app.kernel.values import normalise

from .test_forms import EXPENSE, PURCHASE

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))
FORMS = [Form.parse(EXPENSE), Form.load(PURCHASE), Form.load({
    "type": "object", "properties": {
        "d": {"type": "string", "format": "date"}, "t": {"type": "string", "format": "datetime"}, "i": {"type": "string", "format": "chinese-id"},
        "c": {"type": "string", "format": "credit-code"}, "j": {"type": "object"}, "n": {"type": "number", "multipleOf": 0.01}, "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, "e": {"type": "string", "format": "email"}},
    "dependentRequired": {"d": ["t"]}, "not": {"required": ["e", "b"]}})]

_ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(max_size=8), st.binary(max_size=3),
              st.sampled_from(["1e999999", "NaN", "-0", "1,234.50", "\ud800", "2026-02-29", "2026-03-01T09:00", "现金", "on", "$dec", "9" * 50, 10**40])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(
        st.one_of(st.sampled_from(["qty", "unitPrice", "asset", "total", "$dec", "__proto__", "id", "name"]), st.text(max_size=3), st.integers()), inner, max_size=4)),
    max_leaves=10)
_NAMES = st.one_of(st.sampled_from([n for f in FORMS for n in f.schema["properties"]]), st.text(max_size=4), st.integers(), st.none())


@settings(max_examples=EXAMPLES * 3, deadline=None)
@given(st.sampled_from(FORMS), st.one_of(_ANY, st.dictionaries(_NAMES, _ANY, max_size=8)), st.booleans(), st.dictionaries(_NAMES, _ANY, max_size=3),
       st.one_of(st.none(), st.sets(_NAMES, max_size=4)), st.sets(_NAMES, max_size=2))
def test_whatever_is_sent_comes_back_as_case_values_or_as_errors_in_words(form: Form, values: Any, strict: bool, context: dict, write: Any, hidden: Any) -> None:
    clean, errors = form.validate(values, strict=strict, context=context, write=write, hidden=hidden)
    assert all(isinstance(p, str) and texts and all(t.zh and t.en for t in texts) for p, texts in errors.items())
    assert not (clean.keys() & hidden) - form.calculated
    assert clean.keys() <= form.schema["properties"].keys()
    if not errors:
        assert normalise(clean) == clean


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.sampled_from(["items.0.qty", "items.1.asset", "items.99999.qty", "items", "items.0", "rate", "items..qty", "j.a", "l"]), st.text(max_size=8)),
                          st.text(max_size=8)), max_size=10))
def test_whatever_pairs_are_posted_reading_them_never_fails(pairs: list) -> None:
    for form in FORMS:
        form.validate(read_post(form, pairs))


@settings(max_examples=EXAMPLES, deadline=None)
@given(_ANY, _ANY)
def test_whatever_is_loaded_is_a_form_or_a_form_error(piece: Any, ui: Any) -> None:
    for schema in (piece, {"type": "object", "properties": piece}, {"type": "object", "properties": {"a": piece}},
                   {"type": "object", "properties": {"a": {"type": "string"}}, "allOf": piece, "x-gz-rules": piece}):
        for drawing in (None, ui):
            with suppress(FormError):
                Form.load(schema, drawing)


# -- against jsonschema -----------------------------------------------------------------------------------------------

_SIZES = st.integers(0, 4)
_NUMBERS = st.one_of(st.integers(-5, 5), st.decimals(-5, 5, places=1))


def _pieces(kind: str, **keywords: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=keywords)


_SCALARS = st.one_of(
    _pieces("string", minLength=_SIZES, maxLength=_SIZES, pattern=st.sampled_from(["^a", "b$", "[0-9]+", "^.{2}$"]), enum=st.just(["a", "ab", "1"]), const=st.just("ab")),
    _pieces("integer", minimum=_NUMBERS, maximum=_NUMBERS, multipleOf=st.integers(1, 3), enum=st.just([0, 1, 2])),
    _pieces("number", exclusiveMinimum=_NUMBERS, exclusiveMaximum=_NUMBERS, multipleOf=st.sampled_from([Decimal("0.5"), 2]), const=st.just(1)),
    _pieces("boolean", const=st.booleans(), enum=st.sampled_from([[0, 1], [True], [False, 1]])))
_ROWS = st.fixed_dictionaries({"type": st.just("array"), "items": _SCALARS}, optional={"minItems": st.integers(0, 2), "maxItems": _SIZES, "uniqueItems": st.booleans()})
_CONDITION = st.one_of(
    st.fixed_dictionaries({"properties": st.fixed_dictionaries({}, optional={"a": st.sampled_from([{"const": "ab"}, {"minLength": 2}, {"minimum": 1}, False, {"enum": [1, True]}])}),
                           "required": st.sampled_from([["a"], ["b"], []])}), st.just(True))
_SCHEMAS = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.fixed_dictionaries({"a": st.one_of(_SCALARS, _ROWS), "b": _SCALARS}), "required": st.sampled_from([[], ["a"], ["a", "b"]])},
    optional={"if": _CONDITION, "then": _CONDITION, "else": _CONDITION, "anyOf": st.lists(_CONDITION, min_size=1, max_size=2), "not": _CONDITION,
              "dependentRequired": st.just({"a": ["b"]})})
_SIMPLE = st.one_of(st.booleans(), st.integers(-5, 5), st.decimals(-5, 5, places=1), st.text(alphabet="ab1c", min_size=1, max_size=5))
_INSTANCES = st.fixed_dictionaries({}, optional={"a": st.one_of(_SIMPLE, st.lists(_SIMPLE, min_size=1, max_size=4)), "b": _SIMPLE})


@settings(max_examples=EXAMPLES * 5, deadline=None)
@given(_SCHEMAS, _INSTANCES)
def test_our_verdict_is_that_of_jsonschema(schema: dict, instance: dict) -> None:
    errors = Form.load(schema).validate(instance, strict=True)[1]
    assert (not errors) == Draft202012Validator(schema).is_valid(_whole(instance)), errors


def _whole(value: Any) -> Any:
    """1.0 is an integer (draft 2020-12 validation, 6.1.1), which jsonschema knows of floats but not of Decimals."""
    if isinstance(value, dict):
        return {k: _whole(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_whole(v) for v in value]
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
