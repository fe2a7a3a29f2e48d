"""How people want their work: the order of their lists, chained and piled execution. The office may set an order for
everybody who has set none."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from ...change import Actor, Change, change
from ...errors import Forbidden, Invalid
from ...kernel.text import Text
from ...kernel.values import dumps
from ..models import WorkSetting
from ..ordering import ORDERINGS
from ..worklists import OFFICE, pilable

SETTING = WorkSetting.__table__


def set_work(*, actor: Actor, ordering: str | None = None, chained: bool = False, piled: Sequence[str] = ()) -> None:
    """A person's own settings, all at once.

    Args:
        ordering: a word of ``ordering.ORDERINGS``; None: as the office has it.
        chained: the next task of a case comes to them where its diagram lets it and the gate too (R39).
        piled: ``process/node`` of the nodes whose next work item comes to them when they finish one (R38).

    Raises:
        Invalid: there is no such order, or no such node of a post of theirs that can be piled.
        Forbidden: the actor is no person.
    """
    if actor.person_id is None:
        raise Forbidden(Text("只有人才有工作设置。", "Only a person has settings of their own."))
    known = {key for key, _, _ in pilable(actor.person_id)}
    wanted = sorted(set(piled))
    if set(wanted) - known:
        raise Invalid({"piled": [Text("没有可成批办理的这个环节", "there is no such node that you could pile")]})
    with change("work_setting.changed", actor=actor, subject="work_settings", orm=False) as c:
        _keep(c, actor.person_id, ordering, chained=bool(chained), piled=dumps(wanted))
        c.entry("work_setting.changed", person=actor.person_id, ordering=ordering, chained=bool(chained), piled=wanted)


def set_office_ordering(ordering: str | None, *, actor: Actor) -> None:
    """The order of everybody's lists who has set none of their own (R24). Doors ask for system administration.

    Raises:
        Invalid: there is no such order.
    """
    with change("work_setting.changed", actor=actor, subject="work_settings", orm=False) as c:
        _keep(c, OFFICE, ordering)
        c.entry("work_setting.changed", office=True, ordering=ordering)


def _keep(c: Change, person: int, ordering: str | None, **more: object) -> None:
    if ordering is not None and ordering not in ORDERINGS:
        raise Invalid({"ordering": [Text("没有这种排序", "there is no such order")]})
    values = {"ordering": ordering, **more}
    where = SETTING.c.person_id == person
    if c.connection.execute(select(SETTING.c.person_id).where(where)).first() is None:
        c.connection.execute(insert(SETTING).values(person_id=person, **{"chained": False, "piled": "[]", **values}))
    else:
        c.connection.execute(update(SETTING).where(where).values(values))
