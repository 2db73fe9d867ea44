"""The big screen in Chromium: read from afar, and never a picture whose age isn't told."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import uvicorn

from planning.issues import Issue
from serving.site import create_site
from tests.serving.conftest import Bench, missing_of_the_town
from tests.serving.page.test_screen import NOW, key
from tests.serving.page.test_views import planner

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

__all__ = ["planner"]  # a fixture
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
OFTEN = "document.body.dataset.every = 0.2"  # seconds between looks, for a test
LOUD = "document.body.dataset.loud = 0"
TABLE = "table.far tbody tr"


@dataclass
class Server:
    """A bench at a port of its own, to be stopped and started again."""

    bench: Bench
    port: int
    running: list[tuple[uvicorn.Server, threading.Thread]] = field(default_factory=list)

    def start(self) -> None:
        app = create_site(self.bench, clock=lambda: self.bench.now)
        config = uvicorn.Config(app, port=self.port, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)  # until it listens
        self.running.append((server, thread))

    def stop(self) -> None:
        while self.running:
            server, thread = self.running.pop()
            server.should_exit = server.force_exit = True
            thread.join()

    def address(self, token: str) -> str:
        return f"http://localhost:{self.port}/screen/{token}"


@pytest.fixture
def server(planner: Bench, make_issue: Callable[..., Issue]) -> Iterator[Server]:
    first = pd.Timestamp("2026-10-22")
    planner.issues().publish(make_issue(first).with_part("missing", missing_of_the_town(first)))
    planner.now = NOW
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made = Server(planner, free.getsockname()[1])
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where there is a browser

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield made
        made.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def opened(address: str, **look: Any) -> Page:
        contexts.append(browser.new_context(**look))
        page = contexts[-1].new_page()
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_screen_keeps_nobody_out_and_needs_no_scrolling(
    server: Server, open_page: Callable[..., Page]
) -> None:
    # It has no types, and is there only where there is a browser.
    from axe_playwright_python import sync_playwright as axe_playwright  # noqa: PLC0415

    axe = axe_playwright.Axe()
    address = server.address(key(server.bench))
    for width, height in ((1920, 1080), (1366, 768), (820, 1180)):
        for theme in ("light", "dark"):
            look = {"viewport": {"width": width, "height": height}, "color_scheme": theme}
            page = open_page(address, **look)
            found = axe.run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], look
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= innerWidth"), look
            if width > 1000:
                assert page.evaluate(f"{root}.scrollHeight <= innerHeight"), look
                sizes = page.evaluate(
                    "[...document.querySelectorAll('.tiles *')].filter((e) => e.textContent.trim())"
                    ".map((e) => parseFloat(getComputedStyle(e).fontSize))"
                )
                # 36 px of 1920 are capitals of 16 arc minutes from 4 m on a screen of 65 inches.
                assert min(sizes) >= 36 * width / 1920 * 0.9, look


def test_a_screen_keeps_its_picture_while_the_server_is_gone_and_says_since_when(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(server.address(key(server.bench)))
    trouble = page.locator(".trouble")
    page.wait_for_function("document.querySelector('[data-refreshed]').textContent")
    assert trouble.is_hidden()
    before = page.locator(TABLE).all_inner_texts()
    page.evaluate(OFTEN)
    server.stop()
    trouble.wait_for(state="visible")
    page.get_by_text("Not refreshed since").wait_for()
    assert "The server can’t be reached" in trouble.inner_text()
    assert page.locator(TABLE).all_inner_texts() == before
    page.evaluate(LOUD)
    page.locator("body.loud").wait_for()
    page.get_by_text("OLD PICTURE, don’t rely on it").wait_for()
    server.bench.now += pd.Timedelta(hours=1)
    server.start()
    trouble.wait_for(state="hidden")
    page.locator(TABLE).first.get_by_text("18:00").wait_for()  # the hours went on
    assert page.locator("body.loud").count() == 0


def test_a_screen_whose_computer_slept_says_so_before_it_asks(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(server.address(key(server.bench)))
    page.wait_for_function("document.querySelector('[data-refreshed]').textContent")
    page.route("**/screen/*", lambda _: None)  # no answer for now
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 8 * 3600 * 1000; }")
    page.get_by_text("OLD PICTURE, don’t rely on it: not refreshed since").wait_for()
    assert "This computer slept" in page.locator(".trouble").inner_text()


def test_a_revoked_key_takes_the_numbers_away(
    server: Server, open_page: Callable[..., Page]
) -> None:
    token = key(server.bench)
    page = open_page(server.address(token))
    assert page.locator(TABLE).count() > 0
    page.evaluate(OFTEN)
    server.bench.keys().revoke(token.split("_")[1])
    page.get_by_text("was revoked").wait_for()
    assert page.locator(TABLE).count() == 0
    assert page.locator("main svg").count() == 0


def test_an_error_of_the_server_keeps_the_numbers(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(server.address(key(server.bench)))
    page.route("**/screen/*", lambda route: route.fulfill(status=502, body="bad gateway"))
    page.evaluate(OFTEN)
    page.get_by_text("The server answers with an error (502)").wait_for()
    assert page.locator(TABLE).count() > 0


def test_without_scripts_a_screen_is_whole_and_loads_itself_again(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(server.address(key(server.bench)), java_script_enabled=False)
    assert page.locator(TABLE).count() > 10
    assert "Picture of Sat 24 Oct, 17:20" in page.content()
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "60"
