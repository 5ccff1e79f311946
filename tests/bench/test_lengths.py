from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.bench.length_bias import Rated, longer_wins, points_per_doubling
from workbench.bench.length_control import length_controlled


def test_a_judge_that_gives_a_point_for_each_doubling_is_found_out() -> None:
    generator = np.random.default_rng(0)
    rated = []
    for item in range(40):
        hard = generator.normal(0, 3)                      # hard questions get long answers and low ratings
        for _ in range(3):
            length = int(2 ** generator.uniform(5, 10) * (2 if hard < 0 else 1))
            rated.append(Rated((item, 0), length, hard + math.log2(length)))
    found = points_per_doubling(rated, generator)
    assert found is not None
    assert found.mean == pytest.approx(1)
    assert points_per_doubling([Rated((1, 0), 9, 2.0), Rated((1, 0), 9, 3.0)], generator) is None


def test_ties_and_equal_lengths_say_nothing_about_length() -> None:
    assert longer_wins([(20, 10, True), (10, 20, True), (30, 10, True), (10, 10, True), (5, 9, False)]) == (2 / 3, 3)
    assert math.isnan(longer_wins([])[0])


def games(judge_likes_length: float, longer: float, seed: int) -> tuple[list[float], list[int], list[int]]:
    """Two equally good contestants, of which one writes ``longer`` times as much."""
    generator = np.random.default_rng(seed)
    base = generator.integers(100, 1000, 300)
    own = (base * longer * generator.uniform(.3, 1.7, 300)).astype(int)
    logits = judge_likes_length * np.tanh((own - base) / 500)
    wins = (generator.random(300) < 1 / (1 + np.exp(-logits))).astype(float)
    return wins.tolist(), own.tolist(), base.tolist()


def test_length_alone_does_not_win_under_control() -> None:
    found = length_controlled(*games(2.0, 2.0, 0), np.random.default_rng(0))
    assert found.win_rate > .65
    assert found.controlled.low < .5 < found.controlled.high
    assert found.controlled.mean == pytest.approx(.5, abs=.08)
    assert found.length_weight > 1


def test_without_a_liking_for_length_control_changes_little() -> None:
    found = length_controlled(*games(0.0, 2.0, 1), np.random.default_rng(0), rounds=20)
    assert found.controlled.mean == pytest.approx(found.win_rate, abs=.04)


def test_answers_of_one_length_and_too_few_questions() -> None:
    found = length_controlled([1, 1, 0, 1, 0, .5], [9] * 6, [9] * 6, np.random.default_rng(0), rounds=20)
    assert found.length_weight == 0
    with pytest.raises(ValueError, match="5 questions"):
        length_controlled([1.0], [1], [2], np.random.default_rng(0))
