"""Student's t, for any number of degrees of freedom above 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.domain import Interval

Floats = NDArray[np.float64]


def student_tail(t: ArrayLike, freedom: float) -> Floats:
    """P(T > t), elementwise; ±∞ gives 0 and 1, NaN gives NaN."""
    values = np.asarray(t, dtype=float)
    with np.errstate(invalid="ignore"):
        half = _incomplete_beta(freedom / (freedom + values**2), freedom / 2, 0.5) / 2
    return np.asarray(np.where(values >= 0, half, 1 - half))


@cache
def student_quantile(freedom: float, probability: float = 0.975) -> float:
    """The t that T stays below with this ``probability``, above ½; by bisection."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > 1 - probability:
        low, high = high, high * 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if student_tail(middle, freedom) > 1 - probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_interval(values: Sequence[float]) -> Interval | None:
    """The mean with Student's 95 % interval, which a single value does not have (low = high); None without values."""
    if not len(values):
        return None
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Interval(mean, mean, mean)
    half = student_quantile(len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def _incomplete_beta(x: Floats, a: float, b: float) -> Floats:
    """The regularised incomplete beta function I_x(a, b) for x in 0 … 1, by its continued fraction (Abramowitz &
    Stegun, 26.5.8), on the side of x where that converges fast."""
    turned = x > (a + 1) / (a + b + 2)
    near, far = _fraction(np.where(turned, 0.0, x), a, b), _fraction(np.where(turned, 1 - x, 0.0), b, a)
    return np.asarray(np.where(turned, 1 - far, near))


def _fraction(x: Floats, a: float, b: float) -> Floats:
    """x^a (1 − x)^b / (a B(a, b)) times the continued fraction, which modified Lentz evaluates from the front."""
    tiny = 1e-300
    c = np.ones_like(x)
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / np.where(np.abs(d) < tiny, tiny, d)
    value = d
    for m in range(1, 10_000):
        change = np.ones_like(x)
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d, c = 1 + term * d, 1 + term / c
            d = 1 / np.where(np.abs(d) < tiny, tiny, d)
            c = np.where(np.abs(c) < tiny, tiny, c)
            change = c * d
            value = value * change
        if not np.any(np.abs(change - 1) > 1e-15):
            break
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    with np.errstate(divide="ignore"):
        front = np.exp(scale + a * np.log(x) + b * np.log1p(-x)) / a
    return np.asarray(front * value)
