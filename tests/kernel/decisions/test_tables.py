"""Decision tables as a modelling tool writes them, with Chinese columns."""
from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.decisions import DecisionError, Table, Unreadable, tables

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def decision(inputs: list[str], outputs: list[str], rules: list[list[str]], *, policy: str = "UNIQUE", attributes: str = "", more_input: str = "",
             more_output: str = "", key: str = "d") -> str:
    columns = "".join(f'<input id="i{n}" label={quoteattr(t)}><inputExpression><text>{escape(t)}</text></inputExpression>{more_input}</input>' for n, t in enumerate(inputs))
    answers = "".join(f'<output id="o{n}" name={quoteattr(t)}>{more_output}</output>' for n, t in enumerate(outputs))
    rows = "".join(f'<rule id="r{n}">' + "".join(
        f"<{'inputEntry' if c < len(inputs) else 'outputEntry'} id=\"c{n}_{c}\"><text>{escape(t)}</text></{'inputEntry' if c < len(inputs) else 'outputEntry'}>"
        for c, t in enumerate(row)) + "</rule>" for n, row in enumerate(rules))
    return f'<decision id="{key}" name="审批权限"><decisionTable hitPolicy="{policy}" {attributes}>{columns}{answers}{rows}</decisionTable></decision>'


def file(*decisions: str, namespace: str = DMN) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}" name="x" namespace="y">{"".join(decisions)}</definitions>'.encode()


def made(inputs: list[str], outputs: list[str], rules: list[list[str]], **more: str) -> Table:
    return Table.read(file(decision(inputs, outputs, rules, **more)))


LIMITS = (["金额", "类别"], ["审批人", "档次"], [
    ["<= 2000", "-", '"CW.KZ"', "1"], ["(2000..10000]", '"办公费","会议费"', '"LD.CW"', "2"], ["(2000..10000]", 'not("办公费","会议费")', '"LD.FG"', "2"], ["> 10000", "", '"LD.BGH"', "3"]])


def test_a_table_of_thresholds_says_who_approves() -> None:
    table = made(*LIMITS)
    assert table.names == {"金额", "类别"}
    for amount, category, post in ((Decimal("2000.00"), "办公费", "CW.KZ"), (Decimal("2000.01"), "会议费", "LD.CW"), (10000, "维修费", "LD.FG"), (10001, "办公费", "LD.BGH")):
        assert table.decide({"金额": amount, "类别": category})["审批人"] == post


@pytest.mark.parametrize(("cell", "fits", "fits_not"), [
    ("5", [5, Decimal("5.0")], [4, None]), ('"甲"', ["甲"], ["乙", None]), ('"甲", "乙"', ["乙"], ["丙"]), ("true", [True], [False, None]), ("< 5", [4], [5, None]),
    ("<= 5", [5], [6]), ("> a", [8], [7]), (">= 5.5", [Decimal("5.5")], [5]), ("[1..5]", [1, 5], [0, 6, None]), ("(1..5)", [2], [1, 5]), ("]1..5[", [2], [1, 5]),
    ("[1..5)", [1], [5]), ("[a - 1..a * 2]", [6, 14], [5, 15]), ("< 1, > 9", [0, 10], [5, None]), ("not(5)", [4, None], [5]), ("not(< 5)", [5], [4, None]),
    ("not([1..5], 9)", [7], [3, 9]), ("null", [None], [5]), ("not(null)", [5], [None]), ("-", [1, None, "x"], []), ("", [None], []), ("[1, 2]", [2], [3]),
    ("(1, 2)", [2], [3]), ("(3 + 4)", [7], [6]), ("a", [7], [8]), ('< date("2026-01-01")', [date(2025, 1, 1)], [date(2026, 1, 1)]), ("-5", [-5], [5]), ("< -5", [-6], [-5]),
])
def test_a_cell_fits_what_the_standard_says_it_fits(cell: str, fits: list, fits_not: list) -> None:
    table = made(["x"], ["y"], [[cell, "1"]], policy="COLLECT")
    for value in fits:
        assert table.decide({"x": value, "a": 7}) == [{"y": 1}], value
    for value in fits_not:
        assert table.decide({"x": value, "a": 7}) == [], value


def test_unique_rules_that_overlap_are_found_when_they_do_and_all_named() -> None:
    table = made(["x"], ["y"], [["> 1", "1"], ["< 0", "2"], ["> 2", "3"]])
    assert table.decide({"x": 2}) == {"y": 1}
    with pytest.raises(DecisionError) as caught:
        table.decide({"x": 3})
    assert [(f.rule, f.element) for f in caught.value.findings] == [("decision.overlap", "r0"), ("decision.overlap", "r2")]
    assert "1, 3" in caught.value.findings[0].message.zh and "审批权限" in caught.value.findings[0].message.en


