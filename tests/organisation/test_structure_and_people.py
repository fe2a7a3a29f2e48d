"""Departments, posts, people, absences, declarations."""
from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.organisation import actions, queries
from app.organisation.models import Department
from app.parties import actions as parties
from app.registers import today

from .conftest import SYSTEM, entries, hold, somebody


@pytest.mark.parametrize("code", ["", "cw", "C W", "CW.", "C.W", "办", "X" * 21, None, 7, "CW\n"])
def test_a_department_code_is_capital_letters_and_digits(office, code):
    with pytest.raises(Invalid):
        actions.open_department(code=code, zh="科", en="section", actor=SYSTEM)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "a\u202eb", "\ud800", None, ["x"]])
def test_a_name_is_one_visible_line(office, name):
    with pytest.raises(Invalid) as invalid:
        actions.open_department(code="NEW", zh=name, en="new", actor=SYSTEM)
    assert list(invalid.value.errors) == ["zh"]


def test_everything_wrong_is_said_at_once(office):
    with pytest.raises(Invalid) as invalid:
        actions.open_post(code="x", zh="", en="", kind="nothing", actor=SYSTEM)
    assert set(invalid.value.errors) == {"code", "zh", "en", "kind"}


def test_a_code_is_taken_once(office):
    with pytest.raises(Conflict):
        actions.open_department(code="CW", zh="x", en="x", actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.open_post(code="CW.SH", zh="x", en="x", kind="business", department_code="CW", actor=SYSTEM)
    with pytest.raises(NotFound):
        actions.open_post(code="ZZ.A", zh="x", en="x", kind="business", department_code="ZZ", actor=SYSTEM)


def test_a_post_of_every_department_has_none_and_every_other_has_one(office):
    for kind, place in (("general", "CW"), ("business", None)):
        with pytest.raises(Invalid) as invalid:
            actions.open_post(code="NEW.P", zh="x", en="x", kind=kind, department_code=place, actor=SYSTEM)
        assert list(invalid.value.errors) == ["department_code"]


def test_a_plan_is_adopted_whole_or_not_at_all(office):
    with pytest.raises(NotFound):
        actions.adopt_plan(
            departments=[{"code": "NEW", "zh": "新", "en": "new"}],
            duties=[{"post_code": "NO.SUCH", "zh": "x", "en": "x"}], actor=SYSTEM,
        )
    assert db.session.get(Department, "NEW") is None


def test_a_rule_needs_something_to_speak_of_and_is_declared_once_in_either_direction(office):
    for other in ("ZZ.*", "NO.SUCH", "CW.SH"):
        with pytest.raises(Invalid):
            actions.declare_incompatible(post_code="CW.SH", other=other, basis="b", actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.declare_incompatible(post_code="CW.CN", other="CW.SH", basis="b", actor=SYSTEM)


def test_renaming_keeps_the_code_and_tells_the_former_names(office):
    actions.rename_post("CW.SH", zh="稽核会计", en="Post CW.SH", actor=SYSTEM)
    entry = entries()[-1]
    assert (entry["what"], entry["post"]) == ("post.renamed", "CW.SH")
    assert entry["before"] == {"zh": "岗CW.SH"} and entry["after"] == {"zh": "稽核会计"}
    with pytest.raises(Conflict):
        actions.rename_post("CW.SH", zh="稽核会计", en="Post CW.SH", actor=SYSTEM)


def test_every_change_says_who_and_what_in_one_chain_without_gaps(office):
    somebody()
    found = entries()
    assert [e["seq"] for e in found] == list(range(1, len(found) + 1))
    assert {e["who"]["machine"] for e in found} == {"test"}
    assert found[-1]["what"] == "person.taken_on" and found[-1]["after"]["name"] == "陈晓梅"


def test_a_staff_number_is_taken_once_for_ever(office):
    person = somebody("7")
    actions.retire(person, on=today() - timedelta(days=1), actor=SYSTEM)
    with pytest.raises(Conflict):
        somebody("7", "李明", "Li Ming")


def test_changing_a_person_tells_before_and_after_and_only_what_changed(office):
    person = somebody()
    actions.change_person(person, name="陈小梅", suspended=False, certificate_until=date(2030, 1, 1), actor=SYSTEM)
    entry = entries()[-1]
    assert entry["before"] == {"name": "陈晓梅", "certificate_until": None}
    assert entry["after"] == {"name": "陈小梅", "certificate_until": date(2030, 1, 1)}
    with pytest.raises(Conflict):
        actions.change_person(person, name="陈小梅", actor=SYSTEM)
    with pytest.raises(Invalid) as invalid:
        actions.change_person(person, id=9, suspended="yes", actor=SYSTEM)
    assert set(invalid.value.errors) == {"id", "suspended"}
    with pytest.raises(NotFound):
        actions.change_person(person, department_code="ZZ", actor=SYSTEM)


def test_an_absence_covers_its_days_and_does_not_overlap_another(office):
    person = somebody()
    hold(person, "CW.SH")
    on = today()
    absence = actions.record_absence(person, since=on, until=on + timedelta(days=5), reason="培训", actor=SYSTEM)
    assert not queries.office(on).person(person).present
    assert queries.office(on + timedelta(days=6)).person(person).present
    with pytest.raises(Conflict):
        actions.record_absence(person, since=on + timedelta(days=5), reason="病假", actor=SYSTEM)
    actions.end_absence(absence, until=on + timedelta(days=2), actor=SYSTEM)
    assert queries.office(on + timedelta(days=3)).person(person).present
    actions.end_absence(absence, until=on - timedelta(days=1), actor=SYSTEM)
    assert queries.person(person).absences == []


def test_kin_are_declared_once_whoever_does_it_and_nobody_is_their_own(office):
    one, other = somebody("1"), somebody("2", "李明", "Li Ming")
    kinship = actions.declare_kinship(other, other_id=one, relation="spouse", declared_on=today(), actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.declare_kinship(one, other_id=other, relation="spouse", declared_on=today(), actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.declare_kinship(one, other_id=one, relation="spouse", declared_on=today(), actor=SYSTEM)
    assert queries.office(today()).person(one).kin == {other}
    assert queries.office(today()).person(other).kin == {one}
    actions.end_kinship(kinship, until=today() - timedelta(days=1), actor=SYSTEM)
    assert queries.office(today()).person(one).kin == frozenset()
    with pytest.raises(Conflict):
        actions.end_kinship(kinship, until=today(), actor=SYSTEM)


def test_an_interest_binds_the_persons_kin_too(office):
    one, other, third = somebody("1"), somebody("2", "李明", "Li Ming"), somebody("3", "王芳", "Wang Fang")
    party = parties.register(kind="organisation", name="某公司", credit_code="91350100M000100Y43", actor=SYSTEM)
    actions.declare_kinship(one, other_id=other, relation="direct", declared_on=today(), actor=SYSTEM)
    interest = actions.declare_interest(one, party_id=party, reason="持股", declared_on=today(), actor=SYSTEM)
    office_now = queries.office(today())
    assert office_now.person(one).interests == office_now.person(other).interests == {f"party:{party}"}
    assert office_now.person(third).interests == frozenset()
    with pytest.raises(Conflict):
        actions.declare_interest(one, party_id=party, reason="持股", declared_on=today(), actor=SYSTEM)
    actions.end_interest(interest, until=today() - timedelta(days=1), actor=SYSTEM)
    assert queries.office(today()).person(other).interests == frozenset()
