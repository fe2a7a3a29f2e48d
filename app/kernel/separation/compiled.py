"""The rules of a definition in one office, prepared once for as long as the snapshot lives."""
from __future__ import annotations

from collections.abc import Iterable

from .constraints import Rule, Rules
from .office import Office, bits

#: The rule that comes from the organisation and not from the diagram.
INCOMPATIBLE = "incompatible"
#: Kinds that put tasks in pairs which one person may not do both of.
PAIRS = frozenset({"differ", "departments", "senior"})


class Compiled:
    """Candidates of every task, who excludes whom.

    Attributes:
        posted: task -> holders of its post, present or not; ``base`` those who are present.
        dynamic: task -> what names its department.
        differ: task -> mask of the tasks that need somebody else.
        most, same, least, apart, senior: the rules of a kind: (mask, limit, id), mask, (mask, limit, id), (mask, id)
            and (lower, upper, id).
        many: mask of the tasks that a plan gives to several persons one by one.
        party, initiator: masks of the tasks where the party's, the initiator's people must stand aside.
        kept_out: (mask, id) of the rules that ``CaseFacts.barred`` speaks of.
        seats: task -> (bit of the delegate, bit of the principal) of whom a proxy covers it, and who holds no post that
            is incompatible with the task's.
    """

    __slots__ = (
        "apart", "base", "chosen", "differ", "dynamic", "forbidden", "initiator", "kept_out", "least", "many", "most",
        "office", "party", "past", "posted", "rules", "same", "seats", "senior",
    )

    def __init__(self, rules: Rules, office: Office, chosen: frozenset[str] | None = None) -> None:
        """``chosen``: ids of the rules to apply (``incompatible`` among them); None = all. Fewer than all only serve
        to explain a refusal."""
        self.rules, self.office, self.chosen = rules, office, chosen
        self.posted: list[int] = []
        self.dynamic: dict[int, str] = {}
        for i, post in enumerate(rules.posts):
            if post is None:
                self.posted.append(office.everyone)
            else:
                if post.department is not None:
                    self.dynamic[i] = post.department
                self.posted.append(office.holders(post.code))
        self.base = [holders & office.present for holders in self.posted]
        self.most: list[tuple[int, int, str]] = []
        self.same: list[int] = []
        self.least: list[tuple[int, int, str]] = []
        self.apart: list[tuple[int, str]] = []
        self.senior: list[tuple[int, int, str]] = []
        self.kept_out: list[tuple[int, str]] = []
        self.party = self.initiator = self.many = 0
        for rule in rules.rules:
            if chosen is None or rule.id in chosen:
                self._take(rule)
        self.differ = self._pairs(frozenset())
        self.past = {frozenset[str](): self.differ}
        self.seats = _seats(rules, office) if office.proxies else {}
        self.forbidden = 0
        for constraint in rules.unsupported:
            options = constraint.options
            named = [*constraint.nodes, options.get("node", ""), options.get("lower", ""), options.get("upper", "")]
            self.forbidden |= rules.mask(name for words in named for name in words.split())

    def _take(self, rule: Rule) -> None:
        mask = rule.mask
        if rule.kind == "same":
            self.same.append(mask)
            self.most.append((mask, 1, rule.id))
        elif rule.kind == "people":
            if rule.most is not None:
                self.most.append((mask, rule.most, rule.id))
            if rule.least > 1:
                self.least.append((mask, rule.least, rule.id))
                self.many |= mask & self.rules.several
        elif rule.kind == "collective":
            self.many |= mask
        elif rule.kind == "recuse":
            if rule.initiator:
                self.initiator |= mask
            else:
                self.party |= mask
        elif rule.kind in ("rotate", "apart"):
            self.kept_out.append((mask, rule.id))
        elif rule.kind == "departments":
            self.apart.append((mask, rule.id))
        elif rule.kind == "senior":
            self.senior.append((rule.lower, rule.upper, rule.id))

    def _pairs(self, without: frozenset[str]) -> list[int]:
        differ = [0] * len(self.rules.tasks)
        for rule in self.rules.rules:
            if rule.kind in PAIRS and rule.id not in without and (self.chosen is None or rule.id in self.chosen):
                for i in bits(rule.mask):
                    differ[i] |= others(rule, i)
        if self.chosen is None or INCOMPATIBLE in self.chosen:
            for one, other in incompatible_tasks(self.rules, self.office):
                differ[one] |= 1 << other
                differ[other] |= 1 << one
        return differ

    def differ_without(self, ids: Iterable[str]) -> list[int]:
        """As ``differ``, without the rules that count acts of their own choosing."""
        key = frozenset(ids)
        found = self.past.get(key)
        if found is None:
            found = self.past[key] = self._pairs(key)
        return found


def others(rule: Rule, task: int) -> int:
    """The tasks that need somebody else than ``task``, by a rule about pairs."""
    bit = 1 << task
    if rule.kind != "senior":
        return rule.mask & ~bit
    return ((rule.upper if rule.lower & bit else 0) | (rule.lower if rule.upper & bit else 0)) & ~bit


def compiled(rules: Rules, office: Office) -> Compiled:
    """The rules in this office, prepared once for as long as the snapshot lives."""
    found = office._compiled.get(rules)
    if found is None:
        found = office._compiled[rules] = Compiled(rules, office)
    return found


def incompatible_tasks(rules: Rules, office: Office) -> list[tuple[int, int]]:
    """Pairs of tasks whose posts one person may not exercise in one case."""
    found = []
    posts = [office.code(p.code) if p is not None else None for p in rules.posts]
    for i, one in enumerate(posts):
        for j in range(i):
            other = posts[j]
            if one is not None and other is not None and one != other and office.incompatible(one, other) is not None:
                found.append((j, i))
    return found


def stands_against(office: Office, delegate: int, post: str) -> tuple[str, str] | None:
    """The post of the person at bit ``delegate`` that may not be held together with ``post``, and the basis."""
    post = office.code(post)
    for held, _ in sorted(office.people[delegate].posts, key=str):
        basis = office.incompatible(held, post) if held != post else None
        if basis is not None:
            return held, basis
    return None


def covers(office: Office, rules: Rules, task: int, delegate: int, principal: int) -> bool:
    """Whether a proxy in force lets one act in the other's place at ``task``. A body's members vote in person."""
    post = rules.posts[task]
    return task not in rules.bodies and any(
        d == delegate and p == principal
        and (processes is None or rules.process in processes)
        and (posts is None or (post is not None and office.code(post.code) in posts))
        for d, p, posts, processes in office.proxies
    )


def _seats(rules: Rules, office: Office) -> dict[int, tuple[tuple[int, int], ...]]:
    found: dict[int, tuple[tuple[int, int], ...]] = {}
    for v, post in enumerate(rules.posts):
        code = office.code(post.code) if post is not None else None
        pairs = {
            (d, p) for d, p, posts, processes in office.proxies
            if (processes is None or rules.process in processes) and (posts is None or code in posts)
            and (code is None or (office.holders(code) >> p & 1 and stands_against(office, d, code) is None))
        }
        if pairs:
            found[v] = tuple(sorted(pairs))
    return found
