"""Matters and process definitions: deployed by one, activated by another, kept byte for byte."""
from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.diagrams import diagram, end, start, user

from .conftest import APPROVAL, FORM, World

REQUEST = ("forms", "request.json", json.dumps(FORM).encode())


def small(key: str, note: str = "") -> bytes:
    source = diagram(key, start("s"), user("apply", "ANY.CLK", form="request", department="initiator"), end("e"),
                     path="s apply e")
    return source + f"<!-- {note} -->".encode()


def test_the_matters_are_those_with_a_running_process(world: World) -> None:
    matters = world.chenxiaomei.ok("GET", "/matters")
    assert {"S01", "S02", "T10", "V01"} <= {m["matter"] for m in matters}
    s01 = next(m for m in matters if m["matter"] == "S01")
    assert s01["process"] == "expenditure" and s01["name"] == {"zh": "经费支出审批", "en": "Expenditure approval"}


def test_a_diagram_is_deployed_as_a_draft_and_kept_byte_for_byte(world: World) -> None:
    source = small("kept", "岗责 \u3000\r\n")
    answer = world.leiming.deploy(source, REQUEST)
    assert answer.status_code == 201
    draft = answer.json
    assert draft["key"] == "kept" and draft["state"] == "draft" and draft["version"] == 1
    assert draft["activated_by"] is None
    answer = world.chenxiaomei.get(f"/process-definitions/{draft['id']}/diagram")
    assert answer.data == source and answer.content_type.startswith("application/xml")
    assert draft in world.chenxiaomei.ok("GET", "/process-definitions")
    assert world.chenxiaomei.ok("GET", f"/process-definitions/{draft['id']}") == draft


def test_the_same_package_again_is_the_same_version_and_another_byte_is_another(world: World) -> None:
    first = world.leiming.deploy(small("again"), REQUEST).json
    assert world.leiming.deploy(small("again"), REQUEST).json["id"] == first["id"]
    second = world.leiming.deploy(small("again", "2"), REQUEST).json
    assert second["id"] != first["id"] and second["version"] == 2 and second["digest"] != first["digest"]


def test_who_deployed_a_version_may_not_activate_it(world: World) -> None:
    draft = world.leiming.deploy(small("twice"), REQUEST).json["id"]
    answer = world.leiming.post(f"/process-definitions/{draft}/activate")
    assert answer.status_code == 403 and "deployed" in answer.json["title"]
    assert world.chenxiaomei.post("/cases", {"process": "twice"}).status_code == 404
    active = world.wenjing.ok("POST", f"/process-definitions/{draft}/activate")
    assert active["state"] == "active" and active["activated_by"] != active["deployed_by"]
    assert world.wenjing.post(f"/process-definitions/{draft}/activate").status_code == 409
    assert world.chenxiaomei.start("twice", None)["status"] == "running"


def test_a_new_version_retires_the_old_one_and_running_cases_stay_where_they_are(world: World) -> None:
    first = world.leiming.deploy(small("grows"), REQUEST).json["id"]
    world.wenjing.ok("POST", f"/process-definitions/{first}/activate")
    running = world.chenxiaomei.start("grows", None)
    second = world.leiming.deploy(small("grows", "2"), REQUEST).json["id"]
    world.wenjing.ok("POST", f"/process-definitions/{second}/activate")
    assert world.chenxiaomei.ok("GET", f"/process-definitions/{first}")["state"] == "retired"
    assert world.chenxiaomei.start("grows", None)["version"] == 2
    world.chenxiaomei.take(running["id"], "apply", answers={"purpose": "打印纸", "amount": "1"})
    finished = world.chenxiaomei.ok("GET", f"/cases/{running['id']}")
    assert finished["version"] == 1 and finished["status"] == "completed"


