"""What was measured of answers: means with intervals, and paired differences with a test.

Questions, not answers, are drawn again: the turns and repeats of one hang together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.domain import Interval
from workbench.statistics.intervals import RESAMPLES, Floats, mean_intervals
from workbench.statistics.significance import sign_flip_test

ONE_QUESTION = "There is one question only, so the intervals say nothing."


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
    return mean_intervals(sums[None, :], counts, rng, resamples)[0]


def paired_difference(
    a: Sequence[Measured], b: Sequence[Measured], rng: np.random.Generator, resamples: int = RESAMPLES
) -> Difference | None:
    """a − b on the turns of the questions that both have; None where there is none. Repeats are averaged first."""
    of_a, of_b = _by_turn(a), _by_turn(b)
    both = sorted(of_a.keys() & of_b.keys())
    if not both:
        return None
    sums, counts = _by_question([(question, of_a[question, turn] - of_b[question, turn]) for question, turn in both])
    return Difference(mean_intervals(sums[None, :], counts, rng, resamples)[0], sign_flip_test(sums, rng), len(sums),
                      int((sums > 0).sum()), int((sums < 0).sum()))


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
