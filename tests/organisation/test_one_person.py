"""一人一档: one natural person has one record, one account, one bit in the gate."""
from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from app.accounts import actions as accounts
from app.accounts import queries as access
from app.accounts.models import Account
from app.change import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Refused
from app.extensions import db
from app.kernel.separation import Proxy as Seat
from app.organisation import actions, identity, queries
from app.organisation.models import Appointment, Person
from app.parties import actions as parties
from app.registers import Fields, today
from app.trail.models import Entry

from .conftest import SYSTEM, entries, hold, plan, somebody

NUMBER, ANOTHER = "11010519491231002X", "440524188001010014"


def join(number: str, id_number: str | None = None, place: str = "CW") -> int:
    return actions.take_on(number=number, name=f"人{number}", romanised=f"P{number}", department_code=place,
                           id_number=id_number, actor=SYSTEM)


def merge(keep: int, other: int, **more) -> None:
    actions.merge_people(keep, other, **{"reason": "重复建档", "actor": SYSTEM, **more})


def against(act) -> set[str]:
    with pytest.raises(Refused) as refused:
        act()
    assert all(o.basis and o.because.en for o in refused.value.objections)
    return {o.constraint for o in refused.value.objections}


# -- identity ----------------------------------------------------------------------------------------------------------

def test_a_natural_person_is_taken_on_once_and_the_refusal_names_the_record(office):
    known = join("1", NUMBER)
    with pytest.raises(Refused) as refused:
        join("2", " 11010519491231002x ")  # the same number, typed otherwise
    assert "人1" in refused.value.objections[0].because.zh and "1" in refused.value.objections[0].because.en
    assert entries()[-1]["what"] == "person.refused" and entries()[-1]["person"] == known
    other = join("3", ANOTHER)
    with pytest.raises(Refused):
        actions.change_person(other, id_number=NUMBER, actor=SYSTEM)
    without = join("4")
    actions.change_person(without, id_number="", name="人四", actor=SYSTEM)


def test_the_number_itself_is_kept_nowhere(office):
    person = join("1", NUMBER)
    actions.change_person(join("2"), id_number=ANOTHER, actor=SYSTEM)
    kept = db.session.get(Person, person).identity
    assert len(kept) == 32
    told = b"".join(bytes(body) if not isinstance(body, str) else body.encode()
                    for body in db.session.scalars(db.select(Entry.body)))
    for secret in (NUMBER, ANOTHER):
        assert secret.encode() not in told and secret[:17].encode() not in told
    assert kept.hex().encode() not in told and b'"identity"' in told


def test_the_hash_is_this_installations_own(sqlite_app: Flask):
    fields = Fields()
    one = identity.known_as(fields, "id_number", NUMBER)
    sqlite_app.config["SECRET_KEY"] = "another"
    assert identity.known_as(fields, "id_number", NUMBER) != one and not fields.errors


@pytest.mark.parametrize("number", [
    "110105194912310021", "11010519491331002X", "1", 7, ["x"], "x" * 100, "１" * 17 + "X", "11010519491231002\x00",
])
def test_a_number_that_cannot_be_is_told_at_its_field(office, number):
    with pytest.raises(Invalid) as invalid:
        join("1", number)
    assert list(invalid.value.errors) == ["id_number"]


def test_of_two_records_for_one_person_at_once_one_is_refused(app):
    plan()
    outcomes, ready = [], threading.Barrier(2)

    def act(number: str) -> None:
        with app.app_context():
            ready.wait()
            try:
                join(number, NUMBER)
                outcomes.append("taken on")
            except Refused:
                outcomes.append("refused")
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=act, args=(number,)) for number in ("1", "2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken on"]


# -- merging -----------------------------------------------------------------------------------------------------------

