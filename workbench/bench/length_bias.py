"""How much a judge likes length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from workbench.domain import Interval
from workbench.statistics.intervals import mean_intervals


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating of an answer of ``length`` characters. ``item`` names the question and turn that it answers."""

    item: tuple[int, int]
    length: int
    score: float


def points_per_doubling(rated: Sequence[Rated], rng: np.random.Generator, rounds: int = 1000) -> Interval | None:
    """By how many points ratings rise when an answer to the same turn is twice as long; None where lengths do not vary.

    Least squares within items (their means taken off both sides, so that a hard question whose answers are long does
    not count), with a 95 % interval over resampled items. It is an association: longer answers may be better ones.
    """
    groups: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for one in rated:
        groups.setdefault(one.item, []).append((log2(max(one.length, 1)), one.score))
    products, squares = [], []
    for pairs in groups.values():
        x, y = (np.array(side) - np.mean(side) for side in zip(*pairs, strict=True))
        products.append(float(x @ y))
        squares.append(float(x @ x))
    if sum(squares) < 1e-12:
        return None
    return mean_intervals(np.array([products]), np.array(squares), rng, rounds)[0]


def longer_wins(games: Sequence[tuple[int, int, bool]]) -> tuple[float, int]:
    """Of (length of the winner, length of the loser, whether one won): the share of decided games with unequal
    lengths that the longer answer won, and how many there are. NaN without any.
    """
    decided = [winner > loser for winner, loser, won in games if won and winner != loser]
    return (sum(decided) / len(decided) if decided else float("nan")), len(decided)
