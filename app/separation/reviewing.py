"""The nightly review: what happened while a rule was missing, or past a gate that was not asked, is found afterwards.

Once per day of the office, by the sweeper. Judged are the cases in which something has happened since the last review;
where the rules themselves have changed meanwhile (a new version is active, posts have become incompatible, a kinship or
a double record has come to light), all cases these rules are about.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import structlog
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..change import Actor, change
from ..definitions import queries as definitions
from ..definitions.queries import meaning
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..extensions import db
from ..kernel.text import Text
from ..kernel.values import dumps, loads
from ..organisation import queries as organisation
from ..registers import hold, today
from ..trail.models import Entry
from . import permissions, reading
from .judging import Breach, judge
from .models import Finding, FindingState, Review

log = structlog.get_logger(__name__)

SYSTEM = Actor.system("separation")
FINDING = Finding.__table__
MAX_REASON = 2_000
#: Rules that are not a process's: whoever changes them has every case judged anew.
_EVERYWHERE = ("@pairs", "@people")


def review() -> int:
    """Today's review, if it has not been done.

    Returns:
        How many findings are new.
    """
    day = today()
    last = db.session.scalars(select(Review).order_by(Review.day.desc()).limit(1)).first()
    if last is not None and last.day >= day:
        db.session.rollback()
        return 0
    newest = db.session.scalar(select(func.max(Entry.id))) or 0
    register = reading.Register.read()
    rules = _rules(register)
    ids = _ids(last, newest, rules)
    found = {key: values for case_id, key, values in _in_cases(ids, register)}
    found.update(_in_posts(day))
    known = set(db.session.scalars(select(Finding.key)))
    new = {key: values for key, values in found.items() if key not in known}
    try:
        with change("separation.reviewed", actor=SYSTEM, subject="separation", lock=hold) as c:
            for key, values in new.items():
                c.connection.execute(insert(FINDING).values(
                    key=key, first_seen=c.now, state=FindingState.OPEN, **{**values, "acts": dumps(values["acts"])}))
                c.entry("finding.recorded", finding=key, **{
                    name: value for name, value in (
                        ("about", values["case_id"]), ("of", values["person_id"]), ("kind", values["kind"]),
                        ("rule", values["rule"]), ("basis", values["basis"]), ("acts", values["acts"]),
                    ) if value not in (None, "")
                }, because={"zh": values["zh"], "en": values["en"]})
            c.connection.execute(insert(Review.__table__).values(
                day=day, at=c.now, entry_id=newest, rules=dumps(rules), cases=len(ids), found=len(new)))
            c.entry("separation.reviewed", day=day.isoformat(), cases=len(ids), found=len(found), new=len(new))
    except IntegrityError:      # another worker has done it
        log.info("review_done_elsewhere", day=day.isoformat())
        return 0
    return len(new)


def explain_finding(finding_id: int, reason: str, *, actor: Actor, role: str | None) -> None:
    """A second person says, for the record, why a finding is as it is.

    Args:
        reason: what they found out; it cannot be changed afterwards.

    Raises:
        NotFound: there is no such finding, or the actor has no part in this.
        Forbidden: the actor is one of those it is about, or only reads.
        Conflict: it has been explained already.
        Invalid: there is no reason.
    """
    part = permissions.part(actor.person_id, role)
    with change("finding.explained", actor=actor, subject="separation", lock=hold) as c:
        row = c.connection.execute(select(FINDING).where(FINDING.c.id == finding_id)).mappings().first()
        if row is None or part.fields is not None:
            raise NotFound(Text("没有这项发现", "there is no such finding"))
        concerned = {person for act in loads(row["acts"]) for person in act.get("persons", ())} | {row["person_id"]}
        if not part.explains or actor.person_id in concerned:
            raise Forbidden(Text("须由无关的监督人员说明。", "Somebody of the supervision it is not about must explain it."))
        if row["state"] is not FindingState.OPEN:
            raise Conflict(Text("这项发现已经说明。", "This finding has been explained already."))
        reason = (reason or "").strip()
        if not reason or len(reason) > MAX_REASON:
            raise Invalid({"reason": [Text("请写明原因(2000 字以内)", "give a reason (up to 2,000 characters)")]})
        c.connection.execute(update(FINDING).where(FINDING.c.id == finding_id).values(
            state=FindingState.EXPLAINED, explained_by=actor.person_id, explained_at=c.now, reason=reason))
        c.entry("finding.explained", finding=row["key"], rule=row["rule"], reason=reason, **(
            {"about": row["case_id"]} if row["case_id"] is not None else {}))


# -- what is judged -----------------------------------------------------------------------------------------------------

def _rules(register: reading.Register) -> dict[str, str]:
    """What every process is judged by, as digests: the rules of its active version; the register's, for all."""
    found = {d.key: _digest(repr((meaning(d.id).process.constraints, sorted(
        (node.id, node.post.code if node.post else "") for node in meaning(d.id).process.user_tasks.values()
    )))) for d in definitions.all_active()}
    found["@pairs"] = _digest(repr(sorted(register.pairs.items())))
    found["@people"] = _digest(repr((
        sorted(register.same.items()), sorted((k, sorted(map(str, v))) for k, v in register.kin.items()),
        sorted((k, sorted(map(str, v))) for k, v in register.interests.items()),
    )))
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ids(last: Review | None, newest: int, rules: Mapping[str, str]) -> list[int]:
    before = loads(last.rules) if last is not None else {}
    changed = {name for name in rules if rules[name] != before.get(name)}
    if changed & set(_EVERYWHERE):
        changed |= {d.key for d in definitions.versions()}
    ids = set(reading.of_processes(changed))
    ids.update(reading.touched(last.entry_id if last is not None else 0, newest))
    return sorted(ids)


def _in_cases(ids: Iterable[int], register: reading.Register) -> Iterable[tuple[int, str, dict[str, Any]]]:
    for case_id, case in reading.worked(ids, register):
        for breach in judge(case, register):
            yield case_id, _key(case_id, breach), {
                "kind": breach.kind, "rule": breach.rule, "basis": breach.basis, "case_id": case_id,
                "person_id": breach.persons[0] if len(breach.persons) == 1 else None,
                "zh": breach.because.zh, "en": breach.because.en, "acts": [
                    {"node": act.node, "persons": list(act.persons), "at": act.at, "entry": act.seq} for act in breach.acts
                ],
            }


def _key(case_id: int, breach: Breach) -> str:
    """The same acts against the same rule are one finding, whatever it is called in the night it is found."""
    return _digest(repr((case_id, breach.kind, breach.rule, sorted((a.node, a.seq, a.persons) for a in breach.acts))))


def _in_posts(day: date) -> dict[str, dict[str, Any]]:
    """What stands against how posts and portfolios were held and proxies given, over all of the register's past. A breach
    that goes on is one finding, however long."""
    found = {}
    for breach in organisation.review(date.min, day):
        because = Text("{b}(自{since}起)", "{b} (since {since})").format(b=breach.because, since=breach.since.isoformat())
        found[_digest(repr(("register", breach.rule, breach.people, breach.posts, breach.since)))] = {
            "kind": _KINDS.get(breach.rule, "portfolio"), "rule": breach.rule, "basis": breach.basis[:300], "case_id": None,
            "person_id": breach.people[0] if len(breach.people) == 1 else None, "zh": because.zh, "en": because.en,
            "acts": [{"persons": list(breach.people), "since": breach.since, "posts": list(breach.posts)}],
        }
    return found


_KINDS = {"incompatible": "incompatible", "proxy": "proxy"}
