"""What there is to say about a package before it is deployed, and about a stored version today: everything at once."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from .. import handling
from ..kernel import engine
from ..kernel.bpmn import reader, rules
from ..kernel.bpmn.model import GZ, Document, Finding, Process
from ..kernel.decisions import Table
from ..kernel.forms import Form
from ..kernel.text import Text
from ..organisation import queries as organisation
from . import analysis, queries
from .packages import Package

#: What only the office can answer: a diagram drawn elsewhere lacks it without being wrong.
_OFFICE = frozenset((
    "post.missing", "post.unknown", "duty.missing", "limit.missing", "form.missing", "form.unknown", "handler.unknown",
))
_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Known:
    """What the office has that a diagram may name."""

    posts: dict[str, str]         # code by code and by every name: a lane may be called by any of them
    bodies: frozenset[str]        # codes and names of the posts that are collective bodies


def known() -> Known:
    """The office's posts today."""
    posts, bodies = {}, set()
    for post in organisation.posts():
        for name in (post.en, post.zh, post.code):
            posts[name] = post.code
            if post.collective:
                bodies.add(name)
    return Known(posts, frozenset(bodies))


class _Any(frozenset[str]):
    """A vocabulary nobody has at hand: every word may be in it."""

    def __contains__(self, word: object) -> bool:
        return True


class _WithTables(frozenset[str]):
    """Handlers for a diagram whose decision tables lie elsewhere."""

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or str(word).startswith("decision.")


def examine(package: Package, *, office: Known | None = None) -> tuple[Document | None, list[Finding]]:
    """Everything there is to say about a package, at once.

    Args:
        office: what it may name; None: the diagram is looked at by itself (posts, forms and handlers are not looked
            up).

    Returns:
        The document (None where it cannot be read) and the findings, errors first.
    """
    document, findings = _examine(
        package, posts=office.posts if office else None, bodies=office.bodies if office else None,
        handlers=_handlers(package) if office else None, forms=set(package.forms) if office else None,
    )
    if office is not None and document is not None and not _wrong(findings):
        findings += analysis.portfolios(queries.compiled(package, key=runs(document).id, posts=office.posts))
        findings += _elsewhere(runs(document))
    return document, sorted(findings, key=lambda f: _ORDER[f.severity])


def look(package: Package) -> tuple[Document | None, list[Finding]]:
    """As :func:`examine`, for files from anywhere, where no office is at hand (``gangze check``).

    Which posts there are is not known then; forms are where they lie beside the diagram. A diagram in Gangze's own
    words must say of each task what deploying will ask for (post, duty, limit, form); one that was drawn elsewhere is
    only warned that this is still to come.
    """
    ours = GZ.encode() in package.source or bool(package.forms)
    return _examine(
        package, posts=_Any(), bodies=None, forms=set(package.forms) or _Any(),
        handlers=_handlers(package) if package.forms or package.decisions else _WithTables(handling.services),
        spared=frozenset() if ours else _OFFICE,
    )


def report(definition_id: int, found: analysis.Analysis | None = None) -> list[Finding]:
    """What there is to say today about a stored version: posts and handlers may have gone since it was deployed, and
    people too.

    Args:
        found: what ``analysis.analyse`` said of it, where that was asked already.

    Raises:
        NotFound: there is none with that id.
    """
    package = queries.package(definition_id)
    document, findings = examine(package, office=known())
    if document is not None and not _wrong(findings):
        findings += (found or analysis.analyse(queries.meaning(definition_id))).findings
    return sorted(findings, key=lambda f: _ORDER[f.severity])


def runs(document: Document) -> Process:
    """The process of a checked document that is executed."""
    return next(p for p in document.processes.values() if p.executable)


def _elsewhere(process: Process) -> list[Finding]:
    """Walls to a step of another process that runs nowhere: they keep nobody out until it does."""
    found = []
    for rule in process.constraints:
        key, _slash, node = rule.options.get("from", "").partition("/")
        if rule.kind != "apart" or key == process.id:
            continue
        running = next((row for row in queries.all_active() if row.key == key), None)
        if running is None or node not in queries.meaning(running.id).process.user_tasks:
            found.append(Finding("warning", "constraint.elsewhere", rule.id, Text(
                f"规则 {rule.id}(apart)：没有启用的流程环节“{key}/{node}”，目前不起作用",
                f"rule {rule.id} (apart): no active process has the step “{key}/{node}”, so it keeps nobody out yet"),
                name=rule.kind, line=rule.line))
    return found


def _wrong(findings: Collection[Finding]) -> bool:
    return any(f.severity == "error" for f in findings)


def _examine(
    package: Package, *, posts: Collection[str] | None, bodies: Collection[str] | None,
    handlers: Collection[str] | None, forms: Collection[str] | None, spared: frozenset[str] = frozenset(),
) -> tuple[Document | None, list[Finding]]:
    try:
        document = reader.read(package.source)
    except reader.Unreadable as error:
        return None, list(error.findings)
    findings = [
        replace(f, severity="warning") if f.severity == "error" and f.rule in spared else f
        for f in rules.check(document, posts=posts, handlers=handlers, forms=forms, bodies=bodies)
    ]
    if not _wrong(findings):
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
    return document, sorted(findings, key=lambda f: _ORDER[f.severity])


def _handlers(package: Package) -> set[str]:
    """The handlers a package's diagram may name: those registered, and its own decision tables."""
    return set(handling.services) | {f"decision.{key}" for key in package.decisions}