@pytest.mark.parametrize("who", ["chenxiaomei", "longfei", "shiyu"])
def test_only_the_system_administrator_deploys_and_activates(world: World, who: str) -> None:
    count = world.count("definition")
    assert getattr(world, who).deploy(small("forbidden"), REQUEST).status_code == 403
    assert getattr(world, who).post("/process-definitions/1/activate").status_code == 403
    assert world.count("definition") == count


def test_a_diagram_that_cannot_be_deployed_is_answered_element_by_element_in_both_languages(world: World) -> None:
    source = APPROVAL.replace(b"ANY.HD", b"NO.SUCH").replace(b"<gz:duty>audit</gz:duty>", b"")
    count = world.count("entry")
    english = world.leiming.deploy(source, REQUEST)
    assert english.status_code == 422
    assert english.json["title"] == "The diagram cannot be deployed."
    assert english.json["errors"] == {
        "approve": ["there is no post “NO.SUCH”"], "audit": ["it does not say what the duty is"]}
    chinese = world.leiming.deploy(source, REQUEST, lang="zh")
    assert chinese.json["title"] == "流程图不能部署。"
    assert chinese.json["errors"]["approve"] == ["没有岗位“NO.SUCH”"]
    assert world.count("entry") == count


def test_a_form_that_is_missing_or_unreadable_is_named(world: World) -> None:
    assert world.leiming.deploy(small("formless")).json["errors"] == {"apply": ["there is no form “request”"]}
    for content in (b"{", b"[]", b'{"schema": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a": "\\ud800"}',
                    b'{"a": 1' + b"0" * 5000 + b"}", b'{"a": "' + b"x" * 1_100_000 + b'"}'):
        answer = world.leiming.deploy(small("formless"), ("forms", "request.json", content))
        assert answer.status_code == 422 and list(answer.json["errors"]) == ["request.json"], content[:20]
    answer = world.leiming.deploy(small("formless"), ("forms", "request.json", b'{"schema": {"type": "list"}}'))
    assert answer.status_code == 422 and "request" in answer.json["errors"]
    answer = world.leiming.deploy(small("formless"), REQUEST, ("forms", "other/request.json", REQUEST[2]))
    assert answer.status_code == 422 and "two files" in answer.json["errors"]["other/request.json"][0]


def test_a_decision_table_that_cannot_be_read_is_named(world: World) -> None:
    for content, where in ((b"\xff", "t.dmn"), (b"<a/>", "t"), (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "t")):
        answer = world.leiming.deploy(small("tableless"), REQUEST, ("decisions", "t.dmn", content))
        assert answer.status_code == 422 and where in answer.json["errors"], answer.json


def test_the_report_says_what_the_check_says_today(world: World) -> None:
    draft = world.leiming.deploy(small("reported").replace(b'name="apply"', b'name=""'), REQUEST).json["id"]
    assert [f["rule"] for f in world.chenxiaomei.ok("GET", f"/process-definitions/{draft}/report")
            if f["severity"] == "error"] == []
    named: list[dict[str, Any]] = [
        f for f in world.chenxiaomei.ok("GET", f"/process-definitions/{draft}/report") if f["rule"] == "node.no-name"]
    assert named[0]["element"] == "apply" and named[0]["severity"] == "warning" and named[0]["line"]
    assert named[0]["repair"] == "give it a name"


def test_there_is_no_definition_of_that_number(world: World) -> None:
    for path in ("", "/diagram", "/report"):
        for number in ("999999", "9" * 30):
            answer = world.chenxiaomei.get(f"/process-definitions/{number}{path}")
            assert answer.status_code == 404 and answer.content_type == "application/problem+json"
    assert world.leiming.post("/process-definitions/999999/activate").status_code == 404


def test_a_deployment_is_written_down_with_the_digest_of_its_bytes(world: World) -> None:
    source = small("written")
    draft = world.leiming.deploy(source, REQUEST).json
    found = world.shiyu.ok("GET", "/trail?what=definition.deployed&page_size=1")["items"][0]
    assert found["facts"]["definition"] == draft["id"] and found["facts"]["digest"] == draft["digest"]
    assert found["facts"]["diagram"] == hashlib.sha256(source).hexdigest()
    assert found["who"]["name"] == "雷鸣"


