"""Real forms of the bureau: expenditure (S01), purchase with a table (S02), warning disposal (V01), inspection (T10)."""
from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.kernel.forms import Form, FormError, Option, read_post
from app.kernel.text import Text

EXPENSE = {
    "title": {"zh": "经费支出审批", "en": "Expenditure approval"},
    "schema": {
        "type": "object", "required": ["purpose", "category", "budgetItem", "amount", "payee", "payMode", "voucher"],
        "properties": {
            "purpose": {"type": "string", "minLength": 10, "maxLength": 300},
            "category": {"enum": ["办公费", "会议费", "差旅费", "接待费", "其他"]},
            "budgetItem": {"type": "string", "format": "budget-item"},
            "amount": {"type": "string", "format": "money", "exclusiveMinimum": 0},
            "payee": {"type": "string", "maxLength": 100},
            "payMode": {"enum": ["公务卡", "转账", "现金"]},
            "voucher": {"type": "array", "format": "file"},
            "invoiceNo": {"type": "string", "pattern": "^[0-9]{8,20}$"},
            "upstream": {"type": "integer", "format": "case"},
            "urgent": {"type": "boolean"},
        },
        "allOf": [{
            "if": {"properties": {"category": {"enum": ["会议费", "差旅费", "接待费"]}}, "required": ["category"]},
            "then": {"required": ["upstream"]}, "else": {"properties": {"upstream": False}}}],
        "x-gz-rules": [
            {"when": "payMode == '现金'", "then": "amount <= 1000", "field": "amount",
             "message": {"zh": "现金不得超过 1000 元", "en": "Cash is limited to 1,000 yuan."}},
            {"then": "amount <= balance", "field": "budgetItem", "message": {"zh": "预算余额不足", "en": "The budget has not enough left."}}],
    },
    "ui": {"order": ["category", "amount"], "labels": {"amount": {"zh": "金额", "en": "Amount"}, "purpose": "支出事由"},
           "help": {"amount": {"zh": "含税", "en": "With tax"}}, "widgets": {"purpose": "textarea"},
           "options": {"category": {"其他": {"zh": "其他", "en": "Other"}}}},
}
VOUCHER = {"id": 7, "name": "发票.pdf", "size": 1234, "sha256": "a" * 64}
GOOD = {"purpose": "购买打印纸五箱供全局使用", "category": "办公费", "budgetItem": "2130101", "amount": "1,234.5", "payee": "文具店",
        "payMode": "转账", "voucher": [VOUCHER]}

PURCHASE = {
    "type": "object", "required": ["items"], "properties": {
        "rate": {"type": "number", "minimum": 0, "maximum": 1},
        "items": {"type": "array", "minItems": 1, "maxItems": 20, "items": {
            "type": "object", "required": ["asset", "qty", "unitPrice"], "properties": {
                "asset": {"type": "string", "maxLength": 50}, "qty": {"type": "integer", "minimum": 1},
                "unitPrice": {"type": "string", "format": "money", "exclusiveMinimum": 0},
                "total": {"type": "string", "format": "money", "x-gz-value": "qty * unitPrice"}}}},
        "tax": {"type": "string", "format": "money", "x-gz-value": "total * rate"},
        "total": {"type": "string", "format": "money", "maximum": 100000, "x-gz-value": "sum(column(items, 'total'))"}}}


def expense() -> Form:
    return Form.parse(EXPENSE)


def errors(form: Form, values: Any, **rights: Any) -> dict[str, list[Text]]:
    return form.validate(values, **rights)[1]


def form(**properties: Any) -> Form:
    return Form.load({"type": "object", "properties": properties})


# -- drawing ----------------------------------------------------------------------------------------------------------

def test_fields_come_in_the_order_of_the_page_with_their_labels_widgets_and_options() -> None:
    fields = expense().fields
    assert [f.name for f in fields][:4] == ["category", "amount", "purpose", "budgetItem"]
    amount, purpose, category = (next(f for f in fields if f.name == n) for n in ("amount", "purpose", "category"))
    assert (amount.label, amount.help, amount.widget, amount.required) == (Text("金额", "Amount"), Text("含税", "With tax"), "money", True)
    assert (purpose.label, purpose.widget, purpose.maximum_length) == (Text("支出事由", "支出事由"), "textarea", 300)
    assert category.widget == "select" and category.options[-1] == Option("其他", Text("其他", "Other"))
    assert next(f for f in fields if f.name == "payMode").widget == "radio"
    assert next(f for f in fields if f.name == "upstream").required is False


