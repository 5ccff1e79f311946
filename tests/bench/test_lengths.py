from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.bench.length_bias import Rated, longer_wins, points_per_doubling
from workbench.bench.length_control import ENOUGH_GAMES, length_controlled


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


def test_without_a_liking_for_length_control_changes_nothing_on_average() -> None:
    found = [length_controlled(*games(0.0, 2.0, seed), rounds=2) for seed in range(40)]
    changes = [one.controlled.mean - one.win_rate for one in found]
    assert abs(np.mean(changes)) < 2 * np.std(changes) / math.sqrt(len(changes))


def test_answers_of_one_length_have_the_win_rate_that_they_have() -> None:
    found = length_controlled([1, 0, 1, 1, 0, .5, 1], [10] * 7, [10] * 7)
    assert found.controlled.mean == pytest.approx(4.5 / 7, abs=1e-6)
    assert found.controlled.low < .4 < .9 < found.controlled.high
    assert (found.length_weight, found.few) == (0, True)
    with pytest.raises(ValueError, match="5 games"):
        length_controlled([1.0], [1], [2])


def test_some_dozens_of_games_are_not_pulled_to_a_draw() -> None:
    rng, collapsed, missed = np.random.default_rng(0), 0, 0
    for _ in range(200):
        base = rng.integers(100, 1000, ENOUGH_GAMES)
        own = (base * rng.uniform(.3, 1.7, ENOUGH_GAMES)).astype(int)
        wins = (rng.random(ENOUGH_GAMES) < .6).astype(float)
        found = length_controlled(wins.tolist(), own.tolist(), base.tolist(), rng, rounds=100)
        collapsed += abs(found.controlled.mean - .5) < .001 and abs(found.win_rate - .5) > .02
        missed += not found.controlled.low <= .6 <= found.controlled.high
    assert collapsed <= 4                                # with a penalised intercept it was every second one
    assert missed / 200 <= .1


def test_games_of_a_question_are_drawn_again_together() -> None:
    wins, own, base = games(0.0, 1.0, 3)
    four = [[one for one in side[:40] for _ in range(4)] for side in (wins, own, base)]
    questions = [question for question in range(40) for _ in range(4)]
    together, apart = length_controlled(*four, questions=questions), length_controlled(*four)
    once = length_controlled(wins[:40], own[:40], base[:40])
    width, wrong, right = (one.controlled.high - one.controlled.low for one in (together, apart, once))
    assert width == pytest.approx(right, rel=.1)
    assert wrong < right / 1.7
