"""Sequencing and signing."""
from __future__ import annotations

import os
import stat
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from app.change import change
from app.extensions import db
from app.kernel.trail import Tree, verify_consistency
from app.kernel.trail.notes import SigningKey, open_note
from app.trail import keys, models, queries
from app.trail.actions import checkpoint, publish, sequence
from app.trail.keys import NoKey, copies_path, read_copies
from app.trail.models import Leaf, LogNode
from app.trail.tiles import Damaged, Tiles, size
from tests.trail.house import ADA, house, write


def log() -> list[bytes]:
    return [bytes(h) for h in db.session.execute(select(Leaf.hash).order_by(Leaf.index)).scalars()]


def test_pending_entries_become_leaves_in_the_order_they_were_written(app):
    write("case:1", times=2)
    write("case:2", times=2)
    assert sequence() == 4
    assert sequence() == 0
    rows = db.session.execute(text("SELECT l.idx, e.id, l.hash = e.leaf FROM leaf l JOIN entry e ON e.id = l.entry_id "
                                   "ORDER BY l.idx")).all()
    assert [row[0] for row in rows] == [0, 1, 2, 3]
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    assert all(row[2] for row in rows)
    assert db.session.execute(text("SELECT count(*) FROM pending")).scalar_one() == 0


def test_a_limit_is_kept_and_the_rest_follows(sqlite_app):
    write("case:1", times=5)
    assert [sequence(2), sequence(2), sequence(2), sequence(2)] == [2, 2, 1, 0]
    assert queries.verify().ok


def test_an_entry_with_a_smaller_id_that_is_committed_late_is_not_lost(app):
    """On PostgreSQL a transaction that began earlier may commit later; a watermark would pass it by."""
    write("case:1")
    write("case:2")
    late = db.session.execute(text("SELECT min(id) FROM entry")).scalar_one()
    db.session.execute(text("DELETE FROM pending WHERE entry_id = :late"), {"late": late})
    db.session.commit()
    assert sequence() == 1
    db.session.execute(text("INSERT INTO pending VALUES (:late)"), {"late": late})
    db.session.commit()
    assert sequence() == 1
    assert db.session.execute(text("SELECT entry_id FROM leaf WHERE idx = 1")).scalar_one() == late
    assert queries.verify().ok


def test_the_stored_nodes_give_every_root_of_a_log_that_grew_in_uneven_steps(app):
    for count in (1, 254, 1, 1, 300, 10):
        write("case:1", times=count)
        sequence()
    leaves = log()
    tree = Tree(leaves)
    assert len(leaves) == 567
    assert db.session.execute(select(LogNode.level, LogNode.index).order_by(LogNode.index)).all() == [(1, 0), (1, 1)]
    with db.engine.connect() as connection:
        stored = Tiles(connection)
        assert size(connection) == 567
        for height, index in ((8, 0), (8, 1), (7, 3), (5, 16), (0, 566), (1, 282)):
            assert stored(height, index) == tree.node(height, index)


def test_sequencing_reads_no_more_of_the_log_when_it_is_longer(sqlite_app):
    """The cost of a batch is the batch's, whatever the size of the log: counted in rows read, not in seconds."""
    def rows_read() -> int:
        with db.engine.connect() as connection:
            tiles = Tiles(connection)
            from app.kernel.trail import Frontier

            Frontier.load(size(connection), tiles)
            return sum(len(tile) for tile in tiles._tiles.values())

    write("case:1", times=255)
    sequence()
    short = rows_read()
    write("case:1", times=2048 - 255 + 255)
    while sequence():
        pass
    assert rows_read() <= short + 255


def test_a_checkpoint_says_size_and_root_and_is_signed_by_the_logs_own_key(app):
    write("case:1", times=3)
    assert checkpoint() is None  # nothing sequenced yet
    sequence()
    made = checkpoint()
    assert (made.origin, made.size, made.root) == ("gangze.test/log", 3, Tree(log()).root())
    row = db.session.execute(select(models.Checkpoint)).scalar_one()
    assert open_note(row.note, [keys.verifier()]) == made
    assert checkpoint() is None  # nothing new


def test_a_checkpoint_provably_continues_the_one_before(app):
    made = []
    for count in (3, 1, 300):
        write("case:1", times=count)
        made.append(publish())
    tree = Tree(log())
    for old, new in pairwise(made):
        verify_consistency(old.size, new.size, old.root, new.root, tree.consistency_proof(old.size, new.size))


