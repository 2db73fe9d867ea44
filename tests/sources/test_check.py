import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from forewatch.areas import AreaTree
from forewatch.history import History
from forewatch.profile import Covariate
from forewatch.tables import COLUMNS
from sources.check import Report, check, check_history
from sources.daily import daily, weekly
from sources.lake import Lake
from sources.synthetic import DemoForce


def section(report: Report, title: str) -> list[str]:
    """The lines under a heading."""
    lines = report.text.splitlines()
    start = lines.index(next(line for line in lines if line.startswith(title))) + 1
    end = lines.index("", start) if "" in lines[start:] else len(lines)
    return [line.strip() for line in lines[start:end]]


def cut(history: History, start: str, end: str, area: str | None = None) -> History:
    """The history without the counts of a window."""
    counts = history.counts
    lost = (counts["start"] >= pd.Timestamp(start)) & (counts["start"] < pd.Timestamp(end))
    if area is not None:
        lost &= counts["area"].isin(history.tree.leaves_of(area))
    return replace(history, counts=counts[~lost])


def calls_between(history: History, weeks: int) -> int:
    """The calls of the 34 hours of the gap, some weeks away from it."""
    start = history.counts["start"] - pd.Timedelta(weeks=weeks)
    gap = (start >= pd.Timestamp("2026-03-04T10:00Z")) & (start < pd.Timestamp("2026-03-05T20:00Z"))
    return int(history.counts["count"][gap].sum())


@pytest.fixture(scope="module")
def report(town_history: History) -> Report:
    return check_history(town_history)


def test_a_sound_history_has_nothing_to_mend(report: Report) -> None:
    assert report.must_be_mended == ()
    assert section(report, "Gaps") == ["none: every stretch without a call can be chance"]
    assert "Must be mended: 0" in report.text


def test_the_report_fits_100_columns(report: Report) -> None:
    assert max(len(line) for line in report.text.splitlines()) <= 100


def test_volumes_are_the_calls_of_the_ledger(report: Report, town_history: History) -> None:
    counts = town_history.counts
    assert f"{counts['count'].sum():,}" in section(report, "Span")[3]
    days = (counts["start"].max() - counts["start"].min()).days
    types = counts.groupby("call_type", observed=True)["count"].sum()
    for line in section(report, "Volumes"):
        name, *numbers = line.replace(",", "").split()
        if name in types:
            both = (float(numbers[0]) + float(numbers[1])) / 2
            assert both == pytest.approx(types[name] / days * 7, rel=0.05)


def test_daily_counts_agree_with_a_groupby_of_local_dates(town_history: History) -> None:
    found = daily(town_history)
    zone = town_history.profile.force.zone
    wall = town_history.counts["start"].dt.tz_convert(zone).dt.tz_localize(None)
    day = (wall - pd.Timedelta(hours=7)).dt.normalize()
    oracle = town_history.counts["count"].groupby(day).sum()
    total = pd.Series(found.counts.sum((1, 2)), index=found.days)
    assert total.equals(oracle.reindex(total.index, fill_value=0).astype(float).rename_axis(None))
    hours = np.diff(found.edges.as_unit("us").asi8) / 3_600_000_000
    assert sorted(set(hours)) == [23, 24, 25]
    assert (~found.known).any(axis=1).sum() == 2  # the town's lost 30 hours touch two force-days


def test_a_week_with_few_known_days_is_unknown() -> None:
    days = np.array([99.0] + [1.0] * 7 + [2.0, 2, 2, np.nan, np.nan, 2, np.nan] + [np.nan] * 7)
    days[-1:] = 3
    assert weekly(days)[:2] == pytest.approx([7, 14])
    assert np.isnan(weekly(days)[2])


