"""Where tokens can go: nodes nobody reaches, loops nothing stops."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...text import Text
from ..model import Node, Scope
from .sheet import Sheet
from .words import called

#: Where a token rests until something outside the engine happens.
_WAITING = frozenset(("userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask",
                      "businessRuleTask", "eventBasedGateway", "callActivity", "complexGateway"))


def check(sheet: Sheet) -> None:
    """All rules of this file."""
    for _process, around, scope in sheet.scopes:
        if around is not None and around.type == "adHocSubProcess":
            continue
        ways = _ways(scope)
        _unreachable(sheet, scope, ways)
        _uncontrolled(sheet, scope, ways)
        _endless(sheet, scope, ways)


def _ways(scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """Node -> the nodes a token may go to next: along flows, from an activity to what its boundary events start, and
    from a link's source to its target."""
    next_of: dict[str, list[str]] = {i: [] for i in scope.nodes}
    targets = {n.event.code: n.id for n in scope.nodes.values()
               if n.type == "intermediateCatchEvent" and n.event is not None and n.event.kind == "link"}
    for flow in scope.flows.values():
        if flow.source in scope.nodes and flow.target in scope.nodes:
            next_of[flow.source].append(flow.target)
    for node in scope.nodes.values():
        if node.type == "boundaryEvent" and node.attached_to in next_of:
            next_of[node.attached_to].append(node.id)
        elif node.type == "intermediateThrowEvent" and node.event is not None and node.event.kind == "link":
            target = targets.get(node.event.code)
            if target is not None:
                next_of[node.id].append(target)
    return {i: tuple(dict.fromkeys(to)) for i, to in next_of.items()}


def _reach(starts: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    seen = set(starts)
    todo = list(seen)
    while todo:
        for after in ways.get(todo.pop(), ()):
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def _unreachable(sheet: Sheet, scope: Scope, ways: Mapping[str, tuple[str, ...]]) -> None:
    starts = [n.id for n in scope.nodes.values() if n.type == "startEvent" or n.instantiate]
    if not starts:
        return  # events says so
    reached = _reach(starts, ways)
    # What has no way in at all is reported by the rules of flows and events; here are the islands.
    lone = {n.id for n in scope.nodes.values() if n.triggered_by_event or n.for_compensation or not n.incoming}
    for node in scope.nodes.values():
        if node.id not in reached and node.id not in lone:
            what = called(node)
            sheet.error("node.unreachable", node, f"从开始事件走不到这个{what.zh}",
                        f"no way leads from a start event to this {what.en}")


def _waits(node: Node) -> bool:
    if node.type in _WAITING:
        return True
    if node.type == "intermediateCatchEvent":
        return node.event is None or node.event.kind != "link"
    # A conservative reading: a sub-process with anything in it that can wait is taken to wait.
    return node.scope is not None and any(_waits(inner) for inner in node.scope.nodes.values())


def _uncontrolled(sheet: Sheet, scope: Scope, ways: Mapping[str, tuple[str, ...]]) -> None:
    """A loop in which nothing waits turns for ever within one step of the case (engine-notes D11)."""
    busy = {i for i, n in scope.nodes.items() if not _waits(n)}
    inner = {i: tuple(t for t in ways[i] if t in busy) for i in busy}
    for loop in _cycles(inner):
        members = [i for i in scope.nodes if i in loop]
        shown = members[:10] + ["…"] * (len(members) > 10)
        sheet.error("loop.uncontrolled", scope.nodes[members[0]], f"循环中没有任何等待的节点：{'、'.join(shown)}",
                    f"nothing waits in this loop: {', '.join(shown)}",
                    Text("在循环中加入人工任务、定时或消息事件", "put a user task, a timer or a message into the loop"))


def _endless(sheet: Sheet, scope: Scope, ways: Mapping[str, tuple[str, ...]]) -> None:
    """A loop that no flow leaves ends only with what is around it; a word, because that may be meant."""
    for loop in _cycles(ways):
        if all(after in loop for i in loop for after in ways[i]):
            first = next(i for i in scope.nodes if i in loop)
            sheet.warning("loop.no-exit", scope.nodes[first], "循环没有出口", "there is no way out of this loop",
                          Text("在循环中加一个有条件的出口", "give it a way out with a condition"))


def _cycles(ways: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The strongly connected parts that hold a cycle (Tarjan 1972, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[set[str]] = []
    for root in ways:
        if root in index:
            continue
        work = [(root, iter(ways[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            after = next(rest, None)
            if after is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part: set[str] = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        part.add(member)
                        if member == node:
                            break
                    if len(part) > 1 or node in ways[node]:
                        found.append(part)
            elif after not in index:
                index[after] = low[after] = len(index)
                stack.append(after)
                on_stack.add(after)
                work.append((after, iter(ways[after])))
            elif after in on_stack:
                low[node] = min(low[node], index[after])
    return found
