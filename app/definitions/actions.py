"""Deploying and activating definitions. What is deployed never changes; who activates it is not who deployed it."""
from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import func, insert, select, update

from .. import handling
from ..change import Actor, change
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..extensions import db
from ..kernel import engine
from ..kernel.bpmn import reader, rules
from ..kernel.bpmn.model import GZ, Document, Finding, Process
from ..kernel.decisions import Table
from ..kernel.forms import Form
from ..kernel.separation import satisfiable
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..registers import hold, today
from . import queries
from .models import Definition, DefinitionState
from .packages import Package
from .queries import compile_meaning, meaning

DEFINITION = Definition.__table__


#: What only the office can answer: a diagram drawn elsewhere lacks it without being wrong.
_OFFICE = frozenset((
    "post.missing", "post.unknown", "duty.missing", "limit.missing", "form.missing", "form.unknown", "handler.unknown",
))


class _Any(frozenset[str]):
    """A vocabulary nobody has at hand: every word may be in it."""

    def __contains__(self, word: object) -> bool:
        return True


def examine(
    package: Package, *, posts: Mapping[str, str] | None = None
) -> tuple[Document | None, list[Finding]]:
    """Everything there is to say about a package, at once.

    Args:
        posts: post codes by code and by name; None: the diagram is looked at by itself (posts, forms and handlers are
            not looked up).

    Returns:
        The document (None where it cannot be read) and the findings, errors first.
    """
    return _examine(
        package, posts=posts, handlers=_handlers(package) if posts is not None else None,
        forms=set(package.forms) if posts is not None else None,
    )


def look(package: Package) -> tuple[Document | None, list[Finding]]:
    """As :func:`examine`, for files from anywhere, where no office is at hand (``gangze check``).

    Which posts there are is not known then; forms are where they lie beside the diagram. A diagram in Gangze's own
    words must say of each task what deploying will ask for (post, duty, limit, form); one that was drawn elsewhere is
    only warned that this is still to come.
    """
    ours = GZ.encode() in package.source or bool(package.forms)
    return _examine(
        package, posts=_Any(), forms=set(package.forms) or _Any(),
        handlers=_handlers(package) if package.forms or package.decisions else _WithTables(handling.services),
        spared=frozenset() if ours else _OFFICE,
    )


class _WithTables(frozenset[str]):
    """Handlers for a diagram whose decision tables lie elsewhere."""

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or str(word).startswith("decision.")


def _examine(
    package: Package, *, posts: Collection[str] | None, handlers: Collection[str] | None,
    forms: Collection[str] | None, spared: frozenset[str] = frozenset(),
) -> tuple[Document | None, list[Finding]]:
    try:
        document = reader.read(package.source)
    except reader.Unreadable as error:
        return None, list(error.findings)
    findings = [
        replace(f, severity="warning") if f.severity == "error" and f.rule in spared else f
        for f in rules.check(document, posts=posts, handlers=handlers, forms=forms)
    ]
    if not any(f.severity == "error" for f in findings):
        for process in document.processes.values():
            if not process.executable:
                continue
            try:
                engine.compile(process)
            except engine.NotExecutable as error:
                findings.extend(error.findings)
    for what, parts, load in (
        ("form", package.forms, Form.parse),
        ("decision", package.decisions, lambda text: Table.read(text.encode())),
    ):
        for key, part in parts.items():
            try:
                load(part)
            except Exception as error:  # each part has its own error class; all carry a text
                text = getattr(error, "text", None) or Text(str(error), str(error))
                findings.append(Finding("error", f"{what}.unreadable", key, text))
    order = {"error": 0, "warning": 1, "info": 2}
    return document, sorted(findings, key=lambda f: order[f.severity])


def report(definition_id: int) -> list[Finding]:
    """What there is to say today about a stored version: posts and handlers may have gone since it was deployed.

    Raises:
        NotFound: there is none with that id.
    """
    row = queries.get(definition_id)
    return examine(Package(row.source, json.loads(row.forms), json.loads(row.decisions)), posts=known_posts())[1]


def _handlers(package: Package) -> set[str]:
    """The handlers a package's diagram may name: those registered, and its own decision tables."""
    return set(handling.services) | {f"decision.{key}" for key in package.decisions}


