"""Random cases over the process packages and the demonstration bureau: is a rule ever broken, does a case ever dead-end?

The engine, the gate and the packages are the real ones; only the database is left out, so that many cases can be run:

    python -m tests.simulation --cases 100000 [--seed 1] [--past-only]

People claim, wait, finish, release and return at random; drawn tasks fall to a random candidate. Afterwards the history
of every case is judged by :func:`violations`, which shares no code with the gate. ``--past-only`` lets people act as
products do that check the past alone, to show what the look-ahead is for.
"""
from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.cases.acts import Acts
from app.definitions import packages
from app.definitions.queries import Meaning, compile_meaning
from app.kernel import engine, separation
from app.kernel.bpmn import reader
from app.kernel.values import normalise

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
#: A case that goes round longer is left: it has had its chance to dead-end.
STEPS = 120


@dataclass
class Run:
    """One simulated case and what became of it."""

    what: Meaning
    initiator: int
    department: str
    party: str | None
    history: list[tuple[str, int]] = field(default_factory=list)
    outcome: str = ""
    stuck: str | None = None


@dataclass
class Bureau:
    """The demonstration bureau as the gate sees it, the packages, and who may start what."""

    office: separation.Office
    meanings: list[Meaning]
    parties: list[str]
    starts: Mapping[str, Mapping[str, Any]]
    param: Mapping[str, Any]


def load(home: Path | None = None) -> Bureau:
    """Build the demonstration bureau through the actions and read it as the gate would on a working day."""
    from app import demonstration
    from app.change import Actor
    from app.extensions import db
    from app.organisation import queries as organisation
    from app.parameters import queries as parameters
    from app.parties.models import Party
    from app.registers import today
    from tests.conftest import ROOT, make_app

    folder = home or Path(tempfile.mkdtemp(prefix="gangze-simulation-"))
    app = make_app(folder, DEMO=True)
    with app.app_context():
        if home is None:
            db.create_all()
            demonstration.load(actor=Actor.system("simulation"))
        office = organisation.office(today())
        param = parameters.names_on(today())
        parties = [f"party:{key}" for key in db.session.scalars(db.select(Party.id))]
        codes = {p.code: p.code for p in organisation.posts()}
        db.session.remove()
        db.engine.dispose()
    meanings, starts = [], {}
    for path in packages.find(ROOT / "processes"):
        package = packages.read(path)
        process = next(p for p in reader.read(package.source).processes.values() if p.executable)
        meanings.append(compile_meaning(
            package.source, package.forms, package.decisions, key=process.id, posts=codes, matter=process.matter or "",
        ))
        golden = tomllib.loads((path / "cases.toml").read_text(encoding="utf-8"), parse_float=Decimal)
        starts[process.id] = normalise(golden.get("start", {}))
    return Bureau(office, meanings, parties, starts, param)


# -- one case -----------------------------------------------------------------------------------------------------------

