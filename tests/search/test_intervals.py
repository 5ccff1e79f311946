from __future__ import annotations

import numpy as np
import pytest

from workbench.domain import AnswerScore
from workbench.search.intervals import by_question, gain_intervals, mean_logprob


def answers(values: dict[tuple[int, int], float]) -> tuple[AnswerScore, ...]:
    return tuple(AnswerScore(question, turn, value, 3) for (question, turn), value in values.items())


def test_a_questions_turns_are_summed_and_counted() -> None:
    sums, counts = by_question([answers({(5, 0): 1, (5, 1): 2, (9, 0): 4}), answers({(5, 0): 0, (5, 1): 0, (9, 0): 1})])
    assert sums.tolist() == [[3, 4], [0, 1]]
    assert counts.tolist() == [2, 1]


def test_the_order_in_which_answers_come_does_not_matter() -> None:
    values = {(5, 0): 0.1, (9, 0): 0.7, (5, 1): 0.2, (2, 0): 0.3}
    forwards, backwards = answers(values), answers(values)[::-1]
    sums, _ = by_question([forwards, backwards])
    assert np.array_equal(sums[0], sums[1])
    assert mean_logprob(forwards) == mean_logprob(backwards)


def test_sets_scored_on_other_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="not scored on the same answers"):
        by_question([answers({(1, 0): 1}), answers({(2, 0): 1})])


def test_equal_gains_have_an_interval_without_width() -> None:
    base = answers({(q, 0): float(-q) for q in range(1, 30)})
    better = answers({(q, 0): -q + 1.5 for q in range(1, 30)})
    interval, = gain_intervals(base, [better], np.random.default_rng(0))
    assert (interval.mean, interval.low, interval.high) == pytest.approx((1.5, 1.5, 1.5))