def test_an_undeclared_gap_must_be_mended_and_a_declared_one_not(town_history: History) -> None:
    holed = cut(town_history, "2026-03-04T10:00Z", "2026-03-05T20:00Z")
    report = check_history(holed)
    (line,) = section(report, "Gaps")
    assert line.startswith("2026-03-04 10:00 to 2026-03-05 20:00  everywhere")
    near = [calls_between(town_history, weeks) for weeks in (-3, -2, -1, 1, 2, 3)]
    assert int(line.split()[-3]) == pytest.approx(np.mean(near), rel=0.1)
    assert report.must_be_mended[0].startswith("1 stretches without any call are not declared")
    window = pd.DataFrame(
        {
            "start": [pd.Timestamp("2026-03-04T10:00Z")],
            "end": [pd.Timestamp("2026-03-05T20:00Z")],
            "area": [""],
        }
    ).astype(COLUMNS["unobserved"])
    declared = replace(holed, unobserved=pd.concat([holed.unobserved, window]))
    assert check_history(declared).must_be_mended == ()


def test_an_area_that_falls_silent_is_a_warning(town_history: History) -> None:
    area = town_history.tree.at_level("district")[-1]  # the smallest: the total goes on
    report = check_history(cut(town_history, "2026-03-01T00:00Z", "2026-03-20T00:00Z", area))
    assert report.must_be_mended == ()
    assert any(
        warning.startswith("1 improbable stretches without a call in single areas")
        for warning in report.warnings
    )
    assert area in section(report, "Gaps")[0]


def test_a_change_of_recording_is_listed_with_its_week_and_size(town_history: History) -> None:
    counts = town_history.counts
    kind = town_history.profile.call_type_ids[-1]
    after = (counts["start"] >= pd.Timestamp("2026-06-01T06:00Z")) & (counts["call_type"] == kind)
    gone = after & (np.random.default_rng(1).random(len(counts)) < 0.5)
    lines = section(check_history(replace(town_history, counts=counts[~gone])), "Sudden")
    (found,) = [line for line in lines if line.startswith(kind)]
    assert "week of 2026-06-01" in found
    assert float(found.split("%")[0].split()[-1]) == pytest.approx(-50, abs=8)


def test_a_registered_change_is_listed_and_no_warning(town_history: History) -> None:
    counts = town_history.counts
    kind = town_history.profile.call_type_ids[-1]
    start = pd.Timestamp("2026-06-01T06:00Z")
    after = (counts["start"] >= start) & (counts["call_type"] == kind)
    gone = after & (np.random.default_rng(1).random(len(counts)) < 0.5)
    row = {
        "start": start,
        "end": start + pd.Timedelta(days=900),
        "area": "",
        "call_type": kind,
        "kind": "recode",
    }
    row |= {"expected_ratio": 0.5, "reason": "new codes", "decided_by": "board"}
    breaks = pd.DataFrame([row | {"known_at": start}]).astype(COLUMNS["breaks"])
    report = check_history(replace(town_history, counts=counts[~gone], breaks=breaks))
    assert section(report, "Register of breaks")[:2] == [
        f"2026-06-01 07:00 to 2028-11-17 06:00  recode: {kind}, everywhere",
        "new codes; expected × 0.50, decided by board, known 2026-06-01 07:00",
    ]
    (found,) = [line for line in section(report, "Sudden") if line.startswith(kind)]
    assert found.endswith("registered")
    assert not [warning for warning in report.warnings if "register of breaks" in warning]
    unknown = check_history(replace(town_history, counts=counts[~gone]))
    assert [warning for warning in unknown.warnings if "register of breaks" in warning]


def test_late_counts_are_shares_of_all_counts(town_history: History, report: Report) -> None:
    plus = town_history.counts[town_history.counts["count"] > 0]
    late = (plus["known_at"] - plus["start"]).dt.total_seconds() > 25 * 3600
    share = plus["count"][late].sum() / plus["count"].sum()
    assert section(report, "Late")[1].endswith(f" {share:.2%}")
    counts = town_history.counts
    tardy = counts.assign(known_at=counts["known_at"] + pd.Timedelta(days=3))
    warned = check_history(replace(town_history, counts=tardy)).warnings
    assert warned[0].startswith("100% of counts became known more than a day late")


