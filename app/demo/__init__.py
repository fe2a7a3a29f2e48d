"""The demonstration bureau: the tax bureau of Shuyuan (沭源), a county that does not exist.

Its data are the files beside this one, to be read and changed by hand; it is built through the actions, like an
office's own. Names, codes and identity numbers are made up: the district 321399 is assigned to nobody.
"""
from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

from ..accounts import actions as accounts
from ..accounts.models import Administrator
from ..change import Actor
from ..errors import Conflict
from ..extensions import db
from ..kernel.text import Text
from ..organisation import actions as organisation
from ..organisation.models import Department, Person
from ..parameters import actions as parameters
from ..parties import actions as parties
from ..registers import today

#: Everybody's password in a demonstration. Shown on the sign-in page in demonstration mode, and nowhere else of use.
PASSWORD = "gangze-demo"  # noqa: S105 - it is meant to be known

#: Who appears in the story of an expenditure, by username, in the order of their appearance.
STORY = {
    "chenxiaomei": Text("填报支出", "files the expenditure"),
    "zhengwei": Text("部门副职，又是审核会计：做了前一步，就不能再审核",
                     "deputy head and auditing accountant: who did the one may not do the other"),
    "liuzhiqiang": Text("部门负责人，审核本部门支出", "heads the department and checks its expenditure"),
    "zhouwenjing": Text("审核会计，可以退回", "audits, and may send back"),
    "hezhiyuan": Text("财务科长", "heads finance"),
    "zhaowenbin": Text("分管财务，审批", "deputy director in charge of finance, approves"),
    "fengli": Text("出纳，付款", "cashier, pays"),
    "tangxiaodong": Text("记账会计，记账归档", "bookkeeper, books and files"),
}

_ADMINISTRATORS = {
    "XX.YW": Administrator.SYSTEM, "XX.QX": Administrator.SECURITY, "XX.AQ": Administrator.AUDIT,
}



def _administers(posts: str) -> Administrator:
    """Deputies administer as well: what one deploys another activates."""
    return next((_ADMINISTRATORS[code] for p in posts.split() if (code := p.removesuffix(":B")) in _ADMINISTRATORS),
                Administrator.NONE)


#: (person, person, relation)
_KIN = (
    ("石磊", "谢婷", "spouse"), ("方敏", "郭建军", "collateral"), ("潘立新", "孟丽", "affinity"),
    ("黎光明", "卢珊", "direct"),
)
#: (person, party, why)
_INTERESTS = (
    ("易峰", "沭源县德盛机械制造有限公司", "配偶持有该公司股份"),
    ("熊英", "沭源县老街羊肉馆", "经营者为其兄"),
    ("尹航", "沭源县宏远商贸有限公司", "曾在该公司任职，离职未满三年"),
    ("朱丽娟", "沭源县晨光办公设备有限公司", "胞姐为该公司股东"),
)
#: (person, person, relation, how it was found, by whom): nobody declared these.
_KIN_FOUND = (
    ("杜鹃", "武建", "affinity", "干部档案核查发现：二人系姻亲", "董伟民"),
)
#: (person, party, reason, who asked, who took it down): a taxpayer's request that nobody has decided yet.
_REQUESTS = (
    ("段红", "沭源县永安物流有限公司", "与该公司财务负责人系同学，曾合伙经营", "该公司书面申请", "韩佳怡"),
)
#: (principal, delegate, posts, last day counted from the day of loading, why)
_PROXIES = (
    ("魏建平", "叶青松", ("SR.KZ", "ANY.HD"), 20, "参加省局业务集训，科务由征收管理科长代为主持"),
    ("任静", "姚磊", ("NS.SB",), 60, "产假期间申报征收窗口业务"),
)
#: (person, first day and last day counted from the day of loading, why)
_ABSENCES: tuple[tuple[str, int, int | None, str], ...] = (
    ("任静", -40, None, "产假"), ("魏建平", -4, 20, "省局业务集训"), ("武建", -3, 10, "省局稽查业务培训"),
    ("卢珊", -90, -84, "病假"), ("朱丽娟", 21, 27, "年休假"),
)


