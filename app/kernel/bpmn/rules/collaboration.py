"""Pools and the messages between them (clauses 9.2 to 9.4, table 7.4)."""
from __future__ import annotations

from ..events import DEFINITIONS
from ..markup import Element, bare, local, text
from . import grammar
from .sheet import Sheet


def check(sheet: Sheet) -> None:
    """All rules of this file; needs the document's bytes."""
    if sheet.root is None:
        return
    pools = _pools(sheet)
    for element in sheet.all("participantMultiplicity"):
        _multiplicity(sheet, element)
    for flow in sheet.all("messageFlow"):
        _message_flow(sheet, flow, pools)


def _pools(sheet: Sheet) -> dict[str, str]:
    """Participant -> the process it plays."""
    return {e.get("id"): bare(e.get("processRef")) or "" for e in sheet.all("participant") if e.get("id")}


def _multiplicity(sheet: Sheet, element: Element) -> None:
    """Table 9.2: minimum is not negative, maximum is at least one and not below the minimum."""
    try:
        least, most = int(element.get("minimum", "0")), int(element.get("maximum", "1"))
    except ValueError:
        return  # structure says so
    if least < 0 or most < 1 or most < least:
        sheet.error("participant.multiplicity", element, f"参与者数量 {least}–{most} 不可能",
                    f"a participant cannot be there {least} to {most} times")


def _message_flow(sheet: Sheet, flow: Element, pools: dict[str, str]) -> None:
    source, target = sheet.find(flow.get("sourceRef")), sheet.find(flow.get("targetRef"))
    ends = [e for e in (source, target) if e is not None]
    if ends and all(sheet.is_drawing(e) or (local(e) == "participant") for e in ends) and any(
            sheet.is_drawing(e) for e in ends):
        return  # nothing that is executed is touched
    for end, side in ((source, "sourceRef"), (target, "targetRef")):
        if end is None:
            continue
        kind = local(end)
        if kind != "participant" and kind not in grammar.GROUPS["activity"] and not kind.endswith("Event") and (
                kind not in grammar.GROUPS["conversationNode"]):
            sheet.error("message-flow.end", flow, f"消息流的 {side} 不能是 {kind}",
                        f"a message flow may not connect a {kind} ({side})")
    if source is not None and target is not None and _pool(source, pools) == _pool(target, pools) is not None:
        sheet.error("message-flow.same-pool", flow, "消息流应连接两个不同的池",
                    "a message flow connects two different pools")
    if source is not None and not _may(source, sends=True):
        sheet.error("message-flow.direction", source, f"{local(source)} 不能发出消息流“{flow.get('id')}”",
                    f"message flow “{flow.get('id')}” may not go out of this {local(source)}")
    if target is not None and not _may(target, sends=False):
        sheet.error("message-flow.direction", target, f"{local(target)} 不能接收消息流“{flow.get('id')}”",
                    f"message flow “{flow.get('id')}” may not come into this {local(target)}")


def _pool(element: Element, pools: dict[str, str]) -> str | None:
    """The process an end of a message flow belongs to, or the participant that shows none."""
    if local(element) == "participant":
        return pools.get(element.get("id")) or element.get("id")
    process = next((a for a in element.iterancestors() if local(a) == "process"), None)
    return None if process is None else process.get("id")


def _kinds(event: Element) -> set[str]:
    """The kinds of an event's definitions; ``?`` for one defined elsewhere."""
    found = {DEFINITIONS[local(child)] for child in event if local(child) in DEFINITIONS}
    return found | {"?" for child in event if local(child) == "eventDefinitionRef" and text(child)}


def _may(element: Element, *, sends: bool) -> bool:
    """Whether an element may send or receive: only message events do, each in its own direction; a send task does
    not receive and a receive task does not send (clauses 10.3.3, 10.5.2 to 10.5.4)."""
    kind = local(element)
    if kind == "sendTask":
        return sends
    if kind == "receiveTask":
        return not sends
    if not kind.endswith("Event"):
        return True
    throws = kind in ("endEvent", "intermediateThrowEvent")
    return throws == sends and bool(_kinds(element) & {"message", "?"})
