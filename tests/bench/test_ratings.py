from __future__ import annotations

import numpy as np
import pytest

from workbench.bench.judgements import PairJudgement
from workbench.bench.ratings import ELO_SCALE, bradley_terry, ratings


def games(strength: dict[str, float], questions: int, seed: int) -> list[PairJudgement]:
    generator = np.random.default_rng(seed)
    names, found = sorted(strength), []
    for question in range(questions):
        for i, a in enumerate(names):
            for b in names[i + 1:]:
                wins = generator.random() < 1 / (1 + np.exp(strength[b] - strength[a]))
                outcome = "model_1" if wins else "model_2"
                found.append(PairJudgement(str(question), a, b, "judge", 1, outcome, outcome))
    return found


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


def test_ratings_find_the_order_again_and_their_intervals_cover_the_truth() -> None:
    strength = {"weak": -1.0, "middle": 0.0, "strong": 1.0}
    table = ratings(games(strength, 150, 0), np.random.default_rng(0), rounds=200)
    assert [row.model for row in table] == ["strong", "middle", "weak"]
    for row in table:
        assert row.low <= row.rating <= row.high
        assert row.low - 40 < 1000 + strength[row.model] * ELO_SCALE < row.high + 40
        assert row.games == 300
    assert ratings([], np.random.default_rng(0)) == []
