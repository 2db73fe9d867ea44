"""A past with holes: whatever is unknown, a training goes on, and members left out are named."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.panel import Panel
from models.line_up import fit_members, predictions, replacements
from models.member_settings import BoostingSettings, LoglinearSettings
from models.recipe import BASELINE, Recipe

QUICK = Recipe(
    boosting=BoostingSettings(rows=1000, rounds=3),
    loglinear=LoglinearSettings(rounds=1),
)
WITHOUT_SARIMA = QUICK.model_copy(
    update={"members": tuple(name for name in QUICK.members if name != "sarima")}
)
DAYS = 260

holes = st.lists(
    st.tuples(st.integers(0, DAYS), st.integers(1, DAYS), st.sampled_from([None, 0, 1])),
    max_size=4,
)


def with_holes(stretches: list[tuple[int, int, int | None]]) -> np.ndarray:
    calls = np.random.default_rng(3).poisson(3.0, (DAYS, 2, 2)).astype(float)
    for first, length, place in stretches:
        calls[first : first + length, slice(None) if place is None else place] = np.nan
    calls[100:160] = np.where(np.isnan(calls[100:160]), 2.0, calls[100:160])  # never all unknown
    return calls


@given(stretches=holes)
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_holes_leave_every_series_a_forecast(
    panel_of: Callable[..., Panel], stretches: list[tuple[int, int, int | None]]
) -> None:
    panel = panel_of(with_holes(stretches), horizon=35)
    members = fit_members(WITHOUT_SARIMA, panel, jobs=1)
    found = predictions(WITHOUT_SARIMA, members, panel)
    assert BASELINE in members
    assert np.isfinite(found).any(0).all()
    said = " ".join(replacements(WITHOUT_SARIMA, members))
    assert all(
        f"{name} was left out" in said for name in WITHOUT_SARIMA.members if name not in members
    )


def test_sarima_leaves_out_what_a_hole_of_half_a_year_leaves_it(
    panel_of: Callable[..., Panel],
) -> None:
    panel = panel_of(with_holes([(0, 80, None), (170, 85, None)]), horizon=35)
    members = fit_members(QUICK, panel, jobs=1)
    found = predictions(QUICK, members, panel)
    assert np.isfinite(found).any(0).all()
