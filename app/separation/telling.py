"""Who hears that a case has stalled."""
from __future__ import annotations

from collections.abc import Iterable

from ..accounts import queries as accounts
from ..accounts.models import Administrator
from ..cases.acts import Acts
from ..cases.models import Case
from ..cases.notices import tell as give_notice
from ..change import Actor
from ..definitions.queries import Meaning, meaning
from ..extensions import db
from ..kernel.text import Text
from ..kernel.values import loads
from ..organisation import portfolios
from ..organisation import queries as organisation
from ..organisation.models import PostKind
from ..registers import today
from .models import Stalled

#: The level of a head of department (organisation.models.Post.level).
HEAD = 2


def tell(stalled_id: int, *, actor: Actor) -> None:
    """Tell the initiator, whoever holds a work item, the heads of the departments whose post nobody is left for, and
    the security administration; where a rule says so, the discipline office and the leader responsible as well. Once."""
    row = db.session.get_one(Stalled, stalled_id)
    case = db.session.get_one(Case, row.case_id)
    what = meaning(case.definition_id)
    people = {case.initiator_id} if case.initiator_id else set()
    people |= Acts.read(case.acts).holders()
    people |= _heads(_departments(case, what, loads(row.nodes)))
    people |= {
        account.person_id for account, _ in accounts.accounts() if account.role is Administrator.SECURITY and account.active
    }
    if row.escalated:
        people |= _discipline() | _leaders(what)
    text = _sentence(case.number, Text(row.zh, row.en), loads(row.remedies), row.escalated)
    case_id = case.id
    db.session.rollback()
    give_notice(f"stalled-{stalled_id}", sorted(people), text, case_id=case_id, actor=actor)


def _sentence(number: str, because: Text, remedies: list[dict[str, str]], escalated: bool) -> str:
    """One line in both languages; a notice has 500 characters."""
    parts = []
    for key, stop, help_, more in (
        ("zh", "停办：", "；补救：", "；已上报"), ("en", "has stalled: ", "; would help: ", "; escalated"),
    ):
        text = f"{stop}{getattr(because, key)}"
        if remedies:
            text += help_ + remedies[0][key]
        parts.append((text + more if escalated else text)[:220])
    return f"{number} {parts[0]} / {parts[1]}"


def _departments(case: Case, what: Meaning, nodes: Iterable[str]) -> set[str]:
    """The departments whose posts work on the nodes."""
    by_code = {post.code: post.department_code for post in organisation.posts()}
    data, found = loads(case.data), set()
    for node in nodes:
        post = what.node(node).post
        if post is None:
            continue
        place = by_code.get(post.code)
        if post.department == "initiator":
            place = case.initiator_department
        elif post.department is not None:
            value = data.get(post.department)
            place = value if isinstance(value, str) else place
        if place:
            found.add(place)
    return found


def _heads(departments: Iterable[str]) -> set[int]:
    """The heads of some departments who are there: whoever holds a post of a head's level in it."""
    heads = {post.code for post in organisation.posts() if post.level == HEAD}
    return {
        holder.person_id for place in departments for holder in organisation.holders(today(), department_code=place)
        if holder.present and holder.post_code in heads
    }


def _discipline() -> set[int]:
    """The discipline office: who holds a supervision post and is there, its heads where it has any."""
    posts = {post.code: post.level for post in organisation.posts() if post.kind is PostKind.SUPERVISION}
    there = [h for h in organisation.holders(today()) if h.present and h.post_code in posts]
    heads = {h.person_id for h in there if posts[h.post_code] >= HEAD}
    return heads or {h.person_id for h in there}


def _leaders(what: Meaning) -> set[int]:
    """Who leads the field of a process; where none is written, the principal leader."""
    field = portfolios.canonical(what.process.domain) if what.process.domain else portfolios.OVERALL
    posts = {post.code for post in organisation.posts() if field in portfolios.charge(post)}
    return {h.person_id for h in organisation.holders(today()) if h.post_code in posts}
