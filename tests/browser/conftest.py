"""A real browser in front of a real server with the demonstration bureau.

Where there is no Chromium the tests are skipped with the reason; if GANGZE_REQUIRE names ``browser`` they fail instead.
"""
from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.conftest import make_app

#: Nothing in here may reach the network, and a container has no sandbox to offer.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def _unavailable(reason: str) -> None:
    if "browser" in os.environ.get("GANGZE_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"a browser is required: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = next((p for p in (*PLACES, shutil.which("chromium") or "") if p and Path(p).exists()), None)
    if path is None:
        _unavailable("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class House:
    """A served application: ``address``, ``work()`` does what its worker would do now, ``visitor()`` a new browser."""

    def __init__(self, app: Any, address: str, browser: Any) -> None:
        self.app = app
        self.address = address
        self.browser = browser
        self.complaints: list[str] = []
        self._contexts: list[Any] = []

    def work(self) -> None:
        """Jobs, timers and the log's sequencer, once round."""
        from app import jobs
        from app.extensions import db

        def once() -> None:
            with self.app.app_context():
                while jobs.run_due_jobs() + jobs.run_due_timers():
                    pass
                jobs.sequence()
                db.session.remove()

        # Playwright runs an event loop in the test's own thread.
        thread = threading.Thread(target=once)
        thread.start()
        thread.join()

    def visitor(self, *, language: str = "zh-CN", width: int = 1280, height: int = 860, **more: Any) -> Any:
        """A new browser at the sign-in page's door. What its console complains of, a test can ask for afterwards."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale=language, base_url=self.address, **more
        )
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: self.complaints.append(f"script: {e}"))
        return page

    def sign_in(self, username: str, **more: Any) -> Any:
        """Somebody of the demonstration bureau at their home page."""
        page = self.visitor(**more)
        page.goto(f"/sign-in?as={username}")
        page.click("#sign-in form button.main")
        page.wait_for_url(self.address + "/")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def house(bureau_home: Path, chromium: Any) -> Iterator[House]:
    """The demonstration bureau served on a port of this machine, jobs run when the test says so."""
    from app.extensions import db

    app = make_app(bureau_home, DEMO=True)
    app.config["WTF_CSRF_ENABLED"] = True
    app.config["TESTING"] = False
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served = House(app, f"http://127.0.0.1:{server.server_port}", chromium)
    yield served
    served.close()
    server.shutdown()
    thread.join()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page: one line for each kind of fault, with an example."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright")

    def look(page: Any) -> list[str]:
        return [
            f"{page.url} {v['id']}: {v['help']} e.g. {v['nodes'][0]['html'][:160]}"
            for v in module.Axe().run(page).response["violations"]
        ]

    return look


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    """A small invoice as a PDF."""
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "发票.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 720, "Invoice 24327000000182640213  CNY 12,800.00")
    canvas.save()
    return path
