"""Means over questions with bootstrap intervals, paired: every set is resampled with the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import numpy as np
from numpy.typing import NDArray

from workbench.domain import AnswerScore, Interval

Floats = NDArray[np.float64]

RESAMPLES = 2_000
_COLUMNS = 512                       # sets resampled at a time: 2,000 x 512 doubles are 8 MB


def mean_logprob(answers: Sequence[AnswerScore]) -> float:
    """Mean log-likelihood in nats per answer."""
    return fsum(answer.logprob for answer in answers) / len(answers)


def by_question(sets: Sequence[Sequence[AnswerScore]]) -> tuple[Floats, Floats]:
    """Sums of log-likelihoods ``(sets, questions)``, and how many answers each question has ``(questions,)``.

    Questions are in the order of their ids. A question's turns stay together, because they are not independent.
    Raises ValueError when the sets do not hold the same answers: differences between them would not be paired.
    """
    keys = [(answer.question_id, answer.turn) for answer in _ordered(sets[0])]
    questions = sorted({question for question, _ in keys})
    column = {question: at for at, question in enumerate(questions)}
    columns = np.array([column[question] for question, _ in keys])
    sums = np.zeros((len(sets), len(questions)))
    for row, answers in enumerate(map(_ordered, sets)):
        if [(answer.question_id, answer.turn) for answer in answers] != keys:
            raise ValueError("the sets were not scored on the same answers")
        np.add.at(sums[row], columns, [answer.logprob for answer in answers])
    return sums, np.bincount(columns, minlength=len(questions)).astype(np.float64)


def _ordered(answers: Sequence[AnswerScore]) -> list[AnswerScore]:
    """By question and turn: results that were stored and read back give the same bits as fresh ones."""
    return sorted(answers, key=lambda answer: (answer.question_id, answer.turn))


def bootstrap(sums: Floats, counts: Floats, rng: np.random.Generator, resamples: int = RESAMPLES) -> list[Interval]:
    """Mean per answer of each row of ``sums`` ``(sets, questions)`` with its 95 % percentile interval over questions.

    Questions are drawn with replacement, the same draws for every row (Efron & Tibshirani, 1993, chapter 13).
    """
    questions = counts.shape[0]
    draws = rng.multinomial(questions, np.full(questions, 1 / questions), size=resamples).astype(np.float64)
    answers = draws @ counts
    means = sums.sum(axis=1) / counts.sum()
    intervals: list[Interval] = []
    for start in range(0, len(sums), _COLUMNS):
        block = sums[start : start + _COLUMNS]
        low, high = np.percentile((draws @ block.T) / answers[:, None], [2.5, 97.5], axis=0)
        rows = zip(means[start : start + _COLUMNS], low, high, strict=True)
        intervals += [Interval(float(mean), float(lower), float(upper)) for mean, lower, upper in rows]
    return intervals


def gain_intervals(
    base: Sequence[AnswerScore], sets: Sequence[Sequence[AnswerScore]], rng: np.random.Generator
) -> list[Interval]:
    """Mean change of each set against ``base``, in nats per answer."""
    if not sets:
        return []
    sums, counts = by_question([base, *sets])
    return bootstrap(sums[1:] - sums[0], counts, rng)
