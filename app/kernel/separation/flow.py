"""Who may run after whom, and what may be withdrawn: read from the drawn flows, erring on the side of more."""
from __future__ import annotations

from ..bpmn.model import Node, Scope


def connect(scope: Scope, edges: dict[str, set[str]], container: Node | None = None) -> None:
    """Who may run after whom: flows, boundary events, links, ways into and out of sub-processes. Errs on the side of
    more."""
    def edge(a: str, b: str) -> None:
        edges.setdefault(a, set()).add(b)

    for flow in scope.flows.values():
        edge(flow.source, flow.target)
    catches = [n for n in scope.nodes.values() if n.type == "intermediateCatchEvent" and _link(n)]
    asides = [n for n in scope.nodes.values() if n.triggered_by_event or n.for_compensation]
    for node in scope.nodes.values():
        if node.attached_to is not None:
            edge(node.attached_to, node.id)
        if container is not None and not node.outgoing:
            edge(node.id, container.id)
        for aside in asides:
            edge(node.id, aside.id)
        for catch in catches:
            if node.type == "intermediateThrowEvent" and _link(node) == _link(catch):
                edge(node.id, catch.id)
        if node.scope is not None:
            connect(node.scope, edges, node)
            inner = node.scope.nodes.values()
            starts = [n for n in inner if n.type == "startEvent"] or [n for n in inner if not n.incoming]
            for start in starts:
                edge(node.id, start.id)


def interruptible(scope: Scope, inside: bool) -> list[str]:
    """Ids of the tasks that may be withdrawn once they are open: by a boundary event, an event sub-process or a
    terminate end event, theirs or of what they are in."""
    nodes = scope.nodes.values()
    inside = inside or any(n.triggered_by_event and n.scope is not None and any(
        start.type == "startEvent" and start.interrupting for start in n.scope.nodes.values()) for n in nodes)
    inside = inside or any(n.event is not None and n.event.kind == "terminate" for n in nodes)
    hosts = {n.attached_to for n in nodes if n.attached_to is not None and n.interrupting}
    found = []
    for node in nodes:
        out = inside or node.id in hosts
        if out:
            found.append(node.id)
        if node.scope is not None:
            found += interruptible(node.scope, out)
    return found


def _link(node: Node) -> str | None:
    return (node.event.code or node.event.name) if node.event is not None and node.event.kind == "link" else None