def test_a_short_or_empty_history_must_be_mended(town_history: History) -> None:
    start = town_history.observed_from
    short = replace(town_history, observed_until=start + pd.Timedelta(days=20))
    assert any("only 20 whole days" in text for text in check_history(short).must_be_mended)
    none = replace(town_history, counts=town_history.counts.iloc[:0])
    assert "no calls at all" in check_history(none).must_be_mended[0]
    hours = replace(town_history, observed_until=start + pd.Timedelta(hours=3))
    assert "only 0 whole days" in check_history(hours).must_be_mended[0]


def test_areas_that_the_tree_lost_must_be_mended(town_history: History) -> None:
    tourism = town_history.tourism.assign(area="atlantis")
    unobserved = town_history.unobserved.assign(area="atlantis")
    report = check_history(replace(town_history, tourism=tourism, unobserved=unobserved))
    assert report.must_be_mended[-2:] == (
        "tourism has areas that the tree lacks: atlantis; import it again",
        "unobserved has areas that the tree lacks: atlantis; import it again",
    )


def test_clock_change_days_are_listed_with_their_hours(report: Report) -> None:
    lines = section(report, "Clock-change days")
    assert [line[:16] for line in lines] == [
        "2025-10-25  25 h",
        "2026-03-28  23 h",
        "2026-10-24  25 h",
    ]


def test_a_lake_without_calls_and_one_without_areas_are_findings(
    town: DemoForce, tmp_path: Path
) -> None:
    lake = Lake(tmp_path)
    assert check(lake, town.profile).must_be_mended == (
        "nothing to forecast from: import calls or counts first",
    )
    lake.append("calls", pd.DataFrame({"x": [1]}), {})
    bare = town.profile.model_copy(update={"areas": ()})
    assert "the force has no areas" in check(lake, bare).must_be_mended[0]


def test_leaves_are_listed_where_they_are_few_and_where_all_are_asked_for(
    drawn_force: Callable[..., History],
) -> None:
    few = drawn_force(1, per_day=(20.0,) * 10, days=150)
    assert sum(line.startswith("beat ") for line in section(check_history(few), "Volumes")) == 10
    many = drawn_force(1, per_day=(20.0,) * 11 + (0.0,), days=150)
    lines = section(check_history(many), "Volumes")
    assert [line.split()[1] for line in lines if line.startswith("beat ")] == ["b11"]
    assert "and 11 leaf areas without a finding (--all lists them)" in lines
    everything = section(check_history(many, everything=True), "Volumes")
    assert sum(line.startswith("beat ") for line in everything) == 12


def test_lists_are_cut_unless_all_is_asked_for(drawn_force: Callable[..., History]) -> None:
    history = drawn_force(1, per_day=(200.0, 100.0), days=200)
    for week in range(12):
        start = pd.Timestamp("2025-02-03T07:00Z") + pd.Timedelta(days=7 * week)
        history = cut(history, start.isoformat(), (start + pd.Timedelta(hours=9)).isoformat())
    cut_report = check_history(history)
    assert len(cut_report.gaps) == 12
    assert len(section(cut_report, "Gaps")) == 11
    assert section(cut_report, "Gaps")[-1] == "… and 2 more (--all lists them)"
    assert len(section(check_history(history, everything=True), "Gaps")) == 12


