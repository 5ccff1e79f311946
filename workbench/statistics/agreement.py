"""How far judges and people agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vote = Literal["model_a", "model_b", "tie"]
Votes = Mapping[Hashable, Mapping[str, Sequence[Vote]]]     # item (question, turn, pair) → judge → its votes


def agreement(votes: Votes, judge_1: str, judge_2: str, *, with_ties: bool = True) -> tuple[int, int]:
    """(agreeing, compared) pairs of votes, counted as FastChat's compute_agreement.py counts them.

    Two different judges: every vote of one with every vote of the other on the same item. A judge with itself (people
    among each other): all pairs of votes on an item. ``with_ties`` False leaves out what either calls a tie.
    """
    agree = total = 0
    for by_judge in votes.values():
        if judge_1 == judge_2:
            pairs = list(combinations(by_judge.get(judge_1, ()), 2))
        else:
            pairs = [(a, b) for a in by_judge.get(judge_1, ()) for b in by_judge.get(judge_2, ())]
        for a, b in pairs:
            if with_ties or "tie" not in (a, b):
                total += 1
                agree += a == b
    return agree, total


def cohens_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """Agreement of two raters over the same items, beyond chance (Cohen 1960); NaN without items.

    1 when they agree everywhere, also where both use one label only (chance agreement is then 1 as well).
    """
    if len(a) != len(b):
        raise ValueError(f"the raters have {len(a)} and {len(b)} items")
    if not a:
        return float("nan")
    observed = sum(x == y for x, y in zip(a, b, strict=True)) / len(a)
    of_a, of_b = Counter(a), Counter(b)
    chance = sum(of_a[label] * of_b[label] for label in of_a) / len(a) ** 2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)


Level = Literal["nominal", "ordinal", "interval"]


def krippendorffs_alpha(ratings: NDArray[np.float64], level: Level = "interval") -> float:
    """Reliability of any number of raters with gaps (Krippendorff 2011): ``ratings`` is (raters, items), NaN = none.

    NaN when no item has two ratings; raises ValueError when all ratings are the same value, where it is not defined.
    """
    paired = ratings[:, (~np.isnan(ratings)).sum(0) >= 2]
    if paired.size == 0:
        return float("nan")
    values, index = np.unique(paired[~np.isnan(paired)], return_inverse=True)
    if len(values) == 1:
        raise ValueError("all ratings are the same; Krippendorff's alpha is not defined")
    counts = np.zeros((paired.shape[1], len(values)))                     # item × value
    np.add.at(counts, (np.nonzero(~np.isnan(paired))[1], index), 1)
    each = counts.sum(1)
    weight = counts / (each - 1)[:, None]
    coincidence = counts.T @ weight - np.diag(weight.sum(0))
    totals = coincidence.sum(1)
    distance = _distance(values, totals, level)
    observed = (coincidence * distance).sum()
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - observed / expected)


def _distance(values: NDArray[np.float64], totals: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    """Squared difference between two values, by level of measurement."""
    if level == "nominal":
        return np.asarray(values[:, None] != values[None, :], dtype=float)
    if level == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2, dtype=float)
    upto = np.cumsum(totals) - totals / 2                                  # ordinal: how many ratings lie between
    return np.asarray((upto[:, None] - upto[None, :]) ** 2, dtype=float)
