"""Length-controlled win rates as AlpacaEval 2 has them (Dubois et al., arXiv 2404.04475, equation 2).

A logistic regression explains each preference by the model, by the difference of the two answers' lengths and, where
it is known, by how hard the instruction is; the win rate is then predicted for answers of equal length. AlpacaEval's
``length_controlled_v1`` also leans towards two published runs on its own 805 instructions, which other questions do
not have; this is its ``length_controlled_minimal``, or ``length_controlled_noreg`` when a difficulty is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval

Floats = NDArray[np.float64]

FOLDS = 5
STRENGTHS = np.logspace(-4, 4, 10)   # inverse strengths of the penalty that are tried (scikit-learn's Cs=10)
_STEPS, _TOLERANCE = 2_000, 1e-10


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """Shares from 0 to 1. ``standard_error`` and ``controlled_error`` are AlpacaEval's (the latter is the spread of the
    predictions over questions, 0 without a difficulty); ``controlled`` has a bootstrap interval of its own, for which
    the regression is fitted again. ``length_weight`` above 0: the longer answer wins more often, all else equal.
    """

    win_rate: float
    standard_error: float
    controlled: Interval
    controlled_error: float
    length_weight: float
    questions: int


def length_controlled(
    preferences: Sequence[float], lengths: Sequence[int], baseline_lengths: Sequence[int],
    rng: np.random.Generator, difficulty: Sequence[float] | None = None, rounds: int = 200,
) -> LengthControlled:
    """``preferences``: per question 1 (the contestant won), 0 (the baseline) or between; lengths in characters.

    Raises ValueError with fewer than FOLDS questions.
    """
    wins = np.asarray(preferences, dtype=float)
    if len(wins) < FOLDS:
        raise ValueError(f"{FOLDS} questions are needed, and there are {len(wins)}")
    # The baseline's length minus the contestant's, as in AlpacaEval: a negative weight favours the longer answer.
    delta = np.asarray(baseline_lengths, dtype=float) - np.asarray(lengths, dtype=float)
    spread = float(delta.std(ddof=1))
    columns = [np.tanh(delta / spread) if spread else np.zeros_like(delta)]
    columns += [np.asarray(difficulty, dtype=float)] if difficulty is not None else []
    features = np.column_stack([*columns, np.ones_like(wins)])
    strength = _cross_validated(features, wins)
    weights = _fit(features, wins, strength)
    predicted = _predicted(features, weights)
    draws = []
    for _ in range(rounds):
        drawn = rng.integers(len(wins), size=len(wins))
        again = _fit(features[drawn], wins[drawn], strength)
        draws.append(float(_predicted(features[drawn], again).mean()))
    low, high = np.percentile(draws, [2.5, 97.5])
    root = float(np.sqrt(len(wins)))
    return LengthControlled(
        float(wins.mean()), float(wins.std(ddof=1)) / root, Interval(float(predicted.mean()), float(low), float(high)),
        float(predicted.std(ddof=1)) / root, float(-weights[0]), len(wins))


def _predicted(features: Floats, weights: Floats) -> Floats:
    """P(the contestant wins) on each question if both answers were of the same length."""
    return _probability(features[:, 1:] @ weights[1:])


def _cross_validated(features: Floats, wins: Floats) -> float:
    """The inverse penalty whose held-out log loss is least, as scikit-learn's LogisticRegressionCV chooses it."""
    folds = _folds(len(wins))
    losses = np.empty((FOLDS, len(STRENGTHS)))
    for fold in range(FOLDS):
        here, held = folds != fold, folds == fold
        for number, strength in enumerate(STRENGTHS):
            weights = _fit(features[here], wins[here], float(strength))
            p = np.clip(_probability(features[held] @ weights), 1e-15, 1 - 1e-15)
            losses[fold, number] = -np.mean(wins[held] * np.log(p) + (1 - wins[held]) * np.log(1 - p))
    return float(STRENGTHS[losses.mean(0).argmin()])


def _folds(count: int) -> NDArray[np.int64]:
    """The fold of each question: scikit-learn's GroupKFold for groups of equal size, dealt out in turn."""
    order = np.argsort(np.full(count, 2))[::-1]
    folds = np.empty(count, dtype=np.int64)
    folds[order] = np.arange(count) % FOLDS
    return folds


def _fit(features: Floats, wins: Floats, strength: float) -> Floats:
    """Minimise ‖w‖₁ + strength · Σ cross-entropy (liblinear's objective), coordinate by coordinate.

    Each step is a Newton step with the soft threshold of the penalty, halved until the objective falls.
    """
    weights = np.zeros(features.shape[1])
    value = _objective(features, wins, strength, weights)
    for _ in range(_STEPS):
        before = value
        for at in range(len(weights)):
            p = _probability(features @ weights)
            gradient = strength * float(features[:, at] @ (p - wins))
            curvature = strength * float(features[:, at] ** 2 @ (p * (1 - p))) + 1e-12
            target = weights[at] - gradient / curvature
            step = float(np.sign(target) * max(abs(target) - 1 / curvature, 0.0)) - weights[at]
            while abs(step) > 1e-14:
                tried = weights.copy()
                tried[at] += step
                if (reached := _objective(features, wins, strength, tried)) <= value:
                    weights, value = tried, reached
                    break
                step /= 2
        if before - value <= _TOLERANCE * max(1.0, value):
            break
    return weights


def _objective(features: Floats, wins: Floats, strength: float, weights: Floats) -> float:
    logits = features @ weights
    return float(np.abs(weights).sum() + strength * (np.logaddexp(0, logits) - wins * logits).sum())


def _probability(logits: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))
