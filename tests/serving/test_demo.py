"""The demo: the same use cases as a force's, taken up where it was left, never over another's."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import time
from pathlib import Path

import pandas as pd
import pytest

from forewatch.clock import Clock
from forewatch.errors import SettingsError
from serving import demo
from serving.progress import silent
from serving.workspace import Workspace
from sources.synthetic import demo_force, write
from tests.serving.test_modelling import PROFILE

SIZE = demo.DemoSize(scale=0.03, years=0.6, until="2026-11-23")
RECIPE = """
[training]
members = ["same_weekday_8", "loglinear"]
[training.origins]
folds = 2
horizon_days = 14
[training.hours]
rounds = 2
[missing_training]
members = ["climatology", "season"]
[missing_training.origins]
folds = 4
every_days = 14
horizon_days = 14
"""


NOW = pd.Timestamp("2026-11-22T12:00Z")


@pytest.fixture
def drawn(tmp_path: Path, mlruns: Path) -> Path:
    """A demo that was stopped after its force had been drawn, with a recipe that fits fast."""
    root = tmp_path / "demo"
    write(demo_force(scale=SIZE.scale, years=SIZE.years, until=SIZE.until), root / "extract")
    text = (root / "extract" / "forewatch.toml").read_text(encoding="utf-8")
    (root / "forewatch.toml").write_text(text + RECIPE, encoding="utf-8")
    (root / "demo.json").write_text(json.dumps(asdict(SIZE)), encoding="utf-8")
    shutil.copytree(mlruns, root / "mlruns")
    return root


def test_the_demo_ends_with_a_forecast_and_a_key_and_is_taken_up_again(
    drawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # more processes each import everything
    steps: list[str] = []
    first = demo.build(drawn, SIZE, lambda what, _done, _total: steps.append(what), NOW)
    assert {"importing tables", "checking", "forecasting"} <= set(steps)
    assert first.week == "2026-W48"
    assert "expected calls in 2026-W48: 9 areas" in first.text
    assert "bristol" in first.text
    plan = first.workspace.duty_records().at(NOW + pd.Timedelta(days=1)).plan
    of_one = plan[(plan["area"] == "bristol") & (plan["shift"] == "late")]
    assert len(of_one) == 8 * 7  # a plan of eight weeks, each weekday the same in all of them
    by_week = of_one.sort_values("force_day")["officers"].to_numpy().reshape(8, 7)
    assert (by_week == by_week[0]).all()
    assert (of_one["officers"] > 0).all()
    assert "missing-person demand in 2026-W48: 9 areas, in reports and officer-hours" in first.text
    assert first.workspace.keys().check(first.key, "forecasts:read").name == "demo"
    assert f"Bearer {first.key}" in demo.curl(first, 8123)
    assert "http://127.0.0.1:8123/v1/forecasts?week=2026-W48" in demo.curl(first, 8123)

    steps.clear()
    again = demo.build(drawn, SIZE, lambda what, _done, _total: steps.append(what), NOW)
    assert steps == []  # nothing is built twice
    assert again.text == first.text
    live = [key for key in again.workspace.keys().list() if key.revoked_at is None]
    assert len(live) == 1  # the first run's key is revoked

    with pytest.raises(SettingsError, match="holds a demo of another size"):
        demo.build(drawn, demo.DemoSize(scale=0.5), silent)


def test_a_forces_own_workspace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text("grades = []", encoding="utf-8")
    with pytest.raises(SettingsError, match="holds a workspace that is no demo"):
        demo.build(tmp_path, SIZE, silent)
    assert (tmp_path / "forewatch.toml").read_text(encoding="utf-8") == "grades = []"


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-23T07:00Z", "2026-11-23"),
        ("2026-11-29T23:00Z", "2026-11-23"),
        ("2026-11-30T06:59Z", "2026-11-23"),  # Sunday's force-day still runs
        ("2026-07-06T06:00Z", "2026-07-06"),  # 07:00 in summer
    ],
)
def test_the_history_ends_at_the_last_monday(now: str, monday: str) -> None:
    london = Clock("Europe/London", time(7))
    assert demo.last_monday(london, pd.Timestamp(now)).isoformat() == monday


def test_the_demo_ends_with_an_address_that_signs_in_once(tmp_path: Path) -> None:
    (tmp_path / "forewatch.toml").write_text(PROFILE, encoding="utf-8")
    built = demo.Built(Workspace(tmp_path), "2026-W48", "", "")
    for _ in range(2):  # as it is taken up again
        lines = demo.sign_in_lines(built, 8123).splitlines()
        address, _, secret = lines[1].rpartition("/")
        assert address == "http://127.0.0.1:8123/sign-in"
        accounts = Workspace(tmp_path).accounts()
        found = [accounts.by_link(secret) for _ in range(2)]
        assert [(each.name, each.role) for each in found if each] == [("demo", "analyst")]
        assert f"forewatch -w {tmp_path} users link demo" in lines[2]
