from __future__ import annotations

import numpy as np
import pytest

from workbench.statistics.intervals import mean_intervals, wilson


def test_the_mean_is_over_answers_not_over_questions() -> None:
    interval, = mean_intervals(np.array([[3.0, 4.0]]), np.array([2.0, 1.0]), np.random.default_rng(0))
    assert interval.mean == pytest.approx(7 / 3)


def test_the_interval_agrees_with_the_normal_one_where_that_holds() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.3, 2.0, 400)
    interval, = mean_intervals(values[None, :], np.ones(400), rng)
    half = 1.96 * values.std(ddof=1) / 20
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_it_covers_the_true_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(300):
        interval, = mean_intervals(rng.normal(1.0, 1.0, (1, 80)), np.ones(80), rng, 400)
        inside += interval.low <= 1.0 <= interval.high
    assert 0.90 <= inside / 300 <= 0.98


def test_many_rows_in_blocks_equal_one_row_at_a_time() -> None:
    sums = np.random.default_rng(3).normal(size=(1100, 6))
    together = mean_intervals(sums, np.ones(6), np.random.default_rng(4), 200)
    alone = [mean_intervals(row[None, :], np.ones(6), np.random.default_rng(4), 200)[0]
             for row in sums[[0, 511, 512, 1099]]]
    for whole, single in zip([together[at] for at in (0, 511, 512, 1099)], alone, strict=True):
        assert (whole.mean, whole.low, whole.high) == pytest.approx((single.mean, single.low, single.high))


def test_the_interval_of_a_win_rate_stays_between_none_and_all() -> None:
    for wins in (0.0, 0.5, 1.0):
        interval = wilson(wins, 10)
        assert 0.0 <= interval.low <= wins <= interval.high <= 1.0
    assert wilson(1.0, 10).low == pytest.approx(0.7225, abs=1e-3)        # the value that tables give for 10 of 10
