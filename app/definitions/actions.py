"""Deploying and activating definitions. What is deployed never changes; who activates it is not who deployed it."""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from ..change import Actor, Change, change
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..extensions import db
from ..kernel.bpmn.model import Constraint, Document, Finding, Process
from ..kernel.text import Text
from ..registers import hold
from . import analysis, examining, queries, revising
from .models import Definition, DefinitionState
from .packages import Package

DEFINITION = Definition.__table__


def deploy(package: Package, *, actor: Actor) -> int:
    """Store a package as a draft version of its process.

    Returns:
        The id of the draft; of the version already stored where the package is the same to the byte.

    Raises:
        Invalid: it cannot be executed faithfully; ``errors`` lists every finding by element.
    """
    office = examining.known()
    document, process = _sound(package, office)
    stored = select(Definition.id).where(Definition.key == process.id, Definition.digest == package.digest)
    if (same := db.session.scalar(stored)) is not None:
        return same
    queries.compiled(package, key=process.id, posts=office.posts)
    with change("definition.deployed", actor=actor, subject="definitions", lock=hold) as c:
        if c.connection.execute(stored).first() is not None:
            raise Conflict(Text("同一流程刚刚已部署。", "The same package has just been deployed."))
        return _store(c, package, document, process, office)


def revise(
    definition_id: int, rules: Sequence[Constraint], *, actor: Actor, newest: int | None = None, reason: str = ""
) -> int:
    """Store a new draft: a version's package with other rules of separation, every other byte as it was.

    Args:
        definition_id: the version it is based on.
        rules: all its rules from now on.
        newest: the latest version the asker knew of; the version it is based on where nothing is said.
        reason: why, for the trail.

    Returns:
        The id of the draft.

    Raises:
        NotFound: no such version.
        Invalid: by ``<place of the rule>.<field>``; by "" what is wrong with all of them together.
        Conflict: there is a later version than the asker knew of, or one with exactly these rules.
    """
    base = queries.get(definition_id)
    revising.readable("reason", reason)
    package, changed = revising.revised(definition_id, rules)
    office = examining.known()
    document, process = _sound(package, office)
    with change("definition.deployed", actor=actor, subject="definitions", lock=hold) as c:
        last = c.connection.execute(
            select(DEFINITION.c.id, DEFINITION.c.version).where(DEFINITION.c.key == base.key)
            .order_by(DEFINITION.c.version.desc()).limit(1)
        ).one()
        if last.version != (newest if newest is not None else base.version):
            raise Conflict(Text(
                f"其间已有新版本 v{last.version}，请在新版本上修改。",
                f"Version {last.version} has been deployed meanwhile; change the rules of that one.",
            ), newest=last.id)
        same = c.connection.execute(select(DEFINITION.c.id, DEFINITION.c.version).where(
            DEFINITION.c.key == base.key, DEFINITION.c.digest == package.digest)).first()
        if same is not None:
            raise Conflict(Text(
                f"这正是 v{same.version} 的规则。", f"These are exactly the rules of version {same.version}."
            ), newest=same.id)
        facts = {"based_on": definition_id, "rules": changed, **({"reason": reason} if reason else {})}
        return _store(c, package, document, process, office, **facts)


def _sound(package: Package, office: examining.Known) -> tuple[Document, Process]:
    """The document of a package without errors, and its process.

    Raises:
        Invalid: it has errors.
    """
    document, findings = examining.examine(package, office=office)
    errors: dict[str, list[Text]] = {}
    for finding in findings:
        if finding.severity == "error":
            errors.setdefault(finding.element or "", []).append(finding.message)
    if errors or document is None:
        raise Invalid(errors, Text("流程图不能部署。", "The diagram cannot be deployed."))
    return document, examining.runs(document)


def _store(
    c: Change, package: Package, document: Document, process: Process, office: examining.Known, **facts: Any
) -> int:
    version = (c.connection.execute(
        select(func.max(DEFINITION.c.version)).where(DEFINITION.c.key == process.id)
    ).scalar() or 0) + 1
    names = process.names or Text(process.name or process.id, process.name or process.id)
    row = {
        "key": process.id, "version": version, "state": DefinitionState.DRAFT, "digest": package.digest,
        "matter": process.matter or process.id, "area": package.area, "zh": names.zh, "en": names.en,
        "source": package.source, "forms": json.dumps(package.forms, ensure_ascii=False),
        "posts": json.dumps({n.post.code: office.posts[n.post.code] for n in process.scope.everything.values()
                             if n.post and n.post.code in office.posts}, ensure_ascii=False),
        "decisions": json.dumps(package.decisions, ensure_ascii=False), "based_on": facts.get("based_on"),
        "deployed_by": c.actor.person_id, "deployed_at": c.now,
    }
    key: int = c.connection.execute(insert(DEFINITION).returning(DEFINITION.c.id), row).scalar_one()
    c.entry(
        "definition.deployed", definition=key, process=process.id, version=version, digest=package.digest,
        diagram=document.digest, **facts,
    )
    return key


def activate(definition_id: int, *, actor: Actor) -> None:
    """Let new cases start on a draft (or on a retired version again). Running cases stay where they are.

    Raises:
        NotFound: no such definition.
        Conflict: it is active already, could not be finished with the people there are, or a leader acts in it while
            the leaders' portfolios are not in order (LS-1 to LS-8).
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
        found = _in_order(definition_id)
        c.connection.execute(
            update(DEFINITION).where(DEFINITION.c.key == row.key, DEFINITION.c.state == DefinitionState.ACTIVE)
            .values(state=DefinitionState.RETIRED)
        )
        c.connection.execute(
            update(DEFINITION).where(DEFINITION.c.id == definition_id)
            .values(state=DefinitionState.ACTIVE, activated_by=actor.person_id, activated_at=c.now)
        )
        c.entry("definition.activated", definition=definition_id, process=row.key, version=row.version,
                without=list(found.workable.without))


def _in_order(definition_id: int) -> analysis.Analysis:
    """What a version means for the office today, where nothing stands against its being worked.

    Raises:
        Conflict: something does.
    """
    meaning = queries.meaning(definition_id)
    found = analysis.analyse(meaning)
    wrong: list[Finding] = analysis.portfolios(meaning)
    if wrong:
        raise Conflict(wrong[0].message, nodes=[f.element for f in wrong])
    if not found.workable:
        why = found.workable.because or Text("无法确定", "it could not be decided")
        raise Conflict(Text(
            f"以现有人员不能办完这一流程：{why.zh}", f"The people there are could not finish this process: {why.en}"
        ), nodes=list(found.workable.nodes), rules=list(found.workable.rules))
    if found.leaders:
        why = found.leaders[0]
        raise Conflict(Text(
            "领导分工不合规，有领导参与的流程不能启用：{because}({basis})",
            "The leaders' portfolios are not in order, so a process in which a leader acts cannot be activated: "
            "{because} ({basis})",
        ).format(because=why.because, basis=why.basis), rules=[o.constraint for o in found.leaders])
    return found
