"""The pages and the API of the desk: who gets in, what they see, and what happens to nonsense."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import jobs
from app.extensions import db
from app.organisation import actions as organisation
from app.organisation import queries as register
from app.registers import today
from app.separation.models import Finding, FindingState
from tests.api.conftest import API, World
from tests.cast import SYSTEM
from tests.conftest import make_app
from tests.web.conftest import claim, visit  # noqa: F401 - fixtures

PAGES = ("/separation", "/separation/resilience", "/separation/what-if", "/separation/findings")
DOORS = ("/separation/stalled", "/separation/resilience", "/separation/findings")


@pytest.fixture
def site(bureau_home: Path) -> Iterator[Flask]:
    made = make_app(bureau_home, DEMO=True)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def everybody_of(app: Flask, post: str) -> list[int]:
    """All who hold a post go on leave, and the worker has looked."""
    with app.app_context():
        people = [holder.person_id for holder in register.holders(today(), post_code=post)]
        for person in people:
            organisation.record_absence(person, since=today(), reason="病假", actor=SYSTEM)
    worked(app)
    return people


def worked(app: Flask) -> None:
    """What the worker would do."""
    with app.app_context():
        while jobs.sweep():
            pass


def recorded(app: Flask, case_id: int, person: int) -> int:
    with app.app_context():
        from app import clock
        from app.kernel.values import dumps

        key = db.session.execute(db.insert(Finding).values(
            key="a" * 64, kind="differ", rule="c1", basis="内控规范", case_id=case_id, zh="经办人自己审核", en="self-review",
            acts=dumps([{"node": "head", "persons": [person], "at": clock.now(), "entry": 3}]), first_seen=clock.now(),
            state=FindingState.OPEN,
        ).returning(Finding.id)).scalar_one()
        db.session.commit()
        return key


@pytest.mark.parametrize(("username", "sees"), [
    ("longfei", True), ("shiyu", True), ("zengqinghua", True), ("xiaoran", True), ("shenliqun", True),
    ("chenxiaomei", False), ("hezhiyuan", False), ("leiming", False),
])
def test_who_looks_after_separation_gets_in(visit: Callable[..., Any], username: str, sees: bool) -> None:  # noqa: F811
    client = visit(username)
    for page in PAGES:
        assert client.get(page).status_code == (200 if sees else 403), page
    assert ("职责分离" in client.get("/").get_data(as_text=True)) is sees, "what one may not use is not shown"


def test_a_stalled_case_is_on_the_desk_with_what_would_help(
    site: Flask, visit: Callable[..., Any], claim: Callable[..., Any]  # noqa: F811
) -> None:
    chen, address = claim()
    everybody_of(site, "CW.SH")
    for language, words in (("zh-CN", ("停办的办件", "S01-2026-0001", "会计审核", "补救办法", "返岗")),
                            ("en", ("Stalled cases", "Accountant audits", "What would help", "return to work"))):
        page = visit("longfei", language=language).get("/separation").get_data(as_text=True)
        for text in words:
            assert text in page, text
    assert "办税服务厅自助终端主板" not in visit("longfei").get("/separation").get_data(as_text=True), "not their case"
    assert "办税服务厅自助终端主板" in visit("zengqinghua").get("/separation").get_data(as_text=True)
    assert "S01-2026-0001" in visit("shenliqun").get("/separation").get_data(as_text=True) \
        or "S01-2026-0001" not in visit("guhaifeng").get("/separation").get_data(as_text=True)
    told = chen.get("/").get_data(as_text=True)
    assert "停办" in told and "无人可办" in told
    assert "无人可办" in chen.get(address).get_data(as_text=True), "the case's own story tells it"
    World(site).longfei.ok("GET", "/separation/stalled")


def test_leaders_see_the_processes_they_lead(site: Flask, visit: Callable[..., Any], claim: Callable[..., Any]) -> None:  # noqa: F811
    claim()
    everybody_of(site, "CW.SH")
    with site.app_context():
        from app.definitions import queries as definitions
        from app.organisation import portfolios

        domain = definitions.meaning(definitions.active("S01").id).process.domain
        leaders = {
            kind: next((h for post in register.posts() if fits(portfolios.charge(post))
                        for h in register.holders(today(), post_code=post.code)), None)
            for kind, fits in (
                ("principal", lambda c: portfolios.OVERALL in c),
                ("own", lambda c: bool(domain) and portfolios.canonical(domain) in c),
                ("other", lambda c: bool(c) and portfolios.INSPECTION in c),
            )
        }
        from app.accounts import queries as accounts

        usernames = {person.id: account.username for account, person in accounts.accounts()}
        names = {kind: usernames[h.person_id] for kind, h in leaders.items() if h is not None}
    world = World(site)
    assert len(getattr(world, names["principal"]).ok("GET", "/separation/stalled")) == 1
    assert getattr(world, names["other"]).ok("GET", "/separation/stalled") == []
    assert [d["matter"] for d in getattr(world, names["other"]).ok("GET", "/separation/resilience")] != []
    if "own" in names:
        assert len(getattr(world, names["own"]).ok("GET", "/separation/stalled")) == 1


def test_a_refusal_that_leaves_nobody_says_what_would_help(
    site: Flask, visit: Callable[..., Any], claim: Callable[..., Any]  # noqa: F811
) -> None:
    claim()
    everybody_of(site, "CW.SH")
    item = World(site).liuzhiqiang.ok("GET", "/cases/1")["work_items"][0]
    answer = visit("liuzhiqiang").post(f"/work-items/{item['id']}/claim", data={"_version": str(item["version"])})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "补救办法" in page and "返岗" in page
    problem = World(site).liuzhiqiang.post(f"/work-items/{item['id']}/claim", {"version": item["version"]}).json
    assert any("return to work" in text for text in problem["remedies"]) and problem["status"] == 409


def test_the_explanation_is_for_those_who_may_see_the_case(
    site: Flask, visit: Callable[..., Any], claim: Callable[..., Any]  # noqa: F811
) -> None:
    chen, address = claim()
    worked(site)
    case_id = int(address.rsplit("/", 1)[1])
    asked = f"/separation/explain?case={case_id}&node=head"
    page = chen.get(asked)
    assert page.status_code == 200 and "刘志强" in page.get_data(as_text=True)
    item = World(site).chenxiaomei.ok("GET", f"/cases/{case_id}")["work_items"][0]
    assert chen.get(f"/separation/explain?work_item={item['id']}&show=may-not").status_code == 200
    assert f"work_item={item['id']}" in chen.get(address).get_data(as_text=True), "the case's page leads there"
    for path in (asked, f"/separation/explain?work_item={item['id']}"):
        assert visit("fengli").get(path).status_code == 404
        assert World(site).fengli.get(path).status_code == 404
    found = World(site).chenxiaomei.ok("GET", f"/separation/explain?work_item={item['id']}")
    assert {"person", "name", "behalf", "behalf_name", "holds", "took_part", "allowed", "objections"} == set(found[0])


@pytest.mark.parametrize("query", [
    "", "case=1", "node=head", "case=x&node=head", "case=-1&node=head", "case=99999999999999999999&node=head",
    "case=1&node=" + "x" * 500, "work_item=abc", "work_item=0", "work_item=9223372036854775807",
    "case=1&node=head&show=everything", "case=1&node=%00", "case=١&node=head",
])
def test_nonsense_asked_of_explain_is_answered(site: Flask, visit: Callable[..., Any], query: str) -> None:  # noqa: F811
    assert visit("zengqinghua").get(f"/separation/explain?{query}").status_code in (404, 422)
    if "show" not in query:
        assert World(site).zengqinghua.get(f"/separation/explain?{query}").status_code in (404, 422)


@pytest.mark.parametrize("body", [
    {"absent": "all"}, {"absent": ["x"]}, {"absent": [True]}, {"absent": [-1]}, {"absent": [2**70]},
    {"absent": list(range(500))}, {"vacant": [1]}, {"vacant": ["x" * 100]}, {"vacant": "CW.CN"}, {"on": "tomorrow"},
    {"on": "2026-02-30"}, {"on": 5}, {"surprise": 1}, [], "x", {"absent": None},
])
def test_nonsense_asked_of_what_if_is_answered(site: Flask, body: Any) -> None:
    assert World(site).zengqinghua.post("/separation/what-if", body).status_code in (400, 422)


def test_what_if_over_the_api(site: Flask) -> None:
    world = World(site)
    with site.app_context():
        people = [h.person_id for h in register.holders(today(), post_code="CW.SH")]
    calm = world.zengqinghua.ok("POST", "/separation/what-if", {})
    assert calm["definitions"] == calm["cases"] == []
    out = world.zengqinghua.ok("POST", "/separation/what-if", {"absent": people, "on": "2030-01-01"})
    assert "S01" in [d["matter"] for d in out["definitions"]]
    assert "S01" in [d["matter"] for d in world.zengqinghua.ok(
        "POST", "/separation/what-if", {"vacant": ["CW.SH"]})["definitions"]]
    assert world.chenxiaomei.post("/separation/what-if", {}).status_code == 403


def test_what_if_without_javascript(site: Flask, visit: Callable[..., Any]) -> None:  # noqa: F811
    client = visit("zengqinghua")
    page = client.get("/separation/what-if?q=周文静").get_data(as_text=True)
    with site.app_context():
        person = register.search_people("周文静")[0].id
    assert f'name="absent" value="{person}"' in page and "加入" in page
    page = client.get(f"/separation/what-if?absent={person}&vacant=CW.CN&q=").get_data(as_text=True)
    assert "将有" in page and "出纳" in page
    page = client.get(f"/separation/what-if?absent={person}&drop=absent-{person}").get_data(as_text=True)
    assert "选择缺岗的人" in page
    for nonsense in ("absent=x&absent=99999999999999999999&vacant=%3Cb%3E", "drop=x", "q=" + "长" * 500, "absent=999999999"):
        assert client.get(f"/separation/what-if?{nonsense}").status_code == 200, nonsense
    wrong = client.get("/separation/what-if?on=gestern")
    assert wrong.status_code == 422 and "请填写日期" in wrong.get_data(as_text=True)


def test_a_finding_is_read_and_explained(
    site: Flask, visit: Callable[..., Any], claim: Callable[..., Any]  # noqa: F811
) -> None:
    _, address = claim()
    with site.app_context():
        chen = register.search_people("陈晓梅")[0].id
    key = recorded(site, int(address.rsplit("/", 1)[1]), chen)
    auditor = visit("shiyu")
    page = auditor.get(f"/separation/findings/{key}").get_data(as_text=True)
    assert "经办人自己审核" in page and "部门审核" in page and "陈晓梅" in page
    wrong = auditor.post(f"/separation/findings/{key}/explain", data={"reason": " "})
    assert wrong.status_code == 422 and "请写明原因" in wrong.get_data(as_text=True)
    assert auditor.get(f"/separation/findings/{key}/explain").status_code == 302
    leader = visit("sunguoliang")
    assert leader.get(f"/separation/findings/{key}").status_code == 200
    assert leader.post(f"/separation/findings/{key}/explain", data={"reason": "没事"}).status_code == 403
    world = World(site)
    assert world.chenxiaomei.post(f"/separation/findings/{key}/explain", {"reason": "没事"}).status_code == 403
    for bad in ({}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 6000}, {"reason": "\x00"}, []):
        assert world.zengqinghua.post(f"/separation/findings/{key}/explain", bad).status_code in (400, 422), bad
    assert auditor.post(f"/separation/findings/{key}/explain", data={"reason": "已复核"}).status_code == 302
    assert world.zengqinghua.post(f"/separation/findings/{key}/explain", {"reason": "再说"}).status_code == 409
    [found] = world.longfei.ok("GET", "/separation/findings?state=explained")
    assert (found["id"], found["state"], found["reason"]) == (key, "explained", "已复核")
    assert world.longfei.ok("GET", "/separation/findings") == []
    for missing in (f"/separation/findings/{10**12}", "/separation/findings?state=new"):
        assert world.longfei.get(missing).status_code in (404, 422)
        assert visit("longfei").get(missing).status_code == 404
    assert auditor.get("/separation/findings?state=all").status_code == 200


def test_the_doors_of_the_desk_are_closed_to_others(site: Flask) -> None:
    world = World(site)
    for path in (*DOORS, "/separation/findings/1"):
        assert world.nobody.get(path).status_code == 401
        assert world.chenxiaomei.get(path).status_code == 403
        assert world.zengqinghua.get(path).status_code in (200, 404)
    described = site.test_client().get(f"{API}/openapi.json").json["paths"]
    for path in (*DOORS, "/separation/explain", "/separation/what-if"):
        assert f"{API}{path}" in described or path in described, path
