"""Pictures of the page, as the guides show them: of any workspace, on a phone, a laptop, a wall.

    python -m benchmarks.screenshots WORKSPACE [--out docs/pictures] [--area bristol] [--two]

A service of its own is started on a free port, and a key that is revoked afterwards. `--two` takes
the README's two alone. Needs Debian's chromium, or another under CHROMIUM.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from PIL import Image

from serving.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
WALL: ViewportSize = {"width": 1920, "height": 1080}
# By the name of the picture: address, size, colours, and whether all of the page is shown.
README = {
    "week-laptop": ("/week", LAPTOP, "light", False),
    "week-phone": ("/week{area}", PHONE, "dark", False),
}
GUIDE = {
    "week-whole": ("/week{area}", LAPTOP, "light", True),
    "worries": ("/worries", LAPTOP, "light", False),
    "accuracy": ("/accuracy{area}", LAPTOP, "light", False),
    "missing": ("/missing", LAPTOP, "light", False),
    "screen": ("/screen", WALL, "dark", False),
    "brief": ("/brief{area}", {"width": 820, "height": 1160}, "light", True),
}
_SECONDS_TO_START = 60
_COLOURS = 96  # of a page; a third of the bytes, and nobody sees it
_PAGE_MS = 120_000  # also on a machine that does other things


@contextmanager
def served(workspace: Path) -> Iterator[tuple[str, str]]:
    """Serve a workspace; yields the address of the service and a key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ring = Workspace(workspace).keys()
    token = ring.create("screenshots", ("forecasts:read", "models:read"))
    command = [sys.executable, "-m", "serving.cli", "-w", str(workspace), "serve"]
    server = subprocess.Popen([*command, "--port", str(port)])  # noqa: S603 - our own command
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health/live")
        yield address, token
    finally:
        server.terminate()
        server.wait()
        for key in ring.list():
            if key.name == "screenshots" and key.revoked_at is None:
                ring.revoke(key.id)


def _wait_for(address: str) -> None:
    for _ in range(10 * _SECONDS_TO_START):
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own service
                return
        except OSError:  # nobody listens yet, or nobody has the time
            sleep(0.1)
    raise TimeoutError(f"{address} doesn't answer")


def take(browser: Browser, address: str, token: str, area: str, out: Path, *, two: bool) -> None:
    """Take the pictures; each address is opened until its drawings are there."""
    pictures = README if two else README | GUIDE
    for name, (path, size, colours, is_whole) in pictures.items():
        context = browser.new_context(
            viewport=size,
            color_scheme="dark" if colours == "dark" else "light",
            extra_http_headers={"Authorization": f"Bearer {token}"},
        )
        page = context.new_page()
        where = address + path.format(area=f"?area={area}" if area else "")
        for _ in range(5):
            answer = page.goto(where, wait_until="networkidle", timeout=_PAGE_MS)
            if "The drawing isn't there yet" not in page.content():
                break
        if answer is None or answer.status != 200:  # noqa: PLR2004
            print(f"{name}: {where} answered {answer and answer.status}; no picture")
            continue
        # Panels far down are laid out when they come near, which a picture of all doesn't wait for.
        page.evaluate(
            "document.querySelectorAll('.panel').forEach(p => p.style.contentVisibility='visible')"
        )
        file = out / f"{name}.png"
        page.screenshot(path=file, full_page=is_whole)
        Image.open(file).quantize(_COLOURS).save(file, optimize=True)
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
        context.close()


def main() -> None:
    """Serve the workspace and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--area", default="")
    parser.add_argument("--two", action="store_true")
    asked = parser.parse_args()
    # A test dependency, which whoever reads the other benchmarks needs not.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    asked.out.mkdir(parents=True, exist_ok=True)
    with served(asked.workspace) as (address, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, address, token, asked.area, asked.out, two=asked.two)
        browser.close()


if __name__ == "__main__":
    main()
