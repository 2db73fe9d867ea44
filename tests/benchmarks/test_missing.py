import numpy as np
import pytest

from benchmarks.missing import Case, Said, table
from models.missing.settings import MissingRecipe

WEEKS = 150


def cases(seed: int) -> list[Case]:
    """Counts of known rates by contender: the truth, a flat one, and one that moves too far."""
    rng = np.random.default_rng(seed)
    found = []
    for week in range(WEEKS):
        rate = rng.gamma(8, 0.25, (3, 4))
        said = {
            "ours": Said(rate, rate),
            "flat rate": Said(np.full((3, 4), 2.0), np.full((3, 4), 2.0)),
            "climatology": Said(np.full((3, 4), 2.0), np.full((3, 4), 2.5)),
            "too far": Said(rate**2 / 2, rate**2 / 2),
        }
        found.append(Case(said, rng.poisson(rate).astype(float), np.full(4, week)))
    return found


def number(text: object) -> float:
    """Return the first number of a cell."""
    return float(str(text).split(maxsplit=1)[0].rstrip("%"))


def test_the_true_rates_have_slopes_of_one_and_the_flat_rate_no_skill_over_itself() -> None:
    found = table(cases(1), slice(None), slice(None))
    assert number(found.loc["ours", "slope"]) == pytest.approx(1, abs=0.15)
    assert number(found.loc["ours", "reliability"]) == pytest.approx(1, abs=0.1)
    assert number(found.loc["flat rate", "skill P(>=1)"]) == 0
    assert number(found.loc["ours", "skill P(>=1)"]) > 0
    assert number(found.loc["ours", "vs climatology"]) < 0
    assert number(found.loc["too far", "slope"]) < 0.7


def test_skill_is_one_less_the_ratio_of_brier_scores() -> None:
    some = cases(2)
    counts = np.concatenate([case.counts.ravel() for case in some])
    rate = np.concatenate([case.said["ours"].mean.ravel() for case in some])
    ours = ((1 - np.exp(-rate) - (counts >= 1)) ** 2).mean()
    flat = ((1 - np.exp(-2.0) - (counts >= 1)) ** 2).mean()
    found = table(some, slice(None), slice(None)).loc["ours", "skill P(>=1)"]
    assert number(found) == pytest.approx(1 - ours / flat, abs=1e-4)


def test_unknown_counts_are_left_out() -> None:
    some = cases(3)
    some[0].counts[:, 0] = np.nan
    assert np.isfinite(number(table(some, slice(0, 1), slice(0, 1)).loc["ours", "CRPS"]))


def test_the_recipe_of_the_benchmark_is_the_product_s() -> None:
    assert MissingRecipe.model_validate_json("{}") == MissingRecipe()
