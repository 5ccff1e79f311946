from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.alignment.episodes import (
    AlignmentError,
    check_disjoint,
    group_by_task,
    sample_episodes,
    sample_subsets,
)
from workbench.domain import Demonstration


def pool(task: str, count: int) -> list[Demonstration]:
    return [Demonstration.pair(f"{task} {i}", f"answer {i}", category=task) for i in range(count)]


def test_a_task_tag_goes_before_the_category_and_unanswered_ones_are_left_out() -> None:
    tagged = Demonstration.pair("q", "a", category="math", tags=("hard", "task:sums"))
    groups = group_by_task([tagged, *pool("math", 2), Demonstration.pair("no answer", "", category="math")])
    assert {task: len(members) for task, members in groups.items()} == {"math": 2, "sums": 1}


def test_episodes_hold_distinct_pairs_of_one_task_and_every_k_occurs() -> None:
    tasks = {"a": pool("a", 20), "b": pool("b", 6), "too small": pool("c", 4)}
    episodes = sample_episodes(tasks, 400, np.random.default_rng(0))
    assert {e.task for e in episodes} == {"a", "b"}
    for episode in episodes:
        members = (*episode.demonstrations, episode.test)
        assert len({d.content_hash for d in members}) == len(members)
        assert {d.category for d in members} == {episode.task}
    assert {len(e.demonstrations) for e in episodes if e.task == "a"} == set(range(4, 11))
    assert {len(e.demonstrations) for e in episodes if e.task == "b"} == {4, 5}
    again = sample_episodes(tasks, 400, np.random.default_rng(0))
    assert episodes == again


def test_a_pool_without_a_large_enough_task_is_refused() -> None:
    with pytest.raises(AlignmentError, match="No task has the 5"):
        sample_episodes({"a": pool("a", 4)}, 1, np.random.default_rng(0))


def test_overlapping_tasks_are_refused_by_name_and_by_content() -> None:
    check_disjoint({"a": pool("a", 3)}, {"b": pool("b", 3)})
    with pytest.raises(AlignmentError, match="overlap: a"):
        check_disjoint({"a": pool("a", 3)}, {"a": pool("b", 3)})
    with pytest.raises(AlignmentError, match="“a 2”"):
        check_disjoint({"a": pool("a", 3)}, {"b": pool("a", 4)[2:]})


@given(size=st.integers(2, 10), count=st.integers(1, 6), seed=st.integers(0, 99),
       method=st.sampled_from(["random", "sizes"]))
def test_subsets_are_distinct_ordered_and_proper(size: int, count: int, seed: int, method: str) -> None:
    if count > 2 ** size - 2:
        with pytest.raises(AlignmentError, match="proper subsets"):
            sample_subsets(size, count, np.random.default_rng(seed), method)
        return
    subsets = sample_subsets(size, count, np.random.default_rng(seed), method)
    assert len(set(subsets)) == count
    assert all(tuple(sorted(set(s))) == s and 0 < len(s) < size and s[-1] < size for s in subsets)
    if method == "random" and any(comb(size, k) >= count for k in range(1, size)):
        assert len({len(s) for s in subsets}) == 1


def test_similarity_groups_go_from_the_most_to_the_least_similar() -> None:
    subsets = sample_subsets(6, 3, np.random.default_rng(0), "similarity", [.1, .9, .5, .8, .2, .4])
    assert subsets == ((1, 3), (2, 5), (0, 4))
    with pytest.raises(AlignmentError, match="cannot be cut into 4"):
        sample_subsets(3, 4, np.random.default_rng(0), "similarity", [1, 2, 3])
