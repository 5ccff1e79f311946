from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.search.world import Hashed, Heard, Sure, World, demonstrations
from workbench.search.baselines import diverse_set, random_set, top_k_set
from workbench.search.greedy import greedy_rounds
from workbench.search.heldout import difference_to_random, random_mean, sets_to_measure
from workbench.search.options import SearchOptions
from workbench.search.strategies import strategies, strategy
from workbench.search.task import SearchTask
from workbench.search.work import compared_with, sets_reported

COMPARED = [strategy.name for strategy in compared_with()]


def anything(ids: tuple[int, ...]) -> bool:
    return True


def make_task(heard: Heard, size: int = 3, budget: int = 10_000) -> SearchTask:
    return SearchTask(World(12, 8), demonstrations(12), size, budget, np.random.default_rng(3), heard,
                      embeddings=Hashed(), confidence=Sure({}), questions=("question 3", "what?"))


def test_a_random_set_holds_different_ids_and_follows_its_seed() -> None:
    sets = [random_set(range(1, 30), 5, anything, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert sets[0] == sets[1] != sets[2]
    assert len(set(sets[0])) == 5


def test_every_id_is_drawn_about_as_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([id for _ in range(4000) for id in random_set(range(10), 3, anything, rng)], minlength=10)
    assert np.all(np.abs(counts - 1200) < 130)                    # four and a half standard deviations


def test_a_diverse_set_takes_each_source_before_any_twice() -> None:
    pool = demonstrations(12)                                     # three sources
    source = {d.id: d.source for d in pool}
    for seed in range(10):
        ids = diverse_set(pool, 5, anything, np.random.default_rng(seed))
        assert {source[id] for id in ids[:3]} == {"a", "b", "c"}
        assert len(set(ids)) == 5


def test_baselines_stay_within_the_token_budget(heard: Heard) -> None:
    task = make_task(heard, size=4, budget=180)
    ranking = greedy_rounds(task, 1)[0].ranking
    rng = np.random.default_rng(0)
    for ids in (random_set(task.ids, 4, task.fits, rng), top_k_set(ranking, 4, task.fits),
                diverse_set(task.candidates, 4, task.fits, rng)):
        assert ids
        assert task.objective.prompt_tokens(ids) <= 180


@pytest.mark.parametrize("name", COMPARED)
def test_sets_chosen_by_their_texts_stay_within_the_token_budget(name: str, heard: Heard) -> None:
    task = make_task(heard, size=4, budget=180)
    ids = strategy(name)(task)
    assert ids
    assert task.objective.prompt_tokens(ids) <= 180
    assert not isinstance(task.objective, World) or not task.objective.evaluated


@pytest.mark.parametrize("name", sorted(set(strategies()) - {"exhaustive"}))
def test_each_strategy_chooses_as_many_as_asked_and_the_same_with_the_same_seed(name: str, heard: Heard) -> None:
    chosen = strategy(name)(make_task(heard))
    assert len(set(chosen)) == 3
    assert chosen == strategy(name)(make_task(heard))


def test_top_k_is_the_head_of_the_first_ranking(heard: Heard) -> None:
    ranking = greedy_rounds(make_task(heard), 1)[0].ranking
    assert strategy("top_k")(make_task(heard)) == tuple(c.demonstration_id for c in ranking[:3])


def test_a_random_baseline_does_not_depend_on_how_many_there_are(heard: Heard) -> None:
    task = make_task(heard)
    few = sets_to_measure(task, "greedy", (1, 2, 3), (), 2, np.random.default_rng(5))
    many = sets_to_measure(task, "greedy", (1, 2, 3), (), 20, np.random.default_rng(5))
    assert many[: len(few)] == few
    assert len({proposed.ids for proposed in many if proposed.strategy == "random"}) > 15


def test_sets_by_embeddings_are_compared_with_where_that_is_asked_for(heard: Heard) -> None:
    task = replace(make_task(heard), options=SearchOptions(embedding_baselines=True))
    sets = sets_to_measure(task, "fast_vote_k", (1, 2), (), 0, np.random.default_rng(5))
    compared = {one.strategy: one.ids for one in sets if one.strategy in COMPARED}
    pair = replace(task, size=2)
    assert compared == {"fast_vote_k": (1, 2), "nearest": strategy("nearest")(pair),
                        "set_coverage": strategy("set_coverage")(pair)}
    assert len(sets) == sets_reported(strategy("fast_vote_k"), 0, task.options)
    assert not isinstance(task.objective, World) or not task.objective.evaluated
    without = replace(task, embeddings=None)
    assert len(sets_to_measure(without, "greedy", (1, 2), (), 0, np.random.default_rng(5))) == 3


def test_the_difference_to_random_sets_is_paired_over_questions() -> None:
    world = World(12, 40)
    world.floor *= 50                                             # questions differ far more than sets do
    chosen, others = world.answers((1, 2)), [world.answers(ids) for ids in ((3, 4), (5, 6), (7, 8))]
    found = difference_to_random(chosen, others, np.random.default_rng(0))
    assert found is not None
    mean = random_mean(others)
    assert mean is not None
    assert found.mean == pytest.approx(np.mean([a.logprob for a in chosen]) - mean)
    assert found.high - found.low < 2                             # unpaired it would be dozens of nats wide
    assert difference_to_random(chosen, [], np.random.default_rng(0)) is None
