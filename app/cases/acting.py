"""One act on one case: locked, re-read, decided, carried out, saved.

Every verb of ``actions`` opens an :class:`Act`. It holds the case as read under its lock, asks the node handlers, runs
the engine, and turns what the engine returns into work items, timers, jobs and entries. How a case is read under
its lock is in ``locking``, the statements themselves in ``statements``.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from .. import handling
from ..change import GENESIS, Actor, Chain, Change, change
from ..definitions.queries import Meaning, meaning
from ..errors import Conflict, Refused
from ..handling import Moment
from ..kernel import engine, separation
from ..kernel.bpmn.model import Node
from ..kernel.decisions import DecisionError
from ..kernel.text import Text
from ..kernel.values import dumps, loads
from ..organisation import queries as organisation
from . import served, sessions, signing, statements
from .acts import Acts
from .locking import Item, locked
from .models import CaseStatus, ItemState, JobState
from .statements import CASE, JOB, TIMER, WAIT

#: A handler of this name is a decision table of the package: ``decision.approver`` is decisions/approver.dmn.
DECISION = "decision."


@dataclass(slots=True)
class Act:
    """A case while somebody acts on it. Handlers get it as their first argument."""

    c: Change
    row: dict[str, Any]
    meaning: Meaning
    office: separation.Office
    state: str
    data: dict[str, Any]
    acts: Acts
    item: Item | None = None
    #: Whose the next work item is before all others the diagram would choose: who took it back, who did it ahead.
    wanted: int | None = None
    #: What is still to be done once the engine's step is carried out.
    later: list[Callable[[], None]] = field(default_factory=list)
    #: Who says what is written down, where it is not whoever opened the act.
    speaker: Actor | None = None
    #: The emergency override somebody acts under, if any (overriding.py).
    under: int | None = None
    voting: bool = False
    _changed: dict[str, Any] = field(default_factory=dict)

    # -- what handlers and actions ask ---------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        return self.row["id"]

    @property
    def now(self) -> datetime:
        return self.c.now

    @property
    def status(self) -> CaseStatus:
        return CaseStatus(self._changed.get("status", self.row["status"]))

    def node(self, node_id: str) -> Node:
        return self.meaning.node(node_id)

    def facts(self, without: int | None = None) -> separation.CaseFacts:
        """What the separation gate must know of this case.

        Args:
            without: a token whose own claim is left out, because it is the one being asked about.
        """
        elsewhere = None
        if served.asking(self.meaning):  # asked first, because ``connection`` waits for all that was sent
            elsewhere = served.elsewhere(self.meaning, self.row, self.office, self.now, self.c.connection, lock=True)
        return self.acts.facts(
            self.row, self.meaning, self.state, self.data, without, elsewhere, voting=self.voting,
        )

    def entry(self, what: str, **facts: Any) -> None:
        """An entry in this case's chain."""
        if self.speaker is not None:
            facts.setdefault("actor", self.speaker)
        self.c.entry(what, case=self.id, **facts)

    # -- what actions do -----------------------------------------------------------------------------------------------

    def advance(self, event: engine.Event) -> None:
        """Give the engine an event and carry out what comes of it.

        Raises:
            Conflict: the event does not fit the case any more, or a condition of the diagram cannot be decided.
        """
        try:
            step = engine.step(self.meaning.program, self.state, self.data, event, self.now)
        except engine.NotPossible as error:
            raise Conflict(Text(
                "办件已经变化，请刷新后再办。", "The case has moved on; reload the page and try again."
            )) from error
        except engine.CaseFailed as error:
            name = self.node(error.node).name or error.node
            raise Conflict(Text(
                f"流程无法继续：“{name}”处的条件不能判断({error.reason})。没有保存任何更改。",
                f"The case cannot go on: a condition at “{name}” cannot be decided ({error.reason}). Nothing was saved.",
            ), node=error.node) from error
        self.apply(step)

    def apply(self, step: engine.Step) -> None:
        """Carry out everything a step of the engine asks for."""
        self.state, self.data = step.state, dict(step.data)
        for fact in step.facts:
            handling.run(Moment.TRANSITION, self, fact)
        for release in self.meaning.rules.releases:
            if any(fact.node == release.at and fact.transition == "completed" for fact in step.facts):
                self.acts.restart(release.rule)
                self.entry("rule.released", node=release.at, rule=release.rule, release=release.id)
        for closed in step.closed:
            self._close(closed)
        self._stop(step.stopped)
        for opened in step.opened:
            self._open(opened)
        decided = [call for call in step.calls if call.handler.startswith(DECISION)]
        if jobs := [call for call in step.calls if not call.handler.startswith(DECISION)]:
            self.c.connection.execute(insert(JOB), [
                self._job(handler=call.handler, inputs=call.inputs, token=call.token, node=call.node) for call in jobs
            ])
        for thrown in step.thrown:
            self.entry(f"{thrown.kind}.thrown", node=thrown.node, name=thrown.name)
            if thrown.kind in ("message", "signal"):
                self.c.connection.execute(insert(JOB), [self._job(
                    handler=f"house.{thrown.kind}", inputs={"name": thrown.name, "data": dict(thrown.data)},
                    node=thrown.node,
                )])
        if step.timers:
            self.c.connection.execute(insert(TIMER), [
                {"case_id": self.id, "token": t.token, "node": t.node, "due_at": t.due} for t in step.timers
            ])
        if step.subscriptions:
            self.c.connection.execute(insert(WAIT), [
                {"case_id": self.id, "token": s.token, "node": s.node, "kind": s.kind, "name": s.name}
                for s in step.subscriptions
            ])
        if jobs or step.thrown:
            self.c.after(_poke)
        if step.status != "running":
            self._end(CaseStatus(step.status))
        for call in decided:
            self._decide(call)
        while self.later:
            self.later.pop()()

    def set(self, **columns: Any) -> None:
        """Columns of the case to be written at the end of the act."""
        self._changed.update(columns)

    def allocate(self, item: Item, person: int, behalf: int | None = None) -> None:
        """Give an item to a person, who may act on behalf of a principal; the gate must have been asked."""
        item.state, item.assignee_id, item.behalf_id = ItemState.ALLOCATED, person, behalf
        how = self.node(item.node).resourcing
        item.started_at = self.now if how is None or how.start != "person" else None
        item.offered_to_id = item.suspended_at = None
        self.acts.allocate(item.token, item.node, person, behalf)

    def release(self, item: Item) -> None:
        """Offer an item to everybody of its post again."""
        item.state, item.assignee_id, item.behalf_id = ItemState.OFFERED, None, None
        item.started_at = item.offered_to_id = item.suspended_at = None
        self.acts.offer(item.token, item.node)

    def has_performed(self, item: Item) -> None:
        """Remember, for every rule to come, that the assignee did the item's node.

        Not of a body's node: who convenes it has done nothing there but by a vote of their own.
        """
        if self.meaning.rules.collective(item.node) is not None:
            return
        persons = [person for person in (item.assignee_id, item.behalf_id) if person is not None]
        known = self.acts.signing.get(str(item.token))
        if known is None:
            self.perform(item.node, persons)
        elif known["groups"]:  # it is one of its round when the last has signed
            self.acts.perform(item.node, persons, several=False)
        else:
            self.perform(item.node, persons, known["by"])

    def perform(self, node: str, persons: Iterable[int], signers: Iterable[int] = ()) -> None:
        """Remember one act at a node: of a person, of a delegate and their principal, or of a member of a body.

        Args:
            signers: who signed beside them.
        """
        rules = self.meaning.rules
        several = self.node(node).loop is not None or rules.collective(node) is not None
        self.acts.perform(node, persons, several=several)
        if rules.releases or rules.scoped("iteration"):
            self.acts.remember(rules, node, [*persons, *signers])

    def end_item(self, item: Item, outcome: str, opinion: str | None, answers: Mapping[str, Any]) -> None:
        """What the assignee hands in, once and for all; the item's state must have been set."""
        item.version += 1
        self.c.wire.send(statements.END_ITEM, {
            "b_id": item.id, "b_state": item.state, "b_version": item.version, "b_ended_at": self.now,
            "b_outcome": outcome, "b_opinion": opinion, "b_answers": dumps(dict(answers)),
        })

    def save_item(self, item: Item, **columns: Any) -> None:
        """Write an item's new state; its version goes up."""
        item.version += 1
        self.c.connection.execute(statements.UPDATE_ITEM, {
            "b_id": item.id, "state": item.state, "assignee_id": item.assignee_id, "on_behalf_of_id": item.behalf_id,
            "version": item.version, "offered_to_id": item.offered_to_id, "started_at": item.started_at,
            "suspended_at": item.suspended_at, **columns,
        })

    # -- inside --------------------------------------------------------------------------------------------------------

    def _open(self, opened: engine.Opened) -> None:
        node = self.node(opened.node)
        risks = {risk.level for risk in node.risks}
        item = Item(
            opened.token, opened.node, node.post.code if node.post else "", number=opened.number,
            risk=next((level for level in ("high", "medium", "low") if level in risks), None), offered_at=self.now,
        )
        self.acts.open(item.token, item.node, first=item.number in (0, None))
        handling.run(Moment.OPENING, self, item)
        item.id = self.row.pop("next_item", None) or self.c.wire.first(statements.NEXT_ITEM, {})["next_item"]
        self.c.wire.send(statements.INSERT_ITEM, item.stored(self.id, self.now))
        self.entry(
            f"work_item.{'created' if item.state is ItemState.CREATED else 'offered'}", node=item.node, item=item.id,
            post=item.post, department=item.department, due=item.due_at, actor=Actor.system("engine"),
        )
        if item.assignee_id:
            self.entry(
                "work_item.allocated", node=item.node, item=item.id, to=item.assignee_id, actor=Actor.system("engine")
            )
        if item.started_at and node.resourcing is not None and node.resourcing.start == "creation":
            self.entry(
                "work_item.started", node=item.node, item=item.id, by=item.assignee_id, actor=Actor.system("engine")
            )
        if self.item is None:
            self.item = item

    def _close(self, closed: engine.Closed) -> None:
        self.acts.close(closed.token)
        if self.acts.sitting:
            sessions.abandon(self, closed.token)
        if self.acts.signing and signing.ended(self, closed.token, closed.node):
            return  # handed in already, and waiting for its signers
        if self.item is not None and self.item.token == closed.token and closed.how in ("completed", "returned"):
            return  # the action that closed it saves it itself
        state = ItemState.WITHDRAWN if closed.how != "completed" else ItemState.COMPLETED
        item_id = self.c.connection.execute(statements.CLOSE_ITEM, {
            "b_case": self.id, "b_token": closed.token, "state": state, "ended_at": self.now,
        }).scalar_one_or_none()
        self.entry(f"work_item.{state}", node=closed.node, item=item_id, actor=Actor.system("engine"))

    def _stop(self, tokens: tuple[int, ...]) -> None:
        for token in tokens:
            where = {"b_case": self.id, "b_token": token}
            for statement in statements.STOP:
                self.c.connection.execute(statement, where)

    def _decide(self, call: engine.Call) -> None:
        """A business rule task: its table belongs to the definition and needs nothing of the world, so it is asked
        here and now, and what it said is written down."""
        key = call.handler.removeprefix(DECISION)
        node = self.node(call.node)
        try:
            found = self.meaning.decisions[key].decide({**self.data, **self.data.get("nodes", {}), **call.inputs})
        except DecisionError as error:
            raise Conflict(Text(
                f"决策表“{key}”不能得出结果：{error.text.zh}", f"The table “{key}” gives no answer: {error.text.en}"
            ), node=call.node) from error
        result = {name: found.get(key) for name, key in node.outputs.items()} if node.outputs else dict(found)
        self.entry("decision.made", node=call.node, table=key, result=result, actor=Actor.system("engine"))
        self.advance(engine.Complete(call.token, result))

    def _job(self, *, handler: str, inputs: Mapping[str, Any], node: str, token: int | None = None) -> dict[str, Any]:
        return {
            "case_id": self.id, "token": token, "node": node, "handler": handler, "inputs": dumps(dict(inputs)),
            "state": JobState.WAITING, "attempts": 0, "next_at": self.now, "created_at": self.now,
        }

    def _end(self, status: CaseStatus) -> None:
        self.set(status=status, ended_at=self.now)
        self.entry(f"case.{status}", status=str(status), performed=self.acts.performed)
        if status is not CaseStatus.COMPLETED:
            self.c.connection.execute(insert(JOB), [self._job(handler="house.ended", inputs={}, node="")])
            self.c.after(_poke)

    def _save(self, seq: int, head: bytes) -> None:
        """The case's last statement: everything that changed and the end of its chain, at once."""
        row = {**self.row, **self._changed}
        self.c.wire.send(statements.UPDATE_CASE, {
            "b_id": self.id, "b_state": self.state, "b_data": dumps(self.data),
            "b_acts": self.acts.written(),
            "b_trail_seq": seq, "b_trail_head": head, **{f"b_{name}": row[name] for name in statements.MUTABLE},
        })


