"""Gangze itself, through the actions a page or the API calls: ``python -m tests.bench.gangze '{"home": …}'``.

A completion is ``app.cases.actions.complete``: the item is the actor's, the separation gate is asked, the form judged,
the case stepped, the next item put into an inbox, the trail written; one durable transaction. Starting and claiming are
acts of their own and not measured.
"""
from __future__ import annotations

import random
import re
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import event, func, select

from app.cases import actions
from app.cases.models import CaseStatus, ItemState
from app.cases.statements import CASE, ITEM
from app.change import Actor
from app.definitions import actions as definitions
from app.definitions.packages import Package
from app.definitions.queries import active, meaning
from app.extensions import db
from app.kernel import engine, separation
from app.kernel.values import normalise
from app.organisation import actions as organisation
from app.trail import actions as trail
from app.trail import exports, verification
from app.trail.models import Entry
from tests.conftest import make_app

from . import approval
from .contest import Meter, serve

SYSTEM = Actor.system("bench")
#: As large as the demonstration bureau: 60 people in 6 departments, every post held by several.
DEPARTMENTS = [f"D{n}" for n in range(1, 7)]
POSTS = ("CLK", "HEAD", "ACC", "PAY", "AUD")
PEOPLE = 60


def settle_in() -> dict[str, list[Actor]]:
    """Departments, posts, people and the two processes. Returns who holds a post, by post."""
    organisation.adopt_plan(
        departments=[{"code": code, "zh": f"部门{code}", "en": f"Department {code}"} for code in DEPARTMENTS],
        posts=[
            {"code": code, "zh": f"岗{code}", "en": code, "kind": "business", "department_code": DEPARTMENTS[n]}
            for n, code in enumerate(POSTS)
        ],
        actor=SYSTEM,
    )
    where = [DEPARTMENTS[n % len(POSTS)] for n in range(PEOPLE)]
    ids = organisation.take_on_many(
        [{"number": str(n + 1), "name": f"员工{n + 1}", "romanised": f"Person {n + 1}", "department_code": place}
         for n, place in enumerate(where)],
        actor=SYSTEM,
    )
    organisation.appoint_many(
        [{"person_id": person, "post_code": POSTS[n % len(POSTS)], "since": date(2020, 1, 1), "role": "A"}
         for n, person in enumerate(ids)],
        actor=SYSTEM,
    )
    for source in (approval.source(), approval.LOOP):
        definitions.activate(
            definitions.deploy(Package(source, {"request": approval.FORM}, {}), actor=SYSTEM), actor=SYSTEM
        )
    return {
        post: [Actor(person_id=person, name=f"员工{number + 1}", department=where[number])
               for number, person in enumerate(ids) if number % len(POSTS) == n]
        for n, post in enumerate(POSTS)
    }


