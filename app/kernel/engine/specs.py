"""The kinds of node as SpiffWorkflow task specifications: what every flow node does, and gateways.

Each overrides the library's documented hooks: ``_update_hook`` (a token has arrived: may it go on?), ``_run_hook``
(it does what it does: True = finished, None = waits for the world), ``_on_complete_hook`` (it leaves). A
specification is built once by ``program.compile`` and never changed afterwards: all cases share it.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.specs import WorkflowSpec
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.util.task import TaskState

from ..bpmn.model import Loop, Node
from ..expressions import Expression
from ..text import Text
from . import spine
from .protocol import CaseFailed

if TYPE_CHECKING:
    from .case import Case, Token


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow out of a node. ``id`` is None for the jump of a link."""

    id: str | None
    target: FlowNode
    condition: Expression | None = None


class FlowNode(TaskSpec):
    """Any node: a token that has come goes on at once and leaves by every way whose condition is true.

    Attributes (set by ``program.compile``):
        node: the element of the diagram.
        scope: the specification of the (sub-)process it lies in.
        ways: its outgoing flows in document order, without the default flow; ``default`` is that one.
        chain: multi-instance activities around and including it, outermost first.
        looped: it is in or is a loop or multi-instance activity.
        listens: (kind, name) of the messages and signals it can wait for.
        kind: of its event definition; "none" where it has none.
        person, handler: whether a person works on it; the handler it calls.
    """

    node: Node
    scope: FlowNode
    ways: tuple[Way, ...] = ()
    default: Way | None = None
    chain: tuple[str, ...] = ()
    looped = False
    listens: frozenset[tuple[str, str]] = frozenset()
    kind = "none"
    condition: Expression | None = None
    loop: Loop | None = None
    person = False
    handler: str | None = None
    asking = False              # it may ask something of the world: a call, a timer, a message, a signal
    tells_flows = False         # its completion says which way was taken
    incoming = 0

    def __init__(self, wf_spec: WorkflowSpec, node: Node) -> None:
        super().__init__(wf_spec, node.id)
        self.node = node

    # -- the library's hooks -------------------------------------------------------------------------------------------

    def _predict(self, my_task: Token, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        """Nothing is foretold."""

    def test(self) -> None:
        """``program.compile`` has checked more than the library would."""

    def _update_hook(self, my_task: Token) -> bool:
        return True

    def _on_ready_hook(self, my_task: Token) -> None:
        pass

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete_hook(self, my_task: Token) -> None:
        scope = my_task.parent
        case = my_task.workflow
        self.effect(my_task, scope)
        if case.lives(my_task):     # what it threw may have ended the scope it stands in
            case.drop(my_task)
            self.leave(case, my_task, scope)

    # -- what the kinds differ in --------------------------------------------------------------------------------------

    def choose(self, token: Token) -> tuple[Way, ...]:
        """The ways the token takes: all without a condition, those whose condition is true, else the default
        (BPMN 2.0.2 §13.3.1, §13.4.3)."""
        ways = self.ways
        if self.tells_flows and token.role != "instance" and "back" not in token.internal_data:
            case = token.workflow
            ways = tuple(w for w in ways if w.condition is None or case.holds(w.condition, token))
            if self.default is not None and not any(w.condition is not None for w in ways):
                ways = (*ways, self.default)
            if not ways and (self.ways or self.default):
                raise nowhere(self)
            token.detail = {"flows": [w.id for w in ways]}
        return ways

    def effect(self, token: Token, scope: Token) -> None:
        """What its completion does beside going on."""

    def leave(self, case: Case, token: Token, scope: Token) -> None:
        trail = self.behind(token)
        for way in token.taken:
            case.enter(way.target, scope, trail, by=way.id) if way.id else case.enter(way.target, scope, trail)

    def behind(self, token: Token) -> list[list[Any]]:
        """The spine of what leaves it."""
        return token.spine

    def listen(self, token: Token) -> None:
        """Start waiting for its event."""

    def trigger(self, token: Token) -> None:
        """Its event has happened at a token that waited for it."""

    def settle(self, token: Token) -> None:
        """Something moved directly under the token."""


def nowhere(spec: FlowNode) -> CaseFailed:
    return CaseFailed(spec.name, str(Text("没有一个出口条件成立，也没有默认出口",
                                          "no condition of an outgoing flow is true and there is no default flow")))


# -- gateways ---------------------------------------------------------------------------------------------------------

class ExclusiveGateway(FlowNode):
    """One way: the first in document order whose condition is true, else the default (§13.4.2)."""

    tells_flows = True

    def choose(self, token: Token) -> tuple[Way, ...]:
        case = token.workflow
        for way in self.ways:
            if way.condition is None or case.holds(way.condition, token):
                break
        else:
            if self.default is None:
                if not self.ways:
                    return ()
                raise nowhere(self)
            way = self.default
        token.detail = {"flows": [way.id]}
        return (way,)


class ParallelGateway(FlowNode):
    """Waits for one token on each incoming flow, consumes exactly those, and takes every way (§13.4.1)."""

    def _update_hook(self, my_task: Token) -> bool:
        if self.incoming < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        arrived = earliest(my_task)
        if len(arrived) < self.incoming:
            return False
        merge(my_task, arrived.values())
        return True


class InclusiveGateway(FlowNode):
    """Waits while another token can still bring one to an incoming flow that has none (§13.4.3); takes every way
    whose condition is true."""

    def _update_hook(self, my_task: Token) -> bool:
        if self.incoming < 2:
            return True
        my_task._set_state(TaskState.WAITING)
        my_task.workflow.unsettled[my_task._parent] = None
        return False

    def fire(self, first: Token) -> None:
        """Consume one token of each incoming flow that has one, and go on as ``first``."""
        merge(first, earliest(first).values())
        first._ready()

    def enabled(self, first: Token) -> bool:
        """Whether the gateway is activated in the scope of ``first``, a token that waits at it.

        §13.4.3: for every directed path from a flow with a token to an incoming flow without one that does not
        visit the gateway, there is such a path from the same flow to an incoming flow that has a token. A token
        inside an activity stands for the flow it came by; the way from an activity to its boundary events counts as
        a path, since a token may still come that way.
        """
        case = first.workflow
        scope = first.parent
        reach = case.program.reach(self.name)
        has = 0
        for flow in earliest(first):
            has |= reach.flows[flow]
        for other in scope.children:
            if other.role == "watch":
                continue
            if other.task_spec is self and other._state == TaskState.WAITING:
                continue
            bits = reach.nodes.get(other.place, 0)
            if bits & ~has and not bits & has:
                return False
        return True


class EventGateway(FlowNode):
    """Waits for whichever of the events behind it happens first (§13.4.4)."""

    def _run_hook(self, my_task: Token) -> bool | None:
        for way in self.ways:
            my_task.workflow.watch(way.target, my_task, by=way.id)
        return None

    def choose(self, token: Token) -> tuple[Way, ...]:
        return ()

    def happened(self, gateway: Token, branch: Token) -> None:
        """The event of ``branch`` decides: the gateway is done and the event goes on as triggered."""
        case = gateway.workflow
        scope = gateway.parent
        flow = branch.internal_data["by"]
        gateway.detail = {"flows": [flow]}
        gateway.complete()
        case.enter(branch.task_spec, scope, gateway.spine, by=flow, triggered=True)


def earliest(token: Token) -> dict[str | None, Token]:
    """The oldest waiting token on each incoming flow of the join that ``token`` waits at."""
    found: dict[str | None, Token] = {}
    for other in token.parent.children:
        if other.task_spec is token.task_spec and other._state == TaskState.WAITING and other.role is None:
            found.setdefault(other.internal_data.get("by"), other)
    return found


def merge(into: Token, arrivals: Any) -> None:
    """``into`` takes the place of all ``arrivals`` (itself among them)."""
    arrivals = list(arrivals)
    spines = [a.spine for a in arrivals]
    trail = spine.joined(spines)
    spent = spine.closing(spines)
    if spent:
        # Whoever else descends from these executions cannot run the way again from there either: this join would
        # wait for what it has just consumed.
        for other in into.parent.children:
            if any(entry[1] in spent for entry in other.spine):
                other.internal_data["from"] = spine.closed(other.spine, spent)
    if trail:
        into.internal_data["from"] = trail
    else:
        into.internal_data.pop("from", None)
    for other in arrivals:
        if other is not into:
            into.workflow.drop(other)
