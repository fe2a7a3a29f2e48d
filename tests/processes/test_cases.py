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


def _last_approver(package: Package, amount: str) -> str:
    """Who approves last for this amount when everybody agrees."""
    play = Play(package, {"by": "wang", "department": "BGS", "start": {"amount": amount}})
    play.begin()
    cast = {"head": "li", "audit": "zhao", "finance": "qian", "leader": "sun", "meeting": "zhou", "party": "wu"}
    play._answer_calls()
    while (node := next(iter(play.open.values()))) != "pay":
        play.act({"node": node, "as": cast[node], "decision": "agree"})
        play._answer_calls()
    return play.path[-2]


@pytest.mark.parametrize("amount", ["0.01", "1999.99", "2000", "2000.01", "9999.99", "10000", "10000.01", "12800",
                                    "50000", "50000.01", "999999.99"])
def test_the_diagram_of_s01_asks_who_the_decision_table_names(amount: str) -> None:
    from .table import decide
    package = next(p for p in PACKAGES if p.process.matter == "S01")
    names = {"amount": Decimal(amount), "param": package.golden["param"]}
    assert _last_approver(package, amount) == decide(package.path / "decisions" / "approver.dmn", names)


@pytest.mark.parametrize(("total", "catalogue"), [(t, c) for t in (1, 99_999, 100_000, 499_999, 500_000, 900_000)
                                                  for c in (True, False)])
def test_the_diagram_of_s02_buys_as_the_decision_table_says(total: int, catalogue: bool) -> None:
    from app.kernel.expressions import compile

    from .table import decide
    package = next(p for p in PACKAGES if p.process.matter == "S02")
    names = {"total": Decimal(total), "inCatalog": catalogue, "param": package.golden["param"]}
    way = decide(package.path / "decisions" / "procurement.dmn", names)
    formal = compile(package.process.scope.flows["method-to-formal"].condition).holds(names)
    assert formal == (way in ("tender", "centralised"))
