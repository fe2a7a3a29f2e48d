"""Who has acted in a case and who holds what: all that separation of duties remembers of it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..definitions.queries import Meaning
from ..kernel import engine, separation
from ..kernel.values import dumps, loads


@dataclass(slots=True)
class Acts:
    """Grows with the diagram and with the number of people who acted, never with how long the case has run.

    Attributes:
        performed: node -> everybody who has ever acted there; a delegate and their principal both count.
        held: token of an open work item -> [node, holder or None, principal the holder acts for or None].
        round: multi-instance node -> the acts of its present round, each the list of its persons.
        recused: persons found to be biased in this case (回避): they act at no node of it.
        overridden: node -> persons who acted there under an emergency override.
    """

    performed: dict[str, list[int]] = field(default_factory=dict)
    held: dict[str, list[Any]] = field(default_factory=dict)
    round: dict[str, list[list[int]]] = field(default_factory=dict)
    recused: list[int] = field(default_factory=list)
    overridden: dict[str, list[int]] = field(default_factory=dict)

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
        return any(held[0] == node for held in self.held.values())

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
        if several:
            self.round.setdefault(node, []).append(persons)

    def facts(
        self, row: Mapping[str, Any], meaning: Meaning, state: str, data: Mapping[str, Any], without: int | None = None
    ) -> separation.CaseFacts:
        """The gate's view of the case.

        Args:
            row: ``party``, ``initiator_id`` and ``initiator_department`` of the case.
            state: the engine's.
            data: the case's values.
            without: the token that is being asked about: its own claim does not count against it.
        """
        claimed: dict[str, set[int]] = {}
        open_: dict[str, int] = {}
        instances: dict[str, list[frozenset[int] | None]] = {
            node: [frozenset(persons) for persons in acts] for node, acts in self.round.items()
        }
        for token, (node, *who) in self.held.items():
            open_[node] = open_.get(node, 0) + 1
            if int(token) == without:
                continue
            persons = frozenset(person for person in who if person is not None)
            if persons:
                claimed.setdefault(node, set()).update(persons)
            if meaning.node(node).loop is not None:
                instances.setdefault(node, []).append(persons or None)
        party = row["party"]
        return separation.CaseFacts(
            performed={node: frozenset(people) for node, people in self.performed.items()},
            claimed={node: frozenset(people) for node, people in claimed.items()},
            initiator=row["initiator_id"] or 0, initiator_department=row["initiator_department"], data=data,
            party=party, party_person=int(party.removeprefix("person:")) if party and party.startswith("person:") else None,
            reachable=engine.reachable(meaning.program, state), sure=engine.sure(meaning.program, state), open=open_,
            instances={node: tuple(people) for node, people in instances.items()},
            again=meaning.rules.after(self.performed), always=meaning.always, recused=frozenset(self.recused),
            overridden={node: frozenset(people) for node, people in self.overridden.items()},
        )


_NAMES = tuple(f.name for f in fields(Acts))
