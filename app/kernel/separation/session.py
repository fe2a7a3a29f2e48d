"""A body in session: who may be there, who may vote when, and what the votes come to. Pure.

A collective decision is made by people who sit together, not by a paper that goes round (传阅、会签、个别征求意见不能代替
会议: domain.md G08). So a session has a beginning and an end, a quorum and a chair, and a vote counts only inside it.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ..text import Text
from .constraints import Collective


class Choice(StrEnum):
    """What a member says. To abstain is to vote: it is named as the others are, and it does not carry."""

    AGREE = "agree"
    DISAGREE = "disagree"
    ABSTAIN = "abstain"


class Attendance(StrEnum):
    """How a member takes part; remotely only where the convenor has said so."""

    ROOM = "room"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting of the body that decides a node.

    Attributes:
        rule: the ``collective`` rule of the node.
        members: everybody of the body, those who are away or may not vote included.
        entitled: the members who may vote here: all but those the separation gate bars. Who is away is among them: the
            quorum and the majority are parts of these.
        present: those of them who take part, and how.
        chair: who presides, one of those present.
        held: when it began; ``until``: the last moment at which a vote is one of this session.
        votes: what has been voted so far.
        closed: it is over.
    """

    rule: Collective
    members: frozenset[int]
    entitled: frozenset[int]
    present: Mapping[int, Attendance]
    chair: int
    held: datetime
    until: datetime
    votes: Mapping[int, Choice] = field(default_factory=dict)
    closed: bool = False

    @property
    def quorum(self) -> int:
        """How many must be present."""
        return self.rule.needed(len(self.entitled))

    @property
    def waiting(self) -> frozenset[int]:
        """Who is present and has not voted."""
        return frozenset(self.present) - frozenset(self.votes)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the votes come to. ``needed``: the fewest in favour that carry."""

    agree: int
    disagree: int
    abstain: int
    entitled: int
    needed: int
    carried: bool


def convening_errors(
    session: Session, *, now: datetime, window: timedelta, principals: Collection[int] = ()
) -> dict[str, list[Text]]:
    """Why a session may not be convened as it is described, by field; empty where it may.

    Args:
        session: as it would be.
        window: how long a session may last, votes included.
        principals: the principal leaders among the body: whoever of them is present presides (LS-6).
    """
    errors: dict[str, list[Text]] = {}
    present = frozenset(session.present)
    if strangers := present - session.entitled:
        errors["present"] = [Text(
            f"{len(strangers)} 人无权出席表决(不是成员，或须回避)",
            f"{len(strangers)} of those present may not vote (no members, or they must stay out)",
        )]
    elif len(present) < session.quorum:
        barred = len(session.members) - len(session.entitled)
        errors["present"] = [Text(
            f"未达法定人数：应到 {len(session.entitled)} 人，须到会 {session.quorum} 人，实到 {len(present)} 人"
            + (f"(另有 {barred} 人须回避)" if barred else ""),
            f"no quorum: {session.quorum} of {len(session.entitled)} members must be present, {len(present)} are"
            + (f" ({barred} more must stay out)" if barred else ""),
        )]
    if session.chair not in present:
        errors["chair"] = [Text("主持人须是到会成员", "the chair must be one of those present")]
    elif (leading := present & frozenset(principals)) and session.chair not in leading:
        errors["chair"] = [Text("主要领导到会时由其主持(LS-6)", "the principal leader presides where present (LS-6)")]
    if session.held > now:
        errors["held_at"] = [Text("会议还没有开始", "the session has not begun yet")]
    elif now - session.held > window:
        errors["held_at"] = [Text(
            "会议时间已过表决时限，请重新开会", "it was held too long ago for a vote in session; hold it again"
        )]
    return errors


def ballot_error(session: Session, person: int, now: datetime) -> Text | None:
    """Why a vote by this person at this moment is none of this session; None where it is one.

    Everything that is refused here would make the session a pass-around: a vote of somebody who was not there, before
    it began, after it ended, or so much later that nobody sat together any more.
    """
    if person not in session.members:
        return Text("不是该集体的成员", "not a member of this body")
    if person not in session.entitled:
        return Text("须回避，不参加表决", "must stay out of it and has no vote")
    if person not in session.present:
        return Text("未到会，不能以传阅方式补投", "was not present; a vote cannot be passed round afterwards")
    if session.closed:
        return Text("会议已经结束，不能以传阅方式补投", "the session is over; a vote cannot be passed round afterwards")
    if now < session.held:
        return Text("会议还没有开始", "the session has not begun yet")
    if now > session.until:
        return Text("已超过会议的表决时限，分散表决即为传阅", "it is past the session's time; votes spread out are a pass-around")
    if person in session.votes:
        return Text("已经表决，一人一票", "has voted already; one vote each")
    if session.rule.chair_last and person == session.chair and session.waiting != {person}:
        left = len(session.waiting) - 1
        return Text(f"主持人末位表态，还有 {left} 人未表决", f"the chair votes last, and {left} have not voted yet")
    return None


def tally(session: Session) -> Tally:
    """Carried when more than the rule's majority *of those entitled* agree: whoever is away, abstains or does not vote
    has not agreed (domain.md G08: votes below a majority of members due mean rejected)."""
    counted = {choice: sum(vote is choice for vote in session.votes.values()) for choice in Choice}
    entitled = len(session.entitled)
    needed = int(session.rule.majority * entitled) + 1
    agree = counted[Choice.AGREE]
    unanimous = session.rule.majority == 1   # no more than all can agree
    carried = agree == entitled if unanimous else agree >= needed
    return Tally(
        agree, counted[Choice.DISAGREE], counted[Choice.ABSTAIN], entitled, entitled if unanimous else needed,
        carried and entitled > 0,
    )
