"""The golden cases of every process package."""
from __future__ import annotations

from decimal import Decimal

import pytest

from app.kernel import separation

from .play import PACKAGES, Package, Play, golden_cases

CASES = list(golden_cases())


@pytest.mark.parametrize(("package", "case"), CASES, ids=[f"{p}:{c['id']}" for p, c in CASES])
def test_a_golden_case_goes_as_it_is_written(package: Package, case: dict) -> None:
    play = Play(package, case)
    play.run()
    if "invalid" in case:
        assert play.status == "running" and play.performed == {}
        return
    assert play.path == case["path"]
    assert play.status == case["state"]
    assert sorted(play.open.values()) == sorted(case.get("open", []))


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_whoever_starts_a_golden_case_can_see_it_finished_whatever_way_it_takes(package: Package) -> None:
    party = package.golden.get("party", {}).get("key")
    for case in package.golden["case"]:
        found = separation.satisfiable(
            package.rules, package.office, package.people.get(case["by"]), case.get("department"), party=party)
        if Play(package, case).first is not None:
            assert found.satisfied, found.because


@pytest.mark.parametrize(("amount", "last"), [
    ("0.01", "finance"), ("1999.99", "finance"), ("2000", "finance"), ("2000.01", "leader"), ("9999.99", "leader"),
    ("10000", "leader"), ("10000.01", "meeting"), ("12800", "meeting"), ("50000", "meeting"), ("50000.01", "party"),
    ("999999.99", "party"),
])
def test_the_amount_decides_who_approves_an_expenditure_last(amount: str, last: str) -> None:
    package = next(p for p in PACKAGES if p.process.matter == "S01")
    play = Play(package, {"by": "wang", "department": "BGS", "start": {"amount": amount}})
    play.begin()
    cast = {"head": "li", "audit": "zhao", "finance": "qian", "leader": "sun", "meeting": "zhou", "party": "wu"}
    play.settle()
    votes = {"wu": "agree", "xu": "agree", "jin": "agree", "zhou": "agree"}
    while "pay" not in play.open.values():
        (node,) = play.open.values()
        body = {name: vote for name, vote in votes.items() if node == "meeting" or name != "jin"}
        play.act({"node": node, "as": cast[node], "decision": "agree", "chair": "zhou", "votes": body})
        play.settle()
    assert play.path[-2:] == [last, "pay"]


@pytest.mark.parametrize(("total", "catalogue", "way"), [
    ("1", False, "quotation"), ("99999.99", False, "quotation"), ("1", True, "centralised"), ("100000", False, "centralised"),
    ("499999.99", True, "centralised"), ("500000", False, "tender"), ("500000", True, "tender"),
])
def test_the_total_and_the_catalogue_decide_how_an_asset_is_bought(total: str, catalogue: bool, way: str) -> None:
    package = next(p for p in PACKAGES if p.process.matter == "S02")
    names = {"total": Decimal(total), "inCatalog": catalogue, "param": package.golden["param"]}
    assert package.tables["decision.procurement"].decide(names) == {"procurement": way}
