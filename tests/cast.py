"""The cast: Ada requests, Bob authorises, Carol is an outsider, Dora audits; Eve could do both, Frank stands by."""
from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from app.change import Actor
from app.organisation import actions

SYSTEM = Actor.system("test")
SINCE = date(2020, 1, 1)

#: name -> (department, posts as CODE or CODE@DEPARTMENT)
PEOPLE = {
    "ada": ("D1", ["CLK"]),
    "bob": ("D1", ["HEAD"]),
    "carol": ("D2", ["OTHER"]),
    "dora": ("D2", ["ACC"]),
    "eve": ("D1", ["HEAD", "ACC"]),
    "frank": ("D2", ["ACC", "PAY"]),
    "grace": ("D1", ["CLK"]),
}
POSTS = {"CLK": "D1", "HEAD": "D1", "OTHER": "D2", "ACC": "D2", "PAY": "D2"}


def take_on() -> SimpleNamespace:
    """Everybody, as Actors, by name."""
    actions.adopt_plan(
        departments=[{"code": c, "zh": f"部门{c}", "en": f"Department {c}"} for c in ("D1", "D2")],
        posts=[
            {"code": code, "zh": f"岗{code}", "en": code, "kind": "business", "department_code": department}
            for code, department in POSTS.items()
        ],
        actor=SYSTEM,
    )
    ids = actions.take_on_many(
        [{"number": str(n + 1), "name": name.capitalize(), "romanised": name.capitalize(), "department_code": place}
         for n, (name, (place, _)) in enumerate(PEOPLE.items())],
        actor=SYSTEM,
    )
    people = dict(zip(PEOPLE, ids, strict=True))
    actions.appoint_many(
        [{"person_id": people[name], "post_code": post, "since": SINCE, "role": "A" if n == 0 else "B"}
         for name, (_, posts) in PEOPLE.items() for n, post in enumerate(posts)],
        actor=SYSTEM,
    )
    return SimpleNamespace(**{
        name: Actor(person_id=people[name], name=name.capitalize(), department=PEOPLE[name][0]) for name in people
    })
