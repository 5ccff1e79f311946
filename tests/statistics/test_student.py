from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.student import student_quantile, student_tail, t_interval


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 8, 15, 31, 79])
def test_the_tail_of_students_t_is_scipys(freedom: int) -> None:
    t = np.array([-40, -3.2, -1, 0, 0.3, 1, 2.5, 6, 40, np.inf, -np.inf])
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), abs=1e-12)


def test_one_seed_has_a_mean_without_an_interval_and_none_has_nothing() -> None:
    one = t_interval([2.0])
    assert one is not None
    assert (one.mean, one.low, one.high) == (2.0, 2.0, 2.0)
    assert t_interval([]) is None


def test_the_interval_is_students() -> None:
    found = t_interval([1.0, 2.0, 3.0])
    assert found is not None
    assert (found.mean, found.high - found.mean) == pytest.approx((2.0, 4.302653 / 3**0.5))


@pytest.mark.parametrize(("freedom", "point"), [(1, 12.706), (10, 2.228), (11, 2.201), (30, 2.042), (1000, 1.962)])
def test_the_points_of_students_distribution_are_those_of_the_tables(freedom: int, point: float) -> None:
    assert student_quantile(freedom) == pytest.approx(point, abs=5e-4)
