"""Pages of what leaves the usual course: begin, skip, lay aside, take back, do ahead; how people want their work."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.cases.conftest import NOTE, deployed
from tests.diagrams import diagram, end, start, user

from .test_pages_of_cases import claimed, offered, text, version


def task(id: str, **words: str) -> str:
    said = "".join(f' gz:{word}="{value}"' for word, value in words.items())
    drawn = user(id, "ANY.CLK" if id == "apply" else "CW.SH", form="note", department="initiator" if id == "apply" else "")
    return drawn.replace("<bpmn:userTask ", f"<bpmn:userTask{said} ", 1)


@pytest.fixture
def begun(site: Flask, visit: Callable[..., Any]) -> tuple[Any, str]:
    """Chen Xiaomei's case of a process that lets its work go other ways; it waits for the auditor."""
    with site.app_context():
        deployed(diagram(
            "detours", start("s"), task("apply"), task("visit", skippable="yes", autostart="piled", allocation="offer:shortest-queue"),
            task("check", start="person"), task("file", predo="yes"), end("e"), path="s apply visit check file e",
        ), {"note": NOTE})
    chen = visit("chenxiaomei")
    answer = chen.post("/begin/detours", data={"note": "请查"})
    assert answer.status_code == 302, text(answer)[-2000:]
    return visit("zhouwenjing"), answer.location


def send(client: Any, item: str, verb: str, **said: str) -> Any:
    return client.post(f"{item}/{verb}", data={"_version": version(text(client.get(item))), **said})


def test_a_work_item_is_laid_aside_taken_up_and_skipped_with_a_reason(begun: tuple[Any, str]) -> None:
    zhou, case = begun
    assert "只交给您" in text(zhou.get(offered(zhou)))
    item, _ = claimed(zhou)
    answer = send(zhou, item, "suspend")
    assert answer.status_code == 422 and "请写明原因" in text(answer)
    assert send(zhou, item, "suspend", _opinion="等回函").status_code == 302
    page = text(zhou.get(item))
    assert "继续办理" in page and "跳过" not in page
    assert send(zhou, item, "resume").status_code == 302
    assert send(zhou, item, "skip").status_code == 422
    assert send(zhou, item, "skip", _opinion="资料齐全").status_code == 302
    told = text(zhou.get(case))
    assert all(word in told for word in ("搁置", "继续", "跳过", "资料齐全"))


def test_what_is_offered_to_one_alone_can_be_declined(begun: tuple[Any, str], visit: Callable[..., Any]) -> None:
    zhou, case = begun
    item = offered(zhou)
    assert send(zhou, item, "decline").status_code == 302
    assert offered(zhou) == item and "谢绝" not in re.sub(r"<nav.*?</nav>", "", text(zhou.get(item)), flags=re.S)
    assert "谢绝" in text(zhou.get(case))


def test_work_begins_when_its_holder_says_so_and_comes_back_when_they_want_it(begun: tuple[Any, str]) -> None:
    zhou, _ = begun
    visit_, _ = claimed(zhou)
    assert send(zhou, visit_, "complete", note="看过").status_code == 302
    page = text(zhou.get(visit_))
    assert "拿回" in page
    answer = zhou.post(f"{visit_}/take-back")
    assert answer.status_code == 302 and answer.location != visit_
    assert "看过" in text(zhou.get(answer.location))
    assert send(zhou, answer.location, "complete", note="又看过").status_code == 302
    check = offered(zhou)
    assert "签收并开始" in text(zhou.get(check))
    assert send(zhou, check, "claim").status_code == 302
    assert "开始办理" in text(zhou.get(check))
    assert send(zhou, check, "commence").status_code == 302
    assert send(zhou, check, "complete").status_code == 302


def test_a_node_is_done_before_its_turn(begun: tuple[Any, str], visit: Callable[..., Any]) -> None:
    zhou, _ = begun
    page = text(zhou.get("/coming"))
    (address,) = re.findall(r'href="(/cases/\d+/ahead/file)"', page)
    assert "即将到达" in page and "预办" in page
    assert zhou.get(address).status_code == 200
    wrong = zhou.post(address, data={"note": "长" * 500})
    assert wrong.status_code == 422 and "长长" in text(wrong)
    assert zhou.post(address, data={"note": "已备"}).status_code == 302
    assert zhou.post(address, data={"note": "已备"}).status_code == 409
    assert visit("pengcheng").get(address).status_code == 404
    assert visit("pengcheng").post(address, data={"note": "x"}).status_code == 404


def test_settings_of_ones_work_are_kept(begun: tuple[Any, str]) -> None:
    zhou, _ = begun
    page = text(zhou.get("/me/work"))
    assert 'value="detours/visit"' in page and "detours/check" not in page
    answer = zhou.post("/me/work", data={"ordering": "newest", "chained": "yes", "piled": "detours/visit"})
    assert answer.status_code == 302
    page = text(zhou.get("/me/work"))
    assert len(re.findall(r"checked", page)) == 3
    assert zhou.post("/me/work", data={"ordering": "backwards"}).status_code == 422
    assert zhou.post("/me/work", data={"piled": "detours/check"}).status_code == 422
    assert 'name="ordering" value="newest" checked' in text(zhou.get("/me/work"))
