"""Laguna Beach from its call log to a served forecast; docs/guides tell the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from fastapi.testclient import TestClient

from serving.api.app import create_app
from serving.workspace import Workspace

pytestmark = pytest.mark.slow
JANUARY = ("--from", "2020-01-01", "--to", "2020-02-01")


@dataclass(frozen=True)
class Town:
    """The workspace after the issue of January, and what runs commands in it."""

    folder: Path
    run: Callable[..., Result]


@pytest.fixture(scope="module")
def town(real_data: Path, workspace_of: Any) -> Town:
    folder, run = workspace_of("laguna-beach")
    data = real_data / "laguna-beach-pd"
    run(
        *("import", "unobserved", data / "missing_24h_windows.csv"),
        *("--mapping", folder / "unobserved.toml"),
    )
    run("import", "calls", data / "calls.csv.gz", "--mapping", folder / "mapping.toml")
    run("check")
    run("train", "--until", "2019-12-31", "--jobs", "1")
    run("models", "promote", "--force", "--reason", "a quick recipe", "--by", "tests")
    run("issue", "--from", "2020-01-01", "--days", "31", "--publish")
    return Town(folder, run)


def asked(town: Town, *options: str) -> pd.DataFrame:
    said = town.run("forecast", *JANUARY, "--format", "csv", *options)
    return pd.read_csv(io.StringIO(said.stdout))


def test_january_is_forecast_by_zone_and_call_type(town: Town) -> None:
    rows = asked(town, "--area", "zone", "--call-type", "each", "--by", "day")
    assert len(rows) == 31 * 8 * 14
    assert set(rows["state"]) <= {"forecast", "stale"}
    assert np.isfinite(rows["mean"]).all()
    assert (rows["q05"] <= rows["q95"]).all()
    total = asked(town, "--by", "day")
    # every number is rounded in the file, so a day's 112 parts may differ by as many halves of it
    assert rows.groupby("period")["mean"].sum().to_numpy() == pytest.approx(
        total["mean"].to_numpy(), abs=0.06
    )


def test_the_forecast_of_january_is_near_what_happened(town: Town, real_data: Path) -> None:
    log = pd.read_csv(real_data / "laguna-beach-pd" / "calls.csv.gz")
    public = log[
        ~log["officer_initiated_guess"] & ~log["category"].isin(["TEST TEST CALL", "TEST"])
    ]
    days = (pd.to_datetime(public["received_at"]) - pd.Timedelta(hours=7)).dt.strftime("%Y-%m-%d")
    happened = days.value_counts()
    total = asked(town, "--by", "day").set_index("period")
    truth = happened.reindex(total.index).to_numpy()
    # chance alone moves a day of this town by a tenth; one month says no more than this
    assert np.nanmean(np.abs(total["mean"] - truth)) < 0.2 * np.nanmean(truth)
    known = np.isfinite(truth)  # of six of the 31 days nothing is told: they are not outside
    inside = (total["q10"] <= truth) & (truth <= total["q90"])
    assert 0.6 <= inside[known].mean() <= 1


def test_it_is_served_with_its_issue_and_states(town: Town) -> None:
    made = town.run("keys", "create", "rota", "--scope", "forecasts:read")
    key = next(word for word in made.output.split() if word.startswith("fw_"))
    with TestClient(create_app(Workspace(town.folder)), "http://localhost") as client:
        headers = {"Authorization": f"Bearer {key}"}
        query = "/v1/forecasts?week=2020-W02&area=zone&call_type=each&by=week"
        answer = client.get(query, headers=headers)
        assert answer.status_code == 200
        said = answer.json()
        assert said["zone"] == "America/Los_Angeles"
        assert {row["state"] for row in said["rows"]} == {
            "stale"
        }  # the data are years old: it says so
        again = client.get(query, headers=headers | {"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        lost = client.get("/v1/forecasts?week=2020-W02&area=dwntown", headers=headers)
        assert lost.status_code == 404
        assert "downtown" in lost.json()["near"]
