"""Activities as task specifications: tasks, sub-processes, and what repeats them."""
from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from ..bpmn.model import EventDefinition
from ..expressions import Expression
from ..text import Text
from ..values import dumps
from . import spine
from .events import Boundary, Catch, EventStart, happen
from .names import MAX_INSTANCES, kept
from .protocol import CaseFailed
from .specs import FlowNode, InclusiveGateway, merge

if TYPE_CHECKING:
    from .case import Case, Token


class Activity(FlowNode):
    """What all activities share: boundary events, quantities, loops and instances.

    A loop or multi-instance activity is one *outer* token that lives as long as the activity; each round or instance
    is a token of the same specification under it (``as`` = instance).

    Attributes:
        boundaries: the boundary events on it.
        start_quantity, completion_quantity: tokens it takes to start, and sends down every way (table 10.3).
        cardinality, completion, repeat: the compiled expressions of its loop.
    """

    boundaries: tuple[Boundary, ...] = ()
    start_quantity = 1
    completion_quantity = 1
    cardinality: Expression | None = None
    completion: Expression | None = None
    repeat: Expression | None = None

    # -- one execution -------------------------------------------------------------------------------------------------

    def _update_hook(self, my_task: Token) -> bool:
        if self.start_quantity == 1 or "by" not in my_task.internal_data:
            return True
        my_task._set_state(TaskState.WAITING)
        arrived = [t for t in my_task.parent.children if t.task_spec is self and t._state == TaskState.WAITING]
        if len(arrived) < self.start_quantity:
            return False
        merge(my_task, arrived)
        return True

    def _run_hook(self, my_task: Token) -> bool | None:
        memory = my_task.internal_data
        if my_task.role != "instance":
            if "back" not in memory:       # who only comes to correct something is not hurried or interrupted
                for boundary in self.boundaries:
                    my_task.workflow.watch(boundary, my_task)
            if self.loop is not None:
                return self.repeated(my_task)
        return self.begin(my_task)

    def begin(self, token: Token) -> bool | None:
        """Do the work: True = done, None = under way."""
        return True

    def leave(self, case: Case, token: Token, scope: Token) -> None:
        if token.role == "instance":
            self.finished(scope, token)
            return
        back = token.internal_data.get("back")
        if back:
            come_back(case, token, scope)
            return
        for _ in range(self.completion_quantity):
            super().leave(case, token, scope)

    # -- many ----------------------------------------------------------------------------------------------------------

    def repeated(self, outer: Token) -> bool | None:
        """Start a loop or multi-instance activity (§13.3.6, §13.3.7)."""
        memory = outer.internal_data
        memory["done"] = 0
        if self.loop.kind == "standard":
            if self.loop.test_before and not self.again(outer):
                return True
            self.instance(outer, 0)
            return None
        count = self.instances(outer)
        memory["count"] = count
        self.blank(outer, count)
        if not count:
            return True
        for number in range(count if self.loop.kind == "parallel" else 1):
            self.instance(outer, number)
        return None

    def blank(self, outer: Token, count: int) -> None:
        """A list as long as there are instances, so that nobody's answer takes the place of another's and nothing of
        an earlier round is left in it."""
        if self.person or self.asking:
            outer.workflow.note(outer, [None] * count)

    def instances(self, outer: Token) -> int:
        """How many instances there are; the collection is remembered as it is now."""
        case = outer.workflow
        if self.cardinality is not None:
            value = case.value(self.cardinality, outer)
            if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
                value = int(value.strip()[:9])
            if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value != int(value) or value < 0:
                raise CaseFailed(self.name, str(Text("实例个数不是自然数", "the number of instances is not natural")))
            count = int(value)
        else:
            try:
                items = case.names(outer)[self.loop.collection]
            except KeyError as error:
                raise CaseFailed(self.name, str(Text(
                    f"没有“{self.loop.collection}”这一项", f"there is no {self.loop.collection!r}"))) from error
            if not isinstance(items, (list, tuple)):
                raise CaseFailed(self.name, str(Text(
                    f"“{self.loop.collection}”不是列表", f"{self.loop.collection!r} is not a list")))
            count = len(items)
            if count:
                outer.internal_data["items"] = dumps(list(items))
        if count > MAX_INSTANCES:
            raise CaseFailed(self.name, str(Text(
                f"多实例超过 {MAX_INSTANCES} 个", f"more than {MAX_INSTANCES} instances")))
        return count

    def instance(self, outer: Token, number: int) -> None:
        case = outer.workflow
        if self.loop.kind == "sequential":
            outer.internal_data["next"] = number + 1
        case.spawn(self, outer, number)

    def finished(self, outer: Token, instance: Token) -> None:
        """One instance is done: is the activity?"""
        case = outer.workflow
        memory = outer.internal_data
        memory["done"] += 1
        done = memory["done"]
        if self.loop.kind == "standard":
            if (self.loop.maximum is not None and done >= self.loop.maximum) or not self.again(outer):
                outer.complete()
            else:
                self.instance(outer, done)
            return
        count = memory["count"]
        if self.completion is not None:
            active = count - done if self.loop.kind == "parallel" else 0
            counters = {
                "numberOfInstances": count, "numberOfCompletedInstances": done, "numberOfActiveInstances": active,
                "numberOfTerminatedInstances": 0,
                "nrOfInstances": count, "nrOfCompletedInstances": done, "nrOfActiveInstances": active,
                "loopCounter": instance.internal_data["number"],
            }
            if case.holds(self.completion, outer, counters):
                for child in list(outer.children):
                    if child.role != "watch":
                        case.withdraw(child, self.name)
                outer.complete()
                return
        if done >= count:
            outer.complete()
        elif self.loop.kind == "sequential":
            self.instance(outer, memory["next"])

    def again(self, outer: Token) -> bool:
        """Whether a standard loop goes round once more: as long as its condition is true."""
        done = outer.internal_data["done"]
        if self.loop.maximum is not None and done >= self.loop.maximum:
            return False
        return self.repeat is None or outer.workflow.holds(self.repeat, outer, {"loopCounter": done})


