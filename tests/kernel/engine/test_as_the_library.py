"""Wherever the plain library is right, we do the same, saved and loaded at every step."""
from __future__ import annotations

import os
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions import SignalEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from app.kernel import engine
from app.kernel.bpmn.reader import read

from .diagrams import Walk, both, boundary, end, flows, many, on, some, source, start, sub, user, xor

EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "60"))
warnings.simplefilter("ignore")

LAST = flows("x #back -> a", "x [done] -> e")


def around(middle: str, *more: str) -> bytes:
    """A loop: a, then ``middle`` from ``in`` to ``out``, then back to a or to the end."""
    return source(start(), user("a"), middle, xor("x", "back"), end(), flows("s -> a"), LAST, *more, names="stop")


#: diagram, and whether the library still counts right in a second round (D1: joins do not)
DIAGRAMS: dict[str, tuple[bytes, bool]] = {
    "approval": (source(
        start(), user("apply"), xor("g1", "go"), user("review"), xor("g2", "on"), user("sign"), end(), end("refused"),
        flows("s -> apply -> g1", "g1 #go -> review -> g2", "g1 [amount < 0] -> refused", "g2 #on -> sign -> e",
              'g2 [decision == "back"] -> apply')), True),
    "loop": (around("", flows("a -> x")), True),
    "parallel": (around(both("g") + user("b") + user("c") + user("c2") + both("j") + user("d"),
                        flows("a -> g -> b -> j -> d -> x", "g -> c -> c2 -> j")), False),
    "inclusive": (around(some("g", "usual") + user("b") + user("c") + some("j") + user("d"),
                         flows("a -> g", "g #usual -> b -> j -> d -> x", "g [n > 5] -> c -> j")), False),
    "boundary": (around(user("m") + boundary("stopped", "m", on("signal", "s_stop")) + user("late"),
                        flows("a -> m -> x", "stopped -> late -> x")), True),
    "sub-process": (around(sub("sp", start("is"), user("ia"), user("ib"), end("ie"), flows("is -> ia -> ib -> ie")),
                           flows("a -> sp -> x")), True),
    "multi-instance": (around(user("m", many(cardinality=3)) + user("d"), flows("a -> m -> d -> x")), True),
}


class Library:
    """The plain library, as its documentation says to use it, with the diagram parsed by itself."""

    def __init__(self, written: bytes) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(written)
        self.case = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
        self.case.do_engine_steps()

    def ready(self) -> list:
        return self.case.get_tasks(state=TaskState.READY, manual=True)

    @property
    def open(self) -> list[str]:
        # an instance of a multi-instance task is called "m [child]"
        return sorted(task.task_spec.name.split(" ")[0] for task in self.ready())

    def do(self, node: str, data: dict) -> None:
        task = next(t for t in self.ready() if t.task_spec.name.split(" ")[0] == node)
        task.data.update(data)
        task.run()
        self.case.do_engine_steps()

    def signal(self, name: str) -> None:
        self.case.catch(BpmnEvent(SignalEventDefinition(name)))
        self.case.do_engine_steps()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(sorted(DIAGRAMS)), st.lists(st.tuples(
    st.integers(0, 9), st.booleans(), st.integers(-2, 9), st.sampled_from(["back", "ok"]), st.integers(0, 5)),
    min_size=1, max_size=25))
def test_random_walks_are_those_of_the_library_where_it_is_right(name, choices):
    written, again = DIAGRAMS[name]
    ours = Walk(engine.compile(read(written).processes["p"]))
    theirs = Library(written)
    for pick, done, n, decision, chance in choices:
        assert ours.open == theirs.open
        if not ours.open:
            break
        if name == "boundary" and chance == 0 and "m" in ours.open:
            ours.send(engine.Broadcast("stop"))
            theirs.signal("stop")
            continue
        node = ours.open[pick % len(ours.open)]
        data = {"n": n, "amount": n, "decision": decision, "done": done or not again}
        ours.do(node, **data)
        theirs.do(node, data)
    assert ours.open == theirs.open
    assert (ours.step.status == "completed") == theirs.case.completed
