"""Who a client is, and whether it came by https, where proxies of the force's own stand before us.

What a header says is believed only of a request that comes from a trusted address. The list of
addresses is walked from the right, where the nearest proxy wrote, as long as they are trusted ones:
the first that isn't is the client. What a client put into the list itself stands further left and
is never reached. One kind of header is read alone, because a proxy that sets one kind lets a
client's other kind through.

Source:
    RFC 7239, Forwarded HTTP Extension, sections 4, 5.2, 6 and 8.1.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

ForwardedBy = Literal["x-forwarded", "forwarded"]
_MAX_HOPS = 20  # addresses looked at, from the right
_MAX_COMMAS = 5  # inside the quotes of one element of Forwarded
_WRITTEN = r'\s*([a-z]+)=("[^"]*"|[^;,"\s]*)\s*'
_PAIR = re.compile(_WRITTEN, re.ASCII | re.IGNORECASE)
_ELEMENT = re.compile(f"{_WRITTEN}(?:;{_WRITTEN})*", re.ASCII | re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+", re.ASCII)


class BehindProxies:
    """The app, told of the client and the scheme that trusted proxies tell of."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str], by: ForwardedBy) -> None:
        """Wrap the app.

        Args:
            app: what is behind the proxies.
            trusted: addresses and networks of the proxies.
            by: which headers they set.
        """
        self._app = app
        self._networks = tuple(ipaddress.ip_network(each, strict=False) for each in trusted)
        self._by = by
        self._is_trusted = lru_cache(maxsize=1024)(self._lies_in_a_network)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the client and the scheme right, then pass the request on."""
        peer = scope.get("client")
        if scope["type"] == "http" and peer and self._is_trusted(peer[0]):
            headers = Headers(scope=scope)
            hops = (
                _forwarded_elements(headers) if self._by == "forwarded" else _x_forwarded(headers)
            )
            client, scheme = peer[0], ""
            for address, proto in hops:
                scheme = proto
                if (found := _plain(address)) is None:
                    break  # "unknown", a hidden name, or nonsense: the last one believed stays
                client = found
                if not self._is_trusted(found):
                    break
            scope["client"] = (client, peer[1] if client == peer[0] else 0)
            scope["scheme"] = "https" if scheme == "https" else "http"
        await self._app(scope, receive, send)

    def _lies_in_a_network(self, address: str) -> bool:
        plain = _plain(address)
        if plain is None:
            return False
        found = ipaddress.ip_address(plain)
        return any(found in network for network in self._networks)


def _x_forwarded(headers: Headers) -> Iterator[tuple[str, str]]:
    """Yield address and scheme of each hop, the nearest first; the nearest proxy tells the scheme.

    A proxy that terminates TLS farther out is told on by those that pass its header unchanged.
    """
    schemes = ",".join(headers.getlist("x-forwarded-proto")).split(",")
    scheme = schemes[-1].strip().lower()
    listed = ",".join(headers.getlist("x-forwarded-for"))
    if not listed:
        yield "", scheme
    for address in listed.split(",")[: -_MAX_HOPS - 1 : -1]:
        yield address.strip(), scheme


def _forwarded_elements(headers: Headers) -> Iterator[tuple[str, str]]:
    """Yield address and scheme of each element, the nearest first, until one can't be read.

    Elements are cut off from the right, so that a quote that a client left open swallows nothing
    of what proxies wrote behind it.
    """
    rest = ",".join(headers.getlist("forwarded"))
    for _ in range(_MAX_HOPS):
        at = len(rest)
        for _ in range(_MAX_COMMAS):
            at = rest.rfind(",", 0, at)
            if _ELEMENT.fullmatch(rest, at + 1) or at < 0:
                break
        if not _ELEMENT.fullmatch(rest, at + 1):
            yield "", ""
            return
        pairs = {name.lower(): said.strip('"') for name, said in _PAIR.findall(rest, at + 1)}
        yield pairs.get("for", ""), pairs.get("proto", "").lower()
        if at < 0:
            return
        rest = rest[:at]


def _plain(text: str) -> str | None:
    """Return an address without brackets and port, as it is written most plainly; None if none.

    >>> [_plain(text) for text in ("192.0.2.1:80", "[2001:db8::1]:80", "::ffff:192.0.2.1", "_x")]
    ['192.0.2.1', '2001:db8::1', '192.0.2.1', None]
    """
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
