from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.statistics.rank_correlation import kendall_tau, tau_interval


def test_tau_of_orders() -> None:
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == 1
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    assert math.isnan(kendall_tau([1, 2], [5, 5]))
    assert math.isnan(kendall_tau([], []))
    with pytest.raises(ValueError, match="2 and 1"):
        kendall_tau([1, 2], [1])


def test_taus_interval_holds_tau_and_is_narrower_with_more_items() -> None:
    generator = np.random.default_rng(0)
    widths = []
    for count in (20, 200):
        a = generator.normal(size=count)
        b = a + generator.normal(size=count)
        found = tau_interval(a.tolist(), b.tolist(), range(count))
        assert found.low < found.mean == kendall_tau(a, b) < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2
    assert math.isnan(tau_interval([1, 1], [1, 2], [1, 2]).low)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=7))
def test_tau_b_equals_its_definition(pairs: list[tuple[int, int]]) -> None:
    agree = apart = tied_a = tied_b = 0
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        agree += (a - c) * (b - d) > 0
        apart += (a - c) * (b - d) < 0
        tied_a += a != c
        tied_b += b != d
    expected = (agree - apart) / (tied_a * tied_b) ** 0.5 if tied_a and tied_b else math.nan
    a, b = np.array(pairs, dtype=float).T
    assert kendall_tau(a, b) == pytest.approx(expected, nan_ok=True)