def test_a_table_has_its_columns_and_calculated_fields_are_read_only() -> None:
    fields = {f.name: f for f in Form.load(PURCHASE, {"labels": {"items.qty": {"zh": "数量", "en": "Quantity"}}}).fields}
    assert fields["items"].widget == "table" and [c.name for c in fields["items"].fields] == ["asset", "qty", "unitPrice", "total"]
    assert fields["items"].fields[1].label == Text("数量", "Quantity")
    assert fields["total"].read_only and fields["items"].fields[3].calculation == "qty * unitPrice"


def test_a_person_is_drawn_only_what_the_node_shows_and_may_write_only_what_it_allows() -> None:
    drawn = expense().drawn(write=("purpose", "payee"), hidden=("payee",))
    assert {f.name: w for f, w in drawn}["purpose"] is True
    assert "payee" not in {f.name for f, _ in drawn}
    assert {f.name for f, w in drawn if w} == {"purpose"}
    assert expense().shown({"payee": "x", "purpose": "y", "nodes": {}}, hidden=("payee",)) == {"purpose": "y"}


# -- reading ----------------------------------------------------------------------------------------------------------

def test_what_people_type_becomes_values_of_a_case() -> None:
    clean, wrong = expense().validate({**GOOD, "urgent": "on", "upstream": ""}, context={"balance": Decimal(5000)})
    assert wrong == {}
    assert clean["amount"] == Decimal("1234.50") and str(clean["amount"]) == "1234.50"
    assert clean["urgent"] is True and clean["upstream"] is None and clean["voucher"] == [VOUCHER]
    assert "invoiceNo" not in clean


def test_a_missing_a_blank_and_an_empty_required_field_are_asked_for_at_their_place() -> None:
    found = errors(expense(), {**GOOD, "purpose": "   ", "voucher": [], "payee": None} | {"payMode": ""})
    assert found.keys() == {"purpose", "voucher", "payee", "payMode"}
    assert {t for texts in found.values() for t in texts} == {Text("请填写此项", "Please fill this in.")}


def test_a_condition_asks_for_the_field_it_is_about() -> None:
    assert errors(expense(), {**GOOD, "category": "会议费"}).keys() == {"upstream"}
    assert errors(expense(), {**GOOD, "category": "会议费", "upstream": "12"}) == {}
    assert errors(expense(), {**GOOD, "upstream": "12"}) == {"upstream": [Text("此情形下不应填写此项", "Leave this empty in this case.")]}


def test_a_rule_over_two_fields_speaks_at_the_field_it_names_and_only_when_it_can_be_judged() -> None:
    assert errors(expense(), {**GOOD, "payMode": "现金"}) == {"amount": [Text("现金不得超过 1000 元", "Cash is limited to 1,000 yuan.")]}
    assert errors(expense(), {**GOOD, "payMode": "现金", "amount": "1000"}) == {}
    assert errors(expense(), GOOD, context={"balance": Decimal(5)}).keys() == {"budgetItem"}
    assert errors(expense(), {**GOOD, "payMode": "现金", "amount": "abc"}).keys() == {"amount"}


def test_a_rule_that_cannot_work_says_so_instead_of_passing() -> None:
    bad = Form.load({"type": "object", "properties": {"a": {"type": "string"}}, "x-gz-rules": [{"then": "a > 1", "field": "a", "message": "x"}]})
    assert errors(bad, {"a": "2"}).keys() == {"a"}
    assert errors(bad, {}) == {}


def test_rows_and_totals_are_calculated_by_the_server_whatever_the_browser_sent() -> None:
    rows = [{"asset": "电脑", "qty": "3", "unitPrice": "4999.99", "total": "1"}, {"asset": "椅子", "qty": "2", "unitPrice": "100", "total": "x"}]
    clean, wrong = Form.load(PURCHASE).validate({"items": rows, "total": "9", "tax": 5, "rate": "0.13"})
    assert wrong == {}
    assert [r["total"] for r in clean["items"]] == [Decimal("14999.97"), Decimal("200.00")]
    assert clean["total"] == Decimal("15199.97")
    assert clean["tax"] == Decimal("1976.00")                       # 1975.9961, rounded to the cent


