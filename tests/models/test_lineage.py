from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features.panel import Panel
from models.lineage import Lineage

PanelOf = Callable[..., Panel]


@pytest.fixture
def lineage(panel_of: PanelOf) -> Lineage:
    return Lineage.of(panel_of(np.ones((14, 2, 2)), horizon=7))


def test_parents_stand_in_the_keys(lineage: Lineage) -> None:
    # force, d0, d1, t0, t1, d0/t0, d0/t1, d1/t0, d1/t1
    assert lineage.parent.tolist() == [-1, 0, 0, 0, 0, 1, 1, 2, 2]
    assert lineage.call_type_of.tolist() == [-1, -1, -1, -1, -1, 3, 4, 3, 4]
    assert [g.tolist() for g in lineage.generations] == [[0], [1, 2, 3, 4], [5, 6, 7, 8]]


def test_parents_let_expect_the_sum_of_what_they_differ_by(lineage: Lineage) -> None:
    values = np.array([1.0, 3.0, 2.0, 1.5, 0.5, 0, 0, 0, 0])[:, None]
    none, parts, cells = lineage.generations
    assert lineage.from_parents(values, none).ravel().tolist() == [0]
    assert lineage.from_parents(values, parts).ravel().tolist() == [1, 1, 1, 1]
    assert lineage.from_parents(values, cells).ravel().tolist() == [3.5, 2.5, 2.5, 1.5]


def test_an_unknown_cell_is_the_product_of_its_parents_shares(lineage: Lineage) -> None:
    values = np.array([100, 60, 40, 30, 70, np.nan, 50, 10, 30])
    assert lineage.filled(values)[5] == pytest.approx(60 * 30 / 100)


def test_an_unknown_force_is_worth_what_its_known_areas_let_expect(lineage: Lineage) -> None:
    values = np.array([np.nan, 60, np.nan, 30, 70, 10, 50, 10, 30])
    filled = lineage.filled(values)
    assert filled[0] == pytest.approx(120)
    assert filled[2] == pytest.approx(60)
    assert np.isnan(values[0])  # what was given stays


def test_a_cell_of_a_force_without_calls_is_worth_nothing(lineage: Lineage) -> None:
    values = np.zeros(9)
    values[5] = np.nan
    assert lineage.filled(values)[5] == 0


def test_an_area_takes_its_share_of_the_area_above(panel_of: PanelOf) -> None:
    panel = panel_of(np.ones((14, 4, 1)), horizon=7)
    # force, north = d0 with d1 below it, south = d2 with d3 below it, then the call type and cells
    keys = panel.keys.assign(level=["force", "area", "part", "area", "part", *["x"] * 5])
    keys["level"] = keys["level"].mask(keys.index > 5, "cell")
    parents = np.array([-1, 0, 1, 0, 3, *[0] * 5])
    lineage = Lineage.of(replace(panel, keys=keys, parents=parents))
    assert lineage.parent.tolist() == [-1, 0, 1, 0, 3, 0, 1, 2, 3, 4]
    assert [g.tolist() for g in lineage.generations] == [[0], [1, 3, 5], [2, 4, 6, 8], [7, 9]]
    values = np.array([100, 60, np.nan, np.nan, 30, 100, 10, 10, 10, 10])
    filled = lineage.filled(values)
    assert filled[2] == 60  # the only part of the first area
    assert filled[3] == 50  # one of two areas of the force
