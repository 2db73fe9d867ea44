"""What members and makers of features promise, as checks for the tests of a package's own.

```python
@pytest.mark.parametrize("check", MEMBER_CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_what_members_promise(check) -> None:
    check(Theta)
```

Forewatch holds its own members and makers to the same checks. Each raises `BrokenContract`, which
says what was found, and needs nothing but what is handed in: `small_history` is a force of three
districts with two call types, 60 weeks of daily counts drawn with a fixed seed, and tables that
were published all along the way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.asof import AsOf
from features.declaration import Maker, Values
from features.package_makers import package_values
from features.panel import Panel, panel
from forewatch.arrays import Array
from forewatch.clock import ONE_DAY, WEEK_DAYS, Clock
from forewatch.errors import DataError, NotFitted
from forewatch.history import History
from forewatch.profile import Profile
from forewatch.tables import check
from models import artefacts
from models.base import Member

T = TypeVar("T")
HORIZON = 35
_FIRST, _WEEKS = pd.Timestamp("2024-01-01").as_unit("us"), 60
_CALLS_A_DAY = 40.0  # of a district and call type
_NEAR_SHARE, _GAP_SHARE = 0.15, 0.1  # as far as chance and a week's gap may move a forecast
_SAME = 1e-12


class BrokenContract(AssertionError):
    """A member or a maker does something that it must not."""


def _stop_unless(kept: object, broken: str) -> None:
    if not kept:
        raise BrokenContract(broken)


@cache
def small_history() -> History:
    """Return the history of the small force, by day."""
    profile = Profile.model_validate(
        {
            "force": {"id": "small", "name": "Small", "zone": "Europe/London"}
            | {"holiday_country": "GB", "holiday_subdivision": "ENG"},
            "areas": [
                {"id": "small", "name": "Small"},
                *(
                    {"id": f"d{i}", "name": f"District {i}", "parent": "small"}
                    | {"lat": 51 + i / 9, "lon": -3, "population": 100_000}
                    for i in range(3)
                ),
            ],
            "levels": {"names": ["force", "district"], "modelled": "district"},
            "call_types": [{"id": "theft", "name": "Theft"}, {"id": "noise", "name": "Noise"}],
            "grades": ["routine"],
            "covariates": [{"id": "rain", "name": "Rain", "known": "measured"}],
        }
    )
    clock = Clock.of(profile)
    days = pd.date_range(_FIRST, periods=_WEEKS * WEEK_DAYS + 1, freq="D", unit="us")
    bounds = pd.DatetimeIndex([clock.day_start(day) for day in days])
    tables = _tables(days, bounds)
    return History(
        profile,
        profile.tree(),
        "day",
        bounds[0],
        bounds[-1],
        check("counts", _counts(bounds)),
        tourism=check("tourism", tables["tourism"]),
        events=check("events", tables["events"]),
        holidays=check("holidays", tables["holidays"]),
        covariates=check("covariates", tables["covariates"]),
        version="small",
    )


def _counts(bounds: pd.DatetimeIndex) -> pd.DataFrame:
    """Return counts with weekends a third above other days, known a day later."""
    index = pd.MultiIndex.from_product(
        [range(len(bounds) - 1), ["d0", "d1", "d2"], ["theft", "noise"]]
    )
    at = index.get_level_values(0).to_numpy()
    mean = _CALLS_A_DAY * np.where(at % WEEK_DAYS >= WEEK_DAYS - 2, 4 / 3, 1.0)
    return pd.DataFrame(
        {
            "start": bounds[at],
            "area": pd.Categorical(index.get_level_values(1)),
            "call_type": pd.Categorical(index.get_level_values(2), ["theft", "noise"]),
            "grade": pd.Categorical(["routine"] * len(at)),
            "count": np.random.default_rng(7).poisson(mean),
            "known_at": bounds[at + 1],
        }
    )


def _tables(days: pd.DatetimeIndex, bounds: pd.DatetimeIndex) -> dict[str, pd.DataFrame]:
    """Return tables that were published all along the way, of one district."""
    months = np.flatnonzero(days.day == 1)[1:-1]
    draw = np.random.default_rng(8)
    late = bounds[months]
    return {
        "tourism": pd.DataFrame(
            {"area": "d1", "month": days[months - 1].to_period("M").to_timestamp()}
            | {"visitors": draw.uniform(1e3, 9e3, len(months)), "known_at": late}
        ),
        "events": pd.DataFrame(
            {"name": [f"fair {i}" for i in months], "area": "d1", "start": bounds[months + 9]}
            | {"end": bounds[months + 10], "known_at": late}
            | {"attendance_low": 2e3, "attendance_high": draw.uniform(3e3, 9e3, len(months))}
        )[: len(months) - 1],
        "holidays": pd.DataFrame(
            {"date": days[months + 5], "kind": "school_holiday", "name": "half term"}
            | {"area": "", "known_at": late}
        ),
        "covariates": pd.DataFrame(
            {"covariate": "rain", "area": "d1", "start": bounds[:-1]}
            | {"value": draw.gamma(1, 3, len(bounds) - 1), "known_at": bounds[1:]}
        ),
    }


@cache
def _panel(weeks_before_the_end: int = 0) -> Panel:
    history = small_history()
    origin = history.observed_until - weeks_before_the_end * WEEK_DAYS * ONE_DAY
    return panel(AsOf(history, origin), HORIZON)


def _contract(check: Callable[[T], None]) -> Callable[[T], None]:
    """Return a check that calls whatever goes wrong in it a broken contract."""

    @wraps(check)
    def held(given: T) -> None:
        try:
            check(given)
        except BrokenContract:
            raise
        except Exception as error:
            raise BrokenContract(
                f"{check.__name__}: {type(error).__name__}: {error}; see models/base.py and "
                "docs/guides/extending.md for what is wanted"
            ) from error

    return held


def _finite(member: Member, seen: Panel) -> Array:
    """Return the forecast of the series that the member forecasts."""
    found = member.predict(seen)
    return found[:, np.isfinite(found).all(axis=0)]


def forecasts_every_day_with_positive_numbers(make: Callable[[], Member]) -> None:
    """A forecast has every day and series; NaN only for a series that is left out whole."""
    seen, member = _panel(), make()
    name, fitted = member.name, member.fit(seen)
    _stop_unless(fitted is member, f"{name}: fit returned {fitted!r}; want the member itself")
    found = np.asarray(member.predict(seen), dtype=np.float64)
    wanted = (HORIZON, len(seen.keys))
    _stop_unless(found.shape == wanted, f"{name}: shape {found.shape}, want {wanted}")
    lost = np.isnan(found)
    _stop_unless((lost.all(0) == lost.any(0)).all(), f"{name}: NaN on some days of a series only")
    _stop_unless((found[~lost] > 0).all(), f"{name}: smallest mean {np.nanmin(found):g}, want > 0")
    _stop_unless(not lost[:, 0].any(), f"{name}: leaves the whole force out")


def is_near_the_last_weeks(make: Callable[[], Member]) -> None:
    """Of a force that never changes, it forecasts what the last weeks had."""
    seen, name = _panel(), make().name
    found = float(_finite(make().fit(seen), seen)[:, 0].mean())
    level = float(np.nanmean(seen.counts[-8 * WEEK_DAYS :, 0]))
    near = abs(found / level - 1) <= _NEAR_SHARE
    _stop_unless(near, f"{name}: {found:.1f} calls a day, the last eight weeks had {level:.1f}")


def says_the_same_twice(make: Callable[[], Member]) -> None:
    """Asked again, and fitted again, it says the same to the last bit."""
    seen, first = _panel(), make().fit(_panel())
    same = np.array_equal(first.predict(seen), first.predict(seen), equal_nan=True)
    _stop_unless(same, f"{first.name}: another forecast when it is asked again")
    again = np.array_equal(first.predict(seen), make().fit(seen).predict(seen), equal_nan=True)
    _stop_unless(again, f"{first.name}: another forecast when it is fitted again; fix its seed")


def says_the_same_after_a_stay_on_disk(make: Callable[[], Member]) -> None:
    """Its state is values and arrays, and makes it what it was."""
    seen, member = _panel(), make().fit(_panel())
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "model"
        artefacts.write_state(kept, member.state())
        back = type(member).from_state(artefacts.read_state(kept))
    before, after = _finite(member, seen), _finite(back, seen)
    same = before.shape == after.shape and np.allclose(before, after, rtol=_SAME, atol=0)
    _stop_unless(same, f"{member.name}: its state doesn't hold all that it learned")


def serves_a_later_panel(make: Callable[[], Member]) -> None:
    """What it learned stays, recent counts move on, and no panel is changed."""
    member = make().fit(_panel(8))
    before = _panel().counts.copy()
    first, later = _finite(member, _panel(8)), _finite(member, _panel())
    _stop_unless(not np.array_equal(first, later), f"{member.name}: later counts move nothing")
    same = np.array_equal(before, _panel().counts, equal_nan=True)
    _stop_unless(same, f"{member.name}: it changes the counts that it is given")


def takes_unknown_days_for_unknown(make: Callable[[], Member]) -> None:
    """A week without counts is no week of zeros."""
    seen, member = _panel(), make().fit(_panel())
    counts = seen.counts.copy()
    counts[-2 * WEEK_DAYS : -WEEK_DAYS] = np.nan
    gap = _finite(member, replace(seen, counts=counts))[:, 0].mean()
    ratio = float(gap / _finite(member, seen)[:, 0].mean())
    near = abs(ratio - 1) <= _GAP_SHARE
    _stop_unless(near, f"{member.name}: {ratio:.2f} of its forecast after a week without counts")


def refuses_what_it_did_not_learn(make: Callable[[], Member]) -> None:
    """Before `fit` it raises NotFitted, of other series DataError."""
    seen, name = _panel(), make().name
    keys = seen.keys.copy()
    keys.loc[1, "area"] = "elsewhere"
    cases: tuple[tuple[Member, Panel, type[Exception], str], ...] = (
        (make(), seen, NotFitted, "before it was fitted"),
        (make().fit(seen), replace(seen, keys=keys), DataError, "of series that it didn't learn"),
    )
    for member, given, wanted, when in cases:
        try:
            member.predict(given)
        except wanted:
            continue
        raise BrokenContract(f"{name}: forecasts {when}; want {wanted.__name__}")


MEMBER_CHECKS: tuple[Callable[[Callable[[], Member]], None], ...] = tuple(
    _contract(check)
    for check in (
        forecasts_every_day_with_positive_numbers,
        is_near_the_last_weeks,
        says_the_same_twice,
        says_the_same_after_a_stay_on_disk,
        serves_a_later_panel,
        takes_unknown_days_for_unknown,
        refuses_what_it_did_not_learn,
    )
)


_ORIGIN_WEEKS = 20  # before the end, so that much becomes known after it


def _values(maker: Maker, history: History) -> Values:
    """Return what a maker makes of the days around an origin."""
    origin = history.observed_until - _ORIGIN_WEEKS * WEEK_DAYS * ONE_DAY
    day = pd.Timestamp(origin.date())
    days = pd.date_range(day - 60 * ONE_DAY, periods=60 + 2 * HORIZON, freq="D", unit="us")
    view = AsOf(history, origin)
    names = {feature.name for feature in maker.features(view)}
    return package_values(maker, names, view, days, ("small", "d0", "d1", "d2"))


def gives_what_it_declares(maker: Maker) -> None:
    """Every feature has values, numbers or NaN, that broadcast to (days, areas)."""
    try:
        _values(maker, small_history())
    except DataError as error:
        raise BrokenContract(str(error)) from error


def knows_nothing_of_the_future(maker: Maker) -> None:
    """Whatever became known after an origin is torn out or changed; nothing may move."""
    history = small_history()
    origin = history.observed_until - _ORIGIN_WEEKS * WEEK_DAYS * ONE_DAY
    before, numbers = _values(maker, history), ("count", "visitors", "attendance_high", "value")
    for name in ("counts", "tourism", "events", "holidays", "covariates"):
        table = getattr(history, name)
        late = (table["known_at"] > origin).to_numpy()
        other = table.copy()
        for column in (one for one in numbers if one in table):
            other[column] = np.where(late, table[column] * 5, table[column])
        for changed in (table[~late].reset_index(drop=True), check(name, other)):
            tables: dict[str, Any] = {name: changed, "version": "other"}
            after = _values(maker, replace(history, **tables))
            moved = [one for one in before if not _is_same(before[one], after[one])]
            _stop_unless(not moved, f"{', '.join(moved)}: what {name} said later moves it")


def says_of_a_day_the_same_whatever_else_is_asked(maker: Maker) -> None:
    """A day's values depend on the day, the area and what is known, not on the others asked for."""
    history = small_history()
    view = AsOf(history, history.observed_until)
    days = pd.date_range(_FIRST, periods=60 * WEEK_DAYS, freq="D", unit="us")
    whole, part = (maker.make(view, some, ("small", "d0", "d1")) for some in (days, days[50:90]))
    for name, values in part.items():
        both = (np.broadcast_to(one, (n, 3)) for one, n in ((whole[name], len(days)), (values, 40)))
        every, some = both
        _stop_unless(_is_same(every[50:90], some), f"{name}: other days asked for move its values")


def _is_same(one: Array, other: Array) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)


MAKER_CHECKS: tuple[Callable[[Maker], None], ...] = tuple(
    _contract(check)
    for check in (
        gives_what_it_declares,
        knows_nothing_of_the_future,
        says_of_a_day_the_same_whatever_else_is_asked,
    )
)
