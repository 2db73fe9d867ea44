"""The parts of an issue as JSON values and arrays, and back: its calls, its missing-person demand.

Arrays of missing-person demand carry the prefix "missing_", so that both lie in one file.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from forewatch.explanations import FACTORS, Factors
from forewatch.freshness import Behind, Observed
from forewatch.rates import Forecast, Rates
from forewatch.shocks import Shocks
from planning.issues import MissingForecast
from planning.landing import KnownReports

Arrays = dict[str, NDArray[Any]]
_NAMES = ("places", "call_types", "grades", "leaves")
_PREFIX = "missing_"
_SHOCKS = "shocks_"


def text(instant: pd.Timestamp) -> str:
    """Return an instant as an issue writes it.

    >>> text(pd.Timestamp("2026-11-23T07:00Z"))
    '2026-11-23T07:00:00Z'
    """
    return instant.tz_convert("UTC").isoformat().replace("+00:00", "Z")


def forecast_about(forecast: Forecast) -> dict[str, Any]:
    """Return what of a forecast is no array."""
    return {
        "origin": text(forecast.origin),
        "data_until": text(forecast.data_until),
        "step": forecast.rates.step,
        "rates": {name: list(getattr(forecast.rates, name)) for name in _NAMES},
        "shocks": {"lead_days": list(forecast.shocks.lead_days)},
        "factors": [] if forecast.factors is None else list(forecast.factors.names),
    }


def forecast_arrays(forecast: Forecast, prefix: str = "") -> Arrays:
    """Return the arrays of a forecast, each name behind the prefix."""
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
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def forecast_of(about: dict[str, Any], arrays: Arrays, prefix: str = "") -> Forecast:
    """Return the forecast that `forecast_about` and `forecast_arrays` gave."""
    named = about["rates"]
    held = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
    rates = Rates(
        step=about["step"],
        edges=_instants(held["edges_us"]),
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


def observed_about(observed: Observed) -> dict[str, Any]:
    """Return up to when counts were observed, the series that are behind one by one."""
    return {
        "until": text(observed.until),
        "behind": [
            {
                "area": each.area,
                "call_type": each.call_type or "all",
                "observed_until": None if each.until is None else text(each.until),
                "why": each.why,
            }
            for each in observed.behind
        ],
    }


def observed_of(about: dict[str, Any]) -> Observed:
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
    return Observed(pd.Timestamp(about["until"]), tuple(behind))


def missing_about(missing: MissingForecast) -> dict[str, Any]:
    """Return what of missing-person demand is no array."""
    return forecast_about(missing.forecast) | {
        "model_version": missing.model_version,
        "known": None if missing.known is None else list(missing.known.leaves),
        "uncalibrated": [[*where, why] for where, why in missing.uncalibrated.items()],
    }


def missing_arrays(missing: MissingForecast) -> Arrays:
    """Return the arrays of missing-person demand."""
    arrays = forecast_arrays(missing.forecast, _PREFIX)
    if missing.known is not None:
        edges = missing.known.edges.tz_convert("UTC").as_unit("us").asi8
        arrays |= {f"{_PREFIX}known_edges_us": edges, f"{_PREFIX}known_count": missing.known.count}
    return arrays


def missing_of(about: dict[str, Any], arrays: Arrays) -> MissingForecast:
    """Return the demand that `missing_about` and `missing_arrays` gave."""
    known = None
    if about["known"] is not None:
        edges = _instants(arrays[f"{_PREFIX}known_edges_us"])
        known = KnownReports(edges, tuple(about["known"]), arrays[f"{_PREFIX}known_count"])
    return MissingForecast(
        forecast=forecast_of(about, arrays, _PREFIX),
        known=known,
        uncalibrated={(level, window): why for level, window, why in about["uncalibrated"]},
        model_version=about["model_version"],
    )


def _instants(us: NDArray[Any]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(us.view("M8[us]")).tz_localize("UTC")
