"""Whether a request was meant for this service: the names and addresses it answers to.

A page in somebody's browser can point a name of its own at this address (DNS rebinding) and ask in
the browser's place. The name it then sends is not one of ours.

Source:
    RFC 9110, sections 7.2 (Host) and 15.5.20 (421 Misdirected Request).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

_SHAPE = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?", re.ASCII)
_LOCAL = ("localhost", "127.0.0.1", "[::1]")  # who is on this machine needs no other name
_EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound
ANY = "*"


class Hosts:
    """The names a service answers to; ports don't matter, a proxy has one of its own."""

    def __init__(self, hosts: Sequence[str], bound: str) -> None:
        """Remember the names.

        Args:
            hosts: names and addresses from the settings; "*" for any; none: what is bound.
            bound: the address that is listened on. Where that is every address of the machine and
                no names are given, every address is answered to, but no name.
        """
        self._every = ANY in hosts
        self._addresses = not hosts and bound in _EVERY_ADDRESS
        self._names = {*_LOCAL, *(_bracket(each.lower()) for each in hosts or (bound,))}

    def takes(self, host: str) -> bool | None:
        """Return whether a Host header names this service; None if it is none at all.

        >>> hosts = Hosts(["forecast.example"], "127.0.0.1")
        >>> [hosts.takes(h) for h in ("Forecast.example:443", "localhost", "evil.example", "a b")]
        [True, True, False, None]
        """
        found = _SHAPE.fullmatch(host.lower())
        if found is None:
            return None
        name = found[1].removesuffix(".")
        return self._every or name in self._names or (self._addresses and _is_address(name))


def _bracket(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
