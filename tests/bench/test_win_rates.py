from __future__ import annotations

import math

import pytest

from workbench.bench.judgements import PairJudgement
from workbench.bench.win_rates import position_bias, win_rates


def game(first: str, second: str, models: tuple[str, str] = ("a", "b")) -> PairJudgement:
    return PairJudgement("q", *models, "judge", 1, first, second)


def test_wins_losses_ties_and_the_baselines_missing_row() -> None:
    games = [game("model_1", "model_1"), game("model_1", "model_2"), game("model_2", "model_2"),
             game("error", "model_1"), game("model_1", "model_1", ("c", "a"))]
    rows = {row.model: row for row in win_rates(games)}
    assert (rows["a"].wins, rows["a"].losses, rows["a"].ties) == (1, 2, 1)
    assert (rows["b"].wins, rows["b"].losses, rows["b"].ties) == (1, 1, 1)
    assert rows["c"].adjusted == rows["c"].win_rate == 1
    assert rows["a"].adjusted == pytest.approx(1.5 / 4)
    assert [row.model for row in win_rates(games, baseline="c")] == ["a"]
    assert win_rates(games, baseline="c")[0].loss_rate == 1


def test_position_bias_of_a_judge_that_always_takes_the_first() -> None:
    # the judge prefers whatever is shown first: model_1 in the first order, model_2 in the second
    assert position_bias([game("model_1", "model_2")] * 3) == (0, 1, 0)
    games = [game("model_2", "model_1"), game("tie", "tie"), game("tie", "model_2"), game("model_1", "error")]
    assert position_bias(games) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert all(math.isnan(share) for share in position_bias([]))
