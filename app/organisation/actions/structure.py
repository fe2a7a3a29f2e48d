"""Departments, posts, duties, and which posts are kept apart."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from ...change import Actor, Change
from ...errors import Conflict, Refused
from ...extensions import db
from ...kernel.text import Text
from ...registers import Fields, differences, today
from .. import portfolios, queries, rules
from ..models import Department, Duty, Incompatible, Post, PostKind, Scope
from . import common
from .common import changing

#: The level of the principal leader.
HIGHEST = 4
_CODE = re.compile(r"[A-Z][A-Z0-9]*(\.[A-Z][A-Z0-9]*)?")


def open_department(*, code: str, zh: str, en: str, parent_code: str | None = None, actor: Actor) -> str:
    """A new department.

    Args:
        code: what posts and diagrams will call it, capital letters and digits, e.g. ``CW``.
        parent_code: the department it belongs to, if any.

    Returns:
        The code.

    Raises:
        Invalid: a code or name that cannot be used.
        NotFound: no such parent.
        Conflict: the code is taken.
    """
    with changing("department.opened", actor) as c:
        return _open_department(c, code=code, zh=zh, en=en, parent_code=parent_code)


def open_post(
    *, code: str, zh: str, en: str, kind: PostKind | str, department_code: str | None = None, level: int = 0,
    domain: str | None = None, actor: Actor,
) -> str:
    """A new post.

    Args:
        code: e.g. ``CW.SH``.
        department_code: where it is; None for a post of every department (kind ``general``) and for the machine.
        level: seniority, 0 handler to 4 principal leader.
        domain: what a leader's post is in charge of, in words of :mod:`app.organisation.portfolios`.

    Raises:
        Invalid, NotFound, Conflict: as for a department.
    """
    with changing("post.opened", actor) as c:
        return _open_post(c, code=code, zh=zh, en=en, kind=kind, department_code=department_code, level=level,
                          domain=domain)


def rename_department(code: str, *, zh: str, en: str, actor: Actor) -> None:
    """New names for a department; its code stays.

    Raises:
        Invalid, NotFound; Conflict: those are its names already.
    """
    with changing("department.renamed", actor) as c:
        _rename(c, "department", common.department(code), zh, en)


def rename_post(code: str, *, zh: str, en: str, actor: Actor) -> None:
    """New names for a post; its code stays.

    Raises:
        Invalid, NotFound; Conflict: those are its names already.
    """
    with changing("post.renamed", actor) as c:
        _rename(c, "post", common.post(code), zh, en)


def place_post(code: str, *, level: int, domain: str | None = None, actor: Actor) -> None:
    """How senior a post is, and what a leader's post is in charge of.

    Raises:
        Invalid, NotFound.
        Conflict: it is so already, or somebody holds another post that may not go with it then.
        Refused: another leader is in charge of that already (LS-8).
    """
    with changing("post.placed", actor) as c:
        row = common.post(code)
        fields = Fields()
        domain = _place(fields, level, domain, row.kind)
        fields.check()
        before, after = differences(row, {"level": level, "domain": domain})
        if not after:
            raise Conflict(Text("没有任何变化。", "Nothing would change."))
        broken = queries.breaches()
        row.level, row.domain = level, domain
        db.session.flush()
        _nobody_clashes()
        doubled = [b for b in portfolios.worse(broken, queries.breaches()) if b.kind == "overlap"]
        if doubled:
            raise Refused(Text(f"不能变更{row.zh}的分工。", f"The portfolio of {row.en} cannot be changed."),
                          [b.objection() for b in doubled], post=code)
        c.entry("post.placed", post=code, before=before, after=after)


def add_duty(*, post_code: str, zh: str, en: str, actor: Actor) -> int:
    """One more duty of a post. Returns its id.

    Raises:
        Invalid, NotFound.
    """
    with changing("duty.added", actor) as c:
        return _add_duty(c, post_code=post_code, zh=zh, en=en)


def declare_incompatible(
    *, post_code: str, other: str, basis: str, scope: Scope | str = Scope.PERSON, actor: Actor
) -> int:
    """From now on one person may not have both posts.

    Args:
        other: a post's code, ``CW.*`` (every post of that department) or ``@business`` (every post that does business).
        basis: the clause of law or rule that says so.
        scope: ``person``, never held together; ``case``, never used together in one case.

    Raises:
        Invalid: no such post or department in ``other``.
        Conflict: declared already, or somebody holds both (the appointment has to end first).
    """
    with changing("incompatibility.declared", actor) as c:
        rule_id = _declare_incompatible(c, post_code=post_code, other=other, basis=basis, scope=scope)
        _nobody_clashes()
        return rule_id


def adopt_plan(
    *, departments: Iterable[Mapping[str, Any]] = (), posts: Iterable[Mapping[str, Any]] = (),
    duties: Iterable[Mapping[str, Any]] = (), incompatible: Iterable[Mapping[str, Any]] = (), actor: Actor,
) -> None:
    """Adopt a staffing plan (三定方案): everything in it, or nothing.

    Args:
        departments, posts, duties, incompatible: rows with the arguments of the verbs above.

    Raises:
        As the single verbs do; the first row that cannot be taken stops the whole plan.
    """
    with changing("plan.adopted", actor) as c:
        for row in departments:
            _open_department(c, **row)
        db.session.flush()
        for row in posts:
            _open_post(c, **row)
        db.session.flush()
        for row in duties:
            _add_duty(c, **row)
        for row in incompatible:
            _declare_incompatible(c, **row)
        _nobody_clashes()


def _open_department(c: Change, *, code: str, zh: str, en: str, parent_code: str | None = None) -> str:
    fields = Fields()
    if not isinstance(code, str) or not _CODE.fullmatch(code) or "." in code or len(code) > 20:
        fields.wrong("code", "只能用大写字母和数字。", "Capital letters and digits only.")
    zh, en = fields.line("zh", zh, most=60), fields.line("en", en, most=100)
    fields.check()
    if db.session.get(Department, code) is not None:
        raise Conflict(Text(f"部门代码 {code} 已存在。", f"There is a department {code} already."))
    if parent_code is not None:
        common.department(parent_code)
    db.session.add(Department(code=code, zh=zh, en=en, parent_code=parent_code, position=_next(Department)))
    c.entry("department.opened", department=code, after={"zh": zh, "en": en, "parent": parent_code})
    return code


def _open_post(
    c: Change, *, code: str, zh: str, en: str, kind: PostKind | str, department_code: str | None = None,
    level: int = 0, domain: str | None = None,
) -> str:
    fields = Fields()
    if not isinstance(code, str) or not _CODE.fullmatch(code) or len(code) > 20:
        fields.wrong("code", "形如 CW.SH,只能用大写字母和数字。", "Like CW.SH, capital letters and digits only.")
    zh, en = fields.line("zh", zh, most=60), fields.line("en", en, most=100)
    kind = fields.choice("kind", kind, PostKind)
    domain = _place(fields, level, domain, kind)
    everywhere = kind in (PostKind.GENERAL, PostKind.MACHINE)
    if kind is not None and everywhere != (department_code is None):
        fields.wrong("department_code", "通用岗位不设部门，其他岗位必须有部门。",
                     "A post of every department has none of its own; every other post needs one.")
    fields.check()
    if db.session.get(Post, code) is not None:
        raise Conflict(Text(f"岗位代码 {code} 已存在。", f"There is a post {code} already."))
    if department_code is not None:
        common.department(department_code)
    db.session.add(Post(code=code, zh=zh, en=en, kind=kind, department_code=department_code, level=level,
                        domain=domain, position=_next(Post)))
    c.entry("post.opened", post=code, after={"zh": zh, "en": en, "kind": kind.value, "department": department_code,
                                             "level": level, "domain": domain})
    return code


def _place(fields: Fields, level: Any, domain: Any, kind: PostKind | None) -> str | None:
    if type(level) is not int or not 0 <= level <= HIGHEST:
        fields.wrong("level", f"只能是 0 到 {HIGHEST}。", f"A whole number from 0 to {HIGHEST}.")
    domain = fields.line("domain", domain, most=100, needed=False)
    if domain and kind is not PostKind.LEADERSHIP:
        fields.wrong("domain", "只有领导岗位有分工。", "Only a leader's post is in charge of something.")
    broken = portfolios.within(portfolios.words(domain))
    if broken:
        fields.wrong("domain", f"这些分工不能放在一个岗位上：{portfolios.CLAUSES[broken]}",
                     f"These portfolios may not be one post's: {portfolios.CLAUSES[broken]}")
    return domain or None


def _rename(c: Change, noun: str, row: Department | Post, zh: str, en: str) -> None:
    fields = Fields()
    names = {"zh": fields.line("zh", zh, most=60), "en": fields.line("en", en, most=100)}
    fields.check()
    before, after = differences(row, names)
    if not after:
        raise Conflict(Text("名称没有变化。", "The names are the same."))
    row.zh, row.en = names["zh"], names["en"]
    c.entry(f"{noun}.renamed", **{noun: row.code, "before": before, "after": after})


def _add_duty(c: Change, *, post_code: str, zh: str, en: str) -> int:
    fields = Fields()
    zh, en = fields.line("zh", zh, most=300), fields.line("en", en, most=500)
    fields.check()
    common.post(post_code)
    duty = Duty(post_code=post_code, zh=zh, en=en)
    db.session.add(duty)
    db.session.flush()
    c.entry("duty.added", post=post_code, duty=duty.id, after={"zh": zh, "en": en})
    return duty.id


def _declare_incompatible(
    c: Change, *, post_code: str, other: str, basis: str, scope: Scope | str = Scope.PERSON
) -> int:
    common.post(post_code)
    fields = Fields()
    basis = fields.line("basis", basis, most=300)
    other = fields.line("other", other, most=40)
    scope = fields.choice("scope", scope, Scope)
    posts = queries.posts()
    if other and not rules.expand(other, posts, besides=post_code):
        fields.wrong("other", f"{other} 不指向任何其他岗位。", f"{other} means no other post.")
    fields.check()
    both_ways = select(Incompatible.id).where(
        ((Incompatible.post_code == post_code) & (Incompatible.other == other))
        | ((Incompatible.post_code == other) & (Incompatible.other == post_code))
    )
    if db.session.execute(both_ways).first() is not None:
        raise Conflict(Text(
            f"{post_code} 与 {other} 已列为不相容。", f"{post_code} and {other} are declared incompatible already."
        ))
    rule = Incompatible(post_code=post_code, other=other, scope=scope, basis=basis)
    db.session.add(rule)
    db.session.flush()
    c.entry("incompatibility.declared", post=post_code, other=other, scope=scope.value, basis=basis)
    return rule.id


def _nobody_clashes() -> None:
    """A rule that somebody breaks the moment it is declared would be no hard stop."""
    found = queries.clashes(since=today())
    if found:
        who = "; ".join(f"{clash.name}: {clash.one.post} + {clash.other.post}" for clash in found[:5])
        raise Conflict(Text(
            f"已有人员同时任这些岗位，请先免去其一：{who}。",
            f"Somebody holds both posts; end one of the appointments first: {who}.",
        ))


def _next(model: type[Department] | type[Post]) -> int:
    """Departments and posts stay in the order in which they were opened."""
    return (db.session.execute(select(func.max(model.position))).scalar() or 0) + 1
