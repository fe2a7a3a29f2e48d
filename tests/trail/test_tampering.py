"""Whatever is done to the stored trail behind our back is found, and the first bad entry is named.

The attacker here is the worst there is short of holding the log's key: he opens the file with sqlite3, drops triggers
and constraints, and may compute every hash anew.
"""
from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from flask import Flask

from app.extensions import db
from app.kernel.trail import Frontier, leaf_hash
from app.kernel.trail.notes import Checkpoint, SigningKey, sign
from app.trail import verification
from app.trail.actions import publish
from app.trail.queries import Fault, Report, verify
from app.trail.report import MAX_FAULTS
from tests.trail.house import case, create, house, write

#: Cases of the drill; each is one random edit.
CASES = int(os.environ.get("GANGZE_TAMPER", "200"))


@dataclass
class Store:
    app: Flask
    home: Path
    path: Path
    young: bytes          # the whole file as it was two checkpoints ago
    sizes: list[int]      # of the checkpoints


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Iterator[Store]:
    """300 entries in 8 chains, five checkpoints, a few entries that are not in the log yet."""
    home = tmp_path_factory.mktemp("pristine")
    path = home / "gangze.sqlite"
    app = house(f"sqlite:///{path}", home)
    create(app)
    young, sizes = b"", []
    random.seed(2)
    with app.app_context():
        for round_ in range(5):
            if round_ == 3:
                db.session.remove()
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                young = path.read_bytes()
            for _ in range(30):
                number = random.randrange(1, 8)
                write(f"case:{number}", "work_item.completed", times=random.choice((1, 2, 3)), case=number,
                      node=random.choice(("file", "audit", "pay")), opinion="同意")
            write("organisation", "appointment.given", post="CWK.KJ")
            sizes.append(publish().size)
        case(9)
        write("case:1", times=2, case=1)
        assert verify().ok
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    assert sizes[-1] > 256
    yield Store(app, home, path, young, sizes)


