"""The trail: searched, read case by case, proved without us."""
from __future__ import annotations

from urllib.parse import quote

import pytest

from app.kernel.trail import BadProof, leaf_hash, verify_inclusion
from app.kernel.trail.notes import open_note

from .conftest import World


def test_a_case_tells_its_entries_in_order_page_by_page(world: World) -> None:
    case = world.chenxiaomei.start()
    path = f"/cases/{case['id']}/trail"
    whole = world.chenxiaomei.ok("GET", path)
    assert whole["cursor"] is None and [e["seq"] for e in whole["items"]] == list(range(1, len(whole["items"]) + 1))
    first = whole["items"][0]
    assert first["what"] == "case.started" and first["subject"] == f"case:{case['id']}"
    assert first["who"]["name"] == "陈晓梅" and first["facts"]["number"] == case["number"]
    paged, cursor = [], 0
    while cursor is not None:
        page = world.chenxiaomei.ok("GET", f"{path}?page_size=3&cursor={cursor}")
        paged, cursor = paged + page["items"], page["cursor"]
    assert paged == whole["items"]


def test_the_auditor_searches_by_every_filter(world: World) -> None:
    case = world.chenxiaomei.start()
    me = world.chenxiaomei.ok("GET", "/me")["person"]
    audit = world.shiyu
    mine = audit.ok("GET", f"/trail?case={case['id']}&person={me}&what=work_item.completed")["items"]
    assert [e["node"] for e in mine] == ["apply"] and mine[0]["case"] == case["id"]
    by_noun = audit.ok("GET", f"/trail?case={case['id']}&what=work_item&what=case.started&page_size=200")["items"]
    assert {e["what"].split(".")[0] for e in by_noun} == {"work_item", "case"}
    assert [e["id"] for e in by_noun] == sorted((e["id"] for e in by_noun), reverse=True), "latest first"
    moment = quote(mine[0]["at"])
    assert audit.ok("GET", f"/trail?case={case['id']}&until={moment}")["items"] == []
    assert audit.ok("GET", f"/trail?case={case['id']}&since={moment}")["items"]
    assert audit.ok("GET", f"/trail?process=approval&case={case['id']}&page_size=1")["cursor"]
    assert audit.ok("GET", f"/trail?process=expenditure&case={case['id']}")["items"] == []
    page = audit.ok("GET", "/trail?page_size=2")
    following = audit.ok("GET", f"/trail?page_size=2&cursor={page['cursor']}")
    assert following["items"][0]["id"] < page["items"][-1]["id"]


def test_only_the_auditor_searches_and_proves(world: World) -> None:
    for who in (world.chenxiaomei, world.leiming, world.longfei):
        for path in ("/trail", "/trail/proofs/1"):
            answer = who.get(path, lang="zh")
            assert answer.status_code == 403 and answer.json["title"] == "您没有使用此功能的权限。"


def test_a_proof_holds_without_us_and_not_for_another_entry(world: World) -> None:
    case = world.chenxiaomei.start()
    entry = world.chenxiaomei.ok("GET", f"/cases/{case['id']}/trail")["items"][0]
    early = world.shiyu.get(f"/trail/proofs/{entry['id']}")
    assert early.status_code == 404 and "checkpoint" in early.json["title"]
    world.publish()
    note = world.chenxiaomei.get("/trail/checkpoint")
    assert note.content_type.startswith("text/plain")
    from app.trail import queries

    with world.app.app_context():
        verifier = queries.log_key()
    found = world.shiyu.ok("GET", f"/trail/proofs/{entry['id']}")
    assert found["checkpoint"] == note.get_data(as_text=True)
    checkpoint = open_note(found["checkpoint"], [verifier])
    assert checkpoint.size == found["size"]
    leaf = leaf_hash(found["entry"].encode())
    assert leaf.hex() == found["leaf"] == entry["leaf"]
    path = [bytes.fromhex(h) for h in found["proof"]]
    verify_inclusion(found["index"], found["size"], leaf, path, checkpoint.root)
    for changed in (found["entry"].replace("case.started", "case.startec"), found["entry"] + " "):
        with pytest.raises(BadProof):
            verify_inclusion(found["index"], found["size"], leaf_hash(changed.encode()), path, checkpoint.root)


@pytest.mark.parametrize(("query", "field"), [
    ("case=x", "case"), ("case=" + "9" * 30, "case"), ("person=1.5", "person"), ("since=2026", "since"),
    ("cursor=-1", "cursor"), ("page_size=1000", "page_size"), ("what=%00", "what.0"), ("process=%00", "process"),
])
def test_a_filter_that_cannot_be_used_is_named(world: World, query: str, field: str) -> None:
    answer = world.shiyu.get("/trail?" + query)
    assert answer.status_code == 422 and list(answer.json["errors"]) == [field], answer.json


def test_there_is_no_entry_of_that_number(world: World) -> None:
    for number in ("0", "99999999", "9" * 30):
        assert world.shiyu.get(f"/trail/proofs/{number}").status_code == 404
