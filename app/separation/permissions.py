"""Who looks after the separation of duties, and how much of the office each of them sees."""
from __future__ import annotations

from dataclasses import dataclass

from ..definitions.queries import Meaning
from ..errors import NotFound
from ..kernel.separation import Office
from ..kernel.text import Text
from ..organisation import portfolios
from ..organisation import queries as organisation
from ..organisation.models import PostKind
from ..registers import today

#: The administrators whose business it is.
ADMINISTRATORS = frozenset({"security_admin", "audit_admin"})


@dataclass(frozen=True, slots=True)
class Part:
    """How much somebody sees: everything, or the processes of the fields they lead.

    ``explains``: whether they may close a finding with an explanation.
    """

    fields: frozenset[str] | None
    explains: bool

    def covers(self, what: Meaning) -> bool:
        """Whether a process is in it. What no field is written for is the principal leader's."""
        if self.fields is None:
            return True
        domain = what.process.domain
        return domain is not None and portfolios.canonical(domain) in self.fields


def discipline(office: Office, person: int | None) -> bool:
    """Whether somebody is of the discipline office (domain.md §3): holds a post of its department, or leads it."""
    if person is None or person not in office.index:
        return False
    return any(post.startswith("JJ.") or post == "LD.JJ" for post, _ in office.person(person).posts)


def part(person: int | None, role: str | None) -> Part:
    """What somebody sees of the desk.

    Raises:
        NotFound: nothing.
    """
    if role in ADMINISTRATORS:
        return Part(None, True)
    held = organisation.posts_of(person, today()) if person is not None else []
    if any(h.post.kind is PostKind.SUPERVISION for h in held):
        return Part(None, True)
    fields = frozenset().union(*(portfolios.charge(h.post) for h in held))
    if portfolios.DISCIPLINE in fields:
        return Part(None, True)
    if portfolios.OVERALL in fields:
        return Part(None, False)
    if not fields:
        raise NotFound(Text("没有找到", "there is no such thing"))
    return Part(fields, False)
