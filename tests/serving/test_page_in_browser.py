"""The page in Chromium: nothing that keeps people out, nothing from elsewhere, keys and paper."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import uvicorn

from serving.drawing import Drawings
from serving.duty_records import DutyRecord
from serving.site import create_site
from tests.serving.conftest import Bench, issue_of_the_town, missing_of_the_town

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
WEEK = "/week?week=2026-W43&area=south"
BESIDE = (
    *("/shift/2026-10-24/late?area=south", "/worries?week=2026-W43", "/accuracy?area=south"),
    *("/missing?week=2026-W43&area=south", "/events", "/shift/nothing?area=south"),
)
LOOKS = [
    *((path, 360, "dark") for path in BESIDE),
    *((WEEK, width, theme) for width in (360, 820, 1920) for theme in ("light", "dark")),
    *(("/week?area=nowhere", 360, "light"), ("/help", 820, "dark"), ("/sign-in", 360, "dark")),
]


@dataclass
class Site:
    """A served bench, and a browser."""

    address: str
    token: str
    browser: Browser

    @contextmanager
    def page(self, path: str, **look: Any) -> Iterator[Page]:
        """Open a page; whatever the browser complains of fails the test."""
        keys = {} if path == "/sign-in" else {"X-API-Key": self.token}
        context = self.browser.new_context(extra_http_headers=keys, **look)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: complaints.extend(self._elsewhere(sent.url)))
        answer = page.goto(self.address + path)
        assert answer is not None
        yield page
        # A page about what was not found is told as an error of loading, which it is.
        left = [said for said in complaints if not (answer.status == 404 and "404" in said)]
        assert left == []
        context.close()

    def _elsewhere(self, url: str) -> list[str]:
        return [] if url.startswith(self.address) else [f"asked elsewhere: {url}"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The town with missing-person demand, a plan and drawings."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where there is a browser

    bench = Bench(tmp_path_factory.mktemp("site"))
    bench.issues().publish(issue_of_the_town())
    bench.issues().publish(issue_of_the_town().with_part("missing", missing_of_the_town()))
    row: dict[str, Any] = {
        "area": "south",
        "role": "response",
        "shift": "late",
        "figure": "planned",
    }
    row |= {"force_day": pd.Timestamp("2026-10-24"), "officers": 1, "late": False}
    known = pd.DataFrame([row]).assign(known_at=pd.Timestamp("2026-10-01T00:00Z"))
    bench.record = DutyRecord(known.astype({"officers": "int32"}))
    drawings = Drawings()
    app = create_site(bench, clock=lambda: bench.now, drawings=drawings)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)  # until it listens
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            yield Site(f"http://localhost:{port}", bench.token, browser)
            browser.close()
    finally:
        server.should_exit = True
        thread.join()
        drawings.close()


def test_views_keep_nobody_out(site: Site) -> None:
    # It has no types, and is there only where there is a browser.
    from axe_playwright_python import sync_playwright as axe_playwright  # noqa: PLC0415

    axe = axe_playwright.Axe()
    drawn = 0
    for path, width, theme in LOOKS:
        with site.page(path, viewport={"width": width, "height": 900}, color_scheme=theme) as page:
            found = axe.run(page).response["violations"]
            told = [
                (each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found
            ]
            assert told == [], (path, width, theme)
            is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(is_wide), (path, width)
            drawn += page.locator("figure .drawing svg").count()
    assert drawn > 0  # else no drawing was looked at


def test_a_week_is_whole_without_scripts(site: Site) -> None:
    look = {"viewport": {"width": 360, "height": 800}, "java_script_enabled": False}
    with site.page(WEEK, **look) as page:
        assert page.locator("table.heat tbody a").count() > 160
        assert page.get_by_role("button", name="Show").is_visible()
        page.get_by_label("Call type", exact=True).select_option("violence")
        page.get_by_role("button", name="Show").click()
        assert "call_type=violence" in page.url
        assert "of the kind chosen" in page.content()


def test_arrows_go_through_the_heat_map(site: Site) -> None:
    with site.page(WEEK, viewport={"width": 820, "height": 900}) as page:
        links = page.locator("table.heat tbody a")
        assert page.locator("table.heat tbody a[tabindex='0']").count() == 1
        links.nth(0).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        label = "document.activeElement.getAttribute('aria-label')"
        assert page.evaluate(label).startswith("Tue 20 Oct, 08:00: ")
        page.keyboard.press("End")
        assert page.evaluate(label).startswith("Sun 25 Oct, 08:00: ")
        page.keyboard.press("ArrowRight")
        assert page.evaluate(label).startswith("Sun 25 Oct, 08:00: ")


def test_choosing_asks_at_once_and_goes_back(site: Site) -> None:
    with site.page(WEEK, viewport={"width": 820, "height": 900}) as page:
        page.get_by_label("Area", exact=True).select_option("north")
        page.wait_for_url("**area=north**")
        assert page.locator("h1").inner_text().startswith("North: ")
        assert "grade=" not in page.url  # what isn't chosen isn't said
        page.go_back()
        assert page.locator("h1").inner_text().startswith("South: ")
