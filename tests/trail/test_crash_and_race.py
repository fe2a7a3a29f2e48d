"""A process that is killed leaves no gap, no fork and no half entry; many writers at once leave one log."""
from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from app.change import change
from app.errors import Unavailable
from app.extensions import db
from app.trail.actions import checkpoint, publish, sequence
from app.trail.queries import verify
from tests.trail.house import ADA, write

ROOT = Path(__file__).parents[2]
#: Starting a process costs more than killing it.
KILLS = {"sqlite": 10, "postgresql": 4}
WRITERS = 8


def start(database: str, home: Path, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.trail.writer", database, str(home), name, "1000000"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def one(sql: str) -> int:
    value = db.session.execute(text(sql)).scalar_one()
    db.session.rollback()
    return value


def test_a_writer_killed_at_any_moment_loses_nothing_it_had_committed_and_leaves_nothing_half(app, database, tmp_path):
    chance = random.Random(5)
    promised = 0
    processes = [start(database, tmp_path, str(i)) for i in range(2)]
    for kill in range(KILLS[db.engine.dialect.name]):
        process = processes.pop(0)
        processes.append(start(database, tmp_path, str(kill + 2)))  # starting takes a while: others write meanwhile
        time.sleep(chance.random() * 0.05)
        process.kill()
        promised += len(process.communicate()[0].splitlines())
    for process in processes:
        process.kill()
        promised += len(process.communicate()[0].splitlines())
    between = verify()
    assert between.ok, [str(fault) for fault in between.faults]
    publish()
    report = verify()
    assert report.ok, [str(fault) for fault in report.faults]
    assert report.pending == 0
    assert report.signed == report.logged == report.entries
    assert report.entries % 3 == 0
    assert report.entries >= 3 * promised > 0
    assert report.chains == one("SELECT count(DISTINCT subject) FROM entry")


def test_eight_writers_and_two_sequencers_leave_one_consistent_log(app):
    """Every writer has a chain of its own and they share one; sequencing goes on beside them."""
    failures: list[BaseException] = []
    done = threading.Event()

    def within(work) -> threading.Thread:
        def run() -> None:
            try:
                with app.app_context():
                    work()
                    db.session.remove()
            except BaseException as error:  # told by the main thread
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def writer(name: int):
        def work() -> None:
            for number in range(12):
                with change("node.entered", actor=ADA, subject=f"case:{name}") as c:
                    c.entry("node.entered", case=name, node=f"n{number}")
                    c.entry("office.touched", subject="organisation", by=name)
        return work

    def sequencer() -> None:
        while not done.is_set():
            sequence(7)
            checkpoint()
            time.sleep(0.001)

    write("organisation")
    helpers = [within(sequencer) for _ in range(2)]
    writers = [within(writer(name)) for name in range(1, WRITERS + 1)]
    for thread in writers:
        thread.join(120)
    done.set()
    for thread in helpers:
        thread.join(120)
    assert not failures
    publish()
    report = verify()
    assert report.ok, [str(fault) for fault in report.faults]
    assert (report.entries, report.pending) == (1 + WRITERS * 24, 0)
    assert report.logged == report.entries == report.signed
    assert one("SELECT max(seq) FROM entry WHERE subject = 'organisation'") == 1 + WRITERS * 12
    assert one("SELECT max(idx) + 1 FROM leaf") == report.entries


def test_two_who_begin_a_chain_at_the_same_moment_both_have_their_entry(app):
    barrier = threading.Barrier(4, timeout=60)
    failures: list[BaseException] = []

    def run() -> None:
        with app.app_context():
            try:
                for number in range(5):
                    barrier.wait()
                    write(f"register:{number}")
            except BaseException as error:
                failures.append(error)
                barrier.abort()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures[0]
    assert verify().ok
    assert one("SELECT count(*) FROM entry") == 20


def test_two_changes_that_touch_two_chains_in_opposite_order_both_happen(app):
    write("a")
    write("b")
    barrier = threading.Barrier(2, timeout=60)
    failures: list[BaseException] = []

    def run(first: str, second: str) -> None:
        with app.app_context():
            try:
                for _ in range(10):
                    barrier.wait()
                    with change("x.y", actor=ADA, subject=first) as c:
                        c.entry("x.y")
                        c.entry("x.y", subject=second)
            except BaseException as error:
                failures.append(error)
                barrier.abort()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures, failures[0]
    assert verify().ok


def test_a_reader_in_the_middle_of_the_writing_sees_a_consistent_store(app, database, tmp_path):
    process = start(database, tmp_path, "1")
    try:
        for _ in range(5):
            report = verify()
            assert report.ok, [str(fault) for fault in report.faults]
    finally:
        process.kill()
        process.communicate()
    with pytest.raises((Unavailable, RuntimeError)), change("a.b", actor=ADA, subject="x"):
        pass
