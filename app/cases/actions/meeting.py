"""A body decides (集体决策): convened, voted by name, closed with minutes.

The work item of a node under a ``collective`` rule is held by whoever convenes; the decision is the session's. Nobody
completes such a work item by themselves, and a vote outside the session is refused as a pass-around (传阅代替会议).
"""
from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from ...change import Actor
from ...errors import Conflict, Invalid, NotFound
from ...extensions import db
from ...kernel.separation import session
from ...kernel.text import Text
from ...kernel.values import dumps, loads
from ...organisation import queries as organisation
from .. import bodies, files, notices, sessions
from ..acting import Act, acting
from ..locking import Item
from ..models import SessionState
from ..sessions import SESSION, VOTE
from .common import MAX_OPINION, NEGATIVE, alive, ask_gate, held_item, normal, open_item
from .items import finish

#: Longest minutes as text (characters); longer ones are a file.
MAX_MINUTES = 20_000
MAX_FILES = 5


def convene(
    item_id: int, *, actor: Actor, present: Mapping[int, str], chair: int, held_at: datetime | None = None,
    version: int | None = None,
) -> int:
    """召集: open a session on a work item one holds.

    Args:
        item_id: of a node under a ``collective`` rule.
        present: the members who take part -> ``room`` or ``remote``.
        chair: who of them presides.
        held_at: when it began; now unless said otherwise.
        version: of the work item the convenor saw.

    Returns:
        The id of the session.

    Raises:
        Conflict: the node is not decided by a body, the item is not the actor's, or a session is open already.
        Refused: so many members must stay out of it that there can be no quorum.
        Invalid: no quorum, no fit chair, no fit time, at its field.
    """
    with acting("session.convened", actor=actor, item=item_id) as act:
        item = _held(act, actor, version)
        rule = bodies.rule_of(act.meaning, item.node)
        if str(item.token) in act.acts.sitting:
            raise Conflict(Text("会议正在进行。", "A session is open already."))
        members, away, barred = bodies.members(
            act.meaning, act.office, act.facts(without=item.token), item.node, item.post, item.department
        )
        entitled, held = members - barred.keys(), held_at or act.now
        sitting = session.Session(
            rule, members, frozenset(entitled), _attendance(present), chair, held,
            min(held, act.now) + bodies.window(),
        )
        if len(entitled - away) < sitting.quorum:
            raise bodies.refused(act, item, actor, Text("会议达不到法定人数", "The session can have no quorum"), (
                bodies.objection(act.meaning, item.node, rule, Text(
                    f"须到会 {sitting.quorum} 人；{len(members)} 名成员中 {len(barred)} 人须回避，{len(away)} 人不在岗",
                    f"{sitting.quorum} must be present; of {len(members)} members {len(barred)} must stay out of it and "
                    f"{len(away)} are away",
                )), *(one for person in sorted(barred) for one in barred[person]),
            ))
        errors = session.convening_errors(
            sitting, now=act.now, window=bodies.window(), principals=bodies.principals(act.office, members)
        )
        if here := away & frozenset(sitting.present):
            errors["present"] = [Text(
                f"{len(here)} 人已登记不在岗", f"{len(here)} of those present are recorded as away"
            )]
        if errors:
            raise Invalid(errors)
        found = sessions.convene(
            act, sitting, item=item.id or 0, node=item.node, convenor=actor.person_id or 0,
            barred=[{"person": p, "objections": [o.facts() for o in why]} for p, why in sorted(barred.items())],
        )
        act.acts.sitting[str(item.token)] = found
        act.acts.attended = sorted({*act.acts.attended, *entitled, actor.person_id or 0})
        act.entry(
            "session.convened", node=item.node, item=item.id, session=found, rule=rule.id, members=sorted(members),
            entitled=sorted(entitled), absent=sorted(entitled - frozenset(sitting.present)),
            barred=[{"person": p, "because": [_told(o.facts()) for o in why]} for p, why in sorted(barred.items())],
            present=[{"person": p, "how": str(how)} for p, how in sorted(sitting.present.items())],
            chair=chair, quorum=sitting.quorum, chair_last=rule.chair_last, held_at=sitting.held, until=sitting.until,
        )
        label, number = act.node(item.node).label, act.row["number"]
        told = [person for person in sitting.present if person != actor.person_id]
        act.c.after(lambda: notices.tell(
            f"session-{found}", told, f"{number} 请表决：{label.zh} · please vote: {label.en}", case_id=act.id,
            actor=Actor.system("session"),
        ))
        return found


