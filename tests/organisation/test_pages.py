"""The organisation's pages and its API, on the demonstration bureau: what is shown, refused and told."""
from __future__ import annotations

from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.organisation import queries
from app.organisation.models import Person, Standing
from app.registers import today

API = "/api/v1"


def called(name: str) -> int:
    return db.session.scalars(db.select(Person.id).where(Person.name == name)).one()


class Browser:
    """Somebody's browser. Each request has a context of its own: the test's would keep who asked before."""

    def __init__(self, app: Flask, name: str, language: str) -> None:
        self.client = app.test_client()
        self.client.set_cookie("language", language)
        assert self.post("/sign-in", data={"username": name, "password": "gangze-demo"}).status_code == 302

    def get(self, path: str) -> Any:
        return Context().run(self.client.get, path)

    def post(self, path: str, **more: Any) -> Any:
        return Context().run(self.client.post, path, **more)


def signed_in(app: Flask, name: str, language: str = "zh-CN") -> Browser:
    return Browser(app, name, language)


@pytest.fixture
def program(bureau: Flask) -> Any:
    """A program with somebody's token."""
    def of(name: str) -> Any:
        client, said = bureau.test_client(), {"username": name, "password": "gangze-demo"}
        token = Context().run(client.post, f"{API}/tokens", json=said).json["token"]

        def send(method: str, path: str, body: Any = None) -> Any:
            return Context().run(
                client.open, API + path, method=method, json=body, headers={"Authorization": f"Bearer {token}"})

        return send

    return of


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_opens_for_everybody_in_both_languages(bureau: Flask, language: str) -> None:
    for name in ("chenxiaomei", "weijianping", "sunguoliang", "longfei"):
        client = signed_in(bureau, name, language)
        for path in ("", "/portfolios", "/proxies", "/declarations"):
            page = client.get(f"/organisation{path}")
            assert (page.status_code == 200 and "领导分工" in page.text) or language == "en", (name, path)
            assert ("Leaders’ portfolios" in page.text) == (language == "en")


def test_the_portfolios_page_shows_who_leads_what_and_that_it_is_in_order(bureau: Flask) -> None:
    page = signed_in(bureau, "chenxiaomei").get("/organisation/portfolios").text
    assert "后勤保障 · 基建" in page and "王德明" in page and "符合制约规则" in page and "LS-3" in page


def test_a_proxy_is_given_and_taken_back_on_its_page(bureau: Flask) -> None:
    client, on = signed_in(bureau, "fuguodong"), today()
    form = {"delegate": "2201", "since": on.isoformat(), "until": (on + timedelta(days=5)).isoformat(),
            "reason": "外出", "processes": "tax-refund, risk", "posts": ["FX.JZ"]}
    delegate = called("沈洁")
    refused = client.post("/organisation/proxies", data={**form, "delegate": "汪洋", "posts": ["LD.JZ"]})
    assert refused.status_code == 409 and "不得转委托" in refused.text and "外出" in refused.text  # what was typed stays
    wrong = client.post("/organisation/proxies", data={**form, "delegate": "nobody", "until": "soon"})
    assert wrong.status_code == 422 and "没有这个人员" in wrong.text
    wrong = client.post("/organisation/proxies", data={**form, "delegate": "沈洁", "until": "soon"})
    assert wrong.status_code == 422 and "必须是日期" in wrong.text
    assert client.post("/organisation/proxies", data={**form, "delegate": "2202 沈洁"}).status_code == 302
    (given,) = queries.proxies(delegate)
    assert (given.posts, given.processes) == (["FX.JZ"], ["risk", "tax-refund"])
    assert "外出" in client.get("/organisation/proxies").text
    others = signed_in(bureau, "chenxiaomei").get("/organisation/proxies").text
    assert "沈洁代理傅国栋" in others and "外出</div>" not in others  # why is not everybody's business
    assert signed_in(bureau, "shenjie").post(f"/organisation/proxies/{given.proxy.id}/end").status_code == 403
    assert client.post(f"/organisation/proxies/{given.proxy.id}/end").status_code == 302
    assert client.post(f"/organisation/proxies/{given.proxy.id}/end").status_code == 409
    db.session.rollback()
    assert queries.proxies(delegate)[0].state(today()) == "ended"


def test_a_request_is_taken_down_by_one_and_decided_by_another_on_their_pages(bureau: Flask) -> None:
    (waiting,) = queries.declarations(standing=Standing.UNDECIDED)
    clerk, head = signed_in(bureau, "hanjiayi"), signed_in(bureau, "gongweidong")
    assert "待您决定" not in clerk.get("/organisation/declarations").text
    assert "待您决定" in head.get("/organisation/declarations").text
    decide = f"/organisation/declarations/{waiting.id}/decide"
    assert head.post(decide, data={"granted": "yes", "reason": ""}).status_code == 422
    assert head.post(decide, data={"granted": "maybe", "reason": "x"}).status_code == 422
    assert signed_in(bureau, "duanhong").post(decide, data={"granted": "no", "reason": "x"}).status_code == 409
    assert signed_in(bureau, "chenxiaomei").post(decide, data={"granted": "no", "reason": "x"}).status_code == 404
    assert clerk.post(decide, data={"granted": "yes", "reason": "x"}).status_code == 409
    assert head.post(decide, data={"granted": "yes", "reason": "属实"}).status_code == 302
    db.session.rollback()
    assert queries.office(today()).person(called("段红")).interests


