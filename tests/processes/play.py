"""Plays the golden cases of process packages (processes/README.md) on the kernel: the engine moves the case, the forms
judge what is entered, the separation gate says who may act. Nothing is stood in for but the service handlers, whose
answers the file gives."""
from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from app.kernel import engine, separation
from app.kernel.bpmn import reader
from app.kernel.bpmn.model import Node, Process
from app.kernel.decisions import Table
from app.kernel.forms import Form
from app.kernel.separation import session
from app.kernel.values import normalise

#: As app/cases/actions: decisions that refuse.
NEGATIVE = frozenset({"refuse", "reject", "disagree", "fail", "insufficient", "supplement"})
ROOT = Path(__file__).parents[2] / "processes"
ACTIVITIES = ("userTask", "serviceTask", "businessRuleTask", "sendTask", "scriptTask", "callActivity", "subProcess")


@dataclass(frozen=True)
class Package:
    """A package on disk, read once."""

    path: Path

    @cached_property
    def source(self) -> bytes:
        return (self.path / "process.bpmn").read_bytes()

    @cached_property
    def process(self) -> Process:
        (process,) = reader.read(self.source).processes.values()
        return process

    @cached_property
    def program(self) -> Any:
        return engine.compile(self.process)

    @cached_property
    def rules(self) -> Any:
        return separation.Rules.of(self.process)

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted(self.path.glob("forms/*.json"))}

    @cached_property
    def forms(self) -> dict[str, Form]:
        return {key: Form.parse(document) for key, document in self.documents.items()}

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Decision tables, by the name of the handler that asks them."""
        return {f"decision.{p.stem}": Table.read(p.read_bytes()) for p in sorted(self.path.glob("decisions/*.dmn"))}

    @cached_property
    def golden(self) -> dict[str, Any]:
        return tomllib.loads((self.path / "cases.toml").read_text(encoding="utf-8"))

    @cached_property
    def people(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.golden["cast"], 1)}

    @cached_property
    def office(self) -> Any:
        kin, party = self.golden.get("kin", {}), self.golden.get("party", {})

        def posts(written: list[str]) -> frozenset[tuple[str, str | None]]:
            return frozenset((code, department or None) for code, _, department in (w.partition("@") for w in written))
        return separation.Office.of(separation.Person(
            id=self.people[name], name=name, posts=posts(written),
            departments=frozenset(d for _, d in posts(written) if d),
            kin=frozenset(self.people[k] for k in kin.get(name, ())),
            interests=frozenset([party["key"]] if name in party.get("close", ()) else ()),
        ) for name, written in self.golden["cast"].items())

    def __str__(self) -> str:
        return self.path.name


PACKAGES = [Package(p.parent) for p in sorted(ROOT.glob("*/*/process.bpmn"))]


def golden_cases() -> Iterator[tuple[Package, dict[str, Any]]]:
    for package in PACKAGES:
        for case in package.golden["case"]:
            yield package, case


@dataclass
class Play:
    """One golden case while it is being played."""

    package: Package
    case: Mapping[str, Any]
    now: datetime = field(init=False)
    state: str = ""
    status: str = "running"
    data: dict[str, Any] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    open: dict[int, str] = field(default_factory=dict)
    calls: list[Any] = field(default_factory=list)
    timers: dict[int, Any] = field(default_factory=dict)
    performed: dict[str, set[int]] = field(default_factory=dict)
    voted: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.package.golden["now"]

    @property
    def first(self) -> Node | None:
        """The user task right behind the start, the form one starts with; None where no person starts the process."""
        scope = self.package.process.scope
        (start,) = (n for n in scope.nodes.values() if n.type == "startEvent")
        target = scope.nodes[scope.flows[start.outgoing[0]].target]
        return target if target.type == "userTask" and start.post is None else None

    def begin(self) -> None:
        """Start the case; where a person starts it, with the first form filled in."""
        golden, by = self.package.golden, self.case["by"]
        self.initiator = self.package.people.get(by, 0)
        self.department = self.case.get("department")
        self.data = {
            "param": normalise(dict(golden.get("param", {}))),
            "case": {"number": "T-2012-0001", "initiator": self.initiator, "initiator_department": self.department},
        }
        if self.first is None:
            self.data.update(self._values({**golden.get("start", {}), **self.case.get("start", {})}))
        self._take(engine.start(self.package.program, self.data, self.now))
        if self.first is not None:
            self.act({"node": self.first.id, "as": by, "answers": self.case.get("start", {}),
                      **({"invalid": self.case["invalid"]} if "invalid" in self.case else {})})

    def run(self) -> None:
        """The whole case."""
        self.begin()
        if "invalid" in self.case:
            return
        for step in self.case.get("steps", ()):
            self.act(step)
        self.settle()

    def act(self, step: Mapping[str, Any]) -> None:
        """One step as the file writes it."""
        self.now += timedelta(minutes=1)
        if "timer" in step:
            self.settle()
            return self._fire(step["timer"])
        node = self.package.process.scope.everything[step["node"]]
        if node.type != "userTask":
            return self._answer(node.id, step)
        self.settle()
        return self._work(node, step)

    def settle(self) -> None:
        """Every service task that waits is answered from the file, every decision table asked."""
        while self.calls:
            self._complete(self.calls.pop(0), None)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _work(self, node: Node, step: Mapping[str, Any]) -> None:
        tokens = [token for token, open_ in self.open.items() if open_ == node.id]
        if step.get("refused") == "not-open":
            assert not tokens, f"{node.id} is open"
            return
        assert tokens, f"{node.id} is not open, {sorted(self.open.values())} are (path {self.path})"
        person, token = self.package.people[step["as"]], tokens[0]
        rule = self.package.rules.collective(node.id)
        if rule is not None and "return" not in step:
            return self._sit(node, token, rule, step)
        verdict = separation.may(self.package.rules, self.package.office, self.facts(), node.id, person)
        against = {o.constraint for o in verdict.objections}
        if "refused" in step:
            assert step["refused"] in against, f"{step['as']} at {node.id}: objections {sorted(against)}"
            return
        assert verdict.allowed, f"{step['as']} may not do {node.id}: {[o.because.en for o in verdict.objections]}"
        if "return" in step:
            assert step["opinion"], "a return needs its reason"
            assert step["return"] in engine.returnable(self.package.program, self.state, token)
            self.performed.setdefault(node.id, set()).add(person)
            event = engine.Return(token, step["return"], step.get("straight_back", False))
            self._take(engine.step(self.package.program, self.state, self.data, event, self.now))
            return
        answers, errors = self._judged(node, step)
        assert sorted(errors) == sorted(step.get("invalid", [])), f"{node.id}: {errors}"
        if errors:
            return
        decision = step.get("decision")
        assert (decision in node.decisions) if node.decisions else decision is None, f"{node.id}: decision {decision}"
        if decision is not None:
            answers |= {"decision": decision, "opinion": step.get("opinion", "")}
        self.performed.setdefault(node.id, set()).add(person)
        self._take(engine.step(self.package.program, self.state, self.data, engine.Complete(token, answers), self.now))

    def _sit(self, node: Node, token: int, rule: Any, step: Mapping[str, Any]) -> None:
        """A body decides in session: convened by who holds its post, voted in the order of the file."""
        people, rules, office = self.package.people, self.package.rules, self.package.office
        members = frozenset(office.ids(office.holders(node.post.code)))
        assert people[step["as"]] in members, f"{step['as']} does not hold the post of {node.id}"
        verdicts = {p: separation.may(rules, office, self.facts(), node.id, p) for p in members}
        against = {o.constraint for name in step["votes"] for o in verdicts[people[name]].objections}
        sitting = session.Session(
            rule, members, frozenset(p for p in members if verdicts[p]),
            dict.fromkeys((people[name] for name in step["votes"]), session.Attendance.ROOM), people[step["chair"]],
            self.now, self.now + timedelta(hours=12),
        )
        errors = session.convening_errors(sitting, now=self.now, window=timedelta(hours=12))
        against |= {{"present": "quorum"}.get(field, field) for field in errors}
        for name, choice in step["votes"].items() if not against else ():
            person = people[name]
            if session.ballot_error(sitting, person, self.now) is not None:
                against.add("chair" if name == step["chair"] else rule.id)
                break
            assert separation.may(rules, office, self.facts(), node.id, person), f"{name} may not vote at {node.id}"
            self.voted.setdefault(node.id, []).append(person)
            sitting = replace(sitting, votes={**sitting.votes, person: session.Choice(choice)})
        if "refused" in step:
            assert step["refused"] in against, f"{node.id}: {sorted(against)}"
            self.voted.pop(node.id, None)
            return
        assert not against and not sitting.waiting, f"{node.id}: {sorted(against)}, to vote: {sitting.waiting}"
        carried = session.tally(sitting).carried
        decision = next(word for word in node.decisions if (word not in NEGATIVE) is carried)
        assert decision == step["decision"], f"{node.id}: {session.tally(sitting)}"
        answers, wrong = self._judged(node, step)
        assert not wrong, f"{node.id}: {wrong}"
        self.performed.setdefault(node.id, set()).update(self.voted.pop(node.id))
        answers |= {"decision": decision, "opinion": step.get("opinion", "")}
        self._take(engine.step(self.package.program, self.state, self.data, engine.Complete(token, answers), self.now))

    def _judged(self, node: Node, step: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        given = {} if node.write == () else {**self.package.golden.get("answers", {}).get(node.id, {}), **step.get("answers", {})}
        return self.package.forms[node.form].validate(
            self._values(given), write=node.write, hidden=node.hidden, context=self.data)

    def facts(self) -> Any:
        """What the gate is told, as the application tells it."""
        program, party = self.package.program, self.package.golden.get("party", {})
        acted = {node: self.performed.get(node, set()) | set(self.voted.get(node, ())) for node in {*self.performed, *self.voted}}
        return separation.CaseFacts(
            performed={node: frozenset(people) for node, people in acted.items()}, initiator=self.initiator,
            initiator_department=self.department, data=self.data, party=party.get("key"),
            reachable=engine.reachable(program, self.state), sure=engine.sure(program, self.state),
            open={node: list(self.open.values()).count(node) for node in self.open.values()},
            again=self.package.rules.after(self.performed),
            instances={node: tuple(frozenset([person]) for person in people) for node, people in self.voted.items()},
        )

    def _answer(self, node: str, step: Mapping[str, Any]) -> None:
        """Answer the calls until the one of ``node``, which gets what the step says."""
        while self.calls:
            call = self.calls.pop(0)
            if call.node != node:
                self._complete(call, None)
                continue
            if "error" in step:
                event = engine.Raise(call.token, step["error"], "")
                self._take(engine.step(self.package.program, self.state, self.data, event, self.now))
            else:
                self._complete(call, step["result"])
            return
        raise AssertionError(f"nothing is asked of {node} (path {self.path})")

    def _complete(self, call: Any, result: Mapping[str, Any] | None) -> None:
        node = self.package.process.scope.everything[call.node]
        if call.handler in self.package.tables:
            names = {**self.data, **self.data.get("nodes", {}), **call.inputs}
            given = self.package.tables[call.handler].decide(names)
        else:
            results = self.package.golden.get("results", {}).get(call.node, {}) if result is None else result
            given = self._values(results)
        assert set(node.outputs.values()) <= given.keys(), f"[results.{call.node}] lacks {set(node.outputs.values()) - given.keys()}"
        named = {name: given[key] for name, key in node.outputs.items()}
        self._take(engine.step(self.package.program, self.state, self.data, engine.Complete(call.token, named), self.now))

    def _fire(self, node: str) -> None:
        (timer,) = (t for t in self.timers.values() if t.node == node)
        self.now = max(self.now, timer.due)
        del self.timers[timer.token]
        self._take(engine.step(self.package.program, self.state, self.data, engine.Fire(timer.token), self.now))

    def _take(self, step: Any) -> None:
        self.state, self.data, self.status = step.state, dict(step.data), step.status
        nodes = self.package.process.scope.everything
        for fact in step.facts:
            kind = nodes[fact.node].type
            if (fact.transition == "entered" and kind in ACTIVITIES) or \
                    (fact.transition == "completed" and kind in ("boundaryEvent", "endEvent")):
                self.path.append(fact.node)
        for closed in step.closed:
            self.open.pop(closed.token, None)
        for token in step.stopped:
            self.timers.pop(token, None)
        self.calls = [c for c in self.calls if c.token not in step.stopped] + list(step.calls)
        self.timers |= {t.token: t for t in step.timers}
        self.open |= {o.token: o.node for o in step.opened}

    def _values(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """What TOML gives, as values of a case: names of the cast become their ids where people are listed."""
        people = self.package.people

        def value(each: Any) -> Any:
            if isinstance(each, list):
                return [people.get(v, v) if isinstance(v, str) else value(v) for v in each]
            if isinstance(each, dict):
                return {k: value(v) for k, v in each.items()}
            return each.isoformat() if type(each) is date else each
        return normalise({k: value(v) for k, v in written.items()})
