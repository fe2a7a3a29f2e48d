"""A second and a third opinion on every verdict: the rules as sentences over acts, tried out one plan after the other
(:meth:`Oracle.tried`), and handed to a general constraint solver (:meth:`Oracle.solved`).

Neither shares anything with the gate: no blocks, no relaxation, no shortcut for whoever acted before; ``people min``
by listing every set of tasks that might run and every way to pick one act per task.
"""
from __future__ import annotations

from itertools import combinations, product

from app.kernel.separation import CaseFacts, Office, Rules

Way = tuple[int, ...]            # one person, or (delegate, principal)


class Oracle:
    """Whether ``who`` may act at ``task``; without a task, whether there is a plan as things stand."""

    def __init__(
        self, rules: Rules, office: Office, facts: CaseFacts, task: str | None = None, who: int | None = None,
        behalf: int | None = None, signer: bool = False,
    ) -> None:
        self.rules, self.office, self.facts = rules, office, facts
        self.people = {p.id: p for p in office.people}
        self.task, self.signer = task, signer
        self.way: Way = () if task is None else (who,) if behalf is None else (who, behalf)
        self.held = {t: set(holders) for t, holders in facts.claimed.items() if t != task or signer}
        if task is not None:
            self.held.setdefault(task, set()).update(self.way)
        self.needed = sorted(set(facts.reachable) | set(facts.open))
        self.fixed = {r.id: self._counted(r.id) for r in rules.rules}
        self.all = self._counted(None)

    def _counted(self, id: str | None) -> dict[str, set[int]]:
        past = self.facts.counted.get(id, self.facts.performed)
        return {t: set(past.get(t, ())) | self.held.get(t, set()) for t in self.rules.tasks}

    # -- persons -------------------------------------------------------------------------------------------------------

    def post(self, task: str) -> str:
        return self.rules.posts[self.rules.index[task]].code

    def holds(self, task: str, who: int) -> bool:
        return who in self.people and (self.post(task), None) in self.people[who].posts

    def aside(self, task: str, who: int) -> bool:
        """Whether a person has to stand aside whatever the others do."""
        if who in self.facts.recused:
            return True
        for rule in self.rules.rules:
            if task not in self.rules.ids(rule.mask):
                continue
            party = self.facts.party_person
            if rule.kind == "recuse" and party is not None and (
                who == party or party in self.people[who].kin or who in self.people[party].kin
            ):
                return True
            if rule.kind in ("rotate", "apart") and who in self.facts.barred.get(rule.id, ()):
                return True
        return False

    def entitled(self, task: str, way: Way, signer: bool = False) -> bool:
        if any(p not in self.people or self.aside(task, p) for p in way) or not self.people[way[0]].present:
            return False
        if not signer and not self.holds(task, way[-1]):
            return False
        if len(way) == 1:
            return True
        delegate, principal = way
        if any(self.office.incompatible(code, self.post(task)) is not None and code != self.post(task)
               for code, _ in self.people[delegate].posts):
            return False
        return any(
            self.rules.collective(task) is None      # a vote is given in person
            and proxy.principal == principal and (proxy.posts is None or self.post(task) in proxy.posts)
            and (proxy.processes is None or self.rules.process in proxy.processes)
            for proxy in self.people[delegate].proxies
        )

    def ways(self, task: str) -> list[Way]:
        everybody = sorted(self.people)
        found = [(p,) for p in everybody] + [(d, p) for d in everybody for p in everybody if d != p]
        return [way for way in found if self.entitled(task, way)]

    # -- rules ---------------------------------------------------------------------------------------------------------

    def pair(self, rule, s: str, p: int, t: str, q: int) -> bool:
        """Whether p at s and q at t break the rule."""
        nodes = self.rules.ids(rule.mask)
        if s == t or s not in nodes or t not in nodes:
            return False
        if rule.kind in ("differ", "departments") and p == q:
            return True
        both = p in self.people and q in self.people
        if rule.kind == "departments":
            return both and bool(self.people[p].departments & self.people[q].departments)
        if rule.kind == "senior":
            low, high = self.rules.ids(rule.lower), self.rules.ids(rule.upper)
            if s in low and t in high and both and self.people[p].rank >= self.people[q].rank:
                return True
            return t in low and s in high and both and self.people[q].rank >= self.people[p].rank
        return False

    def clash(self, s: str, one: Way, t: str, other: Way) -> bool:
        """Whether two acts that are still to be made break a rule about two acts."""
        for p, q in product(one, other):
            if any(self.pair(rule, s, p, t, q) for rule in self.rules.rules) or self.incompatible(s, p, t, q):
                return True
        return False

    def incompatible(self, s: str, p: int, t: str, q: int) -> bool:
        a, b = self.post(s), self.post(t)
        return s != t and p == q and a != b and self.office.incompatible(a, b) is not None

    def against(self, task: str, way: Way) -> bool:
        """Whether what has been done stands against an act, by rules about two acts."""
        for p in way:
            for rule in self.rules.rules:
                if any(self.pair(rule, task, p, t, q) for t, qs in self.fixed[rule.id].items() for q in qs):
                    return True
            if any(self.incompatible(task, p, t, q) for t, qs in self.all.items() for q in qs):
                return True
        return False

    @staticmethod
    def most(rule) -> int | None:
        return 1 if rule.kind == "same" else rule.most

    def voted(self, task: str) -> list[set[int]]:
        found = [set(p) for p in self.facts.instances.get(task, ()) if p]
        return found + ([set(self.way)] if task == self.task else [])

    def lacking(self, task: str) -> int | None:
        """How many votes a body still needs; None where no body decides."""
        body = self.rules.collective(task)
        if body is None:
            return None
        members = sum((self.post(task), None) in p.posts for p in self.people.values())
        there = task == self.task or self.facts.open.get(task)
        return max(body.needed(members) - (len(self.voted(task)) if there else 0), 0)

    def settled(self) -> bool:
        """Whether the act itself is in order."""
        task, way = self.task, self.way
        if task is None:
            return True
        if not self.entitled(task, way, self.signer):
            return False
        before = Oracle(self.rules, self.office, self.facts)
        before.held = {t: h for t, h in self.facts.claimed.items() if t != task or self.facts.open.get(task, 1) > 1}
        before.fixed = {r.id: before._counted(r.id) for r in self.rules.rules}
        before.all = before._counted(None)
        if before.against(task, way):
            return False
        for rule in self.rules.rules:
            nodes = self.rules.ids(rule.mask)
            if self.most(rule) is not None and task in nodes:
                persons = set().union(*(before.fixed[rule.id][t] for t in nodes))
                if len(persons | set(way)) > self.most(rule):
                    return False
        return not (self.rules.collective(task) and any(set(way) & v for v in before.voted(task)))

    def old_breach(self) -> bool:
        """Whether history alone breaks a ``people min`` rule."""
        for rule in self.rules.rules:
            past = self.facts.counted.get(rule.id, self.facts.performed)
            done = [past[t] for t in self.rules.ids(rule.mask) if past.get(t)]
            if rule.least > 1 and any(len(set(pick)) < min(rule.least, len(pick)) for n in range(1, len(done) + 1)
                                      for some in combinations(done, n) for pick in product(*some)):
                return True
        return False

    def runs(self, rule):
        """Every choice of tasks that may run in the end, with every way to pick one act for each: a person, or None for
        the planned one. At least one of them is new."""
        past = self.facts.counted.get(rule.id, self.facts.performed)
        nodes = self.rules.ids(rule.mask)
        fixed = self.fixed[rule.id]
        may_run = [t for t in nodes if fixed[t] or t in self.needed]
        certain = {t for t in may_run if past.get(t) or t in self.facts.sure}
        for n in range(len(may_run) + 1):
            for run in combinations(may_run, n):
                if certain <= set(run):
                    ways = [[*sorted(fixed[t]), *([None] if t in self.needed else [])] for t in run]
                    for pick in product(*ways):
                        if any(
                            p is None or p not in past.get(t, ()) or (t == self.task and p in self.way)
                            for t, p in zip(run, pick, strict=True)
                        ):
                            yield run, pick

    # -- one plan after the other --------------------------------------------------------------------------------------

    def tried(self) -> bool:
        if not self.settled():
            return False
        choices = []
        for t in self.needed:
            ways = [way for way in self.ways(t) if not self.against(t, way)]
            lacking = self.lacking(t)
            if lacking is None:
                choices.append([(t, (way,)) for way in ways])
            else:
                there = t == self.task or self.facts.open.get(t)
                gone = set().union(*self.voted(t)) if there else set()
                ways = [way for way in ways if not gone & set(way)]
                choices.append([
                    (t, some) for some in combinations(ways, lacking)
                    if len(set().union(*map(set, some))) == sum(map(len, some))
                ])
        return self._extend([], sorted(choices, key=len))

    def _extend(self, made, left) -> bool:
        if not left:
            return self._whole(dict(made))
        for t, some in left[0]:
            if all(not self.clash(t, way, s, other) for way in some for s, others in made for other in others) \
                    and self._extend([*made, (t, some)], left[1:]):
                return True
        return False

    def _whole(self, made: dict[str, tuple[Way, ...]]) -> bool:
        for rule in self.rules.rules:
            nodes = self.rules.ids(rule.mask)
            if self.most(rule) is not None and set(nodes) & set(self.needed):
                persons = set().union(*(self.fixed[rule.id][t] for t in nodes))
                for t in nodes:
                    for way in made.get(t, ()):
                        persons |= set(way)
                if len(persons) > self.most(rule):
                    return False
            if rule.least > 1:
                for run, pick in self.runs(rule):
                    ways = [made[t][0] if p is None else (p,) for t, p in zip(run, pick, strict=True)]
                    if min(len(set(picked)) for picked in product(*ways)) < min(rule.least, len(run)):
                        return False
        return True

    # -- a general solver ----------------------------------------------------------------------------------------------

    def solved(self) -> bool:
        from ortools.sat.python import cp_model

        if not self.settled():
            return False
        model = cp_model.CpModel()
        x = {t: {way: model.new_bool_var("") for way in self.ways(t)} for t in self.needed}
        for t in self.needed:
            lacking = self.lacking(t)
            model.add(sum(x[t].values()) == (1 if lacking is None else lacking))
            for way, one in x[t].items():
                if self.against(t, way):
                    model.add(one == 0)
            if lacking is not None:
                there = t == self.task or self.facts.open.get(t)
                gone = set().union(*self.voted(t)) if there else set()
                for p in self.people:
                    mine = [one for way, one in x[t].items() if p in way]
                    model.add(sum(mine) <= (0 if p in gone else 1))
        for s, t in combinations(self.needed, 2):
            for a, b in product(x[s], x[t]):
                if self.clash(s, a, t, b):
                    model.add_bool_or([x[s][a].negated(), x[t][b].negated()])
        for rule in self.rules.rules:
            nodes = self.rules.ids(rule.mask)
            if self.most(rule) is not None and set(nodes) & set(self.needed):
                persons = set().union(*(self.fixed[rule.id][t] for t in nodes))
                used = []
                for p in self.people.keys() - persons:
                    y = model.new_bool_var("")
                    for t in nodes:
                        for way, one in x.get(t, {}).items():
                            if p in way:
                                model.add_implication(one, y)
                    used.append(y)
                model.add(len(persons) + sum(used) <= self.most(rule))
            if rule.least > 1:
                for run, pick in self.runs(rule):
                    planned = [t for t, p in zip(run, pick, strict=True) if p is None]
                    for sides in product((0, -1), repeat=len(planned)):       # of a seat: the delegate, or the principal
                        side = dict(zip(planned, sides, strict=True))
                        used = []
                        for p in {q for q in pick if q is not None} | self.people.keys():
                            literals = [one for t in planned for way, one in x[t].items() if way[side[t]] == p]
                            if p in pick:
                                used.append(1)
                            elif literals:
                                y = model.new_bool_var("")
                                model.add_bool_or([y.negated(), *literals])
                                used.append(y)
                        model.add(sum(used) >= min(rule.least, len(run)))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        status = solver.solve(model)
        assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE)
        return status != cp_model.INFEASIBLE
