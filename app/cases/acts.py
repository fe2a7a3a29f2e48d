"""Who has acted in a case and who holds what: all that separation of duties remembers of it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..definitions.queries import Meaning
from ..kernel import engine, separation
from ..kernel.values import dumps, loads


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other cases of the party mean for the rules of this one (served.py).

    Attributes:
        performed: (rule of scope ``party``, node) -> who did the node in other cases of the party.
        barred: ``rotate`` or ``apart`` rule -> whom it keeps out of its nodes now.
    """

    performed: Mapping[tuple[str, str], frozenset[int]]
    barred: Mapping[str, frozenset[int]]


@dataclass(slots=True)
class Acts:
    """Grows with the diagram and with the number of people who acted, never with how long the case has run.

    Attributes:
        performed: node -> everybody who has ever acted there; a delegate and their principal both count.
        held: token of an open work item -> [node, holder or None, principal the holder acts for or None].
        round: multi-instance node -> the acts of its present round, each the list of its persons.
        recused: persons found to be biased in this case (回避): they act at no node of it.
        overridden: node -> persons who acted there under an emergency override.
        signing: token of a work item with signers -> who has still to sign beside it (signing.py).
        signed: node -> those of ``performed`` who only signed there, or did it for somebody to whom it came back.
        signers: how many signers' work items there have been: their tokens are -1, -2 ...
        latest: node -> the persons of its latest act; of a node that several do, of its present or, until somebody
            acts in it, its last round. Kept only for definitions with a rule of scope ``iteration``.
        since: rule that a ``release`` has reset -> (node -> the persons who acted since its last release). A rule is
            here from the first time the node of its release has been passed.
        seeds: drawn node -> [seed of its next draw, hexadecimal, and which draw of the node that will be]. Secret until
            the draw; what everybody may know is the entry ``draw.committed``.
        sitting: token of a work item whose body is in session -> id of the session.
        attended: who convened a session of a body in this case, or was entitled to vote in one: they may see the case.
    """

    performed: dict[str, list[int]] = field(default_factory=dict)
    held: dict[str, list[Any]] = field(default_factory=dict)
    round: dict[str, list[list[int]]] = field(default_factory=dict)
    recused: list[int] = field(default_factory=list)
    overridden: dict[str, list[int]] = field(default_factory=dict)
    signing: dict[str, dict[str, Any]] = field(default_factory=dict)
    signed: dict[str, list[int]] = field(default_factory=dict)
    signers: int = 0
    latest: dict[str, list[int]] = field(default_factory=dict)
    since: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    seeds: dict[str, list[Any]] = field(default_factory=dict)
    sitting: dict[str, int] = field(default_factory=dict)
    attended: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> Acts:
        """As :meth:`written`."""
        return cls(**loads(text))

    def written(self) -> str:
        """As the case's row keeps it; what is empty is left out."""
        return dumps({name: value for name in _NAMES if (value := getattr(self, name))})

    def offer(self, token: int, node: str) -> None:
        """A work item nobody holds: newly opened, or given back."""
        self.held[str(token)] = [node, None, None]

    def allocate(self, token: int, node: str, person: int, behalf: int | None = None) -> None:
        """Somebody holds a work item, for themselves or on behalf of a principal."""
        self.held[str(token)] = [node, person, behalf]

    def open(self, token: int, node: str, first: bool) -> None:
        """The engine has opened a work item; ``first``: not a further instance of a multi-instance node."""
        if first and not self.holds(node):
            self.round.pop(node, None)     # a new round
        self.offer(token, node)

    def close(self, token: int) -> None:
        """A work item is no longer open."""
        self.held.pop(str(token), None)

    def holds(self, node: str) -> bool:
        """Whether a node has an open work item."""
        return any(held[0] == node for token, held in self.held.items() if not token.startswith("-"))

    def holder_of(self, node: str) -> set[int]:
        """Who holds a work item of a node."""
        return {held[1] for held in self.held.values() if held[0] == node and held[1] is not None}

    def holders(self) -> set[int]:
        """Everybody who holds a work item of the case."""
        return {held[1] for held in self.held.values() if held[1] is not None}

    def perform(self, node: str, persons: Iterable[int], *, several: bool) -> None:
        """Remember, for every rule to come, one act at a node: of a person, or of a delegate and their principal.

        Args:
            several: the node is multi-instance, and its rounds count.
        """
        persons = list(persons)
        known = self.performed.setdefault(node, [])
        known += [person for person in persons if person not in known]
        if self.signed.get(node):
            self.signed[node] = [person for person in self.signed[node] if person not in persons]
        if several:
            self.round.setdefault(node, []).append(persons)

    def sign(self, rules: separation.Rules, node: str, person: int) -> None:
        """Remember that somebody signed at a node: for every rule an act, but the node is not theirs to do again."""
        if person not in self.performed.setdefault(node, []):
            self.performed[node].append(person)
            self.signed.setdefault(node, []).append(person)
        counted = [self.latest] if rules.scoped("iteration") else []
        for id, since in self.since.items():
            rule = rules.rule(id)
            if rule is not None and node in rules.ids(rule.mask):
                counted.append(since)
        for acts in counted:  # beside the latest act, until the assignee's own takes its place
            acts[node] = list(dict.fromkeys((*acts.get(node, ()), person)))

    def did(self, node: str) -> list[int]:
        """Who has done a node, the latest last; who only signed there is left out."""
        signed = self.signed.get(node, ())
        return [person for person in self.performed.get(node, ()) if person not in signed]

    def to_sign(self) -> set[int]:
        """Everybody who has been added as a signer and has not signed yet, asked already or not."""
        return {
            person for known in self.signing.values() for group in known["groups"]
            for person in (*group["open"].values(), *group["waiting"])
        }

    def remember(self, rules: separation.Rules, node: str, persons: Iterable[int]) -> None:
        """One act at a node, after :meth:`perform`, for the rules that do not count all that was ever performed.

        A released rule of scope ``iteration`` counts the latest act of each node among those since the release.
        """
        acts = self.round.get(node)
        last = list(dict.fromkeys(person for act in acts for person in act)) if acts else list(persons)
        if rules.scoped("iteration"):
            self.latest[node] = last
        for id, counted in self.since.items():
            rule = rules.rule(id)
            if rule is None or node not in rules.ids(rule.mask):
                continue
            if rule.scope == "iteration":
                counted[node] = last
            else:
                known = counted.setdefault(node, [])
                known += [person for person in persons if person not in known]

    def restart(self, rule: str) -> None:
        """A release of ``rule`` has been passed: what was done so far ceases to count for it. That includes the act that
        led there, and the act of the node itself where the release is at somebody's task."""
        self.since[rule] = {}

    def facts(
        self, row: Mapping[str, Any], meaning: Meaning, state: str, data: Mapping[str, Any], without: int | None = None,
        elsewhere: Elsewhere | None = None, voting: bool = False,
    ) -> separation.CaseFacts:
        """The gate's view of the case.

        Args:
            row: ``party``, ``initiator_id`` and ``initiator_department`` of the case.
            state: the engine's.
            data: the case's values.
            without: the token that is being asked about: its own claim does not count against it.
            elsewhere: what other cases of the party say, where a rule asks for them.
            voting: what is asked about is a vote in the session on ``without``, not who holds its work item: a convenor
                who has voted holds it still.
        """
        rules = meaning.rules
        claimed: dict[str, set[int]] = {}
        open_: dict[str, int] = {}
        instances: dict[str, list[frozenset[int] | None]] = {
            node: [frozenset(persons) for persons in acts] for node, acts in self.round.items()
        }
        performed = {node: frozenset(people) for node, people in self.performed.items()}
        signers = self._signers(without) if self.signing else {}
        for node, people in signers.items():
            performed[node] = performed.get(node, frozenset()) | people
        for token, (node, *who) in self.held.items():
            if token.startswith("-"):
                continue
            open_[node] = open_.get(node, 0) + 1
            if int(token) == without or rules.collective(node) is not None:
                continue    # who convenes a body holds its item, and acts only by a vote of their own
            persons = frozenset(person for person in who if person is not None)
            if persons:
                claimed.setdefault(node, set()).update(persons)
            if meaning.node(node).loop is not None:
                instances.setdefault(node, []).append(persons or None)
        asked = self.held.get(str(without)) if without is not None and not voting else None
        if asked is not None and rules.collective(asked[0]) is not None:
            instances.pop(asked[0], None)
        party = row["party"]
        return separation.CaseFacts(
            performed=performed,
            claimed={node: frozenset(people) for node, people in claimed.items()},
            initiator=row["initiator_id"] or 0, initiator_department=row["initiator_department"], data=data,
            party=party, party_person=int(party.removeprefix("person:")) if party and party.startswith("person:") else None,
            reachable=engine.reachable(meaning.program, state), sure=engine.sure(meaning.program, state), open=open_,
            instances={node: tuple(people) for node, people in instances.items()},
            again=rules.after(self.performed), always=meaning.always, recused=frozenset(self.recused),
            overridden={node: frozenset(people) for node, people in self.overridden.items()},
            counted=self._counted(rules, elsewhere, signers), barred=elsewhere.barred if elsewhere is not None else {},
        )

    def _signers(self, without: int | None) -> dict[str, frozenset[int]]:
        """Node -> who has been added to sign there; they count as having acted from then on."""
        found: dict[str, frozenset[int]] = {}
        for token, known in self.signing.items():
            node = self.held[token][0]
            found[node] = found.get(node, frozenset()) | {
                person for group in known["groups"]
                for person in (*(who for key, who in group["open"].items() if int(key) != without), *group["waiting"])
            }
        return found

    def _counted(
        self, rules: separation.Rules, elsewhere: Elsewhere | None, signers: Mapping[str, frozenset[int]]
    ) -> dict[str, dict[str, frozenset[int]]]:
        """``CaseFacts.counted``. A release outweighs the scope: what it reset counts only what was done since, here."""
        found: dict[str, dict[str, frozenset[int]]] = {}
        for rule in rules.scoped("iteration"):
            found[rule.id] = {
                node: frozenset(self.latest[node]) for node in rules.ids(rule.mask) if node in self.latest
            }
        if elsewhere is not None:
            for rule in rules.scoped("party"):
                there = elsewhere.performed
                found[rule.id] = {
                    node: frozenset(self.performed.get(node, ())) | there.get((rule.id, node), frozenset())
                    for node in rules.ids(rule.mask)
                }
        for id, counted in self.since.items():
            found[id] = {node: frozenset(people) for node, people in counted.items()}
        for id, known in found.items() if signers else ():
            rule = rules.rule(id)
            for node in rules.ids(rule.mask) if rule is not None else ():
                if node in signers:
                    known[node] = known.get(node, frozenset()) | signers[node]
        return found


_NAMES = tuple(f.name for f in fields(Acts))
