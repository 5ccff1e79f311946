"""Vote-k's second stage, against plain loops over a confidence that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.search.world import Hashed, Heard, Sure, World
from workbench.domain import Demonstration
from workbench.errors import JobError
from workbench.search.options import SearchOptions
from workbench.search.similarity import candidate_vectors
from workbench.search.strategies.vote_k import DISCOUNT, VOTE_K, fast_vote_k, neighbours, vote_k
from workbench.search.task import SearchTask

WORDS = ("add", "name", "sort", "river", "who", "list")
POOL = tuple(Demonstration.pair(f"{WORDS[n % 6]} {WORDS[n * n % 5]} {n}", "yes", id=n) for n in range(1, 41))


def told(seed: int) -> dict[int, float | None]:
    return {one.id or 0: float(value) for one, value in zip(
        POOL, np.random.default_rng(seed).normal(-2, 1, len(POOL)), strict=True)}


def make_task(size: int, sure: Sure | None, world: World | None = None) -> SearchTask:
    return SearchTask(world or World(90, 4), POOL, size, 0, np.random.default_rng(0), Heard(), embeddings=Hashed(),
                      confidence=sure)


def votes(near: list[list[int]], chosen: list[int]) -> list[float]:
    found = [0.0] * len(near)
    for voter, voted in enumerate(near):
        if voter not in chosen:
            for one in voted:
                found[one] += DISCOUNT ** -len(set(voted) & set(chosen))
    return found


def plain_vote_k(task: SearchTask, confidence: Mapping[int, float | None]) -> list[int]:
    """Places of the chosen, by loops: a tenth by votes, then one of each bucket of the less sure nine tenths."""
    near = neighbours(candidate_vectors(task), 4).tolist()
    chosen: list[int] = []
    for _ in range(max(1, task.size // 10)):
        found = votes(near, chosen)
        chosen.append(max((at for at in range(40) if at not in chosen), key=lambda at: (found[at], -at)))
    left = sorted((at for at in range(40) if at not in chosen), key=lambda at: confidence[at + 1] or 0.0)
    wanted, left = task.size - len(chosen), left[: int(0.9 * len(left))]
    sizes = [len(left) // wanted + (place < len(left) % wanted) for place in range(wanted)]
    for count in sizes:
        bucket, left = left[:count], left[count:]
        found = votes(near, chosen)
        chosen.append(max(bucket, key=lambda at: (found[at], -at)))
    return chosen


@pytest.mark.parametrize("size", [3, 8, 20])
@pytest.mark.parametrize("seed", range(3))
def test_the_set_is_that_of_a_plain_loop(size: int, seed: int) -> None:
    confidence = told(seed)
    task = make_task(size, Sure(confidence))
    assert list(vote_k(task)) == [at + 1 for at in plain_vote_k(task, confidence)]


def test_the_model_is_asked_for_everybody_else_after_the_first_tenth_the_nearest_first() -> None:
    sure = Sure(told(0))
    task = make_task(20, sure)
    chosen = vote_k(task)
    first = chosen[:2]
    assert first == fast_vote_k(replace(task, size=2))
    assert sorted(id for id, _ in sure.asked) == sorted(set(task.ids) - set(first))
    assert len(sure.asked) == VOTE_K.answers_drawn(40, 20, SearchOptions())
    vectors = candidate_vectors(task)
    for id, shown in sure.asked:
        likeness = [float(vectors[id - 1] @ vectors[other - 1]) for other in shown]
        assert set(shown) == set(first)
        assert likeness == sorted(likeness, reverse=True)


def test_the_surest_tenth_is_never_chosen_in_the_second_stage() -> None:
    confidence = told(1)
    chosen = vote_k(make_task(20, Sure(confidence)))
    left = sorted((id for id in confidence if id not in chosen[:2]), key=lambda id: confidence[id] or 0.0)
    assert not set(left[int(0.9 * len(left)):]) & set(chosen)


def test_another_confidence_gives_another_set_and_the_same_one_the_same() -> None:
    found = [vote_k(make_task(8, Sure(told(seed)))) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_one_demonstration_is_chosen_by_votes_and_the_model_is_not_asked() -> None:
    sure = Sure(told(0))
    task = make_task(1, sure)
    assert vote_k(task) == fast_vote_k(task)
    assert not sure.asked
    assert VOTE_K.answers_drawn(40, 1, SearchOptions()) == 0


def test_candidates_that_the_context_has_no_room_for_are_left_out_and_said() -> None:
    confidence = told(0) | dict.fromkeys(range(1, 21))
    task = make_task(8, Sure(confidence))
    chosen = vote_k(task)
    assert set(chosen[1:]) <= set(range(21, 41))
    assert isinstance(task.watch, Heard)
    assert any("left out of the second stage" in line for line in task.watch.lines)


def test_the_set_stays_within_the_budget() -> None:
    world = World(90, 4)
    task = replace(make_task(8, Sure(told(0)), world), token_budget=900)
    chosen = vote_k(task)
    assert chosen
    assert world.prompt_tokens(chosen) <= 900


def test_a_model_that_does_not_tell_how_sure_it_is_is_refused_in_words() -> None:
    with pytest.raises(JobError, match="does not tell"):
        vote_k(make_task(3, None))