class Player:
    """Plays one case at random."""

    def __init__(self, bureau: Bureau, chance: random.Random, *, past_only: bool = False) -> None:
        self.bureau, self.chance, self.past_only = bureau, chance, past_only

    def play(self) -> Run | None:
        """One case of a random process by a random initiator; None where the draw may not start it."""
        chance, office = self.chance, self.bureau.office
        what = chance.choice(self.bureau.meanings)
        wanted = {n.post.code for n in (what.opening, *what.process.scope.nodes.values())
                  if n is not None and n.post and (n is what.opening or n.type == "startEvent")}
        person = chance.choice([p for p in office.people if p.present and any(c in wanted for c, _ in p.posts)])
        department = chance.choice(sorted(d for c, d in person.posts if c in wanted and d))
        party = chance.choice(self.bureau.parties) if chance.random() < 0.7 else None
        run = Run(what, person.id, department, party)
        self.run = run
        self.acts = Acts()
        self.calls: dict[int, engine.Call] = {}
        self.timers: dict[int, engine.Timer] = {}
        self.now = NOW
        data = {"param": dict(self.bureau.param), "case": {
            "number": "X", "initiator": person.id, "initiator_department": department,
        }, **self._fields(), **self.bureau.starts[what.key]}
        try:
            step = engine.start(what.program, data, self.now)
        except engine.CaseFailed as error:
            run.outcome = f"failed at {error.node}: {error.reason}"
            return run
        self.state, self.data = step.state, dict(step.data)
        if not self._first(step, person.id):
            return None
        for _ in range(STEPS):
            if step.status != "running":
                run.outcome = step.status
                return run
            try:
                found = self._move()
            except engine.CaseFailed as error:
                run.outcome = f"failed at {error.node}: {error.reason}"
                return run
            if found is None:
                run.outcome = "stuck"
                return run
            step = found
        run.outcome = "long"
        return run

    def _first(self, step: engine.Step, person: int) -> bool:
        """The first task belongs to the initiator, if the gate lets them; else the case does not start at all."""
        self._note(step)
        first = next(iter(step.opened), None)
        if first is None or self.bureau.office.person(person) is None:
            return True
        starts = [n for n in self.run.what.process.scope.nodes.values() if n.type == "startEvent" and n.post]
        if starts:
            held = {post for post, _ in self.bureau.office.person(person).posts}
            return any(n.post.code in held for n in starts) and separation.plan(
                self.run.what.rules, self.bureau.office, self._facts()) is not None
        if not separation.allowed(self.run.what.rules, self.bureau.office, self._facts(first.token), first.node, person):
            return False
        self.acts.allocate(first.token, first.node, person)
        return True

    def _facts(self, without: int | None = None) -> separation.CaseFacts:
        run = self.run
        row = {"initiator_id": run.initiator, "initiator_department": run.department, "party": run.party}
        return self.acts.facts(row, run.what, self.state, self.data, without)

    def _may(self, token: int, node: str) -> list[int]:
        rules, office, facts = self.run.what.rules, self.bureau.office, self._facts(token)
        if not self.past_only:
            return list(separation.candidates(rules, office, facts, node))
        rule = rules_of(self.run.what)
        history = [*self.run.history, *((n, p) for t, (n, p, _) in self.acts.held.items() if p is not None and t != str(token))]
        return [
            p.id for p in office.people if p.present and holds(p, self.run, node, self.data)
            and not violations(rule, office, self.run, [*history, (node, p.id)], partial=True)
        ]

    def _move(self) -> engine.Step | None:
        """Something happens: a handler answers, a timer fires, somebody claims, releases, finishes or returns."""
        chance, what = self.chance, self.run.what
        if self.calls and (not self.acts.held or chance.random() < 0.8):
            return self._answer(self.calls.pop(chance.choice(sorted(self.calls))))
        if self.timers and (not self.acts.held or chance.random() < 0.02):
            timer = self.timers.pop(chance.choice(sorted(self.timers)))
            self.now = max(self.now, timer.due) + timedelta(seconds=1)
            return self._step(engine.Fire(timer.token))
        if not self.acts.held:
            return None
        token = chance.choice(sorted(int(t) for t in self.acts.held))
        node, person, _ = self.acts.held[str(token)]
        may = self._may(token, node)
        if not may:
            self.run.stuck = node
            return None
        if person is None or person not in may:
            person = chance.choice(may)
            self.acts.allocate(token, node, person)
            if chance.random() < 0.5:   # claimed now, finished later: others act in between
                return _same(self)
        elif chance.random() < 0.05:
            self.acts.offer(token, node)
            return _same(self)
        assert person is not None
        self.acts.perform(node, [person], several=what.node(node).loop is not None)
        self.run.history.append((node, person))
        places = engine.returnable(what.program, self.state, token) if chance.random() < 0.12 else ()
        self.acts.close(token)
        if places:
            return self._step(engine.Return(token, chance.choice(places), False))
        answers = self._fields(node)
        decisions = what.node(node).decisions
        if decisions:
            agreeing = [d for d in decisions if d not in ("refuse", "reject")]
            answers["decision"] = chance.choice(agreeing if agreeing and chance.random() < 0.85 else decisions)
        return self._step(engine.Complete(token, answers))

    def _answer(self, call: engine.Call) -> engine.Step:
        node = self.run.what.node(call.node)
        errors = [
            n.event.code for n in self.run.what.process.scope.everything.values()
            if n.attached_to == call.node and n.event and n.event.kind == "error" and n.event.code
        ]
        if errors and self.chance.random() < 0.15:
            return self._step(engine.Raise(call.token, self.chance.choice(errors)))
        table = self.run.what.decisions.get(call.handler.removeprefix("decision."))
        if table is not None:
            result = dict(table.decide({**self.data, **call.inputs}))
        else:
            result = {"reservation": 1, "balance": Decimal(1000), "assets": ["GZ-1"], "told": []}
        return self._step(engine.Complete(call.token, {k: result.get(v) for k, v in node.outputs.items()} or result))

    def _step(self, event: engine.Event) -> engine.Step:
        step = engine.step(self.run.what.program, self.state, self.data, event, self.now)
        self.state, self.data = step.state, dict(step.data)
        self._note(step)
        return step

    def _note(self, step: engine.Step) -> None:
        for closed in step.closed:
            self.acts.close(closed.token)
        for token in step.stopped:
            self.timers.pop(token, None)
            self.calls.pop(token, None)
        for opened in step.opened:
            self.acts.open(opened.token, opened.node, first=opened.number in (0, None))
        for call in step.calls:
            self.calls[call.token] = call
        for timer in step.timers:
            self.timers[timer.token] = timer

    def _fields(self, node: str | None = None) -> dict[str, Any]:
        """Values for a node's form by their kind; for the start, for every form, so that no condition lacks a name."""
        what, values = self.run.what, {}
        forms = what.forms.values() if node is None else filter(None, [what.forms.get(what.node(node).form or "")])
        for form in forms:
            for each in form.fields:
                values[each.name] = self._value(each)
        return values

    def _value(self, each: Any) -> Any:
        chance = self.chance
        if each.options:
            return chance.choice(each.options).value
        if each.kind == "boolean":
            return chance.random() < 0.5
        if each.kind == "integer":
            return chance.randint(int(each.minimum or 0), int(each.maximum or 20))
        if each.format == "money" or each.kind == "number":
            return Decimal(chance.choice([50, 900, 1999, 2000, 2001, 4999, 9999, 12800, 49999, 50001, 200000]))
        if each.format == "date":
            return NOW.date() + timedelta(days=chance.randint(-20, 20))
        if each.kind == "array":
            return []
        if each.format == "department":
            return chance.choice(sorted({d for p in self.bureau.office.people for d in p.departments}))
        return "文字"


