"""Methods compared over seeds."""

from __future__ import annotations

import pytest

from workbench.services.alignment_comparison import over_seeds, student_t


def test_one_seed_has_a_mean_without_an_interval_and_none_has_nothing() -> None:
    one = over_seeds([2.0])
    assert one is not None
    assert (one.mean, one.low, one.high) == (2.0, 2.0, 2.0)
    assert over_seeds([]) is None


def test_the_interval_is_students() -> None:
    found = over_seeds([1.0, 2.0, 3.0])
    assert found is not None
    assert (found.mean, found.high - found.mean) == pytest.approx((2.0, 4.303 / 3**0.5))


@pytest.mark.parametrize(("freedom", "point"), [(1, 12.706), (10, 2.228), (11, 2.201), (30, 2.042), (1000, 1.962)])
def test_the_points_of_students_distribution_are_those_of_the_tables(freedom: int, point: float) -> None:
    assert student_t(freedom) == pytest.approx(point, abs=0.003)
