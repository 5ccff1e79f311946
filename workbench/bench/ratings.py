"""Bradley–Terry ratings of models from pairwise games."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.bench.judgements import PairJudgement

ELO_SCALE = 400 / np.log(10)         # a rating 400 above another wins ten times as often
ELO_CENTRE = 1000.0


@dataclass(frozen=True, slots=True)
class Rating:
    """On Elo's scale, the mean of all models at 1000; ``low`` and ``high`` bound the bootstrap's 95 % interval."""

    model: str
    rating: float
    low: float
    high: float
    games: int


def win_matrix(judgements: Sequence[PairJudgement]) -> tuple[list[str], NDArray[np.float64]]:
    """Models, sorted by name, and ``wins[i, j]``: how often i beat j, a tie being half a win for both."""
    readable = [game for game in judgements if game.readable]
    models = sorted({m for game in readable for m in (game.model_1, game.model_2)})
    place = {model: i for i, model in enumerate(models)}
    wins = np.zeros((len(models), len(models)))
    share = {"model_1": 1.0, "tie": 0.5, "model_2": 0.0}
    for game in readable:
        i, j = place[game.model_1], place[game.model_2]
        wins[i, j] += share[game.winner]
        wins[j, i] += 1 - share[game.winner]
    return models, wins


def bradley_terry(wins: NDArray[np.float64], prior: float = 0.1, tolerance: float = 1e-10) -> NDArray[np.float64]:
    """Log strengths (models,), mean 0, by Newton's method on the penalised likelihood of P(i beats j) = σ(θᵢ − θⱼ).

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


def ratings(judgements: Sequence[PairJudgement], generator: np.random.Generator, rounds: int = 1000,
            prior: float = 0.1) -> list[Rating]:
    """Ratings, best first, with percentile intervals over ``rounds`` resamples of whole questions.

    Questions, not games, are drawn again: all games on one question hang together.
    """
    readable = [game for game in judgements if game.readable]
    if not readable:
        return []
    models, wins = win_matrix(readable)
    questions = sorted({game.question for game in readable})
    place = {m: i for i, m in enumerate(models)}
    by_question = np.zeros((len(questions), len(models), len(models)))
    for number, question in enumerate(questions):
        some, part = win_matrix([game for game in readable if game.question == question])
        where = [place[m] for m in some]
        by_question[number][np.ix_(where, where)] = part
    draws = np.empty((rounds, len(models)))
    for number in range(rounds):
        counts = np.bincount(generator.integers(len(questions), size=len(questions)), minlength=len(questions))
        draws[number] = bradley_terry(np.tensordot(counts.astype(float), by_question, 1), max(prior, 1e-3))
    centre = bradley_terry(wins, prior) * ELO_SCALE + ELO_CENTRE
    low, high = np.percentile(draws * ELO_SCALE + ELO_CENTRE, [2.5, 97.5], axis=0)
    games = (wins + wins.T).sum(1)
    table = [Rating(m, float(centre[i]), float(low[i]), float(high[i]), int(games[i])) for i, m in enumerate(models)]
    return sorted(table, key=lambda row: (-row.rating, row.model))
