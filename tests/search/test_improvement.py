from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from tests.search.world import Heard, World, demonstrations
from workbench.search.greedy import greedy, greedy_sets
from workbench.search.intervals import Floats, mean_logprob
from workbench.search.options import SearchOptions
from workbench.search.orders import by_entropy, by_likelihood, global_entropy, local_entropy, orders
from workbench.search.strategies.best_random import best_of_random, best_random
from workbench.search.strategies.swap import LEAST_GAIN, improved, swap
from workbench.search.task import SearchTask


def task(world: World, heard: Heard, *, size: int = 3, budget: int = 0, **options: int) -> SearchTask:
    return SearchTask(world, demonstrations(12), size, budget, np.random.default_rng(7), heard,
                      options=SearchOptions(**options))  # type: ignore[arg-type]


def value(world: World, ids: tuple[int, ...]) -> float:
    return mean_logprob(world.answers(ids))


def naive_improved(world: World, ids: tuple[int, ...], passes: int) -> tuple[int, ...]:
    for _ in range(passes):
        start = ids
        for place in range(len(ids)):
            tried = [(*ids[:place], id, *ids[place + 1:]) for id in range(1, 13) if id not in ids]
            ids = max([ids, *tried], key=lambda one: value(world, one))
        swapped = []
        for i, j in combinations(range(len(ids)), 2):
            one = list(ids)
            one[i], one[j] = one[j], one[i]
            swapped.append(tuple(one))
        ids = max([ids, *swapped], key=lambda one: value(world, one))
        if ids == start:
            break
    return ids


@pytest.mark.parametrize("passes", [1, 5])
@pytest.mark.parametrize("seed", range(5))
def test_swaps_are_those_of_a_plain_loop(seed: int, passes: int, heard: Heard) -> None:
    world = World(12, 8, seed=seed)
    plain = naive_improved(world, (1, 2, 3), passes)
    assert improved(task(world, heard, swap_passes=passes), (1, 2, 3)) == plain != (1, 2, 3)


def test_swaps_end_where_no_single_change_gains() -> None:
    better = 0
    for seed in range(10):
        world = World(12, 8, seed=seed)
        found, start = swap(task(world, Heard(), swap_passes=20)), greedy(task(world, Heard()))
        assert value(world, found) >= value(world, start)
        better += value(world, found) > value(world, start)
        near = [(*found[:at], id, *found[at + 1:]) for at in range(3) for id in range(1, 13) if id not in found]
        assert max(value(world, ids) for ids in near) <= value(world, found) + LEAST_GAIN
    assert better > 0, "a world in which greedy is always best does not test the swaps"


def test_swaps_stay_within_the_budget(heard: Heard) -> None:
    world = World(12, 8)
    found = swap(task(world, heard, budget=180))
    assert len(found) > 1
    assert all(world.prompt_tokens(ids) <= 180 for ids in world.evaluated)


def test_the_best_of_random_sets_is_the_best_of_those_that_were_drawn(heard: Heard) -> None:
    world = World(12, 8)
    found = best_of_random(task(world, heard), 40, np.random.default_rng(1))
    drawn = set(world.evaluated)
    assert 30 < len(drawn) == len(world.evaluated) <= 40
    assert all(len(set(ids)) == 3 for ids in drawn)
    assert found == max(drawn, key=lambda ids: value(world, ids))


def test_by_default_as_many_random_sets_are_tried_as_greedy_search_evaluates(heard: Heard) -> None:
    searched, drawn = World(12, 8), World(12, 8)
    greedy(task(searched, heard))
    best_random(task(drawn, heard))
    assert greedy_sets(12, 3) == len(searched.evaluated) == 1 + 12 + 11 + 10
    assert len(drawn.evaluated) >= 30                # a set that is drawn twice counts once


@pytest.mark.parametrize("size", [2, 4, 5])
def test_the_order_by_likelihood_is_the_best_of_all_up_to_five(size: int, heard: Heard) -> None:
    world = World(12, 8)
    ids = tuple(range(size, 0, -1))
    best = max(permutations(ids), key=lambda order: value(world, order))
    assert by_likelihood(task(world, heard), ids, np.random.default_rng(0)) == best


def test_of_more_than_five_a_sample_of_orders_with_the_given_one_is_tried() -> None:
    ids = (9, 3, 5, 7, 1, 2)
    found = orders(ids, np.random.default_rng(0))
    assert found[0] == ids
    assert len(found) == len(set(found)) == 120
    assert all(sorted(order) == sorted(ids) for order in found)
    assert found == orders(ids, np.random.default_rng(0))


def test_the_entropies_are_those_of_the_paper_worked_out_by_hand() -> None:
    logprobs = np.log(np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]]) * 0.3)      # not normalised
    assert global_entropy(logprobs) == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    by_hand = [-(p * np.log(p) + (1 - p) * np.log(1 - p)) for p in (0.9, 0.6, 0.5, 0.2)]
    assert local_entropy(logprobs) == pytest.approx(np.mean(by_hand))
    assert global_entropy(np.array([[0.0, -np.inf]])) == local_entropy(np.array([[0.0, -np.inf]])) == 0


class Skewed:
    """Labels are balanced if demonstration 2 stands first, and all alike otherwise."""

    def label_logprobs(self, order: tuple[int, ...]) -> Floats:
        lean = 0.0 if order[0] == 2 else 1.0
        return np.array([[lean, 0.0], [lean, 0.1]])


@pytest.mark.parametrize("entropy", [global_entropy, local_entropy])
def test_the_order_by_entropy_is_the_one_with_the_most_even_labels(entropy: object) -> None:
    tried = orders((3, 1, 2), np.random.default_rng(0))
    assert by_entropy(tried, Skewed(), entropy) == (2, 1, 3)  # type: ignore[arg-type]
