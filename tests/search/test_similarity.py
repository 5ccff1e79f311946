"""Strategies by likeness, against plain loops."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from tests.search.world import Hashed, Heard, Sure, World
from workbench.domain import Demonstration
from workbench.errors import JobError
from workbench.search.strategies.nearest import nearest
from workbench.search.strategies.set_coverage import set_coverage
from workbench.search.strategies.vote_k import DISCOUNT, fast_vote_k, neighbours, vote_k, votes_for
from workbench.search.task import SearchTask

TEXTS = ("add two numbers", "add three numbers", "name a town", "name a river by the sea", "who sang it",
         "sort the list", "sort a longer list", "zzz")
POOL = tuple(Demonstration.pair(text, "yes", id=10 * place) for place, text in enumerate(TEXTS, 1))
QUESTIONS = ("add six numbers", "name the king", "sort it")


def make_task(size: int = 3) -> SearchTask:
    return SearchTask(World(90, 4), POOL, size, 0, np.random.default_rng(0), Heard(), embeddings=Hashed(),
                      questions=QUESTIONS)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def coverage(ids: tuple[int, ...]) -> float:
    """Set-BSR of a set, written out: mean over questions, mean over their tokens, the best of all the set's tokens."""
    words = [row for id in ids for row in Hashed().embed([TEXTS[id // 10 - 1]])[0]]
    questions = Hashed().embed(QUESTIONS)
    return float(np.mean([np.mean([max(cosine(token, word) for word in words) for token in one]) for one in questions]))


def test_the_nearest_are_those_of_a_plain_loop_the_nearest_last() -> None:
    def likeness(text: str) -> float:
        own = Hashed().embed([text])[0].mean(axis=0)
        return float(np.mean([cosine(own, one.mean(axis=0)) for one in Hashed().embed(QUESTIONS)]))

    best = sorted(POOL, key=lambda one: -likeness(one.instruction))
    assert nearest(make_task(3)) == (best[2].id, best[1].id, best[0].id)


def test_set_coverage_is_greedy_over_the_papers_measure() -> None:
    chosen: tuple[int, ...] = ()
    for size in (1, 2, 3, 4):
        left = [one.id or 0 for one in POOL if one.id not in chosen]
        chosen = (*chosen, max(left, key=lambda id: coverage((*chosen, id))))
        assert set_coverage(make_task(size)) == chosen


def test_set_coverage_is_near_the_best_set_of_all() -> None:
    ids = [one.id or 0 for one in POOL]
    values = [coverage(one) for one in combinations(ids, 3)]
    found = coverage(set_coverage(make_task(3)))
    assert found - min(values) >= (1 - 1 / np.e) * (max(values) - min(values))      # Nemhauser et al. 1978


def naive_vote_k(near: list[list[int]], size: int) -> list[int]:
    chosen: list[int] = []
    while len(chosen) < size:
        votes = {one: 0.0 for one in range(len(near)) if one not in chosen}
        for voter, voted in enumerate(near):
            if voter not in chosen:
                weight = DISCOUNT ** -len(set(voted) & set(chosen))
                for one in voted:
                    if one in votes:
                        votes[one] += weight
        chosen.append(max(votes, key=lambda one: (votes[one], -one)))
    return chosen


@pytest.mark.parametrize("seed", range(4))
def test_votes_are_counted_as_in_a_plain_loop(seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(0, 1, (30, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = neighbours(vectors, 4)
    for row, found in enumerate(near):
        others = sorted((one for one in range(30) if one != row), key=lambda one: -float(vectors[row] @ vectors[one]))
        assert found.tolist() == others[:4]
    chosen: list[int] = []
    taken = np.zeros(30, bool)
    while len(chosen) < 6:
        votes = votes_for(near, taken)
        votes[taken] = -1
        chosen.append(int(votes.argmax()))
        taken[chosen[-1]] = True
    assert chosen == naive_vote_k(near.tolist(), 6)


@pytest.mark.parametrize("strategy", [fast_vote_k, vote_k])
def test_vote_k_of_one_candidate_is_that_one(strategy: Callable[[SearchTask], tuple[int, ...]]) -> None:
    task = SearchTask(World(90, 4), POOL[:1], 3, 0, np.random.default_rng(0), Heard(), embeddings=Hashed(),
                      confidence=Sure({}))
    assert strategy(task) == (10,)


@pytest.mark.parametrize("strategy", [nearest, set_coverage, fast_vote_k, vote_k])
def test_a_model_without_embeddings_is_refused_in_words(strategy: object) -> None:
    task = SearchTask(World(90, 4), POOL, 3, 0, np.random.default_rng(0), Heard(), questions=QUESTIONS)
    with pytest.raises(JobError, match="cannot give any"):
        strategy(task)  # type: ignore[operator]
