"""Sets' log-likelihoods by question, and gains with intervals, paired: the same questions are drawn for all sets."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import numpy as np

from workbench.domain import AnswerScore, Interval
from workbench.statistics.crossed import crossed_mean
from workbench.statistics.intervals import Floats, mean_intervals


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


def gain_intervals(
    base: Sequence[AnswerScore], sets: Sequence[Sequence[AnswerScore]], rng: np.random.Generator
) -> list[Interval]:
    """Mean change of each set against ``base``, in nats per answer."""
    if not sets:
        return []
    sums, counts = by_question([base, *sets])
    return mean_intervals(sums[1:] - sums[0], counts, rng)


def mean_gain(
    base: Sequence[AnswerScore], sets: Sequence[Sequence[AnswerScore]], rng: np.random.Generator
) -> Interval:
    """Mean change of sets that were drawn at random against ``base``, in nats per answer, with its 95 % interval over
    questions and sets; of one set, over questions."""
    sums, counts = by_question([base, *sets])
    gains = sums[1:] - sums[0]
    if len(gains) > 1 and len(counts) > 1:
        return crossed_mean(gains, counts).interval
    return mean_intervals(gains.mean(axis=0)[None, :], counts, rng)[0]