def today(now: datetime) -> Any:
    """The office's date at a moment."""
    return now.astimezone(ZoneInfo(current_app.config["GANGZE_ZONE"])).date()


def _read(c: Change, row: Mapping[str, Any], item: Item | None) -> Act:
    act = Act(
        c, row, meaning(row["definition_id"]),
        organisation.office(today(c.now), row["office_version"], connection=c.connection), row["state"], loads(row["data"]),
        Acts.read(row["acts"]), item,
    )
    c.chains[c.subject] = Chain(row["trail_seq"], bytes(row["trail_head"]), act._save)
    return act


@contextmanager
def acting(
    verb: str, *, actor: Actor, case: int | None = None, item: int | None = None, in_post: bool = True
) -> Iterator[Act]:
    """Lock a case (by its own id, or by one of its work items) and act on it.

    Args:
        verb: ``noun.past`` of what is about to happen.
        actor: who acts; with an item, the post of the item is added to what the trail says of them.
        case: id of the case, or
        item: id of a work item.
        in_post: the actor acts in the post of the item; False for who only decides about it.

    Raises:
        NotFound: there is no such case or work item.
    """
    found: list[Act] = []

    def lock(c: Change) -> None:
        read, held = locked(c, case=case, item=item)
        c.subject = f"case:{read['id']}"
        if held is not None:
            c.actor = actor if not in_post else replace(
                actor, post=held.post or actor.post, department=held.department or actor.department,
                on_behalf_of=held.behalf_id if held.assignee_id == actor.person_id else None,
            )
        found[:] = [_read(c, read, held)]

    with change(verb, actor=actor, lock=lock, orm=False):
        yield found[0]