def known_posts() -> dict[str, str]:
    """Every post's code, by its code and by its names: a lane may be called by any of them."""
    known: dict[str, str] = {}
    for post in organisation.posts():
        for name in (post.en, post.zh, post.code):
            known[name] = post.code
    return known


def deploy(package: Package, *, actor: Actor) -> int:
    """Store a package as a draft version of its process.

    Returns:
        The id of the draft; of the version already stored where the package is the same to the byte.

    Raises:
        Invalid: it cannot be executed faithfully; ``errors`` lists every finding by element.
    """
    posts = known_posts()
    document, findings = examine(package, posts=posts)
    errors: dict[str, list[Text]] = {}
    for finding in findings:
        if finding.severity == "error":
            errors.setdefault(finding.element or "", []).append(finding.message)
    if errors or document is None:
        raise Invalid(errors, Text("流程图不能部署。", "The diagram cannot be deployed."))
    process = next(p for p in document.processes.values() if p.executable)
    stored = select(Definition.id).where(Definition.key == process.id, Definition.digest == package.digest)
    if (same := db.session.scalar(stored)) is not None:
        return same
    compile_meaning(package.source, package.forms, package.decisions, key=process.id, posts=posts)
    with change("definition.deployed", actor=actor, subject="definitions", lock=hold) as c:
        if c.connection.execute(stored).first() is not None:
            raise Conflict(Text("同一流程刚刚已部署。", "The same package has just been deployed."))
        version = (c.connection.execute(
            select(func.max(DEFINITION.c.version)).where(DEFINITION.c.key == process.id)
        ).scalar() or 0) + 1
        row = {
            "key": process.id, "version": version, "state": DefinitionState.DRAFT, "digest": package.digest,
            "matter": process.matter or process.id, "area": package.area, "zh": _name(process).zh,
            "en": _name(process).en, "source": package.source, "forms": json.dumps(package.forms, ensure_ascii=False),
            "posts": json.dumps({n.post.code: posts[n.post.code] for n in process.scope.everything.values()
                                 if n.post and n.post.code in posts}, ensure_ascii=False),
            "decisions": json.dumps(package.decisions, ensure_ascii=False), "deployed_by": actor.person_id, "deployed_at": c.now,
        }
        key = c.connection.execute(insert(DEFINITION).returning(DEFINITION.c.id), row).scalar_one()
        c.entry(
            "definition.deployed", definition=key, process=process.id, version=version, digest=package.digest,
            diagram=document.digest,
        )
    return key


def activate(definition_id: int, *, actor: Actor) -> None:
    """Let new cases start on a draft (or on a retired version again). Running cases stay where they are.

    Raises:
        NotFound: no such definition.
        Conflict: it is active already, or could not be finished with the people there are.
        Forbidden: who deployed a version may not activate it.
    """
    with change("definition.activated", actor=actor, subject="definitions") as c:
        row = c.connection.execute(
            select(DEFINITION).where(DEFINITION.c.id == definition_id).with_for_update()
        ).first()
        if row is None:
            raise NotFound(Text("没有这个流程定义", "there is no such process definition"))
        if row.state == DefinitionState.ACTIVE:
            raise Conflict(Text("该版本已经启用。", "This version is active already."))
        if actor.person_id is not None and actor.person_id == row.deployed_by:
            raise Forbidden(Text("部署人不能启用自己部署的版本。", "Who deployed a version may not activate it."))
        found = satisfiable(meaning(definition_id).rules, organisation.office(today()), sure=meaning(definition_id).always)
        if not found:
            why = found.because or Text("无法确定", "it could not be decided")
            raise Conflict(Text(
                f"以现有人员不能办完这一流程：{why.zh}", f"The people there are could not finish this process: {why.en}"
            ), nodes=list(found.nodes), rules=list(found.rules))
        c.connection.execute(
            update(DEFINITION).where(DEFINITION.c.key == row.key, DEFINITION.c.state == DefinitionState.ACTIVE)
            .values(state=DefinitionState.RETIRED)
        )
        c.connection.execute(
            update(DEFINITION).where(DEFINITION.c.id == definition_id)
            .values(state=DefinitionState.ACTIVE, activated_by=actor.person_id, activated_at=c.now)
        )
        c.entry("definition.activated", definition=definition_id, process=row.key, version=row.version,
                without=list(found.without))


def _name(process: Process) -> Text:
    return process.names or Text(process.name or process.id, process.name or process.id)

