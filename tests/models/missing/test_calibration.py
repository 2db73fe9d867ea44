import numpy as np
import pandas as pd
import pytest

from models.missing.calibration import ALL_LEADS, LEAST_REPORTS, Calibration, tables

BLOCKS = ("1-7", "8+")


def windows(
    seed: int, scale: float = 1.0, stretch: float = 1.0, weeks: int = 60, mean: float = 1.5
) -> pd.DataFrame:
    """Return judged windows whose forecast is the truth, or is *scale* × and *stretch*ed."""
    rng = np.random.default_rng(seed)
    n = weeks * 40
    true = rng.gamma(4, mean / 4, n)
    said = scale * (mean + stretch * (true - mean))
    counts = rng.poisson(true).astype(float)
    return pd.DataFrame(
        {
            "level": "district",
            "area": [f"d{i % 40}" for i in range(n)],
            "window": "day",
            "block": rng.integers(0, 2, n),
            "origin": pd.Timestamp("2023-12-31T07:00Z"),
            "week": np.repeat(np.arange(weeks), 40),
            "start": pd.Timestamp("2024-01-01", tz="UTC")
            + pd.to_timedelta(np.repeat(np.arange(weeks), 40), unit="D"),
            "mean": said,
            "variance": said,
            "baseline": mean,
            "baseline_variance": mean + mean**2 / 4,
            "count": counts,
        }
    )


def of(rows: pd.DataFrame) -> Calibration:
    return tables(rows, (1, 2), BLOCKS, seed=3)


def test_the_true_distribution_is_calibrated_and_beats_the_climatology() -> None:
    found = of(windows(1))
    assert found.reasons["district", "day"] == ""
    row = found.counts[found.counts["block"] == ALL_LEADS].iloc[0]
    assert row["slope_low"] < 1 < row["slope_high"]
    assert row["log_score"] < row["baseline_log_score"]
    assert (found.scores["skill"] > 0).all()
    bars = row[[f"pit_{i}" for i in range(1, 11)]].to_numpy(float)
    assert bars == pytest.approx(np.full(10, 0.1), abs=0.025)


def test_reliability_follows_the_diagonal_where_the_forecast_is_right() -> None:
    table = of(windows(2, weeks=200)).reliability
    many = table[(table["n"] > 500) & (table["block"] == ALL_LEADS)]
    assert len(many) > 4
    assert (
        (many["low"] - 0.02 < many["predicted"]) & (many["predicted"] < many["high"] + 0.02)
    ).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scale": 1.5}, "reports ÷ expected is 0.6"),
        ({"stretch": 2.5, "mean": 8.0}, "the slope of reports on expected is 0."),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, float], said: str) -> None:
    rows = windows(3, **change)  # type: ignore[arg-type]
    rows[["mean", "variance"]] = rows[["mean", "variance"]].clip(lower=0.05)
    found = of(rows)
    assert said in found.reasons["district", "day"]


def test_too_narrow_a_spread_shows_above_the_90th_percentile() -> None:
    rows = windows(4, mean=30.0).assign(variance=lambda frame: 0.4 * frame["mean"])
    assert "90th percentile" in of(rows).reasons["district", "day"]


def test_too_little_seen_is_no_calibration() -> None:
    few = windows(5, weeks=30, mean=0.03)
    assert few["count"].sum() < LEAST_REPORTS
    assert "fewer than 50 reports were there to judge" in of(few).reasons["district", "day"]
    short = of(windows(5, weeks=12)).reasons["district", "day"]
    assert short == "forecasts of 12 weeks were judged; 20 are needed"
    assert ("district", "week") not in of(windows(6)).reasons


def test_a_report_that_several_origins_forecast_counts_once() -> None:
    rows = windows(7)
    twice = pd.concat([rows, rows], ignore_index=True)
    whole = of(twice).counts
    row = whole[whole["block"] == ALL_LEADS].iloc[0]
    assert row["distinct"] == rows["count"].sum()
    assert row["reports"] == 2 * rows["count"].sum()


def test_brier_scores_are_mean_squares() -> None:
    rows = windows(8)
    found = of(rows).scores
    row = found[(found["block"] == ALL_LEADS) & (found["at_least"] == 1)].iloc[0]
    chance = 1 - np.exp(-rows["mean"])
    assert row["brier"] == pytest.approx(((chance - (rows["count"] >= 1)) ** 2).mean())
    assert row["skill"] == pytest.approx(1 - row["brier"] / row["baseline_brier"])


def test_a_calibration_survives_its_state() -> None:
    found = of(windows(9))
    again = Calibration.from_state(found.state())
    assert again.reasons == found.reasons
    pd.testing.assert_frame_equal(again.counts, found.counts, check_dtype=False)
