"""What half precision leaves open is decided in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.search.world import Heard, World, demonstrations
from workbench.domain import AnswerScore
from workbench.search.finalists import MOST_FINALISTS, best_set, finalists, settled
from workbench.search.options import SearchOptions
from workbench.search.strategies import strategies
from workbench.search.task import SearchTask

Answers = tuple[AnswerScore, ...]


class Rounded(World):
    """The same world computed roughly: each answer is off by up to a tenth of a nat."""

    def answers(self, ids: tuple[int, ...]) -> Answers:
        rng = np.random.default_rng([*ids, 99])
        return tuple(replace(one, logprob=one.logprob + rng.uniform(-1, 1)) for one in super().answers(ids))


def flat(*values: float) -> Answers:
    return tuple(AnswerScore(n, 0, value, 1) for n, value in enumerate(values))


def task(world: World, exact: World | None, heard: Heard, strategy: str = "greedy") -> SearchTask:
    return SearchTask(world, demonstrations(8), 2, 0, np.random.default_rng(3), heard, exact=lambda: exact,
                      options=SearchOptions(order="likelihood", random_tries=12))


def test_finalists_are_the_best_and_those_that_cannot_be_told_from_it() -> None:
    scores = {(1,): flat(-1, -2, -3, -4), (2,): flat(-2, -1, -3, -4.1), (3,): flat(-3, -4, -5, -6),
              (4,): flat(-1, -2, -3, -4)}
    assert finalists(scores) == [(1,), (4,), (2,)]               # the third is behind by the same everywhere
    assert finalists({(5,): flat(-1)}) == [(5,)]
    assert finalists({}) == []


def test_there_are_never_more_than_a_few() -> None:
    rng = np.random.default_rng(0)
    scores = {(id,): flat(*rng.normal(-5, 3, 10)) for id in range(50)}
    assert len(finalists(scores)) == MOST_FINALISTS


def test_float32_decides_and_it_is_said_whether_another_one_won(heard: Heard) -> None:
    scores = {(1,): flat(-1.00, -2.0, -3.1), (2,): flat(-1.01, -2.0, -3.1), (3,): flat(-9, -9.1, -9)}

    class Exact(World):
        def answers(self, ids: tuple[int, ...]) -> Answers:
            return flat(-1.01 - (ids == (1,)), -2.0, -3.1)

    found = settled(task(World(8, 3), Exact(8, 3), heard), scores)
    assert list(found) == [(1,), (2,)]
    assert best_set(task(World(8, 3), Exact(8, 3), heard), scores) == (2,)
    assert heard.settlements == [(2, True), (2, True)]
    assert best_set(task(World(8, 3), None, heard), scores) == (1,)
    assert len(heard.settlements) == 2


@pytest.mark.parametrize("strategy", ["greedy", "beam", "swap", "best_random"])
def test_a_rough_model_with_a_float32_one_beside_it_finds_a_set_as_good(strategy: str) -> None:
    """Over many worlds, the set that is chosen roughly is worse than the one whose finalists were scored again."""
    lost: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(12):
        exact = World(8, 6, seed=seed)
        for beside in (False, True):
            heard = Heard()
            made = task(Rounded(8, 6, seed=seed), exact if beside else None, heard)
            ids = strategies()[strategy](made)
            ideal = strategies()[strategy](task(exact, None, Heard()))
            lost[beside].append(value(exact, ideal) - value(exact, ids))
            assert bool(heard.settlements) == beside
    assert np.mean(lost[True]) < np.mean(lost[False])


def test_a_rounds_ranking_begins_with_the_finalists_in_the_order_of_float32(heard: Heard) -> None:
    exact = World(8, 6, seed=2)
    strategies()["greedy"](task(Rounded(8, 6, seed=2), exact, heard))
    first = heard.rounds[0].ranking
    count = heard.settlements[0][0]
    assert first[0].objective == pytest.approx(value(exact, (first[0].demonstration_id,)))
    told = [value(exact, (one.demonstration_id,)) for one in first[:count]]
    assert told == sorted(told, reverse=True)
    assert first[0].gain.mean == pytest.approx(told[0] - value(exact, ()))
    assert len({one.demonstration_id for one in first}) == 8


def value(world: World, ids: Sequence[int]) -> float:
    return float(np.mean([one.logprob for one in World.answers(world, tuple(ids))]))
