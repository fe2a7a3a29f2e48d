"""Expressions come from uploaded diagrams: what a stranger may try with them."""
from __future__ import annotations

import os
import string
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.kernel.expressions import EvaluationError, ExpressionError, compile
from app.kernel.values import BadValue, normalise

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))


class Trap:
    """An object that must never be touched: any look at it is a way out of the language."""

    def __getattribute__(self, name: str) -> object:
        if name == "__class__":
            return object.__getattribute__(self, name)
        raise AssertionError(f"looked at .{name}")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("text", [
    "().__class__.__bases__[0].__subclasses__()", "a.__class__", "''.__class__", "a['x'].__init__.__globals__", "__import__('os').system('id')",
    "__builtins__", "open('/etc/passwd')", "eval('1')", "exec('1')", "compile('1')", "getattr(a, 'b')", "globals()", "vars()", "type(a)", "str(a)",
    "print(1)", "a.b.format(c)", "'{0.__class__}'.format(a)", "'%s' .__mod__(a)", "f'{a}'", "a.mro()", "a()", "a.b()", "(a)()", "[a][0]()",
    "lambda: 1", "[x for x in a]", "{x for x in a}", "{'a': 1}", "{1, 2}", "(x for x in a)", "a := 1", "a = 1", "a += 1", "del a", "import os", "a; b",
    "2 ** 99999", "9**9**9", "1 << 9999", "~1", "a @ b", "a // b", "a | b", "a & b", "a ^ b", "*a", "**a", "a[1:2]", "a[:]", "...", "1e999", "0x10", "1_000",
    "1j", "b'x'", "r'x'", "'a' 'b'", "a is b", "await a", "yield a", "not", "_x", "a._x", "\uff3f\uff3fx", "ªx", "ﬁ", "a\u200bb", "\u202ea", "a\x00b", "\x00",
    "\ud800", "'\ud800'", "'\\ud800'", "'\\u0000'", "a#b", "a\\", "`a`", "@a", "a.in", "a . __x__", "int.from_bytes('a')", "len", "min.x()", "١ + ١", "１",
    "²", "a.size(1, 2)", "date.today()", "now()", "today()", "defined()", "defined('a')", "defined(a + b)", "defined(_a)", "defined(a._b)", "if", "true()",
    "True.real", "1.real", "1 .real()",
])
def test_nothing_outside_the_language_compiles_or_gets_anywhere(text: str) -> None:
    with pytest.raises((ExpressionError, EvaluationError)):
        compile(text).evaluate({"a": "x", "b": Trap(), "c": {}, "x": {}})


def test_a_foreign_object_among_the_names_is_never_looked_into() -> None:
    for text in ("a", "a.x", "a['x']", "a[0]", "a == a", "a > 1", "a + 1", "a and true", "not a", "len(a)", "text(a)", "a in [1]", "1 in a", "empty(a)",
                 "contains(a, 'x')", "[a]", "sum([a])", "-a", "lower(a)", "a.size()", "column([a], 'x')", "date(a)", "days(a, a)"):
        with pytest.raises(EvaluationError):
            compile(text).evaluate({"a": Trap()})


def test_a_function_of_the_language_is_not_a_value() -> None:
    with pytest.raises(EvaluationError):
        compile("len").evaluate({})
    assert compile("len + 1").evaluate({"len": 1}) == 2


def test_names_that_only_look_alike_are_refused_and_never_merged() -> None:
    # Python itself would read each of these as another name.
    for text in ("\uff41mount > 1", "\u2131 > 1", "amoun\u1d57", "\uf900", "e\u0301x"):
        with pytest.raises(ExpressionError):
            compile(text)