def test_first_takes_the_first_any_demands_agreement_and_rule_order_takes_all() -> None:
    rules = [["> 1", "1"], ["> 2", "1"], ["> 3", "2"]]
    assert made(["x"], ["y"], rules, policy="FIRST").decide({"x": 9}) == {"y": 1}
    any_of = made(["x"], ["y"], rules, policy="ANY")
    assert any_of.decide({"x": 3}) == {"y": 1}
    with pytest.raises(DecisionError) as caught:
        any_of.decide({"x": 4})
    assert caught.value.findings[0].rule == "decision.any"
    assert made(["x"], ["y"], rules, policy="RULE ORDER").decide({"x": 9}) == [{"y": 1}, {"y": 1}, {"y": 2}]


def test_first_does_not_judge_cells_behind_the_rule_it_takes() -> None:
    assert made(["x"], ["y"], [["> 1", "1"], ['"文字"', "2"]], policy="FIRST").decide({"x": 9}) == {"y": 1}


@pytest.mark.parametrize(("aggregation", "all_three", "none"), [("SUM", Decimal("6.5"), None), ("MIN", 1, None), ("MAX", Decimal("3.5"), None), ("COUNT", 3, 0)])
def test_collect_aggregates_what_it_collected(aggregation: str, all_three: object, none: object) -> None:
    table = made(["x"], ["y"], [["> 1", "2"], ["> 2", "1"], ["> 3", "a / 2"]], policy="COLLECT", attributes=f'aggregation="{aggregation}"')
    assert table.decide({"x": 9, "a": 7}) == {"y": all_three}
    assert table.decide({"x": 0, "a": 7}) == {"y": none}


def test_no_rule_is_an_error_unless_there_is_a_default() -> None:
    with pytest.raises(DecisionError) as caught:
        made(["x"], ["y"], [["1", "1"]]).decide({"x": 2})
    assert caught.value.findings[0].rule == "decision.none"
    assert made(["x"], ["y"], [["1", "1"]], more_output="<defaultOutputEntry><text>0</text></defaultOutputEntry>").decide({"x": 2}) == {"y": 0}


def test_values_outside_the_allowed_ones_are_refused() -> None:
    table = made(["x"], ["y"], [["-", "x"]], more_input='<inputValues><text>"a","b"</text></inputValues>', more_output='<outputValues><text>"a"</text></outputValues>')
    assert table.decide({"x": "a"}) == {"y": "a"}
    for bad in ("b", "c", None):
        with pytest.raises(DecisionError):
            table.decide({"x": bad})


@pytest.mark.parametrize(("cell", "names"), [("> 5", {"x": "文字"}), ('"a"', {"x": 5}), ("[1..a]", {"x": 3}), ("a", {"x": 3})])
def test_a_cell_that_cannot_be_judged_is_named_and_its_rule_not_passed_over(cell: str, names: dict) -> None:
    with pytest.raises(DecisionError) as caught:
        made(["x"], ["y"], [["-", "1"], [cell, "2"]]).decide(names)
    finding = caught.value.findings[0]
    assert finding.element == "r1" and "第 2 条规则“x”" in finding.message.zh and "rule 2, “x”" in finding.message.en


def test_an_input_that_is_not_there_is_named_by_its_column() -> None:
    with pytest.raises(DecisionError, match="金额"):
        made(*LIMITS).decide({"类别": "办公费"})


@pytest.mark.parametrize("cell", ["> ", "[1..5", "[1..]", "1..5", "]5", "not(5", "5 6", "5,", "<< 5", "x.__class__", "? > 5", "a > 5", "\uff1e 5", "[1..2]..3", "x for y", "5 =", "("])
def test_a_cell_that_is_no_test_is_reported_with_its_place_when_the_table_is_read(cell: str) -> None:
    with pytest.raises(Unreadable) as caught:
        made(["金额"], ["y"], [["-", "1"], [cell, "1"]])
    finding = caught.value.findings[0]
    assert finding.element == "c1_0" and "第 2 条规则“金额”" in finding.message.zh


def test_everything_wrong_with_a_table_is_reported_at_once() -> None:
    with pytest.raises(Unreadable) as caught:
        made(["a b", "y"], ["z"], [["1", ">", "1 +"], ["1", "2"]])
    assert [f.element for f in caught.value.findings] == ["i0", "c0_1", "c0_2", "r1"]