@contextmanager
def beginning(
    *, actor: Actor, definition_id: int, number: Callable[[Connection, int], str], title: str, party: str | None,
    business_key: str | None, department: str | None, data: Mapping[str, Any],
) -> Iterator[Act]:
    """A new case, stored but not started; the block starts it."""
    # A refused start leaves no case: the refusal is written to the chain of all cases, without the ids rolled back.
    with change("case.started", actor=actor, subject="cases", orm=False) as c:
        what = meaning(definition_id)
        row = {
            "number": number(c.connection, today(c.now).year), "definition_id": definition_id, "title": title,
            "status": CaseStatus.RUNNING, "business_key": business_key, "party": party,
            "initiator_id": actor.person_id, "initiator_department": department, "started_at": c.now, "state": "",
            "data": "{}", "ended_at": None, "suspended_at": None, "trail_seq": 0, "trail_head": GENESIS,
            "acts": Acts().written(),
        }
        row["id"] = c.connection.execute(insert(CASE).returning(CASE.c.id), row).scalar_one()
        row["office_version"] = c.connection.execute(select(statements.OFFICE_VERSION)).scalar_one()
        c.subject = f"case:{row['id']}"
        act = _read(c, row, None)
        act.data = dict(data)
        try:
            yield act
        except Refused as refusal:
            refusal.facts = {"process": what.key, "node": refusal.facts.get("node"), "person": actor.person_id}
            raise


def _poke() -> None:
    """Tell the workers there is something to do; the sweeper finds it anyway."""
    from .. import jobs

    jobs.poke()


__all__ = ["Act", "acting", "beginning", "today"]
