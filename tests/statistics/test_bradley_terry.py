from __future__ import annotations

import numpy as np
import pytest

from workbench.statistics.bradley_terry import bradley_terry


def test_two_models_get_the_log_odds_of_their_wins() -> None:
    theta = bradley_terry(np.array([[0.0, 30.0], [10.0, 0.0]]), prior=0)
    assert theta[0] - theta[1] == pytest.approx(np.log(3))
    assert theta.sum() == pytest.approx(0)


def test_the_likelihood_has_its_maximum_where_the_gradient_vanishes() -> None:
    wins = np.random.default_rng(1).integers(1, 20, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)
    theta = bradley_terry(wins, prior=0)
    expected = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    np.testing.assert_allclose(((wins + wins.T) * expected).sum(1), wins.sum(1), rtol=1e-8)


def test_a_model_that_won_everything_needs_a_prior() -> None:
    wins = np.array([[0.0, 5.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="prior"):
        bradley_terry(wins, prior=0)
    assert np.isfinite(bradley_terry(wins)).all()