def test_a_storm_is_a_single_day_and_no_change_of_level(
    drawn_force: Callable[..., History],
) -> None:
    def storm(day: NDArray[Any]) -> NDArray[Any]:
        return np.where((day == 100) & (np.arange(4)[:, None] % 2 == 0), 12.0, 1.0)

    def change(day: NDArray[Any]) -> NDArray[Any]:
        return storm(day) * np.where(day >= 119, 0.5, 1.0)

    settings = {"per_day": (40.0, 40.0, 40.0, 40.0), "days": 280, "call_types": 2}
    report = check_history(drawn_force(3, storm, **settings))
    (line,) = section(report, "Single days")
    assert line.startswith("2025-04-16 ")
    calls, usual = re.findall(r"([\d,.]+) calls, usual +([\d,.]+)", line)[0]
    stormy = {"total": 6.5, "in": 12.0}  # two of four leaves have twelve times their calls
    wanted = stormy.get(line.split()[1], 12.0)
    assert float(calls.replace(",", "")) / float(usual) == pytest.approx(wanted, rel=0.25)
    assert section(report, "Sudden") == ["none"]
    assert any(text.startswith("1 single days are far above") for text in report.warnings)
    both = check_history(drawn_force(3, change, **settings))
    assert len(section(both, "Single days")) == 1
    found = section(both, "Sudden")
    assert {"total", "t0", "in"} <= {text.split()[0] for text in found}
    assert all("week of 2025-05-05" in text for text in found)


def test_a_registered_pulse_is_no_warning(drawn_force: Callable[..., History]) -> None:
    history = drawn_force(
        3, lambda day: np.where(day == 100, 12.0, 1.0), per_day=(40.0, 40.0), days=280
    )
    assert any("single days are far above" in text for text in check_history(history).warnings)
    start = pd.Timestamp("2025-04-16T06:00Z")
    row = {"start": start, "end": start + pd.Timedelta(days=1), "area": "", "call_type": ""}
    row |= {"kind": "pulse", "expected_ratio": np.nan, "reason": "storm", "decided_by": "y"}
    breaks = pd.DataFrame([row | {"known_at": start}]).astype(COLUMNS["breaks"])
    report = check_history(replace(history, breaks=breaks))
    assert section(report, "Single days")[0].endswith("registered")
    assert report.warnings == ()


def test_a_force_of_one_area_and_one_type_can_be_checked(
    drawn_force: Callable[..., History],
) -> None:
    history = drawn_force(1, per_day=(30.0,), days=150, districts=1)
    report = check_history(history)
    assert (report.must_be_mended, report.warnings) == ((), ())


def test_the_tree_tiles_the_volumes(report: Report, town_history: History) -> None:
    tree: AreaTree = town_history.tree
    rates = {line.split()[0]: line for line in section(report, "Volumes")}
    total = float(rates["total"].replace(",", "").split()[1])
    parts = [line for line in section(report, "Volumes") if line.startswith("in ")]
    assert len(parts) == len(tree.at_level("district"))
    assert sum(float(p.replace(",", "").split()[2]) for p in parts) == pytest.approx(total, abs=0.3)


def test_covariates_are_told_with_their_days_and_one_without_values_is_a_warning(
    drawn_force: Callable[..., History],
) -> None:
    history = drawn_force(1, per_day=(30.0,), days=150, districts=1)
    start = pd.DatetimeIndex(["2025-03-01T07:00Z", "2025-03-04T07:00Z"]).as_unit("us")
    table = pd.DataFrame(
        {"covariate": ["rain", "wind"], "area": "", "start": start, "value": 1.0, "known_at": start}
    )
    profile = history.profile.model_copy(
        update={
            "covariates": (
                Covariate(id="rain", name="Rain", known="measured"),
                Covariate(id="snow", name="Snow", known="measured"),
            )
        }
    )
    report = check_history(
        replace(history, profile=profile, covariates=table.astype(COLUMNS["covariates"]))
    )
    (line,) = section(report, "Covariates")
    assert line.split() == ["rain", "1", "values,", "2025-03-01", "to", "2025-03-01"]
    assert [warning.split(";")[0] for warning in report.warnings] == [
        "snow has no value, and nothing of it can be learned",
        "values of no covariate of the profile: wind",
    ]
