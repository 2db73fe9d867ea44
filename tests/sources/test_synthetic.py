"""The demo force has the published scale, the shapes of the domain, and repeats itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from forewatch.rates import Selection, Spans
from sources.synthetic import DemoForce, demo_force, weather, write
from sources.synthetic.catalogue import PATTERNS
from sources.synthetic.festivals import next_operation
from sources.synthetic.staffing import demo_staffing

LONDON = "Europe/London"


@pytest.fixture(scope="module")
def force() -> DemoForce:
    """Two years at full size: 9 districts, 62 beats, 12 call types, 17,000 calls a week."""
    return demo_force(seed=3, years=2)


def last_year(demo: DemoForce) -> tuple[pd.DatetimeIndex, int]:
    """The edges of the history's last 364 force-days, and the number of the first."""
    end = demo.plan.history_days
    return demo.truth.rates.day_edges[end - 364 : end + 1], end - 364


@pytest.mark.parametrize(
    ("selection", "weekly"),
    [
        (Selection(), 17_000),
        (Selection(grades=("immediate",)), 4_500),
        (Selection(call_types=("domestic_abuse",)), 360),
        (Selection(call_types=("missing_person",)), 150),
    ],
)
def test_volumes_are_the_published_ones(
    force: DemoForce, selection: Selection, weekly: float
) -> None:
    edges, _ = last_year(force)
    gap = Spans(
        pd.DatetimeIndex(force.unobserved["start"]), pd.DatetimeIndex(force.unobserved["end"])
    )
    truth = force.truth.distribution(selection, Spans(edges[:1], edges[-1:]))
    lost = force.truth.distribution(selection, gap).mean[0]
    calls = force.records
    wanted = calls.public & (calls.second >= edges[0].timestamp())
    if selection.grades:
        wanted &= calls.grade == 0
    if selection.call_types:
        wanted &= calls.call_type == force.profile.call_type_ids.index(selection.call_types[0])
    assert truth.mean[0] == pytest.approx(52 * weekly, rel=1e-4)
    # The known sampling error, shocks included, of one who knows the rates.
    assert abs(wanted.sum() - truth.mean[0] + lost) < 4 * np.sqrt(truth.variance[0])
    assert np.sqrt(truth.variance[0]) < 0.03 * truth.mean[0]


def test_counts_are_poisson_around_the_conditional_rates(force: DemoForce) -> None:
    rates, calls = force.truth.rates, force.records
    until = int(np.searchsorted(rates.day, force.plan.history_days))
    hours = (calls.second[calls.public] - int(rates.edges[0].timestamp())) // 3600
    place = rates.leaf_place[calls.leaf[calls.public]]
    seen = np.zeros((len(rates.places), len(rates.call_types), until))
    np.add.at(seen, (place, calls.call_type[calls.public], hours), 1)
    low, high = rates.edges.searchsorted(force.unobserved.iloc[0, :2])
    observed = np.delete(np.arange(until), np.arange(low, high))
    expected = force.truth.conditional()[:, :, observed]
    slot = rates.slot[observed]
    by_slot = [(seen[:, :, observed] - expected)[..., slot == s].sum(-1) for s in range(24)]
    size = [expected[..., slot == s].sum(-1) for s in range(24)]
    squares = (np.array(by_slot) ** 2 / np.array(size)).sum()
    assert 0.001 < stats.chi2.cdf(squares, len(rates.places) * len(rates.call_types) * 24) < 0.999


def test_the_coast_goes_up_in_summer_and_the_city_down(force: DemoForce) -> None:
    rates = force.truth.rates
    month = rates.force_days.month.to_numpy()[rates.day]
    summer, spring = np.isin(month, [7, 8]), np.isin(month, [4, 5])
    change = {
        place: calls[:, summer].sum(0).mean() / calls[:, spring].sum(0).mean()
        for place, calls in zip(rates.places, rates.base, strict=True)
    }
    assert min(change[p] for p in ("north-somerset", "sedgemoor", "west-somerset")) > 1.15
    assert max(change["bristol"], change["bath-and-north-east-somerset"]) < 0.97


