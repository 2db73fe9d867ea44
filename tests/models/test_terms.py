from collections.abc import Callable

import numpy as np
import pytest

from features.panel import Covariates, Panel
from models.terms import design, terms

PanelOf = Callable[..., Panel]


def test_weekdays_are_differences_from_the_mean_weekday(panel_of: PanelOf) -> None:
    panel = panel_of(np.ones((21, 1, 1)), horizon=7)  # from a Monday
    columns = design(panel, terms(panel.covariates.names, harmonics=0))
    assert columns.shape == (2, 21, 8)
    assert columns[0, 0, :7] == pytest.approx([6 / 7, *[-1 / 7] * 6])
    assert columns[0, :7, :7].sum(axis=0) == pytest.approx(0)


def test_harmonics_are_kept_up_to_the_number_asked_for(panel_of: PanelOf) -> None:
    names = panel_of(np.ones((21, 1, 1)), horizon=7).covariates.names
    kept = [term.name for term in terms(names, harmonics=2) if term.harmonic]
    assert kept == ["season_sin_1", "season_sin_2", "season_cos_1", "season_cos_2"]
    assert not any(term.harmonic for term in terms(names, harmonics=0))


def test_crowds_count_by_their_logarithm_and_unknown_as_none(panel_of: PanelOf) -> None:
    panel = panel_of(np.ones((21, 1, 1)), horizon=7)
    values = np.zeros((21, 2, 2))
    values[3, 1] = [200.0, np.nan]
    names = ("event_here_thousands", "tourism_pressure")
    crowd = Panel(
        panel.days,
        panel.horizon,
        panel.keys,
        panel.counts,
        Covariates(names, panel.covariates.areas, values),
        panel.area_of,
        panel.hours,
    )
    columns = design(crowd, terms(names, harmonics=3))
    assert columns[1, 3, 7:] == pytest.approx([np.log(201), 0])
    assert columns[0, :, 7:] == pytest.approx(0)


def test_a_kind_of_holiday_of_the_force_is_a_term_and_attributes_are_not() -> None:
    chosen = terms(("holiday_term", "area_urban", "day_of_year", "weekday"), harmonics=3)
    assert [term.name for term in chosen[7:]] == ["holiday_term"]