def test_what_was_the_others_is_the_kept_persons_and_old_acts_count(office):
    keep, other, third = join("1"), join("2", NUMBER), join("3")
    hold(keep, "CW.SH")
    hold(other, "ANY.CLK", department_code="CW")
    party = parties.register(kind="organisation", name="某公司", credit_code="91350100M000100Y43", actor=SYSTEM)
    actions.declare_interest(other, party_id=party, reason="持股", declared_on=today(), actor=SYSTEM)
    actions.declare_kinship(third, other_id=other, relation="spouse", declared_on=today(), actor=SYSTEM)
    actions.declare_kinship(keep, other_id=other, relation="collateral", declared_on=today(), actor=SYSTEM)
    actions.give_proxy(other, delegate_id=third, since=today(), until=today(), reason="x", actor=SYSTEM)
    actions.give_proxy(keep, delegate_id=other, since=today(), until=today(), reason="x", actor=SYSTEM)
    actions.record_absence(other, since=today() + timedelta(days=3), reason="病假", actor=SYSTEM)
    merge(keep, other)
    seen = queries.office(today())
    one = seen.person(keep)
    assert [p.id for p in seen.people] == [keep, third] and one.also == {other}
    assert seen.set_of([keep]) == seen.set_of([other])
    assert one.posts == {("CW.SH", "CW"), ("ANY.CLK", "CW")} and one.proxies == ()
    assert one.interests == {f"party:{party}"} and one.kin == {third}
    assert seen.person(third).kin == {keep}
    assert seen.person(third).proxies == (Seat(keep, frozenset({"CW.SH", "ANY.CLK"}), None),)
    assert not queries.office(today() + timedelta(days=3)).person(keep).present
    assert db.session.get(Person, keep).identity and db.session.get(Person, other).identity is None
    entry = entries()[-1]
    assert (entry["what"], entry["person"], entry["other"], entry["reason"]) == (
        "person.merged", keep, other, "重复建档")
    assert len(entry["moved"]["kinship"]) == 2 and len(entry["moved"]["appointment"]) == 1


def test_a_merged_record_is_nobody_any_more(office):
    keep, other = join("1"), join("2")
    merge(keep, other)
    assert [p.id for p in queries.search_people("")] == [keep]
    for act in (
        lambda: hold(other, "CW.SH"), lambda: merge(keep, other), lambda: merge(other, keep),
        lambda: actions.change_person(other, name="乙", actor=SYSTEM),
        lambda: actions.declare_kinship(other, other_id=keep, relation="spouse", declared_on=today(), actor=SYSTEM),
        lambda: accounts.add(username="other", password="x", person_id=other, is_demo=True, actor=SYSTEM),
    ):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(Refused):
        actions.give_proxy(keep, delegate_id=other, since=today(), until=today(), reason="x", actor=SYSTEM)


def test_records_of_records_lead_to_the_one_that_is_kept(office):
    first, second, third = join("1"), join("2"), join("3")
    merge(second, third)
    merge(first, second)
    assert queries.office(today()).person(first).also == {second, third}


def test_two_identity_numbers_are_two_people(office):
    assert against(lambda: merge(join("1", NUMBER), join("2", ANOTHER))) == {"identity"}
    last = entries()[-1]
    assert last["what"] == "person.refused" and last["attempted"] == "person.merged"


def test_posts_that_one_person_may_not_have_refuse_the_merger_unless_they_are_over(office):
    keep, other = join("1"), join("2")
    hold(keep, "CW.SH")
    cashier = hold(other, "CW.CN")
    assert against(lambda: merge(keep, other)) == {"incompatible"}
    assert db.session.get(Appointment, cashier).person_id == other
    actions.end_appointment(cashier, until=today() - timedelta(days=1), actor=SYSTEM)
    merge(keep, other)
    assert [c.basis for c in queries.clashes()] == ["会计法 §37"]  # history shows what one person did


def test_one_post_is_not_held_twice(office):
    keep, other = join("1"), join("2")
    hold(keep, "CW.SH")
    hold(other, "CW.SH", role="B")
    assert against(lambda: merge(keep, other)) == {"identity"}


