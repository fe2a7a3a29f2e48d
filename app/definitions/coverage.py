"""Full coverage 全覆盖 (domain.md §0.1): three lists that must be empty."""
from __future__ import annotations

from ..kernel.bpmn.model import Node
from ..organisation import queries as organisation
from ..registers import today
from .queries import all_active, meaning, versions


def missing() -> dict[str, list[str]]:
    """What is missing between matter, process, node, post, duty and person today.

    Returns:
        ``matters``: matters with versions but none active; ``nodes``: nodes of active versions without post, duty,
        limit or risk; ``posts``: posts in use that nobody holds; ``people``: people without a post.
    """
    active = all_active()
    running = {d.matter for d in active}
    office = organisation.office(today())
    nodes, posts = [], {}
    for definition in active:
        for node in meaning(definition.id).process.user_tasks.values():
            lacking = [name for name, value in _needed(node) if not value]
            if lacking:
                nodes.append(f"{definition.matter} {node.id}: {', '.join(lacking)}")
            if node.post and not office.holders(node.post.code):
                posts[node.post.code] = f"{node.post.code} ({definition.matter} {node.id})"
    found = organisation.coverage(today())
    return {
        "matters": sorted({d.matter for d in versions()} - running),
        "nodes": nodes,
        "posts": sorted(posts.values()),
        "people": [f"{person.number} {person.name}" for person in found.idle],
    }


def _needed(node: Node) -> tuple[tuple[str, object], ...]:
    return ("post", node.post), ("duty", node.duty), ("limit", node.limit), ("risk", node.risks)
