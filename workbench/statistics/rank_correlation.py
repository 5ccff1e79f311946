"""How alike two orders are: Kendall's tau-b, with ties (Kendall 1945)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.statistics.intervals import resampled

ROWS = 256                           # of the table of all pairs that are in memory at a time


def kendall_tau(a: Sequence[float] | NDArray[np.float64], b: Sequence[float] | NDArray[np.float64]) -> float:
    """1 for the same order, −1 for the reverse; NaN with fewer than two items, or where one side has a single value.

    Time grows with the square of the items.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} items")
    together, of_x, of_y = _counts(a, b, np.ones((1, len(a))))
    scale = float(np.sqrt(of_x[0] * of_y[0]))
    return float(together[0] / scale) if scale else float("nan")


def tau_interval(a: Sequence[float], b: Sequence[float], rng: np.random.Generator, rounds: int = 500) -> tuple[
        float, float]:
    """95 % percentile interval of tau-b over resampled items; draws without an order are left out.

    (NaN, NaN) where none has one. Each draw counts a pair of items by how often both were drawn.
    """
    together, of_x, of_y = _counts(a, b, resampled(len(a), rng, rounds))
    scale = np.sqrt(of_x * of_y)
    if not scale.any():
        return float("nan"), float("nan")
    low, high = np.percentile(together[scale > 0] / scale[scale > 0], [2.5, 97.5])
    return float(low), float(high)


def _counts(a: Sequence[float] | NDArray[np.float64], b: Sequence[float] | NDArray[np.float64],
            weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each row of ``weights`` (draws, items), over all ordered pairs: concordant less discordant ones, and those
    with an order on either side."""
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    found = np.zeros((3, len(weights)))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        of_x, of_y = np.sign(x[rows, None] - x), np.sign(y[rows, None] - y)
        for at, table in enumerate((of_x * of_y, np.abs(of_x), np.abs(of_y))):
            found[at] += ((weights[:, rows] @ table) * weights).sum(1)
    return found[0], found[1], found[2]
