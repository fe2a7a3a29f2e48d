"""Tells people what they should know, on their home page."""
from __future__ import annotations

from app.cases.notices import tell
from app.change import Actor
from app.handling import Work, service
from app.kernel.text import Text
from app.organisation import queries as organisation
from app.registers import today


@service(
    "notify.person", title=Text("通知", "Notify"), inputs=("person", "post", "department", "message"),
)
def notify(
    work: Work, message: str, person: int | None = None, post: str | None = None, department: str | None = None
) -> dict[str, list[int]]:
    """Tell a person, or everybody who holds a post today. Results: ``told``, their ids."""
    people = [int(person)] if person is not None else _holders(post, department) if post else []
    told = people or ([work.initiator_id] if work.initiator_id else [])
    tell(work.key, told, f"{work.case_number} {message}", case_id=work.case_id, actor=Actor.system("notify.person"))
    return {"told": told}


def _holders(post: str, department: str | None) -> list[int]:
    held = organisation.holders(today(), post_code=post, department_code=department)
    return [holder.person_id for holder in held if holder.present]
