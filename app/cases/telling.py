"""A case in words for its pages: what happened, where it stands. Reads only what ``queries`` and ``history`` return."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .. import handling
from ..definitions.queries import Meaning
from ..kernel.bpmn.model import Node, Scope
from ..kernel.text import Text
from .history import Happening
from .models import CaseStatus, ItemState, Signing
from .queries import CaseView

#: What people call the decisions a diagram offers. A word that is not here is shown as the diagram writes it.
DECISIONS: Mapping[str, tuple[Text, str]] = {
    "agree": (Text("同意", "Agree"), "ok"),
    "approve": (Text("批准", "Approve"), "ok"),
    "pass": (Text("通过", "Pass"), "ok"),
    "refuse": (Text("不同意", "Refuse"), "stop"),
    "reject": (Text("驳回", "Reject"), "stop"),
    "disagree": (Text("不同意", "Disagree"), "stop"),
    "supplement": (Text("补充", "Supplement"), "warn"),
    "submit": (Text("提交", "Submit"), ""),
    "return": (Text("退回", "Return"), "warn"),
    "skip": (Text("跳过", "Skip"), "warn"),
    "yes": (Text("是", "Yes"), "ok"),
    "no": (Text("否", "No"), "stop"),
}

SIGNINGS: Mapping[Signing, Text] = {
    Signing.BEFORE: Text("前加签", "Signs before"), Signing.AFTER: Text("后加签", "Signs after"),
    Signing.BESIDE: Text("并加签", "Signs beside"), Signing.DELEGATED: Text("委派", "Delegated"),
}

CONTROLS: Mapping[str, tuple[Text, Text]] = {
    "reassign": (Text("改派", "Reassign"), Text("把在办事项交给另一人或退回岗位",
                                              "give a work item to somebody else, or back to its post")),
    "override": (Text("应急特批", "Override"), Text("允许一人在一项待办上突破分离规则一次",
                                                 "let one person act once on one work item against the rules")),
    "terminate": (Text("终止", "End the case"), Text("终止整个办件", "end the whole case here")),
}

CONTROL_STATES: Mapping[str, tuple[Text, str]] = {
    "waiting": (Text("待确认", "Waits"), "warn"), "confirmed": (Text("生效中", "In force"), "stop"),
    "used": (Text("已执行", "Carried out"), "ok"), "declined": (Text("未获确认", "Declined"), ""),
    "expired": (Text("已过期", "Expired"), ""),
}

STATUS: Mapping[CaseStatus, tuple[Text, str]] = {
    CaseStatus.RUNNING: (Text("在办", "Running"), "brand"),
    CaseStatus.SUSPENDED: (Text("已挂起", "Suspended"), "warn"),
    CaseStatus.COMPLETED: (Text("已办结", "Completed"), "ok"),
    CaseStatus.TERMINATED: (Text("已终止", "Ended early"), "stop"),
    CaseStatus.CANCELLED: (Text("已撤销", "Cancelled"), "stop"),
    CaseStatus.FAILED: (Text("因差错终止", "Failed"), "stop"),
}

STATE: Mapping[ItemState, tuple[Text, str]] = {
    ItemState.CREATED: (Text("待分发", "Held back"), ""),
    ItemState.OFFERED: (Text("待签收", "Offered"), "brand"),
    ItemState.ALLOCATED: (Text("在办", "In hand"), "brand"),
    ItemState.COMPLETED: (Text("已办", "Done"), "ok"),
    ItemState.RETURNED: (Text("已退回", "Returned"), "warn"),
    ItemState.WITHDRAWN: (Text("已撤回", "Withdrawn"), ""),
    ItemState.PREDONE: (Text("已预办", "Done ahead"), "ok"),
}

#: What a member of a body says, and where its session is.
CHOICES: Mapping[str, tuple[Text, str]] = {
    "agree": (Text("同意", "Agree"), "ok"),
    "disagree": (Text("不同意", "Disagree"), "stop"),
    "abstain": (Text("弃权", "Abstain"), "warn"),
}
SESSION: Mapping[str, tuple[Text, str]] = {
    "open": (Text("正在开会", "In session"), "brand"),
    "closed": (Text("已散会", "Closed"), "ok"),
    "adjourned": (Text("已休会", "Adjourned"), "warn"),
    "abandoned": (Text("已中止", "Abandoned"), "warn"),
}

#: Entry -> (badge, look of its point, tone of its badge). What people do at a node is told by :func:`_at_node`.
_OF_CASE: Mapping[str, tuple[Text, str, str]] = {
    "case.started": (Text("发起", "started"), "calm", ""),
    "case.withdrawn": (Text("撤销", "withdrawn"), "stop", "stop"),
    "case.suspended": (Text("挂起", "suspended"), "back", "warn"),
    "case.resumed": (Text("恢复", "resumed"), "", "brand"),
    "case.completed": (Text("办结", "completed"), "ok", "ok"),
    "case.terminated": (Text("终止", "ended early"), "stop", "stop"),
    "case.cancelled": (Text("已撤销", "cancelled"), "stop", "stop"),
    "case.failed": (Text("因差错终止", "failed"), "stop", "stop"),
    "work_item.claimed": (Text("签收", "claimed"), "calm", ""),
    "work_item.released": (Text("退签", "released"), "calm", ""),
    "work_item.refused": (Text("拒绝办理", "refused"), "stop", "stop"),
    "work_item.started": (Text("开始办理", "begun"), "calm", ""),
    "work_item.declined": (Text("谢绝", "declined"), "calm", ""),
    "work_item.skipped": (Text("跳过", "skipped"), "back", "warn"),
    "work_item.taken_back": (Text("拿回", "taken back"), "back", "warn"),
    "work_item.predone": (Text("提前办理", "done ahead"), "calm", ""),
    "work_item.predone_void": (Text("预办不作数", "done ahead, does not count"), "back", "warn"),
    "work_item.suspended": (Text("搁置", "laid aside"), "calm", ""),
    "work_item.resumed": (Text("继续", "taken up again"), "calm", ""),
    "work_item.escalated": (Text("超期升级", "escalated"), "back", "warn"),
    "session.convened": (Text("开会", "session opened"), "calm", "brand"),
    "vote.cast": (Text("已表决", "voted"), "calm", ""),
    "vote.refused": (Text("表决不计", "vote refused"), "stop", "stop"),
    "session.closed": (Text("表决结果", "votes counted"), "calm", "brand"),
    "session.adjourned": (Text("休会", "adjourned"), "back", "warn"),
    "session.abandoned": (Text("会议中止", "session abandoned"), "back", "warn"),
    "draw.made": (Text("抽取", "drawn by lot"), "calm", ""),
    "rule.released": (Text("规则重新起算", "a rule counts anew"), "calm", ""),
    "work_item.taken_over": (Text("代办接手", "taken over for a principal"), "calm", ""),
    "work_item.transferred": (Text("转办", "handed over"), "calm", "brand"),
    "work_item.delegated": (Text("委派", "delegated"), "calm", "brand"),
    "signer.added": (Text("加签", "signers added"), "calm", "brand"),
    "signer.removed": (Text("减签", "a signer removed"), "calm", ""),
    "signer.refused": (Text("拒绝加签", "signer refused"), "stop", "stop"),
    "control.asked": (Text("提出双人操作", "asked for two people"), "back", "warn"),
    "control.confirmed": (Text("双人确认", "confirmed by a second person"), "back", "warn"),
    "control.declined": (Text("不予确认", "not confirmed"), "calm", ""),
    "control.refused": (Text("双人操作被拒绝", "two people refused"), "stop", "stop"),
    "work_item.reassigned": (Text("改派", "reassigned"), "stop", "stop"),
    "separation.overridden": (Text("应急特批办理", "acted under an override"), "stop", "stop"),
    "recusal.declared": (Text("自行回避", "stepped aside"), "back", "warn"),
    "recusal.found": (Text("责令回避", "told to step aside"), "back", "warn"),
    "recusal.requested": (Text("当事人申请回避", "asked to step aside by the party"), "back", "warn"),
    "recusal.granted": (Text("决定回避", "recusal granted"), "back", "warn"),
    "recusal.denied": (Text("驳回回避申请", "recusal refused"), "calm", ""),
    "recusal.refused": (Text("回避操作被拒绝", "recusal not theirs to decide"), "stop", "stop"),
    "job.completed": (Text("自动办理", "done by the system"), "calm", ""),
    "job.failed": (Text("业务差错", "business error"), "back", "warn"),
    "job.incident": (Text("故障，待处置", "incident"), "stop", "stop"),
    "case.stalled": (Text("无人可办", "nobody left"), "stop", "stop"),
    "case.unstalled": (Text("可继续办理", "goes on"), "", "ok"),
    "timer.fired": (Text("到时", "time came"), "calm", ""),
    "message.delivered": (Text("收到消息", "message received"), "calm", ""),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    look: str
    title: Text
    badge: Text
    tone: str
    at: datetime
    who: str | Text
    post: str | None
    say: str | None = None
    because: tuple[tuple[Text, str], ...] = ()
    took: timedelta | None = None
    seq: int = 0


def decision(word: str, node: Node | None = None) -> Text:
    """A decision's name for people: what the diagram calls it at this node, else what the house calls it."""
    called = node.decision_labels.get(word) if node is not None else None
    return called or (DECISIONS[word][0] if word in DECISIONS else Text(word, word))


