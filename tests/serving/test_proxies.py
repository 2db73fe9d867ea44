from __future__ import annotations

import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from serving.api.proxies import BehindProxies, ForwardedBy
from serving.settings import parse

TRUSTED = ("10.0.0.0/8", "2001:db8:1::/48")


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what the app takes for client and scheme."""
    await JSONResponse([scope["client"][0], scope["scheme"]])(scope, receive, send)


def seen(
    peer: str, headers: list[tuple[str, str]], by: ForwardedBy = "x-forwarded"
) -> tuple[str, str]:
    app = BehindProxies(told, TRUSTED, by)
    client, scheme = TestClient(app, client=(peer, 5)).get("/", headers=headers).json()
    return client, scheme


@pytest.mark.parametrize(
    ("peer", "listed", "client"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # nobody believes a stranger
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first was forged
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # a client inside the network
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, x, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8:2::9]:4711", "2001:db8:2::9"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::5", "2001:db8:2::9", "2001:db8:2::9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("10.0.0.1", ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 19), "203.0.113.9"),
        (
            "10.0.0.1",
            ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 20),
            "10.0.0.2",
        ),  # 20 are looked at
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_not_trusted(
    peer: str, listed: str, client: str
) -> None:
    assert seen(peer, [("X-Forwarded-For", listed)])[0] == client


def test_several_lines_of_a_header_are_one_list() -> None:
    lines = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.9")]
    assert seen("10.0.0.1", lines)[0] == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "HTTPS", "https"),
        ("10.0.0.1", "http", "http"),
        ("10.0.0.1", "https, http", "http"),  # as the nearest proxy wrote it
        ("10.0.0.1", "wss", "http"),
        ("192.0.2.1", "https", "http"),
    ],
)
def test_https_is_what_the_nearest_trusted_proxy_says(peer: str, proto: str, scheme: str) -> None:
    assert seen(peer, [("X-Forwarded-Proto", proto)])[1] == scheme
    with_client = [("X-Forwarded-Proto", proto), ("X-Forwarded-For", "203.0.113.9")]
    assert seen(peer, with_client)[1] == scheme


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("for=203.0.113.9;proto=https", ("203.0.113.9", "https")),
        ('For="[2001:db8:2::9]:4711";Proto=https', ("2001:db8:2::9", "https")),
        ("for=198.51.100.1, for=203.0.113.9;proto=https", ("203.0.113.9", "https")),
        ("for=203.0.113.9;proto=https, for=10.0.0.2;proto=http", ("203.0.113.9", "https")),
        ("for=_hidden;proto=https", ("10.0.0.1", "https")),
        ("proto=https", ("10.0.0.1", "https")),
        ("for=203.0.113.9 nonsense", ("10.0.0.1", "http")),
        ('for="x, for=203.0.113.9;proto=https', ("203.0.113.9", "https")),  # a quote left open
        ('for=a;x=", for="203.0.113.9";by="_p"', ("203.0.113.9", "http")),
        ('for=203.0.113.9;by="a,b"', ("203.0.113.9", "http")),
        ("," * 5000, ("10.0.0.1", "http")),
    ],
)
def test_the_standard_header_is_read_where_that_is_set(
    listed: str, expected: tuple[str, str]
) -> None:
    assert seen("10.0.0.1", [("Forwarded", listed)], "forwarded") == expected


def test_one_kind_of_header_alone_is_read() -> None:
    both = [("Forwarded", "for=203.0.113.9;proto=https"), ("X-Forwarded-For", "198.51.100.1")]
    assert seen("10.0.0.1", both) == ("198.51.100.1", "http")
    assert seen("10.0.0.1", both, "forwarded") == ("203.0.113.9", "https")


def test_settings_take_addresses_and_networks_alone() -> None:
    head = '[force]\nid = "t"\nname = "T"\nzone = "UTC"\n[serving]\n'
    with pytest.raises(Exception, match=r"serving.trusted_proxies no. 2: no address or network"):
        parse(f'{head}trusted_proxies = ["10.0.0.0/8", "proxy.example"]')
    with pytest.raises(Exception, match=r"serving.hosts no. 1: no host; write a name"):
        parse(f'{head}hosts = ["https://x.example/"]')
