"""Starting a case."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from ... import clock, handling
from ...change import Actor
from ...definitions import queries as definitions
from ...errors import Forbidden, Invalid, Refused
from ...handling import Moment
from ...kernel import engine, separation
from ...kernel.bpmn.model import Node
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...parameters import queries as parameters
from ...parties import queries as parties
from .. import draws
from ..acting import Act, beginning, today
from ..models import CaseNumber
from .common import (
    normal,
    references,
    take_party,
    title_of,
)
from .items import finish


def start(
    process: str, *, actor: Actor, answers: Mapping[str, Any] | None = None, opinion: str | None = None,
    party: str | None = None, business_key: str | None = None, department: str | None = None,
) -> int:
    """Start a case.

    The first user task is the initiator's; with ``answers`` it is completed in the same transaction (提交), without
    it waits in their inbox (暂存).

    Args:
        process: key of a process or code of its matter.
        answers: values of the first form, or, where the process starts without a person, its starting data.
        party: key of the party the case is about, e.g. ``party:12``, or ``person:7`` for one of the office's own.
        department: in which of their departments the initiator acts; their own where none is given.

    Returns:
        The id of the new case.

    Raises:
        NotFound: no such active process.
        Refused: the initiator may not do the first task, or the case could not be finished without breaking a rule.
        Invalid: the answers do not fit the form, or nobody knows the party.
    """
    definition = definitions.active(process)
    what = definitions.meaning(definition.id)
    given = normal(answers or {})
    _registered(party)
    on = today(clock.now())
    data = {"param": parameters.names_on(on)}
    opening = what.opening
    by_person = opening is not None and opening.type == "userTask"
    if not by_person:
        given = _starting_data(what, opening, given)
        data.update(given)
    with beginning(
        actor=actor, definition_id=definition.id, party=party, business_key=business_key,
        title=what.names.zh if by_person else title_of(what, given),
        department=department or actor.department, data=data,
        number=lambda connection, year: _number(connection, definition.matter, year),
    ) as act:
        act.data["case"] = {
            "number": act.row["number"], "initiator": actor.person_id,
            "initiator_department": act.row["initiator_department"],
        }
        step = engine.start(what.program, act.data, act.now)
        act.state = step.state
        act.entry(
            "case.started", number=act.row["number"], process=what.key, version=what.version, matter=what.matter,
            diagram=what.diagram, party=party, business_key=business_key, title=act.row["title"],
            data={} if by_person else given,
        )
        draws.begin(act)
        _may_start(act, actor)
        if not by_person:
            take_party(act, opening, given)
        act.apply(step)
        item = act.item
        if not by_person:
            _can_be_finished(act)
        if by_person and item is not None and actor.person_id is not None:
            if item.assignee_id != actor.person_id:
                handling.run(Moment.ALLOCATION, act, item, actor.person_id, None)
                raise Forbidden(Text("您的岗位不能发起此事项。", "Your posts do not let you start this matter."))
            if answers is not None:
                finish(act, item, actor, given, None, opinion)
        return act.id


def _registered(party: str | None) -> None:
    """A case is about somebody the registers know, or nobody could be told to stay out of it."""
    if party is None or parties.by_key(party) is not None:
        return
    kind, _, number = party.partition(":")
    if kind == "person" and number.isascii() and number.isdigit() and len(number) < 19 and organisation.names(
        [int(number)]
    ):
        return
    raise Invalid({"party": [Text("没有这个当事人", "there is no such party")]})


def _can_be_finished(act: Act) -> None:
    """A case that nobody's first task has been checked for must still have a plan (separation.md §2)."""
    if blocked := separation.blocked(act.meaning.rules, act.office, act.facts()):
        names = "、".join(act.node(node).name or node for node in blocked)
        raise Refused(Text(
            f"不能发起：环节“{names}”无人可以办理。", f"It cannot be started: nobody could do “{names}”."
        ), (), node=blocked[0])


def _may_start(act: Act, actor: Actor) -> None:
    """Where the start event names a post, only its holders start the process; otherwise the first task decides."""
    starts = [n for n in act.meaning.process.scope.nodes.values() if n.type == "startEvent" and n.post]
    if not starts or actor.machine:
        return
    held = {post for post, _ in act.office.person(actor.person_id).posts} if actor.person_id else set()
    if not any(n.post and n.post.code in held for n in starts):
        raise Forbidden(Text("您的岗位不能发起此事项。", "Your posts do not let you start this matter."))


def _starting_data(what: definitions.Meaning, opening: Node | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a process that starts without a person's task, checked by its start event's form if it has one."""
    form = what.forms.get(opening.form or "") if opening is not None else None
    if form is None:
        return dict(given)
    clean, errors = form.validate(given, known=references(organisation.office(today(clock.now()))))
    if errors:
        raise Invalid(errors)
    return clean


def _number(connection: Connection, matter: str, year: int) -> str:
    """The next number of a matter's year; the row's lock orders those who ask at once."""
    table = CaseNumber.__table__
    where = (table.c.matter == matter, table.c.year == year)
    last = connection.execute(update(table).where(*where).values(last=table.c.last + 1).returning(table.c.last)).scalar()
    if last is None:
        connection.execute(insert(table), {"matter": matter, "year": year, "last": 1})
        last = 1
    return f"{matter}-{year}-{last:04d}"
