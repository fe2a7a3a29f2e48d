"""SpiffWorkflow 3.2 alone, as a careful user writes it: ``python -m tests.bench.spiff '{"database": …}'``.

One table, the workflow's whole JSON in a row; a completion reads the row under its lock, restores the workflow, runs
the task and writes the row, in one durable transaction on the plain driver. No authorisation, no rule, no form, no
inbox, no trail. With ``cached`` the specification is parsed once per process and left out of the JSON; without it the
JSON is what the library's serializer makes by itself.
"""
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.config import DEFAULT_CONFIG
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.util.task import TaskState

from . import approval
from .contest import PRAGMAS, Meter, serve


def parsed(source: bytes, key: str) -> tuple[Any, Any]:
    """A diagram's specification and those of its sub-processes."""
    parser = BpmnParser()
    parser.add_bpmn_str(source)
    return parser.get_spec(key), parser.get_subprocess_specs(key)


def cached_serializer(specs: Mapping[str, tuple[Any, Any]]) -> BpmnWorkflowSerializer:
    """A serializer that writes a specification's name where the library writes all of it."""

    class Converter(BpmnWorkflowConverter):
        def to_dict(self, workflow: Any) -> dict[str, Any]:
            written = super(BpmnWorkflowConverter, self).to_dict(workflow)
            written["spec"] = workflow.spec.name
            written["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
            written["bpmn_events"] = self.registry.convert(workflow.bpmn_events)
            return written

        def from_dict(self, written: dict[str, Any]) -> Any:
            workflow = self.target_class(*specs[written["spec"]], deserializing=True)
            workflow.tasks = self.mapping_from_dict(written["tasks"], UUID, workflow=workflow)
            workflow.task_tree = workflow.tasks.get(UUID(written["root"]))
            self.set_default_attributes(workflow, written)
            self.subprocesses_from_dict(written["subprocesses"], workflow)
            workflow.bpmn_events = self.registry.restore(written.pop("bpmn_events", []))
            return workflow

    return BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure({**DEFAULT_CONFIG, BpmnWorkflow: Converter}))


class SQLite:
    """The row on SQLite."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("CREATE TABLE workflow (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")

    def add(self, state: str) -> int:
        return self.connection.execute("INSERT INTO workflow (state) VALUES (?)", (state,)).lastrowid or 0

    def change(self, id: int, with_state: Callable[[str], str]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        (state,) = self.connection.execute("SELECT state FROM workflow WHERE id = ?", (id,)).fetchone()
        self.connection.execute("UPDATE workflow SET state = ? WHERE id = ?", (with_state(state), id))
        self.connection.execute("COMMIT")


class PostgreSQL:
    """The row on PostgreSQL."""

    def __init__(self, address: str) -> None:
        import psycopg

        self.connection = psycopg.connect(address.replace("postgresql+psycopg://", "postgresql://", 1))
        self.connection.execute("CREATE TABLE workflow (id BIGSERIAL PRIMARY KEY, state TEXT NOT NULL)")
        self.connection.commit()

    def add(self, state: str) -> int:
        found = self.connection.execute("INSERT INTO workflow (state) VALUES (%s) RETURNING id", (state,)).fetchone()
        self.connection.commit()
        return found[0]

    def change(self, id: int, with_state: Callable[[str], str]) -> None:
        with self.connection.transaction():
            (state,) = self.connection.execute("SELECT state FROM workflow WHERE id = %s FOR UPDATE", (id,)).fetchone()
            self.connection.execute("UPDATE workflow SET state = %s WHERE id = %s", (with_state(state), id))


def prepare(options: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """``database``: a SQLite file or a PostgreSQL address; ``cached``: whether the specification is left out."""
    specs = {
        approval.KEY: parsed(approval.source(), approval.KEY), approval.LOOP_KEY: parsed(approval.LOOP, approval.LOOP_KEY),
    }
    serializer = cached_serializer(specs) if options.get("cached", True) else BpmnWorkflowSerializer()
    database = options["database"]
    store = PostgreSQL(database) if database.startswith("postgresql") else SQLite(database)

    def begun(key: str) -> Any:
        workflow = BpmnWorkflow(*specs[key])
        workflow.do_engine_steps()
        return workflow

    def worked(workflow: Any, node: str, answers: Mapping[str, Any]) -> None:
        task = next(t for t in workflow.get_tasks(state=TaskState.READY, manual=True) if t.task_spec.bpmn_id == node)
        task.data.update(answers)
        task.run()
        workflow.do_engine_steps()

    def complete(id: int, node: str, answers: Mapping[str, Any]) -> bool:
        """One completion. Returns whether it was the last."""
        ended = False

        def after(state: str) -> str:
            nonlocal ended
            workflow = serializer.deserialize_json(state)
            worked(workflow, node, answers)
            ended = workflow.completed
            return serializer.serialize_json(workflow)

        store.change(id, after)
        return ended

    def round(cases: int) -> dict[str, float]:
        meter = Meter()
        for _ in range(cases):
            id = store.add(serializer.serialize_json(begun(approval.KEY)))
            for done in approval.STORY:
                answers = done.flat()
                with meter():
                    ended = complete(id, done.node, answers)
            assert ended, "the story did not end its case"
        return meter.result()

    def history(short: int, long: int, times: int) -> dict[str, float]:
        """The loop's next completion after ``short`` and after ``long`` of them, always from there."""
        cases = {}
        workflow = begun(approval.LOOP_KEY)
        for number in range(long):
            if number == short:
                cases[short] = serializer.serialize_json(workflow)
            worked(workflow, "work", approval.LOOP_ANSWERS)
        cases[long] = serializer.serialize_json(workflow)
        ids = {length: store.add(state) for length, state in cases.items()}
        cpu: dict[int, list[float]] = {length: [] for length in cases}
        for _ in range(times):
            for length, state in cases.items():
                meter = Meter()
                with meter():
                    complete(ids[length], "work", approval.LOOP_ANSWERS)
                cpu[length].append(meter.cpu * 1e3)
                store.change(ids[length], lambda _, state=state: state)
        return {"short_ms": median(cpu[short]), "long_ms": median(cpu[long]), "bytes": len(cases[long])}

    return {"round": round, "history": history}


if __name__ == "__main__":
    serve(prepare)
