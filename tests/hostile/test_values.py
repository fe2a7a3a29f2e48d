"""Values that are wrong, enormous or pretend to be something else: refused by field, and nothing half-written."""
from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.conftest import GOOD, World, open_item


def nested(depth: int, how: str = "[") -> str:
    return "[" * depth + "]" * depth if how == "[" else '{"a":' * depth + "1" + "}" * depth


#: name -> (JSON text of the answers, the field that is to blame or None where the request itself cannot be read)
BAD: dict[str, tuple[str, str | None]] = {
    "a number for a text": ('{"purpose": 7, "amount": "1"}', "purpose"),
    "a list for a text": ('{"purpose": ["x", "y"], "amount": "1"}', "purpose"),
    "an object for money": ('{"purpose": "xx", "amount": {"value": 1}}', "amount"),
    "words for money": ('{"purpose": "xx", "amount": "one"}', "amount"),
    "true for money": ('{"purpose": "xx", "amount": true}', "amount"),
    "null where something is needed": ('{"purpose": null, "amount": "1"}', "purpose"),
    "NaN": ('{"purpose": "xx", "amount": NaN}', "amount"),
    "Infinity": ('{"purpose": "xx", "amount": -Infinity}', "amount"),
    "NaN as text": ('{"purpose": "xx", "amount": "NaN"}', "amount"),
    "a number beyond all numbers": ('{"purpose": "xx", "amount": 1e400}', "amount"),
    "more digits than are kept": ('{"purpose": "xx", "amount": "' + "9" * 40 + '"}', "amount"),
    "an integer beyond JSON's": ('{"purpose": "xx", "amount": 9007199254740993}', "amount"),
    "half a letter": ('{"purpose": "\\ud800 half", "amount": "1"}', "purpose"),
    "a NUL": ('{"purpose": "a\\u0000b", "amount": "1"}', "purpose"),
    "too long a text": ('{"purpose": "' + "x" * 101 + '", "amount": "1"}', "purpose"),
    "far too long a text": ('{"purpose": "' + "x" * 70_000 + '", "amount": "1"}', "purpose"),
    "a table that is too large": ('{"purpose": "xx", "amount": "1", "secret": ["' + '","'.join(["x" * 1000] * 400) + '"]}',
                                  "secret"),
    "a pretended Decimal": ('{"purpose": "xx", "amount": {"$dec": "1"}}', "amount"),
    "a pretended Decimal as the whole": ('{"$dec": "1", "purpose": "xx", "amount": "1"}', "$dec"),
    "a pretended date deep inside": ('{"purpose": "xx", "amount": "1", "rows": [{"typename": {"$date": "x"}}]}', "rows"),
    "nested 100 deep": ('{"purpose": "xx", "amount": ' + nested(100) + "}", "amount"),
    "nested 1,000 deep": ('{"purpose": ' + nested(900, "{") + ', "amount": "1"}', "purpose"),
    "a field there is not": ('{"purpose": "xx", "amount": "1", "__class__": "x"}', "__class__"),
    "another node's answers": ('{"purpose": "xx", "amount": "1", "nodes": {"approve": {"decision": "agree"}}}', "nodes"),
    "the house's own facts": ('{"purpose": "xx", "amount": "1", "case": {"initiator": 1}, "param": {}}', "case"),
    "a table with too many rows": ('{"purpose": "xx", "amount": "1", "rows": [' + ",".join(["{}"] * 6) + "]}", "rows"),
    "nested 100,000 deep": ('{"purpose": ' + nested(100_000) + "}", None),
    "a million braces": ('{"purpose": ' + "{" * 1_000_000 + "}", None),
    "an integer of 10,000 digits": ('{"purpose": "xx", "amount": ' + "9" * 10_000 + "}", None),
    "JSON cut off": ('{"purpose": "xx", "amount": ', None),
}


@pytest.fixture(scope="module")
def mine(world: World) -> dict[str, Any]:
    """A first task that waits for its initiator."""
    return open_item(world.chenxiaomei.start(data=None), "apply")


def standing(world: World, item: dict[str, Any]) -> tuple[Any, ...]:
    detail = world.chenxiaomei.ok("GET", f"/work-items/{item['id']}")
    return (*(world.count(table) for table in ("entry", "case", "work_item", "case_number")), detail)