def test_leaders_rules_refuse_a_merger(office):
    keep, other, third, on = join("1"), join("2"), join("3"), today()
    hold(keep, "LD.JZ")
    hold(third, "LD.JZ", role="B")
    actions.record_absence(keep, since=on, reason="病假", actor=SYSTEM)
    actions.end_absence(queries.person(keep).absences[0].id, until=on, actor=SYSTEM)
    hold(other, "LD.HQ")  # nobody stands in for LD.HQ, and its leader turns out to be away today
    assert against(lambda: merge(keep, other)) == {"LS-8"}


def test_who_administers_and_who_acts_on_business_are_two(office):
    keep, other = join("1"), join("2")
    hold(keep, "CW.SH")
    accounts.add(username="other", password="x", person_id=other, role="audit_admin", is_demo=True, actor=SYSTEM)
    assert against(lambda: merge(keep, other)) == {"administrator"}
    third = join("3")
    accounts.add(username="third", password="x", person_id=third, role="system_admin", is_demo=True, actor=SYSTEM)
    assert against(lambda: merge(other, third)) == {"administrator"}


def test_of_two_accounts_one_stays_open(office):
    keep, other = join("1"), join("2")
    for name, person in (("keep", keep), ("other", other)):
        accounts.add(username=name, password="secret", person_id=person, is_demo=True, actor=SYSTEM)
    theirs = accounts.sign_in("other", "secret")
    token = accounts.issue_token(theirs.id, label="x", days=1, actor=access.actor_for(theirs)).secret
    merge(keep, other)
    assert entries("access")[-1]["what"] == "account.deactivated"
    with pytest.raises(NotSignedIn):
        accounts.sign_in("other", "secret")
    assert access.by_token(token) is None and accounts.sign_in("keep", "secret").person_id == keep
    with pytest.raises(Conflict):
        accounts.set_active(theirs.id, active=True, actor=SYSTEM)


def test_an_only_account_goes_over_and_signs_in_anew(office):
    keep, other = join("1"), join("2")
    accounts.add(username="other", password="secret", person_id=other, is_demo=True, actor=SYSTEM)
    before = accounts.sign_in("other", "secret")
    account, generation = before.id, before.generation
    merge(keep, other)
    assert access.by_session(account, generation) is None
    assert accounts.sign_in("other", "secret").person_id == keep
    assert db.session.scalars(db.select(Account)).one().person_id == keep


def test_only_the_security_administrator_merges(office):
    keep, other = join("1"), join("2")
    account = accounts.add(username="keep", password="x", person_id=keep, is_demo=True, actor=SYSTEM)
    with pytest.raises(Forbidden):
        merge(keep, other, actor=Actor(person_id=keep, account_id=account))


def test_what_cannot_be_merged_is_told(office):
    keep, other = join("1"), join("2")
    with pytest.raises(Invalid):
        merge(keep, keep)
    with pytest.raises(Invalid):
        merge(keep, other, reason="")
    with pytest.raises(NotFound):
        merge(keep, 99)
    actions.retire(keep, on=today() - timedelta(days=1), actor=SYSTEM)
    with pytest.raises(Conflict):
        merge(keep, other)
    merge(other, keep)  # into who is there


def test_who_is_what_is_told_in_ranks(office):
    actions.place_post("LD.JZ", level=4, actor=SYSTEM)
    actions.place_post("ANY.HD", level=2, actor=SYSTEM)
    one, other, third = somebody("1"), somebody("2"), somebody("3")
    hold(one, "LD.JZ")
    hold(other, "LD.JZ", role="B")
    hold(third, "ANY.HD", department_code="CW", until=today())
    hold(third, "CW.SH")
    ranks = {p.id: p.rank for p in queries.office(today()).people}
    assert ranks == {one: 4, other: 3, third: 2}
    assert queries.office(today() + timedelta(days=1)).person(third).rank == 0
