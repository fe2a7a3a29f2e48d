"""The register of parties."""
from __future__ import annotations

import pytest

from app.change import Actor
from app.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.parties import actions, queries
from app.parties.models import Party

from ..organisation.conftest import entries

SYSTEM = Actor.system("test")
CODE, OTHER, ID = "91350100M000100Y43", "91110000600037341L", "11010519491231002X"


@pytest.fixture
def company(sqlite_app) -> int:
    return actions.register(
        kind="organisation", name="沭源县鑫达木业有限公司", credit_code=CODE, district="经济开发区", actor=SYSTEM
    )


def test_a_party_is_known_by_its_key(company):
    party = queries.party(company)
    assert party.key == f"party:{company}" and queries.by_key(party.key) is party
    assert queries.names([party.key, "party:999", "person:1", "party:x"]) == {party.key: party.name}


@pytest.mark.parametrize("key", [None, "", "party:", "party:x", "party:-1", "person:1", "party:²", "party:" + "9" * 30])
def test_a_key_that_is_none_finds_nobody(company, key):
    assert queries.by_key(key) is None
    assert queries.names([key] if key else []) == {}


@pytest.mark.parametrize(("given", "field"), [
    ({"kind": "organisation"}, "credit_code"),
    ({"kind": "organisation", "credit_code": CODE[:-1] + "1"}, "credit_code"),
    ({"kind": "individual"}, "id_number"),
    ({"kind": "individual", "id_number": "110105194912310021"}, "id_number"),
    ({"kind": "household"}, "credit_code"),
    ({"kind": "ghost", "credit_code": CODE}, "kind"),
])
def test_a_number_missing_or_wrong_is_said_at_its_field(sqlite_app, given, field):
    with pytest.raises(Invalid) as invalid:
        actions.register(name="某", actor=SYSTEM, **given)
    assert list(invalid.value.errors) == [field]
    assert db.session.scalars(db.select(Party)).all() == []


def test_a_number_is_taken_as_people_type_it_and_registered_once(company):
    with pytest.raises(Conflict) as conflict:
        actions.register(kind="organisation", name="另一家", credit_code=f" {CODE.lower()} ", actor=SYSTEM)
    assert "鑫达" in conflict.value.text.zh
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in OTHER)
    assert queries.party(actions.register(
        kind="household", name="老街羊肉馆", credit_code=full_width, actor=SYSTEM)).credit_code == OTHER


def test_the_trail_gets_an_identity_number_masked(sqlite_app):
    party = actions.register(kind="individual", name="胡大伟", id_number=ID, actor=SYSTEM)
    assert ID not in str(entries("parties")) and "110105**********2X" in str(entries("parties"))
    actions.update(party, id_number="440524188001010014", actor=SYSTEM)
    last = entries("parties")[-1]
    assert last["before"] == {"id_number": "110105**********2X"}
    assert last["after"] == {"id_number": "440524**********14"}


def test_an_update_tells_what_changed_and_keeps_the_rules(company):
    actions.update(company, name="沭源县鑫达家居有限公司", district="经济开发区", actor=SYSTEM)
    last = entries("parties")[-1]
    assert (last["before"], last["after"]) == ({"name": "沭源县鑫达木业有限公司"}, {"name": "沭源县鑫达家居有限公司"})
    other = actions.register(kind="organisation", name="乙", credit_code=OTHER, actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.update(other, credit_code=CODE, actor=SYSTEM)
    with pytest.raises(Conflict):
        actions.update(other, name="乙", actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.update(other, credit_code=None, actor=SYSTEM)
    with pytest.raises(Invalid):
        actions.update(other, kind="individual", actor=SYSTEM)
    with pytest.raises(NotFound):
        actions.update(999, name="丙", actor=SYSTEM)


def test_search_finds_by_name_and_code_but_an_identity_number_only_as_a_whole(company):
    person = actions.register(kind="individual", name="胡大伟", id_number=ID, actor=SYSTEM)

    def found(q: str) -> list[int]:
        return [p.id for p in queries.search(q)]

    assert found("鑫达") == found(CODE[:6].lower()) == [company]
    assert found(ID) == [person] and found(ID[:17]) == []
    assert set(found("")) == {company, person}
    assert found("%") == found("_") == []
    assert len(queries.search("", limit=1)) == 1
