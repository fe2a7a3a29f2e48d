"""What expressions mean, in our language and in the dialects of imported diagrams."""
from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.kernel.expressions import EvaluationError, ExpressionError, compile
from app.kernel.values import MAX_INTEGER

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"


def value(text: str, **names: object) -> object:
    return compile(text).evaluate(names)


def same(got: object, wanted: object) -> bool:
    return got == wanted and type(got) is type(wanted)


@pytest.mark.parametrize(("text", "wanted"), [
    ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("-2 - -3", 1), ("+4", 4), ("7 % 3", 1), ("-7 % 3", 2),
    ("-7.5 % 3", Decimal("1.5")), ("7.5 % -3", Decimal("-1.5")), ("0.1 + 0.2", Decimal("0.3")), ("1 / 4", Decimal("0.25")),
    ("1 / 3", Decimal("0.3333333333333333333333333333")), ("100 / 10", Decimal(10)), ("3 * 0.1", Decimal("0.3")),
    ('"甲" + "乙"', "甲乙"), ("1 < 2 < 3", True), ("1 < 3 < 2", False), ("1 == 1.0", True), ("1 != 1.00", False),
    ("true and not false", True), ("false or false", False), ("not false == true", True), ("true ? 1 : 2", 1),
    ("1 if false else 2", 2), ("if true then 1 else 2", 1), ("[1, 2.5, 'x'][1]", Decimal("2.5")), ("[1, 2][-1]", 2),
    ("(1, 2,)", [1, 2]), ("[]", []), ("2 in [1, 2]", True), ("'b' not in 'abc'", False), ("null == null", True),
    ("false ? 1 : true ? 2 : 3", 2), (r'"\"\u7532\n"', '"甲\n'), ("null", None), ("!true || !false", True),
    ("1 in (1,)", True), ("-0.0", Decimal("0.0")), ("text(-0.0)", "0.0"),
])
def test_an_expression_has_the_value_its_standard_gives_it(text: str, wanted: object) -> None:
    assert same(value(text), wanted)


@pytest.mark.parametrize(("text", "wanted"), [
    ("len('三个字')", 3), ("min(3, 1.5, 2)", Decimal("1.5")), ("max([1, 3])", 3), ("abs(-2)", 2), ("abs(-2.5)", Decimal("2.5")),
    ("round(2.345, 2)", Decimal("2.35")), ("round(-2.5)", Decimal("-3")), ("round(2.5)", Decimal("3")), ("floor(2.9)", Decimal("2")),
    ("ceil(2.1)", Decimal("3")), ("sum([1, 0.5])", Decimal("1.5")), ("sum([])", 0), ("count(['a', 'b', 'a'], 'a')", 2),
    ("count([1, null], null)", 1), ("count([1, 2])", 2), ("contains('abc', 'b')", True), ("contains([1, 2], 3)", False),
    ("starts('abc', 'a')", True), ("ends('abc', 'a')", False), ("lower('ABC') + upper('x')", "abcX"), ("trim(' a ')", "a"),
    ("int('12')", 12), ("int(2.0)", 2), ("decimal('1,234.50')", Decimal("1234.50")), ("text(1.50) + text(2)", "1.502"),
    ("date('2026-02-28')", date(2026, 2, 28)), ("date(2026, 2, 28)", date(2026, 2, 28)),
    ("days(date('2026-02-28'), date('2026-03-01'))", 1), ("year(date('2026-02-28'))", 2026), ("month(date(2026, 2, 1))", 2),
    ("day(date(2026, 2, 7))", 7), ("text(date(2026, 2, 7))", "2026-02-07"), ("empty('')", True), ("empty(null)", True), ("empty([1])", False),
    ("coalesce(null, 2, 3)", 2), ("coalesce(null)", None),
    ("datetime('2026-01-01T08:00:00+08:00')", datetime(2026, 1, 1, tzinfo=UTC)),
    ("column([], 'a')", []),
])
def test_a_function_does_what_its_name_says(text: str, wanted: object) -> None:
    assert same(value(text), wanted)


def test_chinese_names_read_the_fields_of_a_form() -> None:
    expression = compile('金额 > 10000 and 审核.decision == "同意"')
    assert expression.names == {"金额", "审核"}
    assert expression.evaluate({"金额": Decimal("10000.01"), "审核": {"decision": "同意"}}) is True
    assert expression.evaluate({"金额": Decimal("10000.00"), "审核": {"decision": "同意"}}) is False


def test_the_rows_of_a_table_are_summed_and_the_votes_of_a_meeting_counted() -> None:
    rows = [{"qty": 2, "price": Decimal("1.10")}, {"qty": 1, "price": Decimal("5")}]
    assert value("sum(column(rows, 'price'))", rows=rows) == Decimal("6.10")
    votes = [{"decision": "agree"}, {"decision": "refuse"}, {"decision": "agree"}]
    assert value("count(column(vote, 'decision'), 'agree') * 3 >= len(vote) * 2", vote=votes) is True