@pytest.mark.parametrize("text", [
    decision(["x"], ["y"], [["1", "1"]], policy="PRIORITY"), decision(["x"], ["y"], [["1", "1"]], policy="COLLECT", attributes='aggregation="AVG"'),
    decision(["x"], ["y"], [["1", "1"]], attributes='aggregation="SUM"'), decision(["x"], ["y", "z"], [["1", "1", "1"]], policy="COLLECT", attributes='aggregation="SUM"'),
    decision([], ["y"], [["1"]]), decision(["x"], [], [["1"]]), decision(["x"], ["y"], []), decision(["x"], ["y", "y"], [["1", "1", "1"]]), decision(["x"], ["a b"], [["1", "1"]]),
    decision(["x"], [""], [["1", "1"]]), decision([""], ["y"], [["1", "1"]]), '<decision id="d"><literalExpression><text>1</text></literalExpression></decision>', "",
    decision(["x"], ["y"], [["1", "1"]]).replace("<decisionTable", '<informationRequirement><requiredDecision href="#e"/></informationRequirement><decisionTable'),
    decision(["x"], ["y"], [["1", "1"]]).replace("<inputExpression>", '<inputExpression expressionLanguage="javascript">'),
])
def test_what_we_cannot_decide_faithfully_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Table.read(file(text))
    assert all(f.message.zh and f.message.en for f in caught.value.findings)


@pytest.mark.parametrize("source", [
    b"", b"x", b"<a/>", b"<definitions/>", b'<!DOCTYPE x [<!ENTITY a "b">]><definitions/>', b"\xff\xfe\x00", b'<?xml version="1.0" encoding="none"?><a/>',
    b"<a>" * 200 + b"</a>" * 200, b"<a>" + b"<b/>" * 20_000 + b"</a>", file(namespace="urn:other"),
    b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><definitions xmlns="' + DMN.encode() + b'"/>',
])
def test_hostile_xml_is_refused(source: bytes) -> None:
    with pytest.raises(Unreadable):
        Table.read(source)


@pytest.mark.parametrize(("rule", "before", "inside"), [
    ("xml.doctype", "<!DOCTYPE definitions>", ""), ("xml.doctype", '<!DOCTYPE definitions [<!ENTITY a "b">]>', ""),
    ("xml.elements", "", "<description/>" * 10_001), ("xml.depth", "", "<a>" * 120 + "</a>" * 120),
])
def test_a_table_that_is_otherwise_sound_does_not_get_past_the_guard(rule: str, before: str, inside: str) -> None:
    source = file(decision(["x"], ["y"], [["-", "1"]]) + inside)
    Table.read(file(decision(["x"], ["y"], [["-", "1"]])))
    with pytest.raises(Unreadable) as caught:
        Table.read(source.replace(b"<definitions", before.encode() + b"<definitions", 1))
    assert [f.rule for f in caught.value.findings] == [rule]


def test_a_file_with_several_tables_is_asked_for_one_by_id() -> None:
    source = file(decision(["x"], ["y"], [["-", "1"]], key="a"), decision(["x"], ["y"], [["-", "2"]], key="b"))
    assert Table.read(source, "b").decide({"x": 0}) == {"y": 2}
    assert list(tables(source)) == ["a", "b"]
    for wrong in (None, "c"):
        with pytest.raises(Unreadable, match="a, b"):
            Table.read(source, wrong)


def test_the_older_and_newer_namespaces_hold_the_same_tables() -> None:
    for version in ("https://www.omg.org/spec/DMN/20230324/MODEL/", "http://www.omg.org/spec/DMN/20180521/MODEL/"):
        assert Table.read(file(decision(["x"], ["y"], [["-", "1"]]), namespace=version)).decide({"x": 0}) == {"y": 1}


_CELLS = st.lists(st.sampled_from(["-", "not(", ")", "(", "[", "]", "..", ",", "<", ">=", "1", "5", '"a"', "x", "null", "true", "+", "date(", "a.b", "="]), max_size=7).map(" ".join)


@settings(max_examples=EXAMPLES * 2, deadline=None)
@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=3), st.one_of(st.none(), st.integers(), st.text(max_size=2), st.booleans(), st.dates()),
       st.sampled_from(["UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT"]))
def test_whatever_stands_in_the_cells_only_our_two_errors_come_out(rows: list, x: object, policy: str) -> None:
    try:
        made(["x"], ["y"], [list(r) for r in rows], policy=policy).decide({"x": x})
    except (Unreadable, DecisionError) as error:
        assert error.findings


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(-10, 30_000), st.sampled_from(["办公费", "会议费", "其他"]))
def test_the_thresholds_leave_no_gap_and_no_overlap(amount: int, category: str) -> None:
    assert made(*LIMITS).decide({"金额": amount, "类别": category})["档次"] == (1 if amount <= 2000 else 2 if amount <= 10000 else 3)
