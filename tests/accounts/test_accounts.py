"""Accounts, their passwords, the three administrators."""
from __future__ import annotations

from datetime import date

import pytest

from app.accounts import actions, passwords, queries
from app.accounts.models import Account, Administrator
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.organisation import actions as organisation

from ..organisation.conftest import entries
from .conftest import GOOD, SYSTEM


@pytest.mark.parametrize("password", [
    "short", "a" * 200, "aaaaaaaaaaaa", "1234567890", "0987654321", "qwertyuiop", "zhengwei-2026", "我是郑伟我最大呀呀呀", "ABCDEFGHIJKL", None, 12345678901,
])
def test_a_weak_password_is_refused_with_the_reason(people, password):
    with pytest.raises(Invalid) as invalid:
        actions.add(username="zhengwei", password=password, person_id=people.bob, actor=SYSTEM)
    assert invalid.value.errors["password"]
    assert queries.account_of("zhengwei") is None


def test_a_password_is_kept_only_as_a_salted_hash_and_never_in_the_trail(people):
    other = actions.add(username="bob", password=GOOD, person_id=people.bob, actor=SYSTEM)
    hashes = [db.session.get(Account, a).password_hash for a in (people.account, other)]
    assert hashes[0] != hashes[1] and all(h.startswith("$argon2id$") for h in hashes)
    assert GOOD not in str(entries("access")) and hashes[0] not in str(entries("access"))


def test_what_an_unknown_name_is_verified_against_costs_what_an_account_costs():
    stored = passwords.keep(GOOD)
    assert passwords._NOBODY.split("$")[:4] == stored.split("$")[:4]
    assert not passwords.verify(None, "anything")


def test_one_password_for_one_look():
    assert passwords.verify(passwords.keep("full width pass"), "full width pass")
    assert not passwords.verify("not a hash", GOOD)


@pytest.mark.parametrize("username", ["", "x", "1abc", "陈晓梅", "a b", "a" * 65, "a\nb", None, "a'--"])
def test_a_username_is_small_letters_and_digits(people, username):
    with pytest.raises(Invalid) as invalid:
        actions.add(username=username, password=GOOD, person_id=people.bob, actor=SYSTEM)
    assert list(invalid.value.errors) == ["username"]


def test_a_username_is_taken_once_and_a_person_has_one_account(people):
    with pytest.raises(Conflict):
        actions.add(username="ADA", password=GOOD, person_id=people.bob, actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.add(username="ada2", password=GOOD, person_id=people.ada, actor=SYSTEM)
    with pytest.raises(NotFound):
        actions.add(username="nobody", password=GOOD, person_id=999, actor=SYSTEM)


def test_who_acts_on_business_becomes_no_administrator(people):
    with pytest.raises(Conflict):
        actions.set_role(people.account, role="system_admin", actor=SYSTEM)
    organisation.appoint(
        person_id=people.bob, post_code="ANY.CLK", department_code="CW", since=date(2020, 1, 1), actor=SYSTEM
    )
    with pytest.raises(Conflict):
        actions.add(username="bob", password=GOOD, person_id=people.bob, role="audit_admin", actor=SYSTEM)


def test_an_administrator_gets_no_business_post(people):
    with pytest.raises(Refused) as refused:
        organisation.appoint(person_id=people.sec, post_code="CW.SH", since=date(2020, 1, 1), actor=SYSTEM)
    assert refused.value.objections[0].basis == "三权分立"


def test_an_account_closed_for_a_business_post_does_not_come_back_as_an_administrators(people):
    actions.set_active(people.security, active=False, actor=SYSTEM)
    organisation.appoint(person_id=people.sec, post_code="CW.SH", since=date(2020, 1, 1), actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.set_active(people.security, active=True, actor=SYSTEM)


def test_only_the_security_administrator_changes_accounts_and_never_the_own(people):
    for act in (
        lambda: actions.add(username="bob", password=GOOD, person_id=people.bob, actor=people.as_ada),
        lambda: actions.set_role(people.account, role="system_admin", actor=people.as_ada),
        lambda: actions.set_active(people.security, active=False, actor=people.as_ada),
        lambda: actions.set_password(people.security, password=GOOD, actor=people.as_ada),
        lambda: actions.set_role(people.security, role="audit_admin", actor=people.as_sec),
        lambda: actions.set_active(people.security, active=False, actor=people.as_sec),
    ):
        with pytest.raises(Forbidden):
            act()
    account = actions.add(username="bob", password=GOOD, person_id=people.bob, actor=people.as_sec)
    actions.set_role(account, role="audit_admin", actor=people.as_sec)
    assert db.session.get(Account, account).role is Administrator.AUDIT
    assert entries("access")[-1]["before"] == "none"


def test_changing_the_own_password_needs_the_present_one_and_ends_every_session_and_token(people):
    issued = actions.issue_token(people.account, label="script", actor=people.as_ada)
    generation = queries.account_of("ada").generation
    assert queries.by_session(people.account, generation) and queries.by_token(issued.secret)
    with pytest.raises(Invalid) as invalid:
        actions.set_password(people.account, password="another good one", current="wrong", actor=people.as_ada)
    assert list(invalid.value.errors) == ["current"]
    actions.set_password(people.account, password="another good one", current=GOOD, actor=people.as_ada)
    assert queries.by_session(people.account, generation) is None
    assert queries.by_token(issued.secret) is None
    assert actions.sign_in("ada", "another good one").id == people.account


def test_a_closed_account_or_a_person_who_left_ends_the_session(people):
    generation = queries.account_of("ada").generation
    organisation.retire(people.ada, on=date(2026, 3, 1), actor=SYSTEM)
    assert queries.by_session(people.account, generation) is None
    generation = queries.account_of("sec").generation
    actions.set_active(people.security, active=False, actor=SYSTEM)
    assert queries.by_session(people.security, generation) is None


def test_the_trail_names_the_person_by_the_post_of_the_day(people):
    account = queries.account_of("ada")
    actor = queries.actor_for(account, session="s1", address="192.0.2.1")
    assert actor.facts() == {
        "person": people.ada, "account": people.account, "name": "陈晓梅", "post": "CW.SH", "department": "CW",
        "session": "s1", "address": "192.0.2.1",
    }