def waiting(case_id: int) -> Any:
    """The case's one open work item."""
    row = db.session.execute(select(ITEM.c.id, ITEM.c.node, ITEM.c.version, ITEM.c.assignee_id).where(
        ITEM.c.case_id == case_id, ITEM.c.state.in_((ItemState.OFFERED, ItemState.ALLOCATED))
    )).one()
    db.session.rollback()
    return row


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Counts what goes to the database inside, at the driver: SQLite's trace callback, libpq's protocol trace.

    A statement executed for several rows in a row is one of ``statements`` and each row one of ``rows``; ``waits`` is how
    often PostgreSQL was waited for.
    """
    counts = {"begin": 0, "statements": 0, "rows": 0, "commits": 0, "waits": 0}
    heard: list[str] = []
    sqlite = db.engine.dialect.name == "sqlite"
    with tempfile.TemporaryFile("w+") as file:

        def trace(driver: Any, record: Any, proxy: Any) -> None:
            if sqlite:
                driver.set_trace_callback(heard.append)
            else:
                driver.pgconn.trace(file.fileno())

        db.session.rollback()
        event.listen(db.engine, "checkout", trace)
        try:
            yield counts
        finally:
            event.remove(db.engine, "checkout", trace)
            db.engine.dispose()  # the traced connections go with it
        file.seek(0)
        for kind, what in groupby(heard, _spelling) if sqlite else groupby(_executed(file, counts), str):
            if kind in ("BEGIN", "COMMIT"):
                counts["begin" if kind == "BEGIN" else "commits"] += 1
            else:
                counts["statements"] += 1
                counts["rows"] += len(set(what)) if sqlite else len(list(what))  # a trigger repeats what it is part of


def _spelling(statement: str) -> str:
    """A statement without its values, well enough to know its like."""
    return "BEGIN" if statement.startswith("BEGIN") else re.split(r"\bVALUES\b|=", statement)[0]


def _executed(trace: Iterable[str], counts: dict[str, int]) -> Iterator[str]:
    """What each execution in a protocol trace was: BEGIN, COMMIT, or the name or text of a statement."""
    sent: deque[str] = deque()
    parsed: dict[str, str] = {}
    for line in trace:
        fields = line.rstrip("\n").split("\t", 4)
        if len(fields) < 4:
            continue  # the rest of a statement of several lines
        side, kind, said = fields[1], fields[3], "".join(fields[4:]).strip()
        if side == "F" and kind == "Parse":
            name, text = said.split(" ", 1)
            parsed[name] = text
        elif side == "F" and kind == "Bind":
            name = said.split(" ")[1]
            sent.append(parsed.get(name, name) if name == '""' else name)
        elif side == "F" and kind == "Query":
            sent.append(said)
        elif side == "B" and kind == "CommandComplete":
            statement, tag = sent.popleft(), said.strip('"')
            yield tag if tag in ("BEGIN", "COMMIT") else statement
        elif side == "B" and kind == "ReadyForQuery":
            counts["waits"] += 1


class Office:
    """The office at work; its public methods are the commands."""

    def __init__(self, home: Path, database: str | None) -> None:
        self.app = make_app(home, database)
        self.app.app_context().push()
        db.create_all()
        self.by_post = settle_in()
        self.actors = {actor.person_id: actor for actors in self.by_post.values() for actor in actors}
        self.chance = random.Random(20260302)

    def round(self, cases: int) -> dict[str, float]:
        """The story, ``cases`` times."""
        meter = Meter()
        for _ in range(cases):
            self._story(meter)
        return meter.result()

    def _story(self, measured: Callable[[], Any]) -> None:
        case_id = actions.start(approval.KEY, actor=self.chance.choice(self.by_post["CLK"]))
        for done in approval.STORY:
            item, actor = self._taken(case_id)
            assert item.node == done.node
            with measured():
                actions.complete(
                    item.id, actor=actor, version=item.version, answers=done.answers, decision=done.decision,
                    opinion=done.opinion,
                )
        status = db.session.execute(select(CASE.c.status).where(CASE.c.id == case_id)).scalar_one()
        db.session.rollback()
        assert status is CaseStatus.COMPLETED, "the story did not end its case"

    def _taken(self, case_id: int) -> tuple[Any, Actor]:
        """The open work item and who holds it, after somebody has claimed it if need be."""
        item = waiting(case_id)
        if item.assignee_id is None:
            post = {"review": "HEAD", "sign": "ACC"}[item.node]
            actions.claim(item.id, actor=self.chance.choice(self.by_post[post]))
            item = waiting(case_id)
        return item, self.actors[item.assignee_id]

    def count(self) -> dict[str, Any]:
        """What each completion of the story sends to the database."""
        self._story(Meter())  # what is compiled and read once per process has been
        found: list[dict[str, int]] = []

        @contextmanager
        def measured() -> Iterator[None]:
            before = db.session.execute(select(func.count()).select_from(Entry)).scalar_one()
            with counted() as counts:
                yield
            after = db.session.execute(select(func.count()).select_from(Entry)).scalar_one()
            db.session.rollback()
            found.append(counts | {"entries": after - before})

        self._story(measured)
        return {"nodes": [done.node for done in approval.STORY], "completions": found}

    def history(self, short: int, long: int, times: int) -> dict[str, float]:
        """The loop's next completion in a case that has had ``short`` and in one that has had ``long``, in turn."""
        clerk = self.by_post["CLK"][0]
        cases = {length: actions.start(approval.LOOP_KEY, actor=clerk) for length in (short, long)}

        def work(case_id: int) -> float:
            item = waiting(case_id)
            meter = Meter()
            with meter():
                actions.complete(item.id, actor=clerk, version=item.version, answers=approval.LOOP_ANSWERS)
            return meter.cpu * 1e3

        for length, case_id in cases.items():
            for _ in range(length):
                work(case_id)
        cpu = {length: [] for length in cases}
        for _ in range(times):
            for length, case_id in cases.items():
                cpu[length].append(work(case_id))
        stored = db.session.execute(
            select(func.length(CASE.c.state) + func.length(CASE.c.data) + func.length(CASE.c.acts))
            .where(CASE.c.id == cases[long])
        ).scalar_one()
        db.session.rollback()
        return {"short_ms": median(cpu[short]), "long_ms": median(cpu[long]), "bytes": stored}

    def kernel(self, times: int) -> dict[str, float]:
        """The parts of a completion that touch no database, in microseconds of processor time each."""
        what = meaning(active(approval.KEY).id)
        office = separation.Office.of(
            separation.Person(n, f"P{n}", frozenset({(POSTS[n % len(POSTS)], "D1")}), frozenset({"D1"}))
            for n in range(1, PEOPLE + 1)
        )
        moment, form = self.app.config.get("CLOCK", _now)(), what.forms["request"]
        spent = {"engine step": 0.0, "separation: may this person": 0.0, "form judged": 0.0}
        steps = 0

        def timed(name: str, act: Callable[[], Any]) -> Any:
            began = process_time()
            result = act()
            spent[name] += process_time() - began
            return result

        for _ in range(times):
            step = engine.start(what.program, {}, moment)
            performed: dict[str, frozenset[int]] = {}
            for done in approval.STORY:
                person = {"apply": 5, "review": 1, "sign": 2}[done.node]
                facts = separation.CaseFacts(
                    performed, {}, 5, reachable=engine.reachable(what.program, step.state),
                    sure=engine.sure(what.program, step.state), open={done.node: 1}, again=what.rules.after(performed),
                )
                allowed = timed(
                    "separation: may this person", lambda f=facts, n=done.node, p=person:
                    separation.may(what.rules, office, f, n, p).allowed
                )
                assert allowed
                node = what.node(done.node)
                given = normalise(done.answers)
                _, errors = timed("form judged", lambda g=given, n=node, s=step: form.validate(
                    g, write=n.write, hidden=n.hidden, context=s.data
                ))
                assert not errors
                performed[done.node] = frozenset({person})
                completed = engine.Complete(step.opened[0].token, normalise(done.flat()))
                step = timed("engine step", lambda s=step, c=completed:
                             engine.step(what.program, s.state, s.data, c, moment))
                steps += 1
            assert step.status == "completed"
        return {name: seconds / steps * 1e6 for name, seconds in spent.items()}

    def rates(self) -> dict[str, float]:
        """Entries a second: into the log, verified, exported. Over everything this run has written."""
        total = db.session.execute(select(func.count()).select_from(Entry)).scalar_one()
        db.session.rollback()
        found: dict[str, float] = {"entries": total}

        def timed(name: str, act: Callable[[], Any]) -> None:
            began = perf_counter()
            act()
            found[name] = total / (perf_counter() - began)

        timed("sequenced into the log and signed", trail.publish)
        timed("verified", self._verify)
        with tempfile.TemporaryDirectory() as folder:
            for form in ("jsonl", "csv", "xes"):
                timed(f"exported as {form}", lambda form=form: exports.export(form, Path(folder) / f"trail.{form}"))
        return found

    def _verify(self) -> None:
        report = verification.verify()
        assert report.ok, report.first


def _now() -> Any:
    from app import clock

    return clock.now()


def prepare(options: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """``home``: a folder for the store and keys; ``database``: a PostgreSQL address, else SQLite in ``home``."""
    office = Office(Path(options["home"]), options.get("database"))
    names = ("round", "count", "history", "kernel", "rates")
    return {name: getattr(office, name) for name in names}


if __name__ == "__main__":
    serve(prepare)
