"""What was measured of answers: means with intervals, and paired differences with a test.

Questions, not answers, are drawn again: the turns and repeats of one hang together. Where a series has several draws,
of demonstration sets or of seeds, intervals and tests are over these as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.domain import Interval
from workbench.statistics.crossed import crossed_difference, crossed_mean
from workbench.statistics.intervals import NO_BOUNDS, RESAMPLES, Floats, mean_intervals
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

    ``p`` is the two-sided probability of a mean as far from zero if a and b were the same: by random flips of the sign
    of each question's difference, or, where a series has several ``draws``, by a t test over draws and questions.
    ``questions`` were compared; ``wins``, ``losses`` of them differ for and against a.
    """

    interval: Interval
    p: float
    questions: int
    wins: int
    losses: int
    draws: tuple[int, int] = (1, 1)

    @property
    def over_draws(self) -> bool:
        """Whether it holds for other draws too; else it is said of these only."""
        return self.draws != (1, 1)


@dataclass(frozen=True, slots=True)
class SeriesMean:
    """The mean over all answers of a series with its 95 % interval, over ``questions`` and, if several, ``draws``."""

    interval: Interval
    questions: int
    draws: int


def mean_interval(
    values: Sequence[Measured], rng: np.random.Generator, resamples: int = RESAMPLES,
    bounds: tuple[float, float] = NO_BOUNDS,
) -> Interval | None:
    """The mean of all values with its 95 % interval over questions; None without values."""
    if not values:
        return None
    sums, counts = _by_question([(one.question_id, one.value) for one in values])
    return mean_intervals(sums[None, :], counts, rng, resamples, bounds)[0]


def paired_difference(a: Sequence[Measured], b: Sequence[Measured], rng: np.random.Generator) -> Difference | None:
    """a − b on the turns of the questions that both have; None where there is none. Repeats are averaged first."""
    return series_difference([a], [b], rng)


def series_mean(
    series: Sequence[Sequence[Measured]], rng: np.random.Generator, bounds: tuple[float, float] = NO_BOUNDS
) -> SeriesMean | None:
    """Of a series with one sequence a draw, on what all its draws have answered; None where there is nothing."""
    draws = [_by_turn(one) for one in series if one]
    both = _common(draws)
    if not both:
        return None
    sums, counts = _table(draws, both)
    if len(draws) > 1 and len(counts) > 1:
        interval = crossed_mean(sums, counts).interval
        interval = Interval(interval.mean, max(interval.low, bounds[0]), min(interval.high, bounds[1]))
    else:
        interval = mean_intervals(sums.mean(axis=0)[None, :], counts, rng, bounds=bounds)[0]
    return SeriesMean(interval, len(counts), len(draws))


def series_difference(
    a: Sequence[Sequence[Measured]], b: Sequence[Sequence[Measured]], rng: np.random.Generator, *, same: bool = False
) -> Difference | None:
    """a − b, two series with one sequence a draw, on the turns of the questions that all draws have answered.

    ``same``: the draws of a are those of b, in this order, so that they are paired. None where nothing is common.
    """
    pairs = [(one, other) for one, other in zip(a, b, strict=True) if one and other] if same else []
    of_a = [_by_turn(one) for one in ([one for one, _ in pairs] if same else a) if one]
    of_b = [_by_turn(one) for one in ([other for _, other in pairs] if same else b) if one]
    both = _common([*of_a, *of_b]) if of_a and of_b else []
    if not both:
        return None
    (sums_a, counts), (sums_b, _) = _table(of_a, both), _table(of_b, both)
    apart = sums_a.mean(axis=0) - sums_b.mean(axis=0)
    if len(counts) < 2 or len(of_a) + len(of_b) == 2:
        interval, p = mean_intervals(apart[None, :], counts, rng)[0], sign_flip_test(apart, rng)
    else:
        found = crossed_mean(sums_a - sums_b, counts) if same else crossed_difference(sums_a, sums_b, counts)
        interval, p = found.interval, found.p
    return Difference(interval, p, len(counts), int((apart > 0).sum()), int((apart < 0).sum()), (len(of_a), len(of_b)))


def _common(draws: Sequence[dict[tuple[int, int], float]]) -> list[tuple[int, int]]:
    """The (question, turn) that all draws have, in the order of the ids."""
    return sorted(set.intersection(*(set(one) for one in draws))) if draws else []


def _table(draws: Sequence[dict[tuple[int, int], float]], keys: Sequence[tuple[int, int]]) -> tuple[Floats, Floats]:
    """Sums ``(draws, questions)`` and counts ``(questions,)`` of the sorted ``keys``."""
    place = {question: at for at, question in enumerate(dict.fromkeys(question for question, _ in keys))}
    member = np.zeros((len(keys), len(place)))
    member[np.arange(len(keys)), [place[question] for question, _ in keys]] = 1
    return np.array([[one[key] for key in keys] for one in draws]) @ member, member.sum(axis=0)


def _by_turn(values: Sequence[Measured]) -> dict[tuple[int, int], float]:
    groups: dict[tuple[int, int], list[float]] = {}
    for one in values:
        groups.setdefault((one.question_id, one.turn), []).append(one.value)
    return {key: sum(found) / len(found) for key, found in groups.items()}


def _by_question(values: Sequence[tuple[int, float]]) -> tuple[Floats, Floats]:
    """Sums and counts ``(questions,)`` in the order of the ids: stored and fresh values agree in all bits."""
    questions = {question: at for at, question in enumerate(sorted({question for question, _ in values}))}
    sums, counts = np.zeros(len(questions)), np.zeros(len(questions))
    for question, value in sorted(values):
        sums[questions[question]] += value
        counts[questions[question]] += 1
    return sums, counts
