"""Means with their 95 % intervals over items that were drawn: what hangs together, such as the turns and repeats of a
question, stays together in every resample (a cluster bootstrap; Efron & Tibshirani, 1993, chapter 8)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval

Floats = NDArray[np.float64]

RESAMPLES = 2_000
Z95 = 1.959964                       # two-sided 95 % of the normal distribution
_COLUMNS = 512                       # rows resampled at a time: 2,000 x 512 doubles are 8 MB


def resampled(items: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> Floats:
    """How often each item was drawn, with replacement ``(resamples, items)``."""
    return rng.multinomial(items, np.full(items, 1 / items), size=resamples).astype(np.float64)


def interval(estimate: float, draws: Floats) -> Interval:
    """The estimate between the percentiles that hold 95 % of its ``draws``."""
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(float(estimate), float(low), float(high))


def mean_intervals(
    sums: Floats, counts: Floats, rng: np.random.Generator, resamples: int = RESAMPLES
) -> list[Interval]:
    """For each row of ``sums`` ``(rows, items)`` its total over that of ``counts`` ``(items,)``: the mean, where
    an item's values were summed and counted.

    All rows are resampled with the same draws of items, so that they stay paired (Efron & Tibshirani, chapter 13).
    Draws in which nothing was counted are left out.
    """
    draws = resampled(counts.shape[0], rng, resamples)
    below = draws @ counts
    draws, below = draws[below > 1e-12], below[below > 1e-12]
    found: list[Interval] = []
    for start in range(0, len(sums), _COLUMNS):
        block = sums[start : start + _COLUMNS]
        low, high = np.percentile((draws @ block.T) / below[:, None], [2.5, 97.5], axis=0)
        rows = zip(block.sum(axis=1) / counts.sum(), low, high, strict=True)
        found += [Interval(float(mean), float(lower), float(upper)) for mean, lower, upper in rows]
    return found


def wilson(share: float, trials: int) -> Interval:
    """The 95 % score interval of a share of ``trials`` (Wilson 1927), which stays inside 0 … 1."""
    if trials == 0:
        return Interval(share, 0.0, 1.0)
    scale = 1 + Z95**2 / trials
    centre = (share + Z95**2 / (2 * trials)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    return Interval(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))