def _same(player: Player) -> engine.Step:
    return engine.Step(player.state, player.data, "running")


# -- judging ------------------------------------------------------------------------------------------------------------

def rules_of(what: Meaning) -> list[Any]:
    return [c for c in what.process.constraints if c.kind in ("differ", "same", "people", "departments", "recuse")]


def holds(person: Any, run: Run, node: str, data: Mapping[str, Any]) -> bool:
    post = run.what.node(node).post
    if post is None:
        return False
    department = None if not post.department else (
        run.department if post.department == "initiator" else data.get(post.department))
    return any(code == post.code and (department is None or where == department) for code, where in person.posts)


def violations(
    rules: list[Any], office: separation.Office, run: Run, history: list[tuple[str, int]], partial: bool = False
) -> list[str]:
    """Every rule a history breaks, judged plainly.

    Args:
        partial: the case is not over: at-least rules are not judged.
    """
    by: dict[str, set[int]] = defaultdict(set)
    for node, person in history:
        by[node].add(person)
    found = []
    for rule in rules:
        nodes = list(run.what.process.user_tasks) if "*" in rule.nodes else list(rule.nodes)
        acted = [by[n] for n in nodes]
        union = set().union(*acted)
        if rule.kind == "differ":
            if any(acted[i] & acted[j] for i in range(len(nodes)) for j in range(i)):
                found.append(rule.id)
        elif rule.kind == "same":
            if len(union) > 1:
                found.append(rule.id)
        elif rule.kind == "people":
            least, most = int(rule.options.get("min") or 0), rule.options.get("max")
            if most and len(union) > int(most):
                found.append(rule.id)
            if not partial and least and all(acted) and len(union) < least:
                found.append(rule.id)
        elif rule.kind == "departments":
            places = [set().union(*(office.person(p).departments for p in people)) if people else set() for people in acted]
            if any(places[i] & places[j] for i in range(len(nodes)) for j in range(i)):
                found.append(rule.id)
        elif rule.kind == "recuse":
            about_initiator = rule.options.get("party") == "initiator"
            for person in union:
                somebody = office.person(person)
                if about_initiator:
                    if person == run.initiator or run.initiator in somebody.kin:
                        found.append(rule.id)
                elif run.party is not None and run.party in somebody.interests:
                    found.append(rule.id)
    return found


def simulate(bureau: Bureau, cases: int, seed: int, *, past_only: bool = False, report: Any = None) -> Counter[str]:
    """Play ``cases`` cases.

    Returns:
        Counts: ``cases``, ``acts``, ``violations``, ``dead ends``, and how they ended, by matter.
    """
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    began = time.monotonic()
    while found["cases"] < cases:
        run = Player(bureau, chance, past_only=past_only).play()
        if run is None:
            continue
        found["cases"] += 1
        found["acts"] += len(run.history)
        found[f"{run.what.matter} {run.outcome.split(':')[0]}"] += 1
        broken = violations(rules_of(run.what), bureau.office, run, run.history, partial=run.outcome != "completed")
        if broken:
            found["violations"] += 1
            found[f"{run.what.matter} broke {broken[0]}"] += 1
        if run.stuck:
            found["dead ends"] += 1
            found[f"{run.what.matter} stuck at {run.stuck}"] += 1
        if report and found["cases"] % 5000 == 0:
            report(found, time.monotonic() - began)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--past-only", action="store_true")
    given = parser.parse_args(arguments)
    found = simulate(
        load(), given.cases, given.seed, past_only=given.past_only,
        report=lambda f, s: print(
            f"{f['cases']:>8} cases {f['acts']:>9} acts {f['violations']} violations {f['dead ends']} dead ends {s:.0f} s",
            file=sys.stderr, flush=True),
    )
    print(json.dumps(dict(sorted(found.items())), ensure_ascii=False, indent=1))
    return 1 if not given.past_only and (found["violations"] or found["dead ends"]) else 0


if __name__ == "__main__":
    sys.exit(main())