@pytest.mark.parametrize("how", ["complete", "start"])
@pytest.mark.parametrize(("answers", "field"), BAD.values(), ids=BAD)
def test_bad_values_are_named_by_field_and_leave_everything_as_it_was(
    world: World, mine: dict[str, Any], answers: str, field: str | None, how: str
) -> None:
    before = standing(world, mine)
    body = (
        f'{{"version": {mine["version"]}, "answers": {answers}}}' if how == "complete"
        else f'{{"process": "approval", "data": {answers}}}'
    )
    path = f"/work-items/{mine['id']}/complete" if how == "complete" else "/cases"
    answer = world.chenxiaomei.post(path, data=body.encode(), content_type="application/json")
    if field is None:
        assert answer.status_code in (400, 413), answer.get_data(as_text=True)[:200]
    else:
        assert answer.status_code == 422 and field in answer.json["errors"], answer.get_data(as_text=True)[:200]
        assert len(answer.get_data()) < 5_000, "what was sent is not sent back"
    assert standing(world, mine) == before


def test_a_key_that_another_library_would_obey_is_only_a_word(world: World) -> None:
    evil = {"typename": "SpiffWorkflow.task.Task", "rows": [{"typename": "datetime"}, {"typename": "__main__.Evil"}]}
    case = world.chenxiaomei.start(data={**GOOD, **evil})
    assert case["data"]["typename"] == evil["typename"] and case["data"]["rows"] == evil["rows"]
    world.zhengwei.take(case["id"], "approve", decision="agree")
    world.zhouwenjing.take(case["id"], "audit", decision="agree")
    done = world.chenxiaomei.ok("GET", f"/cases/{case['id']}")
    assert done["status"] == "completed" and done["data"]["nodes"]["apply"]["rows"] == evil["rows"]
    entries = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/trail?page_size=1000")["items"]
    handed_in = next(e for e in entries if e["what"] == "work_item.completed")
    assert handed_in["facts"]["changed"]["typename"]["to"] == evil["typename"]


def test_text_that_looks_like_markup_or_sql_is_only_text(world: World) -> None:
    purpose = "<script>alert(1)</script> '; DROP TABLE entry; -- {{7*7}} ${7*7} ../../etc/passwd"
    case = world.chenxiaomei.start(data={**GOOD, "purpose": purpose})
    assert case["title"] == purpose == case["data"]["purpose"]


def test_a_draft_is_unchecked_but_bounded(world: World, mine: dict[str, Any]) -> None:
    path = f"/work-items/{mine['id']}/save"
    before = standing(world, mine)
    for answers, field in (({"purpose": {"$dec": "1"}}, "purpose"), ({"purpose": "x" * 70_000}, "purpose"),
                           ({"a": ["x" * 60_000] * 5}, "a"), ({"purpose": "\ud800"}, "purpose"),
                           ({"purpose": json.loads(nested(30))}, "purpose")):
        answer = world.chenxiaomei.post(path, {"version": mine["version"], "answers": answers})
        assert answer.status_code == 422 and field in answer.json["errors"], answer.json
    assert standing(world, mine) == before
    odd = {"purpose": 7, "not a field": [1, {"typename": "x"}], "amount": "abc"}
    other = open_item(world.chenxiaomei.start(data=None), "apply")
    world.chenxiaomei.ok("POST", f"/work-items/{other['id']}/save", {"version": 1, "answers": odd})
    assert world.chenxiaomei.ok("GET", f"/work-items/{other['id']}")["draft"]["answers"] == odd


def test_messages_and_signals_take_no_worse_values_than_forms(world: World) -> None:
    before = world.count("entry")
    for path, body in (("/messages", {"name": "payment", "correlation": "x"}), ("/signals", {"name": "year-end"})):
        for data in ('{"a": NaN}', '{"a": {"$time": "x"}}', '{"a": "\\ud800"}', '{"a": ' + nested(500) + "}"):
            text = json.dumps(body)[:-1] + f', "data": {data}}}'
            answer = world.wenjing.post(path, data=text, content_type="application/json")
            assert answer.status_code == 422 and answer.json["errors"], (path, data, answer.json)
    assert world.count("entry") == before


def test_after_all_of_this_the_trail_verifies(world: World) -> None:
    world.publish()
    assert world.verified()