def test_nights_of_friday_and_saturday_have_twice_the_calls(force: DemoForce) -> None:
    rates = force.truth.rates
    local = rates.starts.tz_convert(LONDON)
    night = local.hour < 4
    weekend = np.isin(local.day_of_week, [5, 6])  # their nights end on Saturday and Sunday
    calls = rates.base.sum((0, 1))
    assert calls[night & weekend].mean() / calls[night & ~weekend].mean() == pytest.approx(
        2, abs=0.15
    )


def test_the_day_peaks_between_18_and_22(force: DemoForce) -> None:
    rates = force.truth.rates
    by_hour = np.bincount(rates.slot, rates.base.sum((0, 1)))
    assert set(np.argsort(by_hour)[-4:]) == {18, 19, 20, 21}


@pytest.mark.parametrize(
    ("day", "hours", "one_o_clocks"), [("2026-03-28", 23, 0), ("2026-10-24", 25, 2)]
)
def test_days_of_the_clock_change_have_23_and_25_hours(
    force: DemoForce, day: str, hours: int, one_o_clocks: int
) -> None:
    rates = force.truth.rates
    number = rates.force_days.get_loc(pd.Timestamp(day))
    within = rates.day == number
    assert within.sum() == hours
    assert (rates.slot[within] == 1).sum() == one_o_clocks
    assert rates.starts[within][0].tz_convert(LONDON).hour == 7


def test_the_force_spreads_more_than_independent_districts_would(force: DemoForce) -> None:
    rates, truth = force.truth.rates, force.truth
    edges, first = last_year(force)
    days = Spans(edges[:-1], edges[1:])
    leaves = np.array(rates.leaves)
    districts = [
        truth.distribution(Selection(leaves=tuple(leaves[rates.leaf_place == p])), days).variance
        for p in range(len(rates.places))
    ]
    whole = truth.distribution(Selection(), days).variance
    assert np.sqrt(whole.mean() / np.sum(districts, 0).mean()) == pytest.approx(1.56, abs=0.01)
    calls = force.records.where(force.records.public)
    day = np.searchsorted([e.timestamp() for e in rates.day_edges], calls.second, "right") - 1
    seen = np.zeros((len(rates.places), force.plan.history_days))
    np.add.at(seen, (rates.leaf_place[calls.leaf], day), 1)
    expected = np.array([np.bincount(rates.day, base.sum(0)) for base in rates.base])
    error = (seen - expected[:, : seen.shape[1]])[:, : first + 150]  # before the unobserved window
    assert error.sum(0).std() / np.sqrt(error.var(1).sum()) == pytest.approx(1.56, abs=0.12)


def test_shares_of_rubbish_late_and_corrected_calls(force: DemoForce) -> None:
    calls = force.records
    public = calls.public
    n = public.sum()
    assert [(calls.status == s).sum() / n for s in range(1, 5)] == pytest.approx(
        [0.03, 0.005, 0.015, 0.01], abs=0.001
    )
    assert (calls.call_type < 0).sum() / n == pytest.approx(0.25, abs=0.01)
    assert (calls.known > calls.second).sum() / n == pytest.approx(0.02, abs=0.001)
    assert (calls.changed < 2**62).sum() / n == pytest.approx(0.03, abs=0.001)
    late = (calls.known - calls.second)[calls.known > calls.second] / 3600
    assert np.median(late) == pytest.approx(6, abs=0.5)
    assert 24 < np.quantile(late, 0.95) < 24 * 7


def test_nothing_is_seen_of_the_unobserved_window(force: DemoForce) -> None:
    low, high = (stamp.timestamp() for stamp in force.unobserved.iloc[0, :2])
    seconds = force.records.second
    assert high - low == 30 * 3600
    assert not ((seconds >= low) & (seconds < high)).any()
    assert ((seconds >= low - 3600) & (seconds < low)).any()


