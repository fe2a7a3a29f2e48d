"""One case played by chance through the real engine and the real gate: claim, act for a principal, release, return."""
from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.cases.acts import Acts
from app.definitions.queries import Meaning
from app.kernel import engine, separation

from .judge import Run, violations

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
#: A case that goes round longer is left: it has had its chance to dead-end.
STEPS = 120


@dataclass
class World:
    """An office as the gate sees it on one day, and the processes that are worked in it.

    ``starts``: per process the data it begins with; ``asked``: the numbers its gateways ask for. ``barred``: (process, rule) -> who served the party too often
    or acted in the process one must stay apart from. ``thrown``: processes that could not be worked here.
    """

    office: separation.Office
    meanings: list[Meaning]
    parties: list[str]
    starts: Mapping[str, Mapping[str, Any]]
    param: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    barred: Mapping[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    thrown: int = 0


class Player:
    """Plays one case. ``past_only``: people act as in products that check the past alone."""

    def __init__(self, world: World, chance: random.Random, *, past_only: bool = False) -> None:
        self.world, self.chance, self.past_only = world, chance, past_only

    def play(self) -> Run | None:
        """One case of a random process by a random initiator; None where they may not start it."""
        chance, office = self.chance, self.world.office
        what = chance.choice(self.world.meanings)
        wanted = {n.post.code for n in (what.opening, *what.process.scope.nodes.values())
                  if n is not None and n.post and (n is what.opening or n.type == "startEvent")}
        able = [p for p in office.people if p.present and any(c in wanted and d for c, d in p.posts)]
        if not able:
            return None
        person = chance.choice(able)
        department = chance.choice(sorted(d for c, d in person.posts if c in wanted and d))
        party = chance.choice(self.world.parties) if chance.random() < 0.7 else None
        self.run = run = Run(what, person.id, department, party, {
            rule: people for (key, rule), people in self.world.barred.items() if key == what.key
        })
        self.acts = Acts()
        self.calls: dict[int, engine.Call] = {}
        self.timers: dict[int, engine.Timer] = {}
        self.now = NOW
        data = {"param": dict(self.world.param), "case": {
            "number": "X", "initiator": person.id, "initiator_department": department,
        }, **self._fields(), **self.world.starts[what.key]}
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
        if first is None:
            return True
        starts = [n for n in self.run.what.process.scope.nodes.values() if n.type == "startEvent" and n.post]
        rules, office = self.run.what.rules, self.world.office
        if starts:
            held = {post for post, _ in office.person(person).posts}
            return any(n.post.code in held for n in starts) and separation.plan(rules, office, self._facts()) is not None
        # Also where the past alone is looked at: a case that had no plan at its start would prove nothing.
        if not separation.allowed(rules, office, self._facts(first.token), first.node, person):
            return False
        self.acts.allocate(first.token, first.node, person)
        return True

    def _facts(self, without: int | None = None, voting: bool = False) -> separation.CaseFacts:
        run = self.run
        row = {"initiator_id": run.initiator, "initiator_department": run.department, "party": run.party}
        facts = self.acts.facts(row, run.what, self.state, self.data, without, voting=voting)
        return replace(facts, barred=run.barred) if run.barred else facts

    def _who(self, token: int, node: str) -> tuple[int, int | None] | None:
        """Somebody by chance who may act, with the principal they act for; None where there is nobody."""
        rules, office, chance = self.run.what.rules, self.world.office, self.chance
        if self.past_only:
            able = [p.id for p in office.people if self._past_allows(token, node, p.id)]
            return (chance.choice(able), None) if able else None
        facts = self._facts(token)
        seats = separation.seats(rules, office, facts, node) if any(p.proxies for p in office.people) else ()
        if seats and chance.random() < 0.3:
            return chance.choice(seats)
        post = self.run.what.node(node).post
        for _ in range(2):      # asking one person is quicker than asking who may
            holders = office.ids(office.holders(post.code)) if post is not None else tuple(office.index)
            if holders:
                person = chance.choice(holders)
                if separation.allowed(rules, office, facts, node, person):
                    return person, None
        able = separation.candidates(rules, office, facts, node)
        if able:
            return chance.choice(able), None
        return chance.choice(seats) if seats else None

    def _past_allows(self, token: int, node: str, person: int) -> bool:
        office, run = self.world.office, self.run
        somebody, post = office.person(person), run.what.node(node).post
        if not somebody.present or post is None or not any(
            code == office.code(post.code) and (not post.department or where == self._department(post.department))
            for code, where in somebody.posts
        ):
            return False
        held = [(n, p, None) for t, (n, p, _) in self.acts.held.items() if p is not None and t != str(token)]
        return not violations(office, run, [*run.history, *held, (node, person, None)], partial=True)

    def _department(self, name: str) -> Any:
        return self.run.department if name == "initiator" else self.data.get(name)

    def _move(self) -> engine.Step | None:
        """Something happens: a handler answers, a timer fires, somebody claims, releases, finishes or returns."""
        chance, acts = self.chance, self.acts
        if self.calls and (not acts.held or chance.random() < 0.8):
            return self._answer(self.calls.pop(chance.choice(sorted(self.calls))))
        if self.timers and (not acts.held or chance.random() < 0.02):
            timer = self.timers.pop(chance.choice(sorted(self.timers)))
            self.now = max(self.now, timer.due) + timedelta(seconds=1)
            return self._step(engine.Fire(timer.token))
        if not acts.held:
            return None
        token = int(chance.choice(sorted(acts.held, key=int)))
        node, person, behalf = acts.held[str(token)]
        if person is None or not self._still(token, node, person, behalf):
            found = self._who(token, node)
            if found is None:
                self.run.stuck = node
                return None
            person, behalf = found
            acts.allocate(token, node, person, behalf)
            if chance.random() < 0.5:   # claimed now, finished later: others act in between
                return self._same()
            if not self._still(token, node, person, behalf):
                raise AssertionError(f"{person} may claim {node} but not finish it")
        elif chance.random() < 0.05:
            acts.offer(token, node)
            return self._same()
        return self._finish(token, node, person, behalf)

    def _still(self, token: int, node: str, person: int, behalf: int | None) -> bool:
        """The gate is asked again before a work item is finished, and must say yes: nothing has shrunk."""
        if self.past_only:
            return self._past_allows(token, node, person)
        return separation.allowed(
            self.run.what.rules, self.world.office, self._facts(token), node, person, behalf=behalf)

    def _session(self, token: int, node: str, body: separation.Collective) -> bool:
        """The body votes: members in any order, each asked of the gate, until there is a quorum. Whether there is one."""
        office, rules, votes = self.world.office, self.run.what.rules, 0
        post = self.run.what.node(node).post
        members = list(office.ids(office.holders(post.code))) if post is not None else []
        quorum = body.needed(len(members))
        self.chance.shuffle(members)
        for member in members * 2:      # who could not be the first to vote may be the third
            if separation.allowed(rules, office, self._facts(token, voting=True), node, member):
                self.acts.perform(node, [member], several=True)
                self.run.history.append((node, member, None))
                votes += 1
                if votes >= quorum:
                    self.acts.round.pop(node, None)
                    return True
        return False

    def _finish(self, token: int, node: str, person: int, behalf: int | None) -> engine.Step | None:
        chance, what, run = self.chance, self.run.what, self.run
        several = what.node(node).loop is not None
        body = None if self.past_only else what.rules.collective(node)
        if body is not None:
            if not self._session(token, node, body):
                run.stuck = node
                return None
        else:
            self.acts.perform(node, [p for p in (person, behalf) if p is not None], several=several)
            run.history.append((node, person, behalf))
        places = engine.returnable(what.program, self.state, token) if chance.random() < 0.1 else ()
        self.acts.close(token)
        if places:
            return self._step(engine.Return(token, chance.choice(places), False))
        others = self.acts.holds(node)
        done = [frozenset(p) for p in self.acts.round[node]] if several else []
        answers = self._fields(node)
        decisions = what.node(node).decisions
        if decisions:
            agreeing = [d for d in decisions if d not in ("refuse", "reject")]
            answers["decision"] = chance.choice(agreeing if agreeing and chance.random() < 0.85 else decisions)
        step = self._step(engine.Complete(token, answers))
        if several and not others and not any(o.node == node and o.number not in (0, None) for o in step.opened):
            run.rounds.setdefault(node, []).append(done)
        return step

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

    def _same(self) -> engine.Step:
        return engine.Step(self.state, self.data, "running")

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
        """Values for a node's form by their kind, and for what gateways ask; for the start, for every form, so that no
        condition lacks a name."""
        what = self.run.what
        values: dict[str, Any] = {name: self.chance.randint(1, 3) for name in self.world.asked.get(what.key, ())}
        forms: Iterable[Any] = what.forms.values() if node is None else filter(
            None, [what.forms.get(what.node(node).form or "")])
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
            return chance.choice(sorted({d for p in self.world.office.people for d in p.departments}))
        return "文字"
