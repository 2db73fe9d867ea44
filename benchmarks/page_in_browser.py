"""First loads in Chromium, as a laptop and as a phone on two lines, for `benchmarks.page`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Route, sync_playwright

_ROUNDS = 3
_SETTLE_MS = 500  # after the load, within which late tasks and paints come
# By the name of a line: kbit/s, latency in ms, and by how much the processor is slowed.
LINES = {"laptop": None, "phone": (1600, 150, 4), "slow phone": (400, 400, 4)}
BARE = "phone, without panels"
_PANELS = re.compile(r'<div class="panels">.*</main>', re.DOTALL)
_WATCH = """
window.found = {largest: 0, longest: 0, painted: 0};
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) found.largest = entry.startTime;
}).observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) found.longest = Math.max(found.longest, entry.duration);
}).observe({type: 'longtask', buffered: true});
const look = () => {
  const heat = document.querySelector('HEAT');
  const headline = document.querySelector('HEADLINE');
  if (headline && heat && (heat.nextElementSibling || heat.closest('section').nextElementSibling)) {
    // The frame after the one in which they are laid out has been painted.
    requestAnimationFrame(() => { found.painted = performance.now(); });
  } else requestAnimationFrame(look);
};
requestAnimationFrame(look);
""".replace("HEAT", "table.heat").replace("HEADLINE", ".headline")


@dataclass(frozen=True)
class Load:
    """A first load.

    Args:
        files: bytes of each file as they came over the line, heads included.
        largest_ms: when the largest content was painted.
        longest_task_ms: the longest that the page's thread was busy, of those over 50 ms.
        painted_ms: when headline and heat map were painted.
    """

    files: dict[str, int]
    largest_ms: float
    longest_task_ms: float
    painted_ms: float


def loads(site: str, path: str, token: str) -> dict[str, list[Load]]:
    """Return first loads of a page of a site by the name of the line.

    Those of BARE are the phone's of a page without its panels: header, choices and footer, which
    are what a browser's first task is made of whatever the page tells.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        _load(browser, site, path, token, None)  # the browser itself has started then
        lines = {**LINES, BARE: LINES["phone"]}
        return {
            name: [
                _load(browser, site, path, token, line, is_bare=name == BARE)
                for _ in range(_ROUNDS)
            ]
            for name, line in lines.items()
        }


def _without_panels(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=_PANELS.sub("</main>", answer.text()))


def _load(
    browser: Browser,
    site: str,
    path: str,
    token: str,
    line: tuple[int, int, int] | None,
    *,
    is_bare: bool = False,
) -> Load:
    width = 360 if line else 1280
    context = browser.new_context(
        viewport={"width": width, "height": 780}, extra_http_headers={"X-API-Key": token}
    )
    page = context.new_page()
    page.add_init_script(_WATCH)
    if is_bare:
        page.route(f"{site}{path}", _without_panels)
    devtools = context.new_cdp_session(page)
    names: dict[str, str] = {}
    files: dict[str, int] = {}
    devtools.on(
        "Network.requestWillBeSent",
        lambda sent: names.update({sent["requestId"]: urlsplit(sent["request"]["url"]).path}),
    )
    devtools.on("Network.loadingFinished", lambda done: files.update(dict(_size(names, done))))
    devtools.send("Network.enable")
    if line is not None:
        kbit, latency_ms, slower = line
        rate = kbit * 1000 / 8
        devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": latency_ms,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    answer = page.goto(site + path, wait_until="load")
    if answer is None or not answer.ok:
        raise SystemExit(f"{path} wasn't answered")
    page.wait_for_timeout(_SETTLE_MS)
    found = page.evaluate("window.found")
    context.close()
    return Load(files, found["largest"], found["longest"], found["painted"])


def _size(names: dict[str, str], done: dict[str, Any]) -> Iterator[tuple[str, int]]:
    yield names.get(done["requestId"], "?"), int(done["encodedDataLength"])