def test_tables_hold_only_what_was_published(force: DemoForce) -> None:
    end = force.truth.rates.day_edges[force.plan.history_days]
    lag = force.tourism["published_at"].dt.tz_localize(None) - (
        force.tourism["month"] + pd.offsets.MonthEnd()
    )
    assert lag.dt.days.between(42, 56).all()
    assert force.tourism["published_at"].max() < end
    assert force.events["announced_at"].max() < end
    assert force.holidays["announced_at"].max() < end
    assert (force.events["start"] > end).any()
    assert (force.events["attendance_low"] < force.events["attendance_high"]).all()


def test_school_terms_differ_by_authority_and_the_festival_is_fallow(force: DemoForce) -> None:
    half_terms = force.holidays[force.holidays["name"] == "October half term"]
    by_area = half_terms.groupby("area")["from"].apply(set)
    assert pd.Timestamp("2024-10-28") in by_area["bristol"]
    assert pd.Timestamp("2024-10-21") in by_area["mendip"]
    festival = force.events.loc[force.events["name"] == "Glastonbury Festival", "start"]
    assert list(festival.dt.strftime("%Y-%m-%d")) == ["2024-06-26", "2025-06-25", "2027-06-23"]


def test_the_police_operation_is_on_the_festival_s_days_and_skips_its_fallow_year() -> None:
    assert next_operation(("mendip",), date(2025, 7, 1)) == (date(2027, 6, 23), date(2027, 6, 29))
    assert next_operation(("mendip",), date(2027, 6, 23)) == (date(2028, 6, 21), date(2028, 6, 27))
    assert next_operation(("bristol",), date(2025, 7, 1)) is None
    held = [a for a in demo_staffing(("mendip",), (), date(2026, 11, 23)).abstraction if a.start]
    assert [(a.start, a.until, a.share) for a in held] == [
        (date(2027, 6, 23), date(2027, 6, 29), 0.1)
    ]


def test_the_break_is_there() -> None:
    demo = demo_force(years=3, districts=1, beats_per_district=1, calls_per_week=1000)
    truth, rates = demo.truth, demo.truth.rates
    assert truth.break_at == pd.Timestamp("2024-07-01 07:00", tz=LONDON)
    before = (rates.starts >= truth.break_at - pd.Timedelta(weeks=2)) & (
        rates.starts < truth.break_at
    )
    after = (rates.starts >= truth.break_at) & (
        rates.starts < truth.break_at + pd.Timedelta(weeks=2)
    )
    change = rates.base[0][:, after].sum(1) / rates.base[0][:, before].sum(1)
    concern = rates.call_types.index("concern_for_welfare")
    assert change[concern] / np.delete(change, concern).mean() == pytest.approx(0.65, abs=0.03)


def test_a_shorter_history_breaks_fourteen_months_before_its_end() -> None:
    demo = demo_force(years=1.5, districts=1, call_types=1, calls_per_week=10)
    assert demo.truth.break_at == pd.Timestamp("2025-09-23 07:00", tz=LONDON)
    assert demo_force(weeks=30, districts=1, calls_per_week=10).truth.break_at is None


def test_the_register_holds_the_break_without_its_size() -> None:
    demo = demo_force(years=1.5, districts=1, calls_per_week=10)
    (row,) = demo.breaks.to_dict("records")
    assert row["start"] == demo.truth.break_at
    assert (row["call_type"], row["area"], row["kind"]) == ("concern_for_welfare", "", "level")
    assert np.isnan(row["expected_ratio"])
    assert row["announced_at"] == demo.truth.break_at - pd.Timedelta(days=60)
    assert demo_force(years=1.5, districts=1, call_types=1, calls_per_week=10).breaks.empty
    assert demo_force(weeks=30, districts=1, calls_per_week=10).breaks.empty


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    size = {"weeks": 3, "districts": 2, "call_types": 3, "calls_per_week": 300}
    files = [
        write(demo_force(seed=seed, **size), tmp_path / str(i)) for i, seed in enumerate([5, 5, 6])
    ]
    first, again, other = ([path.read_bytes() for path in paths] for paths in files)
    assert first == again
    assert first[0] != other[0]


