"""What a diagram means for the office: its leaders decide only what is theirs, and there are people to work it."""
from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app import clock
from app.change import Actor
from app.definitions import actions, analysis, examining, packages, queries
from app.errors import Conflict, Invalid
from app.extensions import db
from app.organisation import actions as organisation
from app.organisation import queries as office
from app.organisation.models import Absence
from app.registers import today
from tests.api.conftest import FORM
from tests.diagrams import diagram, end, start, user

MACHINE = Actor.system("test")


def package(key: str, post: str, domain: str = "", decisions: str = "agree refuse", constraints: str = "") -> packages.Package:
    source = diagram(key, start("s"), user("apply", "ANY.CLK", form="request", department="initiator"),
                     user("approve", post, form="request", decisions=decisions), end("e"), path="s apply approve e",
                     constraints=constraints)
    if domain:
        source = source.replace(b"</gz:matter>", f"</gz:matter><gz:domain>{domain}</gz:domain>".encode())
    return packages.Package(source, {"request": FORM}, {}, "office")


def errors(made: packages.Package) -> dict[str, str]:
    found = examining.examine(made, office=examining.known())[1]
    return {f.rule: f.message.zh for f in found if f.severity == "error"}


@pytest.mark.parametrize("domain", ["人事", "财务", "基建", "finance"])
def test_the_principal_may_not_be_the_single_decision_in_personnel_finance_or_construction(
    bureau: Flask, domain: str
) -> None:
    found = errors(package("single", "LD.JZ", domain))
    assert set(found) == {"post.portfolio"} and "LS-6" in found["post.portfolio"]
    with pytest.raises(Invalid) as refused:
        actions.deploy(package("single", "LD.JZ", domain), actor=MACHINE)
    assert set(refused.value.errors) == {"approve"}


@pytest.mark.parametrize(("post", "domain"), [
    ("LD.CW", "财务"), ("LD.JZ", "稽查"), ("LD.JZ", ""), ("CW.KZ", "人事"), ("LD.DZ", "人事"),
])
def test_who_is_in_charge_a_body_and_a_head_of_section_decide(bureau: Flask, post: str, domain: str) -> None:
    assert errors(package("fine", post, domain)) == {}


def test_a_leader_decides_nothing_outside_their_field_but_may_take_a_step_that_decides_nothing(bureau: Flask) -> None:
    found = errors(package("outside", "LD.GL", "财务"))
    assert set(found) == {"post.portfolio"} and "LS-5" in found["post.portfolio"]
    assert errors(package("outside", "LD.GL", "财务", decisions="")) == {}


def test_a_collective_rule_stands_only_at_a_body_s_post(bureau: Flask) -> None:
    rule = '<gz:collective id="c" node="approve" quorum="2/3" basis="§"/>'
    assert errors(package("body", "LD.DZ", constraints=rule)) == {}
    assert set(errors(package("body", "LD.CW", constraints=rule))) == {"collective.post"}
    warned = {f.rule for f in examining.examine(package("body", "LD.DZ"), office=examining.known())[1]}
    assert "collective.missing" in warned


def test_a_wall_to_a_step_that_runs_nowhere_is_told(bureau: Flask) -> None:
    def warned(step: str) -> bool:
        rule = f'<gz:apart id="w" nodes="approve" from="{step}" party="taxpayer" basis="§"/>'
        found = examining.examine(package("walled", "CW.KZ", constraints=rule), office=examining.known())[1]
        assert not [f for f in found if f.severity == "error"]
        return ("constraint.elsewhere", "w") in {(f.rule, f.element) for f in found}

    assert warned("nowhere/audit") and warned("expenditure/reserve") and not warned("expenditure/audit")


def test_the_packages_of_the_house_have_a_field_and_nothing_against_them(bureau: Flask) -> None:
    for row in queries.all_active():
        assert queries.meaning(row.id).process.domain, row.key
        assert [f for f in examining.report(row.id) if f.severity == "error"] == [], row.key


def test_a_version_in_which_a_leader_acts_waits_until_every_field_has_its_leader(bureau: Flask) -> None:
    led = actions.deploy(package("led", "LD.CW", "财务"), actor=MACHINE)
    plain = actions.deploy(package("plain", "CW.KZ"), actor=MACHINE)
    personnel = next(p for p in office.all_portfolios(today()) if p.post.code == "LD.RS")
    # The organisation's own verbs leave no gap; a store that came from elsewhere may have one.
    for holder in (*personnel.leaders, *personnel.deputies):
        db.session.add(Absence(person_id=holder.person_id, since=today(), until=today(), reason="病假"))
    db.session.commit()
    assert {o.constraint for o in analysis.analyse(queries.meaning(led)).leaders} == {"LS-8"}
    with pytest.raises(Conflict) as refused:
        actions.activate(led, actor=MACHINE)
    assert "LS-8" in refused.value.text.zh and refused.value.facts["rules"] == ["LS-8"]
    actions.activate(plain, actor=MACHINE)


def test_the_report_says_which_departments_cannot_start_it_and_why_it_cannot_be_worked(bureau: Flask) -> None:
    s01 = queries.active("expenditure")
    told = {f.rule: f for f in examining.report(s01.id)}
    assert "office.without" in told and "局领导" in told["office.without"].message.zh
    clerks = actions.deploy(package("nobody", "CW.KZ"), actor=MACHINE)
    day = clock.now().date()
    for holder in office.holders(today(), post_code="CW.KZ"):
        organisation.record_absence(
            holder.person_id, since=day - timedelta(days=1), until=day + timedelta(days=1), reason="病假", actor=MACHINE)
    found = {f.rule: f for f in examining.report(clerks)}
    assert found["office.unworkable"].element == "approve" and found["office.unworkable"].severity == "warning"
    assert analysis.analyse(queries.meaning(clerks)).resilience.level == -1
