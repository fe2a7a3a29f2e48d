"""A site: the demonstration bureau's application with nothing pushed, so that every request is a request of its own."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import make_app


@pytest.fixture
def site(bureau_home: Path) -> Iterator[Flask]:
    from app.extensions import db

    made = make_app(bureau_home, DEMO=True)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with an empty store, for what only draws."""
    from app.extensions import db

    made = make_app(tmp_path_factory.mktemp("bare"), DEMO=True)
    with made.app_context():
        db.create_all()
        db.session.remove()
    return made


@pytest.fixture
def visit(site: Flask) -> Callable[..., Any]:
    """``visit("chenxiaomei")``: a client signed in as somebody of the bureau; without a name, a stranger's."""

    def enter(username: str | None = None, *, language: str = "zh-CN") -> Any:
        client = site.test_client()
        client.set_cookie("language", language)
        if username is not None:
            answer = client.post("/sign-in", data={"username": username, "password": "gangze-demo"})
            assert answer.status_code == 302, answer.get_data(as_text=True)[-2000:]
        return client

    return enter


@pytest.fixture
def claim(visit: Callable[..., Any]) -> Callable[..., tuple[Any, str]]:
    """Chen Xiaomei files an expenditure; her client and the address of the case."""
    import io

    def file(**changed: str) -> tuple[Any, str]:
        chen = visit("chenxiaomei")
        answer = chen.post("/begin/expenditure", data={
            "purpose": "办税服务厅自助终端主板更换及调试费用", "category": "office", "budgetItem": "30213",
            "amount": "1,260.00", "payee": "宿迁市恒信电子有限公司", "payMode": "transfer",
            "voucher": (io.BytesIO(b"%PDF-1.4 invoice"), "发票.pdf"), "invoiceNo": "24327000000182640213", **changed,
        }, content_type="multipart/form-data")
        assert answer.status_code == 302, answer.get_data(as_text=True)[-3000:]
        return chen, answer.location

    return file
