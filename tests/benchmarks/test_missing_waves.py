import numpy as np
import pytest

from benchmarks.missing_waves import expected_crps
from forewatch.count_distribution import CountDistribution
from models import scores


def test_the_expected_score_is_the_mean_score_of_counts_drawn() -> None:
    rate = np.array([0.4, 4.2, 30.0])
    told = CountDistribution.of([0.6, 4.0, 25.0], [0.6, 6.0, 90.0])
    drawn = np.random.default_rng(1).poisson(rate, (20_000, 3))
    many = CountDistribution.of(*np.broadcast_arrays(told.mean, told.variance, drawn)[:2])
    wanted = scores.crps(many, drawn).mean(0)
    assert expected_crps(told, rate) == pytest.approx(wanted, rel=0.02)
