"""The past as if its breaks had always been, and the days ahead as they were announced."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.asof import AsOf
from features.cube import cube
from features.panel import Panel, panel
from forewatch.history import History

MakeVillage = Callable[..., History]
OPEN = pd.NaT
FIRST, DAYS = pd.Timestamp("2026-03-02"), 120  # 07:00 British summer time from 29 March
BEFORE, AFTER = (8, 4, 6, 2), (4, 4, 3, 2)  # old theft, old noise, bay theft, bay noise
CHANGE = "2026-06-01T06:00"


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def register(*rows: dict[str, Any]) -> dict[str, list[Any]]:
    """Columns of the register: everything of everywhere, known a month ahead, unless told else."""
    plain = {
        "start": CHANGE,
        "end": OPEN,
        "area": "",
        "call_type": "",
        "kind": "level",
        "expected_ratio": np.nan,
        "reason": "why",
        "decided_by": "board",
        "known_at": "2026-05-01T00:00",
    }
    return {name: [(plain | row)[name] for row in rows] for name in plain}


@pytest.fixture(scope="module")
def village_with(village: MakeVillage) -> Callable[..., History]:
    """The same calls at noon of every day: thefts halve on 1 June, noise does not."""

    def made(*rows: dict[str, Any]) -> History:
        ledger = []
        for day in pd.date_range(FIRST, periods=DAYS).strftime("%Y-%m-%d"):
            counts = AFTER if day >= "2026-06-01" else BEFORE
            cells = [("old", "theft"), ("old", "noise"), ("bay", "theft"), ("bay", "noise")]
            ledger += [
                (f"{day}T12:00", area, kind, "routine", n, f"{day}T13:00")
                for (area, kind), n in zip(cells, counts, strict=True)
            ]
        tables = {"breaks": register(*rows)} if rows else {}
        return village(ledger, observed=("2026-03-02T07:00", "2026-06-30T06:00"), tables=tables)

    return made


VillageWith = Callable[..., History]
THEFT = {"call_type": "theft"}
SERIES = (("town", "theft"), ("town", "noise"), ("coast", "theft"), ("shire", "all"))


def seen(history: History, origin: str, horizon: int = 10) -> Panel:
    return panel(AsOf(history, at(origin)), horizon)


def column(known: Panel, values: Any, area: str, kind: str) -> Any:
    return values[:, known.series(area, kind)]


def test_the_past_is_at_the_level_of_today(village_with: VillageWith) -> None:
    known = seen(village_with(THEFT), "2026-06-29T06:00")
    past = known.days < pd.Timestamp("2026-06-01")
    theft = column(known, known.counts, "town", "theft")
    # 28 days of 7 calls after a mean of 14: halved, but for what the prior and chance leave
    assert theft[past] == pytest.approx(4, rel=0.06)
    assert (theft[~past] == 4).all()
    assert (column(known, known.counts, "town", "noise") == 4).all()
    # nothing is ahead, and what was recorded is still there
    assert known.ahead == pytest.approx(np.ones((10, 9)))
    assert (column(known, known.happened, "town", "theft")[past] == 8).all()


def test_totals_are_the_sums_of_their_adjusted_parts(village_with: VillageWith) -> None:
    known = seen(village_with(THEFT, {"area": "coast", "start": "2026-05-04T06:00"}), CHANGE)
    parts = known.counts[:, known.index("cell")].sum(1)
    assert known.counts[:, 0] == pytest.approx(parts)
    both = [column(known, known.counts, "coast", kind) for kind in ("theft", "noise", "all")]
    assert both[0] + both[1] == pytest.approx(both[2])


def test_an_unknown_break_changes_nothing(village_with: VillageWith) -> None:
    told_late = village_with(THEFT | {"known_at": "2026-06-20T00:00"})
    before = seen(told_late, "2026-06-19T06:00")
    assert before.breaks == ()
    assert before.recorded is None
    assert len(seen(told_late, "2026-06-21T06:00").breaks) == 1


def test_an_announced_break_scales_the_days_from_its_start_on(village_with: VillageWith) -> None:
    known = seen(village_with(THEFT | {"expected_ratio": 0.6}), "2026-05-30T06:00")
    assert known.ahead is not None
    assert (known.counts == known.happened).all()
    for area, kind, factor in (
        ("town", "theft", 0.6),
        ("town", "noise", 1.0),
        ("shire", "theft", 0.6),
        ("shire", "all", (0.6 * (8 + 6) + 4 + 2) / 20),  # what its parts make of it
    ):
        wanted = [1.0] * 2 + [factor] * 8
        assert column(known, known.ahead, area, kind) == pytest.approx(wanted), (area, kind)


def test_a_break_within_a_day_holds_for_its_part_of_the_day(village_with: VillageWith) -> None:
    noon = THEFT | {"expected_ratio": 0.5, "start": "2026-06-01T12:00"}
    known = seen(village_with(noon), "2026-06-01T06:00")
    factor = column(known, known.ahead, "town", "theft")
    assert factor[:2] == pytest.approx([0.5 ** (18 / 24), 0.5])


def test_a_ramp_goes_in_equal_steps_of_the_logarithm(village_with: VillageWith) -> None:
    ramp = THEFT | {"kind": "ramp", "end": "2026-06-05T06:00", "expected_ratio": 0.5}
    known = seen(village_with(ramp), CHANGE)
    share = np.clip((np.arange(10) + 0.5) / 4, 0, 1)
    assert column(known, known.ahead, "coast", "theft") == pytest.approx(0.5**share)
    half_way = seen(village_with(ramp), "2026-06-03T06:00")
    ratio = np.exp(half_way.breaks[0].log_ratio)
    past = column(half_way, half_way.counts, "town", "theft")
    assert past[0] == pytest.approx(8 * ratio**0.375)  # the last day lies at 3/8 of the ramp
    assert column(half_way, half_way.ahead, "town", "theft")[-1] == pytest.approx(ratio**0.625)


def test_a_pulse_is_not_learned_from_and_still_happened(village_with: VillageWith) -> None:
    pulse = THEFT | {"kind": "pulse", "start": "2026-05-04T06:00", "end": "2026-05-11T06:00"}
    known = seen(village_with(pulse), CHANGE)
    within = known.days.isin(pd.date_range("2026-05-04", periods=7))
    assert within.sum() == 7
    for area, kind in SERIES:
        unknown = np.isnan(column(known, known.counts, area, kind))
        assert (unknown == (within & (kind != "noise"))).all(), (area, kind)
    assert np.isfinite(known.happened).all()
    assert known.ahead == pytest.approx(np.ones((10, 9)))


def test_an_announced_pulse_ends(village_with: VillageWith) -> None:
    pulse = {"kind": "pulse", "end": "2026-06-03T06:00", "expected_ratio": 1.5}
    known = seen(village_with(pulse), CHANGE, horizon=4)
    assert column(known, known.ahead, "shire", "all") == pytest.approx([1.5, 1.5, 1, 1])


def test_excluded_counts_are_unknown_to_everybody(village_with: VillageWith) -> None:
    window = {"start": "2026-05-04T11:00", "end": "2026-05-05T13:00"}
    known = seen(village_with(THEFT | {"kind": "exclude", "area": "coast"} | window), CHANGE)
    days = pd.DatetimeIndex(["2026-05-04", "2026-05-05"])
    for area, kind in SERIES:
        touched = known.days.isin(days) & ((area, kind) in {("coast", "theft"), ("shire", "all")})
        assert (np.isnan(column(known, known.happened, area, kind)) == touched).all(), (area, kind)
    hours = cube(AsOf(village_with(THEFT | {"kind": "exclude"} | window), at(CHANGE)))
    assert np.isnan(hours.counts).sum(2).tolist() == [[26, 0], [26, 0]]


def test_two_breaks_of_the_same_calls_are_told_apart(village_with: VillageWith) -> None:
    of_nothing = {"start": "2026-05-04T06:00"}  # registered, but nothing came of it
    known = seen(village_with(of_nothing, THEFT), "2026-06-29T06:00")
    ratios = np.exp([one.log_ratio for one in known.breaks])
    assert ratios == pytest.approx([1, 0.5], abs=0.06)


def test_what_the_notes_say(village_with: VillageWith) -> None:
    rows: Sequence[dict[str, Any]] = (THEFT, THEFT | {"start": "2026-07-01T06:00", "area": "town"})
    stated = {"start": "2026-07-02T06:00", "expected_ratio": 0.9, "kind": "recode"}
    found = seen(village_with(*rows, stated), "2026-06-29T06:00").breaks
    ratio = f"{np.exp(found[0].log_ratio):.2f}"
    assert [str(one) for one in found] == [
        f"break of 2026-06-01 (level), theft: calls × {ratio}, estimated from 28 days; why (board)",
        "break of 2026-07-01 (level), theft town: calls × 1.00, no day to tell it yet; why (board)",
        "break of 2026-07-02 (recode), all call types: calls × 0.90, as stated; why (board)",
    ]
