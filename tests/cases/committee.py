"""A committee of five beside the cast: Lead presides where present; Una, Vic, Wen and Xia; Vic may also check."""
from __future__ import annotations

from types import SimpleNamespace

from app.change import Actor
from app.organisation import actions as organisation
from tests.cast import SINCE, SYSTEM
from tests.diagrams import diagram, end, flow, start, user, xor

from .conftest import NOTE, deployed

MEMBERS = {"lead": ["BODY", "TOP"], "una": ["BODY"], "vic": ["BODY", "HEAD"], "wen": ["BODY"], "xia": ["BODY"]}


def committee(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast with the committee, as Actors by name."""
    organisation.adopt_plan(
        posts=[
            {"code": "BODY", "zh": "委员会", "en": "Committee", "kind": "collective", "department_code": "D1"},
            {"code": "TOP", "zh": "局长", "en": "Director", "kind": "leadership", "department_code": "D1", "level": 4,
             "domain": "overall"},
        ],
        actor=SYSTEM,
    )
    ids = organisation.take_on_many(
        [{"number": f"C{n}", "name": name.capitalize(), "romanised": name.capitalize(), "department_code": "D1"}
         for n, name in enumerate(MEMBERS)],
        actor=SYSTEM,
    )
    people = dict(zip(MEMBERS, ids, strict=True))
    organisation.appoint_many(
        [{"person_id": people[name], "post_code": post, "since": SINCE, "role": "A"}
         for name, posts in MEMBERS.items() for post in posts if post != "HEAD"]
        + [{"person_id": people["vic"], "post_code": "HEAD", "since": SINCE, "role": "B"}],
        actor=SYSTEM,
    )
    return SimpleNamespace(**vars(cast), **{
        name: Actor(person_id=people[name], name=name.capitalize(), department="D1") for name in people
    })


def deciding(
    key: str = "spending", *, rule: str = 'quorum="2/3" chairLast="true"', more: str = "", domain: str = "",
    decisions: str = "agree refuse",
) -> int:
    """Somebody applies, the head checks, the committee decides; deployed and active."""
    source = diagram(
        key, start("s"), user("apply", "CLK", form="note"), user("check", "HEAD", form="note"),
        user("decide", "BODY", form="note", decisions=decisions), user("carry", "CLK", form="note"),
        xor("which", default="which-carry"), end("e"), end("no"),
        flow("which-carry", "which", "carry"), flow("which-no", "which", "no", 'decide.decision == "refuse"'),
        flow("carry-e", "carry", "e"), path="s apply check decide which",
        constraints=f'<gz:collective id="body" node="decide" {rule} basis="议事规则第三条"/>{more}',
    )
    if domain:
        source = source.replace(b"<gz:title", f"<gz:domain>{domain}</gz:domain><gz:title".encode())
    return deployed(source, {"note": NOTE})
