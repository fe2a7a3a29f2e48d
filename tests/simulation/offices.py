"""Offices and processes by chance: 8 to 300 people, choices, loops, parallel parts, several instances, every rule.

A process is written as a diagram and read, checked and compiled like anybody's; what could not be worked in its office
is thrown away, because it would not have been activated either.
"""
from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from app.definitions.queries import compile_meaning
from app.kernel import engine, separation
from app.kernel.bpmn import reader
from app.kernel.bpmn import rules as bpmn_rules
from app.kernel.separation.office import Proxy
from tests.diagrams import both, diagram, end, flow, start, user, xor

from .cases import World

POSTS = [f"P{i}" for i in range(8)]
#: Sizes of offices: many small ones, because there the rules bite.
SIZES = (8, 8, 9, 10, 12, 14, 16, 20, 24, 30, 40, 60, 100, 200, 300)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Piece(NamedTuple):
    """The nodes a piece of a diagram begins and ends with, and the condition on which one leaves it."""

    first: str
    last: str
    leave: str = ""


@dataclass
class Drawing:
    """A diagram while it is drawn: its parts, its user tasks, and how many gateways there are so far."""

    chance: random.Random
    body: bool = False
    parts: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    several: dict[str, int] = field(default_factory=dict)
    decided: list[str] = field(default_factory=list)
    gateways: int = 0

    def gateway(self) -> str:
        self.gateways += 1
        return f"g{self.gateways}"

    def flow(self, source: str, target: str, when: str = "") -> None:
        self.parts.append(flow(f"{source}-{target}", source, target, when))

    def task(self) -> Piece:
        chance, name = self.chance, f"t{len(self.tasks)}"
        self.tasks.append(name)
        inside = ""
        if chance.random() < 0.12:
            self.several[name] = chance.randint(2, 3)
            sequential = "true" if chance.random() < 0.3 else "false"
            inside = (
                f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:loopCardinality '
                f'xsi:type="bpmn:tFormalExpression">{self.several[name]}</bpmn:loopCardinality>'
                "</bpmn:multiInstanceLoopCharacteristics>"
            )
        where = "initiator" if chance.random() < 0.15 else ""
        post = "HEAD" if where else chance.choice(POSTS)
        if self.body and name not in self.several and chance.random() < 0.15:
            where, post = "", "BODY"
            self.decided.append(name)
        self.parts.append(user(name, post=post, department=where, inside=inside))
        return Piece(name, name)

    def block(self, size: int) -> Piece:
        """A piece with ``size`` tasks."""
        if size == 1:
            return self.task()
        cut = self.chance.randint(1, size - 1)
        kind = self.chance.choice(("row", "row", "row", "choice", "both", "loop", "skip"))
        one, other = self.block(cut), self.block(size - cut)
        if kind == "row":
            self.flow(one.last, other.first, one.leave)
            return Piece(one.first, other.last, other.leave)
        split, join = self.gateway(), self.gateway()
        if kind == "loop":
            self.parts += [xor(join), xor(split)]
            self.flow(one.last, other.first, one.leave)
            self.flow(join, one.first)
            self.flow(other.last, split, other.leave)
            self.flow(split, join, f"{split} == 2")
            return Piece(join, split, f"{split} != 2")
        if kind == "both":
            self.parts += [both(split), both(join)]
            self.flow(split, one.first)
            self.flow(split, other.first)
        elif kind == "choice":
            self.parts += [xor(split, default=f"{split}-{other.first}"), xor(join)]
            self.flow(split, one.first, f"{split} == 1")
            self.flow(split, other.first)
        else:
            self.parts += [xor(split, default=f"{split}-{join}"), xor(join)]
            self.flow(one.last, split, one.leave)
            self.flow(split, other.first, f"{split} == 1")
            self.flow(split, join)
            self.flow(other.last, join, other.leave)
            return Piece(one.first, join)
        self.flow(one.last, join, one.leave)
        self.flow(other.last, join, other.leave)
        return Piece(split, join)


def process(chance: random.Random, number: int, body: bool) -> tuple[bytes, dict[str, int]]:
    """A diagram with 3 to 10 user tasks and up to 6 rules, and the data its gateways ask for.

    Args:
        body: the office has a collective body, which may decide some of the tasks.
    """
    drawing = Drawing(chance, body)
    piece = drawing.block(chance.randint(3, 10))
    parts = [start("s"), user("apply", post="CLK"), *drawing.parts, end("e"), flow("s-apply", "s", "apply"),
             flow("into", "apply", piece.first), flow("out", piece.last, "e", piece.leave)]
    source = diagram(f"p{number}", *parts, constraints="".join(_rules(chance, drawing)))
    return source, {f"g{i}": 1 for i in range(1, drawing.gateways + 1)}


