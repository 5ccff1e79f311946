"""Means over questions and over draws (sets of demonstrations, seeds), both drawn at random and crossed: every draw was
asked every question.

Whoever resamples questions alone takes the sets for given, and says of two random sets that one series is better. The
variance of a mean has a part from the draws and one from the questions, with the noise of single answers in both; with
the mean squares of a two-way layout it is V(draws) + V(questions) − V(noise), and its degrees of freedom are
Satterthwaite's (1946), at most MOST times the draws'. It is what Clark (1973, "The language-as-fixed-effect fallacy")
asks of experiments with people and words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval
from workbench.statistics.student import student_quantile, student_tail

Floats = NDArray[np.float64]

# Degrees of freedom, times those of the draws: two or three draws that happen to be alike would else pass for draws
# without a spread (in simulations 7 to 9 % instead of 5 %).
MOST = 2


@dataclass(frozen=True, slots=True)
class Crossed:
    """A mean, or a difference of two, with its 95 % interval and the two-sided ``p`` of a mean of zero."""

    interval: Interval
    p: float


def crossed_mean(sums: Floats, counts: Floats) -> Crossed:
    """Of ``sums`` ``(draws, questions)`` over ``counts`` ``(questions,)``, answers a question that were summed.

    Raises ValueError for fewer than two draws or two questions, whose spread is not known.
    """
    values = _weighted(sums, counts)
    draws, questions = values.shape
    if draws < 2 or questions < 2:
        raise ValueError(f"{draws} draws and {questions} questions; two of each are needed")
    return _found(float(sums.sum() / counts.sum() / draws), _variance(values.mean(1)) / draws, draws - 1,
                  _variance(values.mean(0)) / questions, _noise(values) / (draws * questions), questions)


def crossed_difference(a: Floats, b: Floats, counts: Floats) -> Crossed:
    """The mean of ``a`` less that of ``b``, both ``(draws, questions)``, where each has draws of its own.

    Draws of both are taken to spread alike. A side with one draw is one such draw: the interval then says how far it is
    from another draw of the other side. Raises ValueError if neither side has two, or for fewer than two questions.
    """
    of_a, of_b = _weighted(a, counts), _weighted(b, counts)
    questions, freedom = len(counts), len(a) + len(b) - 2
    if freedom < 1 or questions < 2:
        raise ValueError(f"{len(a)} and {len(b)} draws, {questions} questions: too few to know their spread")
    pooled, noise = (sum((len(side) - 1) * of(side) for side in (of_a, of_b) if len(side) > 1) / freedom
                     for of in (lambda side: _variance(side.mean(1)), _noise))
    share = 1 / len(a) + 1 / len(b)
    mean = float((a.sum() / len(a) - b.sum() / len(b)) / counts.sum())
    return _found(mean, pooled * share, freedom, _variance(of_a.mean(0) - of_b.mean(0)) / questions,
                  noise * share / questions, questions)


def _weighted(sums: Floats, counts: Floats) -> Floats:
    """What each question adds to a draw's mean over answers, linearised, so that plain means over questions are right
    also where questions have unequal numbers of answers."""
    means = sums.sum(axis=1, keepdims=True) / counts.sum()
    weighted: Floats = means + (sums - means * counts) * len(counts) / counts.sum()
    return weighted


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1))


def _noise(values: Floats) -> float:
    """Mean square of what neither the draw nor the question explains."""
    left = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    return float((left**2).sum() / ((values.shape[0] - 1) * (values.shape[1] - 1)))


def _found(mean: float, of_draws: float, freedom: int, of_questions: float, noise: float, questions: int) -> Crossed:
    variance = max(of_draws + of_questions - noise, of_draws, of_questions)
    if variance < 1e-24 * max(1.0, mean**2):             # all draws and questions say the same
        return Crossed(Interval(mean, mean, mean), 0.0 if abs(mean) > 1e-12 else 1.0)
    degrees = variance**2 / (of_draws**2 / freedom + of_questions**2 / (questions - 1))
    degrees = min(degrees, MOST * freedom)
    error = math.sqrt(variance)
    half = student_quantile(degrees) * error
    return Crossed(Interval(mean, mean - half, mean + half), 2 * float(student_tail(abs(mean) / error, degrees)))
