"""Refusals in words: which rule, which earlier act, which clause; of a delegate and the principal, which of the two."""
from __future__ import annotations

from ..text import Text
from .asking import Asked, rank_against, votes_twice
from .compiled import INCOMPATIBLE, covers, incompatible_tasks, stands_against
from .constraints import Rule
from .office import bits
from .protocol import Objection
from .situation import Situation
from .wording import acted, clause, listed, reasons, sentence, told

UNDECIDED = Text(
    "规则过于复杂，在限定的计算量内未能确认后续环节有人可办，故不予办理",
    "the rules are too intricate: within the set effort it could not be shown that the rest of the case can be "
    "staffed, so this is refused",
)

Earlier = tuple[tuple[str, int], ...]


def direct(situation: Situation, asked: Asked) -> tuple[Objection, ...]:
    """Every rule that the act would break by itself."""
    found = _entitlement(situation, asked)
    rules, office, task = situation.rules, situation.office, asked.task
    node, name = rules.tasks[task], rules.names[task]
    for constraint in rules.unsupported:
        named = rules.mask(
            n for words in (*constraint.nodes, *constraint.options.values()) for n in words.split()
        )
        if situation.compiled.forbidden >> task & 1 and named >> task & 1:
            found.append(Objection(constraint.id, constraint.kind, constraint.basis, node, Text(
                f"规则“{constraint.id}”({constraint.kind})本系统尚不能检查，“{name.zh}”不予办理",
                f"rule “{constraint.id}” ({constraint.kind}) cannot be checked, so nobody may act at “{name.en}”",
            )))
    persons = [p for p in (asked.person, asked.behalf) if p is not None and p in office.index]
    for person in persons:
        bit = 1 << office.index[person]
        if bit & situation.set_of(situation.facts.recused):
            who = office.name(person)
            found.append(_against(situation, asked, person, Objection("recused", "recused", "", node, Text(
                f"{who}已在本件中被认定须回避，不得办理本件任何环节",
                f"{who} was found biased in this case and may do nothing in it",
            ))))
    for rule in rules.rules:
        if rule.mask >> task & 1:
            found += _broken(situation, asked, rule, persons)
    for one, other in incompatible_tasks(rules, office):
        if task in (one, other):
            for person in persons:
                earlier = acted(situation, 1 << (other if task == one else one), 1 << office.index[person])
                if earlier:
                    a, b = rules.posts[one].code, rules.posts[other].code  # type: ignore[union-attr]
                    basis = office.incompatible(a, b) or ""
                    found.append(_against(situation, asked, person, Objection(
                        INCOMPATIBLE, INCOMPATIBLE, basis, node, Text(
                            "岗位“{a}”与“{b}”不相容，同一件不得由同一人办理{c};{told}",
                            "posts “{a}” and “{b}” are incompatible and may not be exercised by one person in one "
                            "case{c}; {told}",
                        ).format(a=a, b=b, c=clause(basis), told=told(situation, earlier)), earlier,
                    )))
    return tuple(found)


def _entitlement(situation: Situation, asked: Asked) -> list[Objection]:
    """Why the act is not theirs to do: post, presence, proxy."""
    office, rules, task = situation.office, situation.rules, asked.task
    node, post = rules.tasks[task], rules.posts[task]
    who, i = office.name(asked.person), office.index.get(asked.person)
    found = []

    def object_(word: str, because: Text, basis: str = "", whom: int | None = None) -> None:
        found.append(Objection(word, word, basis, node, because, whom=whom))

    holder = asked.person if asked.behalf is None else asked.behalf
    h = office.index.get(holder)
    if i is None and asked.behalf is not None:
        object_("post", Text(f"没有{who}这个人", f"there is no {who}"), whom=asked.person)
    if h is None or (not asked.signer and not (situation.holders(task) >> h & 1 and situation.known(task))):
        object_("post", _lacks(situation, task, office.name(holder)), whom=asked.behalf)
    if i is not None and not situation.present >> i & 1:
        object_("absent", Text(f"{who}今日不在岗", f"{who} is absent today"), whom=asked.behalf and asked.person)
    if asked.behalf is None or i is None or h is None:
        return found
    principal = office.name(asked.behalf)
    if task in rules.bodies:
        object_("proxy", Text("集体决策须成员本人记名表决，不得代理", "a member of a body votes in person, by no proxy"),
                whom=asked.person)
    elif asked.by_proxy and not covers(office, rules, task, i, h):
        code = post.code if post is not None else "*"
        object_("proxy", Text(
            f"{who}没有{principal}在本流程岗位“{code}”上的有效代理授权(代理不得转委托)",
            f"{who} holds no proxy of {principal} for post “{code}” in this process (a proxy is not handed on)",
        ), whom=asked.person)
    clash = stands_against(office, i, post.code) if post is not None else None
    if post is not None and clash is not None:
        object_(INCOMPATIBLE, Text(
            "{who}任岗位“{a}”，与“{b}”不相容，不得代理{b}{c}",
            "{who} holds post “{a}”, which is incompatible with “{b}”, and may not act in its place{c}",
        ).format(who=who, a=clash[0], b=post.code, c=clause(clash[1])), clash[1], asked.person)
    return found


def _against(situation: Situation, asked: Asked, person: int, objection: Objection) -> Objection:
    """For an act in somebody's place: say which of the two a rule stands against."""
    if asked.behalf is None:
        return objection
    delegate, principal = situation.office.name(asked.person), situation.office.name(asked.behalf)
    because = Text(
        "{b}(因代理{p}办理，{d}本人亦须遵守)", "{b} (acting for {p}, {d} remains bound in person)"
    ) if person == asked.person else Text(
        "{b}(因代理{p}办理，视同{p}本人办理)", "{b} (acting for {p} counts as {p}'s own act)"
    )
    return Objection(
        objection.constraint, objection.kind, objection.basis, objection.node,
        because.format(b=objection.because, p=principal, d=delegate), objection.earlier, whom=person,
    )


