from __future__ import annotations

import itertools

import numpy as np
import pytest

from workbench.statistics.paired import Measured, mean_interval, paired_difference


def measured(values: np.ndarray) -> list[Measured]:
    """``values`` is (questions, turns)."""
    return [Measured(q, t, float(v)) for (q, t), v in np.ndenumerate(values)]


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        values = generator.normal(5, 1, (40, 1)) + generator.normal(0, .3, (40, 2))    # turns hang together
        found = mean_interval(measured(values), generator, resamples=400)
        assert found is not None
        assert found.mean == pytest.approx(values.mean())
        covered += found.low <= 5 <= found.high
    assert 180 <= covered <= 198                          # 95 % of 200, within three standard errors


def test_turns_of_a_question_are_not_counted_as_independent() -> None:
    values = np.repeat(np.random.default_rng(1).normal(0, 1, (50, 1)), 4, axis=1)
    four = mean_interval(measured(values), np.random.default_rng(2))
    one = mean_interval(measured(values[:, :1]), np.random.default_rng(2))
    assert four is not None
    assert one is not None
    assert four.high - four.low == pytest.approx(one.high - one.low)


def test_nothing_measured_has_no_mean_and_no_difference() -> None:
    generator = np.random.default_rng(0)
    assert mean_interval([], generator) is None
    assert paired_difference([Measured(1, 0, 1.0)], [Measured(2, 0, 1.0)], generator) is None


def test_the_test_of_few_questions_is_exact() -> None:
    differences = [2.0, 1.0, 1.0, -1.0, 3.0]
    a = [Measured(q, 0, d) for q, d in enumerate(differences)]
    b = [Measured(q, 0, 0.0) for q in range(5)]
    found = paired_difference(a, b, np.random.default_rng(0))
    flips = [abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
             for signs in itertools.product((1, -1), repeat=5)]
    assert found is not None
    assert found.p == sum(one >= 6 for one in flips) / 32
    assert (found.questions, found.wins, found.losses) == (5, 4, 1)
    assert found.interval.mean == pytest.approx(1.2)


def test_only_what_both_answered_is_compared_and_repeats_count_once() -> None:
    a = [Measured(1, 0, 4.0), Measured(1, 0, 6.0, repeat=1), Measured(2, 0, 9.0), Measured(3, 1, 1.0)]
    b = [Measured(1, 0, 3.0), Measured(3, 0, 1.0)]
    found = paired_difference(a, b, np.random.default_rng(0))
    assert found is not None
    assert (found.interval.mean, found.questions) == (2, 1)


def test_a_true_difference_is_found_and_none_is_not_invented() -> None:
    generator = np.random.default_rng(3)
    hard = generator.normal(0, 2, (60, 1))
    a, b = hard + generator.normal(0, .5, (60, 2)), hard + generator.normal(.4, .5, (60, 2))
    apart = paired_difference(measured(a), measured(b), generator)
    same = paired_difference(measured(a), measured(a + generator.normal(0, .5, (60, 2))), generator)
    assert apart is not None
    assert same is not None
    assert apart.p < .01
    assert apart.interval.high < 0
    assert same.p > .05
