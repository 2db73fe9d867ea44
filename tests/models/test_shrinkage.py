import numpy as np
import pytest

from models.shrinkage import prior_calls, shrunk


def test_shares_sum_to_one_and_an_empty_group_takes_the_prior() -> None:
    counts = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    found = shrunk(counts, np.array([0.5, 0.3, 0.2]))
    assert found.sum(1) == pytest.approx([1, 1])
    assert found[1] == pytest.approx([0.5, 0.3, 0.2])
    assert (found > 0).all()


@pytest.mark.parametrize("strength", [30.0, 300.0])
def test_the_strength_of_a_known_prior_is_recovered(strength: float) -> None:
    rng = np.random.default_rng(2)
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    counts = np.array([rng.multinomial(200, rng.dirichlet(strength * prior)) for _ in range(3000)])
    found = float(prior_calls(counts.astype(float), np.broadcast_to(prior, counts.shape)))
    assert found == pytest.approx(strength, rel=0.15)


def test_pure_chance_is_pulled_all_the_way() -> None:
    rng = np.random.default_rng(3)
    prior = np.array([0.25, 0.25, 0.5])
    counts = rng.multinomial(50, prior, 400).astype(float)
    assert np.abs(shrunk(counts, prior) - prior).max() < 0.02


def test_shrunk_shares_are_nearer_to_the_truth_than_raw_ones_and_than_the_prior() -> None:
    rng = np.random.default_rng(4)
    prior = np.full(5, 0.2)
    truth = rng.dirichlet(40 * prior, 500)
    counts = np.array([rng.multinomial(40, share) for share in truth]).astype(float)
    found = ((shrunk(counts, prior) - truth) ** 2).sum()
    assert found < 0.65 * ((counts / 40 - truth) ** 2).sum()
    assert found < 0.65 * ((prior - truth) ** 2).sum()


def test_each_type_has_a_strength_of_its_own_if_asked() -> None:
    rng = np.random.default_rng(5)
    prior = np.full(4, 0.25)
    same = rng.multinomial(400, prior, 200)
    varied = np.array([rng.multinomial(400, rng.dirichlet(8 * prior)) for _ in range(200)])
    both = np.stack([same, varied]).astype(float)
    calm, wild = prior_calls(both, np.broadcast_to(prior, both.shape), per=1)
    assert calm > 1000
    assert wild == pytest.approx(8, rel=0.25)