def come_back(case: Case, token: Token, scope: Token) -> None:
    """直送: the token that was returned goes straight to where it came from."""
    memory = token.internal_data
    *rest, (node, number, cut) = memory["back"]
    spec = case.program.specs[node]
    more: dict[str, Any] = {}
    if rest:
        more["back"] = rest
    if cut is not None:
        more["cut"] = cut
    if number is None:
        case.enter(spec, scope, token.spine, **more)
    else:
        spec.instance(scope, number)


# -- tasks ------------------------------------------------------------------------------------------------------------

class PassTask(Activity):
    """A task of no kind: its work is not the engine's (§10.3.3)."""


class PersonTask(Activity):
    """User and manual tasks: a work item for a person."""

    person = True

    def begin(self, token: Token) -> bool | None:
        token.workflow.open(token)
        return None

    def behind(self, token: Token) -> list[list[Any]]:
        return spine.passed(token.spine, self.name, token.id)


class HandlerTask(Activity):
    """Service, send, script and business rule tasks: our code does it, outside the engine."""

    asking = True
    arguments: Mapping[str, Expression]

    def begin(self, token: Token) -> bool | None:
        case = token.workflow
        case.call(token, self.handler, {name: case.value(e, token) for name, e in self.arguments.items()})
        return None


class SendTask(Activity):
    """Sends its message and goes on."""

    message: str

    def effect(self, token: Token, scope: Token) -> None:
        if self.loop is None or token.role == "instance":
            happen(token.workflow, self.name, "message", self.message, scope)


class ReceiveTask(Activity):
    """Waits for its message."""

    asking = True
    kind = "message"
    event: EventDefinition
    listen = Catch.listen

    def begin(self, token: Token) -> bool | None:
        if token.internal_data.get("triggered"):
            return True
        self.listen(token)
        return None

    trigger = Catch.trigger
    rearm = Catch.rearm


# -- scopes -----------------------------------------------------------------------------------------------------------

class Scope:
    """The inside of a process or sub-process.

    Attributes:
        starts: where its tokens begin: its none start event, or every node no flow leads to (§13.2).
        handlers: the start events of its event sub-processes.
        joins: its inclusive gateways with several incoming flows.
    """

    starts: tuple[FlowNode, ...] = ()
    handlers: tuple[EventStart, ...] = ()
    joins: frozenset[str] = frozenset()

    def fill(self, token: Token, starts: tuple[FlowNode, ...] = ()) -> None:
        """Subscriptions first, then the tokens: an event of the first automatic node finds its handler."""
        case = token.workflow
        for handler in self.handlers:
            case.watch(handler, token)
        for start in starts or self.starts:
            case.enter(start, token)
        case.unsettled[token.id] = None

    def settle(self, token: Token) -> None:
        """Let inclusive gateways go on that wait for nothing more, and end when nothing is left inside."""
        case = token.workflow
        live = [t for t in token.children if t.role != "watch"]
        if self.joins:
            seen: set[str] = set()
            for child in live:
                spec = child.task_spec
                if (isinstance(spec, InclusiveGateway) and child._state == TaskState.WAITING
                        and spec.name not in seen):
                    seen.add(spec.name)
                    if spec.enabled(child):
                        spec.fire(child)
                        case.unsettled[token.id] = None
                        return
        if not live:
            self.finish(token)
        elif self.handlers and all(isinstance(t.task_spec, SubProcess) and t.task_spec.by_event for t in live):
            # Completing (§13.5.4): what runs may end, nothing new is started.
            for child in list(token.children):
                if child.role == "watch" and isinstance(child.task_spec, EventStart):
                    case.drop(child)
                    case.unsettled.pop(token.id, None)

    def finish(self, token: Token) -> None:
        raise NotImplementedError


class SubProcess(Scope, Activity):
    """An embedded sub-process, or an event sub-process (``by_event``)."""

    by_event = False
    settle = Scope.settle

    def begin(self, token: Token) -> bool | None:
        self.fill(token)
        return None

    def blank(self, outer: Token, count: int) -> None:
        case = outer.workflow
        path = case.path(outer)
        for name in self.node.scope.everything:
            if name in case.answers:
                kept(case.answers, name, path, [None] * count)

    def finish(self, token: Token) -> None:
        if token._state == TaskState.STARTED and (self.loop is None or token.role == "instance"):
            token.complete()


class Root(Scope, FlowNode):
    """The process itself; its token is 0 and lives as long as the case."""

    settle = Scope.settle

    def finish(self, token: Token) -> None:
        token.workflow.end("completed")
