"""Refusals in words: which rule, which earlier act, which clause, who instead."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..text import Text
from .constraints import Rule
from .office import bits
from .problem import INCOMPATIBLE, Situation, incompatible_tasks
from .protocol import Objection

UNDECIDED = Text(
    "规则过于复杂，在限定的计算量内未能确认后续环节有人可办，故不予办理",
    "the rules are too intricate: within the set effort it could not be shown that the rest of the case can be "
    "staffed, so this is refused",
)


def _list(names: Iterable[Text], situation: Situation) -> Text:
    names = list(names)
    return Text("、".join(f"“{n.zh}”" for n in names), ", ".join(f"“{n.en}”" for n in names))


def _tasks(situation: Situation, mask: int) -> Text:
    if mask == situation.rules.everything:
        return Text("各环节", "all tasks")
    return _list((situation.rules.names[v] for v in bits(mask)), situation)


def sentence(situation: Situation, rule: Rule) -> Text:
    """What a rule demands."""
    tasks = _tasks(situation, rule.mask)
    if rule.kind == "differ":
        return Text("{t}须由不同人员办理", "{t} must be done by different people").format(t=tasks)
    if rule.kind == "same":
        return Text("{t}须由同一人办理", "{t} must be done by the same person").format(t=tasks)
    if rule.kind == "departments":
        return Text("{t}须由不同部门的人员办理", "{t} must be done by people of different departments").format(t=tasks)
    if rule.kind == "people":
        parts = []
        if rule.least:
            parts.append(Text("至少由{n}名不同人员办理", "at least {n} different people").format(n=rule.least))
        if rule.most is not None:
            parts.append(Text("至多由{n}人办理", "at most {n} people").format(n=rule.most))
        how = Text("、".join(p.zh for p in parts), " and ".join(p.en for p in parts))
        return Text("{t}须{how}", "{t} must be done by {how}").format(t=tasks, how=how)
    who = Text("申请人", "the applicant") if rule.initiator else Text("当事人", "the party")
    return Text(
        "{t}的办理人须回避{who}本人及其近亲属、利害关系人的事项",
        "{t} may not be done by {who}, their kin, or anybody with a declared interest",
    ).format(t=tasks, who=who)


def _clause(basis: str) -> Text:
    return Text(f"(依据：{basis})", f" ({basis})") if basis else Text("", "")


def _acts(situation: Situation, mask: int, people: int) -> tuple[tuple[str, int], ...]:
    """Who of ``people`` acted at or holds which of the tasks in ``mask``."""
    acts = situation.acts()
    return tuple(
        (situation.rules.tasks[u], situation.person(i)) for u in bits(mask) for i in bits(acts[u] & people)
    )


def _told(situation: Situation, earlier: Sequence[tuple[str, int]]) -> Text:
    """The acts of a tuple as a clause: who did, or holds, what."""
    rules = situation.rules
    zh, en = [], []
    for node, person in earlier[:5]:
        v = rules.index[node]
        name, who = rules.names[v], situation.office.name(person)
        if person in situation.facts.performed.get(node, ()):
            zh.append(f"{who}已办理“{name.zh}”")
            en.append(f"{who} has done “{name.en}”")
        else:
            zh.append(f"{who}已领取“{name.zh}”")
            en.append(f"{who} holds “{name.en}”")
    return Text("、".join(zh), ", ".join(en))


def direct(situation: Situation, task: int, person: int, instead: tuple[int, ...]) -> tuple[Objection, ...]:
    """Every rule that ``person`` at ``task`` would break by that act itself."""
    office, rules = situation.office, situation.rules
    node, name = rules.tasks[task], rules.names[task]
    who = office.name(person)
    found: list[Objection] = []

    def object_(
        constraint: str, kind: str, basis: str, because: Text, earlier: tuple[tuple[str, int], ...] = ()
    ) -> None:
        found.append(Objection(constraint, kind, basis, node, because, earlier, instead))

    i = office.index.get(person)
    bit = 1 << i if i is not None else 0
    post = rules.posts[task]
    if i is None or (post is not None and not _holds(situation, task) & bit):
        object_("post", "post", "", _lacks(situation, task, who))
    if i is not None and not office.present & bit:
        object_("absent", "absent", "", Text(f"{who}今日不在岗", f"{who} is absent today"))
    for constraint in rules.unsupported:
        if situation.compiled.forbidden >> task & 1 and node in (
            *rules.ids(rules.mask(constraint.nodes)), *constraint.options.values()
        ):
            object_(constraint.id, constraint.kind, constraint.basis, Text(
                f"规则“{constraint.id}”({constraint.kind})本系统尚不能检查，“{name.zh}”不予办理",
                f"rule “{constraint.id}” ({constraint.kind}) cannot be checked, so nobody may act at “{name.en}”",
            ))
    acts = situation.acts(task)
    for rule in rules.rules:
        if not rule.mask >> task & 1:
            continue
        others = rule.mask & ~(1 << task)
        against: tuple[tuple[str, int], ...] | None = None
        if rule.kind == "differ":
            against = _acts(situation, others, bit) or None
        elif rule.kind == "departments" and i is not None:
            against = _acts(situation, others, office.mates(i)) or None
        elif rule.kind == "recuse":
            if situation.recused(rule.initiator) & bit:
                against = ()
        elif rule.kind == "same" or rule.most is not None:
            persons = 0
            for u in bits(rule.mask):
                persons |= acts[u]
            limit = 1 if rule.kind == "same" else rule.most
            if (persons | bit).bit_count() > limit:  # type: ignore[operator]
                against = _acts(situation, others, persons) + tuple(
                    (node, situation.person(j)) for j in bits(acts[task])
                )
        if against is not None:
            object_(rule.id, rule.kind, rule.basis, _because(situation, rule, task, person, against), against)
    for one, other in incompatible_tasks(rules, office):
        if task in (one, other):
            against = _acts(situation, 1 << (other if task == one else one), bit)
            if against:
                a, b = rules.posts[one], rules.posts[other]
                basis = office.incompatible(a.code, b.code) or ""  # type: ignore[union-attr]
                object_(INCOMPATIBLE, INCOMPATIBLE, basis, Text(
                    "岗位“{a}”与“{b}”不相容，同一件不得由同一人办理{c};{told}",
                    "posts “{a}” and “{b}” are incompatible and may not be exercised by one person in one case{c}; "
                    "{told}",
                ).format(a=a.code, b=b.code, c=_clause(basis), told=_told(situation, against)), against)  # type: ignore[union-attr]
    return tuple(found)


def _because(situation: Situation, rule: Rule, task: int, person: int, earlier: tuple[tuple[str, int], ...]) -> Text:
    who = situation.office.name(person)
    if rule.kind == "recuse":
        return Text("{s}{c};{why}", "{s}{c}; {why}").format(
            s=sentence(situation, rule), c=_clause(rule.basis), why=_relation(situation, rule, person, who)
        )
    return Text("{s}{c};{told}", "{s}{c}; {told}").format(
        s=sentence(situation, rule), c=_clause(rule.basis), told=_told(situation, earlier)
    )


def _relation(situation: Situation, rule: Rule, person: int, who: str) -> Text:
    facts, office = situation.facts, situation.office
    self_ = facts.initiator if rule.initiator else facts.party_person
    party = Text("申请人", "the applicant") if rule.initiator else Text("当事人", "the party")
    if person == self_:
        return Text("{who}即{p}本人", "{who} is {p}").format(who=who, p=party)
    if self_ is not None and office.kin(self_) >> office.index[person] & 1:
        return Text("{who}是{p}的近亲属", "{who} is kin to {p}").format(who=who, p=party)
    return Text("{who}与{p}有利害关系", "{who} has a declared interest in {p}").format(who=who, p=party)


def _holds(situation: Situation, task: int) -> int:
    post = situation.rules.posts[task]
    if post is None:
        return situation.office.everyone
    if post.department is None:
        return situation.office.holders(post.code)
    department = situation.department(task)
    return 0 if department is None else situation.office.holders(post.code, department)


def _lacks(situation: Situation, task: int, who: str) -> Text:
    name, post = situation.rules.names[task], situation.rules.posts[task]
    code = post.code if post is not None else ""
    if post is not None and post.department is not None:
        department = situation.department(task)
        if department is None:
            return Text(
                f"“{name.zh}”由岗位“{code}”办理，但其所属部门({post.department})尚未确定",
                f"“{name.en}” belongs to post “{code}” of a department that is not known yet ({post.department})",
            )
        return Text(
            f"“{name.zh}”由部门“{department}”的岗位“{code}”办理，{who}不在该岗",
            f"“{name.en}” belongs to post “{code}” of department “{department}”, which {who} does not hold",
        )
    return Text(
        f"“{name.zh}”由岗位“{code}”办理，{who}不在该岗", f"“{name.en}” belongs to post “{code}”, which {who} does not hold"
    )


def minimum(situation: Situation, task: int, person: int, rule: Rule, instead: tuple[int, ...]) -> Objection:
    """A ``people min`` rule that the act itself puts out of reach."""
    earlier = _acts(situation, rule.mask, 1 << situation.office.index[person]) or _acts(situation, rule.mask, -1)
    node = situation.rules.tasks[task]
    return Objection(
        rule.id, rule.kind, rule.basis, node, _because(situation, rule, task, person, earlier), earlier, instead
    )


def undecided(situation: Situation, task: int, instead: tuple[int, ...]) -> Objection:
    """The search gave up, and what is not known to be safe is refused."""
    return Objection("undecided", "undecided", "", situation.rules.tasks[task], UNDECIDED, (), instead)


def look_ahead(
    situation: Situation, task: int, person: int, *, chosen: list[str], left: int, instead: tuple[int, ...],
    already: bool, again: bool,
) -> Objection:
    """The act breaks no rule itself but leaves later tasks with nobody (``already``: they have nobody as it is;
    ``again``: should the case be returned)."""
    rules = situation.rules
    node, name = rules.tasks[task], rules.names[task]
    who = situation.office.name(person)
    later = _list((rules.names[v] for v in bits(left)), situation)
    one = not left & (left - 1)
    if not left:
        head = Text("本件已办理或已领取的事项之间已违反规则", "what is done or held in this case already breaks a rule")
    elif already and one:
        head = Text("本件后续{later}现已无人可办", "as things stand nobody can do {later} later in this case")
    elif already:
        head = Text(
            "本件后续{later}现已无法全部有人办理", "as things stand not all of {later} can be staffed in this case"
        )
    elif again:
        head = Text(
            "若由{who}办理“{name}”，本件一旦退回，{later}将无人可办",
            "if {who} does “{name}”, nobody would be left for {later} should the case be returned",
        )
    elif one:
        head = Text(
            "若由{who}办理“{name}”，本件后续{later}将无人可办",
            "if {who} does “{name}”, nobody would be left for {later} later in this case",
        )
    else:
        head = Text(
            "若由{who}办理“{name}”，本件后续{later}将无法全部有人办理",
            "if {who} does “{name}”, not all of {later} could be staffed later in this case",
        )
    reason = _rules(situation, chosen, left)
    because = Text("{head};{r}", "{head}: {r}").format(head=head.format(who=who, name=name, later=later), r=reason)
    named = [rules.rule(id) for id in chosen]
    basis = "; ".join(dict.fromkeys(r.basis for r in named if r is not None and r.basis))
    touched = 0
    for rule in named:
        touched |= rule.mask if rule is not None else rules.everything
    return Objection(
        "look-ahead", "look-ahead", basis, node, because,
        _acts(situation, touched & ~left, -1) if chosen else (), instead, rules.ids(left), tuple(chosen),
    )


def _rules(situation: Situation, chosen: list[str], left: int) -> Text:
    """The rules of a core as a sentence; where there is none, the posts that nobody fills."""
    zh, en = [], []
    for id in chosen:
        rule = situation.rules.rule(id)
        text = Text("不相容岗位须分离", "incompatible posts must be kept apart") if rule is None else \
            Text("{s}{c}", "{s}{c}").format(s=sentence(situation, rule), c=_clause(rule.basis))
        zh.append(text.zh)
        en.append(text.en)
    if not chosen:
        for v in bits(left):
            post = situation.rules.posts[v]
            code = post.code if post is not None else "*"
            zh.append(f"岗位“{code}”无人在岗")
            en.append(f"nobody holds post “{code}” and is present")
    return Text(";".join(zh), "; ".join(en))


def nobody(situation: Situation, chosen: list[str], left: int) -> Text:
    """Why a definition cannot be worked in this office."""
    tasks = _list((situation.rules.names[v] for v in bits(left)), situation)
    head = Text("{t}无人可办", "nobody can do {t}") if not left & (left - 1) else \
        Text("{t}无法全部有人办理", "{t} cannot all be staffed")
    return Text("{h};{r}", "{h}: {r}").format(h=head.format(t=tasks), r=_rules(situation, chosen, left))