def vote(session_id: int, *, actor: Actor, choice: str, reason: str | None = None) -> None:
    """表决: a member's own vote.

    Args:
        choice: ``agree``, ``disagree`` or ``abstain``.
        reason: needed to disagree; what is said here is kept for accountability.

    Raises:
        NotFound: there is no such session.
        Conflict: the case stands still.
        Refused: not present, too early, too late, a second time, the chair before the others; or the separation gate
            says no to the member.
        Invalid: no such choice, or a dissent without its reason.
    """
    chosen, said = _ballot(choice, reason)
    with acting("vote.cast", actor=actor, item=_item_of(session_id)) as act:
        item, _row, sitting = _read(act, session_id)
        wrong = session.ballot_error(sitting, actor.person_id or 0, act.now)
        if wrong is None:
            alive(act)
            act.voting = True
            ask_gate(act, item, actor)
        else:
            raise bodies.refused(act, item, actor, Text("此票不能计入", "This vote cannot be taken"), (
                bodies.objection(act.meaning, item.node, sitting.rule, wrong),
            ))
        salt = secrets.token_hex(32)
        act.c.connection.execute(insert(VOTE), {
            "session_id": session_id, "person_id": actor.person_id, "choice": str(chosen), "reason": said, "salt": salt,
            "at": act.now,
        })
        act.perform(item.node, [actor.person_id or 0])
        act.entry(
            "vote.cast", node=item.node, item=item.id, session=session_id,
            sealed=sessions.sealed(salt, session_id, actor.person_id or 0, str(chosen), said),
        )


def close(
    session_id: int, *, actor: Actor, minutes: str | None = None, attachments: Sequence[Any] = (),
    answers: Mapping[str, Any] | None = None,
) -> str | None:
    """散会: the votes are counted and the body's decision becomes the node's.

    Args:
        minutes: the minutes as text, or
        attachments: as files (ids).
        answers: values of the node's form, where it has one.

    Returns:
        The decision, one of the node's ``gz:decisions``; None where it has none.

    Raises:
        NotFound: there is no such session.
        Conflict: it is over, not everybody has voted, or the actor is not its convenor.
        Invalid: the minutes are missing, or the form objects.
    """
    given, text = normal(answers or {}), _minutes(minutes)
    with acting("session.closed", actor=actor, item=_item_of(session_id)) as act:
        item, row, sitting = _read(act, session_id)
        _open(sitting)
        _held(act, actor, None)
        if sitting.waiting:
            names = "、".join(organisation.names(sorted(sitting.waiting)).values())
            raise Conflict(Text(f"还有人没有表决：{names}", f"Not everybody has voted: {names}"), waiting=sorted(sitting.waiting))
        kept, wrong = files.named(list(attachments)[:MAX_FILES + 1], act.id, actor.person_id or 0) if attachments else ([], None)
        if len(kept) > MAX_FILES:
            wrong = Text(f"最多 {MAX_FILES} 个文件", f"at most {MAX_FILES} files")
        if wrong is None and not kept and not text:
            wrong = Text("须附会议记录(文字或文件)", "minutes are needed, as text or as a file")
        if wrong is not None:
            raise Invalid({"minutes": [wrong]})
        files.adopt(act, actor.person_id or 0, {"minutes": kept})
        count = session.tally(sitting)
        votes = sessions.votes_of(act.c.connection, session_id)
        sessions.end(act, session_id, SessionState.CLOSED, minutes=text, files=dumps(kept), carried=count.carried)
        act.acts.sitting.pop(str(item.token), None)
        act.entry(
            "session.closed", node=item.node, item=item.id, session=session_id, carried=count.carried,
            agree=count.agree, disagree=count.disagree, abstain=count.abstain, entitled=count.entitled,
            needed=count.needed, chair=sitting.chair,
            votes=[{"person": v["person_id"], "choice": v["choice"], "reason": v["reason"], "salt": v["salt"], "at": v["at"]}
                   for v in votes],
            dissent=[v["person_id"] for v in votes if v["choice"] == session.Choice.DISAGREE],
            absent=sorted(sitting.entitled - frozenset(sitting.present)),
            barred=[{"person": b["person"], "because": [_told(o) for o in b["objections"]]} for b in loads(row["barred"])],
            minutes=text, files=kept,
        )
        decision = bodies.decision_of(act.node(item.node).decisions, count.carried, NEGATIVE)
        opinion = (text or "会议记录见附件。 The minutes are attached.")[:MAX_OPINION]
        finish(act, item, actor, given, decision, opinion, in_session=True)
        return decision