def test_a_longer_history_leaves_the_common_days_alone() -> None:
    size = {"districts": 2, "call_types": 3, "calls_per_week": 100}
    short, long = (demo_force(weeks=weeks, **size).calls for weeks in (90, 110))
    common = long[long["received_at"] >= short["received_at"].iloc[0]]
    assert len(short) > 9_000
    pd.testing.assert_frame_equal(common.reset_index(drop=True), short)


def test_size_is_what_was_asked_for() -> None:
    demo = demo_force(
        weeks=2, until=date(2025, 6, 2), districts=4, beats_per_district=2, call_types=5, scale=0.1
    )
    tree = demo.profile.tree()
    assert len(tree.at_level("district")) == 4
    assert len(tree.leaves) == 8
    assert demo.profile.call_type_ids[0] == "missing_person"
    assert len(demo.profile.call_types) == 5
    edges = demo.truth.rates.day_edges
    assert edges[14] == pd.Timestamp("2025-06-02 07:00", tz=LONDON)
    fortnight = demo.truth.distribution(Selection(), Spans(edges[:1], edges[14:15]))
    assert fortnight.mean[0] == pytest.approx(2 * 1_700)


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValidationError, match="beat_count"):
        demo_force(beat_count=3)


def test_hot_weekends_add_calls_where_it_is_hot_and_nothing_to_the_files_without(
    tmp_path: Path,
) -> None:
    size = {"seed": 4, "weeks": 60, "districts": 2, "beats_per_district": 2, "call_types": 3}
    plain, hot = (demo_force(**size, hot_weekends=growth) for growth in (0.0, 0.05))
    assert "covariates.csv" not in {path.name for path in write(plain, tmp_path / "plain")}
    assert "[[covariates]]" not in (tmp_path / "plain" / "forewatch.toml").read_text("utf-8")
    days = hot.plan.history_days + hot.plan.ahead_days
    heat = weather.heat(hot.plan, days)
    ratio = hot.truth.rates.daily / plain.truth.rates.daily
    crowd = np.array([PATTERNS[t].crowd for t in range(3)])
    np.testing.assert_allclose(np.log(ratio), 0.05 * crowd[:, None] * heat[:, None], atol=1e-9)
    assert (heat > 0).any()
    weekday = hot.truth.rates.force_days.day_of_week
    assert (heat[:, weekday < 5] == 0).all()


def test_the_weather_is_forecast_with_errors_and_then_measured() -> None:
    demo = demo_force(
        seed=4, weeks=60, districts=2, beats_per_district=2, call_types=1, hot_weekends=0.05
    )
    end = demo.truth.rates.day_edges[demo.plan.history_days]
    table = demo.covariates
    assert (table["known_at"] <= end).all()
    told = table.sort_values("known_at").groupby(["date", "area"])["value"]
    last, first = (
        one.reset_index().pivot_table("value", "date", "area")
        for one in (told.last(), told.first())
    )
    heat = weather.heat(demo.plan, demo.plan.history_days)
    districts = list(demo.truth.rates.places)
    measured = last.loc[demo.truth.rates.force_days[: demo.plan.history_days], districts]
    np.testing.assert_allclose(measured.to_numpy().T, heat, atol=0.051)
    assert (first.loc[measured.index, districts] != measured).any(axis=None)
    # the week ahead is told of, and nothing beyond it
    assert last.index.max() == demo.truth.rates.force_days[demo.plan.history_days + 6]