def _broken(situation: Situation, asked: Asked, rule: Rule, persons: list[int]) -> list[Objection]:
    """What one rule has against the act: once per person it stands against, or once against the two together."""
    office, task = situation.office, asked.task
    node, rest = situation.rules.tasks[task], rule.mask & ~(1 << task)
    acts = situation.acts_for(rule, task)
    most = 1 if rule.kind == "same" else rule.most
    if most is not None:
        counted = 0
        for u in bits(rule.mask):
            counted |= acts[u]
        if asked.who and (counted | asked.who).bit_count() > situation.limit_of(rule.mask, most, counted):
            earlier = acted(situation, rest, counted, rule) + tuple((node, situation.person(j)) for j in bits(acts[task]))
            because = _because(situation, rule, earlier)
            if asked.behalf is not None:
                because = Text(
                    "{b}(代理人与被代理人按两人计)", "{b} (delegate and principal count as two)"
                ).format(b=because)
            return [Objection(rule.id, rule.kind, rule.basis, node, because, earlier)]
        return []
    found = []
    for person in persons:
        i = office.index[person]
        bit, who = 1 << i, office.name(person)
        earlier: Earlier = ()
        because: Text | None = None
        if rule.kind == "differ":
            earlier = acted(situation, rest, bit, rule)
        elif rule.kind == "departments":
            earlier = acted(situation, rest, office.mates(i), rule)
        elif rule.kind == "senior":
            against = rank_against(situation, task, bit, rule.lower, rule.upper, acts)
            earlier = acted(situation, rest, against, rule)
        elif rule.kind == "recuse" and situation.recused(rule.initiator) & bit:
            because = _relation(situation, rule, person, who)
        elif rule.kind in ("rotate", "apart") and situation.set_of(situation.facts.barred.get(rule.id, ())) & bit:
            because = Text("{who}为该当事人办理的次数已满", "{who} has reached that number for this party") \
                if rule.kind == "rotate" else \
                Text("{who}曾为该当事人办理该环节", "{who} has done so for this party")
            because = because.format(who=who)
        elif rule.kind == "collective" and votes_twice(situation, task, bit):
            because = Text("{who}在本次会议中已表决", "{who} has voted in this session").format(who=who)
        if earlier:
            because = told(situation, earlier)
        if because is not None:
            text = Text("{s}{c};{why}", "{s}{c}; {why}").format(
                s=sentence(situation.rules, rule), c=clause(rule.basis), why=because
            )
            found.append(_against(
                situation, asked, person, Objection(rule.id, rule.kind, rule.basis, node, text, earlier)
            ))
    return found


def _because(situation: Situation, rule: Rule, earlier: Earlier) -> Text:
    return Text("{s}{c};{told}", "{s}{c}; {told}").format(
        s=sentence(situation.rules, rule), c=clause(rule.basis), told=told(situation, earlier)
    )


def _relation(situation: Situation, rule: Rule, person: int, who: str) -> Text:
    facts, office = situation.facts, situation.office
    self_ = facts.initiator if rule.initiator else facts.party_person
    party = Text("申请人", "the applicant") if rule.initiator else Text("当事人", "the party")
    bit = 1 << office.index[person]
    if self_ is not None and office.set_of((self_,)) & bit:
        return Text("{who}即{p}本人", "{who} is {p}").format(who=who, p=party)
    if self_ is not None and office.kin(self_) & bit:
        return Text("{who}是{p}的近亲属", "{who} is kin to {p}").format(who=who, p=party)
    return Text("{who}与{p}有利害关系", "{who} has a declared interest in {p}").format(who=who, p=party)


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


def minimum(situation: Situation, asked: Asked, rule: Rule) -> Objection:
    """A ``people min`` rule that the act itself puts out of reach."""
    earlier = acted(situation, rule.mask, asked.who, rule) or acted(situation, rule.mask, -1, rule)
    node = situation.rules.tasks[asked.task]
    return Objection(rule.id, rule.kind, rule.basis, node, _because(situation, rule, earlier), earlier)


def undecided(situation: Situation, task: int) -> Objection:
    """The search gave up, and what is not known to be safe is refused."""
    return Objection("undecided", "undecided", "", situation.rules.tasks[task], UNDECIDED)


def look_ahead(
    situation: Situation, asked: Asked, *, chosen: list[str], left: int, already: bool, again: bool
) -> Objection:
    """The act breaks no rule itself but leaves later tasks with nobody (``already``: they have nobody as it is;
    ``again``: should the case be returned)."""
    rules, office, task = situation.rules, situation.office, asked.task
    node, name = rules.tasks[task], rules.names[task]
    who: Text | str = office.name(asked.person)
    if asked.behalf is not None:
        who = Text("{d}代理{p}", "{d} for {p}").format(d=who, p=office.name(asked.behalf))
    later = listed(rules.names[v] for v in bits(left))
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
    because = Text("{head};{r}", "{head}: {r}").format(
        head=head.format(who=who, name=name, later=later), r=reasons(situation, chosen, left)
    )
    named = [rules.rule(id) for id in chosen]
    basis = "; ".join(dict.fromkeys(r.basis for r in named if r is not None and r.basis))
    touched = 0
    for rule in named:
        touched |= rule.mask if rule is not None else rules.everything
    return Objection(
        "look-ahead", "look-ahead", basis, node, because,
        acted(situation, touched & ~left, -1) if chosen else (), (), rules.ids(left), tuple(chosen),
    )
