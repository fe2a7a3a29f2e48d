"""Rules of separation are written into a diagram and nothing else in it is touched, not one byte."""
from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.bpmn.constraints import KINDS, mark, sentence
from app.kernel.bpmn.model import BPMN, GZ, Constraint
from app.kernel.bpmn.reader import read
from app.kernel.bpmn.revision import CannotRevise, revise, written

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = sorted(ROOT.glob("processes/*/*/process.bpmn"))
EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "100"))
NEW = Constraint("new", "people", ("a", "b"), basis='§1 "two" <三> & more', options={"min": "2"})
INSIDE = '<userTask id="a"/><userTask id="b"/><userTask id="c"/>'


def without_rules(source: bytes, codec: str = "utf-8") -> str:
    """Everything outside the one ``constraints`` element."""
    text = source.decode(codec)
    found = re.findall(r"<(?:\w+:)?constraints\b(?:[^<>]*/>|.*?</(?:\w+:)?constraints>)", text, re.S)
    assert len(found) == 1, found
    return text.replace(found[0], "·")


def rules_of(source: bytes, key: str = "p") -> dict[str, Constraint]:
    return {r.id: replace(r, line=None) for r in read(source).processes[key].constraints}


def wrapped(rules: str, before: str = "", after: str = "", head: str = "") -> bytes:
    return (f"<?xml version='1.0' encoding='UTF-8'?>\n{head}<!-- drawn by hand -->\n"
            f"<definitions xmlns='{BPMN}'   xmlns:gz=\"{GZ}\" xmlns:v='urn:vendor' targetNamespace='urn:t'\n\t>"
            f"<process isExecutable = 'true' id='p'><documentation>a &gt; b &#x4e00;</documentation>{before}"
            f"{rules}{after}{INSIDE}</process></definitions>\n<!-- end -->").encode()


@pytest.mark.parametrize("path", PACKAGES, ids=lambda p: p.parent.name)
def test_a_package_s_diagram_with_other_rules_differs_in_those_rules_alone(path: Path) -> None:
    source = path.read_bytes()
    process = next(iter(read(source).processes.values()))
    rules = list(process.constraints)
    changed = [*rules[1:-1], replace(rules[-1], basis="另一条依据"), replace(NEW, nodes=tuple(process.user_tasks)[:2])]
    revised = revise(source, process.id, changed)
    assert revised != source and without_rules(revised) == without_rules(source)
    assert rules_of(revised, process.id) == {r.id: replace(r, line=None) for r in changed}
    # Rules that stay keep their very line.
    lines = source.decode().splitlines()
    for rule in rules[1:-1]:
        assert next(line for line in lines if f'"{rule.id}"' in line) in revised.decode().splitlines()
    # And back again: only the place of a rule that was taken out and put back is another.
    back = revise(revised, process.id, rules)
    assert sorted(back.splitlines()) == sorted(source.splitlines())


@pytest.mark.parametrize("path", PACKAGES, ids=lambda p: p.parent.name)
def test_the_same_rules_in_any_order_are_the_same_bytes(path: Path) -> None:
    source = path.read_bytes()
    process = next(iter(read(source).processes.values()))
    assert revise(source, process.id, list(reversed(process.constraints))) == source


@pytest.mark.parametrize("holder", [
    "<extensionElements><gz:constraints/></extensionElements>",
    "<extensionElements><v:x a='>'/><gz:constraints id='k' ></gz:constraints><v:y/></extensionElements>",
    "<extensionElements>\r\n  <gz:constraints>\r\n    <!-- why -->\r\n  </gz:constraints>\r\n</extensionElements>",
    "<extensionElements><gz:constraints><gz:differ id='d' nodes='a b'/></gz:constraints></extensionElements>",
    "<extensionElements><gz:constraints>\n<gz:differ nodes='a b' id='d'></gz:differ><!-- last --> </gz:constraints>"
    "</extensionElements>",
    f"<extensionElements><constraints xmlns='{GZ}'><differ nodes='a b' id='d'/></constraints></extensionElements>",
    f"<extensionElements><w:constraints xmlns:w='{GZ}'>\n  <w:same id='d' nodes='a b' basis='a>b'/></w:constraints>"
    "</extensionElements>",
])
def test_a_rule_is_added_wherever_rules_are_kept(holder: str) -> None:
    source = wrapped(holder)
    was = list(rules_of(source).values())
    revised = revise(source, "p", [*was, NEW])
    assert rules_of(revised) == {r.id: r for r in (*was, NEW)}
    assert without_rules(revised) == without_rules(source)
    for kept in re.findall(r"<!--.*?-->|<(?:\w+:)?(?:differ|same)\b[^/]*'/>", holder):
        assert kept in revised.decode()