def test_a_calculated_value_is_judged_like_any_other() -> None:
    rows = [{"asset": "车", "qty": 1, "unitPrice": 100001}]
    assert errors(Form.load(PURCHASE), {"items": rows}) == {"total": [Text("不能大于 100000", "Must be at most 100000.")]}


def test_a_calculated_value_beyond_all_bounds_is_an_error_at_its_field() -> None:
    huge = form(a={"type": "integer"}, b={"type": "string", "format": "money"}, c={"type": "string", "format": "money", "x-gz-value": "a * b"})
    for a, b in ((2**53 - 1, "111111111111111.11"), (2**53 - 1, "99999999999999.99"), (10, "999999999999999.99")):
        assert errors(huge, {"a": a, "b": b}).keys() == {"c"}


def test_a_calculated_value_waits_until_what_it_needs_is_there() -> None:
    clean, wrong = Form.load(PURCHASE).validate({"items": [{"asset": "a", "qty": 1, "unitPrice": "2"}]})
    assert wrong == {} and clean["tax"] is None and clean["total"] == Decimal("2.00")


def test_errors_in_a_table_stand_at_their_cell() -> None:
    rows = [{"asset": "a", "qty": "0", "unitPrice": "1"}, {"asset": "", "qty": "1", "unitPrice": "1.005"}, {"asset": "x", "qty": "1", "unitPrice": "2", "x": 1}, {}]
    found = errors(Form.load(PURCHASE), {"items": rows})
    assert found.keys() - {"total"} == {"items.0.qty", "items.1.asset", "items.1.unitPrice", "items.2"}
    assert errors(Form.load(PURCHASE), {"items": []}).keys() == {"items"}
    assert errors(Form.load(PURCHASE), {"items": [{"asset": "a", "qty": 1, "unitPrice": 1}] * 21})["items"] == [Text("最多 20 项", "At most 20 entries.")]


def test_the_pairs_of_a_post_become_rows_with_gaps_closed() -> None:
    pairs = [("csrf_token", "x"), ("rate", "0.1"), ("items.0.asset", "a"), ("items.0.qty", "1"), ("items.0.unitPrice", "5"), ("items.10.asset", "c"),
             ("items.10.qty", "1"), ("items.10.unitPrice", "1"), ("items.7.asset", "b"), ("items.7.qty", "2"), ("items.7.unitPrice", "1"), ("items.9.asset", ""), ("items.9.qty", "")]
    form = Form.load(PURCHASE)
    values = read_post(form, pairs, ignore=["csrf_token"])
    clean, wrong = form.validate(values)
    assert wrong == {} and [r["asset"] for r in clean["items"]] == ["a", "b", "c"]
    assert errors(form, read_post(form, [*pairs, ("items.x.asset", "b"), ("evil", "1")])).keys() == {"csrf_token", "items.x.asset", "evil"}


