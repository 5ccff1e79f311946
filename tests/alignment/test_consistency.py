from __future__ import annotations

import pytest

from workbench.alignment.consistency import consistency


def test_best_worst_and_tau_of_numbers_worked_out_by_hand() -> None:
    teacher = [[3, 2, 1], [3, 2, 1], [1, 2, 3], [3, 2, 1]]
    student = [[9, 5, 1], [5, 9, 1], [9, 5, 1], [9, 9, 1]]
    found = consistency(teacher, student)
    assert found.best_hits == (1, 0, 0, 0.5)
    assert found.worst_hits == (1, 1, 0, 1)
    assert found.taus == pytest.approx((1, 1 / 3, -1, 2 / (3 * 2) ** 0.5))
    assert (found.best, found.worst) == (0.375, 0.75)


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="must both be"):
        consistency([[1, 2]], [[1, 2, 3]])