# -- rules of separation ----------------------------------------------------------------------------------------------

def expenditure(world: World) -> dict[str, Any]:
    return next(d for d in world.leiming.ok("GET", "/process-definitions") if d["key"] == "expenditure")


PAIR = {"kind": "differ", "id": "pay-meeting", "nodes": ["pay", "meeting"], "basis": "会计法 §37"}


def test_rules_are_put_and_become_a_draft_that_a_second_person_activates(world: World) -> None:
    base = expenditure(world)
    was = world.chenxiaomei.ok("GET", f"/process-definitions/{base['id']}/constraints")
    assert was[0]["kind"] == "differ" and was[0]["nodes"][:2] == ["file", "head"] and was[0]["scope"] == "case"
    draft = world.leiming.ok("PUT", f"/process-definitions/{base['id']}/constraints?reason=审计建议", [
        *was[:1], *was[2:], PAIR, {"kind": "people", "nodes": ["pay", "book"], "options": {"min": "2"}}])
    assert draft["state"] == "draft" and draft["version"] == base["version"] + 1 and draft["based_on"] == base["id"]
    now = world.chenxiaomei.ok("GET", f"/process-definitions/{draft['id']}/constraints")
    assert [r["id"] for r in now] == [was[0]["id"], *(r["id"] for r in was[2:]), "pay-meeting", "people-1"]
    sources = [world.leiming.get(f"/process-definitions/{d['id']}/diagram").data.decode() for d in (base, draft)]
    old, new = ([line for line in source.splitlines() if 'id="people-1"' not in line and 'id="pay-meeting"' not in line]
                for source in sources)
    assert [line for line in old if line not in new] == [next(line for line in old if f'id="{was[1]["id"]}"' in line)]
    assert [line for line in new if line not in old] == []
    entry = world.shiyu.ok("GET", "/trail?what=definition.deployed&page_size=1")["items"][0]["facts"]
    assert entry["based_on"] == base["id"] and entry["reason"] == "审计建议"
    assert entry["rules"] == {"added": ["pay-meeting", "people-1"], "removed": [was[1]["id"]], "changed": []}
    assert world.leiming.post(f"/process-definitions/{draft['id']}/activate").status_code == 403
    assert world.wenjing.ok("POST", f"/process-definitions/{draft['id']}/activate")["state"] == "active"


def test_a_later_version_than_one_knew_of_is_told_not_overwritten(world: World) -> None:
    newest = expenditure(world)
    first = next(d for d in world.leiming.ok("GET", "/process-definitions")
                 if d["key"] == "expenditure" and d["version"] == 1)
    where = f"/process-definitions/{first['id']}/constraints"
    if newest["version"] == 1:
        newest = world.leiming.ok("PUT", where, [PAIR])
    count = world.count("definition")
    other = [{**PAIR, "nodes": ["pay", "party"]}]
    answer = world.leiming.send("PUT", where, other)
    assert answer.status_code == 409 and f"Version {newest['version']} " in answer.json["title"]
    assert world.leiming.send("PUT", where + "?newest=1", other).status_code == 409
    assert world.count("definition") == count
    made = world.leiming.ok("PUT", f"{where}?newest={newest['version']}", other)
    assert made["based_on"] == first["id"] and made["version"] == newest["version"] + 1


