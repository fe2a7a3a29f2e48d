"""How work is handed out, as a diagram says it: what is understood, and what is refused at import."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.bpmn import reader
from app.kernel.bpmn.resourcing import STRATEGIES, Allocation, Resourcing, allocation, distribution
from app.kernel.bpmn.rules import check
from tests.diagrams import diagram, end, start, user


def findings(attributes: str = "", inside: str = "", *, decisions: str = "", days: str = "1", loop: str = "") -> set[str]:
    """The errors of a process whose second task says something of our own."""
    task = user("check", "HEAD", decisions=decisions, days=days, ext=inside, inside=loop)
    task = task.replace("<bpmn:userTask ", f"<bpmn:userTask {attributes} ", 1)
    source = diagram("work", start("s"), user("apply"), task, end("e"), path="s apply check e")
    found = check(reader.read(source), posts={"CLK", "HEAD"})
    return {f.rule for f in found if f.severity == "error"}


def said(attributes: str = "", inside: str = "") -> Resourcing | None:
    task = user("check", "HEAD", ext=inside).replace("<bpmn:userTask ", f"<bpmn:userTask {attributes} ", 1)
    source = diagram("work", start("s"), user("apply"), task, end("e"), path="s apply check e")
    return reader.read(source).processes["work"].user_tasks["check"].resourcing


def test_a_node_that_says_nothing_costs_nothing() -> None:
    assert said() is None
    assert said('gz:allocation="offer" gz:distribution="enablement" gz:start="allocation"') is None


def test_everything_a_node_may_say_is_read() -> None:
    assert said(
        'gz:allocation="offer:capability:english>=2" gz:start="person" gz:skippable="yes"',
        '<gz:distribution>late:3</gz:distribution><gz:autostart>piled, chained</gz:autostart><gz:predo/>'
        '<gz:escalate to="CLK"/><gz:visible offered="office" allocated="post"/>',
    ) == Resourcing(
        Allocation("capability", "english>=2", offered=True), early=False, load=3, escalates=True, escalate_to="CLK",
        skippable=True, predo=True, start="person", piled=True, chained=True, offered_to="office", allocated_to="post",
    )
    assert Allocation("capability", "english>=2").capability == ("english", 2)
    assert Allocation("capability", "english").capability == ("english", 0)


@pytest.mark.parametrize("value", [
    "offer", "draw", "round-robin", "shortest-queue", "person:field", "staff:0012", "familiar:apply", "case-handler",
    "case-handler:审核", "capability:english", "capability:english>=2", "experienced", "least-experienced",
    "head-of:apply", "offer:round-robin", "offer:familiar:apply",
])
def test_good_values_are_understood(value: str) -> None:
    assert allocation(value) is not None and not findings(f'gz:allocation="{value}"')


@pytest.mark.parametrize("value", [
    "random", "draw:3", "person", "person:", "familiar", "familiar:nowhere", "head-of:s", "capability:", "round-robin:x",
    "capability:a b", "capability:english>=x", "capability:english>2", "offer:offer", "offer:draw", "offer:", "Draw",
    "case-handler：x", ":", "offer:offer:draw",
])
def test_bad_values_are_refused_where_they_stand(value: str) -> None:
    assert "vocabulary.allocation" in findings(f'gz:allocation="{value}"')


@pytest.mark.parametrize(("attributes", "inside", "rule"), [
    ('gz:distribution="late"', "", "vocabulary.distribution"),
    ('gz:distribution="late:0"', "", "vocabulary.distribution"),
    ('gz:distribution="late:10000"', "", "vocabulary.distribution"),
    ('gz:start="now"', "", "vocabulary.start"),
    ('gz:autostart="heaped"', "", "vocabulary.autostart"),
    ('gz:skippable="perhaps"', "", "vocabulary.skippable"),
    ('gz:predo="no"', "", "vocabulary.predo"),
    ("", '<gz:escalate to="NOBODY"/>', "vocabulary.escalate"),
    ("", '<gz:escalate post="HEAD"/>', "vocabulary.unknown"),
    ("", '<gz:visible offered="everybody"/>', "vocabulary.visible"),
    ('gz:visible="office"', "", "vocabulary.unknown"),
    ('gz:distribution="late:2" gz:start="creation"', "", "vocabulary.distribution"),
])
def test_what_nobody_could_carry_out_is_refused(attributes: str, inside: str, rule: str) -> None:
    assert rule in findings(attributes, inside)


def test_words_that_contradict_the_rest_of_the_node_are_refused() -> None:
    assert "vocabulary.skippable" in findings('gz:skippable="yes"', decisions="agree refuse")
    loop = '<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>' \
           "</bpmn:multiInstanceLoopCharacteristics>"
    assert "vocabulary.predo" in findings('gz:predo="yes"', loop=loop)
    assert "vocabulary.escalate" in findings("", "<gz:escalate/>", days="x")


def test_where_the_lot_or_a_body_decides_nobody_pushes_forward() -> None:
    for word in ('gz:predo="yes"', 'gz:escalate="yes"', 'gz:autostart="piled"'):
        assert f"vocabulary.{word[3:word.index('=')]}" in findings(f'gz:allocation="draw" {word}')


def test_a_finding_speaks_both_languages() -> None:
    source = diagram("work", start("s"), user("apply").replace("<bpmn:userTask ", '<bpmn:userTask gz:allocation="x" ', 1),
                     end("e"), path="s apply e")
    (found,) = [f for f in check(reader.read(source), posts={"CLK"}) if f.rule == "vocabulary.allocation"]
    assert "不能是" in found.message.zh and "cannot be" in found.message.en and found.repair is not None
    assert all(strategy in found.repair.en for strategy in STRATEGIES)


@given(st.text(max_size=40))
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    found = allocation(text)
    assert found is None or found.strategy in STRATEGIES
    assert distribution(text) is None or isinstance(distribution(text), tuple)
