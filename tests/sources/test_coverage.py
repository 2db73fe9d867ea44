from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.panel import panel
from forewatch.errors import NotEnoughHistory
from forewatch.history import LEAST_TRAINING_DAYS, History
from forewatch.tables import COLUMNS
from models.missing.origins import report_folds
from models.missing.settings import MissingRecipe
from models.origins import plan
from models.recipe import Recipe
from sources.check import check_history
from sources.coverage import known_days, too_short, training_days
from sources.daily import daily

MakeForce = Callable[..., History]
BUSY = (30.0, 20.0, 20.0, 10.0)


def unobserved(history: History, *windows: tuple[str, str, str]) -> History:
    """The history with windows of force-days: first, last (not in it), area."""
    zone, opens = history.profile.force.zone, "07:00"
    rows = [
        {
            "start": pd.Timestamp(f"{start} {opens}", tz=zone).tz_convert("UTC"),
            "end": pd.Timestamp(f"{end} {opens}", tz=zone).tz_convert("UTC"),
            "area": area,
        }
        for start, end, area in windows
    ]
    return replace(history, unobserved=pd.DataFrame(rows).astype(COLUMNS["unobserved"]))


def with_break(history: History, start: str, end: str, **row: Any) -> History:
    zone = history.profile.force.zone
    low, high = (pd.Timestamp(f"{day} 07:00", tz=zone).tz_convert("UTC") for day in (start, end))
    row = {"area": "", "call_type": "", "known_at": low, "expected_ratio": np.nan} | row
    row |= {"start": low, "end": high, "reason": "x", "decided_by": "y"}
    table = pd.concat([history.breaks, pd.DataFrame([row]).astype(COLUMNS["breaks"])])
    return replace(history, breaks=table.astype(COLUMNS["breaks"]))


def days_of_training(history: History) -> int:
    """The days that training counts, by training's own way."""
    now = panel(AsOf(history, history.observed_until), 1)
    return int(np.isfinite(now.counts).any(axis=1).sum())


def refuses(history: History) -> bool:
    view = AsOf(history, history.observed_until)
    try:
        plan(view, panel(view, 1), Recipe())
    except NotEnoughHistory:
        return True
    return False


def line(history: History, name: str) -> str:
    """The line of the report that begins with a word."""
    return next(
        text.strip() for text in check_history(history).text.splitlines() if name in text[:14]
    )


def test_rates_are_over_known_time_and_agree_with_the_volumes(drawn_force: MakeForce) -> None:
    sound = drawn_force(1, per_day=BUSY, days=210)
    history = unobserved(sound, ("2025-03-03", "2025-05-12", ""))
    lost = history.unobserved
    counts = sound.counts
    inside = (counts["start"] >= lost["start"][0]) & (counts["start"] < lost["end"][0])
    calls = counts["count"][~inside].sum()
    history = replace(history, counts=counts[~inside])
    assert known_days(daily(history)) == 140
    assert line(history, "whole days").startswith("whole days   210, 140.0 of them known")
    assert (
        line(history, "calls")
        == f"calls        {calls:,}, {calls / 20:,.0f} a week over known time"
    )
    total = [float(number.replace(",", "")) for number in line(history, "total").split()[1:3]]
    assert np.mean(total) == pytest.approx(calls / 20, rel=0.03)
    assert "over known time" not in line(sound, "calls")


def test_a_day_partly_unknown_counts_by_the_share_of_leaves(drawn_force: MakeForce) -> None:
    sound = drawn_force(1, per_day=BUSY, days=210)
    history = unobserved(sound, ("2025-03-03", "2025-03-13", "b0"))
    per_day = daily(history)
    assert known_days(per_day) == 207.5
    assert "a day counts by the share of leaf areas" in check_history(history).text
    rate = per_day.weekly_rate(np.arange(4))
    parts = [per_day.weekly_rate(np.array([leaf])) for leaf in range(4)]
    assert rate == pytest.approx(sum(parts))
    assert rate == pytest.approx(7 * sum(BUSY), rel=0.05)
    never = unobserved(sound, ("2025-01-06", "2025-08-04", "b0"))
    assert daily(never).weekly_rate(np.arange(4)) == pytest.approx(sum(parts[1:]), rel=0.01)
    half = unobserved(sound, ("2025-01-06", "2025-04-20", "b0"))
    assert np.isnan(daily(half).weekly_rate(np.arange(4), days=slice(0, 100)))
    report = check_history(never)
    assert "nothing is known of 1 leaf areas on any day: b0" in report.warnings
    assert "a week over known time, in the areas known" in report.text


def test_a_leaf_of_which_nothing_is_known_hides_no_gap_of_the_others(
    drawn_force: MakeForce,
) -> None:
    sound = unobserved(drawn_force(1, per_day=BUSY, days=210), ("2025-01-06", "2025-08-04", "b0"))
    start = sound.counts["start"]
    lost = (start >= pd.Timestamp("2025-03-03T07:00Z")) & (
        start < pd.Timestamp("2025-03-05T07:00Z")
    )
    report = check_history(replace(sound, counts=sound.counts[~lost]))
    assert [gap.area for gap in report.gaps] == [""]
    assert report.must_be_mended[0].startswith("1 stretches without any call are not declared")