def adjourn(session_id: int, *, actor: Actor, reason: str) -> None:
    """休会: the session ends undecided, its votes are void, and another may be convened. What its members did remains.

    Raises:
        NotFound: there is no such session.
        Conflict: it is over, or the actor is not its convenor.
        Invalid: no reason given.
    """
    why = (reason or "").strip()
    if not why or len(why) > MAX_OPINION:
        raise Invalid({"reason": [Text("请写明休会原因(2000 字以内)", "say why it is adjourned (up to 2,000 characters)")]})
    with acting("session.adjourned", actor=actor, item=_item_of(session_id)) as act:
        item, _row, sitting = _read(act, session_id)
        _open(sitting)
        _held(act, actor, None)
        sessions.end(act, session_id, SessionState.ADJOURNED, minutes=why)
        act.acts.sitting.pop(str(item.token), None)
        act.acts.round.pop(item.node, None)    # whoever voted has not voted in the session to come
        act.entry(
            "session.adjourned", node=item.node, item=item.id, session=session_id, reason=why,
            voted=sorted(sitting.votes), waiting=sorted(sitting.waiting),
        )


# -- inside ------------------------------------------------------------------------------------------------------------

def _item_of(session_id: int) -> int:
    found = db.session.scalar(select(SESSION.c.item_id).where(SESSION.c.id == session_id))
    if found is None:
        raise NotFound(Text("没有这次会议", "there is no such session"))
    return found


def _read(act: Act, session_id: int) -> tuple[Item, Mapping[str, Any], session.Session]:
    """The session under its case's lock. Its window and its quorum are those it was convened with."""
    item = act.item
    assert item is not None
    row = act.c.connection.execute(select(SESSION).where(SESSION.c.id == session_id)).mappings().one()
    votes = {v["person_id"]: v["choice"] for v in sessions.votes_of(act.c.connection, session_id)}
    rule = act.meaning.rules.collective(item.node)
    assert rule is not None
    return item, row, sessions.sitting(row, votes, rule)


def _open(sitting: session.Session) -> None:
    if sitting.closed:
        raise Conflict(Text("会议已经结束。", "The session is over."))


def _held(act: Act, actor: Actor, version: int | None) -> Item:
    """The item, where the actor is its convenor."""
    item = open_item(act, None)
    return held_item(act, actor, item.version if version is None else version)


def _attendance(present: Mapping[int, str]) -> dict[int, session.Attendance]:
    try:
        return {int(person): session.Attendance(how) for person, how in present.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid({"present": [Text("参会方式只能是现场或远程", "present is in the room, or remotely")]}) from error


def _ballot(choice: str, reason: str | None) -> tuple[session.Choice, str | None]:
    said = (reason or "").strip() or None
    try:
        chosen = session.Choice(choice)
    except ValueError as error:
        raise Invalid({"choice": [Text("请选择同意、不同意或弃权", "choose to agree, disagree or abstain")]}) from error
    if chosen is session.Choice.DISAGREE and not said:
        raise Invalid({"reason": [Text("不同意须写明理由", "a dissent needs its reason")]})
    if said and len(said) > MAX_OPINION:
        raise Invalid({"reason": [Text("理由超过 2000 字", "the reason is longer than 2,000 characters")]})
    return chosen, said


def _minutes(minutes: str | None) -> str | None:
    text = (minutes or "").strip() or None
    if text and len(text) > MAX_MINUTES:
        raise Invalid({"minutes": [Text(
            f"会议记录超过 {MAX_MINUTES} 字，请以文件附上", f"longer than {MAX_MINUTES:,} characters; attach them as a file"
        )]})
    return text


def _told(objection: Mapping[str, Any]) -> dict[str, Any]:
    return {name: objection[name] for name in ("constraint", "basis", "because")}
