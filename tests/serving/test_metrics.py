from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:  # tests are no package; fixtures bring these in
    from tests.serving.conftest import Bench


def figures(bench: Bench) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample of the app, by its name and the values of its labels."""
    text = bench.client.get("/metrics").text
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_template_and_status(bench: Bench) -> None:
    for path in ("/v1/issues/1", "/v1/issues/2", "/v1/issues/3", "/v1/nothing", "/v1/other"):
        bench.client.get(path)
    bench.client.request("BREW", "/v1/issues/1")
    found = figures(bench)
    counts = {key[1]: value for key, value in found.items() if key[0].endswith("seconds_count")}
    assert counts == {
        ("GET", "/v1/issues/{number}", "200"): 1,
        ("GET", "/v1/issues/{number}", "404"): 2,
        ("GET", "none", "404"): 2,
        ("other", "/v1/issues/{number}", "405"): 1,
    }
    assert found["forewatch_requests_in_flight", ()] == 1  # the reading itself


def test_ages_are_those_at_the_moment_of_reading(bench: Bench) -> None:
    # published at 07:30 UTC, data until 06:00, read at 06:00 of the day after
    found = figures(bench)
    assert found["forewatch_issue_age_seconds", ()] == 22.5 * 3600
    assert found["forewatch_data_age_seconds", ()] == 24 * 3600
    assert found["forewatch_issue_number", ()] == 1
    bench.now += pd.Timedelta(hours=1)
    assert figures(bench)["forewatch_data_age_seconds", ()] == 25 * 3600


def test_without_an_issue_the_ages_are_unknown_and_not_zero(empty: Bench) -> None:
    found = figures(empty)
    assert found["forewatch_data_age_seconds", ()] != found["forewatch_data_age_seconds", ()]
    assert found["forewatch_issue_number", ()] != found["forewatch_issue_number", ()]


def test_refused_keys_are_counted_by_reason(bench: Bench) -> None:
    narrow = bench.keys().create("rota", ("models:read",))
    for token in (None, "fw_x_y", "fw_x_z", narrow):
        headers = {"X-API-Key": token} if token else {}
        bench.stranger.get("/v1/areas", headers=headers)
    found = figures(bench)
    counted = {reason: found["forewatch_rejected_keys_total", (reason,)] for reason in _REASONS}
    assert counted == {"missing": 1, "unknown": 2, "scope": 1}


_REASONS = ("missing", "unknown", "scope")


def test_two_apps_count_apart(bench: Bench, empty: Bench) -> None:
    bench.client.get("/v1/areas")
    assert not any("/v1/areas" in labels for _, labels in figures(empty))
