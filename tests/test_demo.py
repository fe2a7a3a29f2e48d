"""The demonstration bureau: complete, lawful, and with real choices."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import demo
from app.accounts import actions as signing
from app.accounts import queries as accounts
from app.accounts.models import Administrator
from app.change import Actor
from app.errors import Conflict
from app.extensions import db
from app.kernel.separation import Office
from app.organisation import queries as organisation
from app.organisation.models import Person, Post, PostKind, Relation
from app.parameters import queries as parameters
from app.parties import numbers
from app.parties import queries as parties
from app.registers import today
from app.trail.models import Entry

from .conftest import make_app

DOMAIN = Path(__file__).resolve().parents[2] / "shared" / "domain.md"


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The bureau's organisation alone; these tests only read."""
    made = make_app(tmp_path_factory.mktemp("demo"), DEMO=True)
    with made.app_context():
        db.create_all()
        demo.load(actor=Actor.system("demo"))
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def office(bureau: Flask) -> Office:
    return organisation.office(today())


def called(name: str) -> Person:
    return db.session.scalars(db.select(Person).where(Person.name == name)).one()


def holders(office: Office, post: str, department: str | None = None) -> set[int]:
    return {i for i in office.ids(office.holders(post, department)) if office.person(i).present}


def test_every_post_is_held_everybody_has_one_and_no_pair_is_incompatible(bureau):
    found = organisation.coverage(today())
    assert found.complete, found
    assert organisation.clashes() == []
    held = {h.post_code for h in organisation.holders(today())}
    assert {p.code for p in organisation.posts()} - held == {"SYS"}


def test_it_stays_complete_through_the_absences_it_comes_with(bureau):
    for days in range(0, 60, 3):
        assert organisation.coverage(today() + timedelta(days=days)).complete, days


def test_every_post_of_the_domain_with_its_incompatible_posts_is_there(bureau):
    if not DOMAIN.exists():
        pytest.skip("the domain's table of posts is not beside this checkout")
    rows = re.findall(r"^\| ([A-Z]+\.[A-Z]+|SYS) \| .*? \| .*? \| .*? \| (.*) \|$", DOMAIN.read_text("utf-8"), re.M)
    posts = {p.code: p for p in organisation.posts()}
    assert {code for code, _ in rows} == set(posts)
    apart = {frozenset((p.a, p.b)) for p in organisation.pairs()}
    for code, incompatible in rows:
        for named in re.findall(r"\b[A-Z]+\.(?:[A-Z]+|\*)", incompatible):
            others = [c for c, p in posts.items() if p.department_code == named[:-2]] if named.endswith("*") else [named]
            for other in others:
                assert frozenset((code, other)) in apart or other == code, (code, other)


def test_every_post_says_what_it_must_do_in_both_languages(bureau):
    said = Counter(row["post"] for row in demo.rows("duties"))
    assert set(said) == {p.code for p in organisation.posts()}
    assert all(row["zh"] and row["en"] for row in demo.rows("duties"))


def test_leaders_portfolios_are_the_least_set_that_satisfies_the_rules(bureau):
    led: dict[str, set[str]] = {}
    for holder in organisation.holders(today(), department_code="LD"):
        if holder.role == "A":
            led.setdefault(holder.name, set()).add(holder.post_code)
    assert sorted(map(sorted, led.values())) == [
        ["LD.BG", "LD.GL"], ["LD.CW", "LD.RS"], ["LD.HQ", "LD.JC"], ["LD.JJ"], ["LD.JZ"],
    ]


@pytest.mark.parametrize("post", [
    "CW.SH", "CW.KZ", "CW.CN", "CW.KJ", "CW.YS", "LD.CW", "LD.HQ", "LD.JZ", "HQ.ZC", "HQ.ZR", "HQ.CG", "HQ.YS", "JCJ.XA", "JCJ.JZ",
    "JCJ.JC", "JCJ.SL", "JCJ.ZX", "FG.SH", "FG.TZ", "JJ.XN", "JJ.ZR",
])
def test_the_posts_of_the_first_processes_have_somebody_to_stand_in(bureau, post):
    roles = Counter(h.role.value for h in organisation.holders(today(), post_code=post))
    assert roles["A"] >= 1 and roles["B"] >= 1


def assignable(choices: Sequence[set[int]]) -> bool:
    """Whether different people can be found for all places (augmenting paths)."""
    given: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        for person in choices[i]:
            if person not in seen:
                seen.add(person)
                if person not in given or place(given[person], seen):
                    given[person] = i
                    return True
        return False

    return all(place(i, set()) for i in range(len(choices)))


WORKING = ("BGS", "HQ", "CW", "RS", "JJ", "FG", "ZG", "SR", "NS", "FX", "ZD", "YB", "JCJ", "XX")


@pytest.mark.parametrize("place", WORKING)
def test_from_every_department_and_by_any_handler_the_chains_find_seven_different_people(office, place):
    chains = {
        "S01": ["CW.SH", "CW.KZ", "LD.CW", "CW.CN", "CW.KJ"], "S02": ["HQ.ZC", "CW.YS", "HQ.ZR", "LD.HQ"],
        "V01": ["JJ.XN", "JJ.ZR"],
    }
    handlers = holders(office, "ANY.CLK", place)
    assert handlers
    for handler in handlers:
        for name, posts in chains.items():
            choices = [{handler}, holders(office, "ANY.HD", place), *(holders(office, post) for post in posts)]
            assert assignable(choices), (name, place, office.name(handler))


