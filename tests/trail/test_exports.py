"""What leaves the house can be opened by others, and is whole or not there."""
from __future__ import annotations

import csv
import io
import json
import os
import re
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from app.change import Actor, change
from app.errors import Invalid
from app.kernel.trail import leaf_hash
from app.trail import actions, exports, filters, queries
from app.trail.actions import publish
from app.trail.exports import export
from tests.kernel.trail import EXAMPLES
from tests.trail.house import ADA, BOB, write

NASTY = '=HYPERLINK("http://x")<&>"\'\t换行\r\n\x01\x1f\ufffe😀]]>'
NS = "{http://www.xes-standard.org/}"


def fill() -> None:
    """Two cases of one process and one of another, as cases write them, and things that belong to no case."""
    for number, process in ((1, "S01"), (2, "S01"), (3, "T10")):
        subject = f"case:{number}"
        with change("case.started", actor=ADA, subject=subject) as c:
            c.entry("case.started", case=number, number=f"{process}-2026-000{number}", process=process, version=2,
                    matter=process, title=NASTY)
            for node, item in (("start", None), ("file", 10 * number)):
                c.entry("node.entered", case=number, node=node, token=1, actor=Actor.system("engine"))
                if item is None:
                    c.entry("node.completed", case=number, node=node, token=1, actor=Actor.system("engine"))
                else:
                    c.entry("work_item.offered", case=number, node=node, item=item, post="ANY.JB",
                            actor=Actor.system("engine"))
        with change("work_item.claimed", actor=ADA, subject=subject) as c:
            c.entry("work_item.claimed", case=number, node="file", item=10 * number)
        with change("work_item.completed", actor=ADA, subject=subject) as c:
            c.entry("work_item.completed", case=number, node="file", item=10 * number, decision="agree", opinion=NASTY)
            c.entry("node.completed", case=number, node="file", token=2, actor=Actor.system("engine"))
            c.entry("case.completed", case=number)
    write("organisation", "appointment.given", actor=BOB, opinion="-1+1")
    publish()
    write("case:1", "work_item.refused", case=1, node="pay", actor=BOB)


#: Events of one such case in XES: start entered and completed, file offered, claimed, completed.
EVENTS = [("start", "start"), ("start", "complete"), ("file", "schedule"), ("file", "start"), ("file", "complete")]


@pytest.fixture
def filled(app):
    fill()
    return app


def jsonl(**asked) -> list[dict]:
    out = io.BytesIO()
    count = export("jsonl", out, **asked)
    lines = out.getvalue().splitlines()
    assert len(lines) == count
    return [json.loads(line) for line in lines]


def test_json_lines_carry_the_exact_bytes_so_that_the_leaf_can_be_computed_from_the_file(filled):
    out = io.BytesIO()
    count = export("jsonl", out)
    lines = out.getvalue().split(b"\n")[:-1]
    assert len(lines) == count == queries.verify().entries
    for line in lines:
        body = line[line.index(b'"entry":') + 8:-1]
        assert leaf_hash(body).hex() == json.loads(line)["leaf"]
    assert [json.loads(line)["index"] for line in lines] == [*range(count - 1), None]


def test_filters_choose_by_case_person_kind_and_time(filled):
    everything = jsonl()
    whats = [line["entry"]["what"] for line in everything]
    assert {line["entry"]["case"] for line in jsonl(case=2)} == {2}
    assert [line["entry"]["who"]["person"] for line in jsonl(person=2)] == [2, 2]
    assert len(jsonl(what=["work_item"])) == sum(w.startswith("work_item.") for w in whats)
    assert len(jsonl(what=["work_item.claimed", "case"])) == sum(
        w == "work_item.claimed" or w.startswith("case.") for w in whats
    )
    last = datetime.fromisoformat(everything[-1]["entry"]["at"])
    assert jsonl(since=last + timedelta(milliseconds=1)) == []
    assert len(jsonl(until=last + timedelta(milliseconds=1))) == len(everything)
    assert jsonl(case=2, person=2) == []