def test_dotted_names_read_records_only_and_brackets_read_records_and_lists() -> None:
    data = {"a": {"b": [{"键 名": 1}]}, "k": "b"}
    assert value('a.b[0]["键 名"]', **data) == 1
    assert value("a[k][0]", **data) == {"键 名": 1}
    for wrong in ("a.c", "a.b.c", "a.b[1]", "a.b[-2]", "a.b['x']", "a[0]", "k.upper", "a.b[true]", "a.b[0.0]"):
        with pytest.raises(EvaluationError):
            value(wrong, **data)


def test_an_answer_is_a_copy_and_not_a_way_into_the_case() -> None:
    rows = [{"a": 1}]
    answer = value("rows", rows=rows)
    answer[0]["a"] = 2
    assert rows == [{"a": 1}]


@pytest.mark.parametrize("text", [
    "金额 > '100'", "金额 == '100'", "金额 in ['1', '2']", "'100' < '99'", "真 == 1", "真 > false", "日 == '2026-01-01'",
    "日 < 刻", "空 > 1", "空 + 1", "金额 + '元'", "'x' * 3", "'%s' % 1", "[1] + [2]", "[1] < [2]", "真 + 1", "-真", "-'a'",
    "金额 and true", "not 'x'", "'false' ? 1 : 2", "1 in 5", "1 in '123'", "sum(['1'])", "sum([null])", "len(5)", "min([])", "min('a', 'b')",
    "[[1], ['a']] == [[1], [2]]", "round('1')", "round(1.5, -1)", "round(1.5, true)", "int(1.5)", "int('x')", "decimal('NaN')", "decimal('1e999')",
    "date('2026-02-30')", "date('20260228')", "date(2026, 13, 1)", "date(1)", "date(1, 2)", "datetime('2026-01-01T08:00:00')", "datetime('x')",
    "days(日, 刻)", "days(1, 2)", "year(刻)", "lower(5)", "starts('a', 1)", "column([1], 'a')", "column([空录], 'a')",
    "text(null)", "text(真)", "1 / 0", "1 % 0", "1.5 % 0", "1 / 0.0", "没有", "没有.x", "text(刻)", "count('aa', 'a')",
])
def test_what_does_not_fit_is_an_error_and_never_quietly_false(text: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text, 金额=Decimal(5), 真=True, 空=None, 日=date(2026, 1, 1),
              刻=datetime(2026, 1, 1, tzinfo=UTC), 空录={})
    assert caught.value.text.zh and caught.value.text.en


def test_lists_of_records_compare_by_what_they_hold() -> None:
    assert value("a == b", a=[{"x": 1}], b=[{"x": Decimal("1.0")}]) is True
    assert value("a == b", a=[{"x": 1}], b=[{"y": 1}]) is False
    assert value("a == b", a=[1], b=[1, 2]) is False


def test_nothing_entered_is_false_as_a_condition_and_equal_only_to_nothing() -> None:
    assert value("not 勾选", 勾选=None) is True
    assert value("勾选 == null", 勾选=None) is True
    assert value("勾选 != 'x'", 勾选=None) is True
    assert compile("勾选").holds({"勾选": None}) is False
    with pytest.raises(EvaluationError):
        compile("勾选").holds({"勾选": "否"})


def test_the_second_half_is_not_looked_at_when_the_first_decides() -> None:
    assert value("defined(a) and a > 1") is False
    assert value("defined(a.b) or true", a={}) is True
    assert value("defined(a.b)", a={"b": 0}) is True
    assert value("defined(a.b)", a={"b": None}) is False
    assert value("defined(a.b.c)", a={"b": "文字"}) is False
    assert value("1 > 2 > 没有") is False