def _rules(chance: random.Random, drawing: Drawing) -> list[str]:
    tasks, single = ["apply", *drawing.tasks], [t for t in ("apply", *drawing.tasks) if t not in drawing.several]
    found = [
        f'<gz:people id="m{task}" nodes="{task}" min="2" basis="§2"/>' for task in drawing.several if chance.random() < 0.7
    ]
    found += [f'<gz:collective id="d{task}" node="{task}" quorum="2/3" basis="§9"/>' for task in drawing.decided]
    for number in range(chance.randint(1, 6)):
        kind = chance.choice(KINDS)
        nodes = " ".join(chance.sample(tasks, min(len(tasks), chance.randint(2, 4))))
        rule = f'id="c{number}" basis="§{number}"'
        if kind == "most":
            found.append(f'<gz:people {rule} nodes="{nodes}" max="{chance.randint(2, 3)}"/>')
        elif kind == "least":
            counted = chance.sample(single, min(len(single), chance.randint(2, 4)))
            if len(counted) > 1:
                found.append(f'<gz:people {rule} nodes="{" ".join(counted)}" min="2"/>')
        elif kind in ("same", "departments"):
            found.append(f'<gz:{kind} {rule} nodes="{" ".join(chance.sample(single, min(len(single), 2)))}"/>')
        elif kind == "recuse":
            found.append(f'<gz:recuse {rule} nodes="*" party="{chance.choice(("initiator", "taxpayer"))}"/>')
        elif kind == "senior" and len(single) > 1:
            lower, upper = chance.sample(single, 2)
            found.append(f'<gz:senior {rule} lower="{lower}" upper="{upper}"/>')
        elif kind in ("rotate", "apart"):
            more = 'max="2" months="24"' if kind == "rotate" else 'from="other/task"'
            found.append(f'<gz:{kind} {rule} nodes="{chance.choice(tasks)}" party="taxpayer" {more}/>')
        else:
            found.append(f'<gz:differ {rule} nodes="{nodes}"/>')
    return found


#: Kinds of rules by how often they are drawn.
KINDS = ("differ", "differ", "differ", "differ", "same", "most", "least", "departments", "recuse", "senior", "rotate",
         "apart")


def office(chance: random.Random, size: int) -> separation.Office:
    """``size`` people with one to three posts each; kin, interests, ranks and, now and then, a standing proxy."""
    departments = [f"D{i}" for i in range(max(2, min(15, size // 6)))]
    body = chance.choice((0, 0, 4, 5, 7))
    people = []
    for number in range(1, size + 1):
        home = chance.choice(departments)
        posts = {(post, None) for post in chance.sample(POSTS, chance.randint(1, 3))}
        posts.add(("CLK", home) if chance.random() < 0.8 else ("HEAD", home))
        if chance.random() < 0.25:
            posts.add(("HEAD", home))
        if number <= body:
            posts.add(("BODY", None))
        proxies = ()
        if number > 1 and chance.random() < 0.05:
            proxies = (Proxy(chance.randint(1, number - 1), None, None),)
        people.append(separation.Person(
            number, f"人{number}", frozenset(posts), frozenset({home}), present=chance.random() > 0.04,
            kin=frozenset({chance.randint(1, size)} - {number}) if chance.random() < 0.06 else frozenset(),
            interests=frozenset({"party:1"}) if chance.random() < 0.05 else frozenset(),
            rank=chance.choice((0, 1, 1, 2, 2, 3)), proxies=proxies,
        ))
    incompatible = [("P0", "P1", "制度"), ("P2", "P5", "制度")] if chance.random() < 0.4 else []
    return separation.Office.of(people, incompatible)


def world(chance: random.Random, wanted: int = 4) -> World:
    """An office with ``wanted`` processes that can be worked in it (fewer where chance is against it)."""
    there = office(chance, chance.choice(SIZES))
    meanings, starts, thrown = [], {}, 0
    for number in range(wanted * 4):
        source, asked = process(chance, number, bool(there.holders("BODY")))
        document = reader.read(source)
        faults = [f for f in bpmn_rules.check(document) if f.severity == "error"]
        if faults:
            if any(not f.rule.startswith("constraint") for f in faults):
                raise AssertionError(f"the simulation drew a bad diagram: {faults[0]}")
            thrown += 1         # rules that contradict each other
            continue
        what = compile_meaning(source, {}, {}, key=f"p{number}", matter=f"p{number}")
        sure = engine.sure(what.program, engine.start(what.program, dict(asked), NOW).state)
        if separation.satisfiable(what.rules, there, party="party:1", sure=sure):
            meanings.append(what)
            starts[what.key] = asked
            if len(meanings) == wanted:
                break
        else:
            thrown += 1
    barred = {
        (what.key, rule.id): frozenset(chance.sample(range(1, len(there.people) + 1), chance.randint(0, 2)))
        for what in meanings for rule in what.process.constraints if rule.kind in ("rotate", "apart")
    }
    return World(there, meanings, ["party:1"], starts, asked={k: tuple(v) for k, v in starts.items()}, barred=barred,
                 thrown=thrown)