@pytest.mark.parametrize("text", [
    "(" * 1000 + "1" + ")" * 990, "[" * 999, "-" * 1999 + "1", "!" * 1999 + "a", "not " * 400 + "a", "a" + ".a" * 900, "a" + "[0]" * 600,
    "true ? " * 200 + "1" + " : 2" * 200, "1 if a else " * 150 + "2", "if a then " * 150, "len(" * 400 + "a" + ")" * 400, "1" * 31, "1" * 1999,
    "a" * 2001, "1+" * 999 + "1", "a or " * 399 + "a", "[" + "1," * 900 + "]", "'x'" + "+'x'" * 480, "0." + "1" * 40,
])
def test_size_and_depth_are_bounded_when_it_is_compiled(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile(text)


def test_a_long_flat_chain_within_the_bounds_is_no_deep_one() -> None:
    assert compile("1" + " + 1" * 150).evaluate({}) == 151
    assert compile("a" + " or a" * 150).evaluate({"a": False}) is False


@pytest.mark.parametrize("text", [
    "n * n", "n * n * n", "d * d", "d * d * d * d", "1 / t / t", "s + s", "s + s + s + s", "'a' * n", "s * 2", "n + n", "-n - n", "d % 0.000001", "round(d, 10)",
    "sum([d, d, d]) * d", "lower(s) + upper(s)", "decimal(s)", "int(s)", "int(d)",
])
def test_size_is_bounded_when_it_is_evaluated(text: str) -> None:
    with pytest.raises(EvaluationError):
        compile(text).evaluate({"n": 2**53 - 1, "d": Decimal("9e29"), "t": Decimal("1e-29"), "s": "x" * 60_000})


def test_hostile_numbers_are_errors_wherever_they_turn_up() -> None:
    for bad in (float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), 10**400, Decimal("1e999999"), Decimal("1e-999999")):
        for text in ("a", "a + 1", "a * a", "a > 1", "a == 1", "a % 2", "-a", "round(a, 2)", "text(a)", "abs(a)", "sum([a])", "a in [1]", "[a]", "int(a)", "1 / a",
                     "floor(a)", "max(a, 1)", "decimal(a)", "date(a, a, a)", "[1][a]"):
            with pytest.raises(EvaluationError):
                compile(text).evaluate({"a": bad})


def test_deeply_nested_data_is_an_error_and_not_a_crash() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    for text in ("a", "a == b", "[a]", "a in [b]"):
        with pytest.raises(EvaluationError):
            compile(text).evaluate({"a": deep, "b": deep[0] and deep})  # type: ignore[index]
    a: list = []
    a.append(a)
    with pytest.raises(EvaluationError):
        compile("a").evaluate({"a": a})


def test_text_that_is_not_text_is_refused() -> None:
    for wrong in (None, 5, b"a", ["a"]):
        with pytest.raises(ExpressionError):
            compile(wrong)  # type: ignore[arg-type]


# -- anything at all ----------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["a", "金额", "n", "s", "l", "m", "t", "d", "none", "1", "0", "0.1", "-", "+", "*", "/", "%", "==", "!=", "<", "<=", "in", "not", "and", "or", "if",
                          "then", "else", "?", ":", "(", ")", "[", "]", ",", ".", "'x'", '""', "null", "true", "len(", "sum(", "round(", "date(", "column(", "days(",
                          "defined(", ".contains(", ".size()", "&&", "||", "!", "=", "${", "}", "empty", "between", "text(", "int(", "decimal(", "\\", "'", "__x__", "9007199254740991"])
_NAMES = {"a": True, "金额": Decimal("12.30"), "n": 3, "s": "文字", "l": [1, Decimal("2.5"), None], "m": {"a": {"b": [1]}, "x": 1},
          "t": datetime(2026, 1, 2, tzinfo=UTC), "d": date(2026, 1, 2), "none": None}


@settings(max_examples=EXAMPLES * 5, deadline=None)
@given(st.one_of(st.lists(_WORDS, max_size=14).map(" ".join), st.lists(_WORDS, max_size=10).map("".join),
                 st.text(max_size=60), st.text(alphabet=string.printable, max_size=60),
                 st.lists(_WORDS, max_size=12).map(lambda w: "=" + " ".join(w)), st.lists(_WORDS, max_size=12).map(lambda w: "${" + " ".join(w) + "}")))
@example("1" + "+ 1" * 300)
@example("a[" * 40)
def test_whatever_is_written_only_our_two_errors_come_out(text: str) -> None:
    try:
        expression = compile(text)
    except ExpressionError as error:
        assert error.position is None or 0 <= error.position <= len(text)
        return
    try:
        value = expression.evaluate(_NAMES)
    except EvaluationError:
        return
    assert normalise(value) == value


_DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), st.floats(), st.text(max_size=5), st.dates(), st.datetimes(),
              st.datetimes(timezones=st.just(UTC)), st.binary(max_size=3), st.complex_numbers()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3)), max_leaves=8)


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=3), _DATA, _DATA, st.sampled_from(
    ["x {} y", "{}(x, y)", "{}(x)", "x[y]", "x.a", "x == y", "x < y", "x in y", "x + y", "x * y", "x / y", "x % y", "column(x, y)", "sum(x)", "days(x, y)", "round(x, y)",
     "min(x)", "max(x, y)", "x and y", "not x", "x.contains(y)", "text(x)", "decimal(x)", "int(x)", "date(x)", "datetime(x)", "count(x, y)", "coalesce(x, y)", "lower(x)"]))
def test_whatever_the_data_only_our_two_errors_come_out(words: list[str], x: object, y: object, shape: str) -> None:
    try:
        value = compile(shape.format(" ".join(words))).evaluate({"x": x, "y": y})
    except (ExpressionError, EvaluationError):
        return
    try:
        normalise(value)
    except BadValue:
        pytest.fail("a value came out that a case may not hold")