@pytest.fixture
def store(pristine: Store, tmp_path: Path) -> Iterator[Store]:
    """A copy to be spoiled."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("gangze.sqlite", "checkpoints.txt"):
        shutil.copyfile(pristine.home / name, home / name)
    shutil.copytree(pristine.home / "keys", home / "keys")
    path = home / "gangze.sqlite"
    app = house(f"sqlite:///{path}", home)
    with app.app_context():
        yield Store(app, home, path, pristine.young, pristine.sizes)
        db.session.remove()
        db.engine.dispose()


@dataclass
class Attack:
    """A file opened with everything that protects it taken away."""

    file: sqlite3.Connection
    random: random.Random
    sizes: list[int]

    def logged(self, first: int = 0, end: int | None = None) -> tuple[int, int]:
        """(index, entry id) of some entry in the log."""
        index = self.random.randrange(first, self.sizes[-1] if end is None else end)
        return index, self.value("SELECT entry_id FROM leaf WHERE idx = ?", index)

    def value(self, sql: str, *arguments: object):
        return self.file.execute(sql, arguments).fetchone()[0]

    def do(self, sql: str, *arguments: object) -> None:
        assert self.file.execute(sql, arguments).rowcount != 0, sql

    def flipped(self, data: bytes) -> bytes:
        place = self.random.randrange(len(data))
        return data[:place] + bytes([data[place] ^ 1 << self.random.randrange(8)]) + data[place + 1:]


def opened(path: Path, chance: random.Random, sizes: list[int]) -> Attack:
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("PRAGMA foreign_keys=OFF")
    file.execute("PRAGMA synchronous=OFF")
    file.execute("BEGIN")
    for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        file.execute(f"DROP TRIGGER {name}")
    for table in ("entry", "leaf", "pending", "log_node", "checkpoint", "subject_head"):  # no constraint survives this
        file.execute(f"CREATE TABLE bare AS SELECT * FROM {table}")
        file.execute(f"DROP TABLE {table}")
        file.execute(f"ALTER TABLE bare RENAME TO {table}")
    return Attack(file, chance, sizes)


def finish(attack: Attack) -> None:
    attack.file.execute("COMMIT")
    attack.file.close()


Expect = Callable[[Report], bool]


def names(entry: int) -> Expect:
    return lambda report: report.first is not None and report.first.entry == entry


def at(index: int) -> Expect:
    return lambda report: report.first is not None and report.first.index == index


def found(report: Report) -> bool:
    return report.first is not None


# -- the attacks: each spoils the file and says what must be reported --------------------------------------------------

def flip_body(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("UPDATE entry SET body = ? WHERE id = ?", a.flipped(a.value("SELECT body FROM entry WHERE id = ?", entry)), entry)
    return names(entry)


def flip_leaf(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("UPDATE entry SET leaf = ? WHERE id = ?", a.flipped(a.value("SELECT leaf FROM entry WHERE id = ?", entry)), entry)
    return names(entry)


def flip_prev(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("UPDATE entry SET prev = ? WHERE id = ?", a.flipped(a.value("SELECT prev FROM entry WHERE id = ?", entry)), entry)
    return names(entry)


def flip_hash_in_the_log(a: Attack) -> Expect:
    index, entry = a.logged()
    a.do("UPDATE leaf SET hash = ? WHERE idx = ?", a.flipped(a.value("SELECT hash FROM leaf WHERE idx = ?", index)), index)
    return names(entry)


def text_that_is_no_text(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("UPDATE entry SET what = CAST(x'ff80' AS TEXT) WHERE id = ?", entry)
    return names(entry)


def swap_two_bodies(a: Attack) -> Expect:
    (_, one), (_, two) = sorted((a.logged(0, 100), a.logged(100)))
    first, second = (a.value("SELECT body FROM entry WHERE id = ?", e) for e in (one, two))
    a.do("UPDATE entry SET body = ? WHERE id = ?", second, one)
    a.do("UPDATE entry SET body = ? WHERE id = ?", first, two)
    return names(one)


def swap_two_whole_entries(a: Attack) -> Expect:
    (_, one), (_, two) = sorted((a.logged(0, 100), a.logged(100)))
    for old, new in ((one, -1), (two, one), (-1, two)):
        a.do("UPDATE entry SET id = ? WHERE id = ?", new, old)
    return names(one)


def swap_two_places_in_the_log(a: Attack) -> Expect:
    (i, one), (j, two) = sorted((a.logged(0, 100), a.logged(100)))
    for entry, index in ((two, i), (one, j)):
        a.do("UPDATE leaf SET entry_id = ? WHERE idx = ?", entry, index)
    return at(i)


def drop_an_entry(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("DELETE FROM entry WHERE id = ?", entry)
    return names(entry)


def drop_an_entry_and_its_leaf(a: Attack) -> Expect:
    index, entry = a.logged()
    a.do("DELETE FROM entry WHERE id = ?", entry)
    a.do("DELETE FROM leaf WHERE idx = ?", index)
    return at(index)


def drop_a_place_in_the_log(a: Attack) -> Expect:
    index, entry = a.logged()
    a.do("DELETE FROM leaf WHERE idx = ?", index)
    last = index == a.sizes[-1] - 1
    return found if last else names(entry)


def drop_an_entry_and_renumber_the_log(a: Attack) -> Expect:
    index, entry = a.logged()
    a.do("DELETE FROM entry WHERE id = ?", entry)
    a.do("DELETE FROM leaf WHERE idx = ?", index)
    a.file.execute("UPDATE leaf SET idx = idx - 1 WHERE idx > ?", (index,))
    return found


def renumber_a_chain(a: Attack) -> Expect:
    """Drop an entry and close the gap in its chain: hashes and all, but for the signatures."""
    subject = a.value("SELECT subject FROM entry GROUP BY subject HAVING count(*) > 5 ORDER BY random() LIMIT 1")
    first = a.value("SELECT id FROM entry WHERE subject = ? AND seq = 3", subject)
    a.do("DELETE FROM entry WHERE id = ?", first)
    a.do("DELETE FROM leaf WHERE entry_id = ?", first)
    rewrite_from(a, 0)
    return found


def rewrite_history(a: Attack) -> Expect:
    """Change one word and compute everything after it anew, to the last stored node and head."""
    index, entry = a.logged()
    body = orjson.loads(a.value("SELECT body FROM entry WHERE id = ?", entry)) | {"opinion": "不同意"}
    a.do("UPDATE entry SET body = ? WHERE id = ?", orjson.dumps(body, option=orjson.OPT_SORT_KEYS), entry)
    rewrite_from(a, index)
    start = max([0, *(size for size in a.sizes if size <= index)])
    return lambda report: (
        report.first is not None and report.first.index == start and "rewritten" in report.first.text.en
    )


def rewrite_from(a: Attack, index: int) -> None:
    chains: dict[str, tuple[int, bytes]] = {}
    leaves = []
    order = a.file.execute("SELECT entry_id FROM leaf ORDER BY idx").fetchall()
    waiting = a.file.execute("SELECT entry_id FROM pending ORDER BY entry_id").fetchall()
    a.file.execute("DELETE FROM leaf")
    for place, (entry,) in enumerate(order + waiting):
        subject, body = a.file.execute("SELECT subject, body FROM entry WHERE id = ?", (entry,)).fetchone()
        seq, prev = chains.get(subject, (0, bytes(32)))
        said = orjson.loads(body) | {"seq": seq + 1, "prev": prev.hex()}
        body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        leaf = leaf_hash(body)
        a.do("UPDATE entry SET seq = ?, prev = ?, body = ?, leaf = ? WHERE id = ?", seq + 1, prev, body, leaf, entry)
        chains[subject] = (seq + 1, leaf)
        if place < len(order):
            leaves.append(leaf)
            a.do("INSERT INTO leaf (idx, entry_id, hash) VALUES (?, ?, ?)", place, entry, leaf)
    for subject, (seq, head) in chains.items():
        a.do("UPDATE subject_head SET seq = ?, head = ? WHERE subject = ?", seq, head, subject)
    a.file.execute("DELETE FROM log_node")
    for level, place, value in Frontier().extend(leaves):
        a.do("INSERT INTO log_node (level, idx, hash) VALUES (?, ?, ?)", level, place, value)


def duplicate_an_entry(a: Attack) -> Expect:
    _, entry = a.logged()
    new = a.value("SELECT max(id) + 1 FROM entry")
    a.do("INSERT INTO entry SELECT ?, subject, seq, prev, body, leaf, at, what, case_id, node, person_id "
         "FROM entry WHERE id = ?", new, entry)
    a.do("INSERT INTO pending VALUES (?)", new)
    return names(new)


def log_an_entry_twice(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("INSERT INTO leaf SELECT (SELECT max(idx) + 1 FROM leaf), entry_id, hash FROM leaf WHERE entry_id = ?", entry)
    return lambda report: any(fault.entry == entry for fault in report.faults)


def let_a_logged_entry_wait_again(a: Attack) -> Expect:
    _, entry = a.logged()
    a.do("INSERT INTO pending VALUES (?)", entry)
    return lambda report: names(entry)(report) and "waits for it as well" in report.first.text.en


def append_a_forged_entry(a: Attack) -> Expect:
    """A new entry with sound hashes, which no change has written."""
    new = a.value("SELECT max(id) + 1 FROM entry")
    seq, prev = a.file.execute("SELECT seq, head FROM subject_head WHERE subject = 'case:2'").fetchone()
    body = orjson.dumps({
        "v": 1, "at": "2026-01-02T03:04:05.678Z", "subject": "case:2", "seq": seq + 1, "prev": prev.hex(),
        "what": "work_item.completed", "who": {},
    }, option=orjson.OPT_SORT_KEYS)
    a.do("INSERT INTO entry VALUES (?, 'case:2', ?, ?, ?, ?, '2026-01-02 03:04:05.678000', 'work_item.completed', "
         "NULL, NULL, NULL)", new, seq + 1, prev, body, leaf_hash(body))
    a.do("INSERT INTO pending VALUES (?)", new)
    return lambda report: report.first is not None and (report.first.subject, report.first.seq) == ("case:2", seq + 1)


def delete_the_last_entry_of_a_chain(a: Attack) -> Expect:
    subject, seq, entry = a.file.execute(
        "SELECT subject, seq, id FROM entry e WHERE seq = (SELECT max(seq) FROM entry WHERE subject = e.subject) "
        "ORDER BY random() LIMIT 1"
    ).fetchone()
    a.do("DELETE FROM entry WHERE id = ?", entry)
    a.file.execute("DELETE FROM pending WHERE entry_id = ?", (entry,))
    return lambda report: any(
        fault.entry == entry or (fault.subject, fault.seq) == (subject, seq) for fault in report.faults
    )


def delete_the_end_of_the_log(a: Attack) -> Expect:
    """The last entries, their leaves, everything that waits, and the heads put back: only the signature tells."""
    keep = a.sizes[-1] - a.random.randrange(1, 20)
    a.do("DELETE FROM entry WHERE id NOT IN (SELECT entry_id FROM leaf WHERE idx < ?)", keep)
    a.do("DELETE FROM leaf WHERE idx >= ?", keep)
    a.do("DELETE FROM pending")
    a.file.execute("DELETE FROM subject_head WHERE subject NOT IN (SELECT subject FROM entry)")
    a.do("UPDATE subject_head AS h SET (seq, head) = (SELECT seq, leaf FROM entry WHERE subject = h.subject "
         "ORDER BY seq DESC LIMIT 1)")
    return at(keep)


def drop_what_waits(a: Attack) -> Expect:
    entry = a.value("SELECT entry_id FROM pending ORDER BY random() LIMIT 1")
    a.do("DELETE FROM pending WHERE entry_id = ?", entry)
    return lambda report: any(fault.entry == entry for fault in report.faults)


def flip_what_waits(a: Attack) -> Expect:
    entry = a.value("SELECT entry_id FROM pending ORDER BY random() LIMIT 1")
    column = a.random.choice(("body", "leaf", "prev"))
    a.do(f"UPDATE entry SET {column} = ? WHERE id = ?",
         a.flipped(a.value(f"SELECT {column} FROM entry WHERE id = ?", entry)), entry)
    return names(entry)


def flip_a_stored_node(a: Attack) -> Expect:
    a.do("UPDATE log_node SET hash = ? WHERE level = 1 AND idx = 0",
         a.flipped(a.value("SELECT hash FROM log_node WHERE level = 1 AND idx = 0")))
    return at(0)


def drop_a_stored_node(a: Attack) -> Expect:
    a.do("DELETE FROM log_node")
    return at(0)


def delete_a_checkpoint(a: Attack) -> Expect:
    size = a.random.choice(a.sizes)
    a.do("DELETE FROM checkpoint WHERE size = ?", size)
    return at(size)


def change_a_checkpoint(a: Attack) -> Expect:
    size = a.random.choice(a.sizes)
    if a.random.random() < 0.5:
        a.do("UPDATE checkpoint SET root = ? WHERE size = ?",
             a.flipped(a.value("SELECT root FROM checkpoint WHERE size = ?", size)), size)
    else:
        note = a.value("SELECT note FROM checkpoint WHERE size = ?", size).replace(f"\n{size}\n", f"\n{size - 1}\n")
        a.do("UPDATE checkpoint SET note = ? WHERE size = ?", note, size)
    return at(size)


def sign_a_checkpoint_with_another_key(a: Attack) -> Expect:
    size = a.random.choice(a.sizes)
    forged = Checkpoint("gangze.test/log", size, hashlib.sha256(b"forged").digest())
    a.do("UPDATE checkpoint SET root = ?, note = ? WHERE size = ?", forged.root,
         sign(forged, SigningKey.generate("gangze.test/log")), size)
    return at(size)


def move_the_end_of_a_chain(a: Attack) -> Expect:
    subject = a.value("SELECT subject FROM subject_head ORDER BY random() LIMIT 1")
    a.do("UPDATE subject_head SET seq = seq + ? WHERE subject = ?", a.random.choice((-1, 1)), subject)
    return lambda report: report.first is not None and report.first.subject == subject


def forget_the_end_of_a_chain(a: Attack) -> Expect:
    subject = a.value("SELECT subject FROM subject_head ORDER BY random() LIMIT 1")
    a.do("DELETE FROM subject_head WHERE subject = ?", subject)
    return lambda report: report.first is not None and report.first.subject == subject


ATTACKS = [
    flip_body, flip_leaf, flip_prev, flip_hash_in_the_log, text_that_is_no_text, swap_two_bodies,
    swap_two_whole_entries, swap_two_places_in_the_log, drop_an_entry, drop_an_entry_and_its_leaf,
    drop_a_place_in_the_log, drop_an_entry_and_renumber_the_log, renumber_a_chain, rewrite_history, duplicate_an_entry,
    log_an_entry_twice, let_a_logged_entry_wait_again, append_a_forged_entry, delete_the_last_entry_of_a_chain,
    delete_the_end_of_the_log, drop_what_waits, flip_what_waits, flip_a_stored_node, drop_a_stored_node,
    delete_a_checkpoint, change_a_checkpoint, sign_a_checkpoint_with_another_key, move_the_end_of_a_chain,
    forget_the_end_of_a_chain,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_any_edit_is_found_and_the_first_bad_entry_is_named(attack, store):
    clean = store.path.read_bytes()
    for seed in range(max(1, CASES // len(ATTACKS) + 1)):
        db.engine.dispose()
        for left in ("-wal", "-shm"):
            store.path.with_name(store.path.name + left).unlink(missing_ok=True)
        store.path.write_bytes(clean)
        edit = opened(store.path, random.Random(seed), store.sizes)
        expected = attack(edit)
        finish(edit)
        report = verify()
        assert not report.ok, f"{attack.__name__} ({seed}) was not found"
        assert expected(report), f"{attack.__name__} ({seed}): {[str(f) for f in report.faults]}"


COLUMNS = [
    ("subject", "case:77"), ("subject", "case:2 "), ("subject", None), ("seq", 99), ("seq", "x"), ("seq", None),
    ("what", "work_item.refused"), ("what", None), ("case_id", 77), ("case_id", None), ("case_id", "7"),
    ("case_id", 7.5), ("node", "other"), ("node", b"file"), ("node", None), ("person_id", 77), ("person_id", None),
    ("at", "2020-01-01 00:00:00.000000"), ("at", None), ("at", 5), ("body", "text"), ("body", None), ("body", b""),
    ("body", b"[]"), ("body", b"{}"), ("body", b"{"), ("leaf", None), ("leaf", "l"), ("prev", "p"), ("prev", None),
]


@pytest.mark.parametrize(("column", "value"), COLUMNS)
@pytest.mark.parametrize("waiting", [False, True], ids=["logged", "pending"])
def test_a_column_that_is_not_what_the_entry_says_is_found(store, column, value, waiting):
    edit = opened(store.path, random.Random(7), store.sizes)
    table = "pending" if waiting else "leaf"
    entry = edit.value(f"SELECT max(id) FROM entry JOIN {table} ON entry_id = id WHERE node IS NOT NULL AND case_id <> 7")
    edit.do(f"UPDATE entry SET {column} = ? WHERE id = ?", value, entry)
    finish(edit)
    assert names(entry)(verify())


@pytest.mark.parametrize(("said", "value"), [
    ("subject", "case:3"), ("seq", 7), ("prev", "00" * 32), ("what", "x.y"), ("at", "2026-01-02T03:04:05.679Z"),
    ("case", 3), ("case", None), ("node", "other"), ("who", {"person": 4}), ("who", {}), ("who", None), ("at", None),
])
def test_an_entry_that_says_something_else_than_its_place_is_found_even_if_it_was_signed(store, said, value):
    """Somebody put it there before the log was signed, with sound hashes: bytes and columns must still agree."""
    file = sqlite3.connect(store.path, isolation_level=None)
    new = file.execute("SELECT max(id) + 1 FROM entry").fetchone()[0]
    seq, prev = file.execute("SELECT seq, head FROM subject_head WHERE subject = 'case:2'").fetchone()
    body = orjson.dumps({
        "v": 1, "at": "2026-01-02T03:04:05.678Z", "subject": "case:2", "seq": seq + 1, "prev": prev.hex(),
        "what": "node.entered", "who": {"person": 1}, "case": 2, "node": "audit",
    } | {said: value}, option=orjson.OPT_SORT_KEYS)
    leaf = leaf_hash(body)
    file.execute("INSERT INTO entry VALUES (?, 'case:2', ?, ?, ?, ?, '2026-01-02 03:04:05.678000', 'node.entered', "
                 "2, 'audit', 1)", (new, seq + 1, prev, body, leaf))
    file.execute("UPDATE subject_head SET seq = ?, head = ? WHERE subject = 'case:2'", (seq + 1, leaf))
    file.close()
    waiting = verify()
    assert (waiting.first.entry, waiting.found) == (new, 1)
    publish()
    signed = verify()
    assert (signed.first.entry, signed.found) == (new, 1)


def test_whoever_holds_the_key_and_the_store_is_told_by_the_copies_outside(store):
    """The whole history rewritten and signed anew: nothing in the database contradicts anything else in it."""
    key = SigningKey.parse((store.home / "keys" / "log.key").read_text().strip())
    edit = opened(store.path, random.Random(3), store.sizes)
    rewrite_history(edit)
    leaves = [row[0] for row in edit.file.execute("SELECT hash FROM leaf ORDER BY idx")]
    for size in store.sizes:
        frontier = Frontier()
        frontier.extend(leaves[:size])
        forged = Checkpoint("gangze.test/log", size, frontier.root())
        edit.do("UPDATE checkpoint SET root = ?, note = ? WHERE size = ?", forged.root, sign(forged, key), size)
    finish(edit)
    report = verify()
    assert not report.ok
    assert all("copied outside" in fault.text.en for fault in report.faults)


def test_the_file_without_its_guards_but_otherwise_untouched_is_intact(store):
    finish(opened(store.path, random.Random(), store.sizes))
    report = verify()
    assert report.ok
    assert (report.logged, report.pending, report.checkpoints) == (store.sizes[-1], 5, 5)
    assert report.entries == report.logged + report.pending
    assert report.signed == store.sizes[-1]


def test_an_old_copy_put_back_in_the_place_of_the_store_is_found(store):
    store.path.write_bytes(store.young)
    report = verify()
    assert not report.ok
    assert report.first.index == store.sizes[3]
    assert "old copy" in str(report.first)


def test_an_old_copy_of_everything_is_told_by_the_checkpoint_somebody_else_kept(store):
    """With the copies outside put back as well, only who holds a newer checkpoint can tell: so it must be carried off."""
    store.path.write_bytes(store.young)
    notes = (store.home / "checkpoints.txt").read_text().split("\n\n")
    (store.home / "checkpoints.txt").write_text("\n\n".join(notes[:6]) + "\n\n")
    report = verify()
    assert report.ok
    assert report.signed == store.sizes[2] < store.sizes[-1]


def test_a_spoiled_copy_outside_is_found(store):
    path = store.home / "checkpoints.txt"
    path.write_text(path.read_text().replace(f"\n{store.sizes[1]}\n", "\nmany\n"))
    assert not verify().ok


def test_nothing_is_verified_without_a_key(store):
    from app.trail.keys import NoKey

    shutil.rmtree(store.home / "keys")
    with pytest.raises(NoKey):
        verify()


def test_with_another_key_no_checkpoint_is_believed(store):
    report = verify(verifiers=[SigningKey.generate("gangze.test/log").verifier])
    assert [fault.index for fault in report.faults] == store.sizes


def test_chains_that_were_forgotten_for_want_of_memory_are_looked_up_again(store, monkeypatch):
    monkeypatch.setattr(verification, "MAX_CHAINS", 1)
    monkeypatch.setattr("app.trail.snapshot.BATCH", 7)
    assert verify().ok
    edit = opened(store.path, random.Random(1), store.sizes)
    _, entry = edit.logged(50)
    edit.do("UPDATE entry SET prev = zeroblob(32) WHERE id = ?", entry)
    finish(edit)
    assert verify().first.entry == entry


def test_the_ends_that_a_room_keeps_itself_are_compared_as_well(store, monkeypatch):
    monkeypatch.setattr(verification, "HEADS", [lambda connection: iter([("case:404", 2, bytes(32))])])
    report = verify()
    assert (report.first.subject, report.first.seq) == ("case:404", 1)


def test_only_a_hundred_faults_are_told_but_all_are_counted(store):
    edit = opened(store.path, random.Random(1), store.sizes)
    edit.do("UPDATE entry SET what = 'x.y'")
    finish(edit)
    report = verify()
    assert len(report.faults) == MAX_FAULTS
    assert report.found == report.entries
    assert report.first.index == 0


def test_progress_is_told(store):
    told = []
    report = verify(lambda done, total: told.append((done, total)))
    assert told[-1] == (report.entries, report.entries)


def test_a_fault_reads_in_both_languages():
    from app.kernel.text import Text

    line = Fault(Text("内容被改动。", "its bytes were changed"), entry=5, subject="case:1", seq=2, index=4).line()
    assert line.en == "entry 5, case:1 no. 2, log index 4: its bytes were changed"
    assert line.zh == "记录 5，case:1 第 2 条，日志位置 4：内容被改动。"


def test_one_changed_byte_is_found_on_postgresql_too(postgresql_app):
    for _ in range(3):
        case(1)
        publish()
    write("case:1")
    assert verify().ok
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER entry_no_change")
        connection.exec_driver_sql("UPDATE entry SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE id = 4")
    report = verify()
    assert (report.first.entry, report.first.subject, report.first.seq) == (4, "case:1", 4)


def test_a_deleted_and_a_changed_column_are_found_on_postgresql_too(postgresql_app):
    case(1)
    case(2)
    publish()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER entry_no_change")
        connection.exec_driver_sql("UPDATE entry SET at = at + interval '1 microsecond' WHERE id = 2")
        connection.exec_driver_sql("ALTER TABLE leaf DROP CONSTRAINT fk_leaf_entry_id")
        connection.exec_driver_sql("ALTER TABLE pending DROP CONSTRAINT fk_pending_entry_id")
        connection.exec_driver_sql("DELETE FROM entry WHERE id = 5")
    report = verify()
    assert [fault.entry for fault in report.faults[:2]] == [2, 5]
    assert "at" in report.first.text.en
