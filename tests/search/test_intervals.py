from __future__ import annotations

import numpy as np
import pytest

from workbench.domain import AnswerScore
from workbench.search.intervals import bootstrap, by_question, gain_intervals, mean_logprob


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


def test_the_mean_is_over_answers_not_over_questions() -> None:
    interval, = bootstrap(np.array([[3.0, 4.0]]), np.array([2.0, 1.0]), np.random.default_rng(0))
    assert interval.mean == pytest.approx(7 / 3)


def test_equal_gains_have_an_interval_without_width() -> None:
    base = answers({(q, 0): float(-q) for q in range(1, 30)})
    better = answers({(q, 0): -q + 1.5 for q in range(1, 30)})
    interval, = gain_intervals(base, [better], np.random.default_rng(0))
    assert (interval.mean, interval.low, interval.high) == pytest.approx((1.5, 1.5, 1.5))


def test_the_interval_agrees_with_the_normal_one_where_that_holds() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.3, 2.0, 400)
    interval, = bootstrap(values[None, :], np.ones(400), rng)
    half = 1.96 * values.std(ddof=1) / 20
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_it_covers_the_true_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        interval, = bootstrap(rng.normal(1.0, 1.0, (1, 80)), np.ones(80), rng, 400)
        inside += interval.low <= 1.0 <= interval.high
    assert 0.90 <= inside / 300 <= 0.98


def test_many_rows_in_blocks_equal_one_row_at_a_time() -> None:
    sums = np.random.default_rng(3).normal(size=(1100, 6))
    together = bootstrap(sums, np.ones(6), np.random.default_rng(4), 200)
    alone = [bootstrap(row[None, :], np.ones(6), np.random.default_rng(4), 200)[0] for row in sums[[0, 511, 512, 1099]]]
    for whole, single in zip([together[at] for at in (0, 511, 512, 1099)], alone, strict=True):
        assert (whole.mean, whole.low, whole.high) == pytest.approx((single.mean, single.low, single.high))
