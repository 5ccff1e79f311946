"""Strengths of players from who beat whom (Bradley & Terry 1952)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bradley_terry(wins: NDArray[np.float64], prior: float = 0.1, tolerance: float = 1e-10) -> NDArray[np.float64]:
    """Log strengths ``(players,)``, mean 0, by Newton's method on the penalised likelihood of
    P(i beats j) = σ(θᵢ − θⱼ).

    ``prior`` is the precision of a normal prior on each θ. It keeps the rating of a model finite that won, or lost,
    all its games; 0 gives plain maximum likelihood. Raises ValueError when that does not exist.
    """
    games = wins + wins.T
    theta = np.zeros(len(wins))
    for _ in range(200):
        p = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))         # p[i, j] = P(i beats j)
        gradient = (wins - games * p).sum(1) - prior * theta
        weight = games * p * (1 - p)
        # the ones fix the mean at zero, which the likelihood leaves open
        hessian = np.diag(weight.sum(1) + prior) - weight + 1 / len(wins)
        step = np.linalg.solve(hessian, gradient)
        theta += step / max(1.0, float(np.abs(step).max()))
        if not np.isfinite(theta).all() or np.abs(theta).max() > 15:          # odds of millions: no maximum
            break
        if np.abs(step).max() < tolerance:
            return np.asarray(theta - theta.mean())
    raise ValueError("the games do not connect the models enough for a maximum; use a prior above 0")
