"""The parts of an issue, one a subject, as JSON values and arrays, and back.

Arrays carry the name of their subject, so that all lie in one file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forewatch.clock import utc_instants
from forewatch.explanation_parts import FACTORS
from forewatch.explanations import Factors
from forewatch.freshness import Behind, ObservationEnd
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import Part
from planning.landing import KnownReports
from planning.past_counts import PastCounts

Arrays = dict[str, NDArray[Any]]
_NAMES = ("places", "call_types", "grades", "leaves")
_SHOCKS = "shocks_"
_PAST_DAYS, _PAST_COUNT = "past_force_days_us", "past_count"
_PAST_HOUR_DAYS, _PAST_HOUR_COUNT = "past_hour_days_us", "past_hour_count"


def instant_text(instant: pd.Timestamp) -> str:
    """Return an instant as an issue writes it.

    >>> instant_text(pd.Timestamp("2026-11-23T07:00Z"))
    '2026-11-23T07:00:00Z'
    """
    return instant.tz_convert("UTC").isoformat().replace("+00:00", "Z")


def forecast_about(forecast: Forecast) -> dict[str, Any]:
    """Return what of a forecast is no array."""
    return {
        "origin": instant_text(forecast.origin),
        "data_until": instant_text(forecast.data_until),
        "step": forecast.rates.step,
        "rates": {name: list(getattr(forecast.rates, name)) for name in _NAMES},
        "shocks": {"lead_days": list(forecast.shocks.lead_days)},
        "factors": [] if forecast.factors is None else list(forecast.factors.names),
    }


def forecast_arrays(forecast: Forecast) -> Arrays:
    """Return the arrays of a forecast by name."""
    rates, shocks, why = forecast.rates, forecast.shocks, forecast.factors
    arrays: Arrays = {
        "edges_us": rates.edges.tz_convert("UTC").as_unit("us").asi8,
        "force_days_us": rates.force_days.as_unit("us").asi8,
        "day": rates.day,
        "slot": rates.slot,
        "base": rates.base,
        "baseline": rates.baseline,
        "leaf_place": rates.leaf_place,
        "leaf_shares": rates.leaf_shares,
        "grade_shares": rates.grade_shares,
    }
    sizes = shocks.state()
    del sizes["lead_days"]
    arrays |= {f"{_SHOCKS}{name}": size for name, size in sizes.items()}
    if why is not None:
        arrays |= {"factors_level": why.level, "factors_logs": why.logs}
    return arrays


def forecast_of(about: dict[str, Any], held: Arrays) -> Forecast:
    """Return the forecast that `forecast_about` and `forecast_arrays` gave."""
    named = about["rates"]
    rates = Rates(
        step=about["step"],
        edges=utc_instants(held["edges_us"]),
        force_days=pd.DatetimeIndex(held["force_days_us"].view("M8[us]")),
        day=held["day"],
        slot=held["slot"],
        places=tuple(named["places"]),
        call_types=tuple(named["call_types"]),
        grades=tuple(named["grades"]),
        leaves=tuple(named["leaves"]),
        base=held["base"],
        baseline=held["baseline"],
        leaf_place=held["leaf_place"],
        leaf_shares=held["leaf_shares"],
        grade_shares=held["grade_shares"],
    )
    lead_days = tuple(about["shocks"]["lead_days"])
    of_shocks = {name: a for name, a in held.items() if name.startswith(_SHOCKS)}
    sizes = {name.removeprefix(_SHOCKS): a for name, a in of_shocks.items()}
    # An issue of before, or with factors of other code, is forecast from but not explained.
    factors = tuple(about.get("factors", ()))
    is_explained = factors[: len(FACTORS)] == FACTORS
    return Forecast(
        pd.Timestamp(about["origin"]),
        pd.Timestamp(about["data_until"]),
        rates,
        Shocks.from_state({"lead_days": lead_days, **sizes}),
        Factors(held["factors_level"], held["factors_logs"], factors) if is_explained else None,
    )


def observed_about(observed: ObservationEnd) -> dict[str, Any]:
    """Return up to when counts were observed, the series that are behind one by one."""
    return {
        "until": instant_text(observed.until),
        "behind": [
            {
                "area": each.area,
                "call_type": each.call_type or "all",
                "observed_until": None if each.until is None else instant_text(each.until),
                "why": each.why,
            }
            for each in observed.behind
        ],
    }


def observed_of(about: dict[str, Any]) -> ObservationEnd:
    """Return what `observed_about` was given."""
    behind = [
        Behind(
            each["area"],
            "" if each["call_type"] == "all" else each["call_type"],
            None if each["observed_until"] is None else pd.Timestamp(each["observed_until"]),
            each["why"],
        )
        for each in about["behind"]
    ]
    return ObservationEnd(pd.Timestamp(about["until"]), tuple(behind))


def part_about(part: Part) -> dict[str, Any]:
    """Return what of a part is no array."""
    return forecast_about(part.forecast) | {
        "model_version": part.model_version,
        "is_baseline": part.is_baseline,
        "has_casework": part.has_casework,
        "known": None if part.known is None else list(part.known.leaves),
        "uncalibrated": [[*where, why] for where, why in part.uncalibrated.items()],
    }


def part_arrays(name: str, part: Part) -> Arrays:
    """Return the arrays of a part, each behind the name of its subject."""
    arrays = forecast_arrays(part.forecast)
    if part.known is not None:
        arrays["known_edges_us"] = part.known.edges.tz_convert("UTC").as_unit("us").asi8
        arrays["known_count"] = part.known.count
    return {f"{name}.{array}": values for array, values in arrays.items()}


def part_of(name: str, about: dict[str, Any], arrays: Arrays) -> Part:
    """Return the part that `part_about` and `part_arrays` gave."""
    own = f"{name}."
    held = {key.removeprefix(own): a for key, a in arrays.items() if key.startswith(own)}
    known = None
    if about["known"] is not None:
        leaves = tuple(about["known"])
        known = KnownReports(utc_instants(held["known_edges_us"]), leaves, held["known_count"])
    return Part(
        forecast=forecast_of(about, held),
        model_version=about["model_version"],
        is_baseline=about["is_baseline"],
        has_casework=about["has_casework"],
        known=known,
        uncalibrated={(level, window): why for level, window, why in about["uncalibrated"]},
    )


def past_arrays(past: PastCounts | None) -> Arrays:
    """Return the arrays of the calls before an issue."""
    if past is None:
        return {}
    return {
        _PAST_DAYS: past.force_days.as_unit("us").asi8,
        _PAST_COUNT: past.count.astype(np.float32),
        _PAST_HOUR_DAYS: past.hour_days.as_unit("us").asi8,
        _PAST_HOUR_COUNT: past.hour_count.astype(np.float32),
    }


def past_of(leaves: list[str] | None, arrays: Arrays) -> PastCounts | None:
    """Return the calls before an issue, of leaf areas."""
    if leaves is None:
        return None
    days = pd.DatetimeIndex(arrays[_PAST_DAYS].view("M8[us]"))
    count = arrays[_PAST_COUNT].astype(np.float64)
    if _PAST_HOUR_DAYS not in arrays:  # of an issue that was published before hours were kept
        return PastCounts(days, tuple(leaves), count)
    hour_days = pd.DatetimeIndex(arrays[_PAST_HOUR_DAYS].view("M8[us]"))
    hour_count = arrays[_PAST_HOUR_COUNT].astype(np.float64)
    return PastCounts(days, tuple(leaves), count, hour_days, hour_count)