@pytest.mark.parametrize("areas", [("",), ("d0", "d1"), ("b0", "b1", "b2", "b3")])
def test_a_history_of_which_nothing_is_known_must_be_mended(
    drawn_force: MakeForce, areas: tuple[str, ...]
) -> None:
    sound = drawn_force(1, per_day=BUSY, days=210, call_types=2)
    report = check_history(unobserved(sound, *(("2025-01-01", "2025-09-01", a) for a in areas)))
    assert report.must_be_mended[0].startswith("nothing is known: every area is declared")
    assert report.warnings == ()


@pytest.mark.parametrize("days", [111, 112])
@pytest.mark.parametrize("step", ["hour", "day"])
def test_the_check_asks_for_as_many_days_as_training(
    drawn_force: MakeForce, days: int, step: str
) -> None:
    history = drawn_force(1, per_day=BUSY, days=days, step=step)
    assert (
        refuses(history)
        == (days < LEAST_TRAINING_DAYS)
        == bool(check_history(history).must_be_mended)
    )
    if step == "hour":  # not one day more by hours at both ends
        cut = replace(
            drawn_force(1, per_day=BUSY, days=113),
            observed_from=history.observed_from + pd.Timedelta(minutes=1),
            observed_until=history.observed_from + pd.Timedelta(days=days + 2, hours=-2),
        )
        assert training_days(cut, daily(cut)) == days == days_of_training(cut)


def test_the_reason_names_the_days_known(drawn_force: MakeForce) -> None:
    history = drawn_force(1, per_day=BUSY, days=60)
    assert too_short(history, daily(history)) == [
        (
            "only 60 whole days are observed, training needs 112; import more history, two years "
            "if there are"
        )
    ]
    lost = unobserved(history, ("2025-01-10", "2025-01-20", ""))
    assert too_short(lost, daily(lost))[0].startswith(
        "only 50 of 60 whole days are known of any modelled area, training needs 112"
    )


@pytest.mark.parametrize("lost", [38, 39])
def test_known_days_count_where_training_counts_them(drawn_force: MakeForce, lost: int) -> None:
    """Of 150 days 112 or 111 are known of the one district that is known at all."""
    sound = drawn_force(1, per_day=BUSY, days=150, call_types=2)
    end = f"{pd.Timestamp('2025-02-01') + pd.Timedelta(days=lost):%Y-%m-%d}"
    history = unobserved(sound, ("2025-01-01", "2025-09-01", "b0"), ("2025-02-01", end, "d1"))
    assert training_days(history, daily(history)) == days_of_training(history) == 150 - lost
    assert refuses(history) == bool(check_history(history).must_be_mended) == (lost == 39)
    elsewhere = unobserved(sound, ("2025-02-01", end, "d1"))
    assert training_days(elsewhere, daily(elsewhere)) == days_of_training(elsewhere) == 150


@pytest.mark.parametrize("kind", ["pulse", "exclude", "level"])
@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"area": "d0"},
        {"call_type": "t0"},
        {"known_at": pd.Timestamp("2026-01-01", tz="UTC")},
    ],
)
def test_the_register_takes_away_the_days_that_training_leaves_out(
    drawn_force: MakeForce, kind: str, scope: dict[str, Any]
) -> None:
    sound = drawn_force(1, per_day=BUSY, days=150, call_types=2)
    history = with_break(sound, "2025-02-01", "2025-03-13", kind=kind, **scope)
    lost = 40 if kind != "level" and not scope else 0
    assert training_days(history, daily(history)) == days_of_training(history) == 150 - lost
    assert refuses(history) == bool(too_short(history, daily(history))) == (lost == 40)
    both = with_break(history, "2025-02-01", "2025-02-11", kind="exclude", area="d1")
    wanted = days_of_training(both)
    assert training_days(both, daily(both)) == wanted


@pytest.mark.parametrize("end", ["2025-06-05", "2025-06-06", "2025-06-07", "2025-06-08"])
def test_a_pulse_that_was_there_all_along_takes_nothing_away(
    drawn_force: MakeForce, end: str
) -> None:
    sound = drawn_force(1, per_day=BUSY, days=150)  # until 2025-06-05
    history = with_break(sound, "2025-01-01", end, kind="pulse")
    assert training_days(history, daily(history)) == days_of_training(history)


def test_the_missing_person_model_asks_for_the_same(town_history: History) -> None:
    recipe = MissingRecipe(members=("climatology", "recent"))
    short = replace(
        town_history, observed_until=town_history.observed_from + pd.Timedelta(days=111, hours=1)
    )
    assert training_days(short, daily(short)) == 111
    with pytest.raises(NotEnoughHistory, match="training needs 112 days of counts, 111 are known"):
        report_folds(AsOf(short, short.observed_until), recipe)
