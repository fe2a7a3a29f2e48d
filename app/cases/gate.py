"""One question to the separation gate about one work item, whatever road it has come."""
from __future__ import annotations

from ..kernel import separation
from ..kernel.bpmn.model import Node
from ..kernel.separation import CaseFacts, Objection, Office, Rules, Verdict
from ..kernel.text import Text


def holds(office: Office, person: int, post: str, department: str | None) -> bool:
    """Whether a person holds a post today, in a department where one is named."""
    if person not in office.index:
        return False
    return any(post == code and department in (None, place) for code, place in office.person(person).posts)


def escalated(node: Node, post: str) -> bool:
    """Whether a work item has gone to another post than its node's (R28): its holders need not hold the node's."""
    return node.post is not None and post != node.post.code


def verdict(
    rules: Rules, office: Office, facts: CaseFacts, node: Node, person: int, *, post: str, department: str | None,
    behalf: int | None = None, signer: bool = False,
) -> Verdict:
    """Whether a person may take or finish a work item: the gate's answer, every rule of the diagram considered.

    Args:
        post, department: to whom the work item is offered. Where that is not the node's own post, the person must hold
            it, and the gate is asked about everything but the post.
        behalf: the principal they would act for.
        signer: they were added to it by its assignee.
    """
    if signer or not escalated(node, post):
        return separation.may(rules, office, facts, node.id, person, behalf=behalf, signer=signer)
    if behalf is None and holds(office, person, post, department):
        return separation.may(rules, office, facts, node.id, person, signer=True)
    return Verdict(False, (Objection("post", "post", "", node.id, Text(
        f"这项待办已升级到岗位 {post}", f"this work item was escalated to the post {post}"
    )),))
