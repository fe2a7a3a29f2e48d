"""One question to the separation gate about one work item, whatever road it has come."""
from __future__ import annotations

from ..kernel import separation
from ..kernel.bpmn.model import Node
from ..kernel.separation import CaseFacts, Office, Rules, Verdict


def holds(office: Office, person: int, post: str, department: str | None) -> bool:
    """Whether a person holds a post today, in a department where one is named."""
    if person not in office.index:
        return False
    return any(post == code and department in (None, place) for code, place in office.person(person).posts)


def escalated(node: Node, post: str) -> bool:
    """Whether a work item has gone to another post than its node's (R28)."""
    return node.post is not None and post != node.post.code


def verdict(
    rules: Rules, office: Office, facts: CaseFacts, node: Node, person: int, *, post: str, department: str | None,
    behalf: int | None = None, signer: bool = False,
) -> Verdict:
    """Whether a person may take or finish a work item: the gate's answer, every rule of the diagram considered.

    Args:
        post, department: to whom the work item is offered. Where that is not the node's own post, its holders are asked
            about everything but the post. Holders of the node's own keep their right: the plans of the gate count on it.
        behalf: the principal they would act for.
        signer: they were added to it by its assignee.
    """
    signer = signer or _by_escalation(office, node, person, post, department, behalf)
    return separation.may(rules, office, facts, node.id, person, behalf=behalf, signer=signer)


def allowed(
    rules: Rules, office: Office, facts: CaseFacts, node: Node, person: int, *, post: str, department: str | None,
    behalf: int | None = None, signer: bool = False,
) -> bool:
    """As :func:`verdict`, the bare answer without reasons, for lists."""
    signer = signer or _by_escalation(office, node, person, post, department, behalf)
    return separation.allowed(rules, office, facts, node.id, person, behalf=behalf, signer=signer)


def _by_escalation(
    office: Office, node: Node, person: int, post: str, department: str | None, behalf: int | None
) -> bool:
    return escalated(node, post) and behalf is None and holds(office, person, post, department)
