"""Means with bootstrap intervals, and paired differences with a test: questions, not answers, are drawn again.

The turns and repeats of one question hang together, so that they stay together in every resample (a cluster
bootstrap; Efron & Tibshirani, 1993, chapter 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval

Floats = NDArray[np.float64]

ONE_QUESTION = "There is one question only, so the intervals say nothing."

RESAMPLES = 2_000
EXACT_QUESTIONS = 12                 # up to here all 2ⁿ flips of signs are looked at
FLIPS = 20_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One number that a judge or a measure gave to an answer. ``turn`` counts from 0."""

    question_id: int
    turn: int
    value: float
    repeat: int = 0
    category: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of (a − b) over the questions and turns that both have, with its 95 % interval.

    ``p`` is the two-sided probability of a mean as far from zero if a and b were the same (random flips of the sign
    of each question's difference). ``questions`` were compared; ``wins``, ``losses`` of them differ for and against a.
    """

    interval: Interval
    p: float
    questions: int
    wins: int
    losses: int


def mean_interval(values: Sequence[Measured], rng: np.random.Generator, resamples: int = RESAMPLES) -> Interval | None:
    """The mean of all values with its 95 % percentile interval; None without values."""
    if not values:
        return None
    sums, counts = _by_question([(one.question_id, one.value) for one in values])
    return _bootstrap(sums, counts, rng, resamples)


def paired_difference(
    a: Sequence[Measured], b: Sequence[Measured], rng: np.random.Generator, resamples: int = RESAMPLES
) -> Difference | None:
    """a − b on the turns of the questions that both have; None where there is none. Repeats are averaged first."""
    of_a, of_b = _by_turn(a), _by_turn(b)
    both = sorted(of_a.keys() & of_b.keys())
    if not both:
        return None
    sums, counts = _by_question([(question, of_a[question, turn] - of_b[question, turn]) for question, turn in both])
    return Difference(_bootstrap(sums, counts, rng, resamples), _sign_flip_test(sums, rng), len(sums),
                      int((sums > 0).sum()), int((sums < 0).sum()))


def holm(p: Sequence[float]) -> list[float]:
    """The p of several tests, in their order, corrected so that the chance of any wrong "different" among them stays
    below the level that each is held against (Holm 1979)."""
    order = sorted(range(len(p)), key=p.__getitem__)
    corrected, largest = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, p[at] * (len(p) - rank)))
        corrected[at] = largest
    return corrected


def _by_turn(values: Sequence[Measured]) -> dict[tuple[int, int], float]:
    groups: dict[tuple[int, int], list[float]] = {}
    for one in values:
        groups.setdefault((one.question_id, one.turn), []).append(one.value)
    return {key: float(np.mean(found)) for key, found in groups.items()}


def _by_question(values: Sequence[tuple[int, float]]) -> tuple[Floats, Floats]:
    """Sums and counts ``(questions,)`` in the order of the ids: stored and fresh values agree in all bits."""
    questions = {question: at for at, question in enumerate(sorted({question for question, _ in values}))}
    sums, counts = np.zeros(len(questions)), np.zeros(len(questions))
    for question, value in sorted(values):
        sums[questions[question]] += value
        counts[questions[question]] += 1
    return sums, counts


def _bootstrap(sums: Floats, counts: Floats, rng: np.random.Generator, resamples: int) -> Interval:
    questions = len(sums)
    draws = rng.multinomial(questions, np.full(questions, 1 / questions), size=resamples).astype(float)
    low, high = np.percentile((draws @ sums) / (draws @ counts), [2.5, 97.5])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high))


def _sign_flip_test(sums: Floats, rng: np.random.Generator) -> float:
    """Exact up to EXACT_QUESTIONS; else FLIPS random flips, the flip that was seen counted among them."""
    questions = len(sums)
    seen = abs(sums.sum())
    exact = questions <= EXACT_QUESTIONS
    if exact:
        bits = np.arange(2 ** questions)[:, None] >> np.arange(questions)
        signs = 1.0 - 2.0 * (bits & 1)
    else:
        signs = rng.integers(0, 2, size=(FLIPS, questions)) * 2.0 - 1.0
    as_far = int((np.abs(signs @ sums) >= seen * (1 - 1e-9) - 1e-12).sum())
    return as_far / len(signs) if exact else (as_far + 1) / (FLIPS + 1)