def test_a_process_is_known_by_the_room_that_knows_processes(filled, monkeypatch):
    from sqlalchemy import literal, select

    assert jsonl(process="T10") == []
    monkeypatch.setattr(filters, "CASES_OF", [lambda key: select(literal(3)).where(literal(key) == "T10")])
    assert {line["entry"]["case"] for line in jsonl(process="T10")} == {3}
    assert jsonl(process="nothing") == []


def test_a_noun_is_not_a_pattern(filled):
    assert jsonl(what=["work%"]) == []
    assert jsonl(what=["work_ite_"]) == []


def test_csv_opens_with_its_chinese_and_holds_no_formula(filled, tmp_path):
    path = tmp_path / "trail.csv"
    count = export("csv", path)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(rows) == count == len(jsonl())
    assert tuple(rows[0]) == exports.CSV_COLUMNS
    assert rows[0]["name"] == "艾达"
    opinions = {row["opinion"] for row in rows} - {""}
    assert opinions == {"'" + NASTY, "'-1+1"}
    for row in rows:
        assert not any(re.match("[=+\\-@\t\r\n]", cell) for cell in row.values())


def test_an_empty_csv_still_says_what_its_columns_are(app):
    out = io.BytesIO()
    assert export("csv", out) == 0
    assert out.getvalue().decode("utf-8-sig").strip().split(",") == list(exports.CSV_COLUMNS)


@settings(max_examples=EXAMPLES)
@given(st.text())
def test_no_text_makes_a_cell_a_formula(value):
    cell = exports._cell(value)
    assert not re.match("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]", cell)
    assert cell in (value, "'" + value)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters()))
def test_any_text_is_one_well_formed_xml_attribute(value):
    element = etree.fromstring(exports._element("k", value).encode())
    legal = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value)
    assert element.get("value") == legal


def xes(**asked) -> tuple[int, etree._Element]:
    out = io.BytesIO()
    count = export("xes", out, **asked)
    return count, etree.fromstring(out.getvalue())


def test_xes_has_a_trace_for_each_case_and_an_event_for_each_step_of_a_node(filled):
    count, log = xes()
    assert log.tag == NS + "log"
    assert log.get("xes.version") == "1849.2016"
    traces = log.findall(NS + "trace")
    assert len(traces) == 3
    for trace in traces:
        events = [{a.get("key"): a.get("value") for a in event} for event in trace.findall(NS + "event")]
        assert [(e["concept:name"], e["lifecycle:transition"]) for e in events] == EVENTS
    assert count == 3 * len(EVENTS)
    assert [t.find(f"{NS}string[@key='concept:name']").get("value") for t in traces] == [
        "S01-2026-0001", "S01-2026-0002", "T10-2026-0003",
    ]


def test_xes_elements_stand_in_the_order_of_the_standard_and_no_key_twice(filled):
    _, log = xes()
    kinds = [re.sub(r"\{.*\}", "", child.tag) for child in log]
    order = ["extension", "global", "classifier", "string", "trace"]
    assert [kind for i, kind in enumerate(kinds) if i == 0 or kinds[i - 1] != kind] == order
    for holder in log.iter(NS + "event", NS + "trace"):
        keys = [child.get("key") for child in holder if child.get("key")]
        assert len(keys) == len(set(keys))
    for stamp in log.iter(NS + "date"):
        assert datetime.fromisoformat(stamp.get("value")).tzinfo is not None
    declared = {extension.get("prefix") for extension in log.findall(NS + "extension")}
    used = {child.get("key").partition(":")[0] for child in log.iter() if ":" in (child.get("key") or "")}
    assert used <= declared


def test_an_event_says_who_as_what_with_which_decision_and_where_its_proof_is(filled):
    _, log = xes(case=2, what=["work_item.completed"])
    event, = log.iter(NS + "event")
    said = {a.get("key"): a.get("value") for a in event}
    assert said["org:resource"] == "艾达 (1)"
    assert (said["org:role"], said["org:group"]) == ("CWK.KJ", "CWK")
    assert (said["concept:instance"], said["gangze:decision"]) == ("20", "agree")
    line, = jsonl(case=2, what=["work_item.completed"])
    assert said["gangze:leaf"] == line["leaf"]
    assert said["gangze:index"] == str(line["index"])


