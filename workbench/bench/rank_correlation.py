"""How alike two orders are: Kendall's tau-b, with ties (Kendall 1945)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def kendall_tau(a: Sequence[float] | NDArray[np.float64], b: Sequence[float] | NDArray[np.float64]) -> float:
    """1 for the same order, −1 for the reverse; NaN with fewer than two items, or where one side has a single value.

    Time and memory grow with the square of the items.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} and {len(y)} items")
    upper = np.triu_indices(len(x), 1)
    of_x = np.sign(x[:, None] - x[None, :])[upper]
    of_y = np.sign(y[:, None] - y[None, :])[upper]
    scale = float(np.sqrt(float((of_x != 0).sum()) * float((of_y != 0).sum())))
    return float((of_x * of_y).sum() / scale) if scale else float("nan")


def tau_interval(a: Sequence[float], b: Sequence[float], rng: np.random.Generator, rounds: int = 500) -> tuple[
        float, float]:
    """95 % percentile interval of tau-b over resampled items; draws without an order are left out.

    (NaN, NaN) where none has one. Each draw counts a pair of items by how often both were drawn.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    of_x, of_y = np.sign(x[:, None] - x[None, :]), np.sign(y[:, None] - y[None, :])
    concordant, some_x, some_y = of_x * of_y, of_x != 0, of_y != 0
    found = []
    for _ in range(rounds):
        weight = np.bincount(rng.integers(len(x), size=len(x)), minlength=len(x)).astype(float)
        scale = float(np.sqrt((weight @ some_x @ weight) * (weight @ some_y @ weight)))
        if scale:
            found.append(float(weight @ concordant @ weight) / scale)
    if not found:
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
