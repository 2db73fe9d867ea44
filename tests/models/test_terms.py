import json
from collections.abc import Callable

import numpy as np
import pytest

from features.catalogue import PLACE_AND_TIME, features_by_name
from features.days import OWN_HOLIDAYS
from features.panel import Covariates, Panel
from models.terms import Term, design, terms

PanelOf = Callable[..., Panel]


def test_weekdays_are_differences_from_the_mean_weekday(panel_of: PanelOf) -> None:
    panel = panel_of(np.ones((21, 1, 1)), horizon=7)  # from a Monday
    columns = design(panel, terms(panel.covariates.features, harmonics=0))
    assert columns.shape == (2, 21, 8)
    assert columns[0, 0, :7] == pytest.approx([6 / 7, *[-1 / 7] * 6])
    assert columns[0, :7, :7].sum(axis=0) == pytest.approx(0)


def test_harmonics_are_kept_up_to_the_number_asked_for(panel_of: PanelOf) -> None:
    features = panel_of(np.ones((21, 1, 1)), horizon=7).covariates.features
    kept = [term.name for term in terms(features, harmonics=2) if term.prior.harmonic]
    assert kept == ["season_sin_1", "season_sin_2", "season_cos_1", "season_cos_2"]
    assert not any(term.prior.harmonic for term in terms(features, harmonics=0))


def test_crowds_count_by_their_logarithm_and_unknown_as_none(panel_of: PanelOf) -> None:
    panel = panel_of(np.ones((21, 1, 1)), horizon=7)
    values = np.zeros((21, 2, 2))
    values[3, 1] = [200.0, np.nan]
    features = features_by_name("event_here_thousands", "tourism_pressure")
    crowd = Panel(
        panel.days,
        panel.horizon,
        panel.keys,
        panel.counts,
        Covariates(features, panel.covariates.areas, values),
        panel.area_of,
        panel.hours,
    )
    columns = design(crowd, terms(features, harmonics=3))
    assert columns[1, 3, 7:] == pytest.approx([np.log(201), 0])
    assert columns[0, :, 7:] == pytest.approx(0)


def test_a_kind_of_holiday_of_the_force_is_a_term_and_attributes_are_not() -> None:
    own = OWN_HOLIDAYS.declared[0]
    chosen = terms(
        (own, *features_by_name("area_population_log", "day_of_year", "weekday")), harmonics=3
    )
    assert [term.name for term in chosen[7:]] == [own.name] == ["holiday_<kind>"]


def test_a_term_is_what_its_state_says() -> None:
    for term in terms(PLACE_AND_TIME, harmonics=3):
        assert Term.from_state(json.loads(json.dumps(term.state()))) == term