def test_rules_that_make_no_sense_are_answered_field_by_field_in_both_languages(world: World) -> None:
    base = expenditure(world)
    where, count = f"/process-definitions/{base['id']}/constraints", world.count("definition")
    nonsense = [
        {"kind": "differ", "id": "a", "nodes": ["pay", "nowhere"]}, {"kind": "people", "id": "a", "nodes": ["pay"]},
        {"kind": "collective", "id": "c", "nodes": ["pay"], "options": {"quorum": "3/2"}},
        {"kind": "draw", "id": "d", "nodes": ["pay"], "on_block": "escalate"},
        {"kind": "release", "id": "r", "options": {"constraint": "z", "at": "pay"}},
    ]
    answer = world.leiming.send("PUT", where, nonsense)
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"]["0.nodes"] == ["there is no node “nowhere”"]
    assert set(answer.json["errors"]) == {
        "0.id", "0.nodes", "1.id", "1.min", "2.nodes", "2.quorum", "3.on_block", "4.constraint"}
    assert world.leiming.send("PUT", where, nonsense, lang="zh").json["errors"]["0.nodes"] == ["没有节点“nowhere”"]
    both = [{"kind": k, "id": k, "nodes": ["pay", "book"], "basis": f"§{k}"} for k in ("same", "differ")]
    answer = world.leiming.send("PUT", where, both)
    assert answer.status_code == 422 and "§same" in str(answer.json) and "§differ" in str(answer.json)
    assert world.leiming.send(
        "PUT", where, world.leiming.ok("GET", where)).json["errors"] == {"": ["The rules have not changed."]}
    assert world.count("definition") == count


@pytest.mark.parametrize("body", [
    {}, "x", 7, [7], [[]], [None], [{"nodes": ["pay"]}], [{"kind": "wish", "nodes": ["pay"]}],
    [{"kind": "differ", "nodes": "pay book"}], [{"kind": "differ", "nodes": [7]}], [{"kind": "differ", "more": 1}],
    [{"kind": "differ", "nodes": ["pay", "book"], "basis": "x" * 301}],
    [{"kind": "differ", "nodes": ["pay", "book"], "basis": "\u0000"}],
    [{"kind": "differ", "nodes": ["pay", "book"], "basis": "\ufffe"}],
    [{"kind": "differ", "nodes": ["pay", "book"], "basis": "a\nb"}],
    [{"kind": "differ", "nodes": ["pay", "book"], "scope": "galaxy"}],
    [{"kind": "people", "nodes": ["pay", "book"], "options": {"min": 2}}],
    [{"kind": "people", "nodes": ["pay", "book"], "options": {"min": "9" * 200}}],
    [{"kind": "people", "nodes": ["pay", "book"], "options": {"m'><x": "2"}}],
    [{"kind": "differ", "id": "a' b='", "nodes": ["pay", "book"]}],
    [{"kind": "differ", "id": str(n), "nodes": ["pay", "book"]} for n in range(201)],
])
def test_hostile_rules_change_nothing(world: World, body: Any) -> None:
    base, count = expenditure(world), world.count("definition")
    answer = world.leiming.send("PUT", f"/process-definitions/{base['id']}/constraints", body)
    assert answer.status_code == 422, answer.json
    assert world.count("definition") == count


def test_rules_are_anybody_s_to_read_and_the_administrator_s_to_change(world: World) -> None:
    base, count = expenditure(world), world.count("definition")
    where = f"/process-definitions/{base['id']}/constraints"
    for who in ("chenxiaomei", "longfei", "shiyu"):
        assert getattr(world, who).get(where).status_code == 200
        assert getattr(world, who).send("PUT", where, [PAIR]).status_code == 403
    assert world.nobody.get(where).status_code == 401 and world.nobody.send("PUT", where, [PAIR]).status_code == 401
    for number in ("999999", "9" * 30):
        assert world.leiming.get(f"/process-definitions/{number}/constraints").status_code == 404
        assert world.leiming.send("PUT", f"/process-definitions/{number}/constraints", [PAIR]).status_code == 404
    assert world.count("definition") == count


def test_coverage_lists_what_is_missing(world: World) -> None:
    found = world.chenxiaomei.ok("GET", "/coverage")
    assert set(found) == {"matters", "nodes", "posts", "people"}
    world.leiming.deploy(small("uncovered"), REQUEST)
    assert "UNCOVERED" in world.chenxiaomei.ok("GET", "/coverage")["matters"]
