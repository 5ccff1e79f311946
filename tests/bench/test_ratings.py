from __future__ import annotations

import numpy as np

from workbench.bench.judgements import PairJudgement
from workbench.bench.ratings import ELO_SCALE, ratings


def games(strength: dict[str, float], questions: int, seed: int) -> list[PairJudgement]:
    generator = np.random.default_rng(seed)
    names, found = sorted(strength), []
    for question in range(questions):
        for i, a in enumerate(names):
            for b in names[i + 1:]:
                wins = generator.random() < 1 / (1 + np.exp(strength[b] - strength[a]))
                outcome = "model_1" if wins else "model_2"
                found.append(PairJudgement(str(question), a, b, "judge", 1, outcome, outcome))
    return found


def test_ratings_find_the_order_again_and_their_intervals_cover_the_truth() -> None:
    strength = {"weak": -1.0, "middle": 0.0, "strong": 1.0}
    table = ratings(games(strength, 150, 0), np.random.default_rng(0), rounds=200)
    assert [row.model for row in table] == ["strong", "middle", "weak"]
    for row in table:
        assert row.low <= row.rating <= row.high
        assert row.low - 40 < 1000 + strength[row.model] * ELO_SCALE < row.high + 40
        assert row.games == 300
    assert ratings([], np.random.default_rng(0)) == []
