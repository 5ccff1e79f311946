"""Bradley–Terry ratings of models from pairwise games."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.bench.judgements import PairJudgement
from workbench.statistics.bradley_terry import bradley_terry
from workbench.statistics.intervals import interval, resampled

ELO_SCALE = 400 / np.log(10)         # a rating 400 above another wins ten times as often
ELO_CENTRE = 1000.0


@dataclass(frozen=True, slots=True)
class Rating:
    """On Elo's scale, the mean of all models at 1000; ``low`` and ``high`` bound the bootstrap's 95 % interval."""

    model: str
    rating: float
    low: float
    high: float
    games: int


def win_matrix(judgements: Sequence[PairJudgement]) -> tuple[list[str], NDArray[np.float64]]:
    """Models, sorted by name, and ``wins[i, j]``: how often i beat j, a tie being half a win for both."""
    readable = [game for game in judgements if game.readable]
    models = sorted({m for game in readable for m in (game.model_1, game.model_2)})
    place = {model: i for i, model in enumerate(models)}
    wins = np.zeros((len(models), len(models)))
    for game in readable:
        i, j = place[game.model_1], place[game.model_2]
        wins[i, j] += game.share
        wins[j, i] += 1 - game.share
    return models, wins


def ratings(judgements: Sequence[PairJudgement], generator: np.random.Generator, rounds: int = 1000,
            prior: float = 0.1) -> list[Rating]:
    """Ratings, best first, with intervals over ``rounds`` resamples of whole questions.

    Questions, not games, are drawn again: all games on one question hang together.
    """
    readable = [game for game in judgements if game.readable]
    if not readable:
        return []
    models, wins = win_matrix(readable)
    questions = sorted({game.question for game in readable})
    place = {m: i for i, m in enumerate(models)}
    by_question = np.zeros((len(questions), len(models), len(models)))
    for number, question in enumerate(questions):
        some, part = win_matrix([game for game in readable if game.question == question])
        where = [place[m] for m in some]
        by_question[number][np.ix_(where, where)] = part
    draws = np.stack([bradley_terry(np.tensordot(counts, by_question, 1), max(prior, 1e-3))
                      for counts in resampled(len(questions), generator, rounds)])
    games = (wins + wins.T).sum(1)
    table = []
    for model, strength, drawn, played in zip(models, bradley_terry(wins, prior), draws.T, games, strict=True):
        found = interval(strength * ELO_SCALE + ELO_CENTRE, drawn * ELO_SCALE + ELO_CENTRE, len(questions))
        table.append(Rating(model, found.mean, found.low, found.high, int(played)))
    return sorted(table, key=lambda row: (-row.rating, row.model))
