"""Questions to the trail."""
from __future__ import annotations

import sqlite3

import pytest

from app.errors import NotFound
from app.extensions import db
from app.kernel.trail import verify_inclusion
from app.kernel.trail.notes import open_note
from app.trail import queries
from app.trail.actions import publish
from app.trail.queries import Filters
from tests.trail.house import BOB, case, write


def test_the_entries_of_a_case_come_in_order_and_those_of_others_do_not(app):
    case(1)
    case(2)
    write("case:1", "work_item.completed", case=1, node="file", actor=BOB)
    records = queries.of_case(1)
    assert [r.what for r in records] == ["case.started", "node.entered", "work_item.offered", "work_item.completed"]
    assert [r.seq for r in records] == [1, 2, 3, 4]
    assert {r.subject for r in records} == {"case:1"}
    assert records[0].facts["title"] == "差旅费 1"
    assert [r.seq for r in queries.of_case(1, after=1, limit=2)] == [2, 3]
    assert records[0].index is None
    publish()
    assert [r.index for r in queries.of_case(1)] == [0, 1, 2, 6]


def test_a_search_goes_back_page_by_page_and_ends(app):
    for number in range(1, 6):
        case(number)
    seen, cursor = [], None
    while True:
        page = queries.search(Filters(what=["case"]), cursor, limit=2)
        seen += [r.case_id for r in page.records]
        cursor = page.next
        if cursor is None:
            break
        write("case:9", "case.started", case=9)  # what is written meanwhile does not move the pages
    assert seen == [5, 4, 3, 2, 1]


def test_a_case_says_how_its_trail_stands(app):
    case(1)
    assert queries.status(1) == queries.CaseTrail(3, True, None, 0, None)
    publish()
    case(2)
    write("case:1", case=1)
    assert queries.status(1) == queries.CaseTrail(4, True, None, 3, None)
    publish()
    assert queries.status(1) == queries.CaseTrail(4, True, None, 4, 7)
    assert queries.status(404) == queries.CaseTrail(0, True, None, 0, None)


def test_a_case_notices_that_its_last_entry_is_missing_if_it_says_where_its_chain_ends(app):
    case(1)
    last = queries.of_case(1)[-1]
    assert queries.status(1, (3, last.leaf)).intact
    assert queries.status(1, (4, last.leaf)).broken_at == 4
    assert queries.status(1, (3, bytes(32))).broken_at == 3


@pytest.mark.parametrize(("edit", "broken"), [
    ("UPDATE entry SET body = zeroblob(10) WHERE seq = 2", 2),
    ("UPDATE entry SET body = CAST(replace(body, 'review', 'reviex') AS BLOB) WHERE seq = 2", 2),
    ("UPDATE entry SET leaf = zeroblob(32) WHERE seq = 2", 2),
    ("UPDATE entry SET prev = zeroblob(32) WHERE seq = 3", 3),
    ("UPDATE leaf SET hash = zeroblob(32) WHERE idx = 0", 1),
    ("DELETE FROM entry WHERE seq = 2", 2),
    ("DELETE FROM entry WHERE seq = 1", 1),
    ("UPDATE entry SET seq = 9 WHERE seq = 3", 3),
    ("UPDATE entry SET seq = 'x' WHERE seq = 3", 3),
    ("UPDATE entry SET body = 'text' WHERE seq = 3", 3),
])
def test_a_case_whose_trail_was_touched_says_where(sqlite_app, edit, broken):
    write("case:1", times=3, case=1, node="review")
    publish()
    assert queries.status(1).intact
    db.session.rollback()
    with sqlite3.connect(db.engine.url.database) as file:
        for name in ("entry_no_update", "entry_no_delete", "leaf_no_update"):
            file.execute(f"DROP TRIGGER {name}")
        assert file.execute(edit).rowcount == 1
    assert queries.status(1).broken_at == broken


def test_the_proof_of_an_entry_can_be_checked_with_the_public_key_alone(app):
    case(1)
    write("case:1", times=300)
    publish()
    record = queries.of_case(1)[2]
    proof = queries.proof(record.id)
    checkpoint = open_note(proof.note, [queries.log_key()])
    assert (proof.size, proof.leaf) == (checkpoint.size, record.leaf)
    verify_inclusion(proof.index, checkpoint.size, proof.leaf, proof.path, checkpoint.root)


def test_there_is_no_proof_before_a_checkpoint_covers_the_entry(app):
    case(1)
    with pytest.raises(NotFound):
        queries.last_checkpoint()
    publish()
    case(2)
    with pytest.raises(NotFound):
        queries.proof(queries.of_case(2)[0].id)
    with pytest.raises(NotFound):
        queries.proof(404)