def test_boxes_ticked_and_not_ticked_are_read_from_a_post() -> None:
    boxes = form(kinds={"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}}, yes={"type": "boolean"})
    assert boxes.validate(read_post(boxes, [("kinds", ""), ("kinds", "a"), ("kinds", "c"), ("yes", "false"), ("yes", "on")]))[0] == {"kinds": ["a", "c"], "yes": True}
    assert boxes.validate(read_post(boxes, [("kinds", ""), ("yes", "false")]))[0] == {"kinds": None, "yes": False}
    assert errors(boxes, {"kinds": ["a", "a"]}) == {"kinds": [Text("有重复项", "There are repeated entries.")]}
    assert errors(boxes, {"kinds": ["z"]}).keys() == {"kinds.0"}


# -- rights of a node -------------------------------------------------------------------------------------------------

def test_a_field_that_may_not_be_written_is_refused_if_it_differs_and_accepted_if_it_does_not() -> None:
    present = {**GOOD, "amount": Decimal("1234.50"), "budgetItem": "2130101"}
    allowed = {"write": ("payee",), "context": present}
    assert expense().validate({**GOOD, "payee": "新店"}, **allowed) == ({"payee": "新店"}, {})
    for changed in ({"amount": "1234.51"}, {"amount": ""}, {"amount": "x"}, {"voucher": []}, {"urgent": "on"}):
        found = errors(expense(), {**GOOD, **changed}, **allowed)
        assert found == {next(iter(changed)): [Text("此项在本环节不能修改", "This field cannot be changed at this step.")]}
    assert errors(expense(), {"purpose": "x" * 10}, write=(), context=present).keys() == {"purpose"}


def test_a_field_is_not_demanded_of_who_may_not_write_it() -> None:
    assert errors(expense(), {"category": "会议费"}, write=("category",)) == {}
    assert errors(expense(), {}, write=("category",)).keys() == {"category"}
    assert errors(expense(), {}, write=("category",), context={"category": "办公费"}) == {}


def test_a_hidden_field_is_never_returned_and_a_guess_at_it_tells_nothing() -> None:
    context = {"payee": "秘密", **{k: v for k, v in GOOD.items() if k != "payee"}, "amount": Decimal(1)}
    for guess in ("秘密", "别的"):
        clean, wrong = expense().validate({"purpose": "一二三四五六七八九十", "payee": guess}, hidden=("payee",), context=context)
        assert "payee" not in clean and wrong.keys() == {"payee"}
    clean, wrong = expense().validate({"purpose": "一二三四五六七八九十"}, hidden=("payee",), write=("purpose", "payee"), context=context)
    assert clean == {"purpose": "一二三四五六七八九十"} and wrong == {}


def test_a_rule_about_a_hidden_field_speaks_for_the_form_as_a_whole() -> None:
    found = errors(expense(), {**{k: v for k, v in GOOD.items() if k != "amount"}, "payMode": "现金"}, hidden=("amount",), context={"amount": Decimal(5000)})
    assert found.keys() == {""}


# -- formats ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("schema", "raw", "value"), [
    ({"type": "string", "format": "money"}, "¥1,234,567.8", Decimal("1234567.80")), ({"type": "string", "format": "money"}, "\uff11\uff12\uff0e\uff15", Decimal("12.50")),
    ({"type": "string", "format": "money"}, "1\uff0c234", Decimal("1234.00")), ({"type": "string", "format": "money"}, 12.5, Decimal("12.50")),
    ({"type": "string", "format": "money"}, "-3", Decimal("-3.00")), ({"type": "string", "format": "money"}, Decimal("1.500"), Decimal("1.50")),
    ({"type": "string", "format": "money"}, "-0", Decimal("0.00")),
    ({"type": "string", "format": "date"}, " 2024-02-29 ", date(2024, 2, 29)),
    ({"type": "string", "format": "datetime"}, "2026-03-01T09:00", datetime(2026, 3, 1, 1, tzinfo=UTC)),
    ({"type": "string", "format": "datetime"}, "2026-03-01T09:00:00Z", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ({"type": "string", "format": "chinese-id"}, "11010519491231002x", "11010519491231002X"),
    ({"type": "string", "format": "credit-code"}, "91350100M000100Y43", "91350100M000100Y43"),
    ({"type": "integer"}, "1,200", 1200), ({"type": "integer"}, 3.0, 3), ({"type": "integer"}, " 7 ", 7), ({"type": "number"}, "0.25", Decimal("0.25")),
    ({"type": "number"}, 0.1, Decimal("0.1")), ({"type": "boolean"}, "false", False), ({"type": "boolean"}, "是", True),
    ({"type": "integer", "format": "person"}, "12", 12), ({"type": "string", "format": "post"}, "CW.KZ", "CW.KZ"), ({"type": "string", "format": "file"}, VOUCHER, [VOUCHER]),
    ({"type": "string"}, " a\r\nb ", "a\nb"), ({"type": "string", "format": "email"}, "a@b.cn", "a@b.cn"), ({"type": "string", "format": "phone"}, "0527-12345678", "0527-12345678"),
    ({"enum": ["a", "b"]}, "a", "a"), ({"type": ["string", "null"], "maxLength": 3}, None, None), ({"type": "object"}, {"a": [1, 2.5]}, {"a": [1, Decimal("2.5")]}),
])
def test_a_value_is_read_in_its_format(schema: dict, raw: object, value: object) -> None:
    clean, wrong = form(x=schema).validate({"x": raw})
    assert wrong == {} and clean == {"x": value} and type(clean["x"]) is type(value)


@pytest.mark.parametrize(("schema", "raw"), [
    *(({"type": "string", "format": "money"}, raw) for raw in ("1.234", "1,23", "1e3", "abc", "NaN", "Infinity", "1_000", "1 000", "--1", "1e999999", 10**16, True, [], {}, float("nan"),
                                                               float("inf"), "9" * 40, "٣", "1.", ".5", Decimal("1E+999999"), Decimal("sNaN"), 10**400)),
    *(({"type": "string", "format": "date"}, raw) for raw in ("2026-02-30", "2026/03/01", "20260301", "x", 5, "2026-3-1", "2026-03-01T00:00", "2026-W01-1", [], "٢٠٢٦-03-01")),
    *(({"type": "string", "format": "datetime"}, raw) for raw in ("2026-03-01", "x", 5, "2026-03-01T25:00", "0001-01-01T00:00", "2026-03-01T09:00+99:99", None or [])),
    *(({"type": "string", "format": "chinese-id"}, raw) for raw in ("110105194912310021", "11010519491331002X", "1101051949123100", "x" * 18, 110105194912310021, "１１０１０５１９４９１２３１００２X")),
    *(({"type": "string", "format": "credit-code"}, raw) for raw in ("91350100M000100Y44", "91350100M000100I43", "1" * 17, 5)),
    *(({"type": "integer"}, raw) for raw in ("1.5", "x", 2**53, "1e3", True, 1.5, float("inf"), "9" * 5000, [], "0x10")),
    *(({"type": "number"}, raw) for raw in ("1e5", "nan", True, "1e999999", {}, 10**400, "1" * 31)),
    *(({"type": "boolean"}, raw) for raw in ("maybe", 1, 0, [], "True ")),
    *(({"type": "string"}, raw) for raw in (5, True, [], {}, "x" * 70_000, "a\x00b", "\ud800", "a\u202eb", "\x1b[0m")),
    *(({"type": "integer", "format": "person"}, raw) for raw in (0, -1, "x", 1.5)),
    *(({"type": "string", "format": "department"}, raw) for raw in ("a b", "../x", "_", 5, "x" * 70, "<a>")),
    *(({"type": "array", "format": "file"}, raw) for raw in ("x", [5], [{}], [{**VOUCHER, "path": "/etc/passwd"}], [{**VOUCHER, "id": True}], [{**VOUCHER, "size": -1}],
                                                             [{**VOUCHER, "sha256": "A" * 64}], [{**VOUCHER, "name": ""}], [{**VOUCHER, "id": "../x"}], [VOUCHER] * 51)),
    *(({"type": "object"}, raw) for raw in ("x", [], {"$dec": "1"}, {"a": float("nan")}, {1: 2}, {"a": object()}, {"a": "\ud800"})),
    *(({"type": "array", "items": {"type": "string"}}, raw) for raw in (5, {"a": 1}, [5], [["a"]], ["a"] * 501)),
    ({"type": "string", "format": "email"}, "a@b"), ({"type": "string", "format": "email"}, "a b@c.d"), ({"type": "string", "format": "phone"}, "call me"),
    ({"enum": ["a", "b"]}, "c"), ({"enum": ["a", "b"]}, ["a"]), ({"type": "integer", "enum": [1]}, True), ({"type": "boolean", "enum": [0, 1]}, True), ({"type": "string", "const": "a"}, "b"),
    ({"type": "number", "multipleOf": 0.1}, "0.25"), ({"type": "string", "minLength": 3}, "ab"), ({"type": "string", "maxLength": 3}, "abcd"),
    ({"type": "number", "minimum": 0.5}, "0.4"), ({"type": "number", "exclusiveMaximum": 5}, 5), ({"type": "string", "pattern": "^a+$"}, "b"), ({"type": "string", "pattern": "^a+$"}, "a" * 501),
])
def test_a_value_that_does_not_do_is_an_error_at_its_field_in_both_languages(schema: dict, raw: object) -> None:
    found = errors(form(x=schema), {"x": raw})
    assert found and all(path == "x" or path.startswith("x.") for path in found)
    for texts in found.values():
        for text in texts:
            assert text.zh and text.en and any("\u4e00" <= c <= "\u9fff" for c in text.zh) and "\u4e00" not in text.en


def test_json_is_taken_at_its_word_and_a_post_is_not() -> None:
    assert errors(form(x={"type": "integer"}), {"x": "1"}, strict=True).keys() == {"x"}
    assert errors(form(x={"type": "boolean"}), {"x": "true"}, strict=True).keys() == {"x"}
    assert form(x={"type": "string"}).validate({"x": " a "}, strict=True)[0] == {"x": " a "}
    assert errors(form(x={"type": "array", "items": {"type": "string"}}), {"x": "a"}, strict=True).keys() == {"x"}


def test_references_are_looked_up_where_the_app_can() -> None:
    both = form(who={"type": "integer", "format": "person"}, where={"type": "string", "format": "department"})
    assert errors(both, {"who": "5", "where": "CW"}, known={"person": lambda i: i == 5, "department": lambda c: c == "BGS"}).keys() == {"where"}


def test_hostile_names_and_shapes_are_errors_and_nothing_more() -> None:
    deep: Any = {}
    for _ in range(1000):
        deep = {"x": [deep]}
    sound = form(x={"type": "string"}, o={"type": "object"}, rows={"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}})
    for name in ("typename", "__proto__", "$dec", "constructor", "", "x.y", "\ud800", "\x00", 5, None, "a" * 5000):
        assert errors(sound, {name: "1"})
    for raw in (deep, [deep], {"$dec": "1"}, {"__proto__": {}}):
        assert errors(sound, {"x": raw}).keys() == {"x"}
        assert all(k.startswith("rows") for k in errors(sound, {"rows": [raw]}))
    assert errors(sound, {"o": deep}).keys() == {"o"}
    for whole in (None, [], "x", 5):
        assert errors(sound, whole).keys() == {""}
    assert len(errors(sound, {f"k{n}": 1 for n in range(10_000)})) == 20


def test_a_form_that_is_too_large_as_a_whole_says_so() -> None:
    big = form(rows={"type": "array", "items": {"type": "string"}})
    assert errors(big, {"rows": ["字" * 1000] * 400}) == {"": [Text("表单内容过大", "The form holds too much.")]}


# -- loading ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("schema", [
    {}, [], None, {"type": "string"}, {"type": "object"}, {"type": "object", "properties": {"a": {}}}, {"type": "object", "properties": {"a": {"type": ["string", "integer"]}}},
    *({"type": "object", "properties": {"a": piece}} for piece in (
        {"type": "strng"}, {"type": "string", "maxLenght": 5}, {"type": "string", "format": "uri"}, {"type": "string", "minimum": 5}, {"type": "string", "maxLength": -1},
        {"type": "string", "pattern": "("}, {"type": "string", "pattern": "(a+)+$"}, {"type": "string", "pattern": "(a|a)*b"}, {"type": "string", "pattern": "a*a*a*a*b"},
        {"type": "string", "pattern": r"(.)\1"}, {"type": "string", "pattern": "x" * 201}, {"$ref": "http://evil/x.json"}, {"$ref": "#/$defs/none"}, {"$ref": "#"},
        {"type": "array"}, {"type": "object", "properties": {}, "additionalProperties": True}, {"type": "object", "patternProperties": {".*": {"type": "string"}}},
        {"type": "string", "format": "money", "pattern": "x"}, {"type": "string", "format": "date", "enum": ["x"]}, {"type": "integer", "format": "money"}, True, 5,
        {"type": "string", "x-gz-value": "a +"}, {"type": "string", "x-gz-value": "a"}, {"type": "number", "multipleOf": 0}, {"enum": [1, "a"]},
        {"type": "string", "x-gz-message": "no"}, {"type": "string", "not": {"const": "a", "x-gz-message": {"zh": "x"}}},
        {"type": "string", "not": {"format": "money"}}, {"type": "object", "required": ["b"], "properties": {}})),
    *({"type": "object", "properties": {name: {"type": "string"}}} for name in ("_a", "a b", "a-b", "$dec", "nodes", "and", "", "ａ", "a.b", "x" * 65, "1a")),
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
    {"type": "object", "properties": {"a": {"type": "string"}}, "if": {"properties": {"b": {"const": 1}}}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "dependentRequired": {"a": ["b"]}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "unevaluatedProperties": False},
    {"type": "object", "properties": {"a": {"type": "string"}}, "$defs": {"x": {"$ref": "#/$defs/x"}}, "allOf": [{"$ref": "#/$defs/x"}]},
    {"type": "object", "properties": {"a": {"type": "integer", "x-gz-value": "b"}, "b": {"type": "integer", "x-gz-value": "a"}}},
    *({"type": "object", "properties": {"a": {"type": "string"}}, "x-gz-rules": rules} for rules in (
        5, [5], [{}], [{"then": "a", "field": "b", "message": "x"}], [{"then": "a +", "field": "a", "message": "x"}], [{"then": "a", "field": "a", "message": {}}],
        [{"then": "a", "field": "a", "message": "x", "else": "b"}])),
])
def test_a_schema_we_cannot_keep_to_is_refused_when_it_is_loaded(schema: Any) -> None:
    with pytest.raises(FormError) as caught:
        Form.load(schema)
    assert caught.value.problems and all(t.zh and t.en for _, t in caught.value.problems)


@pytest.mark.parametrize("ui", [[], {"colour": {}}, {"order": ["b"]}, {"order": ["a", "a"]}, {"order": 5}, {"labels": {"b": "x"}}, {"labels": {"a": 5}}, {"labels": 5},
                                {"widgets": {"a": "script"}}, {"widgets": {"a": []}}, {"options": {"a": {"z": "x"}}}, {"order": [["a"]]}])
def test_drawing_instructions_that_fit_no_field_are_refused(ui: Any) -> None:
    with pytest.raises(FormError):
        Form.load({"type": "object", "properties": {"a": {"enum": ["x"]}}}, ui)


def test_every_problem_of_a_form_is_reported_at_once() -> None:
    with pytest.raises(FormError) as caught:
        Form.load({"type": "object", "properties": {"a": {"type": "string", "maxLenght": 5}, "b c": {"type": "string"}}}, {"order": ["z"]})
    assert {where for where, _ in caught.value.problems} == {"a", "b c", "ui.order"}


def test_definitions_are_put_in_place() -> None:
    shared = Form.load({"type": "object", "$defs": {"yuan": {"type": "string", "format": "money"}}, "properties": {"a": {"$ref": "#/$defs/yuan", "minimum": 1}, "b": {"$ref": "#/$defs/yuan"}}})
    assert errors(shared, {"a": "0", "b": "0"}).keys() == {"a"}


def test_an_own_message_comes_before_the_general_one() -> None:
    own = form(x={"type": "string", "pattern": "^T", "x-gz-message": {"zh": "应以 T 开头", "en": "Start with T."}})
    assert errors(own, {"x": "a"}) == {"x": [Text("应以 T 开头", "Start with T.")]}


def test_a_warning_found_true_needs_measures_and_its_evidence_stays_as_it_was() -> None:
    warning = Form.load({
        "type": "object", "required": ["finding", "cause"], "properties": {
            "evidence": {"type": "object", "readOnly": True}, "finding": {"enum": ["属实", "部分属实", "误报", "正常例外"]},
            "cause": {"type": "string", "minLength": 20}, "action": {"type": "string"}},
        "if": {"properties": {"finding": {"const": "属实"}}, "required": ["finding"]}, "then": {"required": ["action"]}})
    sent = {"finding": "属实", "cause": "因为系统升级期间数据延迟导致未能按时核实处理"}
    assert errors(warning, sent).keys() == {"action"}
    assert errors(warning, {**sent, "finding": "误报"}) == {}
    assert errors(warning, {**sent, "action": "整改", "evidence": {"n": 2}}, context={"evidence": {"n": 1}}).keys() == {"evidence"}
