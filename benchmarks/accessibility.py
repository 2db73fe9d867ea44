"""Every view in every look, in Chromium: what axe finds, what the browser complains of.

    python -m benchmarks.accessibility WORKSPACE [--area bristol]

A service of its own is started, as for the pictures (`benchmarks.screenshots`). Each view is opened
at 360, 820 and 1920 px, light and dark, with scripts and without: 12 looks. Told are violations of
WCAG that axe finds, messages of the console (those of the content policy among them), requests to
other hosts, and pages wider than their window. axe itself is a script, so without scripts only the
complaints of the browser are told, and a page without a heading.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections import Counter
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.screenshots import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VIEWS = (
    *("/week{area}", "/week", "/worries", "/accuracy{area}", "/missing", "/events", "/views"),
    *("/views/control-room", "/brief{area}", "/screen", "/help", "/accessibility", "/sign-in"),
    "/week?area=nowhere",
)
WIDTHS, THEMES, SCRIPTS = (360, 820, 1920), ("light", "dark"), (True, False)
_PAGE_MS = 120_000
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def look(
    browser: Browser, where: tuple[str, str, str], width: int, theme: str, *, scripts: bool
) -> list[str]:
    """Return what is wrong with a view in a look.

    Args:
        browser: that opens it.
        where: address of the service, a key, and the path of the view.
        width: of the window, px.
        theme: "light" or "dark".
        scripts: whether scripts may run.
    """
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - a test dependency

    address, token, path = where
    keys = {} if path == "/sign-in" else {"Authorization": f"Bearer {token}"}
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=scripts,
        extra_http_headers=keys,
    )
    found: list[str] = []
    page: Page = context.new_page()
    page.on("console", lambda said: found.append(f"console: {said.text[:200]}"))
    page.on("pageerror", lambda error: found.append(f"script: {error}"))
    page.on(
        "request",
        lambda sent: None if sent.url.startswith(address) else found.append(f"asks {sent.url}"),
    )
    page.goto(address + path, wait_until="load", timeout=_PAGE_MS)
    found = [each for each in found if "404" not in each or "nowhere" not in path]
    if scripts:
        for broken in Axe().run(page).response["violations"]:
            found.append(f"axe: {broken['id']}, {broken['nodes'][0]['html'][:200]}")
        if page.evaluate(_TOO_WIDE):
            found.append("wider than its window")
    elif not page.locator("h1").count():
        found.append("no heading without scripts")
    context.close()
    return found


def main() -> None:
    """Open all views in all looks and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--area", default="")
    asked = parser.parse_args()
    # A test dependency, which whoever reads the other benchmarks needs not.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    area = f"?area={asked.area}" if asked.area else ""
    opened = Counter[str]()
    wrong = Counter[str]()
    with served(asked.workspace) as (address, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for view, width, theme, scripts in product(VIEWS, WIDTHS, THEMES, SCRIPTS):
            path = view.format(area=area)
            found = look(browser, (address, token, path), width, theme, scripts=scripts)
            if not opened[path]:
                print(f"opening {path}")
            opened[path] += 1
            wrong[path] += len(found)
            for line in found:
                print(f"{path}, {width} px, {theme}, {'with' if scripts else 'no'} scripts: {line}")
        browser.close()
    print("| view | looks | found |\n|---|---|---|")
    for path, looks in opened.items():
        print(f"| `{path}` | {looks} | {wrong[path]} |")


if __name__ == "__main__":
    main()
