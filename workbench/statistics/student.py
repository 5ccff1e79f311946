"""Student's t, for any number of degrees of freedom above 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.domain import Interval

Floats = NDArray[np.float64]


def student_tail(t: ArrayLike, freedom: float) -> Floats:
    """P(T > t), elementwise; ±∞ gives 0 and 1, NaN gives NaN."""
    values = np.asarray(t, dtype=float)
    return np.array([_tail(float(value), freedom) for value in values.ravel()]).reshape(values.shape)


def _tail(t: float, freedom: float) -> float:
    if math.isnan(t):
        return t
    half = _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1_024)
def student_quantile(freedom: float, probability: float = 0.975) -> float:
    """The t that T stays below with this ``probability``, above ½.

    Newton's method on the tail from the normal's point, which lies to the left of it: the tail is convex there.
    """
    t = NormalDist().inv_cdf(probability)
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    for _ in range(1_000):
        density = math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))
        step = (_tail(t, freedom) - (1 - probability)) / density
        t += step
        if abs(step) < 1e-10 * t:
            break
    return t


def t_interval(values: Sequence[float]) -> Interval | None:
    """The mean with Student's 95 % interval, which a single value does not have (low = high); None without values."""
    if not len(values):
        return None
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Interval(mean, mean, mean)
    half = student_quantile(len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for x in 0 … 1, by its continued fraction (Abramowitz &
    Stegun, 26.5.8), on the side of x where that converges fast."""
    return 1 - _fraction(1 - x, b, a) if x > (a + 1) / (a + b + 2) else _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """x^a (1 − x)^b / (a B(a, b)) times the continued fraction, which modified Lentz evaluates from the front."""
    if x <= 0:
        return 0.0
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    value = d
    for m in range(1, 10_000):
        change = 1.0
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d, c = 1 / ((1 + term * d) or tiny), (1 + term / c) or tiny
            change = c * d
            value *= change
        if abs(change - 1) < 1e-15:
            break
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(scale + a * math.log(x) + b * math.log1p(-x)) / a * value
