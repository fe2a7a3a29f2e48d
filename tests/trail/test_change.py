"""What a change owes the trail."""
from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import text

from app.change import change
from app.errors import Refused
from app.extensions import db
from app.kernel.text import Text
from app.kernel.trail import leaf_hash
from app.kernel.values import loads
from app.trail import queries
from tests.trail.house import ADA, BOB, write


def rows(sql: str) -> list:
    found = db.session.execute(text(sql)).all()
    db.session.rollback()
    return found


def test_entries_of_a_subject_are_numbered_and_linked_by_the_hash_of_their_bytes(app):
    write("case:1", times=2)
    write("organisation")
    write("case:1", actor=BOB)
    chain = rows("SELECT seq, prev, body, leaf FROM entry WHERE subject = 'case:1' ORDER BY seq")
    assert [row.seq for row in chain] == [1, 2, 3]
    previous = bytes(32)
    for row in chain:
        assert bytes(row.prev) == previous
        assert leaf_hash(bytes(row.body)) == bytes(row.leaf)
        assert loads(bytes(row.body))["prev"] == previous.hex()
        previous = bytes(row.leaf)
    head = rows("SELECT seq, head FROM subject_head WHERE subject = 'case:1'")[0]
    assert (head.seq, bytes(head.head)) == (3, previous)
    assert rows("SELECT seq FROM entry WHERE subject = 'organisation'") == [(1,)]


def test_an_entry_says_who_acted_as_what_and_for_whom(app):
    write("case:1", "work_item.completed", actor=BOB, case=1, node="pay", opinion="同意")
    record = queries.search(queries.Filters()).records[0]
    assert record.who["name"] == "鲍勃"
    assert record.who["post"] == "CWK.CN"
    assert record.who["for"] == 3
    assert (record.case_id, record.node, record.person_id) == (1, "pay", 2)
    assert record.facts["opinion"] == "同意"


def test_every_entry_waits_for_the_log_from_the_transaction_that_wrote_it(app):
    write("case:1", times=3)
    assert rows("SELECT count(*) FROM pending") == [(3,)]


def test_a_change_that_leaves_no_entry_is_a_mistake(app):
    with pytest.raises(RuntimeError, match="leaves no trace"), change("case.started", actor=ADA, subject="case:1"):
        pass
    assert rows("SELECT count(*) FROM entry") == [(0,)]


def test_a_change_inside_a_change_is_a_mistake_and_writes_nothing(app):
    with pytest.raises(RuntimeError, match="cannot be nested"), change("a.b", actor=ADA, subject="x") as c:
        c.entry("a.b")
        with change("c.d", actor=ADA, subject="x") as inner:
            inner.entry("c.d")
    assert rows("SELECT count(*) FROM entry") == [(0,)]
    write("x")  # and the next change is not hindered
    assert rows("SELECT count(*) FROM entry") == [(1,)]


def test_what_fails_inside_a_change_takes_its_entries_with_it(app):
    with pytest.raises(ZeroDivisionError), change("a.b", actor=ADA, subject="x") as c:
        c.entry("a.b")
        raise ZeroDivisionError
    assert rows("SELECT count(*) FROM entry") == [(0,)]
    assert rows("SELECT count(*) FROM pending") == [(0,)]


@dataclass
class Objection:
    constraint: str

    def facts(self):
        return {"constraint": self.constraint}


def test_a_refusal_is_rolled_back_and_then_recorded_by_itself(app):
    with pytest.raises(Refused), change("work_item.completed", actor=BOB, subject="case:1") as c:
        c.entry("work_item.completed", case=1, node="audit")
        raise Refused(Text("不能", "no"), [Objection("four-eyes")], case=1, node="audit")
    record, = queries.search(queries.Filters()).records
    assert record.what == "work_item.refused"
    assert record.facts["attempted"] == "work_item.completed"
    assert record.facts["objections"] == [{"constraint": "four-eyes"}]
    assert (record.case_id, record.node, record.person_id) == (1, "audit", 2)


def test_a_refusal_is_in_the_chain_and_the_chain_goes_on(app):
    write("case:1")
    with pytest.raises(Refused), change("work_item.claimed", actor=BOB, subject="case:1") as c:
        raise Refused(Text("不能", "no"), [])
    assert c is not None
    write("case:1")
    assert rows("SELECT seq, what FROM entry ORDER BY seq") == [
        (1, "node.entered"), (2, "work_item.refused"), (3, "node.entered"),
    ]
    assert queries.verify().ok