def test_nodes_have_the_names_that_the_room_of_cases_gives_them(filled, monkeypatch):
    monkeypatch.setattr(exports, "NODE_NAMES", [lambda ids: {i: {"file": "填报"} for i in ids}])
    _, log = xes(case=1)
    names = {e.find(f"{NS}string[@key='concept:name']").get("value") for e in log.iter(NS + "event")}
    assert names == {"start", "填报"}


def test_xes_is_read_by_an_independent_reader_with_the_same_cases_and_events(filled, tmp_path):
    r4pm = pytest.importorskip("r4pm", reason="r4pm (the independent reader) is not installed")
    path = tmp_path / "log.xes"
    count = export("xes", path)
    module = "process_mining::core::event_data::case_centric::utils::activity_projection::"

    def ask(name: str, **arguments: str):
        return json.loads(r4pm.call_binding(module + name, json.dumps(arguments)))

    log = r4pm.import_item("EventLog", str(path))
    projection = ask("log_to_activity_projection", log=log)
    variants = ask("get_variants", projection=projection)
    assert ask("get_num_cases", projection=projection) == 3
    assert sum(v["count"] * len(v["activities"]) for v in variants) == count == 15
    again = tmp_path / "again.xes"
    r4pm.export_item(log, str(again))
    theirs = etree.parse(str(again)).getroot()
    opinions = {re.sub(r"\s+", " ", e.get("value")) for e in theirs.iter() if e.get("key") == "gangze:opinion"}
    assert opinions == {re.sub(r"\s+", " ", re.sub("[\x01\x1f\ufffe]", "\ufffd", NASTY))}


def test_an_empty_log_is_still_a_log(app):
    count, log = xes()
    assert count == 0
    assert not log.findall(NS + "trace")


def test_more_entries_than_a_batch_come_out_in_one_piece(sqlite_app, monkeypatch):
    monkeypatch.setattr(exports, "BATCH", 4)
    fill()
    assert len(jsonl()) == queries.verify().entries
    count, log = xes()
    assert (count, len(log.findall(NS + "trace"))) == (15, 3)


def test_an_entry_somebody_spoiled_is_exported_as_the_bytes_it_now_is(sqlite_app):
    import base64

    from app.extensions import db

    write("case:1", case=1, node="file")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entry_no_update")
        connection.exec_driver_sql("UPDATE entry SET body = CAST('{\"a\":\n' AS BLOB)")
    line, = jsonl()
    assert base64.b64decode(line["bytes"]) == b'{"a":\n'
    for form in ("csv", "xes"):
        assert export(form, io.BytesIO()) == 1


@pytest.mark.parametrize("form", ["jsonl", "csv", "xes"])
def test_an_export_that_fails_half_way_leaves_the_old_file_and_nothing_else(sqlite_app, tmp_path, form, monkeypatch):
    fill()
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "trail"
    path.write_text("the one from yesterday")

    def cancel(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(form, path, progress=cancel)
    assert path.read_text() == "the one from yesterday"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        export(form, path)
    assert path.read_text() == "the one from yesterday"
    assert list(folder.iterdir()) == [path]


def test_a_really_full_disk_leaves_nothing_that_looks_whole(sqlite_app, tmp_path):
    fill()
    with pytest.raises(OSError), open("/dev/full", "wb", buffering=0) as full:
        export("jsonl", full)


def test_an_unknown_format_is_refused(sqlite_app, tmp_path):
    with pytest.raises(Invalid):
        export("pdf", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_an_export_is_itself_in_the_trail_and_a_failed_one_is_not(filled, tmp_path):
    count = actions.export("jsonl", tmp_path / "x.jsonl", actor=BOB, case=1, what=["work_item"])
    record = queries.search(queries.Filters(what=["trail"])).records[0]
    assert record.what == "trail.exported"
    assert record.facts == {"format": "jsonl", "count": count, "filters": {"case": 1, "what": ["work_item"]}}
    assert record.person_id == 2
    with pytest.raises(OSError):
        actions.export("jsonl", tmp_path / "nowhere" / "x", actor=BOB)
    assert len(queries.search(queries.Filters(what=["trail"])).records) == 1
    assert queries.verify().ok