# -- dialects -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "names", "wanted"), [
    ("${a.b > 1 && c == 'x'}", {"a": {"b": 2}, "c": "x"}, True),
    ("#{a.b gt 1 and c eq 'x'}", {"a": {"b": 2}, "c": "y"}, False),
    ("${approved}", {"approved": True}, True), ("${!approved}", {"approved": True}, False),
    ("${not approved}", {"approved": False}, True), ("${empty x || x ne 'a'}", {"x": ""}, True),
    ("${amount ge 5 ? 'a' : 'b'}", {"amount": 5}, "a"), ("${7 mod 4 + 8 div 2}", {}, Decimal(7)), ("${a['b']}", {"a": {"b": 1}}, 1),
    ("${a lt 1 or a le 1}", {"a": 1}, True),
    ("=a > 1 and b = \"x\"", {"a": 2, "b": "x"}, True), ("= not(approved)", {"approved": False}, True),
    ("= not(a) = b", {"a": True, "b": False}, True), ("= if a = 1 then \"x\" else \"y\"", {"a": 2}, "y"),
    ("= a between 1 and 3 and b", {"a": 3, "b": True}, True), ("= a between 1 and 3", {"a": 4}, False), ("= a between 5 and 9", {"a": 4}, False),
    ("=fraud", {"fraud": True}, True), ("= a != 1", {"a": 1}, False), ("= a in (\"x\", \"y\")", {"a": "x"}, True),
    ('test.contains("a")', {"test": "xa"}, True), ('!test.contains("a")', {"test": "xa"}, False), ("a.size() > 0 && !a.isEmpty()", {"a": [1]}, True),
    ("a.startsWith('x') || a.endsWith('y')", {"a": "ay"}, True), ("a.trim().toLowerCase() == 'b'", {"a": " B "}, True), ("a.length()", {"a": "abc"}, 3),
])
def test_a_foreign_spelling_means_what_its_own_standard_says(text: str, names: dict, wanted: object) -> None:
    assert same(compile(text).evaluate(names), wanted)


@pytest.mark.parametrize("text", [
    "= a[1] > 1", "= a[x > 1]", "= a < b < c", "${a == b == c}", "= some x in xs satisfies x > 1", "${a} and ${b}", "a and ${b}",
    "${a", "= a == b and", "=", "${}", "= a ** 2", "= date and time(\"x\")", "Vacation Approval = \"Approved\"", "a = 1", "= [1..5]",
    "bpmn:getDataObject('approved')", "not(bpmn:getDataObject('approved'))", "= not a",
])
def test_what_a_dialect_means_otherwise_is_refused_and_not_reinterpreted(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile(text)


def test_in_feel_a_condition_that_is_unknown_is_an_error_as_its_standard_has_it() -> None:
    for text in ("= not(a)", "= a and true", "= if a then 1 else 2"):
        with pytest.raises(EvaluationError):
            compile(text).evaluate({"a": None})
    with pytest.raises(EvaluationError):
        compile("=a").holds({"a": None})


def test_every_simple_condition_of_the_conformance_suite_compiles() -> None:
    if not (CORPUS / "betsy").is_dir():
        pytest.skip("the corpus of the Bamberg conformance suite is not beside this checkout")
    from lxml import etree
    seen = set()
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for file in sorted((CORPUS / "betsy").rglob("*.bpmn")):
        for element in etree.parse(str(file), parser).iter("{*}conditionExpression", "{*}loopCondition", "{*}completionCondition"):
            if text := (element.text or "").strip():
                seen.add(text)
    assert len(seen) > 5
    # The suite's models for static checks carry prose where no condition matters; everything it *runs* must compile.
    assert {t for t in seen if not _compiles(t)} == {t for t in seen if t.startswith("dummy ")}


def _compiles(text: str) -> bool:
    try:
        compile(text)
    except ExpressionError:
        return False
    return True


# -- messages -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "position"), [
    ("金额 = 1", 3), ("金额 \uff1e 1", 3), ("(金额", 3), ("1 +", 3), ("a $ b", 2), ("'abc", 0), ("f(1)", 0), ("12x", 2), ("a.1", 2), ("a b", 2),
    ("\uff08a\uff09", 0), ("a & b", 2), ("  1 1", 4), ("= a b", 4), ("${ a b}", 5), ("'\\q'", 1), ("a not b", 2), ("len()", 0), ("len(1, 2)", 0),
])
def test_a_mistake_is_reported_at_its_character(text: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text)
    assert caught.value.position == position
    assert caught.value.text.zh != caught.value.text.en


def test_full_width_punctuation_is_answered_with_the_character_to_type() -> None:
    with pytest.raises(ExpressionError, match=r"write >"):
        compile("金额 \uff1e 1")
    with pytest.raises(ExpressionError, match=r"write <="):
        compile("金额 \u2264 1")
    with pytest.raises(ExpressionError, match=r'write "'):
        compile("意见 == \u201c同意\u201d")


def test_the_same_text_is_compiled_once() -> None:
    assert compile("a + 1") is compile("a + 1")


def test_integers_beyond_what_every_reader_keeps_exactly_are_refused() -> None:
    assert value(str(MAX_INTEGER)) == MAX_INTEGER
    with pytest.raises(ExpressionError):
        compile(str(MAX_INTEGER + 1))
    with pytest.raises(EvaluationError):
        value("a + 1", a=MAX_INTEGER)
    assert value("a + 1.0", a=MAX_INTEGER) == Decimal(MAX_INTEGER + 1)