def test_an_inspection_finds_its_people_though_one_of_each_is_away(office):
    posts = ["JCJ.XA", "JCJ.JC", "JCJ.JC", "JCJ.SL", "JCJ.ZX", "JCJ.JZ", "FG.TZ"]
    assert assignable([holders(office, post) for post in posts])
    for person in office.people:
        assert assignable([holders(office, post) - {person.id} for post in posts]), person.name


def test_the_people_of_the_story_stand_where_it_needs_them(bureau):
    def posts(name: str) -> set[tuple[str, str, str]]:
        return {(h.post.code, h.department.code, h.role.value) for h in organisation.posts_of(called(name).id, today())}

    assert posts("郑伟") >= {("ANY.HD", "NS", "B"), ("CW.SH", "CW", "B")}
    assert posts("陈晓梅") >= {("ANY.CLK", "NS", "A"), ("NS.WS", "NS", "A")}
    assert posts("刘志强") >= {("ANY.HD", "NS", "A"), ("NS.FJ", "NS", "A")}
    assert ("CW.SH", "CW", "A") in posts("周文静") and ("CW.SH", "CW", "B") in posts("吴海燕")
    assert ("CW.KZ", "CW", "A") in posts("何志远")
    assert set(demo.STORY) <= {a.username for a, _ in accounts.demonstration()}


def test_everybody_of_the_staff_can_sign_in_and_nobody_from_outside(bureau):
    staff = {p.id for p in organisation.search_people("", limit=1000) if p.department_code != "EXT"}
    assert {person.id for _, person in accounts.demonstration()} == staff
    account = signing.sign_in("chenxiaomei", demo.PASSWORD)
    actor = accounts.actor_for(account)
    assert (actor.name, actor.post, actor.department) == ("陈晓梅", "NS.WS", "NS")


def test_administrators_do_nothing_else_and_a_second_one_activates_what_the_first_deploys(bureau):
    found = [(account.role, person) for account, person in accounts.accounts() if account.role is not Administrator.NONE]
    assert sorted(role.value for role, _ in found) == ["audit_admin", "security_admin", "system_admin", "system_admin"]
    for _, person in found:
        assert {h.post.kind for h in organisation.posts_of(person.id, today())} == {PostKind.ADMINISTRATION}


def test_taxpayers_have_numbers_that_check_and_belong_to_nobody(bureau):
    found = parties.search("", limit=100)
    assert len(found) == 30 and len({p.name for p in found}) == 30
    for party in found:
        number = party.credit_code or party.id_number
        assert numbers.credit_code_is_valid(number) or numbers.id_number_is_valid(number)
        assert "321399" in number  # a district that does not exist


def test_kin_and_interests_are_there_to_be_avoided(office):
    assert sum(1 for p in office.people if p.kin) >= 6
    assert sum(1 for p in office.people if p.interests) >= 4
    assert {k for _, _, k in demo._KIN} == {r.value for r in Relation}


def test_the_numbers_of_the_domain_are_in_force_with_their_sources(bureau):
    now = parameters.all_on(today())
    assert {k: int(now[k]) for k in ("E1", "E2", "E3", "A1", "A2", "CASH_MAX", "SUPPLEMENT_MAX")} == {
        "E1": 2000, "E2": 10000, "E3": 50000, "A1": 5000, "A2": 50000, "CASH_MAX": 1000, "SUPPLEMENT_MAX": 2,
    }
    assert (parameters.value("HEARING_ASK", date(2012, 5, 1)), now["HEARING_ASK"]) == (3, 5)
    for row in parameters.periods():
        assert row.basis_zh and row.basis_en and ("未核实" in row.basis_zh) == ("unverified" in row.basis_en)


def test_everything_was_built_by_actions_and_is_in_the_trail(bureau):
    told = Counter(db.session.scalars(db.select(Entry.what)))
    assert told["person.taken_on"] == db.session.scalar(db.select(db.func.count()).select_from(Person))
    assert told["post.opened"] == db.session.scalar(db.select(db.func.count()).select_from(Post))
    assert told["account.added"] == len(accounts.accounts()) and told["party.registered"] == 30
    assert demo.PASSWORD not in "".join(str(body) for body in db.session.scalars(db.select(Entry.body)))
    for subject in ("organisation", "access", "parties", "parameters"):
        chain = db.session.execute(db.select(Entry.leaf, Entry.prev).where(Entry.subject == subject).order_by(Entry.seq))
        rows: list[Any] = chain.all()
        assert rows and all(later.prev == earlier.leaf for earlier, later in pairwise(rows))


def test_it_is_not_loaded_twice(bureau):
    before = db.session.scalar(db.select(db.func.count()).select_from(Entry))
    with pytest.raises(Conflict) as conflict:
        demo.load(actor=Actor.system("demo"))
    assert "已有" in conflict.value.text.zh
    assert db.session.scalar(db.select(db.func.count()).select_from(Entry)) == before