def tone(word: str) -> str:
    """The colour a decision is shown in, beside its name."""
    return DECISIONS[word][1] if word in DECISIONS else ""


def timeline(happened: Iterable[Happening], what: Meaning) -> list[Told]:
    """The case's story in the order it happened."""
    return [_tell(h, what) for h in happened]


def _tell(h: Happening, what: Meaning) -> Told:
    body, who = h.body, h.body.get("who", {})
    title = what.node(h.node).label if h.node and h.node in what.process.scope.everything else what.names
    badge, look, colour = _OF_CASE.get(h.what) or _at_node(h, what)
    offered = body.get("offered")
    return Told(
        look, title, badge, colour, h.at, who.get("name") or _machine(who.get("machine", "")), who.get("post"),
        say=body.get("opinion") or body.get("reason"),
        because=tuple((Text(**o["because"]), o.get("basis", "")) for o in [*body.get("objections", ()), *_standstill(body)]),
        took=h.at - offered if isinstance(offered, datetime) else None, seq=h.seq,
    )


def _standstill(body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Why a case has stalled, and what would help: entries of the room of separation carry a sentence of their own."""
    if isinstance(body.get("because"), Mapping):
        yield body
    for remedy in body.get("remedies", ())[:3]:
        yield {"because": {"zh": f"补救：{remedy['zh']}", "en": f"would help: {remedy['en']}"}}


def _machine(name: str) -> str | Text:
    """What a machine did, where it is a service handler of ours; else its name."""
    service = handling.services.get(name)
    return service.title if service is not None else name


def _at_node(h: Happening, what: Meaning) -> tuple[Text, str, str]:
    if h.what == "work_item.returned":
        place = what.node(h.body["to"]).label
        back = Text("(办后直送)", " (straight back)") if h.body.get("straight_back") else Text("", "")
        return Text("退回 {place}{back}", "returned to {place}{back}").format(place=place, back=back), "back", "warn"
    word = h.body.get("decision") or "submit"
    colour = tone(word)
    if h.what in ("work_item.signed", "work_item.proposed"):
        signed = Text("会签：{said}", "signed: {said}") if h.what == "work_item.signed" else Text(
            "拟办：{said}", "proposed: {said}")
        node = what.process.scope.everything.get(h.node or "") if h.what == "work_item.proposed" else None
        return signed.format(said=decision(word, node)), {"stop": "back"}.get(colour, "calm"), colour
    node = what.process.scope.everything.get(h.node or "")
    return decision(word, node), {"ok": "ok", "stop": "stop", "warn": "back"}.get(colour, ""), colour


def steps(view: CaseView, names: Mapping[int, str], reachable: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The way of a case for the row of steps: what is done, where it stands, what may still come.

    Args:
        names: the people's names by id.
        reachable: user tasks that may still be entered.
    """
    here: dict[str, list[int | None]] = {}
    for item in (item for item in view.items if item.signing is None):
        here.setdefault(item.node, []).append(item.assignee_id)
    found = []
    for node in view.meaning.process.user_tasks.values():
        state = "now" if node.id in here else "done" if node.id in view.performed else "next"
        people = here.get(node.id) or view.performed.get(node.id) or []
        if state != "next" or node.id in set(reachable):
            found.append({
                "name": node.label, "state": state, "who": "、".join(names[p] for p in people if p in names),
            })
    return found


def marks(progress: Mapping[str, list[str]], scope: Scope) -> dict[str, Any]:
    """What the drawing marks, as the viewer reads it. A node that is both passed and current is current.

    A gateway's entry names the flows it took; any other node leaves by its one flow, if it has led anywhere yet.
    """
    nodes: dict[str, dict[str, str]] = {}
    for state in ("passed", "refused", "returned", "current"):
        for node in progress.get(state, ()):
            nodes[node] = {"state": state}
    flows = dict.fromkeys(progress.get("flows", ()))
    for node_id in progress.get("passed", ()):
        node = scope.everything.get(node_id)
        if node is not None and not node.is_gateway and len(node.outgoing) == 1:
            flow = scope.flows.get(node.outgoing[0])
            if flow is not None and flow.target in nodes:
                flows[flow.id] = None
    return {"nodes": nodes, "flows": list(flows)}
