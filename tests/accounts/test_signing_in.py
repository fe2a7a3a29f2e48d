"""Signing in and out, and tokens."""
from __future__ import annotations

import hashlib
from datetime import date

import pytest

from app.accounts import actions, queries
from app.accounts.models import ApiToken, SignInFailure
from app.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, TooMany
from app.extensions import db
from app.organisation import actions as organisation

from ..organisation.conftest import entries
from .conftest import GOOD, SYSTEM


def fail(username: str = "ada", times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            actions.sign_in(username, "wrong", address="192.0.2.1")


def test_the_right_password_opens_and_is_recorded_with_its_address(people):
    account = actions.sign_in(" ADA ", GOOD, address="192.0.2.1", session="s1")
    assert account.id == people.account
    entry = entries("access")[-1]
    assert entry["what"] == "account.signed_in"
    assert (entry["who"]["person"], entry["who"]["address"], entry["who"]["session"]) == (people.ada, "192.0.2.1", "s1")


def test_every_way_to_fail_says_the_same(people):
    retired = actions.add(username="bob", password=GOOD, person_id=people.bob, actor=SYSTEM)
    organisation.retire(people.bob, on=date(2026, 3, 1), actor=SYSTEM)
    actions.set_active(people.security, active=False, actor=SYSTEM)
    said = set()
    for username, password in [
        ("ada", "wrong"), ("nobody", GOOD), ("bob", GOOD), ("sec", "x"), ("", ""), (None, None), ("ada", None),
        ("ada", "x" * 100_000), ("x" * 100_000, GOOD), ("ad\x00a", GOOD),
    ]:
        with pytest.raises(NotSignedIn) as refused:
            actions.sign_in(username, password)
        said.add(refused.value.text)
    assert len(said) == 1 and retired


def test_an_unknown_name_is_verified_like_a_known_one(people, monkeypatch):
    from app.accounts import passwords

    asked = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda stored, password: asked.append(stored) or real(stored, password))
    fail("nobody")
    assert asked == [None]  # verify(None, …) does the work of a real one (test_accounts)


def test_a_name_typed_wrong_is_not_written_down_anywhere(people):
    fail("my-secret-password-in-the-wrong-field")
    entry = entries("access")[-1]
    assert entry["what"] == "account.sign_in_failed" and entry["known"] is False
    assert "secret" not in str(entry)
    (row,) = db.session.scalars(db.select(SignInFailure))
    assert row.key != hashlib.sha256(b"my-secret-password-in-the-wrong-field").digest()


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_five_failures_lock_a_name_for_a_time_whether_it_exists_or_not(people, username):
    fail(username, actions.FAILURES)
    with pytest.raises(TooMany):
        actions.sign_in(username, GOOD)
    assert entries("access")[-1]["what"] == "account.locked"
    people.later(minutes=5, seconds=1)
    if username == "ada":
        assert actions.sign_in("ada", GOOD).id == people.account
        fail("ada", actions.FAILURES)  # a success starts the count anew
    else:
        fail(username)
        with pytest.raises(TooMany):
            actions.sign_in(username, GOOD)


def test_a_lock_on_one_name_leaves_the_others_alone(people):
    fail("nobody", actions.FAILURES)
    assert actions.sign_in("ada", GOOD)


def test_old_failures_are_forgotten_and_leave_no_rows(people):
    fail("ada", actions.FAILURES - 1)
    fail("nobody", 2)
    people.later(hours=2)
    fail("ada", actions.FAILURES - 1)
    assert [row.count for row in db.session.scalars(db.select(SignInFailure))] == [actions.FAILURES - 1]
    assert actions.sign_in("ada", GOOD)


def test_guesses_side_by_side_do_not_get_past_the_lock(people, monkeypatch):
    """Each passed the first look before any of them failed; the look under the lock counts."""
    from app.accounts import passwords

    real = passwords.verify

    def meanwhile(stored, password):
        monkeypatch.setattr(passwords, "verify", real)
        fail("ada", actions.FAILURES)
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify", meanwhile)
    with pytest.raises(TooMany):
        actions.sign_in("ada", GOOD)


def test_a_password_changed_while_it_is_verified_does_not_open(people, monkeypatch):
    from app.accounts import passwords

    real = passwords.verify

    def meanwhile(stored, password):
        monkeypatch.setattr(passwords, "verify", real)
        actions.set_password(people.account, password="another good one", actor=people.as_sec)
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify", meanwhile)
    with pytest.raises(NotSignedIn):
        actions.sign_in("ada", GOOD)


def test_signing_out_is_recorded(people):
    actions.sign_out(actor=people.as_ada)
    assert entries("access")[-1]["what"] == "account.signed_out"


def test_a_token_opens_until_it_expires_and_only_its_hash_is_kept(people):
    issued = actions.issue_token(people.account, label="月报脚本", days=30, actor=people.as_ada)
    assert queries.by_token(issued.secret).id == people.account
    row = db.session.get(ApiToken, issued.id)
    assert row.hash == hashlib.sha256(issued.secret.encode()).digest()
    assert issued.secret not in str(entries("access"))
    people.later(days=30, seconds=1)
    assert queries.by_token(issued.secret) is None


@pytest.mark.parametrize("secret", ["", "gz_", "gz_" + "x" * 43, "gz_" + "x" * 5000, "Bearer", "gz_\x00"])
def test_a_made_up_token_opens_nothing(people, secret):
    actions.issue_token(people.account, label="x", actor=people.as_ada)
    assert queries.by_token(secret) is None


def test_a_token_is_revoked_once_by_its_owner_or_the_security_administrator(people):
    one = actions.issue_token(people.account, label="one", actor=people.as_ada)
    two = actions.issue_token(people.account, label="two", actor=people.as_ada)
    foreign = actions.issue_token(people.security, label="three", actor=people.as_sec)
    actions.revoke_token(one.id, actor=people.as_ada)
    actions.revoke_token(two.id, actor=people.as_sec)
    assert queries.by_token(one.secret) is None and queries.by_token(two.secret) is None
    with pytest.raises(Conflict):
        actions.revoke_token(one.id, actor=people.as_ada)
    with pytest.raises(NotFound):  # not even that it exists
        actions.revoke_token(foreign.id, actor=people.as_ada)
    with pytest.raises(NotFound):
        actions.revoke_token(999, actor=people.as_sec)


def test_nobody_issues_a_token_for_another_or_for_ever(people):
    with pytest.raises(Forbidden):
        actions.issue_token(people.account, label="x", actor=people.as_sec)
    for days in (0, -1, 367, True, "30"):
        with pytest.raises(Invalid):
            actions.issue_token(people.account, label="x", days=days, actor=people.as_ada)
    actions.set_active(people.account, active=False, actor=people.as_sec)
    with pytest.raises(Forbidden):
        actions.issue_token(people.account, label="x", actor=people.as_ada)
