"""A flood of sign-ins, and how long others wait meanwhile: `python -m benchmarks.sign_ins`.

A service of an empty workspace is started. Its health, and a page of somebody signed in, are asked
again and again by a process of its own; first alone, then while others send wrong passwords from so
many addresses of this machine, each as soon as its last one is answered.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from serving.people import create_account, sign_in_address
from serving.starting import write_profile
from serving.workspace import Workspace

SECONDS, EVERY_SECONDS = 20.0, 0.02
FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Sec-Fetch-Site": "same-origin",
}


@dataclass(frozen=True)
class Site:
    """Where the service listens."""

    port: int

    def ask(
        self, path: str, cookie: str = "", source: str = "127.0.0.9", body: str | None = None
    ) -> tuple[int, str, str]:
        """Return status, text and cookies of an answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(source, 0)
        )
        headers = {"Cookie": cookie} | (FORM if body else {})
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        given = answer.headers.get_all("Set-Cookie") or []
        connection.close()
        return answer.status, text, "; ".join(each.split(";")[0] for each in given)


@dataclass
class Flood:
    """Wrong passwords from many addresses."""

    site: Site
    found: Counter[int] = field(default_factory=Counter)

    def run(self, addresses: int, until: float) -> None:
        """Send them until an instant, and print what they were answered."""
        _, text, cookie = self.site.ask("/sign-in")
        token = re.findall(r'name="form_token" value="([^"]+)"', text)[0]

        def send(number: int) -> None:
            tries = 0
            while time.time() < until:
                tries += 1
                name = f"name-{number}-{tries}"
                sent = {"form_token": token, "name": name, "password": "wrong words of a length"}
                source = f"127.0.1.{number + 1}"
                status, _, _ = self.site.ask("/sign-in", cookie, source, urlencode(sent))
                self.found[status] += 1

        threads = [threading.Thread(target=send, args=(i,)) for i in range(addresses)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"answers to the flood in {SECONDS:.0f} s: {dict(self.found)}")


def waits(site: Site, cookie: str, until: float) -> dict[str, list[float]]:
    """Return how long each answer took until an instant, in milliseconds."""
    found: dict[str, list[float]] = {"/health/live": [], "/sign-out": []}
    while time.time() < until:
        for path, taken in found.items():
            began = time.perf_counter()
            status, _, _ = site.ask(path, cookie)
            taken.append((time.perf_counter() - began) * 1e3)
            if status != http.client.OK:
                raise RuntimeError(f"{path} was answered {status}")
            time.sleep(EVERY_SECONDS)
    return found


def show(when: str, found: dict[str, list[float]]) -> None:
    """Print medians and 95 % of the times."""
    for path, taken in found.items():
        median, p95 = np.quantile(taken, [0.5, 0.95])
        print(f"{when}, {path}: median {median:.0f} ms, p95 {p95:.0f} ms of {len(taken)}")


def main() -> None:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--addresses", type=int, default=60)
    options.add_argument("--port", type=int, default=8125)
    given = options.parse_args()
    site = Site(given.port)
    with tempfile.TemporaryDirectory() as folder:
        write_profile(Path(folder), "minimal")
        create_account(Workspace(Path(folder)), "ann", "viewer")
        link = sign_in_address(Workspace(Path(folder)), "ann", "")
        command = [sys.executable, "-m", "serving.cli", "-w", folder, "serve"]
        with subprocess.Popen([*command, "--port", str(given.port)]) as server:  # noqa: S603
            while server.poll() is None:
                try:
                    site.ask("/health/live")
                    break
                except ConnectionRefusedError:
                    time.sleep(0.2)
            _, _, cookie = site.ask(f"/sign-in/{link.rpartition('/')[2]}")
            show("alone", waits(site, cookie, time.time() + SECONDS / 2))
            until = time.time() + SECONDS
            flood = multiprocessing.Process(target=Flood(site).run, args=(given.addresses, until))
            flood.start()
            time.sleep(1)
            show("in the flood", waits(site, cookie, until - 1))
            flood.join()
            status = Path(f"/proc/{server.pid}/status")
            if status.exists():
                print(re.findall(r"VmHWM.*", status.read_text())[0])
            server.terminate()


if __name__ == "__main__":
    main()