def test_the_key_is_made_once_and_is_for_its_owner_only(sqlite_app, tmp_path):
    write("case:1")
    publish()
    path = tmp_path / "keys" / "log.key"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    before = path.read_text()
    write("case:1")
    publish()
    assert path.read_text() == before
    assert str(SigningKey.parse(before.strip()).verifier) == (tmp_path / "keys" / "log.vkey").read_text().strip()
    assert not [p for p in path.parent.iterdir() if p.name not in ("log.key", "log.vkey")]


def test_a_log_that_has_checkpoints_gets_no_second_key(sqlite_app, tmp_path):
    write("case:1")
    publish()
    (tmp_path / "keys" / "log.key").unlink()
    write("case:1")
    sequence()
    with pytest.raises(NoKey, match="copy it from the machine"):
        checkpoint()
    assert db.session.execute(text("SELECT count(*) FROM checkpoint")).scalar_one() == 1


def test_a_key_made_for_another_log_does_not_sign(sqlite_app):
    write("case:1")
    publish()
    sqlite_app.config["GANGZE_ORIGIN"] = "other.example/log"
    write("case:1")
    sequence()
    with pytest.raises(NoKey, match=r"other\.example"):
        checkpoint()


def test_an_unreadable_key_is_said_to_be_so(sqlite_app, tmp_path):
    write("case:1")
    publish()
    (tmp_path / "keys" / "log.key").write_text("PRIVATE+KEY+nonsense")
    write("case:1")
    with pytest.raises(NoKey, match="cannot be read"):
        publish()


def test_a_log_whose_past_was_changed_is_not_signed_again(app):
    write("case:1", times=5)
    publish()
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER leaf_no_update")
            connection.exec_driver_sql("UPDATE leaf SET hash = zeroblob(32) WHERE idx = 1")
        else:
            connection.exec_driver_sql("ALTER TABLE leaf DISABLE TRIGGER leaf_no_change")
            connection.exec_driver_sql("UPDATE leaf SET hash = decode(repeat('00', 32), 'hex') WHERE idx = 1")
    write("case:1")
    with pytest.raises(Damaged, match="does not continue"):
        publish()
    assert db.session.execute(text("SELECT max(size) FROM checkpoint")).scalar_one() == 5


def test_a_log_that_became_shorter_is_not_signed_again(app):
    write("case:1", times=5)
    publish()
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER leaf_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE leaf DISABLE TRIGGER leaf_no_change")
        connection.exec_driver_sql("DELETE FROM leaf WHERE idx = 4")
    with pytest.raises(Damaged):
        publish()


def test_every_checkpoint_is_copied_outside_the_database_once(sqlite_app):
    for _ in range(4):
        write("case:1")
        publish()
        checkpoint()
    stored = list(db.session.execute(select(models.Checkpoint.note).order_by(models.Checkpoint.size)).scalars())
    assert list(read_copies()) == stored


def test_copies_that_a_crash_left_out_or_half_written_are_made_good(sqlite_app):
    for _ in range(4):
        write("case:1")
        publish()
    path = copies_path()
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        checkpoint()
        assert path.read_bytes() == whole


def test_the_log_cannot_be_written_inside_a_change(sqlite_app):
    with pytest.raises(RuntimeError, match="inside"), change("a.b", actor=ADA, subject="x") as c:
        c.entry("a.b")
        sequence()
    assert db.session.execute(text("SELECT count(*) FROM entry")).scalar_one() == 0


def test_a_store_that_is_locked_is_unavailable_and_nothing_is_half_moved(sqlite_app, tmp_path):
    import sqlite3

    from app.errors import Unavailable

    write("case:1", times=3)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    other = sqlite3.connect(db.engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable):
            sequence()
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert sequence() == 3
    assert queries.verify().ok


def test_another_machine_with_the_key_continues_the_log(app, tmp_path, database):
    import shutil

    write("case:1")
    publish()
    second = tmp_path / "second"
    shutil.copytree(tmp_path / "keys", second / "keys")
    other = house(database, second)
    with other.app_context():
        write("case:1")
        assert publish().size == 2
        assert len(list(read_copies())) == 2  # the copies of the first machine's checkpoints as well
        assert queries.verify().ok
        db.engine.dispose()
    assert queries.verify().ok
