"""Length-controlled win rates, after AlpacaEval 2 (Dubois et al., arXiv 2404.04475, equation 2).

A logistic regression explains each preference by the model, by the difference of the two answers' lengths and, where
it is known, by how hard the instruction is; the win rate is then predicted for answers of equal length.

What differs: AlpacaEval penalises all weights, the model's own among them, with a strength that it chooses by
cross-validation; at some dozens of games that pulls a true 60 % to 50 %. Here the model's own weight is free, and the
others have a weak normal prior that vanishes as games come in. From 500 games on both give the same (its
``length_controlled_minimal``, or ``length_controlled_noreg`` when a difficulty is given; tests/peers). AlpacaEval's
published ``length_controlled_v1`` also leans towards two runs on its own 805 instructions, which other questions do
not have.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval
from workbench.statistics.intervals import interval, resampled

Floats = NDArray[np.float64]

LEAST_GAMES = 5                      # with fewer there is nothing to fit
ENOUGH_GAMES = 40                    # below it intervals hold less than they say (tests/bench/test_length_control.py)
LENGTH_CONTROL = ("What the win rate would be if both answers were of the same length: AlpacaEval 2’s regression "
                  "(arXiv 2404.04475) without its term for the instruction and without its penalty on the contestant.")
FEW_GAMES = f"Fewer than {ENOUGH_GAMES} games, too few to rely on:"
PRIOR = 0.1                          # precision of the normal prior on the weights of length and difficulty
_FREE = 1e-6                         # on the model's own: only so that it stays finite where every game was won
_STEPS, _TOLERANCE = 100, 1e-10


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """Shares from 0 to 1. ``standard_error`` and ``controlled_error`` are AlpacaEval's (the latter is the spread of the
    predictions over games, 0 without a difficulty); the interval of ``controlled`` comes from the whole regression,
    done again on resampled questions. ``length_weight`` above 0: the longer answer wins more often, all else equal.
    """

    win_rate: float
    standard_error: float
    controlled: Interval
    controlled_error: float
    length_weight: float
    games: int

    @property
    def few(self) -> bool:
        """Whether there are too few games to rely on it."""
        return self.games < ENOUGH_GAMES


def length_controlled(
    preferences: Sequence[float], lengths: Sequence[int], baseline_lengths: Sequence[int],
    rng: np.random.Generator | None = None, difficulty: Sequence[float] | None = None,
    questions: Sequence[Hashable] | None = None, rounds: int = 400,
) -> LengthControlled:
    """``preferences``: per game 1 (the contestant won), 0 (the baseline) or between; lengths in characters. Games of
    one of ``questions`` (by default each is its own) are drawn again together.

    Raises ValueError with fewer than LEAST_GAMES games.
    """
    wins = np.asarray(preferences, dtype=float)
    if len(wins) < LEAST_GAMES:
        raise ValueError(f"{LEAST_GAMES} games are needed, and there are {len(wins)}")
    # The baseline's length minus the contestant's, as in AlpacaEval: a negative weight favours the longer answer.
    delta = np.asarray(baseline_lengths, dtype=float) - np.asarray(lengths, dtype=float)
    hard = np.zeros((len(wins), 0)) if difficulty is None else np.asarray(difficulty, dtype=float)[:, None]
    asked = list(range(len(wins))) if questions is None else questions
    place = {question: at for at, question in enumerate(dict.fromkeys(asked))}
    draws = resampled(len(place), rng or np.random.default_rng(0), rounds)[:, [place[question] for question in asked]]
    weights, predicted = _fitted(delta, hard, wins, np.ones((1, len(wins))))
    _, again = _fitted(delta, hard, wins, draws)
    drawn = (again * draws).sum(axis=1) / draws.sum(axis=1)
    root = float(np.sqrt(len(wins)))
    return LengthControlled(
        float(wins.mean()), float(wins.std(ddof=1)) / root, interval(predicted.mean(), drawn, len(place), (0.0, 1.0)),
        float(predicted.std(ddof=1)) / root, float(-weights[0, 0]), len(wins))


def _fitted(delta: Floats, hard: Floats, wins: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """For each row of ``counts`` ``(rows, games)``, how often each game counts: the weights ``(rows, features)`` of
    length, difficulty and the model, and P(the contestant wins) each game if both answers were as long."""
    total = counts.sum(axis=1, keepdims=True)
    centre = (counts * delta).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((counts * (delta - centre) ** 2).sum(axis=1, keepdims=True) / np.maximum(total - 1, 1))
    longer = np.where(spread > 0, np.tanh(delta / np.where(spread > 0, spread, 1)), 0.0)
    others = np.broadcast_to(np.column_stack([hard, np.ones(len(wins))]), (len(counts), len(wins), hard.shape[1] + 1))
    features = np.concatenate([longer[:, :, None], others], axis=2)
    weights = _logistic(features, wins, counts)
    return weights, _probability(_products(features[:, :, 1:], weights[:, 1:]))


def _logistic(features: Floats, wins: Floats, counts: Floats) -> Floats:
    """The weights ``(rows, features)`` of the largest penalised likelihood of ``features`` ``(rows, games, features)``,
    the last of which is the model's own, by Newton's method with steps of bounded length."""
    precision = np.full(features.shape[2], PRIOR)
    precision[-1] = _FREE
    weights = np.zeros((len(features), features.shape[2]))
    across = features.swapaxes(1, 2)
    for _ in range(_STEPS):
        p = _probability(_products(features, weights))
        slope = _products(across, counts * (wins - p)) - precision * weights
        curvature = (across * (counts * p * (1 - p))[:, None, :]) @ features + np.diag(precision)
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        weights += step / np.maximum(longest, 1.0)
        if longest.max() < _TOLERANCE:
            break
    return weights


def _products(matrices: Floats, vectors: Floats) -> Floats:
    """Each row's matrix times its vector."""
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def _probability(logits: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))
