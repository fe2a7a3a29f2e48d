"""Rules, tasks and acts in words, in both languages."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..text import Text
from .compiled import INCOMPATIBLE
from .constraints import Rule, Rules
from .office import bits
from .situation import Situation


def listed(names: Iterable[Text]) -> Text:
    """Names in quotation marks, one after the other."""
    names = list(names)
    return Text("、".join(f"“{n.zh}”" for n in names), ", ".join(f"“{n.en}”" for n in names))


def tasks(rules: Rules, mask: int) -> Text:
    """The tasks of a mask."""
    if mask == rules.everything and mask & (mask - 1):
        return Text("各环节", "all tasks")
    return listed(rules.names[v] for v in bits(mask))


def clause(basis: str) -> Text:
    """What a rule rests on, in brackets; nothing where nothing is written."""
    return Text(f"(依据：{basis})", f" ({basis})") if basis else Text("", "")


def sentence(rules: Rules, rule: Rule) -> Text:
    """What a rule demands."""
    where = tasks(rules, rule.mask)
    how = _SENTENCES.get(rule.kind)
    if how is not None:
        text = how.format(t=where)
    elif rule.kind == "people":
        parts = []
        if rule.least:
            parts.append(Text("至少由{n}名不同人员办理", "at least {n} different people").format(n=rule.least))
        if rule.most is not None:
            parts.append(Text("至多由{n}人办理", "at most {n} people").format(n=rule.most))
        both = Text("、".join(p.zh for p in parts), " and ".join(p.en for p in parts))
        text = Text("{t}须{how}", "{t} must be done by {how}").format(t=where, how=both)
    elif rule.kind == "senior":
        text = Text("{u}的办理人职级须高于{l}的办理人", "whoever does {u} must be senior to whoever does {l}").format(
            u=tasks(rules, rule.upper), l=tasks(rules, rule.lower)
        )
    elif rule.kind == "rotate":
        text = Text(
            "同一人在{m}个月内为同一当事人办理{t}不得超过{n}次",
            "within {m} months nobody may do {t} more than {n} times for the same party",
        ).format(t=where, m=rule.months, n=rule.times)
    elif rule.kind == "apart":
        sources = [f"{process}/{node}" for process, node in rule.sources]
        text = Text(
            "曾为同一当事人办理{s}的人员不得办理{t}", "{t} may not be done by anybody who did {s} for the same party"
        ).format(t=where, s=listed(Text(s, s) for s in sources))
    elif rule.kind == "collective":
        assert rule.body is not None
        quorum = rule.body.quorum
        number = Text("至少{q}有表决权的成员", "at least {q} of its members") if isinstance(quorum, Fraction) else \
            Text("至少{q}名成员", "at least {q} members")
        text = Text("{t}由集体讨论决定，须有{n}表决", "{t} is decided by a body; {n} must vote").format(
            t=where, n=number.format(q=quorum)
        )
    else:
        who = Text("申请人", "the applicant") if rule.initiator else Text("当事人", "the party")
        text = Text(
            "{t}的办理人须回避{who}本人及其近亲属、利害关系人的事项",
            "{t} may not be done by {who}, their kin, or anybody with a declared interest",
        ).format(t=where, who=who)
    return Text("{t}{s}", "{t}{s}").format(t=text, s=_SCOPES.get(rule.scope, Text("", "")))


_SENTENCES = {
    "differ": Text("{t}须由不同人员办理", "{t} must be done by different people"),
    "same": Text("{t}须由同一人办理", "{t} must be done by the same person"),
    "departments": Text("{t}须由不同部门的人员办理", "{t} must be done by people of different departments"),
}
_SCOPES = {
    "iteration": Text("(以各环节最近一次办理为准)", " (by whoever did each of them last)"),
    "party": Text("(同一当事人的各件合并计算)", " (over all cases of the same party)"),
}


def acted(situation: Situation, mask: int, people: int, rule: Rule | None = None) -> tuple[tuple[str, int], ...]:
    """Who of ``people`` acted at or holds which of the tasks in ``mask``, as a rule counts it."""
    acts = situation.acts() if rule is None else situation.acts_for(rule)
    return tuple(
        (situation.rules.tasks[u], situation.person(i)) for u in bits(mask) for i in bits(acts[u] & people)
    )


def told(situation: Situation, earlier: Sequence[tuple[str, int]]) -> Text:
    """Acts as a clause: who did, or holds, what."""
    rules, zh, en = situation.rules, [], []
    for node, person in earlier[:5]:
        v = rules.index[node]
        name, who, bit = rules.names[v], situation.office.name(person), situation.set_of((person,))
        if situation.performed[v] & bit:
            zh.append(f"{who}已办理“{name.zh}”")
            en.append(f"{who} has done “{name.en}”")
        elif situation.claimed[v] & bit:
            zh.append(f"{who}已领取“{name.zh}”")
            en.append(f"{who} holds “{name.en}”")
        else:
            zh.append(f"{who}在其他办件中办理过“{name.zh}”")
            en.append(f"{who} has done “{name.en}” in another case")
    return Text("、".join(zh), ", ".join(en))


def reasons(situation: Situation, chosen: list[str], left: int) -> Text:
    """The rules of a core as a sentence; where there is none, the posts that nobody fills."""
    rules, zh, en = situation.rules, [], []
    for id in chosen:
        rule = rules.rule(id)
        text = Text("不相容岗位须分离", "incompatible posts must be kept apart") if rule is None or id == INCOMPATIBLE \
            else Text("{s}{c}", "{s}{c}").format(s=sentence(rules, rule), c=clause(rule.basis))
        zh.append(text.zh)
        en.append(text.en)
    if not chosen:
        for v in bits(left):
            post = rules.posts[v]
            code = post.code if post is not None else "*"
            if situation.out[v] & situation.holders(v) & situation.present:
                zh.append(f"岗位“{code}”无可用人员：在岗者均须回避")
                en.append(f"nobody is left for post “{code}”: all who are present have to stand aside")
            else:
                zh.append(f"岗位“{code}”无人在岗")
                en.append(f"nobody holds post “{code}” and is present")
    return Text(";".join(zh), "; ".join(en))


def nobody(situation: Situation, chosen: list[str], left: int) -> Text:
    """Why a definition cannot be worked in this office."""
    where = listed(situation.rules.names[v] for v in bits(left))
    head = Text("{t}无人可办", "nobody can do {t}") if not left & (left - 1) else \
        Text("{t}无法全部有人办理", "{t} cannot all be staffed")
    return Text("{h};{r}", "{h}: {r}").format(h=head.format(t=where), r=reasons(situation, chosen, left))
