"""A case on the move: the live tokens of one case, and the loop that runs them one at a time.

SpiffWorkflow's ``Task`` is a token here and its ``Workflow`` the case; nothing of either leaves this package. What
differs from the library, and why (engine-notes D1-D11):

* Tokens are made when a node completes, one per sequence flow taken. Nothing is predicted, and a token that is
  finished is gone at once. The state is the set of live tokens hanging under their scopes, so its size and the cost
  of a step do not depend on how long the case has run, and no join can count what happened in an earlier round.
* Ids are small integers from a counter kept in the state; there is no clock and no chance.
* Tokens carry no data. A case's data is one value that goes into a step and comes out of it.
* READY tokens wait in a queue of our own, first in first out; nothing recurses along the diagram.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from ..expressions import EvaluationError, Expression
from ..text import Text
from ..values import BadValue, Value, loads, normalise
from .names import Names, kept
from .protocol import Call, CaseFailed, Closed, Fact, NotPossible, Opened, Step, Subscription, Thrown, Timer

if TYPE_CHECKING:
    from .program import Program
    from .specs import FlowNode

#: More live tokens than this is a mistake (instances of instances, quantities) that would eat the machine.
MAX_TOKENS = 10_000
#: How many nodes one event may run through without a person, a handler or time coming between.
MAX_MOVES = 10_000

NOTHING: Mapping[str, Any] = MappingProxyType({})
_OVER = TaskState.COMPLETED | TaskState.ERROR | TaskState.CANCELLED


class Token(Task):
    """One visit of one node (or, WAITING, something that may start one).

    ``internal_data`` holds what is saved with it, only where it is not empty: ``as`` = watch (a boundary event, the
    start of an event sub-process or a branch of an event gateway that waits to be triggered) | instance (of a
    multi-instance or loop activity); ``by`` the sequence flow it came by; ``from`` its spine; ``number`` of an
    instance; ``count``/``items``/``done``/``next`` of the activity of instances; ``due``/``left``/``every`` of a
    timer; ``held`` of a condition that is true already; ``triggered`` by its event; ``back`` and ``cut`` of a token
    that was returned and comes straight back.
    """

    data = NOTHING                  # D3, D5: nothing to share, nothing to merge
    triggered = False
    thread_id = 0
    last_state_change = 0.0
    taken: tuple[Any, ...] = ()     # the ways it leaves by
    detail: Mapping[str, Any] = NOTHING
    fate: str | None = None         # returned | failed: why it is about to be withdrawn
    asked = False                   # an earlier step announced a timer, call or subscription of it
    _items: list[Value] | None = None

    def __init__(self, case: Case, spec: FlowNode, parent: Token | None, number: int, *,
                 state: int = TaskState.FUTURE, memory: dict[str, Any] | None = None) -> None:
        self.id = number
        self.workflow = case
        self.task_spec = spec
        self.internal_data = memory if memory is not None else {}
        self._state = state
        self._children: list[int] = []
        case.tasks[number] = self
        if parent is None:
            self._parent = None
        else:
            self._parent = parent.id
            parent._children.append(number)

    def _set_state(self, value: int) -> None:
        old, self._state = self._state, value
        if old != value:
            for observe in self.workflow.observers:
                observe(self, old, value)

    def complete(self) -> None:
        self.taken = self.task_spec.choose(self)
        super().complete()

    @property
    def node(self) -> str:
        return self.task_spec.name

    @property
    def role(self) -> str | None:
        return self.internal_data.get("as")

    @property
    def spine(self) -> list[list[Any]]:
        return self.internal_data.get("from", _EMPTY)

    @property
    def place(self) -> str:
        """The node that its scope must see it at: a token that goes straight back counts where it goes back to."""
        back = self.internal_data.get("back")
        return back[-1][0] if back else self.task_spec.name

    @property
    def items(self) -> list[Value]:
        """The collection a multi-instance activity was started with."""
        if self._items is None:
            text = self.internal_data.get("items")
            self._items = loads(text) if text else []
        return self._items


_EMPTY: list[list[Any]] = []


class Case(Workflow):
    """The live tokens of a case during one step, and what the step has brought about so far."""

    def __init__(self, program: Program, values: Mapping[str, Any], now: datetime) -> None:
        super().__init__(program.spec, deserializing=True)
        self.program = program
        self.now = now
        self.status = "running"
        self.last = 0                                    # the highest token id given out
        answers = values.get("nodes")
        self.fields: dict[str, Value] = dict(values)
        self.fields.pop("nodes", None)
        self.answers: dict[str, Value] = dict(answers) if isinstance(answers, Mapping) else {}
        self.observers: list[Callable[[Token, int, int], None]] = [self._record]
        self.moves = 0
        self.ready: deque[Token] = deque()
        self.unsettled: dict[int, None] = {}             # scopes something moved in, in order
        self.stirred = False                             # data changed, or something began to wait for a condition
        self.facts: list[Fact] = []
        self.opened: dict[int, Opened] = {}
        self.closed: list[Closed] = []
        self.calls: dict[int, Call] = {}
        self.timers: dict[int, Timer] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self.stopped: list[int] = []
        self.thrown: list[Thrown] = []
        self.task_tree = Token(self, program.root, None, 0, state=TaskState.STARTED)

    # -- tokens come, go and die ---------------------------------------------------------------------------------------

    def enter(self, spec: FlowNode, scope: Token, spine: list[list[Any]] | None = None, **memory: Any) -> Token:
        """A new token at ``spec``. Joins decide for themselves whether it goes on (``_update_hook``)."""
        if spine:
            memory["from"] = spine
        token = Token(self, spec, scope, self._number(spec), memory=memory)
        spec._update(token)
        return token

    def spawn(self, spec: FlowNode, outer: Token, number: int) -> Token:
        """An instance of the activity whose token ``outer`` is."""
        token = Token(self, spec, outer, self._number(spec), memory={"as": "instance", "number": number})
        token._ready()
        return token

    def watch(self, spec: FlowNode, parent: Token, **memory: Any) -> Token:
        """A subscription: a token that waits at an event for something to happen, beside the flow."""
        token = Token(self, spec, parent, self._number(spec), state=TaskState.WAITING, memory={"as": "watch", **memory})
        spec.listen(token)
        return token

    def _number(self, spec: FlowNode) -> int:
        if len(self.tasks) > MAX_TOKENS:
            raise CaseFailed(spec.name, str(Text(f"令牌超过 {MAX_TOKENS} 个", f"more than {MAX_TOKENS} tokens")))
        self.last += 1
        return self.last

    def drop(self, token: Token) -> None:
        """Take a token that is over out of the state, with the subscriptions that hang on it."""
        for child in token.children:
            if child is not None:
                self.withdraw(child)
        token._children.clear()
        del self.tasks[token.id]
        parent = token.parent
        if parent is not None:
            parent._children.remove(token.id)
            self.unsettled[parent.id] = None
        self._silence(token)

    def withdraw(self, token: Token, because: str = "") -> None:
        """End a token and everything under it before its time.

        Args:
            because: the node (or what else) that made it so.
        """
        if token.id not in self.tasks:
            return
        for child in token.children:
            self.withdraw(child, because)
        if not token.has_state(_OVER):
            if token.fate is None and because:
                token.detail = {"because": because}
            token._set_state(TaskState.ERROR if token.fate == "failed" else TaskState.CANCELLED)
        self.drop(token)

    def lives(self, token: Token) -> bool:
        return self.tasks.get(token.id) is token

    def _silence(self, token: Token) -> None:
        """Nothing in the world need wait for the token any longer; what was not announced yet never will be."""
        self.timers.pop(token.id, None)
        self.subscriptions.pop(token.id, None)
        self.calls.pop(token.id, None)
        if token.asked:
            self.stopped.append(token.id)

    def _record(self, token: Token, old: int, new: int) -> None:
        if new == TaskState.READY:
            self.ready.append(token)
            transition = "entered"
            if "number" in token.internal_data:
                token.detail = {"number": token.internal_data["number"]}
        elif new == TaskState.COMPLETED:
            transition = "completed"
        elif new & _OVER:
            if old < TaskState.READY:
                return                                   # it only waited: nothing had begun
            transition = token.fate or "cancelled"
        else:
            return
        if token.id:
            self.facts.append(Fact(token.task_spec.name, token.id, transition, dict(token.detail)))
            token.detail = NOTHING
            if new != TaskState.READY and token.task_spec.person and old == TaskState.STARTED:
                self._close(token, transition)

    def _close(self, token: Token, transition: str) -> None:
        if token.task_spec.loop is not None and token.role != "instance":
            return
        if self.opened.pop(token.id, None) is None:
            how = "withdrawn" if transition == "cancelled" else transition
            self.closed.append(Closed(token.id, token.task_spec.name, how))

    def _task_completed_notify(self, task: Task) -> None:
        """The library would look for waiting tasks here; ours are woken by what they wait for."""

    # -- the loop ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run until every token waits for the world.

        Raises:
            CaseFailed: a condition cannot be decided, or the case runs in circles.
        """
        while True:
            if self.unsettled:
                number = next(iter(self.unsettled))
                del self.unsettled[number]
                scope = self.tasks.get(number)
                if scope is not None:
                    scope.task_spec.settle(scope)
            elif self.stirred:
                self.stirred = False
                self._conditions()
            elif self.ready:
                token = self.ready.popleft()
                if token._state != TaskState.READY or not self.lives(token):
                    continue
                self.moves += 1
                if self.moves > MAX_MOVES:
                    raise CaseFailed(token.node, str(Text(
                        f"流程在自动节点间打转(超过 {MAX_MOVES} 步)",
                        f"ran in circles: more than {MAX_MOVES} automatic moves")))
                token.run()
            else:
                return

    def _conditions(self) -> None:
        """Look again at everything that waits for a condition; it takes effect when it becomes true."""
        if not self.program.conditional:
            return
        for token in list(self.tasks.values()):
            spec = token.task_spec
            if spec.kind == "conditional" and self.lives(token) and self.waits(token):
                names = self.names(token)
                # What has not been said yet cannot be true yet.
                true = all(name in names for name in spec.condition.names) and self.holds(spec.condition, token)
                held = token.internal_data.pop("held", False)
                if true and not held:
                    spec.trigger(token)
                if true and self.lives(token):
                    token.internal_data["held"] = True

    def waits(self, token: Token) -> bool:
        """Whether the token is at something that has not happened yet."""
        if token.role == "watch":
            return token._state == TaskState.WAITING
        return token._state == TaskState.STARTED and (token.task_spec.loop is None or token.role == "instance")

    def waiting(self, kind: str, name: str) -> list[Token]:
        """Tokens that wait for a message or signal of that name, oldest first."""
        return [token for token in self.tasks.values() if (kind, name) in token.task_spec.listens and self.waits(token)]

    # -- what a token asks of the world --------------------------------------------------------------------------------

    def open(self, token: Token) -> None:
        item = number = None
        if token.role == "instance":
            number = token.internal_data["number"]
            outer = token.parent
            if outer.internal_data.get("items"):
                item = outer.items[number]
        self.opened[token.id] = Opened(token.id, token.node, item, number)

    def call(self, token: Token, handler: str, inputs: Mapping[str, Any]) -> None:
        self.calls[token.id] = Call(token.id, token.node, handler, inputs)

    def throw(self, node: str, kind: str, name: str) -> None:
        self.thrown.append(Thrown(node, kind, name))

    # -- data ----------------------------------------------------------------------------------------------------------

    def answer(self, token: Token, data: Mapping[str, Any]) -> None:
        """Keep what was answered at a token: whole under its node, and its fields at the top.

        Raises:
            BadValue: the data is not what a case may hold.
        """
        clean = normalise(data)
        if "nodes" in clean:
            raise BadValue("nodes", Text("“nodes”是保留的名称", "“nodes” is a reserved name"))
        self.fields.update(clean)
        self.note(token, clean)

    def note(self, token: Token, value: Value) -> None:
        """Keep something under a token's node only."""
        spec = token.task_spec
        path = self.path(token)[:len(spec.chain)] if spec.chain else ()
        kept(self.answers, spec.name, path, value)
        self.stirred = True

    def path(self, token: Token) -> tuple[int, ...]:
        """The instance of each enclosing multi-instance activity, outermost first."""
        numbers = [t.internal_data["number"] for t in self._around(token)
                   if t.role == "instance" and t.task_spec.loop.kind != "standard"]
        return tuple(reversed(numbers))

    def _around(self, token: Token) -> Iterator[Token]:
        found: Token | None = token
        while found is not None:
            yield found
            found = found.parent

    def names(self, token: Token, local: Mapping[str, Value] = NOTHING) -> Names:
        """What names stand for at ``token``."""
        spec = token.task_spec
        if not spec.looped:
            return Names(self.fields, self.answers, local, self.program.chains)
        seen: dict[str, Value] = {}
        for around in self._around(token):
            if around.role == "instance":
                number = around.internal_data["number"]
                seen.setdefault("loopCounter", number)
                outer = around.parent
                element = around.task_spec.loop.element
                if element and outer.internal_data.get("items"):
                    seen.setdefault(element, outer.items[number])
        return Names(self.fields, self.answers, {**seen, **local}, self.program.chains,
                     chain=spec.chain, path=self.path(token))

    def value(self, expression: Expression, token: Token, local: Mapping[str, Value] = NOTHING) -> Value:
        """An expression's value at a token; CaseFailed where it has none."""
        try:
            return expression.evaluate(self.names(token, local))
        except EvaluationError as error:
            raise CaseFailed(token.node, f"{expression.text}: {error.text}") from error

    def holds(self, condition: Expression, token: Token, local: Mapping[str, Value] = NOTHING) -> bool:
        """Whether a condition is true at a token; CaseFailed where that cannot be said."""
        try:
            return condition.holds(self.names(token, local))
        except EvaluationError as error:
            raise CaseFailed(token.node, f"{condition.text}: {error.text}") from error

    # -- ends ----------------------------------------------------------------------------------------------------------

    def end(self, status: str, because: str = "") -> None:
        """The case is over: whatever is left of it is withdrawn."""
        root = self.task_tree
        self.status = status
        for child in root.children:
            self.withdraw(child, because)
        self.ready.clear()
        self.unsettled.clear()
        self.stirred = False

    def step(self, state: str) -> Step:
        """Everything this step has brought about."""
        return Step(
            state=state, data={**self.fields, "nodes": self.answers}, status=self.status,
            opened=tuple(self.opened.values()), closed=tuple(self.closed), calls=tuple(self.calls.values()),
            timers=tuple(self.timers.values()), subscriptions=tuple(self.subscriptions.values()),
            stopped=tuple(self.stopped), thrown=tuple(self.thrown), facts=tuple(self.facts))


def impossible(zh: str, en: str) -> NotPossible:
    return NotPossible(str(Text(zh, en)))
