"""How many absences the office survives, and what would come of some."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from app.cases import actions
from app.definitions import queries as definitions
from app.organisation import queries as organisation
from app.separation import resilience
from app.separation.permissions import Part
from tests.cases.conftest import GOOD

from .conftest import TODAY, away


def test_one_definition_in_the_office_of_today(office: SimpleNamespace) -> None:
    [found] = resilience.strengths(TODAY)
    assert found.satisfiable and found.resilience.level == 1
    pairs = {frozenset(some) for some in found.resilience.critical}
    assert frozenset((office.bob.person_id, office.eve.person_id)) in pairs
    away(office.bob)
    [found] = resilience.strengths(TODAY)
    assert found.resilience.level == 0 and (office.eve.person_id,) in found.resilience.critical
    away(office.eve)
    [found] = resilience.strengths(TODAY)
    assert not found.satisfiable and found.resilience.level == -1
    assert "HEAD" in (found.satisfiable.because.en if found.satisfiable.because else "")


def test_the_answer_is_kept_as_long_as_the_office_is_the_same(office: SimpleNamespace) -> None:
    what, snapshot = definitions.meaning(definitions.active("approval").id), organisation.office(TODAY)
    assert resilience.strength(what, snapshot) is resilience.strength(what, snapshot)
    away(office.bob)
    assert resilience.strength(what, organisation.office(TODAY)).resilience.level == 0


def test_what_if_tells_what_would_stop_and_changes_nothing(office: SimpleNamespace) -> None:
    other = actions.start("approval", actor=office.grace, answers=GOOD)
    bob, eve, dora, frank = (p.person_id for p in (office.bob, office.eve, office.dora, office.frank))
    calm = resilience.what_if(absent=[bob], on=TODAY)
    assert (calm.broken, calm.stalled, calm.open) == ((), (), 2)
    out = resilience.what_if(absent=[bob, dora, frank], on=TODAY)
    assert [what.key for what, _ in out.broken] == ["approval"]
    assert sorted(s.case.id for s in out.stalled) == [office.case, other]
    assert any("Bob" in remedy.text.en for s in out.stalled for remedy in s.impasse.remedies)
    vacant = resilience.what_if(absent=[], vacant=["HEAD"], on=TODAY)
    assert vacant.broken and len(vacant.stalled) == 2
    assert resilience.what_if(absent=[eve, 10**12], vacant=["NONE"], on=TODAY).stalled == ()
    assert resilience.what_if(absent=[], on=TODAY).stalled == (), "nothing has changed"


def test_what_has_stalled_already_is_not_blamed_on_the_absence(office: SimpleNamespace) -> None:
    for person in (office.bob, office.dora, office.frank):
        away(person)
    out = resilience.what_if(absent=[office.eve.person_id], on=TODAY)
    assert (out.broken, out.stalled) == ((), ())


def test_another_day_has_another_leave(office: SimpleNamespace) -> None:
    for person in (office.dora, office.frank):
        away(person, date(2026, 5, 20), date(2026, 5, 22))
    absent = [office.bob.person_id]
    assert len(resilience.what_if(absent=absent, on=date(2026, 5, 21)).stalled) == 1
    assert resilience.what_if(absent=absent, on=date(2026, 5, 23)).stalled == ()


def test_a_leader_asks_about_their_own_processes(office: SimpleNamespace) -> None:
    mine = Part(frozenset({"finance"}), False)
    absent = [office.bob.person_id, office.dora.person_id, office.frank.person_id]
    out = resilience.what_if(absent=absent, on=TODAY, part=mine)
    assert (out.broken, out.stalled, out.open) == ((), (), 0) and resilience.strengths(TODAY, mine) == []