def load(*, actor: Actor) -> dict[str, int]:
    """Build the bureau in an empty store.

    Args:
        actor: in whose name; the machine's, because nobody is there yet.

    Returns:
        How many of what there are now.

    Raises:
        Conflict: there is an organisation already; nothing was changed.
    """
    if db.session.execute(db.select(Department.code).limit(1)).first() or db.session.execute(
        db.select(Person.id).limit(1)
    ).first():
        raise Conflict(Text(
            "已有机构数据，不再装入演示数据。",
            "There is an organisation already; the demonstration is not loaded over it.",
        ))
    departments, posts, duties = rows("departments"), rows("posts"), rows("duties")
    organisation.adopt_plan(
        departments=departments,
        posts=[{"code": p["code"], "zh": p["zh"], "en": p["en"], "kind": p["kind"],
                "department_code": p["department"] or None, "level": int(p["level"]), "domain": p["domain"] or None}
               for p in posts],
        duties=[{"post_code": d["post"], "zh": d["zh"], "en": d["en"]} for d in duties],
        incompatible=[{"post_code": r["post"], "other": r["other"], "scope": r["scope"], "basis": r["basis"]}
                      for r in rows("incompatible")],
        actor=actor,
    )
    people = rows("people")
    ids = _people(people, actor)
    staff = [row for row in people if row["department"] != "EXT"]
    accounts.add_many(
        [{"username": _username(row), "password": PASSWORD, "person_id": ids[row["name"]], "is_demo": True,
          "role": _administers(row["posts"])}
         for row in staff],
        actor=actor,
    )
    parameters.introduce(_parameters(), actor=actor)
    registered = rows("parties")
    keys = parties.register_many(
        [{**row, "credit_code": row["credit_code"] or None, "id_number": row["id_number"] or None}
         for row in registered],
        actor=actor,
    )
    _declarations(ids, dict(zip((row["name"] for row in registered), keys, strict=True)), actor)
    return {
        "departments": len(departments), "posts": len(posts), "people": len(people), "accounts": len(staff),
        "parties": len(registered),
    }


def rows(name: str) -> list[dict[str, str]]:
    """One of the files beside this one, as a list of its lines by column."""
    text = resources.files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _people(people: list[dict[str, str]], actor: Actor) -> dict[str, int]:
    """Everybody, and the posts they hold. Returns ids by name."""
    taken_on = organisation.take_on_many(
        [{"number": row["number"], "name": row["name"], "romanised": row["romanised"],
          "department_code": row["department"],
          "certificate_until": date.fromisoformat(row["certificate_until"]) if row["certificate_until"] else None}
         for row in people],
        actor=actor,
    )
    ids = dict(zip((row["name"] for row in people), taken_on, strict=True))
    organisation.appoint_many(
        [appointment for row in people for appointment in _appointments(row, ids[row["name"]])], actor=actor
    )
    return ids


def _appointments(row: dict[str, str], person_id: int) -> Iterator[dict[str, Any]]:
    """``CW.SH:B`` in a person's list: that post, as deputy (B 岗); a post of every department is held in their own."""
    for entry in row["posts"].split():
        code, _, role = entry.partition(":")
        yield {
            "person_id": person_id, "post_code": code, "role": role or "A", "since": date.fromisoformat(row["since"]),
            "department_code": row["department"] if code.startswith("ANY.") else None,
        }


def _username(row: dict[str, str]) -> str:
    return row["romanised"].replace(" ", "").lower()


def _parameters() -> list[dict[str, Any]]:
    source = tomllib.loads(resources.files(__name__).joinpath("parameters.toml").read_text(encoding="utf-8"))
    return [
        {
            "code": code, "title": Text(**said["title"]),
            "periods": [
                {"value": Decimal(p["value"]) if isinstance(p["value"], str) else p["value"], "unit": said["unit"],
                 "valid_from": p["from"], "basis": Text(p["zh"], p["en"])}
                for p in said["periods"]
            ],
        }
        for code, said in source.items()
    ]


def _declarations(ids: dict[str, int], keys: dict[str, int], actor: Actor) -> None:
    """Kin, interests, who is away, and who acts for whom."""
    on = today()
    for one, other, relation in _KIN:
        organisation.declare_kinship(
            ids[one], other_id=ids[other], relation=relation, declared_on=date(2023, 1, 10), actor=actor
        )
    for name, party, reason in _INTERESTS:
        organisation.declare_interest(
            ids[name], party_id=keys[party], reason=reason, declared_on=date(2023, 1, 10), actor=actor
        )
    for one, other, relation, note, finder in _KIN_FOUND:
        organisation.find_kinship(ids[one], other_id=ids[other], relation=relation, found_on=on, note=note,
                                  actor=Actor(person_id=ids[finder], name=finder))
    for name, party, reason, note, clerk in _REQUESTS:
        organisation.request_interest(ids[name], party_id=keys[party], reason=reason, requested_on=on, note=note,
                                      actor=Actor(person_id=ids[clerk], name=clerk))
    for name, first, last, reason in _ABSENCES:
        organisation.record_absence(
            ids[name], since=on + timedelta(days=first), until=None if last is None else on + timedelta(days=last),
            reason=reason, actor=actor,
        )
    for principal, delegate, posts, days, reason in _PROXIES:
        organisation.give_proxy(ids[principal], delegate_id=ids[delegate], since=on, until=on + timedelta(days=days),
                                reason=reason, posts=posts, actor=actor)
