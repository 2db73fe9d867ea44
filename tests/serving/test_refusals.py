from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from serving.api import refusals
from serving.api.refusals import AT_ONCE, SECONDS_EACH, Refusals

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench


def test_the_first_refusals_are_answered_at_once_then_one_every_few_seconds() -> None:
    now = 0.0
    found = Refusals(lambda: now)
    assert [found.wait_seconds("192.0.2.1") for _ in range(AT_ONCE + 2)] == [0] * AT_ONCE + [3, 3]
    assert found.wait_seconds("192.0.2.2") == 0  # another address
    now = SECONDS_EACH
    assert [found.wait_seconds("192.0.2.1") for _ in range(2)] == [0, 3]
    now += 2 * AT_ONCE * SECONDS_EACH
    assert [found.wait_seconds("192.0.2.1") for _ in range(AT_ONCE + 1)][-2:] == [0, 3]


def test_addresses_of_one_network_of_ipv6_count_as_one() -> None:
    found = Refusals(lambda: 0.0)
    for i in range(AT_ONCE):
        assert found.wait_seconds(f"2001:db8::{i:x}") == 0
    assert found.wait_seconds("2001:db8::ffff:1") > 0
    assert found.wait_seconds("2001:db8:0:1::1") == 0


def test_no_more_than_so_many_addresses_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_MAX_ADDRESSES", 3)
    found = Refusals(lambda: 0.0)
    for address in ["a", *["b"] * AT_ONCE, "c", "d"]:  # the fourth pushes the first out
        assert found.wait_seconds(address) == 0
    assert found.wait_seconds("b") > 0
    for address in ("e", "f", "g"):
        found.wait_seconds(address)
    assert found.wait_seconds("b") == 0  # forgotten, with all that it did


def test_wrong_keys_are_slowed_and_good_ones_at_the_same_address_are_not(bench: Bench) -> None:
    wrong = {"X-API-Key": "fw_00000000_x"}
    statuses = [bench.stranger.get("/v1/areas", headers=wrong).status_code for _ in range(25)]
    assert statuses == [401] * AT_ONCE + [429] * 5
    answer = bench.stranger.get("/v1/areas", headers=wrong)
    assert answer.json()["type"] == "urn:forewatch:problem:refused-often"
    assert 1 <= int(answer.headers["retry-after"]) <= SECONDS_EACH
    assert bench.client.get("/v1/areas").status_code == 200
    assert bench.stranger.get("/v1/areas").status_code == 401  # without a key nothing was refused
    elsewhere = TestClient(bench.app, "http://localhost", client=("192.0.2.9", 1))
    assert elsewhere.get("/v1/areas", headers=wrong).status_code == 401
