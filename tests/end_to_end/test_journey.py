"""The whole way by the real command line: init, import, check, train, promote, issue, forecast.

One small synthetic force, whose truth is known, goes the way once; the tests look at what each
station left behind.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from pyarrow import parquet

from forewatch.explanation_parts import PARTS
from planning.uses import USES
from serving.api.app import create_app
from serving.cli import cli
from serving.settings import load
from serving.workspace import Workspace
from sources.synthetic import DemoForce, demo_force, write

UNTIL = "2026-11-23"
# The next week begins where the history ends.
WEEK, MONDAY, SUNDAY = "2026-W48", "2026-11-23", "2026-11-29"
RECIPE = """
[training]
members = ["same_weekday_8", "same_weekday_52", "loglinear"]
[training.origins]
folds = 4
horizon_days = 28
[training.hours]
rounds = 2
[missing_training.origins]
folds = 4
horizon_days = 28
"""


@dataclass(frozen=True)
class Journey:
    """A workspace at the end of the way, with what each command printed."""

    force: DemoForce
    root: Path
    extract: Path
    printed: dict[str, Result]

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(cli, ["-w", str(self.root), *args])


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> Journey:
    folder = tmp_path_factory.mktemp("journey")
    root, extract = folder / "workspace", folder / "extract"
    force = demo_force(
        seed=3, weeks=40, districts=2, beats_per_district=2, call_types=3, calls_per_week=700
    )
    write(force, extract)
    (root / "mlruns").mkdir(parents=True)
    shutil.copy(migrated_store, root / "mlruns" / "mlflow.db")
    text = (extract / "forewatch.toml").read_text(encoding="utf-8")
    (root / "forewatch.toml").write_text(text + RECIPE, encoding="utf-8")
    gone = Journey(force, root, extract, {})
    read = ("--extracted-at", UNTIL, "--mapping", str(extract / "mapping.toml"))
    calls = ("import", "calls", str(extract / "calls.csv"), *read)
    way: dict[str, tuple[str, ...]] = {
        "tourism": ("import", "tourism", str(extract / "tourism.csv")),
        "events": ("import", "events", str(extract / "events.csv")),
        "holidays": ("import", "holidays", str(extract / "school_holidays.csv")),
        "unobserved": ("import", "unobserved", str(extract / "unobserved.csv")),
        "calls": calls,
        "calls again": calls,
        "check": ("check",),
        "issue without champion": ("issue",),
        "train": ("train", "--jobs", "1"),
        "promote": ("models", "promote", "--force", "--reason", "a test", "--by", "ann"),
        "issue": ("issue", "--days", "28"),
    }
    for name, command in way.items():
        gone.printed[name] = gone.run(*command)
    return gone


@pytest.fixture(scope="module")
def with_missing(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """The same force a step further: the missing-person model promoted, issue 2 published."""
    root = tmp_path_factory.mktemp("further") / "workspace"
    shutil.copytree(journey.root, root)
    gone = Journey(journey.force, root, journey.extract, {})
    promote = ("models", "promote", "--subject", "missing", "--force", "--reason", "a test")
    for name, command in {"promote": promote, "issue": ("issue", "--days", "28")}.items():
        gone.printed[name] = gone.run(*command)
        assert gone.printed[name].exit_code == 0, gone.printed[name].output
    return gone


def counts_of(printed: str) -> dict[str, int]:
    """The numbers of a receipt, by what they count."""
    lines = [line.split() for line in printed.splitlines()[1:]]
    return {
        " ".join((line[0], *line[2:])): int(line[1].replace(",", ""))
        for line in lines
        if len(line) > 1 and line[1].replace(",", "").isdigit()
    }


def test_every_station_ends_well(journey: Journey) -> None:
    codes = {name: result.exit_code for name, result in journey.printed.items()}
    assert codes == dict.fromkeys(codes, 0) | {"issue without champion": 2}, {
        name: result.output for name, result in journey.printed.items() if result.exit_code
    }


def test_importing_again_changes_nothing(journey: Journey) -> None:
    first = counts_of(journey.printed["calls"].stdout)
    again = counts_of(journey.printed["calls again"].stdout)
    assert first["taken"] > 20_000
    assert (again["taken"], again["superseded"]) == (0, 0)


def test_the_history_holds_the_public_calls(journey: Journey) -> None:
    # The force's own records, not the file: what was drawn, without the lost window.
    counts = Workspace(journey.root).history().counts
    taken = counts_of(journey.printed["calls"].stdout)["taken"]
    assert counts["count"].sum() == taken


def test_a_forecast_needs_a_champion(journey: Journey) -> None:
    result = journey.printed["issue without champion"]
    assert "has no champion" in result.stderr
    assert "forewatch train --promote" in result.stderr


def test_an_issue_is_published_without_mlflow(journey: Journey, tmp_path: Path, root: Path) -> None:
    copy = shutil.copytree(journey.root, tmp_path / "workspace")
    code = (
        "import sys\n"
        "from serving.cli import cli\n"
        "try: cli(['-w', sys.argv[1], 'issue', '--days', '7'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "sys.exit('mlflow' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(copy)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("published issue 2 of")
    assert Workspace(copy).issues().latest().model_version == "1"


def test_training_prints_scores_and_the_gate(journey: Journey) -> None:
    printed = journey.printed["train"].stdout
    assert printed.splitlines()[0].split()[:2] == ["level", "days"]
    assert "version 1 of demand-avon-and-somerset" in printed
    assert "the gate: " in printed
    report = journey.root / "reports" / "demand-version-1" / "report.md"
    assert report.read_text(encoding="utf-8").startswith("# ")


def test_the_register_says_who_promoted_and_why(journey: Journey) -> None:
    shown = journey.run("models", "show", "champion").stdout
    assert "champion" in shown.splitlines()[0]
    assert "seed = " in shown
    kept = json.loads((journey.root / "models-demand.json").read_text(encoding="utf-8"))
    assert [one["status"] for one in kept["models"]] == ["champion"]
    assert kept["decisions"][0]["by"] == "ann"
    listed = journey.run("models", "list").stdout
    assert len(listed.splitlines()) == 2


def test_the_issue_says_what_it_was_made_from(journey: Journey) -> None:
    printed = journey.printed["issue"].stdout
    assert "published issue 1 of Avon and Somerset" in printed
    assert "2026-11-23 07:00 GMT" in printed
    assert "2026-11-23 to 2026-12-20 (28)" in printed


def asked(journey: Journey, *args: str) -> pd.DataFrame:
    """What `forewatch forecast --format csv` prints, as a frame."""
    result = journey.run("forecast", "--week", WEEK, "--format", "csv", *args)
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout))


def test_next_week_comes_close_to_the_truth(journey: Journey) -> None:
    days = asked(journey)
    assert days["force_day"].tolist() == pd.date_range(MONDAY, SUNDAY).strftime("%F").tolist()
    rates = journey.force.truth.rates
    week = np.isin(rates.day, np.flatnonzero(rates.force_days >= pd.Timestamp(MONDAY))[:7])
    truth = rates.base[:, :, week].sum()
    assert days["mean"].sum() == pytest.approx(truth, rel=0.2)
    assert (days["q05"] < days["q50"]).all()
    assert (days["q50"] < days["q95"]).all()


def test_the_parts_add_up_to_the_whole(journey: Journey) -> None:
    total = asked(journey)["mean"].to_numpy()
    for part in (
        ("--area", "district"),
        ("--area", "beat"),
        ("--call-type", "each"),
        ("--grade", "each"),
        ("--area", "beat", "--call-type", "each", "--grade", "each", "--by", "hour"),
    ):
        parts = asked(journey, *part).groupby("force_day")["mean"].sum()
        np.testing.assert_allclose(parts, total, rtol=1e-4)


def test_an_explanation_adds_up_to_the_forecast(journey: Journey) -> None:
    asked = ("--week", WEEK, "--area", "district", "--by", "shift", "--format", "csv")
    said = pd.read_csv(io.StringIO(journey.run("explain", *asked).stdout))
    forecast = pd.read_csv(io.StringIO(journey.run("forecast", *asked).stdout))
    assert said["mean"].to_numpy() == pytest.approx(forecast["mean"].to_numpy(), abs=2e-6)
    assert said[list(PARTS)].sum(axis=1).to_numpy() == pytest.approx(said["mean"], abs=1e-5)
    table = journey.run("explain", "--week", WEEK).stdout
    assert "what the expected calls are made of by day: " in table
    assert "recent_trend" in table
    assert " -0 " not in table


def test_every_format_holds_the_same(journey: Journey, tmp_path: Path) -> None:
    days = asked(journey, "--area", "district")
    said = journey.run("forecast", "--week", WEEK, "--area", "district", "--format", "json").stdout
    told = json.loads(said)
    assert (told["issue"], told["zone"], told["unit"]) == (1, "Europe/London", "calls")
    rows = pd.DataFrame(told["rows"])
    out = tmp_path / "w.parquet"
    journey.run(
        "forecast", "--from", MONDAY, "--to", "2026-11-30", "--area", "district",
        "--format", "parquet", "--out", str(out),
    )  # fmt: skip
    kept = pd.read_parquet(out)
    about = json.loads(parquet.read_metadata(out).metadata[b"forewatch"])
    assert {name: about[name] for name in ("issue", "data_until", "notes", "columns")} == {
        name: told[name] for name in ("issue", "data_until", "notes", "columns")
    }
    for frame in (rows, kept):
        assert frame["area"].tolist() == days["area"].tolist()
        np.testing.assert_allclose(frame["mean"], days["mean"], atol=1e-6)
    table = journey.run("forecast", "--week", WEEK).stdout
    assert "issue 1" in table.splitlines()[0]
    week, legend, missing, _ = table.split("\n\n")
    assert len(week.splitlines()) == 3 + 7
    assert legend.startswith("mean")
    assert missing.startswith("BY THE BASELINE, the shrunken climatology")


def test_the_api_says_what_the_command_line_says(journey: Journey) -> None:
    key = journey.run("keys", "create", "rota").stdout.strip()
    with TestClient(create_app(Workspace(journey.root)), "http://localhost") as client:
        answer = client.get(
            f"/v1/forecasts?week={WEEK}&area=district",
            headers={"Authorization": f"Bearer {key}"},
        )
    assert answer.status_code == 200
    rows = pd.DataFrame(answer.json()["rows"])
    expected = asked(journey, "--area", "district")
    np.testing.assert_allclose(rows["mean"], expected["mean"], atol=1e-6)
    key_id = key.split("_")[1]
    assert key_id in journey.run("keys", "list").stdout
    assert journey.run("keys", "revoke", key_id).exit_code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--week", "2026-W99"), "no ISO week '2026-W99'"),
        (("--week", WEEK, "--area", "bristl"), "near names: bristol"),
        (("--week", WEEK, "--call-type", "missing"), "near names: missing_person"),
        (("--from", MONDAY), "say which time"),
    ],
)
def test_a_mistaken_question_ends_with_exit_code_2(
    journey: Journey, args: tuple[str, ...], said: str
) -> None:
    result = journey.run("forecast", *args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_workspace_that_is_not_there_says_so(tmp_path: Path) -> None:
    for command in ("forecast", "explain", "missing"):
        result = CliRunner().invoke(cli, ["-w", str(tmp_path / "nowhere"), command])
        assert result.exit_code == 2
        assert f"no forewatch.toml in {tmp_path / 'nowhere'}; write one with" in result.stderr


def test_a_backtest_leaves_a_file_for_independent_scorers(journey: Journey) -> None:
    out = journey.root / "backtest.parquet"
    result = journey.run(
        "--debug", "backtest", "--first-origin", "2026-10-01", "--every", "14d", "--folds", "2",
        "--horizon", "14d", "--levels", "total,district", "--out", str(out), "--jobs", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = pd.read_parquet(out)
    assert rows["origin"].unique().tolist() == [
        pd.Timestamp("2026-10-01T06:00Z"),
        pd.Timestamp("2026-10-15T06:00Z"),
    ]
    assert (rows["start"] >= rows["origin"]).all()
    assert len(rows) == 2 * 14 * (1 + 2)
    assert [*rows.columns[:6]] == ["origin", "start", "area", "call_type", "grade", "mean"]
    assert {"q05", "q50", "q95"} <= set(rows)
    quantiles = rows[[name for name in rows if str(name)[0] == "q"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    total = rows[rows["area"] == "avon-and-somerset"].set_index(["origin", "start"])["mean"]
    parts = rows[rows["area"] != "avon-and-somerset"].groupby(["origin", "start"])["mean"].sum()
    np.testing.assert_allclose(parts.loc[total.index], total, rtol=1e-6)
    assert [path.name for path in journey.root.glob(".backtest*")] == []


def test_a_backtest_by_shift_has_a_row_for_each_shift(journey: Journey) -> None:
    out = journey.root / "shifts.parquet"
    result = journey.run(
        "--debug", "backtest", "--first-origin", "2026-10-22", "--folds", "1", "--horizon", "7d",
        "--step", "shift", "--levels", "total", "--out", str(out), "--jobs", "1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = pd.read_parquet(out)
    assert [*rows.columns[:7]] == ["origin", "start", "end", "shift", "area", "call_type", "grade"]
    # nights end at 07:30, the last one after the horizon
    assert rows["shift"].tolist() == [*["early", "late", "night"] * 6, "early", "late"]
    lasts = (rows["end"] - rows["start"]).dt.total_seconds() / 3600
    assert lasts[rows["shift"] == "night"].tolist() == [10, 10, 11, 10, 10, 10]
    quantiles = rows[[name for name in rows if str(name)[0] == "q"]].to_numpy()
    assert quantiles.shape[1] == 19
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (rows["mean"] > 0).all()
    assert rows["baseline"].notna().all()


def test_init_writes_a_profile_that_can_be_used(tmp_path: Path) -> None:
    root = tmp_path / "new"
    for template in ("minimal", "avon-and-somerset"):
        result = CliRunner().invoke(
            cli, ["-w", str(root / template), "init", "--template", template]
        )
        assert result.exit_code == 0, result.output
        assert load(root / template / "forewatch.toml").tree().leaves
    again = CliRunner().invoke(cli, ["-w", str(root / "minimal"), "init"])
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    wrong = CliRunner().invoke(cli, ["-w", str(root / "x"), "init", "--template", "minmal"])
    assert (wrong.exit_code, "near names: minimal" in wrong.stderr) == (2, True)


# Missing-person demand


def test_an_issue_without_a_champion_for_it_holds_the_baseline_and_says_so(
    journey: Journey,
) -> None:
    said = "missing-person demand is by its baseline, the shrunken climatology: "
    assert said in journey.printed["issue"].stdout
    assert "forewatch models promote 1 --subject missing" in journey.printed["issue"].stdout
    result = journey.run("missing", "--week", WEEK)
    assert result.exit_code == 0
    assert "BY THE BASELINE, the shrunken climatology" in result.stdout
    rows = missing_of(journey, "--by", "week")
    assert set(rows["model_version"]) == {"climatology"}
    assert rows["expected"].tolist() == pytest.approx(rows["baseline"].tolist())


def test_a_draft_is_never_the_latest_and_what_is_withdrawn_says_so(
    with_missing: Journey, tmp_path: Path
) -> None:
    shutil.copytree(with_missing.root, tmp_path / "copy")
    gone = replace(with_missing, root=tmp_path / "copy")
    made = gone.run("issue", "--from", "2026-11-02", "--days", "28")
    assert made.stdout.startswith("kept as a draft, not served: issue 3 of ")
    asked = ("forecast", "--week", WEEK, "--by", "week", "--format", "json")
    assert json.loads(gone.run(*asked).stdout)["issue"] == 2
    draft = json.loads(gone.run(*asked, "--issue", "3").stdout)
    assert (draft["issue"], draft["draft"], draft["superseded_by"]) == (3, True, None)
    result = gone.run("issues", "withdraw", "2", "--reason", "a wrong extract", "--by", "ann")
    assert result.stdout.startswith("issue 2 is withdrawn; served is issue 1")
    assert json.loads(gone.run(*asked).stdout)["issue"] == 1
    table = gone.run("forecast", "--week", WEEK, "--issue", "2").stdout
    assert "ISSUE 2 WAS WITHDRAWN on " in table
    assert " by ann: a wrong extract" in table
    statuses = [line.split()[:2] for line in gone.run("issues", "list").stdout.splitlines()[1:]]
    assert statuses == [["3", "draft"], ["2", "withdrawn"], ["1", "served"]]
    assert gone.run("issues", "restore", "2", "--reason", "it was right").exit_code == 0
    assert json.loads(gone.run(*asked, "--issue", "1").stdout)["superseded_by"] == 2
    refused = gone.run("issues", "withdraw", "9", "--reason", "none")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "forewatch: no issue 9; the latest is 3, the first 1\n",
    )


def missing_of(gone: Journey, *args: str) -> pd.DataFrame:
    """What `forewatch missing --format csv` prints, as a frame."""
    result = gone.run("missing", "--week", WEEK, "--format", "csv", *args)
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout))


def test_next_weeks_reports_come_close_to_the_truth(with_missing: Journey) -> None:
    assert "is not forecast" not in with_missing.printed["issue"].stdout
    (week,) = missing_of(with_missing, "--by", "week").to_dict("records")
    rates = with_missing.force.truth.rates
    here = np.isin(rates.day, np.flatnonzero(rates.force_days >= pd.Timestamp(MONDAY))[:7])
    truth = rates.base[:, rates.call_types.index("missing_person"), here].sum()
    assert week["expected"] == pytest.approx(truth, rel=0.25)
    # The hours of the week's own reports, at 13 a case; what lands is as much, less what is left
    # over for the next week, and more by what the last one left.
    assert week["hours_mean"] == pytest.approx(13 * week["expected"], rel=1e-6)
    assert week["landing_mean"] == pytest.approx(week["hours_mean"], rel=0.15)
    assert week["p_at_least_1"] > 0.99


def test_days_and_districts_add_up(with_missing: Journey) -> None:
    (week,) = missing_of(with_missing, "--by", "week").to_dict("records")
    days = missing_of(with_missing)
    assert days["expected"].sum() == pytest.approx(week["expected"], rel=1e-5)
    assert days["landing_mean"].sum() == pytest.approx(week["landing_mean"], rel=1e-3)


def test_the_weekly_forecast_shows_the_same_figures(with_missing: Journey) -> None:
    (week,) = missing_of(with_missing, "--by", "week").to_dict("records")
    below = with_missing.run("forecast", "--week", WEEK).stdout.split("\n\n")[2].splitlines()
    assert below[1:3] == [USES, f"more: forewatch missing --week {WEEK}"]
    assert below[3].split() == ["expected", "landing_q90"]
    assert [float(cell.replace(",", "")) for cell in below[4].split()] == [
        round(week["expected"], 1),
        round(week["landing_q90"], 1),
    ]
    other = with_missing.run("forecast", "--week", WEEK, "--call-type", "violence").stdout
    assert "missing-person" not in other


@pytest.mark.parametrize("form", ["table", "json", "csv", "parquet"])
def test_every_export_says_what_it_may_be_used_for(
    with_missing: Journey, tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"missing.{form}"
    asked = ("missing", "--week", WEEK, "--format", form, "--out", str(out))
    result = with_missing.run(*asked, "--reserved-hours", "500")
    assert result.exit_code == 0, result.output
    if form == "parquet":
        frame = pd.read_parquet(out)
        assert set(frame["uses"]) == {USES}
        assert set(frame["reserved_hours"]) == {500.0}
    else:
        assert USES in out.read_text("utf-8")


def test_the_api_says_the_same_of_missing_persons(with_missing: Journey) -> None:
    key = with_missing.run("keys", "create", "cover").stdout.strip()
    with TestClient(create_app(Workspace(with_missing.root)), "http://localhost") as client:
        answer = client.get(
            f"/v1/missing-persons?week={WEEK}&area=district&by=shift&reserved_hours=10",
            headers={"Authorization": f"Bearer {key}"},
        )
    assert answer.status_code == 200
    rows = pd.DataFrame(answer.json()["rows"])
    same = missing_of(with_missing, "--area", "district", "--by", "shift", "--reserved-hours", "10")
    numbers = ["expected", "p_at_least_1", "hours_q90", "landing_mean", "landing_q90", "p_over"]
    np.testing.assert_allclose(
        rows[numbers].to_numpy(dtype=float), same[numbers].to_numpy(dtype=float), atol=1e-6
    )
    assert rows["state"].tolist() == same["state"].tolist()


def test_the_pools_of_a_year_are_those_of_every_issue(with_missing: Journey) -> None:
    assert with_missing.run("issue", "--days", "21").exit_code == 0
    store = Workspace(with_missing.root).issues()
    assert store.read(2).pools == store.read(3).pools
    # a force of this size has no small areas; tests/end_to_end/test_small_areas.py has one with
    assert with_missing.run("pools").stdout.splitlines() == [
        "missing_person, 2026: 0 pools (below 50 reports a year, 1,000 residents)"
    ]
    rows = missing_of(with_missing, "--area", "beat", "--by", "week")
    assert rows["pooled"].isna().all()  # empty in the file
