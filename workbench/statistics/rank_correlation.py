"""How alike two orders are: Kendall's tau-b, with ties (Kendall 1945)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.domain import Interval
from workbench.statistics.intervals import jackknife

Floats = NDArray[np.float64]

ROWS = 256                           # of the table of all pairs that are in memory at a time
TAU = (-1.0, 1.0)


def kendall_tau(a: Sequence[float] | Floats, b: Sequence[float] | Floats) -> float:
    """1 for the same order, −1 for the reverse; NaN with fewer than two items, or where one side has a single value.

    Time grows with the square of the items.
    """
    together, of_x, of_y = _counts(a, b, np.zeros(len(a), dtype=np.int64))
    scale = float(np.sqrt(of_x[0, 0] * of_y[0, 0])) if len(a) else 0.0
    return float(together[0, 0] / scale) if scale else math.nan


def tau_interval(
    a: Sequence[float] | Floats, b: Sequence[float] | Floats, questions: Sequence[Hashable]
) -> Interval:
    """Tau-b with its 95 % interval over ``questions``, one an item: all items of a question are left out together.

    NaN where there is no order.
    """
    place = {question: at for at, question in enumerate(dict.fromkeys(questions))}
    together, of_x, of_y = _counts(a, b, np.array([place[question] for question in questions], dtype=np.int64))
    others = 1 - np.eye(len(together))                   # pairs of items without those of one question
    above, below = _between(together, others), np.sqrt(_between(of_x, others) * _between(of_y, others))
    return jackknife(kendall_tau(a, b), np.where(below > 0, above / np.where(below > 0, below, 1), math.nan), TAU)


def tau_of_means(a: Floats, b: Floats) -> Interval:
    """Tau-b between the means of the rows of ``a`` and of ``b``, both ``(items, questions)``, with its 95 % interval
    over questions.

    It is that of means over so many questions: few questions blur the order, which lowers tau itself.
    """
    def tau(kept: slice | NDArray[np.bool_]) -> float:
        return kendall_tau(a[:, kept].mean(axis=1), b[:, kept].mean(axis=1))

    questions = a.shape[1]
    left_out = [tau(np.arange(questions) != at) for at in range(questions if questions > 1 else 0)]
    return jackknife(tau(slice(None)), np.array(left_out), TAU)


def _counts(
    a: Sequence[float] | Floats, b: Sequence[float] | Floats, groups: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Between every two groups ``(groups, groups)``, over all ordered pairs of their items: concordant less discordant
    ones, and those with an order on either side. Raises ValueError for sides of unequal length."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} items")
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    member = np.zeros((len(x), int(groups.max(initial=0)) + 1))
    member[np.arange(len(x)), groups] = 1
    found = np.zeros((3, member.shape[1], member.shape[1]))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        of_x, of_y = np.sign(x[rows, None] - x), np.sign(y[rows, None] - y)
        for at, table in enumerate((of_x * of_y, np.abs(of_x), np.abs(of_y))):
            found[at] += member[rows].T @ table @ member
    return found[0], found[1], found[2]


def _between(counts: Floats, weights: Floats) -> Floats:
    """Sums over pairs of groups with these ``weights`` ``(rows, groups)``: ``(rows,)``."""
    total: Floats = ((weights @ counts) * weights).sum(axis=1)
    return total