def test_an_interest_is_declared_on_its_page_and_what_is_wrong_is_told_at_its_field(bureau: Flask) -> None:
    client = signed_in(bureau, "chenxiaomei")
    form = {"source": "declared", "kind": "interest", "party": "沭源县永安物流有限公司", "reason": "表兄在该公司任职"}
    for wrong, said in (
        ({"party": "没有的公司"}, "没有这个当事人"), ({"party": ""}, "必须填写"), ({"reason": ""}, "必须填写"),
        ({"kind": "kinship", "other": "2104"}, "必须填写"), ({"kind": "x"}, "不能使用这个值"), ({"source": "y"}, "不能使用"),
        ({"person": "鬼"}, "没有这个人员"), ({"source": "requested"}, "必须填写"),
    ):
        page = client.post("/organisation/declarations", data={**form, **wrong})
        assert page.status_code == 422 and said in page.text, wrong
    assert client.post("/organisation/declarations", data={**form, "person": "姚磊"}).status_code == 403
    assert client.post("/organisation/declarations", data=form).status_code == 302
    assert "表兄" in client.get("/organisation/declarations").text
    assert client.post("/organisation/declarations", data=form).status_code == 409


def test_programs_give_and_end_proxies_with_problems_that_name_the_clause(bureau: Flask, program: Any) -> None:
    send, on = program("fuguodong"), today()
    body = {"delegate": called("沈洁"), "since": on.isoformat(), "until": on.isoformat(), "reason": "外出"}
    made = send("POST", "/proxies", body)
    assert made.status_code == 201 and made.json["state"] == "running" and made.json["delegate"]["name"] == "沈洁"
    assert made.json["id"] in [p["id"] for p in send("GET", "/proxies").json]
    seen = next(p for p in program("chenxiaomei")("GET", "/proxies").json if p["id"] == made.json["id"])
    assert seen["reason"] is None
    refused = send("POST", "/proxies", {**body, "delegate": called("傅国栋")})
    assert refused.status_code == 409 and refused.content_type == "application/problem+json"
    assert all(o["basis"] for o in refused.json["objections"])
    assert send("POST", f"/proxies/{made.json['id']}/end").json["state"] == "ended"
    for wrong, status in (
        ({"delegate": "x"}, 422), ({"delegate": 2**70}, 422), ({"delegate": 10**15}, 404), ({"since": 7}, 422),
        ({"until": "2026-13-01"}, 422), ({"posts": "FX.JZ"}, 422), ({"posts": ["NO.SUCH"]}, 404), ({"reason": ""}, 422),
        ({"principal": called("陈晓梅")}, 403), ({"processes": [None]}, 422), ({"extra": 1}, 422),
        ({"posts": ["x"] * 60}, 422),
    ):
        answer = send("POST", "/proxies", {**body, **wrong})
        assert answer.status_code == status, (wrong, answer.json)
    assert send("POST", "/proxies/99999/end").status_code == 404
    assert send("POST", f"/proxies/{2**70}/end").status_code == 404


def test_programs_read_the_portfolios(program: Any) -> None:
    found = {p["post"]: p for p in program("chenxiaomei")("GET", "/portfolios").json}
    assert found["LD.CW"]["domains"] == ["finance"] and found["LD.CW"]["leaders"][0]["name"] == "赵文斌"
    assert all(p["objections"] == [] for p in found.values()) and len(found) == 8


def test_programs_declare_ask_and_decide(bureau: Flask, program: Any) -> None:
    from app.parties import queries as parties

    party = parties.search("沭源县永安物流有限公司")[0].id
    clerk, head = program("chenxiaomei"), program("liuzhiqiang")
    made = clerk("POST", "/declarations", {"kind": "interest", "party": party, "reason": "表兄任职"})
    assert made.status_code == 201 and made.json["in_effect"] and made.json["source"] == "declared"
    asked = clerk("POST", "/declarations", {
        "kind": "interest", "source": "requested", "person": called("谢婷"), "party": party, "reason": "同学",
        "note": "公司来信"})
    assert asked.status_code == 201 and asked.json["standing"] == "undecided" and not asked.json["in_effect"]
    decide = f"/declarations/{asked.json['id']}/decide"
    refused = clerk("POST", decide, {"granted": True, "reason": "属实"})
    assert refused.status_code == 409 and refused.json["objections"][0]["basis"] == "公务员法 §77"
    assert program("wangyang")("POST", decide, {"granted": True, "reason": "属实"}).status_code == 404
    done = head("POST", decide, {"granted": False, "reason": "查无实据"})
    assert done.status_code == 200 and (done.json["standing"], done.json["decision"]) == ("refused", "查无实据")
    assert asked.json["id"] in [d["id"] for d in head("GET", "/declarations").json]
    assert asked.json["id"] not in [d["id"] for d in program("wangyang")("GET", "/declarations").json]
    for wrong, status in (
        ({"kind": "x"}, 422), ({"kind": "kinship"}, 422), ({"kind": "kinship", "other": called("姚磊"), "relation": "x"}, 422),
        ({"kind": "interest"}, 422), ({"kind": "interest", "party": 10**15, "reason": "x"}, 404),
        ({"kind": "interest", "party": party, "reason": ""}, 422), ({"kind": ["interest"]}, 422),
        ({"kind": "interest", "party": party, "reason": "x", "person": called("姚磊")}, 403),
        ({"kind": "kinship", "other": called("陈晓梅"), "relation": "spouse"}, 422),
    ):
        answer = clerk("POST", "/declarations", wrong)
        assert answer.status_code == status, (wrong, answer.json)
    for path in ("kinship-1x", "x", "interest-999999", "interest-" + "9" * 40):
        assert head("POST", f"/declarations/{path}/decide", {"granted": True, "reason": "x"}).status_code == 404
    assert head("POST", decide, {"granted": "yes", "reason": "x"}).status_code == 422
    assert head("POST", decide, {"granted": True, "reason": "x"}).status_code == 409
