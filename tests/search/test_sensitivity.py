from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.search.world import World
from workbench.search.intervals import mean_logprob
from workbench.search.sensitivity import leave_one_out, order_sensitivity


def value(world: World, ids: tuple[int, ...]) -> float:
    return mean_logprob(world.answers(ids))


def test_what_a_demonstration_adds_is_what_is_lost_without_it() -> None:
    world = World(5, 20)
    ids = (3, 1, 5, 2)
    found = leave_one_out(world, ids, world.answers(ids), np.random.default_rng(0))
    for at, interval in enumerate(found):
        rest = ids[:at] + ids[at + 1 :]
        assert interval.mean == pytest.approx(value(world, ids) - value(world, rest))
        assert interval.low < interval.mean < interval.high
    assert leave_one_out(world, (4,), world.answers((4,)), np.random.default_rng(0))[0].mean == pytest.approx(
        value(world, (4,)) - value(world, ()))


def test_all_orders_of_a_few_are_tried() -> None:
    world, ids = World(5, 20, seed=3), (3, 1, 5)
    found = order_sensitivity(world, ids, world.answers(ids), 24, np.random.default_rng(0))
    values = {order: value(world, order) for order in permutations(ids)}
    assert found.tried == 6
    assert found.best_order == max(values, key=lambda order: values[order])
    assert (found.best, found.worst) == pytest.approx((max(values.values()), min(values.values())))
    assert found.mean == pytest.approx(np.mean(list(values.values())))
    assert found.deviation == pytest.approx(np.std(list(values.values()), ddof=1))
    assert found.rank == 1 + sum(one > values[ids] for one in values.values())


@pytest.mark.parametrize("most", [1, 2, 30])
def test_of_many_orders_a_sample_with_the_given_one_is_tried(most: int) -> None:
    world, ids = World(8, 20), (8, 2, 7, 1, 4, 3)
    found = order_sensitivity(world, ids, world.answers(ids), most, np.random.default_rng(0))
    assert found.tried == most
    assert len(set(world.evaluated)) == len(world.evaluated) == most - 1
    assert all(sorted(order) == sorted(ids) != list(order) or order != ids for order in world.evaluated)
    assert found.best >= value(world, ids) >= found.worst