@pytest.mark.parametrize(("before", "after", "head"), [
    ("", "", ""), ("<extensionElements/>", "", ""), ("<extensionElements><v:x/></extensionElements>", "", ""),
    ("\n  <extensionElements>\n    <v:x/>\n  </extensionElements>\n", "", ""), ("", "<!-- c -->", "<?v keep?>"),
])
def test_a_diagram_without_rules_gets_a_place_for_them(before: str, after: str, head: str) -> None:
    source = wrapped("", before, after, head)
    revised = revise(source, "p", [NEW])
    assert rules_of(revised) == {"new": NEW}
    if "<v:x/>" in before:
        assert re.sub(r"\s*·(\s*(?=</ext))?", "", without_rules(revised)) == re.sub(r"\s*(?=</ext)", "", source.decode())
    assert revise(source, "p", []) == source
    assert rules_of(revise(revised, "p", [])) == {}
    order = re.findall(r"<(documentation|extensionElements|userTask)\b", revised.decode())
    assert order[:3] == ["documentation", "extensionElements", "userTask"]


def test_a_prefix_of_ours_that_means_something_else_there_is_not_relied_on() -> None:
    source = wrapped("").replace(f'xmlns:gz="{GZ}"'.encode(), b'xmlns:gz="urn:somebody"')
    assert rules_of(revise(source, "p", [NEW])) == {"new": NEW}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "iso-8859-1"])
def test_other_encodings_are_kept(encoding: str) -> None:
    named = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(encoding, encoding)
    text = wrapped("<extensionElements><gz:constraints/></extensionElements>").decode().replace("UTF-8", named)
    source = text.encode(encoding)
    rule = replace(NEW, basis="plain") if encoding == "iso-8859-1" else NEW
    revised = revise(source, "p", [rule])
    assert rules_of(revised) == {"new": rule}
    assert without_rules(revised, encoding) == without_rules(source, encoding)
    assert revised[:2] == source[:2]


def test_a_clause_that_the_file_s_encoding_cannot_hold_is_refused_not_mangled() -> None:
    source = wrapped("").decode().replace("UTF-8", "iso-8859-1").encode("iso-8859-1")
    with pytest.raises(CannotRevise):
        revise(source, "p", [NEW])


def test_a_rule_without_an_id_gets_the_one_it_went_by_before_others_move() -> None:
    source = wrapped("<extensionElements><gz:constraints><gz:same nodes='b c'/><gz:differ nodes='a b'/></gz:constraints>"
                     "</extensionElements>")
    rules = list(rules_of(source).values())
    assert [r.id for r in rules] == ["same-1", "differ-2"]
    assert rules_of(revise(source, "p", rules[1:])) == {"differ-2": rules[1]}


def test_only_the_process_asked_for_is_touched() -> None:
    source = wrapped("").replace(b"<process", b"<process id='q'><userTask id='z'/></process><process")
    revised = revise(source, "p", [NEW])
    assert rules_of(revised, "q") == {} and rules_of(revised) == {"new": NEW}
    with pytest.raises(CannotRevise):
        revise(source.replace(b"id='p'", b""), "#process2", [NEW])


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    kind = draw(st.sampled_from(sorted(KINDS)))
    nodes = tuple(draw(st.permutations("abc"))[: draw(st.integers(1, 3))])
    options = {o.name: draw(words) for o in KINDS[kind].options if draw(st.booleans())}
    return Constraint(draw(st.uuids()).hex, kind, nodes, draw(words), draw(st.sampled_from(["case", "party"])),
                      draw(st.sampled_from(["refuse", "escalate"])), options)


@settings(max_examples=EXAMPLES)
@given(st.lists(constraints(), max_size=4), st.lists(constraints(), max_size=4), st.data())
def test_whatever_is_taken_out_changed_and_added_reads_as_it_was_meant(
    first: list[Constraint], more: list[Constraint], data: st.DataObject
) -> None:
    source = wrapped("<extensionElements><v:a/><gz:constraints>" + "\n <!-- - -->".join(map(written, first))
                     + "</gz:constraints></extensionElements>")
    kept = [r for r in first if data.draw(st.booleans())]
    if kept:
        kept[-1] = replace(kept[-1], basis=data.draw(words))
    wanted = [*kept, *more]
    revised = revise(source, "p", wanted)
    assert rules_of(revised) == {r.id: r for r in wanted}
    assert without_rules(revised) == without_rules(source)


@settings(max_examples=EXAMPLES)
@given(st.one_of(constraints(), st.builds(Constraint, words, words)))
def test_whatever_somebody_is_still_typing_can_be_said_and_drawn(rule: Constraint) -> None:
    process = read(wrapped("")).processes["p"]
    for said in (sentence(process, rule), mark(rule)):
        assert isinstance(said.zh, str) and isinstance(said.en, str)
