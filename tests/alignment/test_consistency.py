from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.alignment.consistency import consistency, kendall_tau


def test_best_worst_and_tau_of_numbers_worked_out_by_hand() -> None:
    teacher = [[3, 2, 1], [3, 2, 1], [1, 2, 3], [3, 2, 1]]
    student = [[9, 5, 1], [5, 9, 1], [9, 5, 1], [9, 9, 1]]
    found = consistency(teacher, student)
    assert found.best_hits == (1, 0, 0, 0.5)
    assert found.worst_hits == (1, 1, 0, 1)
    assert found.taus == pytest.approx((1, 1 / 3, -1, 2 / (3 * 2) ** 0.5))
    assert (found.best, found.worst) == (0.375, 0.75)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=7))
def test_tau_b_equals_its_definition(pairs: list[tuple[int, int]]) -> None:
    agree = apart = tied_a = tied_b = 0
    for (a, b), (c, d) in itertools.combinations(pairs, 2):
        agree += (a - c) * (b - d) > 0
        apart += (a - c) * (b - d) < 0
        tied_a += a != c
        tied_b += b != d
    expected = (agree - apart) / (tied_a * tied_b) ** 0.5 if tied_a and tied_b else 0.0
    a, b = np.array([pairs], dtype=float).transpose(2, 0, 1)
    assert kendall_tau(a, b)[0] == pytest.approx(expected)


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="must both be"):
        consistency([[1, 2]], [[1, 2, 3]])
