"""The cast: Ada requests, Bob authorises, Carol is an outsider, Dora audits; and diagrams made of nothing but tasks."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.kernel.bpmn.model import Constraint, Loop, Node, PostRule, Process, Scope
from app.kernel.separation import CaseFacts, Office, Person, Rules

ADA, BOB, CAROL, DORA = 1, 2, 3, 4


def rules(
    tasks: Mapping[str, str | PostRule | None] | Iterable[str], *constraints: Constraint,
    loops: Mapping[str, Loop] | None = None, drawn: Iterable[str] = (),
) -> Rules:
    """A process of user tasks (name -> post)."""
    posts = dict(tasks) if isinstance(tasks, Mapping) else dict.fromkeys(tasks)
    nodes = {
        id: Node(
            id, "userTask", name=id.capitalize(), post=PostRule(post) if isinstance(post, str) else post,
            loop=(loops or {}).get(id), allocation="draw" if id in drawn else None,
        )
        for id, post in posts.items()
    }
    return Rules.of(Process("p", "P", True, Scope(nodes, {}), constraints=constraints))


def rule(kind: str, nodes: str, id: str = "c1", basis: str = "", **options: str) -> Constraint:
    return Constraint(id, kind, tuple(nodes.split()), basis, options=options)


def person(id: int, name: str, *posts: str, **more) -> Person:
    """``posts`` as ``CODE`` or ``CODE@DEPARTMENT``."""
    held = frozenset((p.split("@")[0], p.split("@")[1] if "@" in p else None) for p in posts)
    departments = more.pop("departments", frozenset(d for _, d in held if d))
    return Person(id, name, held, frozenset(departments), **more)


def cast(**more: Mapping) -> Office:
    """Ada is a clerk, Bob a head who is also a cashier, Carol has a post nobody asks for, Dora an auditor and head."""
    people = {
        "ada": person(ADA, "Ada", "CLERK@A", **more.get("ada", {})),
        "bob": person(BOB, "Bob", "HEAD@A", "CASHIER@A", **more.get("bob", {})),
        "carol": person(CAROL, "Carol", "DRIVER@B", **more.get("carol", {})),
        "dora": person(DORA, "Dora", "AUDIT@C", "HEAD@C", **more.get("dora", {})),
    }
    return Office.of(people.values())


def facts(reachable: str = "", *, performed: Mapping[str, Iterable[int]] | None = None,
          claimed: Mapping[str, Iterable[int]] | None = None, sure: str = "", **more) -> CaseFacts:
    return CaseFacts(
        performed={k: frozenset(v) for k, v in (performed or {}).items()},
        claimed={k: frozenset(v) for k, v in (claimed or {}).items()},
        reachable=frozenset(reachable.split()), sure=frozenset(sure.split()), **more,
    )
