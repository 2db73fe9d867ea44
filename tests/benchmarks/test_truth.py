"""What happened by shift, on a history made by hand: unknown is never zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy.truth import truth
from forewatch.errors import BadQuestion
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import COLUMNS

WHOLE, NORTH = ("town", "all", "all"), ("north", "all", "all")
DAY, NIGHT = ("day", "07:00", "19:00"), ("night", "19:00", "07:00")


def history(
    *shifts: tuple[str, str, str],
    until: str = "2024-10-29T07:00Z",
    unobserved: tuple[tuple[str, str, str], ...] = (),
) -> History:
    """One call an hour in the north, three in the south, from Friday 2024-10-25 07:00.

    The clock goes back in the night of Saturday.
    """
    profile = Profile.model_validate(
        {
            "force": {"id": "town", "name": "Town", "zone": "Europe/London"},
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "areas": [
                {"id": "town", "name": "Town"},
                {"id": "north", "name": "North", "parent": "town"},
                {"id": "south", "name": "South", "parent": "town"},
            ],
            "call_types": [{"id": "t", "name": "T"}],
            "grades": ["routine"],
            "shifts": [
                {"id": name, "name": name, "start": start, "end": end}
                for name, start, end in shifts
            ],
        }
    )
    first, end = pd.Timestamp("2024-10-25T06:00Z"), pd.Timestamp(until)
    starts = pd.date_range(first, end, freq="h", unit="us", inclusive="left")
    counts = pd.DataFrame(
        {
            "start": starts.repeat(2),
            "area": pd.Categorical(["north", "south"] * len(starts), profile.tree().leaves),
            "call_type": pd.Categorical(["t"] * 2 * len(starts)),
            "grade": pd.Categorical(["routine"] * 2 * len(starts)),
            "count": np.tile([1, 3], len(starts)),
            "known_at": starts.repeat(2) + pd.Timedelta(hours=1),
        }
    ).astype(COLUMNS["counts"])
    windows = pd.DataFrame(unobserved, columns=["start", "end", "area"])
    return History(
        profile,
        profile.tree(),
        "hour",
        first.as_unit("us"),
        end.as_unit("us"),
        counts,
        unobserved=windows.astype(COLUMNS["unobserved"]),
    )


def test_a_shift_holds_its_hours_the_long_night_one_more() -> None:
    found = truth(history(DAY, NIGHT), [WHOLE, NORTH], "shift")
    assert found.counts[:, 1].tolist() == [12, 12, 12, 13, 12, 12, 12, 12]
    assert found.counts[:, 0].tolist() == (4 * found.counts[:, 1]).tolist()
    assert found.day.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    local = found.edges.tz_convert("Europe/London")
    assert local.hour.tolist() == [7, 19, 7, 19, 7, 19, 7, 19, 7]


def test_shifts_of_a_weekday_are_told_apart() -> None:
    slot = truth(history(DAY, NIGHT, until="2024-11-08T07:00Z"), [WHOLE], "shift").slot
    assert len(np.unique(slot)) == 14
    assert slot[14:].tolist() == slot[:14].tolist()


def test_a_shift_that_lies_in_part_in_an_unobserved_window_is_unknown() -> None:
    # the last hour of Friday's day and the first of its night, in the north only
    window = ("2024-10-25T17:30Z", "2024-10-25T18:10Z", "north")
    found = truth(history(DAY, NIGHT, unobserved=(window,)), [WHOLE, NORTH], "shift")
    assert np.isnan(found.counts[:2]).all()
    assert np.isfinite(found.counts[2:]).all()
    south = ("south", "all", "all")
    only = truth(history(DAY, NIGHT, unobserved=(window,)), [south], "shift")
    assert only.counts[:2, 0].tolist() == [36, 36]


def test_a_shift_that_ends_after_the_counts_is_unknown() -> None:
    late, early = ("late", "19:00", "08:00"), ("early", "08:00", "19:00")
    found = truth(history(late, early), [NORTH], "shift")
    assert found.counts[:3, 0].tolist() == [11, 13, 11]
    assert np.flatnonzero(np.isnan(found.counts[:, 0])).tolist() == [7]


@pytest.mark.parametrize(
    "shifts",
    [
        (("day", "07:00", "20:00"), NIGHT),
        (("day", "07:00", "18:00"), NIGHT),
        (("day", "07:00", "18:30"), ("night", "18:30", "07:00")),
    ],
    ids=["overlap", "gap", "within an hour"],
)
def test_shifts_whose_counts_are_not_known_by_the_hour_are_refused(
    shifts: tuple[tuple[str, str, str], ...],
) -> None:
    with pytest.raises(BadQuestion, match="the shifts day, night overlap, leave gaps or begin"):
        truth(history(*shifts), [WHOLE], "shift")
