"""Questions about definitions. What a definition means at run time is compiled once per process and kept."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from ..errors import NotFound
from ..extensions import db
from ..kernel import engine
from ..kernel.bpmn import reader
from ..kernel.bpmn.model import Node, Process, Scope
from ..kernel.decisions import Table
from ..kernel.forms import Form
from ..kernel.separation import Rules
from ..kernel.text import Text
from .models import Definition, DefinitionState
from .packages import Package


@dataclass(frozen=True)
class Meaning:
    """A definition as its cases use it: compiled, immutable, shared by every case on it."""

    definition_id: int
    key: str
    version: int
    matter: str
    names: Text
    diagram: str                       # SHA-256 of the diagram's bytes
    process: Process
    program: engine.Program
    rules: Rules
    forms: Mapping[str, Form]
    decisions: Mapping[str, Table]

    def node(self, node_id: str) -> Node:
        return self.process.scope.everything[node_id]

    @cached_property
    def always(self) -> frozenset[str]:
        """The user tasks that every case runs, whatever it chooses; empty where its start already needs data."""
        try:
            step = engine.start(self.program, {}, datetime(2000, 1, 1, tzinfo=UTC))
        except (engine.CaseFailed, engine.NotPossible):
            return frozenset()
        return engine.sure(self.program, step.state)

    @cached_property
    def placed_by_data(self) -> bool:
        """Whether some task is of a post whose department a case's own values name."""
        return any(
            post is not None and post.department not in (None, "initiator") for post in self.rules.posts
        )

    @cached_property
    def opening(self) -> Node | None:
        """The node whose form is the form of starting: a start event that has one, or else the user task right behind
        a start event that anybody of that task's post may use."""
        scope = self.process.scope
        for node in scope.nodes.values():
            if node.type != "startEvent" or (node.event is not None and node.event.kind != "none"):
                continue
            if node.form:
                return node
            targets = [scope.nodes[scope.flows[f].target] for f in node.outgoing]
            if node.post is None and len(targets) == 1 and targets[0].type == "userTask":
                return targets[0]
        return None


def meaning(definition_id: int) -> Meaning:
    """What definition ``definition_id`` means. Definitions are immutable, so this is read once per process.

    Raises:
        NotFound: there is no such definition.
    """
    key = (str(db.engine.url), definition_id)
    found = _meanings.get(key)
    if found is None:
        row = db.session.get(Definition, definition_id)
        if row is None:
            raise NotFound(Text("没有这个流程定义", "there is no such process definition"))
        if len(_meanings) > 500:
            _meanings.clear()
        found = _meanings[key] = compile_meaning(
            row.source, json.loads(row.forms), json.loads(row.decisions),
            posts=json.loads(row.posts), definition_id=row.id, key=row.key, version=row.version, matter=row.matter,
            names=Text(row.zh, row.en),
        )
    return found


NAMELESS = Text("", "")
_meanings: dict[tuple[str, int], Meaning] = {}


def compile_meaning(
    source: bytes, forms: Mapping[str, Any], decisions: Mapping[str, str], *, key: str,
    posts: Mapping[str, str] | None = None, definition_id: int = 0, version: int = 0, matter: str = "",
    names: Text = NAMELESS,
) -> Meaning:
    """Compile a package's parts. Used for stored definitions, and by checks and rehearsals for files.

    Args:
        posts: codes of the posts that the diagram calls by name; a post it does not list keeps what it is called.
    """
    document = reader.read(source)
    process = document.processes[key]
    process = replace(process, scope=_with_codes(process.scope, posts or {}))
    return Meaning(
        definition_id, key, version, matter, names, document.digest, process, engine.compile(process),
        Rules.of(process), {k: Form.parse(f) for k, f in forms.items()},
        {k: Table.read(text.encode()) for k, text in decisions.items()},
    )


def compiled(package: Package, *, key: str, posts: Mapping[str, str]) -> Meaning:
    """What a package that is not stored would mean.

    Args:
        package: sound by itself (``examining.examine``).
        key: its process.
        posts: codes of the posts by every name they go by.
    """
    return compile_meaning(package.source, package.forms, package.decisions, key=key, posts=posts)


def _with_codes(scope: Scope, posts: Mapping[str, str]) -> Scope:
    """The same scope with every post by its code: a lane may be called by its post's name."""

    def coded(node: Node) -> Node:
        post = node.post and replace(node.post, code=posts.get(node.post.code, node.post.code))
        return replace(node, post=post, scope=node.scope and _with_codes(node.scope, posts))

    return Scope({key: coded(node) for key, node in scope.nodes.items()}, scope.flows)


def active(key: str) -> Definition:
    """The version of process ``key`` (or of matter ``key``) on which new cases start.

    Raises:
        NotFound: none is active.
    """
    row = db.session.scalars(
        select(Definition).where(
            Definition.state == DefinitionState.ACTIVE, (Definition.key == key) | (Definition.matter == key)
        )
    ).first()
    if row is None:
        raise NotFound(Text(f"没有启用的流程 {key}", f"no active process {key}"))
    return row


def all_active() -> list[Definition]:
    """Every active definition, by matter."""
    return list(db.session.scalars(
        select(Definition).where(Definition.state == DefinitionState.ACTIVE).order_by(Definition.matter)
    ))


def versions(key: str | None = None) -> list[Definition]:
    """Every version, newest first; of one process where ``key`` is given."""
    query = select(Definition).order_by(Definition.key, Definition.version.desc())
    return list(db.session.scalars(query.where(Definition.key == key) if key else query))


def get(definition_id: int) -> Definition:
    """One version.

    Raises:
        NotFound: there is none with that id.
    """
    row = db.session.get(Definition, definition_id)
    if row is None:
        raise NotFound(Text("没有这个流程定义", "there is no such process definition"))
    return row


def package(definition_id: int) -> Package:
    """A version as it was deployed.

    Raises:
        NotFound: there is none with that id.
    """
    row = get(definition_id)
    return Package(row.source, json.loads(row.forms), json.loads(row.decisions), row.area)


def newest(key: str) -> Definition:
    """The latest version of a process, whatever its state.

    Raises:
        NotFound: there is none.
    """
    row = db.session.scalars(
        select(Definition).where(Definition.key == key).order_by(Definition.version.desc()).limit(1)
    ).first()
    if row is None:
        raise NotFound(Text(f"没有流程 {key}", f"there is no process {key}"))
    return row
